# SPDX-License-Identifier: Apache-2.0
"""The golden traces: what real legacy drivers did to QEMU's legacy devices, row by row (``golden/*.csv``).

Columns: ``n,dir,bar0_off,size,value,register,msix_enabled,relay_opcode,relay_offset,repeat``. An access becomes an
event that expects the recorded value and the recorded operation; MMIO16 is the doorbell. A CFG row, MSI-X enable and
function mask, becomes the write of the MSI-X control word and what the VMM then tells the relay.

Inferred, since the recordings do not have it: the write that enables I/O decode at the start; and the backend's
used-buffer notification before every ISR read that found bit 0 (the guest's interrupt handler ran because of it).
The devices below repeat what QEMU's read as, so that a changed value in a row is noticed; the doorbell's address and
bytes that no row reads are free.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from straightwire.model import pci
from straightwire.model.registers import device_type_named
from straightwire.reference.dpu.config_space import MSIX_CONTROL, MSIX_ENABLE, MSIX_FUNCTION_MASK
from straightwire.reference.lockstep.trace import (
    BarAddress,
    DpuDevice,
    Event,
    EventKind,
    Trace,
    TraceError,
    TraceMember,
    Wanted,
)

FOLDER = Path(__file__).with_name("golden")
_HEADER = "n,dir,bar0_off,size,value,register,msix_enabled,relay_opcode,relay_offset,repeat"
_COLUMNS = tuple(_HEADER.split(","))
_COMMANDS = 0x7F
_DOORBELL = BarAddress("member", 4, 0x3000)
_ISR = "ISR"

_MAC_AND_STATUS = bytes.fromhex("5254001234560100")
_DISK = bytes.fromhex(
    "0000020000000000"  # capacity
    "00000000" "fe000000"  # size_max, seg_max
    "8200" "10" "3f"  # cylinders, heads, sectors
    "00020000"  # blk_size
    "00" "00" "0000" "00000000"  # physical_block_exp, alignment_offset, min_io_size, opt_io_size
    "01" "00" "0100"  # writeback, unused, num_queues
    "ffff3f00" "01000000" "01000000" "ffff3f00"  # discard and write zeroes
)  # fmt: skip


def _device(kind: str, features: int, queues: tuple[int, ...], vectors: int, config: bytes) -> DpuDevice:
    padded = config.ljust(device_type_named(kind).config_len, b"\0")
    return DpuDevice(features, queues, vectors, padded, (_DOORBELL,))


_NET = _device("net", 0x79BF8064, (256, 256, 64), 3, _MAC_AND_STATUS)
_BLK = _device("blk", 0x71006ED4, (256,), 2, _DISK)
_RNG = _device("rng", 0x79000000, (8,), 2, b"")


@dataclass(frozen=True)
class GoldenFile:
    """One recording: its file's name, what it is of, the device that stood there, and how many rows it has."""

    name: str
    title: str
    kind: str
    device: DpuDevice
    rows: int

    @property
    def path(self) -> Path:
        """Where it lies in the package."""
        return FOLDER / f"{self.name}.csv"


FILES = (
    GoldenFile("linux61_virtio_net_msix", "Linux 6.1 virtio-net, MSI-X", "net", _NET, 75),
    GoldenFile("linux61_virtio_net_intx", "Linux 6.1 virtio-net, INTx", "net", _NET, 61),
    GoldenFile("linux61_virtio_rng_msix", "Linux 6.1 virtio-rng, MSI-X", "rng", _RNG, 38),
    GoldenFile("seabios_then_linux61_virtio_blk_msix", "SeaBIOS, then Linux 6.1 virtio-blk, MSI-X", "blk", _BLK, 122),
    GoldenFile("seabios_then_linux61_virtio_blk_intx", "SeaBIOS, then Linux 6.1 virtio-blk, INTx", "blk", _BLK, 114),
    GoldenFile("ipxe_virtio_net_polling", "iPXE virtio-net, polling", "net", _NET, 34),
)


@dataclass(frozen=True)
class Golden:
    """A recording as a trace: its rows in the file, and the accesses to BAR0 they stand for with all repeats."""

    file: GoldenFile
    trace: Trace
    rows: int
    accesses: int


def golden_traces() -> tuple[Golden, ...]:
    """All six recordings. Raises ``TraceError``."""
    return tuple(golden(file) for file in FILES)


def golden(file: GoldenFile) -> Golden:
    """One recording of the package. Raises ``TraceError``."""
    return read_golden(file, file.path.read_text(), file.path.name)


