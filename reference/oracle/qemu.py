# SPDX-License-Identifier: Apache-2.0
"""One QEMU with one legacy virtio device, driven from outside: its processor halts at the first instruction.

Without firmware nobody programs the PCI bus, so it is done here, over ports 0xcf8 and 0xcfc. The machine has enough
zeroed memory (MiB below) that a ring address of the recordings lies in it: a ring of zeros is empty, so nothing is
processed by accident. Addresses beyond it make QEMU give up the ring, which no register shows.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import IO, Any, Protocol, Self

from straightwire.model import pci, registers
from straightwire.model.registers import DeviceType, Field
from straightwire.reference.dpu import config_space
from straightwire.reference.oracle.face import BAR0_PORT, Face
from straightwire.reference.oracle.qtest import Qtest, QtestError, read_port, write_port
from straightwire.reference.oracle.scripts import (
    COMMAND_ON,
    WIDTHS,
    ConfigChange,
    ConfigRead,
    ConfigWrite,
    Read,
    Step,
    Write,
)

PROGRAM = "qemu-system-x86_64"
OLDEST = (7, 2)
_MEMORY_MIB = 1024
_DISK = "disk"
_DISK_BYTES = 64 << 20
_BIOS = b"\xf4" * (64 << 10)
"""HLT, wherever the processor begins."""
_SLOT = 4
_ADDRESS, _DATA = 0xCF8, 0xCFC
_TIMEOUT = 20.0
"""Seconds that QEMU may take to answer; it needs a hundredth of one."""

_NOW = "ioeventfd=off"
"""A notification is carried out before the next command, and none is made up at DRIVER_OK."""
_NET = "virtio-net-pci,netdev=back,romfile=,mac=52:54:00:12:34:56"
_DEVICES = {
    "net": ("-netdev", "hubport,id=back,hubid=0", "-device", f"{_NET},{_NOW}{{legacy}}"),
    "blk": (
        "-drive",
        f"if=none,id=back,format=raw,file={{folder}}/{_DISK}",
        "-device",
        f"virtio-blk-pci,drive=back,{_NOW}{{legacy}}",
    ),
    "console": ("-device", f"virtio-serial-pci,{_NOW}{{legacy}}"),
    "rng": ("-device", f"virtio-rng-pci,{_NOW}{{legacy}}"),
    "balloon": ("-device", "virtio-balloon-pci{legacy}"),  # which never had it, in 7.2
}
_LEGACY = f",addr={_SLOT},disable-modern=on,disable-legacy=off"

# Configuration changes that leave every value as it was.
_CHANGES: dict[str, tuple[tuple[str, dict[str, Any]], ...]] = {
    "net": (("set_link", {"name": "back", "up": False}), ("set_link", {"name": "back", "up": True})),
    "blk": (("block_resize", {"device": "back", "size": _DISK_BYTES}),),
    "balloon": (("balloon", {"value": (_MEMORY_MIB - 1) << 20}), ("balloon", {"value": _MEMORY_MIB << 20})),
}


class Backing(Protocol):
    """What stands behind a device outside the guest: files, sockets, and the arguments that lead QEMU to them.

    ``{folder}`` in an argument is QEMU's own folder; ``{legacy}`` follows the properties of the device to compare.
    """

    memory_mib: int
    arguments: tuple[str, ...]

    def prepare(self, folder: Path) -> None:
        """Before QEMU starts."""

    def close(self) -> None:
        """After QEMU's end, or when it cannot start."""


@dataclass
class _Registers:
    """What a comparison of registers needs: a device that has something behind it, whatever it is."""

    arguments: tuple[str, ...]
    memory_mib: int = _MEMORY_MIB

    def prepare(self, folder: Path) -> None:
        with (folder / _DISK).open("wb") as image:
            image.truncate(_DISK_BYTES)  # as many bytes of zeros, none of which take up space

    def close(self) -> None:
        """Its file goes with the folder."""


class QemuError(Exception):
    """QEMU is missing, too old, cannot start, or died: one line."""


def find_qemu(path: str | None) -> str:
    """The program, by path or on PATH. Raises ``QemuError``."""
    found = shutil.which(path or PROGRAM)
    if found is None:
        raise QemuError(f"no {path or PROGRAM}: apt-get install qemu-system-x86")
    return found


def qemu_version(program: str) -> tuple[tuple[int, int], str]:
    """Major and minor number, and all of it as text. Raises ``QemuError``."""
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=_TIMEOUT, check=False)
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError) as error:
        raise QemuError(f"{program} cannot be run: {_reason(error)}") from None
    match = re.search(r"QEMU emulator version ((\d+)\.(\d+)[\d.]*)", said.stdout)
    if said.returncode or match is None:
        raise QemuError(f"{program} is no QEMU: {_first_line(said.stderr or said.stdout)}")
    version = int(match[2]), int(match[3])
    if version < OLDEST:
        raise QemuError(f"{program} is QEMU {match[1]}; get {OLDEST[0]}.{OLDEST[1]} or later")
    return version, match[1]


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or type(error).__name__


