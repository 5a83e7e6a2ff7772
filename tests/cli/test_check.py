# SPDX-License-Identifier: Apache-2.0
"""``straightwire check``: green from end to end, and red with a trace that replays where a library is wrong."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from importlib import import_module
from pathlib import Path

from click.testing import CliRunner
from support.toolchain import library_with

from straightwire.cli import main
from straightwire.reference.lockstep.compare import lockstep
from straightwire.reference.lockstep.control_space import Shard, check_shard
from straightwire.reference.lockstep.library import LibrarySubject
from straightwire.reference.lockstep.odd import odd_trace
from straightwire.reference.lockstep.subjects import subject_named

CHECK = import_module("straightwire.cli.check")  # the command of this name hides the module

CONTRACT = [
    "C-ONCE", "C-ROUTE", "C-WRITE", "C-READ", "C-MEMBER", "C-REPLY", "C-STATUS", "C-REFUSE", "C-RESIDUE", "C-FRAME",
    "C-CONFIG", "C-INIT", "C-ORDER", "C-STATE", "T-SUFFICE", "T-NEED", "T-RELAY", "T-BYTES", "T-DOORBELL", "T-VENDOR",
    "T-ISOLATE", "LD3", "LD4", "LD5", "LD7",
]  # fmt: skip


def test_from_end_to_end(tmp_path: Path) -> None:
    """The whole job, once; all that is to be said of a green run is said here."""
    program = (sys.executable, "-c", "from straightwire.cli import main; main()")
    command = (*program, "check", "--json", "-", "--junit", "r.xml", "--sarif", "r.sarif")
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["schema"], report["verb"], report["verdict"]) == ("straightwire-report-1", "check", "holds")
    items = {item["id"]: item for item in report["items"]}
    assert list(items) == [
        *CONTRACT,
        "MANIFEST",
        "CONTROL-SPACE/model",
        "CONTROL-SPACE/relays",
        "GOLDEN/linux-6.1-virtio-net-msi-x",
        "GOLDEN/linux-6.1-virtio-net-intx",
        "GOLDEN/linux-6.1-virtio-rng-msi-x",
        "GOLDEN/seabios-then-linux-6.1-virtio-blk-msi-x",
        "GOLDEN/seabios-then-linux-6.1-virtio-blk-intx",
        "GOLDEN/ipxe-virtio-net-polling",
        "ODD-ACCESSES",
    ]
    assert {items[name]["verdict"] for name in CONTRACT} == {"proved"}
    assert {items[name]["figures"]["depth"] for name in CONTRACT} == {"proved"}
    assert all(items[name]["figures"]["mutants_refuted"] > 0 for name in CONTRACT)
    assert {item["verdict"] for name, item in items.items() if name not in CONTRACT} == {"holds"}
    model, relays = (items[f"CONTROL-SPACE/{name}"]["figures"] for name in ("model", "relays"))
    assert (model["depth"], model["points"]) == ("exhaustive", 18304)
    assert (relays["depth"], relays["points"]) == ("exhaustive", 169984)
    assert relays["subjects"] == ["model", "reference", "native"]
    recorded = [item["figures"] for name, item in items.items() if name.startswith("GOLDEN/")]
    assert [figures["rows"] for figures in recorded] == [75, 61, 38, 122, 114, 34]
    assert sum(figures["rows"] for figures in recorded) == 444
    assert {figures["depth"] for figures in (*recorded, items["ODD-ACCESSES"]["figures"])} == {"sampled"}
    # The sums of `repeat`, and one access that enables decode and one for each CFG row.
    assert [figures["accesses_recorded"] for figures in recorded] == [95, 76, 44, 127, 117, 441637]
    assert recorded[5]["accesses_replayed"] == 87  # at most 16 of each row
    assert all(figures["subjects"] == ["model", "reference", "native"] for figures in recorded)
    obligations = {each["id"] for name in CONTRACT for each in items[name]["figures"]["by_obligation"]}
    assert len(obligations) == report["summary"]["obligations"] == items["MANIFEST"]["figures"]["obligations"]
    assert done.stderr.splitlines()[-1].startswith(f"holds: {len(items)} items, {len(items)} green; ")
    suite = ET.parse(tmp_path / "r.xml").getroot()  # noqa: S314 - our own file
    assert [suite.attrib[name] for name in ("tests", "failures", "errors")] == [str(len(items)), "0", "0"]
    assert json.loads((tmp_path / "r.sarif").read_text())["runs"][0]["results"] == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["r.sarif", "r.xml"]  # no counterexamples


FAULT = ("core->io_decode = 0;", "")  # a function-level reset leaves decode on
ROUTE = ("if (offset < core->split) {", "if (offset <= core->split) {")


def replayed(file: Path, subject: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["replay", str(file), "--subject", str(subject)])
    return result.exit_code, result.stdout


def test_a_wrong_library_makes_a_trace_red_and_its_file_replays(tmp_path: Path) -> None:
    library = library_with(FAULT, tmp_path)
    report = lockstep([subject_named("model"), LibrarySubject(library)], odd_trace())
    item = CHECK._trace_item("ODD-ACCESSES", report, None, tmp_path / "kept")
    file = tmp_path / "kept/odd-accesses.trace"
    assert (item.id, item.verdict, item.green) == ("ODD-ACCESSES", "violated", False)
    assert item.detail == item.trace[0] == f"{library} differs from model in its operation"
    assert "    breaks:   C-FRAME, since reset" in item.trace
    assert item.trace[-1] == f"replay: straightwire replay {file} --subject {library}"
    assert file.read_text().splitlines()[:2] == ["straightwire-trace 1", f"# {library}: C-FRAME"]
    code, page = replayed(file, library)
    assert code == 1
    assert f"{library} differs from model in its operation" in page.splitlines()
    assert replayed(file, "native")[0] == 0


def test_a_wrong_library_makes_the_control_space_red_and_its_file_replays(tmp_path: Path) -> None:
    library = library_with(ROUTE, tmp_path)
    covered = check_shard([subject_named("model"), LibrarySubject(library)], Shard("rng", False))
    item = CHECK._relays_item([covered], tmp_path)
    file = tmp_path / "control-space.trace"
    assert (item.id, item.verdict) == ("CONTROL-SPACE/relays", "violated")
    assert item.detail == f"{library} differs from model in its operation"
    assert "    breaks:   C-ROUTE" in item.trace
    assert 0 < item.figures["points"] < 8448
    assert replayed(file, library)[0] == 1
    assert replayed(file, "native")[0] == 0


def test_without_a_fault_nothing_is_written(tmp_path: Path) -> None:
    report = lockstep([subject_named("model"), subject_named("native")], odd_trace())
    item = CHECK._trace_item("ODD-ACCESSES", report, 7, tmp_path / "kept")
    assert (item.verdict, item.detail, item.trace, item.figures["rows"]) == ("holds", "", (), 7)
    assert not (tmp_path / "kept").exists()


def test_a_difference_is_told_though_its_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    report = lockstep([subject_named("model"), subject_named("mediator:C-FRAME")], odd_trace())
    item = CHECK._trace_item("ODD-ACCESSES", report, None, tmp_path / "file")
    assert item.verdict == "violated"
    assert item.detail == "mediator:C-FRAME differs from model in its operation"
    assert item.trace[-1] == f"not written: {tmp_path}/file/odd-accesses.trace: File exists"
