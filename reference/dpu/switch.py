# SPDX-License-Identifier: Apache-2.0
"""An Ethernet switch between the members' net devices and the outside: it learns where an address is by hearing it.

A frame is bytes from the destination address to the end of the payload, without preamble and checksum; lengths are
in bytes. One table for all VLANs, no spanning tree, and no clock: an address is forgotten when others need its
place, never by age. Source: IEEE 802.1Q, 8.7 and 8.8, of which this is the least part.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from straightwire.model.snapshot import SwitchSnapshot

ADDRESS_LEN = 6
MIN_FRAME = 14
"""Two addresses and a type. Nothing is padded to the 60 bytes of a wire: there is no wire."""
MAX_FRAME = 0x11000
"""64 KiB and 4 KiB: the longest frame that QEMU sends or takes on any of its connections."""
MAX_ADDRESSES = 4096
"""The table's length. Whoever sends from more addresses makes the switch flood, as any."""

_GROUP = 0x01


def is_group(address: bytes) -> bool:
    """Whether an address, or a frame by its destination, is multicast or broadcast."""
    return bool(address[0] & _GROUP)


class Port(Protocol):
    """Whoever takes frames from the switch."""

    def deliver(self, frame: bytes) -> None:
        """Take a frame or drop it, and raise nothing. It sends none of its own meanwhile."""


class Outlet(Protocol):
    """Where whoever is attached sends its frames."""

    def send(self, frame: bytes) -> None: ...


Attach = Callable[[Port], Outlet]
"""How a port gets its outlet: ``Switch.attach``, or a wire of one's own."""


class SwitchPort:
    """One port's way into the switch."""

    def __init__(self, switch: Switch, number: int) -> None:
        self.number = number
        self._switch = switch

    def send(self, frame: bytes) -> None:
        """A frame from this port; after ``detach`` it goes nowhere."""
        self._switch.send(self.number, frame)

    def detach(self) -> None:
        """This port is gone, and its addresses with it."""
        self._switch.detach(self.number)


class Switch:
    """The switch. Ports are numbered from 0 in the order in which they are attached; no number is used twice.

    The work for one frame is bounded: it is delivered at most once to each port.
    """

    def __init__(self) -> None:
        self._ports: dict[int, Port] = {}
        self._next_number = 0
        self._behind: dict[bytes, int] = {}  # in the order in which the addresses were last heard

    def attach(self, port: Port) -> SwitchPort:
        """A new port of the switch, behind which ``port`` is."""
        number = self._next_number
        self._next_number += 1
        self._ports[number] = port
        return SwitchPort(self, number)

    def detach(self, number: int) -> None:
        """Forget a port and every address behind it."""
        self._ports.pop(number, None)
        self._behind = {address: port for address, port in self._behind.items() if port != number}

    def send(self, number: int, frame: bytes) -> None:
        """A frame from a port: to the port where its destination was last heard, else to all; never back.

        What is no frame by its length is dropped, and so is what comes from a port that does not exist.
        """
        if number not in self._ports or not MIN_FRAME <= len(frame) <= MAX_FRAME:
            return
        self._learn(frame[ADDRESS_LEN : 2 * ADDRESS_LEN], number)
        known = self._behind.get(frame[:ADDRESS_LEN])  # a group address is never in the table
        for target in tuple(self._ports) if known is None else (known,):
            port = self._ports.get(target)
            if port is not None and target != number:
                port.deliver(frame)

    def snapshot(self) -> SwitchSnapshot:
        """All its state; the next port's number aside, which only counts."""
        return SwitchSnapshot(tuple(self._ports), tuple(self._behind.items()))

    def _learn(self, source: bytes, number: int) -> None:
        """A source address is behind the port where it was last heard; nobody sends from a group address."""
        if is_group(source):
            return
        self._behind.pop(source, None)
        self._behind[source] = number
        if len(self._behind) > MAX_ADDRESSES:
            del self._behind[next(iter(self._behind))]
