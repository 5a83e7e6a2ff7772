# SPDX-License-Identifier: Apache-2.0
"""T-RELAY: the relay of this project satisfies every clause, for each device type, both layouts, doorbell or none."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from straightwire.model import pci, registers
from straightwire.model.clauses import CORE, Clause
from straightwire.model.commands import GROUP_SRIOV, NOTIFY_ALIGN, NOTIFY_ENTRIES, REPLY_HEADER_LEN, Opcode
from straightwire.model.config_space import bar0_seen, config_seen, config_written, transitional_device_id
from straightwire.model.opening import Opening, asks, bar_len, bit, entry, opened, symbolic_opening
from straightwire.model.registers import DEVICE_TYPES, DeviceType
from straightwire.model.relay import Relay
from straightwire.model.route import due, route, window
from straightwire.model.term import (
    as_bit,
    at_most,
    below,
    bits_of,
    both,
    bytes_down,
    choose,
    choose_word,
    either,
    implies,
    no,
    resize,
    same,
    word,
)
from straightwire.model.vocabulary import (
    PAYLOAD_BITS,
    REPLY_BITS,
    Access,
    Operation,
    OpKind,
    OpShape,
    Transport,
    same_record,
)
from straightwire.model.wire import settle
from straightwire.proofs.obligation import Goal, Mutant, Obligation
from straightwire.proofs.theorems.situations import Situation, given_valid, keeps, mistaken, occurs, situation, small

if TYPE_CHECKING:
    from straightwire.model.term import Truth, Word

RELAY = Relay()


def _clause(clause: Clause, device: DeviceType) -> Obligation[Situation]:
    return Obligation(
        id=f"T-RELAY/{clause.id}/{device.name}",
        proves=("T-RELAY", clause.id),
        says=f"the relay keeps {clause.id} ({clause.name}) for a {device.name} member, in both layouts, with a "
        "doorbell and without, for every access, payload, reply and event",
        symbols=lambda: situation(device),
        given=given_valid,
        show=lambda this: keeps(RELAY, (clause,), this),
        witness=lambda this: occurs(RELAY, clause, this),
        mutants=(mistaken(clause),),
        small=small,
        not_proved="That the C or Python relay is this one: see the lockstep comparison.",
    )


# The clauses say what a payload is in one stroke, by shifts and masks of whole words. The lemmas below say it
# again byte by byte, for an arbitrary index, so that a slip in those strokes cannot hide on both sides.


@dataclass(frozen=True)
class OneByte:
    """A situation and an arbitrary index into a payload."""

    this: Situation
    index: Word  # 64


def _one_byte() -> OneByte:
    return OneByte(situation(), word("i", 64))


def _given_byte(at: OneByte) -> list[Goal]:
    return [*given_valid(at.this), Goal("the index is inside the access", below(at.index, at.this.access.length))]


def _byte(value: Word, index: Word, bits: int) -> Word:
    """Byte ``index`` of a word of ``bits`` bits."""
    return bits_of(bytes_down(value, index, bits), 0, 8)


def _reads(this: Situation, *, config: bool) -> tuple[Truth, Access]:
    """The situation's access as a read of the BAR or of configuration space, and that it is one that happens."""
    access = replace(this.access, config=config, write=False)
    chosen = both(same(this.access.config, config), same(this.access.write, False))
    return both(chosen, due(this.transport, access)), access


def _reply_bytes(at: OneByte, missing: int = 0) -> list[Goal]:
    happens, access = _reads(at.this, config=False)
    _, payload = settle(route(at.this.transport, access), at.this.reply)
    there = below(at.index + REPLY_HEADER_LEN, at.this.reply.written)
    content = _byte(at.this.reply.content, at.index + REPLY_HEADER_LEN, REPLY_BITS)
    expected = choose_word(there, content, missing, 8)
    claim = same(_byte(payload, at.index, PAYLOAD_BITS), expected)
    return [Goal("byte i of a read", implies(happens, claim), exact=True)]


def _overlaid(this: Situation, address: Word, own: Word, revision: int = pci.TRANSITIONAL_REVISION) -> Word:
    """One byte of configuration space as a guest reads it, from the address alone (rule 6)."""
    transport = this.transport
    device, bar0 = transitional_device_id(transport), bar0_seen(transport)
    subsystem = transport.own.virtio_id
    command = (own & 0xFE) | resize(as_bit(transport.decode), 8)
    table: tuple[tuple[int, Word], ...] = (
        (pci.DEVICE_ID, bits_of(device, 0, 8)),
        (pci.DEVICE_ID + 1, bits_of(device, 8, 8)),
        (pci.COMMAND, command),
        (pci.REVISION_ID, revision),
        *((pci.BAR0 + k, bits_of(bar0, 8 * k, 8)) for k in range(4)),
        (pci.SUBSYSTEM_VENDOR_ID, pci.VIRTIO_VENDOR & 0xFF),
        (pci.SUBSYSTEM_VENDOR_ID + 1, pci.VIRTIO_VENDOR >> 8),
        (pci.SUBSYSTEM_ID, bits_of(subsystem, 0, 8)),
        (pci.SUBSYSTEM_ID + 1, bits_of(subsystem, 8, 8)),
    )
    seen = own
    for where, value in table:
        seen = choose_word(same(address, where), value, seen, 8)
    return seen


