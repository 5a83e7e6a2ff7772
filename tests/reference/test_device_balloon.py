# SPDX-License-Identifier: Apache-2.0
"""The traditional memory balloon through relay, administration commands and rings (virtio 1.4, 5.5)."""

from __future__ import annotations

from collections.abc import Sequence
from struct import pack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.plugged import Plugged, plugged

from straightwire.model.features import Balloon as Feature
from straightwire.model.features import Ring
from straightwire.model.snapshot import BalloonSnapshot, RingSnapshot
from straightwire.reference.dpu.devices.balloon import Balloon, balloon_config
from straightwire.reference.dpu.memory import GuestMemory, Region
from straightwire.reference.guest import GuestQueue, Used

OFFERED = int(Feature.MUST_TELL_HOST | Feature.STATS_VQ | Feature.DEFLATE_ON_OOM)
STATS_VQ = int(Feature.STATS_VQ)
INDIRECT, EVENT_IDX = int(Ring.INDIRECT_DESC), int(Ring.EVENT_IDX)
INFLATE, DEFLATE, STATS = 0, 1, 2


def balloon(queues: Sequence[int] = (8, 8, 8), memory: int = 1 << 20) -> Plugged[Balloon]:
    """With 1 MiB of memory: 256 pages."""
    return plugged("balloon", Balloon, features=OFFERED, queues=queues, memory=memory, config=balloon_config(16))


def driven(on: Plugged[Balloon], features: int = STATS_VQ) -> list[GuestQueue]:
    on.driver.start(features)
    rings = [on.driver.queue(index, room=1 << 16) for index in range(3)]
    on.driver.ready()
    return rings


def pages(*numbers: int) -> bytes:
    return b"".join(pack("<I", number) for number in numbers)


def statistics(*each: tuple[int, int]) -> bytes:
    return b"".join(pack("<HQ", *one) for one in each)


def state(on: Plugged[Balloon]) -> BalloonSnapshot:
    found = on.snapshot().device
    assert isinstance(found, BalloonSnapshot)
    return found


# Inflate, deflate.


def test_of_a_huge_request_only_the_first_4096_numbers_are_looked_at() -> None:
    on = balloon(memory=1 << 22)
    inflate, *_ = driven(on)
    inflate.add([pages(*[7] * 4095, 8, 9)], [])
    on.driver.notify(INFLATE)
    assert state(on).pages == (7, 8)


def test_inflate_and_deflate_by_hand() -> None:
    on = balloon()
    on.by_hand(INFLATE, 1)
    on.by_hand(DEFLATE, 3)
    on.memory.write(0x8000, bytes.fromhex("60000000 61000000 62000000"))
    on.memory.write(0x60000, b"\xaa" * 4096)
    for base, length in ((0x1000, 12), (0x3000, 8)):
        on.memory.write(base, bytes.fromhex("0080000000000000") + bytes([length, 0, 0, 0]) + bytes(4))
        on.memory.write(base + 0x80, bytes.fromhex("0000 0100 0000"))
    on.driver.notify(INFLATE)
    assert on.memory.read(0x2000, 12) == bytes.fromhex("0000 0100 00000000 00000000")
    assert on.isr == 1
    assert state(on).pages == (0x60, 0x61, 0x62)
    on.driver.notify(DEFLATE)
    assert on.memory.read(0x4000, 12) == bytes.fromhex("0000 0100 00000000 00000000")
    assert on.behaviour.pages == {0x62}
    assert on.memory.read(0x60000, 4096) == b"\xaa" * 4096  # nobody touched it
    assert on.snapshot().rings == (RingSnapshot(1, 1, 1), RingSnapshot(1, 1, 1), None)


@pytest.mark.parametrize("features", [0, INDIRECT, INDIRECT | EVENT_IDX])
def test_numbers_may_be_cut_up_and_come_twice(features: int) -> None:
    on = balloon()
    inflate, deflate, _ = driven(on, features)
    numbers = pages(200, 201, 200, 202)
    inflate.add([numbers[:6], numbers[6:]], [4], indirect=bool(features & INDIRECT))
    inflate.add([pages(202)], [], indirect=bool(features & INDIRECT))
    on.driver.notify(INFLATE)
    assert state(on).pages == (200, 201, 202)
    assert [used.written for used in inflate.used()] == [0, 0]
    deflate.add([pages(5, 201)], [], indirect=bool(features & INDIRECT))
    on.driver.notify(DEFLATE)
    assert state(on).pages == (200, 202)
    assert [used.written for used in deflate.used()] == [0]


@pytest.mark.parametrize("tail", [b"", b"\1", b"\1\0\0"])
def test_what_is_no_page_of_the_guest_is_not_remembered(tail: bytes) -> None:
    on = balloon()
    inflate, _, _ = driven(on)
    inflate.add([pages(255, 256, 0xFFFFFFFF, 0x80000000) + tail], [])
    on.driver.notify(INFLATE)
    assert state(on).pages == (255,)


