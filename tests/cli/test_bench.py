# SPDX-License-Identifier: Apache-2.0
"""``straightwire bench``: what it measures does its work, and too slow is red. No figure is judged here."""

from __future__ import annotations

import importlib
import json
from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner

from straightwire.cli import main
from straightwire.native import engine
from straightwire.reference import workloads
from straightwire.reference.dpu.devices.disk import MemoryDisk
from straightwire.reference.dpu.virtqueue import Virtqueue
from straightwire.reference.lockstep import native_workloads
from straightwire.reference.relay import ReferenceSubject


def run(*arguments: str) -> tuple[int, dict[str, Any], str]:
    result = CliRunner().invoke(main, ["bench", "--seconds", "0.01", "--json", "-", *arguments])
    return result.exit_code, json.loads(result.stdout or "{}"), result.stderr


def test_every_benchmark_has_a_floor_and_a_peer_in_the_same_run() -> None:
    _, report, text = run()
    assert [item["id"] for item in report["items"]] == [
        f"BENCH/{name}" for name in ("registers", "blk", "relay", "lockstep")
    ]
    for item in report["items"]:
        figures = item["figures"]
        assert figures["of_floor"] == pytest.approx(
            figures["per_second"] / figures["floor_per_second"], rel=1e-3, abs=0.002
        )
        assert figures["of_peer"] == pytest.approx(
            figures["per_second"] / figures["peer_per_second"], rel=1e-3, abs=0.002
        )
        assert 0 < figures["of_floor"] < 1  # the floor does less
    assert "of the floor" in text


def test_too_slow_is_red(monkeypatch: pytest.MonkeyPatch) -> None:
    bench_module = importlib.import_module("straightwire.cli.bench")  # the package's name for it is the command
    impossible = tuple(replace(each, at_least=10**12) for each in bench_module.BENCHES)
    monkeypatch.setattr(bench_module, "BENCHES", impossible)
    code, report, _ = run("--only", "registers")
    assert (code, report["verdict"], report["items"][0]["verdict"]) == (1, "violated", "violated")


def test_too_far_from_the_floor_is_red(monkeypatch: pytest.MonkeyPatch) -> None:
    bench_module = importlib.import_module("straightwire.cli.bench")
    impossible = tuple(replace(each, at_least=0, of_floor_at_least=2) for each in bench_module.BENCHES)
    monkeypatch.setattr(bench_module, "BENCHES", impossible)
    code, report, text = run("--only", "relay")
    assert (code, report["items"][0]["verdict"]) == (1, "violated")
    assert "of the floor (at least 2)" in text


def test_a_relay_that_does_something_else_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "bench_core", lambda rounds: engine.bench_floor(rounds + 1))
    with pytest.raises(RuntimeError, match="did not do what the floor does"):
        native_workloads.relay_core().check()


def test_the_profile_names_functions_of_the_reference() -> None:
    _, _, text = run("--only", "blk", "--profile")
    assert "virtqueue.py" in text
    assert "relay.py" in text


def test_an_unknown_name_is_one_line() -> None:
    code, _, text = run("--only", "disk")
    assert code == 2
    assert text == "Error: no benchmark disk; there are registers, blk, relay, lockstep\n"


def test_a_workload_that_does_nothing_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    workload = workloads.blk(ReferenceSubject(), MemoryDisk(bytearray(range(256)) * 4096))
    workload.check()
    monkeypatch.setattr(Virtqueue, "pop", lambda *_: None)
    with pytest.raises(RuntimeError, match="the request at sector 0 did not do its work"):
        workload.check()
