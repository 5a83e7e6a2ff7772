# SPDX-License-Identifier: Apache-2.0
"""``straightwire replay``: one trace through one subject, in the contract's words."""

from __future__ import annotations

from pathlib import Path

import click

from straightwire.cli.output import Outputs, finish, output_options, usage_error
from straightwire.reference.lockstep.compare import lockstep
from straightwire.reference.lockstep.library import SubjectError
from straightwire.reference.lockstep.session import run
from straightwire.reference.lockstep.subjects import subject_named
from straightwire.reference.lockstep.trace import TraceError
from straightwire.reference.lockstep.trace_reader import load_trace
from straightwire.reference.lockstep.words import calls_words, difference_lines, event_words, outcome_words
from straightwire.report import Item, Report


@click.command()
@click.argument("trace", type=click.Path(path_type=Path))
@click.option(
    "--subject",
    default="native",
    show_default=True,
    metavar="NAME",
    help="native, reference, model, mediator:CLAUSE, or the path of a library with the ABI.",
)
@output_options
def replay(trace: Path, subject: str, json_file: str | None, junit: Path | None, sarif: Path | None) -> None:
    """Replay TRACE and print every event with its operations and outcome; compare with model and expectations."""
    outputs = Outputs(json_file, junit, sarif)
    console = outputs.console
    try:
        loaded = load_trace(trace)
        tried = subject_named(subject)
    except (TraceError, SubjectError) as error:
        raise usage_error(str(error)) from None
    console.print(f"{loaded.title or trace.name}: {tried.name}", markup=False)
    for event, executions in zip(loaded.events, run(tried, loaded).events, strict=False):
        console.print(f"  {event_words(event)}", markup=False)
        seen = executions[-1]  # repeats beyond the first few are the same
        console.print(f"      {calls_words(seen.calls, loaded.member)}", markup=False)
        if seen.raised or seen.outcome is not None:
            console.print(f"      {seen.raised or outcome_words(seen.outcome)}", markup=False)
    yardstick = [] if subject == "model" else [subject_named("model")]
    report = lockstep([*yardstick, tried], loaded)
    lines = tuple(difference_lines(report.minimal, str(trace))) if report.minimal else ()
    for line in lines:
        console.print(line, markup=False)
    figures = {
        "depth": "sampled",
        "events": report.events,
        "accesses_recorded": report.recorded,
        "accesses_replayed": report.replayed,
    }
    verdict = "holds" if report.agreed else "violated"
    against = "the model and the trace's expectations" if yardstick else "the trace's expectations"
    console.print(
        f"{verdict}: {report.events} events, {report.replayed} of {report.recorded} accesses replayed, "
        f"{'agree' if report.agreed else 'differ'} with {against}",
        markup=False,
    )
    detail = lines[0] if lines else ""
    item = Item(trace.name, verdict, f"{tried.name} agrees with {against}", figures, detail, lines)
    finish(Report("replay", (item,), figures), outputs)
