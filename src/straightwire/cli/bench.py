# SPDX-License-Identifier: Apache-2.0
"""``straightwire bench``: how fast, beside a floor and a peer in the same run."""

from __future__ import annotations

import cProfile
import pstats
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import click
from rich.console import Console

from straightwire.cli.output import Outputs, finish, output_options, usage_error
from straightwire.reference import workloads
from straightwire.reference.dpu.devices.disk import FileDisk
from straightwire.reference.lockstep import native_workloads
from straightwire.reference.lockstep.library import SubjectError
from straightwire.reference.lockstep.subjects import subject_named
from straightwire.reference.workloads import Workload
from straightwire.report import Item, Report

TURNS = 7
"""Each of subject, floor and peer runs as often, in turn; the median counts."""
_DISK_LEN = 1 << 20


@dataclass(frozen=True)
class Bench:
    """What is measured: a subject, a floor (the same work without it) and a peer (another who does it).

    ``at_least`` operations a second on one core are what the subject promises, and ``of_floor_at_least`` of those of
    the floor (0: nothing of the kind).
    """

    id: str
    unit: str
    at_least: int
    subject: Callable[[Path], Workload]
    floor: Callable[[Path], Workload]
    peer: Callable[[Path], Workload]
    says: str
    of_floor_at_least: float = 0


BENCHES = (
    Bench(
        "registers",
        "register accesses",
        50_000,
        lambda _: workloads.registers(subject_named("reference")),
        lambda _: workloads.registers_floor(),
        lambda _: workloads.registers(subject_named("native")),
        "reference relay and admin bytes; floor: the register file by a call; peer: the native relay",
    ),
    Bench(
        "blk",
        "reads of 4 KiB",
        5_000,
        lambda folder: workloads.blk(subject_named("reference"), _disk(folder)),
        lambda folder: workloads.blk_floor(_disk(folder)),
        lambda folder: workloads.blk(subject_named("native"), _disk(folder)),
        "reference relay, doorbell, ring and a file; floor: the file by a call; peer: the native relay",
    ),
    Bench(
        "relay",
        "relayed accesses",
        10_000_000,
        lambda _: native_workloads.relay_core(),
        lambda _: native_workloads.relay_floor(),
        lambda _: native_workloads.relay_library(),
        "the native core; floor: the same bytes copied to the same callback; peer: the library, with its lock",
        of_floor_at_least=0.5,
    ),
    Bench(
        "lockstep",
        "accesses compared",
        4_000_000,
        lambda _: native_workloads.engine_run(),
        lambda _: native_workloads.engine_draw(),
        lambda _: native_workloads.python_run(),
        "the native relay against the generated oracle; floor: the events only drawn; peer: lockstep in Python",
    ),
)


def _disk(folder: Path) -> FileDisk:
    """A file of a million bytes without a pattern."""
    path = folder / "disk.img"
    if not path.exists():
        path.write_bytes(bytes(n * 197 >> 3 & 0xFF for n in range(_DISK_LEN)))
    return FileDisk(path)


@click.command()
@click.option("--only", metavar="NAME[,NAME]", help=f"Of {', '.join(each.id for each in BENCHES)}.")
@click.option(
    "--seconds", type=click.FloatRange(0.01), default=0.5, show_default=True, help="For each turn of each workload."
)
@click.option("--profile", is_flag=True, help="Show which functions of Python take the time.")
@output_options
def bench(
    only: str | None, seconds: float, profile: bool, json_file: str | None, junit: Path | None, sarif: Path | None
) -> None:
    """Measure reference, relay and engine on one core: operations a second, and as ratios to a floor and a peer."""
    outputs = Outputs(json_file, junit, sarif)
    console = outputs.console
    chosen = _chosen(only)
    items = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for each in chosen:
            try:
                items.append(_measured(each, folder, seconds, console))
            except SubjectError as error:
                raise usage_error(str(error)) from None
            console.print(_line(items[-1]), markup=False)
            if profile:
                console.print(_profile(each, folder), markup=False)
    report = Report("bench", tuple(items), {"turns": TURNS, "seconds_per_turn": seconds})
    console.print(f"{report.verdict}: medians of {TURNS} turns of {seconds:g} s, one core")
    finish(report, outputs)


def _chosen(only: str | None) -> list[Bench]:
    known = {each.id: each for each in BENCHES}
    names = only.split(",") if only else list(known)
    unknown = [name for name in names if name not in known]
    if unknown:
        raise usage_error(f"no benchmark {unknown[0]}; there are {', '.join(known)}")
    return [known[name] for name in names]


def _measured(each: Bench, folder: Path, seconds: float, console: Console) -> Item:
    """Subject, floor and peer in turn, so that a busy machine is busy for all of them."""
    runs = {
        "per_second": each.subject(folder),
        "floor_per_second": each.floor(folder),
        "peer_per_second": each.peer(folder),
    }
    rates: dict[str, list[float]] = {name: [] for name in runs}
    with _status(console, each.id):
        for workload in runs.values():
            workload.check()
        for _ in range(TURNS):
            for name, workload in runs.items():
                rates[name].append(_rate(workload, seconds))
    own, floor, peer = (statistics.median(rates[name]) for name in runs)
    figures = {
        "depth": "measured",
        "unit": each.unit,
        "at_least": each.at_least,
        "of_floor_at_least": each.of_floor_at_least,
        "per_second": round(own),
        "floor_per_second": round(floor),
        "peer_per_second": round(peer),
        "of_floor": round(own / floor, 3),
        "of_peer": round(own / peer, 3),
    }
    good = own >= each.at_least and own >= each.of_floor_at_least * floor
    return Item(f"BENCH/{each.id}", "holds" if good else "violated", each.says, figures)


@contextmanager
def _status(console: Console, name: str) -> Iterator[None]:
    """A person at a terminal sees what is being measured."""
    if console.is_terminal:
        with console.status(name):
            yield
    else:
        yield


def _rate(workload: Workload, seconds: float) -> float:
    """Operations a second, over at least so many seconds."""
    rounds = 0
    started = time.perf_counter()
    while (passed := time.perf_counter() - started) < seconds:
        workload.round()
        rounds += 1
    return rounds * workload.round_len / passed


def _line(item: Item) -> str:
    figures = item.figures
    least = f" (at least {figures['of_floor_at_least']:g})" if figures["of_floor_at_least"] else ""
    return (
        f"  {item.id:16} {figures['per_second']:>10,} {figures['unit']} a second (at least {figures['at_least']:,}): "
        f"{figures['of_floor']} of the floor{least}, {figures['of_peer']} of the peer\n{'':19}{item.says}"
    )


def _profile(each: Bench, folder: Path) -> str:
    """The functions in which the reference spends its time."""
    workload = each.subject(folder)
    profiler = cProfile.Profile()
    profiler.enable()
    for _ in range(2000 // workload.round_len + 1):
        workload.round()
    profiler.disable()
    text = StringIO()
    pstats.Stats(profiler, stream=text).strip_dirs().sort_stats("tottime").print_stats(15)
    return text.getvalue()
