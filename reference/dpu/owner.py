# SPDX-License-Identifier: Apache-2.0
"""The owner function: takes group administration commands and carries them out on its members.

A command is its device-readable bytes and the length of its device-writable part; the answer is the
bytes written, whose length is the used length. Source: virtio 1.4, 2.13, 2.13.1 and the administration
virtqueue's buffer rules (GD1 to GD14, QD1 to QD6, LD1 to LD9).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from struct import Struct

from straightwire.model import commands
from straightwire.model.commands import Opcode, Qualifier, Status
from straightwire.reference.dpu.member import MemberDevice
from straightwire.reference.dpu.registers import NotOneField, Structure

_HEADER = Struct("<HH12xQ")  # opcode, group type, reserved bytes that are not looked at (A9), member id
_REPLY = Struct("<HH4x")  # status, qualifier
_NOTIFY_ENTRY = Struct("<BB6xQ")  # flags, bar, offset in the BAR

_OFFSET = commands.LEGACY_READ_DATA[0].offset
_WORD = 8
"""A list of commands is an array of le64: bit n of word n / 64 stands for opcode n."""

LIST_OPCODES = (1 << Opcode.LIST_QUERY) | (1 << Opcode.LIST_USE)
"""The commands in use before the first LIST_USE (GD8)."""
_LEGACY_OPCODES = sum(1 << opcode for opcode in commands.LEGACY_OPCODES)

_OK = _REPLY.pack(Status.OK, Qualifier.OK)


class _Failed(Exception):
    """A command fails with this status and qualifier; nothing has changed (GD4)."""

    def __init__(self, status: Status, qualifier: Qualifier) -> None:
        super().__init__(status, qualifier)
        self.reply = _REPLY.pack(status, qualifier)


class Owner:
    """The owner of an SR-IOV group whose member ids are 1 to ``len(members)``.

    ``supported`` has bit n set for opcode n. ``vf_enable`` is the VF Enable bit of the owner's SR-IOV
    capability: while it is clear there is no group (GD13). ``strict`` are choices to take literally: of A2, A4, A5.
    """

    def __init__(self, members: Sequence[MemberDevice], supported: int, strict: frozenset[str] = frozenset()) -> None:
        self.vf_enable = True
        self._strict = strict
        self._members = tuple(members)
        self._in_use = LIST_OPCODES
        self._lists: dict[int, Callable[[bytes], bytes]] = {
            Opcode.LIST_QUERY: self._list_query,
            Opcode.LIST_USE: self._list_use,
        }
        self._legacy: dict[int, Callable[[MemberDevice, bytes, int], bytes]] = {
            Opcode.LEGACY_COMMON_CFG_WRITE: self._common_write,
            Opcode.LEGACY_COMMON_CFG_READ: self._common_read,
            Opcode.LEGACY_DEV_CFG_WRITE: self._device_write,
            Opcode.LEGACY_DEV_CFG_READ: self._device_read,
            Opcode.LEGACY_NOTIFY_INFO: self._notify_info,
        }
        known = sum(1 << opcode for opcode in (*self._lists, *self._legacy))
        if supported & ~known or supported & LIST_OPCODES != LIST_OPCODES:
            raise ValueError("an owner supports LIST_QUERY, LIST_USE and of the others those it knows")
        legacy = supported & _LEGACY_OPCODES
        if legacy not in (0, _LEGACY_OPCODES) or (supported >> Opcode.LEGACY_NOTIFY_INFO & 1 and not legacy):
            raise ValueError("commands 2 to 5 come together (LD1), and 6 comes with them (LD8)")
        self._supported = supported

    @property
    def in_use(self) -> int:
        """The list in use: bit n is set for opcode n."""
        return self._in_use

    def reset(self) -> None:
        """Device reset of the owner: only the two commands about lists are in use (GD8). Its members do not notice."""
        self._in_use = LIST_OPCODES

    def execute(self, command: bytes, reply_len: int) -> bytes:
        """Carry out one command to completion; the bytes written, never more than ``reply_len``.

        Missing bytes of the command are zero and output that does not fit is dropped (QD1); status and
        qualifier are always written as far as there is room (QD6). A failure is 8 bytes: the status header.
        """
        try:
            reply = self._dispatch(command.ljust(commands.COMMAND_HEADER_LEN, b"\0"), reply_len)
        except NotOneField:
            reply = _REPLY.pack(Status.EINVAL, Qualifier.INVALID_FIELD)  # A3
        except _Failed as failed:
            reply = failed.reply
        return reply[:reply_len]

    def _dispatch(self, command: bytes, reply_len: int) -> bytes:
        """Validate group, opcode and member, in this order (GD1, GD2); then do it."""
        opcode, group_type, member_id = _HEADER.unpack_from(command)
        listing = self._lists.get(opcode)
        # GD13: without VF Enable the group is not there; the two commands about lists work all the same (A4).
        exempt = listing is not None and "A4" not in self._strict
        if group_type != commands.GROUP_SRIOV or not (self.vf_enable or exempt):
            raise _Failed(Status.EINVAL, Qualifier.INVALID_GROUP)
        if not self._in_use >> opcode & 1:
            raise _Failed(Status.EINVAL, Qualifier.INVALID_OPCODE)  # GD10
        # The two commands about lists use no member id, and so none is checked (A5).
        if (listing is None or "A5" in self._strict) and not 1 <= member_id <= len(self._members):
            raise _Failed(Status.EINVAL, Qualifier.INVALID_MEMBER)  # GD14
        if listing is not None:
            return listing(command)
        return self._legacy[opcode](self._members[member_id - 1], command, reply_len)

    def _list_query(self, command: bytes) -> bytes:
        words = -(-self._supported.bit_length() // (8 * _WORD))  # (largest opcode + 1) / 64, rounded up
        return _OK + self._supported.to_bytes(words * _WORD, "little")

    def _list_use(self, command: bytes) -> bytes:
        """The whole rest of the command is the array, however long; a bit not supported fails it (GD6)."""
        wanted = int.from_bytes(command[commands.COMMAND_HEADER_LEN :], "little")
        if wanted & ~self._supported:
            raise _Failed(Status.EINVAL, Qualifier.INVALID_FIELD)
        self._in_use = wanted  # GD9; it may leave out LIST_QUERY and LIST_USE themselves (GR7)
        return _OK

    # The length of a legacy access is the length of its buffer (A1, A2).

    def _common_write(self, member: MemberDevice, command: bytes, reply_len: int) -> bytes:
        return self._write(member, Structure.COMMON, command)

    def _common_read(self, member: MemberDevice, command: bytes, reply_len: int) -> bytes:
        return self._read(member, Structure.COMMON, command, reply_len)

    def _device_write(self, member: MemberDevice, command: bytes, reply_len: int) -> bytes:
        return self._write(member, Structure.DEVICE, command)

    def _device_read(self, member: MemberDevice, command: bytes, reply_len: int) -> bytes:
        return self._read(member, Structure.DEVICE, command, reply_len)

    def _write(self, member: MemberDevice, structure: Structure, command: bytes) -> bytes:
        offset = _offset(command)
        data = command[commands.LEGACY_WRITE_LEN :]
        if "A2" in self._strict:  # QD1 and QD2 to the letter: too much is ignored, what is missing is zero
            rest = member.registers.rest_of_field(structure, offset)
            data = data[:rest].ljust(rest, b"\0")
        member.registers.write(structure, offset, data)
        return _OK

    def _read(self, member: MemberDevice, structure: Structure, command: bytes, reply_len: int) -> bytes:
        offset = _offset(command)
        length = max(reply_len - commands.REPLY_HEADER_LEN, 0)
        if "A2" in self._strict:  # the whole field is read; what does not fit is dropped
            length = member.registers.rest_of_field(structure, offset)
        return _OK + member.registers.read(structure, offset, length)

    def _notify_info(self, member: MemberDevice, command: bytes, reply_len: int) -> bytes:
        """At most three addresses; what follows them, the last entry at least, has flags 0 (LD9, C1)."""
        entries = b"".join(_NOTIFY_ENTRY.pack(at.bar_owner, at.bar, at.offset) for at in member.description.notify)
        return _OK + entries.ljust(commands.NOTIFY_ENTRIES * commands.NOTIFY_ENTRY_LEN, b"\0")


def _offset(command: bytes) -> int:
    """Offset of a legacy access in its structure; 0 where the command is too short to say (QD1)."""
    return command[_OFFSET] if len(command) > _OFFSET else 0
