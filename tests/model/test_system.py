# SPDX-License-Identifier: Apache-2.0
"""Several guests on one device: what reaches it in which order, and that none sees another."""

from __future__ import annotations

import pytest

from straightwire.model.interposer import Interposer
from straightwire.model.mediators import MEDIATORS
from straightwire.model.relay import Relay
from straightwire.model.system import Course, Seat, TellTale, opened, run_together
from straightwire.model.vocabulary import Access, Event, EventKind, Operation, Own, Reply

DECODE = Access(True, True, 4, 2, 1)
STATUS_WRITE = Access(False, True, 18, 1, 7)
STATUS_READ = Access(False, False, 18, 1, 0)
NOTIFY = Access(False, True, 16, 2, 1)
ISR_READ = Access(False, False, 19, 1, 0)


class Members:
    """A device whose members share nothing: a tell-tale each."""

    def __init__(self) -> None:
        self.by_id: dict[object, TellTale] = {}

    def run(self, operation: Operation) -> Reply:
        return self.by_id.setdefault(operation.member, TellTale()).run(operation)


def together(interposer: Interposer, schedule: list[tuple[int, Access | Event]]) -> Course:
    """Members 1 and 2, both net, behind two interposers of one kind."""
    seats = [Seat(interposer, opened(Own(member, 1, 28))) for member in (1, 2)]
    return run_together(seats, Members().run, schedule)


def shown_to(course: Course, seat: int) -> list[tuple[object, object]]:
    return [(each.outcome.result, each.outcome.buffer) for each in course.seen if each.seat == seat and each.outcome]


FIRST: list[tuple[int, Access | Event]] = [(0, DECODE), (0, STATUS_READ), (0, ISR_READ)]
BOTH: list[tuple[int, Access | Event]] = [
    (0, DECODE), (1, DECODE), (1, STATUS_WRITE), (0, STATUS_READ), (1, Event(EventKind.RESET, False)), (0, ISR_READ),
]  # fmt: skip


def test_through_relays_a_guest_sees_nothing_of_the_other() -> None:
    alone, beside = together(Relay(), FIRST), together(Relay(), BOTH)
    assert shown_to(beside, 0) == shown_to(alone, 0)
    assert [each.broken for each in beside.seen] == [()] * 6


def test_a_mediator_that_names_another_member_lets_it_see() -> None:
    mediator = MEDIATORS["C-MEMBER"]
    alone, beside = together(mediator, FIRST), together(mediator, BOTH)
    assert shown_to(beside, 0) != shown_to(alone, 0)
    assert [(each.seat, each.broken) for each in beside.seen if each.broken] == [(1, ("C-MEMBER",))]


def test_transport_state_is_each_members_own() -> None:
    course = together(Relay(), [(0, DECODE), (1, STATUS_READ), (0, STATUS_READ)])
    refused, answered = (each.outcome for each in course.seen[1:])
    assert refused is not None
    assert answered is not None
    assert (refused.result, answered.result) == ((1 << 64) - 1, 1)


def test_operations_of_relays_reach_the_device_within_their_calls() -> None:
    course = together(Relay(), [(0, DECODE), (1, DECODE), (0, NOTIFY), (1, NOTIFY), (0, ISR_READ), (1, ISR_READ)])
    assert [(each.seat, each.operation.member, each.operation.shape.offset) for each in course.reached] == [
        (0, 1, 4), (1, 2, 4), (0, 1, 16), (1, 2, 16), (0, 1, 19), (1, 2, 19),
    ]  # fmt: skip
    assert course.in_order


@pytest.mark.parametrize("last", [[], [(1, ISR_READ)]])
def test_posted_notifications_are_out_of_order(last: list[tuple[int, Access | Event]]) -> None:
    course = together(MEDIATORS["C-ORDER"], [(0, DECODE), (0, NOTIFY), *last])
    assert [(each.cause, each.within) for each in course.reached if each.operation.shape.offset == 16] == [(1, 2)]
    assert not course.in_order
