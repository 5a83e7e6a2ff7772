# SPDX-License-Identifier: Apache-2.0
"""The oracle: a difference has a row that says exactly what it is, or the run is red."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from random import Random
from threading import Thread

import pytest
from support.simulated_qemu import SimulatedQemu, face_of, msix, needs_qemu

from straightwire.model import registers
from straightwire.model.choices import CHOICES
from straightwire.reference.dpu.registers import RegisterFile, Structure
from straightwire.reference.lockstep.golden import golden_traces
from straightwire.reference.oracle.compare import Difference, compare, compare_all, scripts_of, shrunk
from straightwire.reference.oracle.decoding import pieces
from straightwire.reference.oracle.differences import TABLE, Row
from straightwire.reference.oracle.face import Face
from straightwire.reference.oracle.qemu import Qemu, QemuError, find_qemu, qemu_version
from straightwire.reference.oracle.qtest import Qtest, QtestError, read_port, write_port
from straightwire.reference.oracle.recordings import script_of
from straightwire.reference.oracle.run import TypeRun, missing_rows, run_type
from straightwire.reference.oracle.scripts import (
    ConfigChange,
    ConfigRead,
    ConfigWrite,
    Read,
    Script,
    Step,
    Write,
    command,
    natural,
    random_scripts,
    systematic,
    whole,
)

# The client of qtest.


@contextmanager
def server(*answers: bytes) -> Iterator[Qtest]:
    """A qtest server that answers each chunk of commands with the next bytes, then closes."""
    client, end = socket.socketpair()
    client.settimeout(0.2)

    def serve() -> None:
        with end:
            for answer in answers:
                end.recv(1 << 16)
                end.sendall(answer)

    thread = Thread(target=serve)
    thread.start()
    with client:
        yield Qtest(client)
    thread.join()


def test_values_of_reads_in_order_and_nothing_for_writes() -> None:
    commands = [write_port(0xCF8, 4, 0x80002000), read_port(0xC012, 1), read_port(0xC000, 4)]
    assert commands == ["outl 0xcf8 0x80002000\n", "inb 0xc012\n", "inl 0xc000\n"]
    with server(b"OK\nOK 0x07\nOK 0xffffffff\n") as qtest:
        assert qtest.run(commands) == [0, 7, 0xFFFFFFFF]


def test_an_answer_in_pieces_and_two_batches() -> None:
    with server(b"OK 0x0001\n" * 128, b"OK 0x0002\n" * 2) as qtest:
        assert qtest.run([read_port(0xC000, 2)] * 130) == [1] * 128 + [2, 2]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"", "QEMU closed its qtest socket"),
        (b"OK 0x", "QEMU closed its qtest socket"),
        (b"FAIL Unknown command 'inb'\n", "no answer of qtest to 'inb 0xc000': \"FAIL Unknown command 'inb'\""),
        (b"\x7fELF\0\n", "no answer of qtest to 'inb 0xc000': '\\x7fELF\\x00'"),
        (b"OK\n", "no answer of qtest to 'inb 0xc000': 'OK'"),
        (b"OK 0xzz\n", "no answer of qtest to 'inb 0xc000': 'OK 0xzz'"),
        (b"OK 0x1\nOK 0x2\n", "QEMU answered what was not asked: 'OK 0x2'"),
    ],
)
def test_an_answer_that_is_none_is_one_line(answer: bytes, says: str) -> None:
    with server(answer) as qtest, pytest.raises(QtestError) as raised:
        qtest.run([read_port(0xC000, 1)])
    assert str(raised.value) == says


def test_silence_is_one_line() -> None:
    client, end = socket.socketpair()
    client.settimeout(0.05)
    with client, end, pytest.raises(QtestError, match="QEMU does not answer on its qtest socket"):
        Qtest(client).run([read_port(0xC000, 1)])


# The rows.

READY = (natural(registers.QUEUE_PFN, 0x100), natural(registers.STATUS, 7))
ISR = whole(registers.ISR)


@dataclass(frozen=True)
class Example:
    """Steps in which one row explains the only difference."""

    row: str
    kind: str
    steps: tuple[Step, ...]
    splits: bool = True
    vectors: int = 3

    @property
    def face(self) -> Face:
        return face_of(self.kind, splits=self.splits, vectors=self.vectors)


EXAMPLES = (
    Example("misaligned-read-split", "rng", (Read(1, 4),)),
    Example("misaligned-read-split", "net", (*READY, ConfigChange(), Read(19, 2), ISR)),  # it clears ISR
    Example("misaligned-read-dropped", "rng", (Read(1, 4),), splits=False),
    Example("misaligned-read-dropped", "rng", (command(0), Read(30, 4)), splits=False),
    Example("misaligned-write-split", "rng", (Write(13, b"\0\x01"),)),
    Example("misaligned-write-dropped", "net", (Write(21, b"\1\2"),), splits=False),
    Example("read-inside-register", "rng", (Read(2, 2),)),
    Example("read-wider-than-register", "rng", (Read(12, 4),)),
    Example("read-wider-than-register", "rng", (Read(18, 2),)),
    Example("config-read-across-fields", "net", (Read(24, 4),)),
    Example("isr-both-bits", "net", (*READY, ConfigChange(), ISR, ISR)),
    Example("no-isr-before-driver-ok", "net", (ConfigChange(), ISR)),
    Example(
        "console-interrupts-for-nothing",
        "console",
        (natural(registers.QUEUE_SEL, 1), *READY, natural(registers.QUEUE_NOTIFY, 1), ISR),
    ),
    Example("pfn-zero-resets-device", "rng", (*READY, natural(registers.QUEUE_PFN, 0))),
    Example("write-inside-register", "rng", (*READY, Write(10, b"\x01"))),
    Example("write-wider-than-register", "rng", (Write(18, b"\x07\x55"),)),
    Example("features-frozen", "rng", (natural(registers.STATUS, 8), natural(registers.GUEST_FEATURES, 1 << 28))),
    Example("bad-feature-bit", "net", (natural(registers.GUEST_FEATURES, 1 << 30),)),
    Example("queue-sel-limit", "rng", (natural(registers.QUEUE_SEL, 1024),)),
    Example("vector-of-absent-queue", "rng", (msix(True), natural(registers.QUEUE_SEL, 1), Write(22, b"\0\0"))),
    Example("write-narrower-than-register", "rng", (*READY, Write(8, b"\x01"))),
    Example("reset-keeps-actual", "balloon", (Write(24, b"\x10"), natural(registers.STATUS, 0))),
    Example("status-3-sets-bus-master", "rng", (command(1), natural(registers.STATUS, 3))),
    Example("write-cache-at-driver-ok", "blk", (natural(registers.STATUS, 4),)),
    Example("config-write-across-fields", "net", (Write(24, b"\1\2\3\4"),)),
    Example("mac-frozen", "net", (natural(registers.GUEST_FEATURES, 1 << 23), Write(20, b"\x02"))),
    Example("writeback-is-a-switch", "blk", (Write(52, b"\x02"),)),
    Example("emergency-write-reads-zero", "console", (Write(28, b"\x21"),)),
    Example("poison-needs-feature", "balloon", (Write(32, b"\x01"),)),
    Example("bus-master-off-stops-driver", "rng", (*READY, command(1))),
    Example("serr-enable", "rng", (command(0x107),)),
    Example("scratch-bytes", "rng", (ConfigWrite(0x3C, b"\x0b"),)),
    Example("scratch-bytes", "balloon", (ConfigWrite(0x80, b"\x0b\0\0\0"),), vectors=0),
    Example("msix-bar", "rng", (ConfigWrite(0x14, b"\xff" * 4),)),
    Example("interrupt-pin", "rng", (ConfigRead(0x3C, 4),)),
    Example("pending-bits", "rng", (ConfigRead(0x48, 4),)),
    Example("no-msix", "balloon", (ConfigRead(0x34, 1), ConfigRead(0x40, 4)), vectors=0),
)


def named(row: str) -> Row:
    return next(each for each in TABLE if each.id == row)


def without(row: str) -> tuple[Row, ...]:
    return tuple(each for each in TABLE if each.id != row)


def ids(example: Example) -> str:
    return f"{example.row}-{EXAMPLES.index(example)}"


@pytest.mark.parametrize("example", EXAMPLES, ids=ids)
def test_a_row_explains_its_example_and_no_other_row_does(example: Example) -> None:
    script = Script("example", example.steps)
    compared = compare(example.face, SimulatedQemu(example.face), script)
    assert compared.difference is None
    assert {row for row, _ in compared.by_row} == {example.row}
    assert compared.accesses == len(example.steps)
    red = compare(example.face, SimulatedQemu(example.face), script, without(example.row)).difference
    assert red is not None
    assert red.row is None


@pytest.mark.parametrize("example", EXAMPLES, ids=ids)
def test_a_row_explains_one_value_only(example: Example) -> None:
    """One bit more in what QEMU reads, where it reads otherwise than ours does, and the row is none."""
    red = compare(
        example.face, SimulatedQemu(example.face), Script("example", example.steps), without(example.row)
    ).difference
    assert red is not None
    wrong, expected = red.shown, red.expected

    def lie(step: Step, value: int) -> int:
        return value ^ 2 if step == wrong and value == expected else value

    found = compare(example.face, SimulatedQemu(example.face, lie), Script("example", example.steps)).difference
    assert found is not None


def test_every_row_has_an_example_a_name_and_something_to_cite() -> None:
    rows = [row.id for row in TABLE]
    assert len(rows) == len(set(rows))
    assert {example.row for example in EXAMPLES} == set(rows)
    choices = {choice.id for choice in CHOICES}
    for row in TABLE:
        assert row.id == row.id.lower()
        assert row.cites
        for cited in row.cites:
            assert cited in choices or cited.startswith(("LD", "4.1.", "5.")), row.id
        for text in (row.qemu, row.ours, row.why):
            assert text.endswith(".")


def test_agreement_needs_no_row() -> None:
    face = face_of("net")
    steps = (*READY, natural(registers.QUEUE_NOTIFY, 0), Read(20, 1), natural(registers.QUEUE_SEL, 2), Read(12, 2))
    compared = compare(face, SimulatedQemu(face), Script("driver", steps), ())
    assert (compared.difference, compared.differences) == (None, 0)
    assert compared.readbacks == 4 * (7 + 8)  # seven natural reads and eight bytes for each write


# Scripts.


@pytest.mark.parametrize("kind", ["net", "blk", "console", "rng", "balloon"])
@pytest.mark.parametrize("splits", [True, False])
def test_scripts_go_through_every_offset_width_and_layout(kind: str, splits: bool) -> None:
    face = face_of(kind, splits=splits)
    for start in (20, 24):
        reads = next(
            script.steps
            for script in systematic(face)
            if script.title == f"every read, MSI-X {'on' if start == 24 else 'off'}"
        )
        places = {(step.offset, step.length) for step in reads if isinstance(step, Read)}
        assert places == {(offset, width) for offset in range(face.bar_size + 8) for width in (1, 2, 4)}


def test_a_seed_is_a_script() -> None:
    face = face_of("net")
    one, same, other = (list(islice(random_scripts(face, Random(seed)), 3)) for seed in (1, 1, 2))  # noqa: S311
    assert one == same
    assert one != other


def test_as_many_accesses_as_were_asked_for() -> None:
    face = face_of("rng")
    assert sum(len(script.steps) for script in scripts_of(face, 1, 6000)) >= 6000
    assert list(scripts_of(face, 1, 1))[-1].title == "random script 1"


def test_random_scripts_hold_on_the_simulated_device() -> None:
    for kind in ("net", "balloon"):
        for splits in (True, False):
            face = face_of(kind, splits=splits)
            scripts = islice(random_scripts(face, Random(3)), 12)  # noqa: S311
            assert compare_all(face, SimulatedQemu(face), scripts).difference is None


def test_most_accesses_are_natural() -> None:
    face = face_of("blk")
    steps = [step for script in islice(random_scripts(face, Random(1)), 40) for step in script.steps]  # noqa: S311
    fields = {(field.offset, field.size) for field in registers.COMMON_REGISTERS}
    bar = [step for step in steps if isinstance(step, Read | Write)]
    places = [(step.offset, step.length if isinstance(step, Read) else len(step.data)) for step in bar]
    assert sum(place in fields or (place[1] == 1 and place[0] >= 20) for place in places) > len(places) / 2


def test_a_misaligned_access_comes_in_aligned_pieces() -> None:
    assert list(pieces(1, 4)) == [(1, 1), (2, 2), (4, 1)]
    assert list(pieces(2, 4)) == [(2, 2), (4, 2)]
    assert list(pieces(3, 4)) == [(3, 1), (4, 2), (6, 1)]
    assert list(pieces(3, 2)) == [(3, 1), (4, 1)]


def test_recordings_are_scripts_of_their_accesses() -> None:
    lengths = [len(script_of(golden).steps) for golden in golden_traces()]
    assert lengths == [95, 76, 44, 127, 117, 87]


# Red on a wrong device of ours.


def half_a_pfn(monkeypatch: pytest.MonkeyPatch) -> None:
    right = RegisterFile._set

    def wrong(self: RegisterFile, field: registers.Field, value: int) -> None:
        right(self, field, value & 0xFFFF if field is registers.QUEUE_PFN else value)

    monkeypatch.setattr(RegisterFile, "_set", wrong)


def isr_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    right = RegisterFile.read

    def wrong(self: RegisterFile, structure: Structure, offset: int, length: int) -> bytes:
        kept = self._isr
        data = right(self, structure, offset, length)
        self._isr = kept
        return data

    monkeypatch.setattr(RegisterFile, "read", wrong)


def isr_scripts(face: Face) -> list[Script]:
    return [script for script in systematic(face) if script.title.startswith("ISR")]


def test_the_counterexample_of_half_a_pfn_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    half_a_pfn(monkeypatch)
    face = face_of("rng")
    found = compare_all(face, SimulatedQemu(face), scripts_of(face, 1, 500)).difference
    assert found is not None
    assert list(found.lines(face)) == [
        "  write @8 QUEUE_PFN: 45 23 01 00",
        "  read @8 QUEUE_PFN, 4 bytes",
        "    expected: 45 23 01 00 (QEMU)",
        "    got:      45 23 00 00",
    ]


def test_a_counterexample_that_cannot_be_shorter_stays() -> None:
    face = face_of("rng")
    script = Script("x", (Read(2, 2),))
    found = compare(face, SimulatedQemu(face), script, ()).difference
    assert found is not None
    assert shrunk(face, SimulatedQemu(face), found, ()) == found


@pytest.fixture(scope="module")
def program() -> str:
    return find_qemu(None)


def on_qemu(program: str, device_type: registers.DeviceType, scripts: list[Script]) -> Difference | None:
    """The first difference that these scripts show on the real QEMU."""
    with Qemu(program, device_type) as qemu:
        face = qemu.face(device_type, qemu_version(program)[0])
        return compare_all(face, qemu, scripts or scripts_of(face, 1, 500)).difference


@needs_qemu
def test_a_device_that_keeps_half_a_pfn_is_red(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    half_a_pfn(monkeypatch)
    found = on_qemu(program, registers.RNG, [])
    assert found is not None
    assert (found.shown, found.expected, found.got) == (Read(8, 4), 0x12345, 0x2345)


@needs_qemu
@pytest.mark.parametrize("kind", ["net", "blk", "balloon"])
def test_a_device_whose_isr_no_read_clears_is_red(kind: str, program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    device_type = registers.device_type_named(kind)
    assert on_qemu(program, device_type, isr_scripts(face_of(kind))) is None
    isr_stays(monkeypatch)
    found = on_qemu(program, device_type, isr_scripts(face_of(kind)))
    assert found is not None
    assert (found.shown, found.expected, found.got) == (ISR, 0, 2)


@needs_qemu
def test_a_row_that_is_missing_is_a_difference_and_one_too_many_is_missed(program: str) -> None:
    version, _ = qemu_version(program)
    one_less = run_type(program, version, registers.RNG, 1, 500, without("pfn-zero-resets-device"))
    assert one_less.scripts.difference is not None
    assert one_less.scripts.difference.steps[-1] in {Write(8, bytes(size)) for size in (1, 2, 4)}
    never = replace(named("queue-sel-limit"), id="never", speaks_of=lambda _: False)
    table = (*TABLE, never)
    whole_run = run_type(program, version, registers.RNG, 1, 500, table)
    assert whole_run.scripts.difference is None
    assert [row.id for row in missing_rows(table, (whole_run,))] == ["never"]


def test_a_row_of_another_type_is_not_missed() -> None:
    run = TypeRun(face_of("rng"), compare(face_of("rng"), SimulatedQemu(face_of("rng")), Script("", ())), ())
    missed = {row.id for row in missing_rows(TABLE, (run,))}
    assert "read-inside-register" in missed
    assert not missed & {"mac-frozen", "reset-keeps-actual", "misaligned-read-dropped", "no-msix"}


def test_a_qemu_that_is_none() -> None:
    with pytest.raises(QemuError, match="no /nowhere/qemu: apt-get install qemu-system-x86"):
        find_qemu("/nowhere/qemu")
    with pytest.raises(QemuError, match="is no QEMU"):
        qemu_version("/bin/true")
