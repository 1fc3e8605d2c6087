"""What sudoku means, written once more: by a SAT solver and by sets, sharing no code with the package."""

from __future__ import annotations

import functools
import itertools
from typing import final

import numpy as np
from pysat.solvers import Cadical153, Minisat22

BOXES = {4: (2, 2), 6: (2, 3), 9: (3, 3)}


@functools.cache
def units(size: int) -> list[list[int]]:
    """The cells of every row, column and box."""
    height, width = BOXES[size]
    board = np.arange(size * size).reshape(size, size)
    corners = itertools.product(range(0, size, height), range(0, size, width))
    boxes = [board[row : row + height, column : column + width].ravel() for row, column in corners]
    return [[int(cell) for cell in unit] for unit in [*board, *board.T, *boxes]]


def obeys(cells: np.ndarray, size: int) -> bool:
    """Whether every unit holds every digit once."""
    held, digits = cells.tolist(), set(range(1, size + 1))
    return all({held[cell] for cell in unit} == digits for unit in units(size))


def literal(cell: int, digit: int, size: int) -> int:
    """The variable that says that a cell holds a digit."""
    return cell * size + digit


def literals(cells: np.ndarray, size: int) -> list[int]:
    """The variables that say that the cells hold what they do."""
    return [literal(cell, digit, size) for cell, digit in enumerate(cells.tolist())]


@functools.cache
def rules(size: int) -> list[list[int]]:
    """The rules of an empty board, as clauses."""
    digits = range(1, size + 1)
    clauses = []
    for cell in range(size * size):
        clauses.append([literal(cell, digit, size) for digit in digits])
        for first, second in itertools.combinations(digits, 2):
            clauses.append([-literal(cell, first, size), -literal(cell, second, size)])
    for unit in units(size):
        for digit in digits:
            for first, second in itertools.combinations(unit, 2):
                clauses.append([-literal(first, digit, size), -literal(second, digit, size)])
    return clauses


def sat_solutions(problem: np.ndarray, size: int, limit: int = 2) -> list[list[int]]:
    """Up to ``limit`` solutions of a problem uint8 [L]."""
    with Cadical153() as solver:
        for clause in rules(size):
            solver.add_clause(clause)
        for cell in np.flatnonzero(problem):
            solver.add_clause([literal(int(cell), int(problem[cell]), size)])
        found = []
        while len(found) < limit and solver.solve():
            true = [number for number in solver.get_model() or [] if number > 0]
            found.append([(number - 1) % size + 1 for number in true])
            solver.add_clause([-number for number in true])
        return found


@final
class Uniqueness:
    """Says whether problems have the solution that is claimed and no other, by one SAT solver for many of a size."""

    def __init__(self, size: int) -> None:
        self._size, self._asked = size, 0
        self._solver = Cadical153(bootstrap_with=rules(size))

    def holds(self, problem: np.ndarray, solution: np.ndarray) -> bool:
        """Whether ``solution``, uint8 [L], is the only one of ``problem``, uint8 [L]."""
        if not obeys(solution, self._size) or ((problem > 0) & (problem != solution)).any():
            return False
        if self._asked == _FORGET:
            self._solver.delete()
            self.__init__(self._size)
        self._asked += 1
        # The clause that forbids the solution is switched on by a variable of its own, so that it binds this call only.
        switch = self._size**3 + self._size + self._asked
        said = literals(solution, self._size)
        free = (problem == 0).tolist()
        self._solver.add_clause([-switch, *(-one for one, blank in zip(said, free, strict=True) if blank)])
        givens = [one for one, blank in zip(said, free, strict=True) if not blank]
        return not self._solver.solve(assumptions=[switch, *givens])


_FORGET = 2000  # questions, each of which leaves a clause behind
_solver_of = functools.cache(Uniqueness)


def faults(problems: np.ndarray, solutions: np.ndarray) -> list[str]:
    """What is wrong with solutions uint8 [B, L] of problems that are meant to have only one; "" where nothing is."""
    oracle = _solver_of(round(problems.shape[1] ** 0.5))
    return [
        "" if oracle.holds(*pair) else "the solution is none, or not the only one"
        for pair in zip(problems, solutions, strict=True)
    ]


def conflicts(problems: np.ndarray, solutions: np.ndarray) -> np.ndarray:
    """The conflicts that MiniSat learns from until it knows the solutions to be the only ones, int64 [B].

    problems, solutions: uint8 [B, L]. Each is asked afresh, with the rules and the givens as clauses and one more that
    forbids the solution. Raises ValueError where there is another.
    """
    size, found = round(problems.shape[1] ** 0.5), []
    for problem, solution in zip(problems, solutions, strict=True):
        said = literals(solution, size)
        with Minisat22(bootstrap_with=rules(size)) as solver:
            for cell in np.flatnonzero(problem):
                solver.add_clause([said[cell]])
            solver.add_clause([-said[cell] for cell in np.flatnonzero(problem == 0)])
            if solver.solve():
                raise ValueError("a problem has more than one solution: its conflicts prove nothing")
            found.append((solver.accum_stats() or {})["conflicts"])
    return np.array(found, np.int64)
