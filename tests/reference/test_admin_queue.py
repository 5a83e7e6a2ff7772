# SPDX-License-Identifier: Apache-2.0
"""The administration virtqueue by raw bytes in host memory, and relays whose commands go through it."""

from __future__ import annotations

import pytest

from straightwire.reference.abi import BarOwner
from straightwire.reference.dpu.admin_queue import AdminQueue
from straightwire.reference.dpu.dpu import Dpu
from straightwire.reference.dpu.member import NotifyAddress, describe
from straightwire.reference.dpu.memory import GuestMemory
from straightwire.reference.dpu.virtqueue import Layout
from straightwire.reference.owner_driver import CommandFailed, OwnerDriver, admin_command
from straightwire.reference.relay import ReferenceSubject

MAC = b"\x52\x54\x00\x12\x34\x56"
DESCRIPTORS, AVAILABLE, USED, SIZE = 0x1000, 0x2000, 0x3000, 8
LAYOUT = Layout(DESCRIPTORS, AVAILABLE, USED, SIZE)
EVENT_IDX = 1 << 29


def net_dpu(members: int = 2) -> Dpu:
    at = NotifyAddress(BarOwner.MEMBER, 4, 0x10)
    return Dpu([describe("net", config=MAC + bytes(22), notify=(at,))] * members)


def descriptor(memory: GuestMemory, index: int, address: int, length: int, flags: int, following: int = 0) -> None:
    parts = ((address, 8), (length, 4), (flags, 2), (following, 2))
    memory.write(DESCRIPTORS + 16 * index, b"".join(value.to_bytes(size, "little") for value, size in parts))


def available(memory: GuestMemory, *heads: int, flags: int = 0) -> None:
    entries = b"".join(head.to_bytes(2, "little") for head in heads)
    memory.write(AVAILABLE, flags.to_bytes(2, "little") + len(heads).to_bytes(2, "little") + entries)


def put(memory: GuestMemory, head: int, command: bytes, reply_len: int) -> int:
    """A command in descriptors ``head`` and the next; the address of its reply."""
    at, reply = 0x4000 + 0x100 * head, 0x8000 + 0x100 * head
    memory.write(at, command)
    memory.write(reply, b"\xee" * 0x100)
    descriptor(memory, head, at, len(command), 1, head + 1)
    descriptor(memory, head + 1, reply, reply_len, 2)
    return reply


def test_LIST_QUERY_by_hand() -> None:
    memory = GuestMemory.of_size(1 << 16)
    told: list[str] = []
    queue = AdminQueue(net_dpu().owner, memory, LAYOUT, interrupt=lambda: told.append("used"))
    reply = put(memory, 0, admin_command(0), 16)
    available(memory, 0)
    queue.notified()
    assert memory.read(reply, 17) == bytes(8) + b"\x7f" + bytes(7) + b"\xee"
    assert memory.read(USED, 12) == bytes.fromhex("0000 0100 00000000 10000000")
    assert told == ["used"]


def test_QD7_several_commands_in_flight_are_carried_out_in_order() -> None:
    memory = GuestMemory.of_size(1 << 16)
    dpu = net_dpu()
    queue = AdminQueue(dpu.owner, memory, LAYOUT)
    use = put(memory, 4, admin_command(1, data=b"\x7f" + bytes(7)), 8)
    write = put(memory, 2, admin_command(2, 1, b"\x0e" + bytes(7) + b"\x05\x00"), 8)
    read = put(memory, 0, admin_command(3, 1, b"\x0e"), 10)
    available(memory, 4, 2, 0)
    assert dpu.snapshot(1).queue_sel == 0
    queue.notified()
    assert memory.read(use, 8) == bytes(8)
    assert memory.read(write, 8) == bytes(8)
    assert memory.read(read, 11) == bytes(8) + b"\x05\x00\xee"
    assert memory.read(USED + 2, 2) == b"\x03\0"
    assert [memory.read(USED + 4 + 8 * n, 8).hex() for n in range(3)] == [
        "0400000008000000",
        "0200000008000000",
        "000000000a000000",
    ]


def test_QD2_the_used_length_is_the_length_of_the_reply() -> None:
    memory = GuestMemory.of_size(1 << 16)
    queue = AdminQueue(net_dpu().owner, memory, LAYOUT)
    reply = put(memory, 0, admin_command(0), 0x100)
    available(memory, 0)
    queue.notified()
    assert memory.read(USED + 4, 8) == bytes.fromhex("00000000 10000000")
    assert memory.read(reply + 16, 0xF0) == b"\xee" * 0xF0


def test_QD1_what_does_not_fit_is_dropped() -> None:
    memory = GuestMemory.of_size(1 << 16)
    queue = AdminQueue(net_dpu().owner, memory, LAYOUT)
    reply = put(memory, 0, admin_command(0), 9)
    available(memory, 0)
    queue.notified()
    assert memory.read(USED + 4, 8) == bytes.fromhex("00000000 09000000")
    assert memory.read(reply, 10) == bytes(8) + b"\x7f\xee"


def test_a_command_may_lie_in_many_pieces() -> None:
    memory = GuestMemory.of_size(1 << 16)
    queue = AdminQueue(net_dpu().owner, memory, LAYOUT)
    memory.write(0x4000, admin_command(0))
    for index, (at, length, flags) in enumerate(((0x4000, 1, 1), (0x4001, 20, 1), (0x4015, 3, 1), (0x8000, 3, 3))):
        descriptor(memory, index, at, length, flags, index + 1)
    descriptor(memory, 4, 0x9000, 13, 2)
    available(memory, 0)
    queue.notified()
    assert memory.read(0x8000, 4) + memory.read(0x9000, 14) == bytes(4) + bytes(5) + b"\x7f" + bytes(8)
    assert memory.read(USED + 4, 8) == bytes.fromhex("00000000 10000000")


