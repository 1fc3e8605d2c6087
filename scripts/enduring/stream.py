"""A stream of problems, bad ones among them, and what may go wrong with what comes of it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from agents.inference.engine import Item, Result
from trm_gym.streams import mix
from trm_gym.task import Task

CHUNK = 1000
"""Problems that are drawn together."""
BAD = "no problem"
"""What stands in the stream where no problem does."""


@final
@dataclass(frozen=True)
class Stream:
    """``problems`` test problems of a level; every one whose number ``bad_every`` divides is a text that is none."""

    task: Task
    level: int
    problems: int
    bad_every: int
    seed: int

    def __iter__(self) -> Iterator[Item]:
        """The problems, drawn as they are taken, and the bad ones among them."""
        for first in itertools.count(0, CHUNK):
            numbers = np.arange(first, min(first + CHUNK, self.problems))
            if not len(numbers):
                return
            problems = self.task.sample(mix(self.seed, numbers), np.full(len(numbers), self.level), "test")
            for index, number in enumerate(numbers):
                yield BAD if number % self.bad_every == 0 else problems[slice(index, index + 1)]

    def is_fault(self, number: int, result: Result) -> bool:
        """Whether what comes back at place ``number`` is out of order, or an error where none was due, or none."""
        return result.index != number or (result.error is not None) != (number % self.bad_every == 0)
