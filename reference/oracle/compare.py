# SPDX-License-Identifier: Apache-2.0
"""One script on both devices: what a guest sees of each step, and of every register after each write.

Ours goes first, step by step; then QEMU does the same in one go. A failed access of ours is what a guest makes of it: a
read of ones, a write without effect. Where the table says that a step leaves the two in different states, steps that
bring them together follow at once, after the difference has been looked at. Lengths are in bytes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from random import Random
from struct import Struct
from typing import Protocol

from straightwire.model import commands, pci, registers
from straightwire.model.commands import GROUP_SRIOV, Opcode
from straightwire.model.registers import NO_VECTOR, Field
from straightwire.model.snapshot import MemberSnapshot, QueueSnapshot
from straightwire.reference.abi import BarOwner
from straightwire.reference.dpu import config_space
from straightwire.reference.dpu.dpu import SUPPORTED, Dpu
from straightwire.reference.dpu.member import NotifyAddress, describe
from straightwire.reference.oracle.decoding import (
    ACTUAL,
    BAD_FEATURE,
    BAR1,
    CACHE_LINE,
    COMMAND_SERR,
    FEATURES_OK,
    INTERRUPT_LINE,
    QUEUES,
    State,
    as_qemu_shows,
    qemu_does,
)
from straightwire.reference.oracle.differences import TABLE, Row, Situation, row_for
from straightwire.reference.oracle.face import Face
from straightwire.reference.oracle.scripts import (
    COMMAND_ON,
    RESET,
    WRITES,
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
from straightwire.reference.relay import ReferenceSubject

_LIST_USE = Struct("<HH20xQ")  # opcode, group type, no member, the list
_DOORBELL = NotifyAddress(BarOwner.MEMBER, 4, 0x3000)
_MEMBER = 1
_SHRINKING = 200
"""Runs that the search for a short counterexample may take."""


class Theirs(Protocol):
    """The device to compare with: carries out steps, gives the value of each read."""

    def run(self, steps: Sequence[Step]) -> list[int | None]: ...


class Ours:
    """The reference device behind the reference relay, as a guest sees it."""

    def __init__(self, face: Face) -> None:
        member = describe(
            face.device_type.name,
            features=face.host_features,
            queues=face.queue_sizes,
            config=face.config,
            vectors=max(face.vectors, 1),
            notify=(_DOORBELL,),
        )
        self._dpu = Dpu([member])
        use = _LIST_USE.pack(Opcode.LIST_USE, GROUP_SRIOV, SUPPORTED)
        self._dpu.owner.execute(use, commands.REPLY_HEADER_LEN)
        self._device = self._dpu.device(_MEMBER)
        self._relay = ReferenceSubject().open(self._dpu.port(_MEMBER), self._dpu.attachment(_MEMBER))

    def do(self, step: Step) -> int | None:
        """Carry out one step; what the guest has read, ``None`` where it has not."""
        match step:
            case Read(offset, length):
                outcome = self._relay.bar_read(offset, length)
                data = outcome.payload if outcome.result >= 0 else b"\xff" * length
                return int.from_bytes(data, "little")
            case Write(offset, data):
                self._relay.bar_write(offset, data)
            case ConfigRead(offset, length):
                return int.from_bytes(self._relay.config_read(offset, length).payload, "little")
            case ConfigWrite(offset, data):
                self._relay.config_write(offset, data)
                self._relay.set_msix(self._device.config_space.msix_enabled)
            case ConfigChange():
                self._device.registers.config_changed()
        return None

    def state(self) -> State:
        """Everything that can make a difference to what comes next."""
        return State(self._device.snapshot(), self._relay.config_read(0, pci.CONFIG_SPACE_LEN).payload)


@dataclass(frozen=True)
class Difference:
    """The two devices part, and no row of the table says so.

    ``steps`` of the script lead there, ``last`` is the last one made: of the script, or to bring the devices together.
    ``shown`` is the read in which they part, after ``last`` or that itself; ``state`` is ours then.
    """

    script: str
    steps: tuple[Step, ...]
    last: Step
    shown: Read | ConfigRead
    state: State
    expected: int
    got: int
    row: Row | None
    predicted: int | None

    def lines(self, face: Face) -> Iterator[str]:
        """The steps in words, one line each, then what QEMU reads and what ours does."""
        msix_on = False
        for step in self.steps:
            yield f"  {step_words(face, msix_on, step)}"
            if isinstance(step, ConfigWrite) and step.offset == config_space.MSIX_CONTROL:
                msix_on = bool(face.vectors and step.data[-1] & config_space.MSIX_ENABLE >> 8)
        if self.last != self.steps[-1]:
            words = step_words(face, self.state.registers.msix, self.last)
            yield f"  {words} (on both, which the step before leaves apart)"
        if self.shown != self.last:
            yield f"  {step_words(face, self.state.registers.msix, self.shown)}"
        size = self.shown.length
        yield f"    expected: {_bytes_words(self.expected, size)} (QEMU)"
        yield f"    got:      {_bytes_words(self.got, size)}"
        if self.row is not None and self.predicted is not None:
            yield f"    {self.row.id} would have been: {_bytes_words(self.predicted, size)}"


@dataclass(frozen=True)
class Compared:
    """What one or more scripts showed. ``by_row`` counts steps; ``healing`` are steps that no script has."""

    accesses: int = 0
    readbacks: int = 0
    healing: int = 0
    by_row: tuple[tuple[str, int], ...] = ()
    difference: Difference | None = None

    @property
    def differences(self) -> int:
        """Steps in which the devices part, all of them explained but the last if there is a ``difference``."""
        return sum(count for _, count in self.by_row) + (self.difference is not None)

    def __add__(self, other: Compared) -> Compared:
        """Both together."""
        counts = Counter(dict(self.by_row))
        counts.update(dict(other.by_row))
        return Compared(
            self.accesses + other.accesses,
            self.readbacks + other.readbacks,
            self.healing + other.healing,
            tuple(sorted(counts.items())),
            self.difference or other.difference,
        )


# What a guest can look at after a write.


def readback(face: Face, state: State) -> tuple[Read | ConfigRead, ...]:
    """Every register as drivers read it, and COMMAND. Not ISR, which a read clears, and not QUEUE_NOTIFY."""
    end = state.split
    fields = (field for field in registers.COMMON_REGISTERS if field.end <= end)
    shown = (whole(field) for field in fields if field not in (registers.ISR, registers.QUEUE_NOTIFY))
    config = (Read(end + place, 1) for place in range(len(face.config)))
    return (*shown, *config, ConfigRead(pci.COMMAND, 2))


def _looks(face: Face, done: _Step) -> tuple[Read | ConfigRead, ...]:
    """What is read after a step, on both devices."""
    step = done.situation.step
    if isinstance(step, ConfigWrite):
        return (*readback(face, done.after), ConfigRead(step.offset, len(step.data)))
    if isinstance(step, WRITES):
        return readback(face, done.after)
    # A read can have an effect on ISR; where one device has it and the other has not, a look ends the difference.
    cleared = done.predicted.registers.isr != done.theirs.registers.isr
    own = done.after.registers.isr != done.situation.before.registers.isr
    return (whole(registers.ISR),) if cleared != own else ()


# Bringing two states together.


_DWORDS = (BAR1, *range(config_space.MSIX, pci.CONFIG_SPACE_LEN, 4))
_CONFIG_HEALED = ((CACHE_LINE, 1), (INTERRUPT_LINE, 1), *((place, 4) for place in _DWORDS))
"""Places and sizes of what holds nothing but what QEMU keeps and ours does not, or what cannot be written."""


def _lasting(state: State) -> MemberSnapshot:
    """The registers but ISR, which is compared where it is read; the count of notifications is no register."""
    return replace(state.registers, isr=0, notified=())


def healing(face: Face, theirs: State, ours: State) -> tuple[Step, ...]:
    """Steps that bring QEMU, which is in the state ``theirs``, and our device together; ISR is left alone."""
    own = as_qemu_shows(face, ours.pci)
    steps: list[Step] = [
        ConfigWrite(place, own[place : place + size])
        for place, size in _CONFIG_HEALED
        if theirs.pci[place : place + size] != own[place : place + size]
    ]
    if theirs.pci[pci.COMMAND : pci.COMMAND + 2] != own[pci.COMMAND : pci.COMMAND + 2]:
        both = int.from_bytes(theirs.pci[pci.COMMAND : pci.COMMAND + 2], "little") & ~COMMAND_SERR
        steps.append(command(both))
    inside = _registers_healed(face, theirs, ours)
    if inside and not ours.decodes:
        steps.append(command(COMMAND_ON))
    return (*steps, *inside)


def _with_queue(state: MemberSnapshot, queue: QueueSnapshot) -> MemberSnapshot:
    """The same with another selected queue."""
    at = state.queue_sel
    return replace(state, queues=(*state.queues[:at], queue, *state.queues[at + 1 :]))


def _registers_healed(face: Face, theirs: State, ours: State) -> tuple[Step, ...]:
    """One natural write where that is enough, else a reset."""
    a, b = _lasting(theirs), _lasting(ours)
    if theirs.absent_vector != NO_VECTOR:
        return (natural(registers.MSI_QUEUE_VECTOR, NO_VECTOR),)
    if a == b:
        return ()
    if a == replace(b, guest_features=a.guest_features) and not b.status & FEATURES_OK:
        return (natural(registers.GUEST_FEATURES, b.guest_features & ~BAD_FEATURE),)
    if a == replace(b, queue_sel=a.queue_sel):
        return (natural(registers.QUEUE_SEL, b.queue_sel if b.queue_sel < QUEUES else 0),)
    if a == replace(b, config_vector=a.config_vector) and b.msix:
        return (natural(registers.MSI_CONFIG_VECTOR, b.config_vector),)
    # Of a queue, one register: QUEUE_PFN = 0, which is no way to take away a ring on both devices, needs a reset too.
    if a.queue_sel < len(a.queues):
        queue = a.queues[a.queue_sel]
        own = b.queues[a.queue_sel]
        if own.pfn and a == _with_queue(b, replace(own, pfn=queue.pfn)):
            return (natural(registers.QUEUE_PFN, own.pfn),)
        if b.msix and a == _with_queue(b, replace(own, vector=queue.vector)):
            return (natural(registers.MSI_QUEUE_VECTOR, own.vector),)
    if a == replace(b, config=a.config):
        return tuple(_config_healed(face, theirs.split, a.config, b.config))
    return (RESET,)


def _config_healed(face: Face, start: int, theirs: bytes, ours: bytes) -> Iterator[Write]:
    """Fields in which the two differ, written byte by byte with the values that QEMU's device has."""
    for field in face.device_type.config:
        place = slice(field.offset, field.end)
        if theirs[place] != ours[place]:
            yield from (Write(start + at, theirs[at : at + 1]) for at in range(field.offset, field.end))


