# SPDX-License-Identifier: Apache-2.0
"""sw_relay_config_read and sw_relay_config_write: the fixed overlay and the shadows (rule 6, C-CONFIG)."""

from __future__ import annotations

import pytest
from support.scripted_device import ScriptedDevice

from straightwire.reference.abi import Member, Outcome
from straightwire.reference.lockstep.library import LibraryRelay, LibrarySubject

OWN = bytes(0xFF ^ (i & 0xFF) for i in range(256))


def opened(device_id: int = 1, config_len: int = 28, own: bytes = OWN) -> tuple[LibraryRelay, ScriptedDevice]:
    device = ScriptedDevice(config=own)
    return LibrarySubject().open(device, Member(1, 0b111100, device_id, config_len)), device


def shown(own: bytes, replaced: dict[int, int]) -> bytes:
    return bytes(replaced.get(offset, byte) for offset, byte in enumerate(own))


PCI_IDS = {1: 0x00, 2: 0x01, 3: 0x03, 4: 0x05, 5: 0x02}
"""Low byte of the transitional device id 0x10xx by virtio id (virtio 1.4, 4.1.2.1)."""


@pytest.mark.parametrize("device_id", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("own", [OWN, bytes(256), b"\xff" * 256])
def test_a_fresh_relay_shows_the_member_under_the_overlay(device_id: int, own: bytes) -> None:
    relay, device = opened(device_id, own=own)
    overlay = {2: PCI_IDS[device_id], 3: 0x10, 4: own[4] & 0xFE, 8: 0, 16: 1, 17: 0, 18: 0, 19: 0}
    overlay |= {0x2C: 0xF4, 0x2D: 0x1A, 0x2E: device_id, 0x2F: 0}
    assert relay.config_read(0, 256) == Outcome(256, shown(own, overlay))
    assert device.take() == [("config_read", 0, 256)]


def test_every_access_shows_the_same_bytes_and_is_one_operation() -> None:
    relay, device = opened(device_id=2)
    relay.config_write(4, b"\x07\x01")
    relay.config_write(16, b"\x01\xc0\x34\x12")
    overlay = {2: 0x01, 3: 0x10, 4: OWN[4] | 1, 8: 0, 16: 1, 17: 0xC0, 18: 0x34, 19: 0x12}
    overlay |= {0x2C: 0xF4, 0x2D: 0x1A, 0x2E: 2, 0x2F: 0}
    whole = shown(OWN, overlay)
    device.take()
    for offset in range(256):
        for length in (1, 2, 3, 4, 8, 256 - offset):
            if offset + length <= 256:
                assert relay.config_read(offset, length) == Outcome(length, whole[offset : offset + length])
                assert device.take() == [("config_read", offset, length)]


@pytest.mark.parametrize(
    ("config_len", "written", "reads"),
    [
        (0, b"\xff\xff\xff\xff", b"\xe1\xff\xff\xff"),  # 32 bytes
        (28, b"\xff\xff\xff\xff", b"\xc1\xff\xff\xff"),  # 64 bytes
        (96, b"\xff\xff\xff\xff", b"\x81\xff\xff\xff"),  # 128 bytes
        (232, b"\xff\xff\xff\xff", b"\x01\xff\xff\xff"),  # 256 bytes
        (28, b"\x3f\x00\x00\x00", b"\x01\x00\x00\x00"),
        (28, b"\x40\x60\x00\x80", b"\x41\x60\x00\x80"),
        (28, b"\x00\x00\x00\x00", b"\x01\x00\x00\x00"),
    ],
)
def test_bar0_reads_as_written_and_masked(config_len: int, written: bytes, reads: bytes) -> None:
    relay, _ = opened(config_len=config_len)
    assert relay.config_write(16, written) == Outcome(4)
    assert relay.config_read(16, 4) == Outcome(4, reads)


@pytest.mark.parametrize(
    ("offset", "data", "bar0"),
    [
        (16, b"\xff", b"\xc1\x22\x33\x44"),
        (17, b"\xaa", b"\x41\xaa\x33\x44"),
        (18, b"\xaa\xbb", b"\x41\x22\xaa\xbb"),
        (19, b"\xcc\xdd\xee", b"\x41\x22\x33\xcc"),
        (12, bytes(8), b"\x01\x00\x00\x00"),
        (14, b"\x99\x99\x88\x77", b"\x81\x77\x33\x44"),
        (15, b"\x99", b"\x41\x22\x33\x44"),
        (20, b"\x99\x99\x99\x99", b"\x41\x22\x33\x44"),
    ],
)
def test_a_write_updates_exactly_its_bytes_of_bar0(offset: int, data: bytes, bar0: bytes) -> None:
    relay, device = opened()
    relay.config_write(16, b"\x40\x22\x33\x44")
    device.take()
    assert relay.config_write(offset, data) == Outcome(len(data))
    assert device.take() == [("config_write", offset, data)]
    assert relay.config_read(16, 4) == Outcome(4, bar0)


@pytest.mark.parametrize(
    ("offset", "data", "decodes"),
    [
        (4, b"\x01", True),
        (4, b"\x07\x05", True),
        (4, b"\x00", False),
        (4, b"\xfe\xff", False),
        (3, b"\x00\x01", True),
        (3, b"\x01\x00", False),
        (0, b"\x00\x00\x00\x00\x01\x00\x00\x00", True),
        (5, b"\x01", None),
        (3, b"\x01", None),
        (0, b"\x01\x01\x01\x01", None),
    ],
)
@pytest.mark.parametrize("before", [True, False])
def test_only_a_write_of_byte_4_changes_decode(offset: int, data: bytes, decodes: bool | None, before: bool) -> None:
    relay, _ = opened(own=bytes(256))
    relay.config_write(4, bytes([before]))
    assert relay.config_write(offset, data) == Outcome(len(data))
    expected = before if decodes is None else decodes
    assert relay.bar_read(0, 1).result == (1 if expected else -1)
    assert relay.config_read(4, 1) == Outcome(1, bytes([expected]))


def test_command_shows_the_members_other_bits() -> None:
    own = bytearray(256)
    own[4:6] = b"\xff\x06"
    relay, device = opened(own=bytes(own))
    assert relay.config_read(4, 2) == Outcome(2, b"\xfe\x06")
    relay.config_write(4, b"\x01")
    device.config = bytes(256)
    assert relay.config_read(4, 2) == Outcome(2, b"\x01\x00")


def test_configuration_space_needs_no_decode_and_writes_are_verbatim() -> None:
    relay, device = opened()
    everything = bytes((7 * i + 3) & 0xFF for i in range(256))
    assert relay.config_write(0, everything) == Outcome(256)
    assert device.take() == [("config_write", 0, everything)]


@pytest.mark.parametrize(
    ("offset", "length"),
    [(256, 1), (255, 2), (0, 257), (252, 8), (4096, 4), (2**32, 1), (2**64 - 1, 1), (2**64 - 1, 2)],
)
def test_past_256_is_refused(offset: int, length: int) -> None:
    relay, device = opened()
    assert relay.config_read(offset, length) == Outcome(-1)
    assert relay.config_write(offset, bytes(length)) == Outcome(-1)
    assert device.take() == []


def test_a_refused_write_changes_no_shadow() -> None:
    relay, _ = opened(own=bytes(256))
    assert relay.config_write(4, b"\x01" + bytes(252)) == Outcome(-1)
    assert relay.config_read(4, 1) == Outcome(1, b"\x00")


def test_a_member_that_leaves_bytes_unwritten_shows_zeros() -> None:
    relay, device = opened()
    relay.config_read(0x40, 64)
    device.config = OWN[:0x42]
    assert relay.config_read(0x40, 4) == Outcome(4, OWN[0x40:0x42] + b"\x00\x00")


def test_a_reset_clears_both_shadows() -> None:
    relay, _ = opened(own=bytes(256))
    relay.config_write(4, b"\x07")
    relay.config_write(16, b"\xff\xff\xff\xff")
    relay.reset()
    assert relay.config_read(4, 2) == Outcome(2, b"\x00\x00")
    assert relay.config_read(16, 4) == Outcome(4, b"\x01\x00\x00\x00")


def test_an_access_to_the_bar_changes_no_shadow() -> None:
    relay, _ = opened(own=bytes(256))
    relay.config_write(4, b"\x01")
    relay.config_write(16, b"\x00\xc0\x00\x00")
    relay.bar_write(4, b"\x00\x00\x00\x00")
    relay.bar_write(16, b"\xff\xff\xff\xff")
    assert relay.config_read(4, 1) == Outcome(1, b"\x01")
    assert relay.config_read(16, 4) == Outcome(4, b"\x01\xc0\x00\x00")
