# SPDX-License-Identifier: Apache-2.0
"""The owner function by raw bytes: GD1 to GD14, QD1 to QD6, LD1 to LD11, on literal commands."""

from __future__ import annotations

from itertools import product

import pytest

from straightwire.reference.abi import BarOwner
from straightwire.reference.dpu.dpu import Dpu
from straightwire.reference.dpu.member import MemberDescription, NotifyAddress, describe

MAC = b"\x52\x54\x00\x12\x34\x56"
NET_CONFIG = MAC + bytes(22)

OK = bytes(8)
INVALID_OPCODE = bytes.fromhex("1600 0200 00000000")
INVALID_FIELD = bytes.fromhex("1600 0300 00000000")
INVALID_GROUP = bytes.fromhex("1600 0400 00000000")
INVALID_MEMBER = bytes.fromhex("1600 0500 00000000")

DOORBELL = NotifyAddress(BarOwner.MEMBER, 4, 0x10)


def fresh(members: int = 2, notify: tuple[NotifyAddress, ...] = (DOORBELL,)) -> Dpu:
    """An owner just after reset."""
    description = describe("net", features=0x20, queues=(256, 256), config=NET_CONFIG, notify=notify)
    return Dpu([description] * members)


def in_use(notify: tuple[NotifyAddress, ...] = (DOORBELL,)) -> Dpu:
    """An owner with opcodes 0 to 6 in use."""
    dpu = fresh(notify=notify)
    assert dpu.owner.execute(command(1, 0, b"\x7f" + bytes(7)), 8) == OK
    return dpu


def command(opcode: int, member: int, data: bytes = b"", group: int = 1) -> bytes:
    return opcode.to_bytes(2, "little") + group.to_bytes(2, "little") + bytes(12) + member.to_bytes(8, "little") + data


def write(opcode: int, member: int, offset: int, data: bytes) -> bytes:
    return command(opcode, member, bytes((offset,)) + bytes(7) + data)


def read(opcode: int, member: int, offset: int) -> bytes:
    return command(opcode, member, bytes((offset,)))


# Lists.


def test_GD8_only_the_lists_are_in_use_at_first() -> None:
    dpu = fresh()
    for opcode in range(0x20):
        expected = {0: OK + b"\x7f" + bytes(7), 1: OK}.get(opcode, INVALID_OPCODE)
        assert dpu.owner.execute(command(opcode, 0), 72) == expected


def test_GD9_GD10_the_list_in_use_is_the_supplied_list() -> None:
    dpu = fresh()
    assert dpu.owner.execute(command(1, 0, b"\x3f" + bytes(7)), 8) == OK
    assert dpu.owner.execute(read(3, 1, 18), 9) == OK + b"\0"
    assert dpu.owner.execute(command(6, 1), 72) == INVALID_OPCODE
    assert dpu.owner.execute(command(1, 0, b"\x43" + bytes(7)), 8) == OK
    assert dpu.owner.execute(read(3, 1, 18), 9) == INVALID_OPCODE
    assert dpu.owner.execute(command(6, 1), 72)[:8] == OK


def test_GD10_every_opcode_outside_the_list_fails() -> None:
    dpu = in_use()
    for opcode in (7, 8, 9, 0xA, 0xB, 0xC, 0xD, 0x11, 0x12, 0x3F, 0x40, 0x7FFF, 0x8000, 0xFFFF):
        assert dpu.owner.execute(command(opcode, 1), 72) == INVALID_OPCODE


def test_GR7_a_list_may_shut_out_the_lists() -> None:
    dpu = fresh()
    assert dpu.owner.execute(command(1, 0, b"\x3c" + bytes(7)), 8) == OK
    assert dpu.owner.execute(command(0, 0), 16) == INVALID_OPCODE
    assert dpu.owner.execute(command(1, 0, b"\x7f" + bytes(7)), 8) == INVALID_OPCODE
    assert dpu.owner.execute(read(3, 1, 18), 9) == OK + b"\0"


@pytest.mark.parametrize(
    "wanted", [b"\x80" + bytes(7), b"\xff" + bytes(7), bytes(7) + b"\x80", bytes(8) + b"\1" + bytes(7)]
)
def test_GD6_GD4_LIST_USE_of_an_unknown_command_fails_and_changes_nothing(wanted: bytes) -> None:
    dpu = in_use()
    assert dpu.owner.execute(command(1, 0, wanted), 8) == INVALID_FIELD
    assert dpu.owner.in_use == 0x7F


