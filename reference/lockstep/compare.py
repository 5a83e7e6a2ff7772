# SPDX-License-Identifier: Apache-2.0
"""Lockstep: several subjects through the same events, each on its own equal device, compared after every event.

Compared are every operation byte for byte, every outcome and the whole state of the device; with the first
subject, which is the yardstick, and with what the trace itself expects; and a DPU with the model's register file.
Any difference is cut to a short trace.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from straightwire.model.commands import COMMAND_HEADER, COMMAND_HEADER_LEN, LEGACY_OPCODES, REPLY_HEADER_LEN, Opcode
from straightwire.model.wire import take, word_of
from straightwire.reference.abi import BarOwner, Outcome, Subject
from straightwire.reference.lockstep.blame import blame
from straightwire.reference.lockstep.devices import Call, DeviceState
from straightwire.reference.lockstep.mirror import DPU, REGISTER_FILE, Doubt
from straightwire.reference.lockstep.model_subject import number
from straightwire.reference.lockstep.session import REPEATS, Observed, Session, executions
from straightwire.reference.lockstep.trace import ACCESSES, READS, BarAddress, Event, EventKind, Trace, Wanted
from straightwire.reference.lockstep.trace_writer import bytes_text, result_text, wanted_text
from straightwire.reference.lockstep.words import calls_words, data_words, outcome_words, state_words

_WRITE_HEADER = COMMAND_HEADER_LEN + 8
_WRITES = (Opcode.LEGACY_COMMON_CFG_WRITE, Opcode.LEGACY_DEV_CFG_WRITE)
_TRANSPORT = (EventKind.CONFIG_WRITE, EventKind.MSIX, EventKind.RESET)


@dataclass(frozen=True)
class Difference:
    """The first difference of a subject, at the last event of ``trace``.

    ``what`` is operation, outcome, state, reply or expectation; ``against`` the yardstick's name, or ``the trace``.
    ``clauses`` are those it breaks; ``since`` the index of an earlier event at which it broke them unseen.
    Where a DPU differs from the model's register file, ``behind`` names the subject that drove it.
    """

    subject: str
    against: str
    what: str
    expected: str
    got: str
    trace: Trace
    clauses: tuple[str, ...] = ()
    since: int | None = None
    behind: str = ""

    @property
    def index(self) -> int:
        """Index of the event at which it shows."""
        return len(self.trace.events) - 1

    @property
    def event(self) -> Event:
        """The event at which it shows."""
        return self.trace.events[-1]


@dataclass(frozen=True)
class Report:
    """What a lockstep run covered, and the first difference if there is one.

    ``recorded`` counts the accesses of the trace with all repeats, ``replayed`` those really executed (by each
    subject). ``difference`` is where it first showed; ``minimal`` the same on the shortest trace found.
    """

    title: str
    subjects: tuple[str, ...]
    events: int
    recorded: int
    replayed: int
    difference: Difference | None = None
    minimal: Difference | None = None

    @property
    def agreed(self) -> bool:
        """No subject differed."""
        return self.difference is None


def lockstep(subjects: Sequence[Subject], trace: Trace, *, repeats: int = REPEATS, minimize: bool = True) -> Report:
    """Drive all subjects through the trace; the first is the yardstick. Stops at the first difference."""
    sessions = [Session(subject, trace) for subject in subjects]
    names = tuple(subject.name for subject in subjects)
    recorded = sum(event.count for event in trace.events if event.kind in ACCESSES)
    replayed = 0
    try:
        for index, event in enumerate(trace.events):
            for once in executions(event, repeats):
                replayed += event.kind in ACCESSES
                seen = [session.do(once) for session in sessions]
                found = _first(names, seen, once, replace(trace, events=trace.events[: index + 1]))
                if found is not None:
                    minimal = _minimal(subjects, found) if minimize else None
                    return Report(trace.title, names, len(trace.events), recorded, replayed, found, minimal)
    finally:
        for session in sessions:
            session.end()
    return Report(trace.title, names, len(trace.events), recorded, replayed)


def _first(names: Sequence[str], seen: Sequence[Observed], event: Event, trace: Trace) -> Difference | None:
    """The first subject that differs from the yardstick, or else from the trace. A yardstick never raises."""
    if seen[0].raised:
        return Difference(names[0], "itself", "outcome", "no exception", f"raised {seen[0].raised}", trace)
    for name, observed in zip(names[1:], seen[1:], strict=True):
        differs = _differs(seen[0], observed, trace)
        if differs is not None:
            return Difference(name, names[0], *differs, trace)
    for name, observed in zip(names, seen, strict=True):
        if observed.doubt is not None:
            return Difference(DPU, REGISTER_FILE, *_doubted(observed.doubt), trace, behind=name)
    for name, observed in zip(names, seen, strict=True):
        unmet = _unmet(event, observed, trace)
        if unmet is not None:
            return Difference(name, "the trace", "expectation", *unmet, trace)
    return None


def _differs(expected: Observed, got: Observed, trace: Trace) -> tuple[str, str, str] | None:
    """What differs, what was expected and what came; None where nothing does."""
    member = trace.member
    if expected.calls != got.calls:
        return "operation", calls_words(expected.calls, member), calls_words(got.calls, member)
    if expected.raised != got.raised:
        return "outcome", _outcome(expected), _outcome(got)
    if expected.outcome != got.outcome:
        return "outcome", _outcome(expected), _outcome(got)
    if expected.state != got.state:
        return "state", *state_words(expected.state, got.state)
    return None


def _doubted(doubt: Doubt) -> tuple[str, str, str]:
    """The same for a DPU and the model's register file."""
    if doubt.reply is not None:
        return "reply", data_words(doubt.reply.register_file), data_words(doubt.reply.dpu)
    return "state", *state_words(DeviceState(doubt.register_file, b""), DeviceState(doubt.dpu, b""))


