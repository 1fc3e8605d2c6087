"""Reads the mazes that people bring: text, files, lists and arrays, each fault with an error of its own."""

from __future__ import annotations

import json
import os
import reprlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trm_gym.errors import ProblemError
from trm_gym.maze.layout import GOAL, LARGEST, OFF, ON, OPEN, SMALLEST, START, WALL
from trm_gym.maze.solver import solve
from trm_gym.task import ImportedProblems, Problems, UserProblem
from trm_gym.user_files import file_lines, file_of, file_text

LETTERS = (".", "#", "S", "G", " ", "o")
"""How each token is written. A dot and a space are read as open, and so are the cells of a path that is drawn in."""

_READ = {"#": WALL, "S": START, "G": GOAL, ".": OPEN, " ": OPEN, "O": OPEN}
_TOKENS = {OPEN: OPEN, WALL: WALL, START: START, GOAL: GOAL, OFF: OPEN, ON: OPEN}
_LONGEST = 100_000
_ALPHABET = "# for a wall, a dot or a space for an open cell, S for the start and G for the goal"


def encode(problem: UserProblem, size: int) -> Problems:
    """A person's maze as a batch of one of level -1, padded with wall at the right and below. Raises ProblemError."""
    grid = parse(problem)
    height, width = grid.shape
    if max(height, width) > size:
        raise ProblemError(
            f"a maze of {height} rows and {width} columns does not fit on a canvas of {size}x{size}: "
            + (f"make it with size={max(height, width)}" if max(height, width) <= LARGEST else f"{LARGEST} is the most")
        )
    canvas = np.full((size, size), WALL, np.uint8)
    canvas[:height, :width] = grid
    tokens = canvas.reshape(1, -1)
    solution, steps, difficulty = solve(tokens, size)
    if steps[0] < 0:
        (top, left), (bottom, right) = np.argwhere(grid == START)[0] + 1, np.argwhere(grid == GOAL)[0] + 1
        raise ProblemError(
            f"no way leads from S (row {top}, column {left}) to G (row {bottom}, column {right}): open a wall between"
        )
    return Problems(tokens, tokens == OPEN, solution, np.full(1, -1), difficulty)


@dataclass(frozen=True)
class MazeRecord:
    """One maze of a benchmark file. steps: those of a shortest path as the file tells them, -1 for no way through.

    problems: the maze as a batch of one, or None where ``fault`` says why it is not one of the task's.
    """

    name: str
    steps: int
    problems: Problems | None
    fault: str = ""


def read_jsonl(path: str | os.PathLike[str], size: int | None = None) -> list[MazeRecord]:
    """The mazes of a file of JSON lines with the fields id, len and grid (rows parted by /), on a canvas of ``size``.

    size: None for the smallest that holds the largest maze of the file. A maze that is none, that does not fit, that
    has no way through or whose ``len`` is not what a shortest path has is reported in its record. Raises ProblemError
    naming the line for lines that are not of this form.
    """
    rows = []
    for number, line in enumerate(file_lines(path, _LONGEST), start=1):
        if line.strip():
            rows.append(_row(line, f"{os.fspath(path)}:{number}"))
    if not rows:
        raise ProblemError(f"{os.fspath(path)}: no maze in it; expected JSON lines with id, len and grid")
    if size is None:
        extents = [max(grid.count("/") + 1, *map(len, grid.split("/"))) for _, _, grid in rows]
        size = min(max(SMALLEST, *extents), LARGEST)
    return [_record(name, steps, grid, size) for name, steps, grid in rows]


def read_file(path: str | os.PathLike[str], size: int) -> ImportedProblems:
    """What ``read_jsonl`` finds, as problems and faults. Raises ProblemError where no maze is left."""
    records = read_jsonl(path, size)
    kept = [record.problems for record in records if record.problems is not None]
    skipped = tuple(f"{os.fspath(path)}: {record.name}: {record.fault}" for record in records if record.fault)
    if not kept:
        raise ProblemError(f"{os.fspath(path)} holds no maze for a canvas of {size}; the first fault: {skipped[0]}")
    return ImportedProblems(Problems.concatenate(kept), skipped)


