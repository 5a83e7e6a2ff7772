# SPDX-License-Identifier: Apache-2.0
"""A device's whole register-level state as plain data: what lockstep compares after every event.

Every device of the project (the model's register file, the reference DPU, the native DPU) can show
itself as a ``MemberSnapshot``; nothing in it is derived from anything else in it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class QueueSnapshot:
    """One virtqueue: ``size`` in descriptors, ``pfn`` in 4096-byte pages (0: inactive), ``vector`` or 0xffff."""

    size: int
    pfn: int
    vector: int


@dataclass(frozen=True)
class MemberSnapshot:
    """One member's registers. ``notified`` counts the notifications taken for each queue since open."""

    host_features: int
    guest_features: int
    queue_sel: int
    status: int
    isr: int
    config_vector: int
    msix: bool
    queues: tuple[QueueSnapshot, ...]
    config: bytes
    notified: tuple[int, ...]