def _outcome(observed: Observed) -> str:
    return f"raised {observed.raised}" if observed.raised else outcome_words(observed.outcome)


def _unmet(event: Event, observed: Observed, trace: Trace) -> tuple[str, str] | None:
    """An expectation of the trace that was not met: what was expected and what came."""
    outcome = observed.outcome or Outcome(0)
    wrong_bytes = event.payload is not None and outcome.payload != event.payload
    if observed.raised or wrong_bytes or (event.payload and outcome.result < 0):
        return bytes_text(event.payload or b""), _outcome(observed)
    if event.result is not None and outcome.result != event.result:
        return result_text(event.result), _outcome(observed)
    if event.operations is not None:
        wanted = [wanted_text(one) for one in event.operations]
        if wanted != [wanted_text(wanted_of(call)) for call in observed.calls]:
            return "; then ".join(wanted) or "no operation", calls_words(observed.calls, trace.member)
    return None


def wanted_of(call: Call) -> Wanted:
    """An operation, as a trace expects it."""
    if call.kind == "doorbell":
        owner = BarOwner(call.bar_owner).name.lower() if call.bar_owner in (1, 2) else str(call.bar_owner)
        return Wanted("doorbell", word_of(call.data), where=str(BarAddress(owner, call.bar, call.offset)))
    if call.kind != "command":
        return Wanted(call.kind, 0, call.offset, max(len(call.data), call.length))
    opcode = number(take(word_of(call.data), COMMAND_HEADER[0]))
    offset = call.data[COMMAND_HEADER_LEN] if opcode in LEGACY_OPCODES and len(call.data) > COMMAND_HEADER_LEN else 0
    if opcode in _WRITES:
        return Wanted("command", opcode, offset, max(len(call.data) - _WRITE_HEADER, 0))
    return Wanted("command", opcode, offset, max(call.length - REPLY_HEADER_LEN, 0))


def expecting(trace: Trace, subject: Subject) -> Trace:
    """The trace with everything that this subject does as its expectation."""
    session = Session(subject, trace)
    events = []
    for event in trace.events:
        observed = session.do(event)
        outcome = observed.outcome
        events.append(
            replace(
                event,
                # On a failure: nothing, the buffer is as it was.
                payload=outcome.payload if outcome is not None and event.kind in READS else None,
                result=outcome.result if outcome is not None and outcome.result < 0 else None,
                operations=tuple(wanted_of(call) for call in observed.calls),
            )
        )
    session.end()
    return replace(trace, events=tuple(events))


