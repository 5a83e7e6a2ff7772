# SPDX-License-Identifier: Apache-2.0
"""The one typed door to z3: words and truths that are Python values or z3 terms alike.

Every function of the model is written over ``Word`` (an unsigned number of a fixed width) and
``Truth``. Given Python ints and bools it computes; given z3 terms it builds the formula of the same
computation. Constant arguments fold, so a half-concrete call yields a small term, and z3 is imported
only once a term is really wanted.

Widths: a term carries its own; an int has none and must already be inside the width it stands for.
Nothing here wraps around silently: callers guard what could underflow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class BitVec(Protocol):
    """A z3 bit-vector term, as far as the model uses it (arithmetic is modulo 2**width)."""

    def __add__(self, other: Word, /) -> BitVec: ...
    def __radd__(self, other: int, /) -> BitVec: ...
    def __sub__(self, other: Word, /) -> BitVec: ...
    def __rsub__(self, other: int, /) -> BitVec: ...
    def __and__(self, other: Word, /) -> BitVec: ...
    def __rand__(self, other: int, /) -> BitVec: ...
    def __or__(self, other: Word, /) -> BitVec: ...
    def __ror__(self, other: int, /) -> BitVec: ...
    def __invert__(self) -> BitVec: ...
    def size(self) -> int: ...
    def eq(self, other: object, /) -> bool: ...


class BoolTerm(Protocol):
    """A z3 Boolean term."""

    def eq(self, other: object, /) -> bool: ...


Word: TypeAlias = int | BitVec
Truth: TypeAlias = bool | BoolTerm
Element: TypeAlias = Word
"""A device's state: an element of a set without structure."""
Term: TypeAlias = Word | Truth

Function: TypeAlias = Any
"""An uninterpreted function: called with terms, yields a term of its range."""


def z3() -> Any:
    """The z3 module, imported on first use (it takes 150 ms, and most verbs never need it)."""
    import z3 as module

    return module


# Truths


def _opposed(parts: Sequence[Truth]) -> bool:
    """Whether a part stands beside its own negation."""
    module = z3()
    return any(module.is_not(one) and any(cast("Any", one).arg(0).eq(other) for other in parts) for one in parts)


def both(*parts: Truth) -> Truth:
    """Conjunction; of none, True."""
    rest = []
    for part in parts:
        if part is False:
            return False
        if part is not True:
            rest.append(part)
    if not rest:
        return True
    if _opposed(rest):
        return False
    return rest[0] if len(rest) == 1 else cast("BoolTerm", z3().And(*rest))


def either(*parts: Truth) -> Truth:
    """Disjunction; of none, False."""
    rest = []
    for part in parts:
        if part is True:
            return True
        if part is not False:
            rest.append(part)
    if not rest:
        return False
    if _opposed(rest):
        return True
    return rest[0] if len(rest) == 1 else cast("BoolTerm", z3().Or(*rest))


def no(part: Truth) -> Truth:
    """Negation."""
    if isinstance(part, bool):
        return not part
    if z3().is_not(part):
        return cast("BoolTerm", cast("Any", part).arg(0))
    return cast("BoolTerm", z3().Not(part))


def implies(condition: Truth, then: Truth) -> Truth:
    """Material implication."""
    if condition is True or then is True:
        return then
    if condition is False:
        return True
    if then is False:
        return no(condition)
    return cast("BoolTerm", z3().Implies(condition, then))


def same(left: Term, right: Term) -> Truth:
    """Equality of two words or two truths."""
    if isinstance(left, int):
        if isinstance(right, int):
            return left == right
        left, right = right, left
    if isinstance(left, int):  # both were Python values
        raise TypeError
    if isinstance(right, bool):
        return left if right else no(left)
    if isinstance(right, int):
        return _same_as_number(left, right)
    if left.eq(right):
        return True
    return cast("BoolTerm", left == right)


