# SPDX-License-Identifier: Apache-2.0
"""The wire: bytes written by hand from the command layouts of virtio 1.4, 2.13 and 2.13.1."""

from __future__ import annotations

import pytest

from straightwire.model import term
from straightwire.model.commands import SwError
from straightwire.model.vocabulary import Operation, OpShape, Reply
from straightwire.model.wire import Call, answer, bytes_of, error, pack, settle, signed, spliced, unpack, word_of

MEMBER = 0x0102030405060708
HEX_MEMBER = "0807060504030201"
ZEROS_12, ZEROS_7 = "00" * 12, "00" * 7
ALL_ONES = 2 ** (8 * 288) - 1
BUFFER_BYTES = 288


def command(opcode: int, offset: int, length: int) -> OpShape:
    return OpShape(0, opcode, 1, offset, length, 0, 0)


# operation, bytes sent, reply length
COMMANDS = [
    pytest.param(
        Operation(MEMBER, command(2, 18, 1), 0x07), f"02000100{ZEROS_12}{HEX_MEMBER}12{ZEROS_7}07", 8, id="common-write"
    ),
    pytest.param(Operation(MEMBER, command(3, 19, 1), 0), f"03000100{ZEROS_12}{HEX_MEMBER}13", 9, id="common-read"),
    pytest.param(
        Operation(MEMBER, command(4, 0, 6), 0x563412005452),
        f"04000100{ZEROS_12}{HEX_MEMBER}00{ZEROS_7}525400123456",
        8,
        id="device-write",
    ),
    pytest.param(
        Operation(MEMBER, command(5, 255, 256), 0), f"05000100{ZEROS_12}{HEX_MEMBER}ff", 264, id="device-read"
    ),
    pytest.param(Operation(MEMBER, command(6, 0, 64), 0), f"06000100{ZEROS_12}{HEX_MEMBER}", 72, id="notify-info"),
]


@pytest.mark.parametrize(("operation", "sent", "reply_len"), COMMANDS)
@pytest.mark.parametrize("prior", [0, ALL_ONES])
def test_a_command_is_these_bytes_whatever_the_buffer_held(
    operation: Operation, sent: str, reply_len: int, prior: int
) -> None:
    call = pack(operation, prior)
    assert isinstance(call.sent_len, int)
    assert bytes_of(call.sent, call.sent_len).hex() == sent
    assert (call.kind, call.reply_len, call.bar_owner, call.bar, call.offset) == (0, reply_len, 0, 0, 0)


@pytest.mark.parametrize(("operation", "sent", "reply_len"), COMMANDS)
@pytest.mark.parametrize("beyond", [b"", b"\xff" * 7])
def test_these_bytes_are_that_command(operation: Operation, sent: str, reply_len: int, beyond: bytes) -> None:
    data = bytes.fromhex(sent)
    call = Call(0, word_of(data + beyond), len(data), reply_len, 0, 0, 0)
    assert unpack(call, 99) == operation


OTHERS = [
    pytest.param(OpShape(1, 0, 0, 0x1000, 2, 2, 4), 0x0103, Call(1, 0x0103, 2, 0, 2, 4, 0x1000), id="doorbell"),
    pytest.param(OpShape(2, 0, 0, 0x10, 4, 0, 0), 0, Call(2, 0, 0, 4, 0, 0, 0x10), id="config-read"),
    pytest.param(OpShape(3, 0, 0, 4, 2, 0, 0), 0x0507, Call(3, 0x0507, 2, 0, 0, 0, 4), id="config-write"),
]


@pytest.mark.parametrize(("shape", "payload", "call"), OTHERS)
def test_a_doorbell_and_a_configuration_access_carry_their_data_and_no_header(
    shape: OpShape, payload: int, call: Call
) -> None:
    assert pack(Operation(MEMBER, shape, payload)) == call
    assert unpack(call, MEMBER) == Operation(MEMBER, shape, payload)