# Cutting a trace


def _minimal(subjects: Sequence[Subject], found: Difference) -> Difference:
    """The shortest trace found that still ends in a difference of this subject, with the clauses it breaks.

    A difference from the trace's own expectation is not cut: without what comes before, there is none to meet.
    """
    yardstick = subjects[0]
    if found.behind:
        return _minimal_doubt(next(subject for subject in subjects if subject.name == found.behind), found)
    if found.what == "expectation" or found.subject == yardstick.name:
        return found
    suspect = next(subject for subject in subjects if subject.name == found.subject)
    events = _cut(_bare(found.trace), lambda shorter: _last(yardstick, suspect, shorter) is not None)
    trace = expecting(replace(found.trace, events=events), yardstick)
    seen = _last(yardstick, suspect, trace)
    if seen is None:  # it does not happen again: show it as it was
        return found
    blamed = blame(suspect, trace)
    return replace(
        found,
        what=seen[0],
        expected=seen[1],
        got=seen[2],
        trace=trace,
        clauses=blamed.clauses,
        since=blamed.since,
    )


def _minimal_doubt(subject: Subject, found: Difference) -> Difference:
    """The shortest trace found at whose last event the DPU and the model's register file part."""
    trace = replace(
        found.trace, events=_cut(_bare(found.trace), lambda shorter: _last_doubt(subject, shorter) is not None)
    )
    doubt = _last_doubt(subject, trace)
    if doubt is None:
        return found
    what, expected, got = _doubted(doubt)
    return replace(found, what=what, expected=expected, got=got, trace=trace)


def _last_doubt(subject: Subject, trace: Trace) -> Doubt | None:
    """The doubt at the last event; None where there is none, or one before it."""
    session = Session(subject, trace)
    last = len(trace.events) - 1
    try:
        for index, event in enumerate(trace.events):
            for once in executions(event):
                doubt = session.do(once).doubt
                if doubt is not None:
                    return doubt if index == last else None
    finally:
        session.end()
    return None


def _bare(trace: Trace) -> Trace:
    """Without expectations, each event once where that is enough."""
    return replace(
        trace, events=tuple(replace(event, payload=None, result=None, operations=None) for event in trace.events)
    )


def _last(yardstick: Subject, suspect: Subject, trace: Trace) -> tuple[str, str, str] | None:
    """How the two differ at the last event; None where they do not, or differ before it."""
    sessions = Session(yardstick, trace), Session(suspect, trace)
    last = len(trace.events) - 1
    try:
        for index, event in enumerate(trace.events):
            for once in executions(event):
                one, other = (session.do(once) for session in sessions)
                differs = _differs(one, other, trace)
                if differs is not None:
                    return differs if index == last else None
    finally:
        for session in sessions:
            session.end()
    return None


def _cut(trace: Trace, differs: Callable[[Trace], bool]) -> tuple[Event, ...]:
    """Leave out ever smaller pieces between open and the last event, as long as the last one still differs."""
    first, middle, last = trace.events[:1], list(trace.events[1:-1]), trace.events[-1:]
    if not middle:
        return trace.events

    def fails(events: list[Event]) -> bool:
        return differs(replace(trace, events=(*first, *events, *last)))

    transport = [event for event in middle if event.kind in _TRANSPORT]
    if fails(transport):  # the usual case, and short
        middle = transport
    size = len(middle)
    while size:
        at = 0
        while at < len(middle):
            without = middle[:at] + middle[at + size :]
            if fails(without):
                middle = without
            else:
                at += size
        size //= 2
    last = tuple(replace(event, count=1) for event in last)
    for at, event in enumerate(middle):
        if event.count > 1:
            once = [*middle[:at], replace(event, count=1), *middle[at + 1 :]]
            if fails(once):
                middle = once
    return (*first, *middle, *last)
