# SPDX-License-Identifier: Apache-2.0
"""The executable relay, the device's own BAR, the clauses and the mediators, on concrete values."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from support.model_inputs import DOORBELL, SAMPLED, accesses, bar, events, pci, replies, transport, transports

from straightwire.model import term
from straightwire.model.clauses import CORE, Incident, Step
from straightwire.model.interposer import Interposer, flat
from straightwire.model.mediators import MEDIATORS
from straightwire.model.own_bar import OwnBar
from straightwire.model.relay import Relay
from straightwire.model.route import due
from straightwire.model.vocabulary import (
    WIDTHS,
    Access,
    Event,
    Operation,
    OpShape,
    Outcome,
    Reply,
    Transport,
    leaves,
)
from straightwire.proofs.theorems.need import told

RELAY, OWN_BAR = Relay(), OwnBar()
IDS = [
    "C-ONCE", "C-ROUTE", "C-WRITE", "C-READ", "C-MEMBER", "C-REPLY", "C-STATUS", "C-REFUSE", "C-RESIDUE", "C-FRAME",
    "C-CONFIG", "C-INIT", "C-ORDER",
]  # fmt: skip
REFUSED = 2**64 - 1


def step(interposer: Interposer, state: Transport, access: Access, reply: Reply) -> Step:
    return Step(state, access, interposer.begin(state, access), reply, interposer.end(state, access, reply))


def as_terms(record: Any) -> Any:
    """The same record with a z3 constant for every leaf."""
    values = {}
    for name in record.__dataclass_fields__:
        value = getattr(record, name)
        if hasattr(value, "__dataclass_fields__"):
            values[name] = as_terms(value)
        else:
            bits = WIDTHS[name]
            values[name] = term.z3().BoolVal(value) if bits is None else term.constant(value, bits)
    return type(record)(**values)


def numbers(record: Any) -> list[int]:
    """All leaves as numbers, terms simplified."""
    found = []
    for leaf in flat(record):
        simple: Any = term.z3().simplify(leaf)
        found.append(int(term.z3().is_true(simple)) if term.z3().is_bool(simple) else int(simple.as_long()))
    return found


@SAMPLED
@given(transports, accesses, replies)
def test_relay_and_own_bar_do_the_same(state: Transport, access: Access, reply: Reply) -> None:
    ours, own = step(RELAY, state, access, reply), step(OWN_BAR, state, access, reply)
    assert ours.request.issues == own.request.issues == due(state, access)
    if own.request.issues:
        assert ours.request == own.request
    assert ours.response == own.response


@SAMPLED
@given(transports, events)
def test_relay_and_own_bar_react_the_same(state: Transport, event: Event) -> None:
    ours = RELAY.react(state, event)
    assert ours == OWN_BAR.react(state, event)
    assert ours.issues is False


@SAMPLED
@given(transports, accesses, replies)
def test_every_clause_holds_of_every_step_of_the_relay(state: Transport, access: Access, reply: Reply) -> None:
    taken = step(RELAY, state, access, reply)
    assert [clause.id for clause in CORE if clause.of_step(taken) is not True] == []


@SAMPLED
@given(transports, events)
def test_every_clause_holds_of_every_event_at_the_relay(state: Transport, event: Event) -> None:
    incident = Incident(state, event, RELAY.react(state, event))
    assert [clause.id for clause in CORE if clause.of_event(incident) is not True] == []


@settings(SAMPLED, max_examples=25)
@given(transports, accesses, replies)
def test_the_relay_is_one_definition_for_ints_and_terms(state: Transport, access: Access, reply: Reply) -> None:
    ints = step(RELAY, state, access, reply)
    terms = step(RELAY, as_terms(state), as_terms(access), as_terms(reply))
    if ints.request.issues:
        assert numbers(terms.request) == numbers(ints.request)
    assert numbers(replace(terms.response)) == numbers(ints.response)


@pytest.mark.parametrize(
    ("state", "access", "operation"),
    [
        pytest.param(transport(), bar(18, 1, 7), Operation(2, OpShape(0, 2, 1, 18, 1, 0, 0), 7), id="status"),
        pytest.param(
            transport(doorbell=DOORBELL),
            bar(16, 2, 1),
            Operation(2, OpShape(1, 0, 0, 0x1000, 2, 2, 4), 1),
            id="doorbell",
        ),
        pytest.param(transport(msix=True), bar(24, 6), Operation(2, OpShape(0, 5, 1, 0, 6, 0, 0), 0), id="mac"),
        pytest.param(transport(), pci(4, 2, 7), Operation(2, OpShape(3, 0, 0, 4, 2, 0, 0), 7), id="command"),
        pytest.param(transport(), bar(4, 1, 0xBBAA), Operation(2, OpShape(0, 2, 1, 4, 1, 0, 0), 0xAA), id="cut"),
    ],
)
def test_an_access_is_this_operation(state: Transport, access: Access, operation: Operation) -> None:
    request = RELAY.begin(state, access)
    assert (request.issues, request.late, request.operation) == (True, False, operation)


@pytest.mark.parametrize(
    ("access", "reply", "outcome"),
    [
        pytest.param(bar(0, 4), Reply(0x44332211 << 64, 12), Outcome(4, 0x44332211), id="read"),
        pytest.param(
            Access(False, False, 18, 1, 0xEEEEEE), Reply(0x07 << 64, 9), Outcome(1, 0xEEEE07), id="rest-of-the-buffer"
        ),
        pytest.param(
            Access(False, False, 18, 1, 0xEE), Reply(0x07 << 64 | 22, 9), Outcome(2**64 - 0x10016, 0xEE), id="failure"
        ),
        pytest.param(bar(0, 4), Reply(0x44332211 << 64, 10), Outcome(4, 0x2211), id="short"),
        pytest.param(bar(18, 1, 7), Reply(0, 8), Outcome(1, 7), id="write"),
        pytest.param(bar(63, 2, 7), Reply(0, 8), Outcome(REFUSED, 7), id="refused"),
        pytest.param(bar(0, 0), Reply(22, 8), Outcome(0, 0), id="no-access"),
    ],
)
def test_a_reply_is_this_outcome(access: Access, reply: Reply, outcome: Outcome) -> None:
    assert RELAY.end(transport(), access, reply).outcome == outcome


def test_the_core_has_thirteen_clauses_and_each_its_mediator() -> None:
    assert [clause.id for clause in CORE] == IDS
    assert sorted(MEDIATORS) == sorted(IDS)


@pytest.mark.parametrize("clause_id", IDS)
def test_a_mediator_breaks_exactly_its_clause_in_a_trace_of_at_most_four(clause_id: str) -> None:
    result = told(clause_id)
    assert result.broken == {clause_id}
    assert result.expected != result.got
    assert len(result.happenings) <= 4


def test_what_a_guest_sees_of_the_fixed_layout_is_another_register() -> None:
    result = told("C-ROUTE")
    assert result.expected[:2] == result.got[:2] == (None, None)
    assert result.expected[2] != result.got[2]


def test_a_leak_shows_to_a_caller_that_looks_at_the_buffer() -> None:
    result = told("C-RESIDUE")
    assert result.expected == (None, b"\xff")
    assert result.got[1] not in (None, b"\xff")


def test_every_leaf_of_a_step_has_a_width() -> None:
    taken = step(RELAY, transport(), bar(0, 4), Reply(0, 8))
    assert {name for name, _ in leaves(taken)} <= set(WIDTHS)


def test_a_concrete_step_does_not_import_z3() -> None:
    script = """
import sys
from straightwire.model.clauses import CORE
from straightwire.model.registers import NET
from straightwire.model.relay import Relay
from straightwire.model.system import TellTale, opened, run
from straightwire.model.vocabulary import Access, Event, EventKind, Own
happenings = [Access(True, True, 4, 2, 1), Event(EventKind.MSIX, True), Access(False, False, 20, 2, 0),
              Access(False, True, 18, 1, 7), Access(True, False, 0x10, 4, 0), Event(EventKind.RESET, False)]
seen = run(Relay(), TellTale().run, opened(Own(2, 1, 28)), happenings)
assert [each.broken for each in seen] == [()] * 6
print([name for name in ("z3", "cvc5", "bitwuzla") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
