# SPDX-License-Identifier: Apache-2.0
"""Claims, obligations and concrete situations in the contract's words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from straightwire.model.clauses import Incident, Step
from straightwire.model.commands import Opcode
from straightwire.model.own_bar import OwnBar
from straightwire.model.term import z3
from straightwire.model.vocabulary import (
    Access,
    Event,
    EventKind,
    Operation,
    OpKind,
    OpShape,
    Outcome,
    Reply,
    Transport,
)
from straightwire.model.wire import bytes_of, settle, signed
from straightwire.proofs import catalogue
from straightwire.proofs.obligation import Goal, Obligation
from straightwire.proofs.prover import prove

_SHOWN = 16
"""Bytes of a payload that are shown."""


def _hex(value: Any, length: Any) -> str:
    count = min(int(length), _SHOWN)
    shown = bytes_of(value, count).hex(" ") or "no bytes"
    return shown + (" ..." if int(length) > count else "")


def transport_words(transport: Transport) -> str:
    """A transport state."""
    own, doorbell = transport.own, transport.doorbell
    owners = {1: "owner", 2: "member"}
    rung = f"{owners.get(int(doorbell.bar_owner), doorbell.bar_owner)}:{doorbell.bar}:{doorbell.offset:#x}"  # type: ignore[arg-type]
    return (
        f"member {own.member}, virtio id {own.virtio_id}, configuration of {own.config_len} bytes, "
        f"I/O decode {'on' if transport.decode else 'off'}, MSI-X {'on' if transport.msix else 'off'}, "
        f"doorbell {rung if doorbell.present else 'none'}"
    )


def access_words(access: Access) -> str:
    """An access."""
    where = "configuration space" if access.config else "the BAR"
    if access.write:
        return f"write of {where} at {access.offset}: {_hex(access.payload, access.length)} ({access.length} bytes)"
    return f"read of {where} at {access.offset}, {access.length} bytes"


def operation_words(issues: Any, operation: Operation) -> str:
    """An operation, or that there is none."""
    if not issues:
        return "no operation"
    shape = operation.shape
    words = f"{_shape_words(shape)}, member {operation.member}"
    if operation.payload:
        words += f", carrying {_hex(operation.payload, shape.length)}"
    return words + (", reserved bytes set" if operation.reserved else "")


def _shape_words(shape: OpShape) -> str:
    kind = OpKind(shape.kind)  # type: ignore[arg-type]
    if kind is OpKind.COMMAND:
        names = {int(opcode): opcode.name for opcode in Opcode}
        name = names.get(shape.opcode, "")  # type: ignore[arg-type]
        odd = ", fields of a doorbell set" if shape.bar_owner or shape.bar else ""
        return f"command {shape.opcode} {name} @{shape.offset}, {shape.length} bytes, group {shape.group}{odd}"
    if kind is OpKind.DOORBELL:
        return f"doorbell {shape.bar_owner}:{shape.bar}:{shape.offset:#x}"
    name = "read" if kind is OpKind.CONFIG_READ else "write"
    return f"configuration {name} @{shape.offset}, {shape.length} bytes"


def outcome_words(access: Access, outcome: Outcome) -> str:
    """An outcome."""
    result = signed(int(outcome.result))  # type: ignore[arg-type]
    if outcome.buffer == access.payload:
        return f"result {result}, buffer as it was"
    return f"result {result}, buffer {_hex(outcome.buffer, max(int(access.length), 1))}"  # type: ignore[arg-type]


def reply_words(transport: Transport, access: Access, reply: Reply) -> str:
    """What the device answers to the operation that is due."""
    status, payload = settle(OwnBar().begin(transport, access).operation.shape, reply)
    return f"device answers status {status}, payload {_hex(payload, access.length)} ({reply.written} bytes written)"


def step_lines(step: Step, own_reply: Reply | None = None) -> Iterator[str]:
    """A step, with what the device's own BAR would have done; ``own_reply`` is what that would have been answered."""
    own = OwnBar()
    yield transport_words(step.transport)
    yield access_words(step.access)
    yield reply_words(step.transport, step.access, step.reply)
    wanted, got = own.begin(step.transport, step.access), step.request
    late = ", after the call has returned" if got.late else ""
    again = ", and another one" if step.response.again else ""
    yield f"  expected: {operation_words(wanted.issues, wanted.operation)}"
    yield f"  got:      {operation_words(got.issues, got.operation)}{late}{again}"
    if own_reply is not None and own_reply != step.reply:
        yield f"  to its own BAR the {reply_words(step.transport, step.access, own_reply)}"
    after = own.end(step.transport, step.access, own_reply or step.reply)
    yield f"  expected: {outcome_words(step.access, after.outcome)}"
    yield f"  got:      {outcome_words(step.access, step.response.outcome)}"
    if after.transport != step.response.transport:
        yield f"  expected: {transport_words(after.transport)}"
        yield f"  got:      {transport_words(step.response.transport)}"


