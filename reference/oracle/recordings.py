# SPDX-License-Identifier: Apache-2.0
"""The golden traces as scripts: the accesses that real drivers made, for both devices to answer now.

What was recorded of the answers does not matter here, and neither does the interrupt that a recording implies: no ring
holds a buffer, so neither device has one to report. QUEUE_PFN keeps its recorded values, which lie in QEMU's memory.
"""

from __future__ import annotations

from collections.abc import Iterator

from straightwire.reference.lockstep.golden import Golden
from straightwire.reference.lockstep.trace import Event, EventKind
from straightwire.reference.oracle.scripts import ConfigWrite, Read, Script, Step, Write

REPEATS = 16
"""A repeated access is made no more often than this; polling says the same each time."""
_SILENT = (EventKind.OPEN, EventKind.MSIX, EventKind.INTERRUPT, EventKind.CLOSE)
"""Events that are no access."""


def script_of(golden: Golden) -> Script:
    """All accesses of one recording in order."""
    return Script(golden.trace.title, tuple(step for event in golden.trace.events for step in _steps(event)))


def _steps(event: Event) -> Iterator[Step]:
    if event.kind in _SILENT:
        return
    for _ in range(min(event.count, REPEATS)):
        yield _step(event)


def _step(event: Event) -> Step:
    if event.kind is EventKind.READ:
        return Read(event.offset, event.length)
    if event.kind is EventKind.WRITE:
        return Write(event.offset, event.data)
    if event.kind is EventKind.CONFIG_WRITE:
        return ConfigWrite(event.offset, event.data)
    raise ValueError(f"a recording has no event {event.kind.value}")
