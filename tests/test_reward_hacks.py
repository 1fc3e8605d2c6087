"""Policies that do not think must earn what their answers deserve and no more, in every environment and mode."""

from collections.abc import Callable

import gymnasium
import numpy as np
import pytest

from trm_gym.registration import TASKS, make_task
from trm_gym.reward import REWARDS
from trm_gym.vector import RefinementVectorEnv

SLOTS, STEPS = 24, 16
every_env = pytest.mark.parametrize("env_id", [entry.env_id for entry in TASKS.values()])
rewarded = [
    (entry.env_id, reward)
    for name, entry in TASKS.items()
    for reward, mode in REWARDS.items()
    if make_task(name).graded or not mode.partial
]
every_reward = pytest.mark.parametrize(("env_id", "reward"), rewarded)
"""Every environment with every reward that its task has a sound score for."""

Drafts = Callable[[RefinementVectorEnv, int], np.ndarray]


def make(env_id: str, reward: str) -> RefinementVectorEnv:
    envs = gymnasium.make_vec(env_id, num_envs=SLOTS, reward=reward, autoreset_mode="Disabled").unwrapped
    assert isinstance(envs, RefinementVectorEnv)
    return envs


def play(envs: RefinementVectorEnv, drafts: Drafts, steps: int, level: int | None = None) -> tuple[np.ndarray, dict]:
    """Returns float64 [SLOTS] and last infos of episodes of ``steps`` steps; drafts(envs, step) is uint8 [SLOTS, L]."""
    envs.reset(seed=0, options={} if level is None else {"level": level})
    total = np.zeros(SLOTS)
    for step in range(1, steps + 1):
        halt = np.full((SLOTS, 1), step == steps and steps < STEPS, dtype=np.uint8)
        _, rewards, ended, _, infos = envs.step(np.concatenate([drafts(envs, step), halt], axis=1))
        total += rewards
        assert ended.all() == (step == steps) and (ended.all() or infos == {}), "nothing is told before the end"
    return total, infos


def echo(envs: RefinementVectorEnv, step: int) -> np.ndarray:
    return envs.problems.problem


def nearly(envs: RefinementVectorEnv) -> np.ndarray:
    """Solutions with one free cell blanked that was not blank."""
    drafts = envs.problems.solution.copy()
    drafts[np.arange(SLOTS), (envs.problems.free & (drafts > 0)).argmax(1)] = 0
    return drafts


@every_reward
@pytest.mark.parametrize("steps", [1, STEPS])
def test_an_echo_earns_nothing(env_id, reward, steps):
    envs = make(env_id, reward)
    total, infos = play(envs, echo, steps)
    assert not infos["solved"].any() and (infos["score"] == 0).all()
    assert (total == -envs.step_cost * steps).all()


@every_reward
@pytest.mark.parametrize("steps", [1, STEPS])
def test_a_constant_earns_nothing(env_id, reward, steps):
    envs = make(env_id, reward)
    for level in {0, envs.task.default_level}:
        for token in range(envs.task.vocab):
            draft = np.full((SLOTS, envs.task.length), token, dtype=np.uint8)
            total, infos = play(envs, lambda envs, step, draft=draft: draft, steps, level)
            # Where a single cell is free, a constant may be the solution, and then it deserves its worth.
            assert (infos["score"] == infos["solved"]).all()
            assert (total == infos["solved"] - envs.step_cost * steps).all()


@every_reward
def test_oscillation_earns_nothing(env_id, reward):
    envs = make(env_id, reward)
    total, infos = play(envs, lambda envs, step: echo(envs, step) if step % 2 == 0 else nearly(envs), STEPS)
    assert (infos["score"] == 0).all()
    assert (total == -envs.step_cost * STEPS).all()


@every_reward
def test_a_solution_is_worth_one_and_waiting_costs(env_id, reward):
    envs = make(env_id, reward)
    returns = []
    for steps in (1, 2, 8, STEPS):
        total, infos = play(envs, lambda envs, step: envs.problems.solution, steps)
        assert infos["solved"].all() and (infos["score"] == 1).all()
        assert (total == 1 - envs.step_cost * steps).all()
        returns.append(total[0])
    assert returns == sorted(returns, reverse=True) and len(set(returns)) == len(returns)


@every_env
def test_a_partial_answer_earns_nothing_exactly_and_less_than_a_solution_graded(env_id):
    envs = make(env_id, "exact")
    total, infos = play(envs, lambda envs, step: nearly(envs), 1)
    assert not infos["solved"].any() and (total == -envs.step_cost).all()
    if envs.task.graded:
        assert (infos["score"] < 1).all()


@every_env
def test_givens_cannot_be_overwritten(env_id):
    envs = make(env_id, "exact")

    def shifted(envs: RefinementVectorEnv, step: int) -> np.ndarray:
        other = (envs.problems.solution % (envs.task.vocab - 1) + 1).astype(np.uint8)
        return np.where(envs.problems.free, envs.problems.solution, other)

    assert play(envs, shifted, 1)[1]["solved"].all()
