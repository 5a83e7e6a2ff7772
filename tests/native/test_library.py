# SPDX-License-Identifier: Apache-2.0
"""The loader's errors, and what the Python binding promises: no lost exception, no hidden write."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import pytest
from support.scripted_device import OK, ScriptedDevice
from support.toolchain import shared_library

from straightwire.native._native import ffi, lib
from straightwire.native.library import Library, LoadError, OpenError, shipped_library
from straightwire.reference.abi import Member, Outcome, Subject
from straightwire.reference.lockstep.library import LibraryRelay, LibrarySubject, SubjectError

SOURCE = Path(__file__).parent / "subjects" / "subject.c"
ABI = ("abi_version", "open", "close", "bar_size", "bar_read", "bar_write", "config_read", "config_write",
       "set_msix", "reset", "tick", "stop", "save", "load")  # fmt: skip


def opened(tmp_path: Path, *options: str) -> LibraryRelay:
    library = shared_library(SOURCE, tmp_path / "subject.so", *options)
    return LibrarySubject(library).open(ScriptedDevice(), Member(1, 0, 1, 0))


def load_error(path: Path) -> str:
    with pytest.raises(SubjectError) as raised:
        LibrarySubject(path)
    with pytest.raises(LoadError) as also:
        Library(path)
    assert str(also.value) == str(raised.value)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_a_missing_file(tmp_path: Path) -> None:
    path = tmp_path / "none.so"
    assert load_error(path) == f"{path}: cannot open shared object file: No such file or directory"


def test_a_file_that_is_no_library(tmp_path: Path) -> None:
    path = tmp_path / "text.so"
    path.write_text("not a library, but long enough to hold the header of one; " * 4)
    assert load_error(path) == f"{path}: invalid ELF header"


def test_a_folder(tmp_path: Path) -> None:
    assert load_error(tmp_path).startswith(f"{tmp_path}: ")


def test_a_name_is_a_path_and_never_searched_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_error(Path("libc.so.6")).startswith(f"{tmp_path}/libc.so.6: cannot open")


def test_one_symbol_missing(tmp_path: Path) -> None:
    path = shared_library(SOURCE, tmp_path / "subject.so", "-DLACKS_TICK")
    assert load_error(path) == f"{path}: lacks sw_relay_tick"


def test_all_symbols_missing(tmp_path: Path) -> None:
    source = tmp_path / "empty.c"
    source.write_text("int nothing;\n")
    path = shared_library(source, tmp_path / "empty.so")
    assert load_error(path) == f"{path}: lacks " + " ".join(f"sw_relay_{name}" for name in ABI)


@pytest.mark.parametrize("version", [0, 2, 4294967295])
def test_another_version(tmp_path: Path, version: int) -> None:
    path = shared_library(SOURCE, tmp_path / "subject.so", f"-DVERSION={version}u")
    assert load_error(path) == f"{path}: has relay ABI version {version}, not 1"


@pytest.mark.parametrize(("room", "expected"), [(1, b""), (8, b"lacks s"), (20, b"lacks sw_relay_tick")])
def test_an_error_is_cut_to_its_room(tmp_path: Path, room: int, expected: bytes) -> None:
    path = shared_library(SOURCE, tmp_path / "subject.so", "-DLACKS_TICK")
    error = ffi.new("char[]", 64)
    subject = ffi.new("struct sw_subject *")
    assert lib.sw_subject_load(subject, str(path).encode(), error, room) == -1
    assert ffi.string(error) == expected
    assert bytes(ffi.buffer(error))[room:] == bytes(64 - room)
    assert subject.handle == subject.open == ffi.NULL


def test_a_library_of_others_reports_no_hash(tmp_path: Path) -> None:
    library = Library(shared_library(SOURCE, tmp_path / "subject.so"))
    assert library.abi_version == 1
    assert library.source_hash() is None


def test_two_libraries_with_the_same_symbols_stay_apart(tmp_path: Path) -> None:
    other = opened(tmp_path)
    relay = LibrarySubject().open(ScriptedDevice(), Member(1, 0b111100, 1, 232))
    assert (other.bar_size(), relay.bar_size()) == (32, 256)


def test_a_library_outlives_its_subject_while_a_relay_is_open(tmp_path: Path) -> None:
    relay = opened(tmp_path)
    gc.collect()
    assert relay.bar_size() == 32


def test_the_names_of_subjects(tmp_path: Path) -> None:
    subjects: list[Subject] = [LibrarySubject(), LibrarySubject(shared_library(SOURCE, tmp_path / "vendor.so"))]
    assert [subject.name for subject in subjects] == ["native", str(tmp_path / "vendor.so")]


def test_an_open_that_says_nothing_gives_code_0(tmp_path: Path) -> None:
    library = Library(shared_library(SOURCE, tmp_path / "subject.so", "-DOPEN_FAILS"))
    with pytest.raises(OpenError) as raised:
        library.open(ScriptedDevice(), group_member_id=1, commands=0, virtio_device_id=1, device_config_len=0)
    assert raised.value.code == 0


class Broken(Exception):
    pass


def test_an_exception_of_admin_comes_back_and_the_relay_goes_on() -> None:
    device = ScriptedDevice()
    relay = LibrarySubject().open(device, Member(1, 0b111100, 1, 28))
    relay.config_write(4, b"\x01")
    device.replies = [Broken("first"), OK + b"abcd"]
    with pytest.raises(Broken, match="first"):
        relay.bar_read(0, 4)
    assert relay.bar_read(0, 4) == Outcome(4, b"abcd")


def test_after_an_exception_the_rest_of_the_call_is_silent() -> None:
    device = ScriptedDevice()
    relay = LibrarySubject().open(device, Member(1, 0b111100 | 0x3E400, 1, 28))
    device.replies = [OK, Broken("second"), Broken("third")]
    with pytest.raises(Broken, match="second"):
        relay.save(8)
    assert len(device.take()) == 2  # create and size; destroy is sent, but the device is not asked again
    assert len(device.replies) == 1


def test_exceptions_of_every_callback_come_back() -> None:
    class Faulty(ScriptedDevice):
        def doorbell(self, bar_owner: int, bar: int, offset: int, queue: int) -> None:
            raise Broken("doorbell")

        def config_read(self, offset: int, length: int) -> bytes:
            raise Broken("config_read")

        def config_write(self, offset: int, data: bytes) -> None:
            if offset != 4:
                raise Broken("config_write")

    notify = OK + b"\x02\x04" + bytes(62)
    relay = LibrarySubject().open(Faulty([notify], {(2, 4): 16}), Member(1, 0b1111100, 1, 28))
    relay.config_write(4, b"\x01")
    with pytest.raises(Broken, match="doorbell"):
        relay.bar_write(16, b"\x00\x00")
    with pytest.raises(Broken, match="config_read"):
        relay.config_read(0, 4)
    with pytest.raises(Broken, match="config_write"):
        relay.config_write(0, b"\x00")


@pytest.mark.parametrize(("answer", "error"), [("16", TypeError), (-1, OverflowError), (2**64, OverflowError)])
def test_a_bar_length_that_is_no_length_is_not_lost(answer: Any, error: type[Exception]) -> None:
    device = ScriptedDevice([OK + b"\x02\x04" + bytes(62)], {(2, 4): answer})
    with pytest.raises(error):
        LibrarySubject().open(device, Member(1, 0b1111100, 1, 28))


def test_an_exception_during_open_comes_back() -> None:
    with pytest.raises(Broken, match="open"):
        LibrarySubject().open(ScriptedDevice([Broken("open")]), Member(1, 0b1111100, 1, 28))


def test_calls_after_close_are_refused() -> None:
    relay = LibrarySubject().open(ScriptedDevice(), Member(1, 0b111100, 1, 28))
    relay.close()
    relay.close()
    with pytest.raises(ValueError, match="closed"):
        relay.bar_size()


def test_a_well_behaved_failure_has_no_payload(tmp_path: Path) -> None:
    relay = opened(tmp_path, "-DREAD_RESULT=-1", "-DSAVE_RESULT=-5")
    assert relay.bar_read(0, 4) == Outcome(-1)
    assert relay.save(4) == Outcome(-5)


def test_a_buffer_changed_on_failure_is_shown(tmp_path: Path) -> None:
    relay = opened(tmp_path, "-DREAD(buf,len)=memset(buf,0xff,len)", "-DREAD_RESULT=-1", "-DSAVE_RESULT=-5")
    assert relay.bar_read(0, 4) == Outcome(-1, b"\xff\xff\xff\xff")
    assert relay.save(4) == Outcome(-5, b"\xff\xff\xff\xff")


def test_a_write_past_the_buffer_is_shown(tmp_path: Path) -> None:
    relay = opened(tmp_path, "-DREAD(buf,len)=memset(buf,0xff,len+1)")
    outcome = relay.bar_read(0, 4)
    assert outcome.result == 4
    assert outcome.payload[:5] == b"\xff" * 5
    assert len(outcome.payload) == 20  # 4 asked for, 16 guard bytes


def test_a_read_of_length_0_that_writes_is_shown(tmp_path: Path) -> None:
    relay = opened(tmp_path, "-DREAD(buf,len)=memset(buf,0xff,len+1)")
    assert relay.bar_read(0, 0).payload[:1] == b"\xff"


def test_save_shows_what_lies_past_its_result(tmp_path: Path) -> None:
    relay = opened(tmp_path, "-DREAD(buf,len)=memset(buf,0xff,len)", "-DSAVE_RESULT=2")
    assert relay.save(4) == Outcome(2, b"\xff\xff\xff\xff")
    assert relay.save(2) == Outcome(2, b"\xff\xff")


def test_a_write_that_changes_the_callers_bytes_is_shown(tmp_path: Path) -> None:
    relay = opened(tmp_path, "-DWRITE(buf,len)=memset(buf,0xff,len)")
    assert relay.bar_write(0, b"abcd") == Outcome(4, b"\xff\xff\xff\xff")


def test_the_shipped_library_lies_beside_the_extension() -> None:
    assert shipped_library().name == "libstraightwire_relay.so"
    assert shipped_library().is_file()
