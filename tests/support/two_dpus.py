# SPDX-License-Identifier: Apache-2.0
"""The native DPU and the reference DPU side by side: the same commands, doorbells, events and memory for both.

Each of the two has its own copy of the guest's memory and its own other sides. After every step all that can be
observed has to be the same: the answer, the whole snapshot, guest memory, messages and output, and the disk.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from straightwire.model.snapshot import (
    BalloonSnapshot,
    BlkSnapshot,
    ConsoleSnapshot,
    DeviceSnapshot,
    MemberSnapshot,
    NetSnapshot,
    QueueSnapshot,
    RingSnapshot,
    RngSnapshot,
)
from straightwire.native.dpu import NativeDpu, NativeMember, Plug
from straightwire.native.dpu import NotifyAddress as NativeAddress
from straightwire.reference.dpu.data_path import DataPath
from straightwire.reference.dpu.devices.balloon import Balloon, balloon_config
from straightwire.reference.dpu.devices.blk import Blk, blk_config
from straightwire.reference.dpu.devices.console import Console, console_config
from straightwire.reference.dpu.devices.disk import MemoryDisk
from straightwire.reference.dpu.devices.net import Net, net_config
from straightwire.reference.dpu.devices.rng import Rng, seeded
from straightwire.reference.dpu.dpu import Dpu
from straightwire.reference.dpu.member import RING_FEATURES, MemberDescription, describe
from straightwire.reference.dpu.memory import GuestMemory, Region

MAC = b"\x52\x54\x00\x00\x00\x01"
SECTORS = 64

TYPES: dict[str, type[Any]] = {"net": Net, "blk": Blk, "console": Console, "rng": Rng, "balloon": Balloon}
CONFIGS: dict[str, bytes] = {
    "net": net_config(MAC),
    "blk": blk_config(SECTORS, max_discard_seg=2, max_write_zeroes_seg=2, max_write_zeroes_sectors=8),
    "console": console_config(80, 25),
    "rng": b"",
    "balloon": balloon_config(16),
}

_SNAPSHOTS: dict[str, Callable[..., Any]] = {
    "net": NetSnapshot,
    "blk": BlkSnapshot,
    "console": ConsoleSnapshot,
    "rng": RngSnapshot,
    "balloon": BalloonSnapshot,
}


def offered(kind: str, *, read_only: bool = False) -> int:
    """Every feature that a device of this type can carry out."""
    features = int(TYPES[kind].features) | RING_FEATURES
    return features if read_only or kind != "blk" else features & ~(1 << 5)


class LoggedDisk(MemoryDisk):
    """A disk that logs when it is flushed, and fails while told to. Its content is compared as it is."""

    def __init__(self, log: list[tuple[Any, ...]]) -> None:
        super().__init__(bytearray(b"".join(bytes([sector + 1]) * 512 for sector in range(SECTORS))))
        self.failing = False
        self._log = log

    def _may_fail(self) -> None:
        if self.failing:
            raise OSError("as told")

    def read(self, offset: int, length: int) -> bytes:
        self._may_fail()
        return super().read(offset, length)

    def write(self, offset: int, data: bytes) -> None:
        self._may_fail()
        super().write(offset, data)

    def flush(self) -> None:
        self._may_fail()
        self._log.append(("flush",))


class Supply:
    """Entropy from a seed that can run dry."""

    def __init__(self) -> None:
        self._source = seeded(1)
        self.stock: int | None = None

    def __call__(self, length: int) -> bytes:
        if self.stock is not None:
            length = min(length, self.stock)
            self.stock -= length
        return self._source(length)


@dataclass
class Outside:
    """One DPU's other sides: guest memory, and what came out."""

    ranges: Sequence[tuple[int, int]]
    log: list[tuple[Any, ...]] = field(default_factory=list)
    supply: Supply = field(default_factory=Supply)

    def __post_init__(self) -> None:
        self.buffers = [bytearray(length) for _, length in self.ranges]
        self.memory = GuestMemory(
            [Region(at, buffer) for (at, _), buffer in zip(self.ranges, self.buffers, strict=True)]
        )
        self.disk = LoggedDisk(self.log)

    def message(self, vector: int) -> None:
        self.log.append(("message", vector))

    def output(self, data: bytes) -> None:
        self.log.append(("output", data))

    def send(self, frame: bytes) -> None:
        self.log.append(("frame", frame))

    def attach(self, port: object) -> Outside:
        return self

    def behaviour(self, kind: str, path: DataPath) -> Any:
        made: dict[str, Callable[[], Any]] = {
            "net": lambda: Net(path, self.attach),
            "blk": lambda: Blk(path, self.disk, b"serial"),
            "console": lambda: Console(path, self.output),
            "rng": lambda: Rng(path, self.supply),
            "balloon": lambda: Balloon(path, self.memory),
        }
        return made[kind]()

    def plug(self) -> Plug:
        memory = [(at, buffer) for (at, _), buffer in zip(self.ranges, self.buffers, strict=True)]
        return Plug(memory, self.message, self.disk, b"serial", self.supply, self.output, self.send)


