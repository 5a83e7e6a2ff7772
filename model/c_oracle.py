# SPDX-License-Identifier: Apache-2.0
"""The model's relay as plain C: ``native/lockstep/oracle_generated.{h,c}`` are these texts and nothing else.

The relay's own functions (``begin``, ``end``, ``react``, ``opened``) and the wire's ``pack`` run on symbols. Of the
formulas that come back, every statement of the C is printed; no decision of the relay is written here. What is:
how z3's operators read in C, and how a word that no C integer holds is read in parts.

* A word of up to 64 bits is a ``uint64_t`` with zeros above its width, a truth is 0 or 1.
* A wider word (payload, command, reply, configuration space) is never computed whole. Asked for are 64 bits of it at a
  place, and the question is passed down to the bytes in memory, which are loaded, masked and shifted by whole bytes.

``python -m straightwire.model.c_oracle h`` and ``... c`` print the two texts; a test holds the committed files against
them, another the C against the model. z3's ``substitute`` and ``simplify`` are trusted up to that second test; another
version of z3 may simplify to another text, so the text names the version.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from textwrap import indent
from typing import Any

from straightwire.model import term
from straightwire.model.commands import NOTIFY_BARS, NOTIFY_ENTRIES, NOTIFY_ENTRY_LEN, REPLY_HEADER_LEN
from straightwire.model.interposer import symbolic_event, symbolic_reply, symbolic_transport
from straightwire.model.opening import asks, opened, symbolic_opening
from straightwire.model.relay import Relay
from straightwire.model.route import due, rings_doorbell, window
from straightwire.model.vocabulary import PAYLOAD_BITS, PAYLOAD_BYTES, Access, EventKind, OpKind, Response
from straightwire.model.wire import COMMAND_BYTES, Call, pack

_WORD = 64
_HEAD_WORDS = 4
"""The words of a command before its data: 32 bytes, read at fixed places."""
_ACCESSES = (
    ("bar_read", False, False),
    ("bar_write", False, True),
    ("config_read", True, False),
    ("config_write", True, True),
)
_LINE = 100
_TRANSPORT = {
    "p.member": "t->member", "p.virtio_id": "t->virtio_id", "p.config_len": "t->config_len",
    "p.present": "t->present", "p.bar_owner": "t->bar_owner", "p.bar": "t->bar",
    "p.doorbell_offset": "t->doorbell_offset", "p.decode": "t->decode", "p.msix": "t->msix", "p.bar0": "t->bar0",
}  # fmt: skip
_CALL_FIELDS = ("kind", "sent_len", "reply_len", "bar_owner", "bar", "offset")
_TRANSPORT_FIELDS = (("present", "doorbell.present"), ("bar_owner", "doorbell.bar_owner"), ("bar", "doorbell.bar"),
                     ("doorbell_offset", "doorbell.offset"), ("decode", "decode"), ("msix", "msix"),
                     ("bar0", "bar0"))  # fmt: skip

HEADER = f"""\
/* SPDX-License-Identifier: Apache-2.0
 *
 * Generated from the model's relay by `make generate`; edit that, not this.
 *
 * What the relay of the model does, one function for each of its own: which call an access causes, what the
 * answer leaves, how transport state follows. Numbers are the model's; lengths and offsets are bytes.
 */
#ifndef STRAIGHTWIRE_ORACLE_GENERATED_H
#define STRAIGHTWIRE_ORACLE_GENERATED_H

#include <stdint.h>

/* Bytes of the longest payload; a buffer given to the oracle has SW_ORACLE_PAD readable bytes behind. */
#define SW_ORACLE_PAYLOAD {PAYLOAD_BYTES}u
#define SW_ORACLE_REPLY {REPLY_HEADER_LEN + PAYLOAD_BYTES}u
#define SW_ORACLE_PAD 8u

/* Bytes asked for by NOTIFY_INFO, and the BARs that an entry may name: the owner's, then the member's. */
#define SW_ORACLE_NOTIFY_REPLY {REPLY_HEADER_LEN + NOTIFY_ENTRIES * NOTIFY_ENTRY_LEN}u
#define SW_ORACLE_BARS {NOTIFY_BARS[1] - NOTIFY_BARS[0] + 1}u

