# SPDX-License-Identifier: Apache-2.0
"""Guest memory: regions, what runs over from one into the next, and what is outside."""

from __future__ import annotations

import pytest

from straightwire.reference.dpu.memory import GuestMemory, OutsideMemory, Region

OUTSIDE = [(0xFFF, 1), (0xFFF, 2), (0x1FFF, 2), (0x2000, 1), (0x2FFF, 2), (0x3FFF, 2), (0x4000, 1), (2**64 - 1, 2)]


def memory() -> GuestMemory:
    """0x1000 to 0x2000 in two regions that touch, a hole, 0x3000 to 0x4000."""
    return GuestMemory(
        (
            Region(0x3000, bytearray(b"c" * 0x1000)),
            Region(0x1000, bytearray(b"a" * 0x800)),
            Region(0x1800, memoryview(bytearray(b"b" * 0x800))),
        )
    )


def test_a_region_is_read_and_written_in_place() -> None:
    buffer = bytearray(16)
    held = GuestMemory((Region(0x1000, buffer),))
    held.write(0x1004, b"here")
    assert buffer == bytes(4) + b"here" + bytes(8)
    buffer[15] = 7
    assert held.read(0x100C, 4) == b"\0\0\0\7"


def test_an_access_runs_over_into_the_region_that_touches() -> None:
    held = memory()
    assert held.read(0x17FE, 4) == b"aabb"
    held.write(0x17FE, b"wxyz")
    assert held.read(0x17FC, 8) == b"aawxyzbb"
    assert held.read(0x1000, 0x1000)[0x7FE:0x802] == b"wxyz"


@pytest.mark.parametrize(("address", "length"), OUTSIDE)
def test_an_access_that_is_not_wholly_inside_changes_nothing(address: int, length: int) -> None:
    held = memory()
    before = held.read(0x1000, 0x1000) + held.read(0x3000, 0x1000)
    with pytest.raises(OutsideMemory, match=f"{length} bytes at {address:#x} are outside guest memory"):
        held.read(address, length)
    with pytest.raises(OutsideMemory):
        held.write(address, b"!" * length)
    with pytest.raises(OutsideMemory):
        held.check(address, length)
    assert held.read(0x1000, 0x1000) + held.read(0x3000, 0x1000) == before


@pytest.mark.parametrize(("address", "length"), [(0x1000, 1), (0x1000, 0x1000), (0x17FF, 2), (0x3FFF, 1)])
def test_an_access_inside_is_inside(address: int, length: int) -> None:
    held = memory()
    held.check(address, length)
    assert len(held.read(address, length)) == length


def test_regions_do_not_overlap() -> None:
    with pytest.raises(ValueError, match="overlap"):
        GuestMemory((Region(0, bytearray(0x1001)), Region(0x1000, bytearray(1))))
