# SPDX-License-Identifier: Apache-2.0
"""The table of differences, data path: where QEMU's devices do something else with a request, and why.

A row speaks of one value that a guest, or the world outside, has seen of one step; it says exactly which value QEMU
then has beside which of ours. The first row that speaks of it counts. Lengths are in bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from straightwire.model import registers
from straightwire.model.features import Net, Ring
from straightwire.reference.dpu.registers import ISR_CONFIG, ISR_QUEUE, STATUS_NEEDS_RESET
from straightwire.reference.oracle import differences
from straightwire.reference.oracle.data_driver import UNTOUCHED
from straightwire.reference.oracle.data_steps import (
    Chain,
    Configure,
    DataStep,
    Event,
    Mistake,
    Notify,
    Offer,
    Outside,
    Ready,
)
from straightwire.reference.oracle.data_worlds import SERIAL
from straightwire.reference.oracle.differences import AnyRow
from straightwire.reference.oracle.face import Face

Key: TypeAlias = tuple[str, int]
"""What is looked at: a word, and a queue or a chain where it is of one."""
View: TypeAlias = Mapping[Key, object]
"""All that one side shows after a step."""
UsedChain: TypeAlias = tuple[int, int]
"""A chain's number and its used length."""

STATUS, ISR, MESSAGES, CONFIG, OUTSIDE = (
    ("STATUS", 0), ("ISR", 0), ("messages", 0), ("device configuration", 0), ("outside", 0)
)  # fmt: skip
USED, BUFFER, AVAIL_EVENT = "used", "buffer of chain", "avail_event"
CONFIG_VECTOR = 0

_ACTUAL = slice(4, 8)
_HEADER_LEN = 16
_DISCARD, _WRITE_ZEROES, _SCSI = 11, 13, 2
_BARRIER = 1 << 31
_IOERR, _UNSUPP = b"\x01", b"\x02"
_MIN_FRAME = 14
_PAGE = 4096


@dataclass(frozen=True)
class Parting:
    """One value in which the two part, after ``step``; the views are all values after it.

    ``chains`` are those the step has made available, by number; ``wrong`` the first chain since the last reset that the
    driver made wrong. ``due`` are the queues of which each side has to tell the driver: QEMU's by QEMU's rule, ours by
    that of the specification. ``actual`` and ``dropped`` are what QEMU's device remembers and ours does not: what the
    driver said last of its balloon, and frames that found no room.
    """

    face: Face
    step: DataStep
    features: int
    msix: bool
    ready: bool
    key: Key
    theirs: object
    ours: object
    their_view: View
    our_view: View
    chains: Mapping[int, Chain]
    every: Mapping[int, Chain]
    wrong: Chain | None
    due_theirs: frozenset[int]
    due_ours: frozenset[int]
    vectors: Mapping[int, int]
    actual: bytes = b""
    dropped: tuple[bytes, ...] = ()

    @property
    def chain(self) -> Chain | None:
        """The only chain of the step."""
        return next(iter(self.chains.values())) if len(self.chains) == 1 else None

    @property
    def gave_up(self) -> bool:
        """Ours needs a reset and QEMU's device does not say so."""
        return bool(_number(self.our_view, STATUS) & ~_number(self.their_view, STATUS) & STATUS_NEEDS_RESET)

    def has(self, bit: int) -> bool:
        """Whether a feature was negotiated."""
        return bool(self.features & bit)

    def only_theirs(self, used: tuple[UsedChain, ...]) -> bool:
        """QEMU has given these chains back, and ours has not: the chains, or the interrupt for them."""
        if self.key[0] == USED:
            return self.theirs == used and self.ours == ()
        return self._interrupt(self.theirs, self.ours)

    def only_ours(self, used: tuple[UsedChain, ...]) -> bool:
        """As ``only_theirs``, the other way round."""
        if self.key[0] == USED:
            return self.ours == used and self.theirs == ()
        return self._interrupt(self.ours, self.theirs)

    def _interrupt(self, one: object, other: object) -> bool:
        if self.key == ISR:
            return (one, other) == (ISR_QUEUE, 0)
        return self.key == MESSAGES and other == frozenset() and isinstance(one, frozenset) and len(one) == 1


