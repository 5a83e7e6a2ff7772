# SPDX-License-Identifier: Apache-2.0
"""A device that follows a script: it answers what a test tells it to, and records what reaches it."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

Operation = tuple[object, ...]

OK = bytes(8)
"""A reply header with status 0."""


def status(code: int, qualifier: int = 0) -> bytes:
    """A reply header (virtio 1.4, 2.13: le16 status, le16 qualifier, 4 reserved bytes)."""
    return struct.pack("<HH4x", code, qualifier)


def command(opcode: int, member: int, data: bytes = b"") -> bytes:
    """A command of the SR-IOV group (virtio 1.4, 2.13: le16 opcode, le16 group 1, 12 reserved bytes, le64 member)."""
    return struct.pack("<HH12xQ", opcode, 1, member) + data


@dataclass
class ScriptedDevice:
    """``replies`` answer the commands in turn; after them each gets a complete reply of status 0 and zeros.

    An exception in place of a reply is raised. ``bars`` gives BAR lengths by (owner, bar).
    """

    replies: list[bytes | BaseException] = field(default_factory=list)
    bars: dict[tuple[int, int], int] = field(default_factory=dict)
    config: bytes = bytes(256)
    operations: list[Operation] = field(default_factory=list)

    def take(self) -> list[Operation]:
        """The operations since the last call: ("admin", command, reply_len), ("doorbell", owner, bar, offset,
        queue), ("config_read", offset, length), ("config_write", offset, data)."""
        taken, self.operations = self.operations, []
        return taken

    def admin(self, command: bytes, reply_len: int) -> bytes:
        self.operations.append(("admin", command, reply_len))
        reply = self.replies.pop(0) if self.replies else bytes(reply_len)
        if isinstance(reply, BaseException):
            raise reply
        return reply

    def doorbell(self, bar_owner: int, bar: int, offset: int, queue: int) -> None:
        self.operations.append(("doorbell", bar_owner, bar, offset, queue))

    def bar_len(self, bar_owner: int, bar: int) -> int:
        return self.bars.get((bar_owner, bar), 0)

    def config_read(self, offset: int, length: int) -> bytes:
        self.operations.append(("config_read", offset, length))
        return self.config[offset : offset + length]

    def config_write(self, offset: int, data: bytes) -> None:
        self.operations.append(("config_write", offset, data))
