# SPDX-License-Identifier: Apache-2.0
"""The clauses: each a formula over one step of an arbitrary interposer.

Written from the contract and not from the relay: nothing here calls ``relay.py``. On Python values a
clause computes whether a concrete step kept it, on terms it builds the formula that is proved.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from straightwire.model.commands import SwError
from straightwire.model.config_space import config_seen, config_written
from straightwire.model.route import decodes, due, is_access, route
from straightwire.model.term import both, choose, choose_word, implies, low_bytes, no, same
from straightwire.model.vocabulary import PAYLOAD_BITS, EventKind, same_record
from straightwire.model.wire import answer, error, settle, spliced

if TYPE_CHECKING:
    from collections.abc import Callable

    from straightwire.model.term import Truth, Word
    from straightwire.model.vocabulary import Access, Event, Reaction, Reply, Request, Response, Transport


@dataclass(frozen=True)
class Step:
    """One access through an interposer: what it saw, what it did, what the device said, what it left."""

    transport: Transport
    access: Access
    request: Request
    reply: Reply
    response: Response


@dataclass(frozen=True)
class Incident:
    """One event that is no access, and what the interposer did."""

    transport: Transport
    event: Event
    reaction: Reaction


def _bar(step: Step) -> Truth:
    """An access to the legacy BAR."""
    return both(is_access(step.access), no(step.access.config))


def _causes(step: Step) -> Truth:
    """An access to the BAR that decodes, so that an operation is due."""
    return both(no(step.access.config), due(step.transport, step.access))


def _settled(step: Step) -> tuple[Word, Word]:
    """Status and payload of the reply, for the operation that is due."""
    return settle(route(step.transport, step.access), step.reply)


def _refused(step: Step) -> Truth:
    """An access that PCI does not decode."""
    return both(is_access(step.access), no(decodes(step.transport, step.access)))


def _answered(step: Step) -> Truth:
    """A read whose operation succeeded."""
    happens = both(due(step.transport, step.access), no(step.access.write))
    if happens is False:  # then the reply answers nothing
        return False
    status, _ = _settled(step)
    return both(happens, same(status, 0))


def _once(step: Step) -> Truth:
    expected = decodes(step.transport, step.access)
    return both(same(step.request.issues, expected), no(step.response.again))


def _route(step: Step) -> Truth:
    return same_record(step.request.operation.shape, route(step.transport, step.access))


def _written(step: Step) -> Truth:
    return both(_causes(step), step.access.write)


def _write(step: Step) -> Truth:
    data = low_bytes(step.access.payload, step.access.length, PAYLOAD_BITS)
    return same(step.request.operation.payload, data)


def _read(step: Step) -> Truth:
    operation = step.request.operation
    return both(same(operation.reserved, 0), implies(no(step.access.write), same(operation.payload, 0)))


def _member(step: Step) -> Truth:
    return same(step.request.operation.member, step.transport.own.member)


def _bar_answered(step: Step) -> Truth:
    return step.access.config is not True and both(no(step.access.config), _answered(step))


def _reply(step: Step) -> Truth:
    _, payload = _settled(step)
    return same(step.response.outcome.buffer, spliced(step.access.payload, payload, step.access.length))


def _status(step: Step) -> Truth:
    status, _ = _settled(step)
    return same(step.response.outcome.result, answer(status, step.access.length))


def _refuse(step: Step) -> Truth:
    return same(step.response.outcome.result, error(SwError.REFUSED))


def _unanswered(step: Step) -> Truth:
    return both(is_access(step.access), no(_answered(step)))


def _residue(step: Step) -> Truth:
    return same(step.response.outcome.buffer, step.access.payload)


def _frame(step: Step) -> Truth:
    return same_record(step.response.transport, step.transport)


def _frame_event(incident: Incident) -> Truth:
    """Only the VMM's word changes MSI-X, only a reset clears the shadows, nothing else changes anything."""
    before, after, event = incident.transport, incident.reaction.transport, incident.event
    reset = same(event.kind, EventKind.RESET)
    return both(
        same_record(after.own, before.own),
        same_record(after.doorbell, before.doorbell),
        same(after.decode, both(no(reset), before.decode)),
        implies(reset, same(after.bar0, 0)),
        implies(no(reset), same(after.bar0, before.bar0)),
        same(after.msix, choose(same(event.kind, EventKind.MSIX), event.argument, before.msix)),
    )


def _to_config(step: Step) -> Truth:
    return both(is_access(step.access), step.access.config)


