# SPDX-License-Identifier: Apache-2.0
"""Opening: NOTIFY_INFO at most, and the doorbell it gives (rule 8, LR5, LR6)."""

from __future__ import annotations

import struct

import pytest

from straightwire.model.opening import BarLens, Opening, asks, opened
from straightwire.model.vocabulary import NO_DOORBELL, Doorbell, Operation, OpShape, Own, Reply, Transport
from straightwire.model.wire import word_of

OWN = Own(2, 1, 28)
LEGACY = 0b0111101  # opcodes 0 and 2 to 5
WITH_NOTIFY_INFO = LEGACY | 1 << 6
OWNER_LENS = (0x4000, 0, 0, 0, 2**64 - 1)  # of BAR 1 to 5
MEMBER_LENS = (0x1000, 1, 2, 0, 0x2000)

END = (0, 0, 0)
GOOD = (2, 1, 0x100)
GOOD_DOORBELL = Doorbell(True, 2, 1, 0x100)


def reply(*entries: tuple[int, int, int], status: int = 0, written: int | None = None) -> Reply:
    """NOTIFY_INFO's reply: entries of u8 flags, u8 bar, 6 bytes of padding, le64 offset; junk where none is given."""
    data = struct.pack("<H6x", status) + b"".join(struct.pack("<BB6xQ", *entry) for entry in entries)
    return Reply(word_of(data.ljust(72, b"\xa5")), 72 if written is None else written)


def opening(answered: Reply, commands: int = WITH_NOTIFY_INFO) -> Opening:
    return Opening(OWN, commands, answered, BarLens(OWNER_LENS, MEMBER_LENS))


@pytest.mark.parametrize(
    ("entry", "stands"),
    [
        ((2, 1, 0), True),
        ((2, 1, 0xFFE), True),
        ((2, 1, 0x1000), False),
        ((2, 1, 0xFFD), False),
        ((2, 1, 0xFFF), False),
        ((2, 1, 1), False),
        ((2, 1, 2**64 - 2), False),
        ((2, 1, 2**63), False),
        ((2, 2, 0), False),
        ((2, 3, 0), True),
        ((2, 3, 2), False),
        ((2, 4, 0), False),
        ((2, 4, 2**64 - 2), False),
        ((2, 5, 0x1FFE), True),
        ((2, 0, 0), False),
        ((2, 6, 0), False),
        ((2, 255, 0), False),
        ((1, 1, 0x3FFE), True),
        ((1, 1, 0x4000), False),
        ((1, 2, 0), False),
        ((1, 5, 2**64 - 4), True),
        ((1, 5, 2**64 - 2), False),
        ((3, 1, 0), False),
        ((0x82, 1, 0), False),
    ],
)
def test_LR6_an_entry_stands_where_a_notification_fits_its_BAR(entry: tuple[int, int, int], stands: bool) -> None:
    flags, bar, offset = entry
    expected = Doorbell(True, flags, bar, offset) if stands else NO_DOORBELL
    assert opened(opening(reply(entry, END))).doorbell == expected


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        pytest.param([END], NO_DOORBELL, id="none"),
        pytest.param([END, GOOD], NO_DOORBELL, id="past-the-end"),
        pytest.param([(3, 1, 0), END, GOOD], NO_DOORBELL, id="past-the-end-after-a-bad-one"),
        pytest.param([(3, 1, 0), GOOD], GOOD_DOORBELL, id="after-a-bad-one"),
        pytest.param([(2, 1, 1), (2, 0, 0), (2, 6, 0), GOOD], GOOD_DOORBELL, id="fourth-without-an-end"),
        pytest.param([(1, 1, 4), GOOD, END], Doorbell(True, 1, 1, 4), id="the-owners-first"),
        pytest.param([GOOD, (1, 1, 4), END], GOOD_DOORBELL, id="the-members-first"),
        pytest.param([(2, 4, 0), (1, 2, 0), (3, 1, 0), (2, 1, 3)], NO_DOORBELL, id="four-bad-ones"),
    ],
)
def test_LR5_the_first_that_stands_before_the_end_is_taken(
    entries: list[tuple[int, int, int]], expected: Doorbell
) -> None:
    assert opened(opening(reply(*entries))).doorbell == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (0, NO_DOORBELL),
        (8, NO_DOORBELL),
        (9, NO_DOORBELL),  # flags alone: BAR 0 may not be named
        (10, Doorbell(True, 2, 1, 0)),  # flags and BAR: the offset reads as zero
        (17, Doorbell(True, 2, 1, 0)),  # 0x100 is 00 01: the byte that is 1 is missing
        (18, GOOD_DOORBELL),
        (24, GOOD_DOORBELL),
        (2**64 - 1, GOOD_DOORBELL),
    ],
)
def test_A13_a_list_cut_short_reads_as_zeros_from_there_on(written: int, expected: Doorbell) -> None:
    assert opened(opening(reply(GOOD, END, written=written))).doorbell == expected


@pytest.mark.parametrize(("status", "written"), [(22, 72), (11, 72), (0x100, 72), (22, 1)])
def test_there_is_no_doorbell_where_NOTIFY_INFO_fails(status: int, written: int) -> None:
    assert opened(opening(reply(GOOD, status=status, written=written))).doorbell == NO_DOORBELL


def test_NOTIFY_INFO_is_asked_for_the_own_member_where_it_is_in_use() -> None:
    request = asks(opening(reply(END)))
    assert request.issues is True
    assert request.late is False
    assert request.operation == Operation(2, OpShape(0, 6, 1, 0, 64, 0, 0), 0)


def test_nothing_is_asked_and_nothing_taken_where_it_is_not() -> None:
    without = opening(reply(GOOD), commands=LEGACY | 1 << 7)
    assert asks(without).issues is False
    assert opened(without).doorbell == NO_DOORBELL


def test_a_relay_starts_with_decode_and_MSIX_off_and_BAR0_zero() -> None:
    assert opened(opening(reply(GOOD))) == Transport(OWN, GOOD_DOORBELL, False, False, 0)
