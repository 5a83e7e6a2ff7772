# SPDX-License-Identifier: Apache-2.0
"""Where a block device's sectors are kept: in memory, or in a file. Offsets and lengths are in bytes.

A disk fails with ``OSError`` and with nothing else; what a guest is told then is the block device's affair.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

SECTOR = 512


class Disk(Protocol):
    """Bytes that stay. ``read``, ``write`` and ``flush`` raise ``OSError`` where they cannot do all of it."""

    @property
    def length(self) -> int:
        """A multiple of 512."""

    @property
    def read_only(self) -> bool:
        """No write will succeed."""

    def read(self, offset: int, length: int) -> bytes: ...
    def write(self, offset: int, data: bytes) -> None: ...
    def flush(self) -> None:
        """Every write before is kept from now on, whatever happens."""


class MemoryDisk:
    """``content`` is the disk itself, no copy of it. Raises ``ValueError`` unless it is whole sectors."""

    def __init__(self, content: bytearray, *, read_only: bool = False) -> None:
        _check_length(len(content), "a disk")
        self.content = content
        self.read_only = read_only

    @classmethod
    def of_sectors(cls, sectors: int) -> MemoryDisk:
        """That many sectors of zeros."""
        return cls(bytearray(sectors * SECTOR))

    @property
    def length(self) -> int:
        """Bytes at this moment."""
        return len(self.content)

    def read(self, offset: int, length: int) -> bytes:
        self._check(offset, length)
        with memoryview(self.content) as view:
            return bytes(view[offset : offset + length])

    def write(self, offset: int, data: bytes) -> None:
        self._check(offset, len(data))
        if self.read_only:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        self.content[offset : offset + len(data)] = data

    def flush(self) -> None:
        """Memory keeps nothing for good."""

    def _check(self, offset: int, length: int) -> None:
        """A slice would stretch or shrink the disk instead."""
        if not 0 <= offset <= len(self.content) - length:
            raise OSError(errno.EIO, "outside the disk")


class FileDisk:
    """A file, or a block special file, that exists. Open until ``close``, or until the ``with`` block ends.

    Raises ``OSError`` where it cannot be opened, ``ValueError`` where it is no such file or not whole sectors.
    """

    def __init__(self, path: str | Path, *, read_only: bool = False) -> None:
        self.read_only = read_only
        self._file = os.open(path, (os.O_RDONLY if read_only else os.O_RDWR) | os.O_CLOEXEC)
        try:
            _check_kind(os.fstat(self._file).st_mode, str(path))
            _check_length(self.length, str(path))
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the file back; from now on everything fails with ``OSError``. What was not flushed may be lost."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1  # the number may soon be another file's

    @property
    def length(self) -> int:
        """Bytes at this moment."""
        return os.lseek(self._file, 0, os.SEEK_END)

    def read(self, offset: int, length: int) -> bytes:
        data = os.pread(self._file, length, offset)
        while len(data) < length:
            more = os.pread(self._file, length - len(data), offset + len(data))
            if not more:
                raise OSError(errno.EIO, "the file ends before the disk does")
            data += more
        return data

    def write(self, offset: int, data: bytes) -> None:
        done = os.pwrite(self._file, data, offset)
        while done < len(data):
            done += os.pwrite(self._file, data[done:], offset + done)

    def flush(self) -> None:
        if self._file < 0:  # for fsync alone such a number is a ValueError
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        os.fsync(self._file)


def _check_kind(mode: int, what: str) -> None:
    """Raises ``ValueError`` for a directory, a pipe or what else has no offsets."""
    if not stat.S_ISREG(mode) and not stat.S_ISBLK(mode):
        raise ValueError(f"{what} is neither a file nor a block device")


def _check_length(length: int, what: str) -> None:
    """Raises ``ValueError`` unless these are whole sectors."""
    if length % SECTOR:
        raise ValueError(f"{what} of {length} bytes: the length is no multiple of {SECTOR}")
