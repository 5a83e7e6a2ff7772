# SPDX-License-Identifier: Apache-2.0
"""What one of QEMU's devices is, as its registers show it at the start: the identity the reference device is given.

Queue sizes are in descriptors, lengths in bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

from straightwire.model import registers
from straightwire.model.registers import DeviceType

BAR0_PORT = 0xC000
"""Where BAR0 is put: ports that nothing else of QEMU's ``pc`` machine answers."""


@dataclass(frozen=True)
class Face:
    """One device of one QEMU.

    ``config`` are the device configuration's initial values. ``vectors`` is the length of the MSI-X table, 0 where
    there is no MSI-X capability. ``splits``: a misaligned access is carried out in aligned pieces; otherwise it is not
    carried out at all. That is the machine's memory system and not the device, and it is measured, since it is known
    of three versions only: 7.2 and 10.0 split, 11.1 does not.
    """

    device_type: DeviceType
    version: tuple[int, int]
    host_features: int
    queue_sizes: tuple[int, ...]
    config: bytes
    vectors: int
    bar_size: int
    splits: bool

    @property
    def bar0(self) -> int:
        """BAR0 as it reads once it is programmed."""
        return BAR0_PORT | 1

    @property
    def can_change(self) -> bool:
        """Whether QEMU has a management command by which this type's configuration changes."""
        return self.device_type in (registers.NET, registers.BLK, registers.BALLOON)

    @property
    def is_console(self) -> bool:
        """Whether the odd queues are output queues."""
        return self.device_type is registers.CONSOLE
