# SPDX-License-Identifier: Apache-2.0
"""One group member, a virtual function: its configuration space, its BARs and the legacy device in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from straightwire.model import commands, pci
from straightwire.model.features import Ring
from straightwire.model.registers import device_type_named
from straightwire.model.snapshot import DeviceSnapshot, MemberSnapshot
from straightwire.reference.abi import BarOwner
from straightwire.reference.dpu.config_space import MSIX_BAR, MSIX_ENTRY_LEN, ConfigSpace
from straightwire.reference.dpu.data_path import Behaviour, DataPath
from straightwire.reference.dpu.memory import Memory
from straightwire.reference.dpu.registers import LegacyDescription, RegisterFile

BARS = 6
PAGE = 4096
MAX_ADVERTISED = commands.NOTIFY_ENTRIES - 1
"""The last of the four entries is a terminator (LD9, C1)."""

RING_FEATURES = int(Ring.NOTIFY_ON_EMPTY | Ring.ANY_LAYOUT | Ring.INDIRECT_DESC | Ring.EVENT_IDX)
"""What every data path here can carry out, whatever the type."""

B = TypeVar("B", bound=Behaviour)


def ignore(vector: int) -> None:
    """Where messages go while nobody listens."""


@dataclass(frozen=True)
class NotifyAddress:
    """Where a 16-bit write notifies a queue of one member: ``offset`` bytes into a BAR (virtio 1.4, 2.13.1).

    Raises ``ValueError`` for what LD10 and LD11 forbid.
    """

    bar_owner: BarOwner
    bar: int
    offset: int

    def __post_init__(self) -> None:
        first, last = commands.NOTIFY_BARS
        if not first <= self.bar <= last:
            raise ValueError("a notification address lies in BAR 1 to 5")
        if self.offset % commands.NOTIFY_ALIGN:
            raise ValueError("a notification address is even")


@dataclass(frozen=True)
class MemberDescription:
    """A member: the legacy device, up to three notification addresses in order of preference, BAR lengths in bytes."""

    legacy: LegacyDescription
    notify: tuple[NotifyAddress, ...]
    bar_lengths: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.notify) > MAX_ADVERTISED:
            raise ValueError("a device advertises at most three notification addresses")
        if self.bar_lengths and self.bar_lengths[0]:
            raise ValueError("BAR0 of a member is hardwired to zero: there the relay shows the legacy registers (LD13)")
        check_bars(self.bar_lengths, [at for at in self.notify if at.bar_owner == BarOwner.MEMBER])


def check_bars(lengths: Sequence[int], addresses: Sequence[NotifyAddress]) -> None:
    """Raises ``ValueError`` unless there are six BARs and every address lies inside its own (LD10)."""
    if len(lengths) != BARS:
        raise ValueError("a function has six BARs")
    if any(at.offset + commands.NOTIFY_LEN > lengths[at.bar] for at in addresses):
        raise ValueError("a notification address lies inside its BAR")


def bars_holding(addresses: Sequence[NotifyAddress], lengths: dict[int, int]) -> tuple[int, ...]:
    """Lengths of six BARs that hold these addresses and at least ``lengths`` bytes; powers of two from a page on."""
    wanted = dict(lengths)
    for at in addresses:
        wanted[at.bar] = max(wanted.get(at.bar, 0), at.offset + commands.NOTIFY_LEN)
    return tuple(max(PAGE, 1 << (wanted[bar] - 1).bit_length()) if wanted.get(bar) else 0 for bar in range(BARS))


def describe(
    device_type: str,
    *,
    features: int = 0,
    queues: tuple[int, ...] = (256,),
    config: bytes | None = None,
    vectors: int | None = None,
    notify: tuple[NotifyAddress, ...] = (),
) -> MemberDescription:
    """A member in few words; ``device_type`` by name (net, blk, console, rng, balloon; ``KeyError`` for another).

    ``queues`` are sizes in descriptors. Left out, ``config`` is all zeros, ``vectors`` one for each queue
    and one for the configuration.
    """
    kind = device_type_named(device_type)
    legacy = LegacyDescription(
        device_type=kind,
        host_features=features,
        queue_sizes=queues,
        config=bytes(kind.config_len) if config is None else config,
        vectors=len(queues) + 1 if vectors is None else vectors,
    )
    pending = -(-legacy.vectors // 64) * 8
    bars = bars_holding(
        [at for at in notify if at.bar_owner == BarOwner.MEMBER],
        {MSIX_BAR: legacy.vectors * MSIX_ENTRY_LEN + pending},
    )
    return MemberDescription(legacy, notify, bars)


class MemberDevice:
    """One member at work: ``registers`` as admin commands reach them, ``config_space`` as PCI reaches it.

    Before ``plug`` it is registers only: notifications are counted, and nothing is served.
    """

    def __init__(self, description: MemberDescription, *, whole_fields: bool = False) -> None:
        legacy = description.legacy
        self.description = description
        self.config_space = ConfigSpace(legacy.device_type, legacy.vectors)
        self.registers = RegisterFile(legacy, self.config_space, whole_fields=whole_fields)
        self.path: DataPath | None = None

    def plug(self, memory: Memory, make: Callable[[DataPath], B], message: Callable[[int], None] = ignore) -> B:
        """Give the member its data path: its guest's memory, its type's behaviour, and where MSI-X messages go.

        Raises ``ValueError`` where the behaviour is another type's, cannot carry out a feature that the member
        offers, or where there is one already.
        """
        legacy = self.description.legacy
        if self.path is not None:
            raise ValueError("a member has one data path")
        path = DataPath(self.registers, self.config_space, memory, message)
        behaviour = make(path)
        if behaviour.name != legacy.device_type.name:
            raise ValueError(f"a {legacy.device_type.name} member cannot behave as {behaviour.name}")
        beyond = legacy.host_features & ~(behaviour.features | RING_FEATURES)
        if beyond:
            raise ValueError(f"{behaviour.name} cannot carry out features {beyond:#x}")
        path.behaviour = behaviour
        self.registers.behind = self.path = path
        return behaviour

    def reset(self) -> None:
        """Function-level reset: what STATUS 0 does, and MSI-X Enable and COMMAND are 0 (B25, PD13)."""
        self.registers.reset()
        self.config_space.reset()

    def snapshot(self) -> MemberSnapshot:
        """All register-level state, as plain data."""
        return self.registers.snapshot()

    def device_snapshot(self) -> DeviceSnapshot:
        """All state, that of the data path included."""
        path = self.path
        return DeviceSnapshot(
            self.snapshot(),
            self.registers.own_config,
            self.config_space.read(0, pci.CONFIG_SPACE_LEN),
            needs_reset=path is not None and path.needs_reset,
            rings=path.ring_snapshots() if path else (),
            unfinished=path.unfinished if path else (),
            device=path.behaviour.snapshot() if path and path.behaviour else None,
        )
