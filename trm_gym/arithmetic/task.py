"""Arithmetic as a task of the suite."""

from __future__ import annotations

import os
from typing import final

import numpy as np
from numpy.typing import NDArray

from trm_gym.arithmetic import generator, user, verifier, view
from trm_gym.arithmetic.layout import LENGTH, PLACE_OF_CELL, WRITTEN
from trm_gym.arithmetic.levels import DEFAULT_LEVEL, LEVELS
from trm_gym.questions import read_questions
from trm_gym.task import Outside, Problems, Structure, Task, UserProblem, Verdicts
from trm_gym.text import SYMBOLS, answer_text, as_text


@final
class ArithmeticTask(Task):
    """Sums, differences, products and quotients with exact answers: ``3*(4-1)`` is 9, ``6/4`` is 3/2.

    Tokens: those of ``trm_gym.text``. The problem stands in the first 32 cells; the answer in the other 16, units
    first, as ``layout`` says.
    """

    def __init__(self) -> None:
        self.name = "arithmetic"
        self.length = LENGTH
        self.vocab = len(SYMBOLS)
        self.levels = LEVELS
        self.default_level = self.level_index(DEFAULT_LEVEL)
        self.structure = Structure((LENGTH,), written=WRITTEN, places=PLACE_OF_CELL)
        self.graded = False

    def generate(self, count: int, level: int, split: str, seed: int) -> Problems:
        """``count`` fresh problems of the level; distinct ones where it has few (see ``split_size``).

        Raises ValueError where the split holds fewer than that.
        """
        return generator.generate(count, self.level_index(level), split, seed)

    def split_size(self, level: int, split: str) -> int | None:
        """How many different problems, as they are written, a level has in a split; None where they are not counted."""
        level = self.level_index(level)
        return len(generator.numbered(level, split)) if LEVELS[level].size else None

    def supply(self, keys: NDArray[np.uint64], levels: NDArray[np.int64], split: str) -> Problems:
        """One fresh problem for each key, uint64 [B], of the level int64 [B] beside it."""
        return generator.supply(keys, levels, split)

    def verify(self, problems: Problems, answers: NDArray[np.uint8]) -> Verdicts:
        """Judge answers uint8 [B, L] by value and form; see ``verifier.verify``."""
        return verifier.verify(problems, answers)

    def solve(self, problem: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The solution uint8 [L] of one problem uint8 [L]; what its answer's cells hold does not matter."""
        return user.encode(problem[:WRITTEN]).solution[0]

    def encode(self, problem: UserProblem) -> Problems:
        """A person's expression as a batch of one; ``user.encode`` says what is read, and what is refused."""
        return user.encode(problem)

    def read_file(self, path: str | os.PathLike[str]) -> Outside:
        """The problems of a text file, one a line, or of JSON lines with a question ``q`` in words."""
        return read_questions(path, user.encode, user.from_words)

    def decode(self, tokens: NDArray[np.uint8]) -> str:
        """Tokens uint8 [L] as text: the answer, if there is one, or the problem as ``encode`` reads it."""
        return answer_text(tokens[WRITTEN:]) or as_text(tokens[:WRITTEN])

    def draw_ansi(self, problems: Problems, draft: NDArray[np.uint8]) -> str:
        """The problem in bold, the draft's answer below."""
        return view.draw_ansi(problems, draft)

    def draw_rgb(self, problems: Problems, draft: NDArray[np.uint8], caption: str) -> NDArray[np.uint8]:
        """The problem in black, the draft's answer in blue, ``caption`` below: uint8 [H, W, 3]."""
        return view.draw_rgb(problems, draft, caption)
