# SPDX-License-Identifier: Apache-2.0
"""The sdist builds the wheel, the wheel holds what it must and no more, and what it installs works."""

from __future__ import annotations

import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from support.toolchain import ROOT, run

pytestmark = pytest.mark.packaging

USE = """
from straightwire.native.library import recompute_source_hash, shipped_library
from straightwire.reference.abi import Member
from straightwire.reference.lockstep.library import LibrarySubject

class Device:
    def admin(self, command, reply_len):
        return bytes(8) + command[24:25] * (reply_len - 8)
    def config_write(self, offset, data):
        pass

subject = LibrarySubject()
relay = subject.open(Device(), Member(1, 0b111100, 1, 28))
relay.config_write(4, b"\\x01")
print(relay.bar_size(), relay.bar_read(18, 2).payload.hex(), subject.library.source_hash())
print(shipped_library().parent)
from straightwire.reference.lockstep.compare import lockstep
from straightwire.reference.lockstep.golden import golden_traces
print(all(lockstep([subject], golden.trace).agreed for golden in golden_traces()))
from straightwire.cli import main
try:
    main(["prove", "--only", "C-STATE", "--no-cross-check", "--processes", "1"])
except SystemExit as end:
    print(end.code)
try:
    recompute_source_hash()
except FileNotFoundError:
    print("no sources here")
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The sdist, and the wheel that was built from the sdist in isolation."""
    dist = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", dist, ROOT)
    (sdist,) = dist.glob("*.tar.gz")
    (wheel,) = dist.glob("*.whl")
    return sdist, wheel


def test_the_sdist_holds_the_rooms_once_and_the_links(built: tuple[Path, Path]) -> None:
    with tarfile.open(built[0]) as archive:
        members = {member.name.removeprefix("straightwire-0.1.0/"): member for member in archive.getmembers()}
    assert {
        "CMakeLists.txt",
        "LICENSE",
        "Makefile",
        "PKG-INFO",
        "native/cdef/prelude.c",
        "native/include/straightwire/relay_abi.h",
        "native/lockstep/oracle_generated.c",
        "native/relay/core.c",
        "native/source_hash.py",
        "reference/lockstep/library.py",
        "tests/native/subjects/subject.c",
    } <= set(members)
    for room in ("model", "reference", "native", "proofs"):
        link = members[f"src/straightwire/{room}"]
        assert link.issym()
        assert link.linkname == f"../../{room}"
    assert [name for name in members if name.startswith((".venv", "build/", "dist/", ".ci/", "shared"))] == []


def test_the_wheel_holds_what_it_must_and_no_sources(built: tuple[Path, Path]) -> None:
    wheel = built[1]
    assert wheel.name.startswith("straightwire-0.1.0-cp311-abi3-linux_")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        entry_points = archive.read("straightwire-0.1.0.dist-info/entry_points.txt").decode()
    assert len(names) == len(set(names))
    assert "straightwire = straightwire.cli:main" in entry_points
    assert {name for name in names if name.endswith((".so", ".c", ".h"))} == {
        "straightwire/native/_native.abi3.so",
        "straightwire/native/include/straightwire/relay_abi.h",
        "straightwire/native/libstraightwire_canary.so",
        "straightwire/native/libstraightwire_relay.so",
    }
    assert {
        "straightwire/__init__.py",
        "straightwire/cli/__init__.py",
        "straightwire/model/registers.py",
        "straightwire/native/library.py",
        "straightwire/native/_native.pyi",
        "straightwire/proofs/__init__.py",
        "straightwire/proofs/manifest.txt",
        "straightwire/py.typed",
        "straightwire/reference/abi.py",
        "straightwire/reference/lockstep/golden/ipxe_virtio_net_polling.csv",
        "straightwire-0.1.0.dist-info/licenses/LICENSE",
    } <= set(names)
    assert {name.split("/")[0] for name in names} == {"straightwire", "straightwire-0.1.0.dist-info"}


def test_the_wheel_works_where_it_is_installed(built: tuple[Path, Path], tmp_path: Path) -> None:
    target = tmp_path / "site"
    # Its dependencies are those of the interpreter that runs the tests; downloading them again shows nothing.
    run(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", target, built[1])
    script = tmp_path / "use.py"
    script.write_text(f"import sys; sys.path.insert(0, {str(target)!r})\n" + USE)
    # -I -S and the packages' folder by hand: an editable install must not get in the way.
    packages = next(path for path in sys.path if (Path(path) / "cffi" / "api.py").is_file())
    start = f"import sys; sys.path.append({packages!r}); import runpy; runpy.run_path({str(script)!r})"
    answer = run(sys.executable, "-I", "-S", "-c", start).splitlines()
    size, payload, source_hash = answer[0].split()
    assert (size, payload, len(source_hash)) == ("64", "1212", 64)
    assert Path(answer[1]) == target / "straightwire" / "native"
    assert answer[2] == "True"
    assert answer[-3].startswith("holds: 4 of 4 obligations proved")
    assert answer[-2:] == ["0", "no sources here"]
