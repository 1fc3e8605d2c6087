"""Where the problems of supervision come from: fresh ones without end, or a small set that is gone through again."""

from __future__ import annotations

import abc
import functools
from dataclasses import dataclass
from typing import final

import numpy as np

from trm_gym.streams import mix, seeds
from trm_gym.task import Problems, Task

CHUNK_SIZE = 512
"""Problems that are made at a time."""
FIXED_STREAM = 2
"""Stream of what a fixed set draws: which of its problems, under which symmetry."""


class Source(abc.ABC):
    """An endless sequence of chunks of problems; chunk i is a function of i and of what the source was made of."""

    @abc.abstractmethod
    def chunk(self, index: int) -> Problems:
        """Chunk ``index`` of ``CHUNK_SIZE`` problems."""


@final
@dataclass(frozen=True)
class Fresh(Source):
    """Problems of the train split, drawn for each chunk; those of a finite split as seldom as can be."""

    task: Task
    levels: tuple[int, ...]
    seed: int

    def __post_init__(self) -> None:
        if not self.levels:
            raise ValueError("levels is empty: name at least one level to train on")

    def chunk(self, index: int) -> Problems:
        """Chunk ``index`` of ``CHUNK_SIZE`` problems."""
        return self.draw(index, CHUNK_SIZE)

    def draw(self, index: int, problems: int) -> Problems:
        """So many problems, drawn by ``index``: a share of every level, shuffled."""
        keys = mix(self.seed, index, np.arange(len(self.levels)))
        count = -(-problems // len(self.levels))
        parts = [self._of_level(level, count, seed) for level, seed in zip(self.levels, seeds(keys), strict=True)]
        whole = Problems.concatenate(parts)
        order = np.argsort(mix(self.seed, index, np.arange(len(whole)), 1), kind="stable")[:problems]
        return whole[order]

    def _of_level(self, level: int, count: int, seed: int) -> Problems:
        """``count`` problems of one level; a finite split is drawn from again, under other symmetries."""
        held = self.task.split_size(level, "train")
        if held is None or held >= count:
            return self.task.generate(count, level, "train", seed)
        whole, rest = divmod(count, held)
        sizes = [held] * whole + [rest] * (rest > 0)
        drawn = seeds(mix(seed, np.arange(len(sizes))))
        draws = [self.task.generate(size, level, "train", key) for size, key in zip(sizes, drawn, strict=True)]
        return Problems.concatenate(draws)


@final
@dataclass(frozen=True)
class FixedSet(Source):
    """So many problems of ``fresh`` and no others, drawn again and again; with ``augment`` each time under another
    symmetry of the task, as the published TRM augments its 1,000 puzzles."""

    fresh: Fresh
    problems: int
    augment: bool

    @functools.cached_property
    def whole(self) -> Problems:
        """The set."""
        return self.fresh.draw(0, self.problems)

    def chunk(self, index: int) -> Problems:
        """Chunk ``index`` of ``CHUNK_SIZE`` problems."""
        keys = mix(self.fresh.seed, index, np.arange(CHUNK_SIZE), FIXED_STREAM)
        drawn = self.whole[(keys % np.uint64(self.problems)).astype(np.int64)]
        return self.fresh.task.augment(drawn, mix(keys, FIXED_STREAM)) if self.augment else drawn
