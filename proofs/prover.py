# SPDX-License-Identifier: Apache-2.0
"""From an obligation to a verdict.

An obligation is proved when every goal follows from what is given, its witness exists and runs, every
mutant is refuted by a counterexample that runs, it stayed within its budget, and no other solver that
was asked says otherwise. Everything else has a name and is not green.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from straightwire.model import term
from straightwire.model.term import Truth
from straightwire.proofs import solvers
from straightwire.proofs.obligation import Goal, Mutant, Obligation, Verdict, concrete

DEFAULT_BUDGET = 20_000_000
"""Resource units for one query of an obligation that the manifest does not know yet; no query gets more."""


@dataclass(frozen=True)
class Counterexample:
    """A concrete situation, already run again as plain Python: which goal fails in it."""

    goal: str
    symbols: Any


@dataclass(frozen=True)
class Result:
    """The verdict on one obligation, with what it cost.

    ``general`` counts the goals that hold whatever operations on payloads do. ``units`` are z3 resource units of the
    proof itself, ``all_units`` with witness and mutants; ``seconds`` is CPU time of z3. ``second`` maps another solver
    to its answer.
    """

    id: str
    verdict: Verdict
    detail: str = ""
    goals: int = 0
    general: int = 0
    terms: int = 0
    units: int = 0
    all_units: int = 0
    seconds: float = 0.0
    second: dict[str, str] = field(default_factory=dict)
    witness: Any = None
    counterexample: Counterexample | None = None
    mutants: tuple[str, ...] = ()


SEARCH_BUDGET = 20_000_000
"""Resource units for each query that looks for a witness or a counterexample."""

AT_ONCE_BUDGET = 10_000
"""Resource units for a goal as a whole, before it is taken to pieces."""

GENERAL_BUDGET = 150_000
"""Resource units for a general query; where they are not enough, the exact one is asked."""


class _Asking:
    """z3 at work on one part of an obligation: what is spent on it, in resource units and CPU seconds."""

    def __init__(self, z3: solvers.Z3) -> None:
        self._z3 = z3
        self.units = 0
        self.seconds = 0.0

    def ask(self, assertions: Sequence[Truth], budget: int) -> solvers.Answer:
        answer = self._z3.ask(assertions, budget)
        self.units += answer.units
        self.seconds += answer.seconds
        return answer


class _NotGreen(Exception):
    def __init__(self, verdict: Verdict, detail: str, counterexample: Counterexample | None = None) -> None:
        super().__init__(detail)
        self.verdict, self.detail, self.counterexample = verdict, detail, counterexample


def _stop(verdict: Verdict, detail: str, counterexample: Counterexample | None = None) -> NoReturn:
    """End an obligation with a verdict that is not green."""
    raise _NotGreen(verdict, detail, counterexample)


def _rerun(obligation: Obligation[Any], given: Sequence[Goal], show: Sequence[Goal]) -> str | None:
    """The goal that fails on concrete values, None where all hold; raises where the model breaks what is given."""
    for premise in given:
        if premise.formula is not True:
            raise _NotGreen(
                Verdict.ERROR, f"a solver's model does not run: {premise.name} is {premise.formula} in {obligation.id}"
            )
    for goal in show:
        if goal.formula is False:
            return goal.name
        if goal.formula is not True:
            raise _NotGreen(Verdict.ERROR, f"{goal.name} is no truth value on concrete input")
    return None


@dataclass(frozen=True)
class _Query:
    """What was asked of a goal: premises and the denied claim, and whether operations on payloads were general."""

    goal: str
    parts: tuple[Truth, ...]
    general: bool


def _decide(
    goal: Goal, premises: Sequence[Truth], generaliser: solvers.Generaliser, z3: _Asking, budget: int
) -> _Query | str:
    """The query that shows a goal, or in words why none does.

    The general query is far cheaper and shows more, so it is tried first; where it does not do, the exact one
    decides.
    """
    exact = (*(premise for premise in premises if premise is not True), term.no(_claim(goal)))
    attempts = [(exact, budget)]
    if not goal.exact:
        attempts.insert(0, (tuple(generaliser.of(part) for part in exact), min(budget, GENERAL_BUDGET)))
    for parts, limit in attempts:
        *assumed, denied = parts
        result = _can_fail(term.no(denied), assumed, z3, limit).result
        if result == "unsat":
            return _Query(goal.name, parts, parts is not exact)
        if result == "unknown" and parts is exact:
            return f"z3 gave up on {goal.name} within {budget:,} resource units"
    return f"{goal.name} does not follow"


def _claim(goal: Goal) -> Any:
    """A goal's formula as a term."""
    return term.z3().BoolVal(False) if goal.formula is False else goal.formula


