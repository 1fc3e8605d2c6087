"""Atomic writing: the whole new file or the old one."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

import pytest

from trm_gym.atomic_io import atomic_write, check_place


@pytest.mark.parametrize("content", [b"\xc3\xa4", "ä", lambda file: file.write(b"\xc3\xa4")])
def test_writes_bytes_text_and_functions(tmp_path, content):
    path = atomic_write(tmp_path / "new" / "file", content)
    assert path.read_bytes() == b"\xc3\xa4"


def test_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = atomic_write(tmp_path / "file", "old")

    def break_off(file):
        file.write(b"half")
        raise RuntimeError("disk on fire")

    with pytest.raises(RuntimeError, match="disk on fire"):
        atomic_write(path, break_off)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_place_is_checked_without_a_trace(tmp_path):
    path = atomic_write(tmp_path / "file", "old")
    check_place(path)
    check_place(tmp_path / "new" / "file")
    assert path.read_text() == "old" and sorted(tmp_path.rglob("*")) == [path, tmp_path / "new"]


@pytest.mark.parametrize("check", [check_place, lambda path: atomic_write(path, "new")])
def test_errors_name_what_was_asked_for(tmp_path, check):
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(IsADirectoryError) as error:
        check(folder)
    assert error.value.filename == str(folder) and list(tmp_path.iterdir()) == [folder]
    file = atomic_write(tmp_path / "file", "old")
    with pytest.raises(OSError, match="file"):
        check(file / "below")


@pytest.mark.parametrize("write", [atomic_write, lambda path, content: check_place(path)])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG])
def test_a_fault_of_the_disk_says_the_path(tmp_path, monkeypatch, write, code):
    """Though the system names no file when it is the writing that fails."""

    def fail(*arguments: object, **options: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fail)
    monkeypatch.setattr(Path, "touch", fail)
    with pytest.raises(OSError, match=re.escape(str(tmp_path / "whole"))) as raised:
        write(tmp_path / "whole", "x")
    assert raised.value.errno == code and not list(tmp_path.iterdir())


@pytest.mark.parametrize("write", [lambda path: atomic_write(path, "x"), check_place])
@pytest.mark.parametrize("place", ["", "file/below", "file/below/it", "n" * 300])
def test_a_place_that_cannot_be_written_to_is_named(tmp_path, write, place):
    (tmp_path / "file").write_text("x")
    named = tmp_path / place.partition("/")[0]
    with pytest.raises(OSError, match=re.escape(str(named))):
        write(tmp_path / place)