enum sw_oracle_kind {{
{chr(10).join(f"	SW_ORACLE_{kind.name} = {int(kind)}," for kind in OpKind)}
}};

enum sw_oracle_event {{
{chr(10).join(f"	SW_ORACLE_{kind.name} = {int(kind)}," for kind in EventKind)}
}};

struct sw_oracle_transport {{
	uint64_t member;
	uint64_t doorbell_offset;
	uint32_t bar0;
	uint16_t virtio_id;
	uint16_t config_len;
	uint8_t present;
	uint8_t bar_owner;
	uint8_t bar;
	uint8_t decode;
	uint8_t msix;
}};

/* One call of struct sw_device; where issues is 0, nothing else is set. sent is little-endian. */
struct sw_oracle_call {{
	uint64_t issues;
	uint64_t kind;
	uint64_t sent_len;
	uint64_t reply_len;
	uint64_t bar_owner;
	uint64_t bar;
	uint64_t offset;
	uint64_t sent[{COMMAND_BYTES // 8}];
}};

/* An access of length bytes; payload is what a write carries, or what a read's buffer held before. */
struct sw_oracle_access {{
	uint64_t offset;
	uint64_t length;
	const uint8_t *payload;	/* SW_ORACLE_PAYLOAD + SW_ORACLE_PAD readable bytes */
}};

/* The device's answer: SW_ORACLE_REPLY + SW_ORACLE_PAD readable bytes, of which it wrote `written`. */
struct sw_oracle_reply {{
	const uint8_t *content;
	uint64_t written;
}};

uint64_t sw_oracle_window(const struct sw_oracle_transport *t);

/* NOTIFY_INFO or nothing, and transport state after open; bars has 2 * SW_ORACLE_BARS lengths. */
void sw_oracle_asks(const struct sw_oracle_transport *t, uint64_t commands, struct sw_oracle_call *call);
void sw_oracle_opened(struct sw_oracle_transport *t, uint64_t commands, const struct sw_oracle_reply *r,
		const uint64_t *bars);

void sw_oracle_react(struct sw_oracle_transport *t, uint64_t kind, uint64_t argument);

/* begin: the call due. end: the result; buffer gets the words of the caller's buffer that hold the access,
 * and is left alone where the model leaves the caller's buffer as it was. */
"""


@dataclass(frozen=True)
class _Place:
    """Where in a wide word 64 bits are wanted: bit ``base`` plus a C expression, if any.

