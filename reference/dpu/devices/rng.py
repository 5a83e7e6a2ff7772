# SPDX-License-Identifier: Apache-2.0
"""The entropy device: fills the buffers it is given from a source of bytes. Source: virtio 1.4, 5.4."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import shake_128

from straightwire.model.snapshot import RngSnapshot
from straightwire.reference.dpu.data_path import DataPath
from straightwire.reference.dpu.virtqueue import Chain

REQUEST_QUEUE = 0

Entropy = Callable[[int], bytes]
"""At most as many bytes as asked for; none where there are none now, or ``OSError``. ``os.urandom`` is one."""

_BLOCK = 4096


class Rng:
    """``entropy`` is all it gives; when some is there after a while without, say so with ``more``."""

    name = "rng"
    features = 0

    def __init__(self, path: DataPath, entropy: Entropy) -> None:
        self._path = path
        self._entropy = entropy

    def notified(self, queue: int) -> None:
        if queue == REQUEST_QUEUE:
            self._path.serve(queue, self._fill)

    def more(self) -> None:
        """There is entropy again: serve who waits for it."""
        self._path.serve(REQUEST_QUEUE, self._fill)

    def config_written(self, offset: int, length: int) -> None:
        """There is no configuration."""

    def reset(self) -> None:
        """There is nothing to forget."""

    def snapshot(self) -> RngSnapshot:
        return RngSnapshot()

    def _fill(self, chain: Chain) -> int | None:
        """A chain that cannot take a byte goes back empty; one that could waits for entropy."""
        if not chain.writable:
            return 0
        try:
            found = self._entropy(chain.writable)[: chain.writable]
        except OSError:
            return None
        return chain.write(found) or None


def seeded(seed: bytes | int) -> Entropy:
    """A source that is no entropy at all: the same bytes for the same seed, however they are asked for.

    For runs that must be repeated. Raises ``ValueError`` for a negative seed.
    """
    if isinstance(seed, int):
        if seed < 0:
            raise ValueError("a seed is not negative")
        seed = seed.to_bytes(-(-seed.bit_length() // 8), "little")
    return _Seeded(seed)


class _Seeded:
    """SHAKE-128 of the seed and a count, block after block."""

    def __init__(self, seed: bytes) -> None:
        self._seed = seed
        self._blocks = 0
        self._left = b""

    def __call__(self, length: int) -> bytes:
        pieces = [self._left]
        have = len(self._left)
        while have < length:
            # The count has a fixed length, so no other seed and count make the same input.
            pieces.append(shake_128(self._seed + self._blocks.to_bytes(8, "little")).digest(_BLOCK))
            self._blocks += 1
            have += _BLOCK
        found = b"".join(pieces)
        self._left = found[length:]
        return found[:length]