def _can_fail(claim: Any, premises: Sequence[Truth], z3: _Asking, budget: int) -> solvers.Answer:
    """Whether a claim can fail, at once where that is cheap, else piece by piece: the answer that decides."""
    if solvers.is_flat(claim):
        answer = z3.ask([*premises, term.no(claim)], min(budget, AT_ONCE_BUDGET))
        if answer.result != "unknown":
            return answer
    for piece in solvers.pieces(claim):
        answer = z3.ask([*premises, term.no(piece)], budget)
        if answer.result != "unsat":
            break
    return answer


def _refute(
    obligation: Obligation[Any], mutant: Mutant[Any] | None, symbols: Any, z3: _Asking, budget: int
) -> Counterexample | None:
    """Look for a situation in which some goal fails; None where there is none.

    What is expected to fail is looked for among small inputs first.
    """
    given_of = (mutant and mutant.given) or obligation.given
    show_of = (mutant and mutant.show) or obligation.show
    premises = [goal.formula for goal in given_of(symbols)]
    small_of = (mutant and mutant.small) or obligation.small
    small = [small_of(symbols)] if small_of else []
    for assumed in ([*premises, *small], premises) if small else (premises,):
        for goal in show_of(symbols):
            found = _fails(goal, assumed, symbols, z3, budget)
            if found is not None:
                failing = _rerun(obligation, given_of(found), show_of(found))
                if failing is None:
                    raise _NotGreen(Verdict.ERROR, f"a counterexample to {goal.name} does not run")
                return Counterexample(failing, found)
    return None


def _fails(goal: Goal, assumed: Sequence[Truth], symbols: Any, z3: _Asking, budget: int) -> Any:
    """Concrete symbols under which one goal fails, None where it follows."""
    if goal.formula is True:
        return None
    answer = _can_fail(_claim(goal), assumed, z3, budget)
    if answer.result == "unknown":
        raise _NotGreen(Verdict.UNKNOWN, f"z3 gave up on {goal.name} after {answer.units} units")
    return concrete(symbols, answer.value_of) if answer.value_of else None


def _give_reason(obligation: Obligation[Any], symbols: Any, why: str, z3: _Asking, budget: int) -> NoReturn:
    """A goal is not shown: refuted where there is a counterexample, else unknown."""
    try:
        refuted = _refute(obligation, None, symbols, z3, budget)
    except _NotGreen as end:
        _stop(end.verdict, why if end.verdict is Verdict.UNKNOWN else end.detail)
    if refuted is None:
        _stop(Verdict.UNKNOWN, why)
    _stop(Verdict.REFUTED, f"{refuted.goal} does not hold", refuted)


def _find_witness(obligation: Obligation[Any], symbols: Any, z3: _Asking, budget: int) -> Any:
    situation: list[Truth] = [*(goal.formula for goal in obligation.given(symbols)), obligation.witness(symbols)]
    small = [obligation.small(symbols)] if obligation.small else []
    answer = z3.ask([*situation, *small], budget)
    if small and answer.result != "sat":
        answer = z3.ask(situation, budget)
    if answer.result == "unknown":
        raise _NotGreen(Verdict.UNKNOWN, "z3 gave up looking for a witness")
    if answer.value_of is None:
        raise _NotGreen(Verdict.ERROR, "vacuous: no situation satisfies what is given")
    found = concrete(symbols, answer.value_of)
    failing = _rerun(obligation, obligation.given(found), obligation.show(found))
    if failing or obligation.witness(found) is not True:
        raise _NotGreen(Verdict.ERROR, f"the witness does not run: {failing or 'not in the situation asked for'}")
    return found


