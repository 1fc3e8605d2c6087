"""Graded drafts made up by rule, for tests of what comes after the network."""

from __future__ import annotations

import numpy as np
import torch

from agents.rollouts.dataset import RolloutDataset
from agents.rollouts.unroll import Unroll

HOPELESS = 0


def made_up(first: np.ndarray, budget: int = 8, seed: int = 0, noise: float = 0.1) -> Unroll:
    """Problem i is right from step first[i] on, never where that is HOPELESS; every score hints at it, with noise.

    features: what a head could learn from: a noisy verdict, a noisy hint that the problem is hopeless, the step.
    """
    rng = np.random.default_rng(seed)
    steps = np.arange(1, budget + 1)
    solved = (first[:, None] != HOPELESS) & (steps >= first[:, None])
    hint = solved + noise * rng.standard_normal(solved.shape)
    never = (first == HOPELESS)[:, None] + noise * rng.standard_normal(solved.shape)
    features = np.stack([hint, np.broadcast_to(steps / budget, solved.shape), never], -1)

    def tensor(values: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(values, np.float32))

    return Unroll(
        features=tensor(features),
        solved=torch.from_numpy(solved),
        halt_logit=tensor(8 * hint - 4),
        velocity=tensor(1.5 - hint),
        confidence=tensor(hint),
        changed=tensor(steps <= np.where(first == HOPELESS, budget, first)[:, None]),
        level=torch.zeros(len(first), dtype=torch.long),
        difficulty=tensor(np.where(first == HOPELESS, 2 * budget, first)),
    )


def varied(count: int = 200, budget: int = 8, seed: int = 0, noise: float = 0.1) -> Unroll:
    """Problems of every kind, a fifth of them hopeless."""
    first = np.random.default_rng(seed).integers(1, budget - 1, count)
    first[::5] = HOPELESS
    return made_up(first, budget, seed, noise)


def dataset(runs: Unroll, step_cost: float = 0.00625) -> RolloutDataset:
    """Runs of one branch each, to play on."""
    return RolloutDataset(runs, 1, step_cost)
