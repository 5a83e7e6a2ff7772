# SPDX-License-Identifier: Apache-2.0
"""Guests with a net device each, behind relays on one reference DPU."""

from __future__ import annotations

from collections.abc import Sequence

from straightwire.model.features import Net as Feature
from straightwire.model.features import Ring
from straightwire.reference.dpu.devices.net import Net, net_config
from straightwire.reference.dpu.dpu import Dpu
from straightwire.reference.dpu.member import describe
from straightwire.reference.dpu.memory import GuestMemory
from straightwire.reference.dpu.switch import Attach, Switch
from straightwire.reference.guest import GuestDriver, GuestQueue, Used
from straightwire.reference.relay import ReferenceSubject

ALL_COMMANDS = bytes.fromhex("0100 0100 000000000000000000000000 0000000000000000 7f00000000000000")
OFFERED = Net.features | int(Ring.NOTIFY_ON_EMPTY | Ring.ANY_LAYOUT | Ring.INDIRECT_DESC | Ring.EVENT_IDX)
PLAIN = int(Feature.MAC | Feature.STATUS)
MERGEABLE = PLAIN | int(Feature.MRG_RXBUF)
CONTROLLED = PLAIN | int(
    Feature.CTRL_VQ | Feature.CTRL_RX | Feature.CTRL_RX_EXTRA | Feature.CTRL_VLAN | Feature.CTRL_MAC_ADDR
)
RX, TX, CTRL = 0, 1, 2
HEADER = bytes(10)
BROADCAST = b"\xff" * 6


def mac(number: int) -> bytes:
    """The address of member ``number``."""
    return bytes((0x52, 0x54, 0, 0, 0, number))


def frame(destination: bytes, source: bytes, payload: bytes = b"hello", kind: bytes = b"\x08\x00") -> bytes:
    return destination + source + kind + payload


class Wire:
    """Instead of a switch: keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def attach(self, port: object) -> Wire:
        return self

    def send(self, data: bytes) -> None:
        self.sent.append(data)


def dpu_with_net(members: int = 2, queues: tuple[int, ...] = (16, 16, 8), features: int = OFFERED) -> Dpu:
    """Members with the addresses ``mac(1)`` and so on, and every opcode in use."""
    described = [
        describe("net", features=features, queues=queues, config=net_config(mac(number)))
        for number in range(1, members + 1)
    ]
    made = Dpu(described)
    assert made.owner.execute(ALL_COMMANDS, 8) == bytes(8)
    return made


class NetGuest:
    """A driver with a receive queue, a transmit queue and the control queue; it has given no buffers yet."""

    def __init__(
        self,
        dpu: Dpu,
        member_id: int,
        attach: Attach,
        features: int = PLAIN,
        *,
        msix: bool = False,
        memory: int = 1 << 20,
    ) -> None:
        self.dpu = dpu
        self.device = dpu.device(member_id)
        self.mac = mac(member_id)
        self.memory = GuestMemory.of_size(memory)
        self.messages: list[int] = []
        self.net = self.device.plug(self.memory, lambda path: Net(path, attach), self.messages.append)
        self.relay = ReferenceSubject().open(dpu.port(member_id), dpu.attachment(member_id))
        self.driver = GuestDriver(self.relay, self.memory)
        self.msix = msix
        self.room = (memory - 0x20000) // 4 & ~0xFFF
        self.start(features)

    def start(self, features: int) -> None:
        """Reset and set up."""
        self.driver = GuestDriver(self.relay, self.memory)
        self.driver.start(features)
        self.header_len = 12 if features & Feature.MRG_RXBUF else 10
        if self.msix:
            self.relay.config_write(0x43, b"\x80")
            self.relay.set_msix(True)
        self.rx = self._queue(RX)
        self.tx = self._queue(TX)
        self.ctrl = self._queue(CTRL)
        self.driver.ready()
        self._given: dict[int, list[tuple[int, int]]] = {}

    def _queue(self, index: int) -> GuestQueue:
        """A queue whose ring begins with zeros, whatever an earlier one left there."""
        made = self.driver.queue(index, vector=index if self.msix else None, room=self.room)
        self.memory.write(made.layout.descriptors, bytes(made.layout.used + 6 - made.layout.descriptors))
        return made

    def give(self, *lengths: int, indirect: bool = False) -> int:
        """One receive buffer of some descriptors; its head."""
        places = self.rx.add([], lengths, indirect=indirect)
        self._given[self.rx.last_head] = list(zip(places, lengths, strict=True))
        return self.rx.last_head

    def stock(self, count: int = 8, length: int = 1526) -> None:
        """Several receive buffers of one descriptor."""
        for _ in range(count):
            self.give(length)

    def arrived(self) -> list[bytes]:
        """What came into each buffer since the last time, headers included."""
        return [self._taken(used) for used in self.rx.used()]

    def frames(self) -> list[bytes]:
        """The frames that came since the last time; each has to be in one buffer."""
        return [data[self.header_len :] for data in self.arrived()]

    def _taken(self, used: Used) -> bytes:
        buffers = self._given.pop(used.head)
        return b"".join(self.memory.read(place, length) for place, length in buffers)[: used.written]

    def transmit(self, parts: Sequence[bytes], *, indirect: bool = False) -> list[Used]:
        """Transmit a chain of these bytes, header and all, and say what came back."""
        self.tx.add(parts, [], indirect=indirect)
        self.driver.notify(TX)
        back = self.tx.used()
        if back:
            self.tx.rewind()
        return back

    def send(self, data: bytes) -> list[Used]:
        """Transmit a frame behind a header of zeros."""
        return self.transmit([bytes(self.header_len), data])

    def command(self, kind: int, command: int, data: bytes = b"") -> int:
        """A control command, in three buffers as drivers have it; the answer."""
        parts = [bytes((kind, command)), *([data] if data else [])]
        places = self.ctrl.add(parts, [1])
        self.memory.write(places[-1], b"\xee")
        head = self.ctrl.last_head
        self.driver.notify(CTRL)
        assert self.ctrl.used() == [Used(head, 1)]
        self.ctrl.rewind()
        return self.memory.read(places[-1], 1)[0]

    def config(self, offset: int, length: int) -> bytes:
        return self.relay.bar_read((24 if self.msix else 20) + offset, length).payload

    def config_write(self, offset: int, data: bytes) -> None:
        self.relay.bar_write((24 if self.msix else 20) + offset, data)

    def isr(self) -> int:
        return self.driver.interrupt_status()

    def status(self) -> int:
        return self.relay.bar_read(18, 1).payload[0]

    @property
    def broken(self) -> bool:
        return self.device.device_snapshot().needs_reset


def two(features: int = PLAIN) -> tuple[NetGuest, NetGuest]:
    """Two guests on one switch, stocked with buffers."""
    switch = Switch()
    made = dpu_with_net(2)
    first, second = (NetGuest(made, number, switch.attach, features) for number in (1, 2))
    first.stock()
    second.stock()
    return first, second
