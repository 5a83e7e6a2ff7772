# SPDX-License-Identifier: Apache-2.0
"""The executable model as a ``Subject``: the definitions that are proved, run on Python numbers.

Any interposer of the model can stand in it, so the mediators are subjects too. What it issues reaches the
device as the bytes of ``model.wire.pack``; what the device answers comes back as a ``Reply``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from straightwire.model.commands import LEGACY_OPCODES, NOTIFY_BARS, SwError
from straightwire.model.interposer import Interposer
from straightwire.model.opening import BAR_OWNERS, BarLens, Opening, asks, opened
from straightwire.model.registers import DEVICE_TYPES, MAX_DEVICE_CONFIG
from straightwire.model.relay import Relay
from straightwire.model.route import window
from straightwire.model.term import Word
from straightwire.model.vocabulary import (
    PAYLOAD_BYTES,
    Access,
    Event,
    EventKind,
    Operation,
    OpKind,
    Own,
    Reply,
    Transport,
)
from straightwire.model.wire import bytes_of, pack, signed, word_of
from straightwire.reference.abi import DevicePort, Member, Outcome, RelayError
from straightwire.reference.lockstep.host_requests import HostRequests

BLANK = Reply(0, 0)
"""Stands for an answer where nothing was asked."""

_LEGACY = sum(1 << opcode for opcode in LEGACY_OPCODES)
_VIRTIO_IDS = frozenset(known.virtio_id for known in DEVICE_TYPES)
_BARS = range(NOTIFY_BARS[0], NOTIFY_BARS[1] + 1)
_CANARY = word_of(bytes(0xA5 ^ (7 * place & 0xFF) for place in range(PAYLOAD_BYTES)))


def prior(length: int) -> int:
    """What a caller's buffer of ``length`` bytes holds before a read, as a word."""
    return _CANARY & ((1 << 8 * length) - 1)


def number(value: Word) -> int:
    """A word that is a Python number; ``TypeError`` for a term."""
    if not isinstance(value, int):
        raise TypeError("a subject runs on concrete values")
    return value


class ModelRelay:
    """One open relay on the model (protocol ``Relay`` of the ABI).

    ``transport`` is the transport state as the interposer left it. An operation that the interposer issues
    late reaches the device after the next event's own, or on close.
    """

    def __init__(self, device: DevicePort, member: Member, transport: Transport, interposer: Interposer) -> None:
        self.transport = transport
        self._device = device
        self._interposer = interposer
        self._host = HostRequests(device.admin, member)
        self._late: list[Operation] = []

    def bar_size(self) -> int:
        """Bytes of BAR0."""
        return number(window(self.transport))

    def bar_read(self, offset: int, length: int) -> Outcome:
        """A guest's read of BAR0."""
        return self._access(Access(False, False, offset, length, prior(length)), length)

    def bar_write(self, offset: int, data: bytes) -> Outcome:
        """A guest's write of BAR0."""
        return self._access(Access(False, True, offset, len(data), word_of(data[:PAYLOAD_BYTES])), 0)

    def config_read(self, offset: int, length: int) -> Outcome:
        """A guest's read of configuration space."""
        return self._access(Access(True, False, offset, length, prior(length)), length)

    def config_write(self, offset: int, data: bytes) -> Outcome:
        """A guest's write of configuration space."""
        return self._access(Access(True, True, offset, len(data), word_of(data[:PAYLOAD_BYTES])), 0)

    def set_msix(self, enabled: bool) -> None:
        """The member's MSI-X enable has changed."""
        self._react(Event(EventKind.MSIX, enabled))

    def reset(self) -> None:
        """A function-level reset has completed."""
        self._react(Event(EventKind.RESET, False))

    def tick(self) -> None:
        """A host's timer or idle loop."""
        self._react(Event(EventKind.TICK, False))

    def stop(self, stopped: bool) -> Outcome:
        """Stop or resume the member."""
        return self._then_deliver(self._host.stop(stopped))

    def save(self, cap: int) -> Outcome:
        """The device parts, or with cap 0 their size."""
        return self._then_deliver(self._host.save(cap))

    def load(self, parts: bytes) -> Outcome:
        """Give the device its parts."""
        return self._then_deliver(self._host.load(parts))

    def close(self) -> None:
        """Close the relay; what is still late arrives now."""
        self._react(Event(EventKind.CLOSE, False))

    def _access(self, access: Access, filled: int) -> Outcome:
        """One access; ``filled`` bytes of the buffer are the caller's to read after a success."""
        request = self._interposer.begin(self.transport, access)
        overdue, self._late = self._late, []
        reply = BLANK
        if request.issues:
            if request.late:
                self._late.append(request.operation)
            else:
                reply = self._issue(request.operation)
        response = self._interposer.end(self.transport, access, reply)
        if response.again:
            self._issue(request.operation)
        self.transport = response.transport
        if overdue:
            self._deliver(overdue)
        result, buffer = signed(number(response.outcome.result)), number(response.outcome.buffer)
        if result >= 0 and filled:
            return Outcome(result, bytes_of(buffer, filled))
        if buffer != access.payload:  # changed where it must not be: shown, as LibraryRelay shows it
            return Outcome(result, bytes_of(buffer, min(number(access.length), PAYLOAD_BYTES)))
        return Outcome(result)

    def _react(self, event: Event) -> None:
        overdue, self._late = self._late, []
        reaction = self._interposer.react(self.transport, event)
        if reaction.issues:
            self._issue(reaction.operation)
        self.transport = reaction.transport
        self._deliver(overdue)

    def _then_deliver(self, outcome: Outcome) -> Outcome:
        overdue, self._late = self._late, []
        self._deliver(overdue)
        return outcome

    def _deliver(self, operations: Iterable[Operation]) -> None:
        for operation in operations:
            self._issue(operation)

    def _issue(self, operation: Operation) -> Reply:
        return issue(self._device, operation)


