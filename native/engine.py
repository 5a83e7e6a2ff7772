# SPDX-License-Identifier: Apache-2.0
"""Python binding of the lockstep engine: one call runs a range of traces, never one access.

A trace is named by a seed and a number; both determine it wholly (``native/lockstep/plan.h``). The engine gives up
the interpreter's lock for as long as it runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

from straightwire.native import _native
from straightwire.native._native import ffi, lib
from straightwire.native.library import Library

ACCESSES = int(lib.SW_LOCKSTEP_ACCESSES)
"""Guest accesses of one trace."""
CELLS = int(lib.SW_LOCKSTEP_CELLS)
BENCH_ROUND = int(lib.SW_BENCH_ROUND)
"""Accesses of one round of ``bench_core``, ``bench_library`` and ``bench_floor``."""
_CONFIG_LEN = 256
_SEATS = 2
_EVENTS = 8 * ACCESSES
"""Room for the events of a trace at first; it is enlarged where a trace has more."""

_ROUTES = ("no access", "refused", "common", "device", "doorbell", "configuration")
_WIDTHS = ("0", "1", "2", "3", "4", "5..8", "9..32", "more")
_OUTCOMES = ("whole", "failed", "short", "long")


class What(IntEnum):
    """What differs (``enum sw_lockstep_what``)."""

    NOTHING = 0
    OPEN = 1
    OPERATION = 2
    RESULT = 3
    BYTES = 4


class Kind(IntEnum):
    """What happens (``enum sw_lockstep_kind``)."""

    READ = 0
    WRITE = 1
    CONFIG_READ = 2
    CONFIG_WRITE = 3
    MSIX = 4
    RESET = 5
    TICK = 6
    OPENED = 7


@dataclass(frozen=True)
class Difference:
    """The first difference: its trace, the event (0 is open) and the member's seat."""

    trace: int
    event: int
    seat: int
    what: What


@dataclass(frozen=True)
class Ran:
    """What one call of the engine covered. ``cells`` counts accesses by coverage cell."""

    traces: int
    events: int
    accesses: int
    digest: int
    cells: tuple[int, ...]
    difference: Difference | None


@dataclass(frozen=True)
class Seat:
    """A member of a trace (``struct sw_member``) and what NOTIFY_INFO advertises: owner, BAR, offset."""

    group_member_id: int
    commands: int
    virtio_device_id: int
    device_config_len: int
    parts_object_id: int
    addresses: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True)
class Planned:
    """One event of a trace. ``reply`` is the device's answer to the command due, of ``written`` bytes; None: none."""

    kind: Kind
    seat: int
    offset: int
    length: int
    data: bytes
    on: bool
    written: int
    reply: bytes | None


def canary_library() -> Path:
    """The native relay with a planted fault: beside the extension module."""
    return Path(_native.__file__).with_name("libstraightwire_canary.so")


def engine_library() -> Path:
    """The extension module, which the engine is part of."""
    return Path(_native.__file__)


def _config(config: bytes) -> Any:
    if len(config) != _CONFIG_LEN:
        raise ValueError(f"a configuration space has {_CONFIG_LEN} bytes")
    return ffi.new("uint8_t[]", config)


def run(library: Library, config: bytes, seed: int, first: int, count: int) -> Ran:
    """Run the traces ``first`` to ``first + count - 1``, or until the first difference.

    ``config`` is what the configuration space of every device holds at first.
    """
    report = ffi.new("struct sw_lockstep_report *")
    lib.sw_lockstep_run(library.functions, _config(config), seed, first, count, report)
    what = What(report.what)
    difference = Difference(report.trace, report.event, report.seat, what) if what else None
    return Ran(report.traces, report.events, report.accesses, report.digest, tuple(report.cells), difference)


def draw(seed: int, first: int, count: int) -> int:
    """Only the events of the same traces, drawn and thrown away: the floor under ``run``. A hash of them."""
    return int(lib.sw_lockstep_draw(seed, first, count))


def bench_core(rounds: int) -> int:
    """Relayed accesses of the native core, linked in. A hash of all that was seen and sent."""
    return int(lib.sw_bench_core(rounds))


def bench_library(library: Library, rounds: int) -> int:
    """The same accesses through a library's ABI; the same hash."""
    return int(lib.sw_bench_subject(library.functions, rounds))


def bench_floor(rounds: int) -> int:
    """The same bytes copied to the same device without a relay; the same hash."""
    return int(lib.sw_bench_floor(rounds))


def export(config: bytes, seed: int, trace: int) -> tuple[tuple[Seat, ...], tuple[Planned, ...]]:
    """The members and the events of one trace, with what each device answers to a subject that errs in nothing."""
    seats = ffi.new(f"struct sw_lockstep_seat[{_SEATS}]")
    room = _EVENTS
    while True:
        events = ffi.new(f"struct sw_lockstep_event[{room}]")
        count = int(lib.sw_lockstep_export(_config(config), seed, trace, seats, events, room))
        if count <= room:
            return tuple(_seat(seats[n]) for n in range(_SEATS)), tuple(_planned(events[n]) for n in range(count))
        room = count


def _seat(own: Any) -> Seat:
    addresses = tuple((own.bar_owner[n], own.bar[n], own.offset[n]) for n in range(own.addresses))
    return Seat(
        own.group_member_id,
        own.commands,
        own.virtio_device_id,
        own.device_config_len,
        own.parts_object_id,
        addresses,
    )


def _planned(own: Any) -> Planned:
    kind = Kind(own.kind)
    writes = kind in (Kind.WRITE, Kind.CONFIG_WRITE)
    data = bytes(ffi.buffer(own.data, own.length)) if writes else b""
    reply = bytes(ffi.buffer(own.reply, own.reply_len)) if own.reply_len else None
    return Planned(kind, own.seat, own.offset, own.length, data, bool(own.on), own.written, reply)


def cell_name(cell: int) -> str:
    """A coverage cell in words: route and direction, layout, bytes, what the device answered."""
    rest, outcome = divmod(cell, len(_OUTCOMES))
    rest, width = divmod(rest, len(_WIDTHS))
    rest, msix = divmod(rest, 2)
    route, write = divmod(rest, 2)
    direction, layout = ("read", "write")[write], ("MSI-X off", "MSI-X on")[msix]
    return f"{_ROUTES[route]} {direction}, {layout}, {_WIDTHS[width]}, {_OUTCOMES[outcome]}"
