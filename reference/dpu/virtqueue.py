# SPDX-License-Identifier: Apache-2.0
"""The device's side of a split virtqueue: chains of descriptors out of guest memory, used elements back into it.

Addresses and lengths are in bytes, ring indices count modulo 65536. Whatever the driver wrote is checked before
it is used, and the work for one chain is bounded: at most as many descriptors as the queue has, and at most
``MAX_CHAIN_BYTES`` of buffers. Source: virtio 1.4, 2.7 (split virtqueues) and 2.7.2 (the legacy layout).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from struct import Struct
from typing import NamedTuple

from straightwire.model.features import Ring as Feature
from straightwire.model.registers import QUEUE_ALIGN
from straightwire.model.snapshot import RingSnapshot
from straightwire.reference.dpu.memory import Memory

NEXT = 0x1
WRITE = 0x2
INDIRECT = 0x4
"""Flags of a descriptor."""
NO_INTERRUPT = 0x1
"""Flag of the available ring: the driver does not want to be interrupted."""

MAX_CHAIN_BYTES = 1 << 22
"""Buffers of one chain together: above any driver's largest request, and a bound on the work for one of them (B29)."""

_DESCRIPTOR = Struct("<QIHH")
_USED_ELEMENT = Struct("<II")
_RING_HEAD = 4  # flags and index stand before the entries of either ring
_ENTRY = 2
_INDEX = 1 << 16

_NOTIFY_ON_EMPTY = int(Feature.NOTIFY_ON_EMPTY)
_INDIRECT_DESC = int(Feature.INDIRECT_DESC)
_EVENT_IDX = int(Feature.EVENT_IDX)


class BadRing(Exception):
    """The driver left something in a ring that has no meaning: the device cannot go on with it."""


@dataclass(frozen=True)
class Layout:
    """Where the three parts of a queue of ``size`` descriptors stand in guest memory."""

    descriptors: int
    available: int
    used: int
    size: int


