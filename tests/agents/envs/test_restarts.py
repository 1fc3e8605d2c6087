"""Three acts in the halting environment: the returns and answers of the paths that graded runs have."""

from __future__ import annotations

import dataclasses

import gymnasium
import numpy as np
import pytest
import stable_baselines3
import stable_baselines3.common.env_checker as sb3
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import SyncVectorEnv

from agents.envs.acts import observation_names
from agents.envs.dataset import load_dataset
from agents.envs.halting import HaltingEnv, HaltingVectorEnv
from agents.halting.paths import follow_schedule, in_order
from agents.halting.restarts import CONTINUE, HALT, RESTART, FixedCutoff, NoRestart
from agents.rollouts.dataset import RolloutDataset
from agents.sb3.vec_env import TRMVecEnv
from tests.agents.synthetic import varied
from tests.scripts.checkpoints import untrained

STARTS, BUDGET, COUNT, COST = 3, 8, 20, 2.0**-6


@pytest.fixture(scope="module")
def runs() -> RolloutDataset:
    graded = varied(COUNT * STARTS, BUDGET, noise=0.6)  # so noisy that the best judged draft is often a wrong one
    return RolloutDataset(graded, STARTS, COST)


@pytest.mark.parametrize("cutoff", [1, 2, 3, 5, 99])
@pytest.mark.parametrize("halt", [1, 4, 7, 99])
def test_it_pays_and_shows_what_the_paths_say(runs, cutoff, halt):
    unroll = runs.unroll
    schedule = FixedCutoff(cutoff) if cutoff < 99 else NoRestart()
    paths = follow_schedule(unroll, in_order(COUNT, STARTS), schedule, unroll.halt_logit)
    for problem in range(COUNT):
        env = HaltingEnv(runs, restarts=True)
        seen, _ = env.reset(seed=0, options={"problem": problem})
        total = 0.0
        for step in range(BUDGET):
            at = paths.at.runs[problem, step], paths.at.steps[problem, step] - 1
            np.testing.assert_allclose(seen[:-4], unroll.features[at], rtol=1e-6)
            begun, best = int(paths.record.starts[problem, step]), float(paths.record.best[problem, step])
            np.testing.assert_allclose(seen[-4:-1], [(step + 1) / BUDGET, begun / STARTS, best], rtol=1e-6)
            local = int(paths.at.steps[problem, step])
            act = HALT if step + 1 == halt else RESTART if local >= cutoff else CONTINUE
            seen, reward, ended, _, info = env.step(act)
            total += reward
            if ended:
                break
        last = min(halt, BUDGET) - 1
        right = bool(paths.solved[problem, last])
        assert info["solved"] is right and info["steps"] == last + 1
        assert info["starts"] == int(paths.record.starts[problem, last])
        assert total == right - (last + 1) * COST


def test_some_answers_are_lost_and_some_are_kept(runs):
    """What the tests above compare is not always the same draft."""
    paths = follow_schedule(runs.unroll, in_order(COUNT, STARTS), FixedCutoff(2), runs.unroll.halt_logit)
    now = paths.record.solved
    assert (paths.solved & ~now).any() and (now & ~paths.solved).any()


def test_slots_side_by_side_play_as_alone(runs):
    ours = HaltingVectorEnv(5, runs, (0.1, 0.8), restarts=True)
    theirs = SyncVectorEnv([lambda: HaltingEnv(runs, (0.1, 0.8), restarts=True)] * 5)
    assert ours.single_action_space == theirs.single_action_space == gymnasium.spaces.Discrete(3)
    np.testing.assert_array_equal(ours.reset(seed=4)[0], theirs.reset(seed=4)[0])
    rng = np.random.default_rng(0)
    for _ in range(60):
        acts = rng.choice(3, 5, p=[0.6, 0.1, 0.3])
        for mine, other in zip(ours.step(acts)[:4], theirs.step(acts)[:4], strict=True):
            np.testing.assert_array_equal(mine, other)


def test_a_state_brings_back_starts_and_what_would_be_handed_in(runs):
    env = HaltingVectorEnv(4, runs, restarts=True, autoreset_mode="Disabled")
    env.reset(seed=1)
    for act in (CONTINUE, RESTART, CONTINUE, RESTART):
        env.step(np.full(4, act))
    kept = env.get_state()
    after = [env.step(np.full(4, act)) for act in (CONTINUE, HALT)]
    env.set_state(kept)
    again = [env.step(np.full(4, act)) for act in (CONTINUE, HALT)]
    for one, other in zip(after, again, strict=True):
        for mine, theirs in zip(one[:4], other[:4], strict=True):
            np.testing.assert_array_equal(mine, theirs)
    with pytest.raises(ValueError, match="handed"):
        env.set_state({**kept, "handed": kept["handed"] + 10**6})
    rows = STARTS * BUDGET
    to_come, of_another = kept["problem"] * rows + rows - 1, (kept["problem"] + 1) % COUNT * rows
    for handed in (to_come, of_another):
        with pytest.raises(ValueError, match="that the episode has not come to"):
            env.set_state({**kept, "handed": handed})


