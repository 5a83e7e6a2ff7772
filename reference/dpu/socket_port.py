# SPDX-License-Identifier: Apache-2.0
"""Ports of the switch that lead out through a socket, framed as QEMU's ``-netdev stream`` and ``-netdev dgram`` do.

On a stream each frame follows its length in bytes, 4 bytes big-endian; a datagram is a frame. The socket is the
caller's, connected, and becomes non-blocking: nothing here waits, and nothing runs by itself, so the caller polls.
Whatever the peer does, no method raises: a port that cannot go on closes and says why in ``end``.
Source: QEMU's documentation of ``-netdev stream`` and ``-netdev dgram``.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from enum import Enum
from struct import Struct

from straightwire.reference.dpu.switch import MAX_FRAME, Port, SwitchPort

MAX_BACKLOG = 1 << 20
"""Bytes that wait for a slow peer at most. A frame that would exceed it is dropped, as on any full link."""
POLL_BYTES = 1 << 20
"""What one poll reads at most, about: a peer that never stops cannot keep the caller."""

_LENGTH = Struct(">I")
_CHUNK = 1 << 16


class End(Enum):
    """Why a port is closed."""

    CLOSED = "it was closed on this side"
    PEER_GONE = "the peer closed the connection"
    TOO_LONG = f"the peer announced a frame of more than {MAX_FRAME} bytes"
    BROKEN = "the connection broke"


class _SocketPort:
    """What both kinds have in common; ``end`` is ``None`` while the port is open."""

    def __init__(self, connection: socket.socket, attach: Callable[[Port], SwitchPort]) -> None:
        connection.setblocking(False)
        self.end: End | None = None
        self._socket = connection
        self._link = attach(self)

    def fileno(self) -> int:
        """For ``select``: readable means that ``poll`` has something to do. -1 once the port is closed."""
        return self._socket.fileno()

    def close(self) -> None:
        """Close the socket and leave the switch; a second time does nothing."""
        self._close(End.CLOSED)

    def deliver(self, frame: bytes) -> None:
        """Send a frame to the peer, or drop it (protocol ``Port``)."""
        raise NotImplementedError

    def _close(self, end: End) -> None:
        if self.end is None:
            self.end = end
            self._link.detach()
            self._socket.close()


class StreamPort(_SocketPort):
    """A port over a connected stream socket, Unix or TCP."""

    def __init__(self, connection: socket.socket, attach: Callable[[Port], SwitchPort]) -> None:
        self._in = bytearray()
        self._out = bytearray()
        super().__init__(connection, attach)

    @property
    def backlog(self) -> int:
        """Bytes that wait for the peer: while there are some, poll when the socket is writable, too."""
        return len(self._out)

    def poll(self) -> None:
        """Send what waits, and pass on the frames that have come."""
        self._flush()
        taken = 0
        while self.end is None and taken < POLL_BYTES:
            try:
                data = self._socket.recv(_CHUNK)
            except BlockingIOError:
                return
            except OSError:
                self._close(End.BROKEN)
                return
            if not data:
                self._close(End.PEER_GONE)
                return
            taken += len(data)
            self._in += data
            self._pass_on()

    def deliver(self, frame: bytes) -> None:
        """Send a frame to the peer; dropped whole where too much waits already."""
        if self.end is not None or len(self._out) + _LENGTH.size + len(frame) > MAX_BACKLOG:
            return
        self._out += _LENGTH.pack(len(frame)) + frame
        self._flush()

    def _pass_on(self) -> None:
        """Every whole frame of what was read; the rest, never longer than the longest frame, stays."""
        at = 0
        while self.end is None and len(self._in) - at >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._in, at)
            if length > MAX_FRAME:
                self._close(End.TOO_LONG)
                return
            start = at + _LENGTH.size
            if len(self._in) < start + length:
                break
            self._link.send(bytes(self._in[start : start + length]))
            at = start + length
        del self._in[:at]

    def _flush(self) -> None:
        """As much of what waits as the socket takes now."""
        while self._out and self.end is None:
            try:
                sent = self._socket.send(self._out)
            except BlockingIOError:
                return
            except OSError:
                self._close(End.BROKEN)
                return
            del self._out[:sent]


class DatagramPort(_SocketPort):
    """A port over a connected datagram socket, Unix or UDP. A peer that is not there is no error: frames get lost."""

    def poll(self) -> None:
        """Pass on the frames that have come."""
        taken = 0
        while self.end is None and taken < POLL_BYTES:
            try:
                frame = self._socket.recv(MAX_FRAME + 1)
            except BlockingIOError:
                return
            except ConnectionError:
                taken += _LENGTH.size  # what comes back from a peer that is not there: it counts, so that this ends
                continue
            except OSError:
                self._close(End.BROKEN)
                return
            taken += len(frame) + _LENGTH.size
            self._link.send(frame)

    def deliver(self, frame: bytes) -> None:
        """Send a frame to the peer; dropped where the socket does not take it at once."""
        try:
            if self.end is None:
                self._socket.send(frame)
        except OSError:
            return  # full, too long for a datagram, or nobody there: a datagram may get lost
