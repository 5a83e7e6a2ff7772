# SPDX-License-Identifier: Apache-2.0
"""What is measured of the native relay and of the lockstep engine: loops in C, entered once a round.

``check`` holds each against its floor: the same accesses have the same hash, whoever relays them.
"""

from __future__ import annotations

from collections.abc import Callable

from straightwire.native import engine
from straightwire.native.library import Library, shipped_library
from straightwire.reference.lockstep.compare import lockstep
from straightwire.reference.lockstep.fuzz import CONFIG, trace_of
from straightwire.reference.lockstep.model_subject import ModelSubject
from straightwire.reference.lockstep.subjects import subject_named
from straightwire.reference.workloads import Workload

_ROUNDS = 2000
_TRACES = 64
_SEED = 1


def _bench(loop: Callable[[int], int]) -> Workload:
    expected = engine.bench_floor(1)

    def check() -> None:
        if loop(1) != expected:
            raise RuntimeError("the accesses did not do what the floor does")

    return Workload(lambda: _done(loop(_ROUNDS)), _ROUNDS * engine.BENCH_ROUND, check)


def _done(_: object) -> None:
    """A round has no result of its own."""


def relay_core() -> Workload:
    """Relayed accesses of the native core, without ABI and lock."""
    return _bench(engine.bench_core)


def relay_library() -> Workload:
    """The same through the shipped library."""
    library = Library(shipped_library())
    return _bench(lambda rounds: engine.bench_library(library, rounds))


def relay_floor() -> Workload:
    """The same bytes copied without a relay."""
    return _bench(engine.bench_floor)


def _nothing_to_check() -> None:
    """The floor compares nothing."""


def engine_run() -> Workload:
    """The shipped library against the generated oracle."""
    library = Library(shipped_library())

    def check() -> None:
        ran = engine.run(library, CONFIG, _SEED, 0, _TRACES)
        if ran.difference is not None or ran.accesses != _TRACES * engine.ACCESSES:
            raise RuntimeError("the native relay differs from the oracle")

    def one_round() -> None:
        engine.run(library, CONFIG, _SEED, 0, _TRACES)

    return Workload(one_round, _TRACES * engine.ACCESSES, check)


def engine_draw() -> Workload:
    """The events of the same traces, drawn and thrown away."""
    return Workload(lambda: _done(engine.draw(_SEED, 0, _TRACES)), _TRACES * engine.ACCESSES, _nothing_to_check)


def python_run() -> Workload:
    """One member of one trace, native relay and model in Python."""
    subjects = [ModelSubject(), subject_named("native")]
    trace = trace_of(_SEED, 0, 0)

    def check() -> None:
        if not lockstep(subjects, trace).agreed:
            raise RuntimeError("the native relay differs from the model")

    accesses = lockstep(subjects, trace).replayed
    return Workload(lambda: _done(lockstep(subjects, trace)), accesses, check)
