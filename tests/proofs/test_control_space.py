# SPDX-License-Identifier: Apache-2.0
"""The control space is enumerated whole, its points counted by hand, and a fault in it is found."""

from __future__ import annotations

import pytest

from straightwire.model.mediators import MEDIATORS
from straightwire.model.registers import RNG
from straightwire.proofs.control_space import enumerate_points


def test_the_relay_keeps_every_clause_at_every_point() -> None:
    """Counted by hand: 8 transport states, 2 directions, 32 + 8 + 4 offsets, 17 + 9 lengths.

    An operation is issued with decode on where offset + length is at most 32: 392 times for lengths 1 to 16, then
    for 17, 24, 31 and 32.
    """
    found = enumerate_points(RNG)
    assert found.broken is None
    assert (found.points, found.operations) == (8 * 2 * 44 * 26, 4 * 2 * (392 + 16 + 9 + 2 + 1))


# Clause, then the first point where its mediator breaks it: MSI-X, write, offset, length.
@pytest.mark.parametrize(
    ("clause", "point"),
    [
        ("C-ROUTE", (True, False, 20, 1)),
        ("C-WRITE", (False, True, 4, 4)),
        ("C-MEMBER", (False, True, 18, 1)),
        ("C-REPLY", (False, False, 0, 4)),
        ("C-REFUSE", (False, False, 0, 33)),
        ("C-RESIDUE", (False, False, 0, 1)),
        ("C-ORDER", (False, True, 16, 2)),
    ],
)
def test_a_mediator_is_found_at_the_first_point_where_it_errs(clause: str, point: tuple[bool, bool, int, int]) -> None:
    broken = enumerate_points(RNG, MEDIATORS[clause]).broken
    assert broken is not None
    assert broken.clause == clause
    at = broken.point
    assert (at.transport.msix, at.write, at.offset, at.length) == point
