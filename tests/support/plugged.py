# SPDX-License-Identifier: Apache-2.0
"""A member with a data path and a guest on it: relay, administration commands, doorbell, rings in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from struct import pack
from typing import Generic, TypeVar

from straightwire.model.snapshot import DeviceSnapshot
from straightwire.reference.abi import BarOwner, Outcome
from straightwire.reference.dpu.data_path import Behaviour, DataPath
from straightwire.reference.dpu.dpu import Dpu
from straightwire.reference.dpu.member import MemberDevice, NotifyAddress, describe
from straightwire.reference.dpu.memory import GuestMemory
from straightwire.reference.guest import GuestDriver
from straightwire.reference.relay import ReferenceRelay, ReferenceSubject

ALL_COMMANDS = bytes.fromhex("0100 0100 000000000000000000000000 0000000000000000 7f00000000000000")
DOORBELL = NotifyAddress(BarOwner.MEMBER, 4, 0x10)

B = TypeVar("B", bound=Behaviour)


@dataclass
class Plugged(Generic[B]):
    """One device type at work; ``messages`` are the MSI-X vectors that it sent, in order."""

    behaviour: B
    device: MemberDevice
    relay: ReferenceRelay
    memory: GuestMemory
    driver: GuestDriver
    messages: list[int]

    def snapshot(self) -> DeviceSnapshot:
        return self.device.device_snapshot()

    @property
    def isr(self) -> int:
        """As it is, not cleared."""
        return self.device.snapshot().isr

    def needs_reset(self) -> bool:
        assert self.snapshot().needs_reset == bool(self.device.snapshot().status & 0x40)
        return self.snapshot().needs_reset

    def msix(self) -> None:
        """The guest turns MSI-X on, and a VMM tells the relay."""
        self.relay.config_write(0x42, b"\0\x80")
        self.relay.set_msix(True)

    def config(self, offset: int, length: int) -> bytes:
        """Device configuration, MSI-X being off."""
        return self.relay.bar_read(20 + offset, length).payload

    def configure(self, offset: int, data: bytes) -> None:
        """Write device configuration, MSI-X being off."""
        assert self.relay.bar_write(20 + offset, data) == Outcome(len(data))

    def by_hand(self, queue: int, pfn: int) -> None:
        """QUEUE_SEL and QUEUE_PFN, and no more: the rest of the ring is the test's."""
        self.relay.bar_write(14, pack("<H", queue))
        self.relay.bar_write(8, pack("<I", pfn))


def plugged(
    device_type: str,
    make: Callable[[DataPath, GuestMemory], B],
    *,
    features: int = 0,
    queues: Sequence[int] = (8,),
    config: bytes | None = None,
    memory: int = 1 << 20,
) -> Plugged[B]:
    """A device of this type on ``memory`` bytes, its bus master on; what it offers besides is indirect and event index.

    Page 1 is free for a ring by hand; the driver's rings and buffers begin at 64 KiB.
    """
    offered = features | 1 << 28 | 1 << 29
    made = Dpu([describe(device_type, features=offered, queues=tuple(queues), config=config, notify=(DOORBELL,))])
    assert made.owner.execute(ALL_COMMANDS, 8) == bytes(8)
    guest = GuestMemory.of_size(memory)
    messages: list[int] = []
    device = made.device(1)
    behaviour = device.plug(guest, lambda path: make(path, guest), messages.append)
    relay = ReferenceSubject().open(made.port(1), made.attachment(1))
    relay.config_write(4, b"\x07\x04")
    return Plugged(behaviour, device, relay, guest, GuestDriver(relay, guest), messages)