DataRow: TypeAlias = AnyRow[Parting]


def _number(view: View, key: Key) -> int:
    value = view[key]
    return value if isinstance(value, int) else 0


def _stopped(now: Parting) -> bool:
    """What a device that needs a reset says, and one that has stopped silently does not."""
    if not now.gave_up:
        return False
    told = frozenset({CONFIG_VECTOR}) if now.msix and now.ready else frozenset()
    theirs, ours = now.theirs, now.ours
    if now.key == MESSAGES:
        return isinstance(theirs, frozenset) and ours == theirs | told
    if not isinstance(theirs, int):
        return False
    if now.key == STATUS:
        return ours == theirs | STATUS_NEEDS_RESET
    if now.key[0] == AVAIL_EVENT:
        return theirs - 1 == ours  # QEMU has taken the chain before it looked at it
    return now.key == ISR and ours == theirs | (ISR_CONFIG if now.ready else 0)


_BAD = frozenset(Mistake) - {Mistake.INDEX, Mistake.OUTSIDE, Mistake.INDIRECT_NEXT, Mistake.BEHIND}


def _mistake(now: Parting) -> bool:
    return now.wrong is not None and now.wrong.mistake in _BAD and _stopped(now)


def _served_though(now: Parting, wrong: Callable[[Parting, Chain], bool]) -> bool:
    """QEMU has served the one chain of the step, for which ours has given up."""
    chain = now.chain
    if chain is None or not wrong(now, chain) or not now.gave_up or now.msix or not now.ready:
        return False
    if now.key == STATUS:
        return _stopped(now)
    if now.key == ISR:
        return (now.theirs, now.ours) == (ISR_QUEUE, ISR_CONFIG)
    return now.key[0] == USED and now.only_theirs(((next(iter(now.chains)), chain.writable),))


def _not_negotiated(now: Parting, chain: Chain) -> bool:
    return chain.indirect and not now.has(Ring.INDIRECT_DESC)


def _long_table(now: Parting, chain: Chain) -> bool:
    return chain.indirect and len(chain.buffers) > now.face.queue_sizes[0]


def _index_jump(now: Parting) -> bool:
    """All entries up to the index are the one head: QEMU's console puts out the same over and over."""
    chain, size = now.chain, now.face.queue_sizes[1] if len(now.face.queue_sizes) > 1 else 0
    if chain is None or chain.mistake is not Mistake.INDEX or not now.gave_up or now.msix:
        return False
    if now.key == STATUS:
        return _stopped(now)
    if now.key == ISR:
        return (now.theirs, now.ours) == (ISR_QUEUE, ISR_CONFIG)
    if now.key == OUTSIDE:
        return (now.theirs, now.ours) == (chain.readable * (size + 1), b"")
    number = next(iter(now.chains))
    return now.key[0] == USED and now.ours == () and now.theirs == ((number, 0), *((-1, 0) for _ in range(size - 1)))


def _behind(now: Parting) -> bool:
    chain = now.chain
    if chain is None or chain.mistake is not Mistake.BEHIND:
        return False
    return now.only_ours(((next(iter(now.chains)), chain.writable),))


def _queue_isr_with_msix(now: Parting) -> bool:
    return now.msix and now.key == ISR and now.theirs == ISR_QUEUE and now.ours == 0 and bool(now.due_theirs)


def _queue_isr_beside(now: Parting) -> bool:
    """With MSI-X on, ours has given up."""
    return now.msix and now.key == ISR and (now.theirs, now.ours) == (ISR_QUEUE, ISR_CONFIG) and bool(now.due_theirs)


def _changes(now: Parting) -> bool:
    return isinstance(now.step, Outside) and now.step.event in (Event.RESIZE, Event.TARGET, Event.LINK)


def _both_bits(now: Parting) -> bool:
    both = ISR_CONFIG | ISR_QUEUE
    return _changes(now) and now.ready and now.key == ISR and (now.theirs, now.ours) == (both, ISR_CONFIG)


