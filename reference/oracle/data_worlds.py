# SPDX-License-Identifier: Apache-2.0
"""What is outside the guest, on either side: QEMU's backends by files and sockets, the reference device's by objects.

For each device type there are two of them that say the same thing in the same form: ``outcome`` is the disk, or what
came out since the last time, or what the balloon's driver has said. Lengths are in bytes, but for pages and sectors.
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from straightwire.model.registers import DeviceType
from straightwire.reference.dpu.data_path import Behaviour, DataPath
from straightwire.reference.dpu.devices.balloon import PAGE, Balloon
from straightwire.reference.dpu.devices.blk import Blk
from straightwire.reference.dpu.devices.console import Console
from straightwire.reference.dpu.devices.disk import SECTOR, MemoryDisk
from straightwire.reference.dpu.devices.net import Net
from straightwire.reference.dpu.devices.rng import Rng
from straightwire.reference.dpu.memory import Memory
from straightwire.reference.dpu.switch import Port
from straightwire.reference.oracle.data_driver import MEMORY_LEN, MEMORY_MIB
from straightwire.reference.oracle.data_steps import Event, Outside
from straightwire.reference.oracle.qemu import Qemu

SERIAL = b"STRAIGHT"
_LEGACY_NOW = "ioeventfd=off"
_RECEIVE_OFFLOADS = ("guest_csum", "guest_tso4", "guest_tso6", "guest_ecn", "guest_ufo")
_SEND_OFFLOADS = ("csum", "gso", "host_tso4", "host_tso6", "host_ecn", "host_ufo")
_NO_OFFLOADS = ",".join(f"{name}=off" for name in _RECEIVE_OFFLOADS + _SEND_OFFLOADS)
_TIMEOUT = 10.0
_LARGEST = 1 << 17
_POLL = "guest-stats-polling-interval"
_ALWAYS = 1 << 20
"""Seconds to the next poll of statistics: never, in a script's time; the first comes at once."""


class World(Protocol):
    """One side's outside."""

    def carry_out(self, event: Outside) -> None: ...
    def outcome(self) -> object: ...


# QEMU's.


class QemuWorld:
    """A backing for QEMU (protocol ``Backing``) that can also be acted on while it runs."""

    memory_mib = MEMORY_MIB
    arguments: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.qemu: Qemu | None = None
        self._folder = Path()

    def prepare(self, folder: Path) -> None:
        """Nothing but to know where it is."""
        self._folder = folder

    def started(self, qemu: Qemu) -> None:
        """QEMU runs."""
        self.qemu = qemu

    def close(self) -> None:
        """Nothing is open."""

    def carry_out(self, event: Outside) -> None:
        raise ValueError(f"nothing here can do this: {event.event.value}")

    def outcome(self) -> object:
        return None

    def manage(self, command: str, **arguments: object) -> Any:
        """A management command of the running QEMU."""
        if self.qemu is None:
            raise ValueError("QEMU does not run")
        return self.qemu.manage(command, arguments)


class QemuDisk(QemuWorld):
    """A raw image; writes are in the file when they are complete."""

    arguments = (
        "-drive", "if=none,id=back,format=raw,cache=writeback,file={folder}/disk",
        "-device", f"virtio-blk-pci,drive=back,serial={SERIAL.decode()},{_LEGACY_NOW}{{legacy}}",
    )  # fmt: skip

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self._content = content

    def prepare(self, folder: Path) -> None:
        super().prepare(folder)
        (folder / "disk").write_bytes(self._content)

    def carry_out(self, event: Outside) -> None:
        self.manage("block_resize", device="back", size=event.number * SECTOR)

    def outcome(self) -> object:
        return (self._folder / "disk").read_bytes()


class QemuNet(QemuWorld):
    """A datagram socket: one frame each."""

    arguments = (
        "-netdev", "dgram,id=back,local.type=unix,local.path={folder}/in,remote.type=unix,remote.path={folder}/out",
        "-device", f"virtio-net-pci,netdev=back,romfile=,mac=52:54:00:12:34:56,{_NO_OFFLOADS},{_LEGACY_NOW}{{legacy}}",
    )  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def prepare(self, folder: Path) -> None:
        super().prepare(folder)
        self._socket.bind(str(folder / "out"))

    def close(self) -> None:
        self._socket.close()

    def carry_out(self, event: Outside) -> None:
        if event.event is Event.LINK:
            self.manage("set_link", name="back", up=bool(event.number))
        else:
            self._socket.sendto(event.data, str(self._folder / "in"))

    def outcome(self) -> object:
        frames: list[bytes] = []
        with suppress(BlockingIOError):
            while True:
                frames.append(self._socket.recv(_LARGEST))
        return tuple(frames)


class QemuConsole(QemuWorld):
    """A stream socket."""

    arguments = (
        "-chardev", "socket,id=back,path={folder}/tty,server=off",
        "-device", f"virtio-serial-pci,{_LEGACY_NOW}{{legacy}}",
        "-device", "virtconsole,chardev=back,nr=0",
    )  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self._listener = socket.socket(socket.AF_UNIX)
        self._socket: socket.socket | None = None

    def prepare(self, folder: Path) -> None:
        super().prepare(folder)
        self._listener.bind(str(folder / "tty"))
        self._listener.listen(1)
        self._listener.settimeout(_TIMEOUT)

    def started(self, qemu: Qemu) -> None:
        super().started(qemu)
        self._socket, _ = self._listener.accept()
        self._socket.setblocking(False)

    def close(self) -> None:
        for end in (self._listener, self._socket):
            if end is not None:
                end.close()

    def carry_out(self, event: Outside) -> None:
        if self._socket is not None:
            self._socket.sendall(event.data)

    def outcome(self) -> object:
        data = b""
        with suppress(BlockingIOError):
            while self._socket is not None:
                piece = self._socket.recv(_LARGEST)
                if not piece:
                    break
                data += piece
        return data


