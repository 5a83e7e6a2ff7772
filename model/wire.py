# SPDX-License-Identifier: Apache-2.0
"""The wire: operations as the bytes of one call to the device, and replies as a status and a payload.

Source: virtio 1.4, 2.13 and 2.13.1; lengths follow choice A1 (unpadded), short replies choice A13.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from straightwire.model import commands
from straightwire.model.commands import Opcode, Part
from straightwire.model.term import (
    below,
    bits_of,
    both,
    bytes_down,
    bytes_up,
    choose_word,
    either,
    join,
    low_bytes,
    no,
    resize,
    same,
)
from straightwire.model.vocabulary import (
    PAYLOAD_BITS,
    PAYLOAD_BYTES,
    REPLY_BITS,
    RESULT_BITS,
    Operation,
    OpKind,
    OpShape,
    choose_record,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from straightwire.model.term import Truth, Word
    from straightwire.model.vocabulary import Reply

COMMAND_BYTES = commands.LEGACY_WRITE_LEN + PAYLOAD_BYTES
COMMAND_BITS = 8 * COMMAND_BYTES
_WRITE_DATA_BITS = 8 * commands.LEGACY_WRITE_LEN
_READ_BITS = 8 * commands.LEGACY_READ_LEN


@dataclass(frozen=True)
class Call:
    """One call of ``struct sw_device``, field by field; what a kind does not use is 0."""

    kind: Word  # 2: OpKind
    sent: Word  # COMMAND_BITS: holds the device-readable bytes; from sent_len on nobody looks
    sent_len: Word  # 64
    reply_len: Word  # 64
    bar_owner: Word  # 8
    bar: Word  # 8
    offset: Word  # 64: of a doorbell or in configuration space


def put(buffer: Word, part: Part, value: Word, bits: int) -> Word:
    """Store a field into a buffer of ``bits`` bits, leaving every other byte as it was."""
    low, width = 8 * part.offset, 8 * part.size
    if isinstance(buffer, int) and isinstance(value, int):
        mask = (1 << width) - 1
        return (buffer & ~(mask << low)) | (value & mask) << low
    above = bits - low - width
    return join(
        piece
        for piece in (
            (bits_of(buffer, 0, low), low) if low else None,
            (resize(value, width), width),
            (bits_of(buffer, low + width, above), above) if above else None,
        )
        if piece is not None
    )


def take(buffer: Word, part: Part) -> Word:
    """Read a field of a buffer."""
    return bits_of(buffer, 8 * part.offset, 8 * part.size)


def put_all(parts: Sequence[Part], values: Sequence[Word], bits: int, prior: Word = 0) -> Word:
    """Store all fields of a structure, in order, over what the buffer held before."""
    buffer = prior
    for part, value in zip(parts, values, strict=True):
        buffer = put(buffer, part, value, bits)
    return buffer


_OPCODE, _GROUP, _RESERVED1, _MEMBER = commands.COMMAND_HEADER
_OFFSET, _RESERVED2, _ = commands.LEGACY_WRITE_DATA


def is_write(opcode: Word) -> Truth:
    """Whether a legacy command carries data."""
    return either(same(opcode, Opcode.LEGACY_COMMON_CFG_WRITE), same(opcode, Opcode.LEGACY_DEV_CFG_WRITE))


def is_read(opcode: Word) -> Truth:
    """Whether a legacy command asks for data."""
    return either(same(opcode, Opcode.LEGACY_COMMON_CFG_READ), same(opcode, Opcode.LEGACY_DEV_CFG_READ))


def pack(operation: Operation, prior: Word = 0) -> Call:
    """The call of an operation, its bytes written field by field into a buffer that held ``prior``.

    The operation is well formed. Bytes from ``sent_len`` on are the buffer's own and are not sent.
    """
    shape = operation.shape
    write, read = is_write(shape.opcode), is_read(shape.opcode)
    header = (shape.opcode, shape.group, bits_of(operation.reserved, 0, 96), operation.member)
    bare = put_all(commands.COMMAND_HEADER, header, COMMAND_BITS, prior)
    asking = put(bare, _OFFSET, resize(shape.offset, 8), COMMAND_BITS)
    giving = put(asking, _RESERVED2, bits_of(operation.reserved, 96, 56), COMMAND_BITS)
    giving = put(giving, Part("data", commands.LEGACY_WRITE_LEN, PAYLOAD_BYTES), operation.payload, COMMAND_BITS)
    command_len = choose_word(
        write,
        shape.length + commands.LEGACY_WRITE_LEN,
        choose_word(read, commands.LEGACY_READ_LEN, commands.COMMAND_HEADER_LEN, 64),
        64,
    )
    command = Call(
        OpKind.COMMAND,
        choose_word(write, giving, choose_word(read, asking, bare, COMMAND_BITS), COMMAND_BITS),
        command_len,
        choose_word(write, 0, shape.length, 64) + commands.REPLY_HEADER_LEN,
        0,
        0,
        0,
    )
    config_read = same(shape.kind, OpKind.CONFIG_READ)
    other = Call(
        shape.kind,
        resize(operation.payload, COMMAND_BITS),
        choose_word(config_read, 0, shape.length, 64),
        choose_word(config_read, shape.length, 0, 64),
        shape.bar_owner,
        shape.bar,
        shape.offset,
    )
    packed: Call = _choose_call(same(shape.kind, OpKind.COMMAND), command, other)
    return packed


def _choose_call(condition: Truth, then: Call, otherwise: Call) -> Call:
    if isinstance(condition, bool):
        return then if condition else otherwise
    widths = (2, COMMAND_BITS, 64, 64, 8, 8, 64)
    names = ("kind", "sent", "sent_len", "reply_len", "bar_owner", "bar", "offset")
    return Call(
        *(
            choose_word(condition, getattr(then, name), getattr(otherwise, name), bits)
            for name, bits in zip(names, widths, strict=True)
        )
    )


def unpack(call: Call, own_member: Word) -> Operation:
    """The operation that a call denotes.

    A doorbell and a configuration access carry no member id: they go to the member whose device they are
    called on, ``own_member``.
    """
    sent = call.sent
    opcode = take(sent, _OPCODE)
    write, read = is_write(opcode), is_read(opcode)
    fixed_len = choose_word(
        write,
        commands.LEGACY_WRITE_LEN,
        choose_word(read, commands.LEGACY_READ_LEN, commands.COMMAND_HEADER_LEN, 64),
        64,
    )
    reserved = join(
        (
            (take(sent, _RESERVED1), 96),
            (choose_word(write, take(sent, _RESERVED2), 0, 56), 56),
        )
    )
    command = Operation(
        take(sent, _MEMBER),
        OpShape(
            OpKind.COMMAND,
            opcode,
            take(sent, _GROUP),
            choose_word(either(write, read), resize(take(sent, _OFFSET), 64), 0, 64),
            choose_word(
                write, call.sent_len - commands.LEGACY_WRITE_LEN, call.reply_len - commands.REPLY_HEADER_LEN, 64
            ),
            0,
            0,
        ),
        low_bytes(
            choose_word(
                write,
                bits_of(sent, _WRITE_DATA_BITS, PAYLOAD_BITS),
                choose_word(
                    read,
                    resize(bits_of(sent, _READ_BITS, COMMAND_BITS - _READ_BITS), PAYLOAD_BITS),
                    bits_of(sent, 8 * commands.COMMAND_HEADER_LEN, PAYLOAD_BITS),
                    PAYLOAD_BITS,
                ),
                PAYLOAD_BITS,
            ),
            call.sent_len - fixed_len,
            PAYLOAD_BITS,
        ),
        reserved,
    )
    config_read = same(call.kind, OpKind.CONFIG_READ)
    other = Operation(
        own_member,
        OpShape(
            call.kind,
            0,
            0,
            call.offset,
            choose_word(config_read, call.reply_len, call.sent_len, 64),
            call.bar_owner,
            call.bar,
        ),
        low_bytes(sent, call.sent_len, PAYLOAD_BITS),
    )
    denoted: Operation = choose_record(same(call.kind, OpKind.COMMAND), command, other)
    return denoted


def settle(shape: OpShape, reply: Reply) -> tuple[Word, Word]:
    """Status and payload of a reply; bytes the device did not write are zero (A13).

    Only a command has a status; a doorbell and a configuration access always succeed.
    """
    command, read = same(shape.kind, OpKind.COMMAND), is_read(shape.opcode)
    asked = choose_word(read, shape.length, 0, 64) + commands.REPLY_HEADER_LEN
    seen = low_bytes(reply.content, choose_word(below(reply.written, asked), reply.written, asked, 64), REPLY_BITS)
    status = choose_word(command, take(seen, commands.REPLY_HEADER[0]), 0, 16)
    payload = choose_word(
        command,
        bits_of(seen, 8 * commands.REPLY_HEADER_LEN, PAYLOAD_BITS),
        choose_word(
            same(shape.kind, OpKind.CONFIG_READ), low_bytes(reply.content, shape.length, PAYLOAD_BITS), 0, PAYLOAD_BITS
        ),
        PAYLOAD_BITS,
    )
    return status, payload


def answer(status: Word, length: Word) -> Word:
    """The return value of an access that reached the device: its length, or -(0x10000 + status)."""
    failed: Word
    if isinstance(status, int):
        failed = (1 << RESULT_BITS) - (commands.STATUS_BASE + status)
    else:
        failed = 0 - (resize(status, RESULT_BITS) + commands.STATUS_BASE)
    return choose_word(same(status, 0), length, failed, RESULT_BITS)


def error(code: commands.SwError) -> int:
    """An error of the subject itself as a 64-bit return value."""
    return (1 << RESULT_BITS) + code


def signed(result: int) -> int:
    """A concrete return value as a signed number."""
    return result - (1 << RESULT_BITS) if result >> (RESULT_BITS - 1) else result


def well_formed(operation: Operation) -> Truth:
    """What can be said on the wire: fields within their widths, payload as long as the shape says."""
    shape = operation.shape
    command = same(shape.kind, OpKind.COMMAND)
    carries = either(is_write(shape.opcode), both(no(command), no(same(shape.kind, OpKind.CONFIG_READ))))
    data = either(is_write(shape.opcode), is_read(shape.opcode))
    payload_len = choose_word(carries, shape.length, 0, 64)
    return both(
        below(shape.length, PAYLOAD_BYTES + 1),
        same(operation.payload, low_bytes(operation.payload, payload_len, PAYLOAD_BITS)),
        choose_word_truth(
            command,
            both(
                below(shape.offset, 1 << 8),
                either(data, both(same(shape.offset, 0), no(data))),
                same(shape.bar_owner, 0),
                same(shape.bar, 0),
                either(is_write(shape.opcode), same(bits_of(operation.reserved, 96, 56), 0)),
            ),
            both(same(shape.opcode, 0), same(shape.group, 0), same(operation.reserved, 0)),
        ),
    )


def choose_word_truth(condition: Truth, then: Truth, otherwise: Truth) -> Truth:
    """``choose`` for truths that may both be Python values."""
    return either(both(condition, then), both(no(condition), otherwise))


def bytes_of(value: Word, length: int) -> bytes:
    """A concrete word's lowest bytes."""
    if not isinstance(value, int):
        raise TypeError("only a concrete word has bytes")
    return (value & ((1 << 8 * length) - 1)).to_bytes(length, "little")


def word_of(data: bytes) -> int:
    """The word whose bytes these are."""
    return int.from_bytes(data, "little")


def spliced(buffer: Word, payload: Word, length: Word) -> Word:
    """A buffer whose first ``length`` bytes are the payload's and whose rest is as it was."""
    return low_bytes(payload, length, PAYLOAD_BITS) | bytes_up(
        bytes_down(buffer, length, PAYLOAD_BITS), length, PAYLOAD_BITS
    )
