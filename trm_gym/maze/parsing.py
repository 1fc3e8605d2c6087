"""Reads the mazes that people bring: text, files, lists and arrays, each fault with an error of its own."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trm_gym.errors import ProblemError
from trm_gym.files import file_of
from trm_gym.maze.layout import GOAL, LARGEST, OFF, ON, OPEN, SMALLEST, START, WALL
from trm_gym.maze.reading import SIGNS, entries, rows_of
from trm_gym.maze.solver import solve
from trm_gym.records import Entry, only_entry
from trm_gym.short_repr import short, short_repr
from trm_gym.task import ImportedProblems, Problems, UserProblem

LETTERS = (".", "#", "S", "G", " ", "o")
"""How each token is written; ``reading.SIGNS`` says what is read."""

_TOKENS = {OPEN: OPEN, WALL: WALL, START: START, GOAL: GOAL, OFF: OPEN, ON: OPEN}
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


@short_repr
@dataclass(frozen=True)
class MazeRecord:
    """One maze of a benchmark file. steps: those of a shortest path as the file tells them, -1 for no way through; None
    where it does not tell.

    problems: the maze as a batch of one, or None where ``fault`` says why it is not one of the task's.
    """

    name: str
    steps: int | None
    problems: Problems | None
    fault: str = ""


def read_jsonl(path: str | os.PathLike[str], size: int | None = None) -> list[MazeRecord]:
    """The mazes of a file, on a canvas of ``size``; ``reading.entries`` says what forms it may have. Of a maze's fields
    id names it and len tells the steps of a shortest path.

    size: None for the smallest that holds the largest maze of the file. A maze that is none, that does not fit, that
    has no way through or whose ``len`` is not what a shortest path has is reported in its record. Raises ProblemError
    naming the line for records without a maze.
    """
    rows = []
    for entry in entries(path):
        try:
            rows.append((str(entry.fields.get("id", f"line {entry.line}")), _told(entry), entry.given()))
        except ProblemError as error:
            raise ProblemError(f"{os.fspath(path)}:{entry.line}: {error}") from None
    if not rows:
        raise ProblemError(
            f"{os.fspath(path)}: no maze in it; expected rows on lines, or JSON lines with id, len, grid"
        )
    if size is None:
        size = min(max(size_of(grid) or SMALLEST for _, _, grid in rows), LARGEST)
    return [_record(name, steps, grid, size) for name, steps, grid in rows]


def size_of(problem: UserProblem) -> int | None:
    """The smallest canvas that holds a maze, were there one of every size; None for what is no maze."""
    try:
        return max(SMALLEST, *parse(problem).shape)
    except ProblemError:
        return None


def read_file(path: str | os.PathLike[str], size: int) -> ImportedProblems:
    """What ``read_jsonl`` finds, as problems and faults. Raises ProblemError where no maze is left."""
    records = read_jsonl(path, size)
    kept = [record.problems for record in records if record.problems is not None]
    skipped = tuple(f"{os.fspath(path)}: {record.name}: {record.fault}" for record in records if record.fault)
    if not kept:
        raise ProblemError(f"{os.fspath(path)} holds no maze for a canvas of {size}; the first fault: {skipped[0]}")
    return ImportedProblems(Problems.concatenate(kept), skipped)


def _told(entry: Entry) -> int | None:
    """The steps of a shortest path that a file tells, if it does. Raises ProblemError where they are no number."""
    steps = entry.fields.get("len")
    if steps is None or type(steps) is int:
        return steps
    if steps == "":
        return None
    if isinstance(steps, str) and steps.strip().lstrip("-").isdecimal():
        return int(steps)
    raise ProblemError(f"expected len, the steps of a shortest path, as a whole number, got {short(steps)}")


def _record(name: str, steps: int | None, grid: UserProblem, size: int) -> MazeRecord:
    try:
        problems = encode(grid, size)
    except ProblemError as error:
        return MazeRecord(name, steps, None, str(error))
    found = 1 + int((problems.solution == ON).sum())
    if steps is not None and found != steps:
        return MazeRecord(name, steps, None, f"the file says {steps} steps, a shortest path has {found}")
    return MazeRecord(name, steps, problems)


def parse(problem: UserProblem) -> NDArray[np.uint8]:
    """The tokens uint8 [height, width] of a maze in any form, with one start and one goal. Raises ProblemError."""
    if (path := file_of(problem)) is not None:
        problem = only_entry(entries(path), path).given()
    grid = _grid(rows_of(problem))
    for token, letter in ((START, "S"), (GOAL, "G")):
        places = np.argwhere(grid == token) + 1
        if not len(places):
            raise ProblemError(f"the maze has no {letter}: mark one cell with it")
        if len(places) > 1:
            where = " and ".join(f"row {row}, column {column}" for row, column in places[:2])
            raise ProblemError(f"the maze has {len(places)} {letter}, at {where}: leave one")
    return grid


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
            raise ProblemError(f"row {number} is {short(row)}: expected text or a list of cells")
        if len(row) != len(rows[0]):
            raise ProblemError(
                f"row {number} has {len(row)} cells and row 1 has {len(rows[0])}: make all rows equally long, "
                "with dots for open cells"
            )
        grid.append([_cell(value, number, column) for column, value in enumerate(row, start=1)])
    if not grid or not grid[0]:
        raise ProblemError(f"the maze is empty: write rows of {_ALPHABET}")
    return np.array(grid, np.uint8)


def _cell(value: object, row: int, column: int) -> int:
    """The token of one cell."""
    if isinstance(value, str) and value in SIGNS:
        return SIGNS[value]
    if isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool) and value in _TOKENS:
        return _TOKENS[int(value)]
    raise ProblemError(
        f"{short(value)} in row {row}, column {column} is no cell of a maze: use {_ALPHABET}; "
        "or the tokens 0 open, 1 wall, 2 start, 3 goal"
    )
