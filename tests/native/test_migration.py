# SPDX-License-Identifier: Apache-2.0
"""sw_relay_stop, sw_relay_save, sw_relay_load: exactly the commands of the ABI, the first failure, destroy on
every path where create succeeded. Layouts: virtio 1.4, 2.13.4 and 2.13.5."""

from __future__ import annotations

import struct

import pytest
from support.scripted_device import OK, Operation, ScriptedDevice, command, status

from straightwire.native._native import ffi
from straightwire.native.library import Library, shipped_library
from straightwire.reference.abi import Member, Outcome
from straightwire.reference.lockstep.library import LibraryRelay, LibrarySubject

LEGACY = 0b111100
NEEDED = (0xA, 0xD, 0xE, 0xF, 0x10, 0x11)
MIGRATION = sum(1 << opcode for opcode in NEEDED)
NUMBER = 3
OBJECT = 0xA1B2C3D4
OBJECT_HEADER = b"\x00\x00\x00\x00\xd4\xc3\xb2\xa1"

CREATE_GET: Operation = ("admin", command(0xA, NUMBER, OBJECT_HEADER + bytes(16)), 8)
CREATE_SET: Operation = ("admin", command(0xA, NUMBER, OBJECT_HEADER + bytes(8) + b"\x01" + bytes(7)), 8)
DESTROY: Operation = ("admin", command(0xD, NUMBER, OBJECT_HEADER), 8)
SIZE: Operation = ("admin", command(0xE, NUMBER, OBJECT_HEADER + bytes(8)), 16)


def get(cap: int) -> Operation:
    return ("admin", command(0xF, NUMBER, OBJECT_HEADER + b"\x01" + bytes(7)), 8 + cap)


def put(parts: bytes) -> Operation:
    return ("admin", command(0x10, NUMBER, OBJECT_HEADER + parts), 8)


def size(value: int) -> bytes:
    return OK + struct.pack("<LL", value, 0)


def opened(commands: int = LEGACY | MIGRATION) -> tuple[LibraryRelay, ScriptedDevice]:
    device = ScriptedDevice()
    return LibrarySubject().open(device, Member(NUMBER, commands, 1, 28, OBJECT)), device


def test_the_layouts_have_their_lengths() -> None:
    commands = [operation[1] for operation in (CREATE_GET, DESTROY, SIZE, get(0), put(b""))]
    assert [len(command) for command in commands if isinstance(command, bytes)] == [48, 32, 40, 40, 32]


@pytest.mark.parametrize("missing", [*NEEDED, None])
def test_without_all_six_commands_nothing_is_supported(missing: int | None) -> None:
    relay, device = opened(LEGACY if missing is None else LEGACY | MIGRATION & ~(1 << missing))
    assert relay.stop(True) == Outcome(-2)
    assert relay.save(0) == Outcome(-2)
    assert relay.save(16) == Outcome(-2)
    assert relay.load(b"abc") == Outcome(-2)
    assert device.take() == []


@pytest.mark.parametrize(("stopped", "flags"), [(True, 1), (False, 0)])
def test_stop_is_one_mode_set(stopped: bool, flags: int) -> None:
    relay, device = opened()
    assert relay.stop(stopped) == Outcome(0)
    assert device.take() == [("admin", command(0x11, NUMBER, bytes([flags])), 8)]


@pytest.mark.parametrize("stop", [2, -1, 256])
def test_any_nonzero_stop_stops(stop: int) -> None:
    device = ScriptedDevice()
    library = Library(shipped_library())
    relay = library.open(
        device, group_member_id=NUMBER, commands=LEGACY | MIGRATION, virtio_device_id=1, device_config_len=0
    )
    assert library.functions.stop(relay.pointer, stop) == 0
    assert device.take() == [("admin", command(0x11, NUMBER, b"\x01"), 8)]


def test_a_failed_stop_gives_its_status() -> None:
    relay, device = opened()
    device.replies = [status(16)]
    assert relay.stop(True) == Outcome(-0x10010)


def test_save_without_room_gives_the_size() -> None:
    relay, device = opened()
    device.replies = [OK, size(0x01020304), OK]
    assert relay.save(0) == Outcome(0x01020304)
    assert device.take() == [CREATE_GET, SIZE, DESTROY]


def test_a_size_is_an_unsigned_32_bit_number() -> None:
    relay, device = opened()
    device.replies = [OK, OK + b"\xff\xff\xff\xff\xff\xff\xff\xff", OK]
    assert relay.save(0) == Outcome(0xFFFFFFFF)


@pytest.mark.parametrize(
    ("reply", "expected"),
    [(b"", 0), (OK, 0), (OK + b"\x05", 5), (OK + b"\x05\x01\x00", 0x105), (size(9) + bytes(9), 9)],
)
def test_a_short_size_is_zero_from_there_on(reply: bytes, expected: int) -> None:
    relay, device = opened()
    device.replies = [OK, reply, OK]
    assert relay.save(0) == Outcome(expected)


@pytest.mark.parametrize("cap", [1, 4, 99])
def test_too_small_is_no_get(cap: int) -> None:
    relay, device = opened()
    device.replies = [OK, size(100), OK]
    assert relay.save(cap) == Outcome(-5)
    assert device.take() == [CREATE_GET, SIZE, DESTROY]


