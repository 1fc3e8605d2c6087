"""Levels that follow what has been learnt, for any algorithm that only knows ``reset`` and ``step``."""

from __future__ import annotations

from typing import Any, Protocol, final

import gymnasium
import numpy as np
from gymnasium.utils import RecordConstructorArgs
from gymnasium.utils.seeding import np_random
from numpy.typing import NDArray

from trm_gym.env import RESET_OPTIONS
from trm_gym.episodes import check_options, check_seed
from trm_gym.splits import SPLITS, split_index
from trm_gym.wrappers.base import refinement_env


class LevelSource(Protocol):
    """What chooses levels and hears of the outcome; every curriculum of the package ``curricula`` is one."""

    def sample(self, count: int, rng: np.random.Generator, /) -> NDArray[np.integer]:
        """``count`` levels, as indices into the task's levels."""
        ...

    def update(self, levels: NDArray[np.integer], solved: NDArray[np.bool_], /) -> None:
        """Learn whether problems of ``levels`` [P] were solved, bool [P]."""
        ...


@final
class CurriculumWrapper(gymnasium.Wrapper, RecordConstructorArgs):
    """Draws each episode's level from ``curriculum`` and tells it at the end whether the problem was solved.

    Several environments of one process may share a curriculum. An episode whose reset names a ``level`` or a
    ``problem`` is the caller's own: nothing is drawn for it and nothing reported; a level so named does not outlast it.
    The draws are a function of the seed given to ``reset`` and of what the curriculum has heard. Of an episode that is
    left before its end, nothing is reported.
    """

    def __init__(self, env: gymnasium.Env, curriculum: LevelSource) -> None:
        RecordConstructorArgs.__init__(self, _disable_deepcopy=True, curriculum=curriculum)
        gymnasium.Wrapper.__init__(self, env)
        self.curriculum = curriculum
        self._task = refinement_env(env).task
        self._rng, _ = np_random()
        self._level: int | None = None

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Start an episode at the level that the curriculum draws. Raises ValueError for one that the task has not.

        A reset that is refused draws nothing, and the episode at hand is still reported.
        """
        options = check_options(options, RESET_OPTIONS)
        split_index(options.get("split", SPLITS[0]))
        rng = self._rng if check_seed(seed) is None else np_random(seed)[0]
        before, level = rng.bit_generator.state, None
        try:
            if not {"level", "problem"} & options.keys():
                level = self._task.level_index(np.asarray(self.curriculum.sample(1, rng))[0].item())
                options["level"] = level
            started = self.env.reset(seed=seed, options=options)
        except BaseException:
            rng.bit_generator.state = before
            raise
        self._rng, self._level = rng, level
        return started

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """A step of the environment; its last is reported to the curriculum."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        if terminated and self._level is not None:
            self.curriculum.update(np.array([self._level]), np.array([bool(info["solved"])]))
            self._level = None
        return observation, float(reward), terminated, truncated, info
