# SPDX-License-Identifier: Apache-2.0
"""Hypothesis as a hostile guest of every device type: rings, descriptors, registers and configuration of its choice.

Whatever it does: no exception, nothing outside its memory, a bounded number of accesses for each notification, and a
reset that brings back the device it was.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from support.metered import MeteredMemory

from straightwire.model.snapshot import ConsoleSnapshot, DeviceSnapshot
from straightwire.reference.abi import BarOwner
from straightwire.reference.dpu.data_path import Behaviour, DataPath
from straightwire.reference.dpu.devices.balloon import Balloon
from straightwire.reference.dpu.devices.blk import Blk, blk_config
from straightwire.reference.dpu.devices.console import Console
from straightwire.reference.dpu.devices.disk import MemoryDisk
from straightwire.reference.dpu.devices.net import Net
from straightwire.reference.dpu.devices.rng import Rng, seeded
from straightwire.reference.dpu.dpu import Dpu
from straightwire.reference.dpu.member import RING_FEATURES, NotifyAddress, describe
from straightwire.reference.dpu.memory import Memory
from straightwire.reference.dpu.switch import Switch
from straightwire.reference.dpu.virtqueue import MAX_CHAIN_BYTES, Virtqueue
from straightwire.reference.owner_driver import admin_command
from straightwire.reference.relay import ReferenceSubject

SIZE = 8
QUEUES = 3
MEMORY = 0x20000
PAGES = (1, 3, 5)  # where rings are, unless the guest moves them: each has two pages
BUFFERS = 0x10000
MAX_ACCESSES = 2 * SIZE * (2 * SIZE + 12)
"""As for one ring in ``test_hostile_rings.py``, and as much again for another member's that it reaches."""

MAC = b"\x52\x54\x00\x00\x00\x01"


def make_rng(path: DataPath, memory: Memory) -> Behaviour:
    return Rng(path, seeded(1))


def make_blk(path: DataPath, memory: Memory) -> Behaviour:
    return Blk(path, MemoryDisk.of_sectors(64), b"serial")


def make_console(path: DataPath, memory: Memory) -> Behaviour:
    return Console(path, lambda _: None)


def make_balloon(path: DataPath, memory: Memory) -> Behaviour:
    return Balloon(path, memory)


def make_net(path: DataPath, memory: Memory) -> Behaviour:
    switch = Switch()
    net = Net(path, switch.attach)
    switch.attach(Echo(net))
    return net


class Echo:
    """Another port of the switch, which counts what it gets."""

    def __init__(self, net: Net) -> None:
        self.heard = 0

    def deliver(self, frame: bytes) -> None:
        self.heard += 1


KINDS: dict[str, tuple[Callable[[DataPath, Memory], Behaviour], int, bytes | None]] = {
    "rng": (make_rng, Rng.features, None),
    "blk": (make_blk, Blk.features & ~(1 << 5), blk_config(64)),
    "console": (make_console, Console.features, None),
    "balloon": (make_balloon, Balloon.features, None),
    "net": (make_net, Net.features, MAC + b"\x01" + bytes(21)),
}

ADDRESSES = st.one_of(
    st.integers(BUFFERS, BUFFERS + 0x200),
    st.sampled_from([0, 0x1000, 0x1080, 0x2000, 0x3000, MEMORY - 8, MEMORY, 2**32, 2**63, 2**64 - 8]),
    st.integers(0, 2**64 - 1),
)
LENGTHS = st.one_of(
    st.sampled_from([0, 1, 2, 4, 6, 7, 10, 12, 16, 17, 26, 512, 513, 1526, 4096]),
    st.integers(0, MEMORY),
    st.sampled_from([MAX_CHAIN_BYTES + 1, 2**32 - 1]),
)
FLAGS = st.one_of(st.sampled_from([0, 1, 2, 3]), st.sampled_from([0, 1, 2, 3]), st.integers(0, 0xFFFF))
NEXTS = st.one_of(st.integers(0, SIZE), st.sampled_from([SIZE + 1, 0xFFFF]))
REQUESTS = {
    "rng": [b"", b"?"],
    "blk": [
        bytes(16),
        b"\x01" + bytes(15) + b"\x77" * 512,
        b"\x04" + bytes(15),
        b"\x08" + bytes(15),
        b"\x0b" + bytes(23) + b"\x10\0\0\0" + bytes(4),
        b"\x0d" + bytes(23) + b"\x10\0\0\0" + bytes(4),
        bytes(8) + b"\xff" * 8,
    ],
    "console": [b"", b"output"],
    "balloon": [b"\1\0\0\0\2\0\0\0", b"\xff" * 8, b"\x05\0" + b"\x01" * 8, bytes(3)],
    "net": [
        b"",
        b"\0\1\1",  # all multicast
        b"\0\0\0",  # not promiscuous
        b"\1\0" + b"\1\0\0\0" + MAC + bytes(4),
        b"\1\0" + b"\xff" * 8,
        b"\1\1" + b"\2" * 6,
        b"\2\0\5\0",
        bytes(12) + MAC + MAC + b"\x08\0" + b"payload",
        bytes(10) + b"\xff" * 6 + MAC + b"\x81\0\0\5" + bytes(60),
    ],
}
"""What a driver of each type may send."""
REGISTERS = st.sampled_from([(4, 4), (8, 4), (14, 2), (16, 2), (18, 1), (20, 2), (22, 2)])
VALUES = st.one_of(st.sampled_from([0, 1, 2, 3, 5, 7, 0x1F, 0x20, 2**28, 2**29, 2**32 - 1]), st.integers(0, 2**32 - 1))


