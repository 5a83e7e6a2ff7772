# SPDX-License-Identifier: Apache-2.0
"""What every verb reports: one structure, from which the JSON, JUnit and SARIF forms and the exit code derive."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

SCHEMA = "straightwire-report-1"

HOLDS, VIOLATED, USAGE, UNKNOWN = 0, 1, 2, 3
"""Exit codes: it holds, it is violated, wrong usage or environment, nobody knows."""

_GREEN = ("proved", "holds")
_OPEN = ("unknown", "skipped")


@dataclass(frozen=True)
class Item:
    """One claim or one comparison.

    ``verdict`` is proved, holds, refuted, violated, unknown or error; ``figures`` says how it was found out and
    what it took; ``trace`` is the counterexample, a line each, where there is one.
    """

    id: str
    verdict: str
    says: str
    figures: Mapping[str, Any] = field(default_factory=dict)
    detail: str = ""
    trace: tuple[str, ...] = ()

    @property
    def green(self) -> bool:
        """Whether the claim stands."""
        return self.verdict in _GREEN


@dataclass(frozen=True)
class Report:
    """All items of one run of a verb, and a summary of figures that belong to none of them."""

    verb: str
    items: tuple[Item, ...]
    summary: Mapping[str, Any] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """0 where all items stand; 1 where one is violated; 3 where one is open, or there are none."""
        red = [item for item in self.items if not item.green]
        if any(item.verdict not in _OPEN for item in red):
            return VIOLATED
        return UNKNOWN if red or not self.items else HOLDS

    @property
    def verdict(self) -> str:
        """One word for the exit code."""
        return {HOLDS: "holds", VIOLATED: "violated", UNKNOWN: "unknown"}[self.exit_code]


def to_json(report: Report) -> str:
    """The machine form: schema, verb, verdict, items, summary."""
    document = {
        "schema": SCHEMA,
        "verb": report.verb,
        "verdict": report.verdict,
        "items": [{**asdict(item), "trace": list(item.trace)} for item in report.items],
        "summary": dict(report.summary),
    }
    return json.dumps(document, indent=2)


def to_junit(report: Report) -> str:
    """A JUnit file: one test case an item."""
    red = [item for item in report.items if not item.green]
    errors = [item for item in red if item.verdict in ("error", *_OPEN)]
    suite = ET.Element(
        "testsuite",
        name=f"straightwire {report.verb}",
        tests=str(len(report.items)),
        failures=str(len(red) - len(errors)),
        errors=str(len(errors)),
        skipped="0",
    )
    for item in report.items:
        case = ET.SubElement(suite, "testcase", classname=f"straightwire.{report.verb}", name=item.id)
        if not item.green:
            kind = "error" if item in errors else "failure"
            element = ET.SubElement(case, kind, message=f"{item.verdict}: {item.detail}")
            element.text = "\n".join(item.trace)
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def to_sarif(report: Report, version: str) -> str:
    """A SARIF 2.1.0 log: a rule for each item, a result for each that does not stand."""
    results = [
        {
            "ruleId": item.id,
            "level": "warning" if item.verdict in _OPEN else "error",
            "message": {"text": "\n".join((f"{item.verdict}: {item.detail or item.says}", *item.trace))},
        }
        for item in report.items
        if not item.green
    ]
    rules = [{"id": item.id, "shortDescription": {"text": item.says or item.id}} for item in report.items]
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "straightwire", "version": version, "rules": rules}},
                "results": results,
            }
        ],
    }
    return json.dumps(log, indent=2)
