# SPDX-License-Identifier: Apache-2.0
"""Ports that lead out of the switch through sockets, up to a real QEMU."""

from __future__ import annotations

import select
import shutil
import socket
import struct
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.net_guest import NetGuest, dpu_with_net, frame, mac

from straightwire.reference.dpu.socket_port import MAX_BACKLOG, DatagramPort, End, StreamPort
from straightwire.reference.dpu.switch import MAX_FRAME, Switch

PING = frame(mac(2), mac(1), b"ping")
PONG = frame(mac(1), mac(2), b"pong")
FIRST, SECOND = (frame(mac(9), mac(2), data) for data in (b"first", b"second"))


class Host:
    """A port that keeps what it is given."""

    def __init__(self, switch: Switch) -> None:
        self.heard: list[bytes] = []
        self.port = switch.attach(self)

    def deliver(self, data: bytes) -> None:
        self.heard.append(data)


@contextmanager
def pair(kind: socket.SocketKind = socket.SOCK_STREAM) -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two connected sockets; the second does not wait for ever."""
    here, there = socket.socketpair(socket.AF_UNIX, kind)
    there.settimeout(5)
    with here, there:
        yield here, there


@contextmanager
def stream() -> Iterator[tuple[Switch, Host, StreamPort, socket.socket]]:
    with pair() as (here, there):
        switch = Switch()
        host = Host(switch)
        yield switch, host, StreamPort(here, switch.attach), there


def framed(*frames: bytes) -> bytes:
    return b"".join(struct.pack(">I", len(data)) + data for data in frames)


def receive(there: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        more = there.recv(length - len(data))
        assert more
        data += more
    return data


def test_a_frame_goes_out_behind_its_length() -> None:
    with stream() as (_, host, port, there):
        host.port.send(PING)
        assert there.recv(100) == b"\0\0\0\x12\x52\x54\0\0\0\2\x52\x54\0\0\0\1\x08\0ping"
        assert (port.backlog, port.end) == (0, None)


def test_frames_come_in_however_they_are_cut() -> None:
    whole = framed(FIRST, SECOND, b"", b"runt", FIRST)
    for step in (1, 3, 4, 7, 23, 24, len(whole)):
        with stream() as (_, host, port, there):
            for at in range(0, len(whole), step):
                there.send(whole[at : at + step])
                port.poll()
            assert host.heard == [FIRST, SECOND, FIRST]  # an empty frame and a runt are none, and no error
            assert port.end is None


def test_poll_without_anything_to_read_does_nothing() -> None:
    with stream() as (_, host, port, _):
        port.poll()
        assert (host.heard, port.end) == ([], None)


@pytest.mark.parametrize("length", [MAX_FRAME + 1, 1 << 31, 0xFFFF_FFFF])
def test_an_oversized_length_closes_the_port_and_what_came_before_passes(length: int) -> None:
    with stream() as (switch, host, port, there):
        there.send(framed(PING) + struct.pack(">I", length) + framed(PONG))
        port.poll()
        assert (port.end, host.heard) == (End.TOO_LONG, [PING])
        assert there.recv(1) == b""
        assert switch.snapshot().ports == (0,)
        port.poll()
        host.port.send(PONG)
        assert port.fileno() == -1


def test_the_longest_frame_passes_both_ways() -> None:
    with stream() as (_, host, port, there):
        longest = PING.ljust(MAX_FRAME, b"\x5a")
        host.port.send(longest)
        assert receive(there, 4 + MAX_FRAME) == framed(longest)
        there.sendall(framed(longest))
        port.poll()
        assert host.heard == [longest]


def test_a_peer_that_goes_closes_the_port_even_inside_a_frame() -> None:
    with stream() as (switch, host, port, there):
        there.send(framed(PING) + b"\0\0\0\x20half")
        there.close()
        port.poll()
        assert (port.end, host.heard) == (End.PEER_GONE, [PING])
        assert switch.snapshot().addresses == ()


def test_a_peer_that_is_gone_when_a_frame_is_due_closes_the_port() -> None:
    with stream() as (switch, host, port, there):
        other = Host(switch)
        there.close()
        host.port.send(PING)
        assert (port.end, other.heard) == (End.BROKEN, [PING])
        port.close()
        assert port.end is End.BROKEN


def test_closing_leaves_the_switch() -> None:
    with stream() as (switch, host, port, there):
        port.close()
        assert (port.end, switch.snapshot().ports, there.recv(1)) == (End.CLOSED, (0,), b"")
        host.port.send(PING)


def test_a_slow_peer_costs_frames_but_no_order_and_no_memory() -> None:
    with stream() as (_, host, port, there):
        sent = [PING + struct.pack(">I", number) + bytes(9000) for number in range(400)]
        for data in sent:
            host.port.send(data)
        assert 0 < port.backlog <= MAX_BACKLOG
        got = b""
        while port.backlog or select.select([there], [], [], 0)[0]:
            got += there.recv(1 << 20)
            port.poll()
        kept = len(got) // len(framed(sent[0]))
        assert 100 < kept < 400
        assert got == framed(*sent[:kept])
        host.port.send(FIRST)
        assert receive(there, 4 + len(FIRST)) == framed(FIRST)


def test_a_peer_that_never_stops_cannot_keep_the_caller() -> None:
    class Endless(socket.socket):
        def recv(self, size: int, flags: int = 0) -> bytes:
            return framed(PING) * 2000

    switch = Switch()
    host = Host(switch)
    with Endless(socket.AF_UNIX) as endless:
        port = StreamPort(endless, switch.attach)
        port.poll()
        assert len(host.heard) in range(1, 60_000)
        assert port.end is None


@given(st.lists(st.binary(max_size=60), max_size=10))
def test_no_peer_makes_a_port_raise(pieces: list[bytes]) -> None:
    with stream() as (_, host, port, there):
        for piece in pieces:
            try:
                there.send(piece)
            except OSError:
                assert port.end is not None
            port.poll()
            host.port.send(PING)
        assert port.end in {None, End.TOO_LONG, End.BROKEN}


def test_a_member_reaches_the_outside() -> None:
    with pair() as (here, there):
        switch = Switch()
        guest = NetGuest(dpu_with_net(1), 1, switch.attach)
        guest.stock()
        port = StreamPort(here, switch.attach)
        guest.send(PING)
        assert there.recv(100) == framed(PING)
        there.send(framed(PONG))
        port.poll()
        assert guest.frames() == [PONG]


# Datagrams.


@contextmanager
def datagrams() -> Iterator[tuple[Switch, Host, DatagramPort, socket.socket]]:
    with pair(socket.SOCK_DGRAM) as (here, there):
        switch = Switch()
        host = Host(switch)
        yield switch, host, DatagramPort(here, switch.attach), there


def test_a_datagram_is_a_frame() -> None:
    with datagrams() as (_, host, port, there):
        host.port.send(PING)
        assert there.recv(100) == PING
        for data in (FIRST, b"", b"runt", SECOND.ljust(MAX_FRAME + 1), SECOND):
            there.send(data)
            port.poll()
        assert (host.heard, port.end) == ([FIRST, SECOND], None)


def test_a_datagram_peer_that_is_away_costs_frames_only() -> None:
    with datagrams() as (_, host, port, there):
        there.close()
        host.port.send(PING)
        port.poll()
        assert port.end is None
        port.close()
        port.poll()
        host.port.send(PING)
        assert port.end is End.CLOSED


def test_a_full_datagram_socket_costs_frames_only() -> None:
    with datagrams() as (_, host, port, there):
        for _ in range(2000):
            host.port.send(PING)
        assert (there.recv(100), port.end) == (PING, None)


def test_udp_reaches_a_peer_that_comes_late() -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as there,
    ):
        for one in (here, there):
            one.bind(("127.0.0.1", 0))
        address = there.getsockname()
        there.close()
        here.connect(address)
        switch = Switch()
        host = Host(switch)
        port = DatagramPort(here, switch.attach)
        for _ in range(3):  # the second and third meet what came back for the first
            host.port.send(PING)
            port.poll()
        assert port.end is None


# A real peer.


@contextmanager
def qemu_hub(netdev: str, directory: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A QEMU without a machine whose hub joins two network backends, ``a`` and ``b``."""
    program = shutil.which("qemu-system-x86_64")
    if program is None:
        pytest.skip("no qemu-system-x86_64: apt-get install qemu-system-x86")
    arguments = [program, "-machine", "none", "-nodefaults", "-display", "none"]
    for name in ("a", "b"):
        arguments += ["-netdev", netdev.format(name=name, directory=directory)]
        arguments += ["-netdev", f"hubport,id=hub-{name},hubid=0,netdev={name}"]
    with subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as qemu:
        try:
            yield qemu
        finally:
            qemu.kill()


