# SPDX-License-Identifier: Apache-2.0
"""Driving one subject through one trace, and what is seen of it at every event."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from straightwire.reference.abi import Outcome, Relay, RelayError, Subject
from straightwire.reference.lockstep.devices import Call, DeviceState, RecordingPort, device_of, member_of
from straightwire.reference.lockstep.mirror import Doubt
from straightwire.reference.lockstep.trace import Event, EventKind, Trace

REPEATS = 16
"""How often a repeated event is really executed, unless told otherwise."""


@dataclass(frozen=True)
class Observed:
    """What one event led to.

    ``outcome`` is None where the event has none. A subject that raised has its exception in ``raised``. ``doubt``:
    the device itself differs from the model's register file.
    """

    calls: tuple[Call, ...]
    replies: tuple[bytes, ...]
    outcome: Outcome | None
    state: DeviceState
    raised: str = ""
    doubt: Doubt | None = None


@dataclass(frozen=True)
class Run:
    """A subject's whole way through a trace: for each event, what each of its executions led to."""

    subject: str
    events: tuple[tuple[Observed, ...], ...]


class Session:
    """One subject on one fresh device. ``relay`` is None before ``open``, after ``close`` and where ``open`` failed."""

    def __init__(self, subject: Subject, trace: Trace) -> None:
        self.relay: Relay | None = None
        self._subject = subject
        self._member = member_of(trace)
        self._device = device_of(trace)
        self._port = RecordingPort(self._device.port)

    def do(self, event: Event) -> Observed:
        """Let the event happen once."""
        self._device.answer(event.answers)
        outcome, raised = None, ""
        try:
            outcome = self._open() if event.kind is EventKind.OPEN else self._happen(event)
        except Exception as error:  # noqa: BLE001 - a subject that raises is a finding like another
            raised = " ".join(f"{type(error).__name__}: {error}".split())
        calls, replies = self._port.take()
        return Observed(calls, replies, outcome, self._device.state(), raised, self._device.doubt())

    def _open(self) -> Outcome:
        """The window's length, or the error."""
        try:
            self.relay = self._subject.open(self._port, self._member)
        except RelayError as error:
            return Outcome(int(error.code))
        return Outcome(self.relay.bar_size())

    def _happen(self, event: Event) -> Outcome | None:
        kind = event.kind
        if kind is EventKind.INTERRUPT:
            self._device.interrupt(event.config)
        if kind is EventKind.RESET:
            self._device.reset()
        relay = self.relay
        if relay is None:
            return None
        if kind is EventKind.READ:
            return relay.bar_read(event.offset, event.length)
        if kind is EventKind.WRITE:
            return relay.bar_write(event.offset, event.data)
        if kind is EventKind.CONFIG_READ:
            return relay.config_read(event.offset, event.length)
        if kind is EventKind.CONFIG_WRITE:
            return relay.config_write(event.offset, event.data)
        if kind is EventKind.STOP:
            return relay.stop(event.switch)
        if kind is EventKind.SAVE:
            return relay.save(event.length)
        if kind is EventKind.LOAD:
            return relay.load(event.data)
        self._signal(relay, event)
        return None

    def _signal(self, relay: Relay, event: Event) -> None:
        if event.kind is EventKind.MSIX:
            relay.set_msix(event.switch)
        elif event.kind is EventKind.RESET:
            relay.reset()
        elif event.kind is EventKind.TICK:
            relay.tick()
        elif event.kind is EventKind.CLOSE:
            self.relay = None
            relay.close()

    def end(self) -> None:
        """Close what is still open; for good manners, not for evidence."""
        if self.relay is not None:
            self.do(Event(EventKind.CLOSE))


def executions(event: Event, repeats: int = REPEATS) -> Iterator[Event]:
    """The event, as often as it is to be executed; expectations of operations are for each execution."""
    once = replace(event, count=1)
    for _ in range(min(event.count, repeats)):
        yield once


def run(subject: Subject, trace: Trace, repeats: int = REPEATS) -> Run:
    """Drive one subject through a trace; at most ``repeats`` executions of one event."""
    session = Session(subject, trace)
    try:
        seen = tuple(tuple(session.do(once) for once in executions(event, repeats)) for event in trace.events)
    finally:
        session.end()
    return Run(subject.name, seen)
