# SPDX-License-Identifier: Apache-2.0
"""The data path of one member: its rings in guest memory, interrupts, and the end of a device that cannot go on.

What a device type does with a request is its own affair (``devices/``); everything around it is here: a ring
appears with QUEUE_PFN and goes with a reset, a notification has chains served, used chains are interrupted for as
the driver asked, and a driver's mistake ends in DEVICE_NEEDS_RESET, never in an exception. The work of one
notification is bounded: as many chains as the queue is long, each bounded by ``virtqueue.py``.

No clock and no thread: a device works when it is notified, or when its other side has something for it.
Source: virtio 1.4, 2.1.1, 2.7, 4.1.5.3 and 4.1.5.4.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from straightwire.model.registers import NO_VECTOR
from straightwire.model.snapshot import RingSnapshot, TypeSnapshot
from straightwire.reference.dpu.config_space import ConfigSpace
from straightwire.reference.dpu.memory import Memory, OutsideMemory
from straightwire.reference.dpu.registers import RegisterFile
from straightwire.reference.dpu.virtqueue import BadRing, Chain, Virtqueue, legacy_layout


class Behaviour(Protocol):
    """What a device type is, behind its registers and rings."""

    @property
    def name(self) -> str:
        """The device type's name: net, blk, console, rng, balloon."""

    @property
    def features(self) -> int:
        """Every feature bit of its own that it can carry out."""

    def notified(self, queue: int) -> None:
        """The driver notified a queue that has a ring."""

    def config_written(self, offset: int, length: int) -> None:
        """The driver wrote some bytes of the device configuration."""

    def reset(self) -> None:
        """Forget what a driver said."""

    def snapshot(self) -> TypeSnapshot:
        """All its state."""


class DataPath:
    """One member's rings. ``message`` is called with a vector for each MSI-X message that the member sends.

    Nothing is served before ``behaviour`` is there.
    """

    def __init__(
        self,
        registers: RegisterFile,
        pci: ConfigSpace,
        memory: Memory,
        message: Callable[[int], None],
    ) -> None:
        self.registers = registers
        self.behaviour: Behaviour | None = None
        self._pci = pci
        self._memory = memory
        self._message = message
        self._rings: list[Virtqueue | None] = [None] * registers.queue_count
        self._unfinished: set[int] = set()
        self.needs_reset = False
        for queue in range(registers.queue_count):
            self.ring_moved(queue)

    # What the register file tells.

    def notified(self, queue: int) -> None:
        """A notification of a queue that has a ring, at any STATUS (C6)."""
        if self._working and self.behaviour is not None:
            self.behaviour.notified(queue)

    def ring_moved(self, queue: int) -> None:
        """QUEUE_PFN was written. A ring that was in use cannot be moved under the device: it needs a reset (B28)."""
        pfn, size = self.registers.ring_of(queue)
        before = self._rings[queue]
        layout = legacy_layout(pfn, size) if pfn else None
        if before is not None and layout == before.layout:
            return
        self._rings[queue] = Virtqueue(self._memory, layout) if layout else None
        self._unfinished.discard(queue)
        if before is not None and before.started and layout:
            self.broken()

    def config_written(self, offset: int, length: int) -> None:
        """The driver wrote some bytes of the device configuration."""
        if self.behaviour is not None:
            self.behaviour.config_written(offset, length)

    def was_reset(self) -> None:
        """STATUS 0, or a function-level reset."""
        self._rings = [None] * len(self._rings)
        self._unfinished.clear()
        self.needs_reset = False
        if self.behaviour is not None:
            self.behaviour.reset()

    # What a device type uses.

    @property
    def features(self) -> int:
        """The features that the driver accepted, as they are now (B16)."""
        return self.registers.guest_features

    def serve(self, queue: int, handle: Callable[[Chain], int | None]) -> None:
        """Give each available chain to ``handle`` and return it with the bytes that it says were written.

        ``None`` from ``handle``: not now, keep this chain and those behind it.
        """
        ring = self._rings[queue]
        if ring is None or not self._working:
            return
        self._unfinished.discard(queue)
        try:
            if ring.serve(self.features, handle):
                self._unfinished.add(queue)
            self._interrupt(queue, ring)
        except (BadRing, OutsideMemory):
            self.broken()

    def ring(self, queue: int) -> Virtqueue | None:
        """A queue's ring. Whoever keeps a chain for later asks whether it is still the one that it was taken from."""
        return self._rings[queue]

    def take(self, queue: int) -> Chain | None:
        """The next chain of a queue that the device fills when it likes; ``None`` where there is none."""
        ring = self._rings[queue]
        if ring is None or not self._working:
            return None
        try:
            chain = ring.pop(self.features)
            if chain is None and ring.ask_for_notification(self.features):
                chain = ring.pop(self.features)  # added while the driver believed nobody had to be told
        except (BadRing, OutsideMemory):
            self.broken()
            return None
        return chain

    def put_back(self, queue: int, chains: int) -> None:
        """The last ``chains`` taken stay the driver's after all."""
        ring = self._rings[queue]
        if ring is not None:
            ring.put_back(chains)

    def finish(self, queue: int, used: Sequence[tuple[Chain, int]]) -> bool:
        """Return taken chains, in order, each with the bytes written to it; one interrupt for all of them.

        Whether it could: a member that must not touch memory now cannot, and the chains are still taken.
        """
        ring = self._rings[queue]
        if ring is None or not self._working:
            return False
        try:
            for chain, written in used:
                ring.push(chain.head, written)
            ring.ask_for_notification(self.features)
            self._interrupt(queue, ring)
        except (BadRing, OutsideMemory):
            self.broken()
            return False
        return True

    def reconfigure(self, offset: int, data: bytes) -> None:
        """The device changes its own configuration and says so (virtio 1.4, 4.1.5.4)."""
        self.registers.set_config(offset, data)
        self.config_changed()

    def config_changed(self) -> None:
        """A configuration change notification: ISR, and a message where MSI-X is on."""
        self.registers.config_changed()
        self._send(self.registers.config_vector)

    def broken(self) -> None:
        """The device cannot go on: DEVICE_NEEDS_RESET, told as a configuration change once it is driven (B28)."""
        if self.needs_reset:
            return
        self.needs_reset = True
        self._unfinished.clear()
        if self.registers.mark_needs_reset():
            self._send(self.registers.config_vector)

    # What the surroundings use.

    def proceed(self) -> None:
        """Go on with the queues where more was available than one notification's worth of work."""
        for queue in self.unfinished:
            self.notified(queue)

    def ring_snapshots(self) -> tuple[RingSnapshot | None, ...]:
        """Each queue's ring."""
        return tuple(ring.snapshot() if ring else None for ring in self._rings)

    @property
    def unfinished(self) -> tuple[int, ...]:
        """Queues with chains left over, for ``proceed``."""
        return tuple(sorted(self._unfinished))

    @property
    def _working(self) -> bool:
        """A function whose Bus Master Enable is clear touches no memory (PCI; B23)."""
        return not self.needs_reset and self._pci.bus_master

    def _interrupt(self, queue: int, ring: Virtqueue) -> None:
        if ring.interrupt_due(self.features):
            self.registers.interrupt_queue()
            self._send(self.registers.vector_of(queue))

    def _send(self, vector: int) -> None:
        if vector != NO_VECTOR and self._pci.msix_enabled and self._pci.bus_master:
            self._message(vector)
