# SPDX-License-Identifier: Apache-2.0
"""The data path of both devices, step by step: after each step everything that can be seen, on either side.

What is seen: used chains with their lengths, the writable buffers of each, avail_event, STATUS, ISR (read once), the
part of the device configuration that changes, MSI-X messages, and what the world outside has got or holds. Lengths are
in bytes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from struct import Struct

from straightwire.model import registers
from straightwire.model.features import Ring
from straightwire.reference.dpu.devices.disk import SECTOR
from straightwire.reference.dpu.virtqueue import NO_INTERRUPT
from straightwire.reference.oracle.data_differences import (
    AVAIL_EVENT,
    BUFFER,
    CONFIG,
    DATA_TABLE,
    ISR,
    MESSAGES,
    OUTSIDE,
    STATUS,
    USED,
    DataRow,
    Key,
    Parting,
    UsedChain,
    View,
)
from straightwire.reference.oracle.data_driver import Driver, DriverRing, Offered, Side
from straightwire.reference.oracle.data_sides import OurSide, QemuSide
from straightwire.reference.oracle.data_steps import (
    Chain,
    Configure,
    DataScript,
    DataStep,
    Event,
    Notify,
    Offer,
    Outside,
    Ready,
    Reset,
    Silence,
    Start,
    UsedEvent,
    words_of,
)
from straightwire.reference.oracle.data_worlds import worlds
from straightwire.reference.oracle.face import Face
from straightwire.reference.oracle.scripts import split

_ELEMENT = Struct("<II")
_CONFIG_SEEN = {"blk": 8, "net": 8, "balloon": 8}
"""So much of the device configuration changes: capacity; mac and status; num_pages and actual."""
_IN_ANY_ORDER = ("blk",)
"""Types whose requests QEMU completes as its storage does: a step's chains may come back in any order."""
_SHRINKING = 60
"""Runs that the search for a short counterexample may take; each is a QEMU of its own."""
_BYTES = 24
"""Bytes that words show."""


@dataclass(frozen=True)
class DataDifference:
    """The two part and no row says so: what was looked at, after the last of ``steps``."""

    script: DataScript
    key: Key
    expected: str
    got: str

    def lines(self, face: Face) -> Iterator[str]:
        """The steps in words, then what QEMU shows and what ours does."""
        number = 0
        for step in self.script.steps:
            yield from (f"  {line}" for line in words_of(face, step, number))
            number += len(step.chains) if isinstance(step, Offer) else 0
        what, place = self.key
        yield f"  {what} {place}" if what in (USED, BUFFER, AVAIL_EVENT) else f"  {what}"
        yield f"    expected: {self.expected} (QEMU)"
        yield f"    got:      {self.got}"


@dataclass(frozen=True)
class DataCompared:
    """What one or more scripts showed. ``values`` are those compared; ``by_row`` counts those that a row explains."""

    requests: int = 0
    accesses: int = 0
    values: int = 0
    by_row: tuple[tuple[str, int], ...] = ()
    difference: DataDifference | None = None

    @property
    def differences(self) -> int:
        """Values in which the devices part."""
        return sum(count for _, count in self.by_row) + (self.difference is not None)

    def __add__(self, other: DataCompared) -> DataCompared:
        """Both together."""
        counts = Counter(dict(self.by_row))
        counts.update(dict(other.by_row))
        return DataCompared(
            self.requests + other.requests,
            self.accesses + other.accesses,
            self.values + other.values,
            tuple(sorted(counts.items())),
            self.difference or other.difference,
        )


class _Interrupts:
    """Which queues a device must tell its driver of: by QEMU's rule, or by the specification's (virtio 1.4, 2.7.7)."""

    def __init__(self, *, as_qemu: bool) -> None:
        self._as_qemu = as_qemu
        self._told: dict[int, int | None] = {}

    def reset(self) -> None:
        """Nobody has been told of anything."""
        self._told.clear()

    def due(self, queue: int, features: int, before: int, after: int, ring: tuple[int, int, int]) -> bool:
        """Whether used chains from index ``before`` to ``after`` are told of; ``ring``: flags, index, used_event."""
        if before == after:
            return False
        flags, available, event = ring
        old = self._told.get(queue, None if self._as_qemu else 0)
        empty = bool(features & Ring.NOTIFY_ON_EMPTY) and available == after
        if not (empty and self._as_qemu):
            self._told[queue] = after
        if empty:
            return True
        if not features & Ring.EVENT_IDX:
            return not flags & NO_INTERRUPT
        return old is None or (after - event - 1) % 0x10000 < (after - old) % 0x10000


