# SPDX-License-Identifier: Apache-2.0
"""Which clauses of the model a subject breaks at the last event of a trace: the proved formulas, on what was seen.

What was seen is the operations and the outcome. Of transport state, decode and BAR0 show in configuration
space under the overlay; an operation that should come within the call may come after it. Both are looked for
with more events behind the trace, on fresh runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from straightwire.model import commands, pci
from straightwire.model.clauses import CORE, Incident, Step
from straightwire.model.config_space import bar0_seen
from straightwire.model.own_bar import NOTHING
from straightwire.model.vocabulary import (
    Access,
    Operation,
    OpKind,
    Outcome,
    Reaction,
    Reply,
    Request,
    Response,
    Transport,
)
from straightwire.model.vocabulary import Event as ModelEvent
from straightwire.model.vocabulary import EventKind as ModelKind
from straightwire.model.wire import COMMAND_BYTES, spliced, take, unpack, word_of
from straightwire.model.wire import Call as WireCall
from straightwire.reference.abi import Subject
from straightwire.reference.lockstep.devices import Call, member_of
from straightwire.reference.lockstep.model_subject import BLANK, ModelRelay, ModelSubject, prior
from straightwire.reference.lockstep.session import Observed, Session, executions
from straightwire.reference.lockstep.trace import ACCESSES, HOST_REQUESTS, Event, EventKind, Trace

_KINDS = {
    "command": OpKind.COMMAND,
    "doorbell": OpKind.DOORBELL,
    "config-read": OpKind.CONFIG_READ,
    "config-write": OpKind.CONFIG_WRITE,
}
_INCIDENTS = {
    EventKind.MSIX: ModelKind.MSIX,
    EventKind.RESET: ModelKind.RESET,
    EventKind.TICK: ModelKind.TICK,
    EventKind.CLOSE: ModelKind.CLOSE,
}
_PROBE = Event(EventKind.CONFIG_READ, 0, pci.CONFIG_SPACE_LEN)
_LATER = (Event(EventKind.TICK), Event(EventKind.CLOSE))
_ONCE = "C-ONCE"
_RESULT_MASK = (1 << 64) - 1


@dataclass(frozen=True)
class Blame:
    """The clauses broken; ``since`` the index of the earlier event that broke them, None for the last one."""

    clauses: tuple[str, ...]
    since: int | None = None


def blame(suspect: Subject, trace: Trace) -> Blame:
    """What the subject breaks at the last event, or earlier, where nothing but its transport state showed it."""
    for index in range(1, len(trace.events) - 1):
        earlier = replace(trace, events=trace.events[: index + 1])
        if _shadows(suspect, earlier) != _shadows(ModelSubject(), earlier):
            return Blame(_broken(suspect, earlier), index)
    return Blame(_broken(suspect, trace))


def _drive(subject: Subject, trace: Trace) -> tuple[Session, Observed | None]:
    """A session after all events, and what the last one led to."""
    session, seen = Session(subject, trace), None
    for event in trace.events:
        for once in executions(event):
            seen = session.do(once)
    return session, seen


def _shadows(subject: Subject, trace: Trace) -> tuple[bool, int] | None:
    """Decode and BAR0, as configuration space shows them after all events; None where it shows nothing."""
    session, _ = _drive(subject, trace)
    seen = session.do(_PROBE).outcome
    session.end()
    if seen is None or len(seen.payload) < pci.CONFIG_SPACE_LEN:
        return None
    bar0 = word_of(seen.payload[pci.BAR0 : pci.BAR0 + 4])
    return bool(seen.payload[pci.COMMAND] & pci.COMMAND_IO), bar0


def _broken(suspect: Subject, trace: Trace) -> tuple[str, ...]:
    """The clauses that the last event breaks."""
    event = trace.events[-1]
    _, seen = _drive(suspect, trace)
    if seen is None or seen.raised:
        return ()
    if event.kind in ACCESSES:
        step = _step(suspect, trace, seen)
        return () if step is None else _of_step(step)
    if event.kind in _INCIDENTS:
        incident = _incident(suspect, trace, seen)
        return tuple(clause.id for clause in CORE if clause.of_event(incident) is not True)
    _, wanted = _drive(ModelSubject(), trace)
    return () if wanted is None else tuple(_of_request(event, wanted, seen, trace))


def _of_step(step: Step) -> tuple[str, ...]:
    """The clauses that a step breaks. Of an operation that was due and did not come, the rest says nothing."""
    broken = tuple(clause.id for clause in CORE if clause.of_step(step) is not True)
    return (_ONCE,) if _ONCE in broken and not step.request.issues else broken


def _before(trace: Trace) -> Transport | None:
    """The model's transport state before the last event."""
    session, _ = _drive(ModelSubject(), replace(trace, events=trace.events[:-1]))
    relay = session.relay
    return relay.transport if isinstance(relay, ModelRelay) else None


