"""TorchRL's GymEnv plays our ids as Gymnasium does. It runs where torchrl is installed:

pip install -e ".[agents,test,torchrl]" && python -m pytest tests/ecosystems/test_torchrl.py
"""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest
import torch

import trm_gym

torchrl = pytest.importorskip("torchrl.envs", reason='torchrl is not installed: pip install -e ".[torchrl]"')

ENV_IDS = [entry.env_id for entry in trm_gym.TASKS.values()]
STEPS, BUDGET = 20, 3

pytestmark = pytest.mark.filterwarnings("default")  # others' warnings are not ours to mend


@pytest.mark.parametrize(
    ("env_id", "categorical"), [*((env_id, True) for env_id in ENV_IDS), ("TRM-Sudoku4x4-v0", False)]
)
def test_a_rollout_is_what_gymnasium_gives_for_its_actions(env_id: str, categorical: bool):
    env = torchrl.GymEnv(env_id, max_steps=BUDGET, categorical_action_encoding=categorical)
    env.set_seed(0)
    rolled = env.rollout(STEPS, break_when_any_done=False)
    assert rolled.batch_size == (STEPS,) and not rolled["next", "truncated"].any()
    plain = gymnasium.make(env_id, max_steps=BUDGET)
    assert isinstance(plain.observation_space, gymnasium.spaces.Dict)
    shown = list(plain.observation_space)  # of a formula other things than of the other tasks
    assert all(env.observation_spec.contains(step.select(*shown)) for step in rolled)
    plain.reset(seed=0)  # so does set_seed, and a rollout then begins with the next episode
    seen, ended = plain.reset()[0], []
    for step in rolled:
        same(step, seen, categorical)
        seen, reward, terminated, _, _ = plain.step(env.action_spec.to_numpy(step["action"]))
        assert step["next", "reward"].item() == np.float32(reward)
        assert step["next", "terminated"].item() is terminated
        same(step["next"], seen, categorical)
        ended.append(terminated)
        seen = plain.reset()[0] if terminated else seen
    assert any(ended) and not all(ended)


def same(step: Any, seen: dict[str, np.ndarray], categorical: bool) -> None:
    """Fail unless a tensordict holds that observation, its tokens one-hot where they are not categorical."""
    for name, value in seen.items():
        tokens = value.dtype == np.uint8
        found = step[name].argmax(-1) if tokens and not categorical else step[name]
        assert np.array_equal(found.numpy(), value), name


def test_the_same_seed_is_the_same_problem():
    seen = []
    for seed in (5, 5, 6):
        env = torchrl.GymEnv("TRM-Sudoku4x4-v0")
        env.set_seed(seed)
        seen.append(env.reset()["problem"])
    assert torch.equal(seen[0], seen[1]) and not torch.equal(seen[0], seen[2])
