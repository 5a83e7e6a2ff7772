# SPDX-License-Identifier: Apache-2.0
"""The C compiler, for tests that build something."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NATIVE = ROOT / "native"
WARNINGS = ("-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wstrict-prototypes", "-Werror")


PACKAGES = {"aarch64-linux-gnu-gcc": "gcc-aarch64-linux-gnu libc6-dev-arm64-cross"}
"""Debian's packages of tools that are not called as they are."""


def compiler(name: str) -> str:
    """The compiler's path, or another tool's; skips the test where it is missing."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} missing: apt-get install {PACKAGES.get(name, name)}")
    return path


def sanitizer_runtime(name: str, folder: Path) -> None:
    """Skips the test where this compiler comes without its sanitizers, as clang does without what it recommends."""
    (folder / "empty.c").write_text("int main(void) { return 0; }\n")
    command = [compiler(name), "-fsanitize=address,undefined", str(folder / "empty.c"), "-o", str(folder / "empty")]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip(f"{name} has no sanitizers: apt-get install libclang-rt-14-dev")


def run(*command: str | Path) -> str:
    """Run to the end; its standard output. A failure shows what it said."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.fail(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}", pytrace=False)
    return done.stdout


def shared_library(source: Path, output: Path, *options: str) -> Path:
    """Compile ``source`` against the ABI's header into the library ``output``."""
    run(compiler("gcc"), "-std=c11", "-fPIC", "-shared", f"-I{NATIVE / 'include'}", *options, source, "-o", output)
    return output


def library_with(fault: tuple[str, str], folder: Path) -> Path:
    """The native relay with one line changed, built in its own folder."""
    before, after = fault
    core = (NATIVE / "relay/core.c").read_text()
    assert core.count(before) == 1, "the line is gone: plant the fault elsewhere"
    (folder / "core.c").write_text(core.replace(before, after))
    (folder / "abi.c").write_text((NATIVE / "relay/abi.c").read_text())
    (folder / "core.h").write_text((NATIVE / "relay/core.h").read_text())
    (folder / "source_hash.h").write_text('#define SW_SOURCE_HASH "a mutant"\n')
    library = folder / "mutant.so"
    includes = (f"-I{NATIVE / 'include'}", f"-I{folder}")
    options = ("-std=c11", "-O1", "-fPIC", "-shared", "-fvisibility=hidden", "-pthread")
    run(compiler("gcc"), *options, *includes, folder / "core.c", folder / "abi.c", "-o", library)
    return library