def read_golden(file: GoldenFile, text: str, name: str) -> Golden:
    """A recording from its text; ``name`` is for errors. Raises ``TraceError`` with one line."""
    lines = text.splitlines()
    if not lines or lines[0] != _HEADER:
        raise TraceError(f"{name}:1: the columns are not {_HEADER}, get the original file")
    if not text.endswith("\n"):
        raise TraceError(f"{name}:{len(lines)}: truncated: the last line has no end, get the original file")
    member = TraceMember(file.kind, 1, device_type_named(file.kind).config_len, _COMMANDS)
    events = [
        Event(EventKind.OPEN, operations=(Wanted("command", 6, 0, 64),)),
        Event(EventKind.CONFIG_WRITE, pci.COMMAND, data=pci.COMMAND_IO.to_bytes(2, "little")),
    ]
    rows = accesses = 0
    for line, values in enumerate(csv.reader(lines[1:]), 2):
        row = _Row(f"{name}:{line}", values, rows)
        events += row.events(file.device)
        rows += 1
        accesses += 0 if row.is_config else row.number("repeat")
    if rows != file.rows:
        raise TraceError(f"{name}:{len(lines)}: truncated: {rows} rows of {file.rows}, get the original file")
    trace = Trace(file.title, member, file.device, (*events, Event(EventKind.CLOSE, operations=())))
    return Golden(file, trace, rows, accesses)


class _Row:
    """One row; raises ``TraceError`` for what it cannot be."""

    def __init__(self, place: str, values: list[str], n: int) -> None:
        self._place = place
        if len(values) != len(_COLUMNS):
            self._wrong(f"{len(values)} values instead of {len(_COLUMNS)}")
        self._values: Mapping[str, str] = dict(zip(_COLUMNS, values, strict=True))
        if self.number("n") != n:
            self._wrong(f"row {self._values['n']} where {n} should be")

    @property
    def is_config(self) -> bool:
        """Whether the row is an event in configuration space."""
        return self._values["dir"] == "CFG"

    def number(self, column: str) -> int:
        """A number of this row."""
        try:
            value = int(self._values[column], 0)
        except ValueError:
            self._wrong(f"{self._values[column]!r} is no number in column {column}")
        if value < 0:
            self._wrong(f"{value} is below 0 in column {column}")
        return value

    def events(self, device: DpuDevice) -> Iterator[Event]:
        """The events this row stands for."""
        return self._config_events(device) if self.is_config else self._access_events()

    def _config_events(self, device: DpuDevice) -> Iterator[Event]:
        bits = {"0/0": 0, "1/0": MSIX_ENABLE, "1/1": MSIX_ENABLE | MSIX_FUNCTION_MASK}.get(self._values["value"])
        if bits is None:
            self._wrong(f"{self._values['value']!r} is no MSI-X enable/mask")
        control = (device.vectors - 1) | bits
        wanted = (Wanted("config-write", 0, MSIX_CONTROL, 2),)
        yield Event(EventKind.CONFIG_WRITE, MSIX_CONTROL, data=control.to_bytes(2, "little"), operations=wanted)
        yield Event(EventKind.MSIX, switch=bool(bits), operations=())

    def _access_events(self) -> Iterator[Event]:
        offset, size, value = self.number("bar0_off"), self.number("size"), self.number("value")
        direction = self._values["dir"]
        if direction not in ("R", "W") or not 1 <= size <= 4 or value >> 8 * size:
            self._wrong(f"{direction!r} of {value:#x} in {size} bytes is no access")
        data = value.to_bytes(size, "little")
        count = self.number("repeat")
        if count == 0:
            self._wrong("repeat 0")
        operations = (self._operation(data),)
        if direction == "W":
            yield Event(EventKind.WRITE, offset, data=data, count=count, result=size, operations=operations)
            return
        read = Event(EventKind.READ, offset, size, count=count, payload=data, operations=operations)
        if self._values["register"] == _ISR and value & 1:
            if count > 1:
                self._wrong("a read clears the ISR, so it cannot find bit 0 twice without another interrupt")
            yield Event(EventKind.INTERRUPT)
        yield read

    def _operation(self, data: bytes) -> Wanted:
        if self._values["relay_opcode"] == "MMIO16@notify_addr":
            return Wanted("doorbell", int.from_bytes(data, "little"), where=str(_DOORBELL))
        return Wanted("command", self.number("relay_opcode"), self.number("relay_offset"), len(data))

    def _wrong(self, what: str) -> NoReturn:
        raise TraceError(f"{self._place}: {what}, get the original file")
