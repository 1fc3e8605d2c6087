"""A reset that is refused changes nothing: the episode at hand goes on, and those after it are what they would be."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode
from hypothesis import given, settings
from hypothesis import strategies as st
from jaxtyping import TypeCheckError

from agents.envs.halting import HaltingEnv, HaltingVectorEnv
from curricula import make_curriculum
from tests.agents.synthetic import dataset, varied
from tests.toy import ToyTask
from trm_gym.env import RefinementEnv
from trm_gym.vector import RefinementVectorEnv
from trm_gym.wrappers import CurriculumWrapper, EditCells, StepCostSchedule, TextObservation

SLOTS = 3
GOOD: dict[str, list[Any]] = {
    "level": [0, "easy"],
    "levels": [[0, 1, 0]],
    "split": ["test", "validation"],
    "problem": ["100200300400"],
    "problems": [[None, "100200300400", None]],
    "reset_mask": [np.array([True, False, True])],
}
BAD: dict[str, list[Any]] = {
    "level": [9, "harder", None, 1.5],
    "levels": [[0, 1], [0, 9, 0], "easy"],
    "split": ["dev", None, 3],
    "problem": ["110200300412", "1"],
    "problems": [["1"], [None, "110200300412", None]],
    "reset_mask": [np.zeros(SLOTS, bool), [True] * SLOTS],
    "nonsense": [1],
}
SEEDS = [-1, 2**63, 1.5, "7", [1], True]
ENVS: dict[str, Callable[[], Any]] = {
    "single": lambda: RefinementEnv(ToyTask()),
    "vector": lambda: RefinementVectorEnv(SLOTS, ToyTask(), autoreset_mode=AutoresetMode.SAME_STEP),
    "cells": lambda: EditCells(RefinementEnv(ToyTask())),
    "text": lambda: TextObservation(RefinementEnv(ToyTask())),
    "price": lambda: StepCostSchedule(RefinementEnv(ToyTask()), lambda episode: episode / 64),
    "price of cells": lambda: EditCells(StepCostSchedule(RefinementEnv(ToyTask()), lambda episode: episode / 64)),
    "curriculum": lambda: CurriculumWrapper(RefinementEnv(ToyTask()), make_curriculum("uniform", [0, 1])),
    "halting": lambda: HaltingEnv(dataset(varied(9)), (0.1, 0.5)),
    "halting vector": lambda: HaltingVectorEnv(SLOTS, dataset(varied(9)), (0.1, 0.5)),
}


def state(env: Any) -> dict[str, Any]:
    return copy.deepcopy((env if hasattr(env, "get_state") else env.unwrapped).get_state())


def follows(env: Any) -> list[Any]:
    """What is seen of the three episodes after a state."""
    return [env.reset()[0] for _ in range(3)]


def assert_equal(ours: Any, theirs: Any) -> None:
    if isinstance(ours, dict):
        assert ours.keys() == theirs.keys()
        ours, theirs = list(ours.values()), list(theirs.values())
    if isinstance(ours, (list, tuple)):
        for one, other in zip(ours, theirs, strict=True):
            assert_equal(one, other)
    else:
        np.testing.assert_array_equal(ours, theirs)


@st.composite
def refused(draw: st.DrawFn) -> tuple[Any, dict[str, Any]]:
    """A seed and options with something wrong among what is right."""
    wrong = draw(st.sampled_from(["seed", *BAD]))
    names = draw(st.lists(st.sampled_from(list(GOOD)), unique=True, max_size=3))
    options = {name: draw(st.sampled_from(GOOD[name])) for name in names if name != wrong}
    if wrong == "seed":
        return draw(st.sampled_from(SEEDS)), options
    return draw(st.sampled_from([None, 3, 11])), {**options, wrong: draw(st.sampled_from(BAD[wrong]))}


@pytest.mark.parametrize("name", ENVS)
@settings(max_examples=60, deadline=None)
@given(refused(), st.booleans())
def test_a_refused_reset_changes_nothing(name: str, asked: tuple[Any, dict[str, Any]], seeded: bool):
    env, twin = ENVS[name](), ENVS[name]()
    for one in (env, twin):
        one.reset(seed=5) if seeded else one.reset(seed=None) and one.reset(seed=6)
    before = state(env)
    seed, options = asked
    try:
        env.reset(seed=seed, options=options)
    except (ValueError, gymnasium.error.Error, TypeCheckError):  # the last by the types that tests check
        assert_equal(state(env), before)
        assert_equal(follows(env), follows(twin))


def test_a_slot_without_a_seed_gets_the_one_that_it_would_have_had():
    """The generator that seeds such slots goes back too, for both kinds of environments."""
    for name in ("single", "vector", "halting"):
        env, twin = ENVS[name](), ENVS[name]()
        for one in (env, twin):
            one._np_random = np.random.default_rng(3)
        with pytest.raises(ValueError):
            env.reset(options={"problem": "110200300412"})
        assert_equal(follows(env), follows(twin))


def test_the_next_training_episode_is_no_test_problem():
    env = RefinementEnv(ToyTask())
    env.reset(seed=1)
    with pytest.raises(ValueError, match="no solution"):
        env.reset(options={"level": 0, "split": "test", "problem": "110200300412"})
    other = RefinementEnv(ToyTask())
    other.reset(seed=1)
    assert_equal(env.reset()[0], other.reset()[0])


def test_an_episode_goes_on_for_the_curriculum_too():
    told: list[list[int]] = []

    class Source:
        def sample(self, count, rng):
            return np.array([1])

        def update(self, levels, solved):
            told.append(levels.tolist())

    env = CurriculumWrapper(RefinementEnv(ToyTask()), Source())
    env.reset(seed=0)
    for options in ({"split": "dev"}, {"problem": "1"}, {"nonsense": 1}):
        with pytest.raises(ValueError):
            env.reset(options=options)
    env.step(np.append(np.zeros(12, np.uint8), np.uint8(1)))
    assert told == [[1]]
