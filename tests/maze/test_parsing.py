"""A person's own maze: every form that is read, and every fault with its own message."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest

from scripts.oracles.maze import ON
from trm_gym.errors import ProblemError
from trm_gym.maze import MazeTask
from trm_gym.maze.parsing import read_jsonl

TASK = MazeTask(5)
ROWS = ["S..#G", ".#.#.", "...#.", ".#...", "....#"]
SOLVED = ["Soo#G", " #o#o", "  o#o", " #ooo", "    #"]
TOKENS = [[{"S": 2, "G": 3, "#": 1, ".": 0}[letter] for letter in row] for row in ROWS]


@pytest.mark.parametrize(
    "form",
    [
        "\n".join(ROWS),
        "\n\n" + "\r\n".join(ROWS) + "\r\n",
        "/".join(ROWS),
        "/".join(ROWS).lower(),
        "\n".join(ROWS).replace(".", " "),
        "\n".join(SOLVED),
        ROWS,
        tuple(ROWS),
        [list(row) for row in ROWS],
        TOKENS,
        np.array(TOKENS),
        np.array(TOKENS, np.uint8).ravel(),
        np.array(TOKENS).ravel().tolist(),
        np.array([list(row) for row in ROWS]),
    ],
    ids=[
        *("lines", "windows", "slashes", "small letters", "spaces", "solved"),
        *("rows", "tuple", "letters", "nested", "array", "flat array", "flat list", "array of letters"),
    ],
)
def test_every_form_of_a_maze(form):
    problems = TASK.encode(form)
    assert TASK.decode(problems.problem[0]).split("\n") == ROWS
    assert TASK.decode(problems.solution[0]).split("\n") == SOLVED
    assert problems.level.tolist() == [-1]
    assert problems.difficulty[0] > 10
    assert np.array_equal(TASK.encode(TASK.decode(problems.problem[0])).problem, problems.problem)


def test_smaller_mazes_are_padded_with_wall():
    problems = MazeTask(7).encode("S./#G/../..")
    assert MazeTask(7).decode(problems.problem[0]).split("\n") == [
        *("S.#####", "#G#####", "..#####", "..#####", "#######", "#######", "#######")
    ]
    assert (problems.solution == ON).sum() == 1


def test_files_of_one_maze(tmp_path):
    path = tmp_path / "mine.txt"
    path.write_text("\n".join(ROWS) + "\n")
    for form in (path, str(path), f" {path}\n"):
        assert TASK.decode(TASK.encode(form).problem[0]).split("\n") == ROWS


@pytest.mark.parametrize(
    ("problem", "message"),
    [
        ("", "the maze is empty: write rows of # for a wall"),
        ("\n\n", "the maze is empty"),
        ([], "the maze is empty"),
        ([[]], "the maze is empty"),
        ("..G", "the maze has no S: mark one cell with it"),
        ("S..", "the maze has no G"),
        ("S.G/.S.", "the maze has 2 S, at row 1, column 1 and row 2, column 2: leave one"),
        ("SGG", "the maze has 2 G, at row 1, column 2 and row 1, column 3"),
        ("S.G/..", "row 2 has 2 cells and row 1 has 3: make all rows equally long"),
        ("S.G//...", "row 2 has 0 cells and row 1 has 3"),
        ("S.y/..G", "'y' in row 1, column 3 is no cell of a maze: use # for a wall, a dot or a space for an open cell"),
        ("S\t./..G", r"'\\t' in row 1, column 2"),
        ([np.array(1), np.array(2)], "2 cells in a row are no square maze"),
        (["S.G", np.array(1)], "row 2 is 1: expected text or a list of cells"),
        ([[2, 0], [9, 3]], "9 in row 2, column 1"),
        ([[2, 0], [-1, 3]], "-1 in row 2, column 1"),
        ([[2, 0.5], [0, 3]], "0.5 in row 1, column 2"),
        ([[2, True], [0, 3]], "True in row 1, column 2"),
        ([["S", None], [0, "G"]], "None in row 1, column 2"),
        ([["S", ""], [0, "G"]], "'' in row 1, column 2"),
        ([["S", "G"], 3], "row 2 is 3: expected text or a list of cells"),
        ([2, 0, 3], "3 cells in a row are no square maze: give a list of rows"),
        (np.zeros((2, 2, 2), int), r"\[0, 0\] in row 1, column 1"),
        (np.array(3), "a maze is text, a list, an array or the path of a file, not int"),
        (None, "not NoneType"),
        (5, "not int"),
        ("S....G", "a maze of 1 rows and 6 columns does not fit on a canvas of 5x5: make it with size=6"),
        ("S" + "." * 80 + "G", "65 is the most"),
        ("S#G", r"no way leads from S \(row 1, column 1\) to G \(row 1, column 3\)"),
        ("nowhere.txt", "cannot read nowhere.txt: No such file"),
        ("\0.txt", "cannot read"),
        ("." * 10**7, "10000000 characters is too long"),
    ],
)
def test_every_fault_has_its_own_message(problem, message):
    began = time.perf_counter()
    with pytest.raises(ProblemError, match=message):
        TASK.encode(problem)
    assert time.perf_counter() - began < 2


def write(path, *rows: dict) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_files_of_many_mazes(tmp_path):
    path = tmp_path / "many.jsonl"
    write(
        path,
        {"id": "a", "len": 10, "grid": "/".join(ROWS)},
        {"id": "closed", "len": -1, "grid": "S#G"},
        {"id": "wide", "len": 8, "grid": "S.......G"},
        {"id": "wrong", "len": 3, "grid": "S.G"},
    )
    records = read_jsonl(path, 5)
    assert [(record.name, record.steps) for record in records] == [("a", 10), ("closed", -1), ("wide", 8), ("wrong", 3)]
    assert [record.problems is None for record in records] == [False, True, True, True]
    faults = [record.fault for record in records]
    assert faults[0] == ""
    assert "no way leads" in faults[1]
    assert "make it with size=9" in faults[2]
    assert faults[3] == "the file says 3 steps, a shortest path has 2"
    wide = read_jsonl(path)[2]
    assert wide.problems is not None, "without a size the canvas holds the largest"
    assert wide.problems.problem.shape == (1, 81)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", ": no maze in it"),
        ('{"id": 1}', r":1: no problem in .* expected a field problem, puzzle, .* got id"),
        ("{}", ":1: no problem in '{}': expected a field"),
        ("[" * 100_000, ":1: the brackets at .* are nested too deeply"),
        ('{"grid": ' * 1000, ":1: no JSON, brackets nested too deeply"),
        ('{"id": "a", "len": "two", "grid": "S.G"}', ":1: expected len, .* as a whole number, got 'two'"),
        ('{"id": "a", "len": true, "grid": "S.G"}', ":1: expected len"),
        ('{"id": "a", "len": 2, "grid": 7}', ":1: no problem in"),
    ],
)
def test_files_of_another_form(tmp_path, text, message):
    path = tmp_path / "bad.jsonl"
    path.write_text(text)
    with pytest.raises(ProblemError, match=message):
        read_jsonl(path)


def test_a_published_maze_without_a_way_through_is_reported(benchmarks):
    records = read_jsonl(benchmarks / "maze" / "rpcfn5_published_answers.jsonl")
    assert [record.problems is None for record in records] == [False, False, True]
    assert "no way leads from S (row 6, column 16) to G (row 10, column 18)" in records[2].fault
    assert all(record.problems is None or record.problems.problem.shape == (1, 37 * 37) for record in records)