def _config_bytes(at: OneByte, revision: int = pci.TRANSITIONAL_REVISION) -> list[Goal]:
    happens, access = _reads(at.this, config=True)
    own = at.this.reply.content
    seen = config_seen(at.this.transport, access.offset, access.length, bits_of(own, 0, PAYLOAD_BITS))
    expected = _overlaid(at.this, access.offset + at.index, _byte(own, at.index, REPLY_BITS), revision)
    return [
        Goal(
            "byte i of a read of configuration space",
            implies(happens, same(_byte(seen, at.index, PAYLOAD_BITS), expected)),
            exact=True,
        )
    ]


def _shadows(this: Situation, slip: int = 0) -> list[Goal]:
    access = replace(this.access, config=True, write=True)
    happens = both(same(this.access.config, True), same(this.access.write, True), due(this.transport, access))
    after = config_written(this.transport, access)

    def written(address: int) -> tuple[Truth, Word]:
        covered = both(at_most(access.offset, address), below(address - access.offset, access.length))
        return covered, _byte(access.payload, (address + slip) - access.offset, PAYLOAD_BITS)

    goals = []
    for k in range(4):
        covered, byte = written(pci.BAR0 + k)
        expected = choose_word(covered, byte, bits_of(this.transport.bar0, 8 * k, 8), 8)
        goals.append(Goal(f"byte {k} of BAR0", implies(happens, same(bits_of(after.bar0, 8 * k, 8), expected))))
    covered, byte = written(pci.COMMAND)
    decode = choose(covered, same(bits_of(byte, 0, 1), pci.COMMAND_IO), this.transport.decode)
    goals.append(Goal("the decode bit", implies(happens, same(after.decode, decode))))
    goals.append(
        Goal("nothing else", implies(happens, same_record(replace(after, decode=False, bar0=0), _bare(this.transport))))
    )
    return goals


def _bare(transport: Transport) -> Transport:
    return replace(transport, decode=False, bar0=0)


def _window(this: Situation, enough: int = registers.SPLIT_MSIX_ON) -> list[Goal]:
    size, needed = window(this.transport), resize(this.transport.own.config_len, 64) + enough
    return [
        Goal("a power of two", same(size & (size - 1), 0)),
        Goal("holds the registers and the whole device configuration", at_most(needed, size)),
        Goal("the smallest that does", below(size, needed + needed)),
        Goal("no longer than the wire's offset reaches", at_most(size, registers.MAX_WINDOW)),
    ]


_LEMMAS: tuple[Obligation[Any], ...] = (
    Obligation(
        id="T-RELAY/C-REPLY/bytes",
        proves=("T-RELAY", "C-REPLY"),
        says="byte i of a read is byte 8 + i of the reply where the device wrote it, and 0 where it did not",
        symbols=_one_byte,
        given=_given_byte,
        show=_reply_bytes,
        witness=lambda at: _reads(at.this, config=False)[0],
        mutants=(Mutant("missing bytes read as ones", show=lambda at: _reply_bytes(at, missing=0xFF)),),
    ),
    Obligation(
        id="T-RELAY/C-CONFIG/overlay",
        proves=("T-RELAY", "C-CONFIG"),
        says="every byte of a read of configuration space is the member's own, or the overlay's byte at that address",
        symbols=_one_byte,
        given=_given_byte,
        show=_config_bytes,
        witness=lambda at: both(
            _reads(at.this, config=True)[0], same(at.this.access.offset + at.index, pci.SUBSYSTEM_ID)
        ),
        mutants=(Mutant("an overlay that shows revision 1", show=lambda at: _config_bytes(at, revision=1)),),
    ),
    Obligation(
        id="T-RELAY/C-CONFIG/shadows",
        proves=("T-RELAY", "C-CONFIG"),
        says="a write changes the shadows of COMMAND and BAR0 in exactly the bytes written",
        symbols=situation,
        given=given_valid,
        show=_shadows,
        witness=lambda this: both(
            same(this.access.config, True),
            same(this.access.write, True),
            same(this.access.offset, pci.BAR0 + 1),
            same(this.access.length, 2),
        ),
        mutants=(Mutant("shadows taken from the byte before", show=lambda this: _shadows(this, slip=-1)),),
    ),
    Obligation(
        id="T-RELAY/C-ROUTE/window",
        proves=("T-RELAY", "C-ROUTE"),
        says="the window is the next power of two that holds the registers and the whole device configuration",
        symbols=situation,
        given=given_valid,
        show=_window,
        witness=lambda this: same(this.transport.own.config_len, registers.MAX_DEVICE_CONFIG),
        mutants=(
            Mutant("a window sized for MSI-X off", show=lambda this: _window(this, enough=registers.SPLIT_MSIX_ON + 8)),
        ),
    ),
)


