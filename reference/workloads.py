# SPDX-License-Identifier: Apache-2.0
"""What is measured: register accesses and block requests, each as a guest's driver makes them.

A workload does ``round_len`` operations a call; who holds the clock is the caller. The floor under each is the same
work without what is measured: no relay, no command bytes, no ring.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from struct import Struct

from straightwire.model.features import Blk as BlkFeature
from straightwire.model.registers import (
    GUEST_FEATURES,
    HOST_FEATURES,
    ISR,
    NET,
    QUEUE_NOTIFY,
    QUEUE_NUM,
    QUEUE_PFN,
    QUEUE_SEL,
    SPLIT_MSIX_OFF,
    STATUS,
)
from straightwire.reference.abi import BarOwner, Subject
from straightwire.reference.dpu.devices.blk import Blk, blk_config
from straightwire.reference.dpu.devices.disk import Disk
from straightwire.reference.dpu.dpu import Dpu
from straightwire.reference.dpu.member import NotifyAddress, describe
from straightwire.reference.dpu.memory import GuestMemory
from straightwire.reference.dpu.registers import Structure
from straightwire.reference.guest import GuestDriver
from straightwire.reference.owner_driver import OwnerDriver

BLOCK = 4096
"""Bytes of one block request."""
_REQUEST = Struct("<IIQ")  # type (0 reads), reserved, sector
_SECTOR = 512
_QUEUE_SIZE = 256
_IN_TURN = 64


@dataclass(frozen=True)
class Workload:
    """``round`` does ``round_len`` operations; ``check`` raises ``RuntimeError`` where they did not do their work."""

    round: Callable[[], None]
    round_len: int
    check: Callable[[], None]


def _nothing_to_check() -> None:
    """The floor has no outcome of its own."""


@dataclass(frozen=True)
class _RegisterAccess:
    """One access of a driver: in BAR0 and in the structure that it falls into. Without ``data`` a read."""

    structure: Structure
    offset: int
    length: int
    data: bytes | None = None

    @property
    def in_bar(self) -> int:
        return self.offset + (SPLIT_MSIX_OFF if self.structure is Structure.DEVICE else 0)


def _mix() -> tuple[_RegisterAccess, ...]:
    """What Linux does with a network device while it starts it, a bit of everything."""
    common, device = Structure.COMMON, Structure.DEVICE
    reads = [_RegisterAccess(common, field.offset, field.size) for field in (STATUS, ISR, HOST_FEATURES)]
    writes = [
        _RegisterAccess(common, STATUS.offset, 1, b"\x07"),
        _RegisterAccess(common, GUEST_FEATURES.offset, 4, b"\x20\0\0\0"),
        _RegisterAccess(common, QUEUE_SEL.offset, 2, b"\1\0"),
    ]
    queue = [_RegisterAccess(common, field.offset, field.size) for field in (QUEUE_NUM, QUEUE_PFN)]
    config = [_RegisterAccess(device, byte, 1) for byte in range(8)]  # mac and status, as Linux reads them
    return (*reads, *writes, *queue, *config)


def _net_dpu() -> Dpu:
    mac = bytes.fromhex("525400123456")
    dpu = Dpu([describe("net", features=0x20, queues=(256, 256), config=mac.ljust(NET.config_len, b"\0"))])
    driver = OwnerDriver.attached(dpu)
    driver.list_use(driver.list_query())
    return dpu


def registers(subject: Subject) -> Workload:
    """Register accesses through a relay and admin command bytes to the reference DPU."""
    dpu = _net_dpu()
    relay = subject.open(dpu.port(1), dpu.attachment(1))
    relay.config_write(4, b"\x01\0")
    accesses = [(access.in_bar, access.length, access.data) for access in _mix()]
    read, write = relay.bar_read, relay.bar_write

    def one_round() -> None:
        for offset, length, data in accesses:
            if data is None:
                read(offset, length)
            else:
                write(offset, data)

    def check() -> None:
        if relay.bar_read(SPLIT_MSIX_OFF, 6).payload != bytes.fromhex("525400123456"):
            raise RuntimeError("the relay does not read the MAC")

    return Workload(one_round, len(accesses), check)


def registers_floor() -> Workload:
    """The same accesses to the register file, by a call."""
    file = _net_dpu().device(1).registers
    accesses = [(access.structure, access.offset, access.length, access.data) for access in _mix()]

    def one_round() -> None:
        for structure, offset, length, data in accesses:
            if data is None:
                file.read(structure, offset, length)
            else:
                file.write(structure, offset, data)

    return Workload(one_round, len(accesses), _nothing_to_check)


def blk(subject: Subject, disk: Disk) -> Workload:
    """Reads of 4 KiB: for each a ring entry, a notification by doorbell, the data, the status, a used element."""
    sectors = disk.length // _SECTOR
    at = NotifyAddress(BarOwner.MEMBER, 2, 0)
    features = int(BlkFeature.BLK_SIZE | BlkFeature.FLUSH)
    config = blk_config(sectors)
    dpu = Dpu([describe("blk", features=features, queues=(_QUEUE_SIZE,), config=config, notify=(at,))])
    driver = OwnerDriver.attached(dpu)
    driver.list_use(driver.list_query())
    memory = GuestMemory.of_size(1 << 22)
    dpu.device(1).plug(memory, lambda path: Blk(path, disk))
    guest = GuestDriver(subject.open(dpu.port(1), dpu.attachment(1)), memory)
    guest.start(features)
    queue = guest.queue(0)
    guest.ready()
    places = []
    for number in range(_IN_TURN):
        sector = number * (BLOCK // _SECTOR) % sectors
        _, data, status = queue.add([_REQUEST.pack(0, 0, sector)], [BLOCK, 1])
        places.append((queue.last_head, data, status, sector))
    queue.withdraw()
    bar_write, bell, offer = guest.relay.bar_write, bytes(2), queue.offer
    chains = [head for head, *_ in places]

    def one_round() -> None:
        for head in chains:
            offer(head)
            bar_write(QUEUE_NOTIFY.offset, bell)

    def check() -> None:
        for _, data, status, _ in places:
            memory.write(data, bytes(BLOCK))
            memory.write(status, b"\xff")
        one_round()
        for _, data, status, sector in places:
            if memory.read(status, 1) != b"\0" or memory.read(data, BLOCK) != disk.read(sector * _SECTOR, BLOCK):
                raise RuntimeError(f"the request at sector {sector} did not do its work")

    return Workload(one_round, _IN_TURN, check)


def blk_floor(disk: Disk) -> Workload:
    """The same blocks off the disk, by a call."""
    offsets = [number * BLOCK % disk.length for number in range(_IN_TURN)]

    def one_round() -> None:
        for offset in offsets:
            disk.read(offset, BLOCK)

    return Workload(one_round, _IN_TURN, _nothing_to_check)
