# SPDX-License-Identifier: Apache-2.0
"""The finite control space, point by point, with symbolic payload: answers found without the proofs' help.

Transport state, direction, offset and length are concrete; payload and reply are symbols, the status among them;
replies are whole (short ones are the proofs' alone).
At each point every clause is evaluated. What does not fold to true is the same few formulas over and over,
one for each length; the solver decides each of them once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from straightwire.model import term
from straightwire.model.clauses import CORE, Step
from straightwire.model.commands import REPLY_HEADER_LEN
from straightwire.model.interposer import Interposer, symbolic_access, symbolic_reply
from straightwire.model.registers import DeviceType
from straightwire.model.relay import Relay
from straightwire.model.route import window
from straightwire.model.term import Truth
from straightwire.model.vocabulary import NO_DOORBELL, Access, Doorbell, Own, Reply, Transport
from straightwire.proofs import solvers

BEYOND = 8
"""How many offsets past the window are tried, bytes."""

FAR = (1 << 16, (1 << 32) - 1, 1 << 63, (1 << 64) - 1)
SHORT = 16
LONG = (17, 24, 31, 32, 33, 64, 128, 256, 257)
RUNG = Doorbell(True, 2, 4, 0x3000)


@dataclass(frozen=True)
class Point:
    """One point: a transport state and the shape of an access."""

    transport: Transport
    write: bool
    offset: int
    length: int


@dataclass(frozen=True)
class Broken:
    """A clause that does not hold at a point."""

    point: Point
    clause: str


@dataclass(frozen=True)
class Enumerated:
    """What an enumeration found.

    How many points were evaluated, at how many an operation is issued, how many formulas the solver decided, and
    the first point that broke a clause.
    """

    points: int
    operations: int
    decided: int
    broken: Broken | None


def transports(device: DeviceType) -> Iterator[Transport]:
    """Both layouts, decode on and off, doorbell or none."""
    own = Own(2, device.virtio_id, device.config_len)
    for decode in (True, False):
        for msix in (False, True):
            for doorbell in (NO_DOORBELL, RUNG):
                yield Transport(own, doorbell, decode, msix, bar0=0)


def points(device: DeviceType) -> Iterator[Point]:
    """Every point of a device type's control space."""
    for transport in transports(device):
        size = window(transport)
        if not isinstance(size, int):
            raise TypeError("the control space is concrete")
        for write in (False, True):
            for offset in (*range(size + BEYOND), *FAR):
                for length in (*range(SHORT + 1), *LONG):
                    yield Point(transport, write, offset, length)


BUDGET = 5_000_000
"""Resource units for a formula that evaluation leaves open."""


class _Decided:
    """Formulas and whether they are valid; equal formulas are one object to z3, so few are ever decided."""

    def __init__(self) -> None:
        self._z3 = solvers.Z3()
        self._known: dict[int, bool] = {}
        self._alive: list[Truth] = []  # formulas are known by id, so they must outlive the table

    def holds(self, formula: Truth) -> bool:
        if isinstance(formula, bool):
            return formula
        node: Any = formula
        name = node.get_id()
        if name not in self._known:
            self._alive.append(formula)
            self._known[name] = self._z3.ask([term.no(formula)], BUDGET).result == "unsat"
        return self._known[name]

    @property
    def count(self) -> int:
        """How many formulas the solver was asked."""
        return len(self._known)


def enumerate_points(device: DeviceType, interposer: Interposer | None = None) -> Enumerated:
    """Evaluate every clause at every point of a device type's control space, for the relay unless told otherwise."""
    subject = interposer or Relay()
    payload, content = symbolic_access().payload, symbolic_reply().content
    decided = _Decided()
    count = operations = 0
    for point in points(device):
        reply = Reply(content, REPLY_HEADER_LEN + point.length)
        access = Access(False, point.write, point.offset, point.length, payload)
        request = subject.begin(point.transport, access)
        step = Step(point.transport, access, request, reply, subject.end(point.transport, access, reply))
        count += 1
        operations += request.issues is True
        for clause in CORE:
            if not decided.holds(clause.of_step(step)):
                return Enumerated(count, operations, decided.count, Broken(point, clause.id))
    return Enumerated(count, operations, decided.count, None)
