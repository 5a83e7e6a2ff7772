# SPDX-License-Identifier: Apache-2.0
"""``straightwire fuzz``: a relay against the oracle from the model, at full speed, until time or accesses are over."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console
from rich.live import Live
from rich.table import Table

from straightwire.cli import campaign
from straightwire.cli.campaign import Died, Results, Store, Work
from straightwire.cli.output import Outputs, finish, output_options, usage_error
from straightwire.cli.prove import cores
from straightwire.native import engine
from straightwire.reference.lockstep import fuzz as lockstep_fuzz
from straightwire.reference.lockstep.compare import Difference
from straightwire.reference.lockstep.fuzz import Done, Found, accesses_of, campaign_digest, catch_canary, trace_of
from straightwire.reference.lockstep.library import LibrarySubject, SubjectError
from straightwire.reference.lockstep.subjects import subject_named
from straightwire.reference.lockstep.trace_writer import write_trace
from straightwire.reference.lockstep.words import difference_lines
from straightwire.report import Item, Report

CANARY_ACCESSES = 2_000_000
"""Accesses within which the canary must be caught; it takes some ten thousand."""
_LOG_EVERY = 5.0
_COUNTEREXAMPLES = Path("counterexamples")


@dataclass(frozen=True)
class Pace:
    """Traces of one item, and accesses of a campaign that is told neither time nor accesses."""

    traces: int
    accesses: int


LIBRARY = Pace(4096, 10_000_000)
PYTHON = Pace(8, 24_000)


@dataclass(frozen=True)
class Campaign:
    """All that decides what a campaign comes to. ``traces`` None: as many as there is time for."""

    subject: str
    key: str
    seed: int
    pace: Pace
    traces: int | None

    def works(self) -> Iterator[Work]:
        """Its items, in order."""
        for first in itertools.count(0, self.pace.traces):
            left = self.pace.traces if self.traces is None else min(self.pace.traces, self.traces - first)
            if left <= 0:
                return
            yield Work(self.subject, self.key, self.seed, first, left)


@dataclass(frozen=True)
class Outcome:
    """What it came to: results in order up to the first difference or death."""

    done: tuple[Done, ...]
    work: Work | None = None
    found: Found | None = None
    died: Died | None = None
    interrupted: bool = False

    @property
    def accesses(self) -> int:
        """Guest accesses compared."""
        return sum(each.accesses for each in self.done)

    @property
    def cells(self) -> dict[str, int]:
        """Accesses by coverage cell, those that were hit."""
        sums = [sum(counts) for counts in zip(*(each.cells for each in self.done if each.cells), strict=True)]
        return {engine.cell_name(number): count for number, count in enumerate(sums) if count}


@click.command()
@click.option(
    "--subject",
    default="native",
    show_default=True,
    metavar="NAME",
    help="native, reference, mediator:CLAUSE, or the path of a library with the ABI.",
)
@click.option("--time", "seconds", type=click.FloatRange(0.1), metavar="SECONDS", help="Begin nothing new after this.")
@click.option("--accesses", type=click.IntRange(1), metavar="N", help="Rounded up to whole traces of 240.")
@click.option("--seed", type=click.IntRange(0, (1 << 64) - 1), default=1, show_default=True, metavar="N")
@click.option("--processes", type=click.IntRange(1), metavar="N", help="Default: one a core.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Keep results and findings here.")
@click.option("--resume", is_flag=True, help="Take the results that --out holds, and do the rest.")
@output_options
def fuzz(
    subject: str,
    seconds: float | None,
    accesses: int | None,
    seed: int,
    processes: int | None,
    out: Path | None,
    resume: bool,
    json_file: str | None,
    junit: Path | None,
    sarif: Path | None,
) -> None:
    """Drive a relay and the oracle that is generated from the model through random traces, and compare all they do.

    Seed and accesses determine everything: the same command gives the same digest on any number of processes. A canary,
    the native relay with a planted fault, must be caught too, or the campaign says nothing.
    """
    outputs = Outputs(json_file, junit, sarif)
    console = outputs.console
    started = time.monotonic()
    planned = _planned(subject, seed, seconds, accesses)
    store = _store(out, resume)
    canary = _canary_item(seed)
    workers = processes or cores()
    until = None if seconds is None else started + seconds
    outcome = _run(planned, store, workers, until, console)
    took = time.monotonic() - started
    findings = _COUNTEREXAMPLES if out is None else out / "findings"
    item = _item(planned, outcome, findings, void=not canary.green)
    report = Report(
        "fuzz",
        (canary, item),
        {
            "seconds": round(took, 2),
            "accesses_per_second": round(outcome.accesses / took),
            "processes": workers,
            "cells": outcome.cells,
        },
    )
    _page(report, planned, outcome, console)
    finish(report, outputs)


def _planned(subject: str, seed: int, seconds: float | None, accesses: int | None) -> Campaign:
    """The campaign; a usage error where the subject is none."""
    try:
        pace = LIBRARY if isinstance(subject_named(subject), LibrarySubject) else PYTHON
        key = lockstep_fuzz.subject_hash(subject)
    except SubjectError as error:
        raise usage_error(str(error)) from None
    if subject == "model":
        raise usage_error("model: the oracle is the model, there is nothing to compare it with")
    if accesses is None and seconds is None:
        accesses = pace.accesses
    traces = None if accesses is None else -(-accesses // engine.ACCESSES)
    return Campaign(subject, key, seed, pace, traces)


def _store(out: Path | None, resume: bool) -> Store:
    if out is None:
        if resume:
            raise usage_error("--resume needs --out, the folder of the campaign to go on with")
        return Store(None)
    folder = out / "items"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        used = any(folder.iterdir())
    except OSError as error:
        raise usage_error(f"cannot write {folder}: {error.strerror}") from None
    if used and not resume:
        raise usage_error(f"{out} holds a campaign: --resume goes on with it, another --out begins anew")
    return Store(folder)


def _canary_item(seed: int) -> Item:
    """The canary must be caught, by the same engine on the same seed."""
    caught = catch_canary(seed, CANARY_ACCESSES)
    figures = {"depth": "sampled", "accesses": caught.accesses, "seed": seed}
    says = "the native relay with one planted fault is caught"
    if caught.found is None:
        return Item("CANARY", "unknown", says, figures, f"not caught in {caught.accesses:,} accesses: campaign void")
    return Item("CANARY", "holds", says, {**figures, "trace": caught.found.trace, "what": caught.found.what})


def _run(planned: Campaign, store: Store, workers: int, until: float | None, console: Console) -> Outcome:
    """All items that there is time for. Ctrl-C leaves what is done."""
    view = _View(planned, until, console)
    given: list[Work] = []
    results: Results = {}

    def look(so_far: Results) -> None:
        results.update(so_far)
        view.show(so_far)

    def noted() -> Iterator[Work]:
        for work in planned.works():
            given.append(work)
            yield work

    interrupted = False
    with view:
        try:
            _, results = campaign.run(noted(), store, workers, until, look)
        except KeyboardInterrupt:
            interrupted = True
        except OSError as error:
            raise usage_error(f"cannot keep results in {store.folder}: {error.strerror}") from None
    return _outcome(given, results, interrupted)


def _outcome(given: Sequence[Work], results: Results, interrupted: bool) -> Outcome:
    """Results in order; what lies behind the first difference, or behind a gap, counts for nothing."""
    done: list[Done] = []
    for place, work in enumerate(given):
        result = results.get(place)
        if result is None:
            break
        if isinstance(result, Died):
            return Outcome(tuple(done), work, died=result, interrupted=interrupted)
        done.append(result)
        if result.found is not None:
            return Outcome(tuple(done), work, found=result.found, interrupted=interrupted)
    return Outcome(tuple(done), interrupted=interrupted)


def _item(planned: Campaign, outcome: Outcome, folder: Path, *, void: bool) -> Item:
    """The verdict on the subject; a difference is cut, explained and kept."""
    figures = {
        "depth": "sampled",
        "subject": planned.subject,
        "subject_hash": planned.key,
        "seed": planned.seed,
        "traces": sum(each.traces for each in outcome.done),
        "events": sum(each.events for each in outcome.done),
        "accesses": outcome.accesses,
        "cells": len(outcome.cells),
        "digest": campaign_digest(iter(outcome.done)),
    }
    name = f"FUZZ/{planned.subject}"
    says = "does what the model's relay does"
    if outcome.work is not None:
        lines = _finding(outcome, outcome.work, folder)
        return Item(name, "unknown" if void else "violated", says, figures, lines[0], lines)
    if void:
        return Item(name, "unknown", says, figures, "the canary was not caught")
    if outcome.interrupted or not outcome.accesses:
        return Item(name, "unknown", says, figures, "interrupted" if outcome.interrupted else "no time for anything")
    return Item(name, "holds", says, figures)


def _finding(outcome: Outcome, work: Work, folder: Path) -> tuple[str, ...]:
    """A difference or a death in words; its trace and a pytest file are kept."""
    if outcome.found is None:
        why = outcome.died.why if outcome.died else ""
        return _death(campaign.narrowed(work), why, folder)
    found = outcome.found
    stem = f"seed{work.seed}-trace{found.trace}-event{found.event}-member{found.seat}"
    explained = campaign.explain(work, found)
    if isinstance(explained, Difference):
        lines = tuple(difference_lines(explained, str(folder / f"{stem}.trace")))
        comments = [f"{explained.subject}: {' '.join(explained.clauses)}", f"{accesses_of(explained.trace)} accesses"]
        return (*lines, *_kept(folder, {
            f"{stem}.trace": write_trace(explained.trace, comments),
            f"test_{stem.replace('-', '_')}.py": lockstep_fuzz.pytest_text(explained, work.subject),
        }))  # fmt: skip
    why = explained.why if isinstance(explained, Died) else "not with this member alone: it takes both"
    whole = trace_of(work.seed, found.trace, found.seat, found.event)
    place = f"seed {work.seed}, trace {found.trace}, event {found.event}"
    line = f"{work.subject} differs from model in its {found.what}: {place}"
    return (line, f"not cut: {why}", *_kept(folder, {f"{stem}.trace": write_trace(whole)}))


def _death(work: Work, why: str, folder: Path) -> tuple[str, ...]:
    """A subject that took its process with it: the trace as far as it is known."""
    place = f"trace {work.first}" if work.count == 1 else f"traces {work.first} to {work.first + work.count - 1}"
    line = f"{work.subject} {why}: seed {work.seed}, {place}"
    if work.count > 1:
        return (line, "not with one trace of these alone")
    texts = {f"seed{work.seed}-trace{work.first}-member{seat}.trace": write_trace(trace_of(work.seed, work.first, seat))
             for seat in (0, 1)}  # fmt: skip
    return (line, *_kept(folder, texts))


def _kept(folder: Path, texts: dict[str, str]) -> Iterator[str]:
    """Write files; say where, or why not."""
    for name, text in texts.items():
        file = folder / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            yield f"kept: {file}"
        except OSError as error:
            yield f"not written: {file}: {error.strerror}"


class _View:
    """How far it is: a live table at a terminal, a line now and then elsewhere."""

    def __init__(self, planned: Campaign, until: float | None, console: Console) -> None:
        self._planned = planned
        self._until = until
        self._console = console
        self._started = self._logged = time.monotonic()
        self._live = Live(console=console, refresh_per_second=4, transient=True) if console.is_terminal else None

    def __enter__(self) -> None:
        if self._live is not None:
            self._live.start()

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, results: Results) -> None:
        """Called again and again with all results so far."""
        now = time.monotonic()
        if self._live is None and now - self._logged < _LOG_EVERY:
            return
        self._logged = now
        done = [each for each in results.values() if isinstance(each, Done)]
        accesses = sum(each.accesses for each in done)
        cells = len(Outcome(tuple(done)).cells)
        findings = sum(isinstance(each, Died) or each.found is not None for each in results.values())
        rows = {
            "accesses": f"{accesses:,}",
            "a second": f"{accesses / max(now - self._started, 0.001):,.0f}",
            "coverage cells": str(cells),
            "findings": str(findings),
            "left": self._left(now, accesses),
        }
        if self._live is None:
            text = ", ".join(f"{name} {value}" for name, value in rows.items())
            self._console.print(f"  {now - self._started:.0f} s: {text}", markup=False)
            return
        table = Table(title=f"fuzz {self._planned.subject}, seed {self._planned.seed}", show_header=False)
        for name, value in rows.items():
            table.add_row(name, value)
        self._live.update(table)

    def _left(self, now: float, accesses: int) -> str:
        if self._until is not None:
            return f"{max(self._until - now, 0):.0f} s"
        whole = (self._planned.traces or 0) * engine.ACCESSES
        return f"{max(whole - accesses, 0):,} accesses"


def _page(report: Report, planned: Campaign, outcome: Outcome, console: Console) -> None:
    """The result, and the command that gives it again."""
    canary, item = report.items

    def line(text: str, style: str | None = None) -> None:
        console.print(text, markup=False, style=style)

    caught = f"caught within {canary.figures['accesses']:,} accesses"
    line(f"  CANARY: {canary.detail or caught}")
    for text in item.trace or ((item.detail,) if item.detail else ()):
        line(f"  {text}")
    figures = item.figures
    line(
        f"{report.verdict}: {planned.subject}, {figures['accesses']:,} accesses in {figures['traces']:,} traces, "
        f"{figures['cells']} coverage cells, {report.summary['accesses_per_second']:,} accesses a second",
        "bold green" if report.exit_code == 0 else "bold red",
    )
    if outcome.accesses:
        again = f"straightwire fuzz --subject {planned.subject} --seed {planned.seed}"
        whole = planned.traces if planned.traces is not None else figures["traces"]
        line(f"digest {figures['digest']}: {again} --accesses {whole * engine.ACCESSES}")
