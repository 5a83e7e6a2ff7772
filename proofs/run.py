# SPDX-License-Identifier: Apache-2.0
"""Proving many obligations in several processes, and adding the verdicts up."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from straightwire.proofs import catalogue, prover
from straightwire.proofs.manifest import Manifest
from straightwire.proofs.obligation import Obligation, Verdict
from straightwire.proofs.prover import DEFAULT_BUDGET, Result


@dataclass(frozen=True)
class Settings:
    """How to prove: which other solvers to ask, where to write queries, in how many processes."""

    cross_check: tuple[str, ...] = ()
    smt_lib: Path | None = None
    processes: int = 1


@dataclass(frozen=True)
class Rollup:
    """The verdict on one id of the contract, from the obligations that serve it."""

    id: str
    says: str
    verdict: Verdict
    results: tuple[Result, ...]


def _prove_by_id(name: str, budget: int, settings: Settings) -> Result:
    obligation = next(each for each in catalogue.obligations() if each.id == name)
    return prover.prove(obligation, budget, settings.cross_check, settings.smt_lib)


def prove_all(chosen: Sequence[Obligation[Any]], budgets: Mapping[str, int], settings: Settings) -> Iterator[Result]:
    """Prove obligations of the catalogue; results come as they are ready, in any order."""
    if settings.processes == 1:
        for obligation in chosen:
            budget = budgets.get(obligation.id, DEFAULT_BUDGET)
            yield prover.prove(obligation, budget, settings.cross_check, settings.smt_lib)
        return
    # A fresh interpreter for each process: z3 keeps state that must not be forked.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(settings.processes, mp_context=context) as pool:
        waiting = submit(pool, chosen, budgets, settings)
        try:
            for done in as_completed(waiting):
                yield done.result()
        finally:
            for left in waiting:
                left.cancel()


def submit(
    pool: Executor, chosen: Sequence[Obligation[Any]], budgets: Mapping[str, int], settings: Settings
) -> list[Future[Result]]:
    """Hand obligations of the catalogue to worker processes, the longest first."""
    return [
        pool.submit(_prove_by_id, obligation.id, budgets.get(obligation.id, DEFAULT_BUDGET), settings)
        for obligation in _longest_first(chosen, budgets)
    ]


def _longest_first(chosen: Sequence[Obligation[Any]], budgets: Mapping[str, int]) -> list[Obligation[Any]]:
    return sorted(chosen, key=lambda each: -budgets.get(each.id, DEFAULT_BUDGET))


_WORST = (Verdict.REFUTED, Verdict.ERROR, Verdict.UNKNOWN, Verdict.PROVED)


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """The verdict that counts: one refuted is refuted; nothing proved is an error."""
    return next((each for each in _WORST if each in verdicts), Verdict.ERROR)


def rollups(results: Sequence[Result], chosen: Sequence[Obligation[Any]]) -> list[Rollup]:
    """One verdict for each id of the contract that the chosen obligations serve."""
    by_id = {result.id: result for result in results}
    found = []
    for claim in catalogue.CLAIMS:
        serving = tuple(by_id[each.id] for each in chosen if claim.id in each.proves and each.id in by_id)
        if serving:
            found.append(Rollup(claim.id, claim.says, worst([result.verdict for result in serving]), serving))
    return found


def manifest_differences(manifest: Manifest, all_obligations: Callable[[], Sequence[Obligation[Any]]]) -> list[str]:
    """What the catalogue has lost or gained against the manifest, and claims that nothing serves."""
    present = all_obligations()
    served = {claim for obligation in present for claim in obligation.proves}
    unserved = [f"nothing proves {claim.id}" for claim in catalogue.CLAIMS if claim.id not in served]
    return manifest.differences(obligation.id for obligation in present) + unserved
