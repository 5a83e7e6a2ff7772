# SPDX-License-Identifier: Apache-2.0
"""The table of differences: where QEMU's legacy devices and the reference device do not do the same, and why.

A row says of which accesses it speaks. What QEMU must then have answered, and what must then be in its registers, is
computed (``decoding.py``) and has to be what it did answer, to the bit: a row explains one value and no other. The
first row that speaks of an access is the one that counts. Offsets and lengths are in bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from straightwire.model import pci, registers
from straightwire.model.features import Blk, Net
from straightwire.model.registers import Field
from straightwire.reference.dpu import config_space
from straightwire.reference.dpu.registers import ISR_CONFIG, ISR_QUEUE, STATUS_DRIVER_OK
from straightwire.reference.oracle.decoding import (
    BAD_FEATURE,
    BAR1,
    COMMAND_SERR,
    FEATURES_OK,
    INTERRUPT_PIN,
    PAGE_POISON,
    PENDING_BITS,
    QUEUES,
    State,
    aligned,
    register_at,
    scratch,
)
from straightwire.reference.oracle.face import Face
from straightwire.reference.oracle.scripts import ConfigRead, ConfigWrite, Read, Step, Write

ALL_TYPES = tuple(known.name for known in registers.DEVICE_TYPES)


@dataclass(frozen=True)
class Situation:
    """One step: of which device, from which state of ours, and with what in QEMU's ISR."""

    face: Face
    before: State
    step: Step
    isr: int

    @property
    def read(self) -> Read | None:
        """The step, where it is a read inside the BAR while I/O decode is on."""
        return self.step if isinstance(self.step, Read) and self._decoded(self.step.offset) else None

    @property
    def write(self) -> Write | None:
        """The step, where it is a write inside the BAR while I/O decode is on."""
        return self.step if isinstance(self.step, Write) and self._decoded(self.step.offset) else None

    def _decoded(self, offset: int) -> bool:
        return self.before.decodes and offset < self.face.bar_size

    @property
    def written(self) -> tuple[Field, int, int] | None:
        """The common register at whose first byte an aligned write begins, the write's length and its value."""
        write = self.write
        if write is None or not aligned(write.offset, len(write.data)):
            return None
        field = register_at(self.before, write.offset)
        return None if field is None else (field, len(write.data), int.from_bytes(write.data, "little"))

    def writes(self, field: Field, *, whole: bool = True) -> int | None:
        """The value written to this common register, by an access of its size unless ``whole`` is false."""
        written = self.written
        if written is None or written[0] is not field or (whole and written[1] != field.size):
            return None
        return written[2]

    def config_place(self, step: Read | Write | None) -> tuple[int, int] | None:
        """Start and end, in the device configuration, of an aligned access that lies inside it."""
        if step is None or step.offset < self.before.split:
            return None
        length = step.length if isinstance(step, Read) else len(step.data)
        start = step.offset - self.before.split
        inside = aligned(step.offset, length) and start + length <= len(self.face.config)
        return (start, start + length) if inside else None

    def spans_fields(self, place: tuple[int, int] | None) -> bool:
        """Whether this part of the device configuration lies in more than one field (B2)."""
        if place is None:
            return False
        start, end = place
        return not any(field.offset <= start and end <= field.end for field in self.face.device_type.config)

    def touches(self, kind: type[ConfigRead | ConfigWrite], start: int, length: int) -> bool:
        """Whether this is an access of that kind to these bytes of configuration space."""
        step = self.step
        if not isinstance(step, kind):
            return False
        size = step.length if isinstance(step, ConfigRead) else len(step.data)
        return step.offset < start + length and start < step.offset + size


def _always(face: Face) -> bool:
    return True


def _splits(face: Face) -> bool:
    return face.splits


def _drops(face: Face) -> bool:
    return not face.splits


def _has_msix(face: Face) -> bool:
    return face.vectors > 0


def _no_msix(face: Face) -> bool:
    return face.vectors == 0


S = TypeVar("S")


