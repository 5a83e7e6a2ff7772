# SPDX-License-Identifier: Apache-2.0
"""Route and decode, against a table computed by hand from rules 1 to 4 and 6 of the contract."""

from __future__ import annotations

import pytest
from support.model_inputs import DOORBELL, bar, pci, transport

from straightwire.model.route import decode_rules, decodes, due, rings_doorbell, route, split
from straightwire.model.vocabulary import NO_DOORBELL, OpShape

R, W = None, 1

# offset, length, payload (None: read), MSI-X, doorbell -> opcode and offset on the wire
COMMANDS = [
    (0, 4, R, False, False, 3, 0),
    (0, 4, W, False, False, 2, 0),
    (0, 1, R, True, True, 3, 0),
    (3, 2, R, False, False, 3, 3),
    (12, 8, W, False, True, 2, 12),
    (14, 4, W, False, True, 2, 14),
    (15, 2, W, False, True, 2, 15),
    (15, 1, W, False, True, 2, 15),
    (16, 2, W, False, False, 2, 16),
    (16, 2, R, False, True, 3, 16),
    (16, 1, W, False, True, 2, 16),
    (16, 3, W, True, True, 2, 16),
    (16, 4, W, True, True, 2, 16),
    (17, 1, W, False, True, 2, 17),
    (17, 2, W, True, True, 2, 17),
    (18, 1, W, False, True, 2, 18),
    (18, 2, R, False, True, 3, 18),
    (19, 1, R, True, False, 3, 19),
    (19, 2, W, False, False, 2, 19),
    (19, 2, R, True, False, 3, 19),
    (18, 4, W, False, False, 2, 18),
    (20, 2, R, False, False, 5, 0),
    (20, 2, R, True, False, 3, 20),
    (20, 2, W, False, False, 4, 0),
    (20, 2, W, True, False, 2, 20),
    (20, 8, R, True, False, 3, 20),
    (22, 4, R, True, False, 3, 22),
    (22, 4, R, False, False, 5, 2),
    (23, 2, W, True, False, 2, 23),
    (23, 2, W, False, False, 4, 3),
    (24, 1, R, False, False, 5, 4),
    (24, 1, R, True, False, 5, 0),
    (24, 6, W, True, True, 4, 0),
    (60, 4, R, False, False, 5, 40),
    (63, 1, R, False, False, 5, 43),
    (63, 1, W, True, False, 4, 39),
    (0, 64, R, False, False, 3, 0),
]


@pytest.mark.parametrize("row", COMMANDS)
def test_an_access_goes_to_the_command_of_its_first_byte(
    row: tuple[int, int, int | None, bool, bool, int, int],
) -> None:
    offset, length, payload, msix, doorbell, opcode, wire = row
    state = transport(msix=msix, doorbell=DOORBELL if doorbell else NO_DOORBELL)
    assert route(state, bar(offset, length, payload)) == OpShape(0, opcode, 1, wire, length, 0, 0)


@pytest.mark.parametrize("msix", [False, True])
def test_a_16_bit_write_at_16_rings_where_there_is_a_doorbell(msix: bool) -> None:
    state = transport(msix=msix, doorbell=DOORBELL)
    assert route(state, bar(16, 2, 1)) == OpShape(1, 0, 0, 0x1000, 2, 2, 4)


@pytest.mark.parametrize(
    ("offset", "length", "payload", "doorbell", "rings"),
    [
        (16, 2, W, True, True),
        (16, 2, W, False, False),
        (16, 2, R, True, False),
        (16, 1, W, True, False),
        (16, 4, W, True, False),
        (17, 1, W, True, False),
        (15, 2, W, True, False),
        (2**64 - 16, 2, W, True, False),
    ],
)
def test_nothing_but_exactly_queue_notify_rings(
    offset: int, length: int, payload: int | None, doorbell: bool, rings: bool
) -> None:
    state = transport(doorbell=DOORBELL if doorbell else NO_DOORBELL)
    assert rings_doorbell(state, bar(offset, length, payload)) is rings


def test_payload_has_no_say_in_the_route() -> None:
    state = transport(doorbell=DOORBELL)
    for offset, length in ((4, 4), (16, 2), (18, 1), (20, 2)):
        assert route(state, bar(offset, length, 0)) == route(state, bar(offset, length, 2**2048 - 1))


@pytest.mark.parametrize(("payload", "kind"), [(R, 2), (W, 3)])
def test_configuration_space_is_routed_as_it_is(payload: int | None, kind: int) -> None:
    for offset, length in ((0, 4), (16, 2), (255, 1)):
        state = transport(doorbell=DOORBELL)
        assert route(state, pci(offset, length, payload)) == OpShape(kind, 0, 0, offset, length, 0, 0)


@pytest.mark.parametrize(("msix", "where"), [(False, 20), (True, 24)])
def test_the_device_configuration_starts_at_20_or_24(msix: bool, where: int) -> None:
    assert split(transport(msix=msix)) == where


@pytest.mark.parametrize(
    ("virtio_id", "offset", "length", "inside"),
    [
        (1, 0, 1, True),
        (1, 0, 64, True),
        (1, 0, 65, False),
        (1, 60, 4, True),
        (1, 61, 4, False),
        (1, 63, 1, True),
        (1, 63, 2, False),
        (1, 64, 1, False),
        (1, 2**64 - 1, 1, False),
        (1, 2**64 - 1, 2, False),
        (1, 2**64 - 4, 8, False),
        (1, 0, 2**63, False),
        (1, 2**63, 2**63, False),
        (1, 1, 2**64 - 1, False),
        (1, 2**64 - 1, 2**64 - 1, False),
        (2, 127, 1, True),
        (2, 127, 2, False),
        (3, 63, 1, True),
        (4, 31, 1, True),
        (4, 32, 1, False),
        (4, 24, 8, True),
        (5, 63, 1, True),
        (5, 64, 1, False),
    ],
)
def test_an_access_decodes_wholly_inside_the_window_only(
    virtio_id: int, offset: int, length: int, inside: bool
) -> None:
    for msix in (False, True):
        assert decodes(transport(virtio_id, msix=msix), bar(offset, length)) is inside
        assert decodes(transport(virtio_id, msix=msix, decode=False), bar(offset, length)) is False


@pytest.mark.parametrize(
    ("offset", "length", "inside"),
    [(0, 256, True), (0, 257, False), (255, 1, True), (255, 2, False), (256, 1, False), (2**64 - 1, 1, False)],
)
def test_configuration_space_has_256_bytes_and_no_decode_bit(offset: int, length: int, inside: bool) -> None:
    assert decodes(transport(decode=False), pci(offset, length)) is inside
    assert decodes(transport(decode=True), pci(offset, length)) is inside


def test_a_length_of_0_decodes_and_is_due_nothing() -> None:
    assert decodes(transport(), bar(0, 0)) is True
    assert due(transport(), bar(0, 0)) is False
    assert due(transport(), bar(0, 1)) is True


def test_each_rule_of_PCI_has_a_name() -> None:
    failing = [
        [name for name, holds in decode_rules(state, access) if not holds]
        for state, access in (
            (transport(decode=False), bar(0, 1)),
            (transport(), bar(64, 1)),
            (transport(), bar(0, 64)),
        )
    ]
    assert failing == [["I/O decode is off"], ["past the window's end"], []]
