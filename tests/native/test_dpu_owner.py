# SPDX-License-Identifier: Apache-2.0
"""The native DPU's owner function by raw bytes: GD1 to GD14, QD1 to QD6, LD1 to LD13, on literal commands."""

from __future__ import annotations

import pytest

from straightwire.native.dpu import NativeDpu, NativeMember, NotifyAddress

MAC = b"\x52\x54\x00\x12\x34\x56"
OK = bytes(8)
INVALID_OPCODE = bytes.fromhex("1600 0200 00000000")
INVALID_FIELD = bytes.fromhex("1600 0300 00000000")
INVALID_GROUP = bytes.fromhex("1600 0400 00000000")
INVALID_MEMBER = bytes.fromhex("1600 0500 00000000")
BARS = (0, 4096, 0, 0, 4096, 0)
DOORBELL = NotifyAddress(2, 4, 0x10)


def net(*notify: NotifyAddress, bars: tuple[int, ...] = BARS) -> NativeMember:
    return NativeMember(1, 0x20, (256, 256), MAC + bytes(22), 3, notify, bars)


def fresh(*notify: NotifyAddress) -> NativeDpu:
    return NativeDpu([net(*notify)] * 2)


def in_use(*notify: NotifyAddress) -> NativeDpu:
    """An owner with opcodes 0 to 6 in use."""
    dpu = fresh(*(notify or (DOORBELL,)))
    assert dpu.execute(command(1, 0, b"\x7f" + bytes(7)), 8) == OK
    return dpu


def command(opcode: int, member: int, data: bytes = b"", group: int = 1) -> bytes:
    return opcode.to_bytes(2, "little") + group.to_bytes(2, "little") + bytes(12) + member.to_bytes(8, "little") + data


def write(opcode: int, member: int, offset: int, data: bytes) -> bytes:
    return command(opcode, member, bytes((offset,)) + bytes(7) + data)


def read(opcode: int, member: int, offset: int) -> bytes:
    return command(opcode, member, bytes((offset,)))


def test_GD8_only_the_lists_are_in_use_at_first_and_after_a_reset() -> None:
    dpu = fresh()
    for _ in range(2):
        for opcode in range(0x20):
            expected = {0: OK + b"\x7f" + bytes(7)}.get(opcode, INVALID_OPCODE)
            assert opcode == 1 or dpu.execute(command(opcode, 0), 72) == expected
        dpu.execute(command(1, 0, b"\x7f"), 8)
        dpu.reset_owner()


@pytest.mark.parametrize("opcode", [7, 8, 0xA, 0xC, 0x11, 0x3F, 0x40, 0x41, 0x43, 0x7FFF, 0xFFFF])
def test_GD10_every_opcode_outside_the_list_fails(opcode: int) -> None:
    assert in_use().execute(command(opcode, 1), 72) == INVALID_OPCODE


def test_GR7_GD9_a_list_may_shut_out_the_lists() -> None:
    dpu = fresh()
    assert dpu.execute(command(1, 0, b"\x3c" + bytes(7)), 8) == OK
    assert dpu.execute(command(0, 0), 16) == INVALID_OPCODE
    assert dpu.execute(read(3, 1, 18), 9) == OK + b"\0"
    assert dpu.in_use == 0x3C


@pytest.mark.parametrize("wanted", [b"\x80", b"\xff" + bytes(7), bytes(7) + b"\x80", bytes(8) + b"\1" + bytes(7)])
def test_GD6_GD4_an_unknown_command_in_LIST_USE_fails_and_changes_nothing(wanted: bytes) -> None:
    dpu = in_use()
    assert dpu.execute(command(1, 0, wanted), 8) == INVALID_FIELD
    assert dpu.in_use == 0x7F


@pytest.mark.parametrize(("wanted", "used"), [(b"\x3f", 0x3F), (b"\x7f" + bytes(31), 0x7F), (b"", 0)])
def test_QD1_QD2_LIST_USE_takes_a_short_array_and_zero_words(wanted: bytes, used: int) -> None:
    dpu = fresh()
    assert dpu.execute(command(1, 0, wanted), 8) == OK
    assert dpu.in_use == used


