# SPDX-License-Identifier: Apache-2.0
"""T-VENDOR: substitutivity. What holds of devices behind nothing holds of them behind any relay.

Equivalence: two devices related by a relation under which a guest cannot tell them apart stay related and
answer alike. Refinement: a device that simulates a specification, which may leave choices open, still
does. Relation, simulation and specification are uninterpreted; quantifiers are gone, for each is used at
one operation.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from straightwire.model import term
from straightwire.model.clauses import CORE, Step
from straightwire.model.device import AnyDevice
from straightwire.model.interposer import (
    AnyInterposer,
    flat,
    signature,
    symbolic_access,
    symbolic_reply,
    symbolic_transport,
)
from straightwire.model.own_bar import OwnBar
from straightwire.model.route import due, is_access, valid_config_len
from straightwire.model.term import Element, Truth, both, choose, element, implies, same
from straightwire.model.vocabulary import Outcome, Reply, choose_record, same_record
from straightwire.proofs.obligation import Goal, Mutant, Obligation
from straightwire.proofs.theorems.situations import CASES, by_endings, slug

OWN_BAR = OwnBar()
_ELEMENTS = term.ELEMENT_BITS


def _related(name: str, one: Element, other: Element) -> Truth:
    """An arbitrary relation between states."""
    states = term.bit_vectors(_ELEMENTS)
    related: Truth = term.function(name, states, states, term.truths())(
        term.constant(one, _ELEMENTS), term.constant(other, _ELEMENTS)
    )
    return related


@dataclass(frozen=True)
class TwoDevices:
    """The same access through two relays, each on its own device, and what relates the devices."""

    one: Step
    other: Step
    related: Truth  # before
    related_after: Truth  # after the operation of the route
    reply_one: Reply
    reply_other: Reply
    ended_related: Truth  # after the access
    own_issue: Truth  # an operation is due


def _through(run: str, transport: Any, access: Any, device: AnyDevice, state: Element) -> tuple[Step, Reply, Element]:
    relay = AnyInterposer(run)
    request = relay.begin(transport, access)
    after, reply = device.run(state, request.operation)
    seen = choose_record(request.issues, reply, symbolic_reply(f"{run}.blank"))
    step = Step(transport, access, request, seen, relay.end(transport, access, seen))
    return step, reply, choose(request.issues, after, state)


def _two_devices(config: bool, write: bool) -> TwoDevices:
    transport = symbolic_transport()
    access = replace(symbolic_access(), config=config, write=write)
    first, second = AnyDevice("first"), AnyDevice("second")
    one, other = element("d1"), element("d2")
    step_one, _, end_one = _through("one", transport, access, first, one)
    step_other, _, end_other = _through("other", transport, access, second, other)
    operation = OWN_BAR.begin(transport, access).operation
    after_one, reply_one = first.run(one, operation)
    after_other, reply_other = second.run(other, operation)
    return TwoDevices(
        step_one,
        step_other,
        _related("alike", one, other),
        _related("alike", after_one, after_other),
        reply_one,
        reply_other,
        _related("alike", end_one, end_other),
        due(transport, access),
    )


def _kept(*steps: Step) -> list[Goal]:
    return [
        Goal("device_config_len is at most 232", valid_config_len(steps[0].transport)),
        Goal("an access", is_access(steps[0].access)),
        *(Goal(f"{clause.id}", clause.of_step(step)) for step in steps for clause in CORE),
    ]


def _alike(it: TwoDevices, *, replies: bool = True) -> list[Goal]:
    kept = [Goal("they stay so", implies(it.related, it.related_after))]
    if replies:
        kept.append(Goal("and answer alike", implies(it.related, same_record(it.reply_one, it.reply_other))))
    return [*_kept(it.one, it.other), Goal("a guest cannot tell the devices apart", it.related), *kept]


def _equivalent(it: TwoDevices) -> list[Goal]:
    return by_endings(
        it.one,
        it.reply_one,
        ("the same outcome", same_record(it.one.response.outcome, it.other.response.outcome)),
        ("the devices are still alike", it.ended_related),
    )


def _equivalence(name: str, config: bool, write: bool) -> Obligation[TwoDevices]:
    forgets = Mutant[TwoDevices]("devices that answer differently", given=lambda it: _alike(it, replies=False))
    drifts = Mutant[TwoDevices](
        "devices that drift apart",
        given=lambda it: [goal for goal in _alike(it) if goal.name != "they stay so"],
    )
    return Obligation(
        id=f"T-VENDOR/equivalence/{slug(name)}",
        proves=("T-VENDOR",),
        says=f"two devices a guest cannot tell apart stay so behind any two relays, on a {name}",
        symbols=lambda: _two_devices(config, write),
        given=_alike,
        show=_equivalent,
        witness=lambda it: it.own_issue,
        mutants=(drifts,) if (config, write) == (True, True) else (forgets, drifts),
        small=lambda it: same(it.one.access.length, 1),
        not_proved="That two real devices are alike: lockstep samples it.",
    )


@dataclass(frozen=True)
class Refining:
    """An access through a relay on a device that simulates a specification with choices."""

    step: Step
    reply: Reply  # the device's, to the operation of the route
    outcome: Outcome  # that the specification's own BAR gives for this reply
    simulates: Truth  # the device's state, the specification's, before
    allowed: Truth  # the specification may answer so and move so
    simulates_after: Truth
    ended_simulates: Truth  # after the access, with the specification's move where one is due
    own_issue: Truth


def _refining(config: bool, write: bool) -> Refining:
    transport = symbolic_transport()
    access = replace(symbolic_access(), config=config, write=write)
    device, state, spec = AnyDevice(), element("d"), element("s")
    step, _, ended = _through("relay", transport, access, device, state)
    operation = OWN_BAR.begin(transport, access).operation
    after, reply = device.run(state, operation)
    states = term.bit_vectors(_ELEMENTS)
    # The specification's move: a Skolem function of everything it may depend on.
    known = [state, spec, *flat(operation)]
    sorts = [states, states, *signature(operation)]
    moved: Element = term.function("moved", *sorts, states)(*known)
    answers = [spec, moved, *flat(operation, reply)]
    allowed: Truth = term.function("allowed", states, states, *signature(operation, reply), term.truths())(*answers)
    happens = due(transport, access)
    return Refining(
        step,
        reply,
        OWN_BAR.end(transport, access, reply).outcome,
        _related("simulates", state, spec),
        allowed,
        _related("simulates", after, moved),
        _related("simulates", ended, choose(happens, moved, spec)),
        happens,
    )


def _simulating(it: Refining, *, moves: bool = True) -> list[Goal]:
    return [
        *_kept(it.step),
        Goal("the device simulates the specification", it.simulates),
        Goal(
            "each of its steps is one the specification allows",
            implies(it.simulates, both(it.allowed, it.simulates_after if moves else True)),
        ),
    ]


def _refined(it: Refining) -> list[Goal]:
    return by_endings(
        it.step,
        it.reply,
        (
            "an outcome that the specification allows",
            both(same_record(it.step.response.outcome, it.outcome), implies(it.own_issue, it.allowed)),
        ),
        ("the device still simulates it", it.ended_simulates),
    )


def _refinement(name: str, config: bool, write: bool) -> Obligation[Refining]:
    return Obligation(
        id=f"T-VENDOR/refinement/{slug(name)}",
        proves=("T-VENDOR",),
        says=f"a device that refines a specification still refines it behind any relay, on a {name}",
        symbols=lambda: _refining(config, write),
        given=_simulating,
        show=_refined,
        witness=lambda it: it.own_issue,
        mutants=(Mutant("a device that leaves the specification", given=lambda it: _simulating(it, moves=False)),),
        small=lambda it: same(it.step.access.length, 1),
    )


OBLIGATIONS: tuple[Obligation[Any], ...] = (
    *(_equivalence(*case) for case in CASES),
    *(_refinement(*case) for case in CASES),
)
