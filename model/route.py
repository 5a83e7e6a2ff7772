# SPDX-License-Identifier: Apache-2.0
"""Window, layout and route: what a relay may choose, as pure functions of transport state and shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

from straightwire.model.commands import GROUP_SRIOV, Opcode
from straightwire.model.pci import CONFIG_SPACE_LEN
from straightwire.model.registers import MAX_DEVICE_CONFIG, MAX_WINDOW, QUEUE_NOTIFY, SPLIT_MSIX_OFF, SPLIT_MSIX_ON
from straightwire.model.term import at_most, below, both, choose_word, either, no, resize, same
from straightwire.model.vocabulary import OpKind, OpShape, first_case

if TYPE_CHECKING:
    from straightwire.model.term import Truth, Word
    from straightwire.model.vocabulary import Access, Transport

SMALLEST_WINDOW = 32


def window(transport: Transport) -> Word:
    """Bytes of BAR0: the next power of two that holds the common registers and the device configuration (rule 1)."""
    size: Word = MAX_WINDOW
    candidate = MAX_WINDOW // 2
    while candidate >= SMALLEST_WINDOW:
        fits = at_most(transport.own.config_len, candidate - SPLIT_MSIX_ON)
        size = choose_word(fits, candidate, size, 64)
        candidate //= 2
    return size


def split(transport: Transport) -> Word:
    """Where the device configuration starts in BAR0 (rule 2)."""
    return choose_word(transport.msix, SPLIT_MSIX_ON, SPLIT_MSIX_OFF, 64)


def is_access(access: Access) -> Truth:
    """A length of 0 is no access."""
    return no(same(access.length, 0))


def room(transport: Transport, access: Access) -> Word:
    """Bytes of what is accessed: the BAR's window, or configuration space."""
    if access.config is True:
        return CONFIG_SPACE_LEN
    if access.config is False:
        return window(transport)
    return choose_word(access.config, CONFIG_SPACE_LEN, window(transport), 64)


def decode_rules(transport: Transport, access: Access) -> tuple[tuple[str, Truth], ...]:
    """The PCI rule, part by part, each with what is wrong where it does not hold.

    Written so that no sum can wrap around.
    """
    size = room(transport, access)
    return (
        ("I/O decode is off", either(access.config, transport.decode)),
        ("longer than the window", at_most(access.length, size)),
        ("past the window's end", at_most(access.offset, size - access.length)),
    )


def decodes(transport: Transport, access: Access) -> Truth:
    """The PCI rule: I/O decode enabled and the access wholly inside the BAR, or inside configuration space."""
    return both(*(holds for _, holds in decode_rules(transport, access)))


def due(transport: Transport, access: Access) -> Truth:
    """Whether an access causes an operation: it is one, and it decodes."""
    return both(is_access(access), decodes(transport, access))


def rings_doorbell(transport: Transport, access: Access) -> Truth:
    """A 16-bit write to Queue Notify, where NOTIFY_INFO gave a valid address (rule 4)."""
    return both(
        transport.doorbell.present,
        access.write,
        same(access.offset, QUEUE_NOTIFY.offset),
        same(access.length, QUEUE_NOTIFY.size),
    )


def command_shape(transport: Transport, access: Access) -> OpShape:
    """A legacy command: common or device configuration by the first byte, offset relative to it (rule 3)."""
    common = below(access.offset, split(transport))
    if common is True:
        offset = access.offset
    elif common is False:
        offset = access.offset - split(transport)
    else:
        offset = choose_word(common, access.offset, access.offset - split(transport), 64)
    opcode = choose_word(
        access.write,
        choose_word(common, Opcode.LEGACY_COMMON_CFG_WRITE, Opcode.LEGACY_DEV_CFG_WRITE, 16),
        choose_word(common, Opcode.LEGACY_COMMON_CFG_READ, Opcode.LEGACY_DEV_CFG_READ, 16),
        16,
    )
    return OpShape(OpKind.COMMAND, opcode, GROUP_SRIOV, offset, access.length, 0, 0)


def doorbell_shape(transport: Transport) -> OpShape:
    """A notification through the address in use."""
    address = transport.doorbell
    return OpShape(OpKind.DOORBELL, 0, 0, address.offset, QUEUE_NOTIFY.size, address.bar_owner, address.bar)


def config_shape(access: Access) -> OpShape:
    """An access to the member's own configuration space, as it is."""
    kind = choose_word(access.write, OpKind.CONFIG_WRITE, OpKind.CONFIG_READ, 2)
    return OpShape(kind, 0, 0, access.offset, access.length, 0, 0)


def route(transport: Transport, access: Access) -> OpShape:
    """The shape of the operation for an access that decodes. Reads nothing but the access's shape."""
    chosen: OpShape = first_case(
        (access.config, lambda: config_shape(access)),
        (rings_doorbell(transport, access), lambda: doorbell_shape(transport)),
        otherwise=lambda: command_shape(transport, access),
    )
    return chosen


def valid_config_len(transport: Transport) -> Truth:
    """What ``open`` has checked: the wire's one-byte offset reaches the whole window."""
    return at_most(resize(transport.own.config_len, 16), MAX_DEVICE_CONFIG)
