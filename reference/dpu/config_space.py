# SPDX-License-Identifier: Apache-2.0
"""A member's own PCI configuration space: a virtual function that is a non-transitional virtio device.

Offsets and lengths are in bytes within the 256-byte space, numbers are little-endian. Source: PCI and
virtio 1.4, 4.1.2 (identification) and LD6 (the member follows the non-transitional rules; the
transitional face a legacy guest needs is the relay's overlay).
"""

from __future__ import annotations

from straightwire.model import pci
from straightwire.model.registers import DeviceType

NON_TRANSITIONAL_DEVICE_ID = 0x1040
"""Added to the virtio id (virtio 1.4, 4.1.2)."""
NON_TRANSITIONAL_REVISION = 1

CLASS_CODES = {
    "net": 0x020000,
    "blk": 0x010000,
    "console": 0x078000,
    "rng": 0x00FF00,
    "balloon": 0x00FF00,
}
"""Base class, subclass and programming interface, by the name of the device type."""

VENDOR_ID = 0x00
STATUS = 0x06
STATUS_CAPABILITIES = 0x10
CLASS_CODE = 0x09
CAPABILITIES = 0x34

COMMAND_MEMORY = 0x2
COMMAND_BUS_MASTER = 0x4
COMMAND_INTX_DISABLE = 0x400

MSIX = 0x40
"""Where the MSI-X capability stands: id, next, message control, table, pending bits."""
MSIX_CAPABILITY_ID = 0x11
MSIX_CONTROL = MSIX + 2
MSIX_ENABLE = 0x8000
MSIX_FUNCTION_MASK = 0x4000
MSIX_BAR = 1
MSIX_ENTRY_LEN = 16
MAX_VECTORS = 2048

_WRITABLE = {
    # A VF has no I/O space: the I/O bit of COMMAND is hardwired to 0, and so are all its BARs.
    pci.COMMAND: COMMAND_MEMORY | COMMAND_BUS_MASTER | COMMAND_INTX_DISABLE,
    MSIX_CONTROL: MSIX_ENABLE | MSIX_FUNCTION_MASK,
}
"""Writable bits of 16-bit registers; everything else is read-only."""


def _writable_bytes() -> bytes:
    """The same, as one mask byte for each byte of the space."""
    masks = bytearray(pci.CONFIG_SPACE_LEN)
    for place, bits in _WRITABLE.items():
        masks[place : place + 2] = bits.to_bytes(2, "little")
    return bytes(masks)


_WRITABLE_BYTES = _writable_bytes()


class ConfigSpace:
    """256 bytes, of which COMMAND and MSI-X message control can be written.

    ``vectors`` is the length of the MSI-X table, 1 to 2048.
    """

    def __init__(self, device_type: DeviceType, vectors: int) -> None:
        self._bytes = bytearray(pci.CONFIG_SPACE_LEN)
        device_id = NON_TRANSITIONAL_DEVICE_ID + device_type.virtio_id
        self._put(VENDOR_ID, 2, pci.VIRTIO_VENDOR)
        self._put(pci.DEVICE_ID, 2, device_id)
        self._put(STATUS, 2, STATUS_CAPABILITIES)
        self._put(pci.REVISION_ID, 1, NON_TRANSITIONAL_REVISION)
        self._put(CLASS_CODE, 3, CLASS_CODES[device_type.name])
        self._put(pci.SUBSYSTEM_VENDOR_ID, 2, pci.VIRTIO_VENDOR)
        self._put(pci.SUBSYSTEM_ID, 2, device_id)  # any value from 0x40 on is non-transitional
        self._put(CAPABILITIES, 1, MSIX)
        self._put(MSIX, 2, MSIX_CAPABILITY_ID)  # the only capability: next is 0
        self._put(MSIX_CONTROL, 2, vectors - 1)
        self._put(MSIX + 4, 4, MSIX_BAR)  # the table at offset 0 of its BAR,
        self._put(MSIX + 8, 4, vectors * MSIX_ENTRY_LEN | MSIX_BAR)  # the pending bits right behind it

    @property
    def msix_enabled(self) -> bool:
        """MSI-X Enable: what the length of the common registers follows (B4)."""
        return self._bytes[MSIX_CONTROL + 1] & MSIX_ENABLE >> 8 != 0

    @property
    def bus_master(self) -> bool:
        """Bus Master Enable: without it the function sends nothing, neither memory accesses nor messages."""
        return self._bytes[pci.COMMAND] & COMMAND_BUS_MASTER != 0

    def read(self, offset: int, length: int) -> bytes:
        """``length`` bytes at ``offset``; fewer where the space ends. A read changes nothing."""
        return bytes(self._bytes[offset : offset + length])

    def write(self, offset: int, data: bytes) -> None:
        """Change the writable bits among the bytes written; bytes past the space are dropped."""
        for place, (byte, mask) in enumerate(zip(data, _WRITABLE_BYTES[offset:], strict=False), offset):
            self._bytes[place] = self._bytes[place] & ~mask | byte & mask

    def reset(self) -> None:
        """Function-level reset: COMMAND, MSI-X Enable and the function mask are 0 again (B25)."""
        for place, mask in enumerate(_WRITABLE_BYTES):
            self._bytes[place] &= ~mask

    def _put(self, place: int, size: int, value: int) -> None:
        self._bytes[place : place + size] = value.to_bytes(size, "little")
