# SPDX-License-Identifier: Apache-2.0
"""The C sources and what was built of them: fresh, freestanding, free of warnings, exporting the ABI and no more."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.toolchain import NATIVE, ROOT, WARNINGS, compiler, run

from straightwire.model import c_oracle
from straightwire.model.c_header import c_header
from straightwire.native.library import Library, recompute_source_hash, shipped_library

SOURCES = sorted(path.relative_to(NATIVE).as_posix() for path in NATIVE.glob("*/*.c") if path.parent.name != "cdef")
DPU = [
    "balloon", "blk", "config_space", "console", "dpu", "memory", "net", "owner", "path", "registers", "rng",
    "virtqueue",
]  # fmt: skip
ABI = {
    "sw_relay_abi_version", "sw_relay_open", "sw_relay_close", "sw_relay_bar_size", "sw_relay_bar_read",
    "sw_relay_bar_write", "sw_relay_config_read", "sw_relay_config_write", "sw_relay_set_msix", "sw_relay_reset",
    "sw_relay_tick", "sw_relay_stop", "sw_relay_save", "sw_relay_load",
}  # fmt: skip


def test_the_library_is_built_from_these_sources() -> None:
    digest = hashlib.sha256()
    for name in (
        "native/include/straightwire/dpu.h",
        "native/include/straightwire/relay_abi.h",
        "native/include/straightwire/tables.h",
        "native/relay/abi.c",
        "native/relay/core.c",
        "native/relay/core.h",
    ):
        digest.update(name.encode() + b"\0" + (ROOT / name).read_bytes())
    assert Library(shipped_library()).source_hash() == digest.hexdigest(), "stale library: make setup"
    assert recompute_source_hash() == recompute_source_hash(ROOT) == digest.hexdigest()


def test_there_is_no_hash_without_sources(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        recompute_source_hash(tmp_path)


def test_the_tables_are_those_of_the_model() -> None:
    assert (NATIVE / "include/straightwire/tables.h").read_text() == c_header(), "make generate"


def test_the_oracle_is_that_of_the_model() -> None:
    assert (NATIVE / "lockstep/oracle_generated.h").read_text() == c_oracle.header(), "make generate"
    committed = (NATIVE / "lockstep/oracle_generated.c").read_text()
    if f"Simplified by z3 {c_oracle.simplifier()}." not in committed:
        pytest.skip("simplified by another z3: tests/lockstep/test_oracle.py compares what it does")
    # In a process of its own, as make does: what z3 has seen before decides the order of some terms.
    made = subprocess.run(
        [sys.executable, "-m", "straightwire.model.c_oracle", "c"], capture_output=True, text=True, check=True
    )
    assert committed == made.stdout, "make generate"


def test_the_sources_are_those_expected() -> None:
    engine = [f"lockstep/{name}.c" for name in ("bench", "canary", "engine", "oracle_generated", "plan", "script")]
    relay = ["owner/owner_driver.c", "relay/abi.c", "relay/core.c"]
    assert [*(f"dpu/{name}.c" for name in DPU), "harness/subject.c", *engine, *relay] == SOURCES


@pytest.mark.parametrize("name", ["gcc", "clang"])
@pytest.mark.parametrize("optimize", ["-O0", "-O2", "-O3"])
@pytest.mark.parametrize("source", SOURCES)
def test_no_warnings(source: str, optimize: str, name: str, tmp_path: Path) -> None:
    cc = compiler(name)
    (tmp_path / "source_hash.h").write_text('#define SW_SOURCE_HASH ""\n')
    includes = (f"-I{NATIVE}", f"-I{NATIVE / 'include'}", f"-I{tmp_path}")
    # The harness holds a pointer from dlsym, which ISO C knows nothing of.
    pedantic = ("-pedantic",) if source.startswith("dpu/") else ()
    options = ("-std=c11", optimize, "-fPIC", "-fvisibility=hidden", *pedantic, *WARNINGS)
    run(cc, *options, *includes, "-c", NATIVE / source, "-o", tmp_path / "x.o")
    assert (tmp_path / "x.o").stat().st_size > 0


@pytest.mark.parametrize("name", ["gcc", "clang"])
@pytest.mark.parametrize("optimize", ["-O0", "-O1", "-O2", "-O3", "-Os"])
@pytest.mark.parametrize(
    "source", ["relay/core.c", "owner/owner_driver.c", *(f"dpu/{name}.c" for name in DPU if name != "dpu")]
)
def test_freestanding(source: str, optimize: str, name: str, tmp_path: Path) -> None:
    cc = compiler(name)
    options = ("-std=c11", "-ffreestanding", "-nostdlib", "-fno-stack-protector", optimize)
    run(cc, *options, f"-I{NATIVE / 'include'}", "-c", NATIVE / source, "-o", tmp_path / "x.o")
    undefined = {line.split()[-1] for line in run("nm", "-u", tmp_path / "x.o").splitlines()}
    known = {"memcpy", "memset", "_GLOBAL_OFFSET_TABLE_"}
    if source.startswith("dpu/"):  # each other's functions; that nothing else is missing, linking shows
        known |= {"memcmp"} | {name for name in undefined if name.startswith("sw_")}
    assert undefined <= known
    data = [line for line in run("nm", tmp_path / "x.o").splitlines() if line.split()[-2] in "BbCDd"]
    assert data == []  # no globals


def test_the_library_exports_the_abi_and_its_hash() -> None:
    lines = run("nm", "-D", "--defined-only", shipped_library()).splitlines()
    assert {line.split()[-1] for line in lines} == ABI | {"sw_relay_source_hash"}
    assert {line.split()[-2] for line in lines} == {"T"}


def test_nothing_shipped_is_reentered_through_a_constructor() -> None:
    """C-INIT also at load time: no code of the library runs before it is called."""
    symbols = run("nm", shipped_library())
    assert "sw_" in symbols  # not stripped: the proofs find functions by name
    assert not re.search(r" (pthread_create|atexit|__cxa_atexit|signal|sigaction|timer_create)\b", symbols)


def declarations(path: Path) -> list[str]:
    """The declarations of a header, each with its whitespace normalised; comments and conditions dropped."""
    text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
    defines = re.findall(r"^#define (\w+ \S+)$", text, flags=re.MULTILINE)
    text = re.sub(r"^#.*$", "", text, flags=re.MULTILINE)
    text = re.sub(r'extern "Python" \{.*?\n\}', "", text, flags=re.DOTALL)
    found, depth, start = [], 0, 0
    for at, character in enumerate(text):
        depth += (character == "{") - (character == "}")
        if character == ";" and depth == 0:
            found.append(" ".join(text[start:at].split()))
            start = at + 1
    return [f"#define {define}" for define in defines] + found


def test_the_cdef_of_the_abi_is_the_abi() -> None:
    header = declarations(NATIVE / "include/straightwire/relay_abi.h")
    functions = [line for line in header if "sw_relay_" in line and not line.startswith("#")]
    assert len(functions) == 14
    assert declarations(NATIVE / "cdef/relay_abi.h") == [line for line in header if line not in functions]
    pointers = [re.sub(r"sw_relay_(\w+)\(", r"(*\1)(", function) for function in functions]
    (subject,) = (line for line in declarations(NATIVE / "cdef/subject.h") if line.startswith("struct sw_subject {"))
    members = [member.strip() for member in subject.removeprefix("struct sw_subject {").rstrip("}").split(";")]
    assert members == ["void *handle", *pointers, "const char *(*source_hash)(void)", ""]


@pytest.mark.parametrize(
    ("cdef", "header"),
    [
        ("bench.h", "lockstep/bench.h"),
        ("engine.h", "lockstep/engine.h"),
        ("owner_driver.h", "owner/owner_driver.h"),
        ("subject.h", "harness/subject.h"),
        ("dpu.h", "include/straightwire/dpu.h"),
    ],
)
def test_the_other_cdefs_are_their_headers(cdef: str, header: str) -> None:
    expected = declarations(NATIVE / header)
    assert len(expected) >= 2
    assert declarations(NATIVE / "cdef" / cdef) == expected


def test_every_c_file_says_its_licence_and_fits_its_lines() -> None:
    files = [path for path in NATIVE.rglob("*.[ch]") if path.is_file()]
    assert len(files) >= 12
    for path in files:
        text = path.read_text()
        assert text.startswith("/* SPDX-License-Identifier: Apache-2.0"), path
        if path.name != "relay_abi.h":
            assert max(len(line.expandtabs(8)) for line in text.splitlines()) <= 110, path
