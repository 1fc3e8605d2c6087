"""Atomic writing: the whole new file or the old one."""

from __future__ import annotations

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