class QemuRng(QemuWorld):
    """A FIFO: what is in it is all the entropy there is."""

    arguments = (
        "-object", "rng-random,id=back,filename={folder}/entropy",
        "-device", f"virtio-rng-pci,rng=back,{_LEGACY_NOW}{{legacy}}",
    )  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self._fifo = -1

    def prepare(self, folder: Path) -> None:
        super().prepare(folder)
        os.mkfifo(folder / "entropy")
        # For both directions, so that it never has no writer.
        self._fifo = os.open(folder / "entropy", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def close(self) -> None:
        if self._fifo >= 0:
            os.close(self._fifo)
            self._fifo = -1

    def carry_out(self, event: Outside) -> None:
        os.write(self._fifo, event.data)


class QemuBalloon(QemuWorld):
    """The balloon by management commands."""

    arguments = ("-device", "virtio-balloon-pci,id=dut{legacy}")

    def carry_out(self, event: Outside) -> None:
        if event.event is Event.TARGET:
            self.manage("balloon", value=MEMORY_LEN - event.number * PAGE)
        else:
            for seconds in (0, _ALWAYS):
                self.manage("qom-set", path="/machine/peripheral/dut", property=_POLL, value=seconds)

    def outcome(self) -> object:
        return (MEMORY_LEN - int(self.manage("query-balloon")["actual"])) // PAGE


# Ours.


class OurWorld:
    """What is behind the reference device; ``make`` gives it its behaviour."""

    behaviour: Behaviour

    def make(self, path: DataPath, memory: Memory) -> Behaviour:
        """The behaviour of this type."""
        raise NotImplementedError

    def carry_out(self, event: Outside) -> None:
        raise ValueError(f"nothing here can do this: {event.event.value}")

    def outcome(self) -> object:
        return None


class OurDisk(OurWorld):
    """A disk in memory, which is as long as it is said to be."""

    def __init__(self, content: bytes) -> None:
        self._disk = bytearray(content)

    def make(self, path: DataPath, memory: Memory) -> Behaviour:
        self._blk = Blk(path, MemoryDisk(self._disk), SERIAL)
        return self._blk

    def carry_out(self, event: Outside) -> None:
        length = event.number * SECTOR
        del self._disk[length:]
        self._disk.extend(bytes(length - len(self._disk)))
        self._blk.resize(event.number)

    def outcome(self) -> object:
        return bytes(self._disk)


class OurNet(OurWorld):
    """The other end of a wire."""

    def __init__(self) -> None:
        self._frames: list[bytes] = []

    def make(self, path: DataPath, memory: Memory) -> Behaviour:
        self._net = Net(path, self.attach)
        return self._net

    def attach(self, port: Port) -> OurNet:
        """This is the outlet."""
        return self

    def send(self, frame: bytes) -> None:
        """A frame from the device."""
        self._frames.append(frame)

    def carry_out(self, event: Outside) -> None:
        if event.event is Event.LINK:
            self._net.set_link(up=bool(event.number))
        else:
            self._net.deliver(event.data)

    def outcome(self) -> object:
        frames = tuple(self._frames)
        self._frames.clear()
        return frames


class OurConsole(OurWorld):
    """A terminal."""

    def __init__(self) -> None:
        self._output = bytearray()

    def make(self, path: DataPath, memory: Memory) -> Behaviour:
        self._console = Console(path, self._output.extend)
        return self._console

    def carry_out(self, event: Outside) -> None:
        self._console.feed(event.data)

    def outcome(self) -> object:
        data = bytes(self._output)
        self._output.clear()
        return data


class OurRng(OurWorld):
    """Bytes that were put there."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def make(self, path: DataPath, memory: Memory) -> Behaviour:
        self._rng = Rng(path, self._take)
        return self._rng

    def _take(self, length: int) -> bytes:
        found = bytes(self._bytes[:length])
        del self._bytes[:length]
        return found

    def carry_out(self, event: Outside) -> None:
        self._bytes += event.data
        self._rng.more()


class OurBalloon(OurWorld):
    """The balloon by its own methods."""

    def make(self, path: DataPath, memory: Memory) -> Behaviour:
        self._balloon = Balloon(path, memory)
        return self._balloon

    def carry_out(self, event: Outside) -> None:
        if event.event is Event.TARGET:
            self._balloon.set_target(event.number)
        else:
            self._balloon.ask_for_statistics()

    def outcome(self) -> object:
        return self._balloon.actual


_WORLDS: dict[str, tuple[type[QemuWorld], type[OurWorld]]] = {
    "net": (QemuNet, OurNet),
    "console": (QemuConsole, OurConsole),
    "rng": (QemuRng, OurRng),
    "balloon": (QemuBalloon, OurBalloon),
}


def worlds(device_type: DeviceType, content: bytes) -> tuple[QemuWorld, OurWorld]:
    """Both worlds of a device type, with a disk of this content if it is a disk."""
    if device_type.name == "blk":
        return QemuDisk(content), OurDisk(content)
    theirs, ours = _WORLDS[device_type.name]
    return theirs(), ours()


def behaviour_features(device_type: DeviceType) -> int:
    """Every feature bit of its own that the reference device of a type can carry out."""
    kinds: dict[str, int] = {kind.name: kind.features for kind in (Net, Blk, Console, Rng, Balloon)}
    return kinds[device_type.name]