def test_QD1_QD2_LIST_USE_takes_a_short_array_and_zero_words() -> None:
    dpu = fresh()
    assert dpu.owner.execute(command(1, 0, b"\x3f"), 8) == OK
    assert dpu.owner.in_use == 0x3F
    assert dpu.owner.execute(command(1, 0, b"\x7f" + bytes(31)), 8) == OK
    assert dpu.owner.in_use == 0x7F
    assert dpu.owner.execute(command(1, 0), 8) == OK
    assert dpu.owner.in_use == 0


def test_A5_LIST_commands_are_not_checked_for_a_member() -> None:
    dpu = fresh()
    for member_id in (0, 1, 99):
        assert dpu.owner.execute(command(0, member_id), 16) == OK + b"\x7f" + bytes(7)


def test_A4_GD13_without_VF_enable_there_is_no_group_but_the_lists_answer() -> None:
    dpu = in_use()
    dpu.owner.vf_enable = False
    assert dpu.owner.execute(command(0, 0), 16) == OK + b"\x7f" + bytes(7)
    assert dpu.owner.execute(command(1, 0, b"\x3f" + bytes(7)), 8) == OK
    assert dpu.owner.execute(read(3, 1, 18), 9) == INVALID_GROUP
    assert dpu.owner.execute(command(6, 1), 72) == INVALID_GROUP
    dpu.owner.vf_enable = True
    assert dpu.owner.execute(read(3, 1, 18), 9) == OK + b"\0"


# Precedence.


@pytest.mark.parametrize(
    ("opcode", "group", "member_id", "expected"),
    [
        (3, 1, 1, OK + b"\0"),
        (3, 0, 1, INVALID_GROUP),
        (3, 2, 1, INVALID_GROUP),
        (0, 0, 0, INVALID_GROUP),
        (0xFF, 2, 99, INVALID_GROUP),
        (0xFF, 1, 99, INVALID_OPCODE),
        (0xFF, 1, 1, INVALID_OPCODE),
        (3, 1, 0, INVALID_MEMBER),
        (3, 1, 3, INVALID_MEMBER),
        (3, 1, 2**64 - 1, INVALID_MEMBER),
        (3, 1, 1 << 32 | 1, INVALID_MEMBER),
    ],
)
def test_GD1_GD2_GD14_group_before_opcode_before_member(
    opcode: int, group: int, member_id: int, expected: bytes
) -> None:
    assert in_use().owner.execute(command(opcode, member_id, b"\x12", group), 9) == expected


@pytest.mark.parametrize("opcode", [2, 3, 4, 5, 6])
def test_GD2_member_before_field(opcode: int) -> None:
    assert in_use().owner.execute(command(opcode, 9, b"\xff"), 8) == INVALID_MEMBER


def test_GD4_an_invalid_command_changes_no_member() -> None:
    dpu = in_use()
    before = [dpu.snapshot(1), dpu.snapshot(2)]
    for wrong in (
        write(2, 0, 18, b"\1"),
        write(2, 3, 18, b"\1"),
        write(2, 1, 18, b"\1\1"),
        write(2, 1, 20, b"\0\0"),
        write(4, 1, 5, b"\0\0"),
        write(4, 1, 28, b"\0"),
        command(2, 1, bytes((18,)) + bytes(7) + b"\1", group=2),
    ):
        assert dpu.owner.execute(wrong, 8)[:2] == b"\x16\0"
    assert [dpu.snapshot(1), dpu.snapshot(2)] == before


# Legacy accesses.


def test_LD5_op_2_writes_and_op_3_reads_the_common_registers() -> None:
    dpu = in_use()
    assert dpu.owner.execute(read(3, 2, 0), 12) == OK + b"\x20\0\0\0"
    assert dpu.owner.execute(write(2, 2, 14, b"\1\0"), 8) == OK
    assert dpu.owner.execute(write(2, 2, 8, b"\x78\x56\x34\x12"), 8) == OK
    assert dpu.owner.execute(read(3, 2, 8), 12) == OK + b"\x78\x56\x34\x12"
    assert [queue.pfn for queue in dpu.snapshot(2).queues] == [0, 0x12345678]
    assert [queue.pfn for queue in dpu.snapshot(1).queues] == [0, 0]


