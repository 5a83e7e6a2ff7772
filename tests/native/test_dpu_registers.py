# SPDX-License-Identifier: Apache-2.0
"""The native DPU's register file: LD3 to LD5 and the choices B1 to B27, one test for each rule."""

from __future__ import annotations

from typing import Any

import pytest

from straightwire.native.dpu import NativeDpu, NativeMember

MAC = b"\x52\x54\x00\x12\x34\x56"
NET_CONFIG = MAC + b"\x01\x00" + b"\x02\x00" + b"\xdc\x05" + bytes(16)
HOST = 0x79BF8064
COMMON_FIELDS = [(0, 4), (4, 4), (8, 4), (12, 2), (14, 2), (16, 2), (18, 1), (19, 1), (20, 2), (22, 2)]
NET_FIELDS = [(0, 6), (6, 2), (8, 2), (10, 2), (12, 4), (16, 1), (17, 1), (18, 2), (20, 4), (24, 4)]


class Device:
    """Member 1 of a DPU by its commands, registers as numbers."""

    def __init__(self, config: bytes = NET_CONFIG, queues: tuple[int, ...] = (256, 128, 0, 64), kind: int = 1) -> None:
        self.dpu = NativeDpu([NativeMember(kind, HOST, queues, config, 3)])
        self.dpu.execute(b"\1\0\1\0" + bytes(20) + b"\x7f", 8)

    def read(self, opcode: int, offset: int, length: int) -> bytes | None:
        """``None`` where the access fails."""
        command = bytes((opcode, 0, 1)) + bytes(13) + b"\1" + bytes(7) + bytes((offset,))
        reply = self.dpu.execute(command, 8 + length)
        return reply[8:] if reply[:4] == bytes(4) else None

    def write(self, opcode: int, offset: int, data: bytes) -> bool:
        command = bytes((opcode, 0, 1)) + bytes(13) + b"\1" + bytes(7) + bytes((offset,)) + bytes(7) + data
        return self.dpu.execute(command, 8) == bytes(8)

    def get(self, offset: int, size: int) -> int:
        data = self.read(3, offset, size)
        assert data is not None
        return int.from_bytes(data, "little")

    def put(self, offset: int, size: int, value: int) -> None:
        assert self.write(2, offset, value.to_bytes(size, "little"))

    def msix(self, enabled: bool) -> None:
        self.dpu.port(1).config_write(0x43, b"\x80" if enabled else b"\0")

    def snapshot(self) -> dict[str, Any]:
        registers: dict[str, Any] = self.dpu.snapshot(1)["registers"]
        return registers


def accepted(device: Device, opcode: int) -> set[tuple[int, int]]:
    taken = set()
    for offset in range(256):
        for length in range(41):
            reads = device.read(opcode + 1, offset, length) is not None
            assert device.write(opcode, offset, b"\xff" * length) is reads
            if reads:
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
    device = Device()
    device.msix(msix)
    assert accepted(device, 2) == contained(fields)


@pytest.mark.parametrize(
    ("length", "fields"), [(28, NET_FIELDS), (8, NET_FIELDS[:2]), (7, [(0, 6), (6, 1)]), (232, NET_FIELDS), (0, [])]
)
def test_LD4_B2_B3_device_access_is_contained_in_one_field(length: int, fields: list[tuple[int, int]]) -> None:
    assert accepted(Device(NET_CONFIG.ljust(length, b"\0")[:length]), 4) == contained(fields)


def test_LD4_rng_has_no_device_configuration() -> None:
    assert accepted(Device(b"", (8,), 4), 4) == set()


def test_LD2_LD5_initial_registers_byte_by_byte() -> None:
    device = Device()
    device.msix(True)
    assert [device.get(offset, size) for offset, size in COMMON_FIELDS] == [
        HOST, 0, 0, 256, 0, 0xFFFF, 0, 0, 0xFFFF, 0xFFFF,
    ]  # fmt: skip
    assert device.read(3, 0, 4) == b"\x64\x80\xbf\x79"
    assert device.read(3, 1, 2) == b"\x80\xbf"
    assert device.read(3, 13, 1) == b"\x01"
    assert device.read(3, 17, 1) == b"\xff"  # B8


def test_B7_read_only_registers_and_configuration_stay() -> None:
    device = Device()
    device.dpu.config_changed(1)
    before = device.snapshot()
    for offset, size in ((0, 4), (12, 2), (19, 1)):
        device.put(offset, size, 0)
        device.put(offset, size, (1 << 8 * size) - 1)
    assert device.write(4, 6, b"\0\0")
    assert device.write(4, 20, b"\xff" * 4)
    assert device.snapshot() == before


