"""Stable-Baselines3's adapter for native environments, beside its own DummyVecEnv."""

from __future__ import annotations

import itertools

import numpy as np
import torch
from gymnasium.spaces import MultiDiscrete
from gymnasium.vector import AutoresetMode
from stable_baselines3.common.vec_env import DummyVecEnv, VecEnv

from agents.envs.halting import HaltingEnv, HaltingVectorEnv
from agents.rollouts.dataset import RolloutDataset
from agents.rollouts.unroll import Unroll
from agents.sb3.vec_env import TRMVecEnv
from scripts.benchmarking.measuring import ACTION_BATCHES, Figure, Settings, best, per_second
from trm_gym.env import RefinementEnv
from trm_gym.episodes import DEFAULT_COST, DEFAULT_STEPS
from trm_gym.registration import make_task
from trm_gym.vector import RefinementVectorEnv


def measure_sb3(settings: Settings) -> list[Figure]:
    """SB3's steps per second on native vector environments and on its DummyVecEnv of the scalar one, in one run."""
    task, dataset = make_task(settings.task), noise_dataset()
    grains = {
        "halting": (
            lambda: HaltingVectorEnv(settings.slots, dataset, autoreset_mode=AutoresetMode.SAME_STEP),
            lambda: HaltingEnv(dataset),
        ),
        f"answers, {settings.task} {settings.level}": (
            lambda: RefinementVectorEnv(settings.slots, task, settings.level, autoreset_mode=AutoresetMode.SAME_STEP),
            lambda: RefinementEnv(task, settings.level),
        ),
    }
    figures = []
    for name, (native, scalar) in grains.items():
        adapted, looped = TRMVecEnv(native()), DummyVecEnv([scalar] * settings.loop_slots)
        fast, slow = (best(lambda envs=envs: sb3_steps(envs, settings), max) for envs in (adapted, looped))
        bar = 100e3 if name == "halting" else None
        figures.append(Figure(f"{name}: TRMVecEnv, {settings.slots} slots", fast, "steps/s", bar))
        figures.append(Figure(f"{name}: DummyVecEnv, {settings.loop_slots} slots", slow, "steps/s"))
        figures.append(Figure(f"{name}: TRMVecEnv against DummyVecEnv", fast / slow, "times", 20))
    return figures


def sb3_steps(envs: VecEnv, settings: Settings) -> float:
    """Steps per second, a third of them the last of their episodes. The actions are noise, drawn beforehand."""
    rng = np.random.default_rng(0)
    space = envs.action_space
    shape = (ACTION_BATCHES, envs.num_envs, *(space.shape or ()))
    actions = rng.integers(0, space.nvec[0] if isinstance(space, MultiDiscrete) else 2, shape)
    halts = rng.random(shape[:2]) < 1 / 3
    if isinstance(space, MultiDiscrete):
        actions[..., -1] = halts
    else:
        actions = halts.astype(np.int64)
    batches = itertools.cycle(actions)
    envs.reset()
    return per_second(lambda: envs.step(next(batches)), envs.num_envs, settings)


def noise_dataset(problems: int = 2000, features: int = 99) -> RolloutDataset:
    """A dataset of noise, of the size that a halting head meets: speed does not depend on what is in it."""
    rng = np.random.default_rng(0)
    noise = torch.from_numpy(rng.standard_normal((problems, DEFAULT_STEPS, features), dtype=np.float32))
    plain = noise[..., 0]
    level = torch.zeros(problems, dtype=torch.long)
    return RolloutDataset(Unroll(noise, plain > 0, plain, plain, plain, plain, level, plain[:, 0]), 1, DEFAULT_COST)
