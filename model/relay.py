# SPDX-License-Identifier: Apache-2.0
"""The relay: route, pack, settle. It has no hidden state, and this is all of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from straightwire.model.commands import SwError
from straightwire.model.config_space import config_seen, config_written
from straightwire.model.own_bar import NOTHING
from straightwire.model.route import command_shape, config_shape, doorbell_shape, due, is_access, rings_doorbell, route
from straightwire.model.term import both, choose_word, low_bytes, no, same
from straightwire.model.vocabulary import (
    PAYLOAD_BITS,
    RESULT_BITS,
    EventKind,
    Operation,
    OpShape,
    Outcome,
    Reaction,
    Request,
    Response,
    first_case,
)
from straightwire.model.wire import answer, error, pack, settle, spliced, unpack

if TYPE_CHECKING:
    from straightwire.model.vocabulary import Access, Event, Reply, Transport


@dataclass(frozen=True)
class Relay:
    """The relay of this project, as an interposer without hidden state."""

    def begin(self, transport: Transport, access: Access) -> Request:
        """One operation for an access that decodes, as it reads back from the bytes on the wire."""
        happens = due(transport, access)
        if happens is False:
            return Request(False, False, NOTHING)
        data = choose_word(access.write, low_bytes(access.payload, access.length, PAYLOAD_BITS), 0, PAYLOAD_BITS)

        def on_the_wire(shape: OpShape) -> Operation:
            return unpack(pack(Operation(transport.own.member, shape, data)), transport.own.member)

        operation: Operation = first_case(
            (access.config, lambda: on_the_wire(config_shape(access))),
            (rings_doorbell(transport, access), lambda: on_the_wire(doorbell_shape(transport))),
            otherwise=lambda: on_the_wire(command_shape(transport, access)),
        )
        return Request(happens, False, operation)

    def end(self, transport: Transport, access: Access, reply: Reply) -> Response:
        """The device's answer, and the shadows of a configuration write."""
        happens = due(transport, access)
        refused = choose_word(is_access(access), error(SwError.REFUSED), 0, RESULT_BITS)
        if happens is False:
            return Response(Outcome(refused, access.payload), False, transport)
        status, payload = settle(route(transport, access), reply)
        shown = payload
        if access.config is not False:
            overlaid = config_seen(transport, access.offset, access.length, payload)
            shown = choose_word(access.config, overlaid, payload, PAYLOAD_BITS)
        buffer = choose_word(
            both(happens, no(access.write), same(status, 0)),
            spliced(access.payload, shown, access.length),
            access.payload,
            PAYLOAD_BITS,
        )
        result = choose_word(happens, answer(status, access.length), refused, RESULT_BITS)
        after: Transport = first_case(
            (both(happens, access.config, access.write), lambda: config_written(transport, access)),
            otherwise=lambda: transport,
        )
        return Response(Outcome(result, buffer), False, after)

    def react(self, transport: Transport, event: Event) -> Reaction:
        """No event issues an operation; MSI-X changes the layout, a reset clears the shadows."""
        after: Transport = first_case(
            (same(event.kind, EventKind.MSIX), lambda: replace(transport, msix=event.argument)),
            (same(event.kind, EventKind.RESET), lambda: replace(transport, decode=False, bar0=0)),
            otherwise=lambda: transport,
        )
        return Reaction(False, NOTHING, after)