def event_words(event: Event) -> str:
    """An event that is no access."""
    kind = EventKind(event.kind)  # type: ignore[arg-type]
    return f"msix {'on' if event.argument else 'off'}" if kind is EventKind.MSIX else kind.name.lower()


def situation_lines(symbols: Any) -> list[str]:
    """A concrete situation: its steps and events where it has some, else part by part."""
    told = list(_told(symbols))
    return told or list(_parts(symbols))


def _told(record: Any) -> Iterator[str]:
    """Whatever tells a story: steps, other events, an access on a device."""
    if isinstance(record, Step):
        yield from step_lines(record)
    elif isinstance(record, Incident):
        yield transport_words(record.transport)
        yield f"event: {event_words(record.event)}"
        yield "  expected: no operation"
        yield f"  got:      {operation_words(record.reaction.issues, record.reaction.operation)}"
        yield f"  got:      {transport_words(record.reaction.transport)}"
    elif is_dataclass(record):
        parts = {field.name: getattr(record, field.name) for field in fields(record)}
        if {"transport", "access", "reply"} <= set(parts):
            yield from _situation(parts["transport"], parts["access"], parts["reply"])
            return
        for value in parts.values():
            if isinstance(value, Step) and "own_reply" in parts:
                yield from step_lines(value, parts["own_reply"])
            else:
                yield from _told(value)


def _situation(transport: Transport, access: Access, reply: Reply) -> Iterator[str]:
    yield transport_words(transport)
    yield access_words(access)
    yield reply_words(transport, access, reply)
    request, response = OwnBar().begin(transport, access), OwnBar().end(transport, access, reply)
    yield f"  the contract wants: {operation_words(request.issues, request.operation)}"
    yield f"  and: {outcome_words(access, response.outcome)}"


def _parts(record: Any) -> Iterator[str]:
    for field in fields(record):
        value = getattr(record, field.name)
        if is_dataclass(value):
            yield from _parts(value)
        elif isinstance(value, bool | int):
            shown = value if isinstance(value, bool) or value < 1 << 64 else hex(value)
            yield f"{field.name.replace('_', ' ')}: {shown}"


def explain(name: str, chosen: Sequence[Obligation[Any]]) -> Iterator[str]:
    """What a claim or an obligation says, assumes, shows and leaves open, and its witness, line by line."""
    for claim in catalogue.CLAIMS:
        if claim.id == name:
            yield f"{claim.id}: {claim.says}"
            yield f"served by {len(chosen)} obligation{'s' * (len(chosen) != 1)}; the first in full:"
            yield ""
    for obligation in chosen[:1]:
        yield from _explained(obligation)
    if len(chosen) > 1:
        yield ""
        yield "the others:"
        yield from (f"  {each.id}: {each.says}" for each in chosen[1:])


def _explained(obligation: Obligation[Any]) -> Iterator[str]:
    symbols = obligation.symbols()
    yield f"{obligation.id}: {obligation.says}"
    yield "given:"
    yield from (f"  {goal.name}" for goal in obligation.given(symbols))
    yield "show:"
    yield from _shown(obligation.show(symbols))
    yield f"not proved: {obligation.not_proved or 'nothing beyond what it says'}"
    yield "must fail:"
    yield from (f"  {mutant.name}" for mutant in obligation.mutants)
    result = prove(obligation)
    yield f"verdict: {result.verdict}{': ' + result.detail if result.detail else ''}"
    if result.witness is not None:
        yield "witness, run on the executable model:"
        yield from (f"  {line}" for line in situation_lines(result.witness))


def _shown(goals: Sequence[Goal]) -> Iterator[str]:
    for goal in goals:
        if goal.formula is True:
            yield f"  {goal.name}: holds as soon as it is built"
        else:
            formula = z3().simplify(goal.formula).sexpr() if not isinstance(goal.formula, bool) else str(goal.formula)
            lines = formula.splitlines()
            yield f"  {goal.name}:"
            yield from (f"    {line}" for line in lines[:_FORMULA_LINES])
            if len(lines) > _FORMULA_LINES:
                yield f"    ... {len(lines) - _FORMULA_LINES} more lines; --smt-lib writes it whole"


_FORMULA_LINES = 12
