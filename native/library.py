# SPDX-License-Identifier: Apache-2.0
"""Python binding of any library that exports ``relay_abi.h``; the shipped relay is loaded like any other.

Calls give ``(result, payload)``: the return value, and what a caller finds in its buffer. A subject that obeys
the ABI leaves ``payload`` empty on a negative result and on every write. One that does not is not hidden: each
buffer is filled with a canary and followed by guard bytes, and a buffer that was changed where it must not be
comes back as ``payload``, guard bytes included where those were hit.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import straightwire.native as _room
from straightwire.native import _native
from straightwire.native._callbacks import Device, Port
from straightwire.native._native import ffi, lib
from straightwire.native.source_hash import source_hash

_ERROR_LEN = 1024
_GUARD_LEN = 16
_CANARY = bytes(0xA5 ^ (7 * i & 0xFF) for i in range(256))
"""Not constant, so that it is not mistaken for a register's value, nor a shifted copy for the original."""


class LoadError(Exception):
    """The file is no subject; the message is one line that says why."""


class OpenError(Exception):
    """``sw_relay_open`` gave no relay; ``code`` is the error it set, 0 where it set none."""

    def __init__(self, code: int) -> None:
        super().__init__(f"sw_relay_open failed with {code}")
        self.code = code


def shipped_library() -> Path:
    """The relay that this package ships: beside the extension module, wherever that is installed."""
    return Path(_native.__file__).with_name("libstraightwire_relay.so")


def recompute_source_hash(root: Path | None = None) -> str:
    """What ``Library.source_hash`` of a library built from the sources below ``root`` must be.

    ``root`` holds the folder ``native``; by default the checkout this package is imported from.
    ``FileNotFoundError`` where there are no sources, as in an installed wheel.
    """
    return source_hash(Path(_room.__file__).resolve().parent.parent if root is None else root)


