# SPDX-License-Identifier: Apache-2.0
"""The legacy register map: the one typed table of common registers and device configurations.

The C header, the reference device, the proofs and the documentation read this table or are checked
against it. Offsets and sizes are in bytes. Source: virtio 1.4, 4.1.4.10 (legacy interfaces of the PCI
transport) and the device configuration layout of each device type.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Access(Enum):
    """What a driver may do with a register; a write to a READ register is ignored (choice B7)."""

    READ = "R"
    READ_WRITE = "RW"


@dataclass(frozen=True)
class Field:
    """One field: the unit of LD3 and LD4. ``offset`` is relative to the structure it stands in."""

    name: str
    offset: int
    size: int
    access: Access = Access.READ

    @property
    def end(self) -> int:
        """First byte past the field."""
        return self.offset + self.size


HOST_FEATURES = Field("HOST_FEATURES", 0, 4)
GUEST_FEATURES = Field("GUEST_FEATURES", 4, 4, Access.READ_WRITE)
QUEUE_PFN = Field("QUEUE_PFN", 8, 4, Access.READ_WRITE)
QUEUE_NUM = Field("QUEUE_NUM", 12, 2)
QUEUE_SEL = Field("QUEUE_SEL", 14, 2, Access.READ_WRITE)
QUEUE_NOTIFY = Field("QUEUE_NOTIFY", 16, 2, Access.READ_WRITE)
STATUS = Field("STATUS", 18, 1, Access.READ_WRITE)
ISR = Field("ISR", 19, 1)
MSI_CONFIG_VECTOR = Field("MSI_CONFIG_VECTOR", 20, 2, Access.READ_WRITE)
MSI_QUEUE_VECTOR = Field("MSI_QUEUE_VECTOR", 22, 2, Access.READ_WRITE)

COMMON_REGISTERS = (
    HOST_FEATURES,
    GUEST_FEATURES,
    QUEUE_PFN,
    QUEUE_NUM,
    QUEUE_SEL,
    QUEUE_NOTIFY,
    STATUS,
    ISR,
    MSI_CONFIG_VECTOR,
    MSI_QUEUE_VECTOR,
)
"""The common configuration; the last two exist only while MSI-X is enabled."""

SPLIT_MSIX_OFF = MSI_CONFIG_VECTOR.offset
SPLIT_MSIX_ON = MSI_QUEUE_VECTOR.end
"""Where the device configuration starts in BAR0 (virtio 1.4, 4.1.4.10; rule 2 of the contract)."""

NO_VECTOR = 0xFFFF
QUEUE_ALIGN = 4096
"""Alignment of a legacy queue and unit of QUEUE_PFN, bytes."""

MAX_DEVICE_CONFIG = 232
MAX_WINDOW = 256
"""The wire's offset is one byte, so no BAR is longer (rule 1)."""


@dataclass(frozen=True)
class DeviceType:
    """A legacy device type: its ids and its device-specific configuration."""

    name: str
    virtio_id: int
    pci_device_id: int
    config: tuple[Field, ...]

    @property
    def config_len(self) -> int:
        """Bytes of the whole device configuration, 0 where there is none."""
        return max((field.end for field in self.config), default=0)


NET = DeviceType(
    "net",
    1,
    0x1000,
    (
        Field("mac", 0, 6, Access.READ_WRITE),
        Field("status", 6, 2),
        Field("max_virtqueue_pairs", 8, 2),
        Field("mtu", 10, 2),
        Field("speed", 12, 4),
        Field("duplex", 16, 1),
        Field("rss_max_key_size", 17, 1),
        Field("rss_max_indirection_table_length", 18, 2),
        Field("supported_hash_types", 20, 4),
        Field("supported_tunnel_types", 24, 4),
    ),
)
BLK = DeviceType(
    "blk",
    2,
    0x1001,
    (
        Field("capacity", 0, 8),
        Field("size_max", 8, 4),
        Field("seg_max", 12, 4),
        Field("cylinders", 16, 2),
        Field("heads", 18, 1),
        Field("sectors", 19, 1),
        Field("blk_size", 20, 4),
        Field("physical_block_exp", 24, 1),
        Field("alignment_offset", 25, 1),
        Field("min_io_size", 26, 2),
        Field("opt_io_size", 28, 4),
        Field("writeback", 32, 1, Access.READ_WRITE),
        Field("unused0", 33, 1),
        Field("num_queues", 34, 2),
        Field("max_discard_sectors", 36, 4),
        Field("max_discard_seg", 40, 4),
        Field("discard_sector_alignment", 44, 4),
        Field("max_write_zeroes_sectors", 48, 4),
        Field("max_write_zeroes_seg", 52, 4),
        Field("write_zeroes_may_unmap", 56, 1),
        Field("unused1", 57, 3),
        Field("max_secure_erase_sectors", 60, 4),
        Field("max_secure_erase_seg", 64, 4),
        Field("secure_erase_sector_alignment", 68, 4),
        Field("zone_sectors", 72, 4),
        Field("max_open_zones", 76, 4),
        Field("max_active_zones", 80, 4),
        Field("max_append_sectors", 84, 4),
        Field("write_granularity", 88, 4),
        Field("zoned_model", 92, 1),
        Field("unused2", 93, 3),
    ),
)
CONSOLE = DeviceType(
    "console",
    3,
    0x1003,
    (
        Field("cols", 0, 2),
        Field("rows", 2, 2),
        Field("max_nr_ports", 4, 4),
        Field("emerg_wr", 8, 4, Access.READ_WRITE),
    ),
)
RNG = DeviceType("rng", 4, 0x1005, ())
BALLOON = DeviceType(
    "balloon",
    5,
    0x1002,
    (
        Field("num_pages", 0, 4),
        Field("actual", 4, 4, Access.READ_WRITE),
        Field("free_page_hint_cmd_id", 8, 4),
        Field("poison_val", 12, 4, Access.READ_WRITE),
    ),
)

DEVICE_TYPES = (NET, BLK, CONSOLE, RNG, BALLOON)


def device_type(virtio_id: int) -> DeviceType:
    """The device type with this virtio id; ``KeyError`` outside 1..5."""
    return {known.virtio_id: known for known in DEVICE_TYPES}[virtio_id]


def device_type_named(name: str) -> DeviceType:
    """The device type of this name (net, blk, console, rng, balloon); ``KeyError`` for another."""
    return {known.name: known for known in DEVICE_TYPES}[name]
