# SPDX-License-Identifier: Apache-2.0
"""``straightwire prove`` as a stranger uses it: forms, ids, exit codes, and every way it can be red."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from support.small_obligation import One, below_16, below_20, small_obligation

from straightwire.cli import main
from straightwire.model import term
from straightwire.model.term import below, bits_of, both, implies, no, same
from straightwire.proofs import catalogue, manifest
from straightwire.proofs.manifest import Manifest
from straightwire.proofs.obligation import Goal, Obligation

FAST = ("--no-cross-check", "--processes", "1")


def straightwire(*args: str | Path) -> Result:
    return CliRunner().invoke(main, [str(arg) for arg in args])


def one_line(result: Result, says: str) -> None:
    """Wrong usage or environment: exit code 2 and one line on standard error."""
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"Error: {says}")
    assert result.stderr.count("\n") == 1


def test_help_names_the_exit_codes() -> None:
    result = straightwire("-h")
    assert result.exit_code == 0
    assert "0 it holds, 1 it is violated, 2 wrong usage or environment, 3 unknown" in " ".join(result.stdout.split())
    assert [verb in result.stdout for verb in ("check", "prove", "replay")] == [True] * 3


def test_list_names_every_claim_and_every_obligation() -> None:
    result = straightwire("prove", "--list")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    claims = [line.split(":")[0] for line in lines if not line.startswith("  ")]
    assert claims == [
        "C-ONCE", "C-ROUTE", "C-WRITE", "C-READ", "C-MEMBER", "C-REPLY", "C-STATUS", "C-REFUSE", "C-RESIDUE",
        "C-FRAME", "C-CONFIG", "C-INIT", "C-ORDER", "C-STATE", "T-SUFFICE", "T-NEED", "T-RELAY", "T-BYTES",
        "T-DOORBELL", "T-VENDOR", "T-ISOLATE", "LD3", "LD4", "LD5", "LD7",
    ]  # fmt: skip
    listed = {line.strip() for line in lines if line.startswith("  ")}
    assert listed == set(manifest.read().budgets)


def test_list_of_one_claim() -> None:
    result = straightwire("prove", "--list", "--only", "LD5")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "LD5: commands 2 to 5 have the effect of the same access through a legacy interface",
        "  LD5/registers",
        "  LD5/queues",
        "  LD5/any-width",
    ]


@pytest.mark.parametrize("name", ["C-ONCE", "T-NEED", "LD7", "LD7/notify"])
def test_explain_says_what_it_is(name: str) -> None:
    result = straightwire("prove", "--explain", name)
    assert result.exit_code == 0
    assert result.stdout.startswith(name.split("/", maxsplit=1)[0])
    assert len(result.stdout.splitlines()) > 5


@pytest.mark.parametrize("option", ["--only", "--explain"])
def test_an_unknown_id_is_one_line(option: str) -> None:
    one_line(
        straightwire("prove", option, "C-TWICE"), "no claim or obligation named C-TWICE: straightwire prove --list"
    )


def test_one_claim_as_json_and_nothing_else_on_standard_output() -> None:
    result = straightwire("prove", "--only", "T-BYTES", *FAST, "--json", "-")
    assert result.exit_code == 0
    report = json.loads(result.stdout)
    assert list(report) == ["schema", "verb", "verdict", "items", "summary"]
    assert (report["schema"], report["verb"], report["verdict"]) == ("straightwire-report-1", "prove", "holds")
    claim, whole = report["items"]
    assert (claim["id"], claim["verdict"], claim["detail"], claim["trace"]) == ("T-BYTES", "proved", "", [])
    assert (whole["id"], whole["verdict"]) == ("MANIFEST", "holds")
    ids = [each["id"] for each in claim["figures"]["by_obligation"]]
    assert len(ids) == len(set(ids)) == claim["figures"]["obligations"] == report["summary"]["obligations"] == 18
    assert all(name.startswith("T-BYTES/") for name in ids)
    assert report["summary"]["proved"] == 18
    assert list(report["summary"]["solvers"]) == ["z3"]
    assert result.stderr.splitlines()[-1].startswith("holds: 18 of 18 obligations proved")


def test_the_other_solvers_are_asked_by_default() -> None:
    result = straightwire("prove", "--only", "LD7", "--processes", "1", "--json", "-")
    assert result.exit_code == 0
    report = json.loads(result.stdout)
    assert list(report["summary"]["solvers"]) == ["z3", "bitwuzla", "cvc5"]
    assert report["items"][0]["figures"]["second_opinions"] == {"bitwuzla": {"unsat": 1}, "cvc5": {"unsat": 1}}


def test_a_page_for_people_ends_in_the_verdict() -> None:
    result = straightwire("prove", "--only", "LD7,T-BYTES/doorbell", *FAST)
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert sorted(line.split()[:3] for line in lines[:-1]) == [["LD7", "proved", "1/1"], ["T-BYTES", "proved", "1/1"]]
    assert lines[-1].startswith("holds: 2 of 2 obligations proved")


def test_all_forms_in_files_and_queries_that_another_solver_can_read(tmp_path: Path) -> None:
    json_file, junit, sarif, queries = (tmp_path / name for name in ("r.json", "r.xml", "r.sarif", "new/queries"))
    outputs = ("--json", json_file, "--junit", junit, "--sarif", sarif, "--smt-lib", queries)
    assert straightwire("prove", "--only", "LD7", *FAST, *outputs).exit_code == 0
    assert [item["id"] for item in json.loads(json_file.read_text())["items"]] == ["LD7", "MANIFEST"]
    suite = ET.parse(junit).getroot()  # noqa: S314 - our own file
    assert suite.attrib["tests"] == "2"
    assert [case.attrib["name"] for case in suite] == ["LD7", "MANIFEST"]
    (of_a_run,) = json.loads(sarif.read_text())["runs"]
    assert of_a_run["results"] == []
    assert [rule["id"] for rule in of_a_run["tool"]["driver"]["rules"]] == ["LD7", "MANIFEST"]
    written = sorted(file for file in queries.rglob("*") if file.is_file())
    assert written
    for file in written:
        text = file.read_text()
        assert "(set-logic QF_UFBV)" in text
        assert text.rstrip().endswith("(check-sat)")


def test_what_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    below_a_file = tmp_path / "file/queries"
    one_line(
        straightwire("prove", "--only", "LD7", *FAST, "--smt-lib", below_a_file), f"cannot write to {below_a_file}: "
    )
    result = straightwire("prove", "--only", "LD7", *FAST, "--json", tmp_path / "none/r.json")
    assert result.exit_code == 2
    folder = f"{tmp_path}/none"
    assert result.stderr == f"Error: cannot write {folder}/r.json: {folder} is no directory that can be written to\n"


def without(package: str, *args: str) -> subprocess.CompletedProcess[str]:
    """The command in an interpreter that cannot import a package."""
    code = f"import sys; sys.modules[{package!r}] = None; from straightwire.cli import main; main()"
    return subprocess.run([sys.executable, "-c", code, *args], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("package", "args", "says"),
    [
        ("bitwuzla", ("prove", "--only", "LD7"), "solver bitwuzla is not installed: pip install bitwuzla"),
        ("cvc5", ("prove", "--only", "LD7"), "solver cvc5 is not installed: pip install cvc5"),
        ("z3", ("prove", "--only", "LD7", "--no-cross-check"), "solver z3 is not installed: pip install z3-solver"),
        ("z3", ("prove", "--explain", "LD7"), "solver z3 is not installed: pip install z3-solver"),
        ("z3", ("check",), "solver z3 is not installed: pip install z3-solver"),
    ],
)
def test_a_missing_solver_is_one_line_that_names_the_package(package: str, args: tuple[str, ...], says: str) -> None:
    result = without(package, *args)
    assert (result.returncode, result.stdout, result.stderr) == (2, "", f"Error: {says}\n")


def test_a_solver_that_is_not_asked_is_not_missed() -> None:
    assert without("bitwuzla", "prove", "--only", "LD7", "--no-cross-check", "--processes", "1").returncode == 0
    assert without("z3", "prove", "--list").returncode == 0


# Red


def too_hard(it: One) -> list[Goal]:
    z3 = term.z3()
    one, other = (z3.ZeroExt(32, bits_of(it.x, low, 32)) for low in (0, 32))
    semiprime = 4_294_967_291 * 4_294_967_279
    return [Goal("no factors", implies(both(below(1, one), below(1, other)), no(same(one * other, semiprime))))]


def false() -> Obligation[One]:
    return small_obligation(show=lambda it: [*below_20(it), Goal("x is below 8", below(it.x, 8))])


def vacuous() -> Obligation[One]:
    return small_obligation(given=lambda it: [*below_16(it), Goal("above", below(20, it.x))])


def endless() -> Obligation[One]:
    return small_obligation(given=lambda _: [], show=too_hard, bits=64)


def planted(monkeypatch: pytest.MonkeyPatch, obligation: Obligation[Any], budget: int = 1_000_000) -> None:
    """A catalogue of one obligation, which stands in the manifest and serves all claims."""
    monkeypatch.setattr(catalogue, "obligations", lambda: (obligation,))
    monkeypatch.setattr(catalogue, "CLAIMS", (catalogue.Claim("C-ONCE", "once"),))
    monkeypatch.setattr(manifest, "read", lambda: Manifest({"T-SMALL": budget}))


@pytest.mark.parametrize(
    ("obligation", "budget", "exit_code", "verdict", "detail"),
    [
        (small_obligation, 1_000_000, 0, "proved", ""),
        (false, 1_000_000, 1, "refuted", "T-SMALL: x is below 8 does not hold"),
        (vacuous, 1_000_000, 1, "error", "T-SMALL: vacuous: no situation satisfies what is given"),
        (endless, 2_000, 3, "unknown", "T-SMALL: z3 gave up on no factors within 2,000 resource units"),
    ],
)
def test_a_verdict_is_an_exit_code(
    obligation: Callable[[], Obligation[One]],
    budget: int,
    exit_code: int,
    verdict: str,
    detail: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    planted(monkeypatch, obligation(), budget)
    junit, sarif = tmp_path / "r.xml", tmp_path / "r.sarif"
    args = ("--only", "C-ONCE", *FAST, "--json", "-", "--junit", str(junit), "--sarif", str(sarif))
    result = straightwire("prove", *args)
    assert result.exit_code == exit_code
    report = json.loads(result.stdout)
    assert report["verdict"] == {0: "holds", 1: "violated", 3: "unknown"}[exit_code]
    claim = report["items"][0]
    assert (claim["id"], claim["verdict"], claim["detail"]) == ("C-ONCE", verdict, detail)
    suite = ET.parse(junit).getroot()  # noqa: S314 - our own file
    failed = (verdict == "refuted", verdict in ("error", "unknown"))
    assert (suite.attrib["failures"], suite.attrib["errors"]) == tuple(str(int(each)) for each in failed)
    results = json.loads(sarif.read_text())["runs"][0]["results"]
    assert [(each["ruleId"], each["level"]) for each in results] == (
        [("C-ONCE", "warning" if verdict == "unknown" else "error")] if exit_code else []
    )


def test_a_counterexample_is_shown_with_how_to_see_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    planted(monkeypatch, false())
    result = straightwire("prove", "--only", "C-ONCE", *FAST)
    assert result.exit_code == 1
    lines = [line.strip() for line in result.stdout.splitlines()]
    assert "T-SMALL: refuted: x is below 8 does not hold" in lines
    assert "fails: x is below 8" in lines
    assert "replay: straightwire prove --only T-SMALL" in lines
    assert lines[-1].startswith("violated: 0 of 1 obligations proved")


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        (lambda budgets: {**budgets, "T-GONE/net": 1}, "missing: T-GONE/net"),
        (
            lambda budgets: {name: budget for name, budget in budgets.items() if name != "LD7/notify"},
            "not in the manifest: LD7/notify",
        ),
    ],
    ids=["missing", "extra"],
)
def test_an_obligation_that_came_or_went_is_red(
    change: Callable[[dict[str, int]], dict[str, int]], detail: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = Manifest(change(dict(manifest.read().budgets)))
    monkeypatch.setattr(manifest, "read", lambda: changed)
    result = straightwire("prove", "--only", "LD7", *FAST, "--json", "-")
    assert result.exit_code == 1
    claim, whole = json.loads(result.stdout)["items"]
    assert (claim["id"], claim["verdict"]) == ("LD7", "proved")
    assert (whole["id"], whole["verdict"], whole["detail"]) == ("MANIFEST", "violated", detail)
    assert f"MANIFEST: {detail}" in result.stderr.splitlines()


def test_a_manifest_that_cannot_be_read_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "manifest.txt"
    broken.write_text("LD7/notify\n")
    read = manifest.read
    monkeypatch.setattr(manifest, "read", lambda: read(broken))
    one_line(straightwire("prove", "--only", "LD7", *FAST), "manifest: manifest.txt:1: expected an id and a budget")
    broken.unlink()
    one_line(straightwire("prove", "--only", "LD7", *FAST), "manifest: ")
