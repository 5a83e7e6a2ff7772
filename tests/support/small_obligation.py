# SPDX-License-Identifier: Apache-2.0
"""A theorem as small as can be, to plant faults in: a number below 16 is below 20."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from straightwire.model.term import Word, below, same, word
from straightwire.proofs.obligation import Goal, Mutant, Obligation


@dataclass(frozen=True)
class One:
    """One byte."""

    x: Word


def below_16(it: One) -> list[Goal]:
    return [Goal("x is below 16", below(it.x, 16))]


def below_20(it: One) -> list[Goal]:
    return [Goal("x is below 20", below(it.x, 20))]


FREE: Mutant[One] = Mutant("any x", given=lambda _: [])


def small_obligation(
    *,
    given: Callable[[One], Sequence[Goal]] = below_16,
    show: Callable[[One], Sequence[Goal]] = below_20,
    witness: Callable[[One], Any] = lambda it: same(it.x, 3),
    mutants: tuple[Mutant[One], ...] = (FREE,),
    name: str = "T-SMALL",
    bits: int = 8,
) -> Obligation[One]:
    """The obligation with some parts replaced."""
    return Obligation(name, ("C-ONCE",), "16 is below 20", lambda: One(word("x", bits)), given, show, witness, mutants)
