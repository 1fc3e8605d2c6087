"""The price of a step, episode by episode."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, final

import gymnasium
from gymnasium.utils import RecordConstructorArgs

from trm_gym.short_repr import short
from trm_gym.wrappers.base import refinement_env


@final
class StepCostSchedule(gymnasium.Wrapper, RecordConstructorArgs):
    """Sets the price of a step at the start of every episode: thinking may be free at first and dear later.

    schedule: from the number of the episode since the wrapper was made, 0 for the first, to the price of a step. What
    it gives must be from 0 to 1, or ``reset`` raises ValueError. Works below and above ``EditCells``, whose price
    follows it.
    """

    def __init__(self, env: gymnasium.Env, schedule: Callable[[int], float]) -> None:
        RecordConstructorArgs.__init__(self, schedule=schedule)
        gymnasium.Wrapper.__init__(self, env)
        self._inner = refinement_env(env)
        if not callable(schedule):
            raise ValueError(f"schedule must be a function from an episode's number to a price, not {short(schedule)}")
        self._schedule, self._episode = schedule, 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Start an episode at its own price; a reset that is refused leaves the old one, and counts for nothing."""
        before = self._inner.step_cost
        self._inner.step_cost = self._schedule(self._episode)
        try:
            started = self.env.reset(seed=seed, options=options)
        except BaseException:
            self._inner.step_cost = before
            raise
        self._episode += 1
        return started
