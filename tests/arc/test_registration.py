"""The environment of ARC: what every registered id is held to."""

import gymnasium
import numpy as np
import pytest
import stable_baselines3.common.env_checker as sb3
from gymnasium.envs.registration import EnvSpec
from gymnasium.utils.env_checker import check_env

from trm_gym.env import RefinementEnv

ARC = "TRM-ARC-v0"


@pytest.mark.usefixtures("corpus")
def test_checkers_accept_it():
    check_env(gymnasium.make(ARC, level="small").unwrapped)
    sb3.check_env(gymnasium.make(ARC, level="small"))


@pytest.mark.usefixtures("corpus")
def test_slots_play_what_single_environments_play():
    envs, single = gymnasium.make_vec(ARC, num_envs=3, level="training"), gymnasium.make(ARC, level="training")
    together = envs.reset(seed=5)[0]["problem"]
    for slot in range(3):
        np.testing.assert_array_equal(together[slot], single.reset(seed=5 + slot)[0]["problem"])


@pytest.mark.usefixtures("corpus")
def test_the_published_answer_is_paid_and_a_blank_is_not():
    env = gymnasium.make(ARC, level="small", split="test")
    base = env.unwrapped
    assert isinstance(base, RefinementEnv)
    env.reset(seed=1)
    right = np.append(base.problems.solution[0], 1)
    assert env.step(right)[4]["solved"]
    env.reset(seed=1)
    assert not env.step(np.append(np.zeros_like(right[:-1]), 1))[4]["solved"]


@pytest.mark.usefixtures("corpus")
def test_spec_survives_json():
    spec = gymnasium.make(ARC, level="small", max_steps=4).spec
    assert spec is not None
    twin = gymnasium.make(EnvSpec.from_json(spec.to_json())).unwrapped
    assert isinstance(twin, RefinementEnv) and twin.max_steps == 4
