# SPDX-License-Identifier: Apache-2.0
"""``straightwire fuzz``: the same digest whoever runs it, a canary that must be caught, and nothing lost on the way."""

from __future__ import annotations

import importlib
import json
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from rich.console import Console
from support.toolchain import library_with

from straightwire.cli import campaign, main
from straightwire.native import engine
from straightwire.native.library import shipped_library
from straightwire.reference.lockstep.fuzz import Done

COMMAND = Path(sys.executable).with_name("straightwire")
ACCESSES = str(4096 * 240 * 2 + 1000)
TICK = "\t(void)core;\n}"


def run(*arguments: str) -> tuple[int, dict[str, Any], str]:
    result = CliRunner().invoke(main, ["fuzz", "--json", "-", *arguments])
    return result.exit_code, json.loads(result.stdout or "{}"), result.stderr


def figures(report: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = report["items"][1]["figures"]
    return found


def test_seed_and_accesses_determine_the_digest_on_any_number_of_processes() -> None:
    runs = [run("--accesses", ACCESSES, "--processes", processes) for processes in ("1", "2", "3")]
    assert [code for code, _, _ in runs] == [0, 0, 0]
    first = figures(runs[0][1])
    assert first["accesses"] == -(-int(ACCESSES) // 240) * 240
    assert all(figures(report) == first for _, report, _ in runs)
    assert figures(run("--accesses", ACCESSES, "--seed", "2")[1])["digest"] != first["digest"]


def test_the_command_that_is_printed_gives_the_same_again() -> None:
    code, report, text = run("--time", "1", "--processes", "2")
    assert code == 0
    digest, _, command = text.splitlines()[-1].removeprefix("digest ").partition(": straightwire fuzz ")
    assert digest == figures(report)["digest"]
    assert figures(run(*command.split())[1])["digest"] == digest


def test_a_campaign_whose_canary_is_not_caught_is_void(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "canary_library", shipped_library)
    monkeypatch.setattr(importlib.import_module("straightwire.cli.fuzz"), "CANARY_ACCESSES", 100_000)
    code, report, text = run("--accesses", "1000")
    assert (code, report["verdict"]) == (3, "unknown")
    assert [item["verdict"] for item in report["items"]] == ["unknown", "unknown"]
    assert "campaign void" in text


def test_a_difference_is_cut_explained_and_kept(tmp_path: Path) -> None:
    library = str(engine.canary_library())
    junit = tmp_path / "junit.xml"
    code, report, text = run("--subject", library, "--out", str(tmp_path / "out"), "--junit", str(junit))
    assert code == 1
    item = report["items"][1]
    assert item["verdict"] == "violated"
    assert "    breaks:   C-REPLY" in item["trace"]
    assert "  breaks" in text
    assert ET.parse(junit).getroot().attrib["failures"] == "1"  # noqa: S314 - written a moment ago
    (trace,) = (tmp_path / "out" / "findings").glob("*.trace")
    assert CliRunner().invoke(main, ["replay", str(trace), "--subject", library]).exit_code == 1
    assert CliRunner().invoke(main, ["replay", str(trace)]).exit_code == 0
    (test,) = (tmp_path / "out" / "findings").glob("test_*.py")
    failing = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(test)]
    assert subprocess.run(failing, cwd=tmp_path, check=False, capture_output=True).returncode == 1
    test.write_text(test.read_text().replace(repr(library), "'native'"))
    assert subprocess.run(failing, cwd=tmp_path, check=False, capture_output=True).returncode == 0


def test_what_is_lost_is_done_again_and_nothing_is_counted_twice(tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    whole = run("--accesses", ACCESSES, "--out", out)
    items = sorted((tmp_path / "out" / "items").iterdir())
    assert len(items) == 3
    items[0].unlink()
    items[1].write_text(items[1].read_text()[:100])
    stamp = items[2].stat().st_mtime_ns
    again = run("--accesses", ACCESSES, "--out", out, "--resume")
    assert (whole[0], again[0]) == (0, 0)
    assert figures(again[1]) == figures(whole[1])
    assert items[2].stat().st_mtime_ns == stamp
    more = run("--accesses", str(4096 * 240 * 4), "--out", out, "--resume")
    assert figures(more[1]) == figures(run("--accesses", str(4096 * 240 * 4))[1])


def test_an_interrupted_campaign_goes_on_where_it_was(tmp_path: Path) -> None:
    items = tmp_path / "out" / "items"
    command = [str(COMMAND), "fuzz", "--time", "60", "--processes", "1", "--out", str(tmp_path / "out")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        while not items.is_dir() or len(list(items.glob("*.json"))) < 2:
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        text, _ = process.communicate(timeout=30)
    assert process.returncode == 3
    assert "interrupted" in text
    kept = sorted(items.glob("*.json"))
    accesses = str(4096 * 240 * (len(kept) + 1))
    resumed = run("--accesses", accesses, "--out", str(tmp_path / "out"), "--resume")
    assert resumed[0] == 0
    assert len(list(items.glob("*.json"))) == len(kept) + 1
    assert figures(resumed[1]) == figures(run("--accesses", accesses)[1])


def test_a_subject_that_kills_its_process_is_a_finding(tmp_path: Path) -> None:
    fault = ("\tcore->split = enabled ?", "\tif (core->bar0)\n\t\t__builtin_trap();\n\tcore->split = enabled ?")
    library = library_with(fault, tmp_path)
    code, report, _ = run("--subject", str(library), "--out", str(tmp_path / "out"), "--accesses", "20000")
    assert code == 1
    line = report["items"][1]["trace"][0]
    assert f"died of signal {int(signal.SIGILL)}: seed 1, trace " in line
    assert len(list((tmp_path / "out" / "findings").glob("*.trace"))) == 2


def test_a_subject_that_does_not_come_back_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = library_with((TICK, '\tfor (;;)\n\t\t__asm__ volatile("");\n}'), tmp_path)
    monkeypatch.setattr(campaign, "LIMIT", 1.0)
    monkeypatch.chdir(tmp_path)
    code, report, _ = run("--subject", str(library), "--accesses", "2000", "--processes", "1")
    assert code == 1
    assert "no end after 1 s" in report["items"][1]["detail"]


def test_a_difference_that_takes_both_members_is_shown_whole(tmp_path: Path) -> None:
    before = "\troute = route_of(core, offset, SW_OP_LEGACY_COMMON_CFG_READ, SW_OP_LEGACY_DEV_CFG_READ);"
    other = "last && last != core->member.group_member_id"
    remembers = f"\tstatic uint64_t last;\n\tif ({other})\n\t\treturn last = 0, SW_REFUSED;\n"
    after = f"{remembers}\tlast = core->member.group_member_id;\n{before}"
    library = library_with((before, after), tmp_path)
    code, report, _ = run("--subject", str(library), "--out", str(tmp_path / "out"), "--accesses", "20000")
    assert code == 1
    assert "not with this member alone: it takes both" in report["items"][1]["trace"][1]
    assert len(list((tmp_path / "out" / "findings").glob("*.trace"))) == 1


def test_a_terminal_has_a_live_view() -> None:
    module = importlib.import_module("straightwire.cli.fuzz")
    written = StringIO()
    screen = Console(force_terminal=True, file=written, width=100)
    planned = module.Campaign("native", "key", 1, module.LIBRARY, 10_000)
    view = module._View(planned, None, screen)
    cells = (7,) + (0,) * (engine.CELLS - 1)
    with view:
        view.show({0: Done(10, 3000, 2400, "0" * 16, cells, None), 1: campaign.Died("died of signal 11")})
    for text in ("fuzz native, seed 1", "2,400", "coverage cells", "2,397,600 accesses"):
        assert text in written.getvalue()


def test_subjects_in_python_run_at_their_own_pace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code, report, _ = run("--subject", "reference", "--accesses", "4000", "--processes", "2")
    assert code == 0
    assert figures(report)["accesses"] == 4080
    code, report, text = run("--subject", "mediator:C-WRITE", "--accesses", "4000")
    assert code == 1
    assert "C-WRITE" in text


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--subject", "pyproject.toml"), "invalid ELF header"),
        (("--subject", "nobody"), "nobody: no subject"),
        (("--subject", "model"), "the oracle is the model"),
        (("--resume",), "--resume needs --out"),
    ],
)
def test_wrong_usage_is_one_line(arguments: tuple[str, ...], says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])
    code, _, text = run(*arguments)
    assert code == 2
    assert says in text
    assert text.count("\n") == 1


def test_a_library_without_the_abi_is_one_line() -> None:
    code, _, text = run("--subject", str(Path(engine.engine_library())))
    assert code == 2
    assert "lacks sw_relay_abi_version" in text
    assert text.count("\n") == 1


def test_a_folder_with_a_campaign_is_not_begun_anew(tmp_path: Path) -> None:
    assert run("--accesses", "240", "--out", str(tmp_path))[0] == 0
    code, _, text = run("--accesses", "240", "--out", str(tmp_path))
    assert code == 2
    assert "--resume goes on with it" in text