@dataclass(frozen=True)
class AnyRow(Generic[S]):
    """One difference.

    ``cites`` are statements of the specification, its sections and choices; ``versions`` of QEMU is for people, ``of``
    says whether a device at hand has it. ``speaks_of``: is this access of the kind? A row must occur in every run that
    includes one of ``types`` for which ``of`` is true.
    """

    id: str
    cites: tuple[str, ...]
    qemu: str
    ours: str
    why: str
    speaks_of: Callable[[S], bool]
    types: tuple[str, ...] = ALL_TYPES
    versions: str = "all"
    of: Callable[[Face], bool] = _always

    def belongs_to(self, face: Face) -> bool:
        """Whether it can occur with this device."""
        return face.device_type.name in self.types and self.of(face)


Row: TypeAlias = AnyRow[Situation]


def _misaligned_read(now: Situation) -> bool:
    return now.read is not None and not aligned(now.read.offset, now.read.length)


def _misaligned_anywhere(now: Situation) -> bool:
    """Inside the BAR or past it, with I/O decode on or off: the device is not asked."""
    return isinstance(now.step, Read) and not aligned(now.step.offset, now.step.length)


def _misaligned_write(now: Situation) -> bool:
    return now.write is not None and not aligned(now.write.offset, len(now.write.data))


def _inside_register(now: Situation, offset: int) -> bool:
    return offset < now.before.split and register_at(now.before, offset) is None


def _read_inside(now: Situation) -> bool:
    return now.read is not None and aligned(now.read.offset, now.read.length) and _inside_register(now, now.read.offset)


def _read_wider(now: Situation) -> bool:
    read = now.read
    if read is None or not aligned(read.offset, read.length):
        return False
    field = register_at(now.before, read.offset)
    return field is not None and read.length > field.size


def _write_inside(now: Situation) -> bool:
    write = now.write
    return write is not None and aligned(write.offset, len(write.data)) and _inside_register(now, write.offset)


def _write_narrower(now: Situation) -> bool:
    written = now.written
    return written is not None and written[1] < written[0].size


def _write_wider(now: Situation) -> bool:
    written = now.written
    return written is not None and written[1] > written[0].size


def _features(now: Situation) -> int:
    return now.before.registers.guest_features


def _bad_feature(now: Situation) -> bool:
    value = now.writes(registers.GUEST_FEATURES)
    return value is not None and bool(value & BAD_FEATURE) and not now.before.registers.status & FEATURES_OK


def _features_frozen(now: Situation) -> bool:
    frozen = bool(now.before.registers.status & FEATURES_OK)
    return frozen and now.writes(registers.GUEST_FEATURES, whole=False) is not None


def _queue_sel_limit(now: Situation) -> bool:
    value = now.writes(registers.QUEUE_SEL)
    return value is not None and value >= QUEUES


def _absent_vector(now: Situation) -> bool:
    value = now.writes(registers.MSI_QUEUE_VECTOR, whole=False)
    return value is not None and now.before.registers.queue_sel >= len(now.face.queue_sizes)


def _reset_by_status(now: Situation) -> bool:
    return now.writes(registers.STATUS) == 0


def _write_cache(now: Situation) -> bool:
    value = now.writes(registers.STATUS)
    return value is not None and bool(value & STATUS_DRIVER_OK) and not _features(now) & Blk.CONFIG_WCE


def _writes_config(now: Situation, name: str) -> bool:
    """A write that touches this field of the device configuration."""
    place = now.config_place(now.write)
    field = next(field for field in now.face.device_type.config if field.name == name)
    return place is not None and place[0] < field.end and field.offset < place[1]


def _isr_read(now: Situation) -> bool:
    return now.read == Read(registers.ISR.offset, 1)


def _both_bits(now: Situation) -> bool:
    return _isr_read(now) and now.isr == ISR_CONFIG | ISR_QUEUE and now.before.registers.isr == ISR_CONFIG


def _not_ready(now: Situation) -> bool:
    ready = now.before.registers.status & STATUS_DRIVER_OK
    return _isr_read(now) and not ready and now.isr == 0 and now.before.registers.isr == ISR_CONFIG


