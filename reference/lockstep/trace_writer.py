# SPDX-License-Identifier: Apache-2.0
"""The text of a trace (see ``trace.py``); ``trace_reader.read_trace`` gives the same trace back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from straightwire.model.commands import STATUS_BASE, SwError
from straightwire.reference.lockstep.trace import (
    VERSION,
    Answer,
    DpuDevice,
    Event,
    EventKind,
    ScriptDevice,
    Trace,
    TraceMember,
    Wanted,
)

RESULT_WORDS = {error.name.lower(): int(error) for error in SwError}
"""Results that have a name."""
_FAR = 1 << 16


def write_trace(trace: Trace, comments: Iterable[str] = ()) -> str:
    """The trace as text; ``comments`` go below the first line."""
    lines = [f"straightwire-trace {VERSION}", *(f"# {comment}".rstrip() for comment in comments)]
    lines += [f"title {trace.title}", _member(trace.member), _device(trace.device)]
    for event in trace.events:
        lines += _event_lines(event)
    lines.append(f"end {len(trace.events)}")
    return "\n".join(lines) + "\n"


def number_text(value: int) -> str:
    """Decimal where that is easier to read."""
    return hex(value) if value >= _FAR else str(value)


def bytes_text(data: bytes) -> str:
    """Hexadecimal; ``-`` for no bytes."""
    return data.hex() or "-"


def result_text(result: int) -> str:
    """A result in words: refused, status 22, or the number itself."""
    for word, value in RESULT_WORDS.items():
        if result == value:
            return word
    if -STATUS_BASE - 0xFFFF <= result <= -STATUS_BASE:
        return f"status {-result - STATUS_BASE}"
    return str(result)


def event_text(event: Event) -> str:
    """The event itself, without expectations."""
    kind = event.kind
    words = [kind.value]
    if kind is EventKind.READ:
        words += [number_text(event.offset), number_text(event.length)]
    elif kind is EventKind.WRITE:
        words += [number_text(event.offset), bytes_text(event.data)]
    elif kind is EventKind.CONFIG_READ:
        words += [hex(event.offset), number_text(event.length)]
    elif kind is EventKind.CONFIG_WRITE:
        words += [hex(event.offset), bytes_text(event.data)]
    elif kind in (EventKind.MSIX, EventKind.STOP):
        words.append("on" if event.switch else "off")
    elif kind is EventKind.INTERRUPT:
        words.append("config" if event.config else "queue")
    elif kind is EventKind.SAVE:
        words.append(number_text(event.length))
    elif kind is EventKind.LOAD:
        words.append(bytes_text(event.data))
    return " ".join(words)


def wanted_text(wanted: Wanted) -> str:
    """An expected operation."""
    if wanted.kind == "doorbell":
        return f"doorbell {wanted.where} queue {wanted.number}"
    number = f" {wanted.number}" if wanted.kind == "command" else ""
    return f"{wanted.kind}{number} @{wanted.offset} len {wanted.length}"


def _event_lines(event: Event) -> Iterator[str]:
    yield from (_answer(answer) for answer in event.answers)
    text = event_text(event)
    if event.count != 1:
        text = f"x {event.count} {text}"
    if event.payload is not None:
        text += f" = {bytes_text(event.payload)}"
    if event.result is not None:
        text += f" ! {result_text(event.result)}"
    yield text
    if event.operations is not None:
        yield from (f"> {wanted_text(wanted)}" for wanted in event.operations)
        if not event.operations:
            yield "> none"


def _answer(answer: Answer) -> str:
    words = ["answer", f"status={answer.status}"]
    if answer.qualifier:
        words.append(f"qualifier={answer.qualifier}")
    if answer.data is not None:
        words.append(f"data={bytes_text(answer.data)}")
    if answer.used is not None:
        words.append(f"used={answer.used}")
    return " ".join(words)


def _member(member: TraceMember) -> str:
    text = f"member {member.kind} id={member.group_member_id} config_len={member.config_len}"
    text += f" commands={member.commands:#x}"
    return text + (f" parts_object={member.parts_object}" if member.parts_object else "")


def _device(device: DpuDevice | ScriptDevice) -> str:
    words = ["device"]
    if isinstance(device, ScriptDevice):
        words.append("script")
    else:
        words += [
            "dpu",
            f"features={device.features:#x}",
            f"queues={','.join(map(str, device.queues))}",
            f"vectors={device.vectors}",
            f"config={bytes_text(device.config)}",
        ]
    if device.doorbells:
        words.append(f"doorbell={','.join(map(str, device.doorbells))}")
    return " ".join(words)