# One script.


@dataclass(frozen=True)
class _Step:
    """One step as our device made it, and as QEMU's must if the table is right; and which step of the script it is."""

    situation: Situation
    number: int
    value: int | None
    after: State
    theirs: State
    predicted: State

    @property
    def apart(self) -> bool:
        """Whether the two are in different states after it; ISR is compared where it is read."""
        own, other = self.after, self.predicted
        return (
            _lasting(other) != _lasting(own)
            or other.pci != as_qemu_shows(self.situation.face, own.pci)
            or other.absent_vector != NO_VECTOR
        )


def fresh(face: Face) -> tuple[Step, ...]:
    """What brings either device to its beginning from any state.

    The read at the end is there for QEMU: to a write to the device configuration it adds the other bytes as they were
    when last read, which after a reset is what the driver before has left there.
    """
    steps: list[Step] = [ConfigWrite(place, bytes(size)) for place, size in _CONFIG_HEALED]
    steps += [ConfigWrite(pci.BAR0, face.bar0.to_bytes(4, "little")), command(COMMAND_ON), RESET]
    if face.device_type is registers.BALLOON:
        steps.append(Write(registers.SPLIT_MSIX_OFF + ACTUAL.start, face.config[ACTUAL]))
    return (*steps, whole(registers.ISR), Read(registers.SPLIT_MSIX_OFF, 1))


