# SPDX-License-Identifier: Apache-2.0
"""The model's register file beside the reference DPU: both stay the same, and a fault in either is seen at once."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from struct import pack

import pytest

from straightwire.model import register_file
from straightwire.model.registers import QUEUE_PFN, STATUS, Field
from straightwire.reference.abi import DevicePort, Member, Outcome
from straightwire.reference.dpu.registers import RegisterFile, Structure
from straightwire.reference.lockstep.compare import Difference, lockstep
from straightwire.reference.lockstep.golden import FILES, GoldenFile, golden
from straightwire.reference.lockstep.mirror import Mirror
from straightwire.reference.lockstep.session import run
from straightwire.reference.lockstep.subjects import subject_named
from straightwire.reference.lockstep.trace import BarAddress, DpuDevice, Event, EventKind, Trace, TraceMember
from straightwire.reference.lockstep.trace_reader import read_trace
from straightwire.reference.lockstep.trace_writer import event_text, write_trace
from straightwire.reference.lockstep.words import difference_lines
from straightwire.reference.relay import ReferenceRelay, ReferenceSubject

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
    noise = random.Random(kind)
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
        for offset in range(window):
            for length in (0, 1, 2, 3, 4, 5, 6, 8):
                for queue in (0, 1, 2, 3):
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
    assert report.replayed > 20_000
