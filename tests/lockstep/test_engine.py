# SPDX-License-Identifier: Apache-2.0
"""The lockstep engine: what it finds, that it finds the same again, and that it reads and writes nothing of others."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.toolchain import NATIVE, WARNINGS, compiler, library_with, run, shared_library

from straightwire.native import engine
from straightwire.native.engine import What
from straightwire.native.library import Library, shipped_library
from straightwire.reference.lockstep import fuzz
from straightwire.reference.lockstep.compare import lockstep
from straightwire.reference.lockstep.fuzz import CONFIG, catch, explained, run_range, trace_of
from straightwire.reference.lockstep.subjects import subject_named
from straightwire.reference.lockstep.trace import EventKind
from straightwire.reference.lockstep.trace_reader import read_trace
from straightwire.reference.lockstep.trace_writer import write_trace

SUBJECT = Path(__file__).parents[1] / "native" / "subjects" / "subject.c"
ENGINE = ("engine.c", "oracle_generated.c", "plan.c", "script.c")


def test_the_native_relay_agrees_with_the_oracle() -> None:
    ran = engine.run(Library(shipped_library()), CONFIG, 2026, 0, 4000)
    assert ran.difference is None
    assert (ran.traces, ran.accesses, sum(ran.cells)) == (4000, 4000 * engine.ACCESSES, 4000 * engine.ACCESSES)
    assert ran.events > ran.accesses
    assert sum(count > 0 for count in ran.cells) > 250


def test_a_digest_is_that_of_the_seed_and_the_range() -> None:
    library = Library(shipped_library())
    ran = [engine.run(library, CONFIG, seed, first, 20).digest for seed, first in ((1, 0), (1, 0), (1, 20), (2, 0))]
    assert ran[0] == ran[1]
    assert len(set(ran)) == 3


def test_every_route_layout_width_and_outcome_that_can_be_is_reached() -> None:
    cells = engine.run(Library(shipped_library()), CONFIG, 5, 0, 8000).cells
    hit = {engine.cell_name(number) for number, count in enumerate(cells) if count}
    for layout in ("MSI-X off", "MSI-X on"):
        for width in ("1", "2", "3", "4", "5..8"):
            for outcome in ("whole", "failed", "short", "long"):
                for place in ("common", "device"):
                    assert f"{place} read, {layout}, {width}, {outcome}" in hit
            assert f"refused write, {layout}, {width}, whole" in hit
        assert f"doorbell write, {layout}, 2, whole" in hit
        assert f"no access read, {layout}, 0, whole" in hit
        assert f"configuration read, {layout}, more, whole" in hit


def test_the_canary_is_caught_and_named() -> None:
    caught = fuzz.catch_canary(1, 1_000_000)
    assert caught.found is not None
    assert caught.found.what == "bytes"
    difference = explained(str(engine.canary_library()), 1, caught.found)
    assert difference is not None
    assert difference.clauses == ("C-REPLY",)
    assert fuzz.accesses_of(difference.trace) == 2


def test_an_exported_trace_is_a_trace_like_any_other() -> None:
    subjects = [subject_named(name) for name in ("model", "reference", "native")]
    for number in range(10):
        for seat in (0, 1):
            trace = trace_of(7, number, seat)
            assert read_trace(write_trace(trace), "trace") == trace
            assert lockstep(subjects, trace).agreed


def test_a_subject_in_python_runs_the_same_traces() -> None:
    done = run_range("reference", 3, 0, 4)
    assert done.found is None
    assert done.accesses == 4 * engine.ACCESSES
    assert run_range("reference", 3, 0, 4) == done
    mediator = run_range("mediator:C-ROUTE", 3, 0, 20)
    assert mediator.found is not None
    difference = explained("mediator:C-ROUTE", 3, mediator.found)
    assert difference is not None
    assert "C-ROUTE" in difference.clauses


@pytest.mark.parametrize(
    ("options", "what"),
    [
        (("-DOPEN_FAILS",), "operation"),  # it does not even ask NOTIFY_INFO
        ((), "operation"),
    ],
)
def test_a_library_that_does_nothing_is_noticed(options: tuple[str, ...], what: str, tmp_path: Path) -> None:
    library = shared_library(SUBJECT, tmp_path / "subject.so", *options)
    found = catch(library, 1, 100_000).found
    assert found is not None
    assert found.what == what
    assert explained(str(library), 1, found) is not None


FAULTS = {
    "behind the buffer": (
        "\tmemcpy(buf, reply + SW_REPLY_HEADER_LEN, len);",
        "\tmemcpy(buf, reply + SW_REPLY_HEADER_LEN, len + 1);",
        What.BYTES,
    ),
    "on a failure": (
        "\t\treturn result;\n\tmemcpy(buf, reply",
        "\t\treturn buf[0] = 0, result;\n\tmemcpy(buf, reply",
        What.BYTES,
    ),
    "another result": (
        "return result ? result : (int64_t)len;",
        "return result ? result : 1;",
        What.RESULT,
    ),
    "on a tick": (
        "\t(void)core;\n}",
        "\tsw_core_bar_read(core, 0, (uint8_t[4]){ 0 }, 4);\n}",
        What.OPERATION,
    ),
    "another window": (
        "core->window = window_for(member->device_config_len);",
        "core->window = 32;",
        What.OPEN,
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_of_every_kind_have_their_name(name: str, tmp_path: Path) -> None:
    before, after, what = FAULTS[name]
    library = Library(library_with((before, after), tmp_path))
    ran = engine.run(library, CONFIG, 1, 0, 4000)
    assert ran.difference is not None
    assert ran.difference.what is what


def test_the_last_event_of_a_cut_trace_is_the_one_that_differed() -> None:
    found = fuzz.catch_canary(4, 1_000_000).found
    assert found is not None
    trace = trace_of(4, found.trace, found.seat, found.event)
    assert trace.events[-1].kind is EventKind.READ
    assert (trace.events[-1].offset, trace.events[-1].length) == (22, 3)


def test_the_engine_is_clean_under_sanitizers(tmp_path: Path) -> None:
    (tmp_path / "source_hash.h").write_text('#define SW_SOURCE_HASH "sanitized"\n')
    sanitize = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g", "-O1", "-std=c11")
    includes = (f"-I{NATIVE}", f"-I{NATIVE / 'include'}", f"-I{tmp_path}")
    relay = [NATIVE / "relay" / name for name in ("core.c", "abi.c")]
    library, driver = tmp_path / "relay.so", tmp_path / "driver"
    run(compiler("gcc"), *sanitize, *includes, "-fPIC", "-shared", "-pthread", *relay, "-o", library)
    sources = [NATIVE / "lockstep" / name for name in ENGINE]
    run(compiler("gcc"), *sanitize, *WARNINGS, *includes, *sources, NATIVE / "harness/subject.c",
        Path(__file__).parent / "engine_driver.c", "-ldl", "-o", driver)  # fmt: skip
    _, what, accesses = run(driver, library, "1", "400").split()
    assert (what, accesses) == ("0", str(400 * engine.ACCESSES))
