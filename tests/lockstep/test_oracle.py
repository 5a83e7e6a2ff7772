# SPDX-License-Identifier: Apache-2.0
"""The generated oracle, run beside the model it was printed from: the same call, outcome and transport state.

Exhaustive over BAR0's control space in steps that meet every offset and every length, and over every offset and length
of configuration space; the other inputs are drawn by a fixed seed, short and overlong replies among them.
"""

from __future__ import annotations

import ctypes
import random
from collections.abc import Iterator
from dataclasses import replace

import pytest
from support.toolchain import NATIVE, compiler, run

from straightwire.model.opening import BarLens, Opening, asks, opened
from straightwire.model.registers import DEVICE_TYPES
from straightwire.model.relay import Relay
from straightwire.model.route import window
from straightwire.model.vocabulary import PAYLOAD_BYTES, Access, Doorbell, Event, EventKind, Own, Reply, Transport
from straightwire.model.wire import bytes_of, pack, signed, word_of
from straightwire.reference.lockstep.control_space import lengths, offsets, window_of

PAD = 8
REPLY = 8 + PAYLOAD_BYTES
U64 = ctypes.c_uint64


class CTransport(ctypes.Structure):
    _fields_ = (
        ("member", U64), ("doorbell_offset", U64), ("bar0", ctypes.c_uint32), ("virtio_id", ctypes.c_uint16),
        ("config_len", ctypes.c_uint16), ("present", ctypes.c_uint8), ("bar_owner", ctypes.c_uint8),
        ("bar", ctypes.c_uint8), ("decode", ctypes.c_uint8), ("msix", ctypes.c_uint8),
    )  # fmt: skip


class CCall(ctypes.Structure):
    _fields_ = (
        ("issues", U64), ("kind", U64), ("sent_len", U64), ("reply_len", U64), ("bar_owner", U64), ("bar", U64),
        ("offset", U64), ("sent", U64 * 36),
    )  # fmt: skip


class CAccess(ctypes.Structure):
    _fields_ = (("offset", U64), ("length", U64), ("payload", ctypes.c_char_p))


class CReply(ctypes.Structure):
    _fields_ = (("content", ctypes.c_char_p), ("written", U64))


