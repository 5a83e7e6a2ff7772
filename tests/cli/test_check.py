# SPDX-License-Identifier: Apache-2.0
"""``straightwire check``: green from end to end, and red with a trace that replays where a library is wrong."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.toolchain import NATIVE, compiler, run

from straightwire.cli import check as check_module  # noqa: F401 - the command of this name hides its module
from straightwire.cli import main
from straightwire.proofs import catalogue
from straightwire.reference.lockstep.compare import lockstep
from straightwire.reference.lockstep.control_space import Shard, check_shard
from straightwire.reference.lockstep.library import LibrarySubject
from straightwire.reference.lockstep.odd import odd_trace
from straightwire.reference.lockstep.subjects import subject_named

check_command = sys.modules["straightwire.cli.check"]
