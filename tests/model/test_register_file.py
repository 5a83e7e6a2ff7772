# SPDX-License-Identifier: Apache-2.0
"""The model's register file: LD3, LD4, LD5, LD7 and the choices, each with numbers written out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from straightwire.model import term
from straightwire.model.commands import Opcode
from straightwire.model.register_file import (
    Registers,
    common_image,
    fresh,
    function_reset,
    interrupt,
    notify,
    perform,
    run,
    snapshot,
)
from straightwire.model.registers import BLK, NET, RNG, DeviceType
from straightwire.model.snapshot import MemberSnapshot, QueueSnapshot
from straightwire.model.vocabulary import Operation, OpShape, Reply
from straightwire.model.wire import bytes_of

COMMON_WRITE, COMMON_READ = Opcode.LEGACY_COMMON_CFG_WRITE, Opcode.LEGACY_COMMON_CFG_READ
DEVICE_WRITE, DEVICE_READ = Opcode.LEGACY_DEV_CFG_WRITE, Opcode.LEGACY_DEV_CFG_READ
HOST = 0x79BF8064
NET_CONFIG = bytes.fromhex("525400123456 0100 0200 dc05 00000000 00 00 0000 00000000 00000000")

# offset and size of each field (virtio 1.4)
COMMON_FIELDS = [(0, 4), (4, 4), (8, 4), (12, 2), (14, 2), (16, 2), (18, 1), (19, 1), (20, 2), (22, 2)]
NET_FIELDS = [(0, 6), (6, 2), (8, 2), (10, 2), (12, 4), (16, 1), (17, 1), (18, 2), (20, 4), (24, 4)]


class Member:
    """Registers that keep what a command leaves; a command that fails says so."""

    def __init__(self, device: DeviceType = NET, config: bytes = NET_CONFIG, *, msix: bool = False) -> None:
        self.now = replace(fresh(device, HOST, (256, 128, 0, 64), config, 3), msix=msix)

    def command(self, opcode: Opcode, offset: int, length: int, data: int = 0) -> tuple[int, int, int]:
        """Status, qualifier and payload."""
        effect = perform(self.now, opcode, offset, length, data)
        self.now = effect.after
        assert isinstance(effect.status, int)
        assert isinstance(effect.qualifier, int)
        assert isinstance(effect.payload, int)
        return effect.status, effect.qualifier, effect.payload

    def get(self, offset: int, length: int) -> int:
        status, _, payload = self.command(COMMON_READ, offset, length)
        assert status == 0
        return payload

    def put(self, offset: int, length: int, value: int) -> None:
        assert self.command(COMMON_WRITE, offset, length, value) == (0, 0, 0)

    def seen(self) -> MemberSnapshot:
        return snapshot(self.now)


def contained(fields: list[tuple[int, int]]) -> set[tuple[int, int]]:
    """Every (offset, length) that lies in one field."""
    return {
        (start, length)
        for offset, size in fields
        for start in range(offset, offset + size)
        for length in range(1, offset + size - start + 1)
    }


def accepted(member: Member, opcode: Opcode) -> set[tuple[int, int]]:
    """Every (offset, length) that succeeds; every other fails with EINVAL, INVALID_FIELD and without effect."""
    before, taken = member.now, set()
    for offset in (*range(34), 63, 92, 95, 255):
        for length in (*range(10), 24, 40, 256):
            effect = perform(before, opcode, offset, length, 2**64 - 1)
            if effect.status == 0:
                taken.add((offset, length))
            else:
                assert (effect.status, effect.qualifier, effect.payload, effect.after) == (22, 3, 0, before)
    return taken


@pytest.mark.parametrize("opcode", [COMMON_WRITE, COMMON_READ])
@pytest.mark.parametrize(("msix", "fields"), [(False, COMMON_FIELDS[:8]), (True, COMMON_FIELDS)])
def test_LD3_A3_B1_B4_B6_commands_2_and_3_take_part_of_one_register(
    opcode: Opcode, msix: bool, fields: list[tuple[int, int]]
) -> None:
    assert accepted(Member(msix=msix), opcode) == contained(fields)


@pytest.mark.parametrize("opcode", [DEVICE_WRITE, DEVICE_READ])
@pytest.mark.parametrize("msix", [False, True])
def test_LD4_commands_4_and_5_take_part_of_one_field(opcode: Opcode, msix: bool) -> None:
    assert accepted(Member(msix=msix), opcode) == contained(NET_FIELDS)


@pytest.mark.parametrize(("length", "fields"), [(8, NET_FIELDS[:2]), (7, [(0, 6), (6, 1)]), (10, NET_FIELDS[:3])])
def test_LD4_B3_the_configuration_is_as_long_as_the_members_bytes(length: int, fields: list[tuple[int, int]]) -> None:
    assert accepted(Member(config=NET_CONFIG[:length]), DEVICE_READ) == contained(fields)


def test_LD4_rng_has_no_device_configuration() -> None:
    assert accepted(Member(RNG, b""), DEVICE_READ) == set()


@pytest.mark.parametrize(
    ("offset", "length", "status"),
    [(0, 8, 0), (4, 4, 0), (16, 4, 22), (93, 3, 0), (95, 1, 0), (95, 2, 22), (96, 1, 22)],
)
def test_LD4_B2_rows_of_the_blk_table_are_the_fields(offset: int, length: int, status: int) -> None:
    assert Member(BLK, bytes(96)).command(DEVICE_READ, offset, length)[0] == status


def test_LD5_registers_after_reset() -> None:
    member = Member(msix=True)
    assert [member.get(offset, size) for offset, size in COMMON_FIELDS] == [
        HOST, 0, 0, 256, 0, 0xFFFF, 0, 0, 0xFFFF, 0xFFFF,
    ]  # fmt: skip


def test_LD5_any_part_of_a_register_reads_little_endian() -> None:
    member = Member()
    assert [member.get(offset, 1) for offset in range(4)] == [0x64, 0x80, 0xBF, 0x79]
    assert (member.get(1, 2), member.get(13, 1), member.get(12, 1)) == (0xBF80, 1, 0)
    assert member.command(DEVICE_READ, 0, 6) == (0, 0, 0x563412005452)
    assert member.command(DEVICE_READ, 11, 1) == (0, 0, 0x05)


def test_LD5_the_image_of_the_common_registers_is_their_bytes() -> None:
    image = bytes_of(common_image(Member().now), 24)
    assert image.hex() == "6480bf79000000000000000000010000ffff0000ffffffff"


def test_LD5_a_read_of_ISR_clears_it_and_no_other_read_does() -> None:
    member = Member(msix=True)
    member.now = replace(member.now, isr=3)
    for offset, size in COMMON_FIELDS:
        if offset != 19:
            member.get(offset, size)
    member.command(DEVICE_READ, 0, 6)
    assert member.command(COMMON_READ, 18, 2)[0] == 22
    assert member.get(19, 1) == 3
    assert member.get(19, 1) == 0


@pytest.mark.parametrize(("offset", "size"), [(0, 4), (12, 2), (19, 1), (13, 1)])
def test_B7_a_write_to_a_read_only_register_succeeds_and_changes_nothing(offset: int, size: int) -> None:
    member = Member()
    member.now = replace(member.now, isr=2)
    before = member.seen()
    for value in (0, 2 ** (8 * size) - 1):
        member.put(offset, size, value)
    assert member.seen() == before


@pytest.mark.parametrize(
    ("offset", "length", "data", "config"),
    [
        (0, 6, 0xFFEEDDCCBBAA, "aabbccddeeff01000200"),
        (5, 1, 0x99, "525400123499 01000200"),
        (1, 2, 0xBBAA, "52aabb123456 01000200"),
        (6, 2, 0, "525400123456 01000200"),
        (8, 2, 0xFFFF, "525400123456 01000200"),
    ],
)
def test_B7_device_configuration_takes_writes_to_its_writable_fields(
    offset: int, length: int, data: int, config: str
) -> None:
    member = Member()
    assert member.command(DEVICE_WRITE, offset, length, data) == (0, 0, 0)
    assert member.seen().config[:10] == bytes.fromhex(config)
    assert member.seen().config[10:] == NET_CONFIG[10:]


def test_B8_QUEUE_NOTIFY_reads_all_ones() -> None:
    member = Member()
    member.put(16, 2, 1)
    assert (member.get(16, 2), member.get(17, 1)) == (0xFFFF, 0xFF)


def test_B9_a_write_to_some_bytes_changes_those() -> None:
    member = Member(msix=True)
    member.put(4, 4, 0x38AF8064)
    member.put(5, 2, 0)
    assert member.get(4, 4) == 0x38000064
    member.put(8, 4, 0x11223344)
    member.put(10, 1, 0xAA)
    assert member.get(8, 4) == 0x11AA3344
    member.put(15, 1, 1)
    assert member.get(14, 2) == 0x0100
    member.put(20, 2, 2)
    member.put(20, 1, 1)
    assert member.get(20, 2) == 1


@pytest.mark.parametrize(
    ("offset", "length", "value", "notified"),
    [
        (16, 2, 1, (0, 1, 0, 0)),
        (16, 1, 1, (0, 1, 0, 0)),
        (17, 1, 0, (0, 0, 0, 0)),
        (17, 1, 1, (0, 0, 0, 0)),
        (16, 2, 0x0101, (0, 0, 0, 0)),
        (16, 2, 0, (1, 0, 0, 0)),
        (16, 2, 2, (0, 0, 0, 0)),
        (16, 2, 3, (0, 0, 0, 0)),
        (16, 2, 0xFFFF, (0, 0, 0, 0)),
    ],
)
def test_B9_B11_a_notification_needs_its_low_byte_and_a_ring(
    offset: int, length: int, value: int, notified: tuple[int, ...]
) -> None:
    member = Member()
    for queue in (0, 1):
        member.put(14, 2, queue)
        member.put(8, 4, 7)
    member.put(offset, length, value)
    assert member.seen().notified == notified


def test_B10_PFN_0_deactivates_the_selected_queue_alone() -> None:
    member = Member()
    member.put(18, 1, 7)
    member.put(4, 4, 0x20)
    for queue in (0, 1):
        member.put(14, 2, queue)
        member.put(8, 4, 0x1234 + queue)
    member.put(8, 4, 0)
    seen = member.seen()
    assert [queue.pfn for queue in seen.queues] == [0x1234, 0, 0, 0]
    assert (seen.status, seen.guest_features, seen.queue_sel) == (7, 0x20, 1)


def test_B11_a_queue_set_up_again_is_replaced_and_an_absent_one_is_ignored() -> None:
    member = Member()
    member.put(8, 4, 0x10)
    member.put(8, 4, 0x20)
    assert member.get(8, 4) == 0x20
    member.put(14, 2, 4)
    member.put(8, 4, 0x30)
    assert member.get(8, 4) == 0
    assert [queue.pfn for queue in member.seen().queues] == [0x20, 0, 0, 0]


@pytest.mark.parametrize(("queue", "size"), [(0, 256), (1, 128), (2, 0), (3, 64), (4, 0), (1024, 0), (0xFFFF, 0)])
def test_B12_QUEUE_SEL_holds_any_value_and_an_absent_queue_reads_0(queue: int, size: int) -> None:
    member = Member(msix=True)
    member.put(14, 2, queue)
    assert (member.get(14, 2), member.get(12, 2), member.get(8, 4), member.get(22, 2)) == (queue, size, 0, 0xFFFF)


@pytest.mark.parametrize("status", [1, 3, 6, 7, 0x80, 0xFF])
def test_B13_any_STATUS_is_taken_verbatim(status: int) -> None:
    member = Member()
    member.put(18, 1, status)
    assert member.get(18, 1) == status


def busy() -> Member:
    """A member with something in every register."""
    member = Member(msix=True)
    member.put(18, 1, 7)
    member.put(4, 4, 0x20)
    member.put(14, 2, 1)
    member.put(8, 4, 0x1234)
    member.put(22, 2, 1)
    member.put(20, 2, 2)
    member.put(16, 2, 1)
    member.command(DEVICE_WRITE, 0, 6, 0)
    member.now = replace(member.now, isr=2)
    return member


RESET = MemberSnapshot(
    host_features=HOST,
    guest_features=0,
    queue_sel=0,
    status=0,
    isr=0,
    config_vector=0xFFFF,
    msix=True,
    queues=(
        QueueSnapshot(256, 0, 0xFFFF),
        QueueSnapshot(128, 0, 0xFFFF),
        QueueSnapshot(0, 0, 0xFFFF),
        QueueSnapshot(64, 0, 0xFFFF),
    ),
    config=NET_CONFIG,
    notified=(0, 1, 0, 0),
)


def test_a_busy_member_shows_all_that_was_written() -> None:
    seen = busy().seen()
    assert (seen.status, seen.guest_features, seen.queue_sel, seen.isr, seen.config_vector) == (7, 0x20, 1, 2, 2)
    assert seen.queues[1] == QueueSnapshot(128, 0x1234, 1)
    assert (seen.config[:6], seen.notified) == (bytes(6), (0, 1, 0, 0))


def test_B13_B14_B27_STATUS_0_has_reset_everything_when_the_command_is_done() -> None:
    member = busy()
    member.put(18, 1, 0)
    assert member.seen() == RESET


def test_B25_a_function_level_reset_turns_MSIX_off_too() -> None:
    assert snapshot(function_reset(busy().now)) == replace(RESET, msix=False)


@pytest.mark.parametrize(
    ("written", "kept"), [(0xFFFFFFFF, HOST), (0x20, 0x20), (0, 0), (0x40000000, 0x40000000), (0x06407F9B, 0)]
)
def test_B15_GUEST_FEATURES_keeps_what_was_offered_at_any_time(written: int, kept: int) -> None:
    member = Member()
    for status in (0, 3, 7):
        member.put(18, 1, status)
        member.put(4, 4, written)
        assert member.get(4, 4) == kept


@pytest.mark.parametrize(("bit", "msix", "isr"), [(1, False, 1), (1, True, 0), (2, False, 2), (2, True, 2)])
def test_B18_the_queue_bit_of_ISR_is_set_with_MSIX_off_only(bit: int, msix: bool, isr: int) -> None:
    assert interrupt(Member(msix=msix).now, bit).isr == isr


@pytest.mark.parametrize(("vector", "kept"), [(0, 0), (2, 2), (3, 0xFFFF), (0xFFFF, 0xFFFF), (0x0100, 0xFFFF)])
def test_B26_a_vector_beyond_the_table_reads_back_NO_VECTOR(vector: int, kept: int) -> None:
    member = Member(msix=True)
    for register in (20, 22):
        member.put(register, 2, 1)
        member.put(register, 2, vector)
        assert member.get(register, 2) == kept


def test_B26_an_absent_queue_has_no_vector() -> None:
    member = Member(msix=True)
    member.put(14, 2, 4)
    member.put(22, 2, 1)
    assert member.get(22, 2) == 0xFFFF
    assert [queue.vector for queue in member.seen().queues] == [0xFFFF] * 4


@pytest.mark.parametrize("queue", [0, 1, 2, 3, 4, 0xFFFF])
def test_LD7_a_doorbell_does_what_command_2_at_16_does(queue: int) -> None:
    member = busy()
    rung = notify(member.now, queue)
    member.put(16, 2, queue)
    assert snapshot(rung) == member.seen()
    assert member.seen().notified == ((0, 2, 0, 0) if queue == 1 else (0, 1, 0, 0))


def test_a_count_of_notifications_wraps_at_32_bits() -> None:
    now = busy().now
    full = tuple(replace(queue, notified=2**32 - 1) for queue in now.queues)
    assert snapshot(notify(replace(now, queues=full), 1)).notified[1] == 0


def ran(registers: Registers, shape: OpShape, payload: int = 0) -> tuple[MemberSnapshot, Reply]:
    after, reply = run(registers, Operation(2, shape, payload))
    return snapshot(after), reply


def test_an_operation_of_a_relay_runs_and_its_reply_is_these_bytes() -> None:
    now = busy().now
    assert ran(now, OpShape(0, 3, 1, 12, 2, 0, 0))[1] == Reply(0x0080 << 64, 10)
    assert ran(now, OpShape(0, 3, 1, 18, 2, 0, 0))[1] == Reply(0x0003_0016, 8)
    assert ran(now, OpShape(0, 2, 1, 18, 1, 0, 0), 0x0F)[1] == Reply(0, 8)
    assert ran(now, OpShape(0, 2, 1, 18, 1, 0, 0), 0x0F)[0].status == 0x0F
    assert ran(now, OpShape(1, 0, 0, 0x1000, 2, 2, 4), 1)[0].notified == (0, 2, 0, 0)


def test_what_is_no_number_has_no_snapshot() -> None:
    with pytest.raises(TypeError, match="concrete"):
        snapshot(replace(Member().now, status=term.word("status", 8)))
