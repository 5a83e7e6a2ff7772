# SPDX-License-Identifier: Apache-2.0
"""A driver of two devices at once: the same rings, buffers and register accesses on both sides.

Everything is laid out once and written to both memories, so that addresses are the same. Memory is used up and not used
again within a script: what one chain left cannot pass for another's. Addresses and lengths are in bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from struct import Struct
from typing import Protocol

from straightwire.model import registers
from straightwire.model.registers import QUEUE_ALIGN, Field
from straightwire.reference.dpu.virtqueue import INDIRECT, NEXT, WRITE, Layout, legacy_layout
from straightwire.reference.oracle.data_steps import Buffer, Chain, Configure, Mistake, Outside, Start
from straightwire.reference.oracle.face import Face
from straightwire.reference.oracle.scripts import WIDTHS, split

MEMORY_MIB = 16
MEMORY_LEN = MEMORY_MIB << 20
FIRST, LAST = 0x100000, 0xC00000
"""Where rings and buffers are: above the PC's hole, and below the pages that a balloon's scripts give away."""
MESSAGES = 0xF00000
"""MSI-X messages are written here, four bytes for each vector."""
NOWHERE = 0x50000000
"""No memory, on either side."""
UNTOUCHED = b"\xaa"
"""What writable buffers are full of at first."""
QUEUES = 3
"""Queues that get a ring, as far as there are so many."""

DESCRIPTOR = Struct("<QIHH")


class Side(Protocol):
    """One device with its guest memory, and the world outside it."""

    def read(self, offset: int, length: int) -> int:
        """Read BAR0."""

    def write(self, offset: int, data: bytes) -> None:
        """Write BAR0."""

    def msix(self, *, enabled: bool) -> None:
        """MSI-X Enable, with the table's messages going to ``MESSAGES``."""

    def memory(self, address: int, length: int) -> bytes:
        """Guest memory."""

    def put(self, address: int, data: bytes) -> None:
        """Write guest memory."""

    def outside(self, event: Outside) -> None:
        """Let something happen."""

    def settle(self, wanted: Sequence[tuple[int, int]]) -> None:
        """Wait until used indices (address, value) are there, or long enough."""

    def messages(self) -> frozenset[int]:
        """Vectors of the messages sent since the last time."""

    def outcome(self) -> object:
        """What the world outside has seen since the last time, or what it holds."""

    def close(self) -> None:
        """End it."""


@dataclass
class Offered:
    """A chain in a ring: its number in the script, its descriptors in the ring, its writable buffers."""

    number: int
    chain: Chain
    places: list[int]
    writable: list[tuple[int, int]] = field(default_factory=list)