def test_A4_GD13_without_VF_enable_there_is_no_group_but_the_lists_answer() -> None:
    dpu = in_use()
    dpu.set_vf_enable(False)
    assert dpu.execute(command(0, 0), 16) == OK + b"\x7f" + bytes(7)
    assert dpu.execute(read(3, 1, 18), 9) == INVALID_GROUP
    assert dpu.execute(command(0xFF, 1), 9) == INVALID_GROUP
    dpu.set_vf_enable(True)
    assert dpu.execute(read(3, 1, 18), 9) == OK + b"\0"


@pytest.mark.parametrize(
    ("opcode", "group", "member_id", "expected"),
    [
        (3, 1, 1, OK + b"\0"),
        (3, 0, 1, INVALID_GROUP),
        (0, 0, 0, INVALID_GROUP),
        (0xFF, 2, 99, INVALID_GROUP),
        (0xFF, 1, 99, INVALID_OPCODE),
        (3, 1, 0, INVALID_MEMBER),
        (3, 1, 3, INVALID_MEMBER),
        (3, 1, 2**64 - 1, INVALID_MEMBER),
        (3, 1, 1 << 32 | 1, INVALID_MEMBER),
    ],
)
def test_GD1_GD2_GD14_group_before_opcode_before_member(
    opcode: int, group: int, member_id: int, expected: bytes
) -> None:
    assert in_use().execute(command(opcode, member_id, b"\x12", group), 9) == expected


@pytest.mark.parametrize("opcode", [2, 3, 4, 5, 6])
def test_GD2_member_before_field(opcode: int) -> None:
    assert in_use().execute(command(opcode, 9, b"\xff"), 8) == INVALID_MEMBER


def test_LD5_legacy_commands_reach_their_own_member() -> None:
    dpu = in_use()
    before = dpu.snapshot(1)
    assert dpu.execute(write(2, 2, 14, b"\1\0"), 8) == OK
    assert dpu.execute(write(2, 2, 8, b"\x78\x56\x34\x12"), 8) == OK
    assert dpu.execute(read(3, 2, 8), 12) == OK + b"\x78\x56\x34\x12"
    assert dpu.execute(write(4, 2, 0, b"\2"), 8) == OK
    assert dpu.execute(read(5, 2, 0), 14) == OK + b"\2" + MAC[1:]
    assert dpu.snapshot(1) == before


@pytest.mark.parametrize(
    ("opcode", "offset", "length"),
    [(3, 0, 5), (3, 2, 4), (3, 12, 4), (3, 18, 2), (3, 20, 1), (3, 255, 1), (5, 0, 7), (5, 28, 1), (5, 255, 2)],
)
def test_LD3_LD4_A3_GD4_outside_a_single_field_is_INVALID_FIELD(opcode: int, offset: int, length: int) -> None:
    dpu = in_use()
    before = dpu.snapshot(1)
    assert dpu.execute(read(opcode, 1, offset), 8 + length) == INVALID_FIELD
    assert dpu.execute(write(opcode - 1, 1, offset, bytes(length)), 8) == INVALID_FIELD
    assert dpu.snapshot(1) == before


def test_B6_an_access_without_data_fails_and_QD1_its_reply_is_cut() -> None:
    dpu = in_use()
    dpu.config_changed(1)
    for room in (0, 1, 4, 8):
        assert dpu.execute(read(3, 1, 19), room) == INVALID_FIELD[:room]
    assert dpu.execute(write(2, 1, 18, b""), 8) == INVALID_FIELD
    assert dpu.execute(read(3, 1, 19), 9) == OK + b"\2"  # the ISR's bits were still there
    assert dpu.execute(read(3, 1, 19), 9) == OK + b"\0"


