"""Mazes as people write them, one by one and in files: whatever the form, the same cells."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trm_gym.maze import MazeTask
from trm_gym.maze.parsing import read_jsonl, size_of

TASK = MazeTask(11)
MAZES = [
    TASK.decode(row) for level in range(len(TASK.levels)) for row in TASK.generate(2, level, "test", 3).problem
]  # fmt: skip
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
TOKENS = {".": 0, "#": 1, "S": 2, "G": 3}


def numbers(maze: str) -> list[list[int]]:
    return [[TOKENS[sign] for sign in row] for row in maze.split("\n")]


def same(given: Any, maze: str) -> bool:
    return TASK.decode(TASK.encode(given).problem[0]) == maze and size_of(given) in (None, 11)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(MAZES),
    st.sampled_from("#█▓XxW1+-|"),
    st.sampled_from(". 0_·"),
    st.sampled_from(("SG", "sg", "AB", "SE", "23")),
    st.sampled_from(("\n", "/", "\r\n", "\\n")),
)
def test_every_sign_in_every_layout(maze, wall, opening, ends, line_break):
    signs = dict(zip("#.SG", (wall, opening, *ends), strict=True))
    text = "".join(signs.get(sign, line_break) for sign in maze)
    assert same(text, maze)


@pytest.mark.parametrize(
    "form",
    [
        lambda maze: str(numbers(maze)),
        lambda maze: json.dumps(numbers(maze), indent=1),
        lambda maze: repr(np.array(numbers(maze))),
        lambda maze: str(np.array(numbers(maze), float)),
        lambda maze: np.array(numbers(maze), float),
        lambda maze: np.array(numbers(maze), np.float32).ravel(),
        lambda maze: str(maze.split("\n")),
        lambda maze: maze.replace("\n", ""),
        lambda maze: "maze 7\n" + maze,
        lambda maze: "# a comment\n\n" + maze + "\n",
        lambda maze: maze + "\nstep 0/16",
        lambda maze: "\ufeff" + maze,
        lambda maze: np.array([[np.nan if False else cell for cell in row] for row in numbers(maze)], object),
    ],
)
def test_lists_titles_and_flat_squares(form):
    for maze in MAZES:
        assert same(form(maze), maze)


@pytest.mark.parametrize("size", [5, 11, 20])
def test_what_is_drawn_can_be_pasted_back(size):
    task = MazeTask(size)
    for level in range(len(task.levels)):
        problems = task.generate(2, level, "test", 1)
        for one in (problems[slice(at, at + 1)] for at in range(2)):
            for draft in (one.start[0], one.solution[0]):
                shown = task.draw_ansi(one, draft)
                for text in (shown, COLOURS.sub("", shown), COLOURS.sub("", shown) + "\nstep 3/16"):
                    assert np.array_equal(task.encode(text).problem, one.problem)
            stripped = "\n".join(
                line.rstrip() for line in COLOURS.sub("", task.draw_ansi(one, one.start[0])).split("\n")
            )
            assert np.array_equal(task.encode(stripped).problem, one.problem)
            assert np.array_equal(task.read_draft(task.draft_text(one.solution[0])), one.solution[0])


def test_walls_drawn_as_lines():
    drawn = "+---+---+\n| S     |\n+   +---+\n|     G |\n+---+---+\n"
    grid = TASK.decode(TASK.encode(drawn).problem[0]).split("\n")
    assert [row[:5] for row in grid[:5]] == ["#####", "#S..#", "#.###", "#..G#", "#####"]
    plain = "+---+\n|S G|\n+---+"
    assert TASK.decode(TASK.encode(plain).problem[0]).split("\n")[1] == "#S.G" + "#" * 7, "no cells of three signs"


FILES = {
    "json lines": lambda mazes: "\n".join(json.dumps({"id": "a", "maze": m.replace("\n", "/")}) for m in mazes),
    "json lines of rows": lambda mazes: "\n".join(json.dumps({"grid": m.split("\n")}) for m in mazes),
    "json lines of numbers": lambda mazes: "\n".join(json.dumps({"input": numbers(m)}) for m in mazes),
    "json": lambda mazes: json.dumps([{"puzzle": m} for m in mazes], indent=2),
    "table": lambda mazes: (
        "source,question,answer,rating\n"
        + "\n".join("hand,{},{},1".format(m.replace("\n", "").replace(".", " "), "x" * 121) for m in mazes)
    ),
    "slashes": lambda mazes: "\n".join(m.replace("\n", "/") for m in mazes),
    "rows": lambda mazes: "\n\n".join(mazes),
    "titles": lambda mazes: "\n".join(f"maze {n}\n{m}" for n, m in enumerate(mazes)),
    "comments": lambda mazes: "# my mazes\n" + "\n# another one\n\n".join(mazes),
    "lists": lambda mazes: "\n".join(str(numbers(m)) for m in mazes),
    "numpy": lambda mazes: "\n\n".join(str(np.array(numbers(m))) for m in mazes),
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("form", FILES)
def test_files_of_many(form, encoding, tmp_path):
    path = tmp_path / "many.txt"
    path.write_bytes(FILES[form](MAZES[:4]).encode(encoding))
    assert [TASK.decode(row) for row in TASK.read_file(path).problems.problem] == MAZES[:4]
    assert [size_of(entry.given()) for entry in TASK.entries(path)] == [11] * 4
    assert len(read_jsonl(path)) == 4


@pytest.mark.parametrize("head", ["", "maze 1\n", "# a comment\n"])
def test_a_file_of_one(head, tmp_path):
    path = tmp_path / "one.txt"
    path.write_text(f"{head}{MAZES[0]}\n", encoding="utf-8")
    assert TASK.decode(TASK.encode(path).problem[0]) == MAZES[0]


@pytest.mark.parametrize("sides", ["─│", "━┃", "═║", "╌╎"])
@pytest.mark.parametrize("corners", ["┌┐├┤└┘", "╔╗╠╣╚╝", "┏┓┣┫┗┛", "╭╮├┤╰╯"])
@pytest.mark.parametrize(
    "typed",
    ["1---2|S  |3-- ||G  |5---6", "1-------2| S     |3---+   4| G     |5-------6".replace("-------", "---+---")],
)  # a sign for every cell, and edges between cells of three
def test_drawn_lines_are_walls_as_the_signs_typed_for_them(sides: str, corners: str, typed: str) -> None:
    drawn = typed.translate(str.maketrans("-|+123456", f"{sides}┼{corners}"))
    width = len(typed) // 5
    rows = "\n".join(drawn[start : start + width] for start in range(0, len(drawn), width))
    task = MazeTask(5)
    assert task.decode(task.encode(rows).problem[0]) == "#####\n#S..#\n###.#\n#G..#\n#####"