    ``wild``: the place may lie below the word or past it, where there is nothing but zeros.
    """

    base: int
    moved: str = ""
    wild: bool = False

    def at(self, bits: int) -> _Place:
        """The same place, counted from ``bits`` further up."""
        return replace(self, base=self.base - bits)

    @property
    def text(self) -> str:
        """As a C expression of type int64_t."""
        if not self.moved:
            return f"INT64_C({self.base})"
        return f"({self.moved} + {self.base})" if self.base >= 0 else f"({self.moved} - {-self.base})"


def _hex(value: int) -> str:
    return str(value) + "u" if value < 10 else f"UINT64_C({value:#x})"


def _mask(bits: int) -> int:
    return (1 << bits) - 1


@dataclass
class _Printer:
    """The body of one C function: statements so far, and what terms are called by now."""

    names: dict[str, str]
    buffers: dict[str, str]
    tables: dict[str, str]
    lines: list[str] = field(default_factory=list)
    known: dict[tuple[int, str], str] = field(default_factory=dict)
    kept: list[Any] = field(default_factory=list)
    count: int = 0
    indent: str = "\t"

    def let(self, key: tuple[int, str], expression: str, of: Any) -> str:
        """A name for a value, once."""
        if expression.isidentifier() or (expression.endswith("u") and expression[:-1].isdigit()):
            name = expression
        else:
            name = f"v{self.count}"
            self.count += 1
            line = f"{self.indent}const uint64_t {name} = {expression};"
            if len(line) > _LINE:
                line = line.replace(" = ", f" =\n{self.indent}\t", 1)
            if len(line) > 2 * _LINE:
                raise NotImplementedError("a line that does not fit")
            self.lines.append(line)
        self.known[key] = name
        self.kept.append(of)  # z3 gives the id of a term that nobody holds to another
        return name

    # Words that fit, and truths

    def value(self, of: Any) -> str:
        """The C name of a word of up to 64 bits, or of a truth."""
        if isinstance(of, bool):
            return "1u" if of else "0u"
        if isinstance(of, int):
            return _hex(of)
        key = (of.get_id(), "")
        if key not in self.known:
            return self.let(key, self.expression(of), of)
        return self.known[key]

    def expression(self, of: Any) -> str:
        """A small term as a C expression over names."""
        z3 = term.z3()
        operator, parts = of.decl().kind(), of.children()
        if z3.is_bv_value(of):
            return _hex(of.as_long())
        if z3.is_true(of) or z3.is_false(of):
            return "1u" if z3.is_true(of) else "0u"
        if z3.is_const(of):
            return self.names[of.decl().name()]
        if operator in (z3.Z3_OP_EXTRACT, z3.Z3_OP_CONCAT):
            return self._parts(of)
        plain = {z3.Z3_OP_AND: " & ", z3.Z3_OP_OR: " | ", z3.Z3_OP_BAND: " & ", z3.Z3_OP_BOR: " | "}
        compared = {z3.Z3_OP_EQ: "==", z3.Z3_OP_IFF: "==", z3.Z3_OP_ULEQ: "<=", z3.Z3_OP_ULT: "<"}
        counted = {z3.Z3_OP_BADD: " + ", z3.Z3_OP_BSUB: " - ", z3.Z3_OP_BMUL: " * "}
        names = [self.value(part) for part in parts]
        if operator in plain:
            return plain[operator].join(names)
        if operator in compared:
            return f"{names[0]} {compared[operator]} {names[1]}"
        if operator in counted:
            whole = counted[operator].join(names)
            return whole if of.size() == _WORD else f"({whole}) & {_hex(_mask(of.size()))}"
        if operator == z3.Z3_OP_NOT:
            return f"!{names[0]}"
        if operator == z3.Z3_OP_BNOT:
            return f"~{names[0]} & {_hex(_mask(of.size()))}"
        if operator == z3.Z3_OP_ITE:
            return names[1] if names[1] == names[2] else f"{names[0]} ? {names[1]} : {names[2]}"
        if operator == z3.Z3_OP_ZERO_EXT:
            return names[0]
        raise NotImplementedError(f"no C for {of.decl()}")

    def _parts(self, of: Any) -> str:
        """An extract, or a concatenation that fits a word."""
        z3 = term.z3()
        if z3.is_app_of(of, z3.Z3_OP_EXTRACT):
            high, low = of.params()
            (whole,) = of.children()
            text = self.bits(whole, _Place(low))
            return text if high - low + 1 == _WORD else f"{text} & {_hex(_mask(high - low + 1))}"
        pieces, at = [], 0
        for part in reversed(of.children()):
            name = self.value(part)
            if name != "0u":
                pieces.append(f"{name} << {at}" if at else name)
            at += part.size()
        return " | ".join(pieces) or "0u"

    # 64 bits of any word

    def bits(self, of: Any, place: _Place) -> str:
        """The C name of 64 bits of a word at a place; zeros beyond its width."""
        key = (of.get_id(), place.text)
        if key not in self.known:
            return self.let(key, self._bits(of, place), of)
        return self.known[key]

    def _bits(self, of: Any, place: _Place) -> str:
        z3 = term.z3()
        operator, width = of.decl().kind(), of.size()
        if not place.moved and place.base >= width:
            return "0u"
        if z3.is_bv_value(of):
            return self._constant(of.as_long(), width, place)
        if operator == z3.Z3_OP_EXTRACT:
            return self._extract(of, place)
        if operator == z3.Z3_OP_ZERO_EXT:
            return self.bits(of.children()[0], place)
        if operator == z3.Z3_OP_CONCAT:
            return self._concat(of, place)
        if width <= _WORD:
            return self._narrow(of, place)
        if z3.is_const(of):
            return self._load(self.buffers[of.decl().name()], place, width)
        parts = of.children()
        if operator in (z3.Z3_OP_BAND, z3.Z3_OP_BOR):
            return self._meet(operator == z3.Z3_OP_BAND, [self.bits(part, place) for part in parts])
        if operator == z3.Z3_OP_BNOT:
            return f"~{self.bits(parts[0], place)}{self._cut(place, width)}"
        if operator == z3.Z3_OP_ITE:
            then, otherwise = (self.bits(part, place) for part in parts[1:])
            return then if then == otherwise else f"{self.value(parts[0])} ? {then} : {otherwise}"
        if operator in (z3.Z3_OP_BSHL, z3.Z3_OP_BLSHR):
            return self._shifted(parts[0], self._distance(parts[1]), place, up=operator == z3.Z3_OP_BSHL)
        raise NotImplementedError(f"no C for {of.decl()} on {width} bits")

    def _constant(self, value: int, width: int, place: _Place) -> str:
        if value == 0:
            return "0u"
        if not place.moved:
            return _hex(value >> place.base & _mask(_WORD) if place.base >= 0 else value << -place.base & _mask(_WORD))
        if value == _mask(width):
            return f"within({place.text}, {width})"
        return self._load(self._table(value, width), place, width)

    def _load(self, memory: str, place: _Place, width: int) -> str:
        astray = place.base % 8
        low = f"load({memory}, {place.at(astray).text}, {width})"
        if not astray:
            return low
        high = f"load({memory}, {place.at(astray - _WORD).text}, {width})"
        return f"{low} >> {astray} |\n{self.indent}\t{high} << {_WORD - astray}"

    def _table(self, value: int, width: int) -> str:
        rows = [", ".join(f"{byte:#x}" for byte in (value >> at & _mask(128)).to_bytes(16, "little"))
                for at in range(0, width, 128)]  # fmt: skip
        body = "{\n" + "".join(f"\t{row},\n" for row in rows) + "}"
        return self.tables.setdefault(body, f"table{len(self.tables)}")

    def _narrow(self, of: Any, place: _Place) -> str:
        name = self.value(of)
        if place.moved or place.base < 0:
            return f"shifted({name}, {place.text})"
        return f"{name} >> {place.base}" if place.base else name

    def _extract(self, of: Any, place: _Place) -> str:
        high, low = of.params()
        (whole,) = of.children()
        count = high - low + 1
        return f"{self.bits(whole, place.at(-low))}{self._cut(place, count)}"

    def _cut(self, place: _Place, width: int) -> str:
        """Zeros beyond a word's width, where 64 bits at this place may reach beyond."""
        if place.wild or place.base < 0 or place.base % _WORD + width % _WORD:
            return f" & within({place.text}, {width})"
        return ""