def _row(line: str, where: str) -> tuple[str, int, str]:
    """id, len and grid of a line."""
    try:
        row = json.loads(line)
        name, steps, grid = row["id"], row["len"], row["grid"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ProblemError(f"{where}: expected a JSON object with id, len and grid: {reprlib.repr(line)}") from None
    if not isinstance(name, str) or type(steps) is not int or not isinstance(grid, str):
        raise ProblemError(f"{where}: expected id and grid as text and len as a whole number: {reprlib.repr(line)}")
    return name, steps, grid


def _record(name: str, steps: int, grid: str, size: int) -> MazeRecord:
    try:
        problems = encode(grid, size)
    except ProblemError as error:
        return MazeRecord(name, steps, None, str(error))
    found = 1 + int((problems.solution == ON).sum())
    if found != steps:
        return MazeRecord(name, steps, None, f"the file says {steps} steps, a shortest path has {found}")
    return MazeRecord(name, steps, problems)


def parse(problem: UserProblem) -> NDArray[np.uint8]:
    """The tokens uint8 [height, width] of a maze in any form, with one start and one goal. Raises ProblemError."""
    grid = _grid(_rows(problem))
    for token, letter in ((START, "S"), (GOAL, "G")):
        places = np.argwhere(grid == token) + 1
        if not len(places):
            raise ProblemError(f"the maze has no {letter}: mark one cell with it")
        if len(places) > 1:
            where = " and ".join(f"row {row}, column {column}" for row, column in places[:2])
            raise ProblemError(f"the maze has {len(places)} {letter}, at {where}: leave one")
    return grid


def _rows(problem: UserProblem) -> Sequence:
    """The rows of a maze in any form, or the cells of a flat one."""
    if (path := file_of(problem)) is not None:
        problem = file_text(path, _LONGEST + 1)
    if isinstance(problem, str):
        return _lines(problem)
    rows = problem.tolist() if isinstance(problem, np.ndarray) else problem
    if not isinstance(rows, Sequence):
        kind = type(rows).__name__
        raise ProblemError(f"a maze is text, a list, an array or the path of a .txt file, not {kind}")
    return rows


def _lines(text: str) -> list[str]:
    """The rows of a text, parted by line breaks or by /; empty ones above and below are left out."""
    if len(text) > _LONGEST:
        raise ProblemError(f"a text of {len(text)} characters is too long for a maze of at most {LARGEST} rows")
    return text.replace("\r", "").replace("/", "\n").strip("\n").split("\n")


def _grid(rows: Sequence) -> NDArray[np.uint8]:
    """The tokens of rows, or of a flat list of the cells of a square."""
    rows = [row.tolist() if isinstance(row, np.ndarray) else row for row in rows]
    if len(rows) and not isinstance(rows[0], (str, Sequence)):
        side = round(len(rows) ** 0.5)
        if side * side != len(rows):
            raise ProblemError(f"{len(rows)} cells in a row are no square maze: give a list of rows")
        rows = [rows[start : start + side] for start in range(0, len(rows), side)]
    grid = []
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, (str, Sequence)):
            raise ProblemError(f"row {number} is {reprlib.repr(row)}: expected text or a list of cells")
        if len(row) != len(rows[0]):
            raise ProblemError(
                f"row {number} has {len(row)} cells and row 1 has {len(rows[0])}: make all rows equally long "
                "(spaces at the end of a line count; a dot is an open cell too)"
            )
        grid.append([_cell(value, number, column) for column, value in enumerate(row, start=1)])
    if not grid or not grid[0]:
        raise ProblemError(f"the maze is empty: write rows of {_ALPHABET}")
    return np.array(grid, np.uint8)


def _cell(value: object, row: int, column: int) -> int:
    """The token of one cell."""
    if isinstance(value, str) and value.upper() in _READ:
        return _READ[value.upper()]
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool) and int(value) in _TOKENS:
        return _TOKENS[int(value)]
    raise ProblemError(
        f"{reprlib.repr(value)} in row {row}, column {column} is no cell of a maze: use {_ALPHABET}; "
        "or the tokens 0 open, 1 wall, 2 start, 3 goal"
    )
