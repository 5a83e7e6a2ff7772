# SPDX-License-Identifier: Apache-2.0
"""The native DPU against the reference DPU: the same steps, and after each the same of all that can be observed.

Two devices written apart from the same text agree where the text decides; sampled by seeds and by Hypothesis.
"""

from __future__ import annotations

import struct

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from support.rough_guest import BUFFERS, PAGES, SIZE, RoughGuest, run, seeded
from support.two_dpus import CONFIGS, USE_ALL, Difference, TwoDpus, offered

from straightwire.reference.abi import BarOwner
from straightwire.reference.dpu.member import NotifyAddress

KINDS = sorted(CONFIGS)
SEEDS = 60
STEPS = 60


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("hostile", [0.0, 0.1, 0.5])
def test_both_do_the_same_for_a_rough_guest(kind: str, hostile: float) -> None:
    for seed in range(SEEDS):
        run(kind, seed, STEPS, hostile=hostile)


@pytest.mark.parametrize("kind", KINDS)
def test_both_do_the_same_where_memory_has_a_hole_and_an_odd_end(kind: str) -> None:
    ranges = ((0, 0x12345), (0x12345, 0x5000), (0x18000, 0x7F00))
    for seed in range(SEEDS):
        run(kind, seed, STEPS, ranges=ranges)


@pytest.mark.parametrize("queues", [(8,) * 5, (8, 8, 0, 8), (8, 8)])
@pytest.mark.parametrize("kind", KINDS)
def test_both_do_the_same_with_more_or_fewer_queues(kind: str, queues: tuple[int, ...]) -> None:
    for seed in range(SEEDS // 3):
        run(kind, seed, STEPS, queues=queues)


def test_both_do_the_same_for_a_read_only_disk() -> None:
    for seed in range(SEEDS):
        run("blk", seed, STEPS, hostile=0.05, features=offered("blk", read_only=True))


def test_both_do_the_same_for_a_disk_that_offers_little() -> None:
    for seed in range(SEEDS // 2):
        run("blk", seed, STEPS, hostile=0.05, features=3 << 28)


def test_a_ring_goes_round_and_round_and_its_indices_wrap() -> None:
    pair = TwoDpus("rng", ranges=((0, 0x4000),), queues=(8,))
    pair.admin(USE_ALL, 8)
    pair.pci(4, b"\x06\0")
    pair.write(4, b"\0\0\0\x20")
    pair.write(8, b"\1\0\0\0")
    pair.poke(0x1000, struct.pack("<QIHH", 0x3000, 4, 2, 0))
    native = pair.native.port(1)
    for index in range(8, 65560, 8):  # all eight heads are 0
        pair.poke(0x1082, struct.pack("<H", index & 0xFFFF))
        pair.poke(0x1094, struct.pack("<H", index - 3 & 0xFFFF))
        pair.device.registers.notify(0)
        pair.native.execute(b"\2\0\1\0" + bytes(12) + b"\1" + bytes(7) + b"\x10" + bytes(9), 8)
    assert native.config_read(0, 2) == b"\xf4\x1a"
    pair.compare("a long run")
    assert pair.device.device_snapshot().rings[0] == pair.device.device_snapshot().rings[0]


@pytest.mark.parametrize("length", [1 << 22, (1 << 22) + 1])
@pytest.mark.parametrize("kind", ["rng", "console", "blk", "net", "balloon"])
def test_B29_the_greatest_request_and_one_more(kind: str, length: int) -> None:
    pair = TwoDpus(kind, ranges=((0, 0x8000), (0x100000, 5 << 20)))
    pair.admin(USE_ALL, 8)
    pair.pci(4, b"\x06\0")
    for queue, page in enumerate(PAGES):
        pair.write(14, bytes((queue, 0)))
        pair.write(8, bytes((page, 0, 0, 0)))
        for flags, head in ((2, 0), (0, 1)):
            pair.poke(page * 4096 + 16 * head, struct.pack("<QIHH", 0x100000, length, flags, 0))
            pair.poke(page * 4096 + 0x84 + 2 * head, struct.pack("<H", head))
        pair.poke(page * 4096 + 0x82, b"\2\0")
        pair.notify(queue)


class SameForBoth(RuleBasedStateMachine):
    """Hypothesis chooses the guest's steps, and shrinks what differs."""

    @initialize(kind=st.sampled_from(KINDS), seed=st.integers(0, 2**16))
    def start(self, kind: str, seed: int) -> None:
        at = NotifyAddress(BarOwner.MEMBER, 2, 0)
        self.pair = TwoDpus(kind, notify=(at,))
        self.guest = RoughGuest(self.pair, seeded(seed))

    @rule(seed=st.integers(0, 2**32))
    def something(self, seed: int) -> None:
        self.guest.random = seeded(seed)
        self.guest.step()

    @rule(queue=st.integers(0, 5))
    def ring_bell(self, queue: int) -> None:
        self.pair.doorbell(2, 2, 0, queue)

    @rule(command=st.binary(max_size=48), room=st.integers(0, 80))
    def any_command(self, command: bytes, room: int) -> None:
        self.pair.admin(command, room)

    @rule(opcode=st.integers(0, 8), member=st.integers(0, 3), data=st.binary(max_size=20), room=st.integers(0, 80))
    def command(self, opcode: int, member: int, data: bytes, room: int) -> None:
        self.pair.admin(struct.pack("<HH12xQ", opcode, 1, member) + data, room)

    @rule(page=st.sampled_from(PAGES), index=st.integers(0, SIZE - 1), at=st.integers(0, 0x20010),
          length=st.sampled_from([0, 1, 16, 17, 512, 4096, 1 << 22, 2**32 - 1]), flags=st.integers(0, 7),
          following=st.integers(0, SIZE))  # fmt: skip
    def descriptor(self, page: int, index: int, at: int, length: int, flags: int, following: int) -> None:
        self.pair.poke(page * 4096 + 16 * index, struct.pack("<QIHH", at, length, flags, following))

    @rule(page=st.sampled_from([*PAGES, BUFFERS // 4096]), at=st.integers(0, 0x1100), data=st.binary(max_size=24))
    def scribble(self, page: int, at: int, data: bytes) -> None:
        self.pair.poke(page * 4096 + at, data)


TestSameForBoth = SameForBoth.TestCase
TestSameForBoth.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_a_difference_is_found_where_there_is_one() -> None:
    pair = TwoDpus("rng")
    pair.two.buffers[0][5] = 1
    with pytest.raises(Difference, match="memory after nothing from 0x5: reference 0000"):
        pair.compare("nothing")
    pair = TwoDpus("rng")
    pair.native.config_changed(1)
    with pytest.raises(Difference, match="snapshot after nothing"):
        pair.compare("nothing")
    pair = TwoDpus("rng")
    pair.native.execute(USE_ALL, 8)
    with pytest.raises(Difference, match=r"reply to 03"):
        pair.read(18, 1)