def _for_nothing(now: Situation) -> bool:
    return _isr_read(now) and now.isr == ISR_QUEUE and now.before.registers.isr == 0


def _command(now: Situation) -> int | None:
    """What is written to COMMAND's two bytes; the second one as it is where only the first is written."""
    if not isinstance(now.step, ConfigWrite) or not now.touches(ConfigWrite, pci.COMMAND, 2):
        return None
    space = bytearray(now.before.pci)
    space[now.step.offset : now.step.offset + len(now.step.data)] = now.step.data
    return int.from_bytes(space[pci.COMMAND : pci.COMMAND + 2], "little")


def _bus_master_off(now: Situation) -> bool:
    value = _command(now)
    off = value is not None and not value & config_space.COMMAND_BUS_MASTER
    return off and bool(now.before.registers.status & STATUS_DRIVER_OK)


def _serr(now: Situation) -> bool:
    value = _command(now)
    return value is not None and bool(value & COMMAND_SERR)


def _msix_capability(now: Situation) -> bool:
    places = ((config_space.STATUS, 2), (config_space.CAPABILITIES, 1), (config_space.MSIX, 12))
    return any(now.touches(ConfigRead, start, length) for start, length in places)


def _scratch(now: Situation) -> bool:
    return any(now.touches(ConfigWrite, place, 1) for place in scratch(now.face))


_EXACT = "QEMU decodes a register by its exact offset; the width only truncates."

