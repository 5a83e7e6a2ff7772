# SPDX-License-Identifier: Apache-2.0
"""The reference relay on the reference DPU: what a guest's driver sees, access by access."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from straightwire.reference.abi import BarOwner, DevicePort, ForwardingPort, Outcome
from straightwire.reference.dpu.dpu import Dpu
from straightwire.reference.dpu.member import NotifyAddress, describe
from straightwire.reference.relay import ReferenceRelay, ReferenceSubject

GOLDEN = Path(__file__).parents[2] / "reference" / "lockstep" / "golden"
MAC = b"\x52\x54\x00\x12\x34\x56"
EINVAL = -(0x10000 + 22)
ALL_COMMANDS = bytes.fromhex("0100 0100 000000000000000000000000 0000000000000000 7f00000000000000")
DOORBELL = NotifyAddress(BarOwner.MEMBER, 4, 0x10)


class Counting(ForwardingPort):
    """A port that counts what passes."""

    def __init__(self, port: DevicePort) -> None:
        super().__init__(port)
        self.opcodes: list[int] = []
        self.bells = 0

    def admin(self, command: bytes, reply_len: int) -> bytes:
        self.opcodes.append(command[0])
        return super().admin(command, reply_len)

    def doorbell(self, bar_owner: int, bar: int, offset: int, queue: int) -> None:
        self.bells += 1
        super().doorbell(bar_owner, bar, offset, queue)


def dpu(*, notify: tuple[NotifyAddress, ...] = (DOORBELL,), features: int = 0x79BF8064) -> Dpu:
    config = MAC + b"\x01\0" + bytes(20)
    made = Dpu(
        [describe("net", features=features, queues=(256, 256, 64), config=config, notify=notify) for _ in range(2)]
    )
    assert made.owner.execute(ALL_COMMANDS, 8) == bytes(8)
    return made


def attach(to: Dpu, member_id: int = 1) -> tuple[Counting, ReferenceRelay]:
    port = Counting(to.port(member_id))
    relay = ReferenceSubject().open(port, to.attachment(member_id))
    relay.config_write(4, b"\x07")
    port.opcodes.clear()
    return port, relay


def msix(relay: ReferenceRelay, enabled: bool) -> None:
    """What a VMM does: the guest writes message control, then the relay is told."""
    relay.config_write(0x43, b"\x80" if enabled else b"\0")
    relay.set_msix(enabled)


@pytest.mark.parametrize(("enabled", "start"), [(False, 20), (True, 24)])
def test_a_guest_reads_its_mac_through_op_5(enabled: bool, start: int) -> None:
    port, relay = attach(dpu())
    msix(relay, enabled)
    assert b"".join(relay.bar_read(start + index, 1).payload for index in range(6)) == MAC
    assert relay.bar_read(start, 6) == Outcome(6, MAC)
    assert port.opcodes == [5] * 7


def test_a_guest_sees_a_transitional_device_with_an_io_bar() -> None:
    _, relay = attach(dpu())
    assert relay.bar_size() == 64
    assert relay.config_read(0, 4).payload == bytes.fromhex("f41a0010")
    assert relay.config_read(8, 4).payload == bytes.fromhex("00000002")
    assert relay.config_read(0x2C, 4).payload == bytes.fromhex("f41a0100")
    assert relay.config_read(4, 2).payload == b"\x07\x00"  # the I/O bit is the relay's, the rest the member's
    relay.config_write(0x10, b"\xff\xff\xff\xff")
    assert relay.config_read(0x10, 4).payload == b"\xc1\xff\xff\xff"
    assert relay.config_read(0x14, 4).payload == bytes(4)


def test_B4_B5_relay_and_device_disagree_on_msix_and_the_device_rejects() -> None:
    _, relay = attach(dpu())
    relay.set_msix(True)  # while the member's own bit is clear
    assert relay.bar_read(20, 2) == Outcome(EINVAL)
    assert relay.bar_read(24, 6) == Outcome(6, MAC)


def test_B20_a_straddling_access_goes_whole_and_the_device_rejects_it() -> None:
    port, relay = attach(dpu())
    assert relay.bar_read(18, 2) == Outcome(EINVAL)
    assert relay.bar_write(12, b"\0\0\0\0") == Outcome(EINVAL)
    assert relay.bar_read(19, 2) == Outcome(EINVAL)
    assert port.opcodes == [3, 2, 3]


@pytest.mark.parametrize("notify", [(), (DOORBELL,), (NotifyAddress(BarOwner.OWNER, 2, 0x40),)])
def test_T_DOORBELL_notifications_arrive_by_either_way(notify: tuple[NotifyAddress, ...]) -> None:
    config = MAC + bytes(22)
    made = Dpu([describe("net", config=config, queues=(8, 8), notify=notify)])
    made.owner.execute(ALL_COMMANDS, 8)
    port, relay = attach(made)
    relay.bar_write(8, b"\1\0\0\0")
    port.opcodes.clear()
    assert relay.bar_write(16, b"\0\0") == Outcome(2)
    assert relay.bar_write(16, b"\1\0") == Outcome(2)
    assert made.snapshot(1).notified == (1, 0)  # queue 1 has no ring (B11)
    assert (port.bells, port.opcodes) == ((2, []) if notify else (0, [2, 2]))


def test_T_ISOLATE_two_members_behind_two_relays() -> None:
    made = dpu()
    _, first = attach(made, 1)
    _, second = attach(made, 2)
    before = made.snapshot(2)
    first.bar_write(18, b"\7")
    first.bar_write(4, b"\xff\xff\xff\xff")
    msix(first, True)
    first.bar_write(24, b"\2")
    assert made.snapshot(2) == before
    assert second.bar_read(18, 1) == Outcome(1, b"\0")
    assert second.bar_read(20, 6) == Outcome(6, MAC)


def test_rule_7_after_a_function_level_reset() -> None:
    made = dpu()
    _, relay = attach(made)
    msix(relay, True)
    relay.bar_write(18, b"\7")
    made.reset(1)
    relay.reset()
    assert relay.bar_read(18, 1) == Outcome(-1)
    relay.config_write(4, b"\1")
    assert relay.bar_read(18, 1) == Outcome(1, b"\0")
    assert relay.bar_read(20, 2) == Outcome(EINVAL)  # the layout follows the MSI-X event alone
    relay.set_msix(False)
    assert relay.bar_read(20, 6) == Outcome(6, MAC)


def test_host_requests_are_not_in_this_owners_list() -> None:
    _, relay = attach(dpu())
    assert relay.stop(True) == relay.save(0) == relay.load(b"") == Outcome(-2)


def test_attachment_follows_the_list_in_use() -> None:
    made = dpu()
    told = made.attachment(2)
    assert (told.group_member_id, told.commands, told.virtio_device_id, told.device_config_len) == (2, 0x7F, 1, 28)


@pytest.mark.parametrize("trace", ["linux61_virtio_net_msix", "linux61_virtio_net_intx", "ipxe_virtio_net_polling"])
def test_golden_traces_are_relayed_one_operation_each(trace: str) -> None:
    """A real driver's accesses: each takes the opcode the trace says, and the device accepts every one."""
    with (GOLDEN / f"{trace}.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    made = dpu()
    port, relay = attach(made)
    seen = 0
    for row in rows:
        if row["dir"] not in ("R", "W"):
            continue
        msix(relay, row["msix_enabled"] == "1")
        offset, length = int(row["bar0_off"]), int(row["size"])
        port.opcodes.clear()
        port.bells = 0
        if row["dir"] == "R":
            outcome = relay.bar_read(offset, length)
        else:
            outcome = relay.bar_write(offset, int(row["value"], 16).to_bytes(length, "little"))
        assert outcome.result == length, row
        expected = [int(row["relay_opcode"], 16)] if row["relay_opcode"].startswith("0x") else []
        assert port.opcodes == expected, row
        assert port.bells == 1 - len(expected), row
        seen += 1
    assert seen > 20


def test_golden_linux_net_values_are_the_devices() -> None:
    """Registers that read the same on QEMU as here, through the probe of Linux with MSI-X."""
    fixed = {"STATUS", "HOST_FEATURES", "MSI_CONFIG_VECTOR", "MSI_QUEUE_VECTOR", "QUEUE_PFN", "ISR"}
    with (GOLDEN / "linux61_virtio_net_msix.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    _, relay = attach(dpu())
    compared = 0
    for row in rows:
        if row["dir"] not in ("R", "W"):
            continue
        msix(relay, row["msix_enabled"] == "1")
        offset, length, value = int(row["bar0_off"]), int(row["size"]), int(row["value"], 16)
        if row["dir"] == "W":
            relay.bar_write(offset, value.to_bytes(length, "little"))
        elif row["register"] in fixed or row["register"].startswith("devcfg"):
            assert relay.bar_read(offset, length).payload == value.to_bytes(length, "little"), row
            compared += 1
    assert compared > 10