def _not_ready(now: Parting) -> bool:
    if not _changes(now) or now.ready:
        return False
    if now.key == MESSAGES:
        return (now.theirs, now.ours) == (frozenset(), frozenset({CONFIG_VECTOR}))
    return now.key == ISR and (now.theirs, now.ours) == (0, ISR_CONFIG)


def _without_event(now: Parting) -> bool:
    more = now.due_theirs - now.due_ours
    if not more or not now.has(Ring.EVENT_IDX):
        return False
    if now.key == MESSAGES:
        vectors = frozenset(now.vectors[queue] for queue in more)
        return isinstance(now.ours, frozenset) and now.theirs == now.ours | vectors
    return now.key == ISR and not now.due_ours and (now.theirs, now.ours) == (ISR_QUEUE, 0)


def _kind(chain: Chain | None) -> int:
    """The type of a block request, without its barrier."""
    return -1 if chain is None else int.from_bytes(chain.readable[:4], "little") & ~_BARRIER


def _serial(now: Parting) -> bool:
    """QEMU writes the serial and one zero, ours 20 bytes."""
    chain = now.every.get(now.key[1])
    if now.key[0] != BUFFER or chain is None or _kind(chain) & ~1 != 8:
        return False
    room = chain.writable - 1
    wanted = SERIAL.ljust(20, b"\0")[:room]
    short = (SERIAL + b"\0")[:room]
    theirs, ours = (text + UNTOUCHED * (room - len(text)) + b"\0" for text in (short, wanted))
    return (now.theirs, now.ours) == (theirs, ours)


def _range_first(now: Parting) -> bool:
    chain = now.every.get(now.key[1])
    if now.key[0] != BUFFER or _kind(chain) not in (_DISCARD, _WRITE_ZEROES):
        return False
    return (now.theirs, now.ours) == (_IOERR, _UNSUPP)


def _scsi(now: Parting) -> bool:
    chain = now.every.get(now.key[1])
    if now.key[0] != BUFFER or _kind(chain) & ~1 != _SCSI or not isinstance(now.theirs, bytes):
        return False
    return now.theirs[-1:] == _IOERR and now.ours == now.theirs[:-1] + _UNSUPP


def _waits_for_driver(now: Parting) -> bool:
    """Before DRIVER_OK, ours has served the step's chain and QEMU has not."""
    chain = now.chain
    if now.ready or chain is None or not isinstance(now.step, Offer):
        return False
    frame = now.face.device_type is registers.NET and now.step.queue == 1
    if not frame and now.face.device_type is not registers.RNG:
        return False
    if now.key == OUTSIDE:
        return frame and now.theirs == () and now.ours == (chain.readable[_net_header(now) :],)
    return now.only_ours(((next(iter(now.chains)), chain.writable),))


def _net_header(now: Parting) -> int:
    return 12 if now.has(Net.MRG_RXBUF) else 10


def _served_at_ready(now: Parting) -> bool:
    """QEMU has waited for DRIVER_OK, and serves now what ours has served already."""
    return isinstance(now.step, Ready) and now.only_theirs(_only_used(now.theirs))


def _only_used(value: object) -> tuple[UsedChain, ...]:
    return value if isinstance(value, tuple) and len(value) == 1 else ()


def _short_frame(now: Parting) -> bool:
    """A frame that QEMU passes on and ours drops."""
    step, chain = now.step, now.chain
    if isinstance(step, Offer) and chain is not None:
        frame = chain.readable[_net_header(now) :]
        return len(frame) < _MIN_FRAME and now.key == OUTSIDE and (now.theirs, now.ours) == ((frame,), ())
    if isinstance(step, Outside) and step.event is Event.FRAME and len(step.data) < _MIN_FRAME:
        used = _only_used(now.theirs)
        right = not used or used[0][1] == _net_header(now) + len(step.data)
        return right and now.only_theirs(used)
    return False


