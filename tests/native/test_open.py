# SPDX-License-Identifier: Apache-2.0
"""sw_relay_open: arguments, NOTIFY_INFO and the choice of a doorbell (rules 1 and 8, LR5, LR6)."""

from __future__ import annotations

import struct

import pytest
from support.scripted_device import OK, ScriptedDevice, command, status

from straightwire.native._native import ffi, lib
from straightwire.native.library import Library, shipped_library
from straightwire.reference.abi import Member, RelayError
from straightwire.reference.lockstep.library import LibrarySubject

LEGACY = 0b111100
NOTIFY_INFO = 1 << 6


def member(commands: int = LEGACY, device_id: int = 1, config_len: int = 28, number: int = 7) -> Member:
    return Member(number, commands, device_id, config_len)


@pytest.mark.parametrize(
    ("device_id", "config_len", "commands", "code"),
    [
        (0, 28, LEGACY, -3),
        (6, 28, LEGACY, -3),
        (0xFFFF, 28, LEGACY, -3),
        (1, 233, LEGACY, -3),
        (1, 0xFFFF, LEGACY, -3),
        (1, 28, 0, -2),
        (1, 28, LEGACY & ~(1 << 2), -2),
        (1, 28, LEGACY & ~(1 << 3), -2),
        (1, 28, LEGACY & ~(1 << 4), -2),
        (1, 28, LEGACY & ~(1 << 5), -2),
        (0, 28, 0, -3),  # SW_INVALID comes before SW_NOTSUP
        (1, 233, 0, -3),
    ],
)
def test_open_refuses(device_id: int, config_len: int, commands: int, code: int) -> None:
    device = ScriptedDevice()
    with pytest.raises(RelayError) as raised:
        LibrarySubject().open(device, member(commands | NOTIFY_INFO, device_id, config_len))
    assert raised.value.code == code
    assert device.take() == []


@pytest.mark.parametrize(
    ("config_len", "window"),
    [(0, 32), (8, 32), (9, 64), (28, 64), (40, 64), (41, 128), (96, 128), (104, 128), (105, 256), (232, 256)],
)
def test_the_window_is_the_next_power_of_two(config_len: int, window: int) -> None:
    relay = LibrarySubject().open(ScriptedDevice(), member(config_len=config_len))
    assert relay.bar_size() == window


def test_open_issues_nothing_without_notify_info() -> None:
    device = ScriptedDevice()
    LibrarySubject().open(device, member())
    assert device.take() == []


@pytest.mark.parametrize("number", [0, 1, 0x0102030405060708, 2**64 - 1])
def test_open_asks_notify_info_once_for_any_member(number: int) -> None:
    device = ScriptedDevice()
    LibrarySubject().open(device, member(LEGACY | NOTIFY_INFO, number=number))
    assert device.take() == [("admin", command(6, number), 72)]


@pytest.mark.parametrize("device_null", [True, False])
@pytest.mark.parametrize("error_null", [True, False])
def test_null_arguments_are_invalid(device_null: bool, error_null: bool) -> None:
    functions = Library(shipped_library()).functions
    device = ffi.NULL if device_null else ffi.new("struct sw_device *")
    other = ffi.new("struct sw_member *") if device_null else ffi.NULL
    error = ffi.NULL if error_null else ffi.new("int *", 99)
    assert functions.open(device, other, error) == ffi.NULL
    if not error_null:
        assert error[0] == -3


def test_a_successful_open_leaves_error_alone() -> None:
    functions = Library(shipped_library()).functions
    error = ffi.new("int *", 99)
    sw_member = ffi.new("struct sw_member *", {"commands": LEGACY, "virtio_device_id": 1})
    relay = functions.open(ffi.new("struct sw_device *"), sw_member, error)
    assert relay != ffi.NULL
    assert error[0] == 99
    functions.close(relay)


def test_close_allows_null() -> None:
    functions = Library(shipped_library()).functions
    assert functions.close(ffi.NULL) is None
    assert lib.SW_RELAY_ABI_VERSION == functions.abi_version() == 1


def entry(flags: int, bar: int, offset: int) -> bytes:
    """virtio 1.4, 2.13.1: u8 flags, u8 bar, 6 bytes of padding, le64 offset."""
    return struct.pack("<BB6xQ", flags, bar, offset)


END = bytes(16)
GOOD = entry(2, 4, 0x1000)
BARS = {
    (2, 4): 0x2000,
    (1, 2): 0x4000,
    (2, 1): 2,
    (2, 3): 1,
    (2, 5): 2**64 - 1,
    (1, 5): 0x10,
    (2, 0): 0x100,
    (2, 6): 0x100,
}

