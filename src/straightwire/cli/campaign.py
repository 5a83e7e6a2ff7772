# SPDX-License-Identifier: Apache-2.0
"""A fuzzing campaign: work items named by what they are made of, done by processes that may die.

An item's result is a file; a campaign that is interrupted and resumed takes what is there and does the rest, so that it
loses nothing and counts nothing twice. What a subject does to a process (crash, hang) is a finding like another.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from straightwire.reference.lockstep import fuzz
from straightwire.reference.lockstep.compare import Difference
from straightwire.reference.lockstep.fuzz import Done, Found

SCHEMA = "straightwire-fuzz-1"
LIMIT = 60.0
"""Seconds that one item may take; one of a million accesses takes a tenth of a second."""
_LEAST_LIMIT = 2.0
"""The same for a part of an item, however small; a process takes half of it to start."""
_TURN = 0.2
_GRACE = 5.0


@dataclass(frozen=True)
class Work:
    """A range of traces of one subject. ``key`` tells the subject's code from any other."""

    subject: str
    key: str
    seed: int
    first: int
    count: int

    @property
    def file_name(self) -> str:
        """Named by all that its result depends on."""
        return f"{self.key[:16]}-seed{self.seed}-from{self.first}-count{self.count}.json"


@dataclass(frozen=True)
class Died:
    """A process that did not come back, in words."""

    why: str


class Store:
    """Results of items in a folder, or (None) nowhere."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def get(self, work: Work) -> Done | None:
        """What is known of an item; None where nothing is, or nothing that can be read."""
        if self.folder is None:
            return None
        try:
            known = json.loads((self.folder / work.file_name).read_text())
            if known["schema"] != SCHEMA or known["key"] != work.key:
                return None
            done = known["done"]
            found = Found(**done.pop("found")) if done["found"] else done.pop("found")
            return Done(**{**done, "cells": tuple(done["cells"]), "found": found})
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def put(self, work: Work, done: Done) -> None:
        """Keep a result: whole or not at all."""
        if self.folder is None:
            return
        file = self.folder / work.file_name
        part = file.with_suffix(f".{os.getpid()}")
        part.write_text(json.dumps({"schema": SCHEMA, **asdict(work), "done": asdict(done)}) + "\n")
        part.replace(file)


def _serve(pipe: Connection) -> None:
    """A process's whole life: jobs in, results out. Ctrl-C is for the parent to hear."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        while True:
            job, arguments = pipe.recv()
            pipe.send(_JOBS[job](*arguments))
    except EOFError:
        return


def _range(work: Work) -> Done:
    return fuzz.run_range(work.subject, work.seed, work.first, work.count)


_JOBS: dict[str, Callable[..., Any]] = {"range": _range, "explain": fuzz.explained}


class _Process:
    """One process and the item it is at."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, other = context.Pipe()
        self.process = context.Process(target=_serve, args=(other,), daemon=True)
        self.process.start()
        other.close()
        self.place: int | None = None
        self.since = 0.0

    def give(self, place: int, job: str, *arguments: object) -> None:
        self.place, self.since = place, time.monotonic()
        self.pipe.send((job, arguments))

    def result(self) -> Any:
        """What the job came to; ``Died`` where the process is gone."""
        try:
            return self.pipe.recv()
        except (EOFError, OSError):
            self.process.join(_GRACE)
            code = self.process.exitcode
            return Died(f"died of signal {-code}" if code is not None and code < 0 else f"ended with code {code}")

    def end(self) -> None:
        self.pipe.close()
        if self.process.is_alive():
            self.process.kill()
        self.process.join(_GRACE)


def alone(job: str, *arguments: object, limit: float | None = None) -> Any:
    """One job in a process of its own; ``Died`` where it does not come back in time."""
    process = _Process()
    try:
        process.give(0, job, *arguments)
        seconds = LIMIT if limit is None else limit
        return process.result() if process.pipe.poll(seconds) else Died(f"no end after {seconds:g} s")
    finally:
        process.end()


def explain(work: Work, found: Found) -> Difference | Died | None:
    """``fuzz.explained`` in a process of its own."""
    difference: Difference | Died | None = alone("explain", work.subject, work.seed, found)
    return difference


def narrowed(work: Work) -> Work:
    """The one trace of an item that its process does not survive, or the item where it now does."""

    def dies(part: Work) -> bool:
        limit = max(_LEAST_LIMIT, LIMIT * part.count / work.count)
        return isinstance(alone("range", part, limit=limit), Died)

    first, count = work.first, work.count
    while count > 1:
        half = replace(work, first=first, count=count // 2)
        if dies(half):
            count = half.count
        else:
            first, count = first + half.count, count - half.count
    last = replace(work, first=first, count=1)
    return last if dies(last) else work


Results = dict[int, Done | Died]


def run(
    works: Iterator[Work], store: Store, processes: int, until: float | None, look: Callable[[Results], None]
) -> tuple[list[Work], Results]:
    """Do items in order until they are over, time is (``until``, monotonic seconds), or one shows a difference.

    Items that were begun are finished, so results are of the first so many items, without a gap. ``look`` is called
    again and again. Returns the items and their results, by place.
    """
    given: list[Work] = []
    results: Results = {}
    pool: list[_Process] = []
    open_ended = True
    try:
        while True:
            while open_ended and len(pool) - sum(each.place is None for each in pool) < processes:
                work = None if _over(results, until) else next(works, None)
                if work is None:
                    open_ended = False
                    break
                given.append(work)
                known = store.get(work)
                if known is not None:
                    results[len(given) - 1] = known
                    continue
                idle = next((each for each in pool if each.place is None), None)
                if idle is None:
                    idle = _Process()
                    pool.append(idle)
                idle.give(len(given) - 1, "range", work)
            look(results)
            busy = [each for each in pool if each.place is not None]
            if not busy:
                return given, results
            wait([each.pipe for each in busy], _TURN)
            for each in busy:
                _collect(each, pool, given, results, store)
    finally:
        for each in pool:
            each.end()


def _over(results: Results, until: float | None) -> bool:
    if until is not None and time.monotonic() >= until:
        return True
    return any(isinstance(each, Died) or each.found is not None for each in results.values())


def _collect(each: _Process, pool: list[_Process], given: list[Work], results: Results, store: Store) -> None:
    """Take a process's result, if it is there; replace a process that is gone or takes too long."""
    place = each.place
    if place is None:
        return
    if each.pipe.poll():
        result = each.result()
    elif time.monotonic() - each.since > LIMIT:
        result = Died(f"no end after {LIMIT:g} s")
    else:
        return
    each.place = None
    results[place] = result
    if isinstance(result, Died):
        each.end()
        pool.remove(each)
    else:
        store.put(given[place], result)