def test_A9_QD1_QD2_reserved_missing_and_surplus_bytes() -> None:
    dpu = in_use()
    noisy = b"\x02\0\x01\0" + b"\xff" * 12 + b"\x01" + bytes(7) + b"\x12" + b"\xff" * 7 + b"\x03"
    assert dpu.execute(noisy, 8) == OK
    assert dpu.snapshot(1)["registers"]["status"] == 3
    assert dpu.execute(b"", 16) == INVALID_GROUP
    assert dpu.execute(b"\0\0\1", 16) == OK + b"\x7f" + bytes(7)
    assert dpu.execute(b"\3\0\1\0" + bytes(12) + b"\2", 12) == OK + b"\x20\0\0\0"
    assert dpu.execute(read(3, 1, 0) + b"\xff" * 7, 12) == OK + b"\x20\0\0\0"
    assert len(dpu.execute(command(6, 1, b"\xff" * 40), 1000)) == 72
    assert dpu.execute(write(2, 1, 18, b"\1"), 0) == b""
    assert dpu.snapshot(1)["registers"]["status"] == 1


@pytest.mark.parametrize("room", [0, 1, 3, 8, 20, 71, 72, 100])
def test_LD9_QD3_NOTIFY_INFO_is_cut_where_its_room_ends(room: int) -> None:
    whole = OK + bytes.fromhex("02 04 000000000000 1000000000000000") + bytes(48)
    assert in_use().execute(command(6, 1), room) == whole[:room]


def test_LD9_C1_three_entries_and_a_terminator() -> None:
    addresses = (NotifyAddress(2, 1, 0xFFE), NotifyAddress(2, 4, 0), NotifyAddress(2, 4, 0xFFC))
    assert in_use(*addresses).execute(command(6, 2), 72) == OK + bytes.fromhex(
        "0201 000000000000 fe0f000000000000"
        "0204 000000000000 0000000000000000"
        "0204 000000000000 fc0f000000000000"
        "0000 000000000000 0000000000000000"
    )


@pytest.mark.parametrize(
    "at", [(2, 0, 0), (2, 6, 0), (2, 4, 1), (2, 4, 0x1000), (2, 4, 2**64 - 2), (3, 4, 0), (0, 4, 0), (1, 4, 0)]
)
def test_LD10_LD11_no_device_advertises_an_invalid_address(at: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="error -3"):
        fresh(NotifyAddress(*at))


@pytest.mark.parametrize("supported", [0, 0x7E, 0xFF, 0b0000111, 0b0011111, 0b1000011, 0b1111011, 1 << 40 | 0x7F])
def test_LD1_LD8_no_owner_supports_some_of_2_to_5_or_6_without_them(supported: int) -> None:
    with pytest.raises(ValueError, match="error -3"):
        NativeDpu([net()], supported=supported)


def test_LD13_a_member_has_no_BAR0_and_an_owners_address_is_one_members() -> None:
    with pytest.raises(ValueError, match="error -3"):
        NativeDpu([net(bars=(4096, 0, 0, 0, 0, 0))])
    with pytest.raises(ValueError, match="error -3"):
        NativeDpu([net(NotifyAddress(1, 2, 0))] * 2, owner_bars=(0, 0, 4096, 0, 0, 0))


def rung(dpu: NativeDpu) -> list[tuple[int, ...]]:
    return [dpu.snapshot(member)["registers"]["notified"] for member in (1, 2)]


def with_rings(dpu: NativeDpu) -> NativeDpu:
    for member in (1, 2):
        for queue in (0, 1):
            dpu.execute(write(2, member, 14, bytes((queue, 0))), 8)
            dpu.execute(write(2, member, 8, b"\1\0\0\0"), 8)
    return dpu


