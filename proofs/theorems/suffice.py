# SPDX-License-Identifier: Apache-2.0
"""T-SUFFICE: an interposer that satisfies the clauses cannot be told from the device's own BAR.

By induction over the trace. The relation between the two systems is: equal device state, equal transport
state. Base: both start so. Step: whatever happens next (an access of any of the four kinds, a length of
0, another event), outcomes are equal and the relation holds again. Interposer, hidden state and device
are uninterpreted, so the step holds for all of them, and so do traces of any length.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

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
from straightwire.model.opening import Opening, asks, bit, symbolic_opening
from straightwire.model.opening import opened as opened_by_contract
from straightwire.model.own_bar import OwnBar
from straightwire.model.route import due, is_access, valid_config_len
from straightwire.model.term import at_most, both, choose, element, implies, no, same
from straightwire.model.vocabulary import (
    EventKind,
    OpKind,
    Request,
    Response,
    Transport,
    choose_record,
    same_record,
)
from straightwire.proofs.obligation import Goal, Mutant, Obligation
from straightwire.proofs.theorems.situations import CASES, by_endings, slug

if TYPE_CHECKING:
    from collections.abc import Sequence

    from straightwire.model.term import Element, Truth
    from straightwire.model.vocabulary import Reply

OWN_BAR = OwnBar()


@dataclass(frozen=True)
class BothWays:
    """One access through an interposer and through the device's own BAR, from one device state."""

    step: Step
    device: Element
    device_reply: Reply  # to what the interposer issued
    device_after: Element
    leftover: Element  # wherever a further operation may take it
    own: Request  # what the device's own BAR does
    own_reply: Reply
    own_response: Response
    own_after: Element

    @property
    def through_interposer(self) -> Element:
        """The device when the interposer's call has returned."""
        in_time = both(self.step.request.issues, no(self.step.request.late))
        after = choose(in_time, self.device_after, self.device)
        result: Element = choose(self.step.response.again, self.leftover, after)
        return result

    @property
    def through_own_bar(self) -> Element:
        """The device when its own BAR has answered."""
        result: Element = choose(due(self.step.transport, self.step.access), self.own_after, self.device)
        return result


def _both_ways(config: bool, write: bool) -> BothWays:
    interposer, device = AnyInterposer(), AnyDevice()
    transport = symbolic_transport()
    access = replace(symbolic_access(), config=config, write=write)
    request = interposer.begin(transport, access)
    state = element("d")
    after, answered = device.run(state, request.operation)
    # Where nothing was issued in time the interposer may take anything for an answer.
    reply = choose_record(both(request.issues, no(request.late)), answered, symbolic_reply("blank"))
    own = OWN_BAR.begin(transport, access)
    own_after, own_reply = device.run(state, own.operation)
    return BothWays(
        Step(transport, access, request, reply, interposer.end(transport, access, reply)),
        state,
        answered,
        after,
        device.leftover(after),
        own,
        own_reply,
        OWN_BAR.end(transport, access, own_reply),
        own_after,
    )


def _assumed(clauses: Sequence[Clause], step: Step) -> list[Goal]:
    return [
        Goal("device_config_len is at most 232", valid_config_len(step.transport)),
        *(Goal(clause.id, clause.of_step(step)) for clause in clauses),
    ]


def _given(clauses: Sequence[Clause], *, access: bool, both_ways: BothWays) -> list[Goal]:
    there_is = is_access(both_ways.step.access)
    kind = Goal("an access", there_is) if access else Goal("a length of 0", no(there_is))
    return [kind, *_assumed(clauses, both_ways.step)]


def _show(both_ways: BothWays) -> list[Goal]:
    response, own = both_ways.step.response, both_ways.own_response
    return by_endings(
        both_ways.step,
        both_ways.own_reply,
        ("the same result", same(response.outcome.result, own.outcome.result)),
        ("the same bytes in the caller's buffer", same(response.outcome.buffer, own.outcome.buffer)),
        ("the same device state afterwards", same(both_ways.through_interposer, both_ways.through_own_bar)),
        ("the same transport state afterwards", same_record(response.transport, own.transport)),
    )


def small(both_ways: BothWays) -> Truth:
    """One byte, of member 2, and an operation that says nothing of what its kind does not have."""
    step, operation = both_ways.step, both_ways.step.request.operation
    command = same(operation.shape.kind, OpKind.COMMAND)
    plain = implies(command, both(same(operation.shape.bar_owner, 0), same(operation.shape.bar, 0)))
    return both(same(step.access.length, 1), same(step.transport.own.member, 2), plain)


_SPEAKS_OF = {
    "read of the BAR": (
        "C-ONCE", "C-ROUTE", "C-READ", "C-MEMBER", "C-REPLY", "C-STATUS", "C-REFUSE", "C-RESIDUE", "C-FRAME", "C-ORDER",
    ),
    "write of the BAR": (
        "C-ONCE", "C-ROUTE", "C-WRITE", "C-READ", "C-MEMBER", "C-STATUS", "C-REFUSE", "C-RESIDUE", "C-FRAME", "C-ORDER",
    ),
    "read of configuration space": ("C-CONFIG", "C-REFUSE", "C-RESIDUE", "C-ORDER"),
    "write of configuration space": ("C-CONFIG", "C-REFUSE", "C-RESIDUE", "C-ORDER"),
}  # fmt: skip
"""The clauses without which a step of this kind is refuted; each of them is left out once in every run."""