def legacy_layout(pfn: int, size: int) -> Layout:
    """The parts of a legacy queue, one after the other from page ``pfn`` on (virtio 1.4, 2.7.2)."""
    descriptors = pfn * QUEUE_ALIGN
    available = descriptors + _DESCRIPTOR.size * size
    end = available + _RING_HEAD + _ENTRY * size + _ENTRY  # the last two bytes are used_event
    return Layout(descriptors, available, -(-end // QUEUE_ALIGN) * QUEUE_ALIGN, size)


class Segment(NamedTuple):
    """A buffer in guest memory."""

    address: int
    length: int


class Chain:
    """One request: what the device may read, then what it may write. All of it lies inside guest memory."""

    __slots__ = ("_memory", "_readable", "_writable", "head", "readable", "writable")

    def __init__(self, memory: Memory, head: int, readable: Sequence[Segment], writable: Sequence[Segment]) -> None:
        self.head = head
        self.readable = sum(segment.length for segment in readable)
        self.writable = sum(segment.length for segment in writable)
        self._memory = memory
        self._readable = readable
        self._writable = writable

    def read(self, offset: int = 0, length: int | None = None) -> bytes:
        """Bytes of the readable part; fewer where it ends. Left out, ``length`` is all the rest."""
        stop = self.readable if length is None else offset + length
        ranges = _ranges(self._readable, offset, stop)
        return b"".join([self._memory.read(address, size) for address, size in ranges])

    def write(self, data: bytes, offset: int = 0) -> int:
        """Put ``data`` into the writable part; how many bytes of it had room."""
        done = 0
        for address, size in _ranges(self._writable, offset, offset + len(data)):
            self._memory.write(address, data[done : done + size])
            done += size
        return done


def _ranges(segments: Sequence[Segment], start: int, stop: int) -> list[Segment]:
    """The guest memory behind bytes ``start`` to ``stop`` of some segments laid end to end."""
    found = []
    for address, length in segments:
        if start < length:
            if stop <= length:  # the rest is in this one, as most of the time
                if start < stop:
                    found.append(Segment(address + start, stop - start))
                break
            found.append(Segment(address + start, length - start))
            start = 0
        else:
            start -= length
        stop -= length
    return found


class Virtqueue:
    """One queue with a ring. The index of the next chain and that of the next used element both begin at 0."""

    def __init__(self, memory: Memory, layout: Layout) -> None:
        self.layout = layout
        self._memory = memory
        self._next = 0
        self._used = 0
        self._signalled = 0
        self.started = False

    def pop(self, features: int) -> Chain | None:
        """The next chain that the driver made available; ``None`` where there is none.

        ``features`` are the driver's. Raises ``BadRing`` or ``OutsideMemory``, and then nothing was taken.
        """
        pending = (self._available_index() - self._next) % _INDEX
        if pending == 0:
            return None
        if pending > self.layout.size:
            raise BadRing("the available index is further ahead than the queue is long")
        entry = self._next % self.layout.size
        head = self._u16(self.layout.available + _RING_HEAD + _ENTRY * entry)
        chain = self._chain(head, features)
        self._next = (self._next + 1) % _INDEX
        self.started = True
        return chain

    def serve(self, features: int, handle: Callable[[Chain], int | None]) -> bool:
        """Give chains to ``handle`` and return each with the bytes that it says were written; see ``DataPath.serve``.

        At most as many as the queue is long; whether some may be left over. Raises as ``pop`` does.
        """
        for _ in range(self.layout.size):
            chain = self.pop(features)
            if chain is None:
                # The driver may have added one while it believed nobody had to be told.
                if not self.ask_for_notification(features):
                    return False
                continue
            written = handle(chain)
            if written is None:
                self.put_back()
                return False
            self.push(chain.head, written)
        return self.ask_for_notification(features)

    def put_back(self, chains: int = 1) -> None:
        """The last chains were not for now: the next ``pop`` begins with them again."""
        self._next = (self._next - chains) % _INDEX

    def push(self, head: int, written: int) -> None:
        """Give a chain back, of which the first ``written`` writable bytes hold something."""
        entry = self._used % self.layout.size
        element = self.layout.used + _RING_HEAD + _USED_ELEMENT.size * entry
        self._memory.write(element, _USED_ELEMENT.pack(head, written))
        self._used = (self._used + 1) % _INDEX
        self._memory.write(self.layout.used + _ENTRY, self._used.to_bytes(_ENTRY, "little"))

    def ask_for_notification(self, features: int) -> bool:
        """Have the driver notify of the next chain; whether there is one already (virtio 1.4, 2.7.10)."""
        if features & _EVENT_IDX:
            event = self.layout.used + _RING_HEAD + _USED_ELEMENT.size * self.layout.size
            self._memory.write(event, self._next.to_bytes(_ENTRY, "little"))
        return self._available_index() != self._next

    def interrupt_due(self, features: int) -> bool:
        """Whether the driver wants to hear of what was pushed since this was last asked (virtio 1.4, 2.7.7)."""
        before, self._signalled = self._signalled, self._used
        if before == self._used:
            return False
        if features & _NOTIFY_ON_EMPTY and self._available_index() == self._next:
            return True  # 6.3: even a driver that asked for silence wants to know
        if features & _EVENT_IDX:
            event = self._u16(self.layout.available + _RING_HEAD + _ENTRY * self.layout.size)
            return (self._used - event - 1) % _INDEX < (self._used - before) % _INDEX
        return not self._u16(self.layout.available) & NO_INTERRUPT

    def snapshot(self) -> RingSnapshot:
        """The ring's positions."""
        return RingSnapshot(self._next, self._used, self._signalled)

    def _chain(self, head: int, features: int) -> Chain:
        """Follow the descriptors from ``head`` on."""
        readable: list[Segment] = []
        writable: list[Segment] = []
        table, entries, index = self.layout.descriptors, self.layout.size, head
        indirect = False
        steps = total = 0
        while True:
            if index >= entries:
                raise BadRing("a descriptor outside its table")
            address, length, flags, following = _DESCRIPTOR.unpack(
                self._memory.read(table + _DESCRIPTOR.size * index, _DESCRIPTOR.size)
            )
            if flags & INDIRECT:
                if indirect or flags & NEXT or not features & _INDIRECT_DESC:
                    raise BadRing("an indirect table inside another, beside a next descriptor, or never negotiated")
                if length == 0 or length % _DESCRIPTOR.size:
                    raise BadRing("an indirect table of no whole number of descriptors")
                table, entries, index, indirect = address, length // _DESCRIPTOR.size, 0, True
                continue
            steps += 1
            total += length
            if steps > self.layout.size:
                raise BadRing("a chain longer than the queue, or a loop")
            if length == 0 or total > MAX_CHAIN_BYTES:
                raise BadRing("an empty buffer, or more than a device takes at once")
            self._memory.check(address, length)
            if flags & WRITE:
                writable.append(Segment(address, length))
            elif writable:
                raise BadRing("a readable buffer behind a writable one")
            else:
                readable.append(Segment(address, length))
            if not flags & NEXT:
                return Chain(self._memory, head, readable, writable)
            index = following

    def _available_index(self) -> int:
        return self._u16(self.layout.available + _ENTRY)

    def _u16(self, address: int) -> int:
        return int.from_bytes(self._memory.read(address, _ENTRY), "little")