# Opening


@dataclass(frozen=True)
class OneEntry:
    """An opening, and an arbitrary entry of the list that NOTIFY_INFO returned."""

    opening: Opening
    index: Word  # 64


def _one_entry() -> OneEntry:
    return OneEntry(symbolic_opening(), word("i", 64))


def _given_entry(at: OneEntry) -> list[Goal]:
    return [Goal("the index is one of four", below(at.index, NOTIFY_ENTRIES))]


def _doorbell(at: OneEntry, align: int = NOTIFY_ALIGN) -> list[Goal]:
    """LR5 and LR6, of what was chosen and of every entry before it."""
    opening = at.opening
    asked = bit(opening.commands, Opcode.LEGACY_NOTIFY_INFO)
    doorbell = opened(opening).doorbell
    ended: Truth = False
    stands: list[Truth] = []
    entries = [entry(opening, k) for k in range(NOTIFY_ENTRIES)]
    for each in entries:
        ended = either(ended, same(each.flags, 0))
        inside = both(at_most(2, bar_len(opening, each)), at_most(each.offset, bar_len(opening, each) - 2))
        valid = both(
            either(same(each.flags, 1), same(each.flags, 2)),
            at_most(1, each.bar),
            at_most(each.bar, 5),
            same(each.offset & (align - 1), 0),
            inside,
        )
        stands.append(both(no(ended), valid))
    chosen = [
        both(
            doorbell.present,
            same(doorbell.bar_owner, each.flags),
            same(doorbell.bar, each.bar),
            same(doorbell.offset, each.offset),
        )
        for each in entries
    ]
    goals = [
        Goal("no doorbell without NOTIFY_INFO", implies(no(asked), no(doorbell.present))),
        Goal("none where no entry stands", implies(no(either(*stands)), no(doorbell.present))),
    ]
    goals.extend(
        Goal(
            f"entry {k} is taken where it is the first that stands",
            implies(both(asked, same(at.index, k), stands[k], *(no(earlier) for earlier in stands[:k])), chosen[k]),
        )
        for k in range(NOTIFY_ENTRIES)
    )
    return goals


def _opening(at: OneEntry, extra: int = 0) -> list[Goal]:
    opening = at.opening
    request, after = asks(opening), opened(opening)
    expected = Operation(
        opening.own.member, OpShape(OpKind.COMMAND, Opcode.LEGACY_NOTIFY_INFO + extra, GROUP_SRIOV, 0, 64, 0, 0), 0
    )
    return [
        Goal(
            "NOTIFY_INFO where it is in use, and nothing else",
            both(
                same(request.issues, bit(opening.commands, Opcode.LEGACY_NOTIFY_INFO)),
                implies(request.issues, same_record(request.operation, expected)),
            ),
        ),
        Goal("I/O decode off", no(after.decode)),
        Goal("MSI-X off", no(after.msix)),
        Goal("BAR0 zero", same(after.bar0, 0)),
        Goal("the member it was told", same_record(after.own, opening.own)),
    ]


_OPEN: tuple[Obligation[Any], ...] = (
    Obligation(
        id="T-RELAY/C-INIT/open",
        proves=("T-RELAY", "C-INIT"),
        says="opening issues NOTIFY_INFO for the own member where opcode 6 is in use and nothing otherwise, and leaves "
        "decode and MSI-X off and BAR0 zero",
        symbols=_one_entry,
        given=_given_entry,
        show=_opening,
        witness=lambda at: bit(at.opening.commands, Opcode.LEGACY_NOTIFY_INFO),
        mutants=(Mutant("an opening that issues another command", show=lambda at: _opening(at, extra=1)),),
    ),
    Obligation(
        id="T-RELAY/C-INIT/doorbell",
        proves=("T-RELAY", "C-INIT", "C-ROUTE"),
        says="the doorbell is the first entry of NOTIFY_INFO that LR5 and LR6 let stand, the owner's or the member's, "
        "and there is none otherwise",
        symbols=_one_entry,
        given=_given_entry,
        show=_doorbell,
        witness=lambda at: opened(at.opening).doorbell.present,
        mutants=(Mutant("an odd offset is taken", show=lambda at: _doorbell(at, align=1)),),
    ),
)


OBLIGATIONS: tuple[Obligation[Any], ...] = (
    *(_clause(clause, device) for clause in CORE for device in DEVICE_TYPES),
    *_LEMMAS,
    *_OPEN,
)
