# SPDX-License-Identifier: Apache-2.0
"""The model's register file beside the reference DPU: both stay the same, and a fault in either is seen at once."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from struct import pack

import pytest

from straightwire.model import register_file
from straightwire.model.registers import QUEUE_PFN, STATUS, Field
from straightwire.reference.abi import Outcome
from straightwire.reference.dpu.registers import RegisterFile, Structure
from straightwire.reference.lockstep.compare import lockstep
from straightwire.reference.lockstep.devices import device_of
from straightwire.reference.lockstep.golden import FILES, golden
from straightwire.reference.lockstep.session import run
from straightwire.reference.lockstep.subjects import subject_named
from straightwire.reference.lockstep.trace import BarAddress, DpuDevice, Event, EventKind, Trace, TraceMember
from straightwire.reference.lockstep.trace_reader import read_trace
from straightwire.reference.lockstep.trace_writer import event_text, write_trace
from straightwire.reference.lockstep.words import difference_lines

NET_CONFIG = bytes.fromhex("525400123456 0100 0200 dc05 00000000 00 00 0000 00000000 00000000")
KINDS = {"net": NET_CONFIG, "blk": bytes(range(96)), "console": bytes(range(12)), "rng": b"", "balloon": bytes(16)}
QUEUES = (256, 0, 128)
DECODE = Event(EventKind.CONFIG_WRITE, 4, data=b"\1\0")
MSIX_CONTROL = 0x42


def trace_of(kind: str, *events: Event) -> Trace:
    device = DpuDevice(0x79BF8064, QUEUES, 3, KINDS[kind], (BarAddress("owner", 2, 0x40), BarAddress("member", 4, 0)))
    member = TraceMember(kind, 2, len(KINDS[kind]), 0x7F)
    return Trace(f"odd accesses to the DPU's {kind}", member, device, (Event(EventKind.OPEN), DECODE, *events))


def msix(enabled: bool) -> Iterator[Event]:
    """MSI-X Enable in the member's own configuration space, and what a VMM then tells the relay."""
    yield Event(EventKind.CONFIG_WRITE, MSIX_CONTROL + 1, data=b"\x80" if enabled else b"\0")
    yield Event(EventKind.MSIX, switch=enabled)


def odd_accesses(kind: str) -> Iterator[Event]:
    """Every offset in every length to 8, in both layouts and while relay and device disagree about the layout."""
    noise = random.Random(kind)  # noqa: S311 - repeatable noise, not a secret
    window = 1 << (24 + len(KINDS[kind]) - 1).bit_length()
    for layout in (
        (),
        tuple(msix(True)),
        (Event(EventKind.MSIX, switch=False),),
        (Event(EventKind.CONFIG_WRITE, MSIX_CONTROL, data=b"\2"),),  # the low byte alone changes no Enable
        (Event(EventKind.CONFIG_WRITE, MSIX_CONTROL, data=b"\0\0"), Event(EventKind.MSIX, switch=True)),
        tuple(msix(False)),
    ):
        yield from layout
        for offset in (*range(min(window, 64)), *range(64, window, 7)):
            for length in (0, 1, 2, 3, 4, 5, 6, 8):
                queue = noise.randrange(4)
                yield Event(EventKind.WRITE, 14, data=pack("<H", queue))
                data = noise.choice((bytes(length), noise.randbytes(length), b"\1\0\0\0\0\0\0\0"[:length]))
                yield Event(EventKind.WRITE, offset, data=data)
                if noise.random() < 0.2:
                    yield Event(EventKind.INTERRUPT, config=noise.random() < 0.5)
                yield Event(EventKind.READ, offset, length)
                yield Event(EventKind.WRITE, 16, data=pack("<H", queue))  # the doorbell
        yield Event(EventKind.INTERRUPT)
        yield Event(EventKind.INTERRUPT, config=True)
        yield Event(EventKind.RESET)
        yield DECODE


@pytest.mark.parametrize("kind", KINDS)
def test_odd_accesses_agree(kind: str) -> None:
    events = tuple(odd_accesses(kind))
    assert {len(event.data) for event in events if event.kind is EventKind.WRITE} == {0, 1, 2, 3, 4, 5, 6, 8}
    report = lockstep([subject_named("reference")], trace_of(kind, *events))
    assert report.difference is None
    assert report.replayed > 6_000