@pytest.mark.parametrize("act", [RESTART, CONTINUE])
def test_whoever_never_halts_pays_for_the_budget_and_gets_no_more(runs, act):
    env = HaltingEnv(runs, restarts=True)
    for problem in range(COUNT):
        env.reset(seed=0, options={"problem": problem})
        rewards = []
        while env._episodes.playing[0]:
            rewards.append(env.step(act)[1])
        assert len(rewards) == BUDGET and sum(rewards) <= 1 - BUDGET * COST


def test_two_acts_are_what_they_were(runs):
    plain = HaltingEnv(dataclasses.replace(runs, branches=1))
    grouped = HaltingEnv(runs)
    assert grouped.action_space == gymnasium.spaces.Discrete(2)
    np.testing.assert_array_equal(plain.reset(seed=7)[0], grouped.reset(seed=7)[0])
    with pytest.raises(ValueError, match=r"0 \(go on\) or 1 \(stop\): got 2"):
        grouped.step(2)
    with pytest.raises(ValueError, match=r"1 \(stop\) or 2 \(start afresh\): got 3"):
        three = HaltingEnv(runs, restarts=True)
        three.reset(seed=0)
        three.step(3)


def test_one_start_is_not_enough(runs):
    with pytest.raises(ValueError, match="several starts"):
        HaltingEnv(dataclasses.replace(runs, branches=1), restarts=True)


def test_checkers_accept_it_by_its_id(tmp_path):
    settings = {"checkpoint": str(untrained(tmp_path)), "level": "clues6-8", "problems": 6, "max_steps": 3, "starts": 2}
    made = gymnasium.make("agents:TRM-Halt-v0", **settings, restarts=True)
    check_env(made.unwrapped)
    sb3.check_env(made)
    names = made.get_wrapper_attr("observation_names")
    assert names[-4:] == ("all_steps_used", "starts_used", "best_judgement", "log_price")
    assert names == observation_names(made.observation_space, restarts=True)
    envs = gymnasium.make_vec("agents:TRM-Halt-v0", num_envs=2, **settings, restarts=True)
    np.testing.assert_array_equal(envs.reset(seed=2)[0][1], made.reset(seed=3)[0])


@pytest.mark.parametrize("name", ["PPO", "DQN"])
def test_ppo_and_dqn_play_it_unmodified(runs, name):
    envs = TRMVecEnv(HaltingVectorEnv(4, runs, restarts=True, autoreset_mode="SameStep"))
    if name == "PPO":
        agent = stable_baselines3.PPO("MlpPolicy", envs, seed=0, gamma=1.0, device="cpu", n_steps=16, batch_size=32)
    else:
        agent = stable_baselines3.DQN("MlpPolicy", envs, seed=0, gamma=1.0, device="cpu", learning_starts=16)
    acts, _ = agent.learn(128).predict(np.asarray(envs.reset()))
    assert acts.shape == (4,) and set(acts.tolist()) <= {CONTINUE, HALT, RESTART}


def test_starts_may_be_forms_of_the_problem(tmp_path, capsys):
    settings = {"problems": 3, "max_steps": 2, "starts": 3, "forms": True, "restarts": True}
    mazes = str(untrained(tmp_path, "maze11x11"))
    env = gymnasium.make("agents:TRM-Halt-v0", checkpoint=mazes, level="random", **settings)
    first = env.reset(seed=0)[0]
    again = env.step(RESTART)[0]
    width = len(first) - 4  # before what is known of the budget, the starts and the price
    assert not np.allclose(first[:width], again[:width], atol=1e-6)
    with pytest.raises(ValueError, match="give restarts=True too, or leave forms out"):
        gymnasium.make("agents:TRM-Halt-v0", checkpoint=mazes, forms=True)
    capsys.readouterr()
    for starts in (1, 3):
        with pytest.raises(ValueError, match="a problem of sudoku4x4 has no other forms"):
            load_dataset(untrained(tmp_path), "clues6-8", starts=starts, forms=True)
    assert capsys.readouterr().err == "", "it was said how long it takes before it was refused"
