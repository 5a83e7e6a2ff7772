# SPDX-License-Identifier: Apache-2.0
"""``straightwire oracle``: the reference device beside a legacy device that nobody here wrote."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from straightwire.cli.output import Outputs, finish, output_options, usage_error
from straightwire.model.registers import DEVICE_TYPES, DeviceType
from straightwire.reference.oracle.compare import Compared
from straightwire.reference.oracle.differences import TABLE
from straightwire.reference.oracle.face import Face
from straightwire.reference.oracle.qemu import QemuError, find_qemu, qemu_version
from straightwire.reference.oracle.run import TypeRun, missing_rows, run_type
from straightwire.report import Item, Report


@click.group()
def oracle() -> None:
    """Compare the reference device with a legacy device that nobody here wrote."""


def _types(context: click.Context, parameter: click.Parameter, value: str | None) -> tuple[DeviceType, ...]:
    """``--only``: names of device types, in the order of the table."""
    names = [known.name for known in DEVICE_TYPES]
    wanted = names if value is None else value.split(",")
    for name in wanted:
        if name not in names:
            raise click.BadParameter(f"{name!r} is no device type; there are {', '.join(names)}")
    return tuple(known for known in DEVICE_TYPES if known.name in wanted)


@oracle.command()
@click.option("--qemu", "path", metavar="PATH", help="The program; left out, qemu-system-x86_64 on PATH.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of the random scripts.")
@click.option("--only", "types", metavar="TYPE[,TYPE]", callback=_types, help="These device types and no others.")
@click.option(
    "--accesses", type=click.IntRange(min=1), default=20000, show_default=True, help="At least so many for each type."
)
@output_options
def qemu(
    path: str | None,
    seed: int,
    types: tuple[DeviceType, ...],
    accesses: int,
    json_file: str | None,
    junit: Path | None,
    sarif: Path | None,
) -> None:
    """Run the same accesses on QEMU's legacy devices and on the reference device; compare what a guest sees.

    Every offset and width of BAR0 in both layouts, registers and configuration space, then random scripts and the
    recorded drivers. After each write every register is read back. A difference must be one that the table of
    differences has, to the bit; and each row of the table must occur.
    """
    outputs = Outputs(json_file, junit, sarif)
    console = outputs.console
    started = time.monotonic()
    runs: list[TypeRun] = []
    try:
        program = find_qemu(path)
        version, named = qemu_version(program)
        for device_type in types:
            with console.status(device_type.name):
                runs.append(run_type(program, version, device_type, seed, accesses, TABLE))
    except QemuError as error:
        raise usage_error(str(error)) from None
    common = {"depth": "sampled", "seed": seed, "qemu": named}
    items = [_item(f"ORACLE/{run.face.device_type.name}", run.face, run.scripts, common) for run in runs]
    for run in runs:
        for golden, compared in run.recordings:
            name = f"ORACLE/golden-{golden.file.name.replace('_', '-')}"
            items.append(_item(name, run.face, compared, common | {"rows": golden.rows}))
    items.append(_table_item(runs, common))
    summary = {"seconds": round(time.monotonic() - started, 1), "program": program, **common}
    report = Report("oracle", tuple(items), summary)
    _page(report, runs, console)
    finish(report, outputs)


def _item(name: str, face: Face, compared: Compared, common: dict[str, Any]) -> Item:
    """One comparison, with its counterexample where there is one."""
    figures = {
        **common,
        "accesses": compared.accesses,
        "readbacks": compared.readbacks,
        "steps_between": compared.healing,
        "differences": compared.differences,
        "by_row": dict(compared.by_row),
    }
    says = "what a guest reads is what it reads of QEMU's device, but for the differences of the table"
    found = compared.difference
    if found is None:
        return Item(name, "holds", says, figures)
    return Item(
        name, "violated", says, figures, f"a difference without a row, {found.script}", tuple(found.lines(face))
    )


def _table_item(runs: list[TypeRun], common: dict[str, Any]) -> Item:
    """Whether every row still occurs. A comparison that stopped at a difference has not seen all it could."""
    missing = missing_rows(TABLE, tuple(runs))
    rows = [row for row in TABLE if any(row.belongs_to(run.face) for run in runs)]
    figures = {**common, "rows": len(rows), "by_row": {row.id: sum(run.seen(row.id) for run in runs) for row in rows}}
    says = "every row of the table of differences occurs"
    if not missing:
        return Item("ORACLE/table", "holds", says, figures)
    lines = tuple(f"{row.id} no longer occurs: {row.qemu}" for row in missing)
    if any(compared.difference for run in runs for compared in run.all):
        return Item("ORACLE/table", "unknown", says, figures, "a comparison stopped before its end")
    return Item("ORACLE/table", "violated", says, figures, lines[0], lines)


def _page(report: Report, runs: list[TypeRun], console: Console) -> None:
    """One page: the comparisons, the rows, what is not green, the verdict."""

    def line(text: str = "", style: str | None = None) -> None:
        console.print(text, markup=False, style=style)

    figures = report.summary
    *compared, table = report.items
    line(f"sampled (every offset and width, chosen scripts, random ones with seed {figures['seed']})", "bold")
    for item in (item for item in compared if "rows" not in item.figures):
        line(f"  {item.id:<14} {_figures(item)}")
    recorded = [item for item in compared if "rows" in item.figures]
    if recorded:
        line("sampled (recorded drivers)", "bold")
        width = max(len(item.id) for item in recorded)
        for item in recorded:
            line(f"  {item.id:<{width}} {_figures(item)}")
    mark = "" if table.green else f": {table.verdict.upper()}"
    line(f"differences, each a row of the table{mark}", "bold")
    for row in TABLE:
        if row.id in table.figures["by_row"]:
            line(f"  {row.id:<30} {table.figures['by_row'][row.id]:>6,}  {' '.join(row.cites)}")
    for item in report.items:
        if not item.green:
            line(f"\n{item.id}: {item.verdict}: {item.detail}", "red")
            for text in item.trace:
                line(f"  {text}")
    accesses = sum(item.figures["accesses"] for item in compared)
    readbacks = sum(item.figures["readbacks"] for item in compared)
    line(
        f"\n{report.verdict}: {len(report.items)} items, {sum(item.green for item in report.items)} green; "
        f"QEMU {figures['qemu']}, {accesses:,} accesses, {readbacks:,} registers read back; "
        f"{figures['seconds']:.1f} s in all",
        "bold green" if report.exit_code == 0 else "bold red",
    )


def _figures(item: Item) -> str:
    mark = "" if item.green else f"{item.verdict.upper()}  "
    shown = item.figures
    return (
        f"{mark}{shown['accesses']:>6,} accesses, {shown['readbacks']:>7,} readbacks, "
        f"{shown['differences']:>5,} differences by {len(shown['by_row']):>2} rows"
    )