class _Observer:
    """What is seen of one side."""

    def __init__(self, face: Face, side: Side, interrupts: _Interrupts) -> None:
        self._face = face
        self._side = side
        self.interrupts = interrupts
        self.seen: dict[int, int] = {}
        self.returned: set[int] = set()
        self.due: frozenset[int] = frozenset()

    def reset(self) -> None:
        """New rings."""
        self.seen.clear()
        self.interrupts.reset()

    def view(self, driver: Driver) -> dict[Key, object]:
        """All there is to see now."""
        found: dict[Key, object] = {}
        due = set()
        for queue, ring in driver.rings.items():
            before = self.seen.get(queue, 0)
            heads = self._used(queue, ring)
            state = self._side.memory(ring.layout.available, 4)
            event = self._side.memory(ring.layout.available + 4 + 2 * ring.layout.size, 2)
            words = _word(state[:2]), _word(state[2:]), _word(event)
            if self.interrupts.due(queue, driver.features, before, self.seen[queue], words):
                due.add(queue)
            used: list[UsedChain] = []
            for head, length in heads:
                offered = ring.offered.get(head)
                number = -1 - head if offered is None or offered.number in self.returned else offered.number
                used.append((number, length))
                if offered is not None:
                    self.returned.add(offered.number)
                    found[BUFFER, offered.number] = self._contents(offered)
            if self._face.device_type.name in _IN_ANY_ORDER:
                used.sort()
            found[USED, queue] = tuple(used)
            if driver.features & Ring.EVENT_IDX:
                place = ring.layout.used + 4 + _ELEMENT.size * ring.layout.size
                found[AVAIL_EVENT, queue] = _word(self._side.memory(place, 2))
        self.due = frozenset(due)
        found[ISR] = self._side.read(registers.ISR.offset, 1)
        found[STATUS] = self._side.read(registers.STATUS.offset, 1)
        length = _CONFIG_SEEN.get(self._face.device_type.name, 0)
        start = split(driver.msix)
        found[CONFIG] = bytes(self._side.read(start + at, 1) for at in range(length))
        found[MESSAGES] = self._side.messages()
        found[OUTSIDE] = self._side.outcome()
        return found

    def outstanding(self, driver: Driver) -> dict[Key, object]:
        """The writable buffers of chains that never came back: nobody may have touched them."""
        chains = (each for ring in driver.rings.values() for each in ring.offered.values())
        return {
            (BUFFER, each.number): self._contents(each)
            for each in chains
            if each.number not in self.returned and each.chain.mistake is None
        }

    def _used(self, queue: int, ring: DriverRing) -> list[tuple[int, int]]:
        seen = self.seen.get(queue, 0)
        index = _word(self._side.memory(ring.used_index, 2))
        heads: list[tuple[int, int]] = []
        while seen != index and len(heads) < ring.layout.size:
            place = ring.layout.used + 4 + _ELEMENT.size * (seen % ring.layout.size)
            head, length = _ELEMENT.unpack(self._side.memory(place, _ELEMENT.size))
            heads.append((head, length))
            seen = (seen + 1) & 0xFFFF
        self.seen[queue] = index
        return heads

    def _contents(self, offered: Offered) -> bytes:
        return b"".join(self._side.memory(address, length) for address, length in offered.writable)


def _word(data: bytes) -> int:
    return int.from_bytes(data, "little")


