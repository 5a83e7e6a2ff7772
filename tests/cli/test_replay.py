# SPDX-License-Identifier: Apache-2.0
"""``straightwire replay`` as a stranger uses it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from straightwire.cli import main
from straightwire.reference.lockstep.compare import lockstep
from straightwire.reference.lockstep.golden import FILES, golden
from straightwire.reference.lockstep.odd import odd_trace
from straightwire.reference.lockstep.subjects import subject_named
from straightwire.reference.lockstep.trace_writer import write_trace

SMALL = f"""straightwire-trace 1
title a driver looks
member net id=1 config_len=28 commands=0x7f
device dpu features=0x20 queues=256,64 vectors=3 config=525400123456{"00" * 22}
open ! 64
> command 6 @0 len 64
config-write 0x4 0100
read 0 4 = 20000000
> command 3 @0 len 4
x 3 write 18 01
> command 2 @18 len 1
interrupt queue
read 19 1 = 01
read 16 4 ! status 22
close
> none
end 8
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    file = tmp_path / "small.trace"
    file.write_text(SMALL)
    return file


def replay(file: Path, *args: str | Path) -> Result:
    return CliRunner().invoke(main, ["replay", str(file), *map(str, args)])


def one_line(result: Result, says: str) -> None:
    """Wrong usage or environment: exit code 2 and one line on standard error."""
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"Error: {says}")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("subject", ["native", "reference", "model"])
def test_a_trace_that_holds(subject: str, small: Path) -> None:
    result = replay(small, "--subject", subject)
    assert (result.exit_code, result.stderr) == (0, "")
    against = "the trace's expectations" if subject == "model" else "the model and the trace's expectations"
    assert result.stdout.splitlines() == [
        f"a driver looks: {subject}",
        "  open",
        "      command 6 LEGACY_NOTIFY_INFO, member 1",
        "      success, 64",
        "  config-write 0x4 0100",
        "      config-write @0x4: 01 00",
        "      success, 2",
        "  read 0 4",
        "      command 3 LEGACY_COMMON_CFG_READ @0 HOST_FEATURES, 4 bytes, member 1",
        "      4 bytes: 20 00 00 00",
        "  x 3 write 18 01",
        "      command 2 LEGACY_COMMON_CFG_WRITE @18 STATUS: 01, member 1",
        "      success, 1",
        "  interrupt queue",
        "      no operation",
        "  read 19 1",
        "      command 3 LEGACY_COMMON_CFG_READ @19 ISR, 1 byte, member 1",
        "      1 byte: 01",
        "  read 16 4",
        "      command 3 LEGACY_COMMON_CFG_READ @16 QUEUE_NOTIFY, 4 bytes, member 1",
        "      status 22 EINVAL",
        "  close",
        "      no operation",
        f"holds: 8 events, 7 of 7 accesses replayed, agree with {against}",
    ]


def test_the_native_relay_is_the_default(small: Path) -> None:
    assert replay(small).stdout.splitlines()[0] == "a driver looks: native"


def test_a_golden_trace_written_as_text_holds(tmp_path: Path) -> None:
    file = tmp_path / "ipxe.trace"
    file.write_text(write_trace(golden(FILES[-1]).trace))
    result = replay(file)
    assert result.exit_code == 0
    # 441,636 accesses, of which each repeated row is executed at most 16 times; and the one that enables decode.
    assert result.stdout.splitlines()[-1].startswith("holds: 37 events, 87 of 441637 accesses replayed, agree with")


def test_json_and_nothing_else_on_standard_output(small: Path) -> None:
    result = replay(small, "--json", "-")
    assert result.exit_code == 0
    report = json.loads(result.stdout)
    assert (report["verb"], report["verdict"]) == ("replay", "holds")
    (item,) = report["items"]
    assert (item["id"], item["verdict"], item["figures"]["events"]) == ("small.trace", "holds", 8)
    assert result.stderr.splitlines()[-1].startswith("holds: 8 events")