class HostileGuest(RuleBasedStateMachine):
    """One member of a DPU with two."""

    @initialize(kind=st.sampled_from(sorted(KINDS)), accepted=st.sampled_from([0, 2**28, 2**32 - 1]))
    def start(self, kind: str, accepted: int) -> None:
        make, features, config = KINDS[kind]
        self.kind, self.accepted = kind, accepted
        self.memory = MeteredMemory((0, MEMORY))
        at = NotifyAddress(BarOwner.MEMBER, 2, 0)
        own = describe(
            kind, features=features | RING_FEATURES, queues=(SIZE,) * QUEUES, config=config, vectors=4, notify=(at,)
        )
        self.dpu = Dpu([own, describe("rng")])
        self.dpu.owner.execute(admin_command(1, data=b"\x7f"), 8)
        self.device = self.dpu.device(1)
        self.device.plug(self.memory, lambda path: make(path, self.memory))
        self.neighbour = self.dpu.device(2).device_snapshot()
        self.relay = ReferenceSubject().open(self.dpu.port(1), self.dpu.attachment(1))
        self.relay.config_write(4, b"\x07\0")
        self.fresh = self.device.device_snapshot()
        self.relay.bar_write(4, accepted.to_bytes(4, "little"))
        for queue, page in enumerate(PAGES):
            self.relay.bar_write(14, queue.to_bytes(2, "little"))
            self.relay.bar_write(8, page.to_bytes(4, "little"))
        self.relay.bar_write(18, b"\x07")

    @rule(page=st.sampled_from(PAGES), index=st.integers(0, SIZE - 1), address=ADDRESSES, length=LENGTHS, flags=FLAGS,
          following=NEXTS)  # fmt: skip
    def descriptor(self, page: int, index: int, address: int, length: int, flags: int, following: int) -> None:
        parts = ((address, 8), (length, 4), (flags, 2), (following, 2))
        self.memory.write(page * 4096 + 16 * index, b"".join(value.to_bytes(size, "little") for value, size in parts))

    @rule(queue=st.integers(0, QUEUES - 1), room=st.sampled_from([0, 1, 13, 513, 2048]), draw=st.data())
    def request(self, queue: int, room: int, draw: st.DataObject) -> None:
        """Something that may even be right: contents, room for an answer, offered and notified."""
        self.send(queue, draw.draw(st.one_of(st.sampled_from(REQUESTS[self.kind]), st.binary(max_size=64))), room)

    def send(self, queue: int, data: bytes, room: int) -> None:
        """A chain of ``data`` and ``room``, and a notification."""
        page = PAGES[queue] * 4096
        self.memory.write(BUFFERS, data)
        for index, length, flags in ((0, len(data), 1 if room else 0), (1, room, 2)):
            parts = ((BUFFERS + 0x800 * index, 8), (length, 4), (flags, 2), (1, 2))
            self.memory.write(page + 16 * index, b"".join(value.to_bytes(size, "little") for value, size in parts))
        self._offer(page, 0 if data else 1)
        self.notify(queue)

    @rule(page=st.sampled_from(PAGES), head=NEXTS)
    def offer(self, page: int, head: int) -> None:
        self._offer(page * 4096, head)

    @rule(page=st.sampled_from(PAGES), at=st.integers(0, 0x1100), data=st.binary(max_size=24))
    def scribble(self, page: int, at: int, data: bytes) -> None:
        self.memory.write(page * 4096 + at, data)

    @rule(queue=st.integers(0, QUEUES + 1))
    def notify(self, queue: int) -> None:
        self._bounded(lambda: self.dpu.port(1).doorbell(BarOwner.MEMBER, 2, 0, queue))

    @rule(register=REGISTERS, value=VALUES)
    def register(self, register: tuple[int, int], value: int) -> None:
        offset, size = register
        data = (value & (1 << 8 * size) - 1).to_bytes(size, "little")
        self._bounded(lambda: self.relay.bar_write(offset, data))

    @rule(offset=st.integers(20, 60), data=st.binary(min_size=1, max_size=4))
    def configuration(self, offset: int, data: bytes) -> None:
        self._bounded(lambda: self.relay.bar_write(offset, data))

    @rule(data=st.binary(max_size=80))
    def the_other_side(self, data: bytes) -> None:
        """A frame, input, a wish: whatever comes from outside for this type."""
        behaviour: Any = self.device.path.behaviour if self.device.path else None
        if isinstance(behaviour, Net):
            self._bounded(lambda: behaviour.deliver(b"\xff" * 6 + MAC + data))
        elif isinstance(behaviour, Console):
            self._bounded(lambda: behaviour.feed(data))
        elif isinstance(behaviour, Balloon):
            self._bounded(behaviour.ask_for_statistics)

    @rule()
    def go_on(self) -> None:
        if self.device.path:
            self._bounded(self.device.path.proceed, QUEUES)

    @rule()
    def up_again(self) -> None:
        """A reset brings back the device as it was, and it is set up anew."""
        self.relay.bar_write(18, b"\0")
        assert self._lasting(self.device.device_snapshot()) == self._lasting(self.fresh)
        self.relay.bar_write(4, self.accepted.to_bytes(4, "little"))
        for queue, page in enumerate(PAGES):
            self.memory.write(page * 4096, bytes(0x2000))
            self.relay.bar_write(14, queue.to_bytes(2, "little"))
            self.relay.bar_write(8, page.to_bytes(4, "little"))
        self.relay.bar_write(18, b"\x07")

    @invariant()
    def nothing_else_is_touched(self) -> None:
        if hasattr(self, "dpu"):
            assert self.memory.margins_are_whole
            assert self.dpu.device(2).device_snapshot() == self.neighbour

    def _offer(self, page: int, head: int) -> None:
        """The next entry of an available ring, wherever that stands."""
        available = page + 16 * SIZE
        index = int.from_bytes(self.memory.read(available + 2, 2), "little")
        self.memory.write(available + 4 + 2 * (index % SIZE), head.to_bytes(2, "little"))
        self.memory.write(available + 2, (index + 1 & 0xFFFF).to_bytes(2, "little"))

    def _bounded(self, act: Callable[[], object], queues: int = 1) -> None:
        self.memory.take()
        act()
        work = self.memory.take()
        assert work.accesses <= queues * MAX_ACCESSES
        assert work.moved <= queues * 2 * SIZE * (MAX_CHAIN_BYTES + 0x1000)

    @staticmethod
    def _lasting(snapshot: DeviceSnapshot) -> DeviceSnapshot:
        """Without what a reset is not for: counters of notifications, and input that waits."""
        device = snapshot.device
        if isinstance(device, ConsoleSnapshot):
            device = replace(device, waiting=b"")
        registers = replace(snapshot.registers, notified=(), status=0, isr=0)
        return replace(snapshot, registers=registers, device=device, rings=())


