# SPDX-License-Identifier: Apache-2.0
"""A rough guest by random numbers: requests that may be right, rings that are not, registers, events."""

from __future__ import annotations

from random import Random
from struct import pack

from support.two_dpus import MAC, USE_ALL, TwoDpus

SIZE = 8
PAGES = (1, 3, 5)  # where rings are, unless the guest moves them: each has two pages
BUFFERS = 0x10000
OTHER = b"\x52\x54\x00\x00\x00\x63"
GROUP = b"\x01\x00\x5e\x00\x00\x01"
NEXT, WRITE, INDIRECT = 1, 2, 4
LENGTHS = (1, 2, 4, 6, 7, 9, 10, 11, 12, 13, 14, 16, 17, 26, 32, 48, 512, 513, 1025, 1526, 4096)
ODD_LENGTHS = (0, 0x10000, 0x20000, (4 << 20) + 1, 2**32 - 1)
ODD_ADDRESSES = (0, 0x1000, 0x1080, 0x1082, 0x2000, 0x2002, 0x3000, 0x1FFF8, 0x20000, 2**32, 2**63, 2**64 - 8)
FEATURES = (0, 1 << 24, 1 << 28, 1 << 29, 3 << 28, 2**32 - 1, 2**32 - 1 & ~(1 << 29), 1 << 15, 1 << 9, 1 << 11)


def ranges(random: Random) -> bytes:
    """What a request to discard or zero has for data."""
    many = random.choice((1, 1, 1, 2, 3))
    each = (
        pack("<QII", random.choice((0, 1, 56, 60, 63, 64, 2**63)), random.randrange(10), random.choice((0, 0, 1, 2)))
        for _ in range(many)
    )
    return b"".join(each) + bytes(random.choice((0, 0, 0, 1)))


def blk_request(random: Random) -> bytes:
    kind = random.choice((0, 0, 1, 1, 2, 3, 4, 5, 8, 9, 10, 11, 11, 12, 13, 13, 0x80000000, 0x80000001, 99))
    sector = random.choice((0, 1, 5, 62, 63, 64, 65, 2**55, 2**64 - 1))
    data = b""
    if kind & 0x7FFFFFFF in {10, 11, 12, 13}:
        data = ranges(random)
    elif kind & 1:
        data = random.randbytes(random.choice((0, 1, 511, 512, 512, 1024)))
    return pack("<IIQ", kind, 0, sector) + data


def net_control(random: Random) -> bytes:
    kind = random.randrange(5)
    command = random.randrange(7) if kind == 0 else random.randrange(3)
    if kind == 1 and command == 0:
        lists = [[random.choice((OTHER, GROUP, MAC))] * random.choice((0, 1, 2, 63, 64, 65)) for _ in range(2)]
        data = b"".join(pack("<I", len(one)) + b"".join(one) for one in lists) + bytes(random.choice((0, 0, 0, 1)))
    elif kind == 1:
        data = random.choice((OTHER, OTHER, OTHER[:5], OTHER + b"\0"))
    elif kind == 2:
        data = random.choice((b"\5\0", b"\5\0", b"\xff\x0f", b"\0\x10", b"\1", b"\5\0\0"))
    else:
        data = random.choice((b"\0", b"\1", b"\2", b"", b"\0\1"))
    return bytes((kind, command)) + data


def frame(random: Random) -> bytes:
    destination = random.choice((MAC, OTHER, GROUP, b"\xff" * 6))
    kind = random.choice((b"\x08\0", b"\x81\0\0\5", b"\x81\0\xef\xff", b"\x81\0", b"\x81\0\7"))
    whole = destination + OTHER + kind + random.randbytes(random.choice((0, 0, 4, 46, 100, 1500)))
    return whole[: random.choice((13, 14))] if random.random() < 0.05 else whole


def request(random: Random, kind: str, queue: int) -> bytes:
    """What a driver of this type may send."""
    if random.random() < 0.1:
        return random.randbytes(random.choice((0, 1, 3, 15, 16, 40)))
    if kind == "blk":
        return blk_request(random)
    if kind == "net":
        header = bytes(random.choice((10, 12)))
        return net_control(random) if queue == 2 else header + frame(random) if queue == 1 else b""
    if kind == "balloon":
        if queue == 2:
            return b"".join(
                pack("<HQ", random.randrange(20), random.getrandbits(64)) for _ in range(random.randrange(4))
            )
        return b"".join(pack("<I", random.choice((1, 2, 31, 32, 2**31))) for _ in range(random.randrange(5)))
    return random.choice((b"", b"output", b"?" * 300))


