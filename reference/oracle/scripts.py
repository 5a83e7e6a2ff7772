# SPDX-License-Identifier: Apache-2.0
"""Access scripts: what a guest does to a device, the same for both. Offsets and lengths in bytes.

Systematic scripts go through every offset and width; random ones are drawn from a ``random.Random`` that the caller
seeds, most accesses as real drivers make them, each script with weights of its own (swarm testing).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeAlias

from straightwire.model import pci, registers
from straightwire.model.features import Blk, Ring
from straightwire.reference.dpu import config_space
from straightwire.reference.oracle.face import Face

WIDTHS = (1, 2, 4)
"""What an ``in`` or ``out`` instruction can do, bytes."""


@dataclass(frozen=True)
class Read:
    """A guest reads BAR0."""

    offset: int
    length: int


@dataclass(frozen=True)
class Write:
    """A guest writes BAR0."""

    offset: int
    data: bytes


@dataclass(frozen=True)
class ConfigRead:
    """A guest reads PCI configuration space."""

    offset: int
    length: int


@dataclass(frozen=True)
class ConfigWrite:
    """A guest writes PCI configuration space."""

    offset: int
    data: bytes


@dataclass(frozen=True)
class ConfigChange:
    """The device reports a change of its configuration. The values read the same after it as before."""


Step: TypeAlias = Read | Write | ConfigRead | ConfigWrite | ConfigChange
WRITES = (Write, ConfigWrite, ConfigChange)
"""The steps that are made to have an effect."""


@dataclass(frozen=True)
class Script:
    """Some steps from a fresh start of both devices; the title is for people."""

    title: str
    steps: tuple[Step, ...]


COMMAND_ON = pci.COMMAND_IO | config_space.COMMAND_MEMORY | config_space.COMMAND_BUS_MASTER
"""What firmware leaves in COMMAND."""
_SCRATCH = (0x0C, 0x3C, 0x4C, 0xFC)
_MSIX_ENABLED, _MSIX_MASKED = config_space.MSIX_ENABLE, config_space.MSIX_ENABLE | config_space.MSIX_FUNCTION_MASK
_UNUSED = int(Ring.UNUSED)
_DRIVER = 3
_READY = 7


def natural(field: registers.Field, value: int) -> Write:
    """A register written as real drivers write it: whole."""
    return Write(field.offset, value.to_bytes(field.size, "little"))


def whole(field: registers.Field) -> Read:
    """A register read as real drivers read it: whole."""
    return Read(field.offset, field.size)


def command(value: int) -> ConfigWrite:
    """COMMAND written."""
    return ConfigWrite(pci.COMMAND, value.to_bytes(2, "little"))


def msix(bits: int) -> ConfigWrite:
    """MSI-X message control written; the length of the table is read-only."""
    return ConfigWrite(config_space.MSIX_CONTROL, bits.to_bytes(2, "little"))


RESET = natural(registers.STATUS, 0)


def layouts(face: Face) -> tuple[bool, ...]:
    """The layouts a member has: with MSI-X off, and on where there is MSI-X at all."""
    return (False, True) if face.vectors else (False,)


def split(msix_on: bool) -> int:
    """Where the device configuration starts."""
    return registers.SPLIT_MSIX_ON if msix_on else registers.SPLIT_MSIX_OFF


def _layout(msix_on: bool) -> tuple[Step, ...]:
    return (msix(_MSIX_ENABLED),) if msix_on else ()


def _named(msix_on: bool) -> str:
    return f"MSI-X {'on' if msix_on else 'off'}"


def systematic(face: Face) -> Iterator[Script]:
    """Every offset and width of the BAR in both layouts, then registers one by one, then configuration space."""
    for msix_on in layouts(face):
        yield from _bar(face, msix_on)
        yield from _queues(face, msix_on)
        yield from _features(face, msix_on)
        yield from _status(msix_on)
        yield from _device_config(face, msix_on)
        yield from _interrupts(face, msix_on)
    if face.vectors:
        yield _vectors(face)
    yield from _configuration_space(face)


def _set_up(face: Face, msix_on: bool) -> tuple[Step, ...]:
    """Registers that hold something: a guest in the middle of its initialization."""
    steps: list[Step] = [
        *_layout(msix_on),
        natural(registers.STATUS, 1),
        natural(registers.GUEST_FEATURES, face.host_features & 0x25A5A5A5),
        natural(registers.QUEUE_PFN, 0x12345),
    ]
    if msix_on:
        steps += [natural(registers.MSI_CONFIG_VECTOR, 0), natural(registers.MSI_QUEUE_VECTOR, face.vectors - 1)]
    return tuple(steps)


def _bar(face: Face, msix_on: bool) -> Iterator[Script]:
    set_up = _set_up(face, msix_on)
    places = [(offset, width) for offset in range(face.bar_size + 8) for width in WIDTHS]
    reads = tuple(Read(offset, width) for offset, width in places)
    yield Script(f"every read, {_named(msix_on)}", (*set_up, *reads))
    # Of the bytes behind the device configuration, and behind the BAR, a few are as good as all.
    end = split(msix_on) + len(face.config) + 8
    near = [(at, width) for at, width in places if at < end or face.bar_size - 4 <= at]
    for name, pattern in (("ones", b"\xff" * 4), ("5a 01 00 80", b"\x5a\x01\0\x80"), ("zeros", bytes(4))):
        writes = [step for at, width in near for step in _written(set_up, at, pattern[:width])]
        yield Script(f"every write of {name}, {_named(msix_on)}", tuple(map(quiet, writes)))
    off = tuple(Read(offset, width) for offset, width in near)
    ignored = tuple(Write(offset, b"\x5a\x01\0\0"[:width]) for offset, width in near if width < 4)
    yield Script(
        f"I/O decode off, {_named(msix_on)}", (*set_up, command(0), *off, *ignored, command(COMMAND_ON), *reads[:96])
    )


def _written(set_up: Sequence[Step], offset: int, data: bytes) -> tuple[Step, ...]:
    """A write to registers that hold something; those of the transport are set up again after it."""
    if offset < registers.SPLIT_MSIX_ON:
        return (RESET, *set_up[-5:], Write(offset, data))
    return (Write(offset, data),)


def _queues(face: Face, msix_on: bool) -> Iterator[Script]:
    """Queues that exist and those that do not, rings put in place, replaced and taken away."""
    steps: list[Step] = [*_layout(msix_on), natural(registers.STATUS, _DRIVER)]
    absent = len(face.queue_sizes)
    for index in (*range(absent + 1), 255, 256, 1023):
        steps += [natural(registers.QUEUE_SEL, index), whole(registers.QUEUE_NUM), whole(registers.QUEUE_PFN)]
        steps += [natural(registers.QUEUE_PFN, 0x100 + index), natural(registers.QUEUE_NUM, 4)]
        steps += [natural(registers.QUEUE_PFN, 0x8000 + index), quiet(natural(registers.QUEUE_NOTIFY, index))]
        if msix_on:
            steps += [natural(registers.MSI_QUEUE_VECTOR, face.vectors - 1), whole(registers.MSI_QUEUE_VECTOR)]
    for index in (0, 1024, 0x7FFF, 0xFFFF, 1023, 1025):
        steps += [natural(registers.QUEUE_SEL, index), whole(registers.QUEUE_NUM), whole(registers.QUEUE_SEL)]
        steps.append(quiet(natural(registers.QUEUE_NOTIFY, index)))
    steps += [natural(registers.QUEUE_SEL, 0), natural(registers.QUEUE_PFN, 0xFFFFFFFF)]
    yield Script(f"queues, {_named(msix_on)}", tuple(steps))
    for index in (0, absent):
        away = (natural(registers.QUEUE_SEL, index), natural(registers.QUEUE_PFN, 0))
        started = (*_set_up(face, msix_on), natural(registers.STATUS, _READY))
        yield Script(f"no ring for queue {index}, {_named(msix_on)}", (*started, *away))


def _features(face: Face, msix_on: bool) -> Iterator[Script]:
    """Each feature bit, and all together, before and after the driver is done with them."""
    steps: list[Step] = [*_layout(msix_on)]
    host = face.host_features
    values = (*(1 << bit for bit in range(32)), 0xFFFFFFFF, host, host & ~_UNUSED, 0)
    for status in (0, _DRIVER, _READY, 8, 0xFF):
        steps += [RESET, natural(registers.GUEST_FEATURES, 0x20 & host), natural(registers.STATUS, status or 1)]
        steps += [natural(registers.GUEST_FEATURES, value) for value in (values if status < 4 else values[-8:])]
    yield Script(f"features, {_named(msix_on)}", tuple(steps))


def _status(msix_on: bool) -> Iterator[Script]:
    """Every value of STATUS, from 0 and from the value before it."""
    steps: list[Step] = [*_layout(msix_on)]
    for value in range(256):
        steps += [natural(registers.STATUS, value), whole(registers.STATUS)]
    yield Script(f"STATUS, {_named(msix_on)}", tuple(steps))
    # COMMAND as a driver finds it that nobody has set up: SeaBIOS and old Linux leave bus mastering off.
    for value in (_DRIVER, _READY):
        quiet = (command(pci.COMMAND_IO), natural(registers.STATUS, value), command(pci.COMMAND_IO))
        yield Script(f"STATUS {value} without bus mastering, {_named(msix_on)}", (*_layout(msix_on), *quiet))


def _device_config(face: Face, msix_on: bool) -> Iterator[Script]:
    """The device configuration byte by byte, with no features, with all, and across a reset."""
    start = split(msix_on)
    for features in (0, face.host_features & ~_UNUSED):
        steps: list[Step] = [*_layout(msix_on), natural(registers.GUEST_FEATURES, features)]
        for place in range(len(face.config)):
            steps += [Write(start + place, b"\xa5"), Read(start + place, 1), Write(start + place, b"\0")]
        for place in range(0, len(face.config), max(WIDTHS)):
            steps.append(Write(start + place, b"\x5a" * max(WIDTHS)))
        for field in face.device_type.config:
            if field.end <= len(face.config) and field.access is registers.Access.READ_WRITE:
                steps += [*_field_written(start, field, 0x1122334455667788), RESET, *_field_read(start, field)]
                steps.append(natural(registers.GUEST_FEATURES, features))
        yield Script(f"device configuration, features {features:#x}, {_named(msix_on)}", tuple(steps))
    if face.device_type is registers.BLK:
        writeback = next(field for field in registers.BLK.config if field.name == "writeback")
        steps = [*_layout(msix_on)]
        for features in (0, Blk.FLUSH, Blk.CONFIG_WCE, Blk.FLUSH | Blk.CONFIG_WCE):
            for value in (0, 1):
                steps += [RESET, natural(registers.GUEST_FEATURES, features)]
                steps += [*_field_written(start, writeback, value), natural(registers.STATUS, _READY)]
        yield Script(f"write cache at DRIVER_OK, {_named(msix_on)}", tuple(steps))


def _field_written(start: int, field: registers.Field, value: int) -> Iterator[Write]:
    """A field of the device configuration as drivers write it: in words of at most its size, else by byte."""
    data = (value & (1 << 8 * field.size) - 1).to_bytes(field.size, "little")
    if field.size in WIDTHS:
        yield Write(start + field.offset, data)
    else:
        for place, byte in enumerate(data, start + field.offset):
            yield Write(place, bytes((byte,)))


def _field_read(start: int, field: registers.Field) -> Iterator[Read]:
    yield from (Read(start + place, 1) for place in range(field.offset, field.end))


def _interrupts(face: Face, msix_on: bool) -> Iterator[Script]:
    """ISR after a configuration change, read in every way that touches it, and what only a console does."""
    if face.is_console:
        ring = (natural(registers.QUEUE_SEL, 1), natural(registers.QUEUE_PFN, 0x100))
        told = (natural(registers.QUEUE_NOTIFY, 1), whole(registers.ISR), whole(registers.ISR))
        yield Script(f"output, {_named(msix_on)}", (*_layout(msix_on), *ring, natural(registers.STATUS, _READY), *told))
    if not face.can_change:
        return
    isr = registers.ISR.offset
    ways = [Read(at, width) for width in WIDTHS for at in range(isr - 3, isr + 2) if at + width > isr - 2]
    steps: list[Step] = [*_layout(msix_on)]
    for way in (whole(registers.ISR), *ways):
        steps += [natural(registers.STATUS, _READY), ConfigChange(), way, whole(registers.ISR), whole(registers.ISR)]
    steps += [ConfigChange(), natural(registers.ISR, 0), whole(registers.ISR), ConfigChange(), RESET]
    yield Script(f"ISR, {_named(msix_on)}", (*steps, whole(registers.ISR)))
    yield Script(f"ISR before DRIVER_OK, {_named(msix_on)}", (*_layout(msix_on), ConfigChange(), whole(registers.ISR)))


def _vectors(face: Face) -> Script:
    """Vector registers at and past the table's end, kept while MSI-X is off, masked and cleared by a reset."""
    steps: list[Step] = [msix(_MSIX_ENABLED)]
    for vector in (0, face.vectors - 1, face.vectors, 0x7FF, 0x800, 0x100, 0xFFFE, 0xFFFF, 0):
        for field in (registers.MSI_CONFIG_VECTOR, registers.MSI_QUEUE_VECTOR):
            steps += [natural(field, vector), whole(field)]
    for bits in (_MSIX_MASKED, 0, _MSIX_ENABLED, config_space.MSIX_FUNCTION_MASK, _MSIX_MASKED):
        steps += [msix(bits), *(Read(at, 2) for at in range(20, 26, 2))]
    return Script("vectors", (*steps, RESET, whole(registers.MSI_QUEUE_VECTOR), msix(0), msix(_MSIX_ENABLED)))


