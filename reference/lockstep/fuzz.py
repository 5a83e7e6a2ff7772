# SPDX-License-Identifier: Apache-2.0
"""Fuzzing a relay: ranges of traces as work items, and what becomes of a difference.

A library runs in the engine (``native/lockstep``) against the oracle generated from the model. A subject in Python runs
the same traces against the model itself, at its own pace. Either way a range of traces of a seed always comes to the
same result, so it can be done anywhere, again, or not at all where its result is known. No clock and no randomness.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import straightwire.model as model_room
import straightwire.reference as reference_room
from straightwire.model.registers import DEVICE_TYPES
from straightwire.native import engine
from straightwire.native.engine import Kind, Planned, Seat
from straightwire.reference.abi import BarOwner, Subject
from straightwire.reference.lockstep.compare import Difference, lockstep
from straightwire.reference.lockstep.devices import ScriptedPort
from straightwire.reference.lockstep.library import LibrarySubject
from straightwire.reference.lockstep.model_subject import ModelSubject
from straightwire.reference.lockstep.subjects import subject_named
from straightwire.reference.lockstep.trace import (
    ACCESSES,
    Answer,
    BarAddress,
    Event,
    EventKind,
    ScriptDevice,
    Trace,
    TraceMember,
)
from straightwire.reference.lockstep.trace_writer import write_trace
from straightwire.reference.lockstep.words import difference_lines

CONFIG = bytes(ScriptedPort().config)
"""What the configuration space of a scripted device holds at first."""
_KINDS = {
    Kind.READ: EventKind.READ,
    Kind.WRITE: EventKind.WRITE,
    Kind.CONFIG_READ: EventKind.CONFIG_READ,
    Kind.CONFIG_WRITE: EventKind.CONFIG_WRITE,
    Kind.MSIX: EventKind.MSIX,
    Kind.RESET: EventKind.RESET,
    Kind.TICK: EventKind.TICK,
    Kind.OPENED: EventKind.OPEN,
}
_NAMES = {known.virtio_id: known.name for known in DEVICE_TYPES}
_ROOMS = tuple(Path(str(room.__file__)).resolve().parent for room in (model_room, reference_room))
_LIBRARY_FILES = 2
_SEATS = 2
_CANARY_STEP = 64
_HEADER = 8


@dataclass(frozen=True)
class Found:
    """Where a subject first differs. ``what`` is the engine's word for it."""

    trace: int
    event: int
    seat: int
    what: str


@dataclass(frozen=True)
class Done:
    """What a range of traces came to. ``cells`` counts accesses by coverage cell (none for a subject in Python)."""

    traces: int
    events: int
    accesses: int
    digest: str
    cells: tuple[int, ...]
    found: Found | None


def subject_hash(name: str) -> str:
    """What tells this subject's results from another's: a hash of its code, the engine's and the model's."""
    subject = subject_named(name)
    files = [engine.engine_library()]
    if isinstance(subject, LibrarySubject):
        files.append(subject.library.path)
    else:
        files += sorted(path for room in _ROOMS for path in room.rglob("*.py"))
    digest = hashlib.sha256(name.encode() if len(files) > _LIBRARY_FILES else b"")
    for path in files:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def run_range(name: str, seed: int, first: int, count: int) -> Done:
    """Traces ``first`` to ``first + count - 1`` of a seed, or until the first difference."""
    subject = subject_named(name)
    if not isinstance(subject, LibrarySubject):
        return _run_python(subject, seed, first, count)
    ran = engine.run(subject.library, CONFIG, seed, first, count)
    found = ran.difference
    return Done(
        ran.traces,
        ran.events,
        ran.accesses,
        f"{ran.digest:016x}",
        ran.cells,
        Found(found.trace, found.event, found.seat, found.what.name.lower()) if found else None,
    )


def _run_python(subject: Subject, seed: int, first: int, count: int) -> Done:
    """The same with a subject in Python: one member's events after the other's, compared with the model."""
    digest = hashlib.sha256()
    events = accesses = 0
    for number in range(first, first + count):
        for seat in range(_SEATS):
            trace = trace_of(seed, number, seat)
            digest.update(write_trace(trace).encode())
            report = lockstep([ModelSubject(), subject], trace, minimize=False)
            events += report.events - 1  # the engine counts no open
            accesses += report.replayed
            if report.difference is not None:
                event = _places(seed, number, seat)[report.difference.index]
                place = Found(number, event, seat, report.difference.what)
                return Done(number - first + 1, events, accesses, digest.hexdigest()[:16], (), place)
    return Done(count, events, accesses, digest.hexdigest()[:16], (), None)