def test_LD5_op_4_writes_and_op_5_reads_the_device_configuration() -> None:
    dpu = in_use()
    assert dpu.owner.execute(read(5, 1, 0), 14) == OK + MAC
    assert dpu.owner.execute(read(5, 1, 5), 9) == OK + b"\x56"
    assert dpu.owner.execute(write(4, 1, 0, b"\x02"), 8) == OK
    assert dpu.owner.execute(read(5, 1, 0), 14) == OK + b"\x02" + MAC[1:]
    assert dpu.owner.execute(read(5, 2, 0), 14) == OK + MAC


@pytest.mark.parametrize(
    ("opcode", "offset", "length"),
    [
        (3, 0, 5),
        (3, 2, 4),
        (3, 12, 4),
        (3, 18, 2),
        (3, 19, 2),
        (3, 20, 1),
        (3, 24, 1),
        (3, 255, 1),
        (5, 0, 7),
        (5, 28, 1),
    ],
)
def test_LD3_LD4_A3_outside_a_single_field_is_INVALID_FIELD(opcode: int, offset: int, length: int) -> None:
    dpu = in_use()
    assert dpu.owner.execute(read(opcode, 1, offset), 8 + length) == INVALID_FIELD
    assert dpu.owner.execute(write(opcode - 1, 1, offset, bytes(length)), 8) == INVALID_FIELD


def test_LD3_B4_common_registers_follow_the_members_own_msix_enable() -> None:
    dpu = in_use()
    dpu.port(1).config_write(0x43, b"\x80")
    assert dpu.owner.execute(read(3, 1, 20), 10) == OK + b"\xff\xff"
    assert dpu.owner.execute(read(3, 2, 20), 10) == INVALID_FIELD


@pytest.mark.parametrize("opcode", [2, 4])
def test_B6_a_write_without_data_fails(opcode: int) -> None:
    assert in_use().owner.execute(write(opcode, 1, 0, b""), 8) == INVALID_FIELD


@pytest.mark.parametrize("opcode", [3, 5])
@pytest.mark.parametrize("reply_len", [0, 1, 4, 8])
def test_B6_QD1_a_read_without_room_fails_and_is_cut(opcode: int, reply_len: int) -> None:
    assert in_use().owner.execute(read(opcode, 1, 0), reply_len) == INVALID_FIELD[:reply_len]


def test_B6_GD4_an_ISR_read_without_room_leaves_the_bits() -> None:
    dpu = in_use()
    dpu.device(1).registers.config_changed()
    dpu.owner.execute(read(3, 1, 19), 8)
    assert dpu.owner.execute(read(3, 1, 19), 9) == OK + b"\2"
    assert dpu.owner.execute(read(3, 1, 19), 9) == OK + b"\0"


# Buffers.


def test_A9_reserved_bytes_are_ignored() -> None:
    dpu = in_use()
    noisy = b"\x02\0\x01\0" + b"\xff" * 12 + b"\x01" + bytes(7) + b"\x12" + b"\xff" * 7 + b"\x03"
    assert dpu.owner.execute(noisy, 8) == OK
    assert dpu.snapshot(1).status == 3


def test_QD1_a_short_command_counts_as_zeros() -> None:
    dpu = in_use()
    assert dpu.owner.execute(b"", 16) == INVALID_GROUP  # all zeros: group 0
    assert dpu.owner.execute(b"\0\0\1", 16) == OK + b"\x7f" + bytes(7)
    assert dpu.owner.execute(b"\3\0\1\0" + bytes(12) + b"\2", 12) == OK + b"\x20\0\0\0"  # member 2, offset 0
    assert dpu.owner.execute(command(5, 1), 14) == OK + MAC
    assert dpu.owner.execute(command(2, 1, b"\x12"), 8) == INVALID_FIELD  # no data


@pytest.mark.parametrize("room", [0, 1, 2, 7, 8, 20, 71, 72])
def test_QD1_output_that_does_not_fit_is_dropped(room: int) -> None:
    whole = OK + bytes.fromhex("02 04 000000000000 1000000000000000") + bytes(48)
    assert in_use().owner.execute(command(6, 1), room) == whole[:room]


def test_QD1_a_write_without_room_for_its_status_still_happens() -> None:
    dpu = in_use()
    assert dpu.owner.execute(write(2, 1, 18, b"\1"), 0) == b""
    assert dpu.snapshot(1).status == 1


def test_QD2_extra_bytes_are_ignored_and_the_used_length_is_real() -> None:
    dpu = in_use()
    assert dpu.owner.execute(read(3, 1, 0) + b"\xff" * 7, 12) == OK + b"\x20\0\0\0"
    assert dpu.owner.execute(command(6, 1, b"\xff" * 40), 1000)[72:] == b""
    assert len(dpu.owner.execute(command(6, 1), 1000)) == 72
    assert dpu.owner.execute(write(2, 1, 18, b"\1"), 1000) == OK
    assert dpu.owner.execute(command(0, 0, b"\xff" * 8), 1000) == OK + b"\x7f" + bytes(7)
    assert dpu.owner.execute(command(6, 9), 1000) == INVALID_MEMBER


