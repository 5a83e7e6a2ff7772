# SPDX-License-Identifier: Apache-2.0
"""The host's driver of an owner: puts commands into its administration virtqueue and takes the replies out.

Lengths are in bytes. Source: virtio 1.4, 2.13, seen from the driver.
"""

from __future__ import annotations

from struct import Struct

from straightwire.model import commands
from straightwire.model.commands import Opcode, Status
from straightwire.reference.abi import DevicePort, ForwardingPort
from straightwire.reference.dpu.admin_queue import AdminQueue
from straightwire.reference.dpu.dpu import Dpu
from straightwire.reference.dpu.memory import GuestMemory, Memory
from straightwire.reference.dpu.virtqueue import legacy_layout
from straightwire.reference.guest import GuestQueue

_HEADER = Struct("<HH12xQ")
_STATUS = Struct("<HH")
_LIST_LEN = 8

QUEUE_SIZE = 64
_MEMORY = 1 << 20
_ROOM = 1 << 16


class CommandFailed(Exception):
    """A command came back with a status other than OK; ``status`` and ``qualifier`` as the device gave them."""

    def __init__(self, opcode: int, status: int, qualifier: int) -> None:
        super().__init__(f"command {opcode:#x} failed with status {status}, qualifier {qualifier}")
        self.status = status
        self.qualifier = qualifier


def admin_command(opcode: int, member_id: int = 0, data: bytes = b"") -> bytes:
    """The bytes of a command to the SR-IOV group."""
    return _HEADER.pack(opcode, commands.GROUP_SRIOV, member_id) + data


class OwnerDriver:
    """A driver on an administration virtqueue; ``memory`` is the host's, with ``ring`` in it."""

    def __init__(self, queue: AdminQueue, ring: GuestQueue, memory: Memory) -> None:
        self._queue = queue
        self._ring = ring
        self._memory = memory
        self._waiting: dict[int, tuple[int, int]] = {}
        self._reported = 0

    @classmethod
    def attached(cls, dpu: Dpu) -> OwnerDriver:
        """A driver with a queue of its own in fresh host memory: what is needed to talk to a DPU."""
        memory = GuestMemory.of_size(_MEMORY)
        queue = AdminQueue(dpu.owner, memory, legacy_layout(1, QUEUE_SIZE))
        return cls(queue, GuestQueue(memory, 1, QUEUE_SIZE, _ROOM), memory)

    def submit(self, command: bytes, reply_len: int) -> int:
        """Make a command available, and no more; the number under which its reply will be there."""
        (_, reply) = self._ring.add([command], [reply_len])
        self._waiting[self._ring.last_head] = reply, reply_len
        return self._ring.last_head

    def notify(self) -> None:
        """Ring the bell of the queue until the device has seen all there is."""
        self._queue.notified()
        while self._queue.unfinished:
            self._queue.notified()

    def replies(self) -> dict[int, bytes]:
        """What came back since the last time, in the order in which it did: the bytes that were written."""
        found = {}
        for used in self._ring.used():
            address, reply_len = self._waiting.pop(used.head)
            found[used.head] = self._memory.read(address, min(used.written, reply_len))
        if not self._waiting:
            self._ring.rewind()
        return found

    def execute(self, command: bytes, reply_len: int) -> bytes:
        """One command, and its reply. Raises ``ConnectionError`` where the device does not answer."""
        number = self.submit(command, reply_len)
        self.notify()
        replies = self.replies()
        if number not in replies:
            raise ConnectionError("the administration virtqueue does not answer")
        return replies[number]

    def list_query(self) -> int:
        """The commands that the owner supports: bit n is opcode n. Raises ``CommandFailed``."""
        self._reported = int.from_bytes(self._result(Opcode.LIST_QUERY, b"", _LIST_LEN), "little")
        return self._reported

    def list_use(self, opcodes: int) -> None:
        """Use these commands from now on, of those that ``list_query`` reports.

        Raises ``CommandFailed``, and ``ValueError`` for what a driver must not do: with another command in flight
        (GR3), or with commands that the owner did not report (GR5).
        """
        if self._waiting:
            raise ValueError("LIST_USE is not sent while another command is in flight")
        if opcodes & ~self._reported:
            raise ValueError(f"commands {opcodes & ~self._reported:#x} were not reported")
        self._result(Opcode.LIST_USE, opcodes.to_bytes(_LIST_LEN, "little"), 0)

    def port(self, member: DevicePort) -> QueuedPort:
        """A member's port whose commands go through this queue."""
        return QueuedPort(self, member)

    def _result(self, opcode: Opcode, data: bytes, length: int) -> bytes:
        reply = self.execute(admin_command(opcode, data=data), commands.REPLY_HEADER_LEN + length)
        status, qualifier = _STATUS.unpack_from(reply.ljust(_STATUS.size, b"\0"))  # QR5
        if status != Status.OK:
            raise CommandFailed(opcode, status, qualifier)
        return reply[commands.REPLY_HEADER_LEN :]


class QueuedPort(ForwardingPort):
    """A member as a relay reaches it, its commands through an administration virtqueue."""

    def __init__(self, driver: OwnerDriver, member: DevicePort) -> None:
        super().__init__(member)
        self._driver = driver

    def admin(self, command: bytes, reply_len: int) -> bytes:
        """One command through the ring."""
        return self._driver.execute(command, reply_len)
