# SPDX-License-Identifier: Apache-2.0
"""What is asked of the solvers means what was claimed: pieces, general forms and SMT-LIB texts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.model_inputs import SAMPLED
from support.small_obligation import below_16, below_20, small_obligation

from straightwire.model import term
from straightwire.model.term import below, word
from straightwire.proofs import solvers
from straightwire.proofs.catalogue import obligations
from straightwire.proofs.obligation import Goal, Verdict
from straightwire.proofs.prover import prove

WIDE = 256


def decided(*assertions: Any) -> str:
    """z3's own answer, without the code under test."""
    solver = term.z3().Solver()
    solver.add(*assertions)
    return str(solver.check())


@cache
def truths() -> tuple[Any, ...]:
    return tuple(term.truth(name) for name in "abcd")


def built(tree: Any) -> Any:
    """A formula of z3 from a nested tuple: an operator and its arguments, or the number of a truth."""
    if isinstance(tree, int):
        return truths()[tree]
    z3 = term.z3()
    operator, *arguments = tree
    parts = [built(part) for part in arguments]
    return {"and": z3.And, "or": z3.Or, "not": z3.Not, "implies": z3.Implies}[operator](*parts)


formulas = st.recursive(
    st.integers(0, 3),
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(("and", "or", "implies")), inner, inner),
        st.tuples(st.just("and"), inner, inner, inner),
        st.tuples(st.just("not"), inner),
    ),
    max_leaves=12,
)


@SAMPLED
@given(formulas)
def test_pieces_together_are_the_formula(tree: Any) -> None:
    z3 = term.z3()
    formula = built(tree)
    assert decided(z3.And(*solvers.pieces(formula)) != formula) == "unsat"


def test_a_conjunction_under_a_premise_comes_in_pieces() -> None:
    z3 = term.z3()
    a, b, c, d = truths()
    formula = z3.Implies(z3.And(a, z3.Not(z3.And(b, c))), z3.And(d, a))
    assert len(list(solvers.pieces(formula))) == 4


@cache
def wide_words() -> tuple[Any, ...]:
    return tuple(term.word(name, WIDE) for name in "xy")


def wide(tree: Any) -> Any:
    """A word of 256 bits from a nested tuple; a number below 2 names a symbol, any other is itself."""
    z3 = term.z3()
    if isinstance(tree, int):
        return wide_words()[tree] if tree < 2 else z3.BitVecVal(tree, WIDE)
    operator, *arguments = tree
    parts = [wide(part) for part in arguments]
    if operator == "not":
        return ~parts[0]
    return {
        "and": lambda p, q: p & q,
        "or": lambda p, q: p | q,
        "shl": lambda p, q: p << q,
        "shr": z3.LShR,
        "add": lambda p, q: p + q,
    }[operator](*parts)


wide_trees = st.recursive(
    st.one_of(st.integers(0, 1), st.sampled_from((8, 255, 256, 2**255, 2**256 - 1))),
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(("and", "or", "shl", "shr", "add")), inner, inner),
        st.tuples(st.just("not"), inner),
    ),
    max_leaves=4,
)


@settings(SAMPLED, max_examples=60)
@given(wide_trees, wide_trees, st.lists(st.tuples(wide_trees, wide_trees), max_size=2), st.booleans())
def test_what_no_general_situation_allows_no_real_one_does(
    left: Any, right: Any, equations: Sequence[tuple[Any, Any]], denied: bool
) -> None:
    z3 = term.z3()
    claim = wide(left) == wide(right)
    parts = [z3.Not(claim) if denied else claim, *(wide(a) == wide(b) for a, b in equations)]
    generaliser = solvers.Generaliser()
    if decided(*(generaliser.of(part) for part in parts)) == "unsat":
        assert decided(*parts) == "unsat"


