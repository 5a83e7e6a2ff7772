# SPDX-License-Identifier: Apache-2.0
"""One definition runs on ints and terms alike: every function of the term module, both ways and mixed."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.model_inputs import SAMPLED

from straightwire.model import term


def word_forms(value: int, bits: int) -> tuple[Any, Any]:
    return value, term.constant(value, bits)


def truth_forms(value: bool) -> tuple[Any, Any]:
    return value, term.z3().BoolVal(value)


def value_of(result: Any) -> int | bool:
    if isinstance(result, int):
        return result
    simple = term.z3().simplify(result)
    return int(simple.as_long()) if term.z3().is_bv_value(simple) else {"True": True, "False": False}[str(simple)]


byte_widths = st.integers(2, 40)
counts = st.one_of(st.integers(0, 45), st.integers(0, 2**64 - 1), st.sampled_from((255, 256, 2**61, 2**63, 2**64 - 1)))


@st.composite
def words(draw: st.DrawFn) -> tuple[int, int]:
    """A value and its width in bits."""
    bits = 8 * draw(byte_widths)
    return draw(st.integers(0, 2**bits - 1)), bits


@pytest.mark.parametrize("parts", list(product((False, True), repeat=3)))
def test_connectives_agree_with_pythons(parts: tuple[bool, bool, bool]) -> None:
    a, b, c = parts
    for forms in product(*(truth_forms(part) for part in parts)):
        assert value_of(term.both(*forms)) == (a and b and c)
        assert value_of(term.either(*forms)) == (a or b or c)
        assert value_of(term.no(forms[0])) == (not a)
        assert value_of(term.implies(forms[0], forms[1])) == (not a or b)
        assert value_of(term.same(forms[0], forms[1])) == (a == b)
        assert value_of(term.choose(*forms)) == (b if a else c)
        assert value_of(term.as_bit(forms[0])) == int(a)


def test_connectives_of_nothing_are_neutral() -> None:
    assert term.both() is True
    assert term.either() is False


def test_a_truth_and_its_denial_fold_away() -> None:
    a = term.truth("a")
    assert term.both(a, term.no(a)) is False
    assert term.either(a, term.no(a)) is True
    assert a.eq(term.no(term.no(a)))
    assert term.same(a, a) is True


@SAMPLED
@given(words(), st.integers(0, 2**320 - 1), st.booleans())
def test_comparisons_and_choices_agree(pair: tuple[int, int], other: int, condition: bool) -> None:
    left, bits = pair
    right = other % 2**bits
    for a, b in product(word_forms(left, bits), word_forms(right, bits)):
        assert value_of(term.same(a, b)) == (left == right)
        assert value_of(term.below(a, b)) == (left < right)
        assert value_of(term.at_most(a, b)) == (left <= right)
        for when in truth_forms(condition):
            assert value_of(term.choose_word(when, a, b, bits)) == (left if condition else right)


@SAMPLED
@given(words(), st.data())
def test_parts_of_a_word_agree(pair: tuple[int, int], data: st.DataObject) -> None:
    value, bits = pair
    low = data.draw(st.integers(0, bits - 1))
    count = data.draw(st.integers(1, bits - low))
    width = data.draw(st.integers(1, 2 * bits))
    for form in word_forms(value, bits):
        assert value_of(term.bits_of(form, low, count)) == value // 2**low % 2**count
        assert value_of(term.resize(form, width)) == value % 2**width


@SAMPLED
@given(st.lists(words(), min_size=1, max_size=4))
def test_join_puts_the_first_word_lowest(parts: list[tuple[int, int]]) -> None:
    expected, at = 0, 0
    for value, bits in parts:
        expected += value * 2**at
        at += bits
    assert term.join(parts) == expected
    assert value_of(term.join((term.constant(value, bits), bits) for value, bits in parts)) == expected
    first, *rest = parts
    assert value_of(term.join(((term.constant(*first), first[1]), *rest))) == expected


@SAMPLED
@given(words(), counts)
@example((0xFFFF, 16), 2)
@example((0x1234, 16), 2**64 - 1)
@example((0xFF, 2048), 256)
def test_shifts_by_bytes_agree_also_beyond_the_width(pair: tuple[int, int], count: int) -> None:
    value, bits = pair
    gone = 8 * count >= bits
    up = 0 if gone else value * 2 ** (8 * count) % 2**bits
    down = 0 if gone else value // 2 ** (8 * count)
    for number, distance in product(word_forms(value, bits), word_forms(count, 64)):
        assert value_of(term.bytes_up(number, distance, bits)) == up
        assert value_of(term.bytes_down(number, distance, bits)) == down


@SAMPLED
@given(words(), counts)
@example((0xABCD, 16), 2)
@example((0xABCD, 16), 2**61)
def test_masks_of_low_bytes_agree_also_beyond_the_width(pair: tuple[int, int], count: int) -> None:
    value, bits = pair
    mask = 2 ** min(8 * count, bits) - 1
    for distance in word_forms(count, 64):
        assert value_of(term.low_bytes_mask(distance, bits)) == mask
        for number in word_forms(value, bits):
            assert value_of(term.low_bytes(number, distance, bits)) == value % (mask + 1)


@pytest.mark.parametrize("count", [-1, -2, -255, -(2**63)])
def test_a_count_below_zero_stands_for_the_huge_one_that_a_term_would_hold(count: int) -> None:
    huge = term.constant(count % 2**64, 64)
    for distance in (count, huge):
        for number in word_forms(0xABCD, 64):
            assert value_of(term.bytes_up(number, distance, 64)) == 0
            assert value_of(term.bytes_down(number, distance, 64)) == 0
            assert value_of(term.low_bytes(number, distance, 64)) == 0xABCD
        assert value_of(term.low_bytes_mask(distance, 64)) == 2**64 - 1


def test_a_choice_of_two_numbers_needs_a_width() -> None:
    with pytest.raises(TypeError, match="width"):
        term.choose(term.truth("a"), 1, 2)


def test_equality_with_a_chosen_number_folds_to_the_condition() -> None:
    a = term.truth("a")
    chosen = term.choose_word(a, 2, 4, 16)
    assert a.eq(term.same(chosen, 2))
    assert term.same(chosen, 3) is False
    assert str(term.same(chosen, 4)) == "Not(a)"
