# SPDX-License-Identifier: Apache-2.0
"""Interposers: what stands between a guest and one member. Here the general one, with arbitrary hidden state.

An interposer is a function of everything it could know: transport state, the access, the reply, and
hidden state, which may be any memory, clock or address. At any one point an arbitrary function has an
arbitrary value. So the answers of the general interposer in one step are free symbols, and a second step
or a second run (other hidden state) has symbols of its own: nothing relates them but the clauses.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, Protocol, cast

from straightwire.model import term
from straightwire.model.vocabulary import (
    WIDTHS,
    Access,
    Doorbell,
    Event,
    Operation,
    OpShape,
    Outcome,
    Own,
    Reaction,
    Reply,
    Request,
    Response,
    Transport,
    leaves,
)

if TYPE_CHECKING:
    from straightwire.model.term import Term, Truth, Word


class Interposer(Protocol):
    """Behaviour: what is done with an access, with the answer to it, and on any other event.

    An interposer of the model is a value: frozen and hashable.
    """

    def __hash__(self) -> int: ...

    def begin(self, transport: Transport, access: Access) -> Request:
        """What is done with an access before any answer."""

    def end(self, transport: Transport, access: Access, reply: Reply) -> Response:
        """What the call leaves, once the device has answered ``reply`` (arbitrary where nothing was issued)."""

    def react(self, transport: Transport, event: Event) -> Reaction:
        """What is done on an event that is no access."""


def _symbol(name: str, leaf: str) -> Term:
    bits = WIDTHS[leaf]
    return term.truth(name) if bits is None else term.word(name, bits)


def symbolic_transport(name: str = "p", own: Own | None = None, doorbell: Doorbell | None = None) -> Transport:
    """An arbitrary transport state; ``own`` or ``doorbell`` may be fixed."""

    def word(leaf: str) -> Any:
        return _symbol(f"{name}.{leaf}", leaf)

    return Transport(
        own or Own(word("member"), word("virtio_id"), word("config_len")),
        doorbell
        or Doorbell(
            word("present"), word("bar_owner"), word("bar"), cast("Any", term.word(f"{name}.doorbell_offset", 64))
        ),
        word("decode"),
        word("msix"),
        word("bar0"),
    )


def symbolic_access(name: str = "a") -> Access:
    """An arbitrary access."""
    return Access(*(cast("Any", _symbol(f"{name}.{leaf}", leaf)) for leaf in Access.__dataclass_fields__))


def symbolic_reply(name: str = "r") -> Reply:
    """An arbitrary reply, of any used length."""
    return Reply(*(cast("Any", _symbol(f"{name}.{leaf}", leaf)) for leaf in Reply.__dataclass_fields__))


def symbolic_event(name: str = "e") -> Event:
    """An arbitrary event that is no access."""
    return Event(*(cast("Any", _symbol(f"{name}.{leaf}", leaf)) for leaf in Event.__dataclass_fields__))


def flat(*records: Any) -> list[Term]:
    """All leaves of some records as terms, with the widths that belong to their names."""
    found: list[Term] = []
    for record in records:
        for leaf, value in leaves(record):
            bits = WIDTHS[leaf]
            if bits is None:
                found.append(term.z3().BoolVal(value) if isinstance(value, bool) else value)
            else:
                found.append(term.constant(cast("Any", value), bits))
    return found


def signature(*records: Any) -> list[Any]:
    """The sorts of all leaves of some records."""
    return [
        term.truths() if WIDTHS[leaf] is None else term.bit_vectors(cast("int", WIDTHS[leaf]))
        for record in records
        for leaf, _ in leaves(record)
    ]


def _symbols(record: Any, prefix: str) -> Any:
    """A record of the given type with a free symbol for every leaf."""
    values = {}
    for field in fields(record):
        inner = _NESTED.get((record, field.name))
        name = f"{prefix}.{field.name}"
        values[field.name] = _symbols(inner, name) if inner else _symbol(name, field.name)
    return record(**values)


_NESTED: dict[tuple[type, str], type] = {
    (Operation, "shape"): OpShape,
    (Request, "operation"): Operation,
    (Reaction, "operation"): Operation,
    (Response, "outcome"): Outcome,
}


def symbolic_operation(name: str = "o") -> Operation:
    """An arbitrary operation."""
    operation: Operation = _symbols(Operation, name)
    return operation


class AnyInterposer:
    """The general interposer. ``run`` tells its steps and runs apart."""

    def __init__(self, run: str = "any") -> None:
        self.run = run

    def _transport(self, prefix: str, before: Transport) -> Transport:
        # What open was told cannot change; the doorbell, the shadows and the layout can, if the interposer errs.
        return replace(
            before,
            doorbell=_symbols(Doorbell, f"{prefix}.doorbell"),
            decode=cast("Truth", _symbol(f"{prefix}.decode", "decode")),
            msix=cast("Truth", _symbol(f"{prefix}.msix", "msix")),
            bar0=cast("Word", _symbol(f"{prefix}.bar0", "bar0")),
        )

    def begin(self, transport: Transport, access: Access) -> Request:
        request: Request = _symbols(Request, f"{self.run}.begin")
        return request

    def end(self, transport: Transport, access: Access, reply: Reply) -> Response:
        return Response(
            _symbols(Outcome, f"{self.run}.end"),
            cast("Truth", _symbol(f"{self.run}.end.again", "again")),
            self._transport(f"{self.run}.end", transport),
        )

    def react(self, transport: Transport, event: Event) -> Reaction:
        return Reaction(
            cast("Truth", _symbol(f"{self.run}.react.issues", "issues")),
            _symbols(Operation, f"{self.run}.react"),
            self._transport(f"{self.run}.react", transport),
        )
