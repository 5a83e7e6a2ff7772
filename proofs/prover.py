# SPDX-License-Identifier: Apache-2.0
"""From an obligation to a verdict.

An obligation is proved when every goal follows from what is given, its witness exists and runs, every
mutant is refuted by a counterexample that runs, it stayed within its budget, and no other solver that
was asked says otherwise. Everything else has a name and is not green.
"""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from straightwire.model import term
from straightwire.model.term import Truth
from straightwire.proofs import solvers
from straightwire.proofs.obligation import Goal, Mutant, Obligation, Verdict, concrete

DEFAULT_BUDGET = 20_000_000
"""Resource units for an obligation that the manifest does not know yet."""


@dataclass(frozen=True)
class Counterexample:
    """A concrete situation, already run again as plain Python: which goal fails in it."""

    goal: str
    symbols: Any


@dataclass(frozen=True)
class Result:
    """The verdict on one obligation, with what it cost.

    ``units`` are z3 resource units of the proof itself, ``all_units`` with witness and mutants; ``seconds``
    is CPU time of z3. ``second`` maps another solver to its answer.
    """

    id: str
    verdict: Verdict
    detail: str = ""
    goals: int = 0
    terms: int = 0
    units: int = 0
    all_units: int = 0
    seconds: float = 0.0
    second: dict[str, str] = field(default_factory=dict)
    witness: Any = None
    counterexample: Counterexample | None = None
    mutants: tuple[str, ...] = ()


class _Cost:
    """Resource units and seconds, added up."""

    def __init__(self) -> None:
        self.units = 0
        self.seconds = 0.0

    def add(self, answer: solvers.Answer) -> solvers.Answer:
        self.units += answer.units
        self.seconds += answer.seconds
        return answer


class _NotGreen(Exception):
    def __init__(self, verdict: Verdict, detail: str, counterexample: Counterexample | None = None) -> None:
        super().__init__(detail)
        self.verdict, self.detail, self.counterexample = verdict, detail, counterexample


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


def _follows(obligation: Obligation[Any], symbols: Any, cost: _Cost, budget: int) -> str | None:
    """Decide the general formulas of an obligation: None where all goals follow, else the first that need not."""
    for name, (*premises, negated) in queries(obligation, symbols):
        for piece in solvers.pieces(term.no(negated)):
            answer = cost.add(solvers.ask([*premises, term.no(piece)], budget))
            if answer.result == "unknown":
                raise _NotGreen(Verdict.UNKNOWN, f"z3 gave up on {name} after {answer.units} units")
            if answer.result == "sat":
                return name
    return None


def _refute(
    obligation: Obligation[Any], mutant: Mutant[Any] | None, symbols: Any, cost: _Cost, budget: int
) -> Counterexample | None:
    """Look for a situation in which some goal fails; None where there is none.

    What is expected to fail is looked for among small inputs first.
    """
    given_of = (mutant and mutant.given) or obligation.given
    show_of = (mutant and mutant.show) or obligation.show
    premises = [goal.formula for goal in given_of(symbols)]
    small = [obligation.small(symbols)] if obligation.small else []
    for assumed in ([*premises, *small], premises) if small else (premises,):
        for goal in show_of(symbols):
            found = _fails(goal, assumed, symbols, cost, budget)
            if found is not None:
                failing = _rerun(obligation, given_of(found), show_of(found))
                if failing is None:
                    raise _NotGreen(Verdict.ERROR, f"a counterexample to {goal.name} does not run")
                return Counterexample(failing, found)
    return None


def _fails(goal: Goal, assumed: Sequence[Truth], symbols: Any, cost: _Cost, budget: int) -> Any:
    """Concrete symbols under which one goal fails, None where it follows."""
    if goal.formula is True:
        return None
    formula = term.z3().BoolVal(False) if goal.formula is False else goal.formula
    for piece in solvers.pieces(formula):
        answer = cost.add(solvers.ask([*assumed, term.no(piece)], budget))
        if answer.result == "unknown":
            raise _NotGreen(Verdict.UNKNOWN, f"z3 gave up on {goal.name} after {answer.units} units")
        if answer.result == "sat" and answer.value_of:
            return concrete(symbols, answer.value_of)
    return None