@pytest.fixture(scope="module")
def oracle(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    library = tmp_path_factory.mktemp("oracle") / "oracle.so"
    sanitize = ("-fsanitize=undefined", "-fno-sanitize-recover=all")
    source = NATIVE / "lockstep/oracle_generated.c"
    run(compiler("gcc"), "-std=c11", "-O1", *sanitize, "-fPIC", "-shared", source, "-o", library)
    loaded = ctypes.CDLL(str(library))
    loaded.sw_oracle_window.restype = U64
    for name in ("bar_read", "bar_write", "config_read", "config_write"):
        getattr(loaded, f"sw_oracle_end_{name}").restype = ctypes.c_int64
    return loaded


def c_transport(of: Transport) -> CTransport:
    at = of.doorbell
    own = of.own
    return CTransport(own.member, at.offset, of.bar0, own.virtio_id, own.config_len, at.present, at.bar_owner, at.bar,
                      of.decode, of.msix)  # fmt: skip


def moved(before: Transport, after: CTransport) -> Transport:
    """The model's transport state with what the C changed."""
    doorbell = Doorbell(bool(after.present), after.bar_owner, after.bar, after.doorbell_offset)
    return replace(before, doorbell=doorbell, decode=bool(after.decode), msix=bool(after.msix), bar0=after.bar0)


def check(oracle: ctypes.CDLL, transport: Transport, access: Access, reply: Reply) -> None:
    """One access: begin, then end with this reply."""
    name = ("config" if access.config else "bar") + ("_write" if access.write else "_read")
    length = access.length
    assert isinstance(length, int)
    payload = bytes_of(access.payload, PAYLOAD_BYTES) + bytes(PAD)
    given, state, call = CAccess(access.offset, length, payload), c_transport(transport), CCall()
    getattr(oracle, f"sw_oracle_begin_{name}")(ctypes.byref(state), ctypes.byref(given), ctypes.byref(call))
    request = Relay().begin(transport, access)
    assert bool(call.issues) == request.issues
    if request.issues:
        wire = pack(request.operation)
        assert (call.kind, call.sent_len, call.reply_len) == (wire.kind, wire.sent_len, wire.reply_len)
        assert (call.bar_owner, call.bar, call.offset) == (wire.bar_owner, wire.bar, wire.offset)
        assert bytes(call.sent)[: call.sent_len] == bytes_of(wire.sent, call.sent_len)
    answer = CReply(bytes_of(reply.content, REPLY) + bytes(PAD), reply.written)
    arguments = [ctypes.byref(state), ctypes.byref(given)]
    if name != "config_write":
        arguments.append(ctypes.byref(answer))
    words = (U64 * 33).from_buffer_copy(payload)
    if not access.write:
        arguments.append(ctypes.byref(words))
    result = getattr(oracle, f"sw_oracle_end_{name}")(*arguments)
    response = Relay().end(transport, access, reply)
    assert isinstance(response.outcome.result, int)
    assert result == signed(response.outcome.result)
    assert bytes(words)[:PAYLOAD_BYTES] == bytes_of(response.outcome.buffer, PAYLOAD_BYTES)
    assert moved(transport, state) == response.transport


def drawn_reply(draw: random.Random, length: int) -> Reply:
    """Mostly whole; short, empty, overlong; a status of 0 in half of them."""
    status = draw.choice((0, 0, 0, 11, 22, 0xFF00, 0xFFFF, draw.getrandbits(16)))
    written = draw.choice((length + 8, length + 8, length + 9, draw.randrange(12), draw.randrange(length + 9), 1 << 63))
    return Reply(draw.getrandbits(8 * REPLY - 16) << 16 | status, written)


def drawn_transport(draw: random.Random, virtio_id: int, config_len: int) -> Transport:
    doorbell = Doorbell(draw.random() < 0.5, draw.choice((1, 2)), draw.randrange(1, 6), draw.getrandbits(64))
    own = Own(draw.getrandbits(64), virtio_id, config_len)
    return Transport(own, doorbell, draw.random() < 0.9, draw.random() < 0.5, draw.getrandbits(32))


def bar_points() -> Iterator[tuple[int, int, int, int]]:
    """Device type, config_len, offset, length: every third point of each window."""
    for kind in DEVICE_TYPES:
        near = window_of(kind)
        points = [(offset, length) for offset in offsets(near) for length in lengths(near)]
        for at in range(kind.virtio_id % 3, len(points), 3):
            yield kind.virtio_id, kind.config_len, *points[at]


def test_begin_and_end_of_bar_accesses_are_the_models(oracle: ctypes.CDLL) -> None:
    draw = random.Random(1)  # noqa: S311 - a fixed sequence
    count = 0
    for virtio_id, config_len, offset, length in bar_points():
        write = draw.random() < 0.5
        access = Access(False, write, offset, length, draw.getrandbits(8 * PAYLOAD_BYTES))
        check(oracle, drawn_transport(draw, virtio_id, config_len), access, drawn_reply(draw, length))
        count += 1
    assert count > 3000


def test_the_doorbell_is_the_models(oracle: ctypes.CDLL) -> None:
    draw = random.Random(2)  # noqa: S311 - a fixed sequence
    for _ in range(300):
        access = Access(False, True, 16, draw.choice((1, 2, 2, 2, 3)), draw.getrandbits(8 * PAYLOAD_BYTES))
        check(oracle, drawn_transport(draw, 1, 28), access, drawn_reply(draw, 2))


@pytest.mark.parametrize("write", [False, True])
def test_configuration_space_is_the_models_at_every_offset_and_length(oracle: ctypes.CDLL, write: bool) -> None:
    draw = random.Random(3)  # noqa: S311 - a fixed sequence
    for offset in range(258):
        near = offset <= 0x30
        for length in range(0, 258 - offset, 1 if near else 7):
            payload = draw.getrandbits(8 * PAYLOAD_BYTES)
            transport = drawn_transport(draw, draw.randrange(1, 6), draw.randrange(233))
            check(oracle, transport, Access(True, write, offset, length, payload), drawn_reply(draw, length))


@pytest.mark.parametrize("config_len", range(233))
def test_the_window_is_the_models(oracle: ctypes.CDLL, config_len: int) -> None:
    transport = drawn_transport(random.Random(4), 1, config_len)  # noqa: S311 - a fixed sequence
    assert oracle.sw_oracle_window(ctypes.byref(c_transport(transport))) == window(transport)


def test_events_are_the_models(oracle: ctypes.CDLL) -> None:
    draw = random.Random(5)  # noqa: S311 - a fixed sequence
    for kind in EventKind:
        for argument in (False, True):
            for _ in range(20):
                transport = drawn_transport(draw, 2, 40)
                state = c_transport(transport)
                oracle.sw_oracle_react(ctypes.byref(state), U64(kind), U64(argument))
                assert moved(transport, state) == Relay().react(transport, Event(kind, argument)).transport


def test_opening_is_the_models(oracle: ctypes.CDLL) -> None:
    draw = random.Random(6)  # noqa: S311 - a fixed sequence
    present = 0
    for _ in range(3000):
        commands = 0x3C | draw.choice((0, 0x40, 0x40, 0x40))
        entries = b"".join(
            bytes((draw.choice((0, 1, 1, 2, 2, 3)), draw.randrange(8), *bytes(6)))
            + draw.choice((draw.getrandbits(64), draw.randrange(64), 2 * draw.randrange(20))).to_bytes(8, "little")
            for _ in range(4)
        )
        status = draw.choice((0, 0, 0, 22)).to_bytes(2, "little")
        content = status + draw.randbytes(6) + entries + draw.randbytes(REPLY - 72)
        reply = Reply(word_of(content), draw.choice((72, 72, 73, draw.randrange(72))))
        lens = [draw.choice((0, 1, 2, 32, 1 << 16, (1 << 64) - 1)) for _ in range(10)]
        own = Own(draw.getrandbits(64), 1, 28)
        opening = Opening(own, commands, reply, BarLens(tuple(lens[:5]), tuple(lens[5:])))
        state, call = CTransport(own.member, 0, 0, 1, 28), CCall()
        oracle.sw_oracle_asks(ctypes.byref(state), U64(commands), ctypes.byref(call))
        asked = asks(opening)
        assert bool(call.issues) == asked.issues
        if asked.issues:
            wire = pack(asked.operation)
            assert (call.kind, call.sent_len, call.reply_len) == (0, wire.sent_len, wire.reply_len)
            assert bytes(call.sent)[: call.sent_len] == bytes_of(wire.sent, call.sent_len)
        answer = CReply(content + bytes(PAD), reply.written)
        oracle.sw_oracle_opened(ctypes.byref(state), U64(commands), ctypes.byref(answer), (U64 * 10)(*lens))
        after = opened(opening)
        assert moved(after, state) == after
        present += bool(after.doorbell.present)
    assert present > 300