def test_QD6_status_and_qualifier_are_written_as_far_as_there_is_room() -> None:
    assert in_use().owner.execute(command(0xFF, 1), 3) == b"\x16\0\x02"


# NOTIFY_INFO.


def test_LD9_C1_three_entries_and_a_terminator() -> None:
    addresses = (
        NotifyAddress(BarOwner.MEMBER, 2, 0x1002),
        NotifyAddress(BarOwner.MEMBER, 4, 0),
        NotifyAddress(BarOwner.MEMBER, 5, 0xFFFE),
    )
    assert in_use(addresses).owner.execute(command(6, 2), 72) == OK + bytes.fromhex(
        "0202 000000000000 0210000000000000"
        "0204 000000000000 0000000000000000"
        "0205 000000000000 feff000000000000"
        "0000 000000000000 0000000000000000"
    )


def test_LD9_no_entry_is_all_terminators() -> None:
    assert in_use(()).owner.execute(command(6, 1), 72) == bytes(72)


@pytest.mark.parametrize(("bar", "offset"), [(0, 0), (6, 0), (4, 1), (4, 0xFFF)])
def test_LD10_LD11_no_device_advertises_an_invalid_address(bar: int, offset: int) -> None:
    with pytest.raises(ValueError, match="notification address"):
        NotifyAddress(BarOwner.MEMBER, bar, offset)


def test_LD10_C1_no_member_advertises_outside_a_bar_or_more_than_three() -> None:
    legacy = describe("net").legacy
    with pytest.raises(ValueError, match="inside its BAR"):
        MemberDescription(legacy, (DOORBELL,), (0, 4096, 0, 0, 0x10, 0))
    with pytest.raises(ValueError, match="three"):
        describe("net", notify=(DOORBELL,) * 4)
    with pytest.raises(ValueError, match="six"):
        MemberDescription(legacy, (), (0, 4096))


@pytest.mark.parametrize("supported", [0b0000111, 0b0011111, 0b0111011, 0b1000011, 0b1111011])
def test_LD1_LD8_no_owner_supports_some_of_2_to_5_or_6_without_them(supported: int) -> None:
    with pytest.raises(ValueError, match=r"2 to 5 come together \(LD1\), and 6 comes with them \(LD8\)"):
        Dpu([describe("rng")], supported=supported)


@pytest.mark.parametrize("supported", [0b0000011, 0b0111111, 0b1111111])
def test_LD1_LD8_none_of_them_all_of_them_and_6_besides(supported: int) -> None:
    dpu = Dpu([describe("rng")], supported=supported)
    assert dpu.owner.execute(command(0, 0), 16) == OK + bytes((supported,)) + bytes(7)


def test_LD13_BAR0_of_a_member_is_hardwired_to_zero() -> None:
    plain = describe("net", notify=(DOORBELL,))
    assert plain.bar_lengths[0] == 0
    with pytest.raises(ValueError, match="BAR0 of a member is hardwired to zero"):
        MemberDescription(plain.legacy, plain.notify, (4096, *plain.bar_lengths[1:]))
    dpu = Dpu([plain])
    dpu.port(1).config_write(0x10, b"\xff" * 4)
    assert dpu.port(1).config_read(0x10, 4) == bytes(4)


def test_GD3_status_is_OK_after_success_and_another_after_failure() -> None:
    dpu = in_use()
    for done in (
        command(0, 0),
        command(1, 0, b"\x7f" + bytes(7)),
        read(3, 1, 18),
        write(2, 1, 18, b"\1"),
        command(6, 1),
    ):
        assert dpu.owner.execute(done, 9)[:4] == bytes(4)
    for failed in (command(7, 1), command(0, 0, group=2), read(3, 9, 18), read(3, 1, 20), write(4, 1, 28, b"\0")):
        assert dpu.owner.execute(failed, 9)[:2] == b"\x16\0"