class _Run:
    """A script on our device: all that was done there, for QEMU to do the same."""

    def __init__(self, face: Face, table: tuple[Row, ...]) -> None:
        self._face, self._table = face, table
        self._ours = Ours(face)
        self.plan: list[Step] = []
        self.values: list[int | None] = []
        self.steps: list[tuple[_Step, tuple[Read | ConfigRead, ...], int]] = []
        """Steps, what was read after each, and where each begins in ``plan``."""
        self.healing = 0
        self._isr = 0
        for step in fresh(face):
            self._do(step)

    def _do(self, step: Step) -> int | None:
        value = self._ours.do(step)
        self.plan.append(step)
        self.values.append(value)
        return value

    def script(self, steps: Sequence[Step]) -> None:
        """All steps of a script, each followed by those that bring the devices together."""
        before = self._ours.state()
        for number, scripted in enumerate(steps):
            done = self._step(number, scripted, before, _shared(self._face, before, self._isr))
            self._look(done)
            before = done.after
            rounds = _MOST_HEALING
            while rounds and done.apart and row_for(self._table, done.situation):
                rounds -= 1
                for step in healing(self._face, done.predicted, done.after):
                    self.healing += 1
                    done = self._step(number, step, before, done.predicted)
                    before = done.after
                self._look(done)
            before = self._ours.state() if self._looked_at_isr else before

    def _step(self, number: int, step: Step, before: State, theirs: State) -> _Step:
        situation = Situation(self._face, before, step, theirs.registers.isr)
        predicted = qemu_does(self._face, theirs, step)[1]
        self._at = len(self.plan)
        value = self._do(step)
        self._isr = predicted.registers.isr
        # A read has no effect but on ISR: the state is asked for where it can be another one.
        same = isinstance(step, Read | ConfigRead) and before.registers.isr == 0
        return _Step(situation, number, value, before if same else self._ours.state(), theirs, predicted)

    def _look(self, done: _Step) -> None:
        looks = _looks(self._face, done)
        for look in looks:
            self._do(look)
        self._looked_at_isr = whole(registers.ISR) in looks
        if self._looked_at_isr:
            self._isr = 0
        self.steps.append((done, looks, self._at))