def test_reserved_bytes_are_read_back_where_somebody_set_them() -> None:
    data = bytes.fromhex(f"02000100{'a1' * 12}{HEX_MEMBER}12{'b2' * 7}07")
    operation = unpack(Call(0, word_of(data), 33, 8, 0, 0, 0), 0)
    assert operation.reserved == word_of(b"\xa1" * 12 + b"\xb2" * 7)
    assert bytes_of(pack(operation).sent, 33) == data


def test_another_group_and_opcode_are_read_back_as_they_are() -> None:
    data = bytes.fromhex(f"11000700{ZEROS_12}{HEX_MEMBER}")
    assert unpack(Call(0, word_of(data), 24, 8, 0, 0, 0), 0) == Operation(MEMBER, OpShape(0, 0x11, 7, 0, 0, 0, 0), 0)


# Reply 16 01 03 00 00 00 00 00 aa bb cc dd ee to a read of 4 bytes, cut at the used length (A13, QR5).
REPLY = word_of(bytes.fromhex("1601030000000000aabbccddee"))


@pytest.mark.parametrize(
    ("written", "status", "payload"),
    [
        (0, 0, ""),
        (1, 0x16, ""),
        (2, 0x116, ""),
        (3, 0x116, ""),
        (4, 0x116, ""),
        (5, 0x116, ""),
        (6, 0x116, ""),
        (7, 0x116, ""),
        (8, 0x116, ""),
        (9, 0x116, "aa"),
        (11, 0x116, "aabbcc"),
        (12, 0x116, "aabbccdd"),
        (13, 0x116, "aabbccdd"),
        (2**64 - 1, 0x116, "aabbccdd"),
    ],
)
def test_a_reply_cut_short_reads_as_zeros_from_there_on(written: int, status: int, payload: str) -> None:
    assert settle(command(3, 0, 4), Reply(REPLY, written)) == (status, word_of(bytes.fromhex(payload)))


def test_a_reply_to_a_write_has_a_status_and_no_payload() -> None:
    assert settle(command(2, 0, 4), Reply(REPLY, 13)) == (0x116, 0)


@pytest.mark.parametrize("written", [0, 4, 2**64 - 1])
def test_a_doorbell_and_a_configuration_access_always_succeed(written: int) -> None:
    reply = Reply(0xFFEEDDCCBBAA, written)
    assert settle(OpShape(1, 0, 0, 0x1000, 2, 2, 4), reply) == (0, 0)
    assert settle(OpShape(2, 0, 0, 0, 4, 0, 0), reply) == (0, 0xDDCCBBAA)
    assert settle(OpShape(3, 0, 0, 0, 4, 0, 0), reply) == (0, 0)


@pytest.mark.parametrize(
    ("status", "length", "result"),
    [(0, 4, 4), (0, 1, 1), (22, 4, -0x10016), (11, 1, -0x1000B), (1, 256, -0x10001), (0xFFFF, 2, -0x1FFFF)],
)
def test_the_return_value_is_the_length_or_the_status_below_minus_0x10000(
    status: int, length: int, result: int
) -> None:
    assert answer(status, length) == result % 2**64
    assert signed(result % 2**64) == result
    in_terms = term.constant(answer(term.constant(status, 16), length), 64)
    assert term.z3().simplify(in_terms).as_long() == result % 2**64


@pytest.mark.parametrize(("code", "result"), [(-1, -1), (-2, -2), (-3, -3), (-4, -4), (-5, -5)])
def test_errors_of_the_subject_are_small_negative_numbers(code: int, result: int) -> None:
    assert signed(error(SwError(code))) == result


@pytest.mark.parametrize(
    ("length", "buffer"),
    [(0, "0102030405"), (1, "aa02030405"), (3, "aabbcc0405"), (5, "aabbccddee"), (4, "aabbccdd05")],
)
def test_a_payload_replaces_exactly_the_bytes_asked_for(length: int, buffer: str) -> None:
    before, payload = word_of(bytes.fromhex("0102030405")), word_of(bytes.fromhex("aabbccddee"))
    assert spliced(before, payload, length) == word_of(bytes.fromhex(buffer))


def test_only_a_concrete_word_has_bytes() -> None:
    with pytest.raises(TypeError, match="concrete"):
        bytes_of(term.word("w", 16), 2)
