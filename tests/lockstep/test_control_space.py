# SPDX-License-Identifier: Apache-2.0
"""The control space: counted by hand, agreed upon, and a fault at a single point of it is found."""

from __future__ import annotations

import pytest

from straightwire.reference.abi import DevicePort, Member, Outcome
from straightwire.reference.lockstep.control_space import SHARDS, Shard, check_shard, lengths, offsets, points_of
from straightwire.reference.lockstep.subjects import subject_named
from straightwire.reference.relay import ReferenceRelay, ReferenceSubject

# rng: no device configuration, so 24 bytes of registers and a window of 32.
#   offsets: 0..31, 32..39 and four far ones: 44
#   lengths: 0..17 (18), 24, 31, 32, 33, 256, 257; the window and one more are 32 and 33: 24
#   44 x 24 x 2 directions x 2 decodes x 2 doorbells = 8448
RNG_POINTS = 8448
# net: 24 + 28 bytes, a window of 64: 76 offsets, 26 lengths, 15808. blk: 24 + 96, a window of 128: 140, 26, 29120.
POINTS = {"net": 15808, "blk": 29120, "console": 15808, "rng": RNG_POINTS, "balloon": 15808}


def test_the_points_are_those_counted_by_hand() -> None:
    assert len(offsets(32)) == 44
    assert lengths(32) == (*range(18), 24, 31, 32, 33, 256, 257)
    assert {shard: points_of(shard) for shard in SHARDS} == {
        Shard(name, msix): points for name, points in POINTS.items() for msix in (False, True)
    }
    assert sum(map(points_of, SHARDS)) == 169984


@pytest.mark.parametrize("msix", [False, True])
def test_all_agree_at_every_point(msix: bool) -> None:
    subjects = [subject_named(name) for name in ("model", "reference", "native")]
    covered = check_shard(subjects, Shard("rng", msix))
    assert covered.difference is None
    assert covered.points == RNG_POINTS


class OnePoint(ReferenceRelay):
    """Wrong at a single point."""

    def bar_read(self, offset: int, length: int) -> Outcome:
        outcome = super().bar_read(offset, length)
        return Outcome(0) if (offset, length) == (1 << 63, 13) else outcome


class OnePointSubject(ReferenceSubject):
    name = "one-point"

    def open(self, device: DevicePort, member: Member) -> OnePoint:
        relay = super().open(device, member)
        return OnePoint(device, member, relay._doorbell)


def test_a_fault_at_a_single_point_is_found() -> None:
    covered = check_shard([subject_named("model"), OnePointSubject()], Shard("rng", False))
    assert covered.difference is not None
    assert covered.difference.subject == "one-point"
    assert (covered.difference.event.offset, covered.difference.event.length) == (1 << 63, 13)
    assert covered.difference.clauses == ("C-REFUSE",)
    assert len(covered.difference.trace.events) == 2  # open and the access: nothing else is needed
    assert covered.points < RNG_POINTS
