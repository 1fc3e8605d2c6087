"""Learning by single cells with a guide: what it pays, and that it adds up to what was reached."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest

from agents.sb3.shaped_reward import ShapedReward
from trm_gym.env import RefinementEnv
from trm_gym.wrappers import EditCells


def guided(task: str, level: str) -> gymnasium.Env:
    return ShapedReward(EditCells(RefinementEnv(task, level, step_cost=0.0)))


@pytest.mark.parametrize(("task", "level"), [("arithmetic", "sum2"), ("maze5x5", "near")])
def test_each_right_cell_is_paid_alike_and_handing_in_a_solution_pays_one_more(task, level):
    env = guided(task, level)
    first, _ = env.reset(seed=3)
    solution = env.get_wrapper_attr("problems").solution[0]
    vocab = env.get_wrapper_attr("task").vocab
    wanted = np.flatnonzero(first["answer"] != solution)
    for cell in wanted:
        reward, ended = env.step(int(cell) * vocab + int(solution[cell]))[1:3]
        assert reward == pytest.approx(1 / len(wanted)) and not ended
    reward, ended = env.step(len(solution) * vocab)[1:3]
    assert reward == pytest.approx(1.0) and ended


def test_what_is_wiped_again_is_charged_again_and_other_cells_pay_nothing():
    env = guided("arithmetic", "sum2")
    first, _ = env.reset(seed=3)
    solution = env.get_wrapper_attr("problems").solution[0]
    vocab = env.get_wrapper_attr("task").vocab
    cell = int(np.flatnonzero(first["answer"] != solution)[0])
    other = int(np.flatnonzero((first["answer"] == solution) & env.get_wrapper_attr("problems").free[0])[-1])
    wrong = next(token for token in (1, 2) if token != solution[cell])
    right = int(solution[cell])
    paid = [float(env.step(action)[1]) for action in (cell * vocab + right, other * vocab + 1, cell * vocab + wrong)]
    assert paid[0] > 0 and paid[1] == 0 and paid[2] == -paid[0]
    assert env.step(len(solution) * vocab)[1] == 0
