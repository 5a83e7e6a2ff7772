# SPDX-License-Identifier: Apache-2.0
"""Opening a relay: NOTIFY_INFO at most, and the first notification address that may be used (rule 8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from straightwire.model.commands import (
    GROUP_SRIOV,
    NOTIFY_ALIGN,
    NOTIFY_BARS,
    NOTIFY_ENTRIES,
    NOTIFY_ENTRY,
    NOTIFY_ENTRY_LEN,
    NOTIFY_LEN,
    Opcode,
    Part,
)
from straightwire.model.own_bar import NOTHING
from straightwire.model.term import at_most, bits_of, both, choose_word, either, no, same, word
from straightwire.model.vocabulary import (
    NO_DOORBELL,
    REPLY_BITS,
    Doorbell,
    Operation,
    OpKind,
    OpShape,
    Own,
    Reply,
    Request,
    Transport,
    choose_record,
)
from straightwire.model.wire import settle, take

if TYPE_CHECKING:
    from straightwire.model.term import Truth, Word

BAR_OWNERS = (1, 2)
"""Whose BAR an entry may name: the owner's or the member's (``enum sw_bar_owner``)."""

NOTIFY_INFO_SHAPE = OpShape(
    OpKind.COMMAND, Opcode.LEGACY_NOTIFY_INFO, GROUP_SRIOV, 0, NOTIFY_ENTRIES * NOTIFY_ENTRY_LEN, 0, 0
)


@dataclass(frozen=True)
class BarLens:
    """Lengths of the BARs an entry may name, 64 bits each; 0 where there is none."""

    owner: tuple[Word, ...]
    member: tuple[Word, ...]


@dataclass(frozen=True)
class Opening:
    """What open is told, and what the device side answers: NOTIFY_INFO's reply and the lengths of BARs."""

    own: Own
    commands: Word  # 64: bit n set where opcode n is in use
    reply: Reply
    bars: BarLens


@dataclass(frozen=True)
class Entry:
    """One entry of NOTIFY_INFO."""

    flags: Word  # 8: 0 end of list, 1 the owner's BAR, 2 the member's
    bar: Word  # 8
    offset: Word  # 64


def symbolic_opening() -> Opening:
    """An arbitrary opening."""
    first, last = NOTIFY_BARS
    lens = [tuple(word(f"{owner}.bar{n}", 64) for n in range(first, last + 1)) for owner in ("owner", "member")]
    return Opening(
        Own(word("o.member", 64), word("o.virtio_id", 16), word("o.config_len", 16)),
        word("o.commands", 64),
        Reply(word("o.content", REPLY_BITS), word("o.written", 64)),
        BarLens(*lens),
    )


def bit(mask: Word, opcode: int) -> Truth:
    """Whether an opcode is in a list."""
    return same(bits_of(mask, opcode, 1), 1)


def asks(opening: Opening) -> Request:
    """NOTIFY_INFO where it is in use, nothing otherwise."""
    asked = bit(opening.commands, Opcode.LEGACY_NOTIFY_INFO)
    operation = Operation(opening.own.member, NOTIFY_INFO_SHAPE, 0)
    return Request(asked, False, choose_record(asked, operation, NOTHING))


def entry(opening: Opening, index: int) -> Entry:
    """An entry of the reply; all zero where the command failed or the device did not write it."""
    status, payload = settle(_as_read(NOTIFY_INFO_SHAPE), opening.reply)
    flags, bar, _, offset = (
        take(payload, Part(part.name, part.offset + index * NOTIFY_ENTRY_LEN, part.size)) for part in NOTIFY_ENTRY
    )
    return Entry(choose_word(same(status, 0), flags, 0, 8), bar, offset)


def _as_read(shape: OpShape) -> OpShape:
    """NOTIFY_INFO's reply is settled like that of a read of as many bytes."""
    return OpShape(shape.kind, Opcode.LEGACY_COMMON_CFG_READ, shape.group, 0, shape.length, 0, 0)


def bar_len(opening: Opening, of: Entry) -> Word:
    """Length of the BAR that an entry names; 0 for one that cannot be named."""
    first, last = NOTIFY_BARS
    length: Word = 0
    for owner, lens in zip(BAR_OWNERS, (opening.bars.owner, opening.bars.member), strict=True):
        for number, bytes_there in zip(range(first, last + 1), lens, strict=True):
            named = both(same(of.flags, owner), same(of.bar, number))
            length = choose_word(named, bytes_there, length, 64)
    return length


def _stands(opening: Opening, of: Entry) -> Truth:
    """LR6: flags, BAR, alignment, and wholly inside the BAR; written so that no sum can wrap around."""
    length = bar_len(opening, of)
    first, last = NOTIFY_BARS
    return both(
        either(*(same(of.flags, owner) for owner in BAR_OWNERS)),
        at_most(first, of.bar),
        at_most(of.bar, last),
        same(of.offset & (NOTIFY_ALIGN - 1), 0),
        at_most(NOTIFY_LEN, length),
        at_most(of.offset, length - NOTIFY_LEN),
    )


def opened(opening: Opening) -> Transport:
    """Transport state after open: decode and MSI-X off, BAR0 zero, the first entry that LR5 and LR6 let stand."""
    asked = bit(opening.commands, Opcode.LEGACY_NOTIFY_INFO)
    doorbell: Doorbell = NO_DOORBELL
    for index in reversed(range(NOTIFY_ENTRIES)):
        this = entry(opening, index)
        address = Doorbell(True, this.flags, this.bar, this.offset)
        # LR5: an entry with flags 0 ends the list; LR6: any other that does not stand is passed over.
        after = choose_record(no(same(this.flags, 0)), doorbell, NO_DOORBELL)
        doorbell = choose_record(_stands(opening, this), address, after)
    doorbell = choose_record(asked, doorbell, NO_DOORBELL)
    return Transport(opening.own, doorbell, decode=False, msix=False, bar0=0)
