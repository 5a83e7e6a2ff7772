# SPDX-License-Identifier: Apache-2.0
"""The entropy device: fills the buffers it is given from a source of bytes. Source: virtio 1.4, 5.4."""

from __future__ import annotations

from collections.abc import Callable

from straightwire.model.snapshot import RngSnapshot
from straightwire.reference.dpu.data_path import DataPath
from straightwire.reference.dpu.virtqueue import Chain

REQUEST_QUEUE = 0

Entropy = Callable[[int], bytes]
"""At most as many bytes as asked for; none where there are none at the moment. ``os.urandom`` is one."""


class Rng:
    """``entropy`` is all it gives; when some is there after a while without, say so with ``more``."""

    name = "rng"
    features = 0

    def __init__(self, path: DataPath, entropy: Entropy) -> None:
        self._path = path
        self._entropy = entropy

    def notified(self, queue: int) -> None:
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
        found = self._entropy(chain.writable)[: chain.writable]
        if not found and chain.writable:
            return None
        return chain.write(found)
