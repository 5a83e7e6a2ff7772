# SPDX-License-Identifier: Apache-2.0
"""The console device with its one port: the driver's output to a sink, input to the driver as it has buffers.

Source: virtio 1.4, 5.3.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from straightwire.model.features import Console as Feature
from straightwire.model.registers import CONSOLE
from straightwire.model.snapshot import ConsoleSnapshot
from straightwire.reference.dpu.data_path import DataPath
from straightwire.reference.dpu.virtqueue import Chain

RECEIVE_QUEUE = 0
TRANSMIT_QUEUE = 1

MAX_WAITING = 1 << 16
"""Bytes of input that wait at most."""

_COLS, _ROWS, _, _EMERG_WR = CONSOLE.config

Sink = Callable[[bytes], object]
"""Takes the driver's output, all of it; what it cannot take (``OSError``) is lost."""


def console_config(cols: int = 0, rows: int = 0) -> bytes:
    """A console's configuration, its size in characters. Raises ``ValueError`` for one that 16 bits cannot say."""
    return _size(cols, rows).ljust(CONSOLE.config_len, b"\0")


class Console:
    """``sink`` gets what the driver writes. Input waits, across resets too: whoever typed it is no driver."""

    name = "console"
    features = int(Feature.SIZE | Feature.EMERG_WRITE)

    def __init__(self, path: DataPath, sink: Sink) -> None:
        self._path = path
        self._sink = sink
        self._waiting = bytearray()
        self._emergency = bool(path.registers.snapshot().host_features & Feature.EMERG_WRITE)

    def feed(self, data: bytes) -> int:
        """Input for the driver, now or when it has room; how many bytes of it were taken."""
        taken = data[: MAX_WAITING - len(self._waiting)]
        self._waiting += taken
        self._deliver()
        return len(taken)

    def resize(self, cols: int, rows: int) -> None:
        """The console has another size, and the driver is told. Raises ``ValueError`` as ``console_config`` does."""
        self._path.reconfigure(_COLS.offset, _size(cols, rows))

    def notified(self, queue: int) -> None:
        if queue == TRANSMIT_QUEUE:
            self._path.serve(queue, self._transmit)
        elif queue == RECEIVE_QUEUE:
            self._deliver()

    def config_written(self, offset: int, length: int) -> None:
        """The low byte of ``emerg_wr`` is output, at any time and whatever was negotiated (virtio 1.4, 5.3.4)."""
        if offset == _EMERG_WR.offset and self._emergency:
            self._put(self._path.registers.config[offset : offset + 1])

    def reset(self) -> None:
        """Nothing of what waits came from the driver."""

    def snapshot(self) -> ConsoleSnapshot:
        return ConsoleSnapshot(bytes(self._waiting))

    def _transmit(self, chain: Chain) -> int:
        if chain.readable:
            self._put(chain.read())
        return 0

    def _put(self, data: bytes) -> None:
        with suppress(OSError):
            self._sink(data)

    def _deliver(self) -> None:
        """Fill the driver's buffers, at most as many as the queue is long. One without room goes back empty."""
        used: list[tuple[Chain, int]] = []
        _, size = self._path.registers.ring_of(RECEIVE_QUEUE)
        while self._waiting and len(used) < size:
            chain = self._path.take(RECEIVE_QUEUE)
            if chain is None:
                break
            filled = chain.write(bytes(self._waiting[: chain.writable]))
            del self._waiting[:filled]
            used.append((chain, filled))
        if used:
            self._path.finish(RECEIVE_QUEUE, used)


def _size(cols: int, rows: int) -> bytes:
    if not 0 <= min(cols, rows) <= max(cols, rows) < 1 << 16:
        raise ValueError("a console is at most 65535 characters wide and high")
    return cols.to_bytes(_COLS.size, "little") + rows.to_bytes(_ROWS.size, "little")
