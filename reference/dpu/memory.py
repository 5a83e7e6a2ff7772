# SPDX-License-Identifier: Apache-2.0
"""Guest memory as a device reaches it: regions of bytes at guest-physical addresses, every access checked.

Addresses and lengths are in bytes. Nothing outside the regions can be read or written: an access that is
not wholly inside raises ``OutsideMemory`` and has changed nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class OutsideMemory(Exception):
    """An access that no region of guest memory holds."""

    def __init__(self, address: int, length: int) -> None:
        super().__init__(f"{length} bytes at {address:#x} are outside guest memory")


class Memory(Protocol):
    """What a device may do to its guest's memory."""

    def read(self, address: int, length: int) -> bytes: ...
    def write(self, address: int, data: bytes) -> None: ...
    def check(self, address: int, length: int) -> None: ...


@dataclass(frozen=True)
class Region:
    """``buffer``, one writable byte each, at guest-physical ``address``."""

    address: int
    buffer: bytearray | memoryview

    @property
    def end(self) -> int:
        """First address past the region."""
        return self.address + len(self.buffer)


class GuestMemory:
    """Memory of one guest. ``regions`` may touch but not overlap; raises ``ValueError`` where they do.

    An access may run over from one region into the next that touches it.
    """

    def __init__(self, regions: Sequence[Region]) -> None:
        self._regions = tuple(sorted(regions, key=lambda region: region.address))
        for low, high in zip(self._regions, self._regions[1:], strict=False):
            if low.end > high.address:
                raise ValueError("two regions of guest memory overlap")

    @classmethod
    def of_size(cls, length: int) -> GuestMemory:
        """``length`` zero bytes from address 0."""
        return cls((Region(0, bytearray(length)),))

    def read(self, address: int, length: int) -> bytes:
        """The bytes there. Raises ``OutsideMemory``."""
        for region in self._regions:
            start = address - region.address
            if start >= 0 and start + length <= len(region.buffer):
                return bytes(region.buffer[start : start + length])
        pieces = self._pieces(address, length)
        return b"".join(bytes(region.buffer[start:end]) for region, start, end in pieces)

    def write(self, address: int, data: bytes) -> None:
        """Put the bytes there. Raises ``OutsideMemory``."""
        for region in self._regions:
            start = address - region.address
            if start >= 0 and start + len(data) <= len(region.buffer):
                region.buffer[start : start + len(data)] = data
                return
        done = 0
        for region, start, end in self._pieces(address, len(data)):
            region.buffer[start:end] = data[done : done + end - start]
            done += end - start

    def check(self, address: int, length: int) -> None:
        """Raises ``OutsideMemory`` unless all these bytes are there."""
        for region in self._regions:
            if region.address <= address and address + length <= region.end:
                return
        self._pieces(address, length)

    def _pieces(self, address: int, length: int) -> list[tuple[Region, int, int]]:
        """The parts of regions that make up a range. Raises ``OutsideMemory``."""
        found = []
        at, end = address, address + length
        for region in self._regions:
            if region.address <= at < region.end:
                stop = min(end, region.end)
                found.append((region, at - region.address, stop - region.address))
                at = stop
        if at < end or not found:
            raise OutsideMemory(address, length)
        return found