    def _concat(self, of: Any, place: _Place) -> str:
        pieces, start = [], 0
        for part in reversed(of.children()):
            end = start + part.size()
            above = not place.moved and place.base + _WORD <= start
            below = not place.wild and place.base >= end
            if not above and not below:
                inner = place.at(start)
                # At a fixed place a part is met at its lowest bit or above; else its neighbours are other places of it.
                fits = not place.wild and place.base >= start
                name = self.bits(part, inner if fits else replace(inner, wild=True))
                if name != "0u":
                    pieces.append(name)
            start = end
        return " | ".join(pieces) or "0u"

    def _meet(self, conjunction: bool, names: Sequence[str]) -> str:
        if conjunction and "0u" in names:
            return "0u"
        rest = list(dict.fromkeys(name for name in names if conjunction or name != "0u"))
        return (" & " if conjunction else " | ").join(rest) or "0u"

    def _distance(self, of: Any) -> str | int:
        """A shift's distance in bits: a multiple of 8 that 64 bits hold."""
        z3 = term.z3()
        if z3.is_bv_value(of):
            return int(of.as_long())
        above = z3.simplify(z3.Extract(of.size() - 1, _WORD - 1, of))
        if not z3.is_bv_value(above) or above.as_long():
            raise NotImplementedError("a distance that may be wide")
        return self.value(z3.simplify(z3.Extract(_WORD - 1, 0, of)))

