# SPDX-License-Identifier: Apache-2.0
"""From the prover's results to items of a report, and their view while they arrive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from straightwire.proofs import catalogue, run
from straightwire.proofs.control_space import Enumerated
from straightwire.proofs.explain import situation_lines, transport_words
from straightwire.proofs.obligation import Obligation, Verdict
from straightwire.proofs.prover import Result
from straightwire.report import Item

_COLOUR = {"proved": "green", "holds": "green", "refuted": "red", "error": "red", "unknown": "yellow", "waiting": "dim"}


def counterexample(result: Result) -> tuple[str, ...]:
    """The situation in which a claim fails, a line each, and how to see it again."""
    if result.counterexample is None:
        return ()
    return (
        *situation_lines(result.counterexample.symbols),
        f"fails: {result.counterexample.goal}",
        f"replay: straightwire prove --only {result.id}",
    )


SHOWN_IN_FULL = 3
"""Red obligations that are shown with their counterexample; the others take a line each."""


def red_lines(results: Sequence[Result]) -> list[str]:
    """What is not proved: the first few refuted ones with their counterexample, the others in a line."""
    red = sorted(
        (result for result in results if result.verdict is not Verdict.PROVED),
        # What everything rests on comes first, then what is shortest.
        key=lambda result: (
            result.counterexample is None,
            not result.id.startswith("T-SUFFICE"),
            len(counterexample(result)),
        ),
    )
    lines = []
    for number, result in enumerate(red):
        lines += ["", f"{result.id}: {result.verdict}: {result.detail}"]
        if number < SHOWN_IN_FULL:
            lines += [f"  {line}" for line in counterexample(result)]
    return lines


def claim_item(rollup: run.Rollup) -> Item:
    """One id of the contract, with all obligations that serve it."""
    results = rollup.results
    red = [result for result in results if result.verdict is not Verdict.PROVED]
    second: dict[str, dict[str, int]] = {}
    for name in sorted({name for result in results for name in result.second}):
        second[name] = dict(Counter(result.second.get(name, "not asked") for result in results))
    figures = {
        "depth": "proved",
        "obligations": len(results),
        "goals": sum(result.goals for result in results),
        "terms": sum(result.terms for result in results),
        "z3_units": sum(result.units for result in results),
        "z3_units_with_witnesses_and_mutants": sum(result.all_units for result in results),
        "z3_seconds": round(sum(result.seconds for result in results), 3),
        "mutants_refuted": sum(len(result.mutants) for result in results if result.verdict is Verdict.PROVED),
        "second_opinions": second,
        "by_obligation": [obligation_figures(result) for result in results],
    }
    detail = "; ".join(f"{result.id}: {result.detail}" for result in red)
    trace = tuple(line for result in red for line in counterexample(result))
    return Item(rollup.id, str(rollup.verdict), rollup.says, figures, detail, trace)


def obligation_figures(result: Result) -> dict[str, Any]:
    """One obligation's verdict and cost."""
    return {
        "id": result.id,
        "verdict": str(result.verdict),
        "goals": result.goals,
        "general_goals": result.general,
        "terms": result.terms,
        "z3_units": result.units,
        "z3_seconds": round(result.seconds, 4),
        "second_opinions": dict(result.second),
        "mutants": list(result.mutants),
        "detail": result.detail,
    }


def manifest_item(differences: Sequence[str], count: int) -> Item:
    """Whether the obligations are those the manifest lists."""
    return Item(
        "MANIFEST",
        "violated" if differences else "holds",
        "the obligations are exactly those written down in proofs/manifest.txt, and every claim has some",
        {"obligations": count},
        "; ".join(differences),
    )


def control_space_item(device: str, found: Enumerated) -> Item:
    """The control space of the model with symbolic payload."""
    trace: tuple[str, ...] = ()
    if found.broken:
        point = found.broken.point
        kind = "write" if point.write else "read"
        trace = (
            transport_words(point.transport),
            f"{kind} {point.offset} length {point.length}",
            f"breaks: {found.broken.clause}",
        )
    return Item(
        "CONTROL-SPACE/model",
        "violated" if found.broken else "holds",
        f"every clause at every point of the {device} control space, with symbolic payload and reply",
        {"depth": "exhaustive", "points": found.points, "operations": found.operations, "formulas": found.decided},
        found.broken.clause if found.broken else "",
        trace,
    )


class Progress:
    """Verdicts as they arrive, for one row a claim."""

    def __init__(self, chosen: Sequence[Obligation[Any]]) -> None:
        self._results: dict[str, Result] = {}
        self._claims = [
            (claim, [each.id for each in chosen if claim.id in each.proves])
            for claim in catalogue.CLAIMS
            if any(claim.id in each.proves for each in chosen)
        ]

    def add(self, result: Result) -> list[str]:
        """Take a result in; the ids of claims that are complete with it."""
        self._results[result.id] = result
        return [
            claim.id
            for claim, needed in self._claims
            if result.id in needed and all(name in self._results for name in needed)
        ]

    @property
    def results(self) -> list[Result]:
        """All results so far."""
        return list(self._results.values())

    def row(self, claim_id: str) -> tuple[str, Text, str, str, str, str]:
        """The cells of one claim: id, verdict, obligations, z3 units, seconds, second opinions."""
        needed = next(needed for claim, needed in self._claims if claim.id == claim_id)
        done = [self._results[name] for name in needed if name in self._results]
        verdict = str(run.worst([result.verdict for result in done])) if done else "waiting"
        if done and len(done) < len(needed) and verdict == "proved":
            verdict = "waiting"
        return (
            claim_id,
            Text(verdict, style=_COLOUR[verdict]),
            f"{len(done)}/{len(needed)}",
            f"{sum(result.units for result in done):,}",
            f"{sum(result.seconds for result in done):.2f}",
            second_words(done),
        )

    def table(self) -> Table:
        """All claims."""
        table = Table(box=None, pad_edge=False, header_style="bold")
        for name in ("claim", "verdict"):
            table.add_column(name, no_wrap=True)
        for name in ("obligations", "z3 units", "z3 s"):
            table.add_column(name, justify="right", no_wrap=True)
        table.add_column("second opinions")
        for claim, _ in self._claims:
            table.add_row(*self.row(claim.id))
        return table


def second_words(results: Iterable[Result]) -> str:
    """What the other solvers say: ``bitwuzla 5, cvc5 4 (1 unknown)``."""
    counts: dict[str, Counter[str]] = {}
    for result in results:
        for name, answer in result.second.items():
            counts.setdefault(name, Counter())[answer] += 1
    words = []
    for name, answers in sorted(counts.items()):
        agreed = answers["unsat"] + answers["nothing to ask"]
        rest = ", ".join(f"{n} {answer}" for answer, n in answers.items() if answer not in ("unsat", "nothing to ask"))
        words.append(f"{name} {agreed}" + (f" ({rest})" if rest else ""))
    return ", ".join(words)
