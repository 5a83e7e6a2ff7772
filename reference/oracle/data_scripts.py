# SPDX-License-Identifier: Apache-2.0
"""Scripts of the data path: one for each row of its table, and random ones. Lengths are in bytes.

Random scripts are drawn from a ``random.Random`` that the caller seeds, each with weights of its own (swarm testing).
What a driver gets wrong is followed by a reset. A frame that comes in finds room, and entropy is there before it is
asked for: what happens otherwise has scripts of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain as joined
from random import Random
from struct import pack

from straightwire.model import registers
from straightwire.model.features import Balloon, Console, Net, Ring
from straightwire.model.registers import DeviceType
from straightwire.reference.dpu.devices.balloon import PAGE
from straightwire.reference.dpu.devices.disk import SECTOR
from straightwire.reference.oracle.data_driver import LAST, MEMORY_LEN, MESSAGES
from straightwire.reference.oracle.data_sides import offered
from straightwire.reference.oracle.data_steps import (
    Buffer,
    Chain,
    Configure,
    DataScript,
    DataStep,
    Event,
    Mistake,
    Notify,
    Offer,
    Outside,
    Ready,
    Reset,
    Silence,
    Start,
    UsedEvent,
    reads,
    writes,
)
from straightwire.reference.oracle.face import Face

_STEPS = 36
_SECTORS = 128
DISK_LEN = _SECTORS * SECTOR
"""How long a disk is at first."""
_REGION = 16
"""Sectors that one request of a step may touch: requests of one step are carried out in any order."""
_MAC = bytes.fromhex("525400123456")
_BROADCAST = b"\xff" * 6
_UNICAST = tuple(bytes.fromhex("0200000000") + bytes((last,)) for last in range(4))
_MULTICAST = tuple(bytes.fromhex("0100005e00") + bytes((last,)) for last in range(4))
_VLANS = (1, 2, 100, 4095)
_RECEIVE, _TRANSMIT, _CONTROL = 0, 1, 2

_INDIRECT = int(Ring.INDIRECT_DESC)
_EVENT_IDX = int(Ring.EVENT_IDX)
_ON_EMPTY = int(Ring.NOTIFY_ON_EMPTY)


def data_scripts(face: Face, seed: int, requests: int) -> Iterator[DataScript]:
    """A script for each row, then random ones until there are enough requests."""
    random = Random(f"{seed} {face.device_type.name} data path")  # noqa: S311 - draws tests, keeps no secret
    left = requests
    for script in joined(directed(face, random), random_data_scripts(face, random)):
        yield script
        left -= sum(len(step.chains) for step in script.steps if isinstance(step, Offer))
        if left <= 0 and script.title.startswith("random"):
            return


# Requests.


def request(kind: int, sector: int, data: bytes = b"", room: int = 0) -> Chain:
    """A block request, each part in a buffer of its own."""
    middle = ([reads(data)] if data else []) + ([writes(room)] if room else [])
    return Chain((reads(pack("<IIQ", kind, 0, sector)), *middle, writes(1)))


def cut(random: Random, chain: Chain) -> Chain:
    """The same bytes in other buffers."""
    readable, writable = chain.readable, chain.writable
    buffers: list[Buffer] = []
    at = 0
    for size in _pieces(random, len(readable)):
        buffers.append(reads(readable[at : at + size]))
        at += size
    return Chain((*buffers, *(writes(size) for size in _pieces(random, writable))))


def _pieces(random: Random, length: int) -> list[int]:
    if length == 0:
        return []
    places = sorted(random.sample(range(1, length), min(random.randrange(4), length - 1)))
    return [end - start for start, end in zip([0, *places], [*places, length], strict=True)]


def _blk_request(random: Random, first: int, capacity: int) -> Chain:
    kind = random.choices(("in", "out", "flush", "id", "zero", "discard", "unknown", "beyond", "odd"),
                          (6, 6, 1, 1, 2, 1, 1, 1, 1))[0]  # fmt: skip
    sectors = random.randrange(1, 6)
    sector = first + random.randrange(_REGION - sectors)
    barrier = 1 << 31 if random.random() < 0.1 else 0
    if kind == "in":
        return request(barrier, sector, room=sectors * SECTOR)
    if kind == "out":
        return request(1 | barrier, sector, random.randbytes(sectors * SECTOR))
    if kind == "flush":
        return request(random.choice((4, 5)), 0)
    if kind == "id":
        return request(random.choice((8, 9)), 0, room=random.choice((1, 8, 9, 19, 20, 20, 20, 32)))
    if kind in ("zero", "discard"):
        flags = random.choice((0, 0, 0, 1, 2)) if kind == "zero" else random.choice((0, 0, 1))
        where = pack("<QII", sector, random.choice((0, sectors)), flags)
        number = (13 if kind == "zero" else 11) | barrier
        return request(number if random.random() < 0.9 else number & ~1, 0, where)
    if kind == "unknown":
        return request(random.choice((6, 7, 32, 64, 1000)), sector, room=SECTOR)
    if kind == "beyond":
        beyond = random.choice((capacity - 1, capacity, capacity + 7, 1 << 40, (1 << 64) - 1))
        if random.random() < 0.5:
            return request(0, beyond, room=4 * SECTOR)
        return request(1, beyond, random.randbytes(4 * SECTOR))
    length = random.choice((1, 511, 513, 1000))
    return request(0, sector, room=length) if random.random() < 0.5 else request(1, sector, random.randbytes(length))


def _dressed(random: Random, features: int, chain: Chain) -> Chain:
    """Cut up or not, in an indirect table or not."""
    made = cut(random, chain) if random.random() < 0.35 else chain
    return Chain(made.buffers, indirect=bool(features & _INDIRECT) and random.random() < 0.4)


# Random scripts.

_BAD = (Mistake.HEAD, Mistake.NEXT, Mistake.LOOP, Mistake.EMPTY, Mistake.ORDER)


_BAD_FOR_RNG = (Mistake.HEAD, Mistake.NEXT, Mistake.LOOP)
"""QEMU's rng notices others when it has got entropy for them, which it then has lost."""


