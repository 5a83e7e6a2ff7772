# SPDX-License-Identifier: Apache-2.0
"""The model's register file beside the reference DPU: a third device that sees the same and must stay the same.

Whatever reaches a DPU of a trace (commands, doorbells, MSI-X Enable, interrupts, resets) is also run on
``model.register_file``, which is written apart from the DPU. Replies and registers are compared; a difference is
the device's, whichever relay stands before it. Which commands reach a member at all is the owner's to say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from straightwire.model import register_file
from straightwire.model.commands import (
    COMMAND_HEADER,
    COMMAND_HEADER_LEN,
    GROUP_SRIOV,
    LEGACY_OPCODES,
    LEGACY_READ_LEN,
    LEGACY_WRITE_LEN,
    REPLY_HEADER_LEN,
    Opcode,
)
from straightwire.model.registers import device_type_named
from straightwire.model.snapshot import MemberSnapshot
from straightwire.model.vocabulary import OpKind
from straightwire.model.wire import COMMAND_BYTES, Call, bytes_of, take, unpack, word_of
from straightwire.reference.abi import BarOwner, DevicePort, ForwardingPort
from straightwire.reference.dpu.config_space import MSIX_CONTROL, MSIX_ENABLE
from straightwire.reference.lockstep.trace import DpuDevice, TraceMember

REGISTER_FILE = "model register file"
DPU = "reference DPU"

_FIXED_LEN = {
    Opcode.LEGACY_COMMON_CFG_WRITE: LEGACY_WRITE_LEN,
    Opcode.LEGACY_COMMON_CFG_READ: LEGACY_READ_LEN,
    Opcode.LEGACY_DEV_CFG_WRITE: LEGACY_WRITE_LEN,
    Opcode.LEGACY_DEV_CFG_READ: LEGACY_READ_LEN,
}
_OPCODE, _GROUP, _, _MEMBER = COMMAND_HEADER
_MSIX_BYTE, _MSIX_BIT = MSIX_CONTROL + 1, MSIX_ENABLE >> 8


@dataclass(frozen=True)
class Reply:
    """A legacy command's reply as the DPU wrote it, and as the model's register file does."""

    dpu: bytes
    register_file: bytes


class Mirror:
    """The register files of all members of a trace's DPU. ``reply`` is the first that differed."""

    def __init__(self, member: TraceMember, device: DpuDevice) -> None:
        own = register_file.fresh(
            device_type_named(member.kind), device.features, device.queues, device.config, device.vectors
        )
        self.reply: Reply | None = None
        self._files = [own] * member.group_member_id
        self._own = member.group_member_id - 1
        self._doorbells = {(BarOwner[at.owner.upper()], at.bar, at.offset) for at in device.doorbells}

    @property
    def members(self) -> tuple[MemberSnapshot, ...]:
        """All registers of all members."""
        return tuple(register_file.snapshot(registers) for registers in self._files)

    def command(self, command: bytes, reply_len: int, in_use: int, reply: bytes) -> None:
        """A command and its reply. One that is no legacy access, or that the owner turns away, changes nothing."""
        command = command.ljust(COMMAND_HEADER_LEN, b"\0")  # QD1: what is missing is zero
        header = word_of(command[:COMMAND_HEADER_LEN])
        opcode, group, member = (take(header, part) for part in (_OPCODE, _GROUP, _MEMBER))
        if not isinstance(opcode, int) or not isinstance(member, int):
            raise TypeError("a command of bytes has a header of bytes")
        reaches = group == GROUP_SRIOV and in_use >> opcode & 1 and 1 <= member <= len(self._files)
        if not reaches or opcode not in LEGACY_OPCODES:
            return
        command = command.ljust(_FIXED_LEN[Opcode(opcode)], b"\0")
        room = max(reply_len, REPLY_HEADER_LEN)
        call = Call(OpKind.COMMAND, word_of(command[:COMMAND_BYTES]), len(command), room, 0, 0, 0)
        after, answer = register_file.run(self._files[member - 1], unpack(call, member))
        self._files[member - 1] = after
        if not isinstance(answer.written, int):
            raise TypeError("concrete registers answer with bytes")
        expected = bytes_of(answer.content, answer.written)[:reply_len]
        if reply != expected and self.reply is None:
            self.reply = Reply(reply, expected)

    def doorbell(self, bar_owner: int, bar: int, offset: int, queue: int) -> None:
        """A notification; only the trace's own member advertises addresses (LD7)."""
        if (bar_owner, bar, offset) in self._doorbells:
            call = Call(OpKind.DOORBELL, queue, 2, 0, bar_owner, bar, offset)
            own = self._files[self._own]
            self._files[self._own], _ = register_file.run(own, unpack(call, self._own + 1))

    def config_write(self, offset: int, data: bytes) -> None:
        """A write of the own member's configuration space, of which the register file knows MSI-X Enable."""
        if offset <= _MSIX_BYTE < offset + len(data):
            msix = bool(data[_MSIX_BYTE - offset] & _MSIX_BIT)
            self._files[self._own] = replace(self._files[self._own], msix=msix)

    def interrupt(self, config: bool) -> None:
        """The own member has something to say."""
        bit = register_file.INTERRUPT_CONFIG if config else register_file.INTERRUPT_QUEUE
        self._files[self._own] = register_file.interrupt(self._files[self._own], bit)

    def reset(self) -> None:
        """A function-level reset of the own member."""
        self._files[self._own] = register_file.function_reset(self._files[self._own])


class MirroredPort(ForwardingPort):
    """A DPU's port; whatever passes it reaches the mirror too. ``in_use`` is the owner's list of commands."""

    def __init__(self, port: DevicePort, mirror: Mirror, in_use: Callable[[], int]) -> None:
        super().__init__(port)
        self._mirror = mirror
        self._in_use = in_use

    def admin(self, command: bytes, reply_len: int) -> bytes:
        """One command."""
        in_use = self._in_use()
        reply = super().admin(command, reply_len)
        self._mirror.command(command, reply_len, in_use, reply)
        return reply

    def doorbell(self, bar_owner: int, bar: int, offset: int, queue: int) -> None:
        """One notification."""
        super().doorbell(bar_owner, bar, offset, queue)
        self._mirror.doorbell(bar_owner, bar, offset, queue)

    def config_write(self, offset: int, data: bytes) -> None:
        """Write the member's own configuration space."""
        super().config_write(offset, data)
        self._mirror.config_write(offset, data)


@dataclass(frozen=True)
class Doubt:
    """Where the DPU and its mirror part: in a reply, or in the registers of all members."""

    reply: Reply | None
    dpu: tuple[MemberSnapshot, ...]
    register_file: tuple[MemberSnapshot, ...]


def doubt_of(mirror: Mirror, dpu: Sequence[MemberSnapshot]) -> Doubt | None:
    """The first difference so far; None where there is none."""
    members = mirror.members
    if mirror.reply is None and tuple(dpu) == members:
        return None
    return Doubt(mirror.reply, tuple(dpu), members)