def _configuration_space(face: Face) -> Iterator[Script]:
    """The identity, COMMAND and the sizing of BARs as a legacy guest's PCI code does it."""
    for width in WIDTHS:
        reads = tuple(ConfigRead(at, width) for at in range(0, pci.CONFIG_SPACE_LEN, width))
        yield Script(f"configuration space, {width} bytes wide", reads)
    values = (0, 1, 2, 4, 3, 5, 7, 0x403, 0x107, 0x147, 0xFFFF, 0xFFF8)
    yield Script("COMMAND", tuple(step for value in values for step in (command(value), ConfigRead(pci.COMMAND, 2))))
    bars = range(pci.BAR0, pci.BAR0 + 24, 4)
    sizing = [step for at in bars for step in _sized(face, at)]
    yield Script("sizing of BARs", (command(0), *sizing, command(COMMAND_ON), whole(registers.HOST_FEATURES)))
    read_only = (0x00, 0x02, 0x06, 0x08, 0x09, 0x0A, 0x0E, 0x2C, 0x2E, 0x34, 0x3D, 0x3E, 0x40, 0x44, 0x48)
    steps: list[Step] = []
    for at in (*read_only, *_SCRATCH):
        steps += [ConfigWrite(at, b"\x5a"), ConfigRead(at & ~3, 4)]
    yield Script("what is read-only in configuration space", tuple(steps))


