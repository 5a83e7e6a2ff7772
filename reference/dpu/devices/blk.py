# SPDX-License-Identifier: Apache-2.0
"""The block device: reads and writes a disk for its driver. Source: virtio 1.4, 5.2, with the legacy request types.

A sector is 512 bytes, whatever the configured block size. Requests are carried out in order, one at a time and
wholly, so that a barrier is nothing special, and several queues are as good as one.
"""

from __future__ import annotations

from struct import Struct

from straightwire.model.features import Blk as Feature
from straightwire.model.registers import BLK, Field
from straightwire.model.snapshot import BlkSnapshot
from straightwire.reference.dpu.data_path import DataPath
from straightwire.reference.dpu.devices.disk import SECTOR, Disk
from straightwire.reference.dpu.virtqueue import MAX_CHAIN_BYTES, BadRing, Chain

IN = 0
OUT = 1
SCSI_CMD = 2
FLUSH = 4
GET_ID = 8
DISCARD = 11
WRITE_ZEROES = 13
"""Types of request."""
BARRIER = 1 << 31
"""Flag of a type (virtio 1.4, 5.2.6.3)."""

OK, IOERR, UNSUPP = 0, 1, 2
"""Status of a request."""

ID_LEN = 20
UNMAP = 1
"""Flag of a range to zero: it may be given back to the storage."""

MAX_SECTORS = MAX_CHAIN_BYTES // SECTOR
"""Sectors of one range to discard or zero, unless configured: as much work as the largest write (B29)."""

_HEADER = Struct("<IIQ")
_RANGE = Struct("<QII")
_FIELDS = {field.name: field for field in BLK.config}
_WRITEBACK = _FIELDS["writeback"]
_ZEROS = bytes(1 << 20)

_DEFAULTS = {
    "seg_max": 126,  # with header and status, the descriptors of the smallest usual queue
    "blk_size": SECTOR,
    "writeback": 1,
    "num_queues": 1,
    "max_discard_sectors": MAX_SECTORS,
    "max_discard_seg": 1,
    "discard_sector_alignment": 1,
    "max_write_zeroes_sectors": MAX_SECTORS,
    "max_write_zeroes_seg": 1,
}


def blk_config(capacity: int, **fields: int) -> bytes:
    """A block device's configuration: ``capacity`` in sectors, the other fields by their names.

    Raises ``ValueError`` for a field that does not exist or cannot hold its value.
    """
    config = bytearray(BLK.config_len)
    for name, value in {**_DEFAULTS, **fields, "capacity": capacity}.items():
        field = _FIELDS.get(name)
        if field is None or name.startswith("unused"):
            raise ValueError(f"a block device has no field {name}")
        if not 0 <= value < 1 << 8 * field.size:
            raise ValueError(f"{name} has {field.size} bytes")
        config[field.offset : field.end] = value.to_bytes(field.size, "little")
    return bytes(config)


