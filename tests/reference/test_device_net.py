# SPDX-License-Identifier: Apache-2.0
"""The net device, through relay, admin commands and rings in guest memory."""

from __future__ import annotations

import struct
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.net_guest import (
    BROADCAST,
    CONTROLLED,
    CTRL,
    HEADER,
    MERGEABLE,
    OFFERED,
    PLAIN,
    RX,
    TX,
    NetGuest,
    Wire,
    dpu_with_net,
    frame,
    mac,
    two,
)

from straightwire.model.features import Net as Feature
from straightwire.model.features import Ring
from straightwire.model.snapshot import NetSnapshot
from straightwire.reference.dpu.devices.net import Net, net_config
from straightwire.reference.dpu.dpu import Dpu
from straightwire.reference.dpu.member import describe
from straightwire.reference.dpu.memory import GuestMemory
from straightwire.reference.dpu.switch import MAX_FRAME, Switch
from straightwire.reference.guest import Used

AFTER_RESET = NetSnapshot(
    promiscuous=True,
    all_multicast=False,
    all_unicast=False,
    no_multicast=False,
    no_unicast=False,
    no_broadcast=False,
    unicast=(),
    multicast=(),
    unicast_overflow=False,
    multicast_overflow=False,
    vlans=(),
)
PING = frame(mac(2), mac(1), b"ping")
GROUP = bytes.fromhex("01005e000001")
OTHER = mac(99)

PROMISC, ALLMULTI, ALLUNI, NOMULTI, NOUNI, NOBCAST = range(6)


def alone(features: int = PLAIN, *, memory: int = 1 << 20, msix: bool = False) -> tuple[NetGuest, Wire]:
    """One guest on a wire of its own, without buffers."""
    wire = Wire()
    return NetGuest(dpu_with_net(1), 1, wire.attach, features, memory=memory, msix=msix), wire


def addresses(*lists: list[bytes]) -> bytes:
    return b"".join(struct.pack("<I", len(one)) + b"".join(one) for one in lists)


def tagged(vlan: int, destination: bytes = mac(1)) -> bytes:
    return frame(destination, mac(2), struct.pack(">H", vlan) + b"\x08\x00hello", b"\x81\x00")


# Frames.


def test_two_members_ping_through_the_switch() -> None:
    first, second = two()
    assert first.send(frame(mac(2), mac(1), b"ping")) == [Used(0, 0)]
    assert second.arrived() == [HEADER + b"\x52\x54\0\0\0\2\x52\x54\0\0\0\1\x08\0ping"]
    assert second.send(frame(mac(1), mac(2), b"pong")) == [Used(0, 0)]
    assert first.arrived() == [HEADER + b"\x52\x54\0\0\0\1\x52\x54\0\0\0\2\x08\0pong"]
    assert (first.isr(), second.isr(), first.isr()) == (1, 1, 0)


def test_with_mergeable_buffers_the_header_has_two_bytes_more() -> None:
    first, second = two(MERGEABLE)
    first.send(PING)
    assert second.arrived() == [bytes(10) + b"\1\0" + PING]


@pytest.mark.parametrize("features", [PLAIN, MERGEABLE])
@pytest.mark.parametrize("cuts", [(), (10,), (12,), (5,), (3, 11, 26), tuple(range(1, 12))])
@pytest.mark.parametrize("indirect", [False, True])
def test_a_header_is_where_it_is_in_bytes_whatever_the_buffers(
    features: int, cuts: tuple[int, ...], indirect: bool
) -> None:
    guest, wire = alone(features | int(Ring.ANY_LAYOUT | Ring.INDIRECT_DESC))
    whole = bytes(guest.header_len) + PING
    edges = (0, *cuts, len(whole))
    parts = [whole[start:end] for start, end in pairwise(edges)]
    assert guest.transmit(parts, indirect=indirect) == [Used(0, 0)]
    assert wire.sent == [PING]


def test_an_offload_that_was_not_negotiated_is_ignored_and_the_frame_goes_as_it_is() -> None:
    guest, wire = alone()
    guest.transmit([bytes.fromhex("01 01 3600 b405 2200 1000"), PING])
    guest.transmit([b"\xff" * 10, PING])
    assert wire.sent == [PING, PING]


