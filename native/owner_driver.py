# SPDX-License-Identifier: Apache-2.0
"""Python binding of the owner's driver: discovery of the SR-IOV group's commands, once for all members."""

from __future__ import annotations

from straightwire.native._callbacks import Device, Port
from straightwire.native._native import ffi, lib


def use_commands(device: Device, wanted: int) -> tuple[int, int]:
    """LIST_QUERY, then LIST_USE of what is both offered and ``wanted`` (bit n: opcode n, below 64).

    The result (0, or -(0x10000 + status) of the command that failed) and the list in use (0 on failure).
    ``device.admin`` is the owner's administration queue; nothing else of the device is used.
    """
    port = Port(device)
    in_use = ffi.new("uint64_t *", 0)
    result = int(lib.sw_owner_use_commands(lib.sw_py_admin, port.ctx, wanted, in_use))
    port.finish()
    return result, int(in_use[0])
