# SPDX-License-Identifier: Apache-2.0
"""A guest that means harm to the rings: each mistake has one defined end, costs little, and reaches nothing else.

The device is the simplest (entropy, one queue of 8), its ring on page 2: descriptors at 0x2000, available ring at
0x2080, used ring at 0x3000. Every number is written out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from support.metered import MeteredMemory

from straightwire.reference.abi import BarOwner
from straightwire.reference.dpu.devices.rng import Rng
from straightwire.reference.dpu.dpu import Dpu
from straightwire.reference.dpu.member import NotifyAddress, describe
from straightwire.reference.dpu.virtqueue import MAX_CHAIN_BYTES

SIZE = 8
MEMORY = 0x20000
HOLE_END = 0x40000
DESCRIPTORS, AVAILABLE, USED, BUFFERS = 0x2000, 0x2080, 0x3000, 0x8000
NEXT, WRITE, INDIRECT = 1, 2, 4
INDIRECT_DESC, EVENT_IDX = 1 << 28, 1 << 29

MAX_ACCESSES = SIZE * (2 * SIZE + 12)
"""For each chain: a descriptor and a buffer for each descriptor of the queue, a table, and the rings' own words."""


def put(dpu: Dpu, offset: int, value: int, size: int) -> None:
    """Write a common register of member 1 by its command."""
    data = bytes((offset,)) + bytes(7) + value.to_bytes(size, "little")
    dpu.owner.execute(b"\x01\0\x01\0" + bytes(20) + b"\x7f", 8)
    assert dpu.owner.execute(b"\x02\0\x01\0" + bytes(12) + b"\x01" + bytes(7) + data, 8) == bytes(8)


class Guest:
    """A member with its driver up, and raw access to everything a guest has."""

    def __init__(self) -> None:
        # Memory has a hole: 0 to 0x20000 and 0x40000 to 0x50000.
        self.memory = MeteredMemory((0, MEMORY), (HOLE_END, 0x10000))
        at = NotifyAddress(BarOwner.MEMBER, 2, 0)
        self.dpu = Dpu([describe("rng", features=INDIRECT_DESC | EVENT_IDX, queues=(SIZE,), notify=(at,))] * 2)
        self.device = self.dpu.device(1)
        self.registers = self.device.registers
        self.device.plug(self.memory, lambda path: Rng(path, lambda length: b"\x55" * length))
        self.dpu.port(1).config_write(4, b"\x06\0")
        self.up()

    def up(self, features: int = INDIRECT_DESC, pfn: int = 2) -> None:
        self.put(18, 0, 1)
        self.put(4, features, 4)
        self.put(8, pfn, 4)
        self.put(18, 7, 1)

    def put(self, offset: int, value: int, size: int) -> None:
        """Write a common register by its command."""
        put(self.dpu, offset, value, size)

    def descriptor(self, index: int, address: int, length: int, flags: int = 0, following: int = 0) -> None:
        self.entry(DESCRIPTORS + 16 * index, address, length, flags, following)

    def entry(self, at: int, address: int, length: int, flags: int = 0, following: int = 0) -> None:
        parts = ((address, 8), (length, 4), (flags, 2), (following, 2))
        self.memory.write(at, b"".join(value.to_bytes(size, "little") for value, size in parts))

    def offer(self, *heads: int, index: int | None = None, flags: int = 0) -> None:
        entries = b"".join(head.to_bytes(2, "little") for head in heads)
        index = len(heads) if index is None else index
        self.memory.write(AVAILABLE, flags.to_bytes(2, "little") + index.to_bytes(2, "little") + entries)

    def buffer(self, head: int = 0, length: int = 16) -> None:
        """An honest request."""
        self.descriptor(head, BUFFERS + 0x100 * head, length, WRITE)

    def ring_bell(self) -> None:
        self.memory.take()
        self.dpu.port(1).doorbell(BarOwner.MEMBER, 2, 0, 0)
        self.spent = self.memory.take()

    @property
    def used(self) -> int:
        return int.from_bytes(self.memory.read(USED + 2, 2), "little")


