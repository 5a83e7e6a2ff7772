# SPDX-License-Identifier: Apache-2.0
"""The reference device beside the model's register file, step by step, on whatever Hypothesis thinks of.

Commands reach the reference as bytes through its owner, the model as offset, length and data. After every step the
replies were the same and so are all registers.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from straightwire.model import register_file
from straightwire.model.commands import Opcode
from straightwire.model.registers import COMMON_REGISTERS, DEVICE_TYPES, DeviceType
from straightwire.reference.abi import BarOwner
from straightwire.reference.dpu.dpu import Dpu
from straightwire.reference.dpu.member import NotifyAddress, describe
from straightwire.reference.dpu.registers import RegisterFile
from straightwire.reference.owner_driver import admin_command

QUEUES = (256, 0, 8, 2)
VECTORS = 3
FEATURES = 0x79BF8064

COMMON = [(field.offset, field.size) for field in COMMON_REGISTERS]
ANYWHERE = st.tuples(st.one_of(st.integers(0, 27), st.integers(0, 255)), st.integers(0, 9))
WORDS = [0, 1, 2, 4, 7, 0x40, 0xFF, 0x100, 0xFFFF, 0x12345678, 0xFFFFFFFF]


def accesses(fields: list[tuple[int, int]]) -> st.SearchStrategy[tuple[int, int]]:
    """Offset and length: mostly a whole field, sometimes anything."""
    return st.one_of(st.sampled_from(fields), st.sampled_from(fields), ANYWHERE)


def contents(length: int) -> st.SearchStrategy[bytes]:
    """Bytes to write: mostly a number with a meaning somewhere."""
    word = st.sampled_from(WORDS).map(lambda value: value.to_bytes(max(length, 4), "little")[:length])
    return st.one_of(word, word, st.binary(min_size=length, max_size=length))


class Registers(RuleBasedStateMachine):
    """Two members of the same make."""

    @initialize(kind=st.sampled_from(DEVICE_TYPES), own=st.binary(min_size=96, max_size=96))
    def start(self, kind: DeviceType, own: bytes) -> None:
        config = own[: kind.config_len]
        at = NotifyAddress(BarOwner.MEMBER, 2, 0)
        self.dpu = Dpu(
            [describe(kind.name, features=FEATURES, queues=QUEUES, config=config, vectors=VECTORS, notify=(at,))]
        )
        self.dpu.owner.execute(admin_command(Opcode.LIST_USE, data=b"\x7f"), 8)
        self.model = register_file.fresh(kind, FEATURES, QUEUES, config, VECTORS)

    @rule(data=st.data(), common=st.booleans())
    def write(self, data: st.DataObject, common: bool) -> None:
        offset, length = data.draw(accesses(self._fields(common)))
        written = data.draw(contents(length))
        opcode = Opcode.LEGACY_COMMON_CFG_WRITE if common else Opcode.LEGACY_DEV_CFG_WRITE
        reply = self.dpu.owner.execute(admin_command(opcode, 1, bytes((offset,)) + bytes(7) + written), 8)
        effect = register_file.perform(self.model, opcode, offset, length, int.from_bytes(written, "little"))
        self.model = effect.after
        assert reply == self._reply(effect, 0)

    @rule(data=st.data(), common=st.booleans())
    def read(self, data: st.DataObject, common: bool) -> None:
        offset, length = data.draw(accesses(self._fields(common)))
        opcode = Opcode.LEGACY_COMMON_CFG_READ if common else Opcode.LEGACY_DEV_CFG_READ
        reply = self.dpu.owner.execute(admin_command(opcode, 1, bytes((offset,))), 8 + length)
        effect = register_file.perform(self.model, opcode, offset, length)
        self.model = effect.after
        assert reply == self._reply(effect, length if effect.status == 0 else 0)

    @rule(queue=st.one_of(st.integers(0, 5), st.integers(0, 0xFFFF)))
    def doorbell(self, queue: int) -> None:
        self.dpu.port(1).doorbell(BarOwner.MEMBER, 2, 0, queue)
        self.model = register_file.notify(self.model, queue)

    @rule()
    def used_buffers(self) -> None:
        self._file.interrupt_queue()
        self.model = register_file.interrupt(self.model, register_file.INTERRUPT_QUEUE)

    @rule(offset=st.integers(0, 95), data=st.binary(min_size=1, max_size=8))
    def reconfigure(self, offset: int, data: bytes) -> None:
        data = data[: max(self.model.config_len - offset, 0)]
        self._file.set_config(offset, data)
        self._file.config_changed()
        self.model = register_file.interrupt(
            register_file.reconfigure(self.model, offset, data), register_file.INTERRUPT_CONFIG
        )

    @rule()
    def needs_reset(self) -> None:
        self._file.mark_needs_reset()
        self.model = register_file.need_reset(self.model)

    @rule(enable=st.booleans())
    def msix(self, enable: bool) -> None:
        self.dpu.port(1).config_write(0x42, b"\0\x80" if enable else b"\0\0")
        self.model = replace(self.model, msix=enable)

    @rule()
    def function_level_reset(self) -> None:
        self.dpu.reset(1)
        self.model = register_file.function_reset(self.model)

    @invariant()
    def all_registers_are_the_same(self) -> None:
        if hasattr(self, "dpu"):
            assert self.dpu.snapshot(1) == register_file.snapshot(self.model)

    @property
    def _file(self) -> RegisterFile:
        return self.dpu.device(1).registers

    def _fields(self, common: bool) -> list[tuple[int, int]]:
        own = [(field.offset, field.size) for field in self.model.device.config]
        return COMMON if common or not own else own

    @staticmethod
    def _reply(effect: register_file.Effect, length: int) -> bytes:
        parts = ((effect.status, 2), (effect.qualifier, 2), (0, 4), (effect.payload, length))
        return b"".join(value.to_bytes(size, "little") for value, size in parts if isinstance(value, int))


TestRegisters = Registers.TestCase

SEARCH = settings(max_examples=1000, derandomize=True, phases=[Phase.generate], deadline=None)
"""A planted fault is to be found, not cut down."""


def test_an_ISR_that_a_read_does_not_clear_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = RegisterFile.read

    def sticky(self: RegisterFile, *access: object) -> bytes:
        isr = self._isr
        found = honest(self, *access)  # type: ignore[arg-type]
        self._isr = isr
        return found

    monkeypatch.setattr(RegisterFile, "read", sticky)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Registers, settings=SEARCH)


def test_a_PFN_written_by_half_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = RegisterFile._set

    def half(self: RegisterFile, field: object, value: int) -> None:
        honest(self, field, value & 0xFFFF if getattr(field, "name", "") == "QUEUE_PFN" else value)  # type: ignore[arg-type]

    monkeypatch.setattr(RegisterFile, "_set", half)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Registers, settings=SEARCH)
