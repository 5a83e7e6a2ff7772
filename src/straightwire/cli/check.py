# SPDX-License-Identifier: Apache-2.0
"""``straightwire check``: the main job. The contract proved, executed and compared, on one page."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from straightwire.cli.output import Outputs, finish, output_options, usage_error
from straightwire.cli.prove import cores, read_manifest
from straightwire.cli.proving import claim_item, control_space_item, manifest_item, red_lines
from straightwire.model.registers import RNG
from straightwire.proofs import catalogue, run, solvers
from straightwire.proofs.control_space import Enumerated, enumerate_points
from straightwire.proofs.prover import Result
from straightwire.reference.lockstep.compare import Difference, lockstep
from straightwire.reference.lockstep.compare import Report as Compared
from straightwire.reference.lockstep.control_space import SHARDS, Covered, Shard, check_shard
from straightwire.reference.lockstep.golden import golden_traces
from straightwire.reference.lockstep.library import SubjectError
from straightwire.reference.lockstep.odd import odd_trace
from straightwire.reference.lockstep.subjects import subject_named
from straightwire.reference.lockstep.trace_writer import write_trace
from straightwire.reference.lockstep.words import difference_lines
from straightwire.report import Item, Report

SUBJECTS = ("model", "reference", "native")
COUNTEREXAMPLES = Path("counterexamples")


def _shard(shard: Shard) -> Covered:
    """One shard of the control space, in a worker process."""
    return check_shard([subject_named(name) for name in SUBJECTS], shard)


def _symbolic() -> Enumerated:
    """The smallest control space of the model with symbolic payload, in a worker process."""
    return enumerate_points(RNG)


@click.command()
@click.option(
    "--counterexamples",
    type=click.Path(file_okay=False, path_type=Path),
    default=COUNTEREXAMPLES,
    show_default=True,
    help="Where traces of differences are written.",
)
@output_options
def check(counterexamples: Path, json_file: str | None, junit: Path | None, sarif: Path | None) -> None:
    """Prove the contract, replay what real drivers did, compare the relays: the main job, on one page.

    z3 proves the contract; the recorded traces of Linux, SeaBIOS and iPXE run through model, reference and native; the
    control space is enumerated on both relays. The page says what is proved, what is exhaustive, what is sampled.
    """
    outputs = Outputs(json_file, junit, sarif)
    console = outputs.console
    started = time.monotonic()
    try:
        solvers.require(("z3",))
        subjects = [subject_named(name) for name in SUBJECTS]
    except (solvers.MissingSolver, SubjectError) as error:
        raise usage_error(str(error)) from None
    written = read_manifest()
    chosen = catalogue.obligations()
    context = multiprocessing.get_context("spawn")
    settings = run.Settings()
    with ProcessPoolExecutor(cores(), mp_context=context) as pool:
        symbolic = pool.submit(_symbolic)
        shards = [pool.submit(_shard, shard) for shard in SHARDS]
        proofs = run.submit(pool, chosen, written.budgets, settings)
        traces = [(golden.trace.title, lockstep(subjects, golden.trace), golden.rows) for golden in golden_traces()]
        odd = lockstep(subjects, odd_trace())
        _wait([symbolic, *shards, *proofs], console)
        results = [future.result() for future in proofs]
        covered = [future.result() for future in shards]
        enumerated = symbolic.result()
    items = [claim_item(each) for each in run.rollups(results, chosen)]
    items.append(manifest_item(run.manifest_differences(written, catalogue.obligations), len(chosen)))
    items.append(control_space_item(RNG.name, enumerated))
    items.append(_relays_item(covered, counterexamples))
    items.extend(_trace_item(f"GOLDEN/{_slug(title)}", report, rows, counterexamples) for title, report, rows in traces)
    items.append(_trace_item("ODD-ACCESSES", odd, None, counterexamples))
    seconds = time.monotonic() - started
    summary = {
        "seconds": round(seconds, 1),
        "obligations": len(results),
        "z3_seconds": round(sum(result.seconds for result in results), 2),
        "z3": solvers.version("z3"),
        "subjects": list(SUBJECTS),
    }
    report = Report("check", tuple(items), summary)
    _page(report, results, console)
    finish(report, outputs)


def _wait(futures: Sequence[Future[Any]], console: Console) -> None:
    """Until all are done; a person sees how far it is."""
    if not console.is_terminal:
        for future in as_completed(futures):
            future.result()
        return
    with console.status("") as status:
        for done, future in enumerate(as_completed(futures), 1):
            future.result()
            status.update(f"{done} of {len(futures)} parts done")


def _slug(title: str) -> str:
    return "-".join(title.lower().replace(",", " ").replace(":", " ").replace("/", " ").split())


def _kept(difference: Difference | None, directory: Path, name: str) -> tuple[str, ...]:
    """A difference in words, its trace kept in a file that ``replay`` takes; said, where that cannot be written."""
    if difference is None:
        return ()
    file = directory / f"{name}.trace"
    lines = tuple(difference_lines(difference, str(file)))
    try:
        directory.mkdir(parents=True, exist_ok=True)
        file.write_text(write_trace(difference.trace, [f"{difference.subject}: {' '.join(difference.clauses)}"]))
    except OSError as error:
        return (*lines, f"not written: {file}: {error.strerror}")
    return lines


def _trace_item(name: str, report: Compared, rows: int | None, directory: Path) -> Item:
    lines = _kept(report.minimal, directory, name.replace("/", "-").lower())
    figures = {
        "depth": "sampled",
        "events": report.events,
        "accesses_recorded": report.recorded,
        "accesses_replayed": report.replayed,
        "subjects": list(report.subjects),
    }
    if rows is not None:
        figures["rows"] = rows
    verdict = "holds" if report.agreed else "violated"
    return Item(name, verdict, f"{report.title}: the three agree", figures, lines[0] if lines else "", lines)


def _relays_item(covered: Sequence[Covered], directory: Path) -> Item:
    found = next((each.difference for each in covered if each.difference), None)
    lines = _kept(found, directory, "control-space")
    figures = {"depth": "exhaustive", "points": sum(each.points for each in covered), "subjects": list(SUBJECTS)}
    says = "model, reference and native do the same at every point of the control space of each device type"
    return Item(
        "CONTROL-SPACE/relays", "violated" if found else "holds", says, figures, lines[0] if lines else "", lines
    )


def _page(report: Report, results: Sequence[Result], console: Console) -> None:
    """One page: what is proved, exhaustive, sampled; what is not green; the verdict."""
    by_depth: dict[str, list[Item]] = {"proved": [], "exhaustive": [], "sampled": []}
    for item in report.items:
        if item.id != "MANIFEST":
            by_depth[item.figures["depth"]].append(item)

    def line(text: str = "", style: str | None = None) -> None:
        console.print(text, markup=False, style=style)

    line("proved (all inputs)", "bold")
    for item in by_depth["proved"]:
        mark = "" if item.green else f"{item.verdict.upper()}  "
        line(f"  {item.id:<11} {item.figures['obligations']:>3} obligations  {mark}{item.says}")
    line("exhaustive (counted)", "bold")
    for item in by_depth["exhaustive"]:
        mark = "" if item.green else f"{item.verdict.upper()}  "
        line(f"  {item.id:<21} {item.figures['points']:>7,} points  {mark}{item.says}")
    line("sampled (recorded and chosen traces)", "bold")
    for item in by_depth["sampled"]:
        mark = "" if item.green else f"{item.verdict.upper()}  "
        rows = f"{item.figures['rows']} rows, " if "rows" in item.figures else ""
        replayed, recorded = item.figures["accesses_replayed"], item.figures["accesses_recorded"]
        line(f"  {item.id}: {mark}{rows}{replayed:,} accesses replayed of {recorded:,} recorded")
    for text in red_lines(results):
        line(text)
    for item in report.items:
        if not item.green and item.figures.get("depth") != "proved":
            line(f"\n{item.id}: {item.verdict}: {item.detail}", "red")
            for text in item.trace:
                line(f"  {text}")
    figures = report.summary
    line(
        f"\n{report.verdict}: {len(report.items)} items, {sum(item.green for item in report.items)} green; "
        f"{figures['obligations']} obligations, z3 {figures['z3']} {figures['z3_seconds']:.1f} s of CPU; "
        f"{figures['seconds']:.1f} s in all. A second opinion: straightwire prove",
        "bold green" if report.exit_code == 0 else "bold red",
    )