def _kept_frame(now: Parting) -> bool:
    """A buffer comes, and QEMU puts a frame into it that came before."""
    if not isinstance(now.step, Offer) or now.step.queue != 0 or not now.dropped or now.chain is None:
        return False
    return now.only_theirs(((next(iter(now.chains)), _net_header(now) + len(now.dropped[0])),))


def _begun_frame(now: Parting) -> bool:
    """A buffer still holds, where ours is untouched, what QEMU has put there of a frame that did not fit."""
    theirs, ours = now.theirs, now.ours
    if now.key[0] != BUFFER or not isinstance(theirs, bytes) or not isinstance(ours, bytes):
        return False
    frames = (bytes(_net_header(now)) + frame for frame in now.dropped)
    return any(
        len(frame) > len(theirs)
        and all(a == b or (a == c and b == UNTOUCHED[0]) for a, b, c in zip(theirs, ours, frame, strict=False))
        for frame in frames
    )


_COMMAND_FEATURES = {0: Net.CTRL_RX, 1: Net.CTRL_RX, 2: Net.CTRL_VLAN}


def _unasked_command(now: Parting) -> bool:
    chain = now.every.get(now.key[1])
    if now.key[0] != BUFFER or chain is None or not chain.readable:
        return False
    feature = _COMMAND_FEATURES.get(chain.readable[0])
    refused = feature is not None and not now.has(feature)
    return refused and (now.theirs, now.ours) == (b"\x00", b"\x01")


def _keeps_actual(now: Parting) -> bool:
    """After a reset: the configuration, and what QEMU says of it outside."""
    if not now.actual:
        return False
    if now.key == CONFIG and isinstance(now.theirs, bytes) and isinstance(now.ours, bytes):
        return now.ours[_ACTUAL] == bytes(4) and now.theirs == now.ours[: _ACTUAL.start] + now.actual
    config = now.our_view.get(CONFIG)
    gone = isinstance(config, bytes) and not any(config[_ACTUAL])
    return gone and now.key == OUTSIDE and (now.theirs, now.ours) == (int.from_bytes(now.actual, "little"), 0)


def _part_of_actual(now: Parting) -> bool:
    written = isinstance(now.step, Configure) and now.step.offset + len(now.step.data) < _ACTUAL.stop
    config = now.our_view.get(CONFIG)
    said = int.from_bytes(config[_ACTUAL], "little") if isinstance(config, bytes) else None
    return written and now.key == OUTSIDE and now.theirs == said


def _for_nothing(now: Parting) -> bool:
    """A console's output queue was notified, and nothing came back."""
    notified = isinstance(now.step, Offer | Notify) and now.step.queue == 1
    if not notified or now.their_view.get((USED, 1)) != () or not isinstance(now.theirs, int | frozenset):
        return False
    told = now.gave_up and now.ready
    if now.key == MESSAGES:
        vector = frozenset({now.vectors[1]})
        return (now.theirs, now.ours) == (vector, frozenset({CONFIG_VECTOR}) if told else frozenset())
    return now.key == ISR and (now.theirs, now.ours) == (ISR_QUEUE, ISR_CONFIG if told else 0)


def _wants_no_buffers(now: Parting) -> bool:
    """The receive queue's avail_event stands where it was when QEMU last wanted a buffer: behind ours."""
    if now.key != (AVAIL_EVENT, 0) or not isinstance(now.theirs, int) or not isinstance(now.ours, int):
        return False
    return 0 < (now.ours - now.theirs) % 0x10000 <= now.face.queue_sizes[0]


def _emergency_zero(now: Parting) -> bool:
    zero = isinstance(now.step, Configure) and not any(now.step.data)
    return zero and now.key == OUTSIDE and (now.theirs, now.ours) == (b"", b"\0")


def _input_before_ready(now: Parting) -> bool:
    """Ours has filled the buffers already."""
    if isinstance(now.step, Outside) and now.step.event is Event.INPUT and not now.ready:
        used = _only_used(now.ours)
        return (not used or used[0][1] == len(now.step.data)) and now.only_ours(used)
    return False


def _no_room(now: Parting) -> bool:
    """A chain without room for entropy: QEMU keeps it."""
    chain = now.chain
    return chain is not None and not chain.writable and now.only_ours(((next(iter(now.chains)), 0),))


