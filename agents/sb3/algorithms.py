"""Algorithms of Stable-Baselines3 and sb3-contrib as they are, with settings under which each learns its grain."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.utils import LinearSchedule
from stable_baselines3.common.vec_env import VecEnv

PLAYED = {
    "halt": ("ppo", "a2c", "dqn", "recurrent_ppo"),
    "answer": ("ppo", "a2c"),
    "cell": ("dqn", "maskable_ppo"),
}
"""The algorithms that take a grain's actions."""
MODULES = {
    "ppo": ("stable_baselines3", "PPO"),
    "a2c": ("stable_baselines3", "A2C"),
    "dqn": ("stable_baselines3", "DQN"),
    "recurrent_ppo": ("sb3_contrib", "RecurrentPPO"),
    "maskable_ppo": ("sb3_contrib", "MaskablePPO"),
}
"""Module and class."""

_ON_POLICY = {"learning_rate": 1e-3, "ent_coef": 1e-3}
_PPO = {**_ON_POLICY, "n_steps": 64, "batch_size": 1024, "n_epochs": 4}
_DQN = {
    "learning_rate": 1e-3,
    "buffer_size": 100_000,
    "learning_starts": 5_000,
    "batch_size": 256,
    "gradient_steps": 4,
    "target_update_interval": 5_000,
    "exploration_fraction": 0.3,
    "exploration_final_eps": 0.02,
}
_WRITER = {"ppo": _PPO, "a2c": {**_ON_POLICY, "n_steps": 16}}
SETTINGS: dict[str, dict[str, dict[str, Any]]] = {
    "halt": {**_WRITER, "dqn": _DQN, "recurrent_ppo": _PPO},
    "answer": _WRITER,
    # Found by trying, on one level of 4x4 sudoku; no setting has been ablated. Of tokens one-hot, whether a digit
    # may stand in a cell is nearly linear, which may be why no hidden layer did better than one.
    "cell": {
        "maskable_ppo": {
            "policy_kwargs": {"net_arch": {"pi": [], "vf": [64]}},
            "learning_rate": LinearSchedule(1e-2, 0.0, 1.0),
            "ent_coef": 0.0,
            "n_steps": 16,
            "batch_size": 512,
            "n_epochs": 8,
        },
        # It has no masks and most edits change nothing: half of them stay random.
        "dqn": {
            "policy_kwargs": {"net_arch": []},
            "learning_rate": LinearSchedule(2e-3, 0.0, 1.0),
            "buffer_size": 100_000,
            "learning_starts": 2_000,
            "batch_size": 1024,
            "train_freq": 1,
            "gradient_steps": 2,
            "target_update_interval": 2_000,
            "exploration_fraction": 0.05,
            "exploration_final_eps": 0.5,
        },
    },
}
"""By grain and algorithm, what differs from the library's own settings."""


def make_learner(grain: str, algorithm: str, envs: VecEnv, timesteps: int, gamma: float, seed: int) -> BaseAlgorithm:
    """An algorithm, fresh, that is to learn for ``timesteps`` steps of ``envs``.

    Raises ValueError for one that does not play the grain, and where its library is missing.
    """
    check_plays(grain, algorithm)
    module, name = MODULES[algorithm]
    try:
        made = getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        raise ValueError(f"{algorithm} needs {error.name}: pip install sb3-contrib") from None
    body = "MlpPolicy" if grain == "halt" else "MultiInputPolicy"
    policy = "MlpLstmPolicy" if algorithm == "recurrent_ppo" else body
    settings = SETTINGS[grain][algorithm]
    if "n_steps" in settings:
        settings = {**settings, **_fitted(settings, timesteps, envs.num_envs)}
    return made(policy, envs, gamma=gamma, seed=seed, device="cpu", **settings)


def check_plays(grain: str, algorithm: str) -> None:
    """Raises ValueError where the algorithm does not take the grain's actions."""
    if algorithm not in PLAYED[grain]:
        raise ValueError(f"{algorithm} does not play the {grain} grain: use one of {', '.join(PLAYED[grain])}")


def _fitted(settings: dict[str, Any], timesteps: int, slots: int) -> dict[str, int]:
    """Rollouts no longer than the run, in minibatches that are no larger than a rollout."""
    steps = max(2, min(settings["n_steps"], timesteps // slots))
    return {"n_steps": steps} | (
        {"batch_size": min(settings["batch_size"], steps * slots)} if "batch_size" in settings else {}
    )
