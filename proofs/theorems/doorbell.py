# SPDX-License-Identifier: Apache-2.0
"""T-DOORBELL: doorbell and LEGACY_COMMON_CFG_WRITE at Queue Notify are interchangeable for a device that meets LD7."""

from __future__ import annotations

from dataclasses import dataclass, replace

from straightwire.model.clauses import Step
from straightwire.model.device import AnyDevice
from straightwire.model.interposer import symbolic_access, symbolic_transport
from straightwire.model.own_bar import OwnBar
from straightwire.model.registers import QUEUE_NOTIFY
from straightwire.model.route import command_shape, doorbell_shape, due, rings_doorbell, valid_config_len
from straightwire.model.term import Element, Truth, both, choose, element, implies, low_bytes, no, same
from straightwire.model.vocabulary import NO_DOORBELL, PAYLOAD_BITS, Access, Operation, Reply, Transport, same_record
from straightwire.model.wire import settle
from straightwire.proofs.obligation import Goal, Mutant, Obligation
from straightwire.proofs.theorems.situations import CASES, slug

OWN_BAR = OwnBar()


@dataclass(frozen=True)
class Notifying:
    """One access on a device, with a doorbell and without; and LD7's two ways to notify this queue."""

    with_doorbell: Step
    without: Step
    device: Element
    after_with: Element
    after_without: Element
    rung: Element  # the device after the doorbell
    commanded: Element  # the device after command 2 at Queue Notify, with the same bytes


def _step(transport: Transport, access: Access, reply: Reply) -> Step:
    return Step(transport, access, OWN_BAR.begin(transport, access), reply, OWN_BAR.end(transport, access, reply))


def _notifying(config: bool, write: bool) -> Notifying:
    device, state, transport = AnyDevice(), element("d"), symbolic_transport()
    access = replace(symbolic_access(), config=config, write=write)
    steps, afters = [], []
    for each in (transport, replace(transport, doorbell=NO_DOORBELL)):
        after, reply = device.run(state, OWN_BAR.begin(each, access).operation)
        steps.append(_step(each, access, reply))
        afters.append(after)
    member, data = transport.own.member, low_bytes(access.payload, QUEUE_NOTIFY.size, PAYLOAD_BITS)
    rung, _ = device.run(state, Operation(member, doorbell_shape(transport), data))
    notify = replace(access, config=False, write=True, offset=QUEUE_NOTIFY.offset, length=QUEUE_NOTIFY.size)
    commanded, _ = device.run(state, Operation(member, command_shape(transport, notify), data))
    return Notifying(steps[0], steps[1], state, afters[0], afters[1], rung, commanded)


def _valid(it: Notifying) -> Goal:
    return Goal("device_config_len is at most 232", valid_config_len(it.with_doorbell.transport))


def _given(it: Notifying) -> list[Goal]:
    return [_valid(it), Goal("LD7: the device is the same after either", same(it.rung, it.commanded))]


def _show(it: Notifying) -> list[Goal]:
    one, other = it.with_doorbell, it.without
    happens = due(one.transport, one.access)
    rings = both(happens, no(one.access.config), rings_doorbell(one.transport, one.access))
    status, _ = settle(other.request.operation.shape, other.reply)
    equal = both(
        same_record(one.response.outcome, other.response.outcome),
        same_record(one.response.transport, replace(other.response.transport, doorbell=one.transport.doorbell)),
    )
    return [
        Goal(
            "the same device state afterwards",
            same(choose(happens, it.after_with, it.device), choose(happens, it.after_without, it.device)),
        ),
        Goal("the same caller's buffer", same(one.response.outcome.buffer, other.response.outcome.buffer)),
        Goal("the same outcome of what does not ring", implies(no(rings), equal)),
        Goal(
            "the same outcome of what rings, where the command succeeds", implies(both(rings, same(status, 0)), equal)
        ),
    ]


def _obligation(name: str, config: bool, write: bool) -> Obligation[Notifying]:
    rings = (config, write) == (False, True)
    mutants = (
        (Mutant[Notifying]("a device that does not meet LD7", given=lambda it: [_valid(it)]),)
        if rings
        else (
            Mutant[Notifying](
                "a claim about another access",
                show=lambda it: [Goal("offset 0", same(it.with_doorbell.access.offset, 0))],
            ),
        )
    )

    def witness(it: Notifying) -> Truth:
        step = it.with_doorbell
        happens = due(step.transport, step.access)
        return both(happens, step.transport.doorbell.present, not rings or rings_doorbell(step.transport, step.access))

    return Obligation(
        id=f"T-DOORBELL/{slug(name)}",
        proves=("T-DOORBELL",),
        says=f"a {name}, with a doorbell and without: device state and what a guest is shown are equal for every "
        "device that meets LD7; a write shows a guest nothing, so the status of a command that fails is the caller's "
        "alone",
        symbols=lambda: _notifying(config, write),
        given=_given,
        show=_show,
        witness=witness,
        mutants=mutants,
        not_proved="That a device meets LD7: LD7 proves it of the model's register file.",
    )


OBLIGATIONS = tuple(_obligation(*case) for case in CASES)
