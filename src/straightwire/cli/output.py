# SPDX-License-Identifier: Apache-2.0
"""What all verbs share: output options, the closing of a run, and errors that are one line."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, TypeVar

import click
from rich.console import Console

from straightwire import __version__
from straightwire.report import Report, to_json, to_junit, to_sarif

F = TypeVar("F", bound=Callable[..., object])


@dataclass(frozen=True)
class Outputs:
    """Where the machine forms go; ``-`` is standard output, which then carries nothing else."""

    json: str | None
    junit: Path | None
    sarif: Path | None

    def __post_init__(self) -> None:
        """Notice before a long run that its report cannot be written."""
        for target in (self.json, self.junit, self.sarif):
            folder = Path(target).parent if target and target != "-" else None
            if folder and not os.access(folder, os.W_OK):
                raise usage_error(f"cannot write {target}: {folder} is no directory that can be written to")

    @property
    def console(self) -> Console:
        """For people: standard output, or standard error where a machine reads the former."""
        return Console(stderr=self.json == "-", highlight=False, soft_wrap=True)


def output_options(command: F) -> F:
    """``--json``, ``--junit`` and ``--sarif``."""
    file = click.Path(dir_okay=False, path_type=Path)
    for option in (
        click.option("--sarif", type=file, help="Write a SARIF 2.1.0 log."),
        click.option("--junit", type=file, help="Write a JUnit file."),
        click.option("--json", "json_file", metavar="FILE", help="Write the report as JSON; - is standard output."),
    ):
        command = option(command)
    return command


class _Usage(click.ClickException):
    exit_code = 2


def usage_error(message: str) -> click.ClickException:
    """One line on standard error, exit code 2."""
    return _Usage(message)


def finish(report: Report, outputs: Outputs) -> NoReturn:
    """Write the machine forms and leave with the report's exit code."""
    forms = (
        (outputs.json, to_json(report) + "\n"),
        (outputs.junit, to_junit(report)),
        (outputs.sarif, to_sarif(report, __version__) + "\n"),
    )
    for target, text in forms:
        if target == "-":
            click.echo(text, nl=False)
        elif target:
            try:
                Path(target).write_text(text)
            except OSError as error:
                raise usage_error(f"cannot write {target}: {error.strerror}") from None
    raise SystemExit(report.exit_code)
