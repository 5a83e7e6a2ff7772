# SPDX-License-Identifier: Apache-2.0
"""T-NEED: no clause of the core follows from the others.

For each clause a mediator that keeps all the other clauses (proved), and a trace on a concrete device
in which a guest sees something else than through the device's own BAR (executed in every run).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from straightwire.model.clauses import CORE, Clause
from straightwire.model.commands import Qualifier, Status
from straightwire.model.mediators import MEDIATORS
from straightwire.model.own_bar import OwnBar
from straightwire.model.pci import COMMAND, COMMAND_IO, REVISION_ID
from straightwire.model.registers import (
    GUEST_FEATURES,
    HOST_FEATURES,
    ISR,
    NET,
    QUEUE_NOTIFY,
    STATUS,
    Field,
)
from straightwire.model.system import TellTale, looked_at, opened, prefilled, run, shown_buffer
from straightwire.model.term import Truth, no
from straightwire.model.vocabulary import Access, Event, EventKind, Own
from straightwire.proofs.obligation import Goal, Obligation
from straightwire.proofs.theorems.situations import (
    Situation,
    given_valid,
    incident_of,
    keeps,
    mistaken,
    others,
    situation,
    small,
    some_step,
)

MEMBER = Own(2, NET.virtio_id, NET.config_len)
"""The member of all traces here: number 2, so that naming member 1 shows."""

DECODE_ON = Access(True, True, COMMAND, 2, COMMAND_IO)


def _read(register: Field) -> Access:
    return Access(False, False, register.offset, register.size, 0)


def _write(register: Field, value: int) -> Access:
    return Access(False, True, register.offset, register.size, value)


@dataclass(frozen=True)
class Telling:
    """A trace that tells a mediator from the device's own BAR: the device, what happens, and how it is shown.

    ``filled``: the caller fills the buffer with ones first and shows it, else it looks at the result.
    """

    device: TellTale
    happenings: tuple[Access | Event, ...]
    filled: bool = False


TELLING: dict[str, Telling] = {
    "C-ONCE": Telling(TellTale(status=Status.EAGAIN), (_write(STATUS, 1), Access(True, False, REVISION_ID + 4, 1, 0))),
    "C-ROUTE": Telling(TellTale(), (Event(EventKind.MSIX, True), Access(False, False, 20, 2, 0))),
    "C-WRITE": Telling(TellTale(), (_write(GUEST_FEATURES, 0x20), _read(STATUS))),
    "C-READ": Telling(TellTale(), (_read(ISR),)),
    "C-MEMBER": Telling(TellTale(), (_write(STATUS, 1), _read(STATUS))),
    "C-REPLY": Telling(TellTale(), (_read(STATUS), _read(HOST_FEATURES))),
    "C-STATUS": Telling(TellTale(qualifier=Qualifier.TRYAGAIN), (_read(STATUS),)),
    "C-REFUSE": Telling(TellTale(), (Access(False, False, 64, 4, 0),)),
    "C-RESIDUE": Telling(TellTale(status=Status.EBUSY), (_read(STATUS),), filled=True),
    "C-FRAME": Telling(TellTale(), (_write(STATUS, 0), _read(STATUS))),
    "C-CONFIG": Telling(TellTale(), (Access(True, False, REVISION_ID, 1, 0),)),
    "C-INIT": Telling(TellTale(), (Event(EventKind.TICK, False), _read(ISR))),
    "C-ORDER": Telling(TellTale(), (_write(QUEUE_NOTIFY, 0), _read(ISR))),
}
"""For each clause of the core, a trace of at most a handful of accesses."""


@dataclass(frozen=True)
class Told:
    """What a guest saw at each event of a telling trace, and the clauses the mediator broke in it."""

    happenings: tuple[Access | Event, ...]
    expected: tuple[bytes | None, ...]
    got: tuple[bytes | None, ...]
    broken: frozenset[str]


def told(clause_id: str) -> Told:
    """Run a telling trace through the mediator and through the device's own BAR."""
    telling = TELLING[clause_id]
    happenings = tuple(
        prefilled(item) if isinstance(item, Access) and telling.filled else item
        for item in (DECODE_ON, *telling.happenings)
    )
    show: Callable[..., bytes | None] = shown_buffer if telling.filled else looked_at
    views = []
    broken: set[str] = set()
    for interposer in (OwnBar(), MEDIATORS[clause_id]):
        seen = run(interposer, replace(telling.device).run, opened(MEMBER), happenings)
        views.append(
            tuple(
                show(each.happening, each.outcome) if isinstance(each.happening, Access) and each.outcome else None
                for each in seen
            )
        )
        broken = {clause for each in seen for clause in each.broken}
    return Told(happenings, views[0], views[1], frozenset(broken))


def _breaks(clause: Clause, this: Situation) -> list[Goal]:
    """Executed, not solved: the guest sees a difference, and only this clause is broken in the trace."""
    result = told(clause.id)
    return [
        Goal("the guest sees something else", result.expected != result.got),
        Goal(f"nothing but {clause.id} is broken", result.broken == {clause.id}),
    ]


def _next(clause: Clause) -> Clause:
    return CORE[(CORE.index(clause) + 1) % len(CORE)]


def _obligation(clause: Clause) -> Obligation[Situation]:
    mediator = MEDIATORS[clause.id]
    rest = others(clause)

    def witness(this: Situation) -> Truth:
        broken_event = no(clause.of_event(incident_of(mediator, this)))
        return some_step(mediator, this, lambda step: no(clause.of_step(step)), broken_event)

    return Obligation(
        id=f"T-NEED/{clause.id}",
        proves=("T-NEED",),
        says=f"a mediator that {mediator.does} keeps every clause but {clause.id}, for all inputs; and a guest "
        "can tell",
        symbols=situation,
        given=given_valid,
        show=lambda this: [*keeps(mediator, rest, this), *_breaks(clause, this)],
        witness=witness,
        mutants=(mistaken(_next(clause)),),
        small=small,
        not_proved="That this is the only way to break the clause.",
    )


OBLIGATIONS = tuple(_obligation(clause) for clause in CORE)
