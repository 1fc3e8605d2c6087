"""Actions that are none: one environment speaks of one action, a vector environment of one for each of its own."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest

import trm_gym  # noqa: F401  registers the environments

NO_ACTION = {
    "number": 3,
    "nothing": None,
    "text": "x",
    "short": [0] * 16,
    "batch": np.zeros((1, 17), int),
    "batch of batches": np.zeros((1, 1, 17), int),
    "real": np.zeros(17),
    "truths": np.zeros(17, bool),
    "ragged": [[1, 2], [3]],
    "mapping": {"a": 1},
    "empty": [],
}
BAD_TOKENS = {"large": [9] + [0] * 16, "negative": [-1] + [0] * 16, "halt": [0] * 16 + [2], "no halt": [0] * 16 + [-1]}


@pytest.mark.parametrize("action", [*NO_ACTION.values(), *BAD_TOKENS.values()], ids=[*NO_ACTION, *BAD_TOKENS])
def test_one_environment_speaks_of_one_action(action):
    env = gymnasium.make("TRM-Sudoku4x4-v0").unwrapped
    env.reset(seed=0)
    with pytest.raises(ValueError) as refused:
        env.step(action)
    told = str(refused.value)
    assert "an action of sudoku4x4" in told and ("expected 17 integers" in told or "a halt bit 0 or 1" in told)
    for word in ("(1,", "shape", "batch", "every environment", "inhomogeneous", "actions"):
        assert word not in told
    assert env.step([0] * 17)[2] is False, "what is refused has taken no step"


@pytest.mark.parametrize("action", NO_ACTION.values(), ids=NO_ACTION)
def test_a_vector_environment_speaks_of_all_of_them(action):
    envs = gymnasium.make_vec("TRM-Sudoku4x4-v0", num_envs=3)
    envs.reset(seed=0)
    with pytest.raises(ValueError, match=r"every environment takes one: expected integers of shape \(3, 17\), got"):
        envs.step(action)


@pytest.mark.parametrize("action", [*list(NO_ACTION.values())[1:], -1, 10**6, 1.5, True, [1]])
def test_one_cell_at_a_time_speaks_of_one_number(action):
    env = gymnasium.make("TRM-Sudoku4x4-Cells-v0", disable_env_checker=True)
    env.reset(seed=0)
    with pytest.raises(ValueError, match="an action is a whole number from 0 to 80, not "):
        env.step(action)


@pytest.mark.parametrize("seed", [-1, 0.5, "1", [1, 2], 2**63])
def test_one_environment_speaks_of_one_seed(seed):
    with pytest.raises(ValueError, match=r"^seed must be one whole number"):
        gymnasium.make("TRM-Sudoku4x4-v0").unwrapped.reset(seed=seed)
