"""What an agent of the halting environment does after a step, and what it sees: actions read, observations named."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium.spaces import Box, Discrete, Space
from numpy.typing import NDArray

from agents.envs.episodes import BOUND, START_NAMES
from agents.halting.restarts import CONTINUE, HALT, RESTART
from agents.rollouts.features import feature_names
from agents.rollouts.unroll import Unroll
from trm_gym.checks import whole_numbers

_WORDS = {CONTINUE: "go on", HALT: "stop", RESTART: "start afresh"}


def action_space(restarts: bool) -> Discrete:
    """Two acts, or three."""
    return Discrete(len(_acts(restarts)))


def observation_space(runs: Unroll, restarts: bool = False) -> Box:
    """What is seen at one slot: the features of a halting head, then the price on the scale that it is told.

    With restarts ``START_NAMES`` stand between the two.
    """
    return Box(-BOUND, BOUND, (runs.features.shape[-1] + 1 + len(START_NAMES) * restarts,), np.float32)


def observation_names(space: Space, restarts: bool = False) -> tuple[str, ...]:
    """A name for each entry of what is seen at one slot. Raises ValueError for what no network's features are."""
    starts = START_NAMES if restarts else ()
    return (*feature_names((space.shape or (0,))[0] - 1 - len(starts)), *starts, "log_price")


def read_action(action: Any, restarts: bool = False) -> NDArray[np.integer]:
    """One action, integer [1]. Raises ValueError."""
    expected = f"{_choice(restarts)}: expected one integer"
    return _known(whole_numbers(action, (), expected)[None], restarts)


def read_actions(actions: Any, count: int, restarts: bool = False) -> NDArray[np.integer]:
    """Actions, integers [count]. Raises ValueError."""
    expected = f"{_choice(restarts)}, and every environment takes one: expected integers of shape {(count,)}"
    return _known(whole_numbers(actions, (count,), expected), restarts)


def _acts(restarts: bool) -> dict[int, str]:
    return {act: word for act, word in _WORDS.items() if restarts or act != RESTART}


def _choice(restarts: bool) -> str:
    words = [f"{act} ({word})" for act, word in _acts(restarts).items()]
    return f"an action is {', '.join(words[:-1])} or {words[-1]}"


def _known(actions: NDArray[np.integer], restarts: bool) -> NDArray[np.integer]:
    wrong = actions[~np.isin(actions, list(_acts(restarts)))]
    if len(wrong):
        raise ValueError(f"{_choice(restarts)}: got {', '.join(map(str, np.unique(wrong)[:3]))}")
    return actions
