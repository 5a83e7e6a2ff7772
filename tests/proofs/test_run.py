# SPDX-License-Identifier: Apache-2.0
"""Adding verdicts up, and proving in several processes."""

from __future__ import annotations

import pytest
from support.small_obligation import small_obligation

from straightwire.proofs import manifest
from straightwire.proofs.catalogue import select
from straightwire.proofs.obligation import Verdict
from straightwire.proofs.prover import Result
from straightwire.proofs.run import Settings, prove_all, rollups, worst

PROVED, REFUTED, UNKNOWN, ERROR = Verdict.PROVED, Verdict.REFUTED, Verdict.UNKNOWN, Verdict.ERROR


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ([], ERROR),
        ([PROVED], PROVED),
        ([PROVED, PROVED], PROVED),
        ([PROVED, UNKNOWN], UNKNOWN),
        ([UNKNOWN, ERROR, PROVED], ERROR),
        ([PROVED, ERROR, REFUTED, UNKNOWN], REFUTED),
    ],
)
def test_the_worst_verdict_counts_and_nothing_proved_is_an_error(verdicts: list[Verdict], expected: Verdict) -> None:
    assert worst(verdicts) is expected


def test_a_rollup_is_the_worst_of_what_serves_an_id() -> None:
    chosen = select(("T-BYTES/doorbell", "T-BYTES/config-read", "LD3", "T-RELAY/C-ONCE/net"))
    results = [Result(each.id, UNKNOWN if each.id == "T-BYTES/doorbell" else PROVED) for each in chosen]
    assert [(each.id, each.verdict, len(each.results)) for each in rollups(results, chosen)] == [
        ("C-ONCE", PROVED, 1),
        ("T-RELAY", PROVED, 1),
        ("T-BYTES", UNKNOWN, 2),
        ("LD3", PROVED, 1),
    ]


def test_an_obligation_without_a_result_is_no_part_of_a_rollup() -> None:
    chosen = select(("T-BYTES/doorbell", "LD3"))
    assert [each.id for each in rollups([Result("LD3/common", PROVED)], chosen)] == ["LD3"]


def test_a_budget_is_that_of_the_obligation() -> None:
    results = list(prove_all([small_obligation()], {"T-SMALL": 1_000_000}, Settings()))
    assert [(each.id, each.verdict) for each in results] == [("T-SMALL", PROVED)]


def test_two_processes_give_the_verdicts_of_one() -> None:
    chosen = select(("T-BYTES/doorbell", "LD5/registers", "T-RELAY/C-ONCE/rng", "T-SUFFICE/event"))
    budgets = manifest.read().budgets
    one, two = (
        {each.id: (each.verdict, each.goals, each.detail) for each in prove_all(chosen, budgets, Settings(processes=n))}
        for n in (1, 2)
    )
    assert one == two
    assert {verdict for verdict, _, _ in two.values()} == {PROVED}
    assert len(two) == 4