def _sized(face: Face, at: int) -> tuple[Step, ...]:
    back = face.bar0 if at == pci.BAR0 else 0
    return (ConfigWrite(at, b"\xff" * 4), ConfigRead(at, 4), ConfigWrite(at, back.to_bytes(4, "little")))


def quiet(step: Step) -> Step:
    """The same, but of a notification only of an even queue: a console's input.

    What a console's output queues do depends on their rings, and random rings lie anywhere.
    """
    notify = registers.QUEUE_NOTIFY.offset
    if not isinstance(step, Write) or not step.offset <= notify < step.offset + len(step.data):
        return step
    data = bytearray(step.data)
    data[notify - step.offset] &= 0xFE
    return Write(step.offset, bytes(data))


# Random scripts.

_PFNS = (1, 2, 0x10, 0x25F8, 0xFF5F, 0x1FFDD, 0x12345678, 0xFFFFFFFF)
_STATUSES = (1, 3, 7, 4, 6, 0x0B, 0x0F, 0x83, 0x87, 0xFF, 8)
_STEPS = 160


def random_scripts(face: Face, random: Random) -> Iterator[Script]:
    """Without end."""
    number = 0
    while True:
        number += 1
        steps = _drawn(face, random)
        yield Script(f"random script {number}", tuple(quiet(step) if face.is_console else step for step in steps))