def until(ready: Callable[[], bool], *ports: StreamPort | DatagramPort) -> None:
    """Poll until it is so; each round waits for a socket, five seconds at most."""
    while not ready():
        readable, _, _ = select.select(ports, [], [], 5)
        assert readable
        for port in ports:
            port.poll()


def test_frames_pass_through_a_real_QEMU_between_two_switches(tmp_path: Path) -> None:
    listeners = {}
    for name in ("a", "b"):
        listeners[name] = socket.socket(socket.AF_UNIX)
        listeners[name].bind(str(tmp_path / name))
        listeners[name].listen()
        listeners[name].settimeout(10)
    netdev = "stream,id={name},server=off,addr.type=unix,addr.path={directory}/{name}"
    made = dpu_with_net(2)
    with listeners["a"], listeners["b"], qemu_hub(netdev, tmp_path) as qemu:
        guests, ports = [], []
        for number, name in ((1, "a"), (2, "b")):
            switch = Switch()
            guests.append(NetGuest(made, number, switch.attach))
            ports.append(StreamPort(listeners[name].accept()[0], switch.attach))
            guests[-1].stock()
        first, second = guests
        arrived: list[bytes] = []
        sent = [PING, PONG[6:12] + PING[6:].ljust(1508, b"\x5a"), frame(b"\xff" * 6, mac(1), bytes(range(60)))]
        for data in sent:
            first.send(data)

        def second_has_all() -> bool:
            arrived.extend(second.frames())
            return len(arrived) == len(sent)

        until(second_has_all, *ports)
        assert arrived == sent
        second.send(PONG)
        answers: list[bytes] = []

        def first_has_one() -> bool:
            answers.extend(first.frames())
            return bool(answers)

        until(first_has_one, *ports)
        assert answers == [PONG]
        qemu.kill()
        qemu.wait()
        until(lambda: ports[0].end is not None, ports[0])
        until(lambda: ports[1].end is not None, ports[1])
        assert [port.end for port in ports] == [End.PEER_GONE, End.PEER_GONE]


def test_datagrams_pass_through_a_real_QEMU(tmp_path: Path) -> None:
    ours = {}
    for name in ("a", "b"):
        ours[name] = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        ours[name].bind(str(tmp_path / name))
    netdev = (
        "dgram,id={name},local.type=unix,local.path={directory}/qemu-{name},"
        "remote.type=unix,remote.path={directory}/{name}"
    )
    with ours["a"], ours["b"], qemu_hub(netdev, tmp_path) as qemu:
        switch = Switch()
        host = Host(switch)
        for _ in range(1000):
            if all((tmp_path / f"qemu-{name}").exists() for name in ours):
                break
            with pytest.raises(subprocess.TimeoutExpired):
                qemu.wait(0.01)
        for name, one in ours.items():
            one.connect(str(tmp_path / f"qemu-{name}"))
        incoming = DatagramPort(ours["a"], Switch().attach)
        outgoing = DatagramPort(ours["b"], switch.attach)
        incoming.deliver(PING)
        until(lambda: bool(host.heard), outgoing)
        assert host.heard == [PING]