def _first_line(text: str) -> str:
    return next((line for line in text.splitlines() if line.strip()), "it says nothing")


class Qemu:
    """A running QEMU; a context manager, which ends it. Raises ``QemuError``, then and later.

    Left out, ``backing`` is enough for a comparison of registers.
    """

    def __init__(self, program: str, device_type: DeviceType, backing: Backing | None = None) -> None:
        self._name = device_type.name
        self._program = program
        self._backing = backing or _Registers(_DEVICES[device_type.name])
        self._folder = TemporaryDirectory(prefix="straightwire-")
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: IO[bytes] | None = None
        self._qmp: IO[bytes] | None = None
        self._sockets: list[socket.socket] = []
        try:
            self._start(Path(self._folder.name))
        except BaseException:
            self.close()
            raise

    def _start(self, folder: Path) -> None:
        bios = folder / "bios"
        bios.write_bytes(_BIOS)
        self._backing.prepare(folder)
        arguments = [part.format(folder=folder, legacy=_LEGACY) for part in self._backing.arguments]
        command = [self._program, "-no-user-config", "-nodefaults", "-display", "none", "-machine", "pc,accel=tcg"]
        command += ["-m", str(self._backing.memory_mib), "-bios", str(bios), "-qtest", f"unix:{folder / 'qtest'}"]
        command += ["-qtest-log", "none", "-qmp", f"unix:{folder / 'qmp'}", *arguments]
        self._errors = (folder / "errors").open("w+b")
        with _listener(folder / "qtest") as qtest, _listener(folder / "qmp") as qmp:
            try:
                # A session of its own, so that its end is the end of a wrapper and of what that started.
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=self._errors,
                    start_new_session=True,
                )
            except OSError as error:
                raise QemuError(f"{self._program} cannot be run: {_reason(error)}") from None
            for listener in (qtest, qmp):
                self._sockets.append(self._connected(listener))
        self._qtest = Qtest(self._sockets[0])
        self._qmp = self._sockets[1].makefile("rb")
        self._answer()  # the greeting
        self.manage("qmp_capabilities", {})

    def _connected(self, listener: socket.socket) -> socket.socket:
        """QEMU's connection; it is looked now and then whether QEMU still lives."""
        listener.settimeout(_TIMEOUT / 200)
        for _ in range(200):
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                if self._process is not None and self._process.poll() is not None:
                    break
            else:
                connection.settimeout(_TIMEOUT)
                return connection
        raise self.died("does not start")

    def died(self, what: str) -> QemuError:
        """The error to raise: one line with what QEMU said last."""
        said = ""
        if self._errors is not None:
            self._errors.seek(0)
            lines = [line for line in self._errors.read().decode("latin-1").splitlines() if line.strip()]
            said = f": {lines[-1]}" if lines else ""
        return QemuError(f"{self._program} ({self._name}) {what}{said}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process this object started, and remove its files."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        for connection in self._sockets:
            connection.close()
        for file in (self._qmp, self._errors):
            if file is not None:
                file.close()
        self._backing.close()
        self._folder.cleanup()

    # Steps.

    def run(self, steps: Sequence[Step]) -> list[int | None]:
        """Carry out steps in order; the value of each read, ``None`` for another. Raises ``QemuError``."""
        results: list[int | None] = []
        commands: list[str] = []
        answers: list[bool] = []
        for step in steps:
            if isinstance(step, ConfigChange):
                results += self._flush(commands, answers)
                self._change()
                results.append(None)
            else:
                commands += commands_of(step)
                answers += (*(False,) * (len(commands) - len(answers) - 1), isinstance(step, Read | ConfigRead))
        return self._in_order(steps, results + self._flush(commands, answers))

    def _in_order(self, steps: Sequence[Step], results: Sequence[int | None]) -> list[int | None]:
        """One result a step: the answers of reads, and nothing for the others."""
        values = iter([value for value in results if value is not None])
        return [next(values) if isinstance(step, Read | ConfigRead) else None for step in steps]

    def _flush(self, commands: list[str], answers: list[bool]) -> list[int | None]:
        values = self.ask(commands)
        taken: list[int | None] = [value for value, answer in zip(values, answers, strict=True) if answer]
        commands.clear()
        answers.clear()
        return taken

    def ask(self, commands: Sequence[str]) -> list[int]:
        """Carry out commands of qtest in order; the value of each."""
        try:
            return self._qtest.run(commands)
        except QtestError as error:
            raise self.died(str(error)) from None

    def _change(self) -> None:
        """A configuration change; both ends of the management socket are idle again after it."""
        for command, arguments in _CHANGES[self._name]:
            self.manage(command, arguments)
        # The interrupt follows in QEMU's main loop, at the latest before it answers the next command.
        self.manage("query-status", {})
        self.ask([read_port(BAR0_PORT + registers.STATUS.offset, 1)])

    def manage(self, command: str, arguments: dict[str, Any]) -> Any:
        """Carry out a management command; what it returns."""
        request = json.dumps({"execute": command, "arguments": arguments})
        try:
            self._sockets[1].sendall(request.encode() + b"\n")
            answer = self._answer()
            while "event" in answer:
                answer = self._answer()
        except OSError as error:
            raise self.died(f"broke its management socket: {_reason(error)}") from None
        if "return" not in answer:
            raise self.died(f"refuses {command}: {answer.get('error', {}).get('desc', answer)}")
        return answer["return"]

    def _answer(self) -> dict[str, Any]:
        try:
            answer = json.loads(self._qmp.readline() if self._qmp is not None else b"")
        except ValueError:
            raise self.died("closed its management socket") from None
        return answer if isinstance(answer, dict) else {}

    # Identity.

    def face(self, device_type: DeviceType, version: tuple[int, int]) -> Face:
        """Program BAR0 and read what this device is. Raises ``QemuError`` for what no legacy device can be."""
        (identity,) = self._read(ConfigRead(0, 4))
        if identity != device_type.pci_device_id << 16 | pci.VIRTIO_VENDOR:
            raise QemuError(f"{self._program} ({self._name}) has {identity:#010x} in slot {_SLOT}, no legacy device")
        _, size, _, _ = self._steps(
            ConfigWrite(pci.BAR0, b"\xff" * 4),
            ConfigRead(pci.BAR0, 4),
            ConfigWrite(pci.BAR0, (BAR0_PORT | pci.BAR_IO).to_bytes(4, "little")),
            ConfigWrite(pci.COMMAND, COMMAND_ON.to_bytes(2, "little")),
        )
        bar_size = (~(size or 0) & 0xFFFFFFFC | 3) + 1
        if not size or not size & pci.BAR_IO or bar_size > registers.MAX_WINDOW:
            raise QemuError(f"{self._program} ({self._name}) has no legacy BAR0: it sizes as {size or 0:#x}")
        vectors = self._vectors()
        self._steps(Write(registers.STATUS.offset, b"\0"))
        features, misaligned = self._read(_whole(registers.HOST_FEATURES), Read(registers.HOST_FEATURES.offset + 1, 4))
        sizes = self._queue_sizes()
        start = registers.SPLIT_MSIX_OFF
        shown = bytes(self._read(*(Read(at, 1) for at in range(start, bar_size))))
        # Past its end the device configuration reads as ones; no device here has them in its last byte.
        return Face(device_type, version, features, sizes, shown.rstrip(b"\xff"), vectors, bar_size, misaligned != 0)

    def _vectors(self) -> int:
        """The length of the MSI-X table; 0 where there is none."""
        pointer, capability = self._read(ConfigRead(config_space.CAPABILITIES, 1), ConfigRead(config_space.MSIX, 4))
        if pointer == 0:
            return 0
        if (pointer, capability & 0xFF) != (config_space.MSIX, config_space.MSIX_CAPABILITY_ID):
            raise QemuError(f"{self._program} ({self._name}) has its MSI-X capability elsewhere: {pointer:#x}")
        return (capability >> 16 & 0x7FF) + 1

    def _queue_sizes(self) -> tuple[int, ...]:
        """Sizes of the queues up to the first that is absent."""
        sizes: list[int] = []
        while True:
            select = Write(registers.QUEUE_SEL.offset, len(sizes).to_bytes(2, "little"))
            _, size = self._steps(select, _whole(registers.QUEUE_NUM))
            if not size:
                return tuple(sizes)
            sizes.append(size)

    def _steps(self, *steps: Step) -> list[int | None]:
        return self.run(steps)

    def _read(self, *steps: Read | ConfigRead) -> list[int]:
        return [value for value in self.run(steps) if value is not None]


def commands_of(step: Step) -> tuple[str, ...]:
    """The qtest commands of one step; the last one carries its answer."""
    match step:
        case Read(offset, length):
            return (read_port(BAR0_PORT + offset, length),)
        case Write(offset, data):
            return (write_port(BAR0_PORT + offset, len(data), int.from_bytes(data, "little")),)
        case ConfigRead(offset, length):
            return _addressed(offset), read_port(_DATA + offset % 4, length)
        case ConfigWrite(offset, data):
            return _addressed(offset), write_port(_DATA + offset % 4, len(data), int.from_bytes(data, "little"))
        case ConfigChange():
            return ()


def _addressed(offset: int) -> str:
    """Configuration mechanism 1: enable bit, bus 0, slot, function 0, the aligned register."""
    return write_port(_ADDRESS, max(WIDTHS), 1 << 31 | _SLOT << 11 | offset & ~3)


def _whole(field: Field) -> Read:
    return Read(field.offset, field.size)


def _listener(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(1)
    return listener
