# SPDX-License-Identifier: Apache-2.0
"""The legacy register file of a member: LD3 to LD5 and the choices B1 to B27, one test for each rule."""

from __future__ import annotations

import pytest

from straightwire.model.registers import BLK, NET, RNG, DeviceType
from straightwire.model.snapshot import MemberSnapshot, QueueSnapshot
from straightwire.reference.dpu.config_space import ConfigSpace
from straightwire.reference.dpu.registers import LegacyDescription, NotOneField, RegisterFile, Structure

COMMON, DEVICE = Structure.COMMON, Structure.DEVICE
MAC = b"\x52\x54\x00\x12\x34\x56"
NET_CONFIG = MAC + b"\x01\x00" + b"\x02\x00" + b"\xdc\x05" + bytes(16)
HOST = 0x79BF8064

# Offset, size and name of each register (virtio 1.4, 4.1.4.10), literally.
COMMON_FIELDS = [(0, 4), (4, 4), (8, 4), (12, 2), (14, 2), (16, 2), (18, 1), (19, 1), (20, 2), (22, 2)]
NET_FIELDS = [(0, 6), (6, 2), (8, 2), (10, 2), (12, 4), (16, 1), (17, 1), (18, 2), (20, 4), (24, 4)]


class Device(RegisterFile):
    """A register file with its configuration space at hand, and registers read and written as numbers."""

    def __init__(self, description: LegacyDescription) -> None:
        self.pci = ConfigSpace(description.device_type, description.vectors)
        super().__init__(description, self.pci)

    def msix(self, enabled: bool) -> None:
        self.pci.write(0x43, b"\x80" if enabled else b"\0")

    def get(self, offset: int, size: int) -> int:
        return int.from_bytes(self.read(COMMON, offset, size), "little")

    def put(self, offset: int, size: int, value: int) -> None:
        self.write(COMMON, offset, value.to_bytes(size, "little"))


def net(*, kind: DeviceType = NET, config: bytes = NET_CONFIG, queues: tuple[int, ...] = (256, 128, 0, 64)) -> Device:
    return Device(LegacyDescription(kind, HOST, queues, config, 3))


def accepted(device: Device, structure: Structure) -> set[tuple[int, int]]:
    """Every (offset, length) up to 40 bytes that the structure takes, asked on fresh state by writes and reads."""
    taken = set()
    for offset in range(256):
        for length in range(41):
            try:
                device.read(structure, offset, length)
            except NotOneField:
                with pytest.raises(NotOneField):
                    device.write(structure, offset, b"\xff" * length)
            else:
                device.write(structure, offset, b"\xff" * length)
                taken.add((offset, length))
    return taken


def contained(fields: list[tuple[int, int]]) -> set[tuple[int, int]]:
    return {
        (start, length)
        for offset, size in fields
        for start in range(offset, offset + size)
        for length in range(1, offset + size - start + 1)
    }


@pytest.mark.parametrize(("msix", "fields"), [(False, COMMON_FIELDS[:8]), (True, COMMON_FIELDS)])
def test_LD3_B1_B4_B6_common_access_is_contained_in_one_field(msix: bool, fields: list[tuple[int, int]]) -> None:
    device = net()
    device.msix(msix)
    assert accepted(device, COMMON) == contained(fields)


@pytest.mark.parametrize("msix", [False, True])
def test_LD4_B1_B6_device_access_is_contained_in_one_field(msix: bool) -> None:
    device = net()
    device.msix(msix)
    assert accepted(device, DEVICE) == contained(NET_FIELDS)


def test_LD4_rng_has_no_device_configuration() -> None:
    assert accepted(net(kind=RNG, config=b""), DEVICE) == set()


def test_LD4_blk_rows_are_the_fields_B2() -> None:
    device = net(kind=BLK, config=bytes(96))
    assert len(device.read(DEVICE, 0, 8)) == 8  # capacity is one 64-bit field
    assert len(device.read(DEVICE, 93, 3)) == 3  # so is the padding
    with pytest.raises(NotOneField):
        device.read(DEVICE, 16, 4)  # geometry is three fields
    with pytest.raises(NotOneField):
        device.read(DEVICE, 95, 2)