TestHostileGuest = HostileGuest.TestCase


def driven(kind: str) -> HostileGuest:
    """The machine by hand: a driver of this type that accepted everything."""
    guest = HostileGuest()
    guest.start(kind, 2**32 - 1)
    return guest


def test_a_device_that_forgets_to_reset_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    guest = driven("net")
    guest.send(2, b"\0\1\1", 1)
    guest.up_again()
    monkeypatch.setattr(Net, "reset", lambda _: None)
    guest.send(2, b"\0\1\1", 1)
    with pytest.raises(AssertionError):
        guest.up_again()


def test_work_without_a_bound_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    guest = driven("rng")
    guest.send(0, b"", 513)
    honest = Virtqueue.serve

    def busy(self: Virtqueue, *arguments: Any) -> bool:
        for _ in range(1000):
            self._memory.read(0, 1)
        return honest(self, *arguments)

    monkeypatch.setattr(Virtqueue, "serve", busy)
    with pytest.raises(AssertionError):
        guest.send(0, b"", 513)


def test_a_write_beside_memory_is_found() -> None:
    guest = driven("rng")
    guest.nothing_else_is_touched()
    guest.memory._backing[0][0][-1] = 0
    with pytest.raises(AssertionError):
        guest.nothing_else_is_touched()


def test_an_exception_escapes_from_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    guest = driven("console")
    guest.send(1, b"output", 0)
    monkeypatch.setattr(Console, "_put", lambda *_: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        guest.send(1, b"output", 0)
