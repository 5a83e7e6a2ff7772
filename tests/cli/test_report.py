# SPDX-License-Identifier: Apache-2.0
"""One report: the exit code it means, and its JSON, JUnit and SARIF forms."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pytest

from straightwire.report import Item, Report, to_json, to_junit, to_sarif

ITEMS = (
    Item("C-ONE", "proved", "one", {"depth": "proved"}),
    Item("C-TWO", "holds", "two"),
    Item("C-THREE", "refuted", "three", {}, 'x < 3 & "y"', ("a line", "another <line>")),
    Item("C-FOUR", "violated", "four"),
    Item("C-FIVE", "unknown", "five", {}, "gave up"),
    Item("C-SIX", "error", "", {}, "vacuous"),
)
REPORT = Report("prove", ITEMS, {"seconds": 1.5})


@pytest.mark.parametrize(
    ("verdicts", "exit_code", "verdict"),
    [
        ((), 3, "unknown"),
        (("proved",), 0, "holds"),
        (("proved", "holds"), 0, "holds"),
        (("unknown", "proved"), 3, "unknown"),
        (("skipped",), 3, "unknown"),
        (("refuted", "proved"), 1, "violated"),
        (("unknown", "violated"), 1, "violated"),
        (("unknown", "error"), 1, "violated"),
        (("what nobody knows",), 1, "violated"),
    ],
)
def test_an_exit_code_is_the_worst_of_all(verdicts: tuple[str, ...], exit_code: int, verdict: str) -> None:
    report = Report("prove", tuple(Item(str(n), each, "") for n, each in enumerate(verdicts)))
    assert (report.exit_code, report.verdict) == (exit_code, verdict)


def test_json() -> None:
    document = json.loads(to_json(REPORT))
    assert list(document) == ["schema", "verb", "verdict", "items", "summary"]
    assert (document["schema"], document["verb"], document["verdict"], document["summary"]) == (
        "straightwire-report-1", "prove", "violated", {"seconds": 1.5},
    )  # fmt: skip
    assert document["items"][2] == {
        "id": "C-THREE",
        "verdict": "refuted",
        "says": "three",
        "figures": {},
        "detail": 'x < 3 & "y"',
        "trace": ["a line", "another <line>"],
    }


def test_junit() -> None:
    suite = ET.fromstring(to_junit(REPORT))  # noqa: S314 - our own text
    assert (suite.tag, suite.attrib) == (
        "testsuite",
        {"name": "straightwire prove", "tests": "6", "failures": "2", "errors": "2", "skipped": "0"},
    )
    assert [(case.attrib["classname"], case.attrib["name"], [child.tag for child in case]) for case in suite] == [
        ("straightwire.prove", "C-ONE", []),
        ("straightwire.prove", "C-TWO", []),
        ("straightwire.prove", "C-THREE", ["failure"]),
        ("straightwire.prove", "C-FOUR", ["failure"]),
        ("straightwire.prove", "C-FIVE", ["error"]),
        ("straightwire.prove", "C-SIX", ["error"]),
    ]
    failure = suite[2][0]
    assert (failure.attrib["message"], failure.text) == ('refuted: x < 3 & "y"', "a line\nanother <line>")


def test_sarif() -> None:
    log = json.loads(to_sarif(REPORT, "1.2.3"))
    assert (log["version"], len(log["runs"])) == ("2.1.0", 1)
    driver = log["runs"][0]["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("straightwire", "1.2.3")
    assert [(rule["id"], rule["shortDescription"]["text"]) for rule in driver["rules"]] == [
        ("C-ONE", "one"), ("C-TWO", "two"), ("C-THREE", "three"), ("C-FOUR", "four"), ("C-FIVE", "five"),
        ("C-SIX", "C-SIX"),
    ]  # fmt: skip
    assert [(each["ruleId"], each["level"], each["message"]["text"]) for each in log["runs"][0]["results"]] == [
        ("C-THREE", "error", 'refuted: x < 3 & "y"\na line\nanother <line>'),
        ("C-FOUR", "error", "violated: four"),
        ("C-FIVE", "warning", "unknown: gave up"),
        ("C-SIX", "error", "error: vacuous"),
    ]
