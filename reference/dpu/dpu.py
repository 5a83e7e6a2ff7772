# SPDX-License-Identifier: Apache-2.0
"""The whole DPU: an owner, its members 1 to N, and the port through which a relay reaches one of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from straightwire.model.choices import LITERAL
from straightwire.model.commands import LEGACY_OPCODES, Opcode
from straightwire.model.snapshot import DpuSnapshot, MemberSnapshot
from straightwire.reference.abi import BarOwner, Member
from straightwire.reference.dpu.member import BARS, MemberDescription, MemberDevice, bars_holding, check_bars
from straightwire.reference.dpu.owner import LIST_OPCODES, Owner

SUPPORTED = LIST_OPCODES | sum(1 << opcode for opcode in (*LEGACY_OPCODES, Opcode.LEGACY_NOTIFY_INFO))
"""Opcodes 0 to 6. With LEGACY_NOTIFY_INFO come all four legacy accesses (LD1, LD8)."""


class Dpu:
    """An owner and its members.

    ``supported`` are the owner's opcodes, ``owner_bars`` the lengths of its six BARs in bytes: left out,
    they just hold the notification addresses that members advertise in them. ``strict`` names choices
    (``straightwire.model.choices``) to take literally. Raises ``ValueError`` where an address lies outside its BAR
    or is advertised twice in the owner's, and for a choice that has no literal reading.
    """

    def __init__(
        self,
        members: Sequence[MemberDescription],
        *,
        supported: int = SUPPORTED,
        owner_bars: tuple[int, ...] | None = None,
        strict: Iterable[str] = (),
    ) -> None:
        literal = frozenset(strict)
        if literal - LITERAL:
            raise ValueError(f"no literal reading of {', '.join(sorted(literal - LITERAL))}")
        whole_fields = "B1" in literal
        self._members = tuple(MemberDevice(description, whole_fields=whole_fields) for description in members)
        self.owner = Owner(self._members, supported, literal)
        # An address in the owner's BAR says by itself whose queue is meant (virtio 1.4, 2.13.1).
        advertised = [
            (at, member)
            for member in self._members
            for at in member.description.notify
            if at.bar_owner == BarOwner.OWNER
        ]
        self._owner_doorbells = {(at.bar, at.offset): member for at, member in advertised}
        if len(self._owner_doorbells) < len(advertised):
            raise ValueError("a notification address is advertised twice")
        in_owner = [at for at, _ in advertised]
        self._owner_bars = bars_holding(in_owner, {}) if owner_bars is None else owner_bars
        check_bars(self._owner_bars, in_owner)

    def device(self, member_id: int) -> MemberDevice:
        """The member with this id, 1 to N; ``ValueError`` for another."""
        if not 1 <= member_id <= len(self._members):
            raise ValueError(f"no member {member_id}")
        return self._members[member_id - 1]

    def port(self, member_id: int) -> MemberPort:
        """The device side of a relay on this member."""
        return MemberPort(self, self.device(member_id))

    def attachment(self, member_id: int) -> Member:
        """What the owner's driver tells a relay that opens this member: the list in use as it is now."""
        legacy = self.device(member_id).description.legacy
        return Member(member_id, self.owner.in_use, legacy.device_type.virtio_id, len(legacy.config))

    def snapshot(self, member_id: int) -> MemberSnapshot:
        """All register-level state of one member."""
        return self.device(member_id).snapshot()

    def whole_snapshot(self) -> DpuSnapshot:
        """All state of the owner and of every member. Administration virtqueues have snapshots of their own."""
        members = tuple(member.device_snapshot() for member in self._members)
        return DpuSnapshot(self.owner.in_use, self.owner.vf_enable, members)

    def reset(self, member_id: int) -> None:
        """Function-level reset of one member (B25); the others and the owner do not notice."""
        self.device(member_id).reset()

    def bar_len(self, member: MemberDevice, bar_owner: int, bar: int) -> int:
        """Length of a BAR of the owner or of the member; 0 where there is none."""
        if bar >= BARS:
            return 0
        if bar_owner == BarOwner.OWNER:
            return self._owner_bars[bar]
        return member.description.bar_lengths[bar] if bar_owner == BarOwner.MEMBER else 0

    def ring(self, member: MemberDevice, bar_owner: int, bar: int, offset: int, queue: int) -> None:
        """A 16-bit write to a BAR of the owner or of ``member``.

        At an advertised address it is the same as opcode 2 at Queue Notify (LD7), elsewhere it has no effect.
        """
        target: MemberDevice | None = None
        if bar_owner == BarOwner.OWNER:
            target = self._owner_doorbells.get((bar, offset))
        elif any((at.bar_owner, at.bar, at.offset) == (bar_owner, bar, offset) for at in member.description.notify):
            target = member
        if target is not None:
            target.registers.notify(queue)


class MemberPort:
    """One member as a relay reaches it (protocol ``DevicePort``)."""

    def __init__(self, dpu: Dpu, member: MemberDevice) -> None:
        self._dpu = dpu
        self._member = member

    def admin(self, command: bytes, reply_len: int) -> bytes:
        """One command on the owner's administration virtqueue; it names its member itself."""
        return self._dpu.owner.execute(command, reply_len)

    def doorbell(self, bar_owner: int, bar: int, offset: int, queue: int) -> None:
        """A 16-bit write of ``queue`` to the owner's or this member's BAR."""
        self._dpu.ring(self._member, bar_owner, bar, offset, queue)

    def bar_len(self, bar_owner: int, bar: int) -> int:
        """Length of the owner's or this member's BAR; 0 where there is none."""
        return self._dpu.bar_len(self._member, bar_owner, bar)

    def config_read(self, offset: int, length: int) -> bytes:
        """This member's own configuration space."""
        return self._member.config_space.read(offset, length)

    def config_write(self, offset: int, data: bytes) -> None:
        """Write this member's own configuration space."""
        self._member.config_space.write(offset, data)
