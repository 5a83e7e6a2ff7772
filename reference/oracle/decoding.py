# SPDX-License-Identifier: Apache-2.0
"""What QEMU's legacy device makes of one step, from the state that both devices share before it.

It is there for the table of differences alone: a row names a kind of access, and this computes what QEMU must then
have answered, bit by bit. It judges nothing; a difference between the devices is found by asking them. Offsets and
lengths are in bytes. Measured on QEMU 7.2, 10.0 and 11.1; its source is ``hw/virtio/virtio-pci.c``,
``virtio_ioport_read`` and ``virtio_ioport_write``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from straightwire.model import pci, registers
from straightwire.model.features import Blk, Net, Ring
from straightwire.model.registers import NO_VECTOR, Field
from straightwire.model.snapshot import MemberSnapshot, QueueSnapshot
from straightwire.reference.dpu import config_space
from straightwire.reference.dpu.registers import ISR_CONFIG, ISR_QUEUE, STATUS_DRIVER_OK
from straightwire.reference.oracle.face import Face
from straightwire.reference.oracle.scripts import ConfigChange, ConfigRead, ConfigWrite, Read, Step, Write

BAD_FEATURE = int(Ring.UNUSED)
"""A bit that QEMU offers so as to notice drivers that accept everything."""
BAD_FEATURES = {"net": 0x20}
"""What QEMU takes instead, by device type; else nothing."""
PAGE_POISON = 1 << 4
"""VIRTIO_BALLOON_F_PAGE_POISON (virtio 1.4, 5.5.3), which our balloon does not know."""
FEATURES_OK = 8
"""A STATUS bit of the non-transitional interface."""
ACKNOWLEDGED_DRIVER = 3
QUEUES = 1024
"""QUEUE_SEL knows no more."""
MAC = slice(0, 6)
WRITEBACK = 32
ACTUAL, POISON = slice(4, 8), slice(12, 16)

CACHE_LINE, INTERRUPT_LINE, INTERRUPT_PIN = 0x0C, 0x3C, 0x3D
BAR1 = pci.BAR0 + 4
MSIX_LEN = 12
"""The MSI-X capability, bytes."""
PENDING_BITS = config_space.MSIX + 8
COMMAND_SERR = 0x0100
"""SERR# enable: writable on QEMU's devices."""
_COMMAND = (
    pci.COMMAND_IO | config_space.COMMAND_MEMORY | config_space.COMMAND_BUS_MASTER | config_space.COMMAND_INTX_DISABLE
)
_MSIX_BAR_LEN = 0x1000
_PENDING_AT = 0x800


@dataclass(frozen=True)
class State:
    """A device between two steps: its registers, its configuration space as the guest sees it, and QEMU's quirk.

    ``absent_vector`` is the vector of the selected queue where that queue does not exist.
    """

    registers: MemberSnapshot
    pci: bytes
    absent_vector: int = NO_VECTOR

    @property
    def decodes(self) -> bool:
        """I/O decode is on."""
        return bool(self.pci[pci.COMMAND] & pci.COMMAND_IO)

    @property
    def split(self) -> int:
        """Where the device configuration starts."""
        return registers.SPLIT_MSIX_ON if self.registers.msix else registers.SPLIT_MSIX_OFF


def aligned(offset: int, length: int) -> bool:
    """Naturally aligned; of 1, 2 and 4 bytes."""
    return offset % length == 0


def pieces(offset: int, length: int) -> Iterator[tuple[int, int]]:
    """A misaligned access in naturally aligned pieces."""
    end = offset + length
    while offset < end:
        size = min(offset & -offset, length, end - offset) if offset else length
        size = 1 << (size.bit_length() - 1)
        yield offset, size
        offset += size


def scratch(face: Face) -> tuple[int, ...]:
    """Bytes of configuration space that keep what is written and do nothing: two of the header, all past the lists."""
    free = config_space.MSIX + MSIX_LEN if face.vectors else config_space.MSIX
    return (CACHE_LINE, INTERRUPT_LINE, *range(free, pci.CONFIG_SPACE_LEN))


def register_at(state: State, offset: int) -> Field | None:
    """The common register that begins at this offset: QEMU decodes no other."""
    if offset >= state.split:
        return None
    return next((field for field in registers.COMMON_REGISTERS if field.offset == offset), None)


def as_qemu_shows(face: Face, own: bytes) -> bytes:
    """Our configuration space with what QEMU's is known to have otherwise; all of it fixed."""
    shown = bytearray(own)
    shown[INTERRUPT_PIN] = 1
    if face.vectors:
        shown[PENDING_BITS : PENDING_BITS + 4] = (_PENDING_AT | config_space.MSIX_BAR).to_bytes(4, "little")
    else:
        shown[config_space.STATUS] &= ~config_space.STATUS_CAPABILITIES
        shown[config_space.CAPABILITIES] = 0
        shown[config_space.MSIX : config_space.MSIX + MSIX_LEN] = bytes(MSIX_LEN)
    return bytes(shown)


