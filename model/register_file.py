# SPDX-License-Identifier: Apache-2.0
"""The legacy register file as the specification has it: enough of a device to state LD3 to LD7.

One member's registers, on Python values and on terms. The number of queues and the device type are plain
Python; everything else may be a term. Behaviour the specification leaves open follows ``choices.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from straightwire.model.commands import REPLY_HEADER_LEN, Opcode, Qualifier, Status
from straightwire.model.registers import (
    COMMON_REGISTERS,
    GUEST_FEATURES,
    ISR,
    MSI_CONFIG_VECTOR,
    MSI_QUEUE_VECTOR,
    NO_VECTOR,
    QUEUE_NOTIFY,
    QUEUE_PFN,
    QUEUE_SEL,
    SPLIT_MSIX_OFF,
    SPLIT_MSIX_ON,
    STATUS,
    Access,
    DeviceType,
    Field,
)
from straightwire.model.snapshot import MemberSnapshot, QueueSnapshot
from straightwire.model.term import (
    at_most,
    below,
    bits_of,
    both,
    bytes_down,
    bytes_up,
    choose,
    choose_word,
    either,
    join,
    low_bytes,
    low_bytes_mask,
    no,
    resize,
    same,
)
from straightwire.model.vocabulary import PAYLOAD_BITS, Operation, OpKind, Reply
from straightwire.model.wire import bytes_of

if TYPE_CHECKING:
    from straightwire.model.term import Truth, Word

COMMON_BITS = 8 * SPLIT_MSIX_ON
INTERRUPT_QUEUE, INTERRUPT_CONFIG = 1, 2
"""Bits of ISR."""
DRIVER_OK, NEEDS_RESET = 4, 64
"""Bits of STATUS that a device looks at or sets."""


@dataclass(frozen=True)
class Queue:
    """One virtqueue's registers."""

    size: Word  # 16
    pfn: Word  # 32
    vector: Word  # 16
    notified: Word  # 32: notifications taken while it had a ring


@dataclass(frozen=True)
class Registers:
    """A member's state. ``table`` lists the common registers: the real ones, unless a mutant says otherwise."""

    device: DeviceType
    config_len: int
    vectors: Word  # 16: entries of the MSI-X table
    host_features: Word  # 32
    guest_features: Word  # 32
    queue_sel: Word  # 16
    status: Word  # 8
    isr: Word  # 8
    config_vector: Word  # 16
    msix: Truth  # the member's own MSI-X Enable (B4)
    queues: tuple[Queue, ...]
    config: Word  # PAYLOAD_BITS
    own_config: Word  # PAYLOAD_BITS: what a reset brings back (B27)
    table: tuple[Field, ...] = COMMON_REGISTERS


def fresh(device: DeviceType, host_features: int, queue_sizes: Sequence[int], config: bytes, vectors: int) -> Registers:
    """A member after reset, on Python values."""
    word = int.from_bytes(config, "little")
    return Registers(
        device,
        len(config),
        vectors,
        host_features,
        0,
        0,
        0,
        0,
        NO_VECTOR,
        False,
        tuple(Queue(size, 0, NO_VECTOR, 0) for size in queue_sizes),
        word,
        word,
    )


def snapshot(registers: Registers) -> MemberSnapshot:
    """Concrete registers as plain data."""

    def number(value: Word) -> int:
        if not isinstance(value, int):
            raise TypeError("only concrete registers have a snapshot")
        return value

    return MemberSnapshot(
        number(registers.host_features),
        number(registers.guest_features),
        number(registers.queue_sel),
        number(registers.status),
        number(registers.isr),
        number(registers.config_vector),
        bool(registers.msix),
        tuple(QueueSnapshot(number(q.size), number(q.pfn), number(q.vector)) for q in registers.queues),
        bytes_of(registers.config, registers.config_len),
        tuple(number(queue.notified) for queue in registers.queues),
    )


def _chosen(registers: Registers) -> list[Truth]:
    """For each queue, whether it is selected; one of size 0 does not exist (B11, B12)."""
    return [
        both(same(registers.queue_sel, index), no(same(queue.size, 0))) for index, queue in enumerate(registers.queues)
    ]


def _selected(registers: Registers, of: Callable[[Queue], Word], absent: int, bits: int) -> Word:
    """A register of the selected queue; ``absent`` where there is none (B12)."""
    value: Word = absent
    for chosen, queue in zip(_chosen(registers), registers.queues, strict=True):
        value = choose_word(chosen, of(queue), value, bits)
    return value