def test_GD5_QD8_no_command_fails_in_another_way_than_with_EINVAL_which_changes_nothing() -> None:
    payloads = (b"", b"\x14", b"\x0d" + bytes(7) + b"\1\1\1\1", b"\xff" * 16)
    succeeded = set()
    for opcode, group, member, data in product((*range(0x14), 0x7FFF, 0xFFFF), (0, 1, 2), (0, 1, 3, 2**63), payloads):
        dpu = in_use()
        before = dpu.snapshot(1), dpu.snapshot(2), dpu.owner.in_use
        reply = dpu.owner.execute(command(opcode, member, data, group), 8 + 3)
        if reply[:2] == b"\0\0":
            succeeded.add((opcode, group))
        else:
            assert reply[:2] == b"\x16\0"
            assert (dpu.snapshot(1), dpu.snapshot(2), dpu.owner.in_use) == before
    assert succeeded == {(0, 1), (1, 1), (3, 1), (5, 1), (6, 1)}


@pytest.mark.parametrize("group", [0, 2, 0xFFFF])
def test_GD7_a_list_for_another_group_type_is_none_of_this_one(group: int) -> None:
    dpu = in_use()
    assert dpu.owner.execute(command(1, 0, b"\x03" + bytes(7), group), 8) == INVALID_GROUP
    assert dpu.owner.in_use == 0x7F
    assert dpu.owner.execute(read(3, 1, 18), 9) == OK + b"\0"


def test_GD11_the_list_of_supported_commands_stays_whatever_is_used() -> None:
    dpu = fresh()
    for wanted in (0x03, 0x3F, 0x43, 0x7F, 0x01):
        assert dpu.owner.execute(command(0, 0), 16) == OK + b"\x7f" + bytes(7)
        dpu.owner.execute(command(1, 0, bytes((wanted,)) + bytes(7)), 8)
    assert dpu.owner.execute(command(0, 0), 16) == OK + b"\x7f" + bytes(7)


@pytest.mark.parametrize("room", [0, 1, 2, 4, 7, 8, 9, 40, 71, 72, 73, 200])
def test_QD3_the_writable_part_is_initialised_up_to_the_shorter_length(room: int) -> None:
    assert len(in_use().owner.execute(command(6, 1), room)) == min(room, 72)


def test_LD8_an_owner_without_6_says_so() -> None:
    dpu = Dpu([describe("rng")], supported=0x3F)
    assert dpu.owner.execute(command(0, 0), 16) == OK + b"\x3f" + bytes(7)
    assert dpu.owner.execute(command(1, 0, b"\x7f" + bytes(7)), 8) == INVALID_FIELD


@pytest.mark.parametrize("supported", [0, 0x7E, 0xFF, 1 << 40 | 0x7F])
def test_an_owner_supports_the_lists_and_what_it_knows(supported: int) -> None:
    with pytest.raises(ValueError, match="supports"):
        Dpu([describe("rng")], supported=supported)


# Doorbells.


def rung(dpu: Dpu, member_id: int) -> tuple[int, ...]:
    return dpu.snapshot(member_id).notified


def with_rings(dpu: Dpu) -> Dpu:
    """Both queues of both members have a ring."""
    for member_id in (1, 2):
        for queue in (0, 1):
            dpu.owner.execute(write(2, member_id, 14, bytes((queue, 0))), 8)
            dpu.owner.execute(write(2, member_id, 8, b"\1\0\0\0"), 8)
    return dpu


def test_LD7_a_doorbell_is_op_2_at_queue_notify() -> None:
    by_bell, by_command = with_rings(in_use()), with_rings(in_use())
    for queue in (0, 1, 1, 2, 0xFFFF):
        by_bell.port(2).doorbell(2, 4, 0x10, queue)
        by_command.owner.execute(write(2, 2, 16, queue.to_bytes(2, "little")), 8)
        assert by_bell.snapshot(2) == by_command.snapshot(2)
    assert rung(by_bell, 2) == (1, 2)
    assert rung(by_bell, 1) == (0, 0)


@pytest.mark.parametrize(
    ("bar_owner", "bar", "offset"), [(1, 4, 0x10), (2, 3, 0x10), (2, 4, 0x12), (2, 4, 0), (3, 4, 0x10)]
)
def test_LD7_elsewhere_a_write_has_no_effect(bar_owner: int, bar: int, offset: int) -> None:
    dpu = with_rings(in_use())
    before = [dpu.snapshot(1), dpu.snapshot(2)]
    dpu.port(1).doorbell(bar_owner, bar, offset, 0)
    assert [dpu.snapshot(1), dpu.snapshot(2)] == before


