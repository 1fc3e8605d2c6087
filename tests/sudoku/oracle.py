"""What sudoku means, written once more: by a SAT solver and by sets, sharing no code with the package."""

from __future__ import annotations

import itertools

import numpy as np
from pysat.solvers import Cadical153

BOXES = {4: (2, 2), 6: (2, 3), 9: (3, 3)}


def units(size: int) -> list[list[int]]:
    """The cells of every row, column and box."""
    height, width = BOXES[size]
    board = np.arange(size * size).reshape(size, size)
    corners = itertools.product(range(0, size, height), range(0, size, width))
    boxes = [board[row : row + height, column : column + width].ravel() for row, column in corners]
    return [[int(cell) for cell in unit] for unit in [*board, *board.T, *boxes]]


def obeys(cells: np.ndarray, size: int) -> bool:
    """Whether every unit holds every digit once."""
    return all({int(cells[cell]) for cell in unit} == set(range(1, size + 1)) for unit in units(size))


def sat_solutions(problem: np.ndarray, size: int, limit: int = 2) -> list[list[int]]:
    """Up to ``limit`` solutions of a problem uint8 [L]."""

    def literal(cell: int, digit: int) -> int:
        return cell * size + digit

    digits = range(1, size + 1)
    with Cadical153() as solver:
        for cell in range(size * size):
            solver.add_clause([literal(cell, digit) for digit in digits])
            for first, second in itertools.combinations(digits, 2):
                solver.add_clause([-literal(cell, first), -literal(cell, second)])
        for unit in units(size):
            for digit in digits:
                for first, second in itertools.combinations(unit, 2):
                    solver.add_clause([-literal(first, digit), -literal(second, digit)])
        for cell in np.flatnonzero(problem):
            solver.add_clause([literal(int(cell), int(problem[cell]))])
        found = []
        while len(found) < limit and solver.solve():
            true = [number for number in solver.get_model() or [] if number > 0]
            found.append([(number - 1) % size + 1 for number in true])
            solver.add_clause([-number for number in true])
        return found