TABLE = (
    Row(
        "misaligned-read-split",
        ("LD3", "LD4", "B1", "B20"),
        "A misaligned read is cut into aligned pieces; each is answered on its own, with effects.",
        "Forwarded whole: bytes of one field, or failed and all ones.",
        "QEMU's memory system splits before the device is asked. No driver does it.",
        _misaligned_read,
        versions="7.2 and 10.0",
        of=_splits,
    ),
    Row(
        "misaligned-read-dropped",
        ("LD3", "LD4", "B1", "B20"),
        "A misaligned read gives 0; the device is not asked.",
        "Forwarded whole: bytes of one field, or failed and all ones.",
        "QEMU's memory system rejects it before the device is asked. No driver does it.",
        _misaligned_anywhere,
        versions="11.1",
        of=_drops,
    ),
    Row(
        "misaligned-write-split",
        ("LD3", "LD4", "B9", "B20"),
        "A misaligned write is cut into aligned pieces; each is carried out on its own.",
        "Forwarded whole: bytes of one field, or failed without effect.",
        "QEMU's memory system splits before the device is asked. No driver does it.",
        _misaligned_write,
        versions="7.2 and 10.0",
        of=_splits,
    ),
    Row(
        "misaligned-write-dropped",
        ("LD3", "LD4", "B9", "B20"),
        "A misaligned write has no effect.",
        "Forwarded whole: bytes of one field, or failed without effect.",
        "QEMU's memory system rejects it before the device is asked. No driver does it.",
        _misaligned_write,
        versions="11.1",
        of=_drops,
    ),
    Row(
        "read-inside-register",
        ("LD3", "B1", "B2"),
        "A read that begins behind a register's first byte gives all ones.",
        "The bytes of the register.",
        _EXACT,
        _read_inside,
    ),
    Row(
        "read-wider-than-register",
        ("LD3", "B20"),
        "A read that is wider than the register at its offset gives that register and zeros.",
        "Failed: all ones.",
        f"{_EXACT} The administration command must refer to a single field.",
        _read_wider,
    ),
    Row(
        "config-read-across-fields",
        ("LD4", "B2", "B20"),
        "The device configuration is bytes: a read across fields gives them.",
        "Failed: all ones.",
        "The administration command must refer to a single field.",
        lambda now: now.spans_fields(now.config_place(now.read)),
        types=("net", "blk", "console"),
    ),
    Row(
        "isr-both-bits",
        ("4.1.4.5", "B18"),
        "A configuration change sets both ISR bits.",
        "It sets bit 1.",
        "The specification names bit 1; QEMU sets bit 0 too, since drivers of old looked at that one only.",
        _both_bits,
        types=("net", "blk", "balloon"),
    ),
    Row(
        "no-isr-before-driver-ok",
        ("B18",),
        "A configuration change before DRIVER_OK leaves ISR alone.",
        "It sets bit 1.",
        "The specification has the driver look at the ISR, and asks no device to look at STATUS first.",
        _not_ready,
        types=("net", "blk", "balloon"),
    ),
    Row(
        "console-interrupts-for-nothing",
        ("B18",),
        "A notification of an output queue sets ISR bit 0 even where the ring has no buffer.",
        "ISR is set when buffers have been used.",
        "QEMU's virtio-serial tells the driver without looking whether it has used any.",
        _for_nothing,
        types=("console",),
    ),
    Row(
        "pfn-zero-resets-device",
        ("B10",),
        "QUEUE_PFN = 0 resets the whole device, whichever queue is selected.",
        "It takes away the selected queue's ring.",
        "Drivers do it only with STATUS 0, where both are the same.",
        lambda now: now.writes(registers.QUEUE_PFN, whole=False) == 0,
    ),
    Row(
        "write-inside-register",
        ("B9",),
        "A write that begins behind a register's first byte is ignored.",
        "It changes those bytes.",
        _EXACT,
        _write_inside,
    ),
    Row(
        "write-wider-than-register",
        ("LD3", "B20"),
        "A write that is wider than the register at its offset is one to that register, with all of the value.",
        "Failed, no effect.",
        f"{_EXACT} The administration command must refer to a single field.",
        _write_wider,
    ),
    Row(
        "features-frozen",
        ("B15",),
        "While STATUS has bit 3 (FEATURES_OK) GUEST_FEATURES keeps its value.",
        "GUEST_FEATURES is taken at any time.",
        "The bit is no legacy bit; a legacy driver never sets it.",
        _features_frozen,
    ),
    Row(
        "bad-feature-bit",
        ("B15",),
        "GUEST_FEATURES with bit 30 is replaced by what the type takes for drivers that accept everything.",
        "The offered bits that were written, bit 30 as well.",
        "QEMU's own trap for such drivers; the specification reserves nothing for it.",
        _bad_feature,
    ),
    Row(
        "queue-sel-limit",
        ("B12",),
        "QUEUE_SEL keeps its value when 1024 or more is written.",
        "It holds the value written.",
        "QEMU's own limit of 1024 queues.",
        _queue_sel_limit,
    ),
    Row(
        "vector-of-absent-queue",
        ("4.1.5.1.2", "B26"),
        "A queue that does not exist keeps a vector.",
        "It has none: NO_VECTOR.",
        "QEMU does not look whether the queue exists.",
        _absent_vector,
        of=_has_msix,
    ),
    Row(
        "write-narrower-than-register",
        ("B9",),
        "A write that is narrower than the register at its offset gives it that value, zeros above.",
        "It changes those bytes.",
        _EXACT,
        _write_narrower,
    ),
    Row(
        "reset-keeps-actual",
        ("5.5.4", "B27"),
        "A reset leaves the balloon's actual as the driver wrote it.",
        "The device's own value comes back.",
        "QEMU's balloon stays inflated over a reset; the choice is one for all types.",
        _reset_by_status,
        types=("balloon",),
    ),
    Row(
        "status-3-sets-bus-master",
        ("B13",),
        "STATUS = 3 sets Bus Master in COMMAND.",
        "COMMAND is PCI's alone.",
        "QEMU helps Linux before 2.6.34, which does not set it.",
        lambda now: now.writes(registers.STATUS) == 3,
    ),
    Row(
        "write-cache-at-driver-ok",
        ("5.2.5",),
        "At DRIVER_OK without VIRTIO_BLK_F_CONFIG_WCE, writeback becomes what FLUSH says.",
        "writeback keeps its value.",
        "A field that the driver has not negotiated; no driver reads it.",
        _write_cache,
        types=("blk",),
    ),
    Row(
        "config-write-across-fields",
        ("LD4", "B2", "B20"),
        "The device configuration is bytes: a write across fields changes those that can be.",
        "Failed, no effect.",
        "The administration command must refer to a single field.",
        lambda now: now.spans_fields(now.config_place(now.write)),
        types=("net", "blk"),
    ),
    Row(
        "mac-frozen",
        ("5.1.4", "B7"),
        "With VIRTIO_NET_F_CTRL_MAC_ADDR accepted, a write to mac is ignored.",
        "mac is writable at any time.",
        "The feature's drivers use the control queue.",
        lambda now: bool(_features(now) & Net.CTRL_MAC_ADDR) and _writes_config(now, "mac"),
        types=("net",),
    ),
    Row(
        "writeback-is-a-switch",
        ("5.2.4",),
        "writeback holds 0 or 1, whatever is written.",
        "It holds the value written.",
        "Only 0 and 1 mean anything.",
        lambda now: _writes_config(now, "writeback"),
        types=("blk",),
    ),
    Row(
        "emergency-write-reads-zero",
        ("5.3.4",),
        "emerg_wr reads 0: what is written is output and gone.",
        "It reads as written.",
        "The specification makes the field an output and says nothing of reading it.",
        lambda now: _writes_config(now, "emerg_wr"),
        types=("console",),
    ),
    Row(
        "poison-needs-feature",
        ("5.5.4",),
        "Without VIRTIO_BALLOON_F_PAGE_POISON accepted, poison_val is 0.",
        "poison_val is writable at any time.",
        "A field that the driver has not negotiated; no driver writes it.",
        lambda now: now.config_place(now.write) is not None and not _features(now) & PAGE_POISON,
        types=("balloon",),
    ),
    Row(
        "bus-master-off-stops-driver",
        ("B13",),
        "A write to COMMAND that leaves Bus Master off clears DRIVER_OK in STATUS.",
        "STATUS is the driver's alone.",
        "QEMU stops a device that can reach no memory this way.",
        _bus_master_off,
    ),
    Row(
        "serr-enable",
        ("LD6",),
        "SERR# Enable in COMMAND can be set.",
        "It is 0: a virtual function has no such bit.",
        "QEMU's device is an ordinary PCI function, ours is an SR-IOV member.",
        _serr,
    ),
    Row(
        "scratch-bytes",
        ("LD6",),
        "Cache Line Size, Interrupt Line and every byte behind the capabilities keep what is written.",
        "They are 0: a virtual function has neither of the two, and there is nothing behind the capabilities.",
        "QEMU's device is an ordinary PCI function, ours is an SR-IOV member; no driver writes the others.",
        _scratch,
    ),
    Row(
        "msix-bar",
        ("LD6",),
        "BAR1, with the MSI-X table, can be sized and placed.",
        "It reads 0: a virtual function's BARs are in its owner's SR-IOV capability.",
        "QEMU's device is an ordinary PCI function, ours is an SR-IOV member.",
        lambda now: now.touches(ConfigWrite, BAR1, 4),
        of=_has_msix,
    ),
    Row(
        "interrupt-pin",
        ("LD6",),
        "Interrupt Pin is 1, INTA.",
        "It is 0: a virtual function has none.",
        "QEMU's device is an ordinary PCI function, ours is an SR-IOV member. The ISR has its bits all the same.",
        lambda now: now.touches(ConfigRead, INTERRUPT_PIN, 1),
    ),
    Row(
        "pending-bits",
        ("LD6",),
        "The MSI-X pending bits are at 0x800 in BAR1.",
        "They follow the table.",
        "Both are a layout that the capability tells.",
        lambda now: now.touches(ConfigRead, PENDING_BITS, 4),
        of=_has_msix,
    ),
    Row(
        "no-msix",
        ("LD6",),
        "There is no MSI-X capability, and so no capability list.",
        "Every member has one.",
        "QEMU 7.2 gives its balloon no vectors; interrupts of a virtual function are MSI-X or none.",
        _msix_capability,
        types=("balloon",),
        versions="7.2 (balloon)",
        of=_no_msix,
    ),
)


def row_for(table: tuple[Row, ...], now: Situation) -> Row | None:
    """The first row that speaks of this step."""
    return next((row for row in table if row.belongs_to(now.face) and row.speaks_of(now)), None)
