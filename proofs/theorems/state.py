# SPDX-License-Identifier: Apache-2.0
"""C-STATE: hidden state never reaches an operation or an outcome. In the sequential model it follows from the core."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from straightwire.model.clauses import CORE, Clause, Step, TwoRuns, no_hidden_decisions
from straightwire.model.interposer import AnyInterposer, symbolic_access, symbolic_reply, symbolic_transport
from straightwire.model.route import due, valid_config_len
from straightwire.model.term import both, same
from straightwire.proofs.obligation import Goal, Mutant, Obligation
from straightwire.proofs.theorems.situations import CASES, by_endings, slug

if TYPE_CHECKING:
    from collections.abc import Sequence

    from straightwire.model.term import Truth


def _two_runs(config: bool, write: bool) -> TwoRuns:
    transport, reply = symbolic_transport(), symbolic_reply()
    access = replace(symbolic_access(), config=config, write=write)
    one, other = (
        Step(transport, access, run.begin(transport, access), reply, run.end(transport, access, reply))
        for run in (AnyInterposer("one"), AnyInterposer("other"))
    )
    return TwoRuns(one, other)


def _given(clauses: Sequence[Clause], runs: TwoRuns) -> list[Goal]:
    return [
        Goal("device_config_len is at most 232", valid_config_len(runs.one.transport)),
        *(Goal(f"{clause.id} in one run", clause.of_step(runs.one)) for clause in clauses),
        *(Goal(f"{clause.id} in the other run", clause.of_step(runs.other)) for clause in clauses),
    ]


def _show(runs: TwoRuns) -> list[Goal]:
    return by_endings(runs.one, runs.one.reply, ("equal operations and outcomes", no_hidden_decisions(runs)))


def _without(left_out: str) -> Mutant[TwoRuns]:
    rest = [clause for clause in CORE if clause.id != left_out]
    return Mutant(f"without {left_out}", given=lambda runs: _given(rest, runs))


def _small(runs: TwoRuns) -> Truth:
    return both(same(runs.one.access.length, 1), same(runs.one.transport.own.member, 2))


_LEFT_OUT = {
    "read of the BAR": ("C-ROUTE", "C-REPLY", "C-RESIDUE"),
    "write of the BAR": ("C-WRITE", "C-MEMBER", "C-STATUS"),
    "read of configuration space": ("C-CONFIG",),
    "write of configuration space": ("C-CONFIG", "C-REFUSE"),
}


def _obligation(name: str, config: bool, write: bool) -> Obligation[TwoRuns]:
    return Obligation(
        id=f"C-STATE/{slug(name)}",
        proves=("C-STATE",),
        says=f"two runs of any interposer that keeps the core, which differ in hidden state only, do the same with a "
        f"{name}: C-STATE is derivable, so it is no axiom",
        symbols=lambda: _two_runs(config, write),
        given=lambda runs: _given(CORE, runs),
        show=_show,
        witness=lambda runs: due(runs.one.transport, runs.one.access),
        mutants=tuple(_without(clause) for clause in _LEFT_OUT[name]),
        small=_small,
        not_proved="Timing: how long an interposer takes is no part of an outcome.",
    )


OBLIGATIONS = tuple(_obligation(*case) for case in CASES)
