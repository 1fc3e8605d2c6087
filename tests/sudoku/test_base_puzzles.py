"""Base puzzles on disk: read back as written, rebuilt where damaged, kept in memory where nothing can be written."""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np
import pytest

from trm_gym.sudoku.base_puzzles import BasePuzzles, base_puzzles, build_base_puzzles
from trm_gym.sudoku.levels import DEFAULT_LEVEL, LEVELS

LEVEL = [level.name for level in LEVELS[6]].index("search")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty cache, and nothing remembered, before and after."""
    monkeypatch.setenv("TRM_GYM_CACHE", str(tmp_path / "new"))
    base_puzzles.cache_clear()
    yield tmp_path / "new"
    base_puzzles.cache_clear()


def build() -> BasePuzzles:
    """They, with nothing remembered."""
    base_puzzles.cache_clear()
    return base_puzzles(6, LEVEL, "train")


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """The level, cut down to 30 bases."""
    level = replace(LEVELS[6][LEVEL], bases=30)
    monkeypatch.setitem(LEVELS, 6, (*LEVELS[6][:LEVEL], level, *LEVELS[6][LEVEL + 1 :]))


def same(first, second) -> bool:
    return np.array_equal(first.packed, second.packed) and np.array_equal(first.difficulty, second.difficulty)


def test_they_are_read_back_as_they_were_built(folder, caplog):
    caplog.set_level(logging.INFO)
    built = build()
    assert len(built.packed) == 30
    assert "built 30 problems" in caplog.text
    caplog.clear()
    assert same(build(), built)
    assert "built" not in caplog.text
    assert [path.suffix for path in folder.iterdir()] == [".npz"]


@pytest.mark.parametrize("size", LEVELS)
def test_those_that_come_with_the_package_are_what_would_be_built(folder, size, caplog):
    caplog.set_level(logging.INFO)
    level = [level.name for level in LEVELS[size]].index(DEFAULT_LEVEL[size])
    assert same(base_puzzles(size, level, "train"), build_base_puzzles(size, level, "train"))
    assert not caplog.text
    assert not folder.exists()


@pytest.mark.parametrize("damage", ["empty", "text", "cut", "flip", "other", "foreign"])
def test_a_damaged_file_is_rebuilt(folder, damage, caplog):
    built = build()
    (path,) = folder.iterdir()
    content = path.read_bytes()
    middle = len(content) // 2
    if damage == "other":
        packed = built.packed.copy()
        packed[0, 0] ^= 1
        np.savez(path, packed=packed, difficulty=built.difficulty, checksum=np.zeros(1, np.uint64))
    elif damage == "foreign":
        np.savez(path, something=np.zeros(3))
    else:
        flipped = content[:middle] + bytes([content[middle] ^ 255]) + content[middle + 1 :]
        spoilt = {"empty": b"", "text": b"no archive", "cut": content[:middle], "flip": flipped}
        path.write_bytes(spoilt[damage])
    assert same(build(), built)
    assert "rebuilding" in caplog.text
    caplog.clear()
    assert same(build(), built)
    assert "rebuilding" not in caplog.text


def test_a_pickle_is_never_loaded(folder):
    built = build()
    (path,) = folder.iterdir()
    np.savez(path, packed=np.array([{"a": 1}], dtype=object), difficulty=built.difficulty, checksum=np.zeros(1))
    assert same(build(), built)


def test_without_a_place_to_write_they_live_in_memory(folder, caplog):
    folder.write_text("a file where the folder should be")
    assert len(build().packed) == 30
    assert "in memory only" in caplog.text


@pytest.mark.parametrize("size", [6, 9])
def test_a_level_of_another_name_keeps_its_files(folder, size, monkeypatch):
    """What earlier versions built is found under the name that the level had then."""
    level = [level.name for level in LEVELS[size]].index("locked_or_pairs")
    wanted = BasePuzzles(
        np.ones((LEVELS[size][level].bases, size * size), np.uint8), np.ones(LEVELS[size][level].bases, np.float32)
    )
    monkeypatch.setattr("trm_gym.sudoku.base_puzzles.build_base_puzzles", lambda *_: wanted)
    base_puzzles(size, level, "test")
    assert [path.name for path in folder.iterdir()] == [f"sudoku{size}x{size}-more-test-2.npz"]