    def _shifted(self, of: Any, distance: str | int, place: _Place, *, up: bool) -> str:
        z3 = term.z3()
        if isinstance(distance, int):
            return self.bits(of, replace(place.at(distance if up else -distance), wild=True)) + self._cut(
                place, of.size()
            )
        if up and z3.is_bv_value(of) and of.as_long() == _mask(of.size()):
            return f"from((int64_t){distance}, {place.text}){self._cut(place, of.size())}"
        moved = f"(int64_t){distance}"
        if up:
            moved = f"{place.moved} - {moved}" if place.moved else f"-{moved}"
        elif place.moved:
            moved = f"{place.moved} + {moved}"
        return self.bits(of, _Place(place.base, f"({moved})", wild=True)) + self._cut(place, of.size())

    def loop(self, of: Any, first: int, array: str, count: str) -> None:
        """Print a loop that stores a wide word's 64-bit parts from word ``first`` on, ``count`` bytes in all."""
        self.lines.append(f"\tfor (int64_t at = {_WORD * first}; at < (int64_t)(8 * {count}); at += {_WORD}) {{")
        outside, self.indent = self.known.copy(), "\t\t"
        name = self.bits(of, _Place(_WORD * first, f"(at - {_WORD * first})" if first else "at"))
        self.lines.append(f"\t\t{array}[at / {_WORD}] = {name};")
        self.lines.append("\t}")
        self.known, self.indent = outside, "\t"  # what was named inside is out of scope

