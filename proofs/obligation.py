# SPDX-License-Identifier: Apache-2.0
"""An obligation: what is claimed, with all its parts in sight.

``given`` and ``show`` are functions of a record of symbols. On terms they build the formula; on the
values of a solver's model they are run again as plain Python, so every witness and every counterexample
is executed before it is believed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum, StrEnum
from typing import Any, Generic, TypeVar

from straightwire.model.term import Truth

S = TypeVar("S")


class Verdict(StrEnum):
    """Only PROVED is green."""

    PROVED = "proved"
    REFUTED = "refuted"
    UNKNOWN = "unknown"
    ERROR = "error"


@dataclass(frozen=True)
class Goal:
    """One formula with a name a reader knows it by. ``exact``: it does not hold whatever masks of payloads do."""

    name: str
    formula: Truth
    exact: bool = False


@dataclass(frozen=True)
class Mutant(Generic[S]):
    """A named change under which the obligation must be refuted; what it leaves out stays as it was."""

    name: str
    given: Callable[[S], Sequence[Goal]] | None = None
    show: Callable[[S], Sequence[Goal]] | None = None
    small: Callable[[S], Truth] | None = None


@dataclass(frozen=True)
class Obligation(Generic[S]):
    """A claim over all inputs.

    ``proves`` are the contract ids it counts for, ``witness`` the situation it must not be vacuous in,
    ``small`` where to look for a readable counterexample first, and ``not_proved`` says where the claim ends.
    """

    id: str
    proves: tuple[str, ...]
    says: str
    symbols: Callable[[], S]
    given: Callable[[S], Sequence[Goal]]
    show: Callable[[S], Sequence[Goal]]
    witness: Callable[[S], Truth]
    mutants: tuple[Mutant[S], ...]
    small: Callable[[S], Truth] | None = None
    not_proved: str = ""


def concrete(symbols: Any, value_of: Callable[[Any], int | bool]) -> Any:
    """The same record with every leaf replaced by its value in a model."""
    if is_dataclass(symbols) and not isinstance(symbols, type):
        return type(symbols)(
            **{field.name: concrete(getattr(symbols, field.name), value_of) for field in fields(symbols)}
        )
    if isinstance(symbols, tuple):
        return tuple(concrete(part, value_of) for part in symbols)
    if symbols is None or isinstance(symbols, int | str | Enum):
        return symbols
    return value_of(symbols)
