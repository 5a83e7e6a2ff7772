# SPDX-License-Identifier: Apache-2.0
"""The theorems have teeth: without any one clause, or with one changed line in the relay, they are refuted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from straightwire.model import term
from straightwire.model.clauses import CORE, Step
from straightwire.model.relay import Relay
from straightwire.model.route import due
from straightwire.model.term import no
from straightwire.model.vocabulary import Access, Event, EventKind, Reaction, Reply, Request, Response, Transport
from straightwire.proofs.catalogue import obligations, select
from straightwire.proofs.obligation import Obligation, Verdict
from straightwire.proofs.prover import prove
from straightwire.proofs.theorems import relay as relay_theorem
from straightwire.proofs.theorems import suffice

# Each clause with the kind of access that needs it.
NEEDED_BY = {
    "C-ONCE": "write-bar",
    "C-ROUTE": "read-bar",
    "C-WRITE": "write-bar",
    "C-READ": "read-bar",
    "C-MEMBER": "write-bar",
    "C-REPLY": "read-bar",
    "C-STATUS": "write-bar",
    "C-REFUSE": "read-bar",
    "C-RESIDUE": "read-bar",
    "C-FRAME": "write-bar",
    "C-CONFIG": "read-configuration-space",
    "C-INIT": "length-0",
    "C-ORDER": "write-bar",
}


def named(name: str) -> Obligation[Any]:
    return next(each for each in obligations() if each.id == name)


def test_every_clause_of_the_core_is_left_out_once() -> None:
    assert [clause.id for clause in CORE] == list(NEEDED_BY)


@pytest.mark.parametrize("clause_id", list(NEEDED_BY))
def test_T_SUFFICE_needs_each_clause(clause_id: str) -> None:
    rest = [clause for clause in CORE if clause.id != clause_id]
    access = NEEDED_BY[clause_id] != "length-0"
    weaker = replace(
        named(f"T-SUFFICE/{NEEDED_BY[clause_id]}"),
        given=lambda it: suffice._given(rest, access=access, both_ways=it),
        mutants=(),
    )
    result = prove(weaker)
    assert result.verdict is Verdict.REFUTED
    assert result.counterexample is not None
    step = result.counterexample.symbols.step
    assert isinstance(step, Step)
    assert [clause.id for clause in CORE if clause.of_step(step) is not True] == [clause_id]


@dataclass(frozen=True)
class WrongSplit(Relay):
    def begin(self, transport: Transport, access: Access) -> Request:
        return super().begin(replace(transport, msix=no(transport.msix)), access)


@dataclass(frozen=True)
class LostBit(Relay):
    def begin(self, transport: Transport, access: Access) -> Request:
        request = super().begin(transport, access)
        operation = request.operation
        return replace(request, operation=replace(operation, payload=operation.payload & ~1))


@dataclass(frozen=True)
class WrongMember(Relay):
    def begin(self, transport: Transport, access: Access) -> Request:
        request = super().begin(transport, access)
        return replace(request, operation=replace(request.operation, member=1))


@dataclass(frozen=True)
class Hint(Relay):
    def begin(self, transport: Transport, access: Access) -> Request:
        request = super().begin(transport, access)
        return replace(request, operation=replace(request.operation, reserved=1))


@dataclass(frozen=True)
class Twice(Relay):
    def end(self, transport: Transport, access: Access, reply: Reply) -> Response:
        return replace(super().end(transport, access, reply), again=due(transport, access))


@dataclass(frozen=True)
class Late(Relay):
    def begin(self, transport: Transport, access: Access) -> Request:
        request = super().begin(transport, access)
        return replace(request, late=request.issues)


@dataclass(frozen=True)
class ZeroedBuffer(Relay):
    def end(self, transport: Transport, access: Access, reply: Reply) -> Response:
        response = super().end(transport, access, reply)
        failed = no(term.same(response.outcome.result, access.length))
        buffer = term.choose_word(failed, 0, response.outcome.buffer, 2048)
        return replace(response, outcome=replace(response.outcome, buffer=buffer))


@dataclass(frozen=True)
class AlwaysGood(Relay):
    def end(self, transport: Transport, access: Access, reply: Reply) -> Response:
        response = super().end(transport, access, reply)
        return replace(response, outcome=replace(response.outcome, result=access.length))


@dataclass(frozen=True)
class KeepsBar0(Relay):
    def react(self, transport: Transport, event: Event) -> Reaction:
        reaction = super().react(transport, event)
        return replace(reaction, transport=replace(reaction.transport, bar0=transport.bar0))


@dataclass(frozen=True)
class ForgetsShadows(Relay):
    def end(self, transport: Transport, access: Access, reply: Reply) -> Response:
        return replace(super().end(transport, access, reply), transport=transport)


@dataclass(frozen=True)
class ReadsOnClose(Relay):
    def react(self, transport: Transport, event: Event) -> Reaction:
        return replace(super().react(transport, event), issues=term.same(event.kind, EventKind.CLOSE))


@dataclass(frozen=True)
class StaleByte(Relay):
    def end(self, transport: Transport, access: Access, reply: Reply) -> Response:
        """A reply cut short is taken as if the device had written all of it."""
        return super().end(transport, access, replace(reply, written=2**64 - 1))


@pytest.mark.parametrize(
    ("changed", "clause_id"),
    [
        (Twice(), "C-ONCE"),
        (WrongSplit(), "C-ROUTE"),
        (LostBit(), "C-WRITE"),
        (Hint(), "C-READ"),
        (WrongMember(), "C-MEMBER"),
        (StaleByte(), "C-REPLY"),
        (StaleByte(), "C-STATUS"),
        (AlwaysGood(), "C-STATUS"),
        (AlwaysGood(), "C-REFUSE"),
        (ZeroedBuffer(), "C-RESIDUE"),
        (KeepsBar0(), "C-FRAME"),
        (ForgetsShadows(), "C-CONFIG"),
        (ReadsOnClose(), "C-INIT"),
        (Late(), "C-ORDER"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_T_RELAY_refutes_a_relay_with_one_changed_line(
    monkeypatch: pytest.MonkeyPatch, changed: Relay, clause_id: str
) -> None:
    monkeypatch.setattr(relay_theorem, "RELAY", changed)
    result = prove(replace(named(f"T-RELAY/{clause_id}/net"), mutants=()))
    assert result.verdict is Verdict.REFUTED
    assert result.counterexample is not None
    assert result.counterexample.goal.startswith(f"{clause_id} on a")


MODEL_RELAY = "straightwire.model.relay"


@pytest.mark.parametrize(
    ("line", "wrong", "clause_id"),
    [
        ("rings_doorbell", lambda _, access: term.both(access.write, term.same(access.offset, 16)), "C-ROUTE"),
        ("rings_doorbell", lambda *_: False, "C-ROUTE"),
        ("answer", lambda _, length: length, "C-STATUS"),
        ("error", lambda _: 2**64 - 2, "C-REFUSE"),
        ("config_written", lambda transport, _: transport, "C-CONFIG"),
        ("config_seen", lambda *arguments: arguments[3], "C-CONFIG"),
    ],
    ids=["any-length-rings", "nothing-rings", "status-ignored", "another-error", "no-shadows", "no-overlay"],
)
def test_T_RELAY_refutes_a_relay_whose_parts_err(
    monkeypatch: pytest.MonkeyPatch, line: str, wrong: Callable[..., Any], clause_id: str
) -> None:
    monkeypatch.setattr(f"{MODEL_RELAY}.{line}", wrong)
    result = prove(replace(named(f"T-RELAY/{clause_id}/rng"), mutants=()))
    assert result.verdict is Verdict.REFUTED
    assert result.counterexample is not None


def test_a_pattern_that_names_nothing_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="T-NONE"):
        select(("T-BYTES", "T-NONE"))


def test_a_claim_an_obligation_and_a_prefix_of_ids_can_be_selected() -> None:
    assert [each.id for each in select(("T-BYTES/doorbell",))] == ["T-BYTES/doorbell"]
    assert [each.id for each in select(("LD5",))] == ["LD5/registers", "LD5/queues", "LD5/any-width"]
    assert [each.id for each in select(("LD3", "LD5/registers", "LD3/common"))] == ["LD3/common", "LD5/registers"]
    assert [each.id for each in select(("T-RELAY/C-ONCE",))] == [
        f"T-RELAY/C-ONCE/{name}" for name in ("net", "blk", "console", "rng", "balloon")
    ]
    assert select(()) == obligations()
