# SPDX-License-Identifier: Apache-2.0
"""The traditional memory balloon: which of its pages a guest does not use, and statistics where it gives them.

A page is 4096 bytes. Pages in the balloon stay as they are: nothing is unmapped, and nothing is written.
Source: virtio 1.4, 5.5.
"""

from __future__ import annotations

from struct import Struct

from straightwire.model.features import Balloon as Feature
from straightwire.model.registers import BALLOON
from straightwire.model.snapshot import BalloonSnapshot
from straightwire.reference.dpu.data_path import DataPath
from straightwire.reference.dpu.memory import Memory, OutsideMemory
from straightwire.reference.dpu.virtqueue import Chain, Virtqueue

INFLATE_QUEUE = 0
DEFLATE_QUEUE = 1
STATS_QUEUE = 2

PAGE = 4096
STATISTICS = 16
"""Tags below this are kept: those that the standard has, and a few more; it bounds what is remembered."""

MAX_NUMBERS = 1 << 12
"""Page numbers of one request that are looked at: drivers send 256, and each costs work."""

_PFN = Struct("<I")
_STATISTIC = Struct("<HQ")
_FIELDS = {field.name: field for field in BALLOON.config}
_NUM_PAGES = _FIELDS["num_pages"]
_ACTUAL = _FIELDS["actual"]


def balloon_config(target: int = 0) -> bytes:
    """A balloon's configuration; ``target`` is how many pages it asks for, 32 bits."""
    return _target(target).ljust(BALLOON.config_len, b"\0")


class Balloon:
    """``memory`` is the guest's, and asked only whether a page is in it."""

    name = "balloon"
    features = int(Feature.MUST_TELL_HOST | Feature.STATS_VQ | Feature.DEFLATE_ON_OOM)

    def __init__(self, path: DataPath, memory: Memory) -> None:
        self._path = path
        self._memory = memory
        self._held: tuple[Virtqueue | None, Chain] | None = None
        self.reset()

    @property
    def pages(self) -> frozenset[int]:
        """The pages in the balloon, by number."""
        return frozenset(self._pages)

    @property
    def actual(self) -> int:
        """How many pages the driver says there are."""
        return self._actual

    @property
    def statistics(self) -> dict[int, int]:
        """What the driver said last, by tag (virtio 1.4, 5.5.6.4)."""
        return dict(self._statistics)

    def set_target(self, pages: int) -> None:
        """Ask for a balloon of so many pages. Raises ``ValueError`` for more than 32 bits can say."""
        self._path.reconfigure(_NUM_PAGES.offset, _target(pages))

    def ask_for_statistics(self) -> bool:
        """Have the driver send new ones; whether there was a buffer to ask with."""
        held = self._held_chain()
        if held is None or not self._path.features & Feature.STATS_VQ:
            return False
        before = self._held
        self._held = None  # the driver may answer at once
        asked = self._path.finish(STATS_QUEUE, [(held, 0)])
        if not asked:
            self._held = before
        return asked

    def notified(self, queue: int) -> None:
        if queue == INFLATE_QUEUE:
            self._path.serve(queue, self._inflate)
        elif queue == DEFLATE_QUEUE:
            self._path.serve(queue, self._deflate)
        elif queue == STATS_QUEUE:
            self._take_statistics()

    def config_written(self, offset: int, length: int) -> None:
        """``actual`` counts once its last byte is there (virtio 1.4, 5.5.6.2): drivers write it byte by byte."""
        if offset + length == _ACTUAL.end:
            self._actual = self._configured_actual()

    def reset(self) -> None:
        """Whoever drives the device next has all its memory, and has not said anything."""
        self._pages: set[int] = set()
        self._actual = self._configured_actual()
        self._statistics: dict[int, int] = {}
        self._begun = False
        self._held = None

    def snapshot(self) -> BalloonSnapshot:
        held = self._held_chain()
        return BalloonSnapshot(
            pages=tuple(sorted(self._pages)),
            actual=self._actual,
            statistics=tuple(sorted(self._statistics.items())),
            statistics_begun=self._begun,
            statistics_head=None if held is None else held.head,
        )

    def _inflate(self, chain: Chain) -> int:
        self._pages.update(filter(self._in_memory, _numbers(chain)))
        return 0

    def _deflate(self, chain: Chain) -> int:
        self._pages.difference_update(_numbers(chain))
        return 0

    def _in_memory(self, page: int) -> bool:
        """Whether all of a page is the guest's: no other is remembered, which bounds how many are."""
        try:
            self._memory.check(page * PAGE, PAGE)
        except OutsideMemory:
            return False
        return True

    def _take_statistics(self) -> None:
        """Keep the newest buffer until new statistics are wanted; a driver that offers several gets the others back."""
        back = []
        _, size = self._path.registers.ring_of(STATS_QUEUE)
        for _ in range(size):
            chain = self._path.take(STATS_QUEUE)
            if chain is None:
                break
            held = self._held_chain()
            if held is not None:
                back.append((held, 0))
            self._held = self._path.ring(STATS_QUEUE), chain
            self._read_statistics(chain)
        if back:
            self._path.finish(STATS_QUEUE, back)

    def _read_statistics(self, chain: Chain) -> None:
        """Those of the first buffer mean nothing: legacy drivers did not fill it (virtio 1.4, 5.5.6.3)."""
        if self._begun:
            found = _STATISTIC.iter_unpack(chain.read(0, chain.readable // _STATISTIC.size * _STATISTIC.size))
            self._statistics = {tag: value for tag, value in found if tag < STATISTICS}
        self._begun = True

    def _held_chain(self) -> Chain | None:
        """The buffer that is kept, unless its ring has gone since."""
        if self._held is None or self._held[0] is not self._path.ring(STATS_QUEUE):
            return None
        return self._held[1]

    def _configured_actual(self) -> int:
        return int.from_bytes(self._path.registers.config[_ACTUAL.offset : _ACTUAL.end], "little")


def _numbers(chain: Chain) -> set[int]:
    """The page numbers of a request, as many as are looked at; bytes behind the last whole one mean nothing."""
    count = min(chain.readable // _PFN.size, MAX_NUMBERS)
    return {number for (number,) in _PFN.iter_unpack(chain.read(0, count * _PFN.size))}


def _target(pages: int) -> bytes:
    if not 0 <= pages < 1 << 8 * _NUM_PAGES.size:
        raise ValueError("a balloon asks for at most 2^32 - 1 pages")
    return pages.to_bytes(_NUM_PAGES.size, "little")
