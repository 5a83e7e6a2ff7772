# SPDX-License-Identifier: Apache-2.0
"""The devices a trace can stand on, and the port that records every operation byte for byte.

Each subject gets a device of its own, equal to the others'. ``state`` is all that lockstep can see of it.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from struct import Struct
from typing import NamedTuple, Protocol

from straightwire.model import commands, pci
from straightwire.model.commands import Opcode
from straightwire.model.registers import DEVICE_TYPES, device_type_named
from straightwire.model.snapshot import MemberSnapshot
from straightwire.reference.abi import BarOwner, DevicePort, Member
from straightwire.reference.dpu.dpu import SUPPORTED, Dpu
from straightwire.reference.dpu.member import MemberDescription, NotifyAddress, describe
from straightwire.reference.lockstep.mirror import Doubt, Mirror, MirroredPort, doubt_of
from straightwire.reference.lockstep.trace import (
    MAX_DPU_MEMBERS,
    Answer,
    BarAddress,
    DpuDevice,
    ScriptDevice,
    Trace,
    TraceMember,
)
from straightwire.reference.owner_driver import admin_command

_OWNERS = {"owner": BarOwner.OWNER, "member": BarOwner.MEMBER}
_TYPES = {known.name: known.virtio_id for known in DEVICE_TYPES}
_STATUS = Struct("<HH4x")  # status, qualifier
_ENTRY = Struct("<BB6xQ")  # flags, bar, offset

_NOISE = hashlib.shake_128(b"straightwire scripted device").digest(1 << 16)
"""Bytes without a pattern, from which a scripted device answers."""
_ANSWER_MAX = 1 << 10
_SCRIPT_BAR_LEN = 1 << 16
_ANY = Answer()
_NOTIFY_INFO = Opcode.LEGACY_NOTIFY_INFO.to_bytes(2, "little")


class Call(NamedTuple):
    """One call of ``DevicePort``. ``data`` are the bytes sent, ``length`` those asked for; unused parts are 0."""

    kind: str  # command, doorbell, config-read, config-write
    data: bytes
    length: int
    bar_owner: int = 0
    bar: int = 0
    offset: int = 0


@dataclass(frozen=True)
class DeviceState:
    """All members' registers (none for a scripted device) and the own member's configuration space."""

    members: tuple[MemberSnapshot, ...]
    config: bytes


class TraceDevice(Protocol):
    """A device under a trace."""

    @property
    def port(self) -> DevicePort: ...
    def interrupt(self, config: bool) -> None: ...
    def reset(self) -> None: ...
    def answer(self, answers: Sequence[Answer]) -> None: ...
    def state(self) -> DeviceState: ...
    def doubt(self) -> Doubt | None: ...


class RecordingPort:
    """Any ``DevicePort``, with every operation and reply kept. The lengths of BARs are no operations."""

    def __init__(self, device: DevicePort) -> None:
        self._device = device
        self.calls: list[Call] = []
        self.replies: list[bytes] = []

    def admin(self, command: bytes, reply_len: int) -> bytes:
        """One command."""
        self.calls.append(Call("command", command, reply_len))
        reply = self._device.admin(command, reply_len)
        self.replies.append(reply)
        return reply

    def doorbell(self, bar_owner: int, bar: int, offset: int, queue: int) -> None:
        """One notification."""
        self.calls.append(Call("doorbell", queue.to_bytes(2, "little"), 0, bar_owner, bar, offset))
        self.replies.append(b"")
        self._device.doorbell(bar_owner, bar, offset, queue)

    def bar_len(self, bar_owner: int, bar: int) -> int:
        """Length of a BAR."""
        return self._device.bar_len(bar_owner, bar)

    def config_read(self, offset: int, length: int) -> bytes:
        """The member's own configuration space."""
        self.calls.append(Call("config-read", b"", length, offset=offset))
        own = self._device.config_read(offset, length)
        self.replies.append(own)
        return own

    def config_write(self, offset: int, data: bytes) -> None:
        """Write the member's own configuration space."""
        self.calls.append(Call("config-write", data, 0, offset=offset))
        self.replies.append(b"")
        self._device.config_write(offset, data)

    def take(self) -> tuple[tuple[Call, ...], tuple[bytes, ...]]:
        """Operations and replies since the last time."""
        taken = tuple(self.calls), tuple(self.replies)
        self.calls.clear()
        self.replies.clear()
        return taken


