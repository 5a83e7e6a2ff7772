# SPDX-License-Identifier: Apache-2.0
"""What every device type has in common: rings, notifications, interrupts, features, resets."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.plugged import Plugged, plugged

from straightwire.model.snapshot import RingSnapshot
from straightwire.reference.dpu.data_path import DataPath
from straightwire.reference.dpu.devices.rng import Rng
from straightwire.reference.dpu.dpu import Dpu
from straightwire.reference.dpu.member import describe
from straightwire.reference.dpu.memory import GuestMemory
from straightwire.reference.dpu.virtqueue import Layout, legacy_layout
from straightwire.reference.guest import Used
from straightwire.reference.owner_driver import admin_command

NOTIFY_ON_EMPTY, INDIRECT, EVENT_IDX = 1 << 24, 1 << 28, 1 << 29
NO_INTERRUPT = b"\1\0"


class Tap:
    """Entropy that flows as far as it is opened."""

    def __init__(self, left: int = 1 << 20) -> None:
        self.left = left

    def __call__(self, length: int) -> bytes:
        given = min(length, self.left)
        self.left -= given
        return b"\x55" * given


def rng(tap: Tap | None = None, features: int = 0) -> Plugged[Rng]:
    source = tap or Tap()
    return plugged("rng", lambda path, _: Rng(path, source), features=features)


@pytest.mark.parametrize(
    ("size", "available", "used"),
    [(2, 32, 4096), (64, 1024, 4096), (256, 4096, 8192), (1024, 16384, 20480), (32768, 524288, 593920)],
)
def test_the_legacy_layout(size: int, available: int, used: int) -> None:
    assert legacy_layout(1, size) == Layout(4096, 4096 + available, 4096 + used, size)


def test_C6_a_queue_is_served_at_any_STATUS() -> None:
    on = rng()
    queue = on.driver.queue(0, room=4096)
    (at,) = queue.add([], [4])
    on.driver.notify(0)
    assert on.memory.read(at, 4) == b"\x55" * 4
    assert on.snapshot().registers.status == 0


def test_B16_features_count_as_they_are_when_a_queue_is_served() -> None:
    on = rng()
    on.driver.start()
    queue = on.driver.queue(0, room=4096)
    on.relay.bar_write(4, INDIRECT.to_bytes(4, "little"))
    queue.add([], [4], indirect=True)
    on.driver.notify(0)
    assert queue.used() == [Used(0, 4)]


def test_B23_without_bus_master_nothing_is_touched_or_sent_and_commands_work() -> None:
    on = rng()
    on.driver.start()
    on.msix()
    queue = on.driver.queue(0, vector=1, room=4096)
    on.relay.config_write(4, b"\x03\0")
    queue.add([], [4])
    on.driver.notify(0)
    assert (queue.used(), on.messages) == ([], [])
    assert on.relay.bar_read(12, 2).payload == b"\x08\0"
    on.relay.config_write(4, b"\x07\0")
    on.driver.notify(0)
    assert (queue.used(), on.messages) == ([Used(0, 4)], [1])


def test_B18_ISR_without_MSI_X_and_a_message_with_it() -> None:
    on = rng()
    on.driver.start()
    queue = on.driver.queue(0, room=4096)
    queue.add([], [4])
    on.driver.notify(0)
    assert (on.isr, on.messages) == (1, [])
    assert on.driver.interrupt_status() == 1
    assert on.isr == 0
    on.msix()
    on.relay.bar_write(22, b"\1\0")
    queue.add([], [4])
    on.driver.notify(0)
    assert (on.isr, on.messages) == (0, [1])


def test_a_queue_without_a_vector_sends_no_message() -> None:
    on = rng()
    on.driver.start()
    on.msix()
    queue = on.driver.queue(0, room=4096)
    queue.add([], [4])
    on.driver.notify(0)
    assert (queue.used(), on.isr, on.messages) == ([Used(0, 4)], 0, [])


@pytest.mark.parametrize(
    ("features", "flags", "isr"),
    [(0, b"\0\0", 1), (0, NO_INTERRUPT, 0), (NOTIFY_ON_EMPTY, NO_INTERRUPT, 1), (EVENT_IDX, NO_INTERRUPT, 1)],
)
def test_an_interrupt_as_the_driver_asked(features: int, flags: bytes, isr: int) -> None:
    on = rng(features=NOTIFY_ON_EMPTY)
    on.driver.start(features)
    queue = on.driver.queue(0, room=4096)
    on.memory.write(queue.layout.available, flags)
    queue.add([], [4])
    on.driver.notify(0)
    assert on.isr == isr


def test_NOTIFY_ON_EMPTY_says_nothing_while_requests_are_left() -> None:
    on = rng(Tap(4), features=NOTIFY_ON_EMPTY)
    on.driver.start(NOTIFY_ON_EMPTY)
    queue = on.driver.queue(0, room=4096)
    on.memory.write(queue.layout.available, NO_INTERRUPT)
    queue.add([], [4])
    queue.add([], [4])
    on.driver.notify(0)
    assert (queue.used(), on.isr) == ([Used(0, 4)], 0)


def test_what_a_device_cannot_do_yet_waits_in_the_ring() -> None:
    tap = Tap(0)
    on = rng(tap)
    on.driver.start()
    queue = on.driver.queue(0, room=4096)
    queue.add([], [8])
    on.driver.notify(0)
    assert queue.used() == []
    assert on.snapshot().rings == (RingSnapshot(0, 0, 0),)
    tap.left = 5
    on.behaviour.more()
    assert queue.used() == [Used(0, 5)]
    assert on.snapshot().rings == (RingSnapshot(1, 1, 1),)


def test_one_notification_is_worth_as_many_requests_as_the_queue_is_long() -> None:
    class Generous(Rng):
        """A driver on another processor, which adds a request whenever one is served."""

        def _fill(self, chain: object) -> int:
            index = int.from_bytes(on.memory.read(0x1082, 2), "little")
            on.memory.write(0x1082, (index + 1).to_bytes(2, "little"))
            return 0

    on = plugged("rng", lambda path, _: Generous(path, Tap()))
    on.by_hand(0, 1)
    on.memory.write(0x1000, (0x8000).to_bytes(8, "little") + bytes.fromhex("04000000 0200 0000"))
    on.memory.write(0x1080, bytes.fromhex("0000 0100"))
    on.driver.notify(0)
    assert on.snapshot().rings == (RingSnapshot(8, 8, 8),)
    assert on.snapshot().unfinished == (0,)
    assert on.device.path is not None
    on.device.path.proceed()
    assert on.snapshot().rings == (RingSnapshot(16, 16, 16),)
    on.relay.bar_write(18, b"\0")
    assert on.snapshot().unfinished == ()


def test_B25_a_function_level_reset_takes_the_rings_away() -> None:
    on = rng()
    on.driver.start()
    on.driver.queue(0, room=4096)
    on.device.reset()
    assert on.snapshot().rings == (None,)
    assert on.snapshot().registers.status == 0


def test_B28_a_driver_that_is_not_up_is_not_told() -> None:
    on = rng()
    on.driver.start()
    queue = on.driver.queue(0, room=4096)
    queue.offer(8)
    on.driver.notify(0)
    assert (on.needs_reset(), on.snapshot().registers.status, on.isr) == (True, 0x43, 0)


def test_B28_a_driver_that_is_up_is_told_by_message() -> None:
    on = rng()
    on.driver.start()
    on.msix()
    on.relay.bar_write(20, b"\0\0")
    queue = on.driver.queue(0, vector=1, room=4096)
    on.driver.ready()
    queue.offer(8)
    on.driver.notify(0)
    on.driver.notify(0)
    assert (on.needs_reset(), on.isr, on.messages) == (True, 2, [0])


def test_B28_a_STATUS_that_the_driver_overwrites_heals_nothing() -> None:
    on = rng()
    on.driver.start()
    queue = on.driver.queue(0, room=4096)
    queue.offer(8)
    on.driver.notify(0)
    on.relay.bar_write(18, b"\x07")
    assert on.snapshot().needs_reset
    queue.add([], [4])
    on.driver.notify(0)
    assert queue.used() == []


def of_type(name: str, features: int = 0) -> Dpu:
    return Dpu([describe(name, features=features)])


def test_a_member_has_one_data_path_of_its_own_type_that_can_do_what_it_offers() -> None:
    memory = GuestMemory.of_size(4096)

    def make(path: DataPath) -> Rng:
        return Rng(path, Tap())

    with pytest.raises(ValueError, match="a blk member cannot behave as rng"):
        of_type("blk").device(1).plug(memory, make)
    with pytest.raises(ValueError, match="rng cannot carry out features 0x1"):
        of_type("rng", 1).device(1).plug(memory, make)
    device = of_type("rng").device(1)
    device.plug(memory, make)
    with pytest.raises(ValueError, match="a member has one data path"):
        device.plug(memory, make)


def test_a_member_that_was_refused_a_data_path_has_none() -> None:
    device = of_type("rng", 1).device(1)
    with pytest.raises(ValueError, match="features"):
        device.plug(GuestMemory.of_size(4096), lambda path: Rng(path, Tap()))
    assert device.path is None
    assert device.device_snapshot().device is None


def test_a_snapshot_is_all_of_the_state_and_frozen() -> None:
    on = rng()
    dpu = of_type("net")
    before = dpu.whole_snapshot()
    hash(before)
    hash(on.snapshot())
    assert dpu.whole_snapshot() == before
    changes: list[Callable[[], object]] = [
        lambda: dpu.owner.execute(admin_command(1, data=b"\x7f"), 8),
        lambda: dpu.port(1).config_write(4, b"\x04\0"),
        lambda: dpu.device(1).registers.set_config(0, b"\1"),
        lambda: dpu.device(1).registers.notify(9),
        lambda: dpu.owner.execute(admin_command(4, 1, bytes(8) + b"\2"), 8),
        lambda: setattr(dpu.owner, "vf_enable", False),
    ]
    changed = []
    for change in changes:
        change()
        changed.append(dpu.whole_snapshot() != before)
        before = dpu.whole_snapshot()
    assert changed == [True, True, True, False, True, True]