def test_a_buffer_of_nothing_goes_back() -> None:
    on = balloon()
    inflate, _, stats = driven(on)
    inflate.add([], [16])
    on.driver.notify(INFLATE)
    assert inflate.used() == [Used(0, 0)]
    stats.add([], [16])
    on.driver.notify(STATS)
    assert on.behaviour.ask_for_statistics()
    assert stats.used() == [Used(0, 0)]


def test_a_page_that_is_only_partly_memory_is_none() -> None:
    memory = GuestMemory((Region(0, bytearray(0x20800)), Region(0x21000, bytearray(0x1000))))
    on = plugged("balloon", lambda path, _: Balloon(path, memory), queues=(8, 8, 8))
    inflate, _, _ = driven(on, 0)
    inflate.add([pages(0x1F, 0x20, 0x21, 0x22)], [])
    on.driver.notify(INFLATE)
    assert state(on).pages == (0x1F, 0x21)


# Target and actual size.


def test_the_target_is_told() -> None:
    on = balloon()
    driven(on)
    assert on.config(0, 4) == b"\x10\0\0\0"
    on.behaviour.set_target(0x1234)
    assert on.isr == 2
    assert on.config(0, 4) == bytes.fromhex("34120000")
    for wrong in (-1, 1 << 32):
        with pytest.raises(ValueError, match="pages"):
            on.behaviour.set_target(wrong)


def test_actual_counts_with_its_last_byte() -> None:
    on = balloon()
    driven(on)
    on.configure(4, bytes.fromhex("0a000000"))
    assert (on.behaviour.actual, state(on).actual) == (10, 10)
    for at, byte in enumerate(bytes.fromhex("0b010000")):
        assert on.behaviour.actual == 10
        on.configure(4 + at, bytes([byte]))
    assert on.behaviour.actual == 0x10B
    on.configure(12, bytes.fromhex("ffffffff"))
    assert on.behaviour.actual == 0x10B
    on.driver.start()
    assert (on.behaviour.actual, on.config(4, 4)) == (0, bytes(4))


# Statistics.


def test_statistics_are_asked_for_by_giving_the_buffer_back() -> None:
    on = balloon()
    _, _, stats = driven(on)
    assert not on.behaviour.ask_for_statistics()
    stats.add([statistics((4, 1))], [])
    on.driver.notify(STATS)
    assert (stats.used(), on.isr) == ([], 0)
    assert on.behaviour.statistics == {}  # the first means nothing
    assert state(on) == BalloonSnapshot((), 0, (), statistics_begun=True, statistics_head=0)
    assert on.snapshot().rings[STATS] == RingSnapshot(1, 0, 0)
    assert on.behaviour.ask_for_statistics()
    assert stats.used() == [Used(0, 0)]
    assert on.isr == 1
    assert not on.behaviour.ask_for_statistics()
    stats.add([statistics((5, 1 << 40), (4, 77), (16, 9), (0xFFFF, 9)) + bytes(9)], [])
    on.driver.notify(STATS)
    assert on.behaviour.statistics == {4: 77, 5: 1 << 40}
    assert state(on) == BalloonSnapshot((), 0, ((4, 77), (5, 1 << 40)), statistics_begun=True, statistics_head=1)
    assert on.behaviour.ask_for_statistics()
    stats.add([statistics((0, 3))], [])
    on.driver.notify(STATS)
    assert on.behaviour.statistics == {0: 3}


def test_statistics_by_hand_with_the_event_index() -> None:
    on = balloon()
    on.driver.start(STATS_VQ | EVENT_IDX)
    on.by_hand(STATS, 1)
    on.driver.ready()
    on.memory.write(0x1030, bytes.fromhex("0080000000000000 0a000000 0000 0000"))
    on.memory.write(0x1080, bytes.fromhex("0000 0100 0300"))
    on.driver.notify(STATS)
    assert on.memory.read(0x2000, 12) == bytes(12)
    assert on.memory.read(0x2044, 2) == b"\1\0"
    assert on.behaviour.ask_for_statistics()
    assert on.memory.read(0x2000, 12) == bytes.fromhex("0000 0100 03000000 00000000")
    assert on.isr == 1


def test_a_driver_that_offers_several_buffers_gets_the_others_back() -> None:
    on = balloon()
    _, _, stats = driven(on)
    for number in range(3):
        stats.add([statistics((4, number))], [])
    on.driver.notify(STATS)
    assert stats.used() == [Used(0, 0), Used(1, 0)]
    assert (on.behaviour.statistics, state(on).statistics_head) == ({4: 2}, 2)
    on.driver.notify(STATS)
    assert stats.used() == []


def test_an_answer_from_within_the_interrupt() -> None:
    on = balloon()
    on.msix()
    on.driver.start(STATS_VQ)
    stats = on.driver.queue(STATS, vector=3, room=1 << 16)
    on.driver.ready()
    stats.add([bytes(10)], [])
    on.driver.notify(STATS)

    def answer(vector: int) -> None:
        assert vector == 3
        stats.used()
        stats.add([statistics((4, 99))], [])
        on.driver.notify(STATS)

    assert on.device.path is not None
    on.device.path._message = answer
    assert on.behaviour.ask_for_statistics()
    assert on.behaviour.statistics == {4: 99}
    assert state(on).statistics_head == 1