@pytest.mark.parametrize(
    ("before", "after", "expected", "got"),
    [
        ("= 20000000", "= 21000000", "21000000", "4 bytes: 20 00 00 00"),
        ("! status 22", "! status 6", "status 6", "status 22 EINVAL"),
        ("open ! 64", "open ! 32", "32", "success, 64"),
        (
            "> command 3 @0 len 4",
            "> none",
            "no operation",
            "command 3 LEGACY_COMMON_CFG_READ @0 HOST_FEATURES, 4 bytes",
        ),
        ("> command 2 @18 len 1", "> command 2 @18 len 2", "command 2 @18 len 2", "command 2 LEGACY_COMMON_CFG_WRITE"),
    ],
)
def test_an_expectation_that_fails(before: str, after: str, expected: str, got: str, small: Path) -> None:
    assert SMALL.count(before) == 1
    small.write_text(SMALL.replace(before, after))
    result = replay(small, "--json", small.with_suffix(".json"))
    assert (result.exit_code, result.stderr) == (1, "")
    lines = [line.strip() for line in result.stdout.splitlines()]
    assert f"expected: {expected}" in lines
    assert any(line.startswith(f"got:      {got}") for line in lines)
    assert any(line.startswith(f"replay: straightwire replay {small} --subject ") for line in lines)
    assert lines[-1].startswith("violated: 8 events")
    (item,) = json.loads(small.with_suffix(".json").read_text())["items"]
    assert item["verdict"] == "violated"
    assert any(line.strip() == f"expected: {expected}" for line in item["trace"])


def test_a_mediator_differs_and_its_clause_is_named(tmp_path: Path) -> None:
    found = lockstep([subject_named("model"), subject_named("mediator:C-ONCE")], odd_trace()).minimal
    assert found is not None
    file = tmp_path / "once.trace"
    file.write_text(write_trace(found.trace))
    assert replay(file).exit_code == 0
    result = replay(file, "--subject", "mediator:C-ONCE")
    assert (result.exit_code, result.stderr) == (1, "")
    lines = result.stdout.splitlines()
    assert "mediator:C-ONCE differs from model in its operation" in lines
    assert "    breaks:   C-ONCE" in lines
    assert f"replay: straightwire replay {file} --subject mediator:C-ONCE" in lines


def test_a_trace_that_cannot_be_read_is_one_line(small: Path, tmp_path: Path) -> None:
    one_line(replay(tmp_path / "none.trace"), f"{tmp_path}/none.trace:0: cannot be read: No such file or directory")
    one_line(replay(tmp_path), f"{tmp_path}:0: cannot be read: Is a directory")
    small.write_text(SMALL[: SMALL.index("close")])
    one_line(replay(small), f"{small}:14: truncated: no `end` line")
    small.write_bytes(b"\x7fELF\0\0\xff")
    one_line(replay(small), f"{small}:1: no trace: ")
    small.write_text("")
    one_line(replay(small), f"{small}:1: empty, a trace begins with `straightwire-trace 1`")


@pytest.mark.parametrize(
    ("subject", "says"),
    [
        ("nonsense", "nonsense: no subject; give model, reference, native, mediator:CLAUSE or a library's path"),
        ("/", "/: no subject; give model"),
        ("", "no subject; give model"),
        ("mediator:C-TWICE", "mediator:C-TWICE: no such mediator; there are C-ONCE C-ROUTE "),
    ],
)
def test_a_subject_that_is_none_is_one_line(subject: str, says: str, small: Path) -> None:
    one_line(replay(small, "--subject", subject), says if subject else f": {says}")


def test_a_library_without_the_abi_is_one_line(small: Path) -> None:
    from _ctypes import __file__ as library  # a shared library that is there wherever Python is

    one_line(replay(small, "--subject", library), f"{library}: lacks sw_relay_abi_version ")


def test_a_file_that_is_no_library_is_one_line(small: Path) -> None:
    one_line(replay(small, "--subject", small), f"{small}: ")


def test_usage_errors_leave_with_2(small: Path) -> None:
    assert CliRunner().invoke(main, ["replay"]).exit_code == 2
    assert replay(small, "--nonsense").exit_code == 2
    assert CliRunner().invoke(main, ["nonsense"]).exit_code == 2