    def leave(self, outside: dict[tuple[int, str], str], start: int) -> None:
        """Close the block whose statements begin at line ``start``; ``outside`` is what had a name before it."""
        self.lines[start:] = [indent(line, "\t") for line in self.lines[start:]]
        self.lines.append("\t}")
        self.known = outside


PREAMBLE = """\
/* SPDX-License-Identifier: Apache-2.0
 *
 * Generated from the model's relay by `make generate`; edit that, not this.
 * Simplified by z3 VERSION.
 */
#include "oracle_generated.h"

/* Little-endian whatever the host; compilers make one load of it. */
static inline uint64_t eight_bytes(const uint8_t *from)
{
	return (uint64_t)from[0] | (uint64_t)from[1] << 8 | (uint64_t)from[2] << 16 |
		(uint64_t)from[3] << 24 | (uint64_t)from[4] << 32 | (uint64_t)from[5] << 40 |
		(uint64_t)from[6] << 48 | (uint64_t)from[7] << 56;
}

/* 64 bits at bit `at`, a multiple of 8, of a word of `width` bits in memory; zeros below it and past it. */
static inline uint64_t load(const uint8_t *word, int64_t at, int64_t width)
{
	uint64_t bits;

	if (at <= -64 || at >= width)
		return 0;
	bits = eight_bytes(word + (at < 0 ? 0 : at / 8));
	if (at < 0)
		return bits << -at;
	return width - at >= 64 ? bits : bits & ~(UINT64_MAX << (width - at));
}

/* The bits of [at, at + 64) that lie in [start, infinity). */
static inline uint64_t from(int64_t start, int64_t at)
{
	if (start <= at)
		return UINT64_MAX;
	return start - at >= 64 ? 0 : UINT64_MAX << (start - at);
}

/* Those that lie in [0, width). */
static inline uint64_t within(int64_t at, int64_t width)
{
	return from(0, at) & ~from(width, at);
}

/* 64 bits at bit `at` of a word that fits 64. */
static inline uint64_t shifted(uint64_t word, int64_t at)
{
	if (at <= -64 || at >= 64)
		return 0;
	return at < 0 ? word << -at : word >> at;
}

"""


def _function(head: str, body: _Printer) -> str:
    if "const struct sw_oracle_transport *t" in head and not any("t->" in line for line in body.lines):
        body.lines.insert(0, "\t(void)t;")
    return f"{head}\n{{\n" + "\n".join(body.lines) + "\n}\n"


def _printer(tables: dict[str, str]) -> _Printer:
    own = {name.replace("p.", "o."): text for name, text in _TRANSPORT.items()}
    access = {"a.offset": "a->offset", "a.length": "a->length", "r.written": "r->written", "o.written": "r->written",
              "o.commands": "commands", "e.kind": "kind", "e.argument": "argument"}  # fmt: skip
    bars = [f"{owner}.bar{n}" for owner in ("owner", "member") for n in range(NOTIFY_BARS[0], NOTIFY_BARS[1] + 1)]
    return _Printer(
        {**_TRANSPORT, **own, **access, **{name: f"bars[{at}]" for at, name in enumerate(bars)}},
        {"a.payload": "a->payload", "r.content": "r->content", "o.content": "r->content"},
        tables,
    )


def _access(config: bool, write: bool) -> Access:
    return Access(
        config, write, term.word("a.offset", 64), term.word("a.length", 64), term.word("a.payload", PAYLOAD_BITS)
    )


def _simple(of: Any, *known: tuple[Any, bool]) -> Any:
    """The same formula, smaller, where these conditions are known."""
    if isinstance(of, (bool, int)):
        return of
    z3 = term.z3()
    return z3.simplify(z3.substitute(of, *((condition, z3.BoolVal(truth)) for condition, truth in known)))


def _calls(body: _Printer, issues: Any, call: Call, condition: Any = None) -> None:
    """Statements that fill ``call``: nothing past ``issues`` where there is none, else by ``condition``."""
    body.lines.append(f"\tcall->issues = {body.value(_simple(issues))};")
    body.lines.append("\tif (!call->issues)\n\t\treturn;")
    if isinstance(condition, bool) or condition is None:
        _call(body, call)
        return
    name = body.value(_simple(condition))
    for truth in (True, False):
        body.lines.append(f"\tif ({'' if truth else '!'}{name}) {{")
        outside, start = body.known.copy(), len(body.lines)
        _call(body, call, (issues, True), (condition, truth))
        body.leave(outside, start)


def _call(body: _Printer, call: Call, *known: tuple[Any, bool]) -> None:
    for name in _CALL_FIELDS:
        body.lines.append(f"\tcall->{name} = {body.value(_simple(getattr(call, name), *known))};")
    sent = _simple(term.constant(call.sent, 8 * COMMAND_BYTES), *known)
    for word in range(_HEAD_WORDS):
        head = _simple(term.bits_of(sent, _WORD * word, _WORD))
        body.lines.append(f"\tcall->sent[{word}] = {body.value(head)};")
    body.loop(sent, _HEAD_WORDS, "call->sent", "call->sent_len")


def _moves(body: _Printer, before: Any, after: Any, *known: tuple[Any, bool]) -> None:
    """Statements that bring ``*t`` to the transport state after; all are computed before one is stored."""
    stores = []
    for name, path in _TRANSPORT_FIELDS:
        old, new = before, after
        for step in path.split("."):
            old, new = getattr(old, step), getattr(new, step)
        new = _simple(new, *known)
        if isinstance(new, (bool, int)) or not new.eq(old):
            bits = {"doorbell_offset": 64, "bar0": 32}.get(name, 8)
            value = body.value(new)
            stores.append(f"\tt->{name} = {value if bits == _WORD else f'(uint{bits}_t){value}'};")
    body.lines += stores


def _begins(tables: dict[str, str], name: str, config: bool, write: bool) -> str:
    body, before, access = _printer(tables), symbolic_transport(), _access(config, write)
    request = Relay().begin(before, access)
    rings = rings_doorbell(before, access) if not config else False
    _calls(body, request.issues, pack(request.operation), rings)
    return _function(_signature(f"void sw_oracle_begin_{name}", "const struct sw_oracle_transport *t",
                                "const struct sw_oracle_access *a", "struct sw_oracle_call *call"), body)  # fmt: skip


def _ends(tables: dict[str, str], name: str, config: bool, write: bool) -> str:
    body = _printer(tables)
    before, access = symbolic_transport(), _access(config, write)
    response = Relay().end(before, access, symbolic_reply())
    happens = due(before, access)
    body.lines.append(f"\tif (!{body.value(_simple(happens))}) {{")
    outside, start = body.known.copy(), len(body.lines)
    _end(body, before, access, response, (happens, False))
    body.leave(outside, start)
    if not config and write:
        rings = rings_doorbell(before, access)
        body.lines.append(f"\tif ({body.value(_simple(rings))}) {{")
        outside, start = body.known.copy(), len(body.lines)
        _end(body, before, access, response, (happens, True), (rings, True))
        body.leave(outside, start)
        _end(body, before, access, response, (happens, True), (rings, False))
    else:
        _end(body, before, access, response, (happens, True))
    return _function(_end_signature(name, config, write), body)


def _end(body: _Printer, before: Any, access: Access, response: Response, *known: tuple[Any, bool]) -> None:
    """Statements for the result, the buffer and transport state, where these conditions are known."""
    result = body.value(_simple(response.outcome.result, *known))
    buffer = _simple(response.outcome.buffer, *known)
    if not buffer.eq(access.payload):
        if access.write:
            raise ValueError("the model's relay changes the buffer of a write")
        body.loop(buffer, 0, "buffer", "a->length")
    _moves(body, before, response.transport, *known)
    body.lines.append(f"\treturn (int64_t){result};")


def _end_signature(name: str, config: bool, write: bool) -> str:
    moves = "" if config and write else "const "
    asks_reply = ["const struct sw_oracle_reply *r"] if not (config and write) else []
    buffer = [] if write else ["uint64_t *buffer"]
    return _signature(f"int64_t sw_oracle_end_{name}", f"{moves}struct sw_oracle_transport *t",
                      "const struct sw_oracle_access *a", *asks_reply, *buffer)  # fmt: skip


def _signature(name: str, *parameters: str) -> str:
    """A declaration in lines that fit."""
    line, lines = f"{name}(", []
    for at, parameter in enumerate(parameters):
        text = parameter + (")" if at == len(parameters) - 1 else ",")
        if len(line.expandtabs()) + len(text) > 108:
            lines.append(line.rstrip())
            line = "\t\t"
        line += text + ("" if text.endswith(")") else " ")
    return "\n".join([*lines, line])


def _opens(tables: dict[str, str]) -> list[str]:
    opening = symbolic_opening()
    body = _printer(tables)
    asked = asks(opening)
    _calls(body, asked.issues, pack(asked.operation))
    head = "void sw_oracle_asks(const struct sw_oracle_transport *t, uint64_t commands, struct sw_oracle_call *call)"
    found = [_function(head, body)]
    body = _printer(tables)
    _moves(body, replace(symbolic_transport(), own=opening.own), opened(opening))
    head = (
        "void sw_oracle_opened(struct sw_oracle_transport *t, uint64_t commands, const struct sw_oracle_reply *r,\n"
        "\t\tconst uint64_t *bars)"
    )
    return [*found, _function(head, body)]


def _reacts(tables: dict[str, str]) -> str:
    body, before = _printer(tables), symbolic_transport()
    reaction = Relay().react(before, symbolic_event())
    if reaction.issues is not False:
        raise ValueError("the model's relay issues an operation on an event")
    _moves(body, before, reaction.transport)
    return _function("void sw_oracle_react(struct sw_oracle_transport *t, uint64_t kind, uint64_t argument)", body)


def _window(tables: dict[str, str]) -> str:
    body = _printer(tables)
    body.lines.append(f"\treturn {body.value(window(symbolic_transport()))};")
    return _function("uint64_t sw_oracle_window(const struct sw_oracle_transport *t)", body)


def simplifier() -> str:
    """The version of z3 that the text depends on."""
    return str(term.z3().get_version_string())


def header() -> str:
    """The text of ``oracle_generated.h``."""
    lines = [HEADER.rstrip("\n")]
    for name, config, write in _ACCESSES:
        lines.append(
            _signature(f"void sw_oracle_begin_{name}", "const struct sw_oracle_transport *t",
                       "const struct sw_oracle_access *a", "struct sw_oracle_call *call") + ";"
        )  # fmt: skip
        lines.append(_end_signature(name, config, write) + ";")
    return "\n".join([*lines, "", "#endif", ""])


def source() -> str:
    """The text of ``oracle_generated.c``."""
    tables: dict[str, str] = {}
    functions = [_window(tables), *_opens(tables), _reacts(tables)]
    for name, config, write in _ACCESSES:
        functions += [_begins(tables, name, config, write), _ends(tables, name, config, write)]
    # Seven bytes more than the word has: a load reads eight.
    rows = [f"static const uint8_t {name}[SW_ORACLE_PAYLOAD + SW_ORACLE_PAD] = {body};\n"
            for body, name in tables.items()]  # fmt: skip
    return PREAMBLE.replace("VERSION", simplifier()) + "\n".join([*rows, *functions])


if __name__ == "__main__":
    texts: dict[str, Callable[[], str]] = {"h": header, "c": source}
    print(texts[sys.argv[1]](), end="")
