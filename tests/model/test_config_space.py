# SPDX-License-Identifier: Apache-2.0
"""Configuration space: the fixed overlay of rule 6, byte by byte, and the shadows that a write leaves."""

from __future__ import annotations

import pytest
from support.model_inputs import pci, transport

from straightwire.model.config_space import bar0_seen, config_seen, config_written
from straightwire.model.vocabulary import Transport
from straightwire.model.wire import bytes_of, word_of

OWN = bytes([0x55] * 256)

# 48 bytes of a member that is 55 55 55 ... all over, under the overlay.
NET_SEEN = (
    "55550010" "54555555" "00555555" "55555555"
    "c1ffffff" "55555555" "55555555" "55555555"
    "55555555" "55555555" "55555555" "f41a0100"
)  # fmt: skip
BLK_SEEN = (
    "55550110" "55555555" "00555555" "55555555"
    "81c00000" "55555555" "55555555" "55555555"
    "55555555" "55555555" "55555555" "f41a0200"
)  # fmt: skip


@pytest.mark.parametrize(
    ("state", "seen"),
    [
        pytest.param(transport(1, decode=False, bar0=0xFFFFFFFF), NET_SEEN, id="net"),
        pytest.param(transport(2, decode=True, bar0=0xC0FF), BLK_SEEN, id="blk"),
    ],
)
def test_a_guest_reads_the_members_bytes_under_the_overlay(state: Transport, seen: str) -> None:
    assert bytes_of(config_seen(state, 0, 48, word_of(OWN[:48])), 48).hex() == seen
    assert bytes_of(config_seen(state, 48, 208, word_of(OWN[48:])), 208) == OWN[48:]
    singly = [bytes_of(config_seen(state, offset, 1, 0x55), 1) for offset in range(48)]
    assert b"".join(singly).hex() == seen


@pytest.mark.parametrize(
    ("offset", "length", "seen"),
    [
        (3, 2, "1055"),
        (4, 2, "5555"),
        (5, 1, "55"),
        (7, 3, "550055"),
        (0x0F, 2, "5541"),
        (0x11, 2, "1234"),
        (0x12, 4, "34565555"),
        (0x2B, 2, "55f4"),
        (0x2D, 3, "1a0100"),
        (0x2F, 2, "0055"),
    ],
)
def test_an_access_across_the_edge_of_the_overlay_shows_both_sides(offset: int, length: int, seen: str) -> None:
    state = transport(1, bar0=0x56341240)
    assert bytes_of(config_seen(state, offset, length, word_of(OWN[:length])), length).hex() == seen


@pytest.mark.parametrize(("virtio_id", "device_id"), [(1, "0010"), (2, "0110"), (3, "0310"), (4, "0510"), (5, "0210")])
def test_each_device_type_shows_its_transitional_id(virtio_id: int, device_id: str) -> None:
    state = transport(virtio_id)
    assert bytes_of(config_seen(state, 2, 2, 0x5555), 2).hex() == device_id
    assert bytes_of(config_seen(state, 0x2E, 2, 0x5555), 2) == bytes([virtio_id, 0])


@pytest.mark.parametrize(
    ("virtio_id", "written", "seen"),
    [
        (1, 0xFFFFFFFF, 0xFFFFFFC1),
        (2, 0xFFFFFFFF, 0xFFFFFF81),
        (4, 0xFFFFFFFF, 0xFFFFFFE1),
        (1, 0, 1),
        (1, 0xC03F, 0xC001),
    ],
)
def test_bar0_reads_masked_to_the_window_with_the_io_bit(virtio_id: int, written: int, seen: int) -> None:
    assert bar0_seen(transport(virtio_id, bar0=written)) == seen


@pytest.mark.parametrize(
    ("offset", "length", "payload", "bar0"),
    [
        (0x10, 4, 0xFFFFFFFF, 0xFFFFFFFF),
        (0x10, 4, 0, 0),
        (0x10, 1, 0xAA, 0x112233AA),
        (0x11, 1, 0xAA, 0x1122AA44),
        (0x13, 1, 0xAA, 0xAA223344),
        (0x12, 2, 0xBEEF, 0xBEEF3344),
        (0x11, 2, 0xBEEF, 0x11BEEF44),
        (0x0E, 4, 0xAABBCCDD, 0x1122AABB),
        (0x13, 4, 0x44332211, 0x11223344),
        (0x13, 4, 0x44332299, 0x99223344),
        (0x0C, 4, 0xFFFFFFFF, 0x11223344),
        (0x14, 4, 0xFFFFFFFF, 0x11223344),
        (0x08, 16, 0x01020304_05060708_090A0B0C_0D0E0F10, 0x05060708),
    ],
)
def test_a_write_changes_exactly_the_bytes_of_bar0_that_it_covers(
    offset: int, length: int, payload: int, bar0: int
) -> None:
    before = transport(bar0=0x11223344)
    assert config_written(before, pci(offset, length, payload)) == transport(bar0=bar0)


@pytest.mark.parametrize(
    ("offset", "length", "payload", "before", "after"),
    [
        (4, 2, 0x0001, False, True),
        (4, 2, 0x0007, False, True),
        (4, 2, 0x0006, True, False),
        (4, 1, 0x01, False, True),
        (4, 1, 0xFE, True, False),
        (5, 1, 0x01, False, False),
        (5, 1, 0x00, True, True),
        (5, 3, 0xFFFFFF, False, False),
        (3, 2, 0x0100, False, True),
        (3, 2, 0x00FF, True, False),
        (3, 1, 0xFF, False, False),
        (0, 8, 0x00000001_00000000, False, True),
        (0, 4, 0xFFFFFFFF, False, False),
        (6, 2, 0xFFFF, False, False),
    ],
)
def test_the_decode_bit_follows_the_low_byte_of_command_alone(
    offset: int, length: int, payload: int, before: bool, after: bool
) -> None:
    assert config_written(transport(decode=before), pci(offset, length, payload)) == transport(decode=after)


def test_bytes_of_the_buffer_past_the_length_are_not_written() -> None:
    assert config_written(transport(), pci(0x0F, 1, 0xFFFFFF)) == transport()
