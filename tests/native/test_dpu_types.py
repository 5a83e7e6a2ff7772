# SPDX-License-Identifier: Apache-2.0
"""The native DPU's five device types by hand: what stands in memory, byte for byte. A ring of 8 on page 1."""

from __future__ import annotations

from typing import Any

import pytest

from straightwire.native.dpu import NativeDpu, NativeMember, NotifyAddress, Plug
from straightwire.native.library import Library, shipped_library

MAC = b"\x52\x54\x00\x00\x00\x01"
BLK_CONFIG = b"\x40" + bytes(95)


class Disk:
    length = 64 * 512

    def __init__(self) -> None:
        self.failing = False

    def read(self, offset: int, length: int) -> bytes:
        if self.failing:
            raise OSError("as told")
        return bytes([offset // 512]) * length

    def write(self, offset: int, data: bytes) -> None: ...
    def flush(self) -> None: ...


class Guest:
    """One member with 128 KiB, its bus master on, rings on pages 1, 3 and 5."""

    def __init__(self, kind: int, config: bytes, features: int = 0, **other: Any) -> None:
        self.memory = bytearray(0x20000)
        self.messages: list[int] = []
        plug = Plug([(0, self.memory)], self.messages.append, **other)
        bars = (0, 4096, 0, 0, 4096, 0)
        at = NotifyAddress(2, 4, 0x10)
        self.dpu = NativeDpu([NativeMember(kind, features, (8, 8, 8), config, 4, (at,), bars, plug)])
        self.dpu.execute(b"\1\0\1\0" + bytes(20) + b"\x7f", 8)
        self.port = self.dpu.port(1)
        self.port.config_write(4, b"\6\0")
        self.put(4, features.to_bytes(4, "little"))
        for queue in range(3):
            self.put(14, bytes((queue, 0)))
            self.put(8, bytes((1 + 2 * queue, 0, 0, 0)))

    def put(self, offset: int, data: bytes) -> None:
        command = b"\2\0\1\0" + bytes(12) + b"\1" + bytes(7) + bytes((offset,)) + bytes(7) + data
        assert self.dpu.execute(command, 8) == bytes(8)

    def store(self, at: int, text: str) -> None:
        data = bytes.fromhex(text)
        self.memory[at : at + len(data)] = data

    def bell(self, queue: int) -> None:
        self.port.doorbell(2, 4, 0x10, queue)


def test_entropy() -> None:
    guest = Guest(4, b"", entropy=lambda length: b"\x55" * (length + 1))
    guest.store(0x1020, "0040000000000000 05000000 0200 0000")
    guest.store(0x1080, "0000 0100 0200")
    guest.bell(0)  # C6: STATUS is still 0
    assert guest.memory[0x4000:0x4006] == b"\x55" * 5 + b"\0"
    assert guest.memory[0x2000:0x2014] == bytes.fromhex("0000 0100 02000000 05000000 0000000000000000")
    assert guest.dpu.snapshot(1)["rings"][0] == (1, 1, 1)
    assert guest.dpu.snapshot(1)["registers"]["isr"] == 1


def test_a_sector_and_a_medium_that_fails() -> None:
    disk = Disk()
    guest = Guest(2, BLK_CONFIG, disk=disk)
    guest.store(0x4000, "00000000 00000000 0300000000000000")
    guest.store(0x1000, "0040000000000000 10000000 0100 0100")
    guest.store(0x1010, "0050000000000000 00020000 0300 0200")
    guest.store(0x1020, "0060000000000000 01000000 0200 0000")
    guest.store(0x1080, "0000 0100 0000")
    guest.memory[0x6000] = 0xEE
    guest.bell(0)
    assert guest.memory[0x5000:0x5200] == b"\x03" * 512
    assert guest.memory[0x6000] == 0
    assert guest.memory[0x2000:0x200C] == bytes.fromhex("0000 0100 00000000 01020000")  # E1
    disk.failing = True
    guest.store(0x1082, "0200")
    guest.bell(0)
    assert guest.memory[0x6000] == 1


def test_console_output_and_its_echo() -> None:
    output: list[bytes] = []

    def echo(data: bytes) -> None:
        output.append(data)
        guest.dpu.feed(1, data.upper())

    guest = Guest(3, bytes(12), console_out=echo)
    guest.memory[0x8000:0x8005] = b"hello"
    guest.store(0x1000, "0090000000000000 03000000 0200 0000")
    guest.store(0x1080, "0000 0100 0000")
    guest.store(0x3000, "0080000000000000 05000000 0000 0000")
    guest.store(0x3080, "0000 0100 0000")
    guest.bell(1)
    assert output == [b"hello"]
    assert guest.memory[0x9000:0x9004] == b"HEL\0"
    assert guest.memory[0x2000:0x200C] == bytes.fromhex("0000 0100 00000000 03000000")
    assert guest.dpu.snapshot(1)["device"] == {"waiting": b"LO"}


def test_balloon_pages() -> None:
    guest = Guest(5, bytes(16))
    guest.store(0x8000, "1e000000 1f000000 20000000 1e000000 01")
    guest.store(0x1000, "0080000000000000 11000000 0000 0000")
    guest.store(0x1080, "0000 0100 0000")
    guest.bell(0)
    assert guest.dpu.snapshot(1)["device"]["pages"] == (0x1E, 0x1F)  # 0x20 is no page of this guest
    assert guest.memory[0x2000:0x200C] == bytes.fromhex("0000 0100 00000000 00000000")


def test_a_frame_over_mergeable_buffers_and_one_sent() -> None:
    sent: list[bytes] = []
    guest = Guest(1, MAC + b"\1\0" + bytes(20), 1 << 15, frame_out=sent.append)
    frame = b"\xff" * 6 + MAC + b"\x08\0" + bytes(range(1, 11))  # 24 bytes, 36 with the header
    for index in range(3):
        guest.store(0x1000 + 16 * index, f"00{0x80 + index:02x}000000000000 14000000 0200 0000")
    guest.store(0x1080, "0000 0300 0000 0100 0200")
    guest.dpu.deliver(1, frame)
    assert guest.memory[0x8000:0x8014] == bytes(10) + b"\2\0" + frame[:8]
    assert guest.memory[0x8100:0x8114] == frame[8:] + bytes(4)
    assert guest.memory[0x2000:0x2014] == bytes.fromhex("0000 0200 00000000 14000000 01000000 10000000")
    guest.memory[0x900C:0x9024] = frame
    guest.store(0x3000, "0090000000000000 24000000 0000 0000")
    guest.store(0x3080, "0000 0100 0000")
    guest.bell(1)
    assert sent == [frame]


def test_B28_a_mistake_ends_in_needs_reset_and_a_reset_heals() -> None:
    guest = Guest(4, b"", entropy=bytes)
    guest.put(18, b"\7")
    guest.store(0x1080, "0000 0100 0800")
    guest.bell(0)
    shown = guest.dpu.snapshot(1)
    assert (shown["needs_reset"], shown["registers"]["status"], shown["registers"]["isr"]) == (True, 0x47, 2)
    guest.put(18, b"\0")
    assert guest.dpu.snapshot(1)["needs_reset"] is False


def test_an_exception_of_the_other_side_comes_back() -> None:
    def broken(length: int) -> bytes:
        raise KeyError("gone")

    guest = Guest(4, b"", entropy=broken)
    guest.store(0x1000, "0040000000000000 05000000 0200 0000")
    guest.store(0x1080, "0000 0100 0000")
    with pytest.raises(KeyError, match="gone"):
        guest.bell(0)
    assert guest.dpu.snapshot(1)["rings"][0] == (0, 0, 0)  # the request waits


@pytest.mark.parametrize(
    ("kind", "config", "features"),
    [(1, MAC, 0), (1, bytes(28), 1), (2, BLK_CONFIG[:7], 0), (2, b"\x41" + bytes(95), 0), (2, BLK_CONFIG, 1 << 11)],
)
def test_a_data_path_that_cannot_be_is_refused(kind: int, config: bytes, features: int) -> None:
    with pytest.raises(ValueError, match="error -3"):
        Guest(kind, config, features, disk=Disk(), frame_out=print)


def test_memory_that_overlaps_is_refused() -> None:
    member = NativeMember(4, 0, (8,), b"", 1, plug=Plug([(0, bytearray(9)), (8, bytearray(8))], entropy=bytes))
    with pytest.raises(ValueError, match="error -3"):
        NativeDpu([member])


def test_the_native_relay_on_the_native_dpu() -> None:
    guest = Guest(2, BLK_CONFIG, disk=Disk())
    relay = Library(shipped_library()).open(guest.port, **guest.dpu.attachment(1)._asdict())
    assert relay.config_write(4, b"\7\0") == (2, b"")
    assert relay.bar_read(20, 8) == (8, BLK_CONFIG[:8])
    assert relay.bar_write(18, b"\3") == (1, b"")
    assert relay.bar_read(18, 1) == (1, b"\3")
    assert relay.bar_write(16, b"\0\0") == (2, b"")
    assert guest.dpu.snapshot(1)["registers"]["notified"] == (1, 0, 0)
    assert relay.bar_read(17, 2)[0] == -(0x10000 + 22)
    relay.close()
