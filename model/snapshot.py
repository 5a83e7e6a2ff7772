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


@dataclass(frozen=True)
class RingSnapshot:
    """A ring as the device sees it: index of the next chain, of the next used element, and of the last one told of."""

    next_available: int
    next_used: int
    signalled: int


@dataclass(frozen=True)
class BlkSnapshot:
    """Block device: its capacity, in sectors of 512 bytes."""

    capacity: int


@dataclass(frozen=True)
class NetSnapshot:
    """Network device: what it lets in.

    Addresses are in the driver's order; of a list that was too long for the device only ``unicast_overflow`` or
    ``multicast_overflow`` is left: every address of that kind is let in. ``vlans`` are the numbers that the driver
    added, in order; they count while VLAN filtering is negotiated.
    """

    promiscuous: bool
    all_multicast: bool
    all_unicast: bool
    no_multicast: bool
    no_unicast: bool
    no_broadcast: bool
    unicast: tuple[bytes, ...]
    multicast: tuple[bytes, ...]
    unicast_overflow: bool
    multicast_overflow: bool
    vlans: tuple[int, ...]


@dataclass(frozen=True)
class SwitchSnapshot:
    """A switch between members: its ports' numbers, and the port behind each address, longest unheard of first."""

    ports: tuple[int, ...]
    addresses: tuple[tuple[bytes, int], ...]


@dataclass(frozen=True)
class ConsoleSnapshot:
    """Console: bytes that wait until the driver offers a buffer."""

    waiting: bytes


@dataclass(frozen=True)
class RngSnapshot:
    """Entropy source: it keeps nothing."""


@dataclass(frozen=True)
class BalloonSnapshot:
    """Balloon: the guest's pages in it, by number (4096 bytes each), in order.

    ``actual`` is how many the driver last said in full. ``statistics`` are tag and value, in order of the tag;
    ``statistics_begun``: the first buffer for them has come. ``statistics_head`` names the chain that is kept.
    """

    pages: tuple[int, ...]
    actual: int
    statistics: tuple[tuple[int, int], ...]
    statistics_begun: bool
    statistics_head: int | None


TypeSnapshot = BlkSnapshot | NetSnapshot | ConsoleSnapshot | RngSnapshot | BalloonSnapshot


@dataclass(frozen=True)
class DeviceSnapshot:
    """All of a member's state: its registers, its rings (``None``: no ring), and what its type keeps.

    ``own_config`` is the device configuration that a reset brings back, ``pci`` the member's configuration space.
    ``needs_reset``: the driver broke a rule, nothing is served before a reset. ``unfinished``: queues with chains
    left over. ``device`` is ``None`` where the member has no data path.
    """

    registers: MemberSnapshot
    own_config: bytes
    pci: bytes
    needs_reset: bool
    rings: tuple[RingSnapshot | None, ...]
    unfinished: tuple[int, ...]
    device: TypeSnapshot | None


@dataclass(frozen=True)
class DpuSnapshot:
    """All of a DPU's state: the list of commands in use (bit n is opcode n), VF Enable, and each member's."""

    in_use: int
    vf_enable: bool
    members: tuple[DeviceSnapshot, ...]


@dataclass(frozen=True)
class AdminQueueSnapshot:
    """An administration virtqueue: its ring, whether the driver broke it, and whether commands are left over."""

    ring: RingSnapshot
    needs_reset: bool
    unfinished: bool
