# SPDX-License-Identifier: Apache-2.0
"""One line of the native DPU changed, and the comparison with the reference sees it: each patch in mutants/dpu."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from support.toolchain import NATIVE, ROOT, compiler, run

PATCHES = sorted((Path(__file__).parent / "mutants/dpu").glob("*.patch"))
CDEFS = ("relay_abi.h", "subject.h", "owner_driver.h", "dpu.h")

COMPARE = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("straightwire.native._native", sys.argv[1])
module = importlib.util.module_from_spec(spec)
sys.modules["straightwire.native._native"] = module
spec.loader.exec_module(module)
sys.path.insert(0, sys.argv[2])
from support.rough_guest import run
from support.two_dpus import CONFIGS, Difference
try:
    for seed in range(100):
        for kind in sorted(CONFIGS):
            for hostile in (0.0, 0.2):
                run(kind, seed, 60, hostile=hostile)
except Difference:
    print("a difference")
else:
    print("the same")
"""


@pytest.fixture(scope="module")
def rest(tmp_path_factory: pytest.TempPathFactory) -> tuple[str | Path, ...]:
    """The extension module's objects but those of the DPU."""
    folder = tmp_path_factory.mktemp("rest")
    cdef = folder / "cdef.h"
    cdef.write_text("".join((NATIVE / "cdef" / name).read_text() for name in CDEFS))
    source = folder / "_native.c"
    prelude = NATIVE / "cdef/prelude.c"
    run(sys.executable, "-m", "cffi.gen_src", "read-sources", "straightwire.native._native", cdef, prelude, source)
    objects = []
    python = f"-I{sysconfig.get_path('include')}"
    for path in (source, NATIVE / "harness/subject.c", NATIVE / "owner/owner_driver.c"):
        made = folder / f"{path.stem}.o"
        options = ("-std=c11", "-O1", "-fPIC", "-DPy_LIMITED_API=0x030b0000", python)
        run(compiler("gcc"), *options, f"-I{NATIVE}", f"-I{NATIVE / 'include'}", "-c", path, "-o", made)
        objects.append(made)
    return tuple(objects)


def compared(rest: tuple[str | Path, ...], root: Path, folder: Path) -> str:
    """What the comparison says of the DPU below ``root``."""
    module = folder / "_native.abi3.so"
    includes = (f"-I{root / 'native/include'}",)
    sources = sorted((root / "native/dpu").glob("*.c"))
    run(compiler("gcc"), "-std=c11", "-O1", "-fPIC", "-shared", *includes, *sources, *rest, "-o", module)
    tests = str(ROOT / "tests")
    command = [sys.executable, "-B", "-c", COMPARE, str(module), tests]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    return done.stdout.strip() or done.stderr


def copied(folder: Path) -> Path:
    for path in [*NATIVE.glob("dpu/*.[ch]"), *NATIVE.glob("include/straightwire/*.h")]:
        place = folder / "native" / path.relative_to(NATIVE)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(path.read_bytes())
    return folder


def test_there_are_mutants() -> None:
    assert len(PATCHES) >= 10


@pytest.mark.parametrize("patch", PATCHES, ids=lambda path: path.stem)
def test_a_mutant_is_found(patch: Path, rest: tuple[str | Path, ...], tmp_path: Path) -> None:
    root = copied(tmp_path)
    run(compiler("patch"), "--directory", root, "--strip", "1", "--input", patch)
    assert compared(rest, root, tmp_path) == "a difference"


def test_without_a_patch_there_is_no_difference(rest: tuple[str | Path, ...], tmp_path: Path) -> None:
    assert compared(rest, copied(tmp_path), tmp_path) == "the same"
