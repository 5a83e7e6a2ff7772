# SPDX-License-Identifier: Apache-2.0
"""Group administration commands: opcodes, statuses and byte layouts, as one typed table.

Offsets and sizes are in bytes, every number on the wire is little-endian. Source: virtio 1.4, 2.13
(group administration commands) and 2.13.1 (legacy interface commands).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Opcode(IntEnum):
    """Opcodes the project speaks. 0xb and 0xc are swapped between two chapters and unused here (choice A10)."""

    LIST_QUERY = 0x0
    LIST_USE = 0x1
    LEGACY_COMMON_CFG_WRITE = 0x2
    LEGACY_COMMON_CFG_READ = 0x3
    LEGACY_DEV_CFG_WRITE = 0x4
    LEGACY_DEV_CFG_READ = 0x5
    LEGACY_NOTIFY_INFO = 0x6
    RESOURCE_OBJ_CREATE = 0xA
    RESOURCE_OBJ_DESTROY = 0xD
    DEV_PARTS_METADATA_GET = 0xE
    DEV_PARTS_GET = 0xF
    DEV_PARTS_SET = 0x10
    DEV_MODE_SET = 0x11


LEGACY_OPCODES = (
    Opcode.LEGACY_COMMON_CFG_WRITE,
    Opcode.LEGACY_COMMON_CFG_READ,
    Opcode.LEGACY_DEV_CFG_WRITE,
    Opcode.LEGACY_DEV_CFG_READ,
)
"""Without all four of these a relay cannot open (LD1)."""

MIGRATION_OPCODES = (
    Opcode.RESOURCE_OBJ_CREATE,
    Opcode.RESOURCE_OBJ_DESTROY,
    Opcode.DEV_PARTS_METADATA_GET,
    Opcode.DEV_PARTS_GET,
    Opcode.DEV_PARTS_SET,
    Opcode.DEV_MODE_SET,
)
"""Without all six of these a relay answers stop, save and load with SW_NOTSUP."""


class Status(IntEnum):
    """Status of a reply (virtio 1.4, 2.13; the numbers match Linux errno values)."""

    OK = 0
    ENXIO = 6
    EAGAIN = 11
    ENOMEM = 12
    EBUSY = 16
    EINVAL = 22
    ENOSPC = 28


class Qualifier(IntEnum):
    """Status qualifier of a reply; plays no part in what a relay does (C-STATUS)."""

    OK = 0
    INVALID_COMMAND = 1
    INVALID_OPCODE = 2
    INVALID_FIELD = 3
    INVALID_GROUP = 4
    INVALID_MEMBER = 5
    NORESOURCE = 6
    TRYAGAIN = 7


class SwError(IntEnum):
    """Errors of a subject itself, as in ``relay_abi.h``."""

    REFUSED = -1
    NOTSUP = -2
    INVALID = -3
    NOMEM = -4
    TOOSMALL = -5


STATUS_BASE = 0x10000
"""A device status s other than 0 is returned as -(STATUS_BASE + s)."""

GROUP_SRIOV = 1


@dataclass(frozen=True)
class Part:
    """A named run of bytes in a structure; ``size`` 0 means "the rest"."""

    name: str
    offset: int
    size: int


COMMAND_HEADER = (
    Part("opcode", 0, 2),
    Part("group_type", 2, 2),
    Part("reserved1", 4, 12),
    Part("group_member_id", 16, 8),
)
COMMAND_HEADER_LEN = 24

REPLY_HEADER = (
    Part("status", 0, 2),
    Part("status_qualifier", 2, 2),
    Part("reserved2", 4, 4),
)
REPLY_HEADER_LEN = 8

LEGACY_WRITE_DATA = (Part("offset", 24, 1), Part("reserved", 25, 7), Part("data", 32, 0))
LEGACY_WRITE_LEN = 32
"""Bytes of a legacy write command before its data."""

LEGACY_READ_DATA = (Part("offset", 24, 1),)
LEGACY_READ_LEN = 25
"""Whole length of a legacy read command: unpadded (choice A1)."""

NOTIFY_ENTRIES = 4
NOTIFY_ENTRY = (
    Part("flags", 0, 1),
    Part("bar", 1, 1),
    Part("padding", 2, 6),
    Part("offset", 8, 8),
)
NOTIFY_ENTRY_LEN = 16
NOTIFY_BARS = (1, 5)
"""First and last BAR number an entry may name (virtio 1.4, 2.13.1; never BAR0)."""
NOTIFY_ALIGN = 2
NOTIFY_LEN = 2
"""A notification is a 16-bit write: alignment and length, bytes (LR6)."""

OBJECT_HEADER = (Part("type", 24, 2), Part("reserved", 26, 2), Part("id", 28, 4))
OBJECT_DEV_PARTS = 0
OBJECT_CREATE_DATA = (*OBJECT_HEADER, Part("flags", 32, 8), Part("parts_type", 40, 1), Part("reserved2", 41, 7))
OBJECT_CREATE_LEN = 48
OBJECT_DESTROY_LEN = 32
PARTS_TYPE_GET = 0
PARTS_TYPE_SET = 1

METADATA_GET_DATA = (*OBJECT_HEADER, Part("metadata_type", 32, 1), Part("reserved2", 33, 7))
METADATA_GET_LEN = 40
METADATA_SIZE = 0
METADATA_SIZE_RESULT = (Part("size", 0, 4), Part("reserved", 4, 4))
METADATA_SIZE_RESULT_LEN = 8

PARTS_GET_DATA = (*OBJECT_HEADER, Part("get_type", 32, 1), Part("reserved2", 33, 7))
PARTS_GET_LEN = 40
PARTS_GET_ALL = 1

PARTS_SET_LEN = 32
"""Bytes of DEV_PARTS_SET before the parts."""

MODE_SET_DATA = (Part("flags", 24, 1),)
MODE_SET_LEN = 25
MODE_STOPPED = 1
