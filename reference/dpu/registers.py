# SPDX-License-Identifier: Apache-2.0
"""The legacy register file of one member: the common registers and the device configuration behind them.

An access names a structure, an offset in it and a length, both in bytes; it has to lie in one field
(LD3, LD4, choice B1) and then has the effect of the same access on a legacy device (LD5). The fields
are those of ``straightwire.model.registers``. Source: virtio 1.4, 4.1.4.10 and 2.13.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from straightwire.model import registers as table
from straightwire.model.registers import NO_VECTOR, Access, DeviceType, Field
from straightwire.model.snapshot import MemberSnapshot, QueueSnapshot
from straightwire.reference.dpu.config_space import MAX_VECTORS, ConfigSpace

ISR_QUEUE = 0x1
ISR_CONFIG = 0x2
STATUS_DRIVER_OK = 0x04
STATUS_NEEDS_RESET = 0x40
MAX_QUEUE_SIZE = 32768
_FEATURE_BITS = 32


class Structure(Enum):
    """The two structures an access can name: opcodes 2 and 3, and opcodes 4 and 5."""

    COMMON = "common"
    DEVICE = "device"


class NotOneField(Exception):
    """The access is no part of one field, or not wholly inside the structure; nothing has changed (LD3, LD4, GD4)."""


@dataclass(frozen=True)
class LegacyDescription:
    """What a legacy device is made of.

    ``host_features`` are bits 0..31; ``queue_sizes`` in descriptors, 0 for a queue that does not exist;
    ``config`` the device configuration's own values, whose length is its length for good (B3);
    ``vectors`` the length of the MSI-X table. Raises ``ValueError`` for what no device can be.
    """

    device_type: DeviceType
    host_features: int
    queue_sizes: tuple[int, ...]
    config: bytes
    vectors: int

    def __post_init__(self) -> None:
        if self.host_features >> _FEATURE_BITS:
            raise ValueError("a legacy device has 32 feature bits")
        if any(size & (size - 1) or size > MAX_QUEUE_SIZE for size in self.queue_sizes):
            raise ValueError("a queue size is 0 or a power of two up to 32768")
        if len(self.config) > table.MAX_DEVICE_CONFIG:
            raise ValueError("the device configuration is at most 232 bytes")
        if not 1 <= self.vectors <= MAX_VECTORS:
            raise ValueError("an MSI-X table has 1 to 2048 entries")


class Behind(Protocol):
    """Whoever stands behind the registers and acts on what the driver does with them."""

    def notified(self, queue: int) -> None: ...
    def ring_moved(self, queue: int) -> None: ...
    def config_written(self, offset: int, length: int) -> None: ...
    def was_reset(self) -> None: ...


class _Queue:
    """One virtqueue's registers; ``pfn`` is in pages of 4096 bytes, 0 where the queue has no ring."""

    __slots__ = ("notified", "pfn", "size", "vector")

    def __init__(self, size: int) -> None:
        self.size = size
        self.notified = 0
        self.reset()

    def reset(self) -> None:
        self.pfn = 0
        self.vector = NO_VECTOR


def _by_byte(fields: tuple[Field, ...]) -> tuple[Field, ...]:
    """The field that each byte of a structure belongs to (B2); the tables leave no gap."""
    return tuple(field for field in fields for _ in range(field.size))


_COMMON_BY_BYTE = _by_byte(table.COMMON_REGISTERS)


