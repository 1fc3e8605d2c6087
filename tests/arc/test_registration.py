"""The environment of ARC: what every registered id is held to."""

import json

import gymnasium
import numpy as np
import pytest
import stable_baselines3.common.env_checker as sb3
from gymnasium.envs.registration import EnvSpec
from gymnasium.utils.env_checker import check_env

from trm_gym.env import RefinementEnv
from trm_gym.wrappers import TextObservation

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


@pytest.mark.usefixtures("corpus")
def test_grids_go_out_and_come_back_as_json():
    env = TextObservation(gymnasium.make(ARC, level="small", split="test"))
    seen, _ = env.reset(seed=1)
    base = env.unwrapped
    assert isinstance(base, RefinementEnv)
    answer = json.dumps(json.loads(base.task.decode(base.problems.solution[0]))["test"][0]["output"])
    assert env.observation_space.contains(seen) and seen["answer"] == ""
    seen, _, ended, _, info = env.step(answer.replace(" ", "\n"))
    assert env.observation_space.contains(seen) and seen["answer"] == answer and not ended and info == {}
    assert env.step("halt")[4]["solved"]


@pytest.mark.usefixtures("corpus")
@pytest.mark.parametrize("bad", ["", "12", "[[0, 1], [2]]", "[[10]]", "[[0, null]]", "[" * 5000, "[[0]] halt now"])
def test_what_is_no_grid_gets_a_verdict(bad):
    env = TextObservation(gymnasium.make(ARC, level="small"))
    env.reset(seed=1)
    *_, ended, _, info = env.step(bad)
    assert list(info) == ["parse_error"] and not ended
    *_, info = env.step(bad + " halt")
    assert not info["solved"]


@pytest.mark.usefixtures("corpus")
def test_any_draft_can_be_shown():
    env = TextObservation(gymnasium.make(ARC, level="small"))
    seen, _ = env.reset(seed=2)
    base = env.unwrapped
    assert isinstance(base, RefinementEnv)
    noise = np.random.default_rng(0).integers(base.task.vocab, size=base.task.length, dtype=np.uint8)
    assert env.observation_space.contains({**seen, "answer": base.task.draft_text(noise)})