def _same_as_number(left: Any, right: int) -> Truth:
    """Fold a choice between numbers, so that the opcode of a write is seen to be one of the writes."""
    module = z3()
    if module.is_bv_value(left):
        return bool(left.as_long() == right)
    if module.is_app_of(left, module.Z3_OP_ITE):
        condition, then, otherwise = left.children()
        if _is_number(then) and _is_number(otherwise):
            return either(
                both(condition, _same_as_number(then, right)), both(no(condition), _same_as_number(otherwise, right))
            )
    return cast("BoolTerm", left == right)


def _is_number(value: Any) -> bool:
    module = z3()
    if module.is_app_of(value, module.Z3_OP_ITE):
        return all(_is_number(branch) for branch in value.children()[1:])
    return bool(module.is_bv_value(value))


def choose(condition: Truth, then: Any, otherwise: Any) -> Any:
    """``then`` where the condition holds, else ``otherwise``; both of one kind and width."""
    if isinstance(condition, bool):
        return then if condition else otherwise
    if isinstance(then, bool) or isinstance(otherwise, bool):
        return either(both(condition, then), both(no(condition), otherwise))
    if isinstance(then, int) and isinstance(otherwise, int):
        raise TypeError("choose needs a width: give one branch as a term, or use choose_word")
    if not isinstance(then, int) and not isinstance(otherwise, int) and then.eq(otherwise):
        return then
    return z3().If(condition, then, otherwise)


def choose_word(condition: Truth, then: Word, otherwise: Word, bits: int) -> Word:
    """``choose`` for words that may both be ints: ``bits`` is their width."""
    if isinstance(condition, bool):
        return then if condition else otherwise
    if isinstance(then, int) and isinstance(otherwise, int):
        if then == otherwise:
            return then
        return cast("BitVec", z3().If(condition, constant(then, bits), constant(otherwise, bits)))
    return cast("BitVec", choose(condition, then, otherwise))


# Words


def below(left: Word, right: Word) -> Truth:
    """Unsigned less-than."""
    if isinstance(left, int) and isinstance(right, int):
        return left < right
    return cast("BoolTerm", z3().ULT(*_same_width(left, right)))


def at_most(left: Word, right: Word) -> Truth:
    """Unsigned less-or-equal."""
    if isinstance(left, int) and isinstance(right, int):
        return left <= right
    return cast("BoolTerm", z3().ULE(*_same_width(left, right)))


def _same_width(left: Word, right: Word) -> tuple[BitVec, BitVec]:
    width = left.size() if not isinstance(left, int) else cast("BitVec", right).size()
    return constant(left, width), constant(right, width)


def constant(value: Word, bits: int) -> BitVec:
    """The term of a number; a term comes back as it is."""
    return cast("BitVec", z3().BitVecVal(int(value), bits)) if isinstance(value, int) else value


def resize(value: Word, bits: int) -> Word:
    """The low ``bits`` bits, zero-extended where the value has fewer."""
    if isinstance(value, int):
        return value & ((1 << bits) - 1)
    width = value.size()
    if width == bits:
        return value
    if width < bits:
        return cast("BitVec", z3().ZeroExt(bits - width, value))
    return cast("BitVec", z3().Extract(bits - 1, 0, value))


def bits_of(value: Word, low: int, count: int) -> Word:
    """``count`` bits of the value from bit ``low`` on."""
    if isinstance(value, int):
        return (value >> low) & ((1 << count) - 1)
    return _bits_of(value, low, count)


def _bits_of(value: Any, low: int, count: int) -> BitVec:
    module = z3()
    if low == 0 and count == value.size():
        return cast("BitVec", value)
    if module.is_app_of(value, module.Z3_OP_CONCAT):
        # What was put together is taken apart again: that yields the very part, not a puzzle about it.
        end = value.size()
        for part in value.children():
            start = end - part.size()
            if start <= low and low + count <= end:
                return _bits_of(part, low - start, count)
            end = start
    if module.is_bv_value(value):
        return constant((value.as_long() >> low) & ((1 << count) - 1), count)
    return cast("BitVec", module.Extract(low + count - 1, low, value))