def test_a_queue_of_size_0_is_not_there() -> None:
    select = Event(EventKind.WRITE, 14, data=b"\1\0")
    own = run(
        subject_named("native"),
        trace_of(
            "net",
            *msix(True),
            select,
            Event(EventKind.WRITE, 8, data=b"\7\0\0\0"),
            Event(EventKind.WRITE, 22, data=b"\1\0"),
            Event(EventKind.WRITE, 16, data=b"\1\0"),
            Event(EventKind.READ, 8, 4, payload=bytes(4)),
        ),
    ).events[-1][0]
    assert own.doubt is None
    assert own.outcome == Outcome(4, bytes(4))
    queue = own.state.members[1].queues[1]
    assert (queue.size, queue.pfn, queue.vector, own.state.members[1].notified) == (0, 0, 0xFFFF, (0, 0, 0))


HEADER = "<HH12xQ"
RAW = (
    (b"", 8),
    (b"\2", 8),
    (pack(HEADER, 2, 1, 2), 8),  # too short for an offset: a write of nothing at 0
    (pack(HEADER, 3, 1, 2), 12),
    (pack(HEADER, 3, 1, 2) + b"\0", 12),
    (pack(HEADER, 3, 1, 2) + b"\0", 11),
    (pack(HEADER, 3, 1, 2) + b"\0", 8),
    (pack(HEADER, 3, 1, 2) + b"\0", 7),
    (pack(HEADER, 3, 1, 2) + b"\0", 0),
    (pack(HEADER, 3, 1, 2) + b"\x13 and more", 9),
    (pack(HEADER, 2, 1, 2) + b"\x12" + bytes(7) + b"\7", 0),  # done, though there is no room to say so
    (pack(HEADER, 2, 1, 2) + b"\x12\1\2\3\4\5\6\7\7", 8),
    (pack(HEADER, 2, 1, 1) + b"\x12" + bytes(7) + b"\1", 8),  # the other member
    (pack(HEADER, 2, 1, 3) + b"\x12" + bytes(7) + b"\0", 8),  # nobody
    (pack(HEADER, 2, 1, 0) + b"\x12" + bytes(7) + b"\0", 8),
    (pack(HEADER, 2, 1, 1 << 63) + b"\x12" + bytes(7) + b"\0", 8),
    (pack(HEADER, 2, 0, 2) + b"\x12" + bytes(7) + b"\0", 8),  # another group
    (pack(HEADER, 4, 1, 2) + b"\0" + bytes(7) + bytes(400), 8),
    (pack(HEADER, 5, 1, 2) + b"\0", 60_000),
    (pack(HEADER, 6, 1, 2), 72),
    (pack(HEADER, 0xFFFF, 1, 2), 8),
    (pack(HEADER, 1, 1, 0) + pack("<Q", 0x7B), 8),  # LIST_USE: opcode 2 is no longer in use
    (pack(HEADER, 2, 1, 2) + b"\x12" + bytes(7) + b"\0", 8),
    (pack(HEADER, 3, 1, 2) + b"\x12", 9),
)


def test_commands_that_no_relay_sends_agree() -> None:
    device = device_of(trace_of("net"))
    replies = []
    for command, reply_len in RAW:
        replies.append(device.port.admin(command, reply_len))
        assert device.doubt() is None, command
    assert replies[-1] == bytes(8) + b"\7"
    assert [member.status for member in device.state().members] == [1, 7]


def test_doorbells_that_no_device_advertises_agree() -> None:
    device = device_of(trace_of("net"))
    device.port.admin(pack(HEADER, 2, 1, 2) + b"\x08" + bytes(7) + b"\1\0\0\0", 8)
    for owner, bar, offset in ((1, 2, 0x40), (2, 4, 0), (2, 2, 0x40), (1, 4, 0), (2, 4, 2), (1, 2, 0x42), (3, 2, 0x40)):
        for queue in (0, 1, 3, 0xFFFF):
            device.port.doorbell(owner, bar, offset, queue)
            assert device.doubt() is None
    assert [member.notified for member in device.state().members] == [(0, 0, 0), (2, 0, 0)]


# Faults


def pfn_by_half(registers: RegisterFile, field: Field, value: int) -> None:
    SET(registers, field, value & 0xFFFF if field is QUEUE_PFN else value)


def status_0_keeps_vectors(registers: RegisterFile, field: Field, value: int) -> None:
    before = [queue.vector for queue in registers._queues], registers._config_vector
    SET(registers, field, value)
    if field is STATUS and value == 0:
        for queue, vector in zip(registers._queues, before[0], strict=True):
            queue.vector = vector
        registers._config_vector = before[1]


