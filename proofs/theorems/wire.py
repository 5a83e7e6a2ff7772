# SPDX-License-Identifier: Apache-2.0
"""T-BYTES: the wire format is lossless, both ways, and packing leaves no byte unset."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from straightwire.model import commands
from straightwire.model.commands import Opcode, Part
from straightwire.model.interposer import symbolic_operation
from straightwire.model.term import at_most, both, low_bytes, same, word
from straightwire.model.vocabulary import PAYLOAD_BITS, Operation, OpKind, same_record
from straightwire.model.wire import COMMAND_BITS, Call, pack, put_all, take, unpack, well_formed
from straightwire.proofs.obligation import Goal, Mutant, Obligation

if TYPE_CHECKING:
    from straightwire.model.term import Truth, Word


@dataclass(frozen=True)
class Packing:
    """An operation, and two buffers it may be packed into."""

    operation: Operation
    one: Word  # COMMAND_BITS
    other: Word  # COMMAND_BITS


def _packing(kind: OpKind, opcode: int) -> Packing:
    operation = symbolic_operation()
    shape = replace(operation.shape, kind=kind, opcode=opcode)
    return Packing(replace(operation, shape=shape), word("one", COMMAND_BITS), word("other", COMMAND_BITS))


def _given(it: Packing) -> list[Goal]:
    return [Goal("the operation can be said on the wire", well_formed(it.operation))]


def _show(it: Packing, prior_reserved: bool = False) -> list[Goal]:
    one, other = pack(it.operation, it.one), pack(it.operation, it.other)
    if prior_reserved:  # the mutant: reserved bytes are left as the buffer had them
        one = replace(one, sent=one.sent | (it.one & (0xFF << 8 * 4)))
    return [
        Goal("unpack(pack(operation)) = operation", same_record(unpack(one, it.operation.member), it.operation)),
        Goal(
            "no byte is unset",
            same(low_bytes(one.sent, one.sent_len, COMMAND_BITS), low_bytes(other.sent, other.sent_len, COMMAND_BITS)),
        ),
        Goal("equal lengths", both(same(one.sent_len, other.sent_len), same(one.reply_len, other.reply_len))),
    ]


def _operation(kind: OpKind, opcode: int, name: str) -> Obligation[Packing]:
    mutants = {
        OpKind.COMMAND: Mutant[Packing](
            "a packer that leaves a reserved byte unset", show=lambda it: _show(it, prior_reserved=True)
        ),
        OpKind.DOORBELL: Mutant[Packing](
            "a queue index of 8 bits",
            show=lambda it: [
                Goal("the queue", same(low_bytes(it.operation.payload, 1, PAYLOAD_BITS), it.operation.payload))
            ],
        ),
    }
    odd = Mutant[Packing](
        "a packer that drops the offset's lowest bit",
        show=lambda it: [
            Goal("the offset", same_record(unpack(pack(_even(it.operation)), 0).shape, it.operation.shape))
        ],
    )
    return Obligation(
        id=f"T-BYTES/{name}",
        proves=("T-BYTES",),
        says=f"{name}: what is packed into any buffer is unpacked again, whatever the buffer held, and every byte sent "
        "was set",
        symbols=lambda: _packing(kind, opcode),
        given=_given,
        show=_show,
        witness=lambda it: same(it.operation.member, 2),
        mutants=(mutants.get(kind, odd),),
        small=lambda it: at_most(it.operation.shape.length, 1),
    )


def _even(operation: Operation) -> Operation:
    shape = operation.shape
    return replace(operation, shape=replace(shape, offset=shape.offset & ((1 << 64) - 2)))


@dataclass(frozen=True)
class Sent:
    """The bytes of an arbitrary legacy command."""

    sent: Word  # COMMAND_BITS
    sent_len: Word  # 64
    reply_len: Word  # 64


def _sent_goals(it: Sent, opcode: Opcode, forget: bool = False) -> list[Goal]:
    call = Call(OpKind.COMMAND, it.sent, it.sent_len, it.reply_len, 0, 0, 0)
    read = unpack(call, 0)
    if forget:
        read = replace(read, reserved=0)
    again = pack(read)
    return [
        Goal(
            "pack(unpack(bytes)) = bytes",
            same(low_bytes(again.sent, it.sent_len, COMMAND_BITS), low_bytes(it.sent, it.sent_len, COMMAND_BITS)),
        ),
        Goal("the same lengths", both(same(again.sent_len, it.sent_len), same(again.reply_len, it.reply_len))),
    ]


def _sent_given(it: Sent, opcode: Opcode) -> list[Goal]:
    write = opcode in (Opcode.LEGACY_COMMON_CFG_WRITE, Opcode.LEGACY_DEV_CFG_WRITE)
    lengths: Truth = (
        both(
            at_most(commands.LEGACY_WRITE_LEN, it.sent_len),
            at_most(it.sent_len, COMMAND_BITS // 8),
            same(it.reply_len, commands.REPLY_HEADER_LEN),
        )
        if write
        else both(
            same(it.sent_len, commands.LEGACY_READ_LEN),
            at_most(commands.REPLY_HEADER_LEN, it.reply_len),
            at_most(it.reply_len, commands.REPLY_HEADER_LEN + 256),
        )
    )
    return [
        Goal("the opcode", same(take(it.sent, commands.COMMAND_HEADER[0]), opcode)),
        Goal("the lengths a command of this kind can have", lengths),
    ]


def _bytes(opcode: Opcode) -> Obligation[Sent]:
    return Obligation(
        id=f"T-BYTES/bytes-of-{opcode.name}",
        proves=("T-BYTES",),
        says=f"every byte of {opcode.name} is part of the operation it denotes: two commands that denote the same "
        "operation are the same bytes, so a clause about operations is one about bytes",
        symbols=lambda: Sent(word("sent", COMMAND_BITS), word("sent_len", 64), word("reply_len", 64)),
        given=lambda it: _sent_given(it, opcode),
        show=lambda it: _sent_goals(it, opcode),
        witness=lambda it: same(take(it.sent, commands.COMMAND_HEADER[3]), 2),
        mutants=(Mutant("reserved bytes are not looked at", show=lambda it: _sent_goals(it, opcode, forget=True)),),
        small=lambda it: at_most(it.sent_len, 33),
    )


@dataclass(frozen=True)
class Fields:
    """The fields of a command that is no legacy access, and a buffer it is packed into."""

    values: tuple[Word, ...]
    prior: Word


def _layout(name: str, data: tuple[Part, ...], length: int) -> Obligation[Fields]:
    parts = (*commands.COMMAND_HEADER, *data)
    bits = 8 * length

    def show(it: Fields, leave: int = -1) -> list[Goal]:
        kept = [(part, value) for n, (part, value) in enumerate(zip(parts, it.values, strict=True)) if n != leave]
        packed = put_all([part for part, _ in kept], [value for _, value in kept], bits, it.prior)
        other = put_all([part for part, _ in kept], [value for _, value in kept], bits, 0)
        return [
            *(
                Goal(f"{part.name} is read back", same(take(packed, part), value))
                for part, value in zip(parts, it.values, strict=True)
            ),
            Goal("no byte is unset", same(packed, other)),
        ]

    return Obligation(
        id=f"T-BYTES/{name}",
        proves=("T-BYTES",),
        says=f"{name}: the fields tile its {length} bytes, each is read back as it was stored, none is left unset",
        symbols=lambda: Fields(
            tuple(word(f"{part.name}{n}", 8 * part.size) for n, part in enumerate(parts)), word("prior", bits)
        ),
        given=lambda _: [],
        show=show,
        witness=lambda it: same(it.values[3], 2),
        mutants=(Mutant(f"{parts[-1].name} is not stored", show=lambda it: show(it, leave=len(parts) - 1)),),
    )


OBLIGATIONS: tuple[Obligation[Any], ...] = (
    *(_operation(OpKind.COMMAND, opcode, opcode.name) for opcode in commands.LEGACY_OPCODES),
    _operation(OpKind.COMMAND, Opcode.LEGACY_NOTIFY_INFO, Opcode.LEGACY_NOTIFY_INFO.name),
    _operation(OpKind.DOORBELL, 0, "doorbell"),
    _operation(OpKind.CONFIG_READ, 0, "config-read"),
    _operation(OpKind.CONFIG_WRITE, 0, "config-write"),
    *(_bytes(opcode) for opcode in commands.LEGACY_OPCODES),
    _layout("RESOURCE_OBJ_CREATE", commands.OBJECT_CREATE_DATA, commands.OBJECT_CREATE_LEN),
    _layout("RESOURCE_OBJ_DESTROY", commands.OBJECT_HEADER, commands.OBJECT_DESTROY_LEN),
    _layout("DEV_PARTS_METADATA_GET", commands.METADATA_GET_DATA, commands.METADATA_GET_LEN),
    _layout("DEV_PARTS_GET", commands.PARTS_GET_DATA, commands.PARTS_GET_LEN),
    _layout("DEV_PARTS_SET", commands.OBJECT_HEADER, commands.PARTS_SET_LEN),
    _layout("DEV_MODE_SET", commands.MODE_SET_DATA, commands.MODE_SET_LEN),
)
