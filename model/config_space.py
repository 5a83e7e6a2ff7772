# SPDX-License-Identifier: Apache-2.0
"""Configuration space under the fixed overlay (rule 6): what a guest reads, and what a write changes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from straightwire.model import pci
from straightwire.model.registers import DEVICE_TYPES
from straightwire.model.route import window
from straightwire.model.term import (
    as_bit,
    bits_of,
    bytes_down,
    bytes_up,
    choose,
    choose_word,
    join,
    low_bytes,
    low_bytes_mask,
    resize,
    same,
)
from straightwire.model.vocabulary import PAYLOAD_BITS

if TYPE_CHECKING:
    from straightwire.model.term import Word
    from straightwire.model.vocabulary import Access, Transport

CONFIG_BITS = 8 * pci.CONFIG_SPACE_LEN


def transitional_device_id(transport: Transport) -> Word:
    """The PCI device id a legacy driver binds to (virtio 1.4, 4.1.2)."""
    found: Word = 0
    for known in DEVICE_TYPES:
        found = choose_word(same(transport.own.virtio_id, known.virtio_id), known.pci_device_id, found, 16)
    return found


def bar0_seen(transport: Transport) -> Word:
    """BAR0 as a guest reads it: what it wrote, masked to the window, with the I/O bit."""
    offset_bits = resize(window(transport), 32) - 1
    return (transport.bar0 & ~offset_bits) | pci.BAR_IO


def _fields(transport: Transport) -> list[tuple[int, Word, int]]:
    """The overlay as (byte offset, value, width in bits)."""
    return [
        (pci.DEVICE_ID, transitional_device_id(transport), 16),
        (pci.COMMAND, as_bit(transport.decode), 1),
        (pci.REVISION_ID, pci.TRANSITIONAL_REVISION, 8),
        (pci.BAR0, bar0_seen(transport), 32),
        (pci.SUBSYSTEM_VENDOR_ID, pci.VIRTIO_VENDOR, 16),
        (pci.SUBSYSTEM_ID, transport.own.virtio_id, 16),
    ]


OVERLAY_MASK = sum(
    ((1 << bits) - 1) << 8 * at
    for at, bits in (
        (pci.DEVICE_ID, 16),
        (pci.COMMAND, 1),
        (pci.REVISION_ID, 8),
        (pci.BAR0, 32),
        (pci.SUBSYSTEM_VENDOR_ID, 16),
        (pci.SUBSYSTEM_ID, 16),
    )
)
"""Which bits of configuration space the overlay replaces."""


def overlay(transport: Transport) -> Word:
    """The whole overlay as one word of configuration space; zero where OVERLAY_MASK is."""
    pieces: list[tuple[Word, int]] = []
    at = 0
    for offset, value, bits in _fields(transport):
        if 8 * offset > at:
            pieces.append((0, 8 * offset - at))
        pieces.append((value, bits))
        at = 8 * offset + bits
    pieces.append((0, CONFIG_BITS - at))
    return join(pieces)


def config_seen(transport: Transport, offset: Word, length: Word, own: Word) -> Word:
    """``(own & ~(mask >> 8*offset)) | (overlay >> 8*offset)``, cut to ``length`` bytes."""
    hidden_bits = bytes_down(OVERLAY_MASK, offset, CONFIG_BITS)
    shown = bytes_down(overlay(transport), offset, CONFIG_BITS)
    return low_bytes((own & ~hidden_bits) | shown, length, PAYLOAD_BITS)


def config_written(transport: Transport, access: Access) -> Transport:
    """The shadows after a write: those bits of COMMAND and BAR0 that stand in bytes written, and no other."""
    data = bytes_up(low_bytes(access.payload, access.length, PAYLOAD_BITS), access.offset, CONFIG_BITS)
    touched = bytes_up(low_bytes_mask(access.length, PAYLOAD_BITS), access.offset, CONFIG_BITS)
    bar0_touched = bits_of(touched, 8 * pci.BAR0, 32)
    return replace(
        transport,
        decode=choose(
            same(bits_of(touched, 8 * pci.COMMAND, 1), 1),
            same(bits_of(data, 8 * pci.COMMAND, 1), 1),
            transport.decode,
        ),
        bar0=(transport.bar0 & ~bar0_touched) | bits_of(data, 8 * pci.BAR0, 32),
    )
