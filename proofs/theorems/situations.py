# SPDX-License-Identifier: Apache-2.0
"""Situations that several theorems speak of: one step of one interposer, in every case there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache

from straightwire.model.clauses import CORE, Clause, Incident, Step
from straightwire.model.interposer import (
    Interposer,
    symbolic_access,
    symbolic_event,
    symbolic_reply,
    symbolic_transport,
)
from straightwire.model.mediators import MEDIATORS
from straightwire.model.registers import GUEST_FEATURES, HOST_FEATURES, DeviceType
from straightwire.model.route import decode_rules, due, is_access, route, valid_config_len
from straightwire.model.term import Truth, at_most, both, either, implies, no, same, word
from straightwire.model.vocabulary import Access, Event, EventKind, Own, Reply, Transport
from straightwire.model.wire import settle
from straightwire.proofs.obligation import Goal, Mutant

CASES = (
    ("read of the BAR", False, False),
    ("write of the BAR", False, True),
    ("read of configuration space", True, False),
    ("write of configuration space", True, True),
)
"""The four kinds of access: name, whether it goes to configuration space, whether it is a write."""


@dataclass(frozen=True)
class Situation:
    """Whatever can happen next: a transport state, an access with some reply, another event."""

    transport: Transport
    access: Access
    reply: Reply
    event: Event


@cache
def situation(device: DeviceType | None = None) -> Situation:
    """An arbitrary situation; with a device type, of a member of that type (any member id)."""
    own = Own(word("p.member", 64), device.virtio_id, device.config_len) if device else None
    return Situation(symbolic_transport(own=own), symbolic_access(), symbolic_reply(), symbolic_event())


def given_valid(this: Situation) -> list[Goal]:
    """What open has checked: a device type, and a configuration that the wire's one-byte offset can reach."""
    return [
        Goal("device_config_len is at most 232", valid_config_len(this.transport)),
        Goal("the event is one there is", at_most(this.event.kind, EventKind.CLOSE)),
    ]


def cases(access: Access) -> Iterator[tuple[str, Access]]:
    """The access as each of the four kinds; a concrete access is of one kind only."""
    if isinstance(access.config, bool) and isinstance(access.write, bool):
        for name, config, write in CASES:
            if (config, write) == (access.config, access.write):
                yield name, access
        return
    for name, config, write in CASES:
        yield name, replace(access, config=config, write=write)


# Pure functions of terms that many obligations ask for again.
_KEPT = 512


@lru_cache(_KEPT)
def step_of(interposer: Interposer, this: Situation, access: Access) -> Step:
    """One access through an interposer without hidden state."""
    return Step(
        this.transport,
        access,
        interposer.begin(this.transport, access),
        this.reply,
        interposer.end(this.transport, access, this.reply),
    )


@lru_cache(_KEPT)
def incident_of(interposer: Interposer, this: Situation) -> Incident:
    """One other event through an interposer without hidden state."""
    return Incident(this.transport, this.event, interposer.react(this.transport, this.event))


def keeps(interposer: Interposer, clauses: tuple[Clause, ...], this: Situation) -> list[Goal]:
    """That an interposer keeps some clauses: for each kind of access, and for every other event."""
    goals: list[Goal] = []
    for name, access in cases(this.access):
        step = step_of(interposer, this, access)
        chosen = both(same(this.access.config, access.config), same(this.access.write, access.write))
        goals.extend(
            Goal(f"{clause.id} on a {name}", implies(chosen, clause.of_step(step)), exact=clause.id == "C-WRITE")
            for clause in clauses
        )
    incident = incident_of(interposer, this)
    goals.extend(Goal(f"{clause.id} on an event", clause.of_event(incident)) for clause in clauses if clause.on_event)
    return goals


def slug(name: str) -> str:
    """A case's name as part of an id."""
    return name.replace(" of the ", "-").replace(" of ", "-").replace(" ", "-").lower()


def some_step(
    interposer: Interposer, this: Situation, holds: Callable[[Step], Truth], otherwise: Truth = False
) -> Truth:
    """Some kind of access of which something holds, or something else that does."""
    return either(
        otherwise,
        *(
            both(
                same(this.access.config, access.config),
                same(this.access.write, access.write),
                holds(step_of(interposer, this, access)),
            )
            for _, access in cases(this.access)
        ),
    )


def occurs(interposer: Interposer, clause: Clause, this: Situation) -> Truth:
    """Some access of which the clause speaks."""
    return some_step(interposer, this, clause.when)


def others(clause: Clause) -> tuple[Clause, ...]:
    """The core without one clause."""
    return tuple(other for other in CORE if other is not clause)


def small(this: Situation) -> Truth:
    """One byte of member 2: what a reader tries first."""
    return both(same(this.access.length, 1), same(this.transport.own.member, 2))


def mistaken(clause: Clause) -> Mutant[Situation]:
    """The mutant of a claim that a clause is kept: the mediator that breaks it, on the register it tampers with."""
    mediator = MEDIATORS[clause.id]
    register = {"C-WRITE": GUEST_FEATURES, "C-REPLY": HOST_FEATURES}.get(clause.id)

    def there(this: Situation) -> Truth:
        if register is None:
            return small(this)
        return both(same(this.access.length, register.size), same(this.access.offset, register.offset))

    return Mutant(f"a relay that {mediator.does}", show=lambda this: keeps(mediator, (clause,), this), small=there)


def endings(transport: Transport, access: Access, reply: Reply) -> list[tuple[str, Truth]]:
    """Every way an access can end: it is none, the device says 0 or something else, or one rule of PCI refuses.

    Proofs go by these cases: each stands at the top of its query and folds the rest.
    """
    happens = due(transport, access)
    status, _ = settle(route(transport, access), reply)
    succeeds = same(status, 0)
    found = [
        ("a length of 0", no(is_access(access))),
        ("decoded, status 0", both(happens, succeeds)),
        ("decoded, another status", both(happens, no(succeeds))),
    ]
    earlier: Truth = is_access(access)
    for reason, holds in decode_rules(transport, access):
        found.append((reason, both(earlier, no(holds))))
        earlier = both(earlier, holds)
    return [(name, condition) for name, condition in found if condition is not False]


def by_endings(step: Step, reply: Reply, *claims: tuple[str, Truth]) -> list[Goal]:
    """Claims about a step, one goal for each and each way it can end; ``reply`` is the one to the route's operation."""
    return [
        Goal(f"{name}, {ending}", implies(condition, claim))
        for ending, condition in endings(step.transport, step.access, reply)
        for name, claim in claims
    ]
