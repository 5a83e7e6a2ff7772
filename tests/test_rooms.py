# SPDX-License-Identifier: Apache-2.0
"""Who may lean on whom: the rooms' imports, read from their sources."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TABLES = {"registers", "commands", "features", "pci", "snapshot", "choices"}
RECORDINGS = {"straightwire.reference.lockstep.golden", "straightwire.reference.lockstep.trace"}
SOLVERS = {"z3", "cvc5", "bitwuzla"}


def imported(source: str) -> set[str]:
    """Every module that a source imports, with the names that ``from`` takes from it: they may be modules too."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names}
    return found


def sources(room: str) -> Iterator[tuple[str, set[str]]]:
    """Each file of a room, relative to the top, with what it imports."""
    for path in sorted((ROOT / room).rglob("*.py")):
        yield path.relative_to(ROOT).as_posix(), imported(path.read_text())


def rooms(modules: set[str]) -> set[str]:
    """The rooms of this package among some modules."""
    return {name.split(".")[1] for name in modules if name.split(".")[0] == "straightwire"}


def strangers(modules: set[str]) -> set[str]:
    """What is neither of the standard library nor of this package."""
    return {name.split(".")[0] for name in modules} - set(sys.stdlib_module_names) - {"straightwire"}


def strangers_and_library(modules: set[str]) -> set[str]:
    """The top-level modules among some, those of this package aside."""
    return {name.split(".")[0] for name in modules} - {"straightwire"}


def all_of(room: str) -> list[tuple[str, set[str]]]:
    found = list(sources(room))
    assert len(found) > 3
    return found


def test_model_leans_on_itself_the_standard_library_and_z3() -> None:
    for path, modules in all_of("model"):
        assert rooms(modules) <= {"model"}, path
        assert strangers(modules) <= {"z3"}, path


def test_only_one_module_imports_z3() -> None:
    users = [path for room in ("model", "proofs", "reference", "native") for path, modules in all_of(room)
             if "z3" in strangers(modules)]  # fmt: skip
    assert users == ["model/term.py"]


def test_only_the_solvers_import_the_other_solvers() -> None:
    users = {path for room in ("model", "proofs", "reference", "native") for path, modules in all_of(room)
             if strangers(modules) & SOLVERS}  # fmt: skip
    assert users == {"model/term.py", "proofs/solvers.py"}


def test_proofs_does_not_lean_on_the_reference() -> None:
    for path, modules in all_of("proofs"):
        assert "reference" not in rooms(modules), path


def test_reference_takes_nothing_but_tables_from_the_model() -> None:
    for path, modules in all_of("reference"):
        if not path.startswith("reference/lockstep/"):
            assert rooms(modules) <= {"model", "reference"}, path
            taken = {name.split(".")[2] for name in modules if name.startswith("straightwire.model.")}
            assert taken <= TABLES, path
            lockstep = {name for name in modules if name.startswith("straightwire.reference.lockstep")}
            if path.startswith("reference/oracle/"):
                lockstep = {name for name in lockstep if name.rpartition(".")[0] not in RECORDINGS}
            assert not lockstep, path


IMPURE = {
    "time",
    "datetime",
    "random",
    "secrets",
    "uuid",
    "threading",
    "asyncio",
    "multiprocessing",
    "subprocess",
    "os",
}


def test_the_DPU_has_no_clock_no_randomness_and_no_thread() -> None:
    found = {path: strangers_and_library(modules) & (IMPURE | {"socket"}) for path, modules in all_of("reference/dpu")}
    assert {path: used for path, used in found.items() if used} == {
        "reference/dpu/devices/disk.py": {"os"},  # a file as a disk
        "reference/dpu/socket_port.py": {"socket"},  # a socket that is given
    }


def test_native_leans_on_no_other_room() -> None:
    for path, modules in all_of("native"):
        assert rooms(modules) <= {"native"}, path


def test_every_room_names_modules_in_full() -> None:
    for room in ("model", "proofs", "reference", "native"):
        for path, modules in all_of(room):
            assert not [name for name in modules if name.startswith(".")], path


@pytest.mark.parametrize(
    ("source", "modules"),
    [
        ("import z3", {"z3"}),
        ("def f():\n    import z3.z3util as u", {"z3.z3util"}),
        ("from straightwire.model import relay, wire", {"straightwire.model.relay", "straightwire.model.wire"}),
        ("if TYPE_CHECKING:\n    from straightwire.reference.dpu import dpu", {"straightwire.reference.dpu.dpu"}),
        ("from .relay import Relay", {".relay.Relay"}),
    ],
)
def test_an_import_is_seen_wherever_it_stands(source: str, modules: set[str]) -> None:
    assert imported(source) == modules
