# SPDX-License-Identifier: Apache-2.0
"""The documentation: its tables are the model's, its examples run, its links lead somewhere."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from straightwire.model import choices, clauses, commands
from straightwire.proofs import catalogue
from straightwire.reference.lockstep.compare import lockstep
from straightwire.reference.lockstep.subjects import subject_named
from straightwire.reference.lockstep.trace_reader import load_trace

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.rst"))
TEXTS = [*PAGES, *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"))]
PLANNED = {"C-OPAQUE"}
"""Ids of the contract without a formula."""


@pytest.fixture(scope="module")
def extension() -> Iterator[Any]:
    pytest.importorskip("sphinx")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(DOCS)
        yield importlib.import_module("_ext.contract_tables")


def test_every_row_has_a_cell_for_each_head(extension: Any) -> None:
    for name, table in extension.TABLES.items():
        rows = list(table.rows())
        assert rows, name
        assert {len(row) for row in rows} == {len(table.heads)} == {len(table.widths)}, name


def test_every_claim_and_every_choice_stands_in_a_table(extension: Any) -> None:
    names = ("clauses", "derived", "theorems", "normative")
    shown = [row[0] for name in names for row in extension.TABLES[name].rows()]
    assert sorted(shown) == sorted(claim.id for claim in catalogue.CLAIMS)
    assert [row[0] for row in extension.TABLES["choices"].rows()] == [choice.id for choice in choices.CHOICES]


def test_every_layout_of_the_commands_stands_in_a_table(extension: Any) -> None:
    tables = [
        value
        for value in vars(commands).values()
        if isinstance(value, tuple) and value and isinstance(value[0], commands.Part)
    ]
    shown = [parts for _, parts in extension.LAYOUTS]
    assert [table for table in tables if table not in shown] == []


def test_every_table_is_shown() -> None:
    text = "".join(page.read_text() for page in PAGES)
    used = re.findall(r"^\.\. contract-table:: (\S+)$", text, re.MULTILINE)
    assert sorted(used) == sorted(set(used))
    source = (DOCS / "_ext/contract_tables.py").read_text()
    assert set(used) == set(re.findall(r'^    "([a-z-]+)": Table\(', source, re.MULTILINE))


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_every_id_is_one_of_the_contract(path: Path) -> None:
    known = {claim.id for claim in catalogue.CLAIMS} | PLANNED
    assert set(re.findall(r"\b[CT]-[A-Z]{3,}\b", path.read_text())) <= known


def test_the_number_of_clauses_is_right() -> None:
    assert len(clauses.CORE) == 13, "README.md, contract.rst and CHANGELOG.md say thirteen"


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_every_file_that_is_named_exists(path: Path) -> None:
    text = path.read_text()
    named = re.findall(r"\b(?:model|proofs|reference|native|docs|tests)/[\w/-]+\.(?:py|rst|c|h|txt|trace)\b", text)
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    assert [name for name in (*named, *links) if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("name", ["model", "reference", "native"])
@pytest.mark.parametrize("path", sorted((DOCS / "examples").glob("*.trace")), ids=lambda path: path.stem)
def test_an_example_agrees(path: Path, name: str) -> None:
    report = lockstep([subject_named("model"), subject_named(name)], load_trace(path))
    assert report.agreed, report.minimal


def test_the_example_tells_the_mediator_that_the_page_names() -> None:
    trace = load_trace(DOCS / "examples/first-steps.trace")
    report = lockstep([subject_named("model"), subject_named("mediator:C-ROUTE")], trace)
    assert report.minimal is not None
    assert report.minimal.clauses == ("C-ROUTE",)


@pytest.mark.parametrize(
    ("script", "printed"),
    [
        ("first_device.py", "commands 0x7f, status 0, MAC 52:54:00:12:34:56\n"),
        ("second_device.py", "[Used(head=0, written=513)] b'\\x00' b'a straight wire'\n"),
    ],
)
def test_a_script_prints_what_the_page_says(script: str, printed: str) -> None:
    done = subprocess.run([sys.executable, DOCS / "examples" / script], capture_output=True, text=True, check=True)
    assert done.stdout == printed


def test_the_first_script_has_ten_lines() -> None:
    lines = (DOCS / "examples/first_device.py").read_text().splitlines()
    code = [line for line in lines if line and not line.startswith(("#", '"""', "from "))]
    assert len(code) <= 10
    assert "commands 0x7f, status 0, MAC 52:54:00:12:34:56" in (DOCS / "dpu.rst").read_text()


def test_the_readme_shows_the_first_script_as_it_is() -> None:
    script = (DOCS / "examples/first_device.py").read_text()
    code = script[script.index("from straightwire") :]
    assert f"```python\n{code}```\n" in (ROOT / "README.md").read_text()
