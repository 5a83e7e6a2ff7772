# SPDX-License-Identifier: Apache-2.0
"""Running a system on Python values: interposers on one concrete device, and a list of what happens.

The same definitions that are proved are executed here. What a guest is shown depends on who calls: a
caller that looks at the result, or one that fills the buffer with ones first and shows the buffer.
A straight wire is straight for both.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from straightwire.model.clauses import CORE, Incident, Step
from straightwire.model.commands import REPLY_HEADER_LEN
from straightwire.model.term import low_bytes
from straightwire.model.vocabulary import (
    NO_DOORBELL,
    PAYLOAD_BITS,
    Access,
    Event,
    Operation,
    OpKind,
    Reply,
    Transport,
)
from straightwire.model.wire import bytes_of, pack, signed, word_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from straightwire.model.interposer import Interposer
    from straightwire.model.vocabulary import Doorbell, Outcome, Own

BLANK = Reply(0, 0)
"""Stands for an answer where nothing was asked."""


def opened(own: Own, doorbell: Doorbell = NO_DOORBELL) -> Transport:
    """Transport state of a freshly opened relay: I/O decode and MSI-X off, BAR0 zero."""
    return Transport(own, doorbell, decode=False, msix=False, bar0=0)


def _number(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError("a system runs on concrete values")
    return value


@dataclass
class TellTale:
    """A device that shows in every read which operations reached it, of whom, with which bytes, in which order.

    ``status`` and ``qualifier`` are answered to every command.
    """

    status: int = 0
    qualifier: int = 0
    seen: int = field(default=1)

    def run(self, operation: Operation) -> Reply:
        call = pack(operation)
        length = _number(call.sent_len)
        text = bytes_of(call.sent, length)
        where = (operation.member, call.kind, length, call.reply_len, call.bar_owner, call.bar, call.offset)
        self.seen = zlib.crc32(text + repr([_number(part) for part in where]).encode(), self.seen)
        # Bit 7 is never set, so that no byte looks like the all ones of a failure; bit 5 always is.
        data = bytes(byte & 0x7F | 0x20 for byte in self.seen.to_bytes(4, "little")) * (PAYLOAD_BITS // 32)
        if operation.shape.kind != OpKind.COMMAND:
            return Reply(word_of(data), len(data))
        header = word_of(self.status.to_bytes(2, "little") + self.qualifier.to_bytes(2, "little"))
        return Reply(header | word_of(data) << 8 * REPLY_HEADER_LEN, REPLY_HEADER_LEN + len(data))


@dataclass(frozen=True)
class Seat:
    """One guest's place in a system: the interposer on its member, and the transport state it starts from."""

    interposer: Interposer
    transport: Transport


@dataclass(frozen=True)
class Seen:
    """What one event led to: at which seat, the outcome where it was an access, and the clauses it broke."""

    seat: int
    happening: Access | Event
    outcome: Outcome | None
    broken: tuple[str, ...]


@dataclass(frozen=True)
class Reached:
    """An operation that reached the device: from which seat, caused by which event, within which event's call.

    ``within`` is one more than the last event's index for what comes after all calls.
    """

    seat: int
    cause: int
    within: int
    operation: Operation


@dataclass(frozen=True)
class Course:
    """A whole run: what each event led to, and what reached the device in which order."""

    seen: tuple[Seen, ...]
    reached: tuple[Reached, ...]

    @property
    def in_order(self) -> bool:
        """C-ORDER: every operation reached the device within the call that caused it."""
        return all(each.cause == each.within for each in self.reached)


def run_together(
    seats: Sequence[Seat], device: Callable[[Operation], Reply], schedule: Iterable[tuple[int, Access | Event]]
) -> Course:
    """Let things happen at several seats, one after the other. A late operation reaches the device one event later."""
    transports = [seat.transport for seat in seats]
    seen: list[Seen] = []
    reached: list[Reached] = []
    waiting: list[tuple[int, int, Operation]] = []

    def reach(seat: int, cause: int, within: int, operation: Operation) -> Reply:
        reached.append(Reached(seat, cause, within, operation))
        return device(operation)

    for index, (seat, happening) in enumerate(schedule):
        interposer, transport = seats[seat].interposer, transports[seat]
        overdue, waiting = waiting, []
        outcome = None
        if isinstance(happening, Event):
            reaction = interposer.react(transport, happening)
            if reaction.issues:
                reach(seat, index, index, reaction.operation)
            incident = Incident(transport, happening, reaction)
            broken = tuple(clause.id for clause in CORE if clause.of_event(incident) is not True)
            transports[seat] = reaction.transport
        else:
            request = interposer.begin(transport, happening)
            reply = BLANK
            if request.issues and request.late:
                waiting.append((seat, index, request.operation))
            elif request.issues:
                reply = reach(seat, index, index, request.operation)
            response = interposer.end(transport, happening, reply)
            if response.again:
                reach(seat, index, index, request.operation)
            step = Step(transport, happening, request, reply, response)
            broken = tuple(clause.id for clause in CORE if clause.of_step(step) is not True)
            transports[seat], outcome = response.transport, response.outcome
        seen.append(Seen(seat, happening, outcome, broken))
        for late_seat, cause, operation in overdue:
            reach(late_seat, cause, index, operation)
    for late_seat, cause, operation in waiting:
        reach(late_seat, cause, len(seen), operation)
    return Course(tuple(seen), tuple(reached))


def run(
    interposer: Interposer,
    device: Callable[[Operation], Reply],
    transport: Transport,
    happenings: Iterable[Access | Event],
) -> tuple[Seen, ...]:
    """The same with one seat."""
    return run_together([Seat(interposer, transport)], device, ((0, each) for each in happenings)).seen


def looked_at(access: Access, outcome: Outcome) -> bytes | None:
    """What a guest gets from a caller that looks at the result: all ones on failure. None for a write."""
    if access.write:
        return None
    length = _number(access.length)
    return b"\xff" * length if signed(_number(outcome.result)) < 0 else bytes_of(outcome.buffer, length)


def prefilled(access: Access) -> Access:
    """The same access from a caller that fills a read's buffer with ones and shows whatever is in it."""
    if access.write:
        return access
    return replace(access, payload=_number(low_bytes((1 << PAYLOAD_BITS) - 1, access.length, PAYLOAD_BITS)))


def shown_buffer(access: Access, outcome: Outcome) -> bytes | None:
    """What a guest gets from a caller that shows the buffer. None for a write."""
    return None if access.write else bytes_of(outcome.buffer, _number(access.length))
