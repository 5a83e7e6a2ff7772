# SPDX-License-Identifier: Apache-2.0
"""A library that exports ``relay_abi.h`` as a ``Subject``: the native relay, a mediator, a vendor's own."""

from __future__ import annotations

from pathlib import Path

from straightwire.native.library import Library, LoadError, OpenError, RelayHandle, shipped_library
from straightwire.reference.abi import DevicePort, Member, Outcome, RelayError


class SubjectError(Exception):
    """The file is no subject; the message is one line that says why."""


class LibraryRelay:
    """One relay of a library. An ``Outcome`` shows a wrongly changed buffer as its payload."""

    def __init__(self, handle: RelayHandle) -> None:
        self._handle = handle

    def bar_size(self) -> int:
        """Bytes of BAR0."""
        return self._handle.bar_size()

    def bar_read(self, offset: int, length: int) -> Outcome:
        """A guest's read of BAR0."""
        return Outcome(*self._handle.bar_read(offset, length))

    def bar_write(self, offset: int, data: bytes) -> Outcome:
        """A guest's write of BAR0."""
        return Outcome(*self._handle.bar_write(offset, data))

    def config_read(self, offset: int, length: int) -> Outcome:
        """A guest's read of configuration space."""
        return Outcome(*self._handle.config_read(offset, length))

    def config_write(self, offset: int, data: bytes) -> Outcome:
        """A guest's write of configuration space."""
        return Outcome(*self._handle.config_write(offset, data))

    def set_msix(self, enabled: bool) -> None:
        """The member's MSI-X enable has changed."""
        self._handle.set_msix(enabled)

    def reset(self) -> None:
        """A function-level reset has completed."""
        self._handle.reset()

    def tick(self) -> None:
        """A host's timer or idle loop."""
        self._handle.tick()

    def stop(self, stopped: bool) -> Outcome:
        """Stop or resume the member."""
        return Outcome(*self._handle.stop(stopped))

    def save(self, cap: int) -> Outcome:
        """The device parts, or with cap 0 their size."""
        return Outcome(*self._handle.save(cap))

    def load(self, parts: bytes) -> Outcome:
        """Give the device its parts."""
        return Outcome(*self._handle.load(parts))

    def close(self) -> None:
        """Close the relay."""
        self._handle.close()


class LibrarySubject:
    """The library at ``path``, or the shipped relay; raises ``SubjectError``."""

    def __init__(self, path: Path | None = None) -> None:
        try:
            self.library = Library(shipped_library() if path is None else path)
        except LoadError as error:
            raise SubjectError(str(error)) from None
        self._name = "native" if path is None else str(path)

    @property
    def name(self) -> str:
        """``native`` for the shipped relay, else the file's name."""
        return self._name

    def open(self, device: DevicePort, member: Member) -> LibraryRelay:
        """Attach to one member; raises ``RelayError``."""
        try:
            handle = self.library.open(
                device,
                group_member_id=member.group_member_id,
                commands=member.commands,
                virtio_device_id=member.virtio_device_id,
                device_config_len=member.device_config_len,
                parts_object_id=member.parts_object_id,
            )
        except OpenError as error:
            raise RelayError(error.code) from None
        return LibraryRelay(handle)
