# SPDX-License-Identifier: Apache-2.0
"""sw_relay_bar_read and sw_relay_bar_write: decode, route, commands, replies (rules 2 to 5, A1, A13, A14)."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest
from support.scripted_device import OK, ScriptedDevice, command, status

from straightwire.native._native import ffi
from straightwire.native.library import Library, RelayHandle, shipped_library
from straightwire.reference.abi import Member, Outcome
from straightwire.reference.lockstep.library import LibraryRelay, LibrarySubject

NUMBER = 0x1122334455667788


def opened(config_len: int = 28, *, decode: bool = True, bell: bool = False) -> tuple[LibraryRelay, ScriptedDevice]:
    commands = 0b111100 | (bell << 6)
    device = ScriptedDevice(bars={(2, 4): 0x1000})
    if bell:
        device.replies.append(OK + struct.pack("<BB6xQ", 2, 4, 0x800) + bytes(48))
    relay = LibrarySubject().open(device, Member(NUMBER, commands, 1, config_len))
    if decode:
        relay.config_write(4, b"\x01")
    device.take()
    return relay, device


def read_command(opcode: int, offset: int) -> bytes:
    return command(opcode, NUMBER, bytes([offset]))


def write_command(opcode: int, offset: int, data: bytes) -> bytes:
    return command(opcode, NUMBER, bytes([offset]) + bytes(7) + data)


ROUTES = [
    # msix, offset, length, opcode of the read, offset on the wire
    (False, 0, 4, 3, 0),
    (False, 18, 1, 3, 18),
    (False, 19, 1, 3, 19),
    (False, 19, 2, 3, 19),  # by the first byte: a straddle is not split
    (False, 16, 8, 3, 16),
    (False, 20, 1, 5, 0),
    (False, 24, 4, 5, 4),
    (False, 63, 1, 5, 43),
    (False, 0, 64, 3, 0),
    (True, 18, 4, 3, 18),
    (True, 20, 2, 3, 20),
    (True, 22, 2, 3, 22),
    (True, 23, 1, 3, 23),
    (True, 23, 3, 3, 23),
    (True, 24, 1, 5, 0),
    (True, 63, 1, 5, 39),
    (True, 24, 40, 5, 0),
]


@pytest.mark.parametrize(("msix", "offset", "length", "opcode", "wire"), ROUTES)
def test_a_read_is_one_unpadded_command(msix: bool, offset: int, length: int, opcode: int, wire: int) -> None:
    relay, device = opened()
    relay.set_msix(msix)
    payload = bytes(range(100, 100 + length))
    device.replies = [OK + payload]
    assert relay.bar_read(offset, length) == Outcome(length, payload)
    assert device.take() == [("admin", read_command(opcode, wire), 8 + length)]


@pytest.mark.parametrize(("msix", "offset", "length", "opcode", "wire"), ROUTES)
def test_a_write_is_one_command_with_the_payload(msix: bool, offset: int, length: int, opcode: int, wire: int) -> None:
    relay, device = opened()
    relay.set_msix(msix)
    payload = bytes(range(100, 100 + length))
    assert relay.bar_write(offset, payload) == Outcome(length)
    assert device.take() == [("admin", write_command(opcode - 1, wire, payload), 8)]


def test_the_greatest_access_of_the_greatest_window() -> None:
    relay, device = opened(config_len=232)
    payload = bytes(range(256))
    device.replies = [OK + payload]
    assert relay.bar_read(0, 256) == Outcome(256, payload)
    assert relay.bar_write(255, b"\xfe") == Outcome(1)
    assert relay.bar_write(0, payload) == Outcome(256)
    assert device.take() == [
        ("admin", read_command(3, 0), 264),
        ("admin", write_command(4, 235, b"\xfe"), 8),
        ("admin", write_command(2, 0, payload), 8),
    ]


@pytest.mark.parametrize(
    ("offset", "length"),
    [
        (64, 1),
        (63, 2),
        (0, 65),
        (60, 8),
        (256, 1),
        (2**32, 1),
        (2**63, 2),
        (2**64 - 1, 1),
        (2**64 - 1, 2),
        (2**64 - 4, 8),
    ],
)
def test_not_wholly_inside_is_refused(offset: int, length: int) -> None:
    relay, device = opened()
    assert relay.bar_read(offset, length) == Outcome(-1)
    assert relay.bar_write(offset, bytes(length)) == Outcome(-1)
    assert device.take() == []


@pytest.mark.parametrize("offset", [0, 1, 16, 63, 2**64 - 1])
@pytest.mark.parametrize("length", [65, 2**31, 2**32 + 1, 2**63, 2**64 - 16, 2**64 - 1])
def test_lengths_that_could_wrap_are_refused(offset: int, length: int) -> None:
    device = ScriptedDevice()
    library = Library(shipped_library())
    relay = library.open(device, group_member_id=1, commands=0b111100, virtio_device_id=1, device_config_len=28)
    relay.config_write(4, b"\x01")
    device.take()
    buffer = ffi.new("uint8_t[16]")
    assert library.functions.bar_read(relay.pointer, offset, buffer, length) == -1
    assert library.functions.bar_write(relay.pointer, offset, buffer, length) == -1
    assert library.functions.config_read(relay.pointer, offset, buffer, max(length, 257)) == -1
    assert library.functions.config_write(relay.pointer, offset, buffer, max(length, 257)) == -1
    assert device.take() == []
    assert bytes(ffi.buffer(buffer)) == bytes(16)


@pytest.mark.parametrize("length", [1, 2, 4, 64])
def test_without_io_decode_all_is_refused(length: int) -> None:
    relay, device = opened(decode=False, bell=True)
    assert relay.bar_read(0, length) == Outcome(-1)
    assert relay.bar_write(0, bytes(length)) == Outcome(-1)
    assert relay.bar_write(16, bytes(2)) == Outcome(-1)
    assert device.take() == []


@pytest.mark.parametrize("decode", [True, False])
@pytest.mark.parametrize("offset", [0, 16, 64, 2**64 - 1])
def test_length_0_is_no_access(decode: bool, offset: int) -> None:
    relay, device = opened(decode=decode)
    assert relay.bar_read(offset, 0) == Outcome(0)
    assert relay.bar_write(offset, b"") == Outcome(0)
    assert relay.config_read(offset, 0) == Outcome(0)
    assert relay.config_write(offset, b"") == Outcome(0)
    assert device.take() == []


@pytest.mark.parametrize("code", [1, 6, 11, 12, 16, 22, 28, 0x8000, 0xFFFF])
@pytest.mark.parametrize("qualifier", [0, 3, 7, 0xFFFF])
def test_a_status_is_the_result_once_and_the_buffer_untouched(code: int, qualifier: int) -> None:
    relay, device = opened()
    device.replies = [status(code, qualifier) + b"\xee" * 4]
    assert relay.bar_read(0, 4) == Outcome(-(0x10000 + code))
    device.replies = [status(code, qualifier)]
    assert relay.bar_write(4, bytes(4)) == Outcome(-(0x10000 + code))
    assert len(device.take()) == 2  # EAGAIN (11) is not retried: A14


def test_the_qualifier_of_a_success_plays_no_part() -> None:
    relay, device = opened()
    device.replies = [status(0, 7) + b"abcd", status(0, 7)]
    assert relay.bar_read(0, 4) == Outcome(4, b"abcd")
    assert relay.bar_write(4, b"abcd") == Outcome(4)


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (b"", Outcome(4, bytes(4))),
        (b"\x16", Outcome(-0x10016)),
        (b"\x00\x01", Outcome(-0x10100)),
        (b"\x16\x00\x03", Outcome(-0x10016)),
        (OK, Outcome(4, bytes(4))),
        (OK + b"\x01", Outcome(4, b"\x01\x00\x00\x00")),
        (OK + b"\x01\x02\x03", Outcome(4, b"\x01\x02\x03\x00")),
        (OK + b"\x01\x02\x03\x04\x05\x06", Outcome(4, b"\x01\x02\x03\x04")),
    ],
)
def test_bytes_past_the_used_length_are_zero(reply: bytes, outcome: Outcome) -> None:
    relay, device = opened()
    device.replies = [OK + b"\xff\xff\xff\xff"]
    relay.bar_read(0, 4)
    device.replies = [reply]
    assert relay.bar_read(0, 4) == outcome


@pytest.mark.parametrize(
    ("used", "result", "payload"),
    [
        (0, 4, bytes(4)),
        (1, -0x100EE, b""),
        (2, -0x1EEEE, b""),
        (12, -0x1EEEE, b""),
        (13, -0x1EEEE, b""),
        (2**64 - 1, -0x1EEEE, b""),
    ],
)
def test_what_the_device_left_past_the_used_length_is_not_read(used: int, result: int, payload: bytes) -> None:
    """The device fills the whole buffer, and says that it wrote ``used`` bytes."""
    relay = raw_relay(lambda reply, length: ffi.memmove(reply, b"\xee" * length, length), used)
    assert relay.bar_read(0, 4) == (result, payload)


@pytest.mark.parametrize(
    ("used", "payload"),
    [(8, bytes(4)), (10, b"\xee\xee\x00\x00"), (12, b"\xee" * 4), (2**64 - 1, b"\xee" * 4)],
)
def test_payload_that_the_device_left_past_the_used_length_is_not_read(used: int, payload: bytes) -> None:
    relay = raw_relay(lambda reply, length: ffi.memmove(reply, bytes(8) + b"\xee" * (length - 8), length), used)
    assert relay.bar_read(0, 4) == (4, payload)


class RawRelay:
    """A relay on a device written in terms of the reply buffer itself; decodes I/O."""

    def __init__(self, fill: Callable[[object, int], object], used: int) -> None:
        self._library = Library(shipped_library())

        def admin(_ctx: object, _command: object, _command_len: int, reply: object, reply_len: int) -> int:
            fill(reply, reply_len)
            return used

        names = "void(*)(void *, uint16_t, const uint8_t *, size_t)"
        self._keep = [
            ffi.callback("size_t(*)(void *, const uint8_t *, size_t, uint8_t *, size_t)", admin),
            ffi.callback(names, lambda _ctx, _offset, _buf, _len: None),
        ]
        device = ffi.new("struct sw_device *", {"admin": self._keep[0], "config_write": self._keep[1]})
        member = ffi.new("struct sw_member *", {"commands": 0b111100, "virtio_device_id": 1})
        self._relay = self._library.functions.open(device, member, ffi.NULL)
        assert self._library.functions.config_write(self._relay, 4, b"\x01", 1) == 1

    def bar_read(self, offset: int, length: int) -> tuple[int, bytes]:
        buffer = ffi.new("uint8_t[]", b"\xa5" * length)
        result = self._library.functions.bar_read(self._relay, offset, buffer, length)
        after = bytes(ffi.buffer(buffer))[:length]
        return result, b"" if result < 0 and after == b"\xa5" * length else after


def raw_relay(fill: Callable[[object, int], object], used: int) -> RawRelay:
    return RawRelay(fill, used)


@pytest.mark.parametrize("queue", [0, 1, 0x0100, 0xFFFF])
def test_a_16_bit_write_at_16_rings_the_doorbell(queue: int) -> None:
    relay, device = opened(bell=True)
    assert relay.bar_write(16, struct.pack("<H", queue)) == Outcome(2)
    assert device.take() == [("doorbell", 2, 4, 0x800, queue)]


def test_every_other_access_to_16_and_17_is_a_command() -> None:
    relay, device = opened(bell=True)
    for offset, data in [
        (16, b"\x01"),
        (17, b"\x01"),
        (16, b"\x01\x02\x03"),
        (16, bytes(4)),
        (15, bytes(2)),
        (17, bytes(2)),
    ]:
        assert relay.bar_write(offset, data) == Outcome(len(data))
        assert device.take() == [("admin", write_command(2, offset, data), 8)]
    assert relay.bar_read(16, 2) == Outcome(2, bytes(2))
    assert device.take() == [("admin", read_command(3, 16), 10)]


def test_the_doorbell_stays_through_msix_and_reset() -> None:
    relay, device = opened(bell=True)
    relay.set_msix(True)
    relay.reset()
    relay.config_write(4, b"\x01")
    device.take()
    assert relay.bar_write(16, b"\x05\x00") == Outcome(2)
    assert device.take() == [("doorbell", 2, 4, 0x800, 5)]


def test_events_issue_nothing() -> None:
    relay, device = opened(bell=True)
    relay.tick()
    relay.set_msix(True)
    relay.set_msix(False)
    relay.reset()
    relay.tick()
    relay.close()
    assert device.take() == []


@pytest.mark.parametrize(("enabled", "offset"), [(0, 4), (1, 0), (-1, 0), (256, 0)])
def test_any_nonzero_msix_counts(enabled: int, offset: int) -> None:
    device = ScriptedDevice()
    library = Library(shipped_library())
    relay: RelayHandle = library.open(
        device, group_member_id=NUMBER, commands=0b111100, virtio_device_id=1, device_config_len=28
    )
    relay.config_write(4, b"\x01")
    library.functions.set_msix(relay.pointer, enabled)
    device.take()
    assert relay.bar_read(24, 1) == (1, b"\x00")
    assert device.take() == [("admin", read_command(5, offset), 9)]


def test_a_reset_clears_decode_but_not_the_layout() -> None:
    relay, device = opened()
    relay.set_msix(True)
    relay.reset()
    assert relay.bar_read(24, 1) == Outcome(-1)
    relay.config_write(4, b"\x01")
    device.take()
    assert relay.bar_read(24, 1) == Outcome(1, b"\x00")
    assert device.take() == [("admin", read_command(5, 0), 9)]
