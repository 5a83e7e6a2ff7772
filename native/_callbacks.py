# SPDX-License-Identifier: Apache-2.0
"""The device side in Python: what the C code calls through ``struct sw_device`` lands here.

``ctx`` is an ffi handle of a ``Port``. An exception of the device cannot pass through C, so it is remembered
and raised again once the call has returned; from it on, the rest of that call sees a device that is silent.
"""

from __future__ import annotations

import operator
import threading
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from straightwire.native._native import ffi, lib

_Result = TypeVar("_Result")

_UNDEFINED = bytes(0xC3 ^ (11 * place & 0xFF) for place in range(16))
"""What bytes of a reply past the used length become: the ABI calls them undefined, so no relay may count on zeros."""


class Device(Protocol):
    """The device side of ``relay_abi.h``. Offsets and lengths in bytes."""

    def admin(self, command: bytes, reply_len: int) -> bytes:
        """Execute one command; the bytes the device wrote (their number is the used length)."""

    def doorbell(self, bar_owner: int, bar: int, offset: int, queue: int) -> None:
        """A 16-bit write of ``queue`` to an advertised notification address."""

    def bar_len(self, bar_owner: int, bar: int) -> int:
        """Length of a BAR; 0 where there is none."""

    def config_read(self, offset: int, length: int) -> bytes:
        """The member's own configuration space; what is missing of ``length`` stays unwritten."""

    def config_write(self, offset: int, data: bytes) -> None:
        """Write the member's own configuration space."""


class Port:
    """One device as C sees it. Keep it alive as long as C holds ``ctx``."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self.ctx = ffi.new_handle(self)
        # By thread: several may be inside the library, and each gets its own device's exception back.
        self._errors: dict[int, BaseException] = {}

    def struct(self) -> Any:
        """A ``struct sw_device *`` of this port; ``open`` copies it."""
        return ffi.new(
            "struct sw_device *",
            {
                "ctx": self.ctx,
                "admin": lib.sw_py_admin,
                "doorbell": lib.sw_py_doorbell,
                "bar_len": lib.sw_py_bar_len,
                "config_read": lib.sw_py_config_read,
                "config_write": lib.sw_py_config_write,
            },
        )

    def guard(self, work: Callable[[Device], _Result], silent: _Result) -> _Result:
        """``work``'s result; ``silent`` where it raises now, or has raised earlier in the same call."""
        thread = threading.get_ident()
        if thread in self._errors:
            return silent
        try:
            return work(self.device)
        except BaseException as error:  # noqa: BLE001 - raised again by finish, whatever it is
            self._errors[thread] = error
            return silent

    def finish(self) -> None:
        """After a call of this thread: raise what the device raised during it."""
        error = self._errors.pop(threading.get_ident(), None)
        if error is not None:
            raise error


def _port(ctx: Any) -> Port:
    port: Port = ffi.from_handle(ctx)
    return port


@ffi.def_extern()
def sw_py_admin(ctx: Any, command: Any, command_len: int, reply: Any, reply_len: int) -> int:
    """The used length is what the device says, even beyond ``reply_len``: cutting it is the subject's duty.

    So is clearing what lies past it: a device may leave anything there, and here it does.
    """

    def execute(device: Device) -> int:
        written = device.admin(bytes(ffi.buffer(command, command_len)), reply_len)
        missing = max(reply_len - len(written), 0)
        scribble = (_UNDEFINED * (missing // len(_UNDEFINED) + 1))[:missing]
        ffi.memmove(reply, written[:reply_len] + scribble, reply_len)
        return len(written)

    return _port(ctx).guard(execute, 0)


@ffi.def_extern()
def sw_py_doorbell(ctx: Any, bar_owner: int, bar: int, offset: int, queue: int) -> None:
    """See ``Device.doorbell``."""
    _port(ctx).guard(lambda device: device.doorbell(bar_owner, bar, offset, queue), None)


@ffi.def_extern()
def sw_py_bar_len(ctx: Any, bar_owner: int, bar: int) -> int:
    """See ``Device.bar_len``."""

    def length(device: Device) -> int:
        # Converted here, where an answer that is no 64-bit length still raises; later, cffi would only print it.
        return int(ffi.new("uint64_t *", operator.index(device.bar_len(bar_owner, bar)))[0])

    return _port(ctx).guard(length, 0)


@ffi.def_extern()
def sw_py_config_read(ctx: Any, offset: int, buf: Any, length: int) -> None:
    """See ``Device.config_read``. Missing bytes stay as the relay left them: it is told no length to clear from."""

    def read(device: Device) -> None:
        own = device.config_read(offset, length)
        ffi.memmove(buf, own, min(len(own), length))

    _port(ctx).guard(read, None)


@ffi.def_extern()
def sw_py_config_write(ctx: Any, offset: int, buf: Any, length: int) -> None:
    """See ``Device.config_write``."""
    data = bytes(ffi.buffer(buf, length))
    _port(ctx).guard(lambda device: device.config_write(offset, data), None)