def common_image(registers: Registers) -> Word:
    """The common registers as a driver would read them, one word."""
    return join(
        (
            (registers.host_features, 32),
            (registers.guest_features, 32),
            (_selected(registers, lambda queue: queue.pfn, 0, 32), 32),
            (_selected(registers, lambda queue: queue.size, 0, 16), 16),
            (registers.queue_sel, 16),
            ((1 << 16) - 1, 16),  # QUEUE_NOTIFY (B8)
            (registers.status, 8),
            (registers.isr, 8),
            (registers.config_vector, 16),
            (_selected(registers, lambda queue: queue.vector, NO_VECTOR, 16), 16),
        )
    )


def within(field: Field, offset: Word, length: Word) -> Truth:
    """An access wholly inside one field (B1)."""
    return both(at_most(field.offset, offset), at_most(length, field.size), at_most(offset, field.end - length))


def allowed(registers: Registers, common: bool, offset: Word, length: Word) -> Truth:
    """LD3 and LD4: some bytes (B6), of one field, wholly inside the structure."""
    fields = registers.table if common else registers.device.config
    inside = either(
        *(
            both(
                within(field, offset, length),
                registers.msix if common and field.offset >= SPLIT_MSIX_OFF else True,
                # A field that the member's configuration cuts off ends where that does (B3).
                True if common or field.end <= registers.config_len else at_most(offset, registers.config_len - length),
            )
            for field in fields
            if common or field.offset < registers.config_len
        )
    )
    return both(no(same(length, 0)), inside)


def reset(registers: Registers) -> Registers:
    """What STATUS 0 does; MSI-X Enable is PCI's and stays."""
    return replace(
        registers,
        guest_features=0,
        queue_sel=0,
        status=0,
        isr=0,
        config_vector=NO_VECTOR,
        queues=tuple(replace(queue, pfn=0, vector=NO_VECTOR) for queue in registers.queues),
        config=registers.own_config,
    )


def function_reset(registers: Registers) -> Registers:
    """A function-level reset: what STATUS 0 does, and MSI-X Enable off (B25)."""
    return replace(reset(registers), msix=False)


def interrupt(registers: Registers, bit: int) -> Registers:
    """The device has something to say: set a bit of ISR, the queue bit only with MSI-X off (B18)."""
    raised = registers.isr | bit
    if bit == INTERRUPT_QUEUE:
        return replace(registers, isr=choose_word(registers.msix, registers.isr, raised, 8))
    return replace(registers, isr=raised)


def reconfigure(registers: Registers, offset: int, data: bytes) -> Registers:
    """The device gives its configuration a value of its own, which a reset brings back too (B27)."""
    mask = ((1 << 8 * len(data)) - 1) << 8 * offset
    value = int.from_bytes(data, "little") << 8 * offset
    own = (registers.own_config & ~mask) | value
    return replace(registers, own_config=own, config=(registers.config & ~mask) | value)


def need_reset(registers: Registers) -> Registers:
    """The device cannot go on: it says so in STATUS, and to a driver that is up by a configuration change (B28)."""
    marked = replace(registers, status=registers.status | NEEDS_RESET)
    idle = same(registers.status & DRIVER_OK, 0)
    return choose_state(idle, marked, interrupt(marked, INTERRUPT_CONFIG))


def notify(registers: Registers, queue: Word) -> Registers:
    """A notification: counted for a queue that has a ring, without effect for any other (B11)."""
    return replace(
        registers,
        queues=tuple(
            replace(
                each,
                notified=choose_word(
                    both(same(resize(queue, 16), index), no(same(each.pfn, 0))),
                    resize(each.notified + 1, 32),
                    each.notified,
                    32,
                ),
            )
            for index, each in enumerate(registers.queues)
        ),
    )


def _mapped(registers: Registers, vector: Word) -> Word:
    """A vector the table has, or NO_VECTOR (B26)."""
    return choose_word(below(vector, registers.vectors), vector, NO_VECTOR, 16)


def _write_common(registers: Registers, offset: Word, length: Word, data: Word) -> Registers:
    written = bytes_up(resize(data, COMMON_BITS) & low_bytes_mask(length, COMMON_BITS), offset, COMMON_BITS)
    mask = bytes_up(low_bytes_mask(length, COMMON_BITS), offset, COMMON_BITS)
    image = (common_image(registers) & ~mask) | written

    def touched(field: Field) -> Truth:
        return no(same(bits_of(mask, 8 * field.offset, 8 * field.size), 0))

    def value(field: Field) -> Word:
        return bits_of(image, 8 * field.offset, 8 * field.size)

    after = replace(
        registers,
        guest_features=choose_word(
            touched(GUEST_FEATURES), value(GUEST_FEATURES) & registers.host_features, registers.guest_features, 32
        ),
        queue_sel=value(QUEUE_SEL),
        status=value(STATUS),
        config_vector=choose_word(
            touched(MSI_CONFIG_VECTOR), _mapped(registers, value(MSI_CONFIG_VECTOR)), registers.config_vector, 16
        ),
        queues=tuple(
            replace(
                queue,
                pfn=choose_word(both(chosen, touched(QUEUE_PFN)), value(QUEUE_PFN), queue.pfn, 32),
                vector=choose_word(
                    both(chosen, touched(MSI_QUEUE_VECTOR)),
                    _mapped(registers, value(MSI_QUEUE_VECTOR)),
                    queue.vector,
                    16,
                ),
            )
            for queue, chosen in zip(registers.queues, _chosen(registers), strict=True)
        ),
    )
    # B9: there is nothing to merge a notification with; its low byte must be there.
    rings = same(offset, QUEUE_NOTIFY.offset)
    after = choose_state(rings, notify(after, bits_of(written, 8 * QUEUE_NOTIFY.offset, 16)), after)
    return choose_state(both(touched(STATUS), same(value(STATUS), 0)), reset(after), after)


