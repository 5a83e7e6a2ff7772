# SPDX-License-Identifier: Apache-2.0
"""One mediator for each clause of the core: it breaks that clause, keeps all the others, and a guest can tell.

Each is the relay with one realistic change; V-numbers name the vDPA behaviour it is drawn from. All run
on Python values and on terms, so T-NEED both proves what they keep and executes what they break.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from straightwire.model.commands import GROUP_SRIOV, Opcode, Status
from straightwire.model.pci import REVISION_ID
from straightwire.model.registers import GUEST_FEATURES, HOST_FEATURES, ISR, QUEUE_NOTIFY, STATUS, Field
from straightwire.model.relay import Relay
from straightwire.model.route import decodes, due, is_access, route
from straightwire.model.term import bits_of, both, choose_word, no, same
from straightwire.model.vocabulary import (
    PAYLOAD_BITS,
    RESERVED_BITS,
    RESULT_BITS,
    EventKind,
    Operation,
    OpKind,
    OpShape,
    Reaction,
    Request,
    Response,
)
from straightwire.model.wire import answer, settle, spliced

if TYPE_CHECKING:
    from straightwire.model.term import Truth, Word
    from straightwire.model.vocabulary import Access, Event, Reply, Transport


def _is(access: Access, register: Field, *, write: bool) -> Truth:
    """An access to the BAR that is exactly this register."""
    return both(
        no(access.config),
        same(access.write, write),
        same(access.offset, register.offset),
        same(access.length, register.size),
    )


@dataclass(frozen=True)
class Mediator(Relay):
    """The relay with one change. ``breaks`` is the clause, ``does`` says what it does instead."""

    breaks: str = ""
    does: str = ""


def _shown(response: Response, where: Truth, buffer: Word) -> Response:
    """The response with another buffer where something holds."""
    changed = choose_word(where, buffer, response.outcome.buffer, PAYLOAD_BITS)
    return replace(response, outcome=replace(response.outcome, buffer=changed))


def _returned(response: Response, where: Truth, result: Word) -> Response:
    """The response with another return value where something holds."""
    changed = choose_word(where, result, response.outcome.result, RESULT_BITS)
    return replace(response, outcome=replace(response.outcome, result=changed))


@dataclass(frozen=True)
class Persistent(Mediator):
    """Not C-ONCE: one access, two operations."""

    breaks: str = "C-ONCE"
    does: str = "issues a command once more when the status is EAGAIN (choice A14, and vDPA's V11)"

    def end(self, transport: Transport, access: Access, reply: Reply) -> Response:
        shape = route(transport, access)
        status, _ = settle(shape, reply)
        again = both(no(access.config), due(transport, access), same(status, Status.EAGAIN))
        return replace(super().end(transport, access, reply), again=again)


@dataclass(frozen=True)
class FixedLayout(Mediator):
    """Not C-ROUTE: an address of its own making."""

    breaks: str = "C-ROUTE"
    does: str = "takes the device configuration to start at 20, MSI-X or not"

    def begin(self, transport: Transport, access: Access) -> Request:
        return super().begin(replace(transport, msix=False), access)


@dataclass(frozen=True)
class FeatureMask(Mediator):
    """Not C-WRITE: other bytes than the guest's."""

    breaks: str = "C-WRITE"
    does: str = "clears feature bit 5 in what the driver accepts (V4)"

    def begin(self, transport: Transport, access: Access) -> Request:
        request = super().begin(transport, access)
        operation = request.operation
        masked = choose_word(
            _is(access, GUEST_FEATURES, write=True),
            operation.payload & ~(1 << 5),
            operation.payload,
            PAYLOAD_BITS,
        )
        return replace(request, operation=replace(operation, payload=masked))


@dataclass(frozen=True)
class Smuggler(Mediator):
    """Not C-READ: bytes nobody wrote."""

    breaks: str = "C-READ"
    does: str = "puts a hint into a reserved byte of a read of the ISR"

    def begin(self, transport: Transport, access: Access) -> Request:
        request = super().begin(transport, access)
        hint = choose_word(_is(access, ISR, write=False), 1, request.operation.reserved, RESERVED_BITS)
        return replace(request, operation=replace(request.operation, reserved=hint))


@dataclass(frozen=True)
class OneForAll(Mediator):
    """Not C-MEMBER: somebody else's device."""

    breaks: str = "C-MEMBER"
    does: str = "resets the device through member 1, whoever asks"

    def begin(self, transport: Transport, access: Access) -> Request:
        request = super().begin(transport, access)
        member = choose_word(_is(access, STATUS, write=True), 1, request.operation.member, 64)
        return replace(request, operation=replace(request.operation, member=member))