def issue(device: DevicePort, operation: Operation) -> Reply:
    """One operation as the call of ``DevicePort`` it stands for, and the device's raw answer."""
    kind, shape = operation.shape.kind, operation.shape
    if kind == OpKind.COMMAND:
        call = pack(operation)
        reply_len = number(call.reply_len)
        reply = device.admin(bytes_of(call.sent, number(call.sent_len)), reply_len)
        return Reply(word_of(reply[:reply_len]), len(reply))
    offset, length = number(shape.offset), number(shape.length)
    if kind == OpKind.CONFIG_READ:
        own = device.config_read(offset, length)[:length]
        return Reply(word_of(own), len(own))
    if kind == OpKind.CONFIG_WRITE:
        device.config_write(offset, bytes_of(operation.payload, length))
    else:
        device.doorbell(number(shape.bar_owner), number(shape.bar), offset, number(operation.payload))
    return BLANK


class ModelSubject:
    """The model's relay, or any other of its interposers, as a subject."""

    def __init__(self, interposer: Interposer | None = None, name: str = "model") -> None:
        self._interposer = Relay() if interposer is None else interposer
        self._name = name

    @property
    def name(self) -> str:
        """``model``, or ``mediator:`` and the clause it breaks."""
        return self._name

    def open(self, device: DevicePort, member: Member) -> ModelRelay:
        """Attach to one member; raises ``RelayError`` with SW_INVALID, then SW_NOTSUP."""
        if member.virtio_device_id not in _VIRTIO_IDS or member.device_config_len > MAX_DEVICE_CONFIG:
            raise RelayError(SwError.INVALID)
        if member.commands & _LEGACY != _LEGACY:
            raise RelayError(SwError.NOTSUP)
        own = Own(member.group_member_id, member.virtio_device_id, member.device_config_len)
        bars = BarLens(*(tuple(device.bar_len(owner, bar) for bar in _BARS) for owner in BAR_OWNERS))
        opening = Opening(own, member.commands, BLANK, bars)
        asked = asks(opening)
        if asked.issues:
            opening = replace(opening, reply=issue(device, asked.operation))
        return ModelRelay(device, member, opened(opening), self._interposer)
