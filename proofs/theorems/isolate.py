# SPDX-License-Identifier: Apache-2.0
"""T-ISOLATE: nothing done through one relay changes what another guest observes, unless the device itself lets it.

Nickel's unwinding conditions, event by event. A guest observes its member's view of the device, an
arbitrary function of the device's whole state. Interposers may share one process: their hidden state is
arbitrary in every run. What is the device's own part stands among the premises, and is removed as a mutant.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from straightwire.model import term
from straightwire.model.clauses import CORE, Clause, Incident, Step
from straightwire.model.commands import Opcode
from straightwire.model.device import AnyDevice
from straightwire.model.interposer import (
    AnyInterposer,
    symbolic_access,
    symbolic_event,
    symbolic_reply,
    symbolic_transport,
)
from straightwire.model.opening import asks, bit, symbolic_opening
from straightwire.model.own_bar import OwnBar
from straightwire.model.route import due, is_access, valid_config_len
from straightwire.model.term import Element, Truth, Word, at_most, both, choose, element, implies, no, same, word
from straightwire.model.vocabulary import EventKind, Reply, choose_record, same_record
from straightwire.proofs.obligation import Goal, Mutant, Obligation
from straightwire.proofs.theorems.situations import CASES, by_endings, slug

OWN_BAR = OwnBar()
RESPECT = "device: an operation of one member leaves the others' views"
CONSISTENT = "device: equal views answer alike and stay equal"


def view(state: Element, member: Word) -> Element:
    """What one member shows of the device: an arbitrary function of the whole state."""
    states, members = term.bit_vectors(term.ELEMENT_BITS), term.bit_vectors(64)
    seen: Element = term.function("view", states, members, states)(
        term.constant(state, term.ELEMENT_BITS), term.constant(member, 64)
    )
    return seen


# Local respect: what one guest does is not seen by another.


@dataclass(frozen=True)
class Neighbour:
    """An access through one relay, seen from another member."""

    step: Step
    other: Word  # 64: the other member
    issued_for: Word  # 64: the member that the operation names
    before: Element  # the other's view
    after_operation: Element  # the other's view after whatever was issued
    after: Element  # and when the call has returned


def _neighbour(config: bool, write: bool) -> Neighbour:
    relay, device, state, other = AnyInterposer(), AnyDevice(), element("d"), word("j", 64)
    transport = symbolic_transport()
    access = replace(symbolic_access(), config=config, write=write)
    request = relay.begin(transport, access)
    after, reply = device.run(state, request.operation)
    seen = choose_record(request.issues, reply, symbolic_reply("blank"))
    step = Step(transport, access, request, seen, relay.end(transport, access, seen))
    left = choose(step.response.again, device.leftover(after), choose(request.issues, after, state))
    return Neighbour(step, other, request.operation.member, view(state, other), view(after, other), view(left, other))


def _given_neighbour(clauses: tuple[Clause, ...], it: Neighbour, *, respects: bool = True) -> list[Goal]:
    goals = [
        Goal("device_config_len is at most 232", valid_config_len(it.step.transport)),
        Goal("another member", no(same(it.other, it.step.transport.own.member))),
        *(Goal(clause.id, clause.of_step(it.step)) for clause in clauses),
    ]
    if respects:
        goals.append(Goal(RESPECT, implies(no(same(it.other, it.issued_for)), same(it.after_operation, it.before))))
    return goals


def _without(left_out: str) -> tuple[Clause, ...]:
    return tuple(clause for clause in CORE if clause.id != left_out)


def _respect(name: str, config: bool, write: bool) -> Obligation[Neighbour]:
    clauses = ("C-CONFIG",) if config else ("C-MEMBER", "C-ONCE")
    return Obligation(
        id=f"T-ISOLATE/local-respect/{slug(name)}",
        proves=("T-ISOLATE",),
        says=f"a {name} through one relay leaves the view of every other member as it was",
        symbols=lambda: _neighbour(config, write),
        given=lambda it: _given_neighbour(CORE, it),
        show=lambda it: by_endings(it.step, it.step.reply, ("the other's view", same(it.after, it.before))),
        witness=lambda it: due(it.step.transport, it.step.access),
        mutants=(
            *(
                Mutant[Neighbour](
                    f"without {left_out}",
                    given=lambda it, c=left_out: _given_neighbour(_without(c), it),  # type: ignore[misc]
                )
                for left_out in clauses
            ),
            Mutant(
                "a device that lets one member touch another",
                given=lambda it: _given_neighbour(CORE, it, respects=False),
            ),
        ),
        small=lambda it: same(it.step.access.length, 1),
        not_proved="Timing, and what the device itself lets through: that is the premise about the device.",
    )


@dataclass(frozen=True)
class NeighbourReacts:
    """An event at one relay, seen from another member."""

    incident: Incident
    other: Word
    before: Element
    after: Element


def _neighbour_reacts() -> NeighbourReacts:
    device, state, other = AnyDevice(), element("d"), word("j", 64)
    transport, event = symbolic_transport(), symbolic_event()
    reaction = AnyInterposer().react(transport, event)
    after, _ = device.run(state, reaction.operation)
    left = choose(reaction.issues, after, state)
    return NeighbourReacts(Incident(transport, event, reaction), other, view(state, other), view(left, other))


def _given_event(clauses: tuple[Clause, ...], it: NeighbourReacts) -> list[Goal]:
    return [
        Goal("the event is one there is", at_most(it.incident.event.kind, EventKind.CLOSE)),
        *(Goal(clause.id, clause.of_event(it.incident)) for clause in clauses if clause.on_event),
    ]


def _event(name: str, kind: EventKind) -> Obligation[NeighbourReacts]:
    return Obligation(
        id=f"T-ISOLATE/local-respect/{name}",
        proves=("T-ISOLATE",),
        says=f"a {name} at one relay leaves the view of every member as it was",
        symbols=_neighbour_reacts,
        given=lambda it: [Goal(f"a {name}", same(it.incident.event.kind, kind)), *_given_event(CORE, it)],
        show=lambda it: [Goal("the view", same(it.after, it.before))],
        witness=lambda it: it.incident.transport.decode,
        mutants=(
            Mutant(
                "without C-INIT",
                given=lambda it: [
                    Goal(f"a {name}", same(it.incident.event.kind, kind)),
                    *_given_event(_without("C-INIT"), it),
                ],
            ),
        ),
    )


@dataclass(frozen=True)
class NeighbourOpens:
    """The opening of one relay, seen from another member."""

    member: Word
    other: Word
    asked: Truth
    named: Word
    before: Element
    after_operation: Element
    after: Element


def _neighbour_opens() -> NeighbourOpens:
    device, state, other, opening = AnyDevice(), element("d"), word("j", 64), symbolic_opening()
    request = asks(opening)
    after, _ = device.run(state, request.operation)
    asked = bit(opening.commands, Opcode.LEGACY_NOTIFY_INFO)
    return NeighbourOpens(
        opening.own.member,
        other,
        asked,
        request.operation.member,
        view(state, other),
        view(after, other),
        view(choose(request.issues, after, state), other),
    )


def _given_open(it: NeighbourOpens, *, respects: bool = True) -> list[Goal]:
    goals = [Goal("another member", no(same(it.other, it.member)))]
    if respects:
        goals.append(Goal(RESPECT, implies(no(same(it.other, it.named)), same(it.after_operation, it.before))))
    return goals


_OPEN = Obligation(
    id="T-ISOLATE/local-respect/open",
    proves=("T-ISOLATE",),
    says="opening one relay leaves the view of every other member as it was",
    symbols=_neighbour_opens,
    given=_given_open,
    show=lambda it: [Goal("the other's view", same(it.after, it.before))],
    witness=lambda it: it.asked,
    mutants=(Mutant("a device that lets one member touch another", given=lambda it: _given_open(it, respects=False)),),
)


# Step and output consistency: what a guest sees depends on its own view alone.


@dataclass(frozen=True)
class TwoWorlds:
    """One guest's access in two worlds that agree on its member's view and may differ in everything else."""

    one: Step
    other: Step
    equal_before: Truth
    equal_after_operation: Truth
    reply_one: Reply
    reply_other: Reply
    equal_after: Truth


def _two_worlds(config: bool, write: bool) -> TwoWorlds:
    device, transport = AnyDevice(), symbolic_transport()
    access = replace(symbolic_access(), config=config, write=write)
    member, operation = transport.own.member, OWN_BAR.begin(transport, access).operation
    steps, befores, afters, replies, ends = [], [], [], [], []
    for world in ("one", "other"):
        state, relay = element(f"d.{world}"), AnyInterposer(world)
        request = relay.begin(transport, access)
        after, reply = device.run(state, request.operation)
        seen = choose_record(request.issues, reply, symbolic_reply(f"{world}.blank"))
        steps.append(Step(transport, access, request, seen, relay.end(transport, access, seen)))
        own_after, own_reply = device.run(state, operation)
        befores.append(view(state, member))
        afters.append(view(own_after, member))
        replies.append(own_reply)
        ends.append(view(choose(request.issues, after, state), member))
    return TwoWorlds(steps[0], steps[1], same(*befores), same(*afters), replies[0], replies[1], same(*ends))


def _given_worlds(clauses: tuple[Clause, ...], it: TwoWorlds, *, consistent: bool = True) -> list[Goal]:
    goals = [
        Goal("device_config_len is at most 232", valid_config_len(it.one.transport)),
        Goal("an access", is_access(it.one.access)),
        Goal("the member's view is the same in both worlds", it.equal_before),
        *(Goal(clause.id, clause.of_step(step)) for step in (it.one, it.other) for clause in clauses),
    ]
    if consistent:
        alike = both(it.equal_after_operation, same_record(it.reply_one, it.reply_other))
        goals.append(Goal(CONSISTENT, implies(it.equal_before, alike)))
    return goals


def _show_worlds(it: TwoWorlds) -> list[Goal]:
    return by_endings(
        it.one,
        it.reply_one,
        ("the same outcome", same_record(it.one.response.outcome, it.other.response.outcome)),
        ("the same transport state", same_record(it.one.response.transport, it.other.response.transport)),
        ("the same view afterwards", it.equal_after),
    )


def _consistency(name: str, config: bool, write: bool) -> Obligation[TwoWorlds]:
    left_out = "C-CONFIG" if config else "C-WRITE" if write else "C-REPLY"
    return Obligation(
        id=f"T-ISOLATE/consistency/{slug(name)}",
        proves=("T-ISOLATE",),
        says=f"a {name}: outcome, transport state and the member's next view depend on its own view alone, whatever "
        "else the device holds and whatever hidden state the interposers share",
        symbols=lambda: _two_worlds(config, write),
        given=lambda it: _given_worlds(CORE, it),
        show=_show_worlds,
        witness=lambda it: due(it.one.transport, it.one.access),
        mutants=(
            Mutant(f"without {left_out}", given=lambda it: _given_worlds(_without(left_out), it)),
            Mutant("a device whose members see each other", given=lambda it: _given_worlds(CORE, it, consistent=False)),
        ),
        small=lambda it: same(it.one.access.length, 1),
    )


OBLIGATIONS: tuple[Obligation[Any], ...] = (
    *(_respect(*case) for case in CASES),
    *(_event(kind.name.lower(), kind) for kind in EventKind),
    _OPEN,
    *(_consistency(*case) for case in CASES),
)
