# SPDX-License-Identifier: Apache-2.0
"""The network device: frames between a pair of queues and a port, a filter on the way in, and the control queue.

Lengths are in bytes; numbers in headers and commands are in the guest's byte order, which is little-endian here.
There is one pair of queues and no offload: a frame goes out as it came, whatever its header asks for, and comes in
with a header of zeros. A frame that finds no room, or no link, is dropped; none waits, so there is none to keep.
Source: virtio 1.4, 5.1.3, 5.1.4 and 5.1.9 with their legacy sections. Where they are silent, this does what QEMU does.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from struct import Struct

from straightwire.model.features import Net as Feature
from straightwire.model.registers import NET
from straightwire.model.snapshot import NetSnapshot
from straightwire.reference.dpu.data_path import DataPath
from straightwire.reference.dpu.switch import ADDRESS_LEN, MAX_FRAME, MIN_FRAME, Attach, is_group
from straightwire.reference.dpu.virtqueue import BadRing, Chain

RECEIVE_QUEUE, TRANSMIT_QUEUE, CONTROL_QUEUE = 0, 1, 2
"""With one pair of queues the control queue is the third, where there is one (5.1.2)."""

HEADER_LEN = 10
MERGEABLE_HEADER_LEN = 12
"""The header in front of each frame; a legacy driver has num_buffers only with MRG_RXBUF (5.1.9, legacy interface)."""

LINK_UP = 0x1
ANNOUNCE = 0x2
"""Bits of the status field (5.1.4)."""

MAX_FILTERED = 64
"""Addresses that the filter holds, unicast and multicast together; a list too long for it lets in all of its kind."""
VLANS = 4096

_FIELDS = {field.name: field for field in NET.config}
_MAC = _FIELDS["mac"]
_STATUS = _FIELDS["status"]

_NUM_BUFFERS = Struct("<H")
_VLAN_ID = Struct("<H")
_COUNT = Struct("<I")
_COMMAND = Struct("BB")  # class, command

_BROADCAST = b"\xff" * ADDRESS_LEN
_TAG = b"\x81\x00"
_TAG_AT = 2 * ADDRESS_LEN
_TCI_AT = _TAG_AT + len(_TAG)
_VLAN_MASK = 0x0FFF


_DEFAULTS = {"status": LINK_UP, "max_virtqueue_pairs": 1}


def net_config(mac: bytes, **fields: int) -> bytes:
    """A net device's configuration: its address, the other fields by their names; the link is up, with one pair.

    Raises ``ValueError`` for an address that is none, and for a field that does not exist or cannot hold its value.
    """
    if len(mac) != ADDRESS_LEN:
        raise ValueError("an address has 6 bytes")
    config = bytearray(mac.ljust(NET.config_len, b"\0"))
    for name, value in {**_DEFAULTS, **fields}.items():
        field = _FIELDS.get(name)
        if field is None or field is _MAC:
            raise ValueError(f"a net device has no field {name}")
        if not 0 <= value < 1 << 8 * field.size:
            raise ValueError(f"{name} has {field.size} bytes")
        config[field.offset : field.end] = value.to_bytes(field.size, "little")
    return bytes(config)


class Control(IntEnum):
    """Classes of control commands (5.1.9, Control Virtqueue)."""

    RX = 0
    MAC = 1
    VLAN = 2
    ANNOUNCE = 3


class Mode(IntEnum):
    """Receive modes, by the number of the command that sets them (5.1.9, Packet Receive Filtering)."""

    PROMISCUOUS = 0
    ALL_MULTICAST = 1
    ALL_UNICAST = 2
    NO_MULTICAST = 3
    NO_UNICAST = 4
    NO_BROADCAST = 5


MAC_TABLE_SET, MAC_ADDR_SET = 0, 1
VLAN_ADD, VLAN_DEL = 0, 1
ANNOUNCE_ACK = 0
"""Commands of the other classes."""

ACK_LEN = 1
OK, ERR = b"\x00", b"\x01"


class _Refused(Exception):
    """A command is answered with ERR; nothing has changed."""


class Filter:
    """What the driver said it wants to receive. After a reset that is everything: promiscuous mode is on."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """As nobody had ever said anything."""
        self.modes = [mode is Mode.PROMISCUOUS for mode in Mode]
        self.unicast: tuple[bytes, ...] = ()
        self.multicast: tuple[bytes, ...] = ()
        self.unicast_overflow = False
        self.multicast_overflow = False
        self.vlans: set[int] = set()

    def admits(self, frame: bytes, mac: bytes, *, by_vlan: bool) -> bool:
        """Whether the driver wants a frame; ``mac`` is its own address, ``by_vlan`` whether VLANs are filtered."""
        if self.modes[Mode.PROMISCUOUS]:
            return True  # it comes first, before the other modes and before VLANs
        if by_vlan and frame[_TAG_AT:_TCI_AT] == _TAG:
            tci = int.from_bytes(frame[_TCI_AT : _TCI_AT + 2], "big")
            if tci & _VLAN_MASK not in self.vlans:
                return False
        destination = frame[:ADDRESS_LEN]
        if destination == _BROADCAST:
            return not self.modes[Mode.NO_BROADCAST]
        if is_group(destination):
            if self.modes[Mode.NO_MULTICAST]:
                return False
            return self.modes[Mode.ALL_MULTICAST] or self.multicast_overflow or destination in self.multicast
        if self.modes[Mode.NO_UNICAST]:
            return False
        if self.modes[Mode.ALL_UNICAST] or self.unicast_overflow:
            return True
        return destination == mac or destination in self.unicast

    def set_addresses(self, unicast: tuple[bytes, ...], multicast: tuple[bytes, ...]) -> None:
        """New lists, instead of the old ones. The unicast addresses have the first choice of the room."""
        self.unicast_overflow = len(unicast) > MAX_FILTERED
        self.unicast = () if self.unicast_overflow else unicast
        self.multicast_overflow = len(multicast) > MAX_FILTERED - len(self.unicast)
        self.multicast = () if self.multicast_overflow else multicast

    def snapshot(self) -> NetSnapshot:
        return NetSnapshot(
            promiscuous=self.modes[Mode.PROMISCUOUS],
            all_multicast=self.modes[Mode.ALL_MULTICAST],
            all_unicast=self.modes[Mode.ALL_UNICAST],
            no_multicast=self.modes[Mode.NO_MULTICAST],
            no_unicast=self.modes[Mode.NO_UNICAST],
            no_broadcast=self.modes[Mode.NO_BROADCAST],
            unicast=self.unicast,
            multicast=self.multicast,
            unicast_overflow=self.unicast_overflow,
            multicast_overflow=self.multicast_overflow,
            vlans=tuple(sorted(self.vlans)),
        )


class Net:
    """A net device, attached where ``attach`` says: ``Switch.attach`` of a switch, or a wire of one's own.

    Its address and the link's state are in its configuration, nowhere else; the link is up from the start. Raises
    ``ValueError`` for a member without a pair of queues or whose configuration ends before the status field.
    """

    name = "net"
    features = int(
        Feature.MAC
        | Feature.MRG_RXBUF
        | Feature.STATUS
        | Feature.CTRL_VQ
        | Feature.CTRL_RX
        | Feature.CTRL_VLAN
        | Feature.CTRL_RX_EXTRA
        | Feature.GUEST_ANNOUNCE
        | Feature.CTRL_MAC_ADDR
    )

    def __init__(self, path: DataPath, attach: Attach) -> None:
        if path.registers.queue_count <= TRANSMIT_QUEUE:
            raise ValueError("a net device has a receive queue and a transmit queue")
        if len(path.registers.config) < _STATUS.end:
            raise ValueError("a net device's configuration has at least mac and status")
        self._path = path
        self._filter = Filter()
        self._commands: dict[int, Callable[[int, bytes], None]] = {
            Control.RX: self._set_mode,
            Control.MAC: self._set_addresses,
            Control.VLAN: self._set_vlan,
            Control.ANNOUNCE: self._acknowledge,
        }
        path.registers.set_config(_STATUS.offset, self._status_bytes(self._status | LINK_UP))
        self._outlet = attach(self)

    # What the driver does.

    def notified(self, queue: int) -> None:
        """Buffers for frames are taken when one comes, so there is nothing to do for them now."""
        if queue == TRANSMIT_QUEUE:
            self._path.serve(queue, self._transmit)
        elif queue == CONTROL_QUEUE:
            self._path.serve(queue, self._control)

    def config_written(self, offset: int, length: int) -> None:
        """Only mac can be written, and each of its bytes counts from then on (5.1.4, legacy interface)."""

    def reset(self) -> None:
        self._filter.reset()  # mac and status are the device's own again by themselves (B27)

    def snapshot(self) -> NetSnapshot:
        return self._filter.snapshot()

    # What the other side does.

    def deliver(self, frame: bytes) -> None:
        """A frame for the driver (protocol ``Port``): into its next buffers, or dropped, and they stay as they were."""
        if not (MIN_FRAME <= len(frame) <= MAX_FRAME and self.link_up and self._admits(frame)):
            return
        chains = self._room_for(frame)
        if not chains:
            return
        header = bytes(HEADER_LEN)
        if self._has(Feature.MRG_RXBUF):
            header += _NUM_BUFFERS.pack(len(chains))
        data = header + frame
        used = []
        done = 0
        for chain in chains:  # all but the last are filled to their ends (5.1.9, Processing of Incoming Packets)
            written = chain.write(data[done : done + chain.writable])
            used.append((chain, written))
            done += written
        self._path.finish(RECEIVE_QUEUE, used)

    @property
    def link_up(self) -> bool:
        """Whether frames pass; the status field says so, whether a driver looks at it or not."""
        return bool(self._status & LINK_UP)

    def set_link(self, *, up: bool) -> None:
        """Take the link up or down; the driver hears of a change. A reset leaves the link as it is."""
        if up == self.link_up:
            return
        status = self._status & ~LINK_UP | (LINK_UP if up else 0)
        # A request for announcements ends with a reset: it does not become the device's own.
        self._path.registers.set_config(_STATUS.offset, self._status_bytes(status & ~ANNOUNCE))
        self._change_status(status)

    def announce(self) -> bool:
        """Ask the driver to make itself known, as after a move; whether it negotiated to be asked."""
        if not self._has(Feature.CTRL_VQ | Feature.GUEST_ANNOUNCE):
            return False
        self._change_status(self._status | ANNOUNCE)
        return True

    # Frames.

    @property
    def _header_len(self) -> int:
        return MERGEABLE_HEADER_LEN if self._has(Feature.MRG_RXBUF) else HEADER_LEN

    def _transmit(self, chain: Chain) -> int:
        """Send one frame. A chain without one is a driver's mistake; a frame of no possible length is dropped.

        Where the header ends and the frame begins is a matter of bytes, not of buffers, with ANY_LAYOUT as without.
        """
        if not self.link_up:
            return 0
        length = chain.readable - self._header_len
        if length <= 0:
            raise BadRing("a chain to transmit holds no frame")
        if MIN_FRAME <= length <= MAX_FRAME:
            self._outlet.send(chain.read(self._header_len))
        return 0

    def _admits(self, frame: bytes) -> bool:
        mac = self._path.registers.config[_MAC.offset : _MAC.end]
        return self._filter.admits(frame, mac, by_vlan=self._has(Feature.CTRL_VLAN))

    def _room_for(self, frame: bytes) -> list[Chain]:
        """The driver's next buffers as far as a frame needs them; empty where there are not enough, and none is taken.

        Without MRG_RXBUF one buffer has to hold it. Else any number may, and the first holds the whole header
        at least (5.1.9, Setting Up Receive Buffers). A buffer that cannot be written to at all is a mistake.
        """
        chains: list[Chain] = []
        wanted = self._header_len + len(frame)
        mergeable = self._has(Feature.MRG_RXBUF)
        while wanted > 0:
            chain = self._path.take(RECEIVE_QUEUE)
            if chain is None:
                break
            chains.append(chain)
            least = self._header_len if mergeable and len(chains) == 1 else 1
            if chain.writable < least:
                self._path.broken()
                return []
            wanted -= chain.writable
            if not mergeable:
                break
        if wanted > 0:
            self._path.put_back(RECEIVE_QUEUE, len(chains))
            return []
        return chains

    # Commands.

    def _control(self, chain: Chain) -> int:
        """Carry out one command and answer it with one byte."""
        if chain.readable < _COMMAND.size or chain.writable < ACK_LEN:
            raise BadRing("a control command without its header, or without room for the answer")
        kind, command = _COMMAND.unpack(chain.read(0, _COMMAND.size))
        try:
            self._carry_out(kind, command, chain.read(_COMMAND.size))
        except _Refused:
            return chain.write(ERR)
        return chain.write(OK)

    def _carry_out(self, kind: int, command: int, data: bytes) -> None:
        """One command of some class, with its data. Raises ``_Refused``."""
        self._need(Feature.CTRL_VQ)
        if kind not in self._commands:
            raise _Refused
        self._commands[kind](command, data)

    def _set_mode(self, command: int, data: bytes) -> None:
        """PROMISC to NOBCAST: one byte, off or on; what follows it is not looked at."""
        if command not in tuple(Mode) or not data:
            raise _Refused
        self._need(Feature.CTRL_RX if command <= Mode.ALL_MULTICAST else Feature.CTRL_RX_EXTRA)
        self._filter.modes[command] = bool(data[0])

    def _set_addresses(self, command: int, data: bytes) -> None:
        """The filter's two lists, or the device's own address: as long as they say, and not a byte longer."""
        if command == MAC_TABLE_SET:
            self._need(Feature.CTRL_RX)
            unicast, rest = _addresses(data)
            multicast, rest = _addresses(rest)
            if rest:
                raise _Refused
            self._filter.set_addresses(unicast, multicast)
        elif command == MAC_ADDR_SET and len(data) == ADDRESS_LEN:
            self._need(Feature.CTRL_MAC_ADDR)
            self._path.registers.change_config(_MAC.offset, data)
        else:
            raise _Refused

    def _set_vlan(self, command: int, data: bytes) -> None:
        self._need(Feature.CTRL_VLAN)
        if len(data) < _VLAN_ID.size:
            raise _Refused
        (vlan,) = _VLAN_ID.unpack_from(data)
        if vlan >= VLANS or command not in (VLAN_ADD, VLAN_DEL):
            raise _Refused
        if command == VLAN_ADD:
            self._filter.vlans.add(vlan)
        else:
            self._filter.vlans.discard(vlan)

    def _acknowledge(self, command: int, data: bytes) -> None:
        """The driver has announced itself: the bit goes, without a word (5.1.9, Gratuitous Packet Sending)."""
        self._need(Feature.GUEST_ANNOUNCE)
        if command != ANNOUNCE_ACK or not self._status & ANNOUNCE:
            raise _Refused
        self._path.registers.change_config(_STATUS.offset, self._status_bytes(self._status & ~ANNOUNCE))

    # Configuration and features.

    @property
    def _status(self) -> int:
        return int.from_bytes(self._path.registers.config[_STATUS.offset : _STATUS.end], "little")

    def _status_bytes(self, status: int) -> bytes:
        return status.to_bytes(_STATUS.size, "little")

    def _change_status(self, status: int) -> None:
        self._path.registers.change_config(_STATUS.offset, self._status_bytes(status))
        self._path.config_changed()

    def _has(self, features: int) -> bool:
        """Whether the driver accepted all of these."""
        return self._path.features & features == features

    def _need(self, features: int) -> None:
        if not self._has(features):
            raise _Refused  # no driver may ask for what it did not negotiate


def _addresses(data: bytes) -> tuple[tuple[bytes, ...], bytes]:
    """A list of addresses that says how many it has, and what follows it. Raises ``_Refused`` where it is cut short."""
    if len(data) < _COUNT.size:
        raise _Refused
    (count,) = _COUNT.unpack_from(data)
    end = _COUNT.size + count * ADDRESS_LEN
    if len(data) < end:
        raise _Refused
    places = range(_COUNT.size, end, ADDRESS_LEN)
    return tuple(data[at : at + ADDRESS_LEN] for at in places), data[end:]