def _drawn(face: Face, random: Random) -> Iterator[Step]:
    msix_on = bool(face.vectors) and random.random() < 0.5
    yield from _layout(msix_on)
    # Swarm: what one script does much of, another does not at all. Natural accesses weigh most in every script.
    kinds: list[tuple[str, float]] = [("read", 6), ("write", 6), ("config", 4)]
    kinds += [(kind, weight * random.random()) for kind, weight in _RARE if random.random() < 0.6]
    names, weights = [name for name, _ in kinds], [weight for _, weight in kinds]
    for name in random.choices(names, weights, k=_STEPS):
        if name == "msix":
            if face.vectors:
                msix_on = random.random() < 0.5
                yield msix(_MSIX_ENABLED if msix_on else random.choice((0, config_space.MSIX_FUNCTION_MASK)))
        else:
            yield _STEP_OF[name](face, random, msix_on)


_RARE = (("odd read", 5.0), ("odd write", 4.0), ("command", 0.6), ("reset", 0.6), ("msix", 0.6), ("notify", 3.0))


def _common(msix_on: bool) -> list[registers.Field]:
    return [field for field in registers.COMMON_REGISTERS if field.end <= split(msix_on)]


def _natural_read(face: Face, random: Random, msix_on: bool) -> Step:
    return whole(random.choice(_common(msix_on)))


