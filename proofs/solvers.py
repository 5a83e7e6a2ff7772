# SPDX-License-Identifier: Apache-2.0
"""The solvers: z3 decides within a budget of resource units, bitwuzla and cvc5 are asked for a second opinion."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from straightwire.model import term
from straightwire.model.term import Truth

SECOND_OPINIONS = ("bitwuzla", "cvc5")
PACKAGES = {"z3": "z3-solver", "bitwuzla": "bitwuzla", "cvc5": "cvc5"}
SECOND_OPINION_MS = 20_000
"""How long a second solver may think about one query before its answer is unknown."""


class MissingSolver(Exception):
    """A solver that was asked for is not installed."""


def require(names: Sequence[str]) -> None:
    """Raise ``MissingSolver``, naming the package, where a solver cannot be imported."""
    for name in names:
        if importlib.util.find_spec(name) is None:
            raise MissingSolver(f"solver {name} is not installed: pip install {PACKAGES[name]}")


def version(name: str) -> str:
    """The installed version of a solver."""
    return importlib.metadata.version(PACKAGES[name])


@dataclass(frozen=True)
class Answer:
    """z3's answer to one query: ``unsat``, ``sat`` or ``unknown``, CPU time of the check, and how to read its model."""

    result: str
    units: int
    seconds: float
    value_of: Callable[[Any], int | bool] | None = None


def pieces(formula: Any) -> Iterator[Any]:
    """Split a goal into what has to hold one by one: ``a -> (b & c)`` into ``a -> b`` and ``a -> c``.

    A premise that denies a conjunction is split by the part that fails. Each piece alone is far easier: its
    premises stand at the top, where the preprocessor sees them.
    """
    z3 = term.z3()
    if z3.is_and(formula):
        for part in formula.children():
            yield from pieces(part)
    elif z3.is_implies(formula):
        premise, conclusion = formula.children()
        for part in pieces(conclusion):
            for case in _cases(premise):
                yield z3.Implies(case, part)
    else:
        yield formula


def is_flat(claim: Any) -> bool:
    """Whether a goal is atoms under premises: then it may be asked at once."""
    z3 = term.z3()
    while z3.is_implies(claim):
        claim = claim.arg(1)
    return not any(z3.is_implies(part) or z3.is_or(part) for part in _conjuncts(claim))


def _cases(premise: Any) -> Iterator[Any]:
    z3 = term.z3()
    parts = list(_conjuncts(premise))
    for part in parts:
        if z3.is_not(part) and z3.is_and(part.arg(0)):
            rest = [other for other in parts if other is not part]
            for denied in _conjuncts(part.arg(0)):
                yield z3.And(*rest, term.no(denied))
            return
    yield premise


def _conjuncts(formula: Any) -> Iterator[Any]:
    if term.z3().is_and(formula):
        for part in formula.children():
            yield from _conjuncts(part)
    else:
        yield formula


LOGIC = "QF_UFBV"
"""Quantifier-free bit-vectors with uninterpreted functions; z3's strategy for it is much the fastest here."""

WIDE = 256
"""From this many bits on a word is a payload, and operations on it are expensive to decide."""


class Generaliser:
    """Formulas with shifts and masks of wide words as uninterpreted functions; all else stays.

    What follows whatever such an operation does follows all the more from what it does, so a proof of the
    general formula is one of the given one; a model of it means nothing.
    """

    def __init__(self) -> None:
        z3 = term.z3()
        self._general = (z3.Z3_OP_BSHL, z3.Z3_OP_BLSHR, z3.Z3_OP_BAND, z3.Z3_OP_BOR, z3.Z3_OP_BNOT)
        self._done: dict[int, Any] = {}
        self._alive: list[Truth] = []  # nodes are known by id, so they must outlive the table

    def of(self, formula: Truth) -> Truth:
        """One formula; what it shares with earlier ones is not built again."""
        if isinstance(formula, bool):
            return formula
        self._alive.append(formula)
        general: Truth = self._rebuilt(formula)
        return general

    def _rebuilt(self, node: Any) -> Any:
        known = self._done.get(node.get_id())
        if known is not None:
            return known
        require_application(node)
        children = [self._rebuilt(child) for child in node.children()]
        declaration = node.decl()
        if not children:
            result = node
        elif declaration.kind() in self._general and node.size() >= WIDE:
            name = f"{declaration.name()}{node.size()}x{len(children)}"
            result = term.function(name, *(child.sort() for child in children), node.sort())(*children)
        else:
            result = declaration(*children)
        self._done[node.get_id()] = result
        return result