class _Drawing:
    """One random script as it is drawn, with its weights."""

    def __init__(self, face: Face, random: Random) -> None:
        self.face, self.random = face, random
        self.offers = offered(face)
        self.features = 0
        self.weight = {kind: random.random() for kind in ("event", "mistake", "silence", "reset", "outside", "late")}
        self.steps: list[DataStep] = []
        self.queue = {"net": 1, "console": 1}.get(face.device_type.name, 0)
        """Where requests are made."""

    def rolls(self, kind: str, chance: float) -> bool:
        """Whether to do something that is done about so often, by this script's weight."""
        return self.random.random() < 2 * chance * self.weight[kind]

    def start(self) -> None:
        """A driver begins, with some of the features."""
        features = 0
        for bit in range(32):
            if self.offers >> bit & 1 and self.random.random() < (0.5 if bit >= 24 else 0.75):
                features |= 1 << bit
        if not features & Net.CTRL_VQ and self.face.device_type is registers.NET:
            # They depend on it (virtio 1.4, 5.1.3.1).
            features &= ~(Net.CTRL_RX | Net.CTRL_VLAN | Net.CTRL_RX_EXTRA | Net.GUEST_ANNOUNCE | Net.CTRL_MAC_ADDR)
        if not features & Net.CTRL_RX and self.face.device_type is registers.NET:
            features &= ~Net.CTRL_RX_EXTRA
        self.features = features
        msix = bool(self.face.vectors) and self.random.random() < 0.5
        self.steps.append(Start(features, msix))

    def between(self) -> None:
        """What a driver does besides requests."""
        random = self.random
        queue = random.choice((self.queue, 0))
        if self.rolls("silence", 0.15):
            self.steps.append(Silence(queue, random.random() < 0.6))
        if self.features & _EVENT_IDX and self.rolls("event", 0.4):
            self.steps.append(UsedEvent(queue, random.choice((0, 0, 0, 1, 2, 5, -1))))
        if self.rolls("reset", 0.03):
            if random.random() < 0.5:
                self.steps.append(Reset())
            self.start()

    def mistake(self, chain: Chain) -> None:
        """A driver's mistake, and the reset that it makes necessary."""
        known = _BAD if self.face.device_type is not registers.RNG else _BAD_FOR_RNG
        bad = (*known, Mistake.TABLE) if self.features & _INDIRECT else known
        mistake = self.random.choice(bad)
        self.steps.append(Offer(self.queue, (Chain(chain.buffers, mistake is Mistake.TABLE, mistake),)))
        self.start()

    def offer(self, queue: int, chains: list[Chain], *, late: bool = True) -> None:
        """Chains, notified of at once or in a step of its own."""
        now = not late or not self.rolls("late", 0.1)
        self.steps.append(Offer(queue, tuple(_dressed(self.random, self.features, chain) for chain in chains), now))
        if not now:
            self.steps.append(Notify(queue))