def test_LD7_LD12_an_address_in_the_owners_BAR_belongs_to_its_member() -> None:
    dpu = Dpu(
        [describe("rng", queues=(8,), notify=(NotifyAddress(BarOwner.OWNER, 2, 4 * index),)) for index in range(2)]
    )
    dpu.owner.execute(command(1, 0, b"\x7f" + bytes(7)), 8)
    for member_id in (1, 2):
        dpu.owner.execute(write(2, member_id, 8, b"\1\0\0\0"), 8)
    dpu.port(1).doorbell(1, 2, 4, 0)
    assert (rung(dpu, 1), rung(dpu, 2)) == ((0,), (1,))
    dpu.port(1).doorbell(1, 2, 0, 0)
    assert (rung(dpu, 1), rung(dpu, 2)) == ((1,), (1,))


def test_LD7_every_advertised_address_rings() -> None:
    addresses = (DOORBELL, NotifyAddress(BarOwner.MEMBER, 2, 0), NotifyAddress(BarOwner.MEMBER, 4, 0x20))
    dpu = with_rings(in_use(addresses))
    for bar, offset in ((4, 0x10), (2, 0), (4, 0x20)):
        dpu.port(1).doorbell(2, bar, offset, 1)
    assert rung(dpu, 1) == (0, 3)


def test_an_address_of_the_owner_is_advertised_once_and_inside_its_BAR() -> None:
    shared = describe("rng", notify=(NotifyAddress(BarOwner.OWNER, 2, 0),))
    with pytest.raises(ValueError, match="twice"):
        Dpu([shared, shared])
    with pytest.raises(ValueError, match="inside its BAR"):
        Dpu([shared], owner_bars=(0, 0, 1, 0, 0, 0))


def test_BAR_lengths_of_owner_and_member() -> None:
    dpu = Dpu(
        [describe("rng", notify=(NotifyAddress(BarOwner.OWNER, 2, 0x1FFE), NotifyAddress(BarOwner.MEMBER, 4, 0x2000)))]
    )
    port = dpu.port(1)
    assert [port.bar_len(1, bar) for bar in range(7)] == [0, 0, 0x2000, 0, 0, 0, 0]
    assert [port.bar_len(2, bar) for bar in range(7)] == [0, 0x1000, 0, 0, 0x4000, 0, 0]
    assert port.bar_len(3, 1) == 0


@pytest.mark.parametrize(("vectors", "length"), [(1, 0x1000), (254, 0x1000), (255, 0x2000), (2048, 0x10000)])
def test_BAR1_holds_the_msix_table_and_its_pending_bits(vectors: int, length: int) -> None:
    assert Dpu([describe("rng", vectors=vectors)]).port(1).bar_len(2, 1) == length


@pytest.mark.parametrize(
    ("bar", "offset", "length"), [(1, 0xFFE, 0x1000), (4, 0xFFE, 0x1000), (5, 0x1000, 0x2000), (5, 0, 0x1000)]
)
def test_LD10_a_described_BAR_holds_its_address(bar: int, offset: int, length: int) -> None:
    dpu = Dpu([describe("rng", notify=(NotifyAddress(BarOwner.MEMBER, bar, offset),))])
    assert dpu.port(1).bar_len(2, bar) == length


# Function-level reset.


def test_B25_function_level_reset_of_one_member() -> None:
    dpu = with_rings(in_use())
    before = dpu.snapshot(2)
    port = dpu.port(1)
    port.config_write(4, b"\x06\x04")
    port.config_write(0x43, b"\xc0")
    dpu.owner.execute(write(2, 1, 18, b"\7"), 8)
    dpu.owner.execute(write(2, 1, 20, b"\1\0"), 8)
    dpu.owner.execute(write(4, 1, 0, b"\2"), 8)
    dpu.owner.execute(write(2, 1, 16, b"\1\0"), 8)
    dpu.reset(1)
    shown = dpu.snapshot(1)
    assert (shown.status, shown.config_vector, shown.msix, shown.config) == (0, 0xFFFF, False, NET_CONFIG)
    assert [(queue.size, queue.pfn, queue.vector) for queue in shown.queues] == [(256, 0, 0xFFFF)] * 2
    assert shown.notified == (0, 1)
    assert port.config_read(4, 2) == b"\0\0"
    assert port.config_read(0x42, 2) == b"\x02\0"
    assert dpu.snapshot(2) == before
    assert dpu.owner.in_use == 0x7F


@pytest.mark.parametrize("member_id", [-1, 0, 3])
def test_there_are_no_other_members(member_id: int) -> None:
    with pytest.raises(ValueError, match="no member"):
        in_use().port(member_id)
