# SPDX-License-Identifier: Apache-2.0
"""The native DPU as a C program: under sanitizers, with the native relay, and for another architecture."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.toolchain import NATIVE, WARNINGS, compiler, run, sanitizer_runtime

PROGRAM = Path(__file__).with_name("programs") / "dpu.c"


def build(cc: str, folder: Path, *options: str) -> Path:
    """The program with DPU and relay."""
    (folder / "source_hash.h").write_text('#define SW_SOURCE_HASH ""\n')
    sources = [PROGRAM, *sorted(NATIVE.glob("dpu/*.c")), *sorted(NATIVE.glob("relay/*.c"))]
    includes = (f"-I{NATIVE / 'include'}", f"-I{folder}")
    run(compiler(cc), "-std=c11", *options, *includes, *sources, "-pthread", "-o", folder / "dpu")
    return folder / "dpu"


@pytest.mark.parametrize("cc", ["gcc", "clang"])
def test_nothing_is_overrun_leaked_or_undefined_whatever_a_guest_does(cc: str, tmp_path: Path) -> None:
    sanitizers = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")
    sanitizer_runtime(cc, tmp_path)
    assert run(build(cc, tmp_path, "-O1", "-g", *sanitizers)) == "ok\n"


def test_it_builds_for_aarch64(tmp_path: Path) -> None:
    cc = compiler("aarch64-linux-gnu-gcc")
    for source in sorted(NATIVE.glob("dpu/*.c")):
        options = ("-std=c11", "-O2", "-pedantic", *WARNINGS, f"-I{NATIVE / 'include'}")
        run(cc, *options, "-c", source, "-o", tmp_path / f"{source.stem}.o")