@pytest.mark.parametrize("features", [PLAIN, MERGEABLE])
@pytest.mark.parametrize("length", [1, 9, 10, 12])
def test_a_chain_without_a_frame_ends_in_needs_reset(features: int, length: int) -> None:
    guest, wire = alone(features)
    if length == 12 and features == PLAIN:
        assert guest.transmit([bytes(length)]) == [Used(0, 0)]  # two bytes of a frame: dropped, no mistake
        assert not guest.broken
        return
    assert guest.transmit([bytes(length)]) == []
    assert (guest.broken, guest.status(), guest.isr(), wire.sent) == (True, 0x47, 2, [])
    guest.start(features)
    assert guest.transmit([bytes(guest.header_len) + PING]) == [Used(0, 0)]
    assert wire.sent == [PING]


def test_a_chain_to_transmit_that_can_only_be_written_ends_in_needs_reset() -> None:
    guest, _ = alone()
    guest.tx.add([], [64])
    guest.driver.notify(TX)
    assert guest.broken


def test_what_a_transmit_chain_has_to_write_is_left_alone() -> None:
    guest, wire = alone()
    places = guest.tx.add([HEADER + PING], [16])
    guest.driver.notify(TX)
    assert guest.tx.used() == [Used(0, 0)]
    assert guest.memory.read(places[1], 16) == bytes(16)
    assert wire.sent == [PING]


@pytest.mark.parametrize(
    ("length", "passes"), [(1, False), (13, False), (14, True), (MAX_FRAME, True), (MAX_FRAME + 1, False)]
)
def test_a_frame_of_no_possible_length_is_dropped_and_its_buffer_comes_back(length: int, passes: bool) -> None:
    guest, wire = alone(memory=1 << 21)
    data = bytes(length)
    assert guest.transmit([HEADER, data]) == [Used(0, 0)]
    assert wire.sent == ([data] if passes else [])
    guest.give(0x20000)
    guest.net.deliver(data)
    assert guest.frames() == ([data] if passes else [])
    assert not guest.broken


@pytest.mark.parametrize("length", [60, 1514, 1518, 9014])
def test_frames_of_usual_sizes_pass(length: int) -> None:
    first, second = two()
    second.give(9100)
    data = PING + bytes(index & 0xFF for index in range(length - len(PING)))
    first.send(data)
    if length > 1516:  # the small buffer in front is no room, and it stays in front
        assert second.frames() == []
        second.start(PLAIN)
        second.give(9100)
        first.send(data)
    assert second.frames() == [data]


def test_several_frames_with_one_notification() -> None:
    guest, wire = alone()
    sent = [frame(mac(2), mac(1), bytes((number,))) for number in range(5)]
    for one in sent:
        guest.tx.add([HEADER, one], [])
    guest.driver.notify(TX)
    assert guest.tx.used() == [Used(head, 0) for head in (0, 2, 4, 6, 8)]
    assert wire.sent == sent


# Room to receive.


def test_without_a_ring_or_a_buffer_a_frame_is_dropped() -> None:
    guest, _ = alone()
    guest.net.deliver(PING)
    guest.give(100)
    assert guest.frames() == []
    guest.net.deliver(PING)
    guest.net.deliver(PING)
    assert guest.frames() == [PING]
    guest.relay.bar_write(18, b"\0")
    guest.net.deliver(PING)
    assert (guest.status(), guest.broken) == (0, False)


def test_without_mergeable_buffers_one_buffer_has_to_hold_the_frame() -> None:
    guest, _ = alone()
    guest.give(10 + len(PING) - 1)
    guest.give(2000)
    before = guest.device.device_snapshot()
    guest.net.deliver(PING)
    assert guest.frames() == []
    assert guest.device.device_snapshot().rings == before.rings
    guest.net.deliver(PING[:-1])
    guest.net.deliver(PING)
    assert guest.frames() == [PING[:-1], PING]


def test_a_buffer_too_small_for_a_header_is_no_mistake_without_mergeable_buffers() -> None:
    guest, _ = alone()
    guest.give(9)
    guest.net.deliver(PING)
    assert (guest.frames(), guest.broken) == ([], False)


