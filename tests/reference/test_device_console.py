# SPDX-License-Identifier: Apache-2.0
"""The console through relay, administration commands and rings (virtio 1.4, 5.3)."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.plugged import Plugged, plugged

from straightwire.model.features import Console as Feature
from straightwire.model.features import Ring
from straightwire.model.snapshot import ConsoleSnapshot, RingSnapshot
from straightwire.reference.dpu.devices.console import MAX_WAITING, Console, Sink, console_config
from straightwire.reference.guest import GuestQueue, Used

OFFERED = int(Feature.SIZE | Feature.EMERG_WRITE)
INDIRECT, EVENT_IDX = int(Ring.INDIRECT_DESC), int(Ring.EVENT_IDX)
RECEIVE, TRANSMIT = 0, 1


def console(sink: Sink, *, features: int = OFFERED, queues: Sequence[int] = (8, 8)) -> Plugged[Console]:
    return plugged(
        "console",
        lambda path, _: Console(path, sink),
        features=features,
        queues=queues,
        config=console_config(80, 25),
    )


def driven(on: Plugged[Console], features: int = 0) -> tuple[GuestQueue, GuestQueue]:
    """Receive queue and transmit queue of a driver that is up."""
    on.driver.start(features)
    receive, transmit = (on.driver.queue(index, room=1 << 17) for index in (RECEIVE, TRANSMIT))
    on.driver.ready()
    return receive, transmit


def nowhere(data: bytes) -> None:
    raise AssertionError(data)


# Output.


def test_output_by_hand() -> None:
    output = bytearray()
    on = console(output.extend)
    on.by_hand(TRANSMIT, 1)
    on.memory.write(0x4000, b"hello")
    on.memory.write(0x1000, bytes.fromhex("0040000000000000 05000000 0000 0000"))
    on.memory.write(0x1080, bytes.fromhex("0000 0100 0000"))
    on.driver.notify(TRANSMIT)
    assert output == b"hello"
    assert on.memory.read(0x2000, 12) == bytes.fromhex("0000 0100 00000000 00000000")
    assert on.isr == 1


@pytest.mark.parametrize("features", [0, INDIRECT, INDIRECT | EVENT_IDX])
def test_output_comes_in_order_a_chain_at_a_time(features: int) -> None:
    output: list[bytes] = []
    on = console(output.append)
    _, transmit = driven(on, features)
    transmit.add([b"one ", b"two"], [], indirect=bool(features & INDIRECT))
    transmit.add([b"three"], [7], indirect=bool(features & INDIRECT))  # a writable part has no use
    transmit.add([], [7])
    on.driver.notify(TRANSMIT)
    assert output == [b"one two", b"three"]
    assert [used.written for used in transmit.used()] == [0, 0, 0]


def test_a_sink_that_fails_loses_the_output_and_nothing_else() -> None:
    failing = True
    output = bytearray()

    def sink(data: bytes) -> None:
        if failing:
            raise BrokenPipeError
        output.extend(data)

    on = console(sink)
    _, transmit = driven(on)
    transmit.add([b"lost"], [])
    on.driver.notify(TRANSMIT)
    on.configure(8, b"x\0\0\0")
    failing = False
    transmit.add([b"kept"], [])
    on.driver.notify(TRANSMIT)
    assert output == b"kept"
    assert len(transmit.used()) == 2


def test_an_echo_from_within_the_sink() -> None:
    on = console(lambda data: on.behaviour.feed(data.upper()))
    receive, transmit = driven(on)
    (place,) = receive.add([], [8])
    on.driver.notify(RECEIVE)
    transmit.add([b"abc"], [])
    on.driver.notify(TRANSMIT)
    assert on.memory.read(place, 4) == b"ABC\0"
    assert receive.used() == [Used(0, 3)]


# Input.


def test_input_by_hand() -> None:
    on = console(nowhere)
    on.by_hand(RECEIVE, 1)
    on.memory.write(
        0x1000,
        bytes.fromhex("0040000000000000 03000000 0300 0100")
        + bytes.fromhex("0050000000000000 02000000 0200 0000")
        + bytes.fromhex("0060000000000000 04000000 0200 0000"),
    )
    on.memory.write(0x1080, bytes.fromhex("0000 0200 0000 0200"))
    on.driver.notify(RECEIVE)
    assert on.memory.read(0x2000, 4) == bytes(4)  # there is nothing to say yet
    assert on.behaviour.feed(b"abcdefg") == 7
    assert on.memory.read(0x4000, 4) == b"abc\0"
    assert on.memory.read(0x5000, 3) == b"de\0"
    assert on.memory.read(0x6000, 3) == b"fg\0"
    assert on.memory.read(0x2000, 20) == bytes.fromhex("0000 0200 00000000 05000000 02000000 02000000")
    assert on.isr == 1
    assert on.snapshot().rings == (RingSnapshot(2, 2, 2), None)


@pytest.mark.parametrize("features", [0, INDIRECT, INDIRECT | EVENT_IDX])
def test_input_waits_for_buffers(features: int) -> None:
    on = console(nowhere)
    receive, _ = driven(on, features)
    assert on.behaviour.feed(b"hello") == 5
    assert on.snapshot().device == ConsoleSnapshot(b"hello")
    places = [receive.add([], [2], indirect=bool(features & INDIRECT))[0] for _ in range(2)]
    on.driver.notify(RECEIVE)
    assert on.snapshot().device == ConsoleSnapshot(b"o")
    assert [on.memory.read(place, 2) for place in places] == [b"he", b"ll"]
    assert [used.written for used in receive.used()] == [2, 2]
    (place,) = receive.add([], [2])
    on.driver.notify(RECEIVE)
    assert on.memory.read(place, 2) == b"o\0"
    assert [used.written for used in receive.used()] == [1]
    assert on.snapshot().device == ConsoleSnapshot(b"")


def test_no_more_than_64_KiB_wait() -> None:
    on = console(nowhere)
    assert on.behaviour.feed(b"a" * 65000) == 65000
    assert on.behaviour.feed(b"b" * 1000) == 536
    assert on.behaviour.feed(b"c") == 0
    receive, _ = driven(on)
    places = receive.add([], [65536])
    on.driver.notify(RECEIVE)
    assert on.memory.read(places[0], 65536) == b"a" * 65000 + b"b" * 536
    assert on.behaviour.feed(b"d" * 70000) == 65536


def test_a_buffer_without_room_goes_back_empty() -> None:
    on = console(nowhere)
    receive, _ = driven(on)
    receive.add([b"?"], [])
    (place,) = receive.add([], [4])
    on.behaviour.feed(b"hi")
    assert receive.used() == [Used(0, 0), Used(1, 2)]
    assert on.memory.read(place, 3) == b"hi\0"


def test_input_outlives_a_reset() -> None:
    on = console(nowhere)
    driven(on)
    on.behaviour.feed(b"typed ahead")
    on.device.reset()
    assert on.snapshot().device == ConsoleSnapshot(b"typed ahead")
    on.behaviour.feed(b"!")  # while bus master is off
    receive, _ = driven(on)
    (place,) = receive.add([], [16])
    on.driver.notify(RECEIVE)
    assert on.memory.read(place, 13) == b"typed ahead!\0"


def test_the_driver_answers_an_interrupt_from_within() -> None:
    """A VMM may run its guest as soon as a message arrives: one byte of room at a time."""
    on = console(nowhere)
    on.msix()
    on.driver.start()
    receive = on.driver.queue(RECEIVE, vector=1, room=1 << 16)
    on.driver.ready()
    got = bytearray()
    place = receive.add([], [1])[0]

    def answer(vector: int) -> None:
        nonlocal place
        assert vector == 1
        assert [used.written for used in receive.used()] == [1]
        got.extend(on.memory.read(place, 1))
        place = receive.add([], [1])[0]
        on.driver.notify(RECEIVE)

    assert on.device.path is not None
    on.device.path._message = answer
    on.behaviour.feed(b"one by one")
    assert got == b"one by one"
    assert on.snapshot().device == ConsoleSnapshot(b"")


# Mistakes, interrupts.


@pytest.mark.parametrize("queue", [RECEIVE, TRANSMIT])
def test_a_driver_mistake_needs_a_reset(queue: int) -> None:
    output = bytearray()
    on = console(output.extend)
    rings = driven(on)
    rings[queue].offer(99)
    on.driver.notify(queue)
    on.behaviour.feed(b"abc")
    assert on.needs_reset()
    assert on.isr == 2
    rings[TRANSMIT].add([b"no"], [])
    on.driver.notify(TRANSMIT)
    assert output == b""
    receive, _ = driven(on)
    (place,) = receive.add([], [4])
    on.driver.notify(RECEIVE)
    assert on.memory.read(place, 4) == b"abc\0"


def test_NO_INTERRUPT_and_messages() -> None:
    on = console(nowhere)
    on.msix()
    on.driver.start()
    receive = on.driver.queue(RECEIVE, vector=2, room=1 << 16)
    on.relay.bar_write(20, b"\0\0")
    on.driver.ready()
    for _ in range(4):
        receive.add([], [1])
    on.behaviour.feed(b"abc")
    assert (on.messages, on.isr) == ([2], 0)  # one for all three
    on.memory.write(receive.layout.available, b"\1\0")
    on.behaviour.feed(b"d")
    assert on.messages == [2]
    assert len(receive.used()) == 4
    on.behaviour.resize(100, 40)
    assert (on.messages, on.isr) == ([2, 0], 2)


def test_other_queues_have_no_use() -> None:
    on = console(nowhere, queues=(8, 8, 8, 8))
    on.driver.start()
    queue = on.driver.queue(3, room=1 << 16)
    queue.add([b"control"], [])
    on.driver.notify(3)
    assert queue.used() == []


# Size, emergency writes.


def test_the_size_is_told() -> None:
    on = console(nowhere)
    driven(on, int(Feature.SIZE))
    assert on.config(0, 2) + on.config(2, 2) == bytes.fromhex("5000 1900")
    on.behaviour.resize(132, 43)
    assert on.isr == 2
    assert on.config(0, 2) + on.config(2, 2) == bytes.fromhex("8400 2b00")
    on.driver.start()
    assert on.config(0, 2) == b"\x84\0"


@pytest.mark.parametrize(("cols", "rows"), [(65536, 1), (1, 65536), (-1, 1), (1, -1)])
def test_a_size_that_cannot_be(cols: int, rows: int) -> None:
    on = console(nowhere)
    with pytest.raises(ValueError, match="65535"):
        on.behaviour.resize(cols, rows)
    assert on.isr == 0


def test_an_emergency_write_works_on_a_device_that_nobody_set_up() -> None:
    output = bytearray()
    on = console(output.extend)
    on.relay.config_write(4, b"\x01\0")  # not even bus master
    for char in b"oops":
        on.configure(8, bytes([char, 1, 2, 3]))
    assert output == b"oops"


def test_an_emergency_write_byte_by_byte_is_one_character() -> None:
    output = bytearray()
    on = console(output.extend)
    for at, byte in enumerate(b"A\0\0\0"):
        on.configure(8 + at, bytes([byte]))
    on.configure(8, b"\0\0\0\0")
    assert output == b"A\0"


def test_an_emergency_write_works_after_the_rings_are_corrupt() -> None:
    output = bytearray()
    on = console(output.extend)
    _, transmit = driven(on)
    transmit.offer(99)
    on.driver.notify(TRANSMIT)
    assert on.needs_reset()
    on.configure(8, b"!\0\0\0")
    assert output == b"!"


def test_no_emergency_write_where_it_is_not_offered_nor_elsewhere() -> None:
    on = console(nowhere, features=int(Feature.SIZE))
    on.configure(8, b"x\0\0\0")
    on = console(nowhere)
    on.configure(0, b"x")


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.one_of(st.binary(min_size=1, max_size=20), st.integers(1, 9)), max_size=30),
    st.sampled_from((0, EVENT_IDX)),
)
def test_input_arrives_once_and_in_order(events: list[bytes | int], features: int) -> None:
    """Bytes are fed, lengths are buffers."""
    on = console(nowhere, queues=(64, 8))
    receive, _ = driven(on, features)
    fed, got = bytearray(), bytearray()
    places = {}
    for event in events:
        if isinstance(event, bytes):
            fed += event
            assert on.behaviour.feed(event) == len(event)
        else:
            (place,) = receive.add([], [event])
            places[receive.last_head] = place
            on.driver.notify(RECEIVE)
        for used in receive.used():
            got += on.memory.read(places[used.head], used.written)
    waiting = on.snapshot().device
    assert isinstance(waiting, ConsoleSnapshot)
    assert got + waiting.waiting == fed
    assert len(waiting.waiting) <= MAX_WAITING
