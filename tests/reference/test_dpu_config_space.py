# SPDX-License-Identifier: Apache-2.0
"""A member's own PCI configuration space: a non-transitional virtual function (LD6), byte by byte."""

from __future__ import annotations

import pytest

from straightwire.model.registers import DEVICE_TYPES, NET, device_type_named
from straightwire.reference.dpu.config_space import ConfigSpace


def number(space: ConfigSpace, offset: int, size: int) -> int:
    return int.from_bytes(space.read(offset, size), "little")


def test_LD6_the_whole_space_of_a_net_member() -> None:
    expected = bytearray(256)
    expected[0x00:0x0C] = bytes.fromhex("f41a 4110 0000 1000 01 000002")
    expected[0x2C:0x30] = bytes.fromhex("f41a 4110")
    expected[0x34] = 0x40
    expected[0x40:0x4C] = bytes.fromhex("11 00 0200 01000000 31000000")
    assert ConfigSpace(NET, 3).read(0, 256) == bytes(expected)


@pytest.mark.parametrize(
    ("name", "device_id", "class_code"),
    [
        ("net", 0x1041, 0x020000),
        ("blk", 0x1042, 0x010000),
        ("console", 0x1043, 0x078000),
        ("rng", 0x1044, 0x00FF00),
        ("balloon", 0x1045, 0x00FF00),
    ],
)
def test_LD6_identification_is_non_transitional(name: str, device_id: int, class_code: int) -> None:
    space = ConfigSpace(device_type_named(name), 1)
    assert number(space, 0, 2) == 0x1AF4
    assert number(space, 2, 2) == device_id
    assert number(space, 8, 1) == 1
    assert number(space, 9, 3) == class_code
    assert number(space, 0x2C, 2) == 0x1AF4
    assert number(space, 0x2E, 2) >= 0x40


def test_every_device_type_has_a_class_code() -> None:
    assert all(number(ConfigSpace(kind, 1), 0x0B, 1) < 8 for kind in DEVICE_TYPES)


@pytest.mark.parametrize(("vectors", "control", "pending"), [(1, 0, 0x11), (3, 2, 0x31), (2048, 0x7FF, 0x8001)])
def test_the_msix_capability_says_how_long_its_table_is(vectors: int, control: int, pending: int) -> None:
    space = ConfigSpace(NET, vectors)
    assert number(space, 6, 2) == 0x10
    assert number(space, 0x34, 1) == 0x40
    assert number(space, 0x40, 2) == 0x0011
    assert number(space, 0x42, 2) == control
    assert number(space, 0x44, 4) == 1
    assert number(space, 0x48, 4) == pending


@pytest.mark.parametrize("value", [0x00, 0xFF])
def test_only_COMMAND_and_message_control_can_be_written(value: int) -> None:
    space = ConfigSpace(NET, 3)
    before = space.read(0, 256)
    for offset in range(256):
        space.write(offset, bytes((value,)))
    changed = {offset: after for offset, after in enumerate(space.read(0, 256)) if after != before[offset]}
    assert changed == ({} if value == 0 else {4: 0x06, 5: 0x04, 0x43: 0xC0})


def test_PCI_a_VF_hardwires_its_io_bit_and_its_BARs_to_0() -> None:
    space = ConfigSpace(NET, 3)
    space.write(4, b"\x07\x05")
    space.write(0x10, b"\xff" * 24)
    assert number(space, 4, 2) == 0x0406
    assert space.read(0x10, 24) == bytes(24)


def test_a_write_changes_exactly_the_bytes_written() -> None:
    space = ConfigSpace(NET, 3)
    space.write(4, b"\x06\x04")
    space.write(3, b"\xff\x02")
    assert number(space, 4, 2) == 0x0402
    space.write(0x42, b"\x00\xc0")
    assert number(space, 0x42, 2) == 0xC002
    space.write(0x40, b"\0\0\0\0")
    assert number(space, 0x40, 4) == 0x00020011


def test_msix_enable_is_bit_15_and_not_the_mask() -> None:
    space = ConfigSpace(NET, 3)
    states = []
    for control in (b"\x00", b"\x40", b"\xc0", b"\x80", b"\x7f"):
        space.write(0x43, control)
        states.append(space.msix_enabled)
    assert states == [False, False, True, True, False]


def test_B25_reset_is_the_initial_space() -> None:
    space = ConfigSpace(NET, 3)
    before = space.read(0, 256)
    space.write(0, b"\xff" * 256)
    assert space.read(0, 256) != before
    space.reset()
    assert space.read(0, 256) == before


def test_past_the_end_there_is_nothing() -> None:
    space = ConfigSpace(NET, 3)
    before = space.read(0, 256)
    space.write(254, b"\xff" * 8)
    space.write(300, b"\xff")
    assert space.read(254, 8) == b"\0\0"
    assert space.read(0, 300) == before
