"""Mazes as a task of the suite."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import final

import numpy as np
from numpy.typing import NDArray

from trm_gym.checks import whole_number
from trm_gym.forms import Number
from trm_gym.maze import generator, hints, parsing, reading, solver, verifier, view
from trm_gym.maze.layout import GOAL, LARGEST, OFF, ON, OPEN, SMALLEST, TURNS, VOCAB, turns
from trm_gym.maze.levels import levels
from trm_gym.records import Entry
from trm_gym.splits import split_index
from trm_gym.streams import mix
from trm_gym.structure import CellStructure
from trm_gym.task import Hints, ImportedProblems, Problems, Task, UserProblem, Verdicts


@final
class MazeTask(Task):
    """Mazes on a square canvas: mark a shortest way from the start to the goal, by steps up, right, down and left.

    Tokens: 0 blank, 1 wall, 2 start, 3 goal, 4 off the path, 5 on the path. Walls, start and goal are fixed; an answer
    says 4 or 5 of every other cell. What lies outside the canvas is wall. size: of the canvas, 5 to 65. Raises
    ValueError for another.

    Difficulty: the steps of a shortest path, and one for every open cell beside it, each time that the path passes by:
    there a walker could go astray.
    """

    hint_kinds, forms, tells_misfit = hints.KINDS, len(TURNS), True

    def __init__(self, size: int = 11) -> None:
        self.size = whole_number("the size of a maze", size, SMALLEST, LARGEST)
        self.name = f"maze{size}x{size}"
        self.length = self.size * self.size
        self.vocab = VOCAB
        self.levels = self._levels = levels(self.size)
        self.default_level = len(self.levels) // 2
        self.structure = CellStructure((self.size, self.size))
        self.graded = False

    @property
    def answer_tokens(self) -> NDArray[np.bool_]:
        """Which tokens a free cell may hold in a right answer, bool [V]: off the path and on it."""
        return np.isin(np.arange(self.vocab), (OFF, ON))

    def generate(self, count: int, level: int, split: str, seed: int) -> Problems:
        """``count`` fresh mazes of the level, no two the same under a symmetry.

        Raises ValueError where the split of a small canvas holds fewer.
        """
        level = self.level_index(level)
        keys = mix(seed, np.arange(count), level, split_index(split))
        return generator.distinct(keys, np.full(count, level), split, self.size, self._levels)

    def sample(self, keys: NDArray[np.uint64], levels: NDArray[np.int64], split: str) -> Problems:
        """One fresh maze per key, uint64 [B], well mixed, and level, int64 [B]."""
        return generator.sample(keys, levels, split, self.size, self._levels)

    def augment(self, problems: Problems, keys: NDArray[np.uint64]) -> Problems:
        """The same mazes, each turned and mirrored in one of eight ways. keys: uint64 [B], well mixed."""
        return self.reformed(problems, (keys % np.uint64(self.forms)).astype(np.int64))

    def reformed(self, problems: Problems, forms: NDArray[np.integer]) -> Problems:
        """The same mazes, turned and mirrored in the ways of ``layout.TURNS`` that int64 [B] names."""
        turned = turns(self.size)[forms]
        problem, solution = (np.take_along_axis(part, turned, 1) for part in (problems.problem, problems.solution))
        return Problems(problem, problem == OPEN, solution, problems.level, problems.difficulty)

    def restored(self, cells: NDArray[Number], forms: NDArray[np.integer]) -> NDArray[Number]:
        """What there is of each cell of turned mazes, [B, L], such as answers, turned back."""
        found = np.empty_like(cells)
        np.put_along_axis(found, turns(self.size)[forms], cells, 1)
        return found

    def verify(self, problems: Problems, answers: NDArray[np.uint8]) -> Verdicts:
        """Judge answers uint8 [B, L]: any shortest path counts; see ``verifier.verify``."""
        return verifier.verify(problems, answers, self.size)

    def misfit(self, problems: Problems, answers: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Steps of the path that an answer marks: of several answers the shortest path is the best.

        It is told without looking for a shorter one, and above 0 also for a right answer. See ``verifier.lengths``.
        """
        return verifier.lengths(problems, answers, self.size)

    def solve(self, problem: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The canonical solution uint8 [L] of one problem uint8 [L]; ``solver.solve`` states the rule."""
        return self.encode(problem).solution[0]

    def nearest(self, problems: Problems, preference: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Of each maze's shortest paths the likeliest under token logits float32 [B, L, V], as uint8 [B, L]."""
        return solver.nearest(problems.problem, preference[..., ON] - preference[..., OFF], self.size)

    def hints(self, problems: Problems, solutions: NDArray[np.uint8], travelled: NDArray[np.float64]) -> Hints:
        """Which neighbour is nearer to the goal, and the way from the start, as far as news has come; ``hints.hints``
        states the rule."""
        return hints.hints(problems.problem, solutions, travelled, self.size)

    def without_source(self, problems: Problems) -> NDArray[np.uint8]:
        """The mazes uint8 [B, L] with an open cell in place of the goal, where the flood of ``hints`` begins."""
        return np.where(problems.problem == GOAL, np.uint8(OPEN), problems.problem)

    def encode(self, problem: UserProblem) -> Problems:
        """A person's maze as a batch of one: text, a file, a list or an array, of any size that fits.

        Rows stand on lines of their own or are parted by a slash: # is wall, a dot or a space open, S the start, G the
        goal. Lists and arrays hold rows of text or tokens. ``parsing`` says what is checked.
        """
        return parsing.encode(problem, self.size)

    def entries(self, path: str | os.PathLike[str]) -> Iterator[Entry]:
        """The mazes of a file, of any size; see ``reading.entries``."""
        return reading.entries(path)

    def read_file(self, path: str | os.PathLike[str]) -> ImportedProblems:
        """The mazes of a file: rows on lines, a table, or JSON; see ``reading.entries`` and ``parsing.read_jsonl``."""
        return parsing.read_file(path, self.size)

    def decode(self, tokens: NDArray[np.uint8]) -> str:
        """Tokens uint8 [L] as lines of text: a dot for a blank, a space off the path, an o on it."""
        rows = tokens.reshape(self.size, self.size).tolist()
        return "\n".join("".join(parsing.LETTERS[token] for token in row) for row in rows)

    def draw_ansi(self, problems: Problems, draft: NDArray[np.uint8]) -> str:
        """The maze for a terminal, the draft's path in blue, red where it is broken."""
        return view.draw_ansi(problems, draft, self.size)

    def draw_rgb(self, problems: Problems, draft: NDArray[np.uint8], caption: str) -> NDArray[np.uint8]:
        """The maze as a picture uint8 [H, W, 3], ``caption`` below; see ``view.draw_rgb`` for the colours."""
        return view.draw_rgb(problems, draft, caption, self.size)
