"""Numbers that make no sense, given where something is built or run: a ValueError, or it works and gives numbers."""

from __future__ import annotations

import copy
import dataclasses
import functools
import math
import warnings
from collections.abc import Callable
from random import Random
from typing import Any, cast

import numpy as np

from agents.common.acceleration import AccelerationConfig
from agents.common.tensor_file import NotFiniteError
from agents.halting.registry import PLAIN_RULES
from agents.inference.engine import Engine
from agents.inference.solver import Solver
from agents.learners.config import LearnerConfig
from agents.learners.registry import LEARNERS, make_learner
from agents.pretraining.config import PretrainConfig
from agents.pretraining.trainer import Pretrainer
from agents.rollouts.dataset import DatasetConfig, RolloutDataset, collect_dataset
from curricula import CURRICULA, make_curriculum
from scripts.fuzzing import mangle
from scripts.fuzzing.options import at, paths, replaced
from scripts.fuzzing.stored import PUZZLE, SHAPE, untrained
from trm_gym import make_task
from trm_gym.dataset import ProblemDataset
from trm_gym.env import RefinementEnv
from trm_gym.reward import Price
from trm_gym.vector import RefinementVectorEnv
from trm_gym.wrappers import EditCells, StepCostSchedule

LARGE = 64
"""Sizes above this are taken for what they are, and not tried: to work long is no fault."""
_PLAIN = AccelerationConfig(compile="off", bfloat16="off")
_PRETRAIN = PretrainConfig("sudoku4x4", ("clues6-8",), SHAPE, acceleration=_PLAIN, updates=4, batch=2, max_steps=2)
_LEARNER = LearnerConfig(iterations=1, groups=3, passes=1, hidden=4)
_DATASET = DatasetConfig(problems=3, branches=2, max_steps=2)
_UNTRIED = ("seed", "level", "gradient_norm")
"""What may be large."""


def _changed(rng: Random, config: Any, leave: tuple[str, ...] = ()) -> Any:
    """A config with one or two numbers that may be none. Raises ValueError where it refuses them."""
    numbers = [
        way for way in paths(config) if way[0] not in leave and _is_number(functools.reduce(getattr, way, config))
    ]
    for way in rng.sample(numbers, rng.randrange(1, 3)):
        value = mangle.numeral(rng)
        config = replaced(
            config, way, (value,) * 2 if isinstance(functools.reduce(getattr, way, config), tuple) else value
        )
    return config


def _is_number(value: Any) -> bool:
    one = value[0] if isinstance(value, tuple) and value else value
    return one is None or (isinstance(one, (int, float)) and not isinstance(one, bool))


def _is_large(config: Any) -> bool:
    """Whether a whole number of a config is too large to be tried."""
    values = {way[-1]: at(config, way) for way in paths(config)}
    return any(type(value) is int and value > LARGE and name not in _UNTRIED for name, value in values.items())


def _finite(*values: Any) -> None:
    """Assert that all are numbers."""
    for value in values:
        assert np.isfinite(np.asarray(value, dtype=float)).all(), f"{value} is no number"


