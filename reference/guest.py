# SPDX-License-Identifier: Apache-2.0
"""The other end: a guest's legacy driver, as far as examples, benchmarks and comparisons need one.

It reaches its device only through BAR0 and configuration space, and its memory only by address: what is behind
either may be a relay and the reference DPU, or anything else. Addresses and lengths are in bytes.
Source: virtio 1.4, 2.7 and 4.1.4.10, seen from the driver.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from struct import Struct

from straightwire.model import pci
from straightwire.model.registers import (
    GUEST_FEATURES,
    HOST_FEATURES,
    ISR,
    MSI_QUEUE_VECTOR,
    QUEUE_ALIGN,
    QUEUE_NOTIFY,
    QUEUE_NUM,
    QUEUE_PFN,
    QUEUE_SEL,
    STATUS,
    Field,
)
from straightwire.reference.abi import Relay
from straightwire.reference.dpu.config_space import COMMAND_BUS_MASTER, COMMAND_MEMORY
from straightwire.reference.dpu.memory import Memory
from straightwire.reference.dpu.virtqueue import INDIRECT, NEXT, WRITE, legacy_layout

ACKNOWLEDGE, DRIVER, DRIVER_OK = 1, 2, 4

_DESCRIPTOR = Struct("<QIHH")
_USED = Struct("<II")


@dataclass(frozen=True)
class Used:
    """A request that came back: ``head`` as ``GuestQueue.add`` named it, and how many bytes were written."""

    head: int
    written: int


class GuestQueue:
    """The driver's side of one split ring of ``size`` descriptors on page ``pfn``, with ``room`` for buffers.

    ``room`` is the address of memory for buffers; each request's follow the last one's, until ``rewind``.
    """

    def __init__(self, memory: Memory, pfn: int, size: int, room: int) -> None:
        self.pfn = pfn
        self.size = size
        self.layout = legacy_layout(pfn, size)
        self._memory = memory
        self._room = self._next_room = room
        self._free = list(range(size))
        self._chains: dict[int, list[int]] = {}
        self._available = 0
        self._seen = 0
        self.last_head = 0

    def add(self, readable: Sequence[bytes], writable: Sequence[int], *, indirect: bool = False) -> tuple[int, ...]:
        """Make a chain of buffers available; their addresses.

        ``readable`` are contents, ``writable`` lengths; ``last_head`` then names the chain.
        """
        buffers = [(data, len(data), 0) for data in readable] + [(b"", length, WRITE) for length in writable]
        places = []
        for data, length, _ in buffers:
            places.append(self._next_room)
            if data:
                self._memory.write(self._next_room, data)
            self._next_room += length
        descriptors = [(place, length, flags) for place, (_, length, flags) in zip(places, buffers, strict=True)]
        if indirect:
            table = -(-self._next_room // _DESCRIPTOR.size) * _DESCRIPTOR.size
            self._next_room = table + _DESCRIPTOR.size * len(descriptors)
            self._put(table, list(range(len(descriptors))), descriptors)
            descriptors = [(table, _DESCRIPTOR.size * len(descriptors), INDIRECT)]
        chain = [self._free.pop(0) for _ in descriptors]
        self._put(self.layout.descriptors, chain, descriptors)
        self.last_head = chain[0]
        self._chains[chain[0]] = chain
        self.offer(chain[0])
        return tuple(places)

    def offer(self, head: int) -> None:
        """Put a head into the available ring, whatever it is."""
        entry = self.layout.available + 4 + 2 * (self._available % self.size)
        self._memory.write(entry, head.to_bytes(2, "little"))
        self._available = (self._available + 1) & 0xFFFF
        self._memory.write(self.layout.available + 2, self._available.to_bytes(2, "little"))

    def used(self) -> list[Used]:
        """What came back since the last time, in order; its descriptors are free again."""
        index = int.from_bytes(self._memory.read(self.layout.used + 2, 2), "little")
        found = []
        while self._seen != index:
            element = self.layout.used + 4 + _USED.size * (self._seen % self.size)
            head, written = _USED.unpack(self._memory.read(element, _USED.size))
            self._free.extend(self._chains.pop(head, ()))
            found.append(Used(head, written))
            self._seen = (self._seen + 1) & 0xFFFF
        return found

    def withdraw(self) -> None:
        """Take back what was made available since the last notification; its descriptors stay as they are."""
        index = self._memory.read(self.layout.used + 2, 2)
        self._memory.write(self.layout.available + 2, index)
        self._available = int.from_bytes(index, "little")

    def rewind(self) -> None:
        """Nothing is outstanding: the room for buffers begins again."""
        self._next_room = self._room

    def _put(self, table: int, places: Sequence[int], descriptors: Sequence[tuple[int, int, int]]) -> None:
        """Write descriptors into a table, linked in order."""
        for number, (place, (address, length, flags)) in enumerate(zip(places, descriptors, strict=True)):
            last = number + 1 == len(descriptors)
            self._memory.write(
                table + _DESCRIPTOR.size * place,
                _DESCRIPTOR.pack(address, length, flags | (0 if last else NEXT), 0 if last else places[number + 1]),
            )


class GuestDriver:
    """A driver on an open relay. ``memory`` is the guest's; ``base`` where it may put rings and buffers."""

    def __init__(self, relay: Relay, memory: Memory, base: int = 0x10000) -> None:
        self.relay = relay
        self.memory = memory
        self._page = base // QUEUE_ALIGN

    def start(self, features: int = 0) -> int:
        """Reset, PCI COMMAND, ACKNOWLEDGE and DRIVER, feature negotiation; the features that both sides have."""
        command = pci.COMMAND_IO | COMMAND_MEMORY | COMMAND_BUS_MASTER
        self.relay.config_write(pci.COMMAND, command.to_bytes(2, "little"))
        for status in (0, ACKNOWLEDGE, ACKNOWLEDGE | DRIVER):
            self.write(STATUS, status)
        common = features & self.read(HOST_FEATURES)
        self.write(GUEST_FEATURES, common)
        return common

    def queue(self, index: int, *, vector: int | None = None, room: int = 1 << 20) -> GuestQueue:
        """Set up a ring for a queue, with ``room`` bytes for buffers; ``vector`` only while MSI-X is on."""
        self.write(QUEUE_SEL, index)
        size = self.read(QUEUE_NUM)
        layout = legacy_layout(self._page, size)
        end = layout.used + 6 + 8 * size
        first = self._page
        buffers = -(-end // QUEUE_ALIGN)
        self._page = buffers + room // QUEUE_ALIGN
        self.write(QUEUE_PFN, first)
        if vector is not None:
            self.write(MSI_QUEUE_VECTOR, vector)
        return GuestQueue(self.memory, first, size, buffers * QUEUE_ALIGN)

    def ready(self) -> None:
        """DRIVER_OK."""
        self.write(STATUS, ACKNOWLEDGE | DRIVER | DRIVER_OK)

    def notify(self, queue: int) -> None:
        """Ring the bell of a queue."""
        self.write(QUEUE_NOTIFY, queue)

    def interrupt_status(self) -> int:
        """ISR, which this clears."""
        return self.read(ISR)

    def read(self, register: Field) -> int:
        """A common register; all ones where the access fails, as on any bus."""
        outcome = self.relay.bar_read(register.offset, register.size)
        return int.from_bytes(outcome.payload if outcome.result > 0 else b"\xff" * register.size, "little")

    def write(self, register: Field, value: int) -> None:
        """Write a common register."""
        self.relay.bar_write(register.offset, value.to_bytes(register.size, "little"))
