# SPDX-License-Identifier: Apache-2.0
"""Everything there is to prove, and how it adds up to the ids of the contract."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from straightwire.model.clauses import CORE
from straightwire.proofs.obligation import Obligation


@dataclass(frozen=True)
class Claim:
    """One id of the contract: a clause, a theorem or a normative statement, and what it says."""

    id: str
    says: str


_STATE = Claim("C-STATE", "hidden state never reaches an operation or an outcome (two-run form; derived from the core)")

THEOREMS = (
    Claim(
        "T-SUFFICE",
        "any interposer that satisfies the clauses is indistinguishable from the device's own BAR, for every device, "
        "every state and every length of trace",
    ),
    Claim("T-NEED", "no clause of the core follows from the others: for each, a mediator, a device and a trace"),
    Claim("T-RELAY", "the relay satisfies every clause, for each device type, both layouts, doorbell or none"),
    Claim("T-BYTES", "the wire format is lossless: unpack(pack(operation)) = operation, and pack leaves no byte unset"),
    Claim(
        "T-DOORBELL",
        "the doorbell and LEGACY_COMMON_CFG_WRITE at Queue Notify are interchangeable for every device that meets LD7",
    ),
    Claim(
        "T-VENDOR",
        "two devices a guest cannot tell apart stay so behind the relay; a device that refines a specification still "
        "does",
    ),
    Claim(
        "T-ISOLATE",
        "nothing done through one relay changes what another guest observes, unless the device itself lets it",
    ),
)

NORMATIVE = (
    Claim("LD3", "commands 2 and 3 fail unless offset and length lie in one field of the common configuration"),
    Claim("LD4", "commands 4 and 5 fail unless offset and length lie in one field of the device configuration"),
    Claim("LD5", "commands 2 to 5 have the effect of the same access through a legacy interface"),
    Claim("LD7", "a notification at an advertised address is command 2 at Queue Notify"),
)
"""Statements of virtio 1.4 that the model's register file is shown to meet."""

CLAIMS = (*(Claim(clause.id, clause.says) for clause in CORE), _STATE, *THEOREMS, *NORMATIVE)


@cache
def obligations() -> tuple[Obligation[Any], ...]:
    """All obligations, in the order of the claims they serve."""
    from straightwire.proofs.theorems import (
        doorbell,
        isolate,
        need,
        register_file,
        relay,
        state,
        suffice,
        vendor,
        wire,
    )

    modules = (relay, state, suffice, need, wire, doorbell, vendor, isolate, register_file)
    return tuple(obligation for module in modules for obligation in module.OBLIGATIONS)


def select(patterns: tuple[str, ...]) -> tuple[Obligation[Any], ...]:
    """The obligations that serve an id, or whose own id is it or stands below it; all of them for no pattern.

    Raises ``KeyError`` with the first pattern that names nothing.
    """
    if not patterns:
        return obligations()
    chosen: list[Obligation[Any]] = []
    for pattern in patterns:
        found = [
            each
            for each in obligations()
            if pattern in each.proves or each.id == pattern or each.id.startswith(f"{pattern}/")
        ]
        if not found:
            raise KeyError(pattern)
        chosen.extend(each for each in found if each not in chosen)
    return tuple(chosen)
