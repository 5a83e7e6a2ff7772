# SPDX-License-Identifier: Apache-2.0
"""The owner's driver: LIST_QUERY and LIST_USE for the SR-IOV group (virtio 1.4, 2.13; GR3, GR5, A5)."""

from __future__ import annotations

import struct

import pytest
from support.scripted_device import OK, ScriptedDevice, command, status

from straightwire.native.owner_driver import use_commands

QUERY = ("admin", command(0, 0), 16)
MINE = 0b1111111


def use(mask: int) -> tuple[object, ...]:
    return ("admin", command(1, 0, struct.pack("<Q", mask)), 8)


@pytest.mark.parametrize(
    ("offered", "wanted", "in_use"),
    [
        (0x3E47F, MINE, 0x7F),
        (0x3F, MINE, 0x3F),
        (0x7F, 0x3C, 0x3C),
        (0b11, 0x3C, 0),
        (2**64 - 1, 2**64 - 1, 2**64 - 1),
        (2**63 | 1, 2**63, 2**63),
    ],
)
def test_what_is_offered_and_wanted_is_put_in_use(offered: int, wanted: int, in_use: int) -> None:
    device = ScriptedDevice([OK + struct.pack("<Q", offered), OK])
    assert use_commands(device, wanted) == (0, in_use)
    assert device.take() == [QUERY, use(in_use)]


@pytest.mark.parametrize(
    ("reply", "in_use"), [(b"", 0), (OK, 0), (OK + b"\x7f", 0x7F), (OK + b"\x7f\xe4\x03" + b"\xff" * 9, 0x7F)]
)
def test_a_short_list_is_zero_from_there_on_and_a_long_one_is_cut(reply: bytes, in_use: int) -> None:
    device = ScriptedDevice([reply, OK])
    assert use_commands(device, MINE) == (0, in_use)
    assert device.take() == [QUERY, use(in_use)]


def test_a_failed_query_is_not_followed_by_use() -> None:
    device = ScriptedDevice([status(22, 4)])
    assert use_commands(device, MINE) == (-0x10016, 0)
    assert device.take() == [QUERY]


def test_a_failed_use_gives_its_status_and_no_list() -> None:
    device = ScriptedDevice([OK + struct.pack("<Q", 0x7F), status(22, 3)])
    assert use_commands(device, MINE) == (-0x10016, 0)
    assert device.take() == [QUERY, use(0x7F)]


def test_an_exception_of_the_device_comes_back() -> None:
    with pytest.raises(KeyError, match="gone"):
        use_commands(ScriptedDevice([KeyError("gone")]), MINE)