class ScriptedPort:
    """A device that answers as it is told, else status 0 and bytes that depend on every byte of the command.

    ``LEGACY_NOTIFY_INFO`` is answered with ``doorbells``. Configuration space keeps what is written.
    """

    def __init__(self, doorbells: Sequence[BarAddress] = ()) -> None:
        self.config = bytearray(_NOISE[: pci.CONFIG_SPACE_LEN])
        self.answers: list[Answer] = []
        self._addresses = tuple((_OWNERS[at.owner], at.bar, at.offset) for at in doorbells)

    def admin(self, command: bytes, reply_len: int) -> bytes:
        """The next answer, or the answer to any command."""
        answer = self.answers.pop(0) if self.answers else _ANY
        data = answer.data
        if data is None:
            if command[:2] == _NOTIFY_INFO:
                entries = b"".join(_ENTRY.pack(*address) for address in self._addresses)
                data = entries.ljust(commands.NOTIFY_ENTRIES * commands.NOTIFY_ENTRY_LEN, b"\0")
            else:
                start = zlib.crc32(command) % (len(_NOISE) - _ANSWER_MAX)
                data = _NOISE[start : start + _ANSWER_MAX]
        reply = _STATUS.pack(answer.status, answer.qualifier) + data
        return reply[:reply_len] if answer.used is None else reply[: answer.used].ljust(answer.used, b"\0")

    def doorbell(self, bar_owner: int, bar: int, offset: int, queue: int) -> None:
        """Nothing happens."""

    def bar_len(self, bar_owner: int, bar: int) -> int:
        """Long enough for what is advertised."""
        ends = [offset + 2 for owner, number, offset in self._addresses if (owner, number) == (bar_owner, bar)]
        return max(_SCRIPT_BAR_LEN, *ends) if ends else 0

    def config_read(self, offset: int, length: int) -> bytes:
        """Configuration space as it is."""
        return bytes(self.config[offset : offset + length])

    def config_write(self, offset: int, data: bytes) -> None:
        """Kept, up to the end of configuration space."""
        self.config[offset : offset + len(data)] = data[: max(len(self.config) - offset, 0)]


class _Scripted:
    """``device script``."""

    def __init__(self, device: ScriptDevice) -> None:
        self.port = ScriptedPort(device.doorbells)

    def interrupt(self, config: bool) -> None:
        raise ValueError("a scripted device has no interrupts")

    def reset(self) -> None:
        """A scripted device keeps nothing that a reset would clear."""

    def answer(self, answers: Sequence[Answer]) -> None:
        self.port.answers[:] = answers

    def state(self) -> DeviceState:
        return DeviceState((), bytes(self.port.config))

    def doubt(self) -> None:
        """A scripted device has no registers to be wrong."""


class _DpuMember:
    """``device dpu``: a DPU of equal members, of which the trace's own is the last and the only one with doorbells.

    The model's register file goes along (see ``mirror.py``).
    """

    def __init__(self, member: TraceMember, device: DpuDevice) -> None:
        if member.kind not in _TYPES:
            raise ValueError(f"the DPU has no device type {member.kind}")
        if not 1 <= member.group_member_id <= MAX_DPU_MEMBERS:
            raise ValueError(f"a DPU of a trace has members 1 to {MAX_DPU_MEMBERS}")
        if len(device.config) != device_type_named(member.kind).config_len:
            raise ValueError(
                f"the configuration of {member.kind} has {device_type_named(member.kind).config_len} bytes"
            )
        self._id = member.group_member_id
        others = [_description(member, device, ())] * (self._id - 1)
        self._dpu = Dpu([*others, _description(member, device, device.doorbells)])
        in_use = (member.commands & SUPPORTED).to_bytes(8, "little")
        self._dpu.owner.execute(admin_command(Opcode.LIST_USE, data=in_use), commands.REPLY_HEADER_LEN)
        self._mirror = Mirror(member, device)
        self.port = MirroredPort(self._dpu.port(self._id), self._mirror, lambda: self._dpu.owner.in_use)

    def interrupt(self, config: bool) -> None:
        registers = self._dpu.device(self._id).registers
        registers.config_changed() if config else registers.interrupt_queue()
        self._mirror.interrupt(config)

    def reset(self) -> None:
        self._dpu.reset(self._id)
        self._mirror.reset()

    def answer(self, answers: Sequence[Answer]) -> None:
        """A DPU answers for itself."""

    def state(self) -> DeviceState:
        return DeviceState(self._members(), self.port.config_read(0, pci.CONFIG_SPACE_LEN))

    def doubt(self) -> Doubt | None:
        return doubt_of(self._mirror, self._members())

    def _members(self) -> tuple[MemberSnapshot, ...]:
        return tuple(self._dpu.snapshot(number) for number in range(1, self._id + 1))


def _description(member: TraceMember, device: DpuDevice, doorbells: tuple[BarAddress, ...]) -> MemberDescription:
    return describe(
        member.kind,
        features=device.features,
        queues=device.queues,
        config=device.config,
        vectors=device.vectors,
        notify=tuple(NotifyAddress(_OWNERS[at.owner], at.bar, at.offset) for at in doorbells),
    )


def check_device(member: TraceMember, device: DpuDevice | ScriptDevice) -> None:
    """Raises ``ValueError`` for a device that cannot be."""
    if isinstance(device, DpuDevice):
        _DpuMember(member, device)
    elif len(device.doorbells) > commands.NOTIFY_ENTRIES:
        raise ValueError(f"NOTIFY_INFO has {commands.NOTIFY_ENTRIES} entries")


def device_of(trace: Trace) -> TraceDevice:
    """A fresh device for a trace."""
    if isinstance(trace.device, ScriptDevice):
        return _Scripted(trace.device)
    return _DpuMember(trace.member, trace.device)


def member_of(trace: Trace) -> Member:
    """What a relay is told when it opens."""
    member = trace.member
    return Member(
        member.group_member_id,
        member.commands,
        _TYPES[member.kind] if member.kind in _TYPES else int(member.kind, 0),
        member.config_len,
        member.parts_object,
    )