class DriverRing:
    """The driver's side of one ring."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.free = list(range(layout.size))
        self.available = 0
        self.offered: dict[int, Offered] = {}
        """Outstanding chains by their head."""

    @property
    def used_index(self) -> int:
        """Its address."""
        return self.layout.used + 2


class Driver:
    """Lays out everything and does it on all ``sides``; ``accesses`` counts those of registers."""

    def __init__(self, face: Face, sides: Sequence[Side]) -> None:
        self._face = face
        self._sides = sides
        self._next = FIRST
        self.rings: dict[int, DriverRing] = {}
        self.features = 0
        self.msix = False
        self.ready = False
        self.chains = 0
        self.accesses = 0

    @property
    def full(self) -> bool:
        """Memory is used up."""
        return self._next > LAST - (1 << 20)

    def write(self, register: Field, value: int) -> None:
        """Write a common register."""
        self.accesses += 1
        for side in self._sides:
            side.write(register.offset, value.to_bytes(register.size, "little"))

    def configure(self, step: Configure) -> None:
        """Write device configuration: at once where that is one access, else byte by byte."""
        whole = len(step.data) in WIDTHS
        for at in (0,) if whole else range(len(step.data)):
            self.accesses += 1
            for side in self._sides:
                side.write(split(self.msix) + step.offset + at, step.data if whole else step.data[at : at + 1])

    def reset(self) -> None:
        """STATUS 0: there are no rings."""
        self.write(registers.STATUS, 0)
        self.rings = {}
        self.ready = False

    def start(self, step: Start) -> None:
        """All of a driver's beginning."""
        self.reset()
        self.features, self.msix = step.features, step.msix
        if self._face.vectors:
            for side in self._sides:
                side.msix(enabled=step.msix)
        self.write(registers.STATUS, 1)
        self.write(registers.STATUS, 3)
        self.write(registers.GUEST_FEATURES, step.features)
        if step.msix:
            self.write(registers.MSI_CONFIG_VECTOR, 0)
        for queue, size in enumerate(self._face.queue_sizes[:QUEUES]):
            self._ring(queue, size)
        if step.ready:
            self.set_ready()

    def _ring(self, queue: int, size: int) -> None:
        pfn = -(-self._next // QUEUE_ALIGN)
        ring = self.rings[queue] = DriverRing(legacy_layout(pfn, size))
        self._next = ring.layout.used + 6 + 8 * size
        self.write(registers.QUEUE_SEL, queue)
        self.write(registers.QUEUE_PFN, pfn)
        if self.msix:
            self.write(registers.MSI_QUEUE_VECTOR, self.vector(queue))

    def vector(self, queue: int) -> int:
        """The vector of a queue: one of its own where there are enough."""
        return min(queue + 1, self._face.vectors - 1)

    def set_ready(self) -> None:
        """DRIVER_OK."""
        self.write(registers.STATUS, 7)
        self.ready = True

    def notify(self, queue: int) -> None:
        """Ring the bell."""
        self.write(registers.QUEUE_NOTIFY, queue)

    def put(self, address: int, data: bytes) -> None:
        """The same bytes into both memories."""
        if data:
            for side in self._sides:
                side.put(address, data)

    # Chains.

    def offer(self, queue: int, chains: Sequence[Chain]) -> bool:
        """Make chains available, the index moved once; nothing happens where there is no ring or no room in it."""
        ring = self.rings.get(queue)
        wanted = sum(1 if chain.indirect else len(chain.buffers) + bool(chain.mistake) for chain in chains)
        if ring is None or self.full or wanted > len(ring.free):
            return False
        for chain in chains:
            head = self._chain(ring, chain)
            entry = ring.layout.available + 4 + 2 * (ring.available % ring.layout.size)
            self.put(entry, head.to_bytes(2, "little"))
            jump = ring.layout.size + 1 if chain.mistake is Mistake.INDEX else 1
            ring.available = (ring.available + jump) & 0xFFFF
        self.put(ring.layout.available + 2, ring.available.to_bytes(2, "little"))
        return True

    def _room(self, length: int, align: int = 1) -> int:
        place = -(-self._next // align) * align
        self._next = place + length
        return place

    def _chain(self, ring: DriverRing, chain: Chain) -> int:
        mistake = chain.mistake
        described: list[tuple[int, int, int]] = []
        offered = Offered(self.chains, chain, [])
        self.chains += 1
        buffers = list(chain.buffers)
        if mistake is Mistake.ORDER:
            buffers.append(Buffer(1, b"\0"))
        for buffer in buffers:
            place = self._room(buffer.length)
            if buffer.data is None:
                if mistake is Mistake.OUTSIDE and not offered.writable:
                    place = NOWHERE
                else:
                    self.put(place, UNTOUCHED * buffer.length)
                offered.writable.append((place, buffer.length))
            else:
                self.put(place, buffer.data)
            described.append((place, buffer.length, WRITE if buffer.data is None else 0))
        if mistake is Mistake.EMPTY:
            place, _, flags = described[-1]
            described[-1] = place, 0, flags
        if mistake is Mistake.OUTSIDE:
            offered.writable = offered.writable[1:]
        direct = described
        if mistake is Mistake.BEHIND:
            direct = [described[0], self._table(offered, described[1:])]
        elif chain.indirect:
            table = self._table(offered, described)
            direct = [(table[0], table[1] - (8 if mistake is Mistake.TABLE else 0), INDIRECT)]
        if mistake is Mistake.INDIRECT_NEXT:
            direct = [*direct, described[-1]]
        offered.places = [ring.free.pop(0) for _ in direct]
        links = [*offered.places[1:], 0]
        if mistake in (Mistake.LOOP, Mistake.NEXT):
            direct[-1] = (*direct[-1][:2], direct[-1][2] | NEXT)
            links[-1] = offered.places[0] if mistake is Mistake.LOOP else ring.layout.size
        self._put_table(ring.layout.descriptors, offered.places, direct, links)
        head = offered.places[0]
        ring.offered[head] = offered
        return ring.layout.size + 7 if mistake is Mistake.HEAD else head

    def _table(self, offered: Offered, described: Sequence[tuple[int, int, int]]) -> tuple[int, int, int]:
        length = DESCRIPTOR.size * len(described)
        table = self._room(length, DESCRIPTOR.size)
        places = list(range(len(described)))
        self._put_table(table, places, described, [*places[1:], 0])
        return table, length, INDIRECT

    def _put_table(
        self, table: int, places: Sequence[int], described: Sequence[tuple[int, int, int]], links: Sequence[int]
    ) -> None:
        for number, (place, link) in enumerate(zip(places, links, strict=True)):
            address, length, flags = described[number]
            more = NEXT if number + 1 < len(places) else 0
            self.put(table + DESCRIPTOR.size * place, DESCRIPTOR.pack(address, length, flags | more, link))

    def returned(self, queue: int, head: int) -> None:
        """Both devices have given a chain back."""
        ring = self.rings[queue]
        offered = ring.offered.pop(head, None)
        if offered is not None:
            ring.free.extend(offered.places)
