# SPDX-License-Identifier: Apache-2.0
"""The oracle's data path: requests on both devices, and what turns it red."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest
from support.simulated_qemu import face_of, needs_qemu

from straightwire.model.choices import CHOICES
from straightwire.model.registers import device_type_named
from straightwire.reference.dpu.devices.blk import Blk
from straightwire.reference.dpu.devices.disk import SECTOR, MemoryDisk
from straightwire.reference.dpu.devices.net import Net
from straightwire.reference.dpu.devices.rng import Rng
from straightwire.reference.dpu.registers import RegisterFile
from straightwire.reference.dpu.virtqueue import Chain, Virtqueue
from straightwire.reference.oracle.data_compare import DataDifference, compare_all_data, compare_data, value_words
from straightwire.reference.oracle.data_differences import DATA_TABLE, OUTSIDE
from straightwire.reference.oracle.data_scripts import DISK_LEN, data_scripts
from straightwire.reference.oracle.data_steps import (
    Chain as Request,
)
from straightwire.reference.oracle.data_steps import (
    DataScript,
    Event,
    Mistake,
    Offer,
    Outside,
    Start,
    reads,
    words_of,
    writes,
)
from straightwire.reference.oracle.data_worlds import worlds
from straightwire.reference.oracle.differences import TABLE
from straightwire.reference.oracle.face import Face
from straightwire.reference.oracle.qemu import Qemu, find_qemu, qemu_version
from straightwire.reference.oracle.run import DataRun, missing_data_rows, run_data_path

KINDS = ("net", "blk", "console", "rng", "balloon")


@cache
def real_face(kind: str) -> Face:
    """The device of this type that the QEMU at hand has."""
    program, device_type = find_qemu(None), device_type_named(kind)
    world, _ = worlds(device_type, bytes(DISK_LEN))
    with Qemu(program, device_type, world) as qemu:
        world.started(qemu)
        return qemu.face(device_type, qemu_version(program)[0])


def first_difference(kind: str, requests: int = 60) -> DataDifference | None:
    """As it is found, not cut short."""
    face = real_face(kind)
    for script in data_scripts(face, 1, requests):
        found = compare_data(find_qemu(None), face, script).difference
        if found is not None:
            return found
    return None


# Green.


@needs_qemu
@pytest.mark.parametrize("kind", KINDS)
def test_the_data_path_holds_and_every_row_occurs(kind: str) -> None:
    program = find_qemu(None)
    run = run_data_path(program, qemu_version(program)[0], device_type_named(kind), 1, 60)
    assert run.compared.difference is None
    assert run.compared.requests >= 60
    missed = {row.id for row in missing_data_rows(DATA_TABLE, (run,))}
    assert not missed


# Red.


def wrong_length(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Virtqueue.push
    monkeypatch.setattr(Virtqueue, "push", lambda self, head, written: right(self, head, written + 1))


def no_isr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RegisterFile, "interrupt_queue", lambda _: None)


def a_sector_off(monkeypatch: pytest.MonkeyPatch) -> None:
    right = MemoryDisk.write
    monkeypatch.setattr(MemoryDisk, "write", lambda self, offset, data: right(self, offset - SECTOR, data))


def a_flush_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Blk._carry_out
    monkeypatch.setattr(
        Blk, "_carry_out", lambda self, kind, sector, chain: 2 if kind == 4 else right(self, kind, sector, chain)
    )


def other_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(self: Rng, chain: Chain) -> int | None:
        found = self._entropy(chain.writable)
        return chain.write(bytes(byte ^ 1 for byte in found)) or None

    monkeypatch.setattr(Rng, "_fill", fill)


def a_frame_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Net, "_transmit", lambda *_: 0)


def no_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Net, "_admits", lambda *_: True)


@needs_qemu
@pytest.mark.parametrize(
    ("kind", "edit", "what"),
    [
        ("balloon", wrong_length, "used"),
        ("console", no_isr, "ISR"),
        ("blk", a_sector_off, "outside"),
        ("blk", a_flush_is_unknown, "buffer of chain"),
        ("rng", other_bytes, "buffer of chain"),
        ("net", a_frame_lost, "outside"),
        ("net", no_filter, "ISR or messages or used"),
    ],
)
def test_an_edited_device_is_red(
    kind: str, edit: Callable[[pytest.MonkeyPatch], None], what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(monkeypatch)
    found = first_difference(kind, 500)
    assert found is not None
    assert found.key[0] in what.split(" or ")


@needs_qemu
def test_the_counterexample_is_short_and_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    other_bytes(monkeypatch)
    face = real_face("rng")
    steps = (
        Start(0),
        Outside(Event.ENTROPY, bytes(range(24))),
        Offer(0, (Request((writes(16),)), Request((writes(8),)))),
        Start(0),
        Outside(Event.ENTROPY, b"\x10\x20"),
        Offer(0, (Request((writes(2),)),)),
    )
    found = compare_all_data(find_qemu(None), face, [DataScript("chosen", steps)]).difference
    assert found is not None
    assert list(found.lines(face)) == [
        "  reset, GUEST_FEATURES 0x0, MSI-X off, a ring for each queue, DRIVER_OK",
        "  outside: there is entropy, 24 bytes: 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f...",
        "  chain 0 on queue 0: write 16",
        "  chain 1 on queue 0: write 8",
        "  notify 0",
        "  buffer of chain 0",
        "    expected: 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f (QEMU)",
        "    got:      01 00 03 02 05 04 07 06 09 08 0b 0a 0d 0c 0f 0e",
    ]


@needs_qemu
def test_a_row_less_is_a_difference_and_one_too_many_is_missed() -> None:
    program = find_qemu(None)
    version, _ = qemu_version(program)
    less = tuple(row for row in DATA_TABLE if row.id != "no-room-for-entropy")
    assert run_data_path(program, version, device_type_named("rng"), 1, 1, less).compared.difference is not None
    table = (*DATA_TABLE, replace(DATA_TABLE[-1], id="never", speaks_of=lambda _: False))
    run = run_data_path(program, version, device_type_named("rng"), 1, 1, table)
    assert run.compared.difference is None
    assert [row.id for row in missing_data_rows(table, (run,))] == ["never"]


# Without QEMU.


def test_every_row_has_a_name_and_something_to_cite() -> None:
    rows = [row.id for row in DATA_TABLE]
    assert len(rows) == len(set(rows))
    choices = {choice.id for choice in CHOICES}
    for row in DATA_TABLE:
        assert row.cites
        assert all(cited in choices or cited[0].isdigit() for cited in row.cites), row.id
        for text in (row.qemu, row.ours, row.why):
            assert text.endswith(".")


def test_a_row_that_both_tables_have_says_the_same() -> None:
    known = {row.id: (row.cites, row.qemu, row.ours, row.why) for row in TABLE}
    both = [row for row in DATA_TABLE if row.id in known]
    assert len(both) == 4
    for row in both:
        assert (row.cites, row.qemu, row.ours, row.why) == known[row.id]


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_is_a_script(kind: str) -> None:
    one, same, other = (list(data_scripts(face_of(kind), seed, 100)) for seed in (1, 1, 2))
    assert one == same
    assert one != other
    assert sum(len(step.chains) for script in one for step in script.steps if isinstance(step, Offer)) >= 100


def test_a_row_of_another_type_is_not_missed() -> None:
    run = DataRun(face_of("rng"), compare_all_data("", face_of("rng"), []))
    missed = {row.id for row in missing_data_rows(DATA_TABLE, (run,))}
    assert "no-room-for-entropy" in missed
    assert not missed & {"frame-kept", "serial-not-padded"}


def test_steps_in_words() -> None:
    chain = Request((reads(bytes(16)), writes(512)), indirect=True, mistake=Mistake.TABLE)
    assert words_of(face_of("blk"), Offer(0, (chain,)), 2) == [
        f"chain 2 on queue 0: read 16 ({bytes(16).hex(' ')}), write 512, indirect; {Mistake.TABLE.value}",
        "notify 0",
    ]


def test_the_place_where_two_disks_part() -> None:
    theirs, ours = bytes(4 * SECTOR), bytes(2 * SECTOR + 3) + b"\1" + bytes(2 * SECTOR - 4)
    expected, got = value_words(OUTSIDE, theirs, ours)
    assert expected.startswith("sector 2, byte 3: 00 00")
    assert got.startswith("sector 2, byte 3: 01 00")
