"""Numbers given to environments, wrappers, curricula and prices: what is none is refused, and named."""

from __future__ import annotations

import math
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from curricula.fixed import Fixed
from curricula.learnability import Learnability
from curricula.learning_progress import LearningProgress
from curricula.threshold import Threshold
from curricula.uniform import Uniform
from trm_gym.checks import real_number, whole_number
from trm_gym.env import RefinementEnv
from trm_gym.reward import Price, exact_cost
from trm_gym.vector import RefinementVectorEnv
from trm_gym.wrappers import EditCells, StepCostSchedule, TraceRecorder

NOT_FINITE = (math.nan, math.inf, -math.inf, np.float32("nan"), np.float64("inf"), 10**400)
NO_NUMBERS = (*NOT_FINITE, True, "1", [1], b"1", 1j, Ellipsis)
NOT_WHOLE = (*NO_NUMBERS, 2.5, -1, 0, np.array([1, 2]))

REALS = {
    "step_cost": lambda value: RefinementEnv("sudoku4x4", step_cost=value),
    "step_cost of a vector": lambda value: RefinementVectorEnv(2, "sudoku4x4", step_cost=value),
    "step_cost by make": lambda value: gym.make("TRM-Sudoku4x4-v0", step_cost=value),
    "step_cost set": lambda value: setattr(RefinementEnv("sudoku4x4"), "step_cost", value),
    "step_cost alone": exact_cost,
    "step_cost by a schedule": lambda value: StepCostSchedule(RefinementEnv("sudoku4x4"), lambda _: value).reset(),
    "price": lambda value: Price(value, 16),
    "price of edits": lambda value: EditCells(RefinementEnv("sudoku4x4"), price=value),
    "floor": lambda value: Learnability([0, 1], floor=value),
    "memory": lambda value: Learnability([0, 1], memory=value),
    "floor of progress": lambda value: LearningProgress([0, 1], floor=value),
    "fast": lambda value: LearningProgress([0, 1], fast=value),
    "slow": lambda value: LearningProgress([0, 1], slow=value),
    "up": lambda value: Threshold([0, 1], up=value),
    "down": lambda value: Threshold([0, 1], down=value),
    "memory of a threshold": lambda value: Threshold([0, 1], memory=value),
}
WHOLES = {
    "max_steps": lambda value: RefinementEnv("sudoku4x4", max_steps=value),
    "max_steps of a vector": lambda value: RefinementVectorEnv(2, "sudoku4x4", max_steps=value),
    "max_steps of a price": lambda value: Price(0.1, value),
    "num_envs": lambda value: RefinementVectorEnv(value, "sudoku4x4"),
    "render_scale": lambda value: RefinementEnv("sudoku4x4", render_scale=value),
    "size": lambda value: RefinementEnv("maze11x11", size=value),
    "size of a vector": lambda value: RefinementVectorEnv(2, "maze11x11", size=value),
    "episodes_per_file": lambda value: TraceRecorder(RefinementEnv("sudoku4x4"), "unused", episodes_per_file=value),
    "patience": lambda value: Threshold([0, 1], patience=value),
    "problems": lambda value: Fixed([0, 1], problems=value),
}


@pytest.mark.parametrize("value", NO_NUMBERS, ids=repr)
@pytest.mark.parametrize("name", REALS)
def test_real_numbers_are_finite(name: str, value: object):
    with pytest.raises(ValueError, match=f"{name.split()[0]} must be (a finite number|between)"):
        REALS[name](value)


@pytest.mark.parametrize("value", NOT_WHOLE, ids=repr)
@pytest.mark.parametrize("name", WHOLES)
def test_whole_numbers_are_whole_and_in_range(name: str, value: object, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=f"{name.split()[0]} must be a whole number"):
        WHOLES[name](value)
    assert not list(tmp_path.iterdir())


def test_a_price_beyond_a_solution_is_refused():
    for price in (-0.1, 16.1):
        with pytest.raises(ValueError, match="price must be between 0 and 16"):
            Price(price, 16)
    assert Price(0.0, 16).step_cost == 0 and Price(16, 16).step_cost == 1


@pytest.mark.parametrize("curriculum", [Uniform, Threshold, Learnability, LearningProgress, Fixed])
@pytest.mark.parametrize("wrong", [math.nan, math.inf, -0.1, 1.1])
def test_a_curriculum_hears_no_share_that_is_none(curriculum, wrong: float):
    made = curriculum([0, 1])
    before = made.mixture
    with pytest.raises(ValueError, match="shares from 0 to 1"):
        made.update(np.array([0, 1]), np.array([0.5, wrong]))
    with pytest.raises(ValueError, match="finite"):
        made.update(np.array([0, 1]), np.array([0.5, 0.5]), np.array([0.1, math.nan]))
    np.testing.assert_array_equal(made.mixture, before)


def test_numbers_of_numpy_are_numbers():
    assert type(whole_number("n", np.int64(3))) is int and type(real_number("x", np.float32(0.5))) is float
    given: dict[str, Any] = {"max_steps": np.int32(3), "step_cost": np.float32(0.25)}
    assert RefinementEnv("sudoku4x4", **given).step_cost == 0.25