def test_a_driver_that_wants_no_interrupt_gets_none() -> None:
    memory = GuestMemory.of_size(1 << 16)
    told: list[str] = []
    queue = AdminQueue(net_dpu().owner, memory, LAYOUT, interrupt=lambda: told.append("used"))
    put(memory, 0, admin_command(0), 16)
    available(memory, 0, flags=1)
    queue.notified()
    assert memory.read(USED + 2, 2) == b"\x01\0"
    assert told == []


def test_event_index_names_the_reply_to_be_told_of() -> None:
    memory = GuestMemory.of_size(1 << 16)
    told: list[str] = []
    queue = AdminQueue(net_dpu().owner, memory, LAYOUT, features=EVENT_IDX, interrupt=lambda: told.append("used"))
    for head in (0, 2):
        put(memory, head, admin_command(0), 16)
    memory.write(AVAILABLE + 4 + 2 * SIZE, b"\x01\0")  # used_event: when the second has come back
    available(memory, 0)
    queue.notified()
    assert told == []
    assert memory.read(USED + 4 + 8 * SIZE, 2) == b"\x01\0"  # avail_event: the next one
    available(memory, 0, 2)
    queue.notified()
    assert told == ["used"]


@pytest.mark.parametrize(
    ("head", "index"), [(8, 1), (0xFFFF, 1), (0, 9), (0, 0x8000)], ids=["head 8", "head 65535", "9 ahead", "far ahead"]
)
def test_a_broken_ring_ends_the_queue(head: int, index: int) -> None:
    memory = GuestMemory.of_size(1 << 16)
    dpu = net_dpu()
    queue = AdminQueue(dpu.owner, memory, LAYOUT)
    put(memory, 0, admin_command(1, data=b"\x7f" + bytes(7)), 8)
    available(memory, head)
    memory.write(AVAILABLE + 2, index.to_bytes(2, "little"))
    queue.notified()
    assert queue.snapshot().needs_reset
    available(memory, 0)
    queue.notified()
    assert dpu.owner.in_use == 3
    assert memory.read(USED, 12) == bytes(12)


def test_a_driver_on_the_queue_finds_and_uses_the_commands() -> None:
    driver = OwnerDriver.attached(net_dpu())
    assert driver.list_query() == 0x7F
    driver.list_use(0x7C)
    with pytest.raises(CommandFailed, match="command 0x1 failed with status 22, qualifier 2"):
        driver.list_use(0x7F)
    assert driver.execute(admin_command(0), 16) == bytes.fromhex("1600 0200 00000000")


def test_GR3_GR5_a_driver_sends_no_LIST_USE_that_it_must_not() -> None:
    driver = OwnerDriver.attached(net_dpu())
    with pytest.raises(ValueError, match="commands 0x3 were not reported"):
        driver.list_use(3)
    driver.list_query()
    with pytest.raises(ValueError, match="commands 0x80 were not reported"):
        driver.list_use(0xFF)
    driver.submit(admin_command(0), 16)
    with pytest.raises(ValueError, match="in flight"):
        driver.list_use(0x7F)
    driver.notify()
    driver.replies()
    driver.list_use(0x7F)


def test_replies_are_told_apart_by_their_number() -> None:
    driver = OwnerDriver.attached(net_dpu())
    driver.list_use(driver.list_query())
    first = driver.submit(admin_command(5, 1, b"\x00"), 14)
    second = driver.submit(admin_command(5, 9, b"\x00"), 14)
    assert driver.replies() == {}
    driver.notify()
    assert driver.replies() == {first: bytes(8) + MAC, second: bytes.fromhex("1600 0500 00000000")}


def test_more_commands_than_the_queue_has_descriptors_one_after_the_other() -> None:
    driver = OwnerDriver.attached(net_dpu())
    for _ in range(70_000):  # the ring's indices wrap at 65536
        reply = driver.execute(admin_command(0), 9)
    assert reply == bytes(8) + b"\x7f"


def test_a_relay_on_the_queue_is_a_relay_on_the_owner() -> None:
    dpu = net_dpu()
    driver = OwnerDriver.attached(dpu)
    driver.list_use(driver.list_query())
    relay = ReferenceSubject().open(driver.port(dpu.port(2)), dpu.attachment(2))
    relay.config_write(4, b"\x01\0")
    assert relay.bar_write(14, b"\x07\0").result == 2
    assert relay.bar_read(14, 2).payload == b"\x07\0"
    assert relay.bar_read(20, 6).payload == MAC
    assert relay.bar_read(13, 2).result == -(0x10000 + 22)
    assert dpu.snapshot(2).queue_sel == 7
    assert dpu.snapshot(1).queue_sel == 0


def test_GD8_GD12_a_reset_of_the_owner_leaves_the_lists_only_and_takes_the_same_list_again() -> None:
    dpu = net_dpu()
    driver = OwnerDriver.attached(dpu)
    driver.list_use(driver.list_query())
    dpu.owner.reset()
    assert driver.execute(admin_command(3, 1, b"\x12"), 9) == bytes.fromhex("1600 0200 00000000")
    driver.list_use(0x7F)
    assert driver.execute(admin_command(3, 1, b"\x12"), 9) == bytes(9)
