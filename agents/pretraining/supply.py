"""How a trainer comes by its problems: levels in equal shares, or as a curriculum draws them by how they went."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from agents.common.state_form import check_count
from agents.pretraining.config import UNIFORM, PretrainConfig
from agents.pretraining.prefetch import Prefetcher
from agents.pretraining.sources import FixedSet, Fresh
from agents.rollouts.collect import of_levels
from curricula import make_curriculum
from trm_gym.streams import mix
from trm_gym.task import Problems, Task

MOST_TAKEN = 10**12
"""Problems that a run may have taken."""
LEVEL_STREAM = 6
"""Stream of the levels that a curriculum draws."""


class Supply(abc.ABC):
    """An endless sequence of training problems."""

    @property
    @abc.abstractmethod
    def taken(self) -> int:
        """How many problems have been taken."""

    @property
    def mixture(self) -> dict[str, float]:
        """The present probability of each level by its name; nothing where that never changes."""
        return {}

    @abc.abstractmethod
    def take(self, count: int) -> Problems:
        """The next ``count`` problems."""

    @abc.abstractmethod
    def tell(
        self, levels: NDArray[np.int64], steps: NDArray[np.int64], solved: NDArray[np.bool_], done: NDArray[np.bool_]
    ) -> None:
        """Hear how a step went of the problems in training [P]: their levels, how many steps each has taken, whether
        its draft is right, and whether it is replaced now.
        """

    @abc.abstractmethod
    def note(self) -> dict[str, Any]:
        """All there is to resume from, as what JSON can say."""

    @abc.abstractmethod
    def load(self, note: Mapping[str, Any]) -> None:
        """Go on from a note. Raises ValueError and the like where it is none of this supply."""

    @abc.abstractmethod
    def close(self) -> None:
        """End the threads."""


def new_supply(config: PretrainConfig, task: Task) -> Supply:
    """The problems that a config asks for. Raises ValueError for unknown levels."""
    return EqualShares(config, task) if config.curriculum == UNIFORM else ByCurriculum(config, task)


@final
class EqualShares(Supply):
    """As many problems of every level that is named, or those of a fixed set."""

    def __init__(self, config: PretrainConfig, task: Task) -> None:
        levels = tuple(task.level_index(name) for name in config.levels)
        fresh = Fresh(task, levels, config.seed)
        self._source = FixedSet(fresh, config.fixed_set, config.augment) if config.fixed_set else fresh
        self._stream = Prefetcher(self._source)

    @property
    def taken(self) -> int:
        """How many problems have been taken."""
        return self._stream.taken

    def take(self, count: int) -> Problems:
        """The next ``count`` problems."""
        return self._stream.take(count)

    def tell(
        self, levels: NDArray[np.int64], steps: NDArray[np.int64], solved: NDArray[np.bool_], done: NDArray[np.bool_]
    ) -> None:
        """Nothing is done with it."""

    def note(self) -> dict[str, Any]:
        """How many have been taken."""
        return {"taken": self.taken}

    def load(self, note: Mapping[str, Any]) -> None:
        """Go on from a note."""
        taken = check_count("taken", note["taken"], MOST_TAKEN)
        self.close()
        self._stream = Prefetcher(self._source, taken)

    def close(self) -> None:
        """End the thread."""
        self._stream.close()


@final
class ByCurriculum(Supply):
    """Each problem of a level that the curriculum draws; every level is a stream of its own.

    The draws are a function of the seed, of how many problems have been taken, and of what the curriculum has heard.
    """

    def __init__(self, config: PretrainConfig, task: Task) -> None:
        self._names, self._task, self._seed = tuple(dict.fromkeys(config.levels)), task, config.seed
        levels = [task.level_index(name) for name in self._names]
        # What is replaced at the latest after max_steps comes to this many problems, or more.
        fewest = max(1, config.updates * config.batch // config.max_steps)
        self._curriculum = make_curriculum(config.curriculum, levels, fewest)
        self._streams: dict[int, Prefetcher] = {}
        self._from = dict.fromkeys(levels, 0)
        self._right, self._most = np.zeros(config.batch, dtype=np.int64), config.max_steps

    @property
    def taken(self) -> int:
        """How many problems have been taken."""
        return sum(self._counts())

    def _counts(self) -> list[int]:
        """How many have been taken of each level."""
        return [self._streams[level].taken if level in self._streams else start for level, start in self._from.items()]

    @property
    def mixture(self) -> dict[str, float]:
        """The present probability of each level by its name."""
        return dict(zip(self._names, self._curriculum.mixture.tolist(), strict=True))

    def take(self, count: int) -> Problems:
        """The next ``count`` problems."""
        rng = np.random.default_rng(mix(self._seed, self.taken, LEVEL_STREAM))
        levels = self._curriculum.sample(count, rng)
        return of_levels(levels, lambda level, many: self._stream(level).take(many))

    def _stream(self, level: int) -> Prefetcher:
        """The stream of a level, begun when it is first asked for."""
        if level not in self._streams:
            self._streams[level] = Prefetcher(Fresh(self._task, (level,), self._seed), self._from[level])
        return self._streams[level]

    def tell(
        self, levels: NDArray[np.int64], steps: NDArray[np.int64], solved: NDArray[np.bool_], done: NDArray[np.bool_]
    ) -> None:
        """Hear how a step went, and tell the curriculum of problems that are replaced.

        Each was tried once; what stands for the variance among tries is that among the drafts of its steps.
        """
        self._right += solved
        if done.any():
            share = self._right[done] / steps[done]
            self._curriculum.update(levels[done], solved[done], share * (1 - share))
        self._right[done] = 0

    def note(self) -> dict[str, Any]:
        """How many have been taken of each level, at how many steps drafts were right, what the curriculum knows."""
        return {"taken": self._counts(), "right": self._right.tolist(), "curriculum": self._curriculum.state_dict()}

    def load(self, note: Mapping[str, Any]) -> None:
        """Go on from a note."""
        taken = [check_count("taken", count, MOST_TAKEN) for count in note["taken"]]
        starts = dict(zip(self._from, taken, strict=True))
        right = [check_count("right", count, self._most) for count in note["right"]]
        if len(right) != len(self._right):
            raise ValueError(f"right must hold {len(self._right)} numbers, not {len(right)}")
        self._curriculum.load_state_dict(note["curriculum"])
        self.close()
        self._streams, self._from, self._right = {}, starts, np.array(right)

    def close(self) -> None:
        """End the threads."""
        for stream in self._streams.values():
            stream.close()
