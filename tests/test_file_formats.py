"""docs/file-formats.md: every example is read, in files of every kind and alone, and nothing is left out."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import numpy as np
import pytest

from trm_gym import make_task
from trm_gym.files import _OTHERS, file_of
from trm_gym.maze.reading import GOALS, OPENS, STARTS, WALLS
from trm_gym.problems import Problems
from trm_gym.records import PROBLEM, SOLUTION
from trm_gym.sudoku.reading import BLANKS

PAGE = (Path(__file__).parent.parent / "docs" / "file-formats.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"<!-- (\w+)( \w+)? (\d+)( file)? -->\n(?:```|~~~~)\w+\n(.*?)\n(?:```|~~~~)\n", PAGE, re.DOTALL)
DEEPMIND = "Solve 3*p + 4 = 10 for p.\n2"
FIRST = {(task, kind): text for task, kind, _, _, text in reversed(EXAMPLES)}
PACKED = {"utf-8": lambda text: text.encode(), "windows": lambda text: text.replace("\n", "\r\n").encode("utf-16"),
          "gz": lambda text: gzip.compress(text.encode("utf-8-sig"))}  # fmt: skip


def shown(problems: Problems) -> np.ndarray:
    """Tokens and numbers of problems, a row each."""
    return np.concatenate([problems.problem, problems.numbers], axis=1)


def test_the_page_has_examples_of_every_task():
    assert len(EXAMPLES) == PAGE.count("<!-- ") >= 50
    assert {task for task, *_ in EXAMPLES} == {"sudoku4x4", "maze5x5", "algebra", "arithmetic", "arc3x3", "regression"}


@pytest.mark.parametrize(("name", "kind", "count", "file", "text"), EXAMPLES)
def test_an_example_says_what_the_first_one_says(name, kind, count, file, text, tmp_path):
    task = make_task(name)
    wanted = shown(task.encode(FIRST[name, kind]))
    if count == "1" and not file:
        assert np.array_equal(shown(task.encode(text)), wanted)
        assert np.array_equal(shown(task.encode(text.encode())), wanted)
    for form, packed in PACKED.items():
        path = tmp_path / f"{form}.txt"
        path.write_bytes(packed(text + "\n"))
        if "\n" not in text or kind != " system":  # two lines in a file of many are two problems
            read = task.read_file(path).problems
            assert len(read) == int(count) and (shown(read) == wanted).all()
        if count == "1" and text != DEEPMIND:
            assert np.array_equal(shown(task.encode(path)), wanted)


@pytest.mark.parametrize("name", [*PROBLEM, *SOLUTION])
def test_every_name_is_on_the_page(name):
    assert f"`{name}`" in PAGE


@pytest.mark.parametrize("signs", [WALLS.replace("|", ""), OPENS.replace(" ", ""), STARTS, GOALS, BLANKS])
def test_every_sign_is_on_the_page(signs):
    assert not [sign for sign in signs if f"`{sign}`" not in PAGE]


@pytest.mark.parametrize("start", _OTHERS)
@pytest.mark.parametrize("name", ["sudoku4x4", "maze5x5", "algebra", "arc3x3", "regression"])
def test_what_is_no_text_is_refused_with_what_to_do(start, name, tmp_path):
    path = tmp_path / "mine.txt"
    path.write_bytes(start + b"\0\1\2" * 20)
    for read in (make_task(name).encode, make_task(name).read_file):
        with pytest.raises(ValueError, match=r"mine\.txt: it is .*(: [a-z]|packed by)"):
            read(path)


@pytest.mark.parametrize("name", ["sudoku4x4", "maze5x5", "algebra", "arc3x3", "regression"])
def test_a_damaged_packed_file_is_refused(name, tmp_path):
    path = tmp_path / "mine.csv.gz"
    whole = gzip.compress(FIRST[name, ""].encode() * 50)
    for data in (whole[:-20], whole[:25] + b"\0" * 30, b"\x1f\x8b"):
        path.write_bytes(data)
        with pytest.raises(ValueError, match=r"mine\.csv\.gz: it is packed, and damaged"):
            make_task(name).read_file(path)
    assert file_of("mine.csv.gz") == "mine.csv.gz"
