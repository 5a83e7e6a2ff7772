# SPDX-License-Identifier: Apache-2.0
"""The administration virtqueue: commands out of a split ring in the host's memory, replies back into it.

One chain is one command: its readable part the command, its writable part the room for the reply. Commands are
carried out in the order in which they were made available (QD7), each to its end. Source: virtio 1.4, 2.13.
"""

from __future__ import annotations

from collections.abc import Callable

from straightwire.model.snapshot import AdminQueueSnapshot
from straightwire.reference.dpu.memory import Memory, OutsideMemory
from straightwire.reference.dpu.owner import Owner
from straightwire.reference.dpu.virtqueue import BadRing, Chain, Layout, Virtqueue


def _ignore() -> None:
    """Nobody listens for interrupts."""


class AdminQueue:
    """The device's side of the queue. ``features`` are the owner's driver's; ``interrupt`` is called as it asked."""

    def __init__(
        self,
        owner: Owner,
        memory: Memory,
        layout: Layout,
        *,
        features: int = 0,
        interrupt: Callable[[], None] = _ignore,
    ) -> None:
        self._owner = owner
        self._ring = Virtqueue(memory, layout)
        self._features = features
        self._interrupt = interrupt
        self.needs_reset = False
        self.unfinished = False

    def notified(self) -> None:
        """Carry out what is available, at most as many commands as the queue is long.

        ``unfinished`` then says whether some are left over: notify again. A driver's mistake in the ring ends the
        queue: ``needs_reset`` (B28).
        """
        if self.needs_reset:
            return
        try:
            self.unfinished = self._ring.serve(self._features, self._execute)
            if self._ring.interrupt_due(self._features):
                self._interrupt()
        except (BadRing, OutsideMemory):
            self.needs_reset = True

    def snapshot(self) -> AdminQueueSnapshot:
        """All state of the queue; that of the owner is the list in use."""
        return AdminQueueSnapshot(self._ring.snapshot(), self.needs_reset, self.unfinished)

    def _execute(self, chain: Chain) -> int:
        """The used length is the length of the reply (QD2)."""
        return chain.write(self._owner.execute(chain.read(), chain.writable))
