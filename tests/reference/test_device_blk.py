# SPDX-License-Identifier: Apache-2.0
"""The block device through relay, administration commands and rings (virtio 1.4, 5.2)."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from pathlib import Path
from struct import pack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.plugged import Plugged, plugged

from straightwire.model.features import Blk as Feature
from straightwire.model.features import Ring
from straightwire.model.snapshot import BlkSnapshot, RingSnapshot
from straightwire.reference.dpu.data_path import DataPath
from straightwire.reference.dpu.devices.blk import (
    BARRIER,
    DISCARD,
    FLUSH,
    GET_ID,
    IN,
    IOERR,
    MAX_SECTORS,
    OK,
    OUT,
    SCSI_CMD,
    UNSUPP,
    WRITE_ZEROES,
    Blk,
    blk_config,
)
from straightwire.reference.dpu.devices.disk import Disk, FileDisk, MemoryDisk
from straightwire.reference.guest import GuestQueue

SECTORS = 64
OFFERED = int(
    Feature.SEG_MAX
    | Feature.BLK_SIZE
    | Feature.FLUSH
    | Feature.TOPOLOGY
    | Feature.CONFIG_WCE
    | Feature.DISCARD
    | Feature.WRITE_ZEROES
)
INDIRECT, EVENT_IDX = int(Ring.INDIRECT_DESC), int(Ring.EVENT_IDX)


class Watched(MemoryDisk):
    """A disk that says what was done to it, and fails when told to."""

    def __init__(self, content: bytearray, *, read_only: bool = False) -> None:
        super().__init__(content, read_only=read_only)
        self.done: list[str] = []
        self.failing = ""

    def _did(self, what: str) -> None:
        if what == self.failing:
            raise OSError(errno.EIO, "as told")
        self.done.append(what)

    def read(self, offset: int, length: int) -> bytes:
        self._did("read")
        return super().read(offset, length)

    def write(self, offset: int, data: bytes) -> None:
        self._did("write")
        super().write(offset, data)

    def flush(self) -> None:
        self._did("flush")


def content(sectors: int = SECTORS) -> bytearray:
    """Every sector tells its number."""
    return bytearray(b"".join(bytes([sector % 251 + 1]) * 512 for sector in range(sectors)))


def blk(
    disk: Disk | None = None,
    *,
    features: int = OFFERED,
    queues: Sequence[int] = (8,),
    config: bytes | None = None,
    serial: bytes = b"",
    memory: int = 1 << 20,
) -> Plugged[Blk]:
    disk = MemoryDisk(content()) if disk is None else disk
    config = blk_config(disk.length // 512) if config is None else config
    return plugged(
        "blk",
        lambda path, _: Blk(path, disk, serial),
        features=features,
        queues=queues,
        config=config,
        memory=memory,
    )


class Guest:
    """A block driver: one request at a time."""

    def __init__(self, on: Plugged[Blk], features: int = 0) -> None:
        self.on = on
        self.features = on.driver.start(features)
        self.queue: GuestQueue = on.driver.queue(0, room=1 << 16)
        on.driver.ready()

    def request(self, kind: int, sector: int = 0, data: bytes = b"", room: int = 0) -> tuple[int, bytes, int]:
        """Status, what was read, and the used length."""
        readable = [pack("<IIQ", kind, 0, sector), data] if data else [pack("<IIQ", kind, 0, sector)]
        writable = [room, 1] if room else [1]
        return self.chain(readable, writable)

    def chain(self, readable: Sequence[bytes], writable: Sequence[int]) -> tuple[int, bytes, int]:
        self.queue.rewind()
        places = self.queue.add(readable, writable)[len(readable) :]
        memory = self.on.memory
        memory.write(places[-1] + writable[-1] - 1, b"\xee")  # so that a status of 0 is no accident
        self.on.driver.notify(0)
        (used,) = self.queue.used()
        read = b"".join(memory.read(place, length) for place, length in zip(places, writable, strict=True))
        return read[-1], read[:-1], used.written

    def status(self, kind: int, sector: int = 0, data: bytes = b"", room: int = 0) -> int:
        return self.request(kind, sector, data, room)[0]


def descriptor(address: int, length: int, flags: int, following: int) -> bytes:
    return pack("<QIHH", address, length, flags, following)


# By hand: what stands in memory, byte for byte. A ring of 8 on page 1: table 0x1000, available 0x1080, used 0x2000.


def test_a_read_by_hand() -> None:
    on = blk()
    on.by_hand(0, 1)
    on.memory.write(0x4000, bytes.fromhex("00000000 00000000 0300000000000000"))
    on.memory.write(
        0x1000,
        bytes.fromhex("0040000000000000 10000000 0100 0100")
        + bytes.fromhex("0050000000000000 00020000 0300 0200")
        + bytes.fromhex("0060000000000000 01000000 0200 0000"),
    )
    on.memory.write(0x6000, b"\xee")
    on.memory.write(0x1080, bytes.fromhex("0000 0100 0000"))
    on.driver.notify(0)  # C6: STATUS is still 0
    assert on.memory.read(0x2000, 20) == bytes.fromhex("0000 0100 00000000 01020000 0000000000000000")
    assert on.memory.read(0x5000, 513) == b"\x04" * 512 + b"\0"
    assert on.memory.read(0x6000, 2) == b"\0\0"
    assert on.isr == 1
    assert on.driver.interrupt_status() == 1
    assert on.isr == 0
    assert on.snapshot().rings == (RingSnapshot(1, 1, 1),)
    assert on.snapshot().device == BlkSnapshot(SECTORS)


def test_a_write_by_hand_through_an_indirect_table_with_the_event_index() -> None:
    disk = MemoryDisk(content())
    on = blk(disk)
    on.driver.start(INDIRECT | EVENT_IDX)
    on.by_hand(0, 1)
    on.driver.ready()
    on.memory.write(0x3000, descriptor(0x4000, 16, 1, 2) + bytes(16) + descriptor(0x5000, 512, 1, 3))
    on.memory.write(0x3030, descriptor(0x6000, 1, 2, 0))
    on.memory.write(0x1050, descriptor(0x3000, 64, 4, 0))
    on.memory.write(0x4000, bytes.fromhex("01000000 00000000 0100000000000000"))
    on.memory.write(0x5000, b"\x99" * 512)
    on.memory.write(0x6000, b"\xee")
    on.memory.write(0x1080, bytes.fromhex("0000 0100 0500"))
    on.driver.notify(0)
    assert on.memory.read(0x2000, 12) == bytes.fromhex("0000 0100 05000000 01000000")
    assert on.memory.read(0x2044, 2) == b"\1\0"  # avail_event: tell me of the next one
    assert on.memory.read(0x6000, 1) == b"\0"
    assert disk.content[512:1024] == b"\x99" * 512
    assert on.isr == 1  # used_event is 0, and 0 is what was used
    on.memory.write(0x1094, b"\x05\0")  # used_event: not before the sixth
    on.driver.interrupt_status()
    on.memory.write(0x1086, b"\5\0")
    on.memory.write(0x1082, b"\2\0")
    on.driver.notify(0)
    assert on.memory.read(0x2000, 20) == bytes.fromhex("0000 0200 05000000 01000000 05000000 01000000")
    assert on.isr == 0


def test_the_configuration_byte_for_byte() -> None:
    on = blk(config=blk_config(SECTORS, seg_max=254, physical_block_exp=3, num_queues=2))
    assert on.config(0, 8) == bytes.fromhex("4000000000000000")
    assert b"".join(on.config(at, 4) for at in (8, 12)) == bytes.fromhex("00000000 fe000000")
    assert on.config(20, 4) == bytes.fromhex("00020000")
    assert (on.config(24, 1), on.config(32, 1), on.config(34, 2)) == (b"\3", b"\1", b"\2\0")
    assert b"".join(on.config(at, 4) for at in range(36, 56, 4)) == bytes.fromhex(
        "00200000 01000000 01000000 00200000 01000000"
    )
    assert len(blk_config(1)) == 96


@pytest.mark.parametrize("fields", [{"blocksize": 1}, {"unused0": 1}, {"writeback": 256}, {"seg_max": -1}])
def test_a_configuration_that_cannot_be(fields: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"no field|bytes"):
        blk_config(1, **fields)


# Each type of request, and each error.


def test_IN_and_OUT() -> None:
    guest = Guest(blk())
    assert guest.request(IN, 5, room=1024) == (OK, b"\x06" * 512 + b"\x07" * 512, 1025)
    assert guest.request(OUT, 5, b"\xaa" * 512) == (OK, b"", 1)
    assert guest.request(IN, 5, room=1024) == (OK, b"\xaa" * 512 + b"\x07" * 512, 1025)
    assert guest.request(IN, SECTORS - 1, room=512) == (OK, bytes([SECTORS]) * 512, 513)


def test_a_barrier_changes_nothing() -> None:
    guest = Guest(blk())
    assert guest.status(OUT | BARRIER, 5, b"\xaa" * 512) == OK
    assert guest.request(IN | BARRIER, 5, room=512) == (OK, b"\xaa" * 512, 513)


@pytest.mark.parametrize(("kind", "room"), [(IN, 0), (OUT, 0)])
def test_no_sectors_are_read_or_written_with_success(kind: int, room: int) -> None:
    guest = Guest(blk())
    assert guest.request(kind, 0, room=room) == (OK, b"", 1)
    assert guest.request(kind, SECTORS) == (OK, b"", 1)
    assert guest.request(kind, SECTORS + 1) == (IOERR, b"", 1)


@pytest.mark.parametrize("sector", [SECTORS - 1, SECTORS, SECTORS + 1, 1 << 55, (1 << 64) - 1])
def test_beyond_the_capacity_is_an_error(sector: int) -> None:
    disk = Watched(content())
    guest = Guest(blk(disk))
    assert guest.request(IN, sector, room=1024) == (IOERR, bytes(1024), 1025)
    assert guest.status(OUT, sector, b"\xaa" * 1024) == IOERR
    assert disk.content == content()
    assert disk.done == []


@pytest.mark.parametrize("length", [1, 511, 513])
def test_a_part_of_a_sector_is_an_error(length: int) -> None:
    disk = Watched(content())
    guest = Guest(blk(disk))
    assert guest.request(IN, 0, room=length) == (IOERR, bytes(length), length + 1)
    assert guest.status(OUT, 0, b"\xaa" * length) == IOERR
    assert disk.done == []


def test_sectors_are_512_bytes_whatever_the_block_size() -> None:
    guest = Guest(blk(config=blk_config(SECTORS, blk_size=4096)))
    assert guest.request(IN, 3, room=512) == (OK, b"\x04" * 512, 513)


def test_FLUSH() -> None:
    disk = Watched(content())
    guest = Guest(blk(disk), int(Feature.FLUSH))
    assert guest.status(FLUSH) == OK
    assert guest.status(FLUSH | OUT) == OK  # the legacy type FLUSH_OUT
    assert disk.done == ["flush", "flush"]
    disk.failing = "flush"
    assert guest.status(FLUSH) == IOERR


@pytest.mark.parametrize(
    ("serial", "room", "expected"),
    [
        (b"abc", 20, b"abc" + bytes(17)),
        (b"", 20, bytes(20)),
        (b"01234567890123456789", 20, b"01234567890123456789"),
        (b"01234567890123456789", 5, b"01234"),
        (b"01234567890123456789", 30, b"01234567890123456789" + b"\xdd" * 10),
        (b"abc", 0, b""),
    ],
)
def test_GET_ID(serial: bytes, room: int, expected: bytes) -> None:
    guest = Guest(blk(serial=serial))
    guest.request(IN, 0, room=512)
    guest.queue.rewind()
    places = guest.queue.add([pack("<IIQ", GET_ID, 0, 0)], [room, 1] if room else [1])
    guest.on.memory.write(places[1], b"\xdd" * (room + 1))
    guest.on.driver.notify(0)
    assert guest.on.memory.read(places[1], room + 1) == expected + b"\0"
    assert [used.written for used in guest.queue.used()] == [room + 1]


@pytest.mark.parametrize("kind", [SCSI_CMD, SCSI_CMD | OUT, 6, 10, 12, 14, 15, 16, 17, 24, 255, 0x01000000, 0x7FFFFFFF])
def test_an_unknown_type_is_unsupported(kind: int) -> None:
    disk = Watched(content())
    guest = Guest(blk(disk))
    assert guest.request(kind, 0, b"\xaa" * 512, 512) == (UNSUPP, bytes(512), 513)
    assert disk.done == []


def ranges(*each: tuple[int, int, int]) -> bytes:
    return b"".join(pack("<QII", *one) for one in each)


SEVERAL = {"max_discard_seg": 2, "max_write_zeroes_seg": 2, "max_discard_sectors": 8, "max_write_zeroes_sectors": 8}


@pytest.mark.parametrize("kind", [DISCARD, WRITE_ZEROES])
@pytest.mark.parametrize(
    ("data", "status"),
    [
        (ranges((0, 8, 0)), OK),
        (ranges((SECTORS - 8, 8, 0)), OK),
        (ranges((0, 0, 0)), OK),
        (ranges((0, 1, 0), (9, 8, 0)), OK),
        (ranges((0, 9, 0)), IOERR),
        (ranges((0, 0xFFFFFFFF, 0)), IOERR),
        (ranges((SECTORS - 7, 8, 0)), IOERR),
        (ranges(((1 << 64) - 1, 1, 0)), IOERR),
        (ranges((0, 1, 0), (SECTORS, 1, 0)), IOERR),
        (ranges((0, 1, 0))[:15] + b"\0\0", IOERR),
        (ranges((0, 1, 2)), UNSUPP),
        (ranges((SECTORS, 1, 2)), UNSUPP),  # the unknown flag wins: a MUST of 5.2.6.2
        (ranges((0, 1, 0x80000000)), UNSUPP),
        (ranges((0, 1, 0), (0, 1, 2)), UNSUPP),
        (ranges((0, 1, 0), (1, 1, 0), (2, 1, 0)), UNSUPP),
        (ranges((0, 1, 0), (1, 1, 0)) + b"\0", UNSUPP),
    ],
)
def test_ranges_are_all_good_or_nothing_is_done(kind: int, data: bytes, status: int) -> None:
    disk = Watched(content())
    guest = Guest(blk(disk, config=blk_config(SECTORS, **SEVERAL)))
    assert guest.request(kind, 0, data) == (status, b"", 1)
    if kind == DISCARD or status != OK:
        assert disk.content == content()
        assert "write" not in disk.done


def test_WRITE_ZEROES_and_its_flag_and_the_limit() -> None:
    disk = Watched(content())
    guest = Guest(blk(disk, config=blk_config(SECTORS, **SEVERAL)))
    assert guest.status(WRITE_ZEROES, 0, ranges((1, 1, 0), (3, 2, 1))) == OK
    expected = content()
    expected[512:1024] = bytes(512)
    expected[1536:2560] = bytes(1024)
    assert disk.content == expected
    assert disk.done == ["write", "write", "flush"]


def test_DISCARD_may_not_say_unmap() -> None:
    guest = Guest(blk())
    assert guest.status(DISCARD, 0, ranges((0, 1, 1))) == UNSUPP
    assert guest.status(DISCARD, 0, ranges((0, 1, 0))) == OK


def test_many_zeros_are_written_in_pieces() -> None:
    disk = Watched(bytearray(b"\xaa" * (5 << 20)))
    guest = Guest(blk(disk))
    assert guest.status(WRITE_ZEROES, 0, ranges((1024, MAX_SECTORS, 0))) == OK
    assert disk.content == b"\xaa" * (512 << 10) + bytes(4 << 20) + b"\xaa" * (512 << 10)
    assert disk.done == ["write"] * 4 + ["flush"]
    assert guest.status(WRITE_ZEROES, 0, ranges((0, MAX_SECTORS + 1, 0))) == IOERR


@pytest.mark.parametrize("kind", [DISCARD, WRITE_ZEROES])
def test_what_is_not_offered_is_unsupported(kind: int) -> None:
    guest = Guest(blk(features=0))
    assert guest.status(kind, 0, ranges((0, 1, 0))) == UNSUPP


# A device that cannot go on.


@pytest.mark.parametrize(
    ("readable", "writable"),
    [
        ([], [1]),
        ([bytes(15)], [513]),
        ([bytes(16)], []),
        ([pack("<IIQ", DISCARD, 0, 0)], [1]),
        ([pack("<IIQ", WRITE_ZEROES, 0, 0), bytes(15)], [1]),
    ],
)
def test_a_request_without_its_parts_needs_a_reset(readable: list[bytes], writable: list[int]) -> None:
    on = blk()
    guest = Guest(on)
    guest.queue.add(readable, writable)
    on.driver.notify(0)
    assert on.needs_reset()
    assert on.isr == 2
    assert guest.queue.used() == []
    guest = Guest(on)
    assert not on.needs_reset()
    assert guest.status(IN, 0, room=512) == OK


def test_what_was_done_before_the_mistake_is_returned() -> None:
    on = blk()
    guest = Guest(on)
    guest.queue.add([pack("<IIQ", FLUSH, 0, 0)], [1])
    guest.queue.add([b"?"], [1])
    on.driver.notify(0)
    assert on.needs_reset()
    assert len(guest.queue.used()) == 1


# Layouts.


@pytest.mark.parametrize("cut", range(1, 16))
def test_ANY_LAYOUT_a_header_in_two_parts_and_data_beside_the_status(cut: int) -> None:
    guest = Guest(blk())
    header = pack("<IIQ", IN, 0, 3)
    assert guest.chain([header[:cut], header[cut:]], [cut, 513 - cut]) == (OK, b"\x04" * 512, 513)
    header = pack("<IIQ", OUT, 0, 3)
    assert guest.chain([header[:cut], header[cut:] + b"\xbb" * 500, b"\xbb" * 12], [1])[0] == OK
    assert guest.request(IN, 3, room=512) == (OK, b"\xbb" * 512, 513)


def test_bytes_that_a_request_has_no_use_for() -> None:
    guest = Guest(blk())
    assert guest.request(IN, 3, b"\xaa" * 7, 512) == (OK, b"\x04" * 512, 513)
    assert guest.request(OUT, 3, b"\xaa" * 512, 9)[::2] == (OK, 10)
    assert guest.request(FLUSH, 3, b"\xaa" * 7, 9)[::2] == (OK, 10)


# The cache.

FLUSH_WCE = int(Feature.FLUSH | Feature.CONFIG_WCE)


@pytest.mark.parametrize(
    ("features", "writeback", "flushed"),
    [
        (0, 1, True),
        (0, 0, True),
        (int(Feature.FLUSH), 1, False),
        (int(Feature.FLUSH), 0, False),
        (int(Feature.CONFIG_WCE), 1, False),
        (FLUSH_WCE, 1, False),
        (FLUSH_WCE, 0, True),
        (FLUSH_WCE, 2, False),
    ],
)
def test_a_write_is_stable_when_it_completes_unless_the_driver_flushes(
    features: int, writeback: int, flushed: bool
) -> None:
    disk = Watched(content())
    on = blk(disk)
    guest = Guest(on, features)
    on.configure(32, bytes([writeback]))
    assert on.config(32, 1) == bytes([writeback != 0])
    assert guest.status(OUT, 0, bytes(512)) == OK
    assert disk.done == (["write", "flush"] if flushed else ["write"])
    assert guest.status(IN, 0, room=512) == OK
    assert disk.done[-1] == "read"


def test_B27_a_reset_brings_writeback_back() -> None:
    on = blk()
    on.configure(32, b"\0")
    on.driver.start()
    assert on.config(32, 1) == b"\1"


# Read-only, and disks that fail.


def test_RO_no_write_succeeds() -> None:
    disk = Watched(content(), read_only=True)
    guest = Guest(blk(disk, features=OFFERED | int(Feature.RO)))
    assert guest.status(OUT, 0, b"\xaa" * 512) == IOERR
    assert guest.status(OUT, 0) == IOERR
    assert guest.status(WRITE_ZEROES, 0, ranges((0, 1, 0))) == IOERR
    assert guest.status(DISCARD, 0, ranges((0, 1, 0))) == IOERR
    assert guest.request(IN, 0, room=512) == (OK, b"\1" * 512, 513)
    assert disk.done == ["read"]


def test_RO_is_offered_for_a_disk_that_could_be_written() -> None:
    disk = Watched(content())
    guest = Guest(blk(disk, features=OFFERED | int(Feature.RO)))
    assert guest.status(OUT, 0, b"\xaa" * 512) == IOERR
    assert disk.done == []


@pytest.mark.parametrize(
    ("failing", "kind", "data", "room"),
    [
        ("read", IN, b"", 512),
        ("write", OUT, bytes(512), 0),
        ("flush", OUT, bytes(512), 0),
        ("flush", FLUSH, b"", 0),
        ("write", WRITE_ZEROES, ranges((0, 1, 0)), 0),
    ],
)
def test_a_disk_that_fails_is_an_error_of_the_request(failing: str, kind: int, data: bytes, room: int) -> None:
    disk = Watched(content())
    guest = Guest(blk(disk))
    disk.failing = failing
    assert guest.request(kind, 0, data, room) == (IOERR, bytes(room), room + 1)
    disk.failing = ""
    assert guest.status(kind, 0, data, room) == OK


@pytest.mark.parametrize(
    ("disk", "features", "config", "why"),
    [
        (MemoryDisk.of_sectors(4), 0, blk_config(5), "no 5 sectors"),
        (MemoryDisk(bytearray(512), read_only=True), 0, blk_config(1), "RO"),
        (MemoryDisk.of_sectors(1), int(Feature.CONFIG_WCE), blk_config(1), "FLUSH"),
        (MemoryDisk.of_sectors(1), int(Feature.SCSI), blk_config(1), "cannot carry out"),
    ],
    ids=["capacity", "read-only", "writeback", "scsi"],
)
def test_a_device_that_cannot_be(disk: Disk, features: int, config: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        blk(disk, features=features, config=config)


@pytest.mark.parametrize("serial", [b"x" * 21, b"\xff"])
def test_a_serial_that_cannot_be(serial: bytes) -> None:
    with pytest.raises(ValueError, match="20 bytes"):
        blk(serial=serial)


# Interrupts.


def test_NO_INTERRUPT_leaves_ISR_alone() -> None:
    on = blk()
    guest = Guest(on)
    on.memory.write(guest.queue.layout.available, b"\1\0")
    assert guest.status(FLUSH) == OK
    assert on.isr == 0
    on.memory.write(guest.queue.layout.available, b"\0\0")
    assert guest.status(FLUSH) == OK
    assert on.isr == 1


def test_with_MSI_X_a_message_and_no_ISR() -> None:
    on = blk()
    on.msix()
    on.driver.start()
    queue = on.driver.queue(0, vector=1, room=1 << 16)
    on.relay.bar_write(20, b"\0\0")
    on.driver.ready()
    queue.add([pack("<IIQ", FLUSH, 0, 0)], [1])
    queue.add([pack("<IIQ", FLUSH, 0, 0)], [1])
    on.driver.notify(0)
    assert (on.messages, on.isr) == ([1], 0)  # one for both
    on.behaviour.resize(1)
    assert (on.messages, on.isr) == ([1, 0], 2)
    on.relay.bar_write(22, b"\xff\xff")
    queue.add([pack("<IIQ", FLUSH, 0, 0)], [1])
    on.driver.notify(0)
    assert on.messages == [1, 0]
    assert len(queue.used()) == 3


def test_several_queues_are_served_alike() -> None:
    on = blk(features=OFFERED | int(Feature.MQ), queues=(8, 8), config=blk_config(SECTORS, num_queues=2))
    on.driver.start(int(Feature.MQ))
    queues = [on.driver.queue(index, room=1 << 16) for index in range(2)]
    on.driver.ready()
    for index in (1, 0):
        *_, status = queues[index].add([pack("<IIQ", IN, 0, index)], [512, 1])
        on.driver.notify(index)
        assert [used.written for used in queues[index].used()] == [513]
        assert on.memory.read(status - 512, 513) == bytes([index + 1]) * 512 + b"\0"


# Capacity.


def test_a_new_capacity_is_told_and_holds() -> None:
    disk = MemoryDisk(content())
    on = blk(disk)
    guest = Guest(on)
    on.behaviour.resize(4)
    assert on.isr == 2
    assert on.config(0, 8) == bytes.fromhex("0400000000000000")
    assert guest.status(IN, 3, room=512) == OK
    assert guest.status(IN, 4, room=512) == IOERR
    disk.content.extend(bytes(512))
    on.behaviour.resize(SECTORS + 1)
    assert guest.request(IN, SECTORS, room=512) == (OK, bytes(512), 513)
    assert on.snapshot().device == BlkSnapshot(SECTORS + 1)
    on.driver.start()
    assert on.config(0, 8) == bytes.fromhex("4100000000000000")  # a reset does not take it back
    with pytest.raises(ValueError, match="no 66 sectors"):
        on.behaviour.resize(SECTORS + 2)


def test_a_disk_that_shrank_by_itself_fails_and_does_not_stretch() -> None:
    disk = MemoryDisk(content())
    guest = Guest(blk(disk))
    del disk.content[512:]
    assert guest.status(IN, 1, room=512) == IOERR
    assert guest.status(OUT, 1, bytes(512)) == IOERR
    assert guest.status(OUT, 0, bytes(1024)) == IOERR
    assert len(disk.content) == 512


# Reset.


def test_a_reset_in_the_middle_forgets_what_waits() -> None:
    on = blk()
    guest = Guest(on)
    guest.queue.add([pack("<IIQ", OUT, 0, 0), b"\xaa" * 512], [1])
    on.relay.bar_write(18, b"\0")
    on.driver.notify(0)
    assert guest.queue.used() == []
    assert on.snapshot().rings == (None,)
    assert Guest(on).request(IN, 0, room=512) == (OK, b"\1" * 512, 513)


def test_nothing_is_done_without_bus_master() -> None:
    on = blk()
    guest = Guest(on)
    on.relay.config_write(4, b"\x03\0")
    guest.queue.add([pack("<IIQ", FLUSH, 0, 0)], [1])
    on.driver.notify(0)
    assert guest.queue.used() == []
    on.relay.config_write(4, b"\x07\0")
    on.driver.notify(0)
    assert len(guest.queue.used()) == 1


# Files.


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "disk.img"
    path.write_bytes(content())
    return path


def test_a_file_is_read_written_and_kept(image: Path) -> None:
    with FileDisk(image) as disk:
        guest = Guest(blk(disk))
        assert guest.request(IN, 2, room=1024) == (OK, b"\3" * 512 + b"\4" * 512, 1025)
        assert guest.status(OUT, 2, b"\xaa" * 512) == OK
        assert guest.status(FLUSH) == OK
    assert image.read_bytes()[1024:2048] == b"\xaa" * 512 + b"\4" * 512


def test_a_file_that_is_read_only(image: Path) -> None:
    image.chmod(0o444)
    with FileDisk(image, read_only=True) as disk:
        with pytest.raises(OSError, match="descriptor"):
            disk.write(0, bytes(512))
        guest = Guest(blk(disk, features=int(Feature.RO)))
        assert guest.status(IN, 0, room=512) == OK
        assert guest.status(OUT, 0, bytes(512)) == IOERR


def test_files_that_are_no_disk(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        FileDisk(tmp_path / "missing")
    with pytest.raises(IsADirectoryError):
        FileDisk(tmp_path)
    with pytest.raises(ValueError, match="neither a file nor a block device"):
        FileDisk(tmp_path, read_only=True)
    (tmp_path / "odd").write_bytes(bytes(513))
    with pytest.raises(ValueError, match="multiple of 512"):
        FileDisk(tmp_path / "odd")
    with pytest.raises(ValueError, match="multiple of 512"):
        MemoryDisk(bytearray(511))


def test_a_file_that_is_cut_short_or_closed_fails(image: Path) -> None:
    disk = FileDisk(image)
    guest = Guest(blk(disk))
    os.truncate(image, 700)
    assert guest.status(IN, 0, room=512) == OK
    assert guest.status(IN, 1, room=512) == IOERR
    disk.close()
    disk.close()
    assert guest.status(IN, 0, room=512) == IOERR
    assert guest.status(OUT, 0, bytes(512)) == IOERR
    assert guest.status(FLUSH) == IOERR


def test_a_file_that_gives_and_takes_a_little_at_a_time(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pread, pwrite = os.pread, os.pwrite
    monkeypatch.setattr(os, "pread", lambda file, length, offset: pread(file, min(length, 100), offset))
    monkeypatch.setattr(os, "pwrite", lambda file, data, offset: pwrite(file, data[:100], offset))
    with FileDisk(image) as disk:
        assert disk.read(512, 512) == b"\2" * 512
        disk.write(512, bytes(range(256)) * 2)
        assert disk.read(512, 512) == bytes(range(256)) * 2


# Random requests against a plain bytearray.

_PLACES = st.integers(0, 17)
_REQUESTS = st.lists(
    st.tuples(st.sampled_from((IN, OUT, WRITE_ZEROES)), _PLACES, st.integers(0, 5), st.integers(1, 255)),
    max_size=12,
)


@settings(deadline=None, max_examples=60)
@given(_REQUESTS, st.sampled_from((0, INDIRECT, EVENT_IDX, INDIRECT | EVENT_IDX)), st.integers(1, 7))
def test_reads_and_writes_are_those_of_a_bytearray(
    requests: list[tuple[int, int, int, int]], features: int, batch: int
) -> None:
    disk = MemoryDisk(content(16))
    plain = content(16)
    on = blk(disk, queues=(32,))
    guest = Guest(on, features)
    for first in range(0, len(requests), batch):
        guest.queue.rewind()
        expected = []
        for kind, sector, sectors, fill in requests[first : first + batch]:
            good = sector + sectors <= 16
            where = slice(512 * sector, 512 * (sector + sectors))
            data, room, answer = b"", 0, b""
            if kind == IN:
                room = 512 * sectors
                answer = bytes(plain[where]) if good else bytes(room)
            elif kind == OUT:
                data = bytes([fill]) * 512 * sectors
            else:
                data = ranges((sector, sectors, 0))
            if good and kind != IN:
                plain[where] = data if kind == OUT else bytes(512 * sectors)
            readable = [part for part in (pack("<IIQ", kind, 0, sector), data) if part]
            writable = [length for length in (room, 1) if length]
            places = guest.queue.add(readable, writable, indirect=bool(features & INDIRECT))
            at = places[len(readable)]
            on.memory.write(at, bytes(room) + b"\xee")
            expected.append((at, answer + bytes([OK if good else IOERR])))
        on.driver.notify(0)
        assert [used.written for used in guest.queue.used()] == [len(answer) for _, answer in expected]
        assert [on.memory.read(at, len(answer)) for at, answer in expected] == [answer for _, answer in expected]
    assert disk.content == plain


@settings(deadline=None, max_examples=100)
@given(
    st.lists(
        st.tuples(
            st.sampled_from((0x4000, 0x5000, 0xFFFF0, 0, 1 << 63)),
            st.sampled_from((0, 1, 15, 16, 17, 512, 513, 1 << 31)),
            st.integers(0, 7),
            st.integers(0, 9),
        ),
        min_size=8,
        max_size=8,
    ),
    st.binary(min_size=16, max_size=48),
)
def test_whatever_stands_in_memory_no_exception_escapes(
    table: list[tuple[int, int, int, int]], request_bytes: bytes
) -> None:
    on = blk()
    on.driver.start(INDIRECT)
    on.by_hand(0, 1)
    on.driver.ready()
    on.memory.write(0x4000, request_bytes)
    on.memory.write(0x1000, b"".join(descriptor(*one) for one in table))
    on.memory.write(0x1080, bytes.fromhex("0000 0300 0000 0100 0200"))
    on.driver.notify(0)
    assert on.needs_reset() or on.memory.read(0x2002, 2) == b"\3\0"


def test_a_behaviour_of_another_type_is_refused() -> None:
    def make(path: DataPath, _: object) -> Blk:
        return Blk(path, MemoryDisk.of_sectors(0))

    with pytest.raises(ValueError, match="cannot behave as blk"):
        plugged("console", make, config=blk_config(0)[:12])