@dataclass(frozen=True)
class Case:
    """What the guest does before it notifies, and how many requests come back; ``None``: the device needs a reset."""

    name: str
    does: Callable[[Guest], None]
    served: int | None = None


def one(*parts: int) -> Callable[[Guest], None]:
    """A chain of one descriptor: address, length, flags, next."""

    def does(guest: Guest) -> None:
        guest.descriptor(0, *parts)
        guest.offer(0)

    return does


def chain(*descriptors: tuple[int, ...]) -> Callable[[Guest], None]:
    """A chain from descriptor 0 on."""

    def does(guest: Guest) -> None:
        for index, parts in enumerate(descriptors):
            guest.descriptor(index, *parts)
        guest.offer(0)

    return does


def table(*entries: tuple[int, ...], length: int | None = None, flags: int = INDIRECT) -> Callable[[Guest], None]:
    """An indirect table at 0x6000."""

    def does(guest: Guest) -> None:
        for index, parts in enumerate(entries):
            guest.entry(0x6000 + 16 * index, *parts)
        guest.descriptor(0, 0x6000, 16 * len(entries) if length is None else length, flags)
        guest.offer(0)

    return does


def heads(*numbers: int, index: int | None = None) -> Callable[[Guest], None]:
    """Honest requests 0 to 7, and these heads offered."""

    def does(guest: Guest) -> None:
        for head in range(SIZE):
            guest.buffer(head)
        guest.offer(*numbers, index=index)

    return does


def ring_at(pfn: int) -> Callable[[Guest], None]:
    return lambda guest: guest.up(pfn=pfn)


def after_one(then: Callable[[Guest], None]) -> Callable[[Guest], None]:
    """One honest request first, so that the ring is in use."""

    def does(guest: Guest) -> None:
        guest.buffer()
        guest.offer(0)
        guest.ring_bell()
        assert guest.used == 1
        then(guest)

    return does


def without_negotiation(guest: Guest) -> None:
    guest.up(features=0)
    table((BUFFERS, 16, WRITE))(guest)


def over_its_own_available_ring(guest: Guest) -> None:
    guest.descriptor(0, AVAILABLE, 20, WRITE)  # the answer writes 0x5555 into flags, index and entries
    guest.offer(0)


def over_its_own_used_ring(guest: Guest) -> None:
    guest.descriptor(0, USED, 64, WRITE)
    guest.offer(0)


def over_its_own_descriptors(guest: Guest) -> None:
    guest.descriptor(0, DESCRIPTORS, 128, WRITE)
    guest.buffer(1)
    guest.offer(0, 1)


def moved(guest: Guest) -> None:
    guest.put(8, 5, 4)


def moved_by_way_of_0(guest: Guest) -> None:
    guest.put(8, 0, 4)
    guest.memory.write(USED, bytes(72))
    guest.put(8, 2, 4)


def the_same_page_again(guest: Guest) -> None:
    guest.put(8, 2, 4)
    guest.offer(0, 0)


def features_taken_back(guest: Guest) -> None:
    guest.put(4, 0, 4)
    guest.entry(0x6000, BUFFERS, 16, WRITE)
    guest.descriptor(1, 0x6000, 16, INDIRECT)
    guest.offer(0, 1)


def used_index_overwritten(guest: Guest) -> None:
    guest.memory.write(USED + 2, b"\x77\x77")
    guest.offer(0, 0)


def all_flags_of_the_available_ring(guest: Guest) -> None:
    guest.buffer()
    guest.offer(0, flags=0xFFFF)


def a_used_event_of_nonsense(guest: Guest) -> None:
    guest.up(features=EVENT_IDX)
    guest.memory.write(AVAILABLE + 4 + 2 * SIZE, b"\xff\xff")
    guest.buffer()
    guest.offer(0)


def bus_master_off(guest: Guest) -> None:
    guest.buffer()
    guest.offer(0)
    guest.dpu.port(1).config_write(4, b"\0\0")


