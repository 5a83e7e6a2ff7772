# SPDX-License-Identifier: Apache-2.0
"""The choices that a DPU can take literally: what it then does, beside what it does otherwise."""

from __future__ import annotations

import pytest

from straightwire.model.choices import CHOICES
from straightwire.reference.dpu.dpu import Dpu
from straightwire.reference.dpu.member import describe
from straightwire.reference.owner_driver import admin_command

OK = bytes(8)
INVALID_FIELD = bytes.fromhex("1600 0300 00000000")
INVALID_GROUP = bytes.fromhex("1600 0400 00000000")
INVALID_MEMBER = bytes.fromhex("1600 0500 00000000")

LIST_USE = admin_command(1, 1, b"\x7f" + bytes(7))
MAC = b"\x52\x54\x00\x12\x34\x56"


def dpu(*strict: str) -> Dpu:
    made = Dpu([describe("net", config=MAC + bytes(22), features=0xFFFF_FFFF)], strict=strict)
    assert made.owner.execute(LIST_USE, 8) == OK
    return made


def write(offset: int, data: bytes, opcode: int = 2) -> bytes:
    return admin_command(opcode, 1, bytes((offset,)) + bytes(7) + data)


def read(offset: int, opcode: int = 3) -> bytes:
    return admin_command(opcode, 1, bytes((offset,)))


@pytest.mark.parametrize(("strict", "reply"), [((), OK + b"\x7f" + bytes(7)), (("A4",), INVALID_GROUP)])
def test_GD13_A4_lists_without_VF_Enable(strict: tuple[str, ...], reply: bytes) -> None:
    made = dpu(*strict)
    made.owner.vf_enable = False
    assert made.owner.execute(admin_command(0), 16) == reply
    assert made.owner.execute(read(18), 9) == INVALID_GROUP


@pytest.mark.parametrize(("strict", "reply"), [((), OK + b"\x7f" + bytes(7)), (("A5",), INVALID_MEMBER)])
def test_GD14_A5_lists_with_member_0(strict: tuple[str, ...], reply: bytes) -> None:
    made = dpu(*strict)
    assert made.owner.execute(admin_command(0, 0), 16) == reply
    assert made.owner.execute(admin_command(0, 1), 16) == OK + b"\x7f" + bytes(7)


@pytest.mark.parametrize(("strict", "reply"), [((), OK + b"\x34"), (("B1",), INVALID_FIELD)])
def test_LD4_B1_a_part_of_a_field(strict: tuple[str, ...], reply: bytes) -> None:
    made = dpu(*strict)
    assert made.owner.execute(read(4, 5), 9) == reply
    assert made.owner.execute(read(0, 5), 14) == OK + MAC


@pytest.mark.parametrize(("strict", "reply"), [((), INVALID_FIELD), (("A2",), OK + b"\x05\x00")])
def test_QD4_A2_a_reply_buffer_longer_than_the_field(strict: tuple[str, ...], reply: bytes) -> None:
    made = dpu(*strict)
    assert made.owner.execute(write(14, b"\x05\0"), 8) == OK
    assert made.owner.execute(read(14), 8 + 4) == reply


def test_QD4_A2_a_reply_buffer_shorter_than_the_field() -> None:
    for strict in ((), ("A2",)):
        assert dpu(*strict).owner.execute(read(4, 5), 9) == OK + b"\x34"


@pytest.mark.parametrize(("strict", "features"), [((), 0xFFFF_FF44), (("A2",), 0x0000_0044)])
def test_QD1_A2_data_shorter_than_the_field(strict: tuple[str, ...], features: int) -> None:
    made = dpu(*strict)
    assert made.owner.execute(write(4, b"\xff\xff\xff\xff"), 8) == OK
    assert made.owner.execute(write(4, b"\x44"), 8) == OK
    assert made.snapshot(1).guest_features == features


@pytest.mark.parametrize(("strict", "reply", "sel"), [((), INVALID_FIELD, 0), (("A2",), OK, 0x0605)])
def test_QD2_A2_data_longer_than_the_field(strict: tuple[str, ...], reply: bytes, sel: int) -> None:
    made = dpu(*strict)
    assert made.owner.execute(write(14, b"\x05\x06\x07\x08"), 8) == reply
    assert made.snapshot(1).queue_sel == sel


def test_A2_an_offset_outside_the_structure_fails_all_the_same() -> None:
    made = dpu("A2")
    for command in (read(20), read(255), write(20, b"\0\0"), read(28, 5), write(28, b"\0", 4)):
        assert made.owner.execute(command, 16) == INVALID_FIELD


def test_every_choice_with_a_literal_reading_can_be_asked_for_and_no_other() -> None:
    for choice in CHOICES:
        if choice.literal:
            dpu(choice.id)
        else:
            with pytest.raises(ValueError, match=f"no literal reading of {choice.id}$"):
                dpu(choice.id)
    assert {choice.id for choice in CHOICES if choice.literal} == {"A2", "A4", "A5", "B1"}