def test_LD7_a_doorbell_is_op_2_at_queue_notify_and_elsewhere_nothing() -> None:
    dpu = with_rings(in_use())
    for queue in (0, 1, 1, 2, 0xFFFF):
        dpu.port(2).doorbell(2, 4, 0x10, queue)
    assert rung(dpu) == [(0, 0), (1, 2)]
    for at in ((1, 4, 0x10), (2, 3, 0x10), (2, 4, 0x12), (3, 4, 0x10)):
        dpu.port(2).doorbell(*at, 0)
    assert rung(dpu) == [(0, 0), (1, 2)]


def test_LD7_LD12_an_address_in_the_owners_BAR_belongs_to_its_member() -> None:
    bars = (0, 0, 4096, 0, 0, 0)
    dpu = NativeDpu([net(NotifyAddress(1, 2, 0)), net(NotifyAddress(1, 2, 4))], owner_bars=bars)
    dpu.execute(command(1, 0, b"\x7f"), 8)
    with_rings(dpu).port(1).doorbell(1, 2, 4, 0)
    assert rung(dpu) == [(0, 0), (1, 0)]
    assert [dpu.port(1).bar_len(1, bar) for bar in range(7)] == [*bars, 0]
    assert [dpu.port(1).bar_len(2, bar) for bar in range(7)] == [*BARS, 0]
    assert dpu.port(1).bar_len(3, 1) == 0


def test_B25_function_level_reset_of_one_member() -> None:
    dpu = with_rings(in_use())
    before = dpu.snapshot(2)
    port = dpu.port(1)
    port.config_write(4, b"\x06\x04")
    port.config_write(0x43, b"\xc0")
    for at, data in ((18, b"\7"), (20, b"\1\0"), (16, b"\1\0")):
        assert dpu.execute(write(2, 1, at, data), 8) == OK
    dpu.execute(write(4, 1, 0, b"\2"), 8)
    dpu.reset(1)
    shown = dpu.snapshot(1)["registers"]
    assert (shown["status"], shown["config_vector"], shown["msix"]) == (0, 0xFFFF, False)
    assert shown["config"][:6] == MAC
    assert shown["queues"] == ((256, 0, 0xFFFF), (256, 0, 0xFFFF))
    assert shown["notified"] == (0, 1)
    assert (port.config_read(4, 2), port.config_read(0x42, 2)) == (b"\0\0", b"\x02\0")
    assert dpu.snapshot(2) == before
    assert dpu.in_use == 0x7F


def test_LD6_the_whole_configuration_space_of_a_net_member() -> None:
    expected = bytearray(256)
    expected[0x00:0x0C] = bytes.fromhex("f41a 4110 0000 1000 01 000002")
    expected[0x2C:0x30] = bytes.fromhex("f41a 4110")
    expected[0x34] = 0x40
    expected[0x40:0x4C] = bytes.fromhex("11 00 0200 01000000 31000000")
    port = fresh().port(1)
    assert port.config_read(0, 256) == bytes(expected)
    assert port.config_read(254, 8) == bytes(2)
    for offset in range(256):
        port.config_write(offset, b"\xff")
    port.config_write(254, b"\xff" * 8)
    expected[4:6], expected[0x43] = b"\x06\x04", 0xC0
    assert port.config_read(0, 256) == bytes(expected)


@pytest.mark.parametrize("member_id", [0, 3, 2**64 - 1])
def test_there_are_no_other_members(member_id: int) -> None:
    with pytest.raises(ValueError, match="no member"):
        in_use().port(member_id)


@pytest.mark.parametrize(
    "wrong",
    [
        NativeMember(0, 0, (8,), b"", 1),
        NativeMember(6, 0, (8,), b"", 1),
        NativeMember(4, 0, (100,), b"", 1),
        NativeMember(4, 0, (8,) * 65, b"", 1),
        NativeMember(4, 0, (8,), b"", 0),
        NativeMember(4, 0, (8,), b"", 2049),
        NativeMember(1, 0, (8,), bytes(233), 1),
    ],
)
def test_a_description_of_no_device_is_refused(wrong: NativeMember) -> None:
    with pytest.raises(ValueError, match="error -3"):
        NativeDpu([wrong])
