# SPDX-License-Identifier: Apache-2.0
"""C-ORDER with several threads: an access is whole before the next of the same member begins."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.scripted_device import OK, ScriptedDevice, status

from straightwire.reference.abi import Member, Outcome
from straightwire.reference.lockstep.library import LibrarySubject

COMMANDS = 0b111100 | 0x3E400


class Slow(ScriptedDevice):
    """Notes the greatest number of threads that are in the device at once; answers slowly."""

    def __init__(self) -> None:
        super().__init__()
        self.inside = 0
        self.most = 0
        self.lock = threading.Lock()

    def admin(self, command: bytes, reply_len: int) -> bytes:
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        time.sleep(0.001)
        reply = super().admin(command, reply_len)
        with self.lock:
            self.inside -= 1
        return reply


def test_one_relay_is_never_in_its_device_twice() -> None:
    device = Slow()
    relay = LibrarySubject().open(device, Member(1, COMMANDS, 1, 28))
    relay.config_write(4, b"\x01")
    device.take()
    with ThreadPoolExecutor(8) as pool:
        reads = [pool.submit(relay.bar_read, 0, 4) for _ in range(30)]
        saves = [pool.submit(relay.save, 0) for _ in range(10)]
        assert [read.result() for read in reads] == [Outcome(4, bytes(4))] * 30
        assert [save.result() for save in saves] == [Outcome(0)] * 10
    assert device.most == 1
    opcodes = [
        int.from_bytes(bytes(command)[:2], "little") for _, command, _ in device.take() if isinstance(command, bytes)
    ]
    while opcodes:  # a save is three commands that nothing comes between
        whole = [3] if opcodes[0] == 3 else [0xA, 0xE, 0xD]
        assert opcodes[: len(whole)] == whole
        del opcodes[: len(whole)]


def test_two_relays_do_not_wait_for_each_other() -> None:
    barrier = threading.Barrier(2, timeout=10)

    class Meeting(ScriptedDevice):
        def admin(self, command: bytes, reply_len: int) -> bytes:
            barrier.wait()
            return OK

    subject = LibrarySubject()
    relays = [subject.open(Meeting(), Member(number, COMMANDS, 1, 28)) for number in (1, 2)]
    with ThreadPoolExecutor(2) as pool:
        assert [outcome.result for outcome in pool.map(lambda relay: relay.stop(True), relays)] == [0, 0]


def test_each_thread_gets_its_own_devices_exception() -> None:
    class ByThread(ScriptedDevice):
        def admin(self, command: bytes, reply_len: int) -> bytes:
            if command[24] == 4:
                raise LookupError("four")
            return status(command[24])

    relay = LibrarySubject().open(ByThread(), Member(1, COMMANDS, 1, 28))
    relay.config_write(4, b"\x01")

    def ask(offset: int) -> int | str:
        try:
            return relay.bar_read(offset, 1).result
        except LookupError as error:
            return str(error)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(ask, [4, 5] * 50))
    assert answers == ["four", -0x10005] * 50


def test_a_call_returns_with_nothing_outstanding() -> None:
    device = ScriptedDevice()
    relay = LibrarySubject().open(device, Member(1, COMMANDS, 1, 28))
    before = threading.active_count()
    relay.stop(True)
    relay.close()
    assert len(device.take()) == 1
    assert threading.active_count() == before
    with pytest.raises(ValueError, match="closed"):
        relay.stop(False)
