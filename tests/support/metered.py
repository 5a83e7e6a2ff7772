# SPDX-License-Identifier: Apache-2.0
"""Guest memory that counts what a device does to it."""

from __future__ import annotations

from dataclasses import dataclass

from straightwire.reference.dpu.memory import GuestMemory, Region


@dataclass
class Work:
    """Accesses and bytes moved."""

    accesses: int = 0
    moved: int = 0

    def count(self, length: int) -> None:
        self.accesses += 1
        self.moved += length


class MeteredMemory(GuestMemory):
    """Any access outside the regions is refused by ``GuestMemory``; what remains is counted in ``work``.

    A margin of known bytes lies behind each region in its own buffer, so that an access that gets past the check
    would be seen in ``margins_are_whole``.
    """

    MARGIN = 4096

    def __init__(self, *ranges: tuple[int, int]) -> None:
        self._backing = [(bytearray(b"\xa5" * (length + 2 * self.MARGIN)), length) for _, length in ranges]
        regions = []
        for (address, length), (backing, _) in zip(ranges, self._backing, strict=True):
            inside = memoryview(backing)[self.MARGIN : self.MARGIN + length]
            inside[:] = bytes(length)
            regions.append(Region(address, inside))
        super().__init__(regions)
        self.work = Work()

    def read(self, address: int, length: int) -> bytes:
        self.work.count(length)
        return super().read(address, length)

    def write(self, address: int, data: bytes) -> None:
        self.work.count(len(data))
        super().write(address, data)

    @property
    def margins_are_whole(self) -> bool:
        """Nothing was written beside the regions."""
        margin = b"\xa5" * self.MARGIN
        return all(
            backing[: self.MARGIN] == margin and backing[self.MARGIN + length :] == margin
            for backing, length in self._backing
        )

    def take(self) -> Work:
        """The work since the last time."""
        taken, self.work = self.work, Work()
        return taken
