# SPDX-License-Identifier: Apache-2.0
"""Reading the text of a trace (see ``trace.py``). Whatever is wrong with it is one line with a file and a place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NoReturn

from straightwire.model.commands import STATUS_BASE
from straightwire.model.registers import DEVICE_TYPES, device_type_named
from straightwire.reference.lockstep.devices import check_device
from straightwire.reference.lockstep.trace import (
    HOST_REQUESTS,
    READS,
    VERSION,
    Answer,
    BarAddress,
    DpuDevice,
    Event,
    EventKind,
    ScriptDevice,
    Trace,
    TraceError,
    TraceMember,
    Wanted,
)
from straightwire.reference.lockstep.trace_writer import RESULT_WORDS

_KINDS = {kind.value: kind for kind in EventKind}
_TYPES = [known.name for known in DEVICE_TYPES]
_WANTED = {"command": 1, "config-read": 0, "config-write": 0}
"""Kinds of an expected operation, with how many numbers stand before its place."""
_MAX_LENGTH = 1 << 16
_MAX_QUEUES = 1 << 10


class _Wrong(Exception):
    """What is wrong with a line, and what to do."""


def wrong(message: str) -> NoReturn:
    """This line cannot be read."""
    raise _Wrong(message)


def read_trace(text: str, name: str) -> Trace:
    """The trace of a text; ``name`` is the file's, for errors. Raises ``TraceError``."""
    reader = _Reader()
    line = 0
    for line, whole in enumerate(text.splitlines(), 1):
        words = whole.split("#", 1)[0].split()
        if not words:
            continue
        try:
            reader.take(words)
        except _Wrong as error:
            raise TraceError(f"{name}:{line}: {error}") from None
    try:
        return reader.finish()
    except _Wrong as error:
        raise TraceError(f"{name}:{max(line, 1)}: {error}") from None


def load_trace(path: Path) -> Trace:
    """The trace in a file. Raises ``TraceError``, also where there is no such file."""
    try:
        text = path.read_text(errors="replace")
    except OSError as error:
        raise TraceError(f"{path}:0: cannot be read: {error.strerror}") from None
    return read_trace(text, str(path))


@dataclass
class _Reader:
    """The lines so far."""

    versioned: bool = False
    title: str = ""
    member: TraceMember | None = None
    device: DpuDevice | ScriptDevice | None = None
    events: list[Event] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    ended: bool = False

    def take(self, words: Sequence[str]) -> None:
        """One line that is not blank."""
        first, rest = words[0], words[1:]
        if not self.versioned:
            self._version(words)
        elif self.ended:
            wrong("something follows `end`, remove it")
        elif first == "title":
            self.title = " ".join(rest)
        elif first == "member":
            self.member = _member(rest)
        elif first == "device":
            self._device(rest)
        elif first == ">":
            self._wanted(rest)
        elif first == "end":
            self._end(rest)
        elif first == "answer":
            if not isinstance(self.device, ScriptDevice):
                wrong("only `device script` takes an answer")
            self.answers.append(_answer(rest))
        else:
            self._event(words)

    def finish(self) -> Trace:
        """The trace, once the text is over."""
        if not self.versioned:
            wrong(f"empty, a trace begins with `straightwire-trace {VERSION}`")
        if not self.ended:
            wrong("truncated: no `end` line, get the whole file")
        if self.member is None or self.device is None or not self.events:
            wrong("a trace needs a `member`, a `device` and at least `open`")
        return Trace(self.title, self.member, self.device, tuple(self.events))

    def _version(self, words: Sequence[str]) -> None:
        if words[0] != "straightwire-trace":
            wrong(f"no trace: the first line must be `straightwire-trace {VERSION}`")
        if words[1:] != [str(VERSION)]:
            wrong(f"version {' '.join(words[1:]) or 'missing'}, this program reads version {VERSION}")
        self.versioned = True

    def _device(self, words: Sequence[str]) -> None:
        if self.member is None:
            wrong("`device` before `member`, put the member first")
        device = _device(words, self.member)
        try:
            check_device(self.member, device)
        except ValueError as error:
            wrong(f"no such device: {error}")
        self.device = device

    def _event(self, words: Sequence[str]) -> None:
        if self.device is None:
            wrong(f"{words[0]!r} before `device`, describe member and device first")
        event = replace(_event(words), answers=tuple(self.answers))
        if (event.kind is EventKind.OPEN) != (not self.events):
            wrong("the first event is `open`, and no other")
        if self.events and self.events[-1].kind is EventKind.CLOSE:
            wrong("nothing can happen after `close`, remove it")
        if event.kind is EventKind.INTERRUPT and not isinstance(self.device, DpuDevice):
            wrong("only `device dpu` interrupts")
        self.answers.clear()
        self.events.append(event)

    def _wanted(self, words: Sequence[str]) -> None:
        if not self.events or self.answers:
            wrong("`>` belongs below the event that causes the operation")
        event = self.events[-1]
        so_far = event.operations or ()
        if words == ["none"]:
            if so_far:
                wrong("`> none` below another `>`")
            more: tuple[Wanted, ...] = ()
        else:
            more = (_wanted(words),)
        self.events[-1] = replace(event, operations=so_far + more)

    def _end(self, words: Sequence[str]) -> None:
        if len(words) != 1:
            wrong("`end` needs the number of events")
        counted = number(words[0])
        if counted != len(self.events):
            wrong(f"{len(self.events)} events where `end` counts {counted}: lines are missing or too many")
        if self.answers:
            wrong("`answer` without an event below it")
        self.ended = True