def _shift(value: Word, byte_count: Word, bits: int, left: bool) -> Word:
    if isinstance(value, int) and isinstance(byte_count, int):
        if not 0 <= 8 * byte_count < bits:  # a count below zero stands for a huge one, as it does in a term
            return 0
        return (value << 8 * byte_count) & ((1 << bits) - 1) if left else value >> 8 * byte_count
    if isinstance(byte_count, int):
        distance: Word = 8 * byte_count if 0 <= 8 * byte_count < bits else bits
    else:
        # Anything from `bits` on shifts everything out, so the count may be cut to what `bits` can hold.
        capped = choose(below(byte_count, bits // 8), byte_count, constant(bits // 8, byte_count.size()))
        distance = cast("BitVec", z3().ZeroExt(bits - 16, z3().Concat(bits_of(capped, 0, 13), z3().BitVecVal(0, 3))))
    term, by = constant(value, bits), constant(distance, bits)
    return cast("BitVec", term << by if left else z3().LShR(term, by))  # type: ignore[operator]


def bytes_up(value: Word, count: Word, bits: int) -> Word:
    """Shift a word of ``bits`` bits up by whole bytes; what leaves the width is gone."""
    return _shift(resize(value, bits), count, bits, left=True)


def bytes_down(value: Word, count: Word, bits: int) -> Word:
    """Shift a word of ``bits`` bits down by whole bytes."""
    return _shift(resize(value, bits), count, bits, left=False)


def low_bytes_mask(count: Word, bits: int) -> Word:
    """Ones in the lowest ``count`` bytes of a word of ``bits`` bits; all ones from ``bits // 8`` on."""
    ones = (1 << bits) - 1
    if isinstance(count, int):
        return ones >> (bits - 8 * count) if 0 <= 8 * count < bits else ones  # below zero as in _shift
    return ~cast("BitVec", bytes_up(ones, count, bits))


def low_bytes(value: Word, count: Word, bits: int) -> Word:
    """The lowest ``count`` bytes of a word of ``bits`` bits, zeros above."""
    if isinstance(value, int) and value == 0:
        return 0
    if isinstance(count, int) and count == 0:
        return 0
    if isinstance(count, int) and not 0 <= 8 * count < bits:
        return resize(value, bits)
    return resize(value, bits) & low_bytes_mask(count, bits)


def join(words: Iterable[tuple[Word, int]]) -> Word:
    """One word of several, each with its width in bits, the first lowest."""
    parts = list(words)
    if all(isinstance(word, int) for word, _ in parts):
        value, at = 0, 0
        for word, bits in parts:
            value |= cast("int", word) << at
            at += bits
        return value
    terms = [constant(word, bits) for word, bits in reversed(parts)]
    return terms[0] if len(terms) == 1 else cast("BitVec", z3().Concat(*terms))


def as_bit(condition: Truth) -> Word:
    """A truth as a one-bit word."""
    if isinstance(condition, bool):
        return int(condition)
    return cast("BitVec", z3().If(condition, z3().BitVecVal(1, 1), z3().BitVecVal(0, 1)))


# Fresh symbols


def word(name: str, bits: int) -> BitVec:
    """A free bit-vector symbol."""
    return cast("BitVec", z3().BitVec(name, bits))


def truth(name: str) -> BoolTerm:
    """A free Boolean symbol."""
    return cast("BoolTerm", z3().Bool(name))


ELEMENT_BITS = 64
"""A device's state and the like are elements of a set without structure. In a quantifier-free formula with n
terms of such a set, n elements are as good as infinitely many, so 2**64 stand for any number; and all three
solvers decide equality of bit-vectors, not all of them that of uninterpreted sorts."""


def element(name: str) -> BitVec:
    """A free symbol for an element of an unstructured set."""
    return word(name, ELEMENT_BITS)


def bit_vectors(bits: int) -> Any:
    """The sort of words of this width."""
    return z3().BitVecSort(bits)


def truths() -> Any:
    """The sort of truths."""
    return z3().BoolSort()


def function(name: str, *signature: Any) -> Function:
    """An uninterpreted function: argument sorts, then the range."""
    return z3().Function(name, *signature)
