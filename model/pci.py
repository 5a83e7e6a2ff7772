# SPDX-License-Identifier: Apache-2.0
"""PCI facts the contract leans on: configuration registers and the fixed overlay of rule 6.

Offsets and sizes are in bytes within the 256-byte configuration space.
"""

from __future__ import annotations

CONFIG_SPACE_LEN = 256

DEVICE_ID = 0x02
COMMAND = 0x04
COMMAND_IO = 0x1
"""I/O decode, bit 0 of COMMAND."""
REVISION_ID = 0x08
BAR0 = 0x10
BAR_IO = 0x1
"""A base address register with bit 0 set names I/O space."""
SUBSYSTEM_VENDOR_ID = 0x2C
SUBSYSTEM_ID = 0x2E

VIRTIO_VENDOR = 0x1AF4
TRANSITIONAL_REVISION = 0
