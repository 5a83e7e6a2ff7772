# SPDX-License-Identifier: Apache-2.0
"""The relay, readable: one guest access becomes one operation, and its reply becomes the outcome.

This is the contract's instance for legacy virtio (rules 1 to 9) behind the plug-in ABI of
``relay_abi.h``. It keeps transport state only: I/O decode, BAR0, the MSI-X layout and the doorbell's
address. Offsets and lengths are in bytes; everything on the wire is little-endian.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from struct import Struct
from threading import RLock
from typing import Concatenate, ParamSpec, TypeVar

from straightwire.model import commands, pci, registers
from straightwire.model.commands import Opcode, SwError
from straightwire.reference.abi import BarOwner, DevicePort, Member, Outcome, RelayError

# Every structure starts with the command header: opcode, group type, 12 reserved bytes, member id.
# Reserved bytes leave as zeros (C-READ); no structure is padded (A1).
_HEADER = Struct("<HH12xQ")
_LEGACY_READ = Struct("<HH12xQ B")  # offset
_LEGACY_WRITE = Struct("<HH12xQ B7x")  # offset; the data follow
_MODE_SET = Struct("<HH12xQ B")  # flags
_OBJECT = Struct("<HH12xQ H2xI")  # object type, object id; of PARTS_SET the parts follow
_OBJECT_CREATE = Struct("<HH12xQ H2xIQB7x")  # the same, flags, type of the parts object
_OBJECT_GET = Struct("<HH12xQ H2xIB7x")  # the same, what to get
_NOTIFY_ENTRY = Struct("<BB6xQ")  # flags, bar, offset in the BAR

_NOTIFY_RESULT_LEN = commands.NOTIFY_ENTRIES * commands.NOTIFY_ENTRY_LEN
_LEGACY_COMMANDS = sum(1 << opcode for opcode in commands.LEGACY_OPCODES)
_MIGRATION_COMMANDS = sum(1 << opcode for opcode in commands.MIGRATION_OPCODES)
_DEVICE_IDS = frozenset(known.virtio_id for known in registers.DEVICE_TYPES)

_NO_ACCESS = Outcome(0)
_REFUSED = Outcome(SwError.REFUSED)
_NOTSUP = Outcome(SwError.NOTSUP)

_P = ParamSpec("_P")
_R = TypeVar("_R")


@dataclass(frozen=True)
class Doorbell:
    """A notification address: ``offset`` bytes into BAR ``bar`` of the owner or of the member (virtio 1.4, 2.13.1)."""

    bar_owner: int
    bar: int
    offset: int


def _result(reply: bytes) -> int:
    """The reply's status as a return value: 0, or -(0x10000 + status); the qualifier plays no part (C-STATUS).

    What a short reply leaves out of the status counts as zero (A13, QR5).
    """
    status = int.from_bytes(reply[:2], "little")
    return -(commands.STATUS_BASE + status) if status else 0


def find_doorbell(device: DevicePort, group_member_id: int) -> Doorbell | None:
    """Ask LEGACY_NOTIFY_INFO once and take the first entry that LR5 and LR6 let stand; ``None`` where none does.

    A command that fails leaves the relay without a doorbell (rule 8).
    """
    command = _HEADER.pack(Opcode.LEGACY_NOTIFY_INFO, commands.GROUP_SRIOV, group_member_id)
    reply_len = commands.REPLY_HEADER_LEN + _NOTIFY_RESULT_LEN
    reply = device.admin(command, reply_len)
    if _result(reply):
        return None
    entries = reply[commands.REPLY_HEADER_LEN : reply_len].ljust(_NOTIFY_RESULT_LEN, b"\0")  # A13
    first_bar, last_bar = commands.NOTIFY_BARS
    for flags, bar, offset in _NOTIFY_ENTRY.iter_unpack(entries):
        if flags == 0:
            return None  # LR5: this entry and all that follow are void
        # LR6, in the order that asks for the length of no BAR that cannot be.
        if (
            flags in (BarOwner.OWNER, BarOwner.MEMBER)
            and first_bar <= bar <= last_bar
            and offset % commands.NOTIFY_ALIGN == 0
            and offset + commands.NOTIFY_LEN <= device.bar_len(flags, bar)
        ):
            return Doorbell(flags, bar, offset)
    return None


def _whole(method: Callable[Concatenate[ReferenceRelay, _P], _R]) -> Callable[Concatenate[ReferenceRelay, _P], _R]:
    """Each call whole before the next begins, whichever thread it comes from (C-ORDER); none after close."""

    @wraps(method)
    def call(self: ReferenceRelay, /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        with self._turn:
            if self._closed:
                raise RuntimeError("the relay is closed")
            return method(self, *args, **kwargs)

    return call


class ReferenceRelay:
    """One open relay (protocol ``Relay``). Every call after ``close`` raises ``RuntimeError``.

    Opened by ``ReferenceSubject.open``: I/O decode and MSI-X are off, BAR0 is 0.
    """

    def __init__(self, device: DevicePort, member: Member, doorbell: Doorbell | None) -> None:
        self._device = device
        self._member_id = member.group_member_id
        self._doorbell = doorbell
        self._can_migrate = member.commands & _MIGRATION_COMMANDS == _MIGRATION_COMMANDS
        self._object_id = member.parts_object_id
        # Rule 1: the next power of two that holds 24 bytes of registers and the whole device configuration.
        self._window = 1 << (registers.SPLIT_MSIX_ON + member.device_config_len - 1).bit_length()
        device_id = registers.device_type(member.virtio_device_id).pci_device_id
        self._identity = (
            (pci.DEVICE_ID, device_id.to_bytes(2, "little")),
            (pci.REVISION_ID, bytes((pci.TRANSITIONAL_REVISION,))),
            (pci.SUBSYSTEM_VENDOR_ID, pci.VIRTIO_VENDOR.to_bytes(2, "little")),
            (pci.SUBSYSTEM_ID, member.virtio_device_id.to_bytes(2, "little")),
        )
        self._decode = False
        self._bar0 = bytearray(4)  # as the guest wrote it; masked when it is read
        self._split = registers.SPLIT_MSIX_OFF
        self._closed = False
        self._turn = RLock()  # re-entrant: a host may report an MSI-X change from within config_write

    # Guest accesses to BAR0.

    @_whole
    def bar_size(self) -> int:
        """The window's length: a power of two from 32 to 256 (rule 1)."""
        return self._window

    @_whole
    def bar_read(self, offset: int, length: int) -> Outcome:
        """Read BAR0: one read command, or SW_REFUSED where PCI does not decode the access (C-ONCE, C-REFUSE)."""
        if length == 0:
            return _NO_ACCESS
        if not self._decode or offset + length > self._window:
            return _REFUSED
        # Rule 3: the first byte alone decides. The device rejects what straddles (B20).
        if offset < self._split:
            opcode = Opcode.LEGACY_COMMON_CFG_READ
        else:
            opcode = Opcode.LEGACY_DEV_CFG_READ
            offset -= self._split
        command = _LEGACY_READ.pack(opcode, commands.GROUP_SRIOV, self._member_id, offset)
        reply_len = commands.REPLY_HEADER_LEN + length
        reply = self._device.admin(command, reply_len)
        failed = _result(reply)
        if failed:
            return Outcome(failed)
        return Outcome(length, reply[commands.REPLY_HEADER_LEN : reply_len].ljust(length, b"\0"))  # A13, C-RESIDUE

    @_whole
    def bar_write(self, offset: int, data: bytes) -> Outcome:
        """Write BAR0: one doorbell or one write command, or SW_REFUSED (C-ONCE, C-WRITE, C-REFUSE)."""
        length = len(data)
        if length == 0:
            return _NO_ACCESS
        if not self._decode or offset + length > self._window:
            return _REFUSED
        notify = registers.QUEUE_NOTIFY
        if self._doorbell is not None and offset == notify.offset and length == notify.size:
            # Rule 4 and LR4; LD7 makes this the same as the command.
            bell = self._doorbell
            self._device.doorbell(bell.bar_owner, bell.bar, bell.offset, int.from_bytes(data, "little"))
            return Outcome(length)
        if offset < self._split:
            opcode = Opcode.LEGACY_COMMON_CFG_WRITE
        else:
            opcode = Opcode.LEGACY_DEV_CFG_WRITE
            offset -= self._split
        command = _LEGACY_WRITE.pack(opcode, commands.GROUP_SRIOV, self._member_id, offset) + data
        failed = _result(self._device.admin(command, commands.REPLY_HEADER_LEN))
        return Outcome(failed or length)

    # Guest accesses to PCI configuration space: not gated by decode, one configuration operation each.

    @_whole
    def config_read(self, offset: int, length: int) -> Outcome:
        """Read the member's own configuration space under the overlay of rule 6; SW_REFUSED past 256 bytes."""
        if length == 0:
            return _NO_ACCESS
        if offset + length > pci.CONFIG_SPACE_LEN:
            return _REFUSED
        own = self._device.config_read(offset, length)[:length].ljust(length, b"\0")
        return Outcome(length, self._overlaid(offset, own))

    @_whole
    def config_write(self, offset: int, data: bytes) -> Outcome:
        """Write configuration space verbatim; the shadows follow for exactly the bytes written (C-CONFIG)."""
        length = len(data)
        if length == 0:
            return _NO_ACCESS
        if offset + length > pci.CONFIG_SPACE_LEN:
            return _REFUSED
        self._device.config_write(offset, data)
        for place, byte in enumerate(data, offset):
            if place == pci.COMMAND:
                self._decode = bool(byte & pci.COMMAND_IO)
            elif pci.BAR0 <= place < pci.BAR0 + len(self._bar0):
                self._bar0[place - pci.BAR0] = byte
        return Outcome(length)

    def _overlaid(self, offset: int, own: bytes) -> bytes:
        """The member's bytes at ``offset`` as the guest is to see them: a function of transport state alone."""
        bar0 = int.from_bytes(self._bar0, "little") & -self._window | pci.BAR_IO
        shown = bytearray(own)
        for place, value in (*self._identity, (pci.BAR0, bar0.to_bytes(4, "little"))):
            for index, byte in enumerate(value, place - offset):
                if 0 <= index < len(shown):
                    shown[index] = byte
        command = pci.COMMAND - offset
        if 0 <= command < len(shown):
            shown[command] = shown[command] & ~pci.COMMAND_IO | (pci.COMMAND_IO if self._decode else 0)
        return bytes(shown)

    # Transport events: none of them issues an operation (C-INIT).

    @_whole
    def set_msix(self, enabled: bool) -> None:
        """The member's MSI-X Enable changed: the device configuration moves to 24 or back to 20 (rule 2)."""
        self._split = registers.SPLIT_MSIX_ON if enabled else registers.SPLIT_MSIX_OFF

    @_whole
    def reset(self) -> None:
        """Function-level reset has completed: decode and BAR0 are cleared as PCI does, and nothing else (rule 7)."""
        self._decode = False
        self._bar0[:] = bytes(4)

    @_whole
    def tick(self) -> None:
        """The host has time to spare; a relay has nothing to do with it (C-INIT)."""

    # Host requests: exactly the commands the ABI lists, and no policy.

    @_whole
    def stop(self, stopped: bool) -> Outcome:
        """One DEV_MODE_SET. 0, SW_NOTSUP or the device's status."""
        if not self._can_migrate:
            return _NOTSUP
        flags = commands.MODE_STOPPED if stopped else 0
        command = _MODE_SET.pack(Opcode.DEV_MODE_SET, commands.GROUP_SRIOV, self._member_id, flags)
        return Outcome(_result(self._device.admin(command, commands.REPLY_HEADER_LEN)))

    @_whole
    def save(self, cap: int) -> Outcome:
        """The device's parts, at most ``cap`` bytes; with ``cap`` 0 their size. SW_TOOSMALL where they do not fit.

        The parts are opaque: no branch looks into them (C-OPAQUE).
        """
        if not self._can_migrate:
            return _NOTSUP
        return self._with_object(commands.PARTS_TYPE_GET, lambda: self._get_parts(cap))

    @_whole
    def load(self, parts: bytes) -> Outcome:
        """Give the device these parts, in one PARTS_SET. 0, SW_NOTSUP or the device's status."""
        if not self._can_migrate:
            return _NOTSUP
        return self._with_object(commands.PARTS_TYPE_SET, lambda: self._set_parts(parts))

    @_whole
    def close(self) -> None:
        """Detach. Issues nothing (C-INIT); every later call, a second close included, is a programming error."""
        self._closed = True

    def _object_command(self, layout: Struct, opcode: Opcode, *fields: int) -> bytes:
        """A command on the parts object that the owner's driver reserved for this relay (virtio 1.4, 2.13)."""
        return layout.pack(
            opcode, commands.GROUP_SRIOV, self._member_id, commands.OBJECT_DEV_PARTS, self._object_id, *fields
        )

    def _with_object(self, parts_type: int, use: Callable[[], Outcome]) -> Outcome:
        """Create the parts object, use it, destroy it; the first failure is the result, the destruction's included."""
        create = self._object_command(_OBJECT_CREATE, Opcode.RESOURCE_OBJ_CREATE, 0, parts_type)
        failed = _result(self._device.admin(create, commands.REPLY_HEADER_LEN))
        if failed:
            return Outcome(failed)
        used = use()
        destroy = self._object_command(_OBJECT, Opcode.RESOURCE_OBJ_DESTROY)
        failed = _result(self._device.admin(destroy, commands.REPLY_HEADER_LEN))
        return Outcome(failed) if failed and used.result >= 0 else used

    def _get_parts(self, cap: int) -> Outcome:
        """METADATA_GET(SIZE) and, where ``cap`` suffices and is not 0, PARTS_GET(ALL)."""
        ask = self._object_command(_OBJECT_GET, Opcode.DEV_PARTS_METADATA_GET, commands.METADATA_SIZE)
        reply = self._device.admin(ask, commands.REPLY_HEADER_LEN + commands.METADATA_SIZE_RESULT_LEN)
        failed = _result(reply)
        if failed:
            return Outcome(failed)
        size_part = commands.METADATA_SIZE_RESULT[0]
        size = int.from_bytes(reply[commands.REPLY_HEADER_LEN :][: size_part.size], "little")
        if cap == 0:
            return Outcome(size)
        if cap < size:
            return Outcome(SwError.TOOSMALL)
        reply_len = commands.REPLY_HEADER_LEN + cap
        get = self._object_command(_OBJECT_GET, Opcode.DEV_PARTS_GET, commands.PARTS_GET_ALL)
        reply = self._device.admin(get, reply_len)
        failed = _result(reply)
        if failed:
            return Outcome(failed)
        # As many bytes as the device wrote: here the used length is the answer, not a cut.
        parts = reply[commands.REPLY_HEADER_LEN : reply_len]
        return Outcome(len(parts), parts)

    def _set_parts(self, parts: bytes) -> Outcome:
        """One DEV_PARTS_SET with exactly these bytes."""
        command = self._object_command(_OBJECT, Opcode.DEV_PARTS_SET) + parts
        return Outcome(_result(self._device.admin(command, commands.REPLY_HEADER_LEN)))


class ReferenceSubject:
    """The reference as a subject to be proved, fuzzed and judged (protocol ``Subject``)."""

    name = "reference"

    def open(self, device: DevicePort, member: Member) -> ReferenceRelay:
        """Attach to one member; issues NOTIFY_INFO at most (rule 8).

        Raises ``RelayError``: SW_INVALID for a device id outside 1..5 or a device configuration over 232
        bytes, then SW_NOTSUP without opcodes 2 to 5 in use. The member id is the device's to check.
        """
        if member.virtio_device_id not in _DEVICE_IDS or member.device_config_len > registers.MAX_DEVICE_CONFIG:
            raise RelayError(SwError.INVALID)
        if member.commands & _LEGACY_COMMANDS != _LEGACY_COMMANDS:
            raise RelayError(SwError.NOTSUP)
        doorbell = None
        if member.commands >> Opcode.LEGACY_NOTIFY_INFO & 1:
            doorbell = find_doorbell(device, member.group_member_id)
        return ReferenceRelay(device, member, doorbell)