def qemu_does(face: Face, state: State, step: Step) -> tuple[int | None, State]:
    """What QEMU answers to a read (``None``: it is no read), and its state after the step."""
    match step:
        case Read(offset, length):
            return _read(face, state, offset, length)
        case Write(offset, data):
            return None, _write(face, state, offset, data)
        case ConfigRead(offset, length):
            return int.from_bytes(state.pci[offset : offset + length], "little"), state
        case ConfigWrite(offset, data):
            return None, _config_write(face, state, offset, data)
        case ConfigChange():
            # Both bits, and only for a driver that is ready.
            bits = ISR_CONFIG | ISR_QUEUE if state.registers.status & STATUS_DRIVER_OK else 0
            return None, _with(state, isr=state.registers.isr | bits)


def _with(state: State, **changes: object) -> State:
    return replace(state, registers=replace(state.registers, **changes))  # type: ignore[arg-type]


# Reads.


def _read(face: Face, state: State, offset: int, length: int) -> tuple[int, State]:
    nothing = (1 << 8 * length) - 1
    if not aligned(offset, length) and not face.splits:
        return 0, state  # wherever it goes, to a device or to nobody
    if not state.decodes or offset >= face.bar_size:
        return nothing, state
    if aligned(offset, length):
        return _read_aligned(face, state, offset, length)
    value = 0
    for at, size in pieces(offset, length):
        piece = (1 << 8 * size) - 1
        if at < face.bar_size:
            piece, state = _read_aligned(face, state, at, size)
        value |= piece << 8 * (at - offset)
    return value, state


def _read_aligned(face: Face, state: State, offset: int, length: int) -> tuple[int, State]:
    nothing = (1 << 8 * length) - 1
    if offset >= state.split:
        start = offset - state.split
        inside = state.registers.config[start : start + length]
        return (int.from_bytes(inside, "little") if len(inside) == length else nothing), state
    field = register_at(state, offset)
    if field is None or field is registers.QUEUE_NOTIFY:
        return nothing, state
    value = _value(state, field) & nothing
    return value, _with(state, isr=0) if field is registers.ISR else state


def _selected(state: State) -> QueueSnapshot | None:
    now = state.registers
    return now.queues[now.queue_sel] if now.queue_sel < len(now.queues) else None


def _value(state: State, field: Field) -> int:
    now, queue = state.registers, _selected(state)
    values = {
        registers.HOST_FEATURES: now.host_features,
        registers.GUEST_FEATURES: now.guest_features,
        registers.QUEUE_PFN: queue.pfn if queue else 0,
        registers.QUEUE_NUM: queue.size if queue else 0,
        registers.QUEUE_SEL: now.queue_sel,
        registers.STATUS: now.status,
        registers.ISR: now.isr,
        registers.MSI_CONFIG_VECTOR: now.config_vector,
        registers.MSI_QUEUE_VECTOR: queue.vector if queue else state.absent_vector,
    }
    return values[field]


# Writes.


def _write(face: Face, state: State, offset: int, data: bytes) -> State:
    if not state.decodes or offset >= face.bar_size:
        return state
    if aligned(offset, len(data)):
        return _write_aligned(face, state, offset, data)
    if face.splits:
        for at, size in pieces(offset, len(data)):
            if at < face.bar_size:
                state = _write_aligned(face, state, at, data[at - offset : at - offset + size])
    return state


def _write_aligned(face: Face, state: State, offset: int, data: bytes) -> State:
    if offset >= state.split:
        return _write_config(face, state, offset - state.split, data)
    value = int.from_bytes(data, "little")
    field = register_at(state, offset)
    now = state.registers
    if field is registers.GUEST_FEATURES:
        if now.status & FEATURES_OK:
            return state
        if value & BAD_FEATURE:
            value = BAD_FEATURES.get(face.device_type.name, 0)
        return _with(state, guest_features=value & face.host_features)
    if field is registers.QUEUE_PFN:
        return _with_queue(state, pfn=value) if value else reset(face, state)
    if field is registers.QUEUE_SEL:
        return _with(state, queue_sel=value) if value < QUEUES else state
    if field is registers.STATUS:
        return _write_status(face, state, value & 0xFF, exactly=value)
    if field is registers.MSI_CONFIG_VECTOR:
        return _with(state, config_vector=_vector(face, value))
    if field is registers.QUEUE_NOTIFY:
        return _notified(face, state, value)
    if field is registers.MSI_QUEUE_VECTOR:
        if _selected(state) is None:
            return replace(state, absent_vector=_vector(face, value))
        return _with_queue(state, vector=_vector(face, value))
    return state


