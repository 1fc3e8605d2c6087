"""Algebra as a task of the suite."""

from __future__ import annotations

import os
from typing import final

import numpy as np
from numpy.typing import NDArray

from trm_gym.algebra import generator, user, verifier, view
from trm_gym.algebra.layout import PLACE_OF_CELL
from trm_gym.algebra.levels import DEFAULT_LEVEL, LEVELS
from trm_gym.algebra.parser import ANSWER, WRITTEN
from trm_gym.questions import read_questions
from trm_gym.task import Outside, Problems, Structure, Task, UserProblem, Verdicts
from trm_gym.text import SYMBOLS, answer_text, as_text


@final
class AlgebraTask(Task):
    """Linear and quadratic equations, systems of two; polynomials to evaluate, collect, expand, differentiate, factor.

    The first 40 cells hold the problem, the other 24 the answer, both in the symbols of ``trm_gym.text``; ``layout``
    says where the canonical answer's symbols stand, ``verifier`` which answers are right.
    """

    name = "algebra"
    length = WRITTEN + ANSWER
    vocab = len(SYMBOLS)
    levels = LEVELS
    structure = Structure((length,), written=WRITTEN, places=PLACE_OF_CELL)
    graded = False

    def __init__(self) -> None:
        self.default_level = self.level_index(DEFAULT_LEVEL)

    def generate(self, count: int, level: int, split: str, seed: int) -> Problems:
        """``count`` fresh problems of the level; all different where a level's problems can be listed.

        Raises ValueError where such a level holds fewer than asked for (see ``split_size``).
        """
        return generator.generate(count, self.level_index(level), split, seed)

    def split_size(self, level: int, split: str) -> int | None:
        """How many different problems a level has in a split, as they are written; None where they are too many."""
        level = self.level_index(level)
        return len(generator.listed(level, split)) if LEVELS[level].listed else None

    def supply(self, keys: NDArray[np.uint64], levels: NDArray[np.int64], split: str) -> Problems:
        """One problem per key, uint64 [B], of the levels int64 [B]."""
        return generator.supply(keys, levels, split)

    def verify(self, problems: Problems, answers: NDArray[np.uint8]) -> Verdicts:
        """Judge answers uint8 [B, L] by value and form; the score is 1 or 0."""
        return verifier.verify(problems, answers)

    def solve(self, problem: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The canonical solution uint8 [L] of one problem uint8 [L]."""
        return user.solution(problem)

    def encode(self, problem: UserProblem) -> Problems:
        """A person's problem as a batch of one; ``user`` says what is read and what is checked."""
        return user.encode(problem)

    def read_file(self, path: str | os.PathLike[str]) -> Outside:
        """The problems of a text file, one a line, or of JSON lines with a question ``q`` in words."""
        return read_questions(path, user.encode, user.from_words)

    def decode(self, tokens: NDArray[np.uint8]) -> str:
        """Tokens uint8 [L] as text: the problem, as ``encode`` reads it, or the answer, if there is one."""
        return answer_text(tokens[WRITTEN:]) or as_text(tokens[:WRITTEN])

    def draw_ansi(self, problems: Problems, draft: NDArray[np.uint8]) -> str:
        """Problem and draft for a terminal, powers as superscripts."""
        return view.draw_ansi(problems, draft)

    def draw_rgb(self, problems: Problems, draft: NDArray[np.uint8], caption: str) -> NDArray[np.uint8]:
        """Problem and draft as a picture uint8 [H, W, 3], ``caption`` below."""
        return view.draw_rgb(problems, draft, caption)