@pytest.mark.parametrize(("length", "inside"), [(8, [(0, 6), (6, 2)]), (10, NET_FIELDS[:3]), (7, [(0, 6), (6, 1)])])
def test_B3_device_configuration_is_as_long_as_the_members_bytes(length: int, inside: list[tuple[int, int]]) -> None:
    assert accepted(net(config=NET_CONFIG[:length]), DEVICE) == contained(inside)


def test_B4_length_of_common_follows_msix_enable_at_the_moment() -> None:
    device = net()
    for enabled in (False, True, False, True):
        device.msix(enabled)
        if enabled:
            assert device.get(20, 2) == 0xFFFF
        else:
            with pytest.raises(NotOneField):
                device.get(20, 2)


def test_GD4_a_failing_access_changes_nothing() -> None:
    device = net()
    device.config_changed()
    before = device.snapshot()
    for offset, length in ((18, 2), (19, 2), (0, 5), (3, 2), (14, 4), (20, 2), (24, 1), (18, 0)):
        with pytest.raises(NotOneField):
            device.read(COMMON, offset, length)
        with pytest.raises(NotOneField):
            device.write(COMMON, offset, bytes(length))
    assert device.snapshot() == before


def test_LD5_initial_registers() -> None:
    device = net()
    device.msix(True)
    assert [device.get(offset, size) for offset, size in COMMON_FIELDS] == [
        HOST, 0, 0, 256, 0, 0xFFFF, 0, 0, 0xFFFF, 0xFFFF,
    ]  # fmt: skip


def test_LD2_LD5_every_byte_of_a_register_reads_little_endian() -> None:
    device = net()
    assert device.read(COMMON, 0, 4) == b"\x64\x80\xbf\x79"
    assert [device.read(COMMON, offset, 1) for offset in range(4)] == [b"\x64", b"\x80", b"\xbf", b"\x79"]
    assert device.read(COMMON, 1, 2) == b"\x80\xbf"
    assert device.read(COMMON, 12, 2) == b"\x00\x01"
    assert device.read(COMMON, 13, 1) == b"\x01"


def test_LD5_ISR_read_clears_it() -> None:
    device = net()
    device.interrupt_queue()
    device.config_changed()
    assert device.get(19, 1) == 3
    assert device.get(19, 1) == 0


def test_LD5_no_other_read_clears_ISR_or_changes_anything() -> None:
    device = net()
    device.msix(True)
    device.config_changed()
    before = device.snapshot()
    for offset, size in COMMON_FIELDS:
        if offset != 19:
            device.get(offset, size)
    device.read(DEVICE, 0, 6)
    assert device.snapshot() == before


@pytest.mark.parametrize(("offset", "size"), [(0, 4), (12, 2), (19, 1)])
def test_B7_a_write_to_a_read_only_register_succeeds_and_changes_nothing(offset: int, size: int) -> None:
    device = net()
    device.config_changed()
    before = device.snapshot()
    device.put(offset, size, 0)
    device.put(offset, size, (1 << 8 * size) - 1)
    device.put(offset, 1, 0x55)
    assert device.snapshot() == before


def test_B7_read_only_device_configuration_stays() -> None:
    device = net()
    device.write(DEVICE, 6, b"\0\0")
    device.write(DEVICE, 20, b"\xff\xff\xff\xff")
    assert device.snapshot().config == NET_CONFIG


def test_B8_QUEUE_NOTIFY_reads_all_ones() -> None:
    device = net()
    device.put(16, 2, 1)
    assert device.read(COMMON, 16, 2) == b"\xff\xff"
    assert device.read(COMMON, 17, 1) == b"\xff"


def test_B9_partial_writes_merge_bytes() -> None:
    device = net()
    device.msix(True)
    device.put(4, 4, 0x38AF8064)
    device.put(5, 2, 0x0000)
    assert device.get(4, 4) == 0x38000064
    device.put(8, 4, 0x11223344)
    device.put(10, 1, 0xAA)
    assert device.get(8, 4) == 0x11AA3344
    device.put(15, 1, 0x01)
    assert device.get(14, 2) == 0x0100
    device.put(20, 2, 2)
    device.put(20, 1, 1)
    assert device.get(20, 2) == 1


def test_B9_vector_bytes_merge_with_what_reads_back() -> None:
    """From NO_VECTOR a byte alone never gives a vector below the table's size (B26)."""
    device = net()
    device.msix(True)
    device.put(20, 1, 0)
    assert device.get(20, 2) == 0xFFFF
    device.put(21, 1, 0)
    assert device.get(20, 2) == 0xFFFF


