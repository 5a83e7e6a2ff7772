# SPDX-License-Identifier: Apache-2.0
"""QEMU's qtest protocol: accesses to ports and memory as lines of text over a socket, one answer each, in order.

Ports, addresses and values are numbers, widths are 1, 2 or 4 bytes, lengths of memory any number of bytes. Commands are
sent in batches: a round trip each would cost several times as much. Source: QEMU, ``system/qtest.c``.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence

_LETTERS = {1: "b", 2: "w", 4: "l"}
_BATCH = 128
"""Commands in one send. Their answers fit the socket's buffer, so that neither side waits for the other to read."""
_CHUNK = 1 << 16


class QtestError(Exception):
    """QEMU does not answer as qtest does, or not at all: one line."""


def read_port(port: int, width: int) -> str:
    """The command that reads ``width`` bytes at a port."""
    return f"in{_LETTERS[width]} {port:#x}\n"


def write_port(port: int, width: int, value: int) -> str:
    """The command that writes ``width`` bytes to a port."""
    return f"out{_LETTERS[width]} {port:#x} {value:#x}\n"


def read_memory(address: int, length: int) -> str:
    """The command that reads guest memory; its value has the first byte on top, as ``int.from_bytes(..., "big")``."""
    return f"read {address:#x} {length:#x}\n"


def write_memory(address: int, data: bytes) -> str:
    """The command that writes guest memory; at least one byte."""
    return f"write {address:#x} {len(data):#x} 0x{data.hex()}\n"


class Qtest:
    """The client's end of one connection; the socket's timeout is the caller's to set."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._rest = b""

    def run(self, commands: Sequence[str]) -> list[int]:
        """Carry out commands in order; the value of each, 0 for a write. Raises ``QtestError``."""
        values: list[int] = []
        for start in range(0, len(commands), _BATCH):
            batch = commands[start : start + _BATCH]
            try:
                self._socket.sendall("".join(batch).encode())
                lines = self._lines(len(batch))
            except TimeoutError:
                raise QtestError("QEMU does not answer on its qtest socket") from None
            except OSError as error:
                raise QtestError(f"the qtest socket broke: {error.strerror or error}") from None
            for command, line in zip(batch, lines, strict=True):
                values.append(_value(command, line))
        return values

    def _lines(self, count: int) -> list[bytes]:
        text = self._rest
        parts = [text]
        seen = text.count(b"\n")
        while seen < count:
            chunk = self._socket.recv(_CHUNK)
            if not chunk:
                raise QtestError("QEMU closed its qtest socket")
            seen += chunk.count(b"\n")
            parts.append(chunk)
        *lines, self._rest = b"".join(parts).split(b"\n")
        if len(lines) > count:
            raise QtestError(f"QEMU answered what was not asked: {_shown(lines[count])}")
        return lines


def _value(command: str, line: bytes) -> int:
    """``OK`` after a write, ``OK 0x...`` after a read."""
    if line == b"OK" and command.startswith(("out", "write")):
        return 0
    if line.startswith(b"OK 0x") and command.startswith(("in", "read")):
        try:
            return int(line[3:], 16)
        except ValueError:
            pass
    raise QtestError(f"no answer of qtest to {command.strip()!r}: {_shown(line)}")


def _shown(line: bytes) -> str:
    return ascii(line[:60].decode("latin-1"))