def random_data_scripts(face: Face, random: Random) -> Iterator[DataScript]:
    """Without end."""
    draw = _DRAW[face.device_type.name]
    number = 0
    while True:
        number += 1
        drawing = _Drawing(face, random)
        drawing.start()
        draw(drawing)
        content = random.randbytes(_SECTORS * SECTOR) if face.device_type is registers.BLK else b""
        yield DataScript(f"random script {number}", tuple(drawing.steps), content)


def _draw_blk(now: _Drawing) -> None:
    random = now.random
    capacity = _SECTORS
    for _ in range(_STEPS):
        now.between()
        if now.rolls("mistake", 0.06):
            now.mistake(_blk_request(random, 0, capacity))
            continue
        if now.rolls("outside", 0.05):
            capacity = random.choice((_SECTORS, _SECTORS + 8, 2 * _SECTORS))
            now.steps.append(Outside(Event.RESIZE, number=capacity))
        count = random.choice((1, 1, 1, 2, 3, 5))
        regions = random.sample(range(_SECTORS // _REGION), count)
        now.offer(0, [_blk_request(random, region * _REGION, capacity) for region in regions])


def _frame(random: Random, destination: bytes) -> bytes:
    tag = b""
    if random.random() < 0.3:
        tag = b"\x81\x00" + random.choice(_VLANS).to_bytes(2, "big")
    length = random.choice((0, 1, 46, 100, 1000, 1500, 4000))
    return destination + random.choice(_UNICAST) + tag + b"\x88\xb5" + random.randbytes(length)


def _addresses(random: Random) -> bytes:
    data = b""
    for pool in (_UNICAST, _MULTICAST):
        chosen = random.sample(pool, random.randrange(len(pool)))
        if random.random() < 0.1:
            chosen = chosen * 40 + [pool[0]] * 65
        data += len(chosen).to_bytes(4, "little") + b"".join(chosen)
    return data if random.random() < 0.85 else data + random.choice((b"", b"\0", b"\1\0\0\0"))


def _command(random: Random, features: int) -> Chain | None:
    classes = [kind for kind, bit in ((0, Net.CTRL_RX), (1, Net.CTRL_RX), (2, Net.CTRL_VLAN)) if features & bit]
    if not features & Net.CTRL_VQ or not classes:
        return None
    kind = random.choice([*classes, 9] if random.random() < 0.1 else classes)
    if kind == 0:
        command = random.randrange(6 if features & Net.CTRL_RX_EXTRA else 2)
        data = random.choice((b"\0", b"\1", b"\1", b"\2", b"", b"\1\0"))
    elif kind == 1:
        own = bool(features & Net.CTRL_MAC_ADDR) and random.random() < 0.3
        command, data = (1, random.choice((*_UNICAST, _MAC, b"\2\0"))) if own else (0, _addresses(random))
    else:
        command = random.choice((0, 0, 0, 1, 2))
        data = random.choice((*_VLANS, 4096, 0)).to_bytes(2, "little")[: 1 if random.random() < 0.05 else 2]
    return Chain((reads(bytes((kind, command))), *([reads(data)] if data else []), writes(1)))


def _receive_buffers(now: _Drawing, wanted: int) -> list[Chain]:
    """Enough for a frame, whatever there is already."""
    if not now.features & Net.MRG_RXBUF:
        return [Chain((writes(10), writes(1600)))]
    chains = []
    while wanted > 0:
        size = now.random.choice((64, 100, 512, 1600))
        chains.append(Chain((writes(size),)))
        wanted -= size
    return chains


def _draw_net(now: _Drawing) -> None:
    random = now.random
    for step in range(_STEPS):
        now.between()
        header = 12 if now.features & Net.MRG_RXBUF else 10
        out = [Chain((reads(bytes(header)), reads(_frame(random, random.choice((*_UNICAST, _BROADCAST))))))]
        if now.rolls("mistake", 0.06):
            now.mistake(out[0])
            continue
        what = random.random()
        command = _command(random, now.features)
        if step in (0, 1) and now.features & Net.CTRL_RX:
            # Promiscuous mode comes first: without it off, no filter is looked at.
            now.offer(_CONTROL, [Chain((reads(b"\0\0"), reads(b"\0"), writes(1)))])
        elif what < 0.35 and command is not None:
            now.offer(_CONTROL, [command])
        elif what < 0.6:
            now.offer(_TRANSMIT, out * random.choice((1, 1, 2, 4)))
        elif what < 0.64 and not now.features & Net.CTRL_MAC_ADDR:
            now.steps.append(Configure(0, random.choice((*_UNICAST, _MAC))))
        elif now.rolls("outside", 0.05):
            now.steps.append(Outside(Event.LINK, number=0))
            now.offer(_TRANSMIT, out)
            now.steps += [Outside(Event.FRAME, _frame(random, _BROADCAST)), Outside(Event.LINK, number=1)]
        else:
            pool = (_MAC, *_UNICAST, *_MULTICAST, _BROADCAST)
            frame = _frame(random, random.choice(pool))
            now.offer(_RECEIVE, _receive_buffers(now, header + len(frame)), late=False)
            now.steps.append(Outside(Event.FRAME, frame))


def _draw_console(now: _Drawing) -> None:
    random = now.random
    for _ in range(_STEPS):
        now.between()
        out = [
            Chain((reads(random.randbytes(random.choice((1, 5, 80, 1000)))),)) for _ in range(random.choice((1, 1, 3)))
        ]
        if now.rolls("mistake", 0.06):
            now.mistake(out[0])
            continue
        what = random.random()
        if what < 0.45:
            now.offer(_TRANSMIT, out)
        elif what < 0.7:
            sizes = random.choices((1, 16, 64, 256), k=random.choice((1, 2, 4)))
            now.offer(_RECEIVE, [Chain((writes(size),)) for size in sizes], late=False)
        elif what < 0.75 and now.offers & Console.EMERG_WRITE:
            now.steps.append(Configure(8, pack("<I", random.randrange(1, 256))))
        else:
            now.steps.append(Outside(Event.INPUT, random.randbytes(random.choice((1, 10, 100, 300)))))


def _draw_rng(now: _Drawing) -> None:
    random = now.random
    for _ in range(_STEPS):
        now.between()
        sizes = random.choices((1, 7, 64, 256, 1000), k=random.choice((1, 1, 2)))
        chains = [Chain(tuple(writes(size) for size in _pieces(random, size))) for size in sizes]
        if now.rolls("mistake", 0.05):
            now.mistake(chains[0])
            continue
        now.steps.append(Outside(Event.ENTROPY, random.randbytes(sum(sizes))))
        now.steps.append(Offer(0, tuple(Chain(chain.buffers, bool(now.features & _INDIRECT) and random.random() < 0.4)
                                        for chain in chains)))  # fmt: skip


_GIVEN = range(LAST // PAGE, MESSAGES // PAGE)
"""Pages that balloons' scripts give away: nothing else is in them."""


def _numbers(random: Random) -> bytes:
    pages = random.sample(_GIVEN, random.randrange(1, 40))
    if random.random() < 0.2:
        pages.append(random.choice((MEMORY_LEN // PAGE, 0xFFFFFFFF, 0x80000)))
    return b"".join(pack("<I", page) for page in pages) + random.choice((b"", b"", b"\1", b"\1\2\3"))


def _draw_balloon(now: _Drawing) -> None:
    random = now.random
    for _ in range(_STEPS):
        now.between()
        if isinstance(now.steps[-1], Start | Reset):
            now.steps.append(Configure(4, bytes(4)))
        if now.rolls("mistake", 0.06):
            now.mistake(Chain((reads(_numbers(random)),)))
            now.steps.append(Configure(4, bytes(4)))
            continue
        what = random.random()
        if what < 0.7:
            queue = random.choice((0, 0, 1))
            now.offer(queue, [Chain((reads(_numbers(random)),)) for _ in range(random.choice((1, 1, 2, 4)))])
        elif what < 0.85:
            now.steps.append(Configure(4, pack("<I", random.randrange(1 << 12))))
        else:
            now.steps.append(Outside(Event.TARGET, number=random.randrange(1, 2048)))


_DRAW: dict[str, Callable[[_Drawing], None]] = {
    "net": _draw_net,
    "blk": _draw_blk,
    "console": _draw_console,
    "rng": _draw_rng,
    "balloon": _draw_balloon,
}


# A script for each row.


def directed(face: Face, random: Random) -> Iterator[DataScript]:
    """What occurs seldom or never in random scripts."""
    yield from _common(face, random)
    for title, steps in _OF_TYPE[face.device_type.name](face):
        content = random.randbytes(_SECTORS * SECTOR) if face.device_type is registers.BLK else b""
        yield DataScript(title, tuple(steps), content)


def _simple(device_type: DeviceType, random: Random) -> tuple[int, Chain, tuple[DataStep, ...]]:
    """A request that any driver makes: its queue, the chain, and what it needs first."""
    name = device_type.name
    if name == "blk":
        return 0, request(0, 3, room=SECTOR), ()
    if name == "net":
        return 1, Chain((reads(bytes(10)), reads(_frame(random, _BROADCAST)))), ()
    if name == "console":
        return 1, Chain((reads(b"hello"),)), ()
    if name == "rng":
        return 0, Chain((writes(16),)), (Outside(Event.ENTROPY, random.randbytes(16)),)
    return 0, Chain((reads(_numbers(random)),)), ()


def _common(face: Face, random: Random) -> Iterator[DataScript]:
    queue, simple, first = _simple(face.device_type, random)
    content = random.randbytes(_SECTORS * SECTOR) if face.device_type is registers.BLK else b""
    layouts = (False, True) if face.vectors else (False,)
    steps: list[DataStep] = []
    for msix in layouts:
        for features in (0, _ON_EMPTY):
            steps.append(Start(features, msix))
            for on in (False, True, False):
                steps += [Silence(queue, on), *first, Offer(queue, (simple,))]
    yield DataScript("interrupts", tuple(steps), content)
    steps = []
    for msix in layouts:
        for ahead in (0, 1, 5):
            steps += [Start(_EVENT_IDX, msix), UsedEvent(queue, ahead)]
            steps += [*first, Offer(queue, (simple,))] * 3
    yield DataScript("used_event", tuple(steps), content)
    steps = []
    for msix in layouts:
        for mistake in _BAD_FOR_RNG if face.device_type is registers.RNG else _BAD:
            # A console's output and most others are served before DRIVER_OK too.
            ready = mistake is not Mistake.NEXT or face.device_type in (registers.NET, registers.RNG)
            steps += [Start(0, msix, ready), Offer(queue, (Chain(simple.buffers, mistake=mistake),))]
    steps += [Start(_INDIRECT), Offer(queue, (Chain(simple.buffers, indirect=True, mistake=Mistake.TABLE),)), Reset()]
    yield DataScript("mistakes", tuple(steps), content)


def _blk_scripts(face: Face) -> Iterator[tuple[str, list[DataStep]]]:
    flush = request(4, 0)
    indirect = Chain(flush.buffers, indirect=True)
    long = Chain(
        (
            reads(pack("<IIQ", 0, 0, 1)),
            *(writes(SECTOR // face.queue_sizes[0]) for _ in range(face.queue_sizes[0])),
            writes(1),
        ),
        indirect=True,
    )
    yield "indirect tables", [
        Start(0), Offer(0, (indirect,)),
        Start(_INDIRECT), Offer(0, (indirect,)),
        Start(_INDIRECT), Offer(0, (long,)),
        Start(_INDIRECT), Offer(0, (Chain(flush.buffers, indirect=True, mistake=Mistake.INDIRECT_NEXT),)),
        Start(_INDIRECT), Offer(0, (Chain(flush.buffers, mistake=Mistake.BEHIND),)),
        Start(_INDIRECT), Offer(0, (Chain(request(0, 1, room=SECTOR).buffers, mistake=Mistake.OUTSIDE),)),
        Reset(),
    ]  # fmt: skip
    wrong = pack("<QII", 1000, 1, 2)
    yield (
        "requests",
        [
            Start(0),
            Offer(0, (request(8, 0, room=20),)),
            Offer(0, (request(13, 0, wrong),)),
            Offer(0, (request(11, 0, wrong),)),
            Offer(0, (request(2, 0, room=1),)),
            Offer(0, (request(3, 0),)),
            Outside(Event.RESIZE, number=64),
            Offer(0, (request(0, 63, room=2 * SECTOR), request(0, 63, room=SECTOR))),
            Start(0, ready=False),
            Outside(Event.RESIZE, number=128),
            Offer(0, (request(0, 100, room=SECTOR),)),
            Ready(),
        ],
    )


def _net_scripts(face: Face) -> Iterator[tuple[str, list[DataStep]]]:
    frame = _BROADCAST + _UNICAST[1] + b"\x88\xb5hello"
    out = Chain((reads(bytes(10)), reads(frame)))
    room = Chain((writes(10), writes(1600)))
    yield "frames", [
        Start(0, ready=False), Offer(1, (out,)),
        Start(0), Offer(1, (Chain((reads(bytes(10)), reads(b"short"))),)),
        Start(0), Offer(0, (room,)), Outside(Event.FRAME, b"short"),
        Start(0), Outside(Event.FRAME, frame), Offer(0, (room,)),
        Start(0), Offer(0, (Chain((writes(10), writes(10))),)), Outside(Event.FRAME, frame),
        Start(int(Net.CTRL_VQ)), Offer(2, (Chain((reads(b"\0\0"), reads(b"\1"), writes(1))),)),
        Start(0), Outside(Event.LINK), Outside(Event.LINK, number=1),
        Start(0, ready=False), Outside(Event.LINK), Outside(Event.LINK, number=1),
    ]  # fmt: skip
    small = Chain((writes(10), writes(len(frame) - 1)))
    yield "a frame too long", [Start(0), Offer(0, (small,)), Outside(Event.FRAME, frame)]


def _console_scripts(face: Face) -> Iterator[tuple[str, list[DataStep]]]:
    room = Chain((writes(64),))
    steps: list[DataStep] = [Start(0), Configure(8, b"\0\0\0\0"), Configure(8, b"x")]
    steps += [Start(0, ready=False), Offer(0, (room,)), Outside(Event.INPUT, b"typed")]
    jump = Chain((reads(b"again"),), mistake=Mistake.INDEX)
    yield "output and input", [*steps, Start(0), Offer(1, (jump,)), Reset()]


def _rng_scripts(face: Face) -> Iterator[tuple[str, list[DataStep]]]:
    yield "no room", [Start(0), Offer(0, (Chain((reads(b"what"),)),)), Reset()]
    entropy = Outside(Event.ENTROPY, bytes(range(16)))
    yield "before DRIVER_OK", [Start(0, ready=False), entropy, Offer(0, (Chain((writes(16),)),)), Ready()]


def _balloon_scripts(face: Face) -> Iterator[tuple[str, list[DataStep]]]:
    statistics = Chain((reads(pack("<HQHQ", 0, 7, 4, 9)),))
    yield (
        "statistics",
        [
            Start(int(Balloon.STATS_VQ)),
            Offer(2, (statistics,)),
            Outside(Event.STATISTICS),
            Offer(2, (statistics,)),
            Outside(Event.STATISTICS),
        ],
    )
    yield "actual and target", [
        Start(0), Configure(4, b"\x05"), Configure(4, pack("<I", 9)), Reset(),
        Start(0), Configure(4, bytes(4)), Outside(Event.TARGET, number=10),
        Start(0, ready=False), Outside(Event.TARGET, number=20),
    ]  # fmt: skip


_OF_TYPE: dict[str, Callable[[Face], Iterator[tuple[str, list[DataStep]]]]] = {
    "blk": _blk_scripts,
    "net": _net_scripts,
    "console": _console_scripts,
    "rng": _rng_scripts,
    "balloon": _balloon_scripts,
}
