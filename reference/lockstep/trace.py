# SPDX-License-Identifier: Apache-2.0
"""Traces: a member, a device and a list of events, with what is expected of them. One readable text format.

Golden traces, findings of a fuzzer and counterexamples all look like this::

    straightwire-trace 1
    title Linux 6.1 virtio-net, MSI-X
    member net id=1 config_len=28 commands=0x7c parts_object=0
    device dpu features=0x79bf8064 queues=256,256,64 vectors=3 config=525400123456... doorbell=member:4:0x3000
    open
    > command 6 @0 len 64
    config-write 0x4 0100
    > config-write @4 len 2
    write 18 01
    > command 2 @18 len 1
    x 2 read 18 1 = 01
    > command 3 @18 len 1
    answer status=22 qualifier=3 data=ff used=9
    read 19 1 ! status 22
    end 5

``= BYTES`` is what a read must give (``-``: none, as after a failure, which leaves the buffer as it was), ``! RESULT``
the result there must be (of ``open``: the window's length, or the error), a line ``>`` an operation that the event
above it must cause (``> none``: none at all); left out, each is not checked. ``answer`` lines belong to the event
below them and answer its commands in turn (device script only). ``end`` counts the events, ``open`` included. Numbers
are decimal or 0x; bytes are hexadecimal in the order of memory; ``#`` begins a comment.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

VERSION = 1
MAX_DPU_MEMBERS = 16


class TraceError(Exception):
    """A trace that cannot be read: one line, ``FILE:LINE: what is wrong, what to do``."""


class EventKind(Enum):
    """What can happen; the value is the word of the format."""

    OPEN = "open"
    READ = "read"
    WRITE = "write"
    CONFIG_READ = "config-read"
    CONFIG_WRITE = "config-write"
    MSIX = "msix"
    RESET = "reset"
    TICK = "tick"
    INTERRUPT = "interrupt"
    STOP = "stop"
    SAVE = "save"
    LOAD = "load"
    CLOSE = "close"


ACCESSES = frozenset((EventKind.READ, EventKind.WRITE, EventKind.CONFIG_READ, EventKind.CONFIG_WRITE))
READS = frozenset((EventKind.READ, EventKind.CONFIG_READ, EventKind.SAVE))
HOST_REQUESTS = frozenset((EventKind.STOP, EventKind.SAVE, EventKind.LOAD))


@dataclass(frozen=True)
class Answer:
    """What a scripted device answers to one command.

    ``data`` None: bytes that depend on the command. ``used`` None: the whole reply; more than it is cut by the
    subject, fewer is a short reply.
    """

    status: int = 0
    qualifier: int = 0
    data: bytes | None = None
    used: int | None = None


@dataclass(frozen=True)
class Wanted:
    """An operation that must be caused: its kind (command, doorbell, config-read, config-write) and its place.

    ``number`` is the opcode of a command or the queue of a doorbell; ``where`` the doorbell's BAR.
    """

    kind: str
    number: int = 0
    offset: int = 0
    length: int = 0
    where: str = ""


@dataclass(frozen=True)
class Event:
    """One event. ``switch`` is the argument of msix and stop, ``config`` tells a configuration interrupt.

    ``payload``, ``result`` and ``operations`` are expectations; None is not checked.
    """

    kind: EventKind
    offset: int = 0
    length: int = 0
    data: bytes = b""
    switch: bool = False
    config: bool = False
    count: int = 1
    answers: tuple[Answer, ...] = ()
    payload: bytes | None = None
    result: int | None = None
    operations: tuple[Wanted, ...] | None = None


@dataclass(frozen=True)
class BarAddress:
    """An offset in a BAR of the owner or of the member, as a doorbell is advertised."""

    owner: str
    bar: int
    offset: int

    def __str__(self) -> str:
        return f"{self.owner}:{self.bar}:{self.offset:#x}"


@dataclass(frozen=True)
class TraceMember:
    """What a relay is told of its member; ``kind`` is a device type's name, or a number where it is none."""

    kind: str
    group_member_id: int
    config_len: int
    commands: int
    parts_object: int = 0


@dataclass(frozen=True)
class DpuDevice:
    """A member of the reference DPU."""

    features: int
    queues: tuple[int, ...]
    vectors: int
    config: bytes
    doorbells: tuple[BarAddress, ...] = ()


@dataclass(frozen=True)
class ScriptDevice:
    """A device that answers as it is told, and advertises these addresses."""

    doorbells: tuple[BarAddress, ...] = ()


@dataclass(frozen=True)
class Trace:
    """A whole trace; the first event is ``open``."""

    title: str
    member: TraceMember
    device: DpuDevice | ScriptDevice
    events: tuple[Event, ...] = field(default=())