@pytest.mark.parametrize("cap", [6, 7, 64, 4096])
def test_save_gives_the_parts_and_their_number(cap: int) -> None:
    relay, device = opened()
    device.replies = [OK, size(6), OK + b"parts!", OK]
    assert relay.save(cap) == Outcome(6, b"parts!")
    assert device.take() == [CREATE_GET, SIZE, get(cap), DESTROY]


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (b"", Outcome(0)),
        (bytes(5), Outcome(0)),
        (OK, Outcome(0)),
        (OK + b"ab", Outcome(2, b"ab")),
        (OK + b"abcdefgh", Outcome(8, b"abcdefgh")),
        (OK + b"abcdefghij", Outcome(8, b"abcdefgh")),
        (b"\x16", Outcome(-0x10016)),
    ],
)
def test_the_number_of_parts_bytes_is_the_used_length_less_8(reply: bytes, outcome: Outcome) -> None:
    relay, device = opened()
    device.replies = [OK, size(4), reply, OK]
    assert relay.save(8) == outcome


def test_a_size_of_0_is_still_fetched_where_there_is_room() -> None:
    relay, device = opened()
    device.replies = [OK, size(0), OK, OK]
    assert relay.save(8) == Outcome(0)
    assert device.take() == [CREATE_GET, SIZE, get(8), DESTROY]


FAIL = status(22, 3)
BUSY = status(16)


@pytest.mark.parametrize(
    ("cap", "replies", "outcome", "operations"),
    [
        pytest.param(8, [FAIL], -0x10016, [CREATE_GET], id="create fails: nothing to destroy"),
        pytest.param(8, [OK, FAIL, OK], -0x10016, [CREATE_GET, SIZE, DESTROY], id="size fails"),
        pytest.param(0, [OK, FAIL, BUSY], -0x10016, [CREATE_GET, SIZE, DESTROY], id="size fails, then destroy"),
        pytest.param(8, [OK, size(8), FAIL, OK], -0x10016, [CREATE_GET, SIZE, get(8), DESTROY], id="get fails"),
        pytest.param(
            8, [OK, size(8), FAIL, BUSY], -0x10016, [CREATE_GET, SIZE, get(8), DESTROY], id="get fails, then destroy"
        ),
        pytest.param(
            8, [OK, size(8), OK + b"abcdefgh", BUSY], -0x10010, [CREATE_GET, SIZE, get(8), DESTROY], id="destroy fails"
        ),
        pytest.param(0, [OK, size(8), BUSY], -0x10010, [CREATE_GET, SIZE, DESTROY], id="destroy fails after size"),
        pytest.param(4, [OK, size(8), BUSY], -5, [CREATE_GET, SIZE, DESTROY], id="too small, then destroy fails"),
    ],
)
def test_the_first_failure_of_save(
    cap: int, replies: list[bytes | BaseException], outcome: int, operations: list[Operation]
) -> None:
    relay, device = opened()
    device.replies = list(replies)
    assert relay.save(cap) == Outcome(outcome)  # no payload: the buffer is as it was
    assert device.take() == operations


@pytest.mark.parametrize("parts", [b"", b"x", bytes(range(256)) * 33])
def test_load_sets_exactly_these_bytes(parts: bytes) -> None:
    relay, device = opened()
    assert relay.load(parts) == Outcome(0)
    assert device.take() == [CREATE_SET, put(parts), DESTROY]


@pytest.mark.parametrize(
    ("replies", "outcome", "operations"),
    [
        pytest.param([FAIL], -0x10016, [CREATE_SET], id="create fails: nothing to destroy"),
        pytest.param([OK, FAIL, OK], -0x10016, [CREATE_SET, put(b"p"), DESTROY], id="set fails"),
        pytest.param([OK, FAIL, BUSY], -0x10016, [CREATE_SET, put(b"p"), DESTROY], id="set fails, then destroy"),
        pytest.param([OK, OK, BUSY], -0x10010, [CREATE_SET, put(b"p"), DESTROY], id="destroy fails"),
    ],
)
def test_the_first_failure_of_load(
    replies: list[bytes | BaseException], outcome: int, operations: list[Operation]
) -> None:
    relay, device = opened()
    device.replies = list(replies)
    assert relay.load(b"p") == Outcome(outcome)
    assert device.take() == operations


def test_host_requests_depend_on_no_transport_state() -> None:
    relay, device = opened()
    relay.reset()
    relay.set_msix(True)
    device.replies = [OK, OK, size(2), OK + b"ab", OK]
    assert relay.stop(True) == Outcome(0)
    assert relay.save(2) == Outcome(2, b"ab")


@pytest.mark.parametrize("length", [2**64 - 1, 2**64 - 8, 2**62])
def test_no_memory_is_said_before_any_command(length: int) -> None:
    device = ScriptedDevice()
    library = Library(shipped_library())
    relay = library.open(
        device, group_member_id=1, commands=LEGACY | MIGRATION, virtio_device_id=1, device_config_len=0
    )
    buffer = ffi.new("uint8_t[8]")
    assert library.functions.save(relay.pointer, buffer, length) == -4
    assert library.functions.load(relay.pointer, buffer, length) == -4
    assert device.take() == []
