# SPDX-License-Identifier: Apache-2.0
"""Every obligation is proved by z3 within its budget, and the manifest names them all."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from straightwire.proofs import manifest
from straightwire.proofs.catalogue import CLAIMS, obligations
from straightwire.proofs.manifest import BadManifest, Manifest
from straightwire.proofs.obligation import Verdict
from straightwire.proofs.prover import Result, prove
from straightwire.proofs.run import manifest_differences


@cache
def result(name: str) -> Result:
    """One obligation proved within the budget that the manifest gives it, once."""
    obligation = next(each for each in obligations() if each.id == name)
    return prove(obligation, manifest.read().budgets[name])


@pytest.mark.parametrize("claim", [claim.id for claim in CLAIMS])
def test_a_claim_is_proved_within_budget(claim: str) -> None:
    serving = [each for each in obligations() if claim in each.proves]
    results = [result(each.id) for each in serving]
    assert serving
    assert [(each.id, each.detail) for each in results if each.verdict is not Verdict.PROVED] == []
    assert all(each.witness is not None and each.goals and each.mutants for each in results)


def test_every_obligation_serves_a_claim() -> None:
    known = {claim.id for claim in CLAIMS}
    assert [each.id for each in obligations() if not each.proves or not set(each.proves) <= known] == []


def test_ids_are_unique() -> None:
    ids = [each.id for each in obligations()]
    assert len(ids) == len(set(ids))


def test_every_obligation_has_a_mutant_and_says_what_it_claims() -> None:
    assert [each.id for each in obligations() if not each.mutants or not each.says] == []


def test_the_manifest_names_exactly_the_obligations() -> None:
    assert manifest_differences(manifest.read(), obligations) == []
    assert list(manifest.read().budgets) == [each.id for each in obligations()]


def test_a_claim_that_nothing_proves_is_a_difference() -> None:
    known = Manifest({"T-BYTES/doorbell": 1})
    kept = [each for each in obligations() if each.id == "T-BYTES/doorbell"]
    lines = manifest_differences(known, lambda: kept)
    assert "nothing proves T-SUFFICE" in lines
    assert "nothing proves T-BYTES" not in lines


def test_a_lost_obligation_and_one_that_nobody_wrote_down_are_named() -> None:
    assert Manifest({"a": 1, "b": 1}).differences(["b", "d", "c"]) == [
        "missing: a",
        "not in the manifest: c",
        "not in the manifest: d",
    ]


def test_a_waiver_excuses_a_removal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifest, "WAIVERS", {"a": "replaced by b"})
    assert Manifest({"a": 1, "b": 1}).differences(["b"]) == []
    assert Manifest({"c": 1}).differences([]) == ["missing: c"]


def test_no_obligation_that_is_proved_is_waived() -> None:
    assert set(manifest.WAIVERS) & {each.id for each in obligations()} == set()


def test_a_manifest_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "manifest.txt"
    small, headroom = manifest.SMALLEST_BUDGET, manifest.HEADROOM
    manifest.write({"T-A/one": 10, "T-B": 9_000_000}, path)
    assert path.read_text().splitlines()[1:] == [f"T-A/one {small}", f"T-B     {9_000_000 * headroom}"]
    assert manifest.read(path).budgets == {"T-A/one": small, "T-B": 9_000_000 * headroom}
    assert headroom > 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# budgets\n\nT-A\n", "m.txt:3: expected an id and a budget, found: T-A"),
        ("T-A 1 2\n", "m.txt:1: expected an id and a budget, found: T-A 1 2"),
        ("T-A many\n", "m.txt:1: expected an id and a budget, found: T-A many"),
        ("T-A -1\n", "m.txt:1: expected an id and a budget, found: T-A -1"),
        ("T-A 1\nT-A 2\n", "m.txt:2: T-A stands here twice"),
    ],
)
def test_a_garbled_line_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "m.txt"
    path.write_text(text)
    with pytest.raises(BadManifest) as raised:
        manifest.read(path)
    assert str(raised.value) == message
