# SPDX-License-Identifier: Apache-2.0
"""The two devices of the data path's comparison: QEMU's, and the reference device behind the reference relay.

Both have the same guest memory: ``MEMORY_LEN`` bytes from address 0, of zeros at first.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from struct import Struct

from straightwire.model import commands, pci, registers
from straightwire.model.commands import GROUP_SRIOV, Opcode
from straightwire.reference.abi import BarOwner
from straightwire.reference.dpu import config_space
from straightwire.reference.dpu.data_path import Behaviour, DataPath
from straightwire.reference.dpu.dpu import SUPPORTED, Dpu
from straightwire.reference.dpu.member import RING_FEATURES, NotifyAddress, describe
from straightwire.reference.dpu.memory import GuestMemory
from straightwire.reference.oracle.data_driver import MEMORY_LEN, MESSAGES
from straightwire.reference.oracle.data_steps import Outside
from straightwire.reference.oracle.data_worlds import OurWorld, QemuWorld, behaviour_features
from straightwire.reference.oracle.decoding import BAD_FEATURE, BAR1
from straightwire.reference.oracle.face import BAR0_PORT, Face
from straightwire.reference.oracle.qemu import Qemu
from straightwire.reference.oracle.qtest import read_memory, read_port, write_memory, write_port
from straightwire.reference.oracle.scripts import COMMAND_ON, ConfigWrite, command, msix
from straightwire.reference.relay import ReferenceSubject

_LIST_USE = Struct("<HH20xQ")  # opcode, group type, no member, the list
_DOORBELL = NotifyAddress(BarOwner.MEMBER, 4, 0x3000)
_MEMBER = 1
_TABLE_AT = 0xFEB00000
"""BAR1 of QEMU's device, with the MSI-X table."""
_ENTRY = Struct("<QII")
_MESSAGE = 0x5A000001
"""What a message writes, plus its vector."""
_WAIT = 1.0
"""Seconds that QEMU has for what the reference device has done already; it needs a thousandth of one."""
_PAUSE = 0.0005
_CHANCES = 3
"""Rounds of QEMU's main loop in which it can do what the reference device has not done."""


def offered(face: Face) -> int:
    """The features that both devices have: those of QEMU's that the reference device can carry out."""
    return face.host_features & (behaviour_features(face.device_type) | RING_FEATURES) & ~BAD_FEATURE


class OurSide:
    """The reference device with its data path, behind the reference relay."""

    def __init__(self, face: Face, world: OurWorld) -> None:
        member = describe(
            face.device_type.name,
            features=offered(face),
            queues=face.queue_sizes,
            config=face.config,
            vectors=max(face.vectors, 1),
            notify=(_DOORBELL,),
        )
        self._world = world
        self._memory = GuestMemory.of_size(MEMORY_LEN)
        self._sent: set[int] = set()
        self._dpu = Dpu([member])
        use = _LIST_USE.pack(Opcode.LIST_USE, GROUP_SRIOV, SUPPORTED)
        self._dpu.owner.execute(use, commands.REPLY_HEADER_LEN)
        self._device = self._dpu.device(_MEMBER)
        self._device.plug(self._memory, self._make, self._sent.add)
        self._relay = ReferenceSubject().open(self._dpu.port(_MEMBER), self._dpu.attachment(_MEMBER))
        self._relay.config_write(pci.COMMAND, COMMAND_ON.to_bytes(2, "little"))

    def _make(self, path: DataPath) -> Behaviour:
        return self._world.make(path, self._memory)

    def read(self, offset: int, length: int) -> int:
        outcome = self._relay.bar_read(offset, length)
        return int.from_bytes(outcome.payload if outcome.result >= 0 else b"\xff" * length, "little")

    def write(self, offset: int, data: bytes) -> None:
        self._relay.bar_write(offset, data)

    def msix(self, *, enabled: bool) -> None:
        bits = config_space.MSIX_ENABLE if enabled else 0
        self._relay.config_write(config_space.MSIX_CONTROL, bits.to_bytes(2, "little"))
        self._relay.set_msix(self._device.config_space.msix_enabled)

    def memory(self, address: int, length: int) -> bytes:
        return self._memory.read(address, length)

    def put(self, address: int, data: bytes) -> None:
        self._memory.write(address, data)

    def outside(self, event: Outside) -> None:
        self._world.carry_out(event)

    def settle(self, wanted: Sequence[tuple[int, int]]) -> None:
        """It has done all it does."""

    def messages(self) -> frozenset[int]:
        sent = frozenset(self._sent)
        self._sent.clear()
        return sent

    def outcome(self) -> object:
        return self._world.outcome()

    def close(self) -> None:
        """Nothing is open."""


