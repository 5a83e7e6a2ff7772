# SPDX-License-Identifier: Apache-2.0
"""A QEMU without QEMU: what the table of differences takes QEMU's device for, and the faces it can have."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence

import pytest

from straightwire.model import pci, registers
from straightwire.model.registers import DeviceType
from straightwire.reference.oracle.compare import Ours, fresh
from straightwire.reference.oracle.decoding import State, as_qemu_shows, qemu_does
from straightwire.reference.oracle.face import Face
from straightwire.reference.oracle.qemu import PROGRAM
from straightwire.reference.oracle.scripts import ConfigWrite, Step

needs_qemu = pytest.mark.skipif(
    shutil.which(PROGRAM) is None, reason=f"skipped: no {PROGRAM}: apt-get install qemu-system-x86"
)

_FEATURES = {"net": 0x79BF8064, "blk": 0x71006ED4, "console": 0x79000006, "rng": 0x79000000, "balloon": 0x79000012}
_QUEUES = {"net": (256, 256, 64), "blk": (256,), "console": (128, 128, 32, 32), "rng": (8,), "balloon": (128,) * 3}
_CONFIG = {
    "net": bytes.fromhex("5254001234560100"),
    "blk": bytes(32) + b"\x01" + bytes(24),
    "console": bytes(12),
    "rng": b"",
    "balloon": bytes(16),
}


def face_of(kind: str, *, splits: bool = True, vectors: int = 3) -> Face:
    """A device of this type as QEMU has it."""
    device_type: DeviceType = registers.device_type_named(kind)
    size = 1 << (registers.SPLIT_MSIX_ON + len(_CONFIG[kind]) - 1).bit_length()
    return Face(device_type, (7, 2), _FEATURES[kind], _QUEUES[kind], _CONFIG[kind], vectors, size, splits)


class SimulatedQemu:
    """Answers as ``decoding.py`` has it; ``lie`` may change what a step reads."""

    def __init__(self, face: Face, lie: Callable[[Step, int], int] | None = None) -> None:
        self._face = face
        self._lie = lie
        beginning = Ours(face)
        for step in fresh(face):
            beginning.do(step)
        start = beginning.state()
        space = bytearray(start.pci)
        space[pci.COMMAND : pci.COMMAND + 2] = bytes(2)
        self._state = State(start.registers, as_qemu_shows(face, bytes(space)))

    def run(self, steps: Sequence[Step]) -> list[int | None]:
        """All steps in order, and what each reads."""
        values: list[int | None] = []
        for step in steps:
            value, self._state = qemu_does(self._face, self._state, step)
            values.append(value if value is None or self._lie is None else self._lie(step, value))
        return values


def msix(enabled: bool) -> ConfigWrite:
    """MSI-X switched on or off."""
    return ConfigWrite(0x42, b"\0\x80" if enabled else b"\0\0")
