# SPDX-License-Identifier: Apache-2.0
"""The reference relay against a scripted device: every rule of the contract, every sentence of the ABI."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import pytest

from straightwire.model import commands
from straightwire.reference import relay as relay_module
from straightwire.reference.abi import Member, Outcome, Relay, RelayError, Subject
from straightwire.reference.relay import ReferenceRelay, ReferenceSubject

REFUSED, NOTSUP, INVALID, TOOSMALL = -1, -2, -3, -5
LEGACY = 0b111100
WITH_NOTIFY = LEGACY | 1 << 6
MIGRATION = 1 << 0xA | 1 << 0xD | 1 << 0xE | 1 << 0xF | 1 << 0x10 | 1 << 0x11
OK = bytes(8)
EINVAL = -(0x10000 + 22)

NET_LEN, BLK_LEN, CONSOLE_LEN, RNG_LEN, BALLOON_LEN = 28, 96, 12, 0, 16


@dataclass
class Scripted:
    """A device that answers from a list (then OK with zeros) and notes every operation."""

    replies: list[bytes] = field(default_factory=list)
    config: bytes = bytes(range(256))
    bars: dict[tuple[int, int], int] = field(default_factory=dict)
    log: list[tuple[object, ...]] = field(default_factory=list)

    def admin(self, command: bytes, reply_len: int) -> bytes:
        self.log.append(("admin", command, reply_len))
        return self.replies.pop(0) if self.replies else bytes(reply_len)

    def doorbell(self, bar_owner: int, bar: int, offset: int, queue: int) -> None:
        self.log.append(("doorbell", bar_owner, bar, offset, queue))

    def bar_len(self, bar_owner: int, bar: int) -> int:
        return self.bars.get((bar_owner, bar), 0)

    def config_read(self, offset: int, length: int) -> bytes:
        self.log.append(("config_read", offset, length))
        return self.config[offset : offset + length]

    def config_write(self, offset: int, data: bytes) -> None:
        self.log.append(("config_write", offset, data))

    @property
    def operations(self) -> list[tuple[object, ...]]:
        """What reached the device since the last look."""
        taken, self.log = self.log, []
        return taken


def member(
    config_len: int = NET_LEN, virtio_id: int = 1, in_use: int = LEGACY, member_id: int = 3, parts_object: int = 0
) -> Member:
    return Member(member_id, in_use, virtio_id, config_len, parts_object)


def opened(device: Scripted, who: Member | None = None, *, decode: bool = True, msix: bool = False) -> ReferenceRelay:
    """A relay in the state a test wants, with a clean log."""
    relay = ReferenceSubject().open(device, who or member())
    if decode:
        relay.config_write(4, b"\x01")
    relay.set_msix(msix)
    device.log.clear()
    return relay


def header(opcode: int, member_id: int = 3) -> bytes:
    """24 bytes: opcode, group type 1, 12 zeros, member id."""
    return opcode.to_bytes(2, "little") + b"\x01\x00" + bytes(12) + member_id.to_bytes(8, "little")


def failing(status: int, qualifier: int = 0) -> bytes:
    return status.to_bytes(2, "little") + qualifier.to_bytes(2, "little") + bytes(4)


def entry(flags: int, bar: int, offset: int) -> bytes:
    return bytes((flags, bar)) + bytes(6) + offset.to_bytes(8, "little")


def test_the_reference_meets_the_protocols() -> None:
    subject: Subject = ReferenceSubject()
    relay: Relay = subject.open(Scripted(), member())
    assert subject.name == "reference"
    assert relay.bar_size() == 64


# Open.


@pytest.mark.parametrize(
    ("who", "code"),
    [
        (member(virtio_id=0), INVALID),
        (member(virtio_id=6), INVALID),
        (member(config_len=233), INVALID),
        (member(config_len=233, in_use=0), INVALID),
        (member(virtio_id=9, in_use=0), INVALID),
        *((member(in_use=LEGACY & ~(1 << missing)), NOTSUP) for missing in (2, 3, 4, 5)),
        (member(in_use=0b11 | 1 << 6), NOTSUP),
    ],
)
def test_GR2_open_refuses_with_the_abi_code_and_without_an_operation(who: Member, code: int) -> None:
    device = Scripted()
    with pytest.raises(RelayError) as refused:
        ReferenceSubject().open(device, who)
    assert refused.value.code == code
    assert device.operations == []


@pytest.mark.parametrize("virtio_id", [1, 2, 3, 4, 5])
def test_open_takes_every_legacy_type_up_to_232_bytes(virtio_id: int) -> None:
    device = Scripted()
    assert ReferenceSubject().open(device, member(232, virtio_id)).bar_size() == 256
    assert device.operations == []


@pytest.mark.parametrize("member_id", [0, 1, 65535, 2**64 - 1])
def test_open_does_not_check_the_member_id(member_id: int) -> None:
    device = Scripted()
    relay = opened(device, member(member_id=member_id))
    relay.bar_read(18, 1)
    assert device.operations == [("admin", header(3, member_id) + b"\x12", 9)]


def test_rule_8_open_asks_NOTIFY_INFO_once_where_6_is_in_use() -> None:
    device = Scripted()
    ReferenceSubject().open(device, member(in_use=WITH_NOTIFY))
    assert device.operations == [("admin", header(6), 72)]
    assert len(header(6)) == 24


def test_initial_transport_state_is_decode_off_msix_off_bar0_zero() -> None:
    device = Scripted(config=bytes(256))
    relay = ReferenceSubject().open(device, member())
    assert relay.bar_read(0, 4) == Outcome(REFUSED)
    assert relay.config_read(0x10, 4) == Outcome(4, b"\x01\0\0\0")
    relay.config_write(4, b"\x01")
    device.log.clear()
    relay.bar_read(20, 1)
    assert device.operations == [("admin", header(5) + b"\x00", 9)]


# Rule 1: the window.


@pytest.mark.parametrize(
    ("virtio_id", "config_len", "window"),
    [
        (1, NET_LEN, 64),
        (2, BLK_LEN, 128),
        (3, CONSOLE_LEN, 64),
        (4, RNG_LEN, 32),
        (5, BALLOON_LEN, 64),
        (1, 8, 32),
        (1, 9, 64),
        (2, 40, 64),
        (2, 41, 128),
        (2, 104, 128),
        (2, 105, 256),
        (2, 232, 256),
    ],
)
def test_rule_1_window_is_the_power_of_two_that_holds_it_all(virtio_id: int, config_len: int, window: int) -> None:
    device = Scripted()
    relay = opened(device, member(config_len, virtio_id))
    assert relay.bar_size() == window
    assert relay.bar_read(window - 1, 1).result == 1
    assert relay.bar_read(window - 1, 2) == Outcome(REFUSED)
    assert relay.bar_read(window, 1) == Outcome(REFUSED)
    assert relay.bar_read(0, window).result == window
    assert relay.bar_read(0, window + 1) == Outcome(REFUSED)
    assert len(device.operations) == 2


# Rules 2 and 3: layout and route.


@pytest.mark.parametrize(
    ("msix", "offset", "length", "opcode", "wire_offset"),
    [
        (False, 0, 4, 3, 0),
        (False, 18, 1, 3, 18),
        (False, 19, 1, 3, 19),
        (False, 19, 2, 3, 19),
        (False, 18, 8, 3, 18),
        (False, 20, 1, 5, 0),
        (False, 24, 4, 5, 4),
        (False, 63, 1, 5, 43),
        (True, 20, 2, 3, 20),
        (True, 22, 2, 3, 22),
        (True, 23, 2, 3, 23),
        (True, 24, 6, 5, 0),
        (True, 63, 1, 5, 39),
        (False, 0, 64, 3, 0),
        (True, 7, 3, 3, 7),
    ],
)
def test_C_ROUTE_first_byte_decides_and_nothing_is_split(
    msix: bool, offset: int, length: int, opcode: int, wire_offset: int
) -> None:
    device = Scripted()
    relay = opened(device, msix=msix)
    assert relay.bar_read(offset, length) == Outcome(length, bytes(length))
    data = bytes(range(1, length + 1))
    assert relay.bar_write(offset, data) == Outcome(length)
    assert device.operations == [
        ("admin", header(opcode) + bytes((wire_offset,)), 8 + length),
        ("admin", header(opcode - 1) + bytes((wire_offset,)) + bytes(7) + data, 8),
    ]


def test_C_ROUTE_layout_follows_each_msix_event() -> None:
    device = Scripted()
    relay = opened(device)
    for msix, expected in ((False, (5, 0)), (True, (3, 20)), (False, (5, 0))):
        relay.set_msix(msix)
        assert device.operations == []
        relay.bar_read(20, 1)
        assert device.operations == [("admin", header(expected[0]) + bytes((expected[1],)), 9)]


def test_LR1_QR2_QR4_A1_a_read_is_25_bytes_and_a_write_32_and_its_data() -> None:
    device = Scripted()
    relay = opened(device)
    relay.bar_read(0, 4)
    relay.bar_write(4, b"\xaa\xbb\xcc\xdd")
    read, write = device.operations
    assert read == ("admin", bytes.fromhex("0300 0100 000000000000000000000000 0300000000000000 00"), 12)
    assert write == (
        "admin",
        bytes.fromhex("0200 0100 000000000000000000000000 0300000000000000 04 00000000000000 aabbccdd"),
        8,
    )


# Decode, refusals, accesses of length 0.


def test_C_REFUSE_nothing_decodes_while_io_decode_is_off() -> None:
    device = Scripted()
    relay = opened(device, decode=False)
    assert relay.bar_read(0, 4) == Outcome(REFUSED)
    assert relay.bar_write(16, b"\0\0") == Outcome(REFUSED)
    relay.config_write(4, b"\x03")
    device.log.clear()
    assert relay.bar_read(0, 4).result == 4
    relay.config_write(4, b"\x02")
    device.log.clear()
    assert relay.bar_read(0, 4) == Outcome(REFUSED)
    assert device.operations == []


@pytest.mark.parametrize(("offset", "length"), [(64, 1), (61, 4), (2**64 - 1, 2), (2**32, 4), (0, 65)])
def test_C_REFUSE_not_wholly_inside_the_window(offset: int, length: int) -> None:
    device = Scripted()
    relay = opened(device)
    assert relay.bar_read(offset, length) == Outcome(REFUSED)
    assert relay.bar_write(offset, bytes(length)) == Outcome(REFUSED)
    assert device.operations == []


@pytest.mark.parametrize("decode", [False, True])
@pytest.mark.parametrize("offset", [0, 16, 64, 256, 1 << 63])
def test_length_0_is_no_access(decode: bool, offset: int) -> None:
    device = Scripted()
    relay = opened(device, decode=decode)
    assert relay.bar_read(offset, 0) == Outcome(0)
    assert relay.bar_write(offset, b"") == Outcome(0)
    assert relay.config_read(offset, 0) == Outcome(0)
    assert relay.config_write(offset, b"") == Outcome(0)
    assert device.operations == []


# Replies.


def test_C_REPLY_the_guest_gets_exactly_the_payload() -> None:
    relay = opened(Scripted(replies=[OK + b"\x64\x80\xbf\x79"]))
    assert relay.bar_read(0, 4) == Outcome(4, b"\x64\x80\xbf\x79")


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (b"", Outcome(4, b"\0\0\0\0")),
        (b"\0", Outcome(4, b"\0\0\0\0")),
        (b"\x16", Outcome(EINVAL)),
        (b"\x00\x01", Outcome(-0x10100)),
        (b"\x16\x00\x03", Outcome(EINVAL)),
        (OK[:5], Outcome(4, b"\0\0\0\0")),
        (OK, Outcome(4, b"\0\0\0\0")),
        (OK + b"\xaa\xbb", Outcome(4, b"\xaa\xbb\0\0")),
        (OK + b"\xaa\xbb\xcc\xdd\xee\xff", Outcome(4, b"\xaa\xbb\xcc\xdd")),
    ],
)
def test_QR5_A13_a_short_reply_reads_as_zeros_and_a_long_one_is_cut(reply: bytes, outcome: Outcome) -> None:
    relay = opened(Scripted(replies=[OK + b"\x11\x22\x33\x44", reply]))
    assert relay.bar_read(0, 4) == Outcome(4, b"\x11\x22\x33\x44")
    assert relay.bar_read(0, 4) == outcome  # C-RESIDUE: nothing of the access before


def test_A13_an_empty_reply_to_a_write_is_success() -> None:
    assert opened(Scripted(replies=[b""])).bar_write(0, b"\1") == Outcome(1)


@pytest.mark.parametrize("status", [1, 6, 11, 12, 16, 17, 22, 28, 255, 256, 0xFFFF])
@pytest.mark.parametrize("qualifier", [0, 3, 0xFFFF])
def test_GR8_C_STATUS_failure_is_the_status_alone_with_an_empty_payload(status: int, qualifier: int) -> None:
    reply = failing(status, qualifier) + b"\xaa\xbb\xcc\xdd"
    device = Scripted(replies=[reply, reply])
    relay = opened(device)
    assert relay.bar_read(0, 4) == Outcome(-(0x10000 + status))
    assert relay.bar_write(0, b"\1\2\3\4") == Outcome(-(0x10000 + status))
    assert len(device.operations) == 2  # A14: EAGAIN (11) is not retried


def test_C_STATUS_a_qualifier_with_status_0_is_success() -> None:
    assert opened(Scripted(replies=[failing(0, 3) + b"\x07"])).bar_read(18, 1) == Outcome(1, b"\x07")


# Rule 4: the doorbell.


def with_doorbell(
    entries: Iterable[bytes], bars: dict[tuple[int, int], int], status: int = 0
) -> tuple[Scripted, ReferenceRelay]:
    device = Scripted(replies=[failing(status) + b"".join(entries)], bars=bars)
    return device, opened(device, member(in_use=WITH_NOTIFY))


def rings(device: Scripted, relay: ReferenceRelay) -> tuple[object, ...]:
    """The one operation of a 16-bit write of 0x0102 at 16."""
    assert relay.bar_write(16, b"\x02\x01") == Outcome(2)
    (operation,) = device.operations
    return operation


COMMAND = ("admin", header(2) + b"\x10" + bytes(7) + b"\x02\x01", 8)
MEMBER_BAR = {(2, 4): 0x1000}
OWNER_BAR = {(1, 2): 0x2000}


def test_rule_4_LR4_a_16_bit_write_at_16_rings_the_doorbell() -> None:
    device, relay = with_doorbell([entry(2, 4, 0x10)], MEMBER_BAR)
    assert rings(device, relay) == ("doorbell", 2, 4, 0x10, 0x0102)
    relay.set_msix(True)
    relay.reset()
    relay.config_write(4, b"\x01")
    device.log.clear()
    assert rings(device, relay) == ("doorbell", 2, 4, 0x10, 0x0102)  # C2: valid while the relay is open


@pytest.mark.parametrize(
    ("offset", "data"),
    [(16, b"\1"), (17, b"\1"), (15, b"\1\2"), (17, b"\1\2"), (16, b"\1\2\3"), (16, b"\1\2\3\4"), (14, b"\1\2\3\4")],
)
def test_rule_4_every_other_write_that_touches_16_is_a_command(offset: int, data: bytes) -> None:
    device, relay = with_doorbell([entry(2, 4, 0x10)], MEMBER_BAR)
    assert relay.bar_write(offset, data) == Outcome(len(data))
    assert device.operations == [("admin", header(2) + bytes((offset,)) + bytes(7) + data, 8)]


def test_rule_4_a_read_at_16_is_a_command() -> None:
    device, relay = with_doorbell([entry(2, 4, 0x10)], MEMBER_BAR)
    assert relay.bar_read(16, 2) == Outcome(2, b"\0\0")
    assert device.operations == [("admin", header(3) + b"\x10", 10)]


def test_rule_4_the_doorbell_is_gated_by_decode() -> None:
    device, relay = with_doorbell([entry(2, 4, 0x10)], MEMBER_BAR)
    relay.config_write(4, b"\x00")
    device.log.clear()
    assert relay.bar_write(16, b"\0\0") == Outcome(REFUSED)
    assert device.operations == []


BOTH = MEMBER_BAR | OWNER_BAR | {(2, 1): 0x1000, (2, 5): 0x1000, (2, 0): 0x1000, (2, 6): 0x1000}
OWNER_BELL = ("doorbell", 1, 2, 0x100, 0x0102)
MEMBER_BELL = ("doorbell", 2, 4, 0x10, 0x0102)
GOOD = entry(1, 2, 0x100)


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([], COMMAND),
        ([GOOD], OWNER_BELL),
        ([entry(2, 4, 0x10), GOOD], MEMBER_BELL),
        ([entry(0, 4, 0x10), GOOD], COMMAND),
        ([entry(3, 4, 0x10), GOOD], OWNER_BELL),
        ([entry(255, 4, 0x10), GOOD], OWNER_BELL),
        ([entry(2, 1, 0x10), GOOD], ("doorbell", 2, 1, 0x10, 0x0102)),
        ([entry(2, 5, 0x10), GOOD], ("doorbell", 2, 5, 0x10, 0x0102)),
        ([entry(2, 0, 0x10), GOOD], OWNER_BELL),
        ([entry(2, 6, 0x10), GOOD], OWNER_BELL),
        ([entry(2, 255, 0x10), GOOD], OWNER_BELL),
        ([entry(2, 3, 0), GOOD], OWNER_BELL),
        ([entry(1, 4, 0), GOOD], OWNER_BELL),
        ([entry(2, 4, 0x11), GOOD], OWNER_BELL),
        ([entry(2, 4, 0xFFE), GOOD], ("doorbell", 2, 4, 0xFFE, 0x0102)),
        ([entry(2, 4, 0x1000), GOOD], OWNER_BELL),
        ([entry(2, 4, 2**64 - 2), GOOD], OWNER_BELL),
        ([entry(3, 1, 0), entry(2, 0, 0), entry(2, 4, 1), GOOD], OWNER_BELL),
        ([entry(3, 1, 0), entry(2, 0, 0), entry(2, 4, 1), entry(1, 2, 3)], COMMAND),
        ([entry(3, 1, 0), entry(3, 1, 0), entry(3, 1, 0), entry(3, 1, 0), GOOD], COMMAND),
        ([GOOD[:9]], ("doorbell", 1, 2, 0, 0x0102)),
        ([GOOD[:1]], COMMAND),
    ],
)
def test_LR5_LR6_LR7_the_first_entry_that_stands_is_taken(entries: list[bytes], expected: tuple[object, ...]) -> None:
    """A cut reply reads as zeros from there on (A13): a cut offset is 0, a cut bar is none."""
    device, relay = with_doorbell(entries, BOTH)
    assert rings(device, relay) == expected


def test_LR6_an_entry_may_end_exactly_with_an_odd_bar_but_not_pass_it() -> None:
    for length, expected in ((0x12, MEMBER_BELL), (0x11, COMMAND), (0, COMMAND)):
        device, relay = with_doorbell([entry(2, 4, 0x10)], {(2, 4): length})
        assert rings(device, relay) == expected


def test_rule_8_a_failing_NOTIFY_INFO_leaves_no_doorbell_and_open_succeeds() -> None:
    device, relay = with_doorbell([GOOD], BOTH, status=22)
    assert rings(device, relay) == COMMAND


def test_rule_8_without_6_in_use_there_is_no_doorbell() -> None:
    device = Scripted(replies=[OK + GOOD], bars=BOTH)
    relay = ReferenceSubject().open(device, member(in_use=LEGACY))
    assert device.operations == []
    device.replies.clear()
    relay.config_write(4, b"\x01")
    device.log.clear()
    assert rings(device, relay) == COMMAND


# Rule 6: configuration space.


@pytest.mark.parametrize(("virtio_id", "device_id"), [(1, 0x1000), (2, 0x1001), (3, 0x1003), (4, 0x1005), (5, 0x1002)])
def test_rule_6_the_overlay_is_a_transitional_identity(virtio_id: int, device_id: int) -> None:
    device = Scripted(config=b"\xee" * 256)
    relay = opened(device, member(0, virtio_id), decode=False)
    outcome = relay.config_read(0, 256)
    expected = bytearray(b"\xee" * 256)
    expected[2:4] = device_id.to_bytes(2, "little")
    expected[4] = 0xEE  # bit 0 is clear in 0xee, and so is decode
    expected[8] = 0
    expected[0x10:0x14] = b"\x01\0\0\0"
    expected[0x2C:0x2E] = b"\xf4\x1a"
    expected[0x2E:0x30] = bytes((virtio_id, 0))
    assert outcome == Outcome(256, bytes(expected))
    assert device.operations == [("config_read", 0, 256)]


def test_rule_6_the_overlay_is_bytewise_at_every_offset_and_length() -> None:
    device = Scripted(config=bytes(range(256)))
    relay = opened(device, member(BLK_LEN, 2))
    relay.config_write(0x10, b"\xff\xff\xff\xff")
    whole = relay.config_read(0, 256).payload
    for offset in range(0x40):
        for length in (1, 2, 3, 4, 5, 8, 64):
            assert relay.config_read(offset, length) == Outcome(length, whole[offset : offset + length])


def test_rule_6_the_decode_bit_is_the_shadow_and_its_neighbours_are_the_members() -> None:
    device = Scripted(config=b"\xff" * 256)
    relay = opened(device, decode=False)
    assert relay.config_read(4, 2).payload == b"\xfe\xff"
    relay.config_write(4, b"\x01")
    assert relay.config_read(4, 1).payload == b"\xff"
    device.config = bytes(256)
    assert relay.config_read(3, 3).payload == b"\x10\x01\x00"


@pytest.mark.parametrize(
    ("config_len", "written", "shown"),
    [
        (NET_LEN, 0xFFFFFFFF, 0xFFFFFFC1),
        (BLK_LEN, 0xFFFFFFFF, 0xFFFFFF81),
        (RNG_LEN, 0xFFFFFFFF, 0xFFFFFFE1),
        (232, 0xFFFFFFFF, 0xFFFFFF01),
        (NET_LEN, 0x0000C0FE, 0x0000C0C1),
        (NET_LEN, 0x0000003F, 0x00000001),
        (NET_LEN, 0, 1),
    ],
)
def test_rule_6_BAR0_reads_as_written_masked_to_the_window(config_len: int, written: int, shown: int) -> None:
    relay = opened(Scripted(), member(config_len))
    relay.config_write(0x10, written.to_bytes(4, "little"))
    assert relay.config_read(0x10, 4) == Outcome(4, shown.to_bytes(4, "little"))


def test_C_CONFIG_a_write_is_verbatim_and_changes_the_shadows_of_its_bytes_alone() -> None:
    device = Scripted(config=bytes(256))
    relay = opened(device)
    relay.config_write(0x10, b"\x40\x41\x42\x43")
    relay.config_write(0x12, b"\x99")
    assert relay.config_read(0x10, 4).payload == b"\x41\x41\x99\x43"
    relay.config_write(0x14, b"\xff")  # the next BAR
    relay.config_write(5, b"\x00")  # the other byte of COMMAND
    assert relay.bar_read(0, 1).result == 1
    relay.config_write(0x0F, b"\xff\x80")  # straddles into BAR0
    assert relay.config_read(0x10, 4).payload == b"\x81\x41\x99\x43"
    relay.config_write(2, b"\xff\xff\xfe\xff")  # straddles into COMMAND, decode off
    assert relay.bar_read(0, 1) == Outcome(REFUSED)
    assert [operation for operation in device.operations if operation[0] == "config_write"] == [
        ("config_write", 0x10, b"\x40\x41\x42\x43"),
        ("config_write", 0x12, b"\x99"),
        ("config_write", 0x14, b"\xff"),
        ("config_write", 5, b"\x00"),
        ("config_write", 0x0F, b"\xff\x80"),
        ("config_write", 2, b"\xff\xff\xfe\xff"),
    ]


def test_C_CONFIG_a_write_reports_its_length() -> None:
    device = Scripted()
    assert opened(device).config_write(0, bytes(256)) == Outcome(256)
    assert device.operations == [("config_write", 0, bytes(256))]


@pytest.mark.parametrize(("offset", "length"), [(256, 1), (255, 2), (0, 257), (2**64 - 1, 1), (0x1000, 4)])
def test_config_accesses_past_256_are_refused(offset: int, length: int) -> None:
    device = Scripted()
    relay = opened(device)
    assert relay.config_read(offset, length) == Outcome(REFUSED)
    assert relay.config_write(offset, bytes(length)) == Outcome(REFUSED)
    assert device.operations == []


def test_config_space_is_not_gated_by_decode_and_issues_no_command() -> None:
    device = Scripted()
    relay = opened(device, decode=False)
    assert relay.config_read(255, 1) == Outcome(1, b"\xff")
    assert relay.config_write(255, b"\0") == Outcome(1)
    assert device.operations == [("config_read", 255, 1), ("config_write", 255, b"\0")]


def test_config_read_a_short_answer_is_zero_filled_and_a_long_one_cut() -> None:
    class Odd(Scripted):
        answer = b""

        def config_read(self, offset: int, length: int) -> bytes:
            return self.answer

    device = Odd()
    relay = opened(device)
    assert relay.config_read(0x2A, 4) == Outcome(4, b"\0\0\xf4\x1a")
    device.answer = b"\x11\x22\x33\x44\x55"
    assert relay.config_read(0x40, 2) == Outcome(2, b"\x11\x22")


# Rule 7 and C-INIT: events.


def test_rule_7_reset_clears_decode_and_BAR0_and_not_the_layout() -> None:
    device = Scripted(config=bytes(256))
    relay = opened(device, msix=True)
    relay.config_write(0x10, b"\x00\xc0\x00\x00")
    device.log.clear()
    relay.reset()
    assert device.operations == []
    assert relay.bar_read(0, 4) == Outcome(REFUSED)
    assert relay.config_read(4, 1).payload == b"\0"
    relay.config_write(0x14, b"\xff")
    assert relay.config_read(0x10, 4).payload == b"\x01\0\0\0"
    relay.config_write(4, b"\x01")
    device.log.clear()
    relay.bar_read(20, 2)
    assert device.operations == [("admin", header(3) + b"\x14", 10)]


def test_C_FRAME_no_bar_access_changes_transport_state() -> None:
    device = Scripted(config=bytes(256))
    relay = opened(device)
    before = relay.config_read(0, 256)
    for offset in range(64):
        relay.bar_write(offset, b"\xff")
        relay.bar_read(offset, 1)
    assert relay.config_read(0, 256) == before
    device.log.clear()
    relay.bar_read(20, 1)
    assert device.operations == [("admin", header(5) + b"\0", 9)]


def test_C_INIT_events_tick_and_close_issue_nothing() -> None:
    device = Scripted()
    relay = opened(device)
    relay.tick()
    relay.set_msix(True)
    relay.reset()
    relay.tick()
    relay.close()
    assert device.operations == []


AFTER_CLOSE: dict[str, Callable[[ReferenceRelay], object]] = {
    "bar_size": lambda relay: relay.bar_size(),
    "bar_read": lambda relay: relay.bar_read(0, 0),
    "bar_write": lambda relay: relay.bar_write(0, b""),
    "config_read": lambda relay: relay.config_read(0, 1),
    "config_write": lambda relay: relay.config_write(0, b"\0"),
    "set_msix": lambda relay: relay.set_msix(True),
    "reset": lambda relay: relay.reset(),
    "tick": lambda relay: relay.tick(),
    "stop": lambda relay: relay.stop(True),
    "save": lambda relay: relay.save(0),
    "load": lambda relay: relay.load(b""),
    "close": lambda relay: relay.close(),
}


@pytest.mark.parametrize("call", AFTER_CLOSE)
def test_every_call_after_close_is_a_programming_error(call: str) -> None:
    device = Scripted()
    relay = opened(device)
    relay.close()
    with pytest.raises(RuntimeError, match="closed"):
        AFTER_CLOSE[call](relay)
    assert device.operations == []


# C-ORDER.


def test_C_ORDER_several_threads_one_operation_at_a_time() -> None:
    class Slow(Scripted):
        inside = 0
        most = 0

        def admin(self, command: bytes, reply_len: int) -> bytes:
            self.inside += 1
            self.most = max(self.most, self.inside)
            time.sleep(0.0005)
            self.inside -= 1
            return super().admin(command, reply_len)

    device = Slow()
    relay = opened(device, member(in_use=LEGACY | MIGRATION))
    threads = [threading.Thread(target=lambda: [relay.bar_read(18, 1) for _ in range(5)]) for _ in range(4)]
    threads.append(threading.Thread(target=lambda: relay.save(64)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    opcodes = [command[0] for _, command, _ in device.operations if isinstance(command, bytes)]
    assert device.most == 1
    assert len(opcodes) == 24
    first = opcodes.index(0xA)
    assert opcodes[first : first + 4] == [0xA, 0xE, 0xF, 0xD]  # a host request is one call, and whole


def test_a_host_may_report_msix_from_within_a_configuration_write() -> None:
    class Telling(Scripted):
        relay: ReferenceRelay

        def config_write(self, offset: int, data: bytes) -> None:
            super().config_write(offset, data)
            if offset == 0x43:
                self.relay.set_msix(bool(data[0] & 0x80))

    device = Telling()
    device.relay = opened(device)
    device.relay.config_write(0x43, b"\x80")
    device.log.clear()
    device.relay.bar_read(20, 2)
    assert device.operations == [("admin", header(3) + b"\x14", 10)]


# Host requests.

MIGRATING = member(in_use=LEGACY | MIGRATION, parts_object=0x01020304)
OBJECT = bytes(4) + b"\x04\x03\x02\x01"  # type 0, reserved, id
CREATE_GET = ("admin", header(0xA) + OBJECT + bytes(8) + b"\0" + bytes(7), 8)
CREATE_SET = ("admin", header(0xA) + OBJECT + bytes(8) + b"\1" + bytes(7), 8)
METADATA = ("admin", header(0xE) + OBJECT + b"\0" + bytes(7), 16)
DESTROY = ("admin", header(0xD) + OBJECT, 8)


def get(cap: int) -> tuple[object, ...]:
    return ("admin", header(0xF) + OBJECT + b"\1" + bytes(7), 8 + cap)


def put(parts: bytes) -> tuple[object, ...]:
    return ("admin", header(0x10) + OBJECT + parts, 8)


def size(number: int) -> bytes:
    return OK + number.to_bytes(4, "little") + bytes(4)


@pytest.mark.parametrize("missing", [0xA, 0xD, 0xE, 0xF, 0x10, 0x11])
def test_host_requests_need_all_six_opcodes(missing: int) -> None:
    device = Scripted()
    relay = opened(device, member(in_use=(LEGACY | MIGRATION) & ~(1 << missing)))
    assert relay.stop(True) == relay.save(0) == relay.save(100) == relay.load(b"\1") == Outcome(NOTSUP)
    assert device.operations == []


@pytest.mark.parametrize(("stopped", "flags"), [(True, b"\1"), (False, b"\0")])
def test_stop_is_one_DEV_MODE_SET(stopped: bool, flags: bytes) -> None:
    device = Scripted(replies=[OK, failing(16)])
    relay = opened(device, MIGRATING, decode=False)
    assert relay.stop(stopped) == Outcome(0)
    assert device.operations == [("admin", header(0x11) + flags, 8)]
    assert relay.stop(stopped) == Outcome(-0x10010)


@pytest.mark.parametrize(
    ("cap", "replies", "outcome", "operations"),
    [
        (0, [OK, size(100), OK], Outcome(100), [CREATE_GET, METADATA, DESTROY]),
        (0, [OK, size(0), OK], Outcome(0), [CREATE_GET, METADATA, DESTROY]),
        (0, [OK, size(100), failing(6)], Outcome(-0x10006), [CREATE_GET, METADATA, DESTROY]),
        (99, [OK, size(100), OK], Outcome(TOOSMALL), [CREATE_GET, METADATA, DESTROY]),
        (99, [OK, size(100), failing(6)], Outcome(TOOSMALL), [CREATE_GET, METADATA, DESTROY]),
        (4, [OK, size(4), OK + b"abcd", OK], Outcome(4, b"abcd"), [CREATE_GET, METADATA, get(4), DESTROY]),
        (9, [OK, size(4), OK + b"abcd", OK], Outcome(4, b"abcd"), [CREATE_GET, METADATA, get(9), DESTROY]),
        (9, [OK, size(4), OK + b"ab", OK], Outcome(2, b"ab"), [CREATE_GET, METADATA, get(9), DESTROY]),
        (9, [OK, size(4), OK[:3], OK], Outcome(0), [CREATE_GET, METADATA, get(9), DESTROY]),
        (9, [OK, size(4), b"", OK], Outcome(0), [CREATE_GET, METADATA, get(9), DESTROY]),
        (4, [OK, size(4), OK + b"abcdef", OK], Outcome(4, b"abcd"), [CREATE_GET, METADATA, get(4), DESTROY]),
        (4, [OK, size(0), OK + b"abcd", OK], Outcome(4, b"abcd"), [CREATE_GET, METADATA, get(4), DESTROY]),
        (4, [OK, OK + b"\x04", OK + b"abcd", OK], Outcome(4, b"abcd"), [CREATE_GET, METADATA, get(4), DESTROY]),
        (4, [OK, b"", OK + b"abcd", OK], Outcome(4, b"abcd"), [CREATE_GET, METADATA, get(4), DESTROY]),
        (4, [failing(28)], Outcome(-0x1001C), [CREATE_GET]),
        (4, [OK, failing(6), OK], Outcome(-0x10006), [CREATE_GET, METADATA, DESTROY]),
        (4, [OK, failing(6), failing(16)], Outcome(-0x10006), [CREATE_GET, METADATA, DESTROY]),
        (4, [OK, size(4), failing(12) + b"abcd", OK], Outcome(-0x1000C), [CREATE_GET, METADATA, get(4), DESTROY]),
        (4, [OK, size(4), failing(12), failing(6)], Outcome(-0x1000C), [CREATE_GET, METADATA, get(4), DESTROY]),
        (4, [OK, size(4), OK + b"abcd", failing(6)], Outcome(-0x10006), [CREATE_GET, METADATA, get(4), DESTROY]),
    ],
)
def test_save_issues_exactly_its_commands(
    cap: int, replies: list[bytes], outcome: Outcome, operations: list[tuple[object, ...]]
) -> None:
    device = Scripted(replies=list(replies))
    relay = opened(device, MIGRATING, decode=False)
    assert relay.save(cap) == outcome
    assert device.operations == operations


@pytest.mark.parametrize(
    ("parts", "replies", "outcome", "operations"),
    [
        (b"abcde", [OK, OK, OK], Outcome(0), [CREATE_SET, put(b"abcde"), DESTROY]),
        (b"", [OK, OK, OK], Outcome(0), [CREATE_SET, put(b""), DESTROY]),
        (b"a", [failing(28)], Outcome(-0x1001C), [CREATE_SET]),
        (b"a", [OK, failing(22), OK], Outcome(EINVAL), [CREATE_SET, put(b"a"), DESTROY]),
        (b"a", [OK, failing(22), failing(6)], Outcome(EINVAL), [CREATE_SET, put(b"a"), DESTROY]),
        (b"a", [OK, OK, failing(6)], Outcome(-0x10006), [CREATE_SET, put(b"a"), DESTROY]),
    ],
)
def test_load_issues_exactly_its_commands(
    parts: bytes, replies: list[bytes], outcome: Outcome, operations: list[tuple[object, ...]]
) -> None:
    device = Scripted(replies=list(replies))
    relay = opened(device, MIGRATING, decode=False)
    assert relay.load(parts) == outcome
    assert device.operations == operations


def test_C_OPAQUE_any_bytes_pass_both_ways() -> None:
    parts = bytes(range(256)) * 5
    device = Scripted(replies=[OK, size(len(parts)), OK + parts, OK])
    relay = opened(device, MIGRATING)
    assert relay.save(len(parts)).payload == parts
    device.log.clear()
    relay.load(parts)
    assert device.operations[1] == put(parts)


def test_T_BYTES_the_layouts_are_those_of_the_command_table() -> None:
    """The packed structures against the typed table: lengths, and each number at its own offset."""
    assert relay_module._HEADER.size == commands.COMMAND_HEADER_LEN
    assert relay_module._LEGACY_READ.size == commands.LEGACY_READ_LEN
    assert relay_module._LEGACY_WRITE.size == commands.LEGACY_WRITE_LEN
    assert relay_module._MODE_SET.size == commands.MODE_SET_LEN
    assert relay_module._OBJECT.size == commands.OBJECT_DESTROY_LEN == commands.PARTS_SET_LEN
    assert relay_module._OBJECT_CREATE.size == commands.OBJECT_CREATE_LEN
    assert relay_module._OBJECT_GET.size == commands.METADATA_GET_LEN == commands.PARTS_GET_LEN
    for layout, parts in (
        (relay_module._HEADER, commands.COMMAND_HEADER),
        (relay_module._LEGACY_READ, (*commands.COMMAND_HEADER, *commands.LEGACY_READ_DATA)),
        (relay_module._LEGACY_WRITE, (*commands.COMMAND_HEADER, *commands.LEGACY_WRITE_DATA)),
        (relay_module._MODE_SET, (*commands.COMMAND_HEADER, *commands.MODE_SET_DATA)),
        (relay_module._OBJECT, (*commands.COMMAND_HEADER, *commands.OBJECT_HEADER)),
        (relay_module._OBJECT_CREATE, (*commands.COMMAND_HEADER, *commands.OBJECT_CREATE_DATA)),
        (relay_module._OBJECT_GET, (*commands.COMMAND_HEADER, *commands.METADATA_GET_DATA)),
        (relay_module._OBJECT_GET, (*commands.COMMAND_HEADER, *commands.PARTS_GET_DATA)),
        (relay_module._NOTIFY_ENTRY, commands.NOTIFY_ENTRY),
    ):
        numbers = [part for part in parts if part.size and not part.name.startswith(("reserved", "padding"))]
        values = [int.from_bytes(bytes(range(0x11, 0x11 + part.size)), "little") for part in numbers]
        expected = bytearray(layout.size)
        for part in numbers:
            expected[part.offset : part.offset + part.size] = bytes(range(0x11, 0x11 + part.size))
        assert layout.pack(*values) == bytes(expected)
