"""What is handed to the environment of halting: settings, resets, actions and states that lie."""

from __future__ import annotations

import functools
from random import Random
from typing import Any, cast

import numpy as np
from gymnasium.error import ResetNeeded

from agents.envs.halting import HaltingEnv, HaltingVectorEnv, make_halting, make_halting_vector
from scripts.fuzzing import mangle

_DATASET: dict[str, Any] = {"checkpoint": "sudoku4x4", "level": "clues6-8", "problems": 6, "max_steps": 3}
_WORDS = ("0", "train", "clues6-8", "sudoku4x4")


@functools.cache
def one() -> HaltingEnv:
    """An environment that goes on from case to case, which no bad input may break."""
    env = make_halting(**_DATASET)
    env.reset(seed=0)
    return env


@functools.cache
def several() -> HaltingVectorEnv:
    """The same for three slots."""
    envs = make_halting_vector(3, **_DATASET)
    envs.reset(seed=0)
    return envs


def halting(rng: Random) -> None:
    """One case of any kind."""
    rng.choice((_making, _reset, _reset, _action, _action, _state, _state))(rng)


def _wild(rng: Random) -> Any:
    return mangle.anything(rng, 3, _WORDS)


def _making(rng: Random) -> None:
    settings = _DATASET | {"split": "test", "step_cost": 0.1, "prices": (0.1, 0.5)}
    settings[rng.choice([*settings, "task", "size"])] = rng.choice((_wild(rng), mangle.number(rng)))
    seen, _ = make_halting(**settings).reset(seed=0)
    assert np.isfinite(seen).all()


def _reset(rng: Random) -> None:
    env = rng.choice((one(), several()))
    keys = rng.sample(("problem", "problems", "reset_mask", "level", "nonsense"), rng.randrange(3))
    known = {"problem": rng.randrange(-1, 8), "problems": [0, 5, rng.randrange(8)], "reset_mask": np.array([True] * 3)}
    options = {key: known[key] if key in known and rng.randrange(2) else _wild(rng) for key in keys}
    seed = cast(Any, rng.choice((None, 3, mangle.number(rng), [1, None, 2**63], _wild(rng))))
    env.reset(seed=seed, options=options if rng.randrange(8) else _wild(rng))
    _sound(env)


def _action(rng: Random) -> None:
    env = rng.choice((one(), several()))
    given = rng.choice((rng.randrange(-1, 3), mangle.array(rng, 3), _wild(rng), env.action_space.sample()))
    try:
        seen, reward, *_ = env.step(cast(Any, given))
    except ResetNeeded:
        env.reset()
        raise
    assert env.observation_space.contains(seen) and np.isfinite(reward).all()


def _state(rng: Random) -> None:
    env = rng.choice((one(), several()))
    whole = env.get_state()
    for key in rng.sample(sorted(whole), rng.randrange(3)):
        old = whole[key]
        near = old.ravel()[:-1] if isinstance(old, np.ndarray) and rng.randrange(2) else old
        whole[key] = rng.choice((near, _wild(rng), mangle.array(rng, np.size(old))))
    env.set_state(whole if rng.randrange(8) else _wild(rng))
    _sound(env)


def _sound(env: HaltingEnv | HaltingVectorEnv) -> None:
    assert env.observation_space.contains(env.reset(seed=1)[0]), "bad input must leave a sound environment"