class RegisterFile:
    """The registers of one member, all state and effects; ``pci`` is the member's own configuration space.

    Without anyone ``behind`` them they are registers and no more: nothing is served. With ``whole_fields`` only an
    access to all of a field is one to a field (B1 taken literally).
    """

    def __init__(self, description: LegacyDescription, pci: ConfigSpace, *, whole_fields: bool = False) -> None:
        self._whole_fields = whole_fields
        self.behind: Behind | None = None
        self._description = description
        self._pci = pci
        self._device_by_byte = _by_byte(description.device_type.config)
        self._own_config = bytearray(description.config)
        self._queues = tuple(_Queue(size) for size in description.queue_sizes)
        self.reset()

    def reset(self) -> None:
        """STATUS 0: every register and the device configuration are the device's own again (B13, B27).

        MSI-X Enable is PCI's and stays. What has been notified is history, no register, and stays too.
        """
        self._guest_features = 0
        self._queue_sel = 0
        self._status = 0
        self._isr = 0
        self._config_vector = NO_VECTOR
        self._config = bytearray(self._own_config)
        for queue in self._queues:
            queue.reset()
        if self.behind is not None:
            self.behind.was_reset()

    # Accesses of the driver.

    def read(self, structure: Structure, offset: int, length: int) -> bytes:
        """The bytes of one field, or of a part of it. Raises ``NotOneField``."""
        field = self._field(structure, offset, length)
        if structure is Structure.DEVICE:
            return bytes(self._config[offset : offset + length])
        value = self._value(field).to_bytes(field.size, "little")
        if field is table.ISR:
            self._isr = 0  # LD5; the bits are gone even if the reply is lost (B17)
        start = offset - field.offset
        return value[start : start + length]

    def write(self, structure: Structure, offset: int, data: bytes) -> None:
        """Change the bytes of one field, or of a part of it (B9), with all effects. Raises ``NotOneField``."""
        field = self._field(structure, offset, len(data))
        if field.access is Access.READ:
            return  # B7: succeeds and changes nothing
        start = offset - field.offset
        if structure is Structure.DEVICE:
            self._config[offset : offset + len(data)] = data
            if self.behind is not None:
                self.behind.config_written(offset, len(data))
        elif field is table.QUEUE_NOTIFY:
            if start == 0:  # B9: nothing is kept to merge with, so the high byte alone says nothing
                self.notify(int.from_bytes(data, "little"))
        else:
            merged = bytearray(self._value(field).to_bytes(field.size, "little"))
            merged[start : start + len(data)] = data
            self._set(field, int.from_bytes(merged, "little"))

    def notify(self, index: int) -> None:
        """A notification, by register or by doorbell (LD7); of a queue without a ring it is ignored (B11)."""
        queue = self._queue(index)
        if queue is not None and queue.pfn:
            queue.notified += 1
            if self.behind is not None:
                self.behind.notified(index)

    # What the data path reads.

    @property
    def guest_features(self) -> int:
        """The features that the driver accepted."""
        return self._guest_features

    @property
    def config(self) -> bytes:
        """The device configuration as the driver reads it."""
        return bytes(self._config)

    @property
    def own_config(self) -> bytes:
        """The device configuration that a reset brings back."""
        return bytes(self._own_config)

    @property
    def config_vector(self) -> int:
        """The vector of configuration changes; NO_VECTOR where there is none."""
        return self._config_vector

    @property
    def queue_count(self) -> int:
        """Queues, those of size 0 included."""
        return len(self._queues)

    def ring_of(self, index: int) -> tuple[int, int]:
        """QUEUE_PFN (0: no ring) and size of an existing queue."""
        queue = self._queues[index]
        return queue.pfn, queue.size

    def vector_of(self, index: int) -> int:
        """The vector of an existing queue; NO_VECTOR where there is none."""
        return self._queues[index].vector

    # Events of the device.

    def set_config(self, offset: int, data: bytes) -> None:
        """The device gives its configuration a new value of its own, which a reset brings back too."""
        self._own_config[offset : offset + len(data)] = data
        self._config[offset : offset + len(data)] = data

    def change_config(self, offset: int, data: bytes) -> None:
        """A new value until the next reset, which no write of the driver brought about: nobody is told of it (B27)."""
        self._config[offset : offset + len(data)] = data

    def mark_needs_reset(self) -> bool:
        """DEVICE_NEEDS_RESET; whether the driver must be told: only one that is up and running (B28)."""
        self._status |= STATUS_NEEDS_RESET
        driven = bool(self._status & STATUS_DRIVER_OK)
        if driven:
            self._isr |= ISR_CONFIG
        return driven

    def interrupt_queue(self) -> None:
        """The device has used buffers: ISR bit 0, unless MSI-X carries the news (B18)."""
        if not self._pci.msix_enabled:
            self._isr |= ISR_QUEUE

    def config_changed(self) -> None:
        """The device changed its configuration: ISR bit 1, with MSI-X as without (B18)."""
        self._isr |= ISR_CONFIG

    def snapshot(self) -> MemberSnapshot:
        """All state, as plain data."""
        return MemberSnapshot(
            host_features=self._description.host_features,
            guest_features=self._guest_features,
            queue_sel=self._queue_sel,
            status=self._status,
            isr=self._isr,
            config_vector=self._config_vector,
            msix=self._pci.msix_enabled,
            queues=tuple(QueueSnapshot(queue.size, queue.pfn, queue.vector) for queue in self._queues),
            config=bytes(self._config),
            notified=tuple(queue.notified for queue in self._queues),
        )

    def rest_of_field(self, structure: Structure, offset: int) -> int:
        """Bytes from ``offset`` to the end of the field there. Raises ``NotOneField``."""
        field, end = self._field_at(structure, offset)
        return min(field.end, end) - offset

    def _field(self, structure: Structure, offset: int, length: int) -> Field:
        """The one field that contains the access (LD3, LD4, B1). Raises ``NotOneField``."""
        field, end = self._field_at(structure, offset)
        if length == 0 or offset + length > min(field.end, end):  # B6: no field is empty
            raise NotOneField
        if self._whole_fields and (offset, length) != (field.offset, field.size):
            raise NotOneField
        return field

    def _field_at(self, structure: Structure, offset: int) -> tuple[Field, int]:
        """The field that has this byte, and where its structure ends. Raises ``NotOneField``."""
        if structure is Structure.COMMON:
            by_byte = _COMMON_BY_BYTE
            end = table.SPLIT_MSIX_ON if self._pci.msix_enabled else table.SPLIT_MSIX_OFF  # B4, at this moment
        else:
            by_byte = self._device_by_byte
            end = len(self._config)  # B3
        if offset >= min(len(by_byte), end):
            raise NotOneField
        return by_byte[offset], end

    def _queue(self, index: int) -> _Queue | None:
        """The queue with this index; ``None`` where it does not exist."""
        if index < len(self._queues) and self._queues[index].size:
            return self._queues[index]
        return None

    def _value(self, field: Field) -> int:
        """What a common register reads as."""
        if field is table.HOST_FEATURES:
            return self._description.host_features
        if field is table.GUEST_FEATURES:
            return self._guest_features
        if field is table.QUEUE_SEL:
            return self._queue_sel
        if field is table.STATUS:
            return self._status
        if field is table.ISR:
            return self._isr
        if field is table.MSI_CONFIG_VECTOR:
            return self._config_vector
        if field is table.QUEUE_NOTIFY:
            return 0xFFFF  # B8
        queue = self._queue(self._queue_sel)
        if field is table.MSI_QUEUE_VECTOR:
            return NO_VECTOR if queue is None else queue.vector  # B26
        if queue is None:
            return 0  # B12: QUEUE_NUM and QUEUE_PFN of a queue that does not exist
        return queue.pfn if field is table.QUEUE_PFN else queue.size

    def _set(self, field: Field, value: int) -> None:
        """Give a common register its new, merged value."""
        if field is table.STATUS:
            if value == 0:
                self.reset()  # B13; done before the command completes (B14)
            else:
                self._status = value
        elif field is table.GUEST_FEATURES:
            self._guest_features = value & self._description.host_features  # B15
        elif field is table.QUEUE_SEL:
            self._queue_sel = value  # B12: kept, whether the queue exists or not
        elif field is table.MSI_CONFIG_VECTOR:
            self._config_vector = self._vector(value)
        else:
            queue = self._queue(self._queue_sel)
            if queue is None:
                return  # B11, B26: there is nothing to set up
            if field is table.QUEUE_PFN:
                queue.pfn = value  # 0 deactivates this queue and no other (B10); a new ring replaces an old one (B11)
                if self.behind is not None:
                    self.behind.ring_moved(self._queue_sel)
            else:
                queue.vector = self._vector(value)

    def _vector(self, value: int) -> int:
        """What a vector register takes (B26)."""
        return value if value < self._description.vectors else NO_VECTOR
