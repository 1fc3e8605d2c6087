"""Sudoku as a task of the suite."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import final

import numpy as np
from numpy.typing import NDArray

from trm_gym.records import Entry
from trm_gym.splits import check_held, split_index
from trm_gym.streams import mix
from trm_gym.structure import CellStructure
from trm_gym.sudoku import generator, parsing, reading, verifier, view
from trm_gym.sudoku.base_puzzles import base_puzzles
from trm_gym.sudoku.geometry import geometry
from trm_gym.sudoku.levels import DEFAULT_LEVEL, LEVELS, RENAMED_LEVELS
from trm_gym.sudoku.symmetry import augmented, pack
from trm_gym.task import ImportedProblems, Problems, Task, UserProblem, Verdicts


@final
class SudokuTask(Task):
    """Sudokus of size 4 (boxes 2x2), 6 (boxes of 2 rows and 3 columns) or 9 (boxes 3x3), each with one solution.

    Tokens: 0 blank, 1..size the digits. Cells are numbered row by row. Raises ValueError for another size.

    Difficulty: what a solver has to do: the sweeps in which it fills in singles (cells with but one digit left, digits
    with but one cell left in a row, column or box), each applied everywhere at once, and ten for every branch node of
    the search that goes on where singles get stuck, until the solution is proved to be the only one. So below 10
    singles are enough.
    """

    renamed_levels = RENAMED_LEVELS

    def __init__(self, size: int = 9) -> None:
        self._board = geometry(size)
        self.size = size
        self.name = f"sudoku{size}x{size}"
        self.length = size * size
        self.vocab = size + 1
        self.levels = LEVELS[size]
        self.default_level = self.level_index(DEFAULT_LEVEL[size])
        rows, columns, boxes = (self._board.member.astype(np.int64) % size).T
        self.structure = CellStructure((size, size), (rows, columns, boxes), exchangeable=(1, size + 1))
        self.graded = True

    def generate(self, count: int, level: int, split: str, seed: int) -> Problems:
        """``count`` fresh problems of the level; in the 4x4 case distinct classes, each once, under a random symmetry.

        Raises ValueError where a 4x4 split holds fewer classes than asked for (see ``split_size``).
        """
        level = self.level_index(level)
        if self.size != 4:
            return generator.generate(self.size, LEVELS[self.size][level], level, count, split, seed)
        held = self.split_size(level, split) or 0
        check_held(count, held, split, self.name, self.levels[level].name)
        order = np.argsort(mix(seed, np.arange(held), level, split_index(split), 0))[:count]
        return self._drawn(mix(seed, np.arange(count), level, split_index(split), 1), order, level, split)

    def split_size(self, level: int, split: str) -> int | None:
        """How many different problems a level has in a split; None where they are too many to count (6x6, 9x9)."""
        return len(base_puzzles(4, self.level_index(level), split).packed) if self.size == 4 else None

    def sample(self, keys: NDArray[np.uint64], levels: NDArray[np.int64], split: str) -> Problems:
        """One problem per key: a base puzzle of the level under a symmetry, both drawn from the key.

        keys: uint64 [B], well mixed. levels: int64 [B]. The symmetry leaves split, uniqueness and difficulty alone.
        """
        wanted = np.flatnonzero(np.bincount(levels, minlength=len(self.levels)))
        if len(wanted) <= 1:
            return self._drawn(keys, None, int(wanted[0]) if len(wanted) else self.default_level, split)
        parts = [np.flatnonzero(levels == level) for level in wanted]
        made = [self._drawn(keys[part], None, int(level), split) for part, level in zip(parts, wanted, strict=True)]
        return Problems.concatenate(made)[np.argsort(np.concatenate(parts))]

    def augment(self, problems: Problems, keys: NDArray[np.uint64]) -> Problems:
        """The same problems under other names of digits and other orders of lines. keys: uint64 [B], well mixed."""
        own = np.arange(len(problems))
        _, problem, solution, free = augmented(keys, own, pack(problems.problem, problems.solution), self._board)
        return Problems(problem, free, solution, problems.level, problems.difficulty)

    def _drawn(self, keys: NDArray[np.uint64], chosen: NDArray[np.int64] | None, level: int, split: str) -> Problems:
        """Base puzzles ``chosen`` (None: by key) of one level, each under the symmetry of its key."""
        bases = base_puzzles(self.size, level, split)
        rows, problem, solution, free = augmented(keys, chosen, bases.packed, self._board)
        return Problems(problem, free, solution, np.full(len(keys), level), bases.difficulty[rows])

    def verify(self, problems: Problems, answers: NDArray[np.uint8]) -> Verdicts:
        """Judge answers uint8 [B, L] by the rules; see ``verifier.verify`` for the partial score."""
        return verifier.verify(problems, answers, self._board)

    def solve(self, problem: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A solution uint8 [L] of one problem uint8 [L]; the first found where there are several."""
        return parsing.solutions(parsing.parse(problem, self._board), 1, self._board)[0]

    def encode(self, problem: UserProblem) -> Problems:
        """A person's puzzle, with one solution or several, as a batch of one: text, a file, a list or an array; see
        ``reading``.
        """
        return parsing.encode(problem, self._board, unique=False)

    def entries(self, path: str | os.PathLike[str]) -> Iterator[Entry]:
        """The puzzles of a file, of any size; see ``reading.entries``."""
        return reading.entries(path)

    def remark(self, problems: Problems) -> str:
        """How many of the problems have several solutions; empty where none has."""
        several = parsing.ambiguous(problems.problem, self._board).sum()
        if not several:
            return ""
        which = "the puzzle has" if len(problems) == 1 else f"{several} of {len(problems)} puzzles have"
        return f"{which} more than one solution: any of them counts"

    def read_file(self, path: str | os.PathLike[str]) -> ImportedProblems:
        """The puzzles of a file, with one solution or several; see ``parsing.read_file``."""
        return ImportedProblems(parsing.read_file(path, self.size, unique=False))

    def decode(self, tokens: NDArray[np.uint8]) -> str:
        """Tokens uint8 [L] as one line, with a dot for a blank."""
        return "".join("." if token == 0 else str(int(token)) for token in tokens)

    def draw_ansi(self, problems: Problems, draft: NDArray[np.uint8]) -> str:
        """The board for a terminal: givens bold, the draft plain, conflicts red."""
        return view.draw_ansi(problems, draft, self._board)

    def draw_rgb(self, problems: Problems, draft: NDArray[np.uint8], caption: str) -> NDArray[np.uint8]:
        """The board as a picture uint8 [H, W, 3], ``caption`` below: givens black, the draft blue, conflicts red."""
        return view.draw_rgb(problems, draft, caption, self._board)
