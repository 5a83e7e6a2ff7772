# SPDX-License-Identifier: Apache-2.0
"""Faults planted in the reference, in the native sources and in the model are caught, cut short and blamed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.toolchain import library_with

from straightwire.model.mediators import MEDIATORS
from straightwire.reference.abi import DevicePort, Member, Outcome, Relay, Subject
from straightwire.reference.lockstep.compare import Difference, lockstep
from straightwire.reference.lockstep.library import LibrarySubject
from straightwire.reference.lockstep.odd import odd_trace
from straightwire.reference.lockstep.subjects import subject_named
from straightwire.reference.lockstep.trace_reader import read_trace
from straightwire.reference.lockstep.trace_writer import event_text, write_trace
from straightwire.reference.lockstep.words import difference_lines
from straightwire.reference.relay import ReferenceRelay, ReferenceSubject

SUBJECTS = ("model", "reference", "native")
LONGEST = 5
"""Events of a minimal trace, open and the failing one included."""


def found(subject: Subject) -> Difference:
    """The minimal difference of a subject from the model in the odd trace."""
    report = lockstep([subject_named("model"), subject], odd_trace())
    assert report.minimal is not None
    assert report.difference is not None
    assert len(report.minimal.trace.events) <= min(LONGEST, len(report.difference.trace.events))
    return report.minimal


def test_nothing_differs_in_the_odd_trace() -> None:
    report = lockstep([subject_named(name) for name in SUBJECTS], odd_trace())
    assert report.agreed
    assert report.recorded == report.replayed > 1500


@pytest.mark.parametrize("clause", MEDIATORS)
def test_each_mediator_breaks_its_clause_and_no_other_and_the_trace_shows_it_again(clause: str) -> None:
    suspect = subject_named(f"mediator:{clause}")
    minimal = found(suspect)
    assert minimal.clauses == (clause,)
    again = read_trace(write_trace(minimal.trace), "f")
    assert lockstep([subject_named(name) for name in SUBJECTS], again).agreed
    report = lockstep([subject_named("model"), suspect], again, minimize=False)
    assert report.difference is not None
    assert report.difference.index == len(again.events) - 1
    alone = lockstep([suspect], again).difference  # its expectations suffice, without a second subject
    assert alone is not None or clause in ("C-WRITE", "C-MEMBER", "C-READ")  # ... unless a byte of a command differs


class Mutant(ReferenceRelay):
    """The reference with one fault, in whichever method a mutation replaces."""


def split_off_by_one(relay: Mutant, device: DevicePort) -> None:
    relay._split += 1


def member_id_wrong(relay: Mutant, device: DevicePort) -> None:
    relay._member_id -= 1


def doorbell_dropped(relay: Mutant, device: DevicePort) -> None:
    relay._doorbell = None


def window_doubled(relay: Mutant, device: DevicePort) -> None:
    relay._window *= 2


def payload_flipped(relay: Mutant, device: DevicePort) -> None:
    read = relay.bar_read

    def bar_read(offset: int, length: int) -> Outcome:
        outcome = read(offset, length)
        return Outcome(outcome.result, bytes(byte ^ 1 for byte in outcome.payload))

    replaced(relay, "bar_read", bar_read)


def residue_on_failure(relay: Mutant, device: DevicePort) -> None:
    read, kept = relay.bar_read, [b""]

    def bar_read(offset: int, length: int) -> Outcome:
        outcome = read(offset, length)
        if outcome.payload:
            kept[0] = outcome.payload
        elif outcome.result < -0x10000:
            return Outcome(outcome.result, kept[0].ljust(length, b"\0")[:length])
        return outcome

    replaced(relay, "bar_read", bar_read)


def reset_keeps_decode(relay: Mutant, device: DevicePort) -> None:
    replaced(relay, "reset", lambda: None)


def notification_swallowed(relay: Mutant, device: DevicePort) -> None:
    write = relay.bar_write

    def bar_write(offset: int, data: bytes) -> Outcome:
        return Outcome(2) if (offset, len(data)) == (16, 2) and relay._decode else write(offset, data)

    replaced(relay, "bar_write", bar_write)


def access_on_close(relay: Mutant, device: DevicePort) -> None:
    close = relay.close

    def closes() -> None:
        device.config_read(0, 4)
        close()

    replaced(relay, "close", closes)


def raises(relay: Mutant, device: DevicePort) -> None:
    def stop(stopped: bool) -> Outcome:
        raise KeyError("no\nmode")

    replaced(relay, "stop", stop)


def mode_inverted(relay: Mutant, device: DevicePort) -> None:
    stop = relay.stop
    replaced(relay, "stop", lambda stopped: stop(not stopped))


def parts_changed(relay: Mutant, device: DevicePort) -> None:
    load = relay.load
    replaced(relay, "load", lambda parts: load(parts[:-1] + b"\x77" if parts else parts))


def parts_cut(relay: Mutant, device: DevicePort) -> None:
    save = relay.save
    replaced(relay, "save", lambda cap: save(max(cap - 1, 0)))


def replaced(relay: Mutant, name: str, method: Callable[..., object]) -> None:
    """Give this one relay another method."""
    setattr(relay, name, method)


class MutantSubject(ReferenceSubject):
    def __init__(self, mutate: Callable[[Mutant, DevicePort], None]) -> None:
        self.name = mutate.__name__
        self._mutate = mutate

    def open(self, device: DevicePort, member: Member) -> ReferenceRelay:
        relay = Mutant(device, member, super().open(device, member)._doorbell)
        self._mutate(relay, device)
        return relay


@pytest.mark.parametrize(
    ("mutate", "shows_at", "what", "clauses"),
    [
        (split_off_by_one, "read 20 1", "operation", ("C-ROUTE",)),
        (member_id_wrong, "read 0 1", "operation", ("C-MEMBER",)),
        (doorbell_dropped, "write 16 ff81", "operation", ("C-ROUTE",)),
        (window_doubled, "open", "outcome", ()),
        (payload_flipped, "read 0 1", "outcome", ("C-REPLY",)),
        (residue_on_failure, "read 0 4", "outcome", ("C-RESIDUE",)),
        (reset_keeps_decode, "read 18 1", "operation", ("C-FRAME",)),
        (notification_swallowed, "write 16 ff81", "operation", ("C-ONCE",)),
        (access_on_close, "close", "operation", ("C-INIT",)),
        (raises, "stop on", "operation", ()),
        (mode_inverted, "stop on", "operation", ("C-INIT",)),
        (parts_changed, "load ff8142241899660f", "operation", ("C-OPAQUE",)),
    ],
    ids=lambda value: value.__name__ if callable(value) else None,
)
def test_a_fault_in_the_reference_is_caught(
    mutate: Callable[[Mutant, DevicePort], None], shows_at: str, what: str, clauses: tuple[str, ...]
) -> None:
    minimal = found(MutantSubject(mutate))
    assert event_text(minimal.event) == shows_at
    assert minimal.what == what
    assert minimal.clauses == clauses
    assert minimal.subject == mutate.__name__


def test_a_save_that_passes_on_less_is_caught() -> None:
    assert found(MutantSubject(parts_cut)).event.kind.value == "save"


# One line of native/relay/core.c, and what it becomes.
NATIVE_FAULTS = {
    "the split is one byte late": ("if (offset < core->split) {", "if (offset <= core->split) {"),
    "the offset is not relative": ("= (uint8_t)(offset - core->split);", "= (uint8_t)offset;"),
    "a reset leaves decode on": ("core->io_decode = 0;", ""),
    "a reset leaves BAR0": ("\tcore->bar0 = 0;", ""),
    "sums wrap": ("return len <= limit && offset <= limit - len;", "return offset + len <= limit;"),
    "any length rings": ("offset == SW_REG_QUEUE_NOTIFY && len == SW_REG_QUEUE_NOTIFY_LEN;",
                         "offset == SW_REG_QUEUE_NOTIFY;"),
    "only half of the status counts": ("uint64_t status = get_le(reply + SW_REPLY_STATUS_AT, 2);",
                                       "uint64_t status = get_le(reply + SW_REPLY_STATUS_AT, 1);"),
    "the qualifier counts": ("return status == SW_STATUS_OK ? 0", "return status == SW_STATUS_OK && !reply[2] ? 0"),
    "the whole of COMMAND decodes": ("core->io_decode = buf[i] & SW_PCI_COMMAND_IO;", "core->io_decode = buf[i] != 0;"),
    "the overlay forgets the revision": (
        "overlay(own, offset, len, SW_PCI_REVISION_ID, 1, UINT8_MAX, SW_PCI_TRANSITIONAL_REVISION);", ""),
    "MSI-X changes no layout": ("enabled ? SW_SPLIT_MSIX_ON", "enabled ? SW_SPLIT_MSIX_OFF"),
    "a failed save keeps its object": ("return before < 0 || result == 0 ? before : result;", "return before;"),
    "what the device did not write is passed on": ("memset(reply + used, 0, reply_len - used);", ""),
    "save takes what fits": ("if ((uint64_t)size > cap)", "if (0)"),
}  # fmt: skip


@pytest.mark.parametrize("fault", NATIVE_FAULTS)
def test_a_fault_in_the_native_sources_is_caught(fault: str, tmp_path: Path) -> None:
    library = library_with(NATIVE_FAULTS[fault], tmp_path)
    minimal = found(LibrarySubject(library))
    assert minimal.subject == str(library)
    assert minimal.clauses or minimal.event.kind.value in ("stop", "save", "load")


def test_without_a_fault_the_same_build_agrees(tmp_path: Path) -> None:
    library = library_with(("core->io_decode = 0;", "core->io_decode = 0;"), tmp_path)
    assert lockstep([subject_named("model"), LibrarySubject(library)], odd_trace()).agreed


def test_a_difference_reads_as_one_line_each() -> None:
    assert list(difference_lines(found(subject_named("mediator:C-FRAME")), "x.trace")) == [
        "mediator:C-FRAME differs from model in its operation",
        "  open",
        "  config-write 0x4 0100",
        "  write 18 00",
        "  read 18 1",
        "    expected: command 3 LEGACY_COMMON_CFG_READ @18 STATUS, 1 byte, member 2",
        "    got:      no operation",
        "    breaks:   C-FRAME, since write 18 00",
        "replay: straightwire replay x.trace --subject mediator:C-FRAME",
    ]


def test_a_relay_that_does_not_open_where_it_should(tmp_path: Path) -> None:
    class Refuses:
        name = "refuses"

        def open(self, device: DevicePort, member: Member) -> Relay:
            raise RuntimeError("not today")

    minimal = found(Refuses())
    assert [event_text(event) for event in minimal.trace.events] == ["open"]