def test_a_frame_is_spread_over_mergeable_buffers() -> None:
    guest, _ = alone(MERGEABLE)
    for _ in range(4):
        guest.give(20)
    data = frame(mac(1), mac(2), bytes(range(1, 23)))  # 36 bytes, 48 with the header
    guest.net.deliver(data)
    parts = guest.arrived()
    assert [len(part) for part in parts] == [20, 20, 8]
    assert b"".join(parts) == bytes(10) + b"\3\0" + data
    assert guest.isr() == 1


@pytest.mark.parametrize("size", [17, 18, 24, 48])
def test_mergeable_buffers_are_filled_to_their_ends(size: int) -> None:
    guest, _ = alone(MERGEABLE)
    for _ in range(4):
        guest.give(size)
    data = frame(mac(1), mac(2), bytes(range(1, 23)))
    guest.net.deliver(data)
    whole = bytes(10) + struct.pack("<H", -(-48 // size)) + data
    assert guest.arrived() == [whole[at : at + size] for at in range(0, 48, size)]


def test_a_frame_without_room_leaves_mergeable_buffers_where_they_are() -> None:
    guest, _ = alone(MERGEABLE)
    for _ in range(3):
        guest.give(20)
    before = guest.device.device_snapshot()
    guest.net.deliver(frame(mac(1), mac(2), bytes(35)))  # 61 bytes with the header
    assert guest.arrived() == []
    assert guest.device.device_snapshot() == before
    guest.net.deliver(frame(mac(1), mac(2), bytes(34)))
    assert [len(part) for part in guest.arrived()] == [20, 20, 20]


@pytest.mark.parametrize("length", [1, 11])
def test_a_mergeable_buffer_that_cannot_hold_the_header_ends_in_needs_reset(length: int) -> None:
    guest, _ = alone(MERGEABLE)
    guest.give(length)
    guest.stock()
    guest.net.deliver(PING)
    assert (guest.broken, guest.status(), guest.arrived()) == (True, 0x47, [])


def test_mergeable_buffers_behind_the_first_may_be_small() -> None:
    guest, _ = alone(MERGEABLE)
    for length in (12, 1, 2, 100):
        guest.give(length)
    guest.net.deliver(PING)
    assert b"".join(guest.arrived()) == bytes(10) + b"\4\0" + PING


@pytest.mark.parametrize("features", [PLAIN, MERGEABLE])
@pytest.mark.parametrize("indirect", [False, True])
def test_a_header_is_split_over_descriptors(features: int, indirect: bool) -> None:
    guest, _ = alone(features | int(Ring.INDIRECT_DESC))
    guest.give(3, 4, 2, 1, 2, 100, indirect=indirect)
    guest.net.deliver(PING)
    assert guest.arrived() == [bytes(10) + (b"\1\0" if features == MERGEABLE else b"") + PING]


@pytest.mark.parametrize("features", [PLAIN, MERGEABLE])
def test_a_receive_buffer_that_cannot_be_written_ends_in_needs_reset(features: int) -> None:
    guest, _ = alone(features)
    guest.rx.add([bytes(100)], [])
    guest.net.deliver(PING)
    assert guest.broken


def test_what_a_receive_chain_has_to_read_is_left_alone() -> None:
    guest, _ = alone()
    places = guest.rx.add([b"\x77" * 20], [100])
    guest.net.deliver(PING)
    assert guest.rx.used() == [Used(0, 10 + len(PING))]
    assert guest.memory.read(places[0], 20) == b"\x77" * 20
    assert guest.memory.read(places[1], 100) == (HEADER + PING).ljust(100, b"\0")


def test_B23_a_member_that_is_no_bus_master_receives_nothing() -> None:
    guest, _ = alone()
    guest.stock()
    guest.relay.config_write(4, b"\x03\0")
    guest.net.deliver(PING)
    guest.relay.config_write(4, b"\x07\0")
    assert guest.frames() == []
    guest.net.deliver(PING)
    assert guest.frames() == [PING]


def test_C6_frames_pass_before_DRIVER_OK() -> None:
    guest, wire = alone()
    guest.relay.bar_write(18, b"\3")
    guest.stock()
    guest.send(PING)
    guest.net.deliver(PING)
    assert (wire.sent, guest.frames()) == ([PING], [PING])


# Interrupts.


def test_each_queue_and_the_configuration_have_their_vectors() -> None:
    guest, _ = alone(CONTROLLED, msix=True)
    guest.relay.bar_write(20, b"\3\0")
    guest.stock()
    guest.net.deliver(PING)
    guest.send(PING)
    guest.command(0, PROMISC, b"\1")
    guest.net.set_link(up=False)
    assert guest.messages == [RX, TX, CTRL, 3]
    assert guest.isr() == 2  # B18: only the configuration's bit


def test_one_interrupt_for_a_frame_over_several_buffers() -> None:
    guest, _ = alone(MERGEABLE, msix=True)
    for _ in range(4):
        guest.give(20)
    guest.net.deliver(frame(mac(1), mac(2), bytes(30)))
    assert guest.messages == [RX]


def test_NO_INTERRUPT_silences_a_queue() -> None:
    guest, _ = alone()
    guest.stock()
    guest.memory.write(guest.rx.layout.available, b"\1\0")
    guest.net.deliver(PING)
    assert (guest.isr(), guest.frames()) == (0, [PING])
    guest.memory.write(guest.rx.layout.available, b"\0\0")
    guest.net.deliver(PING)
    assert guest.isr() == 1


def test_EVENT_IDX_interrupts_when_the_driver_wants_it() -> None:
    guest, _ = alone(PLAIN | int(Ring.EVENT_IDX))
    guest.stock()
    event = guest.rx.layout.available + 4 + 2 * 16
    guest.memory.write(event, b"\1\0")
    guest.net.deliver(PING)
    assert guest.isr() == 0
    guest.net.deliver(PING)
    assert guest.isr() == 1


# The filter.


def wants(guest: NetGuest, data: bytes) -> bool:
    guest.net.deliver(data)
    return guest.frames() == [data]


def controlled(*commands: tuple[int, int, bytes], features: int = CONTROLLED) -> NetGuest:
    guest, _ = alone(features)
    guest.stock(15)
    for kind, command, data in commands:
        assert guest.command(kind, command, data) == 0
    return guest


OWN = frame(mac(1), mac(2))
UNI = frame(OTHER, mac(2))
MULTI = frame(GROUP, mac(2))
BROAD = frame(BROADCAST, mac(2))
TABLE = (1, 0, addresses([OTHER], [GROUP]))


@pytest.mark.parametrize(
    ("commands", "admitted"),
    [
        ((), "own uni multi broad"),
        (((0, PROMISC, b"\0"),), "own broad"),
        (((0, PROMISC, b"\0"), (0, PROMISC, b"\2")), "own uni multi broad"),
        (((0, PROMISC, b"\0"), (0, ALLMULTI, b"\1")), "own multi broad"),
        (((0, PROMISC, b"\0"), (0, ALLUNI, b"\1")), "own uni broad"),
        (((0, PROMISC, b"\0"), (0, ALLUNI, b"\1"), (0, ALLUNI, b"\0")), "own broad"),
        (((0, PROMISC, b"\0"), (0, ALLMULTI, b"\1"), (0, NOMULTI, b"\1")), "own broad"),
        (((0, PROMISC, b"\0"), (0, ALLUNI, b"\1"), (0, NOUNI, b"\1")), "broad"),
        (((0, PROMISC, b"\0"), (0, ALLMULTI, b"\1"), (0, NOBCAST, b"\1")), "own multi"),
        (((0, PROMISC, b"\0"), (0, NOBCAST, b"\1")), "own"),
        (((0, NOUNI, b"\1"), (0, NOMULTI, b"\1"), (0, NOBCAST, b"\1")), "own uni multi broad"),
        (((0, PROMISC, b"\0"), TABLE), "own uni multi broad"),
        (((0, PROMISC, b"\0"), TABLE, (0, NOUNI, b"\1"), (0, NOMULTI, b"\1")), "broad"),
        (((0, PROMISC, b"\0"), TABLE, (1, 0, addresses([], []))), "own broad"),
        (((0, PROMISC, b"\0"), (1, 0, addresses([GROUP], [OTHER]))), "own broad"),  # each list for its own kind
        (((0, PROMISC, b"\0"), (1, 0, addresses([mac(7)] * 65, []))), "own uni broad"),
        (((0, PROMISC, b"\0"), (1, 0, addresses([mac(7)] * 64, []))), "own broad"),
        (((0, PROMISC, b"\0"), (1, 0, addresses([], [BROADCAST] * 64))), "own broad"),
        (((0, PROMISC, b"\0"), (1, 0, addresses([], [BROADCAST] * 65))), "own multi broad"),
        (((0, PROMISC, b"\0"), (1, 0, addresses([mac(7)] * 60, [BROADCAST] * 4))), "own broad"),
        (((0, PROMISC, b"\0"), (1, 0, addresses([mac(7)] * 60, [BROADCAST] * 5))), "own multi broad"),
        (((0, PROMISC, b"\0"), (1, 0, addresses([mac(7)] * 65, [BROADCAST] * 64))), "own uni broad"),
        (((0, PROMISC, b"\0"), (1, 1, OTHER)), "uni broad"),
    ],
)  # fmt: skip
def test_the_filter_does_what_the_commands_say(commands: tuple[tuple[int, int, bytes], ...], admitted: str) -> None:
    guest = controlled(*commands)
    frames = {"own": OWN, "uni": UNI, "multi": MULTI, "broad": BROAD}
    assert " ".join(name for name, data in frames.items() if wants(guest, data)) == admitted


def test_a_frame_that_is_filtered_out_touches_no_buffer_and_interrupts_nobody() -> None:
    guest = controlled((0, PROMISC, b"\0"))
    guest.isr()
    before = guest.device.device_snapshot()
    guest.net.deliver(UNI)
    assert guest.device.device_snapshot() == before


def test_vlans_are_dropped_until_they_are_added() -> None:
    guest = controlled((0, PROMISC, b"\0"))
    assert not wants(guest, tagged(5))
    assert wants(guest, OWN)  # no tag, no filter
    assert guest.command(2, 0, b"\5\0") == 0
    assert guest.command(2, 0, b"\xff\x0f") == 0
    assert wants(guest, tagged(5))
    assert wants(guest, tagged(0xE005))  # priority and drop bits are no part of the number
    assert wants(guest, tagged(4095))
    assert not wants(guest, tagged(6))
    assert not wants(guest, tagged(5, OTHER))  # the other filters hold all the same
    assert guest.net.snapshot().vlans == (5, 4095)
    assert guest.command(2, 1, b"\5\0") == 0
    assert guest.command(2, 1, b"\5\0") == 0
    assert not wants(guest, tagged(5))
    assert guest.net.snapshot().vlans == (4095,)


def test_vlans_are_not_filtered_in_promiscuous_mode_or_unless_negotiated() -> None:
    assert wants(controlled(), tagged(5))
    assert wants(controlled((0, PROMISC, b"\0"), features=CONTROLLED & ~int(Feature.CTRL_VLAN)), tagged(5))


def test_a_tag_cut_short_counts_as_what_is_there() -> None:
    guest = controlled((0, PROMISC, b"\0"))
    assert not wants(guest, frame(mac(1), mac(2), b"", b"\x81\x00") + b"\x07")
    assert not wants(guest, frame(mac(1), mac(2), b"", b"\x81\x00"))


@pytest.mark.parametrize(
    ("kind", "command", "data"),
    [
        (0, 6, b"\1"),
        (0, 255, b"\1"),
        (0, PROMISC, b""),
        (1, 2, addresses([], [])),
        (1, 0, b""),
        (1, 0, b"\0\0\0"),
        (1, 0, addresses([])),
        (1, 0, addresses([], []) + b"\0"),
        (1, 0, addresses([OTHER], [GROUP])[:-1]),
        (1, 0, b"\2\0\0\0" + bytes(6) + b"\0\0\0\0"),
        (1, 0, b"\xff\xff\xff\xff" + bytes(64)),
        (1, 0, b"\0\0\0\x80" + bytes(4)),
        (1, 1, b""),
        (1, 1, mac(3)[:5]),
        (1, 1, mac(3) + b"\0"),
        (2, 0, b""),
        (2, 0, b"\1"),
        (2, 0, b"\0\x10"),
        (2, 1, b"\xff\xff"),
        (2, 2, b"\1\0"),
        (3, 0, b""),
        (4, 0, b"\1\0"),
        (5, 0, bytes(8)),
        (255, 255, b""),
    ],
)
def test_a_command_that_makes_no_sense_is_answered_with_ERR_and_changes_nothing(
    kind: int, command: int, data: bytes
) -> None:
    guest = controlled()
    assert guest.command(kind, command, data) == 1
    assert guest.net.snapshot() == AFTER_RESET
    assert guest.config(0, 6) == mac(1)
    assert not guest.broken


@pytest.mark.parametrize(
    ("feature", "kind", "command", "data"),
    [
        (Feature.CTRL_RX, 0, PROMISC, b"\0"),
        (Feature.CTRL_RX, 0, ALLMULTI, b"\1"),
        (Feature.CTRL_RX_EXTRA, 0, ALLUNI, b"\1"),
        (Feature.CTRL_RX_EXTRA, 0, NOMULTI, b"\1"),
        (Feature.CTRL_RX_EXTRA, 0, NOUNI, b"\1"),
        (Feature.CTRL_RX_EXTRA, 0, NOBCAST, b"\1"),
        (Feature.CTRL_RX, 1, 0, addresses([OTHER], [])),
        (Feature.CTRL_MAC_ADDR, 1, 1, mac(3)),
        (Feature.CTRL_VLAN, 2, 0, b"\1\0"),
    ],
)
def test_a_command_needs_its_feature(feature: Feature, kind: int, command: int, data: bytes) -> None:
    for missing in (feature, Feature.CTRL_VQ):
        guest = controlled(features=CONTROLLED & ~int(missing))
        assert guest.command(kind, command, data) == 1
        assert guest.net.snapshot() == AFTER_RESET
    guest = controlled(features=PLAIN | int(Feature.CTRL_VQ | feature))
    assert guest.command(kind, command, data) == 0
    assert (guest.net.snapshot(), guest.config(0, 6)) != (AFTER_RESET, mac(1))


@pytest.mark.parametrize(
    ("readable", "writable"), [([b"\0"], [1]), ([], [1]), ([b"\0\0\0"], []), ([b"\0"], [])], ids=str
)
def test_a_command_without_header_or_answer_ends_in_needs_reset(readable: list[bytes], writable: list[int]) -> None:
    guest = controlled()
    guest.ctrl.add(readable, writable)
    guest.driver.notify(CTRL)
    assert (guest.broken, guest.status(), guest.ctrl.used()) == (True, 0x47, [])


def test_a_command_in_one_piece_or_in_many_is_the_same() -> None:
    guest = controlled()
    places = guest.ctrl.add([b"\0", b"\0", b"\0"], [1, 4])
    guest.memory.write(places[-2], b"\x55" * 5)
    guest.ctrl.add([b"\0\1\1"], [1])
    guest.driver.notify(CTRL)
    assert guest.ctrl.used() == [Used(0, 1), Used(5, 1)]
    assert guest.memory.read(places[-2], 5) == b"\0" + b"\x55" * 4  # the answer is one byte
    snapshot = guest.net.snapshot()
    assert (snapshot.promiscuous, snapshot.all_multicast) == (False, True)


# The address.


def test_mac_is_written_byte_by_byte_and_each_byte_counts_at_once() -> None:
    guest = controlled((0, PROMISC, b"\0"), features=CONTROLLED & ~int(Feature.CTRL_MAC_ADDR))
    new = bytes.fromhex("020304050607")
    for index, byte in enumerate(new):
        guest.config_write(index, bytes((byte,)))
        assert wants(guest, frame(new[: index + 1] + mac(1)[index + 1 :], mac(2)))
    assert not wants(guest, OWN)
    assert guest.config(0, 6) == new


def test_reset_brings_the_own_address_back_whichever_way_it_was_changed() -> None:
    guest = controlled()
    for change in (lambda: guest.config_write(0, mac(5)), lambda: guest.command(1, 1, mac(6))):
        change()
        assert guest.config(0, 6) in {mac(5), mac(6)}
        guest.start(CONTROLLED)
        assert guest.config(0, 6) == mac(1)
    guest.command(1, 1, mac(6))
    guest.dpu.reset(1)
    assert guest.device.snapshot().config[:6] == mac(1)


def test_reset_forgets_the_filter() -> None:
    guest = controlled(*((0, mode, b"\1") for mode in range(1, 6)), (0, PROMISC, b"\0"), TABLE, (2, 0, b"\7\0"))
    assert guest.net.snapshot() == NetSnapshot(
        promiscuous=False,
        all_multicast=True,
        all_unicast=True,
        no_multicast=True,
        no_unicast=True,
        no_broadcast=True,
        unicast=(OTHER,),
        multicast=(GROUP,),
        unicast_overflow=False,
        multicast_overflow=False,
        vlans=(7,),
    )
    guest.relay.bar_write(18, b"\0")
    assert guest.net.snapshot() == AFTER_RESET


# The link.


def test_a_link_that_is_down_drops_frames_both_ways_and_the_driver_is_told() -> None:
    first, second = two()
    assert first.config(6, 2) == b"\1\0"
    first.net.set_link(up=False)
    assert (first.config(6, 2), first.isr()) == (b"\0\0", 2)
    first.net.set_link(up=False)
    assert first.isr() == 0  # nothing has changed
    assert first.send(frame(mac(2), mac(1))) == [Used(0, 0)]
    assert first.transmit([b"\0"]) == [Used(2, 0)]  # nobody looks at it
    second.send(frame(mac(1), mac(2)))
    assert (first.frames(), second.frames()) == ([], [])
    first.start(PLAIN)
    first.stock()
    assert first.config(6, 2) == b"\0\0"  # a reset does not plug the cable in
    first.net.set_link(up=True)
    assert (first.config(6, 2), first.isr()) == (b"\1\0", 2)
    first.send(frame(mac(2), mac(1)))
    assert second.frames() == [frame(mac(2), mac(1))]


def test_the_driver_cannot_write_the_link_state() -> None:
    guest, _ = alone()
    guest.config_write(6, b"\0\0")
    assert guest.net.link_up


def test_an_announcement_is_asked_for_and_acknowledged() -> None:
    guest = controlled(features=CONTROLLED | int(Feature.GUEST_ANNOUNCE))
    assert guest.command(3, 0) == 1  # nobody asked
    guest.isr()
    assert guest.net.announce()
    assert (guest.config(6, 2), guest.isr()) == (b"\3\0", 2)
    assert guest.command(3, 1) == 1
    guest.net.set_link(up=False)
    assert (guest.config(6, 2), guest.net.link_up) == (b"\2\0", False)
    assert guest.command(3, 0) == 0
    assert guest.config(6, 2) == b"\0\0"
    guest.net.announce()
    guest.start(CONTROLLED)
    assert guest.config(6, 2) == b"\0\0"
    assert not guest.net.announce()
    assert guest.config(6, 2) == b"\0\0"


# Isolation.


def test_a_broken_receiver_does_not_disturb_the_sender_or_the_third() -> None:
    switch = Switch()
    made = dpu_with_net(3)
    first, second, third = (NetGuest(made, number, switch.attach) for number in (1, 2, 3))
    third.stock()
    second.rx.offer(999)  # no such descriptor
    everybody = frame(BROADCAST, mac(1))
    assert first.send(everybody) == [Used(0, 0)]
    assert (first.broken, second.broken, third.broken) == (False, True, False)
    assert (second.status(), second.isr()) == (0x47, 2)
    assert third.frames() == [everybody]
    assert first.send(PING) == [Used(2, 0)]
    second.start(PLAIN)
    second.stock()
    first.send(PING)
    assert second.frames() == [PING]


def test_a_broken_sender_still_leaves_the_others_in_peace() -> None:
    first, second = two()
    first.tx.offer(999)
    first.driver.notify(TX)
    assert first.broken
    assert second.send(frame(mac(1), mac(2))) == [Used(0, 0)]
    assert first.frames() == []


def test_three_members_hear_what_is_meant_for_them() -> None:
    switch = Switch()
    made = dpu_with_net(3)
    guests = [NetGuest(made, number, switch.attach) for number in (1, 2, 3)]
    for guest in guests:
        guest.stock()
    heard = []
    for sender, destination in ((0, BROADCAST), (1, mac(1)), (0, mac(2)), (2, mac(7)), (2, mac(3)), (0, GROUP)):
        guests[sender].send(frame(destination, mac(sender + 1)))
        heard.append([len(guest.frames()) for guest in guests])
    assert heard == [[0, 1, 1], [1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 0, 0], [0, 1, 1]]


# What it takes.


def test_the_configuration_by_its_fields() -> None:
    assert net_config(mac(1)) == mac(1) + b"\1\0\1\0" + bytes(18)
    assert net_config(mac(1), mtu=1500, status=0) == mac(1) + b"\0\0\1\0\xdc\x05" + bytes(16)


@pytest.mark.parametrize(
    ("address", "fields"), [(mac(1)[:5], {}), (bytes(7), {}), (mac(1), {"mtu": 1 << 16}), (mac(1), {"size": 1})]
)
def test_a_configuration_that_cannot_be_is_refused(address: bytes, fields: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"address|field|bytes"):
        net_config(address, **fields)


@pytest.mark.parametrize(("queues", "config"), [((16,), bytes(28)), ((16, 16), mac(1)), ((16, 16), bytes(7))])
def test_a_member_that_cannot_be_a_net_device_is_refused(queues: tuple[int, ...], config: bytes) -> None:
    made = Dpu([describe("net", queues=queues, config=config)])
    with pytest.raises(ValueError, match="a net device"):
        made.device(1).plug(GuestMemory.of_size(4096), lambda path: Net(path, Wire().attach))


def test_offloads_are_not_carried_out() -> None:
    made = Dpu([describe("net", queues=(16, 16), features=int(Feature.CSUM))])
    with pytest.raises(ValueError, match="cannot carry out features 0x1"):
        made.device(1).plug(GuestMemory.of_size(4096), lambda path: Net(path, Wire().attach))


# At random.

MACS = st.sampled_from([mac(1), mac(2), mac(3), mac(4), GROUP, BROADCAST])
SENT = st.tuples(st.integers(0, 2), MACS, MACS, st.binary(max_size=40))


@settings(max_examples=40, deadline=None)
@given(st.lists(SENT, max_size=30), st.sampled_from([PLAIN, MERGEABLE, OFFERED]))
def test_any_frames_between_three_members_go_where_a_switch_sends_them(
    sent: list[tuple[int, bytes, bytes, bytes]], features: int
) -> None:
    switch = Switch()
    made = dpu_with_net(3)
    guests = [NetGuest(made, number, switch.attach, features & ~int(Ring.EVENT_IDX)) for number in (1, 2, 3)]
    where: dict[bytes, int] = {}
    for sender, destination, source, payload in sent:
        for guest in guests:
            guest.give(200)
        data = frame(destination, source, payload)
        assert len(guests[sender].send(data)) == 1
        if source[0] % 2 == 0:
            where[source] = sender
        meant = {where[destination]} if destination in where else {0, 1, 2}
        for number, guest in enumerate(guests):
            assert guest.frames() == ([data] if number in meant - {sender} else [])
            guest.start(features & ~int(Ring.EVENT_IDX))  # fresh rings, whatever was left in them


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 0x300), st.binary(min_size=1, max_size=24)), max_size=12),
    st.sampled_from([PLAIN, MERGEABLE, OFFERED]),
)
def test_no_guest_memory_makes_a_device_raise(writes: list[tuple[int, int, bytes]], features: int) -> None:
    switch = Switch()
    made = dpu_with_net(2)
    hostile, other = (NetGuest(made, number, switch.attach, features) for number in (1, 2))
    hostile.stock(4, 64)
    other.stock(4, 2000)
    for queue, offset, data in writes:
        ring = (hostile.rx, hostile.tx, hostile.ctrl)[queue]
        hostile.memory.write(ring.layout.descriptors + offset, data)
        hostile.memory.write(ring.layout.available + 2, bytes((len(data), 0)))
        hostile.driver.notify(queue)
        other.send(frame(mac(1), mac(2), data))
    assert not other.broken
    hostile.start(features)
    hostile.stock(1, 200)
    other.send(OWN)
    assert hostile.frames() == [OWN]
