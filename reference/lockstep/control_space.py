# SPDX-License-Identifier: Apache-2.0
"""The control space: every shape of an access to BAR0 in every transport state, all of it, counted.

A point is a device type, a layout, I/O decode, a doorbell or none, a direction, an offset and a length. Offsets:
the window, 8 bytes past it, and far ones. Lengths: 0 to 17 and those around 24, 32, the window and 256. At every
point the subjects' operations and outcomes are compared, on scripted devices whose answers depend on every byte of
a command. A write carries bytes without a pattern.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from straightwire.model import pci
from straightwire.model.registers import DEVICE_TYPES, MAX_WINDOW, DeviceType, device_type_named
from straightwire.reference.abi import Outcome, Relay, Subject
from straightwire.reference.lockstep.compare import Difference, lockstep
from straightwire.reference.lockstep.devices import Call, RecordingPort, ScriptedPort, member_of
from straightwire.reference.lockstep.trace import BarAddress, Event, EventKind, ScriptDevice, Trace, TraceMember

FAR_OFFSETS = (1 << 16, (1 << 32) - 1, 1 << 63, (1 << 64) - 1)
PAST_WINDOW = 8
_MEMBER_ID = 3
_DOORBELL = BarAddress("member", 4, 0x3000)
_DECODE = Event(EventKind.CONFIG_WRITE, pci.COMMAND, data=pci.COMMAND_IO.to_bytes(2, "little"))
_PAYLOAD = hashlib.shake_128(b"straightwire control space").digest(MAX_WINDOW + 1)


@dataclass(frozen=True)
class Shard:
    """A part of the control space that is checked on its own: one device type in one layout."""

    device_type: str
    msix: bool


@dataclass(frozen=True)
class Covered:
    """What one shard covered, in points."""

    shard: Shard
    points: int
    difference: Difference | None = None


def window_of(device_type: DeviceType) -> int:
    """Rule 1, counted out."""
    window = 32
    while window < 24 + device_type.config_len:
        window *= 2
    return window


def offsets(window: int) -> tuple[int, ...]:
    """The offsets of a window."""
    return (*range(window + PAST_WINDOW), *FAR_OFFSETS)


def lengths(window: int) -> tuple[int, ...]:
    """The lengths of a window, each once."""
    return tuple(sorted({*range(18), 24, 31, 32, 33, window, window + 1, MAX_WINDOW, MAX_WINDOW + 1}))


def points_of(shard: Shard) -> int:
    """How many points a shard has: 2 decodes x 2 doorbells x 2 directions x offsets x lengths."""
    window = window_of(device_type_named(shard.device_type))
    return 8 * len(offsets(window)) * len(lengths(window))


SHARDS = tuple(
    sorted((Shard(known.name, msix) for known in DEVICE_TYPES for msix in (False, True)), key=points_of, reverse=True)
)
"""The whole control space, the longest shards first: processes take the next as they become free."""


def check_shard(subjects: Sequence[Subject], shard: Shard) -> Covered:
    """Compare the subjects with the first of them at every point; stops at the first difference."""
    points = 0
    for decode in (True, False):
        for doorbell in (False, True):
            trace = _state(shard, decode, doorbell)
            count, event = _first_difference(subjects, trace)
            points += count
            if event is not None:
                found = lockstep(subjects, replace(trace, events=(*trace.events, event)))
                return Covered(shard, points, found.minimal or _unstable(subjects, trace, event))
    return Covered(shard, points)


def _unstable(subjects: Sequence[Subject], trace: Trace, event: Event) -> Difference:
    """A difference that a fresh run does not show: it hangs on the accesses before it."""
    whole = replace(trace, events=(*trace.events, event))
    return Difference(subjects[-1].name, subjects[0].name, "outcome", "as before", "depends on history", whole)


def _state(shard: Shard, decode: bool, doorbell: bool) -> Trace:
    """A trace that brings a relay into one transport state."""
    kind = device_type_named(shard.device_type)
    member = TraceMember(kind.name, _MEMBER_ID, kind.config_len, 0x7F)
    events = [Event(EventKind.OPEN)]
    if decode:
        events.append(_DECODE)
    if shard.msix:
        events.append(Event(EventKind.MSIX, switch=True))
    device = ScriptDevice((_DOORBELL,) if doorbell else ())
    return Trace(f"control space of {kind.name}", member, device, tuple(events))


@dataclass(frozen=True)
class _Open:
    """A subject's relay in the transport state under test, and what reaches its device."""

    relay: Relay
    port: RecordingPort


def _open(subject: Subject, trace: Trace) -> _Open:
    port = RecordingPort(ScriptedPort(trace.device.doorbells))
    relay = subject.open(port, member_of(trace))
    for event in trace.events:
        if event.kind is EventKind.CONFIG_WRITE:
            relay.config_write(event.offset, event.data)
        elif event.kind is EventKind.MSIX:
            relay.set_msix(event.switch)
    port.take()
    return _Open(relay, port)


def _first_difference(subjects: Sequence[Subject], trace: Trace) -> tuple[int, Event | None]:
    """The points of one transport state up to the first difference, and the access that showed it."""
    opened = [_open(subject, trace) for subject in subjects]
    window = window_of(device_type_named(trace.member.kind))
    count = 0
    found = None
    for offset in offsets(window):
        for length in lengths(window):
            data = _PAYLOAD[:length]
            count += 2
            if not _agree(opened, offset, length):
                found = Event(EventKind.READ, offset, length)
            elif not _agree_on_write(opened, offset, data):
                found = Event(EventKind.WRITE, offset, data=data)
            if found is not None:
                return count, found
    for one in opened:
        one.relay.close()
    return count, None


def _agree(opened: Sequence[_Open], offset: int, length: int) -> bool:
    first: tuple[Outcome, list[Call]] | None = None
    for one in opened:
        outcome = one.relay.bar_read(offset, length)
        calls = one.port.calls
        if first is None:
            first = outcome, calls.copy()
        elif outcome != first[0] or calls != first[1]:
            return False
        calls.clear()
    return True


def _agree_on_write(opened: Sequence[_Open], offset: int, data: bytes) -> bool:
    first: tuple[Outcome, list[Call]] | None = None
    for one in opened:
        outcome = one.relay.bar_write(offset, data)
        calls = one.port.calls
        if first is None:
            first = outcome, calls.copy()
        elif outcome != first[0] or calls != first[1]:
            return False
        calls.clear()
    return True