def number(word: str, limit: int = 1 << 64) -> int:
    """A number below ``limit``, decimal or 0x."""
    try:
        value = int(word, 0)
    except ValueError:
        wrong(f"{word!r} is no number, write decimal or 0x")
    if not 0 <= value < limit:
        wrong(f"{word} is out of range, it must be below {limit:#x}")
    return value


def data_of(word: str) -> bytes:
    """Bytes in hexadecimal; ``-`` for none."""
    if word == "-":
        return b""
    try:
        return bytes.fromhex(word)
    except ValueError:
        wrong(f"{word!r} are no bytes, write two hexadecimal digits for each")


def _options(words: Sequence[str], known: Sequence[str]) -> dict[str, str]:
    """The words ``key=value`` of a line."""
    found = {}
    for word in words:
        key, is_option, value = word.partition("=")
        if not is_option or key not in known or key in found:
            wrong(f"unknown word {word!r}, known here: {' '.join(f'{name}=' for name in known)}")
        found[key] = value
    return found


def _member(words: Sequence[str]) -> TraceMember:
    if not words:
        wrong(f"`member` needs a device type: {' '.join(_TYPES)}, or a number")
    kind = words[0]
    if kind not in _TYPES:
        if not kind[0].isdigit():
            wrong(f"unknown device type {kind!r}: {' '.join(_TYPES)}")
        number(kind, 1 << 16)
    options = _options(words[1:], ("id", "config_len", "commands", "parts_object"))
    own_len = str(device_type_named(kind).config_len) if kind in _TYPES else "0"
    return TraceMember(
        kind,
        number(options.get("id", "1")),
        number(options.get("config_len", own_len), 1 << 16),
        number(options.get("commands", "0x7f")),
        number(options.get("parts_object", "0"), 1 << 32),
    )


def _device(words: Sequence[str], member: TraceMember) -> DpuDevice | ScriptDevice:
    kind = words[0] if words else ""
    if kind == "script":
        options = _options(words[1:], ("doorbell",))
        return ScriptDevice(_doorbells(options))
    if kind != "dpu":
        wrong(f"unknown device {kind!r}, known: dpu script")
    options = _options(words[1:], ("features", "queues", "vectors", "config", "doorbell"))
    queues = tuple(number(word, 1 << 16) for word in options.get("queues", "256").split(","))
    if len(queues) > _MAX_QUEUES:
        wrong(f"{len(queues)} queues, at most {_MAX_QUEUES}")
    config = data_of(options["config"]) if "config" in options else bytes(min(member.config_len, _MAX_LENGTH))
    return DpuDevice(
        number(options.get("features", "0"), 1 << 32),
        queues,
        number(options.get("vectors", str(len(queues) + 1)), 1 << 16),
        config,
        _doorbells(options),
    )


def _doorbells(options: dict[str, str]) -> tuple[BarAddress, ...]:
    return tuple(_address(word) for word in options["doorbell"].split(",")) if "doorbell" in options else ()


def _address(word: str) -> BarAddress:
    parts = word.split(":")
    if len(parts) != 3 or parts[0] not in ("owner", "member"):
        wrong(f"{word!r} is no address, write owner:BAR:OFFSET or member:BAR:OFFSET")
    return BarAddress(parts[0], number(parts[1], 1 << 8), number(parts[2]))


def _answer(words: Sequence[str]) -> Answer:
    options = _options(words, ("status", "qualifier", "data", "used"))
    return Answer(
        number(options.get("status", "0"), 1 << 16),
        number(options.get("qualifier", "0"), 1 << 16),
        data_of(options["data"]) if "data" in options else None,
        number(options["used"], _MAX_LENGTH) if "used" in options else None,
    )


