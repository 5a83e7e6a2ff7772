# SPDX-License-Identifier: Apache-2.0
"""``straightwire oracle qemu`` as a stranger uses it."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.simulated_qemu import needs_qemu

from straightwire.cli import main
from straightwire.reference.oracle.differences import TABLE

ORACLE = import_module("straightwire.cli.oracle")  # the command of this name hides the module


def oracle(*args: str | Path) -> Result:
    return CliRunner().invoke(main, ["oracle", "qemu", *map(str, args)])


def one_line(result: Result, says: str) -> None:
    """Wrong usage or environment: exit code 2 and one line on standard error."""
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"Error: {says}")
    assert result.stderr.count("\n") == 1


def program(folder: Path, text: str) -> Path:
    file = folder / "qemu"
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return file


VERSION = 'test "$1" = --version && echo "QEMU emulator version {} (Debian)" && exit 0'


@needs_qemu
def test_a_green_run(tmp_path: Path) -> None:
    forms = tmp_path / "report.json", tmp_path / "report.xml", tmp_path / "report.sarif"
    written = ("--json", forms[0], "--junit", forms[1], "--sarif", forms[2])
    result = oracle("--only", "rng", "--accesses", "500", "--requests", "40", "--seed", "7", *written)
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0] == "sampled (every offset and width, chosen scripts, random ones with seed 7)"
    assert lines[1].startswith("  ORACLE/rng ")
    assert "  ORACLE/golden-linux61-virtio-rng-msix " in result.stdout
    assert lines[-1].startswith("holds: 4 items, 4 green; QEMU ")
    report = json.loads(forms[0].read_text())
    assert (report["verb"], report["verdict"]) == ("oracle", "holds")
    scripts, golden, path, table = report["items"]
    assert (scripts["id"], golden["id"], path["id"], table["id"]) == (
        "ORACLE/rng", "ORACLE/golden-linux61-virtio-rng-msix", "ORACLE/rng/data-path", "ORACLE/table"
    )  # fmt: skip
    assert (path["figures"]["depth"], path["figures"]["seed"]) == ("sampled", 7)
    assert path["figures"]["requests"] >= 30
    assert path["figures"]["accesses"] > 0
    figures = scripts["figures"]
    assert (figures["depth"], figures["seed"]) == ("sampled", 7)
    assert figures["accesses"] >= 500
    assert figures["readbacks"] > figures["accesses"]
    assert sum(figures["by_row"].values()) >= figures["differences"] > 0
    assert all(table["figures"]["by_row"].values())
    assert ET.fromstring(forms[1].read_text()).get("tests") == "4"  # noqa: S314 - our own file
    assert json.loads(forms[2].read_text())["runs"][0]["results"] == []


@needs_qemu
def test_a_row_that_never_occurs_is_red(monkeypatch: pytest.MonkeyPatch) -> None:
    never = replace(TABLE[0], id="never", qemu="It sings.", speaks_of=lambda _: False, of=lambda _: True)
    monkeypatch.setattr(ORACLE, "TABLE", (*TABLE, never))
    result = oracle("--only", "rng", "--accesses", "500", "--requests", "1")
    assert (result.exit_code, result.stderr) == (1, "")
    assert "ORACLE/table: violated: never no longer occurs: It sings." in result.stdout
    assert result.stdout.splitlines()[-1].startswith("violated: 4 items, 3 green")


@needs_qemu
def test_a_row_less_is_red_with_a_counterexample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ORACLE, "TABLE", tuple(row for row in TABLE if row.id != "read-inside-register"))
    result = oracle("--only", "rng", "--accesses", "500", "--requests", "1", "--json", "-")
    assert result.exit_code == 1
    item, *_, table = json.loads(result.stdout)["items"]
    assert (item["verdict"], item["trace"]) == (
        "violated",
        [
            "  read @1 HOST_FEATURES+1, 1 byte",
            "    expected: ff (QEMU)",
            "    got:      00",
            "replay: straightwire oracle qemu --only rng --seed 1 --accesses 500 --requests 1",
        ],
    )
    assert table["verdict"] == "unknown"  # a comparison that stopped has not seen every row


def test_no_qemu_is_one_line() -> None:
    one_line(oracle("--qemu", "/nowhere/qemu"), "no /nowhere/qemu: apt-get install qemu-system-x86")


def test_no_qemu_on_the_path_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    one_line(oracle(), "no qemu-system-x86_64: apt-get install qemu-system-x86")


def test_a_program_that_is_no_qemu_is_one_line(tmp_path: Path) -> None:
    file = program(tmp_path, "echo hello")
    one_line(oracle("--qemu", file), f"{file} is no QEMU: hello")


def test_a_qemu_that_is_too_old_is_one_line(tmp_path: Path) -> None:
    file = program(tmp_path, VERSION.format("6.2.0"))
    one_line(oracle("--qemu", file), f"{file} is QEMU 6.2.0; get 7.2 or later")


def test_a_qemu_that_cannot_start_is_one_line(tmp_path: Path) -> None:
    file = program(tmp_path, VERSION.format("7.2.0") + "\necho 'qemu: no such machine' >&2; exit 1")
    one_line(oracle("--qemu", file, "--only", "rng"), f"{file} (rng) does not start: qemu: no such machine")


@needs_qemu
def test_a_qemu_that_dies_is_one_line(tmp_path: Path) -> None:
    """A real one, killed on the way."""
    file = program(tmp_path, 'test "$1" = --version && exec qemu-system-x86_64 --version\n'
                   'timeout -s KILL 0.5 qemu-system-x86_64 "$@"; sleep 5')  # fmt: skip
    result = oracle("--qemu", file, "--only", "blk")
    one_line(result, f"{file} (blk) ")  # it depends on which end notices first
    assert "qtest socket" in result.stderr


@pytest.mark.parametrize(
    "args", [["--only", "nonsense"], ["--accesses", "0"], ["--requests", "0"], ["--seed", "x"], ["--nonsense"]]
)
def test_wrong_usage_leaves_with_2(args: list[str]) -> None:
    result = oracle(*args)
    assert (result.exit_code, result.stdout) == (2, "")


def test_a_report_that_cannot_be_written_is_noticed_first(tmp_path: Path) -> None:
    one_line(oracle("--json", tmp_path / "none" / "x"), f"cannot write {tmp_path}/none/x: ")
