# SPDX-License-Identifier: Apache-2.0
"""Golden traces: every recorded row agrees in the model, the reference and the native relay."""

from __future__ import annotations

import pytest

from straightwire.reference.lockstep.compare import lockstep
from straightwire.reference.lockstep.golden import FILES, GoldenFile, golden, read_golden
from straightwire.reference.lockstep.subjects import subject_named
from straightwire.reference.lockstep.trace import EventKind, TraceError

# Counted in the CSV files by hand: rows, rows of configuration space, the sum of `repeat` over all others.
COUNTS = {
    "linux61_virtio_net_msix": (75, 3, 91),
    "linux61_virtio_net_intx": (61, 0, 75),
    "linux61_virtio_rng_msix": (38, 3, 40),
    "seabios_then_linux61_virtio_blk_msix": (122, 3, 123),
    "seabios_then_linux61_virtio_blk_intx": (114, 0, 116),
    "ipxe_virtio_net_polling": (34, 0, 441636),
}
SUBJECTS = ("model", "reference", "native")


def by_name(name: str) -> GoldenFile:
    (file,) = (file for file in FILES if file.name == name)
    return file


@pytest.mark.parametrize("name", COUNTS)
def test_every_row_agrees(name: str) -> None:
    recording = golden(by_name(name))
    rows, config_rows, accesses = COUNTS[name]
    assert (recording.rows, recording.accesses) == (rows, accesses)
    events = recording.trace.events
    on_bar = [event for event in events if event.kind in (EventKind.READ, EventKind.WRITE)]
    assert len(on_bar) == rows - config_rows
    assert all(event.operations and (event.kind is EventKind.WRITE or event.payload) for event in on_bar)
    report = lockstep([subject_named(name) for name in SUBJECTS], recording.trace)
    assert report.difference is None
    # Of the accesses, one to enable decode and one for each CFG row are to configuration space.
    assert report.recorded == accesses + 1 + config_rows
    assert report.replayed == sum(min(event.count, 16) for event in on_bar) + 1 + config_rows


def test_these_are_all_recordings() -> None:
    folder = FILES[0].path.parent
    assert {file.path for file in FILES} == set(folder.glob("*.csv"))
    assert {file.name for file in FILES} == set(COUNTS)


def test_a_changed_value_is_noticed() -> None:
    file = by_name("linux61_virtio_net_msix")
    text = file.path.read_text()
    row = "11,R,24,1,0x34,devcfg+4,0,0x5,4,1\n"
    assert text.count(row) == 1
    changed = read_golden(file, text.replace(row, row.replace("0x34", "0x35")), "f")
    report = lockstep([subject_named("model")], changed.trace)
    assert report.difference is not None
    assert (report.difference.what, report.difference.expected, report.difference.got) == (
        "expectation", "35", "1 byte: 34",
    )  # fmt: skip
    other = read_golden(file, text.replace(row, row.replace("0x5,4", "0x3,24")), "f")
    report = lockstep([subject_named("model")], other.trace)
    assert report.difference is not None
    assert report.difference.expected == "command 3 @24 len 1"


HEADER = "n,dir,bar0_off,size,value,register,msix_enabled,relay_opcode,relay_offset,repeat\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "f:1: the columns are not n,dir,"),
        ("n,dir\n", "f:1: the columns are not n,dir,"),
        (HEADER, "f:1: truncated: 0 rows of 75"),
        (HEADER + "0,W,18,1,0x0,STATUS,0,0x2,18,1\n", "f:2: truncated: 1 rows of 75"),
        (HEADER + "0,W,18,1,0x0,STATUS,0,0x2,18,1", "f:2: truncated: the last line has no end"),
        (HEADER + "0,W,18,1,0x0,STATUS\n", "f:2: 6 values instead of 10"),
        (HEADER + "1,W,18,1,0x0,STATUS,0,0x2,18,1\n", "f:2: row 1 where 0 should be"),
        (HEADER + "0,W,18,1,zero,STATUS,0,0x2,18,1\n", "f:2: 'zero' is no number in column value"),
        (HEADER + "0,W,-1,1,0,STATUS,0,0x2,18,1\n", "f:2: -1 is below 0 in column bar0_off"),
        (HEADER + "0,X,18,1,0x0,STATUS,0,0x2,18,1\n", "f:2: 'X' of 0x0 in 1 bytes is no access"),
        (HEADER + "0,W,18,1,0x100,STATUS,0,0x2,18,1\n", "f:2: 'W' of 0x100 in 1 bytes is no access"),
        (HEADER + "0,W,18,1,0x0,STATUS,0,0x2,18,0\n", "f:2: repeat 0"),
        (HEADER + "0,R,19,1,0x1,ISR,0,0x3,19,2\n", "f:2: a read clears the ISR"),
        (HEADER + "0,CFG,,,2/0,MSI-X,1,none,,1\n", "f:2: '2/0' is no MSI-X enable/mask"),
    ],
)
def test_a_bad_recording_is_said_in_one_line(text: str, says: str) -> None:
    with pytest.raises(TraceError) as caught:
        read_golden(by_name("linux61_virtio_net_msix"), text, "f")
    assert str(caught.value).startswith(says)
    assert "\n" not in str(caught.value)
