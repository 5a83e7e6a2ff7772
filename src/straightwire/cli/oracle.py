# SPDX-License-Identifier: Apache-2.0
"""``straightwire oracle``: the reference device beside a legacy device that nobody here wrote."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from straightwire.cli.output import Outputs, finish, output_options, usage_error
from straightwire.model.registers import DEVICE_TYPES, DeviceType
from straightwire.reference.oracle.compare import Compared
from straightwire.reference.oracle.data_differences import DATA_TABLE
from straightwire.reference.oracle.differences import TABLE
from straightwire.reference.oracle.face import Face
from straightwire.reference.oracle.qemu import QemuError, find_qemu, qemu_version
from straightwire.reference.oracle.run import (
    DataRun,
    TypeRun,
    missing_data_rows,
    missing_rows,
    run_data_path,
    run_type,
)
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
@click.option(
    "--requests",
    type=click.IntRange(min=1),
    default=400,
    show_default=True,
    help="In rings: at least so many for each type.",
)
@output_options
def qemu(
    path: str | None,
    seed: int,
    types: tuple[DeviceType, ...],
    accesses: int,
    requests: int,
    json_file: str | None,
    junit: Path | None,
    sarif: Path | None,
) -> None:
    """Run the same accesses on QEMU's legacy devices and on the reference device; compare what a guest sees.

    Every offset and width of BAR0 in both layouts, registers and configuration space, then random scripts and the
    recorded drivers. After each write every register is read back. Then requests in rings, with all that comes of
    them on either side of the device. A difference must be one that the table of differences has, to the bit; and each
    row of the table must occur.
    """
    outputs = Outputs(json_file, junit, sarif)
    console = outputs.console
    started = time.monotonic()
    runs: list[TypeRun] = []
    paths: list[DataRun] = []
    try:
        program = find_qemu(path)
        version, named = qemu_version(program)
        for device_type in types:
            with console.status(device_type.name):
                runs.append(run_type(program, version, device_type, seed, accesses, TABLE))
                paths.append(run_data_path(program, version, device_type, seed, requests, DATA_TABLE))
    except QemuError as error:
        raise usage_error(str(error)) from None
    common = {"depth": "sampled", "seed": seed, "qemu": named}
    items = [_item(f"ORACLE/{run.face.device_type.name}", run.face, run.scripts, common) for run in runs]
    for run in runs:
        for golden, compared in run.recordings:
            name = f"ORACLE/golden-{golden.file.name.replace('_', '-')}"
            items.append(_item(name, run.face, compared, common | {"rows": golden.rows}))
    items += [_path_item(run, common) for run in paths]
    items.append(_table_item(runs, paths, common))
    summary = {"seconds": round(time.monotonic() - started, 1), "program": program, **common}
    again = f"--seed {seed} --accesses {accesses} --requests {requests}" + (f" --qemu {path}" if path else "")
    report = Report("oracle", tuple(_with_replay(item, again) for item in items), summary)
    _page(report, console)
    finish(report, outputs)


def _item(name: str, face: Face, compared: Compared, common: dict[str, Any]) -> Item:
    """One comparison, with its counterexample where there is one."""
    figures = {
        **common,
        "type": face.device_type.name,
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


def _path_item(run: DataRun, common: dict[str, Any]) -> Item:
    """The data path of one type, with its counterexample where there is one."""
    compared = run.compared
    figures = {
        **common,
        "type": run.face.device_type.name,
        "requests": compared.requests,
        "accesses": compared.accesses,
        "values": compared.values,
        "differences": compared.differences,
        "by_row": dict(compared.by_row),
    }
    name = f"ORACLE/{run.face.device_type.name}/data-path"
    says = "what comes of a request is what comes of it on QEMU's device, but for the differences of the table"
    found = compared.difference
    if found is None:
        return Item(name, "holds", says, figures)
    detail = f"a difference without a row, {found.script.title}"
    return Item(name, "violated", says, figures, detail, tuple(found.lines(run.face)))


def _with_replay(item: Item, again: str) -> Item:
    """A counterexample says how to see it again."""
    kind = item.figures.get("type")
    if item.green or kind is None:
        return item
    return replace(item, trace=(*item.trace, f"replay: straightwire oracle qemu --only {kind} {again}"))


def _table_item(runs: list[TypeRun], paths: list[DataRun], common: dict[str, Any]) -> Item:
    """Whether every row still occurs. A comparison that stopped at a difference has not seen all it could."""
    by_row: Counter[str] = Counter()
    for row in TABLE:
        if any(row.belongs_to(run.face) for run in runs):
            by_row[row.id] += sum(run.seen(row.id) for run in runs)
    for data_row in DATA_TABLE:
        if any(data_row.belongs_to(run.face) for run in paths):
            by_row[data_row.id] += sum(run.seen(data_row.id) for run in paths)
    figures = {**common, "rows": len(by_row), "by_row": dict(by_row)}
    says = "every row of the table of differences occurs"
    lines = tuple(f"{row.id} no longer occurs: {row.qemu}" for row in missing_rows(TABLE, tuple(runs)))
    lines += tuple(
        f"{row.id} no longer occurs in the data path: {row.qemu}" for row in missing_data_rows(DATA_TABLE, tuple(paths))
    )
    if not lines:
        return Item("ORACLE/table", "holds", says, figures)
    stopped = any(compared.difference for run in runs for compared in run.all)
    if stopped or any(run.compared.difference for run in paths):
        return Item("ORACLE/table", "unknown", says, figures, "a comparison stopped before its end")
    return Item("ORACLE/table", "violated", says, figures, lines[0], lines)


def _page(report: Report, console: Console) -> None:
    """One page: the comparisons, the rows, what is not green, the verdict."""

    def line(text: str = "", style: str | None = None) -> None:
        console.print(text, markup=False, style=style)

    figures = report.summary
    *compared, table = report.items
    line(f"sampled (every offset and width, chosen scripts, random ones with seed {figures['seed']})", "bold")
    for item in (item for item in compared if "readbacks" in item.figures and "rows" not in item.figures):
        line(f"  {item.id:<14} {_figures(item)}")
    recorded = [item for item in compared if "rows" in item.figures]
    if recorded:
        line("sampled (recorded drivers)", "bold")
        width = max(len(item.id) for item in recorded)
        for item in recorded:
            line(f"  {item.id:<{width}} {_figures(item)}")
    line("sampled (requests in rings, chosen scripts and random ones)", "bold")
    for item in (item for item in compared if "requests" in item.figures):
        line(f"  {item.id:<24} {_path_figures(item)}")
    mark = "" if table.green else f": {table.verdict.upper()}"
    line(f"differences, each a row of the table{mark}", "bold")
    cites = {row.id: row.cites for row in DATA_TABLE} | {row.id: row.cites for row in TABLE}
    for row_id, count in table.figures["by_row"].items():
        line(f"  {row_id:<30} {count:>6,}  {' '.join(cites[row_id])}")
    for item in report.items:
        if not item.green:
            line(f"\n{item.id}: {item.verdict}: {item.detail}", "red")
            for text in item.trace:
                line(f"  {text}")
    accesses = sum(item.figures["accesses"] for item in compared)
    readbacks = sum(item.figures.get("readbacks", 0) for item in compared)
    requests = sum(item.figures.get("requests", 0) for item in compared)
    line(
        f"\n{report.verdict}: {len(report.items)} items, {sum(item.green for item in report.items)} green; "
        f"QEMU {figures['qemu']}, {accesses:,} accesses, {readbacks:,} registers read back, "
        f"{requests:,} requests; {figures['seconds']:.1f} s in all",
        "bold green" if report.exit_code == 0 else "bold red",
    )


def _figures(item: Item) -> str:
    mark = "" if item.green else f"{item.verdict.upper()}  "
    shown = item.figures
    return (
        f"{mark}{shown['accesses']:>6,} accesses, {shown['readbacks']:>7,} readbacks, "
        f"{shown['differences']:>5,} differences by {len(shown['by_row']):>2} rows"
    )


def _path_figures(item: Item) -> str:
    mark = "" if item.green else f"{item.verdict.upper()}  "
    shown = item.figures
    return (
        f"{mark}{shown['requests']:>6,} requests, {shown['values']:>7,} values compared, "
        f"{shown['differences']:>5,} differences by {len(shown['by_row']):>2} rows"
    )