def test_B9_partial_writes_merge_bytes() -> None:
    device = Device()
    device.msix(True)
    device.put(4, 4, 0x38AF8064)
    device.put(5, 2, 0)
    assert device.get(4, 4) == 0x38000064
    device.put(8, 4, 0x11223344)
    device.put(10, 1, 0xAA)
    assert device.get(8, 4) == 0x11AA3344
    device.put(15, 1, 1)
    assert device.get(14, 2) == 0x0100
    device.put(20, 2, 2)
    device.put(20, 1, 1)
    assert device.get(20, 2) == 1
    device.put(20, 2, 0xFFFF)
    device.put(20, 1, 0)
    assert device.get(20, 2) == 0xFFFF


def test_B9_QUEUE_NOTIFY_takes_a_low_byte_alone_and_ignores_a_high_byte_alone() -> None:
    device = Device()
    for queue in (0, 1):
        device.put(14, 2, queue)
        device.put(8, 4, 7)
    for offset, size, value in ((16, 1, 1), (17, 1, 0), (16, 2, 0x0100), (16, 2, 0)):
        device.put(offset, size, value)
    assert device.snapshot()["notified"] == (1, 1, 0, 0)


def test_B10_B11_B12_rings_that_go_that_are_replaced_and_that_are_not() -> None:
    device = Device()
    device.put(18, 1, 7)
    device.put(8, 4, 0x10)
    device.put(8, 4, 0x20)
    for absent in (2, 4, 1024, 0xFFFF):
        device.put(14, 2, absent)
        device.put(8, 4, 0x30)
        assert (device.get(14, 2), device.get(12, 2), device.get(8, 4)) == (absent, 0, 0)
        device.put(16, 2, absent)
    device.put(16, 2, 1)  # there, but without a ring
    shown = device.snapshot()
    assert [pfn for _, pfn, _ in shown["queues"]] == [0x20, 0, 0, 0]
    assert shown["notified"] == (0, 0, 0, 0)
    device.put(14, 2, 0)
    device.put(8, 4, 0)
    assert (device.get(8, 4), device.get(18, 1)) == (0, 7)


@pytest.mark.parametrize("status", [1, 6, 8, 0x40, 0x80, 0xFF])
def test_B13_STATUS_is_stored_verbatim(status: int) -> None:
    device = Device()
    device.put(18, 1, 0xFF)
    device.put(18, 1, status)
    assert device.get(18, 1) == status


def test_B13_B14_B27_STATUS_0_resets_all_but_msix_enable_and_the_counters() -> None:
    device = Device()
    device.msix(True)
    for offset, size, value in ((18, 1, 7), (4, 4, 0x20), (20, 2, 0), (8, 4, 5), (22, 2, 1), (16, 2, 0)):
        device.put(offset, size, value)
    device.write(4, 0, b"\xee\xee")
    device.dpu.config_changed(1)
    device.put(18, 1, 0)
    assert device.snapshot() == {
        "host_features": HOST,
        "guest_features": 0,
        "queue_sel": 0,
        "status": 0,
        "isr": 0,
        "config_vector": 0xFFFF,
        "msix": True,
        "queues": tuple((size, 0, 0xFFFF) for size in (256, 128, 0, 64)),
        "config": NET_CONFIG,
        "notified": (1, 0, 0, 0),
    }


def test_B15_GUEST_FEATURES_are_masked_at_any_time() -> None:
    device = Device()
    device.put(18, 1, 15)
    device.put(4, 4, 0xFFFFFFFF)
    assert device.get(4, 4) == HOST
    device.put(4, 4, 0x40000001)
    device.put(7, 1, 0x81)
    assert device.get(4, 4) == 0x01000000


@pytest.mark.parametrize(("msix", "queue", "config"), [(False, 1, 3), (True, 0, 2)])
def test_B17_B18_ISR_bits_with_and_without_msix_are_gone_with_the_read(msix: bool, queue: int, config: int) -> None:
    device = Device()
    device.msix(msix)
    device.dpu.queue_used(1, 0)
    assert device.snapshot()["isr"] == queue
    device.dpu.config_changed(1)
    assert (device.get(19, 1), device.get(19, 1)) == (config, 0)


@pytest.mark.parametrize("offset", [20, 22])
@pytest.mark.parametrize(("written", "read"), [(0, 0), (2, 2), (3, 0xFFFF), (0x7FF, 0xFFFF), (0xFFFF, 0xFFFF)])
def test_B26_a_vector_below_the_tables_size_or_none(offset: int, written: int, read: int) -> None:
    device = Device()
    device.msix(True)
    device.put(offset, 2, 1)
    device.put(offset, 2, written)
    assert device.get(offset, 2) == read
    device.put(14, 2, 2)
    device.put(22, 2, 1)
    assert device.get(22, 2) == 0xFFFF  # an absent queue has none
