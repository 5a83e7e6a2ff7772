# SPDX-License-Identifier: Apache-2.0
"""The contract's vocabulary as frozen data. Every part may be a Python value or a term of the stated width.

Payloads and buffers are little-endian words: byte i is bits 8*i .. 8*i+7. Lengths and offsets are bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from straightwire.model.commands import REPLY_HEADER_LEN
from straightwire.model.registers import MAX_WINDOW
from straightwire.model.term import both, choose, choose_word, same

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from straightwire.model.term import Term, Truth, Word

PAYLOAD_BYTES = MAX_WINDOW
PAYLOAD_BITS = 8 * PAYLOAD_BYTES
REPLY_BITS = 8 * (REPLY_HEADER_LEN + PAYLOAD_BYTES)
RESERVED_BITS = 8 * (12 + 7)
RESULT_BITS = 64
"""Return values are 64-bit two's complement, as in the ABI."""


class OpKind(IntEnum):
    """What an operation is."""

    COMMAND = 0
    DOORBELL = 1
    CONFIG_READ = 2
    CONFIG_WRITE = 3


class EventKind(IntEnum):
    """What reaches an interposer and is no guest access (host requests apart)."""

    TICK = 0
    MSIX = 1
    RESET = 2
    CLOSE = 3


@dataclass(frozen=True)
class Own:
    """What an interposer is told of its own member when it opens: ids and the length of its configuration."""

    member: Word  # 64: group member id
    virtio_id: Word  # 16: 1 net, 2 blk, 3 console, 4 rng, 5 balloon
    config_len: Word  # 16: bytes of device configuration


@dataclass(frozen=True)
class Doorbell:
    """The notification address in use, where there is one."""

    present: Truth
    bar_owner: Word  # 8: 1 the owner's BAR, 2 the member's
    bar: Word  # 8
    offset: Word  # 64


NO_DOORBELL = Doorbell(False, 0, 0, 0)


@dataclass(frozen=True)
class Transport:
    """Transport state: PCI facts that only PCI events change."""

    own: Own
    doorbell: Doorbell
    decode: Truth  # the I/O decode bit of COMMAND, as shadowed
    msix: Truth  # MSI-X enable, as the VMM programmed it
    bar0: Word  # 32: BAR0, as the guest wrote it


@dataclass(frozen=True)
class Access:
    """One guest access. ``payload`` is the data of a write, or what the caller's buffer held before a read."""

    config: Truth  # False: the legacy BAR
    write: Truth
    offset: Word  # 64
    length: Word  # 64; 0 is no access
    payload: Word  # PAYLOAD_BITS


@dataclass(frozen=True)
class OpShape:
    """An operation without its payload. Fields that a kind does not use are 0."""

    kind: Word  # 2: OpKind
    opcode: Word  # 16: of a command
    group: Word  # 16: group type of a command
    offset: Word  # 64: the wire's offset, the doorbell's, or that in configuration space
    length: Word  # 64: bytes written, or asked for
    bar_owner: Word  # 8: of a doorbell
    bar: Word  # 8: of a doorbell


@dataclass(frozen=True)
class Operation:
    """What reaches the device: for which member, of which shape, with which bytes."""

    member: Word  # 64
    shape: OpShape
    payload: Word  # PAYLOAD_BITS; 0 for what carries none
    reserved: Word = 0  # RESERVED_BITS: the command's reserved bytes, in order


@dataclass(frozen=True)
class Reply:
    """A device's raw answer. For a command: the reply buffer, of which the device wrote ``written`` bytes.

    For a read of configuration space: the bytes read. What lies past them is undefined.
    """

    content: Word  # REPLY_BITS
    written: Word  # 64: used length


@dataclass(frozen=True)
class Outcome:
    """What a call leaves: its return value, and the caller's buffer afterwards."""

    result: Word  # 64, two's complement
    buffer: Word  # PAYLOAD_BITS


@dataclass(frozen=True)
class Request:
    """What an interposer does with an access before the device has answered.

    ``late``: the operation reaches the device only after the call has returned.
    """

    issues: Truth
    late: Truth
    operation: Operation


@dataclass(frozen=True)
class Response:
    """What an interposer does once the device has answered.

    ``again``: it issues a further operation for the same access.
    """

    outcome: Outcome
    again: Truth
    transport: Transport


@dataclass(frozen=True)
class Event:
    """An event that is no access; ``argument`` is the new MSI-X enable of an MSIX event."""

    kind: Word  # 2: EventKind
    argument: Truth


@dataclass(frozen=True)
class Reaction:
    """What an interposer does on an event: whether it issues an operation, and what changes."""

    issues: Truth
    operation: Operation
    transport: Transport


WIDTHS: dict[str, int | None] = {
    "member": 64,
    "virtio_id": 16,
    "config_len": 16,
    "bar_owner": 8,
    "bar": 8,
    "offset": 64,
    "length": 64,
    "bar0": 32,
    "payload": PAYLOAD_BITS,
    "kind": 2,
    "opcode": 16,
    "group": 16,
    "reserved": RESERVED_BITS,
    "result": RESULT_BITS,
    "buffer": PAYLOAD_BITS,
    "written": 64,
    "content": REPLY_BITS,
    "present": None,
    "decode": None,
    "msix": None,
    "config": None,
    "write": None,
    "issues": None,
    "late": None,
    "again": None,
    "argument": None,
}
"""Bits of each leaf by its name; None is a truth."""


def leaves(record: Any) -> Iterator[tuple[str, Term]]:
    """The leaves of a record in order, each with its name."""
    for field in fields(record):
        value = getattr(record, field.name)
        if hasattr(value, "__dataclass_fields__"):
            yield from leaves(value)
        else:
            yield field.name, value


def same_record(left: Any, right: Any) -> Truth:
    """Equality of two records of one type, leaf by leaf."""
    return both(
        *(same(a, b) for (_, a), (_, b) in zip(leaves(left), leaves(right), strict=True)),
    )


def choose_record(condition: Truth, then: Any, otherwise: Any) -> Any:
    """One of two records of the same type, leaf by leaf."""
    if isinstance(condition, bool):
        return then if condition else otherwise
    chosen = {}
    for field in fields(then):
        a, b = getattr(then, field.name), getattr(otherwise, field.name)
        if hasattr(a, "__dataclass_fields__"):
            chosen[field.name] = choose_record(condition, a, b)
        else:
            width = WIDTHS[field.name]
            chosen[field.name] = choose(condition, a, b) if width is None else choose_word(condition, a, b, width)
    return type(then)(**chosen)


def first_case(*cases: tuple[Truth, Callable[[], Any]], otherwise: Callable[[], Any]) -> Any:
    """The record of the first case that holds. Only what may be chosen is computed, so a concrete run is cheap."""
    open_cases = []
    chosen = otherwise
    for condition, record in cases:
        if condition is True:
            chosen = record
            break
        if condition is not False:
            open_cases.append((condition, record))
    result = chosen()
    for condition, record in reversed(open_cases):
        result = choose_record(condition, record(), result)
    return result
