"""Atomic writing: the whole new file or the old one."""

from __future__ import annotations

import pytest

from trm_gym.whole import atomic_write


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
