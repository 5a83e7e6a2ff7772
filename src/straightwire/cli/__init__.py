# SPDX-License-Identifier: Apache-2.0
"""The command ``straightwire``: one module a verb."""

from __future__ import annotations

import click

from straightwire import __version__
from straightwire.cli.bench import bench
from straightwire.cli.check import check
from straightwire.cli.fuzz import fuzz
from straightwire.cli.oracle import oracle
from straightwire.cli.prove import prove
from straightwire.cli.replay import replay


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="straightwire")
def main() -> None:
    """Is a virtio trap-and-relay a straight wire?

    Exit codes: 0 it holds, 1 it is violated, 2 wrong usage or environment, 3 unknown.
    """


main.add_command(bench)
main.add_command(check)
main.add_command(fuzz)
main.add_command(oracle)
main.add_command(prove)
main.add_command(replay)
