# SPDX-License-Identifier: Apache-2.0
"""The data path's scripts are made of these steps: what a driver does with its rings, and what happens outside.

The same steps are carried out on both devices. Lengths and offsets are in bytes; a chain is one request.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from straightwire.reference.oracle.face import Face

_SHOWN = 16
"""Bytes of a buffer that words show."""


@dataclass(frozen=True)
class Buffer:
    """One descriptor's: ``data`` for the device to read, or room for it to write (``data`` is ``None``)."""

    length: int
    data: bytes | None = None

    @property
    def words(self) -> str:
        """As a counterexample shows it."""
        if self.data is None:
            return f"write {self.length}"
        more = "..." if self.length > _SHOWN else ""
        return f"read {self.length} ({self.data[:_SHOWN].hex(' ')}{more})"


def reads(data: bytes) -> Buffer:
    """A buffer that the device reads."""
    return Buffer(len(data), data)


def writes(length: int) -> Buffer:
    """A buffer that the device writes."""
    return Buffer(length)


class Mistake(Enum):
    """What a driver can get wrong with a chain, and two things that it may do and QEMU does not understand."""

    HEAD = "the head is outside the table"
    NEXT = "the next descriptor is outside the table"
    LOOP = "the last descriptor leads to the first"
    EMPTY = "the last buffer is empty"
    ORDER = "a readable buffer stands behind all others"
    INDEX = "the available index is further ahead than the queue is long"
    TABLE = "the indirect table is no whole number of descriptors"
    OUTSIDE = "the first writable buffer is outside memory"
    INDIRECT_NEXT = "the descriptor of the indirect table has a next one"
    BEHIND = "the last buffers are in an indirect table behind the others"


@dataclass(frozen=True)
class Chain:
    """One request; ``indirect``: its descriptors are in a table of their own."""

    buffers: tuple[Buffer, ...]
    indirect: bool = False
    mistake: Mistake | None = None

    @property
    def writable(self) -> int:
        """Bytes that the device may write."""
        return sum(buffer.length for buffer in self.buffers if buffer.data is None)

    @property
    def readable(self) -> bytes:
        """Bytes that the device reads."""
        return b"".join(buffer.data for buffer in self.buffers if buffer.data is not None)


@dataclass(frozen=True)
class Start:
    """STATUS 0, MSI-X on or off, ACKNOWLEDGE, DRIVER, features, a ring for each queue, and DRIVER_OK if ``ready``."""

    features: int
    msix: bool = False
    ready: bool = True


@dataclass(frozen=True)
class Ready:
    """DRIVER_OK."""


@dataclass(frozen=True)
class Reset:
    """STATUS 0."""


@dataclass(frozen=True)
class Offer:
    """Chains made available together; the device is notified of them if ``notify``."""

    queue: int
    chains: tuple[Chain, ...]
    notify: bool = True


@dataclass(frozen=True)
class Notify:
    """A notification."""

    queue: int


@dataclass(frozen=True)
class Silence:
    """NO_INTERRUPT in the available ring's flags, set or cleared."""

    queue: int
    on: bool


@dataclass(frozen=True)
class UsedEvent:
    """``used_event`` set so far ahead of the used index as it is now."""

    queue: int
    ahead: int


@dataclass(frozen=True)
class Configure:
    """Device configuration written."""

    offset: int
    data: bytes


class Event(Enum):
    """What happens outside, with what goes with it."""

    FRAME = "a frame comes in"
    LINK = "the link goes up or down"
    INPUT = "input is typed"
    ENTROPY = "there is entropy"
    RESIZE = "the disk's sectors are now"
    TARGET = "the balloon's target in pages is now"
    STATISTICS = "statistics are asked for"


@dataclass(frozen=True)
class Outside:
    """Something happens outside the guest: bytes come, or a number changes."""

    event: Event
    data: bytes = b""
    number: int = 0


DataStep: TypeAlias = Start | Ready | Reset | Offer | Notify | Silence | UsedEvent | Configure | Outside


@dataclass(frozen=True)
class DataScript:
    """Some steps from new devices; ``content`` is what the disk holds, where there is one."""

    title: str
    steps: tuple[DataStep, ...]
    content: bytes = b""


def chain_words(chain: Chain) -> str:
    """A chain in the contract's words."""
    words = ", ".join(buffer.words for buffer in chain.buffers) or "nothing"
    if chain.indirect:
        words += ", indirect"
    return words if chain.mistake is None else f"{words}; {chain.mistake.value}"


def words_of(face: Face, step: DataStep, number: int) -> list[str]:
    """One step in words; ``number`` is that of its first chain."""
    match step:
        case Start(features, msix, ready):
            how = f"GUEST_FEATURES {features:#x}, MSI-X {'on' if msix else 'off'}"
            return [f"reset, {how}, a ring for each queue{', DRIVER_OK' if ready else ''}"]
        case Ready():
            return ["write STATUS: 07"]
        case Reset():
            return ["write STATUS: 00"]
        case Offer(queue, chains, notify):
            lines = [f"chain {at} on queue {queue}: {chain_words(chain)}" for at, chain in enumerate(chains, number)]
            return [*lines, f"notify {queue}"] if notify else lines
        case Notify(queue):
            return [f"notify {queue}"]
        case Silence(queue, on):
            return [f"queue {queue}: NO_INTERRUPT {'set' if on else 'cleared'}"]
        case UsedEvent(queue, ahead):
            return [f"queue {queue}: used_event {ahead} ahead of the used index"]
        case Configure(offset, data):
            return [f"write config @{offset}: {data.hex(' ')}"]
        case Outside(event, data, value):
            shown = data[:_SHOWN].hex(" ") + ("..." if len(data) > _SHOWN else "")
            return [f"outside: {event.value}" + (f", {len(data)} bytes: {shown}" if data else f" {value}")]