def _write_config(registers: Registers, offset: Word, length: Word, data: Word) -> Registers:
    mask = bytes_up(low_bytes_mask(length, PAYLOAD_BITS), offset, PAYLOAD_BITS)
    written = bytes_up(low_bytes(data, length, PAYLOAD_BITS), offset, PAYLOAD_BITS)
    writable = sum(
        ((1 << 8 * field.size) - 1) << 8 * field.offset
        for field in registers.device.config
        if field.access is Access.READ_WRITE
    )
    mask = mask & writable
    return replace(registers, config=(registers.config & ~mask) | (written & mask))


def choose_state(condition: Truth, then: Registers, otherwise: Registers) -> Registers:
    """One of two states of the same member."""
    if isinstance(condition, bool):
        return then if condition else otherwise

    def word(name: str, bits: int) -> Word:
        return choose_word(condition, getattr(then, name), getattr(otherwise, name), bits)

    return replace(
        then,
        guest_features=word("guest_features", 32),
        queue_sel=word("queue_sel", 16),
        status=word("status", 8),
        isr=word("isr", 8),
        config_vector=word("config_vector", 16),
        msix=choose(condition, then.msix, otherwise.msix),
        queues=tuple(
            Queue(
                a.size,
                choose_word(condition, a.pfn, b.pfn, 32),
                choose_word(condition, a.vector, b.vector, 16),
                choose_word(condition, a.notified, b.notified, 32),
            )
            for a, b in zip(then.queues, otherwise.queues, strict=True)
        ),
        config=word("config", PAYLOAD_BITS),
    )


@dataclass(frozen=True)
class Effect:
    """What a legacy command does: the state afterwards, its status and qualifier, and the payload of a read."""

    after: Registers
    status: Word  # 16
    qualifier: Word  # 16
    payload: Word  # PAYLOAD_BITS


def perform(registers: Registers, opcode: Opcode, offset: Word, length: Word, data: Word = 0) -> Effect:
    """One of the commands 2 to 5, of ``length`` bytes of data."""
    common = opcode in (Opcode.LEGACY_COMMON_CFG_WRITE, Opcode.LEGACY_COMMON_CFG_READ)
    write = opcode in (Opcode.LEGACY_COMMON_CFG_WRITE, Opcode.LEGACY_DEV_CFG_WRITE)
    right = allowed(registers, common, offset, length)
    payload: Word = 0
    if write:
        after = (_write_common if common else _write_config)(registers, offset, length, data)
    else:
        image = resize(common_image(registers), PAYLOAD_BITS) if common else registers.config
        payload = low_bytes(bytes_down(image, offset, PAYLOAD_BITS), length, PAYLOAD_BITS)
        clears = both(common, within(ISR, offset, length))
        after = replace(registers, isr=choose_word(clears, 0, registers.isr, 8))
    return Effect(
        choose_state(right, after, registers),
        choose_word(right, Status.OK, Status.EINVAL, 16),
        choose_word(right, Qualifier.OK, Qualifier.INVALID_FIELD, 16),
        choose_word(right, payload, 0, PAYLOAD_BITS),
    )


def run(registers: Registers, operation: Operation) -> tuple[Registers, Reply]:
    """Execute a concrete operation of a relay: a legacy command, or a doorbell."""
    shape = operation.shape
    if shape.kind == OpKind.DOORBELL:
        return notify(registers, operation.payload), Reply(0, 0)
    if not isinstance(shape.opcode, int):
        raise TypeError("which command it is must be known")
    effect = perform(registers, Opcode(shape.opcode), shape.offset, shape.length, operation.payload)
    content = join(((effect.status, 16), (effect.qualifier, 16), (0, 32), (effect.payload, PAYLOAD_BITS)))
    reads = shape.opcode in (Opcode.LEGACY_COMMON_CFG_READ, Opcode.LEGACY_DEV_CFG_READ) and effect.status == Status.OK
    return effect.after, Reply(content, shape.length + REPLY_HEADER_LEN if reads else REPLY_HEADER_LEN)