_MOST_HEALING = 3
"""Rounds of bringing the devices together: a reset, and what a reset leaves."""


def _shared(face: Face, ours: State, isr: int) -> State:
    """The state of QEMU's device where it is the same as ours but for its ISR and for what never is."""
    return State(replace(ours.registers, isr=isr), as_qemu_shows(face, ours.pci))


def compare(face: Face, theirs: Theirs, script: Script, table: tuple[Row, ...] = TABLE) -> Compared:
    """Run a script on a new device of ours and on QEMU's, and compare; ends at the first difference without a row."""
    run = _Run(face, table)
    run.script(script.steps)
    answers = theirs.run(run.plan)
    by_row: Counter[str] = Counter()
    difference = None
    for done, looks, at in run.steps:
        end = at + 1 + len(looks)
        if run.values[at:end] == answers[at:end]:
            continue
        found = _judged(done, looks, run.values[at:end], answers[at:end], table)
        if isinstance(found, Difference):
            difference = replace(found, script=script.title, steps=script.steps[: done.number + 1])
            break
        by_row.update(found)
    readbacks = sum(len(looks) for _, looks, _ in run.steps)
    return Compared(len(script.steps), readbacks, run.healing, tuple(sorted(by_row.items())), difference)


def _judged(
    done: _Step,
    looks: Sequence[Read | ConfigRead],
    mine: Sequence[int | None],
    answers: Sequence[int | None],
    table: tuple[Row, ...],
) -> set[str] | Difference:
    """The rows that explain how the devices part in this step, or the first value that none explains."""
    now = done.situation
    row = row_for(table, now)
    found: set[str] = set()
    predicted = done.theirs
    for index, step in enumerate((now.step, *looks)):
        value, predicted = qemu_does(now.face, predicted, step)
        got, answer = mine[index], answers[index]
        if got == answer:
            continue
        explaining = row
        if index and isinstance(step, ConfigRead):
            # Where the step has not done what is seen, a row may speak of the look itself.
            untouched, _ = qemu_does(now.face, _shared(now.face, done.after, 0), step)
            if value == untouched:
                explaining = row_for(table, Situation(now.face, done.after, step, 0))
        if explaining is None or value != answer or not isinstance(step, Read | ConfigRead):
            shown = step if isinstance(step, Read | ConfigRead) else whole(registers.STATUS)
            return Difference("", (), now.step, shown, done.after, answer or 0, got or 0, explaining, value)
        found.add(explaining.id)
    return found