def native_member(described: MemberDescription, plug: Plug | None = None) -> NativeMember:
    """The same member for the native DPU."""
    legacy = described.legacy
    return NativeMember(
        virtio_device_id=legacy.device_type.virtio_id,
        host_features=legacy.host_features,
        queue_sizes=legacy.queue_sizes,
        config=legacy.config,
        vectors=legacy.vectors,
        notify=tuple(NativeAddress(int(at.bar_owner), at.bar, at.offset) for at in described.notify),
        bar_lengths=described.bar_lengths,
        plug=plug,
    )


def shown(dpu: NativeDpu, member_id: int, kind: str) -> DeviceSnapshot:
    """The native DPU's snapshot as the project's."""
    plain = dpu.snapshot(member_id)
    registers = dict(plain["registers"])
    registers["queues"] = tuple(QueueSnapshot(*queue) for queue in registers["queues"])
    device = plain["device"]
    return DeviceSnapshot(
        MemberSnapshot(**registers),
        plain["own_config"],
        plain["pci"],
        plain["needs_reset"],
        tuple(None if ring is None else RingSnapshot(*ring) for ring in plain["rings"]),
        plain["unfinished"],
        None if device is None else _SNAPSHOTS[kind](**device),
    )


class Difference(AssertionError):
    """The two DPUs differ."""


