# SPDX-License-Identifier: Apache-2.0
"""Ten one-line mutants of the native relay, each a patch with the rule it forgets: the engine catches every one."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest
from support.toolchain import NATIVE, compiler, run

from straightwire.reference.lockstep.fuzz import accesses_of, catch, explained

PATCHES = sorted((Path(__file__).parent / "mutants" / "relay").glob("*.patch"))
MOST_ACCESSES = 8
SECONDS = 10


def mutant(patch: Path, folder: Path) -> Path:
    """The library of a copy of the relay's sources with the patch applied."""
    shutil.copytree(NATIVE / "relay", folder / "native" / "relay")
    run("patch", "--quiet", "-p1", "-d", folder, "-i", patch)
    (folder / "source_hash.h").write_text(f'#define SW_SOURCE_HASH "{patch.stem}"\n')
    relay = folder / "native" / "relay"
    library = folder / "mutant.so"
    options = ("-std=c11", "-O2", "-fPIC", "-shared", "-fvisibility=hidden", "-pthread")
    includes = (f"-I{NATIVE / 'include'}", f"-I{folder}")
    run(compiler("gcc"), *options, *includes, relay / "core.c", relay / "abi.c", "-o", library)
    return library


def test_there_are_ten() -> None:
    assert len(PATCHES) == 10
    for patch in PATCHES:
        changed = [
            line
            for line in patch.read_text().splitlines()
            if line.startswith(("+", "-")) and not line.startswith(("+++", "---"))
        ]
        assert [line[0] for line in changed] == ["-", "+"], f"{patch.stem} is no one-line mutant"


@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: patch.stem)
def test_a_mutant_is_caught_in_a_short_trace(patch: Path, tmp_path: Path) -> None:
    compiler("patch")
    library = mutant(patch, tmp_path)
    started = time.monotonic()
    caught = catch(library, seed=1, accesses=2_000_000)
    assert caught.found is not None
    difference = explained(str(library), 1, caught.found)
    seconds = time.monotonic() - started
    assert difference is not None
    assert difference.clauses
    print(f"{patch.stem}: {accesses_of(difference.trace)} accesses, {seconds:.2f} s")
    assert accesses_of(difference.trace) <= MOST_ACCESSES
    assert seconds < SECONDS