def _find_witness(obligation: Obligation[Any], symbols: Any, cost: _Cost, budget: int) -> Any:
    situation: list[Truth] = [*(goal.formula for goal in obligation.given(symbols)), obligation.witness(symbols)]
    answer = cost.add(solvers.ask(situation, budget))
    if answer.result == "unknown":
        raise _NotGreen(Verdict.UNKNOWN, "z3 gave up looking for a witness")
    if answer.result != "sat" or answer.value_of is None:
        raise _NotGreen(Verdict.ERROR, "vacuous: no situation satisfies what is given")
    found = concrete(symbols, answer.value_of)
    failing = _rerun(obligation, obligation.given(found), obligation.show(found))
    if failing or obligation.witness(found) is not True:
        raise _NotGreen(Verdict.ERROR, f"the witness does not run: {failing or 'not in the situation asked for'}")
    return found


def queries(obligation: Obligation[Any], symbols: Any) -> list[tuple[str, list[Truth]]]:
    """What must be unsatisfiable, goal by goal; goals that hold as soon as they are built need no solver."""
    premises = [goal.formula for goal in obligation.given(symbols) if goal.formula is not True]
    asked = []
    for goal in obligation.show(symbols):
        if goal.formula is True:
            continue
        claim = term.z3().BoolVal(False) if goal.formula is False else goal.formula
        parts = [*premises, term.no(claim)]
        asked.append((goal.name, [solvers.generalised(part) for part in parts] if obligation.general else parts))
    return asked


def prove(obligation: Obligation[Any], budget: int = DEFAULT_BUDGET, cross_check: Sequence[str] = ()) -> Result:
    """Decide one obligation. ``budget`` is in z3 resource units per query; ``cross_check`` names other solvers."""
    cost, extra = _Cost(), _Cost()
    second: dict[str, str] = {}
    goals = terms = 0
    witness = None
    try:
        symbols = obligation.symbols()
        goals = len(obligation.show(symbols))
        asked = queries(obligation, symbols)
        terms = solvers.count_terms([part for _, parts in asked for part in parts])
        texts = [solvers.smt_lib(parts, f"{obligation.id}: {name}") for name, parts in asked]
        need_not = _follows(obligation, symbols, cost, budget)
        if need_not:
            refuted = _refute(obligation, None, symbols, extra, budget)
            if refuted is None:
                raise _NotGreen(Verdict.UNKNOWN, f"{need_not} is not shown, and no counterexample runs")
            raise _NotGreen(Verdict.REFUTED, f"{refuted.goal} does not hold", refuted)
        for name in cross_check:
            answers = {solvers.second_opinion(name, text) for text in texts}
            second[name] = "sat" if "sat" in answers else "unknown" if "unknown" in answers else "unsat"
            if second[name] == "sat":
                raise _NotGreen(Verdict.ERROR, f"z3 says unsat, {name} says sat")
        witness = _find_witness(obligation, symbols, extra, budget)
        for mutant in obligation.mutants:
            if _refute(obligation, mutant, symbols, extra, budget) is None:
                raise _NotGreen(Verdict.ERROR, f"the mutant '{mutant.name}' is not refuted")
        verdict, detail, counterexample = Verdict.PROVED, "", None
    except _NotGreen as end:
        verdict, detail, counterexample = end.verdict, end.detail, end.counterexample
    except Exception as failure:  # an obligation that cannot be built is red, and the others still run
        where = traceback.extract_tb(failure.__traceback__)[-1]
        verdict, counterexample = Verdict.ERROR, None
        detail = f"{type(failure).__name__}: {failure} ({where.name}, line {where.lineno})"
    return Result(
        obligation.id,
        verdict,
        detail,
        goals,
        terms,
        cost.units,
        cost.units + extra.units,
        cost.seconds + extra.seconds,
        second,
        witness,
        counterexample,
        tuple(mutant.name for mutant in obligation.mutants),
    )