CASES = [
    Case("a head one past the table", heads(8)),
    Case("a head of 65535", heads(0xFFFF)),
    Case("an honest request, then a head outside", heads(0, 8)),
    Case("an index 9 ahead of a queue of 8", heads(0, index=9)),
    Case("an index half way round", heads(0, index=0x8000)),
    Case("an index one back", heads(0, index=0xFFFF)),
    Case("an index taken back while in use", after_one(lambda guest: guest.offer(index=0))),
    Case("an index that jumps while in use", after_one(lambda guest: guest.offer(index=10))),
    Case("a descriptor that leads to itself", one(BUFFERS, 16, WRITE | NEXT, 0)),
    Case("two that lead to each other", chain((BUFFERS, 8, WRITE | NEXT, 1), (BUFFERS, 8, WRITE | NEXT, 0))),
    Case("a circle through the whole table", chain(*((BUFFERS, 8, WRITE | NEXT, (i + 1) % 8) for i in range(8)))),
    Case("a next outside the table", one(BUFFERS, 16, WRITE | NEXT, 8)),
    Case("a next of 65535", one(BUFFERS, 16, WRITE | NEXT, 0xFFFF)),
    Case("a buffer behind the end of memory", one(0x50000, 16, WRITE)),
    Case("a buffer across the end of memory", one(0x4FFF8, 16, WRITE)),
    Case("a buffer in a hole of memory", one(0x30000, 16, WRITE)),
    Case("a buffer from memory into a hole", one(0x1FFF8, 16, WRITE)),
    Case("a buffer from a hole into memory", one(0x3FFF8, 16, WRITE)),
    Case("a buffer across the whole hole", one(0x1FFF8, 0x20010, WRITE)),
    Case("a buffer at the last address", one(2**64 - 1, 1, WRITE)),
    Case("a buffer around the end of all addresses", one(2**64 - 8, 16, WRITE)),
    Case("a readable buffer outside memory", one(0x50000, 16)),
    Case("a length of 4 GiB less 1", one(BUFFERS, 0xFFFFFFFF, WRITE)),
    Case("a length of 0", one(BUFFERS, 0, WRITE)),
    Case("a length of 0 behind others", chain((BUFFERS, 8, WRITE | NEXT, 1), (BUFFERS, 0, WRITE))),
    Case("a readable buffer behind a writable one", chain((BUFFERS, 8, WRITE | NEXT, 1), (BUFFERS, 8))),
    Case("an indirect table that was never negotiated", without_negotiation),
    Case("an indirect table in an indirect table", table((0x6000, 16, INDIRECT))),
    Case("an indirect table and a next descriptor", table((BUFFERS, 16, WRITE), flags=INDIRECT | NEXT)),
    Case("an indirect table of no bytes", table((BUFFERS, 16, WRITE), length=0)),
    Case("an indirect table of 15 bytes", table((BUFFERS, 16, WRITE), length=15)),
    Case("an indirect table of 17 bytes", table((BUFFERS, 16, WRITE), length=17)),
    Case("an indirect table outside memory", one(0x30000, 16, INDIRECT)),
    Case("an indirect table that runs into a hole", one(0x1FFF0, 32, INDIRECT, 0)),
    Case("an indirect table of 4 GiB, and a circle in it", table((BUFFERS, 1, WRITE | NEXT, 0), length=0xFFFFFFF0)),
    Case("a circle in an indirect table", table((BUFFERS, 1, WRITE | NEXT, 1), (BUFFERS, 1, WRITE | NEXT, 0))),
    Case("a next outside an indirect table", table((BUFFERS, 1, WRITE | NEXT, 1))),
    Case("an indirect table longer than the queue", table(*((BUFFERS, 1, WRITE | NEXT, i + 1) for i in range(9)))),
    Case("an indirect table that is the descriptor itself", one(DESCRIPTORS, 16, INDIRECT)),
    Case("a ring in a hole of memory", ring_at(0x30)),
    Case("a ring behind the end of memory", ring_at(0x50)),
    Case("a ring on the last page", ring_at(0xFFFFFFFF)),
    Case("a ring moved while in use", after_one(moved)),
    Case("features taken back while in use", after_one(features_taken_back)),
    Case("an answer over the available ring", over_its_own_available_ring),
    Case("an answer over the descriptors", over_its_own_descriptors),
    # What looks like harm and is none.
    Case("an answer over the used ring", over_its_own_used_ring, 1),
    Case("a used index that the driver overwrote", after_one(used_index_overwritten), 2),
    Case("a ring moved by way of 0", after_one(moved_by_way_of_0), 1),
    Case("a ring put where it is", after_one(the_same_page_again), 2),
    Case("the same head eight times", heads(*[0] * 8), 8),
    Case("all flags of the available ring", all_flags_of_the_available_ring, 1),
    Case("a used event of nonsense", a_used_event_of_nonsense, 1),
    Case("unknown flags of a descriptor", one(BUFFERS, 16, 0xFFF8 | WRITE, 9), 1),
    Case("a request that leaves no room", one(BUFFERS, 16), 1),
    Case("a request without Bus Master Enable", bus_master_off, 0),
    Case("a notification with an empty ring", lambda guest: guest.offer(), 0),
]