def test_B9_QUEUE_NOTIFY_takes_a_low_byte_alone_and_ignores_a_high_byte_alone() -> None:
    device = net()
    for queue in (0, 1):
        device.put(14, 2, queue)
        device.put(8, 4, 7)
    device.put(16, 1, 1)
    assert device.snapshot().notified == (0, 1, 0, 0)
    device.put(17, 1, 0)
    assert device.snapshot().notified == (0, 1, 0, 0)
    device.put(16, 2, 0x0100)
    assert device.snapshot().notified == (0, 1, 0, 0)
    device.put(16, 2, 0)
    assert device.snapshot().notified == (1, 1, 0, 0)


def test_B10_PFN_0_deactivates_the_selected_queue_alone() -> None:
    device = net()
    device.put(18, 1, 7)
    device.put(4, 4, 0x20)
    for queue in (0, 1):
        device.put(14, 2, queue)
        device.put(8, 4, 0x1234 + queue)
    device.put(8, 4, 0)
    shown = device.snapshot()
    assert [queue.pfn for queue in shown.queues] == [0x1234, 0, 0, 0]
    assert (shown.status, shown.guest_features, shown.queue_sel) == (7, 0x20, 1)


def test_B11_replaced_ignored_ignored() -> None:
    device = net()
    device.put(8, 4, 0x10)
    device.put(8, 4, 0x20)
    assert device.get(8, 4) == 0x20
    for absent in (2, 4, 1024, 0xFFFF):
        device.put(14, 2, absent)
        device.put(8, 4, 0x30)
        assert device.get(8, 4) == 0
        device.put(16, 2, absent)
    device.put(16, 2, 1)  # there, but without a ring
    shown = device.snapshot()
    assert [queue.pfn for queue in shown.queues] == [0x20, 0, 0, 0]
    assert shown.notified == (0, 0, 0, 0)


@pytest.mark.parametrize("absent", [2, 4, 1023, 1024, 0xFFFF])
def test_B12_QUEUE_SEL_keeps_the_value_of_an_absent_queue(absent: int) -> None:
    device = net()
    device.put(14, 2, absent)
    assert device.get(14, 2) == absent
    assert device.get(12, 2) == 0
    assert device.get(8, 4) == 0


def test_LD5_QUEUE_SEL_selects_size_address_and_vector() -> None:
    device = net()
    device.msix(True)
    for queue, size in enumerate((256, 128, 0, 64)):
        device.put(14, 2, queue)
        assert device.get(12, 2) == size
        device.put(8, 4, 0x100 + queue)
        device.put(22, 2, queue % 3)
    assert device.snapshot().queues == (
        QueueSnapshot(256, 0x100, 0),
        QueueSnapshot(128, 0x101, 1),
        QueueSnapshot(0, 0, 0xFFFF),
        QueueSnapshot(64, 0x103, 0),
    )


@pytest.mark.parametrize("status", [1, 2, 3, 4, 6, 7, 8, 0x0F, 0x40, 0x80, 0x8B, 0xFF])
def test_B13_STATUS_is_stored_verbatim_also_where_bits_go(status: int) -> None:
    device = net()
    device.put(18, 1, 0xFF)
    device.put(18, 1, status)
    assert device.get(18, 1) == status


def dirty() -> Device:
    """A device with every register away from its initial value."""
    device = net()
    device.msix(True)
    device.put(18, 1, 7)
    device.put(4, 4, 0x20)
    device.put(20, 2, 0)
    for queue in (0, 1, 3):
        device.put(14, 2, queue)
        device.put(8, 4, 5)
        device.put(22, 2, 1)
        device.put(16, 2, queue)
    device.write(DEVICE, 0, b"\xee\xee")
    device.config_changed()
    return device


CLEAN = MemberSnapshot(
    host_features=HOST,
    guest_features=0,
    queue_sel=0,
    status=0,
    isr=0,
    config_vector=0xFFFF,
    msix=True,
    queues=tuple(QueueSnapshot(size, 0, 0xFFFF) for size in (256, 128, 0, 64)),
    config=NET_CONFIG,
    notified=(1, 1, 0, 1),
)