class _DataRun:
    """One script on both sides, at the same time."""

    def __init__(self, face: Face, theirs: Side, ours: Side, table: tuple[DataRow, ...]) -> None:
        self._face, self._table = face, table
        self._sides = (ours, theirs)
        self._driver = Driver(face, self._sides)
        self._ours = _Observer(face, ours, _Interrupts(as_qemu=False))
        self._theirs = _Observer(face, theirs, _Interrupts(as_qemu=True))
        self._qemu = theirs
        self._every: dict[int, Chain] = {}
        self._wrong: Chain | None = None
        self._actual = b""
        self._dropped: list[bytes] = []
        self.by_row: Counter[str] = Counter()
        self.values = 0
        self.requests = 0

    @property
    def accesses(self) -> int:
        """Accesses to registers."""
        return self._driver.accesses

    def script(self, script: DataScript) -> DataDifference | None:
        """All steps, up to the first difference without a row."""
        for number, step in enumerate(script.steps):
            chains = self._do(step)
            if chains is None:
                continue
            last = number + 1 == len(script.steps)
            found = self._look(step, chains, last=last)
            if found is not None:
                return replace(found, script=replace(script, steps=script.steps[: number + 1]))
        return None

    def _do(self, step: DataStep) -> dict[int, Chain] | None:
        """Carry out a step on both sides; its chains by number, ``None`` where it cannot be carried out now."""
        driver = self._driver
        match step:
            case Start() | Reset():
                self._fresh()
                if isinstance(step, Start):
                    driver.start(step)
                else:
                    driver.reset()
            case Ready():
                driver.set_ready()
            case Configure():
                driver.configure(step)
            case Outside():
                for side in self._sides:
                    side.outside(step)
            case Offer(queue, chains, notify):
                first = driver.chains
                if not driver.offer(queue, chains):
                    return None
                self.requests += len(chains)
                if notify:
                    driver.notify(queue)
                numbered = dict(enumerate(chains, first))
                self._every.update(numbered)
                self._wrong = self._wrong or next((chain for chain in chains if chain.mistake), None)
                return numbered
            case Notify(queue) | Silence(queue, _) | UsedEvent(queue, _):
                if queue not in driver.rings:
                    return None
                self._ring_step(step, driver.rings[queue])
        return {}

    def _ring_step(self, step: Notify | Silence | UsedEvent, ring: DriverRing) -> None:
        match step:
            case Notify(queue):
                self._driver.notify(queue)
            case Silence(_, on):
                self._driver.put(ring.layout.available, (NO_INTERRUPT if on else 0).to_bytes(2, "little"))
            case UsedEvent(queue, ahead):
                event = (self._ours.seen.get(queue, 0) + ahead) & 0xFFFF
                self._driver.put(ring.layout.available + 4 + 2 * ring.layout.size, event.to_bytes(2, "little"))

    def _fresh(self) -> None:
        self._ours.reset()
        self._theirs.reset()
        self._wrong = None
        self._dropped.clear()

    def _look(self, step: DataStep, chains: dict[int, Chain], *, last: bool) -> DataDifference | None:
        driver = self._driver
        rings = [ring.used_index for ring in driver.rings.values()]
        ours = self._sides[0]
        self._qemu.settle([(address, _word(ours.memory(address, 2))) for address in rings])
        mine, answer = self._ours.view(driver), self._theirs.view(driver)
        if last:
            mine |= self._ours.outstanding(driver)
            answer |= self._theirs.outstanding(driver)
        self._free(mine, answer)
        self._remember(step, mine, answer)
        for key in sorted(mine.keys() & answer.keys(), key=str):
            self.values += 1
            if mine[key] == answer[key]:
                continue
            parting = self._parting(step, chains, key, answer, mine)
            row = next((row for row in self._table if row.belongs_to(self._face) and row.speaks_of(parting)), None)
            if row is None:
                expected, got = value_words(key, answer[key], mine[key])
                return DataDifference(DataScript("", ()), key, expected, got)
            self.by_row[row.id] += 1
        return None

    def _parting(self, step: DataStep, chains: dict[int, Chain], key: Key, theirs: View, ours: View) -> Parting:
        driver = self._driver
        return Parting(
            self._face,
            step,
            driver.features,
            driver.msix,
            driver.ready,
            key,
            theirs[key],
            ours[key],
            theirs,
            ours,
            chains,
            self._every,
            self._wrong,
            self._theirs.due,
            self._ours.due,
            {queue: driver.vector(queue) for queue in driver.rings},
            self._actual,
            tuple(self._dropped),
        )

    def _remember(self, step: DataStep, mine: View, answer: View) -> None:
        """What QEMU's device keeps where ours does not."""
        config = mine.get(CONFIG)
        if isinstance(step, Configure) and isinstance(config, bytes):
            self._actual = config[4:8]
        if (
            isinstance(step, Outside)
            and step.event is Event.FRAME
            and not mine.get((USED, 0))
            and not answer.get((USED, 0))
        ):
            self._dropped.append(step.data)

    def _free(self, mine: View, answer: View) -> None:
        """Descriptors are the driver's again when neither device has them."""
        for queue, ring in self._driver.rings.items():
            for head, offered in tuple(ring.offered.items()):
                if offered.number in self._ours.returned and offered.number in self._theirs.returned:
                    self._driver.returned(queue, head)