class TwoDpus:
    """A pair with one member of this type, its data path plugged, and a neighbour that is registers only."""

    def __init__(
        self,
        kind: str,
        *,
        ranges: Sequence[tuple[int, int]] = ((0, 0x20000),),
        queues: Sequence[int] = (8, 8, 8),
        features: int | None = None,
        config: bytes | None = None,
        notify: tuple[Any, ...] = (),
        supported: int = 0x7F,
    ) -> None:
        self.kind = kind
        own = describe(
            kind,
            features=offered(kind) if features is None else features,
            queues=tuple(queues),
            config=CONFIGS[kind] if config is None else config,
            vectors=4,
            notify=notify,
        )
        other = describe("rng", queues=(8,))
        self.one, self.two = Outside(ranges), Outside(ranges)
        self.reference = Dpu([own, other], supported=supported)
        self.device = self.reference.device(1)
        self.behaviour: Any = self.device.plug(
            self.one.memory, lambda path: self.one.behaviour(kind, path), self.one.message
        )
        self.native = NativeDpu(
            [native_member(own, self.two.plug()), native_member(other)],
            supported=supported,
            owner_bars=tuple(self.reference.bar_len(self.device, 1, bar) for bar in range(6)),
        )
        self.compare("create")

    # Steps.

    def admin(self, command: bytes, reply_len: int) -> bytes:
        one = self.reference.owner.execute(command, reply_len)
        two = self.native.execute(command, reply_len)
        self._same(f"reply to {command.hex()}", one, two)
        self.compare(f"command {command.hex()}")
        return one

    def write(self, offset: int, data: bytes, member: int = 1) -> bytes:
        """Opcode 2: common registers."""
        return self.admin(_command(2, member, bytes((offset,)) + bytes(7) + data), 8)

    def read(self, offset: int, length: int, member: int = 1) -> bytes:
        """Opcode 3."""
        return self.admin(_command(3, member, bytes((offset,))), 8 + length)

    def configure(self, offset: int, data: bytes) -> bytes:
        """Opcode 4: device configuration."""
        return self.admin(_command(4, 1, bytes((offset,)) + bytes(7) + data), 8)

    def doorbell(self, bar_owner: int, bar: int, offset: int, queue: int) -> None:
        self.reference.port(1).doorbell(bar_owner, bar, offset, queue)
        self.native.port(1).doorbell(bar_owner, bar, offset, queue)
        self.compare(f"doorbell {queue}")

    def notify(self, queue: int) -> None:
        self.write(16, queue.to_bytes(2, "little"))

    def pci(self, offset: int, data: bytes) -> None:
        """Write the member's own configuration space."""
        self.reference.port(1).config_write(offset, data)
        self.native.port(1).config_write(offset, data)
        self.compare(f"configuration space {offset:#x} {data.hex()}")

    def poke(self, address: int, data: bytes) -> None:
        """What the guest puts into its memory, where it has some."""
        for outside in (self.one, self.two):
            for (at, length), buffer in zip(outside.ranges, outside.buffers, strict=True):
                if at <= address and address + len(data) <= at + length:
                    buffer[address - at : address - at + len(data)] = data

    def peek(self, address: int, length: int) -> bytes:
        return self.one.memory.read(address, length)

    def reset(self) -> None:
        self.reference.reset(1)
        self.native.reset(1)
        self.compare("function-level reset")

    def proceed(self) -> None:
        if self.device.path is not None:
            self.device.path.proceed()
        self.native.proceed(1)
        self.compare("proceed")

    def feed(self, data: bytes) -> None:
        self._same("fed", self.behaviour.feed(data), self.native.feed(1, data))
        self.compare("feed")

    def deliver(self, frame: bytes) -> None:
        self.behaviour.deliver(frame)
        self.native.deliver(1, frame)
        self.compare(f"deliver {frame.hex()}")

    def set_link(self, up: bool) -> None:
        self.behaviour.set_link(up=up)
        self.native.set_link(1, up)
        self.compare(f"link {up}")

    def announce(self) -> None:
        self._same("announced", self.behaviour.announce(), self.native.announce(1))
        self.compare("announce")

    def ask(self) -> None:
        self._same("asked", self.behaviour.ask_for_statistics(), self.native.ask_for_statistics(1))
        self.compare("ask for statistics")

    def set_target(self, pages: int) -> None:
        self.behaviour.set_target(pages)
        self.native.set_target(1, pages)
        self.compare("target")

    def resize_disk(self, sectors: int) -> None:
        self.behaviour.resize(sectors)
        self.native.resize_disk(1, sectors)
        self.compare("capacity")

    def resize_console(self, cols: int, rows: int) -> None:
        self.behaviour.resize(cols, rows)
        self.native.resize_console(1, cols, rows)
        self.compare("size")

    def stock(self, length: int | None) -> None:
        """So much entropy there is now; ``None``: no end."""
        self.one.supply.stock = self.two.supply.stock = length
        self.behaviour.more()
        self.native.more_entropy(1)
        self.compare("entropy")

    def fail_disk(self, failing: bool) -> None:
        self.one.disk.failing = self.two.disk.failing = failing

    # Comparison.

    def compare(self, after: str) -> None:
        """Raises ``Difference``."""
        self._same(f"snapshot after {after}", self.device.device_snapshot(), shown(self.native, 1, self.kind))
        self._same(f"neighbour after {after}", self.reference.device(2).device_snapshot(), shown(self.native, 2, "rng"))
        self._same(f"log after {after}", self.one.log, self.two.log)
        self._same(f"commands after {after}", self.reference.owner.in_use, self.native.in_use)
        spaces = [dpu.port(1).config_read(0, 256) for dpu in (self.reference, self.native)]
        self._same(f"configuration space after {after}", *spaces)
        self._same(f"disk after {after}", self.one.disk.content, self.two.disk.content, brief=True)
        for (at, _), one, two in zip(self.one.ranges, self.one.buffers, self.two.buffers, strict=True):
            if one != two:
                where = next(index for index, pair in enumerate(zip(one, two, strict=True)) if pair[0] != pair[1])
                raise Difference(
                    f"memory after {after} from {at + where:#x}: reference {one[where : where + 16].hex()}, "
                    f"native {two[where : where + 16].hex()}"
                )

    @staticmethod
    def _same(what: str, one: object, two: object, *, brief: bool = False) -> None:
        if one != two:
            raise Difference(what if brief else f"{what}:\nreference {one!r}\nnative    {two!r}")


def _command(opcode: int, member: int, data: bytes = b"") -> bytes:
    return opcode.to_bytes(2, "little") + b"\1\0" + bytes(12) + member.to_bytes(8, "little") + data


USE_ALL = b"\1\0\1\0" + bytes(20) + b"\x7f" + bytes(7)
"""LIST_USE of opcodes 0 to 6."""