def _notified(face: Face, state: State, index: int) -> State:
    """A console tells the driver of an output queue that it holds no buffer; scripts see to it that it holds none."""
    queues = state.registers.queues
    if face.device_type is registers.CONSOLE and index % 2 and index < len(queues) and queues[index].pfn:
        return _with(state, isr=state.registers.isr | ISR_QUEUE)
    return state


def _vector(face: Face, value: int) -> int:
    return value if value < face.vectors else NO_VECTOR


def _with_queue(state: State, **changes: int) -> State:
    queue = _selected(state)
    if queue is None:
        return state
    queues = list(state.registers.queues)
    queues[state.registers.queue_sel] = replace(queue, **changes)
    return _with(state, queues=tuple(queues))


def _write_status(face: Face, state: State, value: int, *, exactly: int) -> State:
    if value == 0:
        return reset(face, state)
    state = _with(state, status=value)
    if exactly == ACKNOWLEDGED_DRIVER:
        space = bytearray(state.pci)
        space[pci.COMMAND] |= config_space.COMMAND_BUS_MASTER
        state = replace(state, pci=bytes(space))
    now = state.registers
    is_disk = face.device_type is registers.BLK and len(now.config) > WRITEBACK
    if is_disk and value & STATUS_DRIVER_OK and not now.guest_features & Blk.CONFIG_WCE:
        config = bytearray(now.config)
        config[WRITEBACK] = bool(now.guest_features & Blk.FLUSH)
        state = _with(state, config=bytes(config))
    return state


def reset(face: Face, state: State) -> State:
    """The whole device; of the device configuration only ``actual`` of a balloon stays."""
    config = bytearray(face.config)
    if face.device_type is registers.BALLOON:
        config[ACTUAL] = state.registers.config[ACTUAL]
    queues = tuple(replace(queue, pfn=0, vector=NO_VECTOR) for queue in state.registers.queues)
    state = _with(
        state,
        guest_features=0,
        queue_sel=0,
        status=0,
        isr=0,
        config_vector=NO_VECTOR,
        queues=queues,
        config=bytes(config),
    )
    return replace(state, absent_vector=NO_VECTOR)


def _write_config(face: Face, state: State, start: int, data: bytes) -> State:
    """The bytes are put over the whole structure, of which the device type then takes what it lets drivers change."""
    old = state.registers.config
    if start + len(data) > len(old):
        return state
    wanted = old[:start] + data + old[start + len(data) :]
    config, features = bytearray(old), state.registers.guest_features
    if face.device_type is registers.NET and not features & Net.CTRL_MAC_ADDR:
        config[MAC] = wanted[MAC]
    elif face.device_type is registers.BLK and len(config) > WRITEBACK:
        config[WRITEBACK] = wanted[WRITEBACK] != 0
    elif face.device_type is registers.BALLOON:
        config[ACTUAL] = wanted[ACTUAL]
        if len(config) >= POISON.stop:
            config[POISON] = wanted[POISON] if features & PAGE_POISON else bytes(4)
    return _with(state, config=bytes(config))


def _config_write(face: Face, state: State, offset: int, data: bytes) -> State:
    writable = bytearray(pci.CONFIG_SPACE_LEN)
    masks = [
        (pci.COMMAND, 2, _COMMAND | COMMAND_SERR),
        (pci.BAR0, 4, -face.bar_size & 0xFFFFFFFF),
    ]
    if face.vectors:
        masks.append((BAR1, 4, -_MSIX_BAR_LEN & 0xFFFFFFFF))
        masks.append((config_space.MSIX_CONTROL, 2, config_space.MSIX_ENABLE | config_space.MSIX_FUNCTION_MASK))
    for place in scratch(face):
        writable[place] = 0xFF
    for at, size, mask in masks:
        writable[at : at + size] = mask.to_bytes(size, "little")
    space = bytearray(state.pci)
    for at, byte in enumerate(data, offset):
        space[at] = space[at] & ~writable[at] | byte & writable[at]
    state = replace(state, pci=bytes(space))
    if offset <= pci.COMMAND < offset + len(data) and not space[pci.COMMAND] & config_space.COMMAND_BUS_MASTER:
        state = _with(state, status=state.registers.status & ~STATUS_DRIVER_OK)
    return _with(state, msix=bool(face.vectors and space[config_space.MSIX_CONTROL + 1] & 0x80))
