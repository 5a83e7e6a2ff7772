# SPDX-License-Identifier: Apache-2.0
"""Every gate of the prover, seen red: nothing false, empty, unfinished or disputed counts as proved."""

from __future__ import annotations

from typing import Any

import pytest
from support.small_obligation import FREE, One, below_16, below_20, small_obligation

from straightwire.model import term
from straightwire.model.term import below, bits_of, both, implies, no, same
from straightwire.proofs import solvers
from straightwire.proofs.obligation import Goal, Mutant, Verdict
from straightwire.proofs.prover import prove
from straightwire.proofs.run import Settings, prove_all

SEMIPRIME = 4_294_967_291 * 4_294_967_279


def test_the_small_theorem_is_proved() -> None:
    result = prove(small_obligation())
    assert (result.verdict, result.detail, result.witness, result.mutants) == ("proved", "", One(3), ("any x",))


def test_a_false_theorem_is_refuted_with_a_counterexample_that_runs() -> None:
    result = prove(small_obligation(show=lambda it: [*below_20(it), Goal("x is below 8", below(it.x, 8))]))
    assert (result.verdict, result.detail) == (Verdict.REFUTED, "x is below 8 does not hold")
    assert result.counterexample is not None
    assert result.counterexample.goal == "x is below 8"
    assert result.counterexample.symbols.x in range(8, 16)


def test_a_goal_that_is_plainly_false_is_refuted() -> None:
    result = prove(small_obligation(show=lambda _: [Goal("no", False)]))
    assert (result.verdict, result.detail) == (Verdict.REFUTED, "no does not hold")


def test_a_theorem_about_nothing_is_vacuous() -> None:
    result = prove(small_obligation(given=lambda it: [*below_16(it), Goal("above", below(20, it.x))]))
    assert (result.verdict, result.detail) == (Verdict.ERROR, "vacuous: no situation satisfies what is given")


def test_a_witness_outside_of_what_is_given_is_vacuous() -> None:
    result = prove(small_obligation(witness=lambda it: same(it.x, 17)))
    assert (result.verdict, result.detail) == (Verdict.ERROR, "vacuous: no situation satisfies what is given")


def test_a_theorem_beyond_its_budget_is_unknown() -> None:
    def show(it: One) -> list[Goal]:
        z3 = term.z3()
        one, other = (z3.ZeroExt(32, bits_of(it.x, low, 32)) for low in (0, 32))
        return [Goal("no factors", implies(both(below(1, one), below(1, other)), no(same(one * other, SEMIPRIME))))]

    result = prove(small_obligation(given=lambda _: [], show=show, bits=64), 2_000)
    assert (result.verdict, result.detail) == (
        Verdict.UNKNOWN,
        "z3 gave up on no factors within 2,000 resource units",
    )


def test_a_mutant_that_survives_is_an_error() -> None:
    harmless: Mutant[One] = Mutant("below 10", given=lambda it: [Goal("x is below 10", below(it.x, 10))])
    result = prove(small_obligation(mutants=(FREE, harmless)))
    assert (result.verdict, result.detail) == (Verdict.ERROR, "the mutant 'below 10' is not refuted")


def test_a_claim_without_a_mutant_is_an_error() -> None:
    result = prove(small_obligation(mutants=()))
    assert (result.verdict, result.detail) == (
        Verdict.ERROR,
        "no mutant: nothing shows that this claim can fail",
    )


@pytest.mark.parametrize("quantifier", ["forall", "exists"])
@pytest.mark.parametrize("place", ["show", "exact", "given"])
def test_a_quantifier_is_an_error_that_names_it(quantifier: str, place: str) -> None:
    def bound(it: One) -> Any:
        z3 = term.z3()
        y = z3.BitVec("y", 8)
        quantified = z3.ForAll if quantifier == "forall" else z3.Exists
        return z3.Or(quantified([y], z3.ULE(y, y | it.x)), z3.ULE(it.x, 100))

    obligation = small_obligation(show=lambda it: [Goal("for every y", bound(it), exact=place == "exact")])
    if place == "given":
        obligation = small_obligation(given=lambda it: [*below_16(it), Goal("for every y", bound(it))])
    result = prove(obligation)
    assert result.verdict is Verdict.ERROR
    assert quantifier in result.detail


def test_solvers_that_disagree_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solvers, "second_opinion", lambda name, _: "sat" if name == "cvc5" else "unsat")
    result = prove(small_obligation(), cross_check=("bitwuzla", "cvc5"))
    assert (result.verdict, result.detail) == (
        Verdict.ERROR,
        "the solvers disagree: z3 says unsat, cvc5 says sat of x is below 20",
    )


def test_an_unknown_second_opinion_is_shown_and_does_not_hide_the_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solvers, "second_opinion", lambda name, _: "unknown" if name == "cvc5" else "unsat")
    result = prove(small_obligation(), cross_check=("bitwuzla", "cvc5"))
    assert (result.verdict, result.second) == (Verdict.PROVED, {"bitwuzla": "unsat", "cvc5": "unknown"})


def test_an_obligation_that_raises_is_an_error_and_the_others_still_run() -> None:
    def broken(_: One) -> list[Goal]:
        raise ValueError("nobody home")

    chosen = [small_obligation(show=broken, name="T-BROKEN"), small_obligation()]
    results = list(prove_all(chosen, {}, Settings()))
    assert [(each.id, each.verdict) for each in results] == [("T-BROKEN", "error"), ("T-SMALL", "proved")]
    assert results[0].detail.startswith("ValueError: nobody home (broken, line ")


def test_a_counterexample_that_does_not_run_is_an_error() -> None:
    def show(it: One) -> list[Goal]:
        return [Goal("x is below 8", isinstance(it.x, int) or below(it.x, 8))]

    result = prove(small_obligation(show=show))
    assert result.verdict is Verdict.ERROR
    assert result.detail.startswith("a counterexample")
    assert result.detail.endswith("does not run")


def test_a_model_that_breaks_what_is_given_is_an_error() -> None:
    def given(it: One) -> list[Goal]:
        return [Goal("x is below 16", not isinstance(it.x, int) and below(it.x, 16))]

    result = prove(small_obligation(given=given))
    assert (result.verdict, result.detail) == (
        Verdict.ERROR,
        "a solver's model does not run: x is below 16 is False in T-SMALL",
    )


def test_a_goal_that_is_no_truth_value_on_numbers_is_an_error() -> None:
    def show(it: One) -> list[Goal]:
        return [Goal("x is below 20", below(term.constant(it.x, 8), 20))]

    result = prove(small_obligation(show=show))
    assert (result.verdict, result.detail) == (Verdict.ERROR, "x is below 20 is no truth value on concrete input")


def test_a_witness_that_does_not_run_is_an_error() -> None:
    result = prove(small_obligation(witness=lambda it: same(it.x, 4 if isinstance(it.x, int) else 3)))
    assert (result.verdict, result.detail) == (
        Verdict.ERROR,
        "the witness does not run: not in the situation asked for",
    )