def _natural_write(face: Face, random: Random, msix_on: bool) -> Step:
    field = random.choice([field for field in _common(msix_on) if field.access is registers.Access.READ_WRITE])
    if field is registers.GUEST_FEATURES:
        value = random.getrandbits(32) & (face.host_features if random.random() < 0.8 else ~0) & ~_UNUSED
        return natural(field, value | (_UNUSED if random.random() < 0.05 else 0))
    if field is registers.QUEUE_PFN:
        return natural(field, 0 if random.random() < 0.05 else random.choice(_PFNS))
    if field in (registers.QUEUE_SEL, registers.QUEUE_NOTIFY):
        queues = len(face.queue_sizes)
        index = random.randrange(queues) if random.random() < 0.85 else random.choice((queues, 1023, 1024, 0xFFFF))
        return natural(field, index)
    if field is registers.STATUS:
        return natural(field, random.choice(_STATUSES))
    return natural(field, random.choice((*range(face.vectors), face.vectors, 0xFFFF)))


def _natural_config(face: Face, random: Random, msix_on: bool) -> Step:
    if not face.config:
        return _natural_read(face, random, msix_on)
    start = split(msix_on)
    written = [field for field in face.device_type.config
               if field.access is registers.Access.READ_WRITE and field.end <= len(face.config)]  # fmt: skip
    if written and random.random() < 0.3:
        field = random.choice(written)
        return Write(start + random.randrange(field.offset, field.end), random.randbytes(1))
    return Read(start + random.randrange(len(face.config)), 1)


def _odd_place(face: Face, random: Random) -> tuple[int, int]:
    end = 28 if random.random() < 0.5 else face.bar_size + 4
    return random.randrange(end), random.choice(WIDTHS)


def _odd_read(face: Face, random: Random, msix_on: bool) -> Step:
    return Read(*_odd_place(face, random))


def _odd_write(face: Face, random: Random, msix_on: bool) -> Step:
    offset, width = _odd_place(face, random)
    data = random.choice((random.randbytes(width), bytes((random.randrange(8),)).ljust(width, b"\0"), b"\xff" * width))
    return Write(offset, data)


def _command(face: Face, random: Random, msix_on: bool) -> Step:
    return command(COMMAND_ON if random.random() < 0.7 else random.choice((0, 1, 3, 6, 0x107, 0x407, 0xFFFF)))


def _reset(face: Face, random: Random, msix_on: bool) -> Step:
    return RESET


def _notify(face: Face, random: Random, msix_on: bool) -> Step:
    return natural(registers.QUEUE_NOTIFY, random.randrange(len(face.queue_sizes) + 1))


_STEP_OF: dict[str, Callable[[Face, Random, bool], Step]] = {
    "read": _natural_read,
    "write": _natural_write,
    "config": _natural_config,
    "odd read": _odd_read,
    "odd write": _odd_write,
    "command": _command,
    "reset": _reset,
    "notify": _notify,
}