def _after(suspect: Subject, trace: Trace) -> Transport | None:
    """Transport state after the last event: the model's, but with the shadows that the subject shows."""
    session, _ = _drive(ModelSubject(), trace)
    relay = session.relay
    if not isinstance(relay, ModelRelay):
        return None
    shown = _shadows(suspect, trace)
    if shown is None:
        return relay.transport
    decode, bar0 = shown
    after = replace(relay.transport, decode=decode)
    return after if bar0 == bar0_seen(after) else replace(after, bar0=bar0)


def _step(suspect: Subject, trace: Trace, seen: Observed) -> Step | None:
    """The last event as a step of the model."""
    event, before, after = trace.events[-1], _before(trace), _after(suspect, trace)
    if before is None or after is None or seen.outcome is None:
        return None
    write = event.kind in (EventKind.WRITE, EventKind.CONFIG_WRITE)
    length = len(event.data) if write else event.length
    payload = word_of(event.data) if write else prior(length)
    access = Access(event.kind in (EventKind.CONFIG_READ, EventKind.CONFIG_WRITE), write, event.offset, length, payload)
    operations = [operation_of(call, trace) for call in seen.calls]
    late = False
    reply = reply_of(seen.calls[0], seen.replies[0]) if seen.calls else BLANK
    if not operations:
        operations = list(_overdue(suspect, trace))
        late = bool(operations)
    request = Request(bool(operations), late, operations[0] if operations else NOTHING)
    buffer = spliced(payload, word_of(seen.outcome.payload), len(seen.outcome.payload))
    outcome = Outcome(seen.outcome.result & _RESULT_MASK, buffer)
    return Step(before, access, request, reply, Response(outcome, len(operations) > 1, after))


def _overdue(suspect: Subject, trace: Trace) -> Iterator[Operation]:
    """The operation due at the last event, where it comes only after the call."""
    _, wanted = _drive(ModelSubject(), trace)
    if wanted is None:
        return
    session, _ = _drive(suspect, trace)
    for event in _LATER:
        for call in session.do(event).calls:
            if call in wanted.calls:
                yield operation_of(call, trace)
                session.end()
                return


def _incident(suspect: Subject, trace: Trace, seen: Observed) -> Incident:
    """The last event as an incident of the model."""
    event, before = trace.events[-1], _before(trace)
    if before is None:
        raise ValueError("nothing is open")
    after = _after(suspect, trace) or before
    operation = operation_of(seen.calls[0], trace) if seen.calls else NOTHING
    return Incident(
        before,
        ModelEvent(_INCIDENTS[event.kind], event.switch),
        Reaction(bool(seen.calls), operation, after),
    )


def operation_of(call: Call, trace: Trace) -> Operation:
    """The model's operation that a call denotes."""
    data = call.data[:COMMAND_BYTES]
    wire = WireCall(_KINDS[call.kind], word_of(data), len(data), call.length, call.bar_owner, call.bar, call.offset)
    return unpack(wire, member_of(trace).group_member_id)


def reply_of(call: Call, reply: bytes) -> Reply:
    """A device's raw answer as the model's."""
    return Reply(word_of(reply[: call.length]), len(reply))


def _of_request(event: Event, wanted: Observed, seen: Observed, trace: Trace) -> Iterator[str]:
    """Clauses about open and host requests, which have no formula over steps.

    Open: NOTIFY_INFO at most. A request: exactly its commands, of its own member, data byte for byte.
    """
    heads = [_head(calls) for calls in (wanted.calls, seen.calls)]
    if [opcode for opcode, _ in heads[0]] != [opcode for opcode, _ in heads[1]]:
        yield "C-INIT"
    elif [member for _, member in heads[0]] != [member for _, member in heads[1]]:
        yield "C-MEMBER"
    elif wanted.calls != seen.calls:
        yield "C-OPAQUE" if event.kind is EventKind.LOAD else "C-INIT"
    elif event.kind in HOST_REQUESTS and wanted.outcome != seen.outcome:
        same_result = wanted.outcome and seen.outcome and wanted.outcome.result == seen.outcome.result
        yield "C-OPAQUE" if same_result else "C-STATUS"


def _head(calls: Sequence[Call]) -> list[tuple[object, object]]:
    """Opcode and member id of each command."""
    opcode, _, _, member = commands.COMMAND_HEADER
    return [(take(word_of(call.data), opcode), take(word_of(call.data), member)) for call in calls]