def _same(row: str, types: tuple[str, ...], speaks_of: Callable[[Parting], bool]) -> DataRow:
    """A row of the registers' table that the data path meets too."""
    known = next(each for each in differences.TABLE if each.id == row)
    return AnyRow(known.id, known.cites, known.qemu, known.ours, known.why, speaks_of, types, known.versions, known.of)


def _has_msix(face: Face) -> bool:
    return face.vectors > 0


DATA_TABLE: tuple[DataRow, ...] = (
    AnyRow(
        "indirect-not-negotiated",
        ("2.7.5.3.1", "B29"),
        "An indirect table is followed whether INDIRECT_DESC was negotiated or not.",
        "DEVICE_NEEDS_RESET.",
        "A driver must not use what it did not negotiate.",
        lambda now: _served_though(now, _not_negotiated),
        types=("blk",),
    ),
    AnyRow(
        "indirect-longer-than-queue",
        ("2.7.5.3.1", "B29"),
        "An indirect table may have more descriptors than the queue.",
        "DEVICE_NEEDS_RESET.",
        "A driver must not create a chain longer than the queue.",
        lambda now: _served_though(now, _long_table),
        types=("blk",),
    ),
    AnyRow(
        "indirect-with-next",
        ("2.7.5.3.1", "B29"),
        "A next descriptor beside an indirect table is not looked at.",
        "DEVICE_NEEDS_RESET.",
        "A driver must not set both flags.",
        lambda now: _served_though(now, lambda _, chain: chain.mistake is Mistake.INDIRECT_NEXT),
        types=("blk",),
    ),
    AnyRow(
        "buffer-outside-memory",
        ("B28",),
        "A buffer of up to a page where there is no memory is served: what is written is lost.",
        "DEVICE_NEEDS_RESET.",
        "QEMU puts a buffer of its own in place of what is no memory, one page at a time.",
        lambda now: _served_though(now, lambda _, chain: chain.mistake is Mistake.OUTSIDE),
        types=("blk",),
    ),
    AnyRow(
        "indirect-behind-direct",
        ("2.7.5.3.2",),
        "An indirect table behind other descriptors is taken for a buffer; the request is then none, and the device "
        "stops.",
        "It is followed.",
        "A device must handle such a chain; no driver makes one.",
        _behind,
        types=("blk",),
    ),
    AnyRow(
        "index-jump",
        ("2.7.13.3", "B28"),
        "An available index further ahead than the queue is long is followed: entries are served again and again.",
        "DEVICE_NEEDS_RESET.",
        "QEMU looks at the distance for some types only; a driver must not have so many chains outstanding.",
        _index_jump,
        types=("console",),
    ),
    AnyRow(
        "mistake-stops-silently",
        ("2.1.2", "B28"),
        "After a driver's mistake in a ring the device does nothing until a reset, and says nothing.",
        "DEVICE_NEEDS_RESET in STATUS, told as a configuration change once DRIVER_OK is set.",
        "QEMU sets the bit for non-legacy drivers only.",
        _mistake,
    ),
    AnyRow(
        "queue-isr-with-msix",
        ("4.1.4.5", "B18"),
        "A used buffer sets ISR bit 0 with MSI-X on as well.",
        "With MSI-X on, ISR bit 0 stays 0.",
        "QEMU sets the bit before it looks how the driver is told; a driver with MSI-X does not read ISR.",
        lambda now: _queue_isr_with_msix(now) or _queue_isr_beside(now),
        of=_has_msix,
    ),
    _same("isr-both-bits", ("net", "blk", "balloon"), _both_bits),
    _same("no-isr-before-driver-ok", ("net", "blk", "balloon"), _not_ready),
    AnyRow(
        "interrupt-without-event",
        ("2.7.7.2",),
        "The first used buffers after a reset interrupt whatever used_event says; and with NOTIFY_ON_EMPTY it is "
        "forgotten how far the driver has been told of.",
        "used_event counts from the first.",
        "QEMU has no last index to compare with; an interrupt too many does no harm.",
        _without_event,
        types=("net", "blk", "console", "rng", "balloon"),
    ),
    AnyRow(
        "serial-not-padded",
        ("5.2.6", "E2"),
        "GET_ID writes the serial and one zero; what follows stays as it was.",
        "All 20 bytes are written, the rest zeros.",
        "The specification has 20 bytes, padded.",
        _serial,
        types=("blk",),
    ),
    AnyRow(
        "range-before-flag",
        ("5.2.6.2", "E4"),
        "A range outside the disk with an unknown flag is IOERR.",
        "UNSUPP: an unknown flag comes first.",
        "The specification has a device say UNSUPP for an unknown flag, and does not say what else may be wrong.",
        _range_first,
        types=("blk",),
    ),
    AnyRow(
        "scsi-command",
        ("5.2.6",),
        "A SCSI command in too few buffers is IOERR.",
        "UNSUPP.",
        "QEMU still looks at the layout of a request that it does not support.",
        _scsi,
        types=("blk",),
    ),
    AnyRow(
        "served-at-driver-ok",
        ("3.1.1", "C6"),
        "Frames to send and entropy wait for DRIVER_OK.",
        "A notification before DRIVER_OK is served.",
        "A transitional device may serve it; QEMU's other devices do.",
        lambda now: _waits_for_driver(now) or _served_at_ready(now),
        types=("net", "rng"),
    ),
    AnyRow(
        "short-frame",
        ("E11",),
        "A frame shorter than 14 bytes is passed on.",
        "It is dropped.",
        "A frame has two addresses and a type.",
        _short_frame,
        types=("net",),
    ),
    AnyRow(
        "frame-kept",
        ("E13",),
        "A frame without room is kept until the driver has a buffer.",
        "It is dropped.",
        "No device owes its driver a frame.",
        _kept_frame,
        types=("net",),
    ),
    AnyRow(
        "frame-begun",
        ("E13",),
        "A frame too long for its buffer is dropped after the buffer has been filled; the buffer stays the driver's.",
        "It is dropped, the buffer as it was.",
        "QEMU notices when the buffer is full; until a buffer is used its contents mean nothing.",
        _begun_frame,
        types=("net",),
    ),
    AnyRow(
        "command-not-negotiated",
        ("5.1.9", "E15"),
        "A control command is carried out though its feature was not negotiated.",
        "ERR, and nothing has changed.",
        "A driver must not send it.",
        _unasked_command,
        types=("net",),
    ),
    _same("reset-keeps-actual", ("balloon",), _keeps_actual),
    AnyRow(
        "part-of-actual",
        ("5.5.6.2", "E8"),
        "Each byte of actual counts at once.",
        "actual counts with its last byte.",
        "Legacy drivers may write it byte by byte; what is half written means nothing.",
        _part_of_actual,
        types=("balloon",),
    ),
    _same("console-interrupts-for-nothing", ("console",), _for_nothing),
    AnyRow(
        "receive-avail-event",
        ("2.7.10",),
        "While there are buffers to receive into, avail_event of the receive queue stays behind.",
        "It is moved to the next buffer.",
        "QEMU does not want to hear of buffers while it has some; a notification too many does no harm.",
        _wants_no_buffers,
        types=("net",),
    ),
    AnyRow(
        "emergency-zero",
        ("5.3.4", "E7"),
        "A zero written to emerg_wr is no output.",
        "It is, as any byte.",
        "The specification makes no exception for 0.",
        _emergency_zero,
        types=("console",),
    ),
    AnyRow(
        "input-waits-for-driver-ok",
        ("C6",),
        "Input waits for DRIVER_OK.",
        "It goes into the buffers that are there.",
        "A ring that has buffers is served.",
        _input_before_ready,
        types=("console",),
    ),
    AnyRow(
        "no-room-for-entropy",
        ("5.4.6",),
        "A chain without a writable buffer stays where it is.",
        "It comes back empty.",
        "QEMU asks for as many bytes as there is room; a driver must not make such a chain.",
        _no_room,
        types=("rng",),
    ),
)