def campaign_digest(parts: Iterator[Done]) -> str:
    """One digest of all ranges in order."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(bytes.fromhex(part.digest))
    return digest.hexdigest()[:16]


def catch_canary(seed: int, accesses: int) -> Done:
    """Run the canary until it is caught, or for so many accesses."""
    return catch(engine.canary_library(), seed, accesses)


def catch(library: Path, seed: int, accesses: int) -> Done:
    """Run a library until it differs, or for so many accesses."""
    first = done = 0
    while True:
        part = run_range(str(library), seed, first, _CANARY_STEP)
        done += part.accesses
        first += _CANARY_STEP
        if part.found or done >= accesses:
            return replace(part, traces=first - _CANARY_STEP + part.traces, accesses=done)


# A trace of the engine as one of the text format


def trace_of(seed: int, number: int, seat: int, last: int | None = None) -> Trace:
    """What happens to one member in a trace, up to event ``last`` (0 is open), with its device's answers."""
    seats, planned = engine.export(CONFIG, seed, number)
    opens, rest = planned[:_SEATS], planned[_SEATS:]
    if last is not None:
        rest = rest[:last]
    events = [_event(each) for each in (*opens, *rest) if each.seat == seat]
    if last is not None and last > len(rest):  # one past the last event is close
        events.append(Event(EventKind.CLOSE))
    return Trace(f"seed {seed} trace {number} member {seat}", _member(seats[seat]), _device(seats[seat]), tuple(events))


def _places(seed: int, number: int, seat: int) -> list[int]:
    """The events of one member in a trace, by their place among those of both; open is 0."""
    _, planned = engine.export(CONFIG, seed, number)
    return [0, *(place for place, each in enumerate(planned[_SEATS:], 1) if each.seat == seat)]


def _member(seat: Seat) -> TraceMember:
    return TraceMember(
        _NAMES[seat.virtio_device_id],
        seat.group_member_id,
        seat.device_config_len,
        seat.commands,
        seat.parts_object_id,
    )


def _device(seat: Seat) -> ScriptDevice:
    addresses = (BarAddress(BarOwner(owner).name.lower(), bar, offset) for owner, bar, offset in seat.addresses)
    return ScriptDevice(tuple(addresses))


def _event(planned: Planned) -> Event:
    kind = _KINDS[planned.kind]
    reads = kind in (EventKind.READ, EventKind.CONFIG_READ)
    return Event(
        kind,
        planned.offset,
        planned.length if reads else 0,
        planned.data,
        planned.on,
        answers=_answers(planned),
    )


def _answers(planned: Planned) -> tuple[Answer, ...]:
    """The answer line of an event; none where the device answers as one that is told nothing would."""
    reply = planned.reply
    if reply is None:
        return ()
    status, qualifier = int.from_bytes(reply[:2], "little"), int.from_bytes(reply[2:4], "little")
    used = None if planned.written == len(reply) else planned.written
    plain = status == qualifier == 0 and used is None
    if plain and (planned.kind is Kind.OPENED or len(reply) <= _HEADER):
        return ()
    return (Answer(status, qualifier, reply[_HEADER:], used),)


# What becomes of a difference


def explained(name: str, seed: int, found: Found) -> Difference | None:
    """The difference on the shortest trace found, with the clauses it breaks.

    None where it does not show with that member alone: then it takes both.
    """
    trace = trace_of(seed, found.trace, found.seat, found.event)
    return lockstep([ModelSubject(), subject_named(name)], trace).minimal


def accesses_of(trace: Trace) -> int:
    """How many accesses a trace has."""
    return sum(event.count for event in trace.events if event.kind in ACCESSES)


def pytest_text(difference: Difference, subject: str) -> str:
    """A pytest file that fails as long as the subject differs on this trace."""
    lines = "\n".join(f"# {line}".rstrip() for line in difference_lines(difference))
    return f'''# SPDX-License-Identifier: Apache-2.0
{lines}

from straightwire.reference.lockstep.compare import lockstep
from straightwire.reference.lockstep.subjects import subject_named
from straightwire.reference.lockstep.trace_reader import read_trace

TRACE = """\\
{write_trace(difference.trace)}"""


def test_the_subject_does_as_the_model() -> None:
    report = lockstep([subject_named("model"), subject_named({subject!r})], read_trace(TRACE, "trace"))
    assert report.difference is None
'''
