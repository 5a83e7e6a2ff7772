# SPDX-License-Identifier: Apache-2.0
"""The entropy device through relay, administration commands and rings (virtio 1.4, 5.4)."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.plugged import Plugged, plugged

from straightwire.model.features import Ring
from straightwire.model.snapshot import RingSnapshot, RngSnapshot
from straightwire.reference.dpu.devices.rng import Entropy, Rng, seeded
from straightwire.reference.guest import GuestQueue, Used


def rng(entropy: Entropy, queues: Sequence[int] = (8,)) -> Plugged[Rng]:
    return plugged("rng", lambda path, _: Rng(path, entropy), queues=queues)


def driven(on: Plugged[Rng], features: int = 0) -> GuestQueue:
    on.driver.start(features)
    queue = on.driver.queue(0, room=1 << 16)
    on.driver.ready()
    return queue


class Supply:
    """Entropy that runs out, or fails."""

    def __init__(self, stock: bytes) -> None:
        self.stock = stock
        self.failing = False

    def __call__(self, length: int) -> bytes:
        if self.failing:
            raise OSError("no source")
        found, self.stock = self.stock[:length], self.stock[length:]
        return found


def test_a_request_by_hand() -> None:
    on = rng(lambda length: b"\x55" * length)
    on.by_hand(0, 1)
    on.memory.write(0x1020, bytes.fromhex("0040000000000000 05000000 0200 0000"))
    on.memory.write(0x1080, bytes.fromhex("0000 0100 0200"))
    on.driver.notify(0)
    assert on.memory.read(0x4000, 6) == b"\x55" * 5 + b"\0"
    assert on.memory.read(0x2000, 20) == bytes.fromhex("0000 0100 02000000 05000000 0000000000000000")
    assert on.isr == 1
    assert on.snapshot().rings == (RingSnapshot(1, 1, 1),)
    assert on.snapshot().device == RngSnapshot()


@pytest.mark.parametrize("features", [0, int(Ring.INDIRECT_DESC), int(Ring.INDIRECT_DESC | Ring.EVENT_IDX)])
def test_buffers_are_filled_in_order(features: int) -> None:
    on = rng(Supply(bytes(range(64))))
    queue = driven(on, features)
    first = queue.add([], [3, 5], indirect=bool(features))
    second = queue.add([b"not for reading"], [8], indirect=bool(features))
    on.driver.notify(0)
    assert [used.written for used in queue.used()] == [8, 8]
    assert on.memory.read(first[0], 8) == bytes(range(8))
    assert on.memory.read(second[1], 8) == bytes(range(8, 16))
    assert on.isr == 1


def test_a_short_supply_fills_a_part_and_the_next_buffer_waits_for_more() -> None:
    supply = Supply(b"abc")
    on = rng(supply)
    queue = driven(on)
    (place,) = queue.add([], [8])
    queue.add([], [8])
    on.driver.notify(0)
    assert queue.used() == [Used(0, 3)]
    assert on.memory.read(place, 4) == b"abc\0"
    on.driver.interrupt_status()
    on.behaviour.more()
    assert (queue.used(), on.isr) == ([], 0)
    supply.failing = True
    on.behaviour.more()
    assert (queue.used(), on.isr) == ([], 0)
    supply.failing = False
    supply.stock = b"de"
    on.behaviour.more()
    assert (queue.used(), on.isr) == ([Used(1, 2)], 1)


def test_a_source_that_gives_too_much_is_cut() -> None:
    on = rng(lambda length: b"x" * (length + 1))
    queue = driven(on)
    (place,) = queue.add([], [4])
    on.driver.notify(0)
    assert queue.used() == [Used(0, 4)]
    assert on.memory.read(place, 5) == b"xxxx\0"


def test_a_buffer_without_room_goes_back_empty() -> None:
    on = rng(Supply(b""))
    queue = driven(on)
    queue.add([b"?"], [])
    on.driver.notify(0)
    assert queue.used() == [Used(0, 0)]


def test_only_the_first_queue_is_one() -> None:
    on = rng(lambda length: b"x" * length, queues=(8, 8))
    on.driver.start()
    queue = on.driver.queue(1, room=1 << 16)
    queue.add([], [4])
    on.driver.notify(1)
    assert queue.used() == []


def test_a_driver_mistake_needs_a_reset() -> None:
    on = rng(lambda length: b"x" * length)
    queue = driven(on)
    queue.offer(8)
    on.driver.notify(0)
    assert on.needs_reset()
    assert on.isr == 2
    on.behaviour.more()
    assert queue.used() == []
    queue = driven(on)
    queue.add([], [4])
    on.driver.notify(0)
    assert queue.used() == [Used(0, 4)]


def test_with_MSI_X_a_message_and_NO_INTERRUPT_none() -> None:
    on = rng(lambda length: b"x" * length)
    on.msix()
    on.driver.start()
    queue = on.driver.queue(0, vector=1, room=1 << 16)
    on.driver.ready()
    queue.add([], [4])
    on.driver.notify(0)
    assert (on.messages, on.isr) == ([1], 0)
    on.memory.write(queue.layout.available, b"\1\0")
    queue.add([], [4])
    on.driver.notify(0)
    assert on.messages == [1]
    assert len(queue.used()) == 2


def test_a_seed_gives_these_bytes() -> None:
    assert seeded(1)(8).hex() == "b131e7736f16a74b"
    assert seeded(b"\1")(8) == seeded(1)(8)
    assert seeded(0)(8) == seeded(b"")(8)
    assert seeded(0)(8) != seeded(1)(8)
    assert seeded(1)(0) == b""
    with pytest.raises(ValueError, match="not negative"):
        seeded(-1)


@given(st.lists(st.integers(0, 5000), max_size=6))
def test_a_seeded_source_is_one_stream_however_it_is_asked(lengths: list[int]) -> None:
    source = seeded(b"seed")
    assert b"".join(map(source, lengths)) == seeded(b"seed")(sum(lengths))
