# SPDX-License-Identifier: Apache-2.0
"""The tables as a C header: ``native/include/straightwire/tables.h`` is this text and nothing else.

``python -m straightwire.model.c_header`` prints it; a test holds the committed file against it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from straightwire.model import commands, features, pci, registers


def _constants() -> Iterator[tuple[str, int]]:
    for register in registers.COMMON_REGISTERS:
        yield f"REG_{register.name}", register.offset
    yield "REG_QUEUE_NOTIFY_LEN", registers.QUEUE_NOTIFY.size
    for name in ("SPLIT_MSIX_OFF", "SPLIT_MSIX_ON", "MAX_DEVICE_CONFIG", "MAX_WINDOW", "NO_VECTOR", "QUEUE_ALIGN"):
        yield name, getattr(registers, name)
    for device in registers.DEVICE_TYPES:
        yield f"ID_{device.name.upper()}", device.virtio_id
        yield f"PCI_ID_{device.name.upper()}", device.pci_device_id
    for opcode in commands.Opcode:
        yield f"OP_{opcode.name}", opcode
    for status in commands.Status:
        yield f"STATUS_{status.name}", status
    for qualifier in commands.Qualifier:
        yield f"QUALIFIER_{qualifier.name}", qualifier
    for name, value in vars(commands).items():
        if isinstance(value, int) and re.fullmatch(r"[A-Z][A-Z_]*", name):
            yield name, value
    for owner, parts in (
        ("COMMAND", commands.COMMAND_HEADER),
        ("REPLY", commands.REPLY_HEADER),
        ("LEGACY", commands.LEGACY_WRITE_DATA),
        ("NOTIFY_ENTRY", commands.NOTIFY_ENTRY),
        ("OBJECT_CREATE", commands.OBJECT_CREATE_DATA),
        ("METADATA_GET", commands.METADATA_GET_DATA),
        ("PARTS_GET", commands.PARTS_GET_DATA),
        ("MODE_SET", commands.MODE_SET_DATA),
    ):
        for part in parts:
            if not part.name.startswith(("reserved", "padding")):
                yield f"{owner}_{part.name.upper()}_AT", part.offset
    yield "NOTIFY_BAR_FIRST", commands.NOTIFY_BARS[0]
    yield "NOTIFY_BAR_LAST", commands.NOTIFY_BARS[1]
    for name, value in vars(pci).items():
        if isinstance(value, int):
            yield f"PCI_{name}", value
    for device in registers.DEVICE_TYPES:
        for field in device.config:
            yield f"{device.name.upper()}_{field.name.upper()}", field.offset
            yield f"{device.name.upper()}_{field.name.upper()}_LEN", field.size
    for kind in (features.Ring, features.Net, features.Blk, features.Console, features.Balloon):
        for bit in kind:
            yield f"F_{kind.__name__.upper()}_{bit.name}", bit


def _field_lists() -> Iterator[tuple[str, tuple[registers.Field, ...]]]:
    yield "COMMON", registers.COMMON_REGISTERS
    for device in registers.DEVICE_TYPES:
        if device.config:
            yield device.name.upper(), device.config


def c_header() -> str:
    """The header's text: constants, hexadecimal from 10 on, and fields of structures as X(offset, size, writable)."""
    lines = [
        "/* SPDX-License-Identifier: Apache-2.0",
        " *",
        " * Generated from the model's tables by `make generate`; edit those, not this.",
        " */",
        "#ifndef STRAIGHTWIRE_TABLES_H",
        "#define STRAIGHTWIRE_TABLES_H",
        "",
    ]
    for name, value in _constants():
        lines.append(f"#define SW_{name} {value if value < 10 else hex(value)}u")
    for name, fields in _field_lists():
        rows = (f"X({row.offset}, {row.size}, {int(row.access is registers.Access.READ_WRITE)})" for row in fields)
        lines += ["", f"#define SW_FIELDS_{name}(X) \\", " \\\n".join(f"\t{row}" for row in rows)]
    return "\n".join([*lines, "", "#endif", ""])


if __name__ == "__main__":
    print(c_header(), end="")
