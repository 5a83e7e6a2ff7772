# SPDX-License-Identifier: Apache-2.0
"""The plug-in ABI of ``relay_abi.h`` in Python's terms: what a subject offers and what it may call.

A subject stands between a guest and one group member. The guest side calls the methods of ``Relay``;
the subject reaches the device only through ``DevicePort``. Offsets and lengths are in bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol


class BarOwner(IntEnum):
    """Whose BAR a notification address lies in: ``flags`` of a NOTIFY_INFO entry (virtio 1.4, 2.13.1)."""

    OWNER = 1
    MEMBER = 2


@dataclass(frozen=True)
class Member:
    """What the owner's driver tells a relay when it opens one member.

    ``commands`` has bit n set where opcode n is in the list in use; ``device_config_len`` is at most 232.
    """

    group_member_id: int
    commands: int
    virtio_device_id: int
    device_config_len: int
    parts_object_id: int = 0


@dataclass(frozen=True)
class Outcome:
    """What a call returns: ``result`` is the return value, ``payload`` what a success put into the buffer.

    On a negative result, and on a write, ``payload`` is empty: the caller's buffer is as it was.
    """

    result: int
    payload: bytes = b""


class DevicePort(Protocol):
    """The device side, as a subject sees it (``struct sw_device``)."""

    def admin(self, command: bytes, reply_len: int) -> bytes:
        """Execute one command; the bytes the device wrote. Fewer than ``reply_len`` is a short reply, more are cut."""

    def doorbell(self, bar_owner: int, bar: int, offset: int, queue: int) -> None:
        """A 16-bit write of ``queue`` to an advertised notification address."""

    def bar_len(self, bar_owner: int, bar: int) -> int:
        """Length of a BAR; 0 where there is none."""

    def config_read(self, offset: int, length: int) -> bytes:
        """The member's own configuration space."""

    def config_write(self, offset: int, data: bytes) -> None:
        """Write the member's own configuration space."""


class ForwardingPort:
    """A ``DevicePort`` that is another one; what stands between them overrides what it is about."""

    def __init__(self, port: DevicePort) -> None:
        self._port = port

    def admin(self, command: bytes, reply_len: int) -> bytes:
        """One command."""
        return self._port.admin(command, reply_len)

    def doorbell(self, bar_owner: int, bar: int, offset: int, queue: int) -> None:
        """One notification."""
        self._port.doorbell(bar_owner, bar, offset, queue)

    def bar_len(self, bar_owner: int, bar: int) -> int:
        """Length of a BAR."""
        return self._port.bar_len(bar_owner, bar)

    def config_read(self, offset: int, length: int) -> bytes:
        """The member's own configuration space."""
        return self._port.config_read(offset, length)

    def config_write(self, offset: int, data: bytes) -> None:
        """Write the member's own configuration space."""
        self._port.config_write(offset, data)


class RelayError(Exception):
    """``open`` failed; ``code`` is one of ``SwError``."""

    def __init__(self, code: int) -> None:
        super().__init__(f"open failed with {code}")
        self.code = code


class Relay(Protocol):
    """One open relay, as ``relay_abi.h`` declares it."""

    def bar_size(self) -> int: ...
    def bar_read(self, offset: int, length: int) -> Outcome: ...
    def bar_write(self, offset: int, data: bytes) -> Outcome: ...
    def config_read(self, offset: int, length: int) -> Outcome: ...
    def config_write(self, offset: int, data: bytes) -> Outcome: ...
    def set_msix(self, enabled: bool) -> None: ...
    def reset(self) -> None: ...
    def tick(self) -> None: ...
    def stop(self, stopped: bool) -> Outcome: ...
    def save(self, cap: int) -> Outcome: ...
    def load(self, parts: bytes) -> Outcome: ...
    def close(self) -> None: ...


class Subject(Protocol):
    """Something that opens relays: the model, the reference, the native core, a library."""

    @property
    def name(self) -> str: ...

    def open(self, device: DevicePort, member: Member) -> Relay:
        """Attach to one member; raises ``RelayError``."""
