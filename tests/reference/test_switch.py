# SPDX-License-Identifier: Apache-2.0
"""The learning switch by itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from straightwire.model.snapshot import SwitchSnapshot
from straightwire.reference.dpu.switch import MAX_ADDRESSES, MAX_FRAME, Switch, SwitchPort

A, B, C, D = (bytes.fromhex(f"52540000000{digit}") for digit in "abcd")
GROUP = bytes.fromhex("01005e000001")
BROADCAST = b"\xff" * 6


class Host:
    """A port that keeps what it is given."""

    def __init__(self, switch: Switch) -> None:
        self.heard: list[bytes] = []
        self.port = switch.attach(self)

    def deliver(self, frame: bytes) -> None:
        self.heard.append(frame)


def frame(destination: bytes, source: bytes, payload: bytes = b"") -> bytes:
    return destination + source + b"\x08\x00" + payload


def hosts(count: int = 3) -> tuple[Switch, list[Host]]:
    switch = Switch()
    return switch, [Host(switch) for _ in range(count)]


def who_hears(all_hosts: list[Host], sender: int, data: bytes) -> list[int]:
    for host in all_hosts:
        host.heard.clear()
    all_hosts[sender].port.send(data)
    assert all(host.heard in ([], [data]) for host in all_hosts)  # at most once
    return [number for number, host in enumerate(all_hosts) if host.heard]


def test_an_unknown_destination_is_flooded_and_a_heard_one_is_not() -> None:
    _, all_hosts = hosts()
    assert who_hears(all_hosts, 0, frame(B, A)) == [1, 2]
    assert who_hears(all_hosts, 1, frame(A, B)) == [0]
    assert who_hears(all_hosts, 0, frame(B, A)) == [1]
    assert who_hears(all_hosts, 2, frame(B, C)) == [1]


@pytest.mark.parametrize("destination", [GROUP, BROADCAST])
def test_group_frames_are_flooded_whatever_was_learned(destination: bytes) -> None:
    switch, all_hosts = hosts()
    who_hears(all_hosts, 1, frame(A, destination))  # a source that nobody has
    assert switch.snapshot().addresses == ()
    assert who_hears(all_hosts, 0, frame(destination, A)) == [1, 2]


def test_nothing_goes_back_to_the_sender() -> None:
    _, all_hosts = hosts()
    who_hears(all_hosts, 0, frame(B, A))
    assert who_hears(all_hosts, 0, frame(A, A)) == []
    assert who_hears(all_hosts, 0, frame(A, C)) == []


def test_an_address_that_moves_is_found_where_it_was_heard_last() -> None:
    switch, all_hosts = hosts()
    who_hears(all_hosts, 0, frame(BROADCAST, A))
    who_hears(all_hosts, 2, frame(BROADCAST, A))
    assert who_hears(all_hosts, 1, frame(A, B)) == [2]
    assert switch.snapshot() == SwitchSnapshot((0, 1, 2), ((A, 2), (B, 1)))


def test_the_address_heard_the_longest_ago_makes_room() -> None:
    switch, all_hosts = hosts(2)
    for number in range(MAX_ADDRESSES):
        all_hosts[0].port.send(frame(B, number.to_bytes(6, "big").replace(b"\0\0\0", b"\x02\0\0", 1)))
    first, second = (address for address, _ in switch.snapshot().addresses[:2])
    all_hosts[0].port.send(frame(B, first))  # heard again
    all_hosts[1].port.send(frame(C, D))
    known = dict(switch.snapshot().addresses)
    assert len(known) == MAX_ADDRESSES
    assert (first in known, second in known, known[D]) == (True, False, 1)


@pytest.mark.parametrize(
    ("length", "passes"), [(0, False), (13, False), (14, True), (MAX_FRAME, True), (MAX_FRAME + 1, False)]
)
def test_what_is_no_frame_by_its_length_is_dropped_and_teaches_nothing(length: int, passes: bool) -> None:
    switch, all_hosts = hosts(2)
    data = (B + A).ljust(length, b"\0")[:length]
    assert who_hears(all_hosts, 0, data) == ([1] if passes else [])
    assert switch.snapshot().addresses == (((A, 0),) if passes else ())


def test_a_detached_port_hears_and_says_nothing_and_its_addresses_are_forgotten() -> None:
    switch, all_hosts = hosts(3)
    who_hears(all_hosts, 0, frame(BROADCAST, A))
    who_hears(all_hosts, 1, frame(BROADCAST, B))
    all_hosts[1].port.detach()
    all_hosts[1].port.detach()
    assert switch.snapshot() == SwitchSnapshot((0, 2), ((A, 0),))
    assert who_hears(all_hosts, 0, frame(B, A)) == [2]
    assert who_hears(all_hosts, 1, frame(BROADCAST, B)) == []
    assert Host(switch).port.number == 3


def test_a_port_may_leave_while_it_is_served() -> None:
    class Leaver(Host):
        def deliver(self, frame: bytes) -> None:
            super().deliver(frame)
            self.port.detach()

    switch = Switch()
    all_hosts = [Host(switch), Leaver(switch), Host(switch)]
    assert who_hears(all_hosts, 0, frame(B, A)) == [1, 2]
    assert who_hears(all_hosts, 0, frame(B, A)) == [2]
    assert switch.snapshot().ports == (0, 2)


def test_a_port_that_is_not_there_sends_nothing() -> None:
    switch, all_hosts = hosts(2)
    SwitchPort(switch, 9).send(frame(BROADCAST, A))
    assert [host.heard for host in all_hosts] == [[], []]


ADDRESSES = st.sampled_from([A, B, C, D, GROUP, BROADCAST])


@given(st.lists(st.tuples(st.integers(0, 3), ADDRESSES, ADDRESSES, st.binary(max_size=4)), max_size=40))
def test_any_frames_go_where_their_destination_was_heard_last_or_else_everywhere(
    sent: list[tuple[int, bytes, bytes, bytes]],
) -> None:
    switch, all_hosts = hosts(4)
    heard_from: list[tuple[bytes, int]] = []
    for sender, destination, source, payload in sent:
        heard_from.append((source, sender))
        places = [port for address, port in heard_from if address == destination and not address[0] % 2]
        meant = set(places[-1:]) or set(range(4))
        assert who_hears(all_hosts, sender, frame(destination, source, payload)) == sorted(meant - {sender})
    last = {address: port for address, port in heard_from if not address[0] % 2}
    assert dict(switch.snapshot().addresses) == last
