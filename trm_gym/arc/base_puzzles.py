"""What problems are drawn from: the pairs of the published tasks that fit on a canvas, by level and split.

A task's official test inputs are what the splits for validation and testing ask. The train split asks for one of the
demonstrations, with others as the context: that gives several problems a task, and leaves the test inputs of the
training tasks unseen, for telling whether a network knows a rule or the pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from trm_gym.arc.augmentation import Augmentations
from trm_gym.arc.corpus import PublishedTask, published_tasks
from trm_gym.arc.layout import OUTSIDE, SHOWN_PAIRS, as_problems, length, panel_of
from trm_gym.arc.levels import LEVELS
from trm_gym.short_repr import short_repr
from trm_gym.splits import SPLITS, split_index
from trm_gym.streams import mix
from trm_gym.task import Problems

_CONTEXT = 4  # a stream
_LAST = np.uint64(2**64 - 1)
_TRAIN = SPLITS.index("train")


@short_repr
@dataclass(frozen=True)
class Bases:
    """M problems without context and augmentation. task: int64 [M]. query: int64 [M], the pair that is asked for."""

    task: NDArray[np.int64]
    query: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.task)

    def __getitem__(self, index: NDArray[np.int64]) -> Bases:
        """The bases at ``index``."""
        return Bases(self.task[index], self.query[index])


@final
class BasePuzzles:
    """The published tasks whose grids fit on panels of ``size``.

    tasks: T of them. skipped: the others. grids: uint8 [N + 1, 2, size, size], the panels of all pairs; the last one
    is empty. demonstrations: int64 [T, D], the pairs of each task, -1 (the empty one) where it has fewer than D.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.tasks: tuple[PublishedTask, ...] = tuple(task for task in published_tasks() if task.extent <= size)
        self.skipped: tuple[PublishedTask, ...] = tuple(task for task in published_tasks() if task.extent > size)
        self.demonstrations = np.full((len(self.tasks), max(len(task.demonstrations) for task in self.tasks)), -1)
        self._tests: list[range] = []
        pairs = []
        for place, task in enumerate(self.tasks):
            first = len(pairs) + len(task.demonstrations)
            self.demonstrations[place, : len(task.demonstrations)] = np.arange(len(pairs), first)
            self._tests.append(range(first, first + len(task.tests)))
            pairs += task.demonstrations + task.tests
        self.grids = np.full((len(pairs) + 1, 2, size, size), OUTSIDE, np.uint8)
        for place, pair in enumerate(pairs):
            self.grids[place] = [panel_of(grid, size) for grid in pair]
        every = [(level, split) for level in range(len(LEVELS)) for split in range(len(SPLITS))]
        self._published = {key: self._bases(*key, self._tests) for key in every}
        shown = [row[row >= 0].tolist() for row in self.demonstrations]
        self._drawn = {key: self._bases(*key, shown) for key in every if key[1] == _TRAIN}

    def _bases(self, level: int, split: int, asked: Sequence[Sequence[int]]) -> Bases:
        """Every pair in ``asked`` (by task) of the tasks of a level and split."""
        chosen = [
            (place, query)
            for place, task in enumerate(self.tasks)
            if task.split == split and LEVELS[level].holds(task)
            for query in asked[place]
        ]
        return Bases(*np.array(chosen, np.int64).reshape(-1, 2).T)

    def published(self, level: int, split: str) -> Bases:
        """The official test inputs of a level's tasks in a split."""
        return self._published[level, split_index(split)]

    def bases(self, level: int, split: str) -> Bases:
        """What a split asks for, which may be nothing."""
        index = split_index(split)
        return (self._drawn if index == _TRAIN else self._published)[level, index]

    def some_bases(self, level: int, split: str) -> Bases:
        """What a split asks for. Raises ValueError where that is nothing."""
        bases = self.bases(level, split)
        if not len(bases):
            parts = [known for known in SPLITS if len(self.published(level, known))]
            raise ValueError(
                f"no task of level {LEVELS[level].name} that fits on {self.size}x{self.size} is in the {split} split: "
                + (f"use split={' or '.join(map(repr, parts))}" if parts else "use a larger size")
            )
        return bases

    def as_published(self, bases: Bases, level: int) -> Problems:
        """The problems of ``bases`` as they were published: the first demonstrations in their order, not augmented."""
        solution = self._whole(bases, np.arange(self.demonstrations.shape[1], dtype=np.uint64)[None])
        return as_problems(solution, np.full(len(bases), level), self.size)

    def augmented(self, bases: Bases, keys: NDArray[np.uint64], level: int, split: str) -> Problems:
        """The same under a random augmentation for each key, uint64 [B]; in the train split with a random context."""
        places = np.arange(self.demonstrations.shape[1], dtype=np.uint64)[None]
        order = mix(keys[:, None], _CONTEXT, places) if split_index(split) == _TRAIN else places
        solution = Augmentations.draw(keys).apply(self._whole(bases, order), self.size)
        return as_problems(solution, np.full(len(bases), level), self.size)

    def _whole(self, bases: Bases, order: NDArray[np.uint64]) -> NDArray[np.uint8]:
        """Solutions uint8 [B, L]: the demonstrations first in ``order``, uint64 [B or 1, D], then the query's pair."""
        known = self.demonstrations[bases.task]
        usable = (known >= 0) & (known != bases.query[:, None])
        first = np.where(usable, order, _LAST).argsort(axis=1, kind="stable")[:, :SHOWN_PAIRS]
        context = np.full((len(bases), SHOWN_PAIRS), -1)
        context[:, : first.shape[1]] = np.take_along_axis(np.where(usable, known, -1), first, axis=1)
        return self.grids[np.concatenate([context, bases.query[:, None]], axis=1)].reshape(
            len(bases), length(self.size)
        )