@dataclass(frozen=True)
class FeatureFilter(Mediator):
    """Not C-REPLY: other bytes than the device's."""

    breaks: str = "C-REPLY"
    does: str = "hides feature bit 5 from the driver (V1)"

    def end(self, transport: Transport, access: Access, reply: Reply) -> Response:
        response = super().end(transport, access, reply)
        status, payload = settle(route(transport, access), reply)
        hides = both(due(transport, access), _is(access, HOST_FEATURES, write=False), same(status, 0))
        filtered = spliced(access.payload, payload & ~(1 << 5), access.length)
        return _shown(response, hides, filtered)


@dataclass(frozen=True)
class Qualified(Mediator):
    """Not C-STATUS: a second opinion of what failed."""

    breaks: str = "C-STATUS"
    does: str = "takes a success with a qualifier for a failure"

    def end(self, transport: Transport, access: Access, reply: Reply) -> Response:
        response = super().end(transport, access, reply)
        status, _ = settle(route(transport, access), reply)
        doubted = both(
            no(access.config),
            due(transport, access),
            same(status, 0),
            no(same(bits_of(reply.content, 16, 16), 0)),
        )
        return _returned(response, doubted, answer(Status.EINVAL, access.length))


@dataclass(frozen=True)
class Lenient(Mediator):
    """Not C-REFUSE: a refusal that does not show."""

    breaks: str = "C-REFUSE"
    does: str = "reports success for an access that PCI does not decode"

    def end(self, transport: Transport, access: Access, reply: Reply) -> Response:
        response = super().end(transport, access, reply)
        dropped = both(is_access(access), no(decodes(transport, access)))
        return _returned(response, dropped, access.length)


@dataclass(frozen=True)
class Leaky(Mediator):
    """Not C-RESIDUE: a failure that leaves bytes behind."""

    breaks: str = "C-RESIDUE"
    does: str = "copies the reply out before it looks at the status"

    def end(self, transport: Transport, access: Access, reply: Reply) -> Response:
        response = super().end(transport, access, reply)
        status, payload = settle(route(transport, access), reply)
        failed = both(no(access.config), due(transport, access), no(access.write), no(same(status, 0)))
        leaked = spliced(access.payload, payload, access.length)
        return _shown(response, failed, leaked)


@dataclass(frozen=True)
class Housekeeper(Mediator):
    """Not C-FRAME: transport state that follows an access."""

    breaks: str = "C-FRAME"
    does: str = "turns I/O decode off when the driver resets the device"

    def end(self, transport: Transport, access: Access, reply: Reply) -> Response:
        response = super().end(transport, access, reply)
        resets = both(due(transport, access), _is(access, STATUS, write=True), same(bits_of(access.payload, 0, 8), 0))
        decode: Truth = both(response.transport.decode, no(resets))
        return replace(response, transport=replace(response.transport, decode=decode))


@dataclass(frozen=True)
class Unmasked(Mediator):
    """Not C-CONFIG: configuration space without its overlay."""

    breaks: str = "C-CONFIG"
    does: str = "shows the member's own revision, so that no legacy driver binds"

    def end(self, transport: Transport, access: Access, reply: Reply) -> Response:
        response = super().end(transport, access, reply)
        bare = both(
            due(transport, access),
            access.config,
            no(access.write),
            same(access.offset, REVISION_ID),
            same(access.length, 1),
        )
        own = spliced(access.payload, bits_of(reply.content, 0, PAYLOAD_BITS), access.length)
        return _shown(response, bare, own)


@dataclass(frozen=True)
class Poller(Mediator):
    """Not C-INIT: an operation that no access caused."""

    breaks: str = "C-INIT"
    does: str = "reads the ISR on a timer, in case there is something (V8)"

    def react(self, transport: Transport, event: Event) -> Reaction:
        reaction = super().react(transport, event)
        poll = Operation(
            transport.own.member,
            OpShape(OpKind.COMMAND, Opcode.LEGACY_COMMON_CFG_READ, GROUP_SRIOV, ISR.offset, ISR.size, 0, 0),
            0,
        )
        return replace(reaction, issues=same(event.kind, EventKind.TICK), operation=poll)


@dataclass(frozen=True)
class Posted(Mediator):
    """Not C-ORDER: an operation after the call has returned."""

    breaks: str = "C-ORDER"
    does: str = "lets a worker ring the queues after the call has returned (V18)"

    def begin(self, transport: Transport, access: Access) -> Request:
        request = super().begin(transport, access)
        return replace(request, late=both(request.issues, _is(access, QUEUE_NOTIFY, write=True)))


MEDIATORS: dict[str, Mediator] = {
    mediator.breaks: mediator
    for mediator in (
        Persistent(),
        FixedLayout(),
        FeatureMask(),
        Smuggler(),
        OneForAll(),
        FeatureFilter(),
        Qualified(),
        Lenient(),
        Leaky(),
        Housekeeper(),
        Unmasked(),
        Poller(),
        Posted(),
    )
}
"""The mediator that breaks each clause of the core, and only that."""