CASES = {
    "no entry": ([END, END, END, END], None),
    "of the member": ([GOOD, END, END, END], (2, 4, 0x1000)),
    "of the owner": ([entry(1, 2, 0x3FFE), END, END, END], (1, 2, 0x3FFE)),
    "the first of two": ([entry(1, 2, 0), GOOD, END, END], (1, 2, 0)),
    "the fourth of four (C1)": ([entry(3, 4, 0), entry(3, 4, 0), entry(3, 4, 0), GOOD], (2, 4, 0x1000)),
    "flags 0 ends the list (LR5)": ([entry(0, 4, 0x1000), GOOD, GOOD, GOOD], None),
    "flags 0 ends after an invalid one": ([entry(3, 4, 0), END, GOOD, GOOD], None),
    "flags 3 is ignored": ([entry(3, 4, 0), GOOD, END, END], (2, 4, 0x1000)),
    "flags 255 is ignored": ([entry(255, 4, 0), GOOD, END, END], (2, 4, 0x1000)),
    "bar 0 is ignored": ([entry(2, 0, 0), GOOD, END, END], (2, 4, 0x1000)),
    "bar 6 is ignored": ([entry(2, 6, 0), GOOD, END, END], (2, 4, 0x1000)),
    "bar 255 is ignored": ([entry(2, 255, 0), GOOD, END, END], (2, 4, 0x1000)),
    "a bar of length 0 is ignored": ([entry(2, 2, 0), GOOD, END, END], (2, 4, 0x1000)),
    "a bar of the other owner is not meant": ([entry(1, 4, 0x1000), END, END, END], None),
    "a bar of length 1 is too short": ([entry(2, 3, 0), GOOD, END, END], (2, 4, 0x1000)),
    "a bar of length 2 is enough": ([entry(2, 1, 0), GOOD, END, END], (2, 1, 0)),
    "bar 5 counts": ([entry(1, 5, 14), END, END, END], (1, 5, 14)),
    "an odd offset is ignored": ([entry(2, 4, 0x1001), GOOD, END, END], (2, 4, 0x1000)),
    "the last two bytes are inside": ([entry(2, 4, 0x1FFE), END, END, END], (2, 4, 0x1FFE)),
    "the end is outside": ([entry(2, 4, 0x2000), END, END, END], None),
    "an offset that wraps is outside": ([entry(2, 4, 2**64 - 2), GOOD, END, END], (2, 4, 0x1000)),
    "a bar of all but one byte ends before 2^64-2": ([entry(2, 5, 2**64 - 2), END, END, END], None),
    "and holds 2^64-4": ([entry(2, 5, 2**64 - 4), END, END, END], (2, 5, 2**64 - 4)),
    "all four are invalid": ([entry(2, 0, 0)] * 4, None),
}


def doorbell_after(reply: bytes) -> tuple[int, int, int] | None:
    """Where a 16-bit write at Queue Notify goes after this reply to NOTIFY_INFO."""
    device = ScriptedDevice(replies=[reply], bars=BARS)
    relay = LibrarySubject().open(device, member(LEGACY | NOTIFY_INFO))
    relay.config_write(4, b"\x01\x00")
    device.take()
    assert relay.bar_write(16, b"\x03\x02").result == 2
    (operation,) = device.take()
    if operation[0] == "admin":
        assert operation == ("admin", command(2, 7, bytes([16]) + bytes(7) + b"\x03\x02"), 8)
        return None
    name, owner, bar, offset, queue = operation
    assert (name, queue) == ("doorbell", 0x0203)
    assert isinstance(owner, int)
    assert isinstance(bar, int)
    assert isinstance(offset, int)
    return owner, bar, offset


@pytest.mark.parametrize("case", CASES)
def test_the_doorbell_is_the_first_entry_that_stands(case: str) -> None:
    entries, expected = CASES[case]
    assert doorbell_after(OK + b"".join(entries)) == expected


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        pytest.param(status(22, 2) + GOOD + bytes(48), None, id="a failing status gives none"),
        pytest.param(status(1) + GOOD + bytes(48), None, id="status 1 fails as well"),
        pytest.param(status(0, 7) + GOOD + bytes(48), (2, 4, 0x1000), id="the qualifier plays no part"),
        pytest.param(b"", None, id="an empty reply is success with zeros (A13)"),
        pytest.param(OK, None, id="no entry was written"),
        pytest.param(OK + GOOD, (2, 4, 0x1000), id="one entry was written"),
        pytest.param(OK + GOOD[:9], (2, 4, 0), id="bytes past the used length are zero"),
        pytest.param(OK + GOOD[:1], None, id="a bar cut off is bar 0"),
        pytest.param(OK + GOOD + bytes(48) + b"\xff" * 9, (2, 4, 0x1000), id="more than asked for counts as that"),
    ],
)
def test_short_and_failed_replies_of_notify_info(reply: bytes, expected: tuple[int, int, int] | None) -> None:
    assert doorbell_after(reply) == expected
