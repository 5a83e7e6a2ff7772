# SPDX-License-Identifier: Apache-2.0
"""Host requests on the model's tables: stop, save and load as exactly the commands that ``relay_abi.h`` lists.

Written from the ABI's text with ``model.wire.put_all``, independent of the reference relay. Lengths are bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from straightwire.model import commands
from straightwire.model.commands import Opcode, Part, SwError
from straightwire.model.wire import bytes_of, put_all, take, word_of
from straightwire.reference.abi import Member, Outcome

Admin = Callable[[bytes, int], bytes]
"""``DevicePort.admin``."""

_MIGRATION = sum(1 << opcode for opcode in commands.MIGRATION_OPCODES)


def status_result(reply: bytes) -> int:
    """0, or -(0x10000 + status); bytes of the status that the device did not write are zero (A13)."""
    status = take(word_of(reply[: commands.REPLY_HEADER_LEN]), commands.REPLY_HEADER[0])
    if not isinstance(status, int):
        raise TypeError("a reply of bytes has a status of bytes")
    return -(commands.STATUS_BASE + status) if status else 0


@dataclass(frozen=True)
class HostRequests:
    """The three requests for one member, on the device's ``admin``."""

    admin: Admin
    member: Member

    @property
    def available(self) -> bool:
        """Whether all six commands are in use; else each request is SW_NOTSUP."""
        return self.member.commands & _MIGRATION == _MIGRATION

    def stop(self, stopped: bool) -> Outcome:
        """One DEV_MODE_SET."""
        if not self.available:
            return Outcome(SwError.NOTSUP)
        flags = commands.MODE_STOPPED if stopped else 0
        command = self._command(Opcode.DEV_MODE_SET, commands.MODE_SET_DATA, (flags,), commands.MODE_SET_LEN)
        return Outcome(self._bare(command))

    def save(self, cap: int) -> Outcome:
        """OBJ_CREATE(GET), METADATA_GET(SIZE), PARTS_GET(ALL), OBJ_DESTROY; no GET where ``cap`` is 0 or too small."""
        return self._around(commands.PARTS_TYPE_GET, lambda: self._save(cap))

    def load(self, parts: bytes) -> Outcome:
        """OBJ_CREATE(SET), one PARTS_SET with exactly these bytes, OBJ_DESTROY."""
        fixed = self._on_object(Opcode.DEV_PARTS_SET, commands.OBJECT_HEADER, (), commands.PARTS_SET_LEN)
        return self._around(commands.PARTS_TYPE_SET, lambda: Outcome(self._bare(fixed + parts)))

    def _around(self, parts_type: int, work: Callable[[], Outcome]) -> Outcome:
        """Create, work, destroy. The first failure is the result; what was created is destroyed on every path."""
        if not self.available:
            return Outcome(SwError.NOTSUP)
        created = self._bare(
            self._on_object(
                Opcode.RESOURCE_OBJ_CREATE,
                commands.OBJECT_CREATE_DATA,
                (0, parts_type, 0),
                commands.OBJECT_CREATE_LEN,
            )
        )
        if created < 0:
            return Outcome(created)
        worked = work()
        destroyed = self._bare(
            self._on_object(Opcode.RESOURCE_OBJ_DESTROY, commands.OBJECT_HEADER, (), commands.OBJECT_DESTROY_LEN)
        )
        return worked if worked.result < 0 or destroyed == 0 else Outcome(destroyed)

    def _save(self, cap: int) -> Outcome:
        ask = self._on_object(
            Opcode.DEV_PARTS_METADATA_GET,
            commands.METADATA_GET_DATA,
            (commands.METADATA_SIZE, 0),
            commands.METADATA_GET_LEN,
        )
        reply = self.admin(ask, commands.REPLY_HEADER_LEN + commands.METADATA_SIZE_RESULT_LEN)
        failed = status_result(reply)
        if failed:
            return Outcome(failed)
        size = take(word_of(reply[commands.REPLY_HEADER_LEN :]), commands.METADATA_SIZE_RESULT[0])
        if not isinstance(size, int):
            raise TypeError("a reply of bytes has a size of bytes")
        if cap == 0:
            return Outcome(size)
        if cap < size:
            return Outcome(SwError.TOOSMALL)
        get = self._on_object(
            Opcode.DEV_PARTS_GET, commands.PARTS_GET_DATA, (commands.PARTS_GET_ALL, 0), commands.PARTS_GET_LEN
        )
        reply = self.admin(get, commands.REPLY_HEADER_LEN + cap)
        failed = status_result(reply)
        parts = reply[commands.REPLY_HEADER_LEN : commands.REPLY_HEADER_LEN + cap]
        return Outcome(failed) if failed else Outcome(len(parts), parts)

    def _bare(self, command: bytes) -> int:
        """Issue a command that has no result but its status."""
        return status_result(self.admin(command, commands.REPLY_HEADER_LEN))

    def _on_object(self, opcode: Opcode, parts: Sequence[Part], values: tuple[int, ...], length: int) -> bytes:
        """A command on the parts object that was reserved for this relay."""
        return self._command(
            opcode, parts, (commands.OBJECT_DEV_PARTS, 0, self.member.parts_object_id, *values), length
        )

    def _command(self, opcode: Opcode, parts: Sequence[Part], values: tuple[int, ...], length: int) -> bytes:
        """A command's bytes: every part of the header and of the table, in order."""
        header = (opcode, commands.GROUP_SRIOV, 0, self.member.group_member_id)
        word = put_all((*commands.COMMAND_HEADER, *parts), (*header, *values), 8 * length)
        return bytes_of(word, length)