def _canary(length: int) -> bytes:
    return (_CANARY * (length // len(_CANARY) + 1))[:length]


class _Buffer:
    """A caller's buffer of ``length`` bytes with its canary, and guard bytes behind it."""

    def __init__(self, content: bytes) -> None:
        self._length = len(content)
        self._before = content + _canary(_GUARD_LEN)
        self.pointer = ffi.new("uint8_t[]", len(self._before))
        ffi.memmove(self.pointer, self._before, len(self._before))

    def payload(self, result: int, written: int) -> bytes:
        """The first ``written`` bytes after a call; more where the call changed more than those.

        ``written`` is what a call with this ``result`` may write; nothing on a negative one.
        """
        after = bytes(ffi.buffer(self.pointer))
        allowed = written if result >= 0 else 0
        if after[self._length :] != self._before[self._length :]:
            return after
        if after[allowed:] != self._before[allowed:]:
            return after[: self._length]
        return after[:allowed]


class RelayHandle:
    """One open relay. Calls may come from several threads, ``close`` only once they are over."""

    def __init__(self, library: Library, port: Port, relay: Any) -> None:
        self._library = library
        self._port = port
        self._relay = relay

    @property
    def pointer(self) -> Any:
        """The ``struct sw_relay *``, for calls through ``Library.functions``; ``ValueError`` after close."""
        if self._relay is None:
            raise ValueError("the relay is closed")
        return self._relay

    def bar_size(self) -> int:
        """Bytes of BAR0."""
        return int(self._call("bar_size"))

    def bar_read(self, offset: int, length: int) -> tuple[int, bytes]:
        """A guest's read of BAR0."""
        return self._read("bar_read", offset, length)

    def bar_write(self, offset: int, data: bytes) -> tuple[int, bytes]:
        """A guest's write of BAR0."""
        return self._write("bar_write", offset, data)

    def config_read(self, offset: int, length: int) -> tuple[int, bytes]:
        """A guest's read of configuration space."""
        return self._read("config_read", offset, length)

    def config_write(self, offset: int, data: bytes) -> tuple[int, bytes]:
        """A guest's write of configuration space."""
        return self._write("config_write", offset, data)

    def set_msix(self, enabled: bool) -> None:
        """The member's MSI-X enable has changed."""
        self._call("set_msix", int(enabled))

    def reset(self) -> None:
        """A function-level reset has completed."""
        self._call("reset")

    def tick(self) -> None:
        """A host's timer or idle loop."""
        self._call("tick")

    def stop(self, stopped: bool) -> tuple[int, bytes]:
        """Stop or resume the member."""
        return int(self._call("stop", int(stopped))), b""

    def save(self, cap: int) -> tuple[int, bytes]:
        """The device parts, at most ``cap`` bytes; with 0 their size as the result and no payload."""
        buffer = _Buffer(_canary(cap))
        result = int(self._call("save", buffer.pointer, cap))
        return result, buffer.payload(result, min(max(result, 0), cap))

    def load(self, parts: bytes) -> tuple[int, bytes]:
        """Give the device its parts."""
        buffer = _Buffer(parts)
        result = int(self._call("load", buffer.pointer, len(parts)))
        return result, buffer.payload(result, 0)

    def close(self) -> None:
        """Close the relay; a second time does nothing."""
        if self._relay is not None:
            relay, self._relay = self._relay, None
            self._library.functions.close(relay)
            self._port.finish()

    def _call(self, name: str, *args: object) -> Any:
        result = getattr(self._library.functions, name)(self.pointer, *args)
        self._port.finish()
        return result

    def _read(self, name: str, offset: int, length: int) -> tuple[int, bytes]:
        buffer = _Buffer(_canary(length))
        result = int(self._call(name, offset, buffer.pointer, length))
        return result, buffer.payload(result, length)

    def _write(self, name: str, offset: int, data: bytes) -> tuple[int, bytes]:
        buffer = _Buffer(data)
        result = int(self._call(name, offset, buffer.pointer, len(data)))
        return result, buffer.payload(result, 0)


class Library:
    """A loaded subject; raises ``LoadError``."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        functions = ffi.new("struct sw_subject *")
        error = ffi.new("char[]", _ERROR_LEN)
        if lib.sw_subject_load(functions, str(self.path).encode(), error, _ERROR_LEN) != 0:
            raise LoadError(self._one_line(ffi.string(error).decode(errors="replace")))
        self.functions = ffi.gc(functions, lib.sw_subject_unload)
        """The ``struct sw_subject``: the ABI's functions, for calls that the methods here do not offer."""

    def _one_line(self, error: str) -> str:
        line = " ".join(error.split())
        return line if line.startswith(str(self.path)) else f"{self.path}: {line}"

    @property
    def abi_version(self) -> int:
        """What ``sw_relay_abi_version`` says."""
        return int(self.functions.abi_version())

    def source_hash(self) -> str | None:
        """The hash of the sources the library was built from, where it reports one (see source_hash.py)."""
        if self.functions.source_hash == ffi.NULL:
            return None
        return ffi.string(self.functions.source_hash()).decode()

    def open(
        self,
        device: Device,
        *,
        group_member_id: int,
        commands: int,
        virtio_device_id: int,
        device_config_len: int,
        parts_object_id: int = 0,
    ) -> RelayHandle:
        """Attach to one member (``struct sw_member``); raises ``OpenError``."""
        port = Port(device)
        member = ffi.new(
            "struct sw_member *",
            {
                "group_member_id": group_member_id,
                "commands": commands,
                "parts_object_id": parts_object_id,
                "virtio_device_id": virtio_device_id,
                "device_config_len": device_config_len,
            },
        )
        code = ffi.new("int *", 0)
        relay = self.functions.open(port.struct(), member, code)
        handle = RelayHandle(self, port, None if relay == ffi.NULL else relay)
        try:
            port.finish()
        except BaseException:
            handle.close()
            raise
        if relay == ffi.NULL:
            raise OpenError(int(code[0]))
        return handle