# A short counterexample.


def shrunk(face: Face, theirs: Theirs, found: Difference, table: tuple[Row, ...] = TABLE) -> Difference:
    """The same or another difference by fewer steps: steps are left out as long as one stays."""
    best = found
    runs = _SHRINKING

    def tried(steps: tuple[Step, ...]) -> bool:
        nonlocal best, runs
        if not runs or not steps:
            return False
        runs -= 1
        again = compare(face, theirs, Script(found.script, steps), table).difference
        if again is None:
            return False
        best = again
        return True

    for start in (index for index in range(len(found.steps) - 1, 0, -1) if found.steps[index] == RESET):
        if tried(found.steps[start:]):
            break
    size = len(best.steps) // 2
    while size:
        at = 0
        while at < len(best.steps) - 1:
            if not tried(best.steps[:at] + best.steps[at + size :]):
                at += size
        size //= 2
    return best


# One device type.


def compare_all(face: Face, theirs: Theirs, scripts: Iterable[Script], table: tuple[Row, ...] = TABLE) -> Compared:
    """Scripts one after the other, up to the first difference, which is cut short."""
    total = Compared()
    for script in scripts:
        total += compare(face, theirs, script, table)
        if total.difference is not None:
            return replace(total, difference=shrunk(face, theirs, total.difference, table))
    return total


def scripts_of(face: Face, seed: int, accesses: int) -> Iterator[Script]:
    """The systematic scripts, then random ones until there are enough accesses."""
    random = Random(f"{seed} {face.device_type.name}")  # noqa: S311 - draws tests, keeps no secret
    for script in chain(systematic(face), random_scripts(face, random)):
        yield script
        accesses -= len(script.steps)
        if accesses <= 0 and script.title.startswith("random"):
            return


# Words.


def step_words(face: Face, msix_on: bool, step: Step) -> str:
    """One step in the contract's words."""
    match step:
        case Read(offset, length):
            return f"read {_place_words(face, msix_on, offset)}, {length} byte{'s' * (length != 1)}"
        case Write(offset, data):
            return f"write {_place_words(face, msix_on, offset)}: {data.hex(' ')}"
        case ConfigRead(offset, length):
            return f"config-read {offset:#x}, {length} byte{'s' * (length != 1)}"
        case ConfigWrite(offset, data):
            return f"config-write {offset:#x}: {data.hex(' ')}"
        case ConfigChange():
            return "interrupt config"


def _place_words(face: Face, msix_on: bool, offset: int) -> str:
    end = registers.SPLIT_MSIX_ON if msix_on else registers.SPLIT_MSIX_OFF
    fields: Sequence[Field] = registers.COMMON_REGISTERS if offset < end else face.device_type.config
    start = 0 if offset < end else end
    for field in fields:
        inside = offset - start - field.offset
        if 0 <= inside < field.size:
            return f"@{offset} {field.name}" + (f"+{inside}" if inside else "")
    return f"@{offset}"


def _bytes_words(value: int, length: int) -> str:
    return value.to_bytes(length, "little").hex(" ")
