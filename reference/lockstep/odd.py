# SPDX-License-Identifier: Apache-2.0
"""The odd trace: what no driver does and every contract has to survive, on a scripted device.

Straddles of 16, 18, 20, 24 and of the window's end; far offsets; lengths 0, 3 and 8; a layout flip between two
accesses; every kind of answer; configuration space byte by byte across the overlay; events between; and all host
requests with each of their commands failing in turn. Each mediator of the model differs in it from the relay, by the
clause it breaks.
"""

from __future__ import annotations

from collections.abc import Iterator

from straightwire.model import pci
from straightwire.model.commands import LEGACY_OPCODES, MIGRATION_OPCODES, Opcode, Status
from straightwire.model.registers import NET
from straightwire.reference.lockstep.trace import Answer, BarAddress, Event, EventKind, ScriptDevice, Trace, TraceMember

_COMMANDS = sum(1 << opcode for opcode in (*LEGACY_OPCODES, Opcode.LEGACY_NOTIFY_INFO, *MIGRATION_OPCODES))
_MEMBER = TraceMember("net", 2, NET.config_len, _COMMANDS, 0x1234)
_DEVICE = ScriptDevice((BarAddress("member", 4, 0x3000),))
_WINDOW = 64
_EDGES = (0, 4, 8, 12, 14, 16, 18, 19, 20, 22, 24, 30, _WINDOW)
_FAR = (1 << 16, (1 << 32) - 1, 1 << 63, (1 << 64) - 1)
_LENGTHS = (0, 1, 2, 3, 4, 8)
_DATA = bytes.fromhex("ff8142241899660f")
_ANSWERS = (
    Answer(Status.EAGAIN, 7),
    Answer(Status.EINVAL, 3, b"\xff" * 8),
    Answer(0xFFFF, 0xFFFF),
    Answer(0, 5),  # a success with a qualifier
    Answer(0, 0, b"\xff" * 8),
    Answer(0, 0, b"\xff" * 8, 0),  # used lengths that cut the reply short, the status included
    Answer(Status.EINVAL, 0, b"\xff" * 8, 1),
    Answer(0, 0, b"\xff" * 8, 9),
    Answer(0, 0, b"\xff" * 8, 300),  # and one that is longer than what was asked for
)
_REGISTERS = ((0, 4), (4, 4), (16, 2), (18, 1), (19, 1), (30, 2))
_MIGRATION_COMMANDS = 4
"""Of one save; a load has one fewer."""
_PARTS = 24


def odd_trace() -> Trace:
    """The trace. No expectations: it is for comparing."""
    return Trace("odd accesses", _MEMBER, _DEVICE, tuple(_events()))


def _events() -> Iterator[Event]:
    yield Event(EventKind.OPEN)
    yield from _accesses()  # refused: I/O decode is off
    yield from _configuration()
    yield Event(EventKind.CONFIG_WRITE, pci.COMMAND, data=b"\1\0")
    yield from _accesses()  # in the layout that open left
    for msix in (True, False):
        yield Event(EventKind.MSIX, switch=msix)
        yield from _accesses()
    yield from _answered()
    yield Event(EventKind.MSIX, switch=True)
    yield from _answered()
    yield from _flips()
    yield Event(EventKind.TICK)
    yield from _resets()
    yield from _requests()
    yield Event(EventKind.CLOSE)


def _accesses() -> Iterator[Event]:
    """Around every edge, in every length; and far away."""
    near = sorted({place for edge in _EDGES for place in (max(edge - 1, 0), edge)})
    for offset in (*near, *_FAR):
        for length in _LENGTHS:
            yield Event(EventKind.READ, offset, length)
            yield Event(EventKind.WRITE, offset, data=_DATA[:length])


def _answered() -> Iterator[Event]:
    """Every register under every answer."""
    for offset, length in _REGISTERS:
        for answer in _ANSWERS:
            yield Event(EventKind.READ, offset, length, answers=(answer,))
            yield Event(EventKind.WRITE, offset, data=_DATA[:length], answers=(answer,))


def _flips() -> Iterator[Event]:
    for msix in (False, True, False):
        yield Event(EventKind.MSIX, switch=msix)
        yield Event(EventKind.READ, 20, 2)
        yield Event(EventKind.WRITE, 23, data=b"\x5a")


def _configuration() -> Iterator[Event]:
    """Every byte, every word that begins at an odd place, the whole; and writes of parts of BAR0 and COMMAND."""
    for place in range(pci.CONFIG_SPACE_LEN + 1):
        yield Event(EventKind.CONFIG_READ, place, 1)
    for place in range(pci.BAR0 + 4):
        yield Event(EventKind.CONFIG_READ, place, 4)
        yield Event(EventKind.CONFIG_WRITE, place, data=_DATA[:3])
    for offset in (0, 1):
        yield Event(EventKind.CONFIG_READ, offset, pci.CONFIG_SPACE_LEN)
    yield Event(EventKind.CONFIG_READ, 0, 0)
    yield Event(EventKind.CONFIG_WRITE, pci.BAR0, data=b"\xff\xff\xff\xff")
    yield Event(EventKind.CONFIG_READ, pci.BAR0, 4)


def _resets() -> Iterator[Event]:
    """A driver's reset leaves transport state alone; a function-level reset does not."""
    yield Event(EventKind.WRITE, 18, data=b"\0")
    yield Event(EventKind.READ, 18, 1)
    yield Event(EventKind.RESET)
    yield Event(EventKind.READ, 18, 1)
    yield Event(EventKind.CONFIG_READ, 0, pci.CONFIG_SPACE_LEN)
    yield Event(EventKind.CONFIG_WRITE, pci.COMMAND, data=b"\1")
    yield Event(EventKind.READ, 20, 1)


def _requests() -> Iterator[Event]:
    """Stop, save and load; whole, too small, short, and with each command failing."""
    size = Answer(data=_PARTS.to_bytes(4, "little"))
    for stopped in (True, False):
        yield Event(EventKind.STOP, switch=stopped)
        yield Event(EventKind.STOP, switch=stopped, answers=(Answer(Status.EBUSY),))
    for cap in (0, 1, _PARTS - 1, _PARTS, _PARTS + 8):
        yield Event(EventKind.SAVE, length=cap, answers=(Answer(), size))
        yield Event(EventKind.SAVE, length=cap, answers=(Answer(), size, Answer(used=8 + _PARTS)))
        for failing in range(_MIGRATION_COMMANDS):
            answers = [Answer(), size, Answer(), Answer()]
            answers[failing] = Answer(Status.ENOMEM, 6, b"\xff" * 40)
            yield Event(EventKind.SAVE, length=cap, answers=tuple(answers))
    yield Event(EventKind.SAVE, length=_PARTS, answers=(Answer(), size, Answer(used=3)))
    for data in (b"", _DATA, bytes(range(256)) * 2):
        yield Event(EventKind.LOAD, data=data)
        for failing in range(_MIGRATION_COMMANDS - 1):
            answers = [Answer()] * (_MIGRATION_COMMANDS - 1)
            answers[failing] = Answer(Status.ENOSPC)
            yield Event(EventKind.LOAD, data=data, answers=tuple(answers))
