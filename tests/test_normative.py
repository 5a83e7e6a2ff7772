# SPDX-License-Identifier: Apache-2.0
"""Every normative statement about administration commands is shown by a test that bears its id, or says why not."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

from straightwire.model.normative import STATEMENTS

TESTS = Path(__file__).parent
ID = re.compile(r"(?<![A-Za-z0-9])((?:GD|GR|QD|QR|LD|LR|CD|CR|OD|OR|PD|PR)[0-9]+)(?![A-Za-z0-9])")

HOW_MANY = {
    "GD": 14,
    "GR": 9,
    "QD": 8,
    "QR": 7,
    "LD": 13,
    "LR": 7,
    "CD": 8,
    "CR": 3,
    "OD": 8,
    "OR": 2,
    "PD": 17,
    "PR": 4,
}
"""Statements of each family in virtio 1.4."""


def bearing() -> dict[str, list[str]]:
    """For each id in a test's name the tests that bear it."""
    found = defaultdict(list)
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for name in ID.findall(node.name.replace("_", " ")):
                    found[name].append(f"{path.relative_to(TESTS)}::{node.name}")
    return found


def test_no_statement_is_left_out() -> None:
    expected = [f"{family}{number}" for family, last in HOW_MANY.items() for number in range(1, last + 1)]
    assert sorted(statement.id for statement in STATEMENTS) == sorted(expected)


def test_every_statement_has_a_test_or_a_reason() -> None:
    tests = bearing()
    assert [each.id for each in STATEMENTS if not tests.get(each.id) and not each.not_modelled] == []


def test_no_statement_has_a_test_and_a_reason_to_have_none() -> None:
    tests = bearing()
    assert [(each.id, tests[each.id]) for each in STATEMENTS if tests.get(each.id) and each.not_modelled] == []


def test_no_test_bears_an_id_that_no_statement_has() -> None:
    assert set(bearing()) <= {statement.id for statement in STATEMENTS}