def test_nobody_is_asked_who_did_not_negotiate() -> None:
    on = balloon()
    _, _, stats = driven(on, 0)
    stats.add([bytes(10)], [])
    on.driver.notify(STATS)
    assert not on.behaviour.ask_for_statistics()
    assert stats.used() == []


def test_a_kept_buffer_waits_for_bus_master() -> None:
    on = balloon()
    _, _, stats = driven(on)
    stats.add([bytes(10)], [])
    on.driver.notify(STATS)
    on.relay.config_write(4, b"\x03\0")
    assert not on.behaviour.ask_for_statistics()
    assert state(on).statistics_head == 0
    on.relay.config_write(4, b"\x07\0")
    assert on.behaviour.ask_for_statistics()
    assert stats.used() == [Used(0, 0)]


@pytest.mark.parametrize("pfn", [1, 3])
def test_a_kept_buffer_is_forgotten_with_its_ring(pfn: int) -> None:
    """QUEUE_PFN 0, and a ring again, be it on the same page: nothing of the old one is returned into the new."""
    on = balloon()
    on.driver.start(STATS_VQ)
    on.by_hand(STATS, 1)
    on.driver.ready()
    on.memory.write(0x1000, bytes.fromhex("0080000000000000 0a000000 0000 0000"))
    on.memory.write(0x1080, bytes.fromhex("0000 0100 0000"))
    on.driver.notify(STATS)
    assert state(on).statistics_head == 0
    on.relay.bar_write(8, bytes(4))
    assert state(on).statistics_head is None
    on.memory.write(0x1080, bytes(6))
    on.relay.bar_write(8, pack("<I", pfn))
    assert not on.needs_reset()
    assert not on.behaviour.ask_for_statistics()
    assert on.memory.read(0x2000, 12) == bytes(12)
    assert on.memory.read(0x4000, 12) == bytes(12)


# Reset, mistakes, interrupts.


def test_a_reset_forgets_everything_the_driver_said() -> None:
    on = balloon()
    inflate, _, stats = driven(on)
    inflate.add([pages(200)], [])
    on.driver.notify(INFLATE)
    for number in range(2):
        stats.add([statistics((4, number))], [])
    on.driver.notify(STATS)
    on.configure(4, b"\1\0\0\0")
    assert state(on) == BalloonSnapshot((200,), 1, ((4, 1),), statistics_begun=True, statistics_head=1)
    on.relay.bar_write(18, b"\0")
    assert state(on) == BalloonSnapshot((), 0, (), statistics_begun=False, statistics_head=None)
    assert not on.behaviour.ask_for_statistics()


@pytest.mark.parametrize("queue", [INFLATE, DEFLATE, STATS])
def test_a_driver_mistake_needs_a_reset(queue: int) -> None:
    on = balloon()
    rings = driven(on)
    rings[STATS].add([bytes(10)], [])
    on.driver.notify(STATS)
    rings[queue].offer(8)
    on.driver.notify(queue)
    assert on.needs_reset()
    assert on.isr == 2
    assert not on.behaviour.ask_for_statistics()
    rings = driven(on)
    assert not on.needs_reset()
    rings[INFLATE].add([pages(200)], [])
    on.driver.notify(INFLATE)
    assert state(on).pages == (200,)


def test_messages_and_NO_INTERRUPT() -> None:
    on = balloon()
    on.msix()
    on.driver.start()
    inflate = on.driver.queue(INFLATE, vector=1, room=1 << 16)
    on.relay.bar_write(20, b"\0\0")
    on.driver.ready()
    inflate.add([pages(200)], [])
    on.driver.notify(INFLATE)
    assert (on.messages, on.isr) == ([1], 0)
    on.memory.write(inflate.layout.available, b"\1\0")
    inflate.add([pages(201)], [])
    on.driver.notify(INFLATE)
    assert on.messages == [1]
    on.behaviour.set_target(7)
    assert (on.messages, on.isr) == ([1, 0], 2)
    assert state(on).pages == (200, 201)


def test_other_queues_have_no_use() -> None:
    on = balloon(queues=(8, 8, 8, 8))
    on.driver.start()
    queue = on.driver.queue(3, room=1 << 16)
    queue.add([pages(200)], [])
    on.driver.notify(3)
    assert queue.used() == []
    assert state(on).pages == ()


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.booleans(), st.lists(st.integers(0, 300), max_size=8)), max_size=20))
def test_the_balloon_is_a_set_of_the_guests_pages(requests: list[tuple[bool, list[int]]]) -> None:
    on = balloon()
    rings = driven(on)
    plain: set[int] = set()
    for inflating, numbers in requests:
        queue = INFLATE if inflating else DEFLATE
        data = pages(*numbers)
        rings[queue].add([data] if data else [], [] if data else [1])
        on.driver.notify(queue)
        assert len(rings[queue].used()) == 1
        if inflating:
            plain |= {number for number in numbers if number < 256}
        else:
            plain -= set(numbers)
    assert state(on).pages == tuple(sorted(plain))
