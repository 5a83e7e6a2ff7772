# SPDX-License-Identifier: Apache-2.0
"""The tables of the model, against the specification's numbers written out."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.model_inputs import transport

from straightwire.model import pci
from straightwire.model.c_header import c_header
from straightwire.model.choices import CHOICES
from straightwire.model.commands import (
    COMMAND_HEADER,
    LEGACY_READ_DATA,
    LEGACY_WRITE_DATA,
    METADATA_GET_DATA,
    MODE_SET_DATA,
    NOTIFY_ENTRY,
    OBJECT_CREATE_DATA,
    PARTS_GET_DATA,
    REPLY_HEADER,
    Opcode,
    Part,
    Qualifier,
    Status,
    SwError,
)
from straightwire.model.registers import (
    BALLOON,
    BLK,
    COMMON_REGISTERS,
    CONSOLE,
    DEVICE_TYPES,
    NET,
    RNG,
    Access,
    DeviceType,
    Field,
    device_type,
    device_type_named,
)
from straightwire.model.route import valid_config_len, window
from straightwire.model.vocabulary import NO_DOORBELL, Own, Transport

ROOT = Path(__file__).parents[2]

# (name, offset, size, written by the driver); virtio 1.4, 4.1.4.10 and the device configuration of each type.
COMMON_ROWS = [
    ("HOST_FEATURES", 0, 4, False),
    ("GUEST_FEATURES", 4, 4, True),
    ("QUEUE_PFN", 8, 4, True),
    ("QUEUE_NUM", 12, 2, False),
    ("QUEUE_SEL", 14, 2, True),
    ("QUEUE_NOTIFY", 16, 2, True),
    ("STATUS", 18, 1, True),
    ("ISR", 19, 1, False),
    ("MSI_CONFIG_VECTOR", 20, 2, True),
    ("MSI_QUEUE_VECTOR", 22, 2, True),
]
NET_ROWS = [
    ("mac", 0, 6, True),
    ("status", 6, 2, False),
    ("max_virtqueue_pairs", 8, 2, False),
    ("mtu", 10, 2, False),
    ("speed", 12, 4, False),
    ("duplex", 16, 1, False),
    ("rss_max_key_size", 17, 1, False),
    ("rss_max_indirection_table_length", 18, 2, False),
    ("supported_hash_types", 20, 4, False),
    ("supported_tunnel_types", 24, 4, False),
]
CONSOLE_ROWS = [
    ("cols", 0, 2, False),
    ("rows", 2, 2, False),
    ("max_nr_ports", 4, 4, False),
    ("emerg_wr", 8, 4, True),
]
BALLOON_ROWS = [
    ("num_pages", 0, 4, False),
    ("actual", 4, 4, True),
    ("free_page_hint_cmd_id", 8, 4, False),
    ("poison_val", 12, 4, True),
]
BLK_ROWS = [
    ("capacity", 0, 8, False),
    ("size_max", 8, 4, False),
    ("seg_max", 12, 4, False),
    ("cylinders", 16, 2, False),
    ("heads", 18, 1, False),
    ("sectors", 19, 1, False),
    ("blk_size", 20, 4, False),
    ("physical_block_exp", 24, 1, False),
    ("alignment_offset", 25, 1, False),
    ("min_io_size", 26, 2, False),
    ("opt_io_size", 28, 4, False),
    ("writeback", 32, 1, True),
    ("unused0", 33, 1, False),
    ("num_queues", 34, 2, False),
    ("max_discard_sectors", 36, 4, False),
    ("max_discard_seg", 40, 4, False),
    ("discard_sector_alignment", 44, 4, False),
    ("max_write_zeroes_sectors", 48, 4, False),
    ("max_write_zeroes_seg", 52, 4, False),
    ("write_zeroes_may_unmap", 56, 1, False),
    ("unused1", 57, 3, False),
    ("max_secure_erase_sectors", 60, 4, False),
    ("max_secure_erase_seg", 64, 4, False),
    ("secure_erase_sector_alignment", 68, 4, False),
    ("zone_sectors", 72, 4, False),
    ("max_open_zones", 76, 4, False),
    ("max_active_zones", 80, 4, False),
    ("max_append_sectors", 84, 4, False),
    ("write_granularity", 88, 4, False),
    ("zoned_model", 92, 1, False),
    ("unused2", 93, 3, False),
]


def rows(fields: tuple[Field, ...]) -> list[tuple[str, int, int, bool]]:
    return [(field.name, field.offset, field.size, field.access is Access.READ_WRITE) for field in fields]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param(COMMON_REGISTERS, COMMON_ROWS, id="common"),
        pytest.param(NET.config, NET_ROWS, id="net"),
        pytest.param(BLK.config, BLK_ROWS, id="blk"),
        pytest.param(CONSOLE.config, CONSOLE_ROWS, id="console"),
        pytest.param(RNG.config, [], id="rng"),
        pytest.param(BALLOON.config, BALLOON_ROWS, id="balloon"),
    ],
)
def test_fields_stand_as_in_the_specification(
    fields: tuple[Field, ...], expected: list[tuple[str, int, int, bool]]
) -> None:
    assert rows(fields) == expected


@pytest.mark.parametrize(
    ("fields", "length"),
    [
        pytest.param(COMMON_REGISTERS, 24, id="common"),
        pytest.param(NET.config, 28, id="net"),
        pytest.param(BLK.config, 96, id="blk"),
        pytest.param(CONSOLE.config, 12, id="console"),
        pytest.param(RNG.config, 0, id="rng"),
        pytest.param(BALLOON.config, 16, id="balloon"),
    ],
)
def test_fields_tile_their_structure_without_gap_or_overlap(fields: tuple[Field, ...], length: int) -> None:
    covered = [address for field in fields for address in range(field.offset, field.end)]
    assert covered == list(range(length))


@pytest.mark.parametrize(
    ("device", "name", "virtio_id", "pci_id", "length"),
    [
        (NET, "net", 1, 0x1000, 28),
        (BLK, "blk", 2, 0x1001, 96),
        (CONSOLE, "console", 3, 0x1003, 12),
        (RNG, "rng", 4, 0x1005, 0),
        (BALLOON, "balloon", 5, 0x1002, 16),
    ],
)
def test_device_types_have_their_ids_and_lengths(
    device: DeviceType, name: str, virtio_id: int, pci_id: int, length: int
) -> None:
    assert (device.name, device.virtio_id, device.pci_device_id, device.config_len) == (name, virtio_id, pci_id, length)
    assert device_type(virtio_id) is device
    assert device_type_named(name) is device


def test_there_are_five_device_types_and_no_other() -> None:
    assert [device.virtio_id for device in DEVICE_TYPES] == [1, 2, 3, 4, 5]
    for unknown in (0, 6):
        with pytest.raises(KeyError):
            device_type(unknown)
    with pytest.raises(KeyError):
        device_type_named("gpu")


@pytest.mark.parametrize(("virtio_id", "size"), [(1, 64), (2, 128), (3, 64), (4, 32), (5, 64)])
def test_window_is_the_next_power_of_two(virtio_id: int, size: int) -> None:
    assert window(transport(virtio_id)) == size
    assert window(transport(virtio_id, msix=True)) == size


@pytest.mark.parametrize(
    ("length", "size"), [(0, 32), (8, 32), (9, 64), (40, 64), (41, 128), (104, 128), (105, 256), (232, 256)]
)
def test_window_grows_where_24_bytes_and_the_configuration_no_longer_fit(length: int, size: int) -> None:
    assert window(Transport(Own(2, 1, length), NO_DOORBELL, True, False, 0)) == size


@pytest.mark.parametrize(("length", "valid"), [(0, True), (232, True), (233, False), (0xFFFF, False)])
def test_a_configuration_beyond_232_bytes_is_out_of_the_offsets_reach(length: int, valid: bool) -> None:
    assert valid_config_len(Transport(Own(2, 1, length), NO_DOORBELL, True, False, 0)) is valid


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        pytest.param(
            COMMAND_HEADER,
            [("opcode", 0, 2), ("group_type", 2, 2), ("reserved1", 4, 12), ("group_member_id", 16, 8)],
            id="command",
        ),
        pytest.param(REPLY_HEADER, [("status", 0, 2), ("status_qualifier", 2, 2), ("reserved2", 4, 4)], id="reply"),
        pytest.param(LEGACY_WRITE_DATA, [("offset", 24, 1), ("reserved", 25, 7), ("data", 32, 0)], id="legacy-write"),
        pytest.param(LEGACY_READ_DATA, [("offset", 24, 1)], id="legacy-read"),
        pytest.param(NOTIFY_ENTRY, [("flags", 0, 1), ("bar", 1, 1), ("padding", 2, 6), ("offset", 8, 8)], id="notify"),
        pytest.param(
            OBJECT_CREATE_DATA,
            [
                ("type", 24, 2), ("reserved", 26, 2), ("id", 28, 4), ("flags", 32, 8), ("parts_type", 40, 1),
                ("reserved2", 41, 7),
            ],
            id="object-create",
        ),
        pytest.param(
            METADATA_GET_DATA,
            [("type", 24, 2), ("reserved", 26, 2), ("id", 28, 4), ("metadata_type", 32, 1), ("reserved2", 33, 7)],
            id="metadata-get",
        ),
        pytest.param(
            PARTS_GET_DATA,
            [("type", 24, 2), ("reserved", 26, 2), ("id", 28, 4), ("get_type", 32, 1), ("reserved2", 33, 7)],
            id="parts-get",
        ),
        pytest.param(MODE_SET_DATA, [("flags", 24, 1)], id="mode-set"),
    ],
)  # fmt: skip
def test_command_layouts_stand_as_in_the_specification(
    parts: tuple[Part, ...], expected: list[tuple[str, int, int]]
) -> None:
    assert [(part.name, part.offset, part.size) for part in parts] == expected


def test_opcodes_statuses_and_errors_have_their_numbers() -> None:
    assert [int(opcode) for opcode in Opcode] == [0, 1, 2, 3, 4, 5, 6, 0xA, 0xD, 0xE, 0xF, 0x10, 0x11]
    assert {status.name: int(status) for status in Status} == {
        "OK": 0, "ENXIO": 6, "EAGAIN": 11, "ENOMEM": 12, "EBUSY": 16, "EINVAL": 22, "ENOSPC": 28,
    }  # fmt: skip
    assert [int(qualifier) for qualifier in Qualifier] == [0, 1, 2, 3, 4, 5, 6, 7]
    assert [int(error) for error in SwError] == [-1, -2, -3, -4, -5]


def test_pci_registers_have_their_places() -> None:
    assert (pci.DEVICE_ID, pci.COMMAND, pci.REVISION_ID, pci.BAR0) == (0x02, 0x04, 0x08, 0x10)
    assert (pci.SUBSYSTEM_VENDOR_ID, pci.SUBSYSTEM_ID, pci.VIRTIO_VENDOR) == (0x2C, 0x2E, 0x1AF4)


def test_tables_h_is_what_the_tables_say() -> None:
    header = (ROOT / "native/include/straightwire/tables.h").read_text()
    assert header == c_header()


@pytest.mark.parametrize(
    "line",
    [
        "#define SW_REG_QUEUE_NOTIFY 0x10u",
        "#define SW_SPLIT_MSIX_ON 0x18u",
        "#define SW_OP_LEGACY_NOTIFY_INFO 6u",
        "#define SW_LEGACY_READ_LEN 0x19u",
        "#define SW_COMMAND_GROUP_MEMBER_ID_AT 0x10u",
        "#define SW_PCI_ID_BALLOON 0x1002u",
        "#define SW_MAX_DEVICE_CONFIG 0xe8u",
        "#define SW_BLK_WRITEBACK 0x20u",
        "#define SW_F_NET_MRG_RXBUF 0x8000u",
        "#define SW_FIELDS_CONSOLE(X) \\",
        "\tX(8, 4, 1)",
    ],
)
def test_c_header_defines_numbers_of_the_specification(line: str) -> None:
    assert line in c_header().splitlines()


def test_every_choice_has_an_id_of_its_own_and_says_why() -> None:
    ids = [choice.id for choice in CHOICES]
    assert len(ids) == len(set(ids))
    assert {"A1", "A13", "A14", "B9", "B10", "B15", "B26", "B27"} <= set(ids)
    assert all(choice.question.endswith("?") and choice.answer and choice.because for choice in CHOICES)
