# SPDX-License-Identifier: Apache-2.0
"""LD3, LD4, LD5 and LD7: the model's register file is a device as the specification wants it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from straightwire.model.commands import Opcode, Qualifier, Status
from straightwire.model.register_file import Effect, Queue, Registers, notify, perform, reset
from straightwire.model.registers import (
    COMMON_REGISTERS,
    DEVICE_TYPES,
    GUEST_FEATURES,
    HOST_FEATURES,
    ISR,
    MSI_QUEUE_VECTOR,
    NET,
    NO_VECTOR,
    QUEUE_NOTIFY,
    QUEUE_NUM,
    QUEUE_PFN,
    QUEUE_SEL,
    SPLIT_MSIX_OFF,
    SPLIT_MSIX_ON,
    STATUS,
    DeviceType,
    Field,
)
from straightwire.model.term import (
    Truth,
    Word,
    at_most,
    below,
    bits_of,
    both,
    bytes_down,
    choose_word,
    implies,
    low_bytes,
    no,
    same,
    truth,
    word,
)
from straightwire.model.vocabulary import PAYLOAD_BITS
from straightwire.proofs.obligation import Goal, Mutant, Obligation

QUEUES = 2
"""Queues of the member in these proofs: one selected, one not."""

READS = (Opcode.LEGACY_COMMON_CFG_READ, Opcode.LEGACY_DEV_CFG_READ)


@dataclass(frozen=True)
class Commanded:
    """A member in any state, and the parts of a legacy command."""

    registers: Registers
    offset: Word  # 64, below 256: one byte on the wire
    length: Word  # 64
    data: Word  # PAYLOAD_BITS
    index: Word  # 64: an arbitrary index into the data


def commanded(device: DeviceType, table: tuple[Field, ...] = COMMON_REGISTERS) -> Commanded:
    """An arbitrary member of a type and an arbitrary command."""
    registers = Registers(
        device,
        device.config_len,
        word("vectors", 16),
        word("host_features", 32),
        word("guest_features", 32),
        word("queue_sel", 16),
        word("status", 8),
        word("isr", 8),
        word("config_vector", 16),
        truth("msix"),
        tuple(
            Queue(word(f"size{n}", 16), word(f"pfn{n}", 32), word(f"vector{n}", 16), word(f"notified{n}", 32))
            for n in range(QUEUES)
        ),
        word("config", PAYLOAD_BITS),
        word("own_config", PAYLOAD_BITS),
        table,
    )
    return Commanded(registers, word("offset", 64), word("length", 64), word("data", PAYLOAD_BITS), word("i", 64))


def _given(it: Commanded) -> list[Goal]:
    return [
        Goal("the wire's offset is one byte", below(it.offset, 256)),
        Goal("the data fits a command", at_most(it.length, 256)),
    ]


def same_state(one: Registers, other: Registers) -> Truth:
    """Equality of all that a command can change."""
    names = ("guest_features", "queue_sel", "status", "isr", "config_vector", "msix", "config")
    return both(
        *(same(getattr(one, name), getattr(other, name)) for name in names),
        *(
            both(same(a.pfn, b.pfn), same(a.vector, b.vector), same(a.notified, b.notified))
            for a, b in zip(one.queues, other.queues, strict=True)
        ),
    )


def _field_of(fields: tuple[Field, ...], address: Word) -> Word:
    """Which field a byte belongs to; 0xff for none. Fields stand in order and leave no gap, as a test checks."""
    found: Word = 0xFF
    for number, field in reversed(list(enumerate(fields))):
        found = choose_word(below(address, field.end), number, found, 8)
    return found


def _single_field(it: Commanded, opcode: Opcode, fields: tuple[Field, ...], end: Word) -> list[Goal]:
    effect = perform(it.registers, opcode, it.offset, it.length, it.data)
    last = it.offset + it.length - 1
    one_field = both(
        no(same(it.length, 0)),
        at_most(it.offset + it.length, end),
        same(_field_of(fields, it.offset), _field_of(fields, last)),
    )
    fails = no(same(effect.status, 0))
    return [
        Goal(f"{opcode.name} succeeds within one field", implies(one_field, same(effect.status, 0))),
        Goal(f"{opcode.name} fails otherwise", implies(no(one_field), fails)),
        Goal(
            f"{opcode.name} fails with EINVAL, INVALID_FIELD and without effect",
            implies(
                fails,
                both(
                    same(effect.status, Status.EINVAL),
                    same(effect.qualifier, Qualifier.INVALID_FIELD),
                    same_state(effect.after, it.registers),
                ),
            ),
        ),
    ]


def _ld3(it: Commanded) -> list[Goal]:
    end = choose_word(it.registers.msix, SPLIT_MSIX_ON, SPLIT_MSIX_OFF, 64)
    return [
        goal
        for opcode in (Opcode.LEGACY_COMMON_CFG_WRITE, Opcode.LEGACY_COMMON_CFG_READ)
        for goal in _single_field(it, opcode, COMMON_REGISTERS, end)
    ]


def _ld4(device: DeviceType, it: Commanded) -> list[Goal]:
    return [
        goal
        for opcode in (Opcode.LEGACY_DEV_CFG_WRITE, Opcode.LEGACY_DEV_CFG_READ)
        for goal in _single_field(it, opcode, device.config, device.config_len)
    ]


_MERGED = (*(field for field in COMMON_REGISTERS if field not in (STATUS, ISR)), Field("STATUS_ISR", 18, 2))


def _with_table(show: Callable[[Commanded], list[Goal]], it: Commanded) -> list[Goal]:
    return show(replace(it, registers=replace(it.registers, table=_MERGED)))


_LD3 = Obligation(
    id="LD3/common",
    proves=("LD3",),
    says="commands 2 and 3 succeed exactly for some bytes of one common register, 20 or 24 bytes of them by the "
    "member's own MSI-X Enable, and otherwise fail with EINVAL and without effect",
    symbols=lambda: commanded(NET),
    given=_given,
    show=_ld3,
    witness=lambda it: both(same(it.offset, 2), same(it.length, 2)),
    mutants=(Mutant("STATUS and ISR taken for one register", show=partial(_with_table, _ld3)),),
)


def _ld4_obligation(device: DeviceType) -> Obligation[Commanded]:
    def wider(it: Commanded) -> list[Goal]:
        longer = replace(device, config=(*device.config, Field("beyond", device.config_len, 1)))
        return _ld4(device, replace(it, registers=replace(it.registers, device=longer, config_len=longer.config_len)))

    return Obligation(
        id=f"LD4/{device.name}",
        proves=("LD4",),
        says=f"commands 4 and 5 succeed exactly for some bytes of one field of the {device.name} configuration",
        symbols=lambda: commanded(device),
        given=_given,
        show=partial(_ld4, device),
        witness=lambda it: same(it.length, 1),
        mutants=(Mutant("a configuration that is one byte longer", show=wider),),
        small=lambda it: same(it.length, 1),
    )


def _read(it: Commanded, field: Field) -> Effect:
    return perform(it.registers, Opcode.LEGACY_COMMON_CFG_READ, field.offset, field.size)


def _write(it: Commanded, field: Field) -> Effect:
    data = low_bytes(it.data, field.size, PAYLOAD_BITS)
    return perform(it.registers, Opcode.LEGACY_COMMON_CFG_WRITE, field.offset, field.size, data)


def _holds(effect: Effect, field: Field, value: Word) -> Truth:
    return both(same(effect.status, 0), same(bits_of(effect.payload, 0, 8 * field.size), value))


def _ld5(it: Commanded, kept_isr: bool = False) -> list[Goal]:
    registers = it.registers
    cleared = replace(registers, isr=registers.isr if kept_isr else 0)
    reads_back = perform(_write(it, GUEST_FEATURES).after, Opcode.LEGACY_COMMON_CFG_READ, GUEST_FEATURES.offset, 4)
    zeros = perform(registers, Opcode.LEGACY_COMMON_CFG_WRITE, STATUS.offset, 1, 0)
    plain = [field for field in COMMON_REGISTERS if field is not ISR and field.offset < SPLIT_MSIX_OFF]
    return [
        Goal("HOST_FEATURES reads the offer", _holds(_read(it, HOST_FEATURES), HOST_FEATURES, registers.host_features)),
        Goal("STATUS reads the status", _holds(_read(it, STATUS), STATUS, registers.status)),
        Goal("ISR reads the interrupt status", _holds(_read(it, ISR), ISR, registers.isr)),
        Goal("a read of ISR clears it and changes nothing else", same_state(_read(it, ISR).after, cleared)),
        *(Goal(f"a read of {f.name} changes nothing", same_state(_read(it, f).after, registers)) for f in plain),
        Goal("STATUS 0 resets", same_state(zeros.after, reset(registers))),
        Goal(
            "GUEST_FEATURES reads back what was offered of it",
            _holds(reads_back, GUEST_FEATURES, bits_of(it.data, 0, 32) & registers.host_features),
        ),
        Goal("QUEUE_SEL selects", same(_write(it, QUEUE_SEL).after.queue_sel, bits_of(it.data, 0, 16))),
        *(
            Goal(f"a write to {field.name} is ignored", same_state(_write(it, field).after, registers))
            for field in (HOST_FEATURES, QUEUE_NUM, ISR)
        ),
    ]


_LD5 = Obligation(
    id="LD5/registers",
    proves=("LD5",),
    says="commands 2 and 3 do to each register what a legacy access of its width does",
    symbols=lambda: commanded(NET),
    given=_given,
    show=_ld5,
    witness=lambda it: same(it.registers.status, 7),
    mutants=(Mutant("a read of ISR that does not clear it", show=partial(_ld5, kept_isr=True)),),
)


def _queues(it: Commanded, absent_kept: bool = False) -> list[Goal]:
    """QUEUE_PFN and the vectors, for the selected queue: one that exists has a size."""
    registers = it.registers
    goals = []
    nowhere: Truth = True
    for index, queue in enumerate(registers.queues):
        there = both(same(registers.queue_sel, index), no(same(queue.size, 0)))
        nowhere = both(nowhere, no(there))
        pfn, mapped = bits_of(it.data, 0, 32), bits_of(it.data, 0, 16)
        stored = _with_queue(registers, index, replace(queue, pfn=pfn))
        vector = choose_word(below(mapped, registers.vectors), mapped, NO_VECTOR, 16)
        routed = _with_queue(registers, index, replace(queue, vector=vector))
        goals += [
            Goal(f"QUEUE_NUM of queue {index}", implies(there, _holds(_read(it, QUEUE_NUM), QUEUE_NUM, queue.size))),
            Goal(f"QUEUE_PFN of queue {index}", implies(there, _holds(_read(it, QUEUE_PFN), QUEUE_PFN, queue.pfn))),
            Goal(
                f"QUEUE_PFN sets queue {index} up and no other",
                implies(there, same_state(_write(it, QUEUE_PFN).after, stored)),
            ),
            Goal(
                f"MSI_QUEUE_VECTOR maps queue {index}, to NO_VECTOR beyond the table",
                implies(both(there, registers.msix), same_state(_write(it, MSI_QUEUE_VECTOR).after, routed)),
            ),
        ]
    pfn_ignored = same_state(_write(it, QUEUE_PFN).after, registers)
    vector_ignored = same_state(_write(it, MSI_QUEUE_VECTOR).after, registers)
    no_queue = True if absent_kept else nowhere
    return [
        *goals,
        Goal("a queue that does not exist has no size", implies(nowhere, _holds(_read(it, QUEUE_NUM), QUEUE_NUM, 0))),
        Goal("nor a ring", implies(nowhere, _holds(_read(it, QUEUE_PFN), QUEUE_PFN, 0))),
        Goal("and is not set up", implies(no_queue, pfn_ignored)),
        Goal("nor mapped", implies(both(no_queue, registers.msix), vector_ignored)),
    ]


def _with_queue(registers: Registers, index: int, queue: Queue) -> Registers:
    queues = list(registers.queues)
    queues[index] = queue
    return replace(registers, queues=tuple(queues))


_QUEUES = Obligation(
    id="LD5/queues",
    proves=("LD5",),
    says="QUEUE_NUM, QUEUE_PFN and MSI_QUEUE_VECTOR are those of the selected queue; one that does not exist has none "
    "(B11, B12, B26)",
    symbols=lambda: commanded(NET),
    given=_given,
    show=_queues,
    witness=lambda it: both(same(it.registers.queue_sel, 1), no(same(it.registers.queues[1].size, 0))),
    mutants=(Mutant("no queue takes a ring", show=partial(_queues, absent_kept=True)),),
)


def _any_width(it: Commanded, slip: int = 0) -> list[Goal]:
    """Byte i of a read is what a byte-wide read at that place gives (virtio 1.4, 4.1.4.10)."""
    goals = []
    for opcode in READS:
        whole = perform(it.registers, opcode, it.offset, it.length)
        single = perform(it.registers, opcode, it.offset + it.index + slip, 1)
        byte = bits_of(bytes_down(whole.payload, it.index, PAYLOAD_BITS), 0, 8)
        inside = both(same(whole.status, 0), below(it.index, it.length))
        goals.append(
            Goal(
                f"byte i of {opcode.name}",
                implies(inside, both(same(single.status, 0), same(byte, bits_of(single.payload, 0, 8)))),
                exact=True,
            )
        )
    return goals


_WIDTH = Obligation(
    id="LD5/any-width",
    proves=("LD5",),
    says="a read of some bytes of a field gives what byte-wide reads of the same places give",
    symbols=lambda: commanded(NET),
    given=_given,
    show=_any_width,
    witness=lambda it: both(same(it.offset, 0), same(it.length, 4), same(it.index, 2)),
    mutants=(Mutant("the byte after it", show=partial(_any_width, slip=1)),),
)


def _ld7(it: Commanded, shift: int = 0) -> list[Goal]:
    rung = notify(it.registers, bits_of(it.data, 0, 16) + shift)
    commanded_ = _write(it, QUEUE_NOTIFY)
    return [
        Goal("the command succeeds", same(commanded_.status, 0)),
        Goal("the same state after either", same_state(rung, commanded_.after)),
    ]


_LD7 = Obligation(
    id="LD7/notify",
    proves=("LD7",),
    says="a notification through an advertised address leaves the member as command 2 at Queue Notify does",
    symbols=lambda: commanded(NET),
    given=_given,
    show=_ld7,
    witness=lambda it: both(same(bits_of(it.data, 0, 16), 1), no(same(it.registers.queues[1].pfn, 0))),
    mutants=(Mutant("a doorbell that notifies the next queue", show=partial(_ld7, shift=1)),),
)

OBLIGATIONS: tuple[Obligation[Any], ...] = (
    _LD3,
    *(_ld4_obligation(device) for device in DEVICE_TYPES),
    _LD5,
    _QUEUES,
    _WIDTH,
    _LD7,
)
