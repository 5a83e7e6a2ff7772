# SPDX-License-Identifier: Apache-2.0
"""The manifest: every obligation id with its budget, kept in the repository and compared at every run.

An obligation that is gone, or one that nobody wrote down, is red: proofs do not get lost silently.
``python -m straightwire.proofs.manifest`` measures all obligations and writes the file anew; the diff is
what a reviewer sees. A removal is waived in ``WAIVERS``, with a reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

PATH = Path(__file__).with_name("manifest.txt")

WAIVERS: Mapping[str, str] = {}
"""Ids that stand in the manifest and are no longer proved, each with the reason."""

HEADROOM = 10
SMALLEST_BUDGET = 1_000_000
"""What a query takes varies with what z3 has seen before in the same process, several times over."""


@dataclass(frozen=True)
class Manifest:
    """Budget of each obligation, in z3 resource units for any one query of its proof."""

    budgets: Mapping[str, int]

    def differences(self, ids: Iterable[str]) -> list[str]:
        """What is missing from, or extra to, the ids written down; one line each."""
        present = set(ids)
        missing = [f"missing: {known}" for known in self.budgets if known not in present and known not in WAIVERS]
        extra = [f"not in the manifest: {found}" for found in sorted(present - set(self.budgets))]
        return missing + extra


class BadManifest(Exception):
    """The manifest cannot be read; the message says where."""


def read(path: Path = PATH) -> Manifest:
    """Read a manifest: lines of an id and a budget. Raises ``BadManifest``."""
    budgets: dict[str, int] = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        fields = line.split()
        if len(fields) != 2 or not fields[1].isdigit():
            raise BadManifest(f"{path.name}:{number}: expected an id and a budget, found: {line}")
        if fields[0] in budgets:
            raise BadManifest(f"{path.name}:{number}: {fields[0]} stands here twice")
        budgets[fields[0]] = int(fields[1])
    return Manifest(budgets)


def write(units: Mapping[str, int], path: Path = PATH) -> None:
    """Write a manifest with headroom over what each obligation took."""
    width = max(len(name) for name in units)
    lines = [
        "# Obligation ids and their budgets in z3 resource units for its proof; see manifest.py.",
        *(f"{name:<{width}} {max(SMALLEST_BUDGET, HEADROOM * cost)}" for name, cost in units.items()),
    ]
    path.write_text("\n".join(lines) + "\n")


def main() -> None:
    """Measure all obligations and write the manifest."""
    from straightwire.proofs.catalogue import obligations
    from straightwire.proofs.obligation import Verdict
    from straightwire.proofs.prover import prove

    results = [prove(obligation) for obligation in obligations()]
    red = [f"{result.id}: {result.verdict}: {result.detail}" for result in results if result.verdict != Verdict.PROVED]
    if red:
        raise SystemExit("\n".join(["nothing written:", *red]))
    write({result.id: result.units for result in results})


if __name__ == "__main__":
    main()
