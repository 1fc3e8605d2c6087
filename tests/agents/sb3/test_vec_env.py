"""SB3's adapter: what DummyVecEnv gives on the scalar environment, SB3's wrappers and learners on top of it."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest
from stable_baselines3 import DQN, PPO
from stable_baselines3.common.callbacks import EvalCallback
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import DummyVecEnv, VecMonitor, VecNormalize

from agents.envs.halting import HaltingEnv, HaltingVectorEnv
from agents.sb3.vec_env import TRMVecEnv
from tests.agents.synthetic import dataset, varied
from tests.test_vector import PUZZLE
from tests.toy import ToyTask
from trm_gym.env import RefinementEnv
from trm_gym.vector import RefinementVectorEnv

SLOTS = 5


def halting(slots: int = SLOTS, problems: int = 50) -> TRMVecEnv:
    return TRMVecEnv(HaltingVectorEnv(slots, dataset(varied(problems)), autoreset_mode="SameStep"))


def refining(**settings) -> TRMVecEnv:
    return TRMVecEnv(RefinementVectorEnv(SLOTS, ToyTask(), max_steps=4, autoreset_mode="SameStep", **settings))


def pairs() -> dict[str, tuple[TRMVecEnv, DummyVecEnv]]:
    runs = dataset(varied(50))
    return {
        "halting": (halting(), DummyVecEnv([lambda: HaltingEnv(runs)] * SLOTS)),
        "answers": (refining(), DummyVecEnv([lambda: RefinementEnv(ToyTask(), max_steps=4)] * SLOTS)),
    }


def same(ours: Any, theirs: Any) -> None:
    if isinstance(theirs, dict):
        assert set(ours) == set(theirs)
        for name in theirs:
            same(ours[name], theirs[name])
    elif isinstance(theirs, (list, tuple)):
        for one, other in zip(ours, theirs, strict=True):
            same(one, other)
    else:
        np.testing.assert_array_equal(ours, theirs)
        assert np.asarray(ours).dtype == np.asarray(theirs).dtype and isinstance(ours, np.ndarray | type(theirs))


@pytest.mark.parametrize("grain", ["halting", "answers"])
def test_it_gives_what_a_loop_over_the_scalar_environment_gives(grain):
    ours, theirs = pairs()[grain]
    assert ours.observation_space == theirs.observation_space and ours.action_space == theirs.action_space
    ours.seed(7)
    theirs.seed(7)
    same(ours.reset(), theirs.reset())
    same(ours.reset_infos, theirs.reset_infos)
    rng = np.random.default_rng(0)
    for _ in range(60):
        shape = (SLOTS, *(ours.action_space.shape or ()))
        actions = (rng.random(shape) < 0.25).astype(np.int64)
        same(ours.step(actions), theirs.step(actions))
        same(ours.reset_infos, theirs.reset_infos)


def test_options_of_single_slots_reach_them():
    envs = refining()
    envs.seed(0)
    envs.set_options([{"level": "easy"}, {}, {"level": "easy", "split": "test"}, {"problem": PUZZLE}, {}])
    seen: Any = envs.reset()
    for slot, options in enumerate([{"level": 0}, {}, {"level": 0, "split": "test"}, {"problem": PUZZLE}, {}]):
        expected, _ = RefinementEnv(ToyTask(), max_steps=4).reset(seed=slot, options=options)
        np.testing.assert_array_equal(seen["problem"][slot], expected["problem"])
    envs.set_options({"level": "hard"})
    envs.reset()
    assert envs.get_attr("problems")[0].level.tolist() == [1] * SLOTS


def test_attributes_and_methods():
    envs = refining(render_mode="rgb_array")
    assert envs.get_attr("max_steps") == [4] * SLOTS and envs.get_attr("max_steps", [0, 2]) == [4, 4]
    assert not envs.has_attr("nothing")
    envs.set_attr("note", "x")
    assert envs.get_attr("note", 3) == ["x"]
    with pytest.raises(ValueError, match="set it without indices"):
        envs.set_attr("note", "y", indices=[0])
    envs.reset()
    assert [picture.ndim for picture in envs.env_method("render", indices=[1, 2])] == [3, 3]
    assert len(envs.get_images()) == SLOTS and envs.render() is not None
    assert envs.env_is_wrapped(Monitor) == [False] * SLOTS and envs.env_is_wrapped(gymnasium.Wrapper, 1) == [False]
    envs.close()


def test_another_autoreset_mode_is_refused():
    with pytest.raises(ValueError, match="autoreset_mode='SameStep'"):
        TRMVecEnv(HaltingVectorEnv(2, dataset(varied(5))))


def test_sb3s_wrappers_and_callbacks_take_it(tmp_path):
    envs = VecNormalize(VecMonitor(halting()), norm_reward=False, gamma=1.0)
    held_out = VecNormalize(VecMonitor(halting()), norm_reward=False, training=False, gamma=1.0)
    callback = EvalCallback(held_out, n_eval_episodes=10, eval_freq=64, log_path=str(tmp_path), verbose=0)
    learner = PPO("MlpPolicy", envs, gamma=1.0, n_steps=32, batch_size=80, n_epochs=1, device="cpu", seed=0)
    learner.learn(400, callback=callback)
    assert len(learner.ep_info_buffer or ()) > 0
    assert set(learner.ep_success_buffer or ()) == {False, True}, "what it logs as rollout/success_rate"
    told = np.load(tmp_path / "evaluations.npz")
    assert told["results"].shape[1] == 10 and np.isfinite(told["results"]).all()


def test_a_replay_buffer_gets_the_last_observation_of_an_episode():
    envs = halting()
    learner = DQN("MlpPolicy", envs, gamma=1.0, buffer_size=500, learning_starts=50, device="cpu", seed=0)
    learner.learn(300)
    buffer = learner.replay_buffer
    assert buffer is not None
    ends = buffer.dones[: buffer.pos].astype(bool)
    assert ends.any() and not buffer.timeouts.any()
    # What is shown stays where the agent stopped.
    np.testing.assert_array_equal(buffer.next_observations[: buffer.pos][ends], buffer.observations[: buffer.pos][ends])