@pytest.fixture(params=CASES, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


def test_a_mistake_has_its_defined_end(case: Case) -> None:
    guest = Guest()
    case.does(guest)
    guest.ring_bell()
    snapshot = guest.device.device_snapshot()
    assert snapshot.needs_reset is (case.served is None)
    assert snapshot.registers.status == (0x47 if case.served is None else 7)
    if case.served is None:
        assert snapshot.registers.isr & 2  # the driver is up, and is told
    elif case.name != "a used index that the driver overwrote":
        assert guest.used == case.served
    assert guest.memory.margins_are_whole


def test_a_mistake_costs_little(case: Case) -> None:
    guest = Guest()
    case.does(guest)
    guest.ring_bell()
    assert guest.spent.accesses <= MAX_ACCESSES
    assert guest.spent.moved <= SIZE * (MAX_CHAIN_BYTES + 32 * SIZE + 64)


def test_a_mistake_ends_with_a_reset(case: Case) -> None:
    guest = Guest()
    case.does(guest)
    guest.ring_bell()
    guest.dpu.port(1).config_write(4, b"\x06\0")
    for _ in range(2):
        guest.memory.write(DESCRIPTORS, bytes(0x2000))
        guest.up()
        guest.buffer(length=4)
        guest.offer(0)
        guest.ring_bell()
        assert guest.memory.read(USED, 12) == bytes.fromhex("0000 0100 00000000 04000000")
        assert guest.device.device_snapshot().registers.status == 7


def test_a_mistake_is_the_members_own(case: Case) -> None:
    guest = Guest()
    before = guest.dpu.device(2).device_snapshot()
    case.does(guest)
    guest.ring_bell()
    assert guest.dpu.device(2).device_snapshot() == before


def test_a_broken_device_touches_nothing() -> None:
    guest = Guest()
    heads(8)(guest)
    guest.ring_bell()
    guest.offer(0)
    for _ in range(3):
        guest.ring_bell()
        assert guest.spent.accesses == 0


def test_every_queue_number_can_be_notified() -> None:
    guest = Guest()
    guest.memory.take()
    for queue in range(1, 0x10000):
        guest.dpu.port(1).doorbell(BarOwner.MEMBER, 2, 0, queue)
    assert guest.memory.take().accesses == 0


def test_requests_of_the_greatest_size_and_more() -> None:
    memory = MeteredMemory((0, 0x10000), (0x100000, 2 * MAX_CHAIN_BYTES))
    dpu = Dpu([describe("rng", queues=(2,))])
    device = dpu.device(1)
    device.plug(memory, lambda path: Rng(path, lambda length: b"\x55" * length))
    device.config_space.write(4, b"\x06\0")
    for length, works in ((MAX_CHAIN_BYTES, True), (MAX_CHAIN_BYTES + 1, False)):
        memory.write(0x1000, bytes(0x2000))
        put(dpu, 18, 0, 1)
        put(dpu, 8, 1, 4)
        memory.write(0x1000, (0x100000).to_bytes(8, "little") + length.to_bytes(4, "little") + b"\x02\0\0\0")
        memory.write(0x1020, bytes.fromhex("0000 0100 0000"))
        put(dpu, 16, 0, 2)
        assert device.device_snapshot().needs_reset is not works
        assert memory.read(0x2002, 2) == (b"\x01\0" if works else b"\0\0")