def test_a_general_form_has_no_operation_on_a_wide_word_left() -> None:
    x, y = wide_words()
    narrow: Any = word("n", 8)
    formula: Any = term.z3().And((~x & y) << 8 == term.z3().LShR(y | x, 16), narrow & 1 == 1)
    text = solvers.Generaliser().of(formula)
    shown = text.sexpr()  # type: ignore[union-attr]
    assert set(re.findall(r"bv[a-z]+\d*x?\d*", shown)) == {
        "bvshl256x2", "bvlshr256x2", "bvand256x2", "bvor256x2", "bvnot256x1", "bvand",
    }  # fmt: skip


def test_a_general_form_can_tell_two_operations_apart() -> None:
    x, y = wide_words()
    generaliser = solvers.Generaliser()
    assert decided(generaliser.of((x & y) != (x | y))) == "sat"
    assert decided(generaliser.of((x & y) != (x & y))) == "unsat"
    assert decided(generaliser.of((x & y) != (y & x))) == "sat"


@pytest.mark.parametrize(
    "name", ["T-RELAY/C-WRITE/rng", "T-SUFFICE/write-bar", "T-BYTES/doorbell", "T-VENDOR/refinement/read-bar"]
)
def test_a_query_written_down_is_unsat_to_all_three_solvers(name: str, tmp_path: Path) -> None:
    obligation = next(each for each in obligations() if each.id == name)
    result = prove(obligation, smt_lib=tmp_path)
    assert result.verdict is Verdict.PROVED
    files = sorted((tmp_path / name).iterdir())
    assert files
    for path in files:
        text = path.read_text()
        assert text.startswith(f"; {name}: ")
        assert "(set-logic QF_UFBV)" in text
        assert not re.search(r"forall|exists|lambda", text.split("\n", 1)[1])
        assert decided(*term.z3().parse_smt2_string(text)) == "unsat"
        assert [solvers.second_opinion(other, text) for other in ("bitwuzla", "cvc5")] == ["unsat", "unsat"]


def test_each_goal_that_is_asked_is_one_file(tmp_path: Path) -> None:
    def show(it: Any) -> list[Goal]:
        return [*below_20(it), Goal("plain", True), Goal("x < 17 (at most)", below(it.x, 17))]

    result = prove(small_obligation(show=show), smt_lib=tmp_path)
    assert (result.verdict, result.goals) == (Verdict.PROVED, 3)
    assert sorted(path.name for path in (tmp_path / "T-SMALL").iterdir()) == [
        "01-x-is-below-20.smt2",
        "02-x-17-at-most.smt2",
    ]


@pytest.mark.parametrize(("limit", "answer"), [(16, "sat"), (20, "unsat")])
def test_all_solvers_give_the_same_answer_to_a_text(limit: int, answer: str) -> None:
    x = word("x", 8)
    text = solvers.smt_lib([below(x, 18), term.no(below(x, limit))], "below")
    assert decided(*term.z3().parse_smt2_string(text)) == answer
    assert [solvers.second_opinion(name, text) for name in ("bitwuzla", "cvc5")] == [answer, answer]


@pytest.mark.parametrize("quantifier", ["forall", "exists"])
def test_a_text_with_a_quantifier_is_not_written(quantifier: str) -> None:
    z3 = term.z3()
    y: Any = word("y", 8)
    bound = (z3.ForAll if quantifier == "forall" else z3.Exists)([y], z3.ULE(y, word("x", 8)))
    for refuse in (lambda: solvers.smt_lib([bound], "bound"), lambda: solvers.count_terms([bound])):
        with pytest.raises(solvers.Quantified, match=quantifier):
            refuse()


def test_a_second_opinion_agrees_on_the_small_theorem() -> None:
    result = prove(small_obligation(given=below_16), cross_check=solvers.SECOND_OPINIONS)
    assert (result.verdict, result.second) == (Verdict.PROVED, {"bitwuzla": "unsat", "cvc5": "unsat"})


def test_a_solver_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    solvers.require(("z3", "bitwuzla", "cvc5"))
    monkeypatch.setitem(solvers.PACKAGES, "missing_solver", "missing-solver")
    with pytest.raises(solvers.MissingSolver, match="pip install missing-solver"):
        solvers.require(("z3", "missing_solver"))
