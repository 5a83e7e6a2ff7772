# SPDX-License-Identifier: Apache-2.0
"""The directive ``contract-table``: a table of the model, read when the page is built and typed nowhere else.

``.. contract-table:: NAME`` with a name of ``TABLES``. A row's first cell is its anchor: ``contract.html#c-once``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import straightwire
from straightwire.model import choices, clauses, commands, mediators, normative, registers
from straightwire.model.commands import Opcode, Part
from straightwire.model.registers import Field
from straightwire.proofs import catalogue
from straightwire.reference.oracle import data_differences, differences


@dataclass(frozen=True)
class Table:
    """A table: its heads, the relative widths of its columns, and how its rows are found."""

    heads: tuple[str, ...]
    widths: tuple[int, ...]
    rows: Callable[[], Iterator[tuple[str, ...]]]
    anchors: bool = False


def _clauses() -> Iterator[tuple[str, ...]]:
    for clause in clauses.CORE:
        yield clause.id, clause.name, clause.says


def _derived() -> Iterator[tuple[str, ...]]:
    known = {clause.id for clause in clauses.CORE}
    for claim in catalogue.CLAIMS:
        if claim.id.startswith("C-") and claim.id not in known:
            yield claim.id, claim.says


def _claims(claims: Sequence[catalogue.Claim]) -> Iterator[tuple[str, ...]]:
    for claim in claims:
        serving = sum(claim.id in obligation.proves for obligation in catalogue.obligations())
        yield claim.id, claim.says, str(serving)


def _mediators() -> Iterator[tuple[str, ...]]:
    for mediator in mediators.MEDIATORS.values():
        yield mediator.breaks, mediator.does


def _choices() -> Iterator[tuple[str, ...]]:
    for choice in choices.CHOICES:
        yield choice.id, choice.question, choice.answer, choice.because


def _literal() -> Iterator[tuple[str, ...]]:
    for choice in choices.CHOICES:
        if choice.literal:
            yield choice.id, choice.question, choice.literal


def _statements() -> Iterator[tuple[str, ...]]:
    for statement in normative.STATEMENTS:
        shown = statement.not_modelled and f"not modelled: {statement.not_modelled}"
        yield statement.id, statement.level, statement.says, shown or "tests"


def _differences(rows: Sequence[differences.AnyRow[Any]]) -> Iterator[tuple[str, ...]]:
    for row in rows:
        yield row.id, ", ".join(row.cites), row.qemu, row.ours, row.why


def _fields(fields: Sequence[Field]) -> Iterator[tuple[str, ...]]:
    for field in fields:
        yield str(field.offset), str(field.size), field.name, field.access.value


def _device_types() -> Iterator[tuple[str, ...]]:
    for device in registers.DEVICE_TYPES:
        yield device.name, str(device.virtio_id), f"{device.pci_device_id:#06x}", str(device.config_len)


def _device_config() -> Iterator[tuple[str, ...]]:
    for device in registers.DEVICE_TYPES:
        for row in _fields(device.config):
            yield device.name, *row


def _opcodes() -> Iterator[tuple[str, ...]]:
    for opcode in Opcode:
        need = "open" if opcode in commands.LEGACY_OPCODES else ""
        if opcode in commands.MIGRATION_OPCODES:
            need = "stop, save, load"
        yield f"{opcode:#x}", opcode.name, need


def _statuses() -> Iterator[tuple[str, ...]]:
    for status in commands.Status:
        yield str(int(status)), status.name


LAYOUTS: tuple[tuple[str, Sequence[Part]], ...] = (
    ("every command", commands.COMMAND_HEADER),
    ("every reply", commands.REPLY_HEADER),
    ("legacy write", commands.LEGACY_WRITE_DATA),
    ("legacy read", commands.LEGACY_READ_DATA),
    ("entry of NOTIFY_INFO", commands.NOTIFY_ENTRY),
    ("RESOURCE_OBJ_CREATE", commands.OBJECT_CREATE_DATA),
    ("RESOURCE_OBJ_DESTROY, DEV_PARTS_SET", commands.OBJECT_HEADER),
    ("DEV_PARTS_METADATA_GET", commands.METADATA_GET_DATA),
    ("result of METADATA_GET(SIZE)", commands.METADATA_SIZE_RESULT),
    ("DEV_PARTS_GET", commands.PARTS_GET_DATA),
    ("DEV_MODE_SET", commands.MODE_SET_DATA),
)


def _layouts() -> Iterator[tuple[str, ...]]:
    for structure, parts in LAYOUTS:
        for part in parts:
            yield structure, str(part.offset), str(part.size) if part.size else "the rest", part.name


def _obligations() -> Iterator[tuple[str, ...]]:
    for obligation in catalogue.obligations():
        yield obligation.id, obligation.says, obligation.not_proved


_ROW_HEADS, _ROW_WIDTHS = ("row", "cites", "QEMU", "the reference", "why"), (4, 3, 6, 6, 6)
_FIELD_HEADS = ("offset", "size", "field", "access")

TABLES = {
    "clauses": Table(("id", "clause", "says"), (2, 3, 12), _clauses, anchors=True),
    "derived": Table(("id", "says"), (2, 15), _derived, anchors=True),
    "mediators": Table(("breaks", "a relay that"), (2, 15), _mediators),
    "theorems": Table(
        ("id", "statement", "obligations"), (3, 13, 3), lambda: _claims(catalogue.THEOREMS), anchors=True
    ),
    "normative": Table(
        ("id", "statement", "obligations"), (3, 13, 3), lambda: _claims(catalogue.NORMATIVE), anchors=True
    ),
    "choices": Table(("id", "question", "answer", "because"), (1, 6, 6, 6), _choices, anchors=True),
    "literal": Table(("id", "question", "taken literally"), (1, 6, 8), _literal),
    "differences": Table(_ROW_HEADS, _ROW_WIDTHS, lambda: _differences(differences.TABLE)),
    "data-path-differences": Table(_ROW_HEADS, _ROW_WIDTHS, lambda: _differences(data_differences.DATA_TABLE)),
    "statements": Table(("id", "level", "says", "shown by"), (1, 2, 8, 6), _statements, anchors=True),
    "common-registers": Table(_FIELD_HEADS, (2, 2, 8, 2), lambda: _fields(registers.COMMON_REGISTERS)),
    "device-types": Table(("type", "virtio id", "PCI device id", "configuration"), (3, 3, 3, 4), _device_types),
    "device-config": Table(("type", *_FIELD_HEADS), (3, 2, 2, 9, 2), _device_config),
    "opcodes": Table(("opcode", "command", "needed for"), (2, 8, 5), _opcodes),
    "statuses": Table(("status", "name"), (1, 4), _statuses),
    "layouts": Table(("structure", "offset", "size", "part"), (7, 2, 3, 5), _layouts),
    "obligations": Table(("obligation", "says", "not proved"), (5, 8, 6), _obligations),
}

SOURCES = tuple(
    str(Path(module.__file__).resolve())
    for module in (
        choices,
        clauses,
        commands,
        mediators,
        normative,
        registers,
        catalogue,
        data_differences,
        differences,
    )
    if module.__file__
)
"""A page with tables is built anew when one of these has changed."""


def _row(cells: Sequence[str], *, anchor: bool = False) -> nodes.row:
    row = nodes.row()
    for place, text in enumerate(cells):
        paragraph = nodes.paragraph("", text)
        if anchor and place == 0:
            paragraph["ids"].append(nodes.make_id(text))
        row += nodes.entry("", paragraph)
    return row


def table_node(table: Table) -> nodes.table:
    """The table as a document node."""
    group = nodes.tgroup(cols=len(table.heads))
    group += [nodes.colspec(colwidth=width) for width in table.widths]
    group += nodes.thead("", _row(table.heads))
    group += nodes.tbody("", *(_row(cells, anchor=table.anchors) for cells in table.rows()))
    return nodes.table("", group)


class ContractTable(SphinxDirective):
    """``.. contract-table:: NAME``."""

    required_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {}

    def run(self) -> list[nodes.Node]:
        """The table; an error that lists the names where there is none of this name."""
        name = self.arguments[0]
        if name not in TABLES:
            raise self.error(f"no table {name}; there are {' '.join(TABLES)}")
        for source in SOURCES:
            self.env.note_dependency(source)
        return [table_node(TABLES[name])]


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_directive("contract-table", ContractTable)
    return {"version": straightwire.__version__, "parallel_read_safe": True, "parallel_write_safe": True}
