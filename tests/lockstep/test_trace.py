# SPDX-License-Identifier: Apache-2.0
"""The trace format: what is written is read back, and whatever is wrong is one line that says so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from straightwire.reference.lockstep.golden import golden_traces
from straightwire.reference.lockstep.odd import odd_trace
from straightwire.reference.lockstep.trace import (
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
from straightwire.reference.lockstep.trace_reader import load_trace, read_trace
from straightwire.reference.lockstep.trace_writer import write_trace

NOTIFY = Wanted("command", 6, 0, 64)
EVERYTHING = Trace(
    "every word of the format",
    TraceMember("net", 2, 28, 0x3E47F, 0xFFFFFFFF),
    ScriptDevice((BarAddress("member", 4, 0x3000), BarAddress("owner", 1, 1 << 63))),
    (
        Event(EventKind.OPEN, operations=(NOTIFY,), result=0),
        Event(EventKind.CONFIG_WRITE, 4, data=b"\1\0", operations=(Wanted("config-write", 0, 4, 2),)),
        Event(EventKind.CONFIG_READ, 0xFFFF_FFFF_FFFF_FFFF, 4, result=-1, operations=()),
        Event(EventKind.CONFIG_READ, 0, 2, payload=b"\xf4\x1a", operations=(Wanted("config-read", 0, 0, 2),)),
        Event(EventKind.MSIX, switch=True),
        Event(EventKind.MSIX),
        Event(EventKind.WRITE, 16, data=b"\2\0", operations=(Wanted("doorbell", 2, where="member:4:0x3000"),)),
        Event(EventKind.WRITE, 1 << 20, data=b"", result=0),
        Event(EventKind.READ, 18, 1, count=441637, payload=b"\7", operations=(Wanted("command", 3, 18, 1),)),
        Event(
            EventKind.READ, 19, 1,
            answers=(Answer(22, 3, b"\xff", 9), Answer(), Answer(data=b"", used=0)),
            result=-0x10016,
        ),
        Event(EventKind.READ, 19, 0, result=-4242),
        Event(EventKind.TICK),
        Event(EventKind.RESET),
        Event(EventKind.STOP, switch=True, result=-2),
        Event(EventKind.STOP),
        Event(EventKind.SAVE, length=0, result=64),
        Event(EventKind.SAVE, length=64, payload=bytes(64)),
        Event(EventKind.LOAD, data=bytes(range(64))),
        Event(EventKind.LOAD),
        Event(EventKind.CLOSE, operations=()),
    ),
)  # fmt: skip
ON_A_DPU = Trace(
    "a device of the DPU",
    TraceMember("rng", 1, 0, 0x7F),
    DpuDevice(0x30000000, (8, 0), 2, b""),
    (Event(EventKind.OPEN), Event(EventKind.INTERRUPT), Event(EventKind.INTERRUPT, config=True)),
)
TRACES = [EVERYTHING, ON_A_DPU, odd_trace(), *(golden.trace for golden in golden_traces())]


@pytest.mark.parametrize("trace", TRACES, ids=lambda trace: trace.title)
def test_what_is_written_is_read_back(trace: Trace) -> None:
    text = write_trace(trace, ["a comment", ""])
    assert read_trace(text, "f") == trace
    assert write_trace(read_trace(text, "f"), ["a comment", ""]) == text


def test_the_text_is_as_documented() -> None:
    assert write_trace(EVERYTHING).splitlines() == [
        "straightwire-trace 1",
        "title every word of the format",
        "member net id=2 config_len=28 commands=0x3e47f parts_object=4294967295",
        "device script doorbell=member:4:0x3000,owner:1:0x8000000000000000",
        "open ! 0",
        "> command 6 @0 len 64",
        "config-write 0x4 0100",
        "> config-write @4 len 2",
        "config-read 0xffffffffffffffff 4 ! refused",
        "> none",
        "config-read 0x0 2 = f41a",
        "> config-read @0 len 2",
        "msix on",
        "msix off",
        "write 16 0200",
        "> doorbell member:4:0x3000 queue 2",
        "write 0x100000 - ! 0",
        "x 441637 read 18 1 = 07",
        "> command 3 @18 len 1",
        "answer status=22 qualifier=3 data=ff used=9",
        "answer status=0",
        "answer status=0 data=- used=0",
        "read 19 1 ! status 22",
        "read 19 0 ! -4242",
        "tick",
        "reset",
        "stop on ! notsup",
        "stop off",
        "save 0 ! 64",
        f"save 64 = {'00' * 64}",
        f"load {bytes(range(64)).hex()}",
        "load -",
        "close",
        "> none",
        "end 20",
    ]


HEAD = ["straightwire-trace 1", "title t", "member net", "device script", "open"]


def broken(*lines: str, head: int = 5) -> str:
    """What is said of a trace that has these lines after its head."""
    with pytest.raises(TraceError) as caught:
        read_trace("\n".join([*HEAD[:head], *lines]) + "\n", "some.trace")
    message = str(caught.value)
    assert "\n" not in message
    assert re.match(r"some\.trace:\d+: \S", message)
    return message.removeprefix("some.trace:")


@pytest.mark.parametrize(
    ("head", "lines", "says"),
    [
        (0, (), "1: empty, a trace begins with `straightwire-trace 1`"),
        (0, ("\x7fELF",), "1: no trace: the first line must be"),
        (0, ("straightwire-trace 2",), "1: version 2, this program reads version 1"),
        (0, ("straightwire-trace",), "1: version missing"),
        (5, ("read 18 1",), "6: truncated: no `end` line"),
        (5, ("end 2",), "6: 1 events where `end` counts 2"),
        (5, ("end",), "6: `end` needs the number"),
        (5, ("end 1", "tick"), "7: something follows `end`"),
        (5, ("answer status=1", "end 1"), "7: `answer` without an event"),
        (1, ("end 0",), "2: a trace needs a `member`, a `device`"),
        (4, ("tick",), "5: the first event is `open`"),
        (5, ("open",), "6: the first event is `open`"),
        (5, ("close", "tick"), "7: nothing can happen after `close`"),
        (3, ("open",), "4: 'open' before `device`"),
        (2, ("device script",), "3: `device` before `member`"),
        (2, ("member",), "3: `member` needs a device type"),
        (2, ("member gpu",), "3: unknown device type 'gpu'"),
        (2, ("member 65536",), "3: 65536 is out of range"),
        (2, ("member net id=one",), "3: 'one' is no number"),
        (2, ("member net id=-1",), "3: -1 is out of range"),
        (2, ("member net ID=1",), "3: unknown word 'ID=1', known here: id="),
        (2, ("member net id=1 id=2",), "3: unknown word 'id=2'"),
        (3, ("device",), "4: unknown device ''"),
        (3, ("device vdpa",), "4: unknown device 'vdpa'"),
        (3, ("device script doorbell=4:0x3000",), "4: '4:0x3000' is no address"),
        (3, ("device script doorbell=" + ",".join(["owner:1:0"] * 5),), "4: no such device: NOTIFY_INFO has 4"),
        (3, ("device dpu queues=100",), "4: no such device: a queue size is"),
        (3, ("device dpu queues=" + "8," * 1024 + "8",), "4: 1025 queues, at most 1024"),
        (3, ("device dpu config=00",), "4: no such device: the configuration of net has 28 bytes"),
        (3, ("device dpu features=0x100000000",), "4: 0x100000000 is out of range"),
        (3, ("device dpu doorbell=member:0:0",), "4: no such device: a notification address lies in BAR 1 to 5"),
        (2, ("member 1", "device dpu"), "4: no such device: the DPU has no device type 1"),
        (2, ("member net id=17", "device dpu"), "4: no such device: a DPU of a trace has members 1 to 16"),
        (3, ("device dpu", "open", "answer status=1"), "6: only `device script` takes an answer"),
        (5, ("interrupt queue",), "6: only `device dpu` interrupts"),
        (5, ("poke 1 2",), "6: unknown word 'poke', events are: open read write"),
        (5, ("read 18",), "6: 'read 18', write 'read OFFSET LENGTH'"),
        (5, ("tick 1",), "6: 'tick 1', write 'tick'"),
        (5, ("read 18 1 = 0",), "6: '0' are no bytes"),
        (5, ("read 18 1 =",), "6: `=` needs the bytes"),
        (5, ("= 00",), "6: unknown word '='"),
        (5, ("write 18 01 = 01",), "6: `=` with 'write'"),
        (5, ("write 18 xyz",), "6: 'xyz' are no bytes"),
        (5, ("read 0x1ffffffffffffffff 1",), "6: 0x1ffffffffffffffff is out of range"),
        (5, ("read 0 65536",), "6: 65536 is out of range"),
        (5, ("read 18 1 !",), "6: `!` needs one result"),
        (5, ("read 18 1 ! broken",), "6: unknown result 'broken'"),
        (5, ("read 18 1 ! status x",), "6: 'x' is no number"),
        (5, ("tick ! 0",), "6: `!` with 'tick'"),
        (5, ("x",), "6: `x` needs a count"),
        (5, ("x 0 tick",), "6: `x 0`"),
        (5, ("x 2 save 0",), "6: 'save' cannot be repeated"),
        (5, ("msix 1",), "6: unknown word '1', write on or off"),
        (5, ("> command 3 @18",), "6: write `> command OPCODE @OFFSET len N`"),
        (5, (">",), "6: write `> command OPCODE"),
        (5, ("> doorbell here queue 1",), "6: 'here' is no address"),
        (5, ("> none", "> none", "> config-read @0 len 1", "> none"), "9: `> none` below another"),
        (4, ("> none",), "5: `>` belongs below"),
        (5, ("answer status=65536",), "6: 65536 is out of range"),
        (5, ("answer retry",), "6: unknown word 'retry'"),
        (5, ("answer status=1", "> none"), "7: `>` belongs below"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(head: int, lines: tuple[str, ...], says: str) -> None:
    assert broken(*lines, head=head).startswith(says)


def test_no_cut_of_a_trace_is_read() -> None:
    whole = write_trace(ON_A_DPU)
    for end in range(len(whole) - 1):
        with pytest.raises(TraceError):
            read_trace(whole[:end], "f")


def test_a_file_is_read_or_one_line_says_why_not(tmp_path: Path) -> None:
    path = tmp_path / "a.trace"
    with pytest.raises(TraceError, match=r"^\S+a\.trace:0: cannot be read: No such file or directory$"):
        load_trace(path)
    path.write_bytes(b"\xff\x00\n")
    with pytest.raises(TraceError, match=r"^\S+a\.trace:1: no trace: "):
        load_trace(path)
    path.write_text(write_trace(ON_A_DPU))
    assert load_trace(path) == ON_A_DPU
