# SPDX-License-Identifier: Apache-2.0
"""Operations, outcomes and differences in the contract's words, one line each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from straightwire.model import commands
from straightwire.model.commands import COMMAND_HEADER, LEGACY_OPCODES, Opcode, Status, SwError
from straightwire.model.registers import COMMON_REGISTERS, Field, device_type_named
from straightwire.model.wire import take, word_of
from straightwire.reference.abi import BarOwner, Outcome
from straightwire.reference.lockstep.devices import Call, DeviceState
from straightwire.reference.lockstep.model_subject import number
from straightwire.reference.lockstep.trace import Event, TraceMember
from straightwire.reference.lockstep.trace_writer import event_text

if TYPE_CHECKING:
    from straightwire.reference.lockstep.compare import Difference

_SHOWN_BYTES = 32
_COMMON = (Opcode.LEGACY_COMMON_CFG_READ, Opcode.LEGACY_COMMON_CFG_WRITE)
_WRITES = (Opcode.LEGACY_COMMON_CFG_WRITE, Opcode.LEGACY_DEV_CFG_WRITE)
_OPCODES = {int(opcode): opcode.name for opcode in Opcode}
_STATUSES = {int(status): status.name for status in Status}
_ERRORS = {int(error): error.name for error in SwError}
_OWNERS = {int(owner): owner.name.lower() for owner in BarOwner}


def data_words(data: bytes) -> str:
    """Bytes in hexadecimal, cut where they are many."""
    if not data:
        return "no bytes"
    return data.hex(" ") if len(data) <= _SHOWN_BYTES else f"{data[:_SHOWN_BYTES].hex(' ')} ... ({len(data)} bytes)"


def count_words(length: int) -> str:
    """A number of bytes."""
    return f"{length} byte{'s' * (length != 1)}"


def place_words(opcode: int, offset: int, kind: str) -> str:
    """Where a legacy command goes: ``@18 STATUS``."""
    fields: Sequence[Field] = COMMON_REGISTERS
    if opcode not in _COMMON:
        fields = device_type_named(kind).config if not kind[0].isdigit() else ()
    for field in fields:
        if field.offset <= offset < field.end:
            inside = offset - field.offset
            return f"@{offset} {field.name}" + (f"+{inside}" if inside else "")
    return f"@{offset}"


def call_words(call: Call, member: TraceMember) -> str:
    """One operation."""
    if call.kind == "command":
        return _command_words(call, member)
    if call.kind == "doorbell":
        owner = _OWNERS.get(call.bar_owner, str(call.bar_owner))
        return f"doorbell {owner}:{call.bar}:{call.offset:#x}, queue {word_of(call.data)}"
    if call.kind == "config-read":
        return f"config-read @{call.offset:#x}, {count_words(call.length)}"
    return f"config-write @{call.offset:#x}: {data_words(call.data)}"


def _command_words(call: Call, member: TraceMember) -> str:
    sent = word_of(call.data)
    opcode, group, reserved, own = (number(take(sent, part)) for part in COMMAND_HEADER)
    words = f"command {opcode} {_OPCODES.get(opcode, 'unknown')}"
    data = call.data[commands.COMMAND_HEADER_LEN :]
    if opcode in LEGACY_OPCODES and data:
        words += f" {place_words(opcode, data[0], member.kind)}"
        payload = data[1:]
        if opcode in _WRITES:
            payload = data[commands.LEGACY_WRITE_LEN - commands.COMMAND_HEADER_LEN :]
            reserved |= word_of(data[1 : commands.LEGACY_WRITE_LEN - commands.COMMAND_HEADER_LEN])
            words += f": {data_words(payload)}"
        else:
            words += f", {count_words(max(call.length - commands.REPLY_HEADER_LEN, 0))}"
            words += f", smuggling {data_words(payload)}" if payload else ""
    elif data:
        words += f": {data_words(data)}"
    words += f", member {own}"
    words += "" if group == commands.GROUP_SRIOV else f", group {group}"
    words += ", reserved bytes set" if reserved else ""
    asked = commands.REPLY_HEADER_LEN
    return words + (f", reply of {call.length} bytes" if opcode in _WRITES and call.length != asked else "")


def calls_words(calls: Sequence[Call], member: TraceMember) -> str:
    """All operations of one event."""
    return "; then ".join(call_words(call, member) for call in calls) or "no operation"


def result_words(result: int) -> str:
    """A return value."""
    if result >= 0:
        return str(result)
    if result in _ERRORS:
        return _ERRORS[result].lower()
    status = -result - commands.STATUS_BASE
    return f"status {status} {_STATUSES.get(status, '')}".rstrip() if 0 <= status < 1 << 16 else f"result {result}"


def outcome_words(outcome: Outcome | None) -> str:
    """What a call left: ``1 byte: 07``, ``refused``, ``status 22 EINVAL``."""
    if outcome is None:
        return "nothing"
    if outcome.result < 0:
        words = result_words(outcome.result)
        return words + (f", and the buffer changed: {data_words(outcome.payload)}" if outcome.payload else "")
    if not outcome.payload:
        return f"success, {outcome.result}"
    if len(outcome.payload) == outcome.result:
        return f"{count_words(outcome.result)}: {data_words(outcome.payload)}"
    return f"{outcome.result} with {data_words(outcome.payload)}"


def event_words(event: Event) -> str:
    """The event as the trace's format has it, and what the device is told to answer."""
    told = []
    for answer in event.answers:
        words = f"status {answer.status} {_STATUSES.get(answer.status, '')}".rstrip()
        words += f" qualifier {answer.qualifier}" if answer.qualifier else ""
        words += f" data {data_words(answer.data)}" if answer.data is not None else ""
        told.append(words + (f" used {answer.used}" if answer.used is not None else ""))
    times = f"x {event.count} " if event.count > 1 else ""
    return times + event_text(event) + (f"   (device answers {'; then '.join(told)})" if told else "")


def state_words(expected: DeviceState, got: DeviceState) -> tuple[str, str]:
    """The first thing in which two states differ, for both."""
    for index, (one, other) in enumerate(zip(expected.members, got.members, strict=False), 1):
        for name in type(one).__dataclass_fields__:
            a, b = getattr(one, name), getattr(other, name)
            if a != b:
                return f"member {index} {name} {a}", f"member {index} {name} {b}"
    for place, (one_byte, other_byte) in enumerate(zip(expected.config, got.config, strict=False)):
        if one_byte != other_byte:
            return f"configuration byte {place:#x} {one_byte:02x}", f"configuration byte {place:#x} {other_byte:02x}"
    return "the same state", "another state"


def difference_lines(difference: Difference, file: str = "FILE") -> Iterator[str]:
    """The events up to the difference, one line each; what was expected and what came; how to see it again."""
    trace = difference.trace
    last = len(trace.events) - 1
    yield f"{difference.subject} differs from {difference.against} in its {difference.what}"
    for index, event in enumerate(trace.events):
        if index < last:
            yield f"  {event_words(event)}"
    yield f"  {event_words(trace.events[last])}"
    yield f"    expected: {difference.expected}"
    yield f"    got:      {difference.got}"
    if difference.clauses:
        since = "" if difference.since is None else f", since {event_words(trace.events[difference.since])}"
        yield f"    breaks:   {' '.join(difference.clauses)}{since}"
    yield f"replay: straightwire replay {file} --subject {difference.behind or difference.subject}"
