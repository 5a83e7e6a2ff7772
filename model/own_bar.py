# SPDX-License-Identifier: Apache-2.0
"""Passthrough: the device's own BAR, the interposer that is not there.

The contract's yardstick. An access that decodes is the operation of its route, with its own bytes, and
the guest sees what the device answered. Nothing here knows of bytes on a wire.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from straightwire.model.commands import SwError
from straightwire.model.config_space import config_seen, config_written
from straightwire.model.route import due, is_access, route
from straightwire.model.term import both, choose, choose_word, low_bytes, no, same
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
    choose_record,
)
from straightwire.model.wire import answer, error, settle, spliced

if TYPE_CHECKING:
    from straightwire.model.vocabulary import Access, Event, Reply, Transport

NOTHING = Operation(0, OpShape(0, 0, 0, 0, 0, 0, 0), 0)
"""Stands where no operation is issued."""


@dataclass(frozen=True)
class OwnBar:
    """The device's own BAR and configuration space, as an interposer that adds nothing."""

    def begin(self, transport: Transport, access: Access) -> Request:
        """The operation of the route."""
        happens = due(transport, access)
        if happens is False:
            return Request(False, False, NOTHING)
        data = low_bytes(access.payload, access.length, PAYLOAD_BITS)
        operation = Operation(
            transport.own.member, route(transport, access), choose_word(access.write, data, 0, PAYLOAD_BITS)
        )
        return Request(happens, False, operation)

    def end(self, transport: Transport, access: Access, reply: Reply) -> Response:
        """What the device answered; nothing where PCI does not decode the access."""
        happens = due(transport, access)
        status, payload = settle(route(transport, access), reply)
        seen = payload
        if access.config is not False:
            overlaid = config_seen(transport, access.offset, access.length, payload)
            seen = choose_word(access.config, overlaid, payload, PAYLOAD_BITS)
        good = both(happens, no(access.write), same(status, 0))
        buffer = choose_word(good, spliced(access.payload, seen, access.length), access.payload, PAYLOAD_BITS)
        result = choose_word(
            happens,
            answer(status, access.length),
            choose_word(is_access(access), error(SwError.REFUSED), 0, RESULT_BITS),
            RESULT_BITS,
        )
        after: Transport = choose_record(
            both(happens, access.config, access.write), config_written(transport, access), transport
        )
        return Response(Outcome(result, buffer), False, after)

    def react(self, transport: Transport, event: Event) -> Reaction:
        """MSI-X follows the VMM, a reset clears decode and BAR0, nothing reaches the device (rule 7)."""
        reset = same(event.kind, EventKind.RESET)
        after = replace(
            transport,
            decode=both(no(reset), transport.decode),
            msix=choose(same(event.kind, EventKind.MSIX), event.argument, transport.msix),
            bar0=choose_word(reset, 0, transport.bar0, 32),
        )
        return Reaction(False, NOTHING, after)