def tried(rng: Random) -> None:
    """One case of any kind; training that ends because its numbers end is right, too."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's own of learning rates and the like
        try:
            rng.choice(_KINDS)(rng)
        except NotFiniteError as error:
            assert "finite" in str(error)


def _pretraining(rng: Random) -> None:
    config = _changed(rng, _PRETRAIN, leave=("acceleration",))
    if _is_large(config):
        return
    trainer = Pretrainer(config)
    try:
        for _ in range(min(2, config.updates)):
            _finite(*trainer.update().values())
    finally:
        trainer.supply.close()


def _network(rng: Random) -> None:
    shape = dataclasses.replace(
        SHAPE, mixer=rng.choice(("units", "conv", "attention", "mlp", "mla")), positions="cells"
    )
    config = _changed(rng, rng.choice((SHAPE, shape)))
    if _is_large(dataclasses.replace(config, width_multiple=1)) or config.width_multiple > 10_000:
        return
    solver = Solver.untrained("sudoku4x4", config, seed=cast(Any, rng.choice((0, mangle.numeral(rng)))))
    _finite(solver.solve(PUZZLE, max_steps=2, rule="always").confidence)


@functools.cache
def _runs() -> RolloutDataset:
    return collect_dataset(untrained().model, make_task("sudoku4x4"), [0], _DATASET)


def _learning(rng: Random) -> None:
    config = _changed(rng, _LEARNER)
    if _is_large(config):
        return
    runs = _runs()
    name = rng.choice(sorted(LEARNERS))
    learner = make_learner(name, config, runs.unroll.features.shape[-1], rng.choice((0, 3)))
    _finite(*learner.update(cast(Any, runs)).scalars.values())


def _collecting(rng: Random) -> None:
    config = _changed(rng, _DATASET)
    if not _is_large(config):
        runs = collect_dataset(untrained().model, make_task("sudoku4x4"), [0], config)
        _finite(runs.step_cost, runs.unroll.features)


def _solving(rng: Random) -> None:
    solver = Solver(dataclasses.replace(untrained(), model=copy.deepcopy(untrained().model)))
    one = functools.partial(mangle.numeral, rng)
    names = (*(rule.name for rule in PLAIN_RULES), "always", "verifier", "grpo", "bce", "two_heads")
    number = rng.choice((one(), one(), rng.randrange(3)))
    named = rng.choice((f"{rng.choice(names)}:{number}", f"{rng.choice(names)}:{one()},{one()}", rng.choice(names)))
    rule = rng.choice((None, "always", named, f"{named}+{rng.choice(names)}", mangle.text(rng, [named])))
    steps, price = cast(Any, rng.choice((2, one()))), cast(Any, rng.choice((2, one())))
    if _endless(steps):
        return
    kind = rng.randrange(4)
    if kind == 0:
        found = solver.solve(PUZZLE, steps, rule, price=price)
        assert 1 <= found.steps <= steps
        _finite(found.confidence, found.right)
    elif kind == 1:
        slots = rng.choice((2, one()))
        list(solver.stream([PUZZLE] * 3, steps, rule, price, slots if not _huge(slots) else 2))
    elif kind == 2:
        _finite(*solver.train_step(PUZZLE, None, steps, price).values())
    else:
        sound = (("noise", 0.1), ("branches", 1), ("seed", 3))
        given: dict[str, Any] = {name: rng.choice((fit, one())) for name, fit in sound}
        if not _huge(given["branches"]):
            list(Engine(solver.checkpoint.model, solver.task, solver.rule(rule), 2, steps, **given).run([PUZZLE] * 2))


def _endless(steps: Any) -> bool:
    return isinstance(steps, (int, np.integer)) and bool(steps > LARGE)


def _huge(value: Any) -> bool:
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool) and bool(abs(value) > LARGE)


def _environment(rng: Random) -> None:
    one = functools.partial(mangle.numeral, rng)
    given: dict[str, Any] = {
        "level": 0,
        "max_steps": 3,
        "step_cost": 0.01,
        "size": None,
        "render_scale": 1,
        "max_episode_steps": None,
    }
    name = rng.choice((*given, "num_envs"))
    batch = name in ("num_envs", "max_episode_steps") or rng.randrange(2)
    if not batch:
        del given["max_episode_steps"]
    value = one()
    if name == "num_envs" and _huge(value):
        return
    given[name] = value
    task = rng.choice(("sudoku4x4", "maze5x5", "arithmetic"))
    if name == "size":
        task = "maze5x5"
    env = RefinementVectorEnv(given.pop("num_envs", 2), task, **given) if batch else RefinementEnv(task, **given)
    env.reset(seed=1)
    for _ in range(2):
        seen, reward, *_ = env.step(env.action_space.sample())
        _finite(reward, seen["budget"])
        if not batch:
            env.reset()


def _around(rng: Random) -> None:
    """Wrappers, prices, data sets, curricula."""
    one = functools.partial(mangle.numeral, rng)
    kind = rng.randrange(5)
    if kind == 0:
        env = EditCells(RefinementEnv("sudoku4x4"), price=one())
    elif kind == 1:
        value = one()
        env = StepCostSchedule(RefinementEnv("sudoku4x4"), lambda episode: value)
    elif kind == 2:
        cost, budget = (cast(Any, rng.choice((fit, one()))) for fit in (0.1, 16))
        price = Price(cost, budget)
        _finite(price.step_cost)
        return
    elif kind == 3:
        count = one()
        if not _huge(count):
            ProblemDataset("sudoku4x4", rng.choice((0, one())), "train", count, rng.choice((0, one())))
        return
    else:
        levels = rng.choice(([0, 1, 2], [0, one()], one()))
        mixture = rng.choice(((), (0.5, 0.25, 0.25), (one(), one(), 1)))
        made = make_curriculum(rng.choice(sorted(CURRICULA)), cast(Any, levels), rng.choice((10, one())), mixture)
        _finite(made.mixture)
        assert math.isclose(made.mixture.sum(), 1)
        return
    env.reset(seed=1)
    _finite(env.step(env.action_space.sample())[1])


_KINDS: tuple[Callable[[Random], None], ...] = (
    *(_pretraining, _network, _learning, _collecting, _solving, _solving, _environment, _environment, _around),
)