def _config(step: Step) -> Truth:
    access, transport = step.access, step.transport
    operation, outcome = step.request.operation, step.response.outcome
    happens = due(transport, access)
    data = low_bytes(access.payload, access.length, PAYLOAD_BITS)
    _, own = _settled(step)
    seen = config_seen(transport, access.offset, access.length, own)
    stored = both(happens, access.write)
    return both(
        same(step.request.issues, happens),
        no(step.response.again),
        implies(no(stored), same_record(step.response.transport, transport)),
        implies(stored, same_record(step.response.transport, config_written(transport, access))),
        implies(
            happens,
            both(
                same_record(operation.shape, route(transport, access)),
                same(operation.member, transport.own.member),
                same(operation.reserved, 0),
                same(operation.payload, choose_word(access.write, data, 0, PAYLOAD_BITS)),
                same(outcome.result, access.length),
            ),
        ),
        implies(
            both(happens, no(access.write)),
            same(outcome.buffer, spliced(access.payload, seen, access.length)),
        ),
    )


def _no_access(step: Step) -> Truth:
    return no(is_access(step.access))


def _init(step: Step) -> Truth:
    """No operation, result 0, nothing changes."""
    return both(
        no(step.request.issues),
        no(step.response.again),
        same(step.response.outcome.result, 0),
        same(step.response.outcome.buffer, step.access.payload),
        same_record(step.response.transport, step.transport),
    )


def _init_event(incident: Incident) -> Truth:
    return no(incident.reaction.issues)


def _issued(step: Step) -> Truth:
    return step.request.issues


def _order(step: Step) -> Truth:
    return no(step.request.late)


@dataclass(frozen=True)
class Clause:
    """One clause: its id and name, what it says, and its formulas.

    Of an access: ``when`` this holds, ``then`` that must. Of any other event: ``of_event``, where the clause
    speaks of those.
    """

    id: str
    name: str
    says: str
    when: Callable[[Step], Truth]
    then: Callable[[Step], Truth]
    on_event: Callable[[Incident], Truth] | None = None

    def of_step(self, step: Step) -> Truth:
        """Whether one access kept the clause."""
        when = self.when(step)
        return when is False or implies(when, self.then(step))

    def of_event(self, incident: Incident) -> Truth:
        """Whether one other event kept the clause."""
        return True if self.on_event is None else self.on_event(incident)


CORE = (
    Clause(
        "C-ONCE",
        "exactly once",
        "an access that decodes causes exactly one operation; one that does not causes none",
        _bar,
        _once,
    ),
    Clause(
        "C-ROUTE",
        "faithful address",
        "the operation's shape is route(transport, shape), for every payload, hidden state and history",
        _causes,
        _route,
    ),
    Clause("C-WRITE", "verbatim write", "a write's payload reaches the device byte for byte", _written, _write),
    Clause("C-READ", "no smuggling", "a read carries no payload; reserved bytes are zero", _causes, _read),
    Clause("C-MEMBER", "own member", "every command names the interposer's own group member", _causes, _member),
    Clause(
        "C-REPLY",
        "verbatim reply",
        "a successful read gives the guest exactly the reply's payload; bytes the device did not write are zero",
        _bar_answered,
        _reply,
    ),
    Clause(
        "C-STATUS",
        "fixed status",
        "success exactly when the status is 0, else the result is -(0x10000 + status); the qualifier plays no part",
        _causes,
        _status,
    ),
    Clause(
        "C-REFUSE",
        "PCI refusal only",
        "an access is refused exactly when it does not decode, and then with SW_REFUSED",
        _refused,
        _refuse,
    ),
    Clause(
        "C-RESIDUE",
        "no residue",
        "on a failure or a refusal the caller's buffer is as it was: the guest sees nothing of any earlier access",
        _unanswered,
        _residue,
    ),
    Clause(
        "C-FRAME",
        "PCI frame",
        "an access to the BAR changes no transport state; an event changes what PCI says and nothing else",
        _bar,
        _frame,
        _frame_event,
    ),
    Clause(
        "C-CONFIG",
        "honest configuration",
        "configuration space is the member's own under the fixed overlay; a write changes the shadows of exactly the "
        "bytes written; one configuration operation per access",
        _to_config,
        _config,
    ),
    Clause(
        "C-INIT",
        "no initiative",
        "no operation without a guest access or a host request: not on a timer, not on a transport event, not on "
        "close, and on open NOTIFY_INFO at most; a length of 0 is no access",
        _no_access,
        _init,
        _init_event,
    ),
    Clause(
        "C-ORDER",
        "order",
        "the operation of an access reaches the device within its call: each whole before the next begins, none "
        "after the call has returned",
        _issued,
        _order,
    ),
)
"""The independent core: T-SUFFICE needs each of these, and T-NEED shows that none follows from the others."""


@dataclass(frozen=True)
class TwoRuns:
    """The same access in two runs that differ only in hidden state."""

    one: Step
    other: Step


def no_hidden_decisions(runs: TwoRuns) -> Truth:
    """C-STATE: with equal transport state, access and reply, equal operations and outcomes."""
    one, other = runs.one, runs.other
    return both(
        same(one.request.issues, other.request.issues),
        implies(
            one.request.issues,
            both(
                same(one.request.late, other.request.late),
                same_record(one.request.operation, other.request.operation),
            ),
        ),
        same(one.response.again, other.response.again),
        same_record(one.response.outcome, other.response.outcome),
        same_record(one.response.transport, other.response.transport),
    )