def test_B13_B14_B27_STATUS_0_resets_all_but_msix_enable_and_the_counters() -> None:
    device = dirty()
    dirtied = device.snapshot()
    assert dirtied.queues[3] == QueueSnapshot(64, 5, 1)
    assert (dirtied.status, dirtied.isr, dirtied.config_vector, dirtied.config[:2]) == (7, 2, 0, b"\xee\xee")
    device.put(18, 1, 0)
    assert device.snapshot() == CLEAN


def test_B14_the_reset_is_over_when_the_write_returns() -> None:
    device = dirty()
    device.put(18, 1, 0)
    assert [device.get(18, 1), device.get(8, 4), device.get(4, 4), device.get(19, 1)] == [0, 0, 0, 0]


def test_B15_GUEST_FEATURES_are_masked_at_any_time() -> None:
    device = net()
    device.put(4, 4, 0xFFFFFFFF)
    assert device.get(4, 4) == 0x79BF8064
    device.put(18, 1, 15)
    device.put(4, 4, 0x40000001)
    assert device.get(4, 4) == 0x40000000
    device.put(7, 1, 0x81)
    assert device.get(4, 4) == 0x01000000


def test_B17_ISR_bits_are_gone_with_the_read() -> None:
    device = net()
    device.interrupt_queue()
    device.read(COMMON, 19, 1)
    assert device.snapshot().isr == 0


@pytest.mark.parametrize(("msix", "queue", "config"), [(False, 1, 3), (True, 0, 2)])
def test_B18_ISR_bits_with_and_without_msix(msix: bool, queue: int, config: int) -> None:
    device = net()
    device.msix(msix)
    device.interrupt_queue()
    assert device.snapshot().isr == queue
    device.config_changed()
    assert device.snapshot().isr == config


@pytest.mark.parametrize(("written", "read"), [(0, 0), (2, 2), (3, 0xFFFF), (0x7FF, 0xFFFF), (0xFFFF, 0xFFFF)])
@pytest.mark.parametrize("offset", [20, 22])
def test_B26_a_vector_below_the_tables_size_or_none(offset: int, written: int, read: int) -> None:
    device = net()
    device.msix(True)
    device.put(offset, 2, 1)
    device.put(offset, 2, written)
    assert device.get(offset, 2) == read


def test_B26_an_absent_queue_has_no_vector() -> None:
    device = net()
    device.msix(True)
    for absent in (2, 4, 0xFFFF):
        device.put(14, 2, absent)
        device.put(22, 2, 1)
        assert device.get(22, 2) == 0xFFFF
    assert {queue.vector for queue in device.snapshot().queues} == {0xFFFF}


def test_vectors_outlast_msix_disable() -> None:
    device = net()
    device.msix(True)
    device.put(20, 2, 1)
    device.msix(False)
    device.msix(True)
    assert device.get(20, 2) == 1


def test_LD5_a_guest_writes_its_mac_byte_by_byte() -> None:
    device = net()
    for index, byte in enumerate(b"\x02\xaa\xbb\xcc\xdd\xee"):
        device.write(DEVICE, index, bytes((byte,)))
    assert device.read(DEVICE, 0, 6) == b"\x02\xaa\xbb\xcc\xdd\xee"
    assert device.snapshot().config[6:] == NET_CONFIG[6:]


def test_a_description_at_the_limits_is_a_device() -> None:
    for vectors in (1, 2048):
        described = LegacyDescription(NET, 0xFFFFFFFF, (32768, 1, 0), bytes(232), vectors)
        device = Device(described)
        device.msix(True)
        assert device.get(12, 2) == 32768
        device.put(20, 2, vectors - 1)
        assert device.get(20, 2) == vectors - 1


@pytest.mark.parametrize(
    ("features", "queues", "config_len", "vectors"),
    [
        (1 << 32, (256,), 28, 2),
        (-1, (256,), 28, 2),
        (0, (100,), 28, 2),
        (0, (65536,), 28, 2),
        (0, (256,), 233, 2),
        (0, (256,), 28, 0),
        (0, (256,), 28, 2049),
    ],
)
def test_a_description_of_no_device_is_refused(
    features: int, queues: tuple[int, ...], config_len: int, vectors: int
) -> None:
    with pytest.raises(ValueError, match=" "):
        LegacyDescription(NET, features, queues, bytes(config_len), vectors)
