# SPDX-License-Identifier: Apache-2.0
"""``straightwire prove``: every claim of the contract, decided."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.live import Live

from straightwire.cli.output import Outputs, finish, output_options, usage_error
from straightwire.cli.proving import Progress, claim_item, control_space_item, manifest_item, red_lines
from straightwire.model.registers import RNG
from straightwire.proofs import catalogue, manifest, run, solvers
from straightwire.proofs.control_space import enumerate_points
from straightwire.proofs.explain import explain as explained
from straightwire.proofs.obligation import Obligation, Verdict
from straightwire.proofs.prover import Result
from straightwire.report import Item, Report


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0))


def chosen_obligations(only: str | None) -> tuple[Obligation[Any], ...]:
    """What ``--only`` names; all obligations without it. Raises a usage error."""
    patterns = tuple(part.strip() for part in (only or "").split(",") if part.strip())
    try:
        return catalogue.select(patterns)
    except KeyError as error:
        raise usage_error(f"no claim or obligation named {error.args[0]}: straightwire prove --list") from None


def read_manifest() -> manifest.Manifest:
    """The manifest, or a usage error."""
    try:
        return manifest.read()
    except (manifest.BadManifest, OSError) as error:
        raise usage_error(f"manifest: {error}") from None


@click.command()
@click.option("--only", metavar="IDS", help="Claims or obligations, separated by commas: T-NEED,C-ROUTE.")
@click.option("--list", "list_", is_flag=True, help="List the claims and their obligations, prove nothing.")
@click.option("--explain", metavar="ID", help="Say what a claim or an obligation is, what it assumes and proves.")
@click.option("--cross-check/--no-cross-check", default=True, help="Ask bitwuzla and cvc5 too (default: yes).")
@click.option(
    "--smt-lib", type=click.Path(file_okay=False, path_type=Path), help="Write every query to this directory."
)
@click.option("--processes", type=click.IntRange(1), default=None, help="Processes (default: one a core).")
@output_options
def prove(
    only: str | None,
    list_: bool,
    explain: str | None,
    cross_check: bool,
    smt_lib: Path | None,
    processes: int | None,
    json_file: str | None,
    junit: Path | None,
    sarif: Path | None,
) -> None:
    """Prove the contract: every obligation, its witness and its mutants."""
    outputs = Outputs(json_file, junit, sarif)
    console = outputs.console
    chosen = chosen_obligations(explain or only)
    if list_:
        for claim in catalogue.CLAIMS:
            serving = [each.id for each in chosen if claim.id in each.proves]
            if serving:
                click.echo(f"{claim.id}: {claim.says}")
                click.echo("".join(f"  {name}\n" for name in serving), nl=False)
        return
    second = solvers.SECOND_OPINIONS if cross_check and not explain else ()
    try:
        solvers.require(("z3", *second))
        if smt_lib:
            smt_lib.mkdir(parents=True, exist_ok=True)
    except solvers.MissingSolver as error:
        raise usage_error(str(error)) from None
    except OSError as error:
        raise usage_error(f"cannot write to {smt_lib}: {error.strerror}") from None
    if explain:
        click.echo("\n".join(explained(explain, chosen)))
        return
    written = read_manifest()
    settings = run.Settings(second, smt_lib, processes or cores())
    progress = Progress(chosen)
    results = run.prove_all(chosen, written.budgets, settings)
    show(progress, results, console)
    differences = run.manifest_differences(written, catalogue.obligations)
    items = [claim_item(each) for each in run.rollups(progress.results, chosen)]
    items.append(manifest_item(differences, len(catalogue.obligations())))
    if only is None:
        items.append(control_space_item(RNG.name, enumerate_points(RNG)))
    report = Report("prove", tuple(items), summary(progress.results, second))
    close(report, progress.results, console)
    finish(report, outputs)


def show(progress: Progress, results: Iterator[Result], console: Console) -> None:
    """A table that fills as verdicts arrive; a line for each finished claim where no person watches."""
    if console.is_terminal:
        with Live(progress.table(), console=console, refresh_per_second=4) as live:
            for result in results:
                progress.add(result)
                live.update(progress.table())
        return
    for result in results:
        for claim in progress.add(result):
            cells = progress.row(claim)
            console.print(f"{cells[0]:<10} {cells[1].plain:<8} {cells[2]:>7} obligations  {cells[4]:>6} s  {cells[5]}")


def summary(results: list[Result], second: tuple[str, ...]) -> dict[str, Any]:
    """Figures of a whole run."""
    return {
        "obligations": len(results),
        "proved": sum(result.verdict is Verdict.PROVED for result in results),
        "goals": sum(result.goals for result in results),
        "z3_units": sum(result.units for result in results),
        "z3_seconds": round(sum(result.seconds for result in results), 2),
        "solvers": {name: solvers.version(name) for name in ("z3", *second)},
    }


def close(report: Report, results: list[Result], console: Console) -> None:
    """What is not green, then one closing line."""
    for line in red_lines(results):
        console.print(line, markup=False)
    extras = [item for item in report.items if item.id in ("MANIFEST", "CONTROL-SPACE/model")]
    for item in extras:
        if not item.green:
            console.print(f"\n{item.id}: {item.detail}", markup=False)
            for line in item.trace:
                console.print(f"  {line}", markup=False)
    console.print(closing_line(report, results), markup=False)


def closing_line(report: Report, results: list[Result]) -> str:
    """The verdict in one line."""
    figures = report.summary
    proved = figures["proved"]
    names = ", ".join(f"{name} {number}" for name, number in figures["solvers"].items())
    exhaustive: list[Item] = [item for item in report.items if item.id == "CONTROL-SPACE/model"]
    points = f"; {exhaustive[0].figures['points']:,} points of the control space" if exhaustive else ""
    return (
        f"{report.verdict}: {proved} of {len(results)} obligations proved with witness and mutants, "
        f"{figures['goals']:,} goals{points}; {names}; z3 {figures['z3_seconds']:.1f} s of CPU"
    )