class RoughGuest:
    """One seed, one guest: each ``step`` does something to both devices."""

    def __init__(self, pair: TwoDpus, random: Random, *, hostile: float = 0.2) -> None:
        self.pair, self.random, self.hostile = pair, random, hostile
        pair.admin(USE_ALL, 8)
        pair.pci(4, b"\x06\0")
        self.up()

    def up(self) -> None:
        """A reset, and set up anew."""
        pair, random = self.pair, self.random
        pair.write(18, b"\0")
        pair.write(4, random.choice(FEATURES).to_bytes(4, "little"))
        for queue, page in enumerate(PAGES):
            pair.poke(page * 4096, bytes(0x2000))
            pair.write(14, bytes((queue, 0)))
            pair.write(8, page.to_bytes(4, "little"))
        pair.write(18, random.choice((b"\3", b"\7", b"\7")))

    def step(self) -> None:
        random = self.random
        if random.random() < self.hostile:
            self.pair_mischief()
        elif random.random() < 0.15:
            self.outside()
        elif random.random() < 0.1:
            self.register()
        else:
            self.requests()

    # Requests.

    def requests(self) -> None:
        """One or several chains in one queue, and usually a notification."""
        queue = self.random.choice((0, 0, 1, 1, 2))
        if self.random.random() < 0.02:
            for _ in range(SIZE + 1):
                self.chain(queue)
        for number in range(self.random.choice((1, 1, 1, 2, 3))):
            self.chain(queue, 2 * number)
        if self.random.random() < 0.9:
            self.pair.notify(queue)

    def chain(self, queue: int, first: int = 0) -> None:
        random, pair = self.random, self.pair
        page = PAGES[queue] * 4096
        data = request(random, pair.kind, queue)
        room = random.choice((0, 1, 1, 13, 20, 21, 48, 513, 513, 1025, 1526))
        if pair.kind == "console" and random.random() < 0.2:
            room = 0x6000  # so that the circle of waiting input is gone round
        cuts = (
            sorted(random.sample(range(1, len(data)), min(random.choice((0, 0, 1, 2)), len(data) - 1))) if data else []
        )
        parts: list[tuple[int, int, int]] = []
        at = BUFFERS + 0x2000 * queue + 0x800 * first
        pair.poke(at, data)
        for start, end in zip((0, *cuts), (*cuts, len(data)), strict=True):
            if end > start:
                parts.append((at + start, end - start, 0))
        while room:
            some = room if random.random() < 0.6 else random.randint(1, room)
            parts.append((at + 0x1000 + room, some, WRITE))
            room -= some
        if not parts:
            parts = [(at, 1, 0)]
        if random.random() < 0.2:
            self.table(0x18000, parts[:8])
            descriptors = [(0x18000, 16 * len(parts[:8]), INDIRECT)]
        else:
            descriptors = parts[: SIZE - first]
        for index, (address, length, flags) in enumerate(descriptors):
            last = index + 1 == len(descriptors)
            place = page + 16 * ((first + index) % SIZE)
            following = (first + index + 1) % SIZE
            pair.poke(place, pack("<QIHH", address, length, flags | (0 if last else NEXT), following))
        self.offer(page, first % SIZE)

    def table(self, at: int, parts: list[tuple[int, int, int]]) -> None:
        for index, (address, length, flags) in enumerate(parts):
            last = index + 1 == len(parts)
            self.pair.poke(at + 16 * index, pack("<QIHH", address, length, flags | (0 if last else NEXT), index + 1))

    def offer(self, page: int, head: int) -> None:
        available = page + 16 * SIZE
        index = int.from_bytes(self.pair.peek(available + 2, 2), "little")
        self.pair.poke(available + 4 + 2 * (index % SIZE), pack("<H", head))
        self.pair.poke(available + 2, pack("<H", index + 1 & 0xFFFF))

    # Everything else.

    def pair_mischief(self) -> None:
        """Something no driver does, and a notification."""
        random, pair = self.random, self.pair
        page = random.choice(PAGES) * 4096
        what = random.randrange(6)
        if what == 0:
            address = random.choice((*ODD_ADDRESSES, BUFFERS + random.randrange(0x200), random.getrandbits(64)))
            length = random.choice((*LENGTHS, *ODD_LENGTHS))
            flags = random.choice((0, 1, 2, 3, 4, 5, 6, 0xFFF8, 0xFFFA, random.getrandbits(16)))
            pair.poke(page + 16 * random.randrange(SIZE), pack("<QIHH", address, length, flags, random.randrange(10)))
        elif what == 1:
            self.offer(page, random.choice((*range(SIZE), SIZE, 0xFFFF)))
        elif what == 2:
            pair.poke(page + random.randrange(0x1100), random.randbytes(random.randrange(1, 24)))
        elif what == 3:
            pair.poke(page + 16 * SIZE, pack("<H", random.choice((0, 1, 0xFFFF))))  # flags of the available ring
        elif what == 4:
            pair.poke(page + 16 * SIZE + 4 + 2 * SIZE, pack("<H", random.choice((0, 1, 2, 3, 0x8000, 0xFFFF))))
        else:
            pair.write(14, bytes((random.randrange(5), 0)))
            offset = random.randrange(8, 12)
            length = random.choice((4,) if offset == 8 else (1,))
            pair.write(offset, random.choice((0, 0, 1, 3, 5, 7, 0x1E, 0x1F, 2**31)).to_bytes(4, "little")[:length])
        pair.notify(random.randrange(4))
        if random.random() < 0.3:
            self.up()

    def register(self) -> None:
        random, pair = self.random, self.pair
        what = random.randrange(9)
        if what == 0:
            offset, size = random.choice(((4, 4), (14, 2), (18, 1), (20, 2), (22, 2), (16, 2), (16, 1), (17, 1)))
            value = random.choice((0, 1, 2, 3, 4, 5, 7, 0x1F, 0x40, 0xFF, random.getrandbits(32)))
            pair.write(offset, (value & (1 << 8 * size) - 1).to_bytes(size, "little"))
        elif what == 1:
            pair.configure(random.randrange(40), random.randbytes(random.choice((1, 1, 2, 4))))
        elif what == 2:
            pair.pci(0x43, random.choice((b"\0", b"\x80", b"\xc0", b"\x80")))
        elif what == 3:
            pair.pci(4, random.choice((b"\x06\4", b"\x06\0", b"\0\0", b"\x02\0")))
        elif what == 4:
            pair.pci(4, b"\x06\0")
        elif what == 5:
            pair.read(random.randrange(26), random.choice((1, 2, 4)))
        elif what == 6:
            opcode, member = random.choice((*range(8), 0x40, 0xFFFF)), random.choice((0, 1, 1, 2, 3))
            group = random.choice((0, 1, 1, 1, 2))
            head = pack("<HH", opcode, group) + bytes(12) + pack("<Q", member)
            pair.admin(
                (head + random.randbytes(12))[: random.choice((0, 3, 20, 24, 25, 32, 33, 36))], random.randrange(80)
            )
            pair.admin(USE_ALL, 8)
        elif what == 7:
            pair.reset()
            pair.pci(4, b"\x06\0")
            self.up()
        else:
            self.up()

    def outside(self) -> None:
        """Something from the other side, of whatever kind this type has."""
        random, pair = self.random, self.pair
        if random.random() < 0.2:
            pair.proceed()
        elif pair.kind == "net":
            self.net_outside()
        elif pair.kind == "console":
            if random.random() < 0.1:
                pair.resize_console(random.randrange(300), random.randrange(100))
            else:
                pair.feed(random.randbytes(random.choice((0, 1, 5, 60, 1000, 40000, 40000))))
        elif pair.kind == "rng":
            pair.stock(random.choice((0, 1, 7, 600, None)))
        elif pair.kind == "balloon":
            if random.random() < 0.2:
                pair.set_target(random.getrandbits(32))
            else:
                pair.ask()
        elif random.random() < 0.5:
            pair.resize_disk(random.choice((0, 1, 1, 2, 32, 64)))
        else:
            pair.fail_disk(random.random() < 0.3)

    def net_outside(self) -> None:
        random, pair = self.random, self.pair
        chance = random.random()
        if chance < 0.1:
            pair.set_link(random.random() < 0.7)
        elif chance < 0.15:
            pair.announce()
        else:
            for _ in range(random.choice((1, 1, 3))):
                pair.deliver(frame(random))


def seeded(seed: int) -> Random:
    """Random numbers of a seed: a run that can be repeated."""
    return Random(seed)  # noqa: S311 - no secret


def run(kind: str, seed: int, steps: int, *, hostile: float = 0.2, **options: object) -> None:
    """One guest of a seed; raises ``Difference``."""
    guest = RoughGuest(TwoDpus(kind, **options), seeded(seed), hostile=hostile)  # type: ignore[arg-type]
    for _ in range(steps):
        guest.step()