class Z3:
    """z3, and the resource units it has spent so far."""

    def __init__(self) -> None:
        self._spent = _spent(term.z3().Solver())

    def ask(self, assertions: Sequence[Truth], budget: int) -> Answer:
        """Whether the assertions can hold together, within ``budget`` resource units."""
        if any(part is False for part in assertions):
            return Answer("unsat", 0, 0.0)
        solver = term.z3().SolverFor(LOGIC)
        solver.set("rlimit", budget)
        solver.set("random_seed", 0)
        for part in assertions:
            if part is not True:
                solver.add(part)
        started = time.process_time()
        result = str(solver.check())
        seconds = time.process_time() - started
        before, self._spent = self._spent, _spent(solver)
        value_of = _reader(solver.model()) if result == "sat" else None
        return Answer(result, self._spent - before, seconds, value_of)


def _spent(solver: Any) -> int:
    """The context's count of resource units, which only grows."""
    statistics = solver.statistics()
    return int(statistics.get_key_value("rlimit count")) if "rlimit count" in statistics.keys() else 0  # noqa: SIM118


def _reader(model: Any) -> Callable[[Any], int | bool]:
    z3 = term.z3()

    def value_of(leaf: Any) -> int | bool:
        value = model.eval(leaf, model_completion=True)
        if z3.is_bv_value(value):
            return int(value.as_long())
        return bool(z3.is_true(value))

    return value_of


def smt_lib(assertions: Sequence[Truth], title: str) -> str:
    """One query in SMT-LIB 2; unsat means that the claim holds. Raises ``Quantified``."""
    z3 = term.z3()
    solver = z3.Solver()
    for part in assertions:
        solver.add(part)
    text = str(solver.to_smt2())
    quantifier = re.search(r"\((forall|exists|lambda|choice)\b", text)
    if quantifier:
        raise Quantified(f"{quantifier[1]} in an obligation that must have no quantifier")
    body = text[text.index("(set-info") :] if text.startswith(";") else text
    return f"; {title}\n(set-logic {LOGIC})\n{body}"


class Quantified(Exception):
    """A formula has a quantifier, or binds a variable otherwise."""


def require_application(node: Any) -> None:
    """Raise ``Quantified``, naming the binder, where a term is no plain application."""
    if not term.z3().is_app(node):
        binder = node.sexpr().split()[0].removeprefix("(")
        raise Quantified(f"{binder} in an obligation that must have no quantifier")


def count_terms(assertions: Sequence[Truth]) -> int:
    """Distinct subterms of some formulas. Raises ``Quantified`` where one is no plain application."""
    seen: set[int] = set()
    todo = [part for part in assertions if not isinstance(part, bool)]
    while todo:
        node: Any = todo.pop()
        if node.get_id() not in seen:
            require_application(node)
            seen.add(node.get_id())
            todo.extend(node.children())
    return len(seen)


def second_opinion(name: str, text: str) -> str:
    """What another solver says of an SMT-LIB text: ``unsat``, ``sat`` or ``unknown``."""
    return _ask_bitwuzla(text) if name == "bitwuzla" else _ask_cvc5(text)


def _ask_bitwuzla(text: str) -> str:
    import bitwuzla

    options = bitwuzla.Options()
    options.set(bitwuzla.Option.TIME_LIMIT_PER, SECOND_OPINION_MS)
    parser = bitwuzla.Parser(bitwuzla.TermManager(), options)
    parser.parse(text.replace("(check-sat)", ""), True, False)
    return str(parser.bitwuzla().check_sat())


def _ask_cvc5(text: str) -> str:
    import cvc5

    solver = cvc5.Solver(cvc5.TermManager())
    solver.setOption("tlimit-per", str(SECOND_OPINION_MS))
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text.replace("(check-sat)", ""), "obligation")
    symbols = parser.getSymbolManager()
    while not (command := parser.nextCommand()).isNull():
        command.invoke(solver, symbols)
    return str(solver.checkSat())