def prove(
    obligation: Obligation[Any],
    budget: int = DEFAULT_BUDGET,
    cross_check: Sequence[str] = (),
    smt_lib: Path | None = None,
) -> Result:
    """Decide one obligation.

    ``budget`` is in z3 resource units per query, at most ``DEFAULT_BUDGET``; ``cross_check`` names the other solvers
    to ask, ``smt_lib`` is a directory that every query is written to.
    """
    budget = min(budget, DEFAULT_BUDGET)
    z3 = solvers.Z3()
    proof, extra = _Asking(z3), _Asking(z3)
    generaliser = solvers.Generaliser()
    second: dict[str, str] = {}
    goals: Sequence[Goal] = ()
    asked: list[_Query] = []
    terms, witness = 0, None
    try:
        symbols = obligation.symbols()
        goals = obligation.show(symbols)
        premises = [goal.formula for goal in obligation.given(symbols)]
        for goal in goals:
            if goal.formula is True:  # holds as soon as it is built
                continue
            query = _decide(goal, premises, generaliser, proof, budget)
            if isinstance(query, str):
                _give_reason(obligation, symbols, query, extra, budget)
            asked.append(query)
        terms = solvers.count_terms([part for query in asked for part in query.parts])
        texts = [_text(obligation, query) for query in asked] if cross_check or smt_lib else []
        if smt_lib:
            _write(smt_lib, obligation, asked, texts)
        for name in cross_check:
            answers = [solvers.second_opinion(name, text) for text in texts]
            second[name] = _summed_up(answers)
            if second[name] == "sat":
                goal_name = asked[answers.index("sat")].goal
                _stop(Verdict.ERROR, f"the solvers disagree: z3 says unsat, {name} says sat of {goal_name}")
        witness = _find_witness(obligation, symbols, extra, SEARCH_BUDGET)
        if not obligation.mutants:
            _stop(Verdict.ERROR, "no mutant: nothing shows that this claim can fail")
        for mutant in obligation.mutants:
            if _refute(obligation, mutant, symbols, extra, SEARCH_BUDGET) is None:
                _stop(Verdict.ERROR, f"the mutant '{mutant.name}' is not refuted")
        verdict, detail, counterexample = Verdict.PROVED, "", None
    except _NotGreen as end:
        verdict, detail, counterexample = end.verdict, end.detail, end.counterexample
    except Exception as failure:  # noqa: BLE001  (an obligation that cannot be built is red, and the others still run)
        where = traceback.extract_tb(failure.__traceback__)[-1]
        verdict, counterexample = Verdict.ERROR, None
        detail = f"{type(failure).__name__}: {failure} ({where.name}, line {where.lineno})"
    return Result(
        obligation.id,
        verdict,
        detail,
        len(goals),
        sum(1 for query in asked if query.general),
        terms,
        proof.units,
        proof.units + extra.units,
        proof.seconds + extra.seconds,
        second,
        witness,
        counterexample,
        tuple(mutant.name for mutant in obligation.mutants),
    )


def _text(obligation: Obligation[Any], query: _Query) -> str:
    form = "operations on payloads are uninterpreted" if query.general else "exact"
    return solvers.smt_lib(query.parts, f"{obligation.id}: {query.goal} ({form}); unsat means proved")


def _write(directory: Path, obligation: Obligation[Any], asked: Sequence[_Query], texts: Sequence[str]) -> None:
    folder = directory / obligation.id
    folder.mkdir(parents=True, exist_ok=True)
    for number, (query, text) in enumerate(zip(asked, texts, strict=True), 1):
        name = re.sub(r"[^A-Za-z0-9]+", "-", query.goal).strip("-")
        (folder / f"{number:02}-{name}.smt2").write_text(text)


def _summed_up(answers: Sequence[str]) -> str:
    """One word for a solver's answers; with nothing to ask there is no second opinion."""
    for word in ("sat", "unknown"):
        if word in answers:
            return word
    return "unsat" if answers else "nothing to ask"