def isr_kept(registers: RegisterFile, structure: Structure, offset: int, length: int) -> bytes:
    before = registers._isr
    data = READ(registers, structure, offset, length)
    registers._isr = before
    return data


def isr_reads_0(registers: RegisterFile, structure: Structure, offset: int, length: int) -> bytes:
    data = READ(registers, structure, offset, length)
    return b"\0" if (structure, offset) == (Structure.COMMON, 19) else data


def deaf(registers: RegisterFile, index: int) -> None:
    """No notification."""


def quiet(registers: RegisterFile) -> None:
    """No interrupt."""


SET, READ = RegisterFile._set, RegisterFile.read
MSIX, INTX = "linux61_virtio_net_msix", "linux61_virtio_net_intx"
FAULTS: dict[str, tuple[str, str, Callable[..., object], list[str], tuple[str, str, str]]] = {
    # recording, method and what becomes of it; the minimal trace behind `open`; what differs, expected and got
    "the page number is written by half": (
        MSIX, "_set", pfn_by_half, ["config-write 0x4 0100", "write 8 04bc0100"],
        ("state", "member 1 queues (QueueSnapshot(size=256, pfn=113668, ",
         "member 1 queues (QueueSnapshot(size=256, pfn=48132, "),
    ),
    "STATUS 0 resets no vector": (
        MSIX, "_set", status_0_keeps_vectors,
        ["config-write 0x4 0100", "config-write 0x42 0280", "msix on", "write 20 0000", "write 18 00"],
        ("state", "member 1 config_vector 65535", "member 1 config_vector 0"),
    ),
    "ISR is not cleared": (
        INTX, "read", isr_kept, ["config-write 0x4 0100", "interrupt queue", "read 19 1"],
        ("state", "member 1 isr 0", "member 1 isr 1"),
    ),
    "ISR reads 0": (
        INTX, "read", isr_reads_0, ["config-write 0x4 0100", "interrupt queue", "read 19 1"],
        ("reply", "00 00 00 00 00 00 00 00 01", "00 00 00 00 00 00 00 00 00"),
    ),
    "no notification arrives": (
        INTX, "notify", deaf, ["config-write 0x4 0100", "write 8 14260000", "write 16 0000"],
        ("state", "member 1 notified (1, 0, 0)", "member 1 notified (0, 0, 0)"),
    ),
    "no interrupt shows in ISR": (
        INTX, "interrupt_queue", quiet, ["interrupt queue"], ("state", "member 1 isr 1", "member 1 isr 0"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_reference_register_file_is_caught(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    recording, method, becomes, events, (what, expected, got) = FAULTS[fault]
    trace = golden(next(file for file in FILES if file.name == recording)).trace
    monkeypatch.setattr(RegisterFile, method, becomes)
    report = lockstep([subject_named(name) for name in ("model", "reference", "native")], trace)
    found = report.minimal
    assert found is not None
    assert (found.subject, found.against, found.what) == ("reference DPU", "model register file", what)
    assert [event_text(event) for event in found.trace.events] == ["open", *events]
    assert found.expected.startswith(expected)
    assert found.got.startswith(got)
    again = read_trace(write_trace(found.trace), "f")
    assert lockstep([subject_named("native")], again).difference is not None
    monkeypatch.undo()
    assert lockstep([subject_named("native")], again).agreed


def test_a_fault_in_the_models_register_file_is_caught_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(register_file, "function_reset", register_file.reset)  # MSI-X Enable survives
    report = lockstep([subject_named("reference")], trace_of("net", *msix(True), Event(EventKind.RESET)))
    assert report.minimal is not None
    assert list(difference_lines(report.minimal)) == [
        "reference DPU differs from model register file in its state",
        "  open",
        "  config-write 0x43 80",
        "  reset",
        "    expected: member 2 msix True",
        "    got:      member 2 msix False",
        "replay: straightwire replay FILE --subject reference",
    ]


def test_what_a_relay_does_wrong_is_the_relays_and_not_the_devices() -> None:
    recording = golden(next(file for file in FILES if file.name == MSIX))
    report = lockstep([subject_named("model"), subject_named("mediator:C-ROUTE")], recording.trace)
    assert report.minimal is not None
    assert (report.minimal.subject, report.minimal.clauses) == ("mediator:C-ROUTE", ("C-ROUTE",))