def _event(words: Sequence[str]) -> Event:
    words = list(words)
    count = 1
    if words[0] == "x":
        if len(words) < 3:
            wrong("`x` needs a count and an event")
        count = number(words[1])
        if count == 0:
            wrong("`x 0`: remove the line")
        words = words[2:]
    result = payload = None
    if "!" in words:
        at = words.index("!")
        result, words = _result(words[at + 1 :]), words[:at]
    if "=" in words:
        at = words.index("=")
        if len(words) != at + 2:
            wrong("`=` needs the bytes, in one word")
        payload, words = data_of(words[at + 1]), words[:at]
    kind = _KINDS.get(words[0]) if words else None
    if kind is None:
        wrong(f"unknown word {words[0] if words else '='!r}, events are: {' '.join(_KINDS)}")
    if payload is not None and kind not in READS:
        wrong(f"`=` with {kind.value!r}, only reads and save give bytes")
    if result is not None and kind in (EventKind.MSIX, EventKind.RESET, EventKind.TICK, EventKind.INTERRUPT):
        wrong(f"`!` with {kind.value!r}, which has no result")
    if count > 1 and kind in (EventKind.OPEN, EventKind.CLOSE, *HOST_REQUESTS):
        wrong(f"{kind.value!r} cannot be repeated")
    return replace(_bare_event(kind, words[1:]), count=count, payload=payload, result=result)


def _bare_event(kind: EventKind, words: Sequence[str]) -> Event:
    """The event itself, by the words behind its own."""
    shapes: dict[EventKind, tuple[str, Callable[..., Event]]] = {
        EventKind.READ: ("OFFSET LENGTH", lambda at, n: Event(kind, number(at), number(n, _MAX_LENGTH))),
        EventKind.CONFIG_READ: ("OFFSET LENGTH", lambda at, n: Event(kind, number(at), number(n, _MAX_LENGTH))),
        EventKind.WRITE: ("OFFSET BYTES", lambda at, data: Event(kind, number(at), data=data_of(data))),
        EventKind.CONFIG_WRITE: ("OFFSET BYTES", lambda at, data: Event(kind, number(at), data=data_of(data))),
        EventKind.MSIX: ("on|off", lambda word: Event(kind, switch=_one_of(word, "on", "off"))),
        EventKind.STOP: ("on|off", lambda word: Event(kind, switch=_one_of(word, "on", "off"))),
        EventKind.INTERRUPT: ("queue|config", lambda word: Event(kind, config=_one_of(word, "config", "queue"))),
        EventKind.SAVE: ("LENGTH", lambda n: Event(kind, length=number(n, _MAX_LENGTH))),
        EventKind.LOAD: ("BYTES", lambda data: Event(kind, data=data_of(data))),
    }
    needs, build = shapes.get(kind, ("", lambda: Event(kind)))
    if len(words) != len(needs.split()):
        wrong(f"{' '.join([kind.value, *words])!r}, write {f'{kind.value} {needs}'.strip()!r}")
    return build(*words)


def _one_of(word: str, yes: str, no: str) -> bool:
    if word not in (yes, no):
        wrong(f"unknown word {word!r}, write {yes} or {no}")
    return word == yes


def _result(words: Sequence[str]) -> int:
    if len(words) == 2 and words[0] == "status":
        return -STATUS_BASE - number(words[1], 1 << 16)
    if len(words) != 1:
        wrong("`!` needs one result: a number, status N or an error's name")
    if words[0] in RESULT_WORDS:
        return RESULT_WORDS[words[0]]
    try:
        return int(words[0], 0)
    except ValueError:
        wrong(f"unknown result {words[0]!r}: a number, status N, {' '.join(RESULT_WORDS)}")


def _wanted(words: Sequence[str]) -> Wanted:
    if len(words) == 4 and words[0] == "doorbell" and words[2] == "queue":
        return Wanted("doorbell", number(words[3], 1 << 16), where=str(_address(words[1])))
    before = _WANTED.get(words[0] if words else "")
    if before is None or len(words) != 4 + before or words[-2] != "len" or not words[-3].startswith("@"):
        wrong(
            "write `> command OPCODE @OFFSET len N`, `> config-read @OFFSET len N`, `> config-write @OFFSET len N`, "
            "`> doorbell OWNER:BAR:OFFSET queue N` or `> none`"
        )
    opcode = number(words[1], 1 << 16) if before else 0
    return Wanted(words[0], opcode, number(words[-3][1:]), number(words[-1], _MAX_LENGTH))