class Blk:
    """``disk`` keeps the sectors; ``serial`` is at most 20 bytes of ASCII. Limits are those of the configuration.

    Raises ``ValueError`` where the disk is shorter than the configured capacity, or read-only without RO being
    offered, and where CONFIG_WCE is offered without FLUSH (virtio 1.4, 5.2.5.2).
    """

    name = "blk"
    features = int(
        Feature.BARRIER
        | Feature.SIZE_MAX
        | Feature.SEG_MAX
        | Feature.GEOMETRY
        | Feature.RO
        | Feature.BLK_SIZE
        | Feature.FLUSH
        | Feature.TOPOLOGY
        | Feature.CONFIG_WCE
        | Feature.MQ
        | Feature.DISCARD
        | Feature.WRITE_ZEROES
    )

    def __init__(self, path: DataPath, disk: Disk, serial: bytes = b"") -> None:
        if len(serial) > ID_LEN or not serial.isascii():
            raise ValueError("a serial is at most 20 bytes of ASCII")
        self._path = path
        self._disk = disk
        self._serial = serial.ljust(ID_LEN, b"\0")
        self._offered = path.registers.snapshot().host_features
        self._read_only = bool(self._offered & Feature.RO)
        if disk.read_only and not self._read_only:
            raise ValueError("a disk that is read-only needs the feature RO")
        if self._offered & Feature.CONFIG_WCE and not self._offered & Feature.FLUSH:
            raise ValueError("CONFIG_WCE needs the feature FLUSH")
        self._capacity = self._configured("capacity")
        self._check_capacity(self._capacity)
        # Read once: they never change, and a request is not the time to look for them.
        self._discard_limits = self._configured("max_discard_seg"), self._configured("max_discard_sectors")
        self._zero_limits = self._configured("max_write_zeroes_seg"), self._configured("max_write_zeroes_sectors")

    def resize(self, sectors: int) -> None:
        """The disk has another length, and the driver is told. Raises ``ValueError`` where it is shorter than that."""
        self._check_capacity(sectors)
        self._capacity = sectors
        field = _FIELDS["capacity"]
        self._path.reconfigure(field.offset, sectors.to_bytes(field.size, "little"))

    def notified(self, queue: int) -> None:
        self._path.serve(queue, self._request)

    def config_written(self, offset: int, length: int) -> None:
        """Any value but 0 of ``writeback`` is a 1."""
        if offset == _WRITEBACK.offset:
            self._path.registers.change_config(offset, bytes([self._configured("writeback") != 0]))

    def reset(self) -> None:
        """What the driver said of the cache is configuration, which has been reset already."""

    def snapshot(self) -> BlkSnapshot:
        return BlkSnapshot(self._capacity)

    def _request(self, chain: Chain) -> int:
        """Carry out one request. Header and status lie at the two ends, however they are cut up (ANY_LAYOUT)."""
        header = chain.read(0, _HEADER.size)
        if len(header) < _HEADER.size or not chain.writable:
            raise BadRing("a request without a header, or without room for its status")
        kind, _, sector = _HEADER.unpack(header)
        try:
            status = self._carry_out(kind & ~BARRIER, sector, chain)
        except OSError:
            status = IOERR
        chain.write(bytes((status,)), chain.writable - 1)
        return chain.writable

    def _carry_out(self, kind: int, sector: int, chain: Chain) -> int:
        """The request's status. Only discarding and zeroing need OUT in the type; for others it says nothing."""
        if kind == IN:
            return self._read(sector, chain)
        if kind == OUT:
            return self._write(sector, chain)
        if kind == DISCARD:
            return self._discard(chain)
        if kind == WRITE_ZEROES:
            return self._write_zeroes(chain)
        if kind & ~OUT == FLUSH:
            self._disk.flush()
            return OK
        if kind & ~OUT == GET_ID:
            chain.write(self._serial[: chain.writable - 1])
            return OK
        return UNSUPP

    def _read(self, sector: int, chain: Chain) -> int:
        length = chain.writable - 1
        if not self._inside(sector, length):
            return IOERR
        chain.write(self._disk.read(sector * SECTOR, length))
        return OK

    def _write(self, sector: int, chain: Chain) -> int:
        length = chain.readable - _HEADER.size
        if self._read_only or not self._inside(sector, length):
            return IOERR
        self._disk.write(sector * SECTOR, chain.read(_HEADER.size, length))
        self._written()
        return OK

    def _discard(self, chain: Chain) -> int:
        """A disk need not do anything with the advice, and these do not; only the rules are kept."""
        status, _ = self._ranges(chain, Feature.DISCARD, self._discard_limits, 0)
        return status

    def _write_zeroes(self, chain: Chain) -> int:
        status, ranges = self._ranges(chain, Feature.WRITE_ZEROES, self._zero_limits, UNMAP)
        if status != OK:
            return status
        for sector, sectors in ranges:
            at, end = sector * SECTOR, (sector + sectors) * SECTOR
            while at < end:
                zeros = _ZEROS[: end - at]
                self._disk.write(at, zeros)
                at += len(zeros)
        self._written()
        return OK

    def _ranges(
        self, chain: Chain, feature: Feature, limits: tuple[int, int], allowed: int
    ) -> tuple[int, list[tuple[int, int]]]:
        """Sector and number of sectors of each range of a request; all of them, or a status that says why not.

        ``limits`` are the largest number of ranges and of sectors in one, ``allowed`` the flags that mean something.
        """
        length = chain.readable - _HEADER.size
        most_ranges, most_sectors = limits
        if not self._offered & feature or length > most_ranges * _RANGE.size:
            return UNSUPP, []
        if length < _RANGE.size:
            raise BadRing("a request to discard or zero that names no range")
        if length % _RANGE.size:
            return IOERR, []
        found = list(_RANGE.iter_unpack(chain.read(_HEADER.size)))
        if any(flags & ~allowed for _, _, flags in found):
            return UNSUPP, []
        ranges = [(sector, sectors) for sector, sectors, _ in found]
        if self._read_only or not all(
            sectors <= most_sectors and self._inside(sector, sectors * SECTOR) for sector, sectors in ranges
        ):
            return IOERR, []
        return OK, ranges

    def _written(self) -> None:
        """A write is stable before it completes unless the driver took charge of flushing (virtio 1.4, 5.2.6.2)."""
        features = self._path.features
        if features & Feature.CONFIG_WCE:
            cached = self._path.registers.config[_WRITEBACK.offset] != 0
        else:
            cached = bool(features & Feature.FLUSH)
        if not cached:
            self._disk.flush()

    def _inside(self, sector: int, length: int) -> bool:
        """Whether these are whole sectors of the disk."""
        return not length % SECTOR and sector + length // SECTOR <= self._capacity

    def _check_capacity(self, sectors: int) -> None:
        if sectors * SECTOR > self._disk.length:
            raise ValueError(f"a disk of {self._disk.length} bytes has no {sectors} sectors")

    def _configured(self, name: str) -> int:
        return _value(_FIELDS[name], self._path.registers.config)


def _value(field: Field, config: bytes) -> int:
    return int.from_bytes(config[field.offset : field.end], "little")