class QemuSide:
    """One QEMU, which is new: scripts do not follow one another on it."""

    def __init__(self, program: str, face: Face, world: QemuWorld) -> None:
        self._qemu = Qemu(program, face.device_type, world)
        self._world = world
        self._commands: list[str] = []
        self._vectors = face.vectors
        self._never: set[int] = set()
        """Used indices that were waited for in vain: a script goes on to a reset, which gives others."""
        try:
            try:
                world.started(self._qemu)
            except OSError as error:
                raise self._qemu.died(f"does not connect: {error.strerror or error}") from None
            steps = [ConfigWrite(pci.BAR0, face.bar0.to_bytes(4, "little")), command(COMMAND_ON)]
            if face.vectors:
                steps.insert(1, ConfigWrite(BAR1, _TABLE_AT.to_bytes(4, "little")))
            self._qemu.run(steps)
        except BaseException:
            self.close()
            raise
        for vector in range(face.vectors):
            entry = _ENTRY.pack(MESSAGES + 4 * vector, _MESSAGE + vector, 0)
            self.put(_TABLE_AT + _ENTRY.size * vector, entry)

    def read(self, offset: int, length: int) -> int:
        return self._now(read_port(BAR0_PORT + offset, length))

    def write(self, offset: int, data: bytes) -> None:
        self._commands.append(write_port(BAR0_PORT + offset, len(data), int.from_bytes(data, "little")))

    def msix(self, *, enabled: bool) -> None:
        self._now()
        self._qemu.run([msix(config_space.MSIX_ENABLE if enabled else 0)])

    def memory(self, address: int, length: int) -> bytes:
        return self._now(read_memory(address, length)).to_bytes(length, "big") if length else b""

    def put(self, address: int, data: bytes) -> None:
        self._commands.append(write_memory(address, data))

    def outside(self, event: Outside) -> None:
        self._now()
        try:
            self._world.carry_out(event)
        except OSError as error:
            raise self._qemu.died(f"does not take it that {event.event.value}: {error.strerror or error}") from None

    def settle(self, wanted: Sequence[tuple[int, int]]) -> None:
        self._qemu.manage("query-status", {})
        for _ in range(_CHANCES):
            self.read(registers.STATUS.offset, registers.STATUS.size)
        until = time.monotonic() + _WAIT
        waiting = [(address, value) for address, value in wanted if address not in self._never]
        while waiting := [(address, value) for address, value in waiting if self._behind(address, value)]:
            if time.monotonic() > until:
                self._never.update(address for address, _ in waiting)
                return
            time.sleep(_PAUSE)

    def _behind(self, address: int, value: int) -> bool:
        """Whether the used index there has still to come up to this value."""
        return 0 < (value - int.from_bytes(self.memory(address, 2), "little")) % 0x10000 < 0x8000

    def messages(self) -> frozenset[int]:
        if not self._vectors:
            return frozenset()
        area = self.memory(MESSAGES, 4 * self._vectors)
        values = (int.from_bytes(area[4 * vector : 4 * vector + 4], "little") for vector in range(self._vectors))
        found = frozenset(vector for vector, value in enumerate(values) if value == _MESSAGE + vector)
        if found:
            self.put(MESSAGES, bytes(len(area)))
        return found

    def outcome(self) -> object:
        self._now()
        return self._world.outcome()

    def close(self) -> None:
        self._qemu.close()

    def _now(self, command: str | None = None) -> int:
        """Carry out what was put off, then this; its value."""
        commands_ = self._commands + ([command] if command else [])
        self._commands = []
        return self._qemu.ask(commands_)[-1] if commands_ else 0
