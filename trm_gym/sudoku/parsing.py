"""Reads the puzzles that people bring: text, lists, arrays and files, each fault with an error of its own."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from trm_gym.errors import ProblemError
from trm_gym.files import file_of
from trm_gym.records import only_entry
from trm_gym.short_repr import short
from trm_gym.sudoku._search.batch import searched
from trm_gym.sudoku.geometry import Geometry, geometry
from trm_gym.sudoku.reading import cells_of_text, digit_of, entries, listed, shape_text
from trm_gym.sudoku.solver import difficulty
from trm_gym.task import Problems, UserProblem

NODE_BUDGET = 1_000_000
"""Branch nodes after which a puzzle counts as undecidable: some seconds; real puzzles need a few hundred at most."""

_KINDS = ("row", "column", "box")


def encode(problem: UserProblem, board: Geometry, unique: bool = True) -> Problems:
    """A person's puzzle as a batch of one of level -1, checked for size, alphabet, contradictions, solvability and,
    unless ``unique`` is False, for a second solution. Raises ProblemError.
    """
    cells = parse(problem, board)
    found = solutions(cells, 2 if unique else 1, board)
    if len(found) > 1:
        cell = int(np.argmax(found[0] != found[1]))
        row, column = _where(cell, board)
        first, second = sorted(int(solution[cell]) for solution in found)
        raise ProblemError(
            f"the puzzle has more than one solution: row {row}, column {column} can be {first} or {second}; "
            "add a given that decides it"
        )
    puzzle = cells[None]
    return Problems(puzzle, puzzle == 0, found, np.full(1, -1), difficulty(puzzle, board))


def solutions(cells: NDArray[np.uint8], limit: int, board: Geometry) -> NDArray[np.uint8]:
    """Up to ``limit`` (1 or 2) solutions, uint8 [n, L], of a puzzle uint8 [L], at least one. Raises ProblemError."""
    result = searched(cells[None], limit, board, budget=NODE_BUDGET)
    count = int(result.counts[0])
    if count < 0:
        raise ProblemError(
            f"the puzzle is too hard to check: undecided after {NODE_BUDGET:,} branch nodes; give it more givens"
        )
    if count == 0:
        raise ProblemError("the puzzle has no solution: no givens clash at sight, but no filling fits them all")
    return result.solutions[0, :count]


def ambiguous(puzzles: NDArray[np.uint8], board: Geometry) -> NDArray[np.bool_]:
    """Which of the solvable puzzles uint8 [B, L] have more than one solution, bool [B]."""
    return searched(puzzles, 2, board, budget=NODE_BUDGET).counts != 1


def read_file(path: str | os.PathLike[str], size: int, unique: bool = True) -> Problems:
    """Every puzzle of a file, as a batch of B; ``reading.entries`` says what forms it may have.

    Raises ProblemError naming file and line for a bad puzzle, for a solution that is none, and, unless ``unique`` is
    False, for a puzzle with several.
    """
    board, batches = geometry(size), []
    for entry in entries(path):
        try:
            one = encode(entry.given(), board, unique)
            if entry.solution not in (None, "", "-"):
                one = _with_solution(one, _cells(entry.solution, board), board)
        except ProblemError as error:
            raise ProblemError(f"{os.fspath(path)}:{entry.line}: {error}") from None
        batches.append(one)
    if not batches:
        raise ProblemError(f"{os.fspath(path)}: no puzzle in it; expected one a line, blanks as 0 or a dot")
    return Problems.concatenate(batches)


def parse(problem: UserProblem, board: Geometry) -> NDArray[np.uint8]:
    """The cells uint8 [L] of a puzzle in any form; checks size, alphabet and contradictions. Raises ProblemError."""
    if (path := file_of(problem)) is not None:
        problem = only_entry(entries(path), path).given()
    cells = _cells(problem, board)
    _refuse_contradictions(cells, board)
    return cells


def _cells(problem: UserProblem, board: Geometry) -> NDArray[np.uint8]:
    """The cells uint8 [L] of text, a list or an array, whatever they say. Raises ProblemError."""
    problem = listed(problem)
    if isinstance(problem, str):
        return cells_of_text(problem, board)
    if isinstance(problem, (np.ndarray, Sequence)):
        return _cells_of_values(problem, board)
    raise ProblemError(f"a puzzle is text, a list, an array or the path of a file, not {type(problem).__name__}")


def _cells_of_values(values: Sequence | NDArray, board: Geometry) -> NDArray[np.uint8]:
    """The cells of a flat or nested list or array; rows may be text."""
    if isinstance(values, np.ndarray):
        if values.shape not in ((board.size**2,), (board.size, board.size)):
            raise ProblemError(f"an array of shape {values.shape} is no puzzle: expected {shape_text(board)}")
        values = values.tolist()
    if len(values) not in (board.size, board.size**2):
        raise ProblemError(f"{len(values)} cells or rows found: expected {shape_text(board)}")
    if len(values) == board.size:
        for number, row in enumerate(values, start=1):
            length = len(row) if isinstance(row, (Sequence, np.ndarray)) else 1
            if length != board.size:
                raise ProblemError(f"row {number} has length {length}: expected {shape_text(board)}")
        values = [value for row in values for value in row]
    return np.array([_cell_of_value(value, place, board) for place, value in enumerate(values)], np.uint8)


def _cell_of_value(value: object, place: int, board: Geometry) -> int:
    """The token of an element: a digit as a number or a sign; None, NaN and empty text are blank."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return 0
    if isinstance(value, str) and (digit := digit_of(value.strip(), board)) is not None:
        return digit
    if isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool):
        if value != value:
            return 0
        if 0 <= value <= board.size and value == int(value):
            return int(value)
    row, column = _where(place, board)
    raise ProblemError(
        f"{short(value)} in row {row}, column {column} is no cell of a {board.size}x{board.size} sudoku: "
        f"use the whole numbers 1-{board.size}, and 0 for a blank"
    )


def _where(cell: int, board: Geometry) -> tuple[int, int]:
    """A cell's row and column as people count them."""
    return cell // board.size + 1, cell % board.size + 1


def _refuse_contradictions(cells: NDArray[np.uint8], board: Geometry) -> None:
    for number, unit in enumerate(board.units):
        for digit in range(1, board.size + 1):
            twice = unit[cells[unit] == digit]
            if len(twice) > 1:
                places = " and ".join("row {}, column {}".format(*_where(int(cell), board)) for cell in twice[:2])
                kind, which = divmod(number, board.size)
                raise ProblemError(
                    f"the givens contradict each other: {digit} stands twice in {_KINDS[kind]} {which + 1}, at {places}"
                )


def _with_solution(one: Problems, claimed: NDArray[np.uint8], board: Geometry) -> Problems:
    """The problem with the solution that its file claims. Raises ProblemError where it is none."""
    _refuse_contradictions(claimed, board)
    if (claimed == 0).any() or ((claimed != one.problem[0]) & ~one.free[0]).any():
        raise ProblemError("the solution beside the puzzle does not solve it")
    return Problems(one.problem, one.free, claimed[None], one.level, one.difficulty)