def _access(name: str, config: bool, write: bool) -> Obligation[BothWays]:
    return Obligation(
        id=f"T-SUFFICE/{slug(name)}",
        proves=("T-SUFFICE",),
        says=f"step of the induction, a {name}: any interposer that keeps the clauses and any device give the outcome "
        "of the device's own BAR, and leave device and transport state as that does",
        symbols=lambda: _both_ways(config, write),
        given=lambda it: _given(CORE, access=True, both_ways=it),
        show=_show,
        witness=lambda it: due(it.step.transport, it.step.access),
        mutants=tuple(_without(clause_id, access=True) for clause_id in _SPEAKS_OF[name]),
        small=small,
        not_proved="That a given piece of software keeps the clauses: that is T-RELAY, lockstep and judging.",
    )


def _without(clause_id: str, *, access: bool) -> Mutant[BothWays]:
    rest = [clause for clause in CORE if clause.id != clause_id]
    return Mutant(f"without {clause_id}", given=lambda it: _given(rest, access=access, both_ways=it))


def _no_access() -> Obligation[BothWays]:
    return Obligation(
        id="T-SUFFICE/length-0",
        proves=("T-SUFFICE",),
        says="step of the induction, a length of 0: nothing happens, in both systems",
        symbols=lambda: _both_ways(False, False),
        given=lambda it: _given(CORE, access=False, both_ways=it),
        show=_show,
        witness=lambda it: no(it.step.access.config),
        mutants=(_without("C-INIT", access=False),),
    )


@dataclass(frozen=True)
class BothReact:
    """One event that is no access, in both systems."""

    incident: Incident
    device: Element
    device_after: Element
    own: Transport


def _both_react() -> BothReact:
    interposer, device = AnyInterposer(), AnyDevice()
    transport, event, state = symbolic_transport(), symbolic_event(), element("d")
    reaction = interposer.react(transport, event)
    after, _ = device.run(state, reaction.operation)
    return BothReact(Incident(transport, event, reaction), state, after, OWN_BAR.react(transport, event).transport)


def _given_event(clauses: Sequence[Clause], it: BothReact) -> list[Goal]:
    return [
        Goal("the event is one there is", at_most(it.incident.event.kind, EventKind.CLOSE)),
        *(Goal(clause.id, clause.of_event(it.incident)) for clause in clauses if clause.on_event),
    ]


def _show_event(it: BothReact) -> list[Goal]:
    after = choose(it.incident.reaction.issues, it.device_after, it.device)
    return [
        Goal("the same device state afterwards", same(after, it.device)),
        Goal("the same transport state afterwards", same_record(it.incident.reaction.transport, it.own)),
    ]


def _event() -> Obligation[BothReact]:
    return Obligation(
        id="T-SUFFICE/event",
        proves=("T-SUFFICE",),
        says="step of the induction, an event that is no access (tick, MSI-X change, reset, close): no operation, and "
        "transport state changes as PCI says",
        symbols=_both_react,
        given=lambda it: _given_event(CORE, it),
        show=_show_event,
        witness=lambda it: both(same(it.incident.event.kind, EventKind.RESET), it.incident.transport.decode),
        mutants=tuple(
            Mutant(
                f"without {clause.id}",
                given=lambda it, clause=clause: _given_event([c for c in CORE if c is not clause], it),  # type: ignore[misc]
            )
            for clause in CORE
            if clause.on_event
        ),
    )


@dataclass(frozen=True)
class Opened:
    """The start: an arbitrary opening, what an interposer issued on it and the transport state it starts from."""

    opening: Opening
    request: Request
    transport: Transport
    device: Element
    device_after: Element
    own_after: Element
    own_reply: Reply


def _opened() -> Opened:
    device, opening = AnyDevice(), symbolic_opening()
    state = element("d")
    transport = symbolic_transport("start")
    request = AnyInterposer("opening").begin(transport, symbolic_access("none"))
    after, _ = device.run(state, request.operation)
    own_after, own_reply = device.run(state, asks(opening).operation)
    return Opened(opening, request, transport, state, after, own_after, own_reply)


def _given_open(it: Opened, *, init: bool = True) -> list[Goal]:
    """C-INIT of open: NOTIFY_INFO at most, and the start that rule 8 and the ABI prescribe."""
    contract = asks(it.opening)
    if not init:
        return []
    return [
        Goal("C-INIT: nothing but NOTIFY_INFO", same(it.request.issues, contract.issues)),
        Goal("C-INIT: that one", implies(it.request.issues, same_record(it.request.operation, contract.operation))),
        Goal("C-INIT: the start", same_record(it.transport, opened_by_contract(it.opening))),
    ]


def _show_open(it: Opened) -> list[Goal]:
    asked = bit(it.opening.commands, Opcode.LEGACY_NOTIFY_INFO)
    return [
        Goal(
            "the same device state at the start",
            same(choose(it.request.issues, it.device_after, it.device), choose(asked, it.own_after, it.device)),
        ),
        Goal("the same transport state at the start", same_record(it.transport, opened_by_contract(it.opening))),
    ]


def _base() -> Obligation[Opened]:
    return Obligation(
        id="T-SUFFICE/base",
        proves=("T-SUFFICE",),
        says="base of the induction: after open both systems start from the same device and transport state; the own "
        "BAR's run starts where the owner's driver has asked NOTIFY_INFO",
        symbols=_opened,
        given=_given_open,
        show=_show_open,
        witness=lambda it: bit(it.opening.commands, Opcode.LEGACY_NOTIFY_INFO),
        mutants=(Mutant("without C-INIT", given=lambda it: _given_open(it, init=False)),),
    )


OBLIGATIONS: tuple[Obligation[Any], ...] = (
    _base(),
    *(_access(name, config, write) for name, config, write in CASES),
    _no_access(),
    _event(),
)