def compare_data(program: str, face: Face, script: DataScript, table: tuple[DataRow, ...] = DATA_TABLE) -> DataCompared:
    """Run a script on a new QEMU and on a new device of ours; ends at the first difference without a row."""
    theirs, ours = worlds(face.device_type, script.content)
    qemu = QemuSide(program, face, theirs)
    try:
        run = _DataRun(face, qemu, OurSide(face, ours), table)
        difference = run.script(script)
    finally:
        qemu.close()
    by_row = tuple(sorted(run.by_row.items()))
    return DataCompared(run.requests, run.accesses, run.values, by_row, difference)


def compare_all_data(
    program: str, face: Face, scripts: Iterable[DataScript], table: tuple[DataRow, ...] = DATA_TABLE
) -> DataCompared:
    """Scripts one after the other, up to the first difference, which is cut short."""
    total = DataCompared()
    for script in scripts:
        total += compare_data(program, face, script, table)
        if total.difference is not None:
            return replace(total, difference=shrunk_data(program, face, total.difference, table))
    return total


def shrunk_data(
    program: str, face: Face, found: DataDifference, table: tuple[DataRow, ...] = DATA_TABLE
) -> DataDifference:
    """A difference by fewer steps: those of before the last start first, then as many as possible."""
    best = found
    runs = _SHRINKING

    def tried(steps: tuple[DataStep, ...]) -> bool:
        nonlocal best, runs
        if not runs or not steps:
            return False
        runs -= 1
        again = compare_data(program, face, replace(best.script, steps=steps), table).difference
        if again is None:
            return False
        best = again
        return True

    steps = best.script.steps
    start = max((at for at, step in enumerate(steps) if isinstance(step, Start)), default=0)
    if start:
        tried(steps[start:])
    size = len(best.script.steps) // 2
    while size:
        at = 0
        while at < len(best.script.steps) - 1:
            if not tried(best.script.steps[:at] + best.script.steps[at + size :]):
                at += size
        size //= 2
    return best


# Words.


def value_words(key: Key, theirs: object, ours: object) -> tuple[str, str]:
    """Both values in words; of long ones the place where they part."""
    if isinstance(theirs, bytes) and isinstance(ours, bytes):
        at = next(
            (at for at, (a, b) in enumerate(zip(theirs, ours, strict=False)) if a != b), min(len(theirs), len(ours))
        )
        if key == OUTSIDE and len(theirs) >= SECTOR:
            place = f"sector {at // SECTOR}, byte {at % SECTOR}: "
        else:
            place = f"{at} bytes on: " if at else ""
        return place + _shown(theirs[at:]), place + _shown(ours[at:])
    return _plain(theirs), _plain(ours)


def _shown(data: bytes) -> str:
    return (data[:_BYTES].hex(" ") + ("..." if len(data) > _BYTES else "")) or "nothing"


def _plain(value: object) -> str:
    if isinstance(value, int):
        return f"{value:#x}"
    if isinstance(value, frozenset):
        return ", ".join(f"vector {vector}" for vector in sorted(value)) or "none"
    if isinstance(value, tuple):
        return "; ".join(_element(each) for each in value) or "none"
    return str(value)


def _element(each: object) -> str:
    if isinstance(each, bytes):
        return f"{len(each)} bytes: {_shown(each)}"
    if isinstance(each, tuple):
        number, length = each
        return f"chain {number}, {length} bytes" if number >= 0 else f"head {-1 - number}, {length} bytes"
    return str(each)


def requests_of(scripts: Sequence[DataScript]) -> int:
    """Chains that some scripts make available."""
    return sum(len(step.chains) for script in scripts for step in script.steps if isinstance(step, Offer))
