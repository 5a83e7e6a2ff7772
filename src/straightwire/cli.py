# SPDX-License-Identifier: Apache-2.0
"""The command ``straightwire``."""

from __future__ import annotations

from importlib.metadata import version

import click


@click.group()
@click.version_option(version("straightwire"), prog_name="straightwire")
def main() -> None:
    """Is a virtio trap-and-relay a straight wire?"""
