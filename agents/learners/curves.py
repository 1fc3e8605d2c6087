"""The figures of a learner's iterations, for TensorBoard."""

from __future__ import annotations

from typing import Any

from agents.learners.metrics import Metrics

SHOWN = ("return", "steps", "solved", "solved_at_full_depth")
"""Figures beside the bar."""
TAGS = {
    "return": "rollout/ep_rew_mean",
    "steps": "rollout/ep_len_mean",
    "solved": "rollout/success_rate",
    "solved_at_full_depth": "rollout/full_depth_success_rate",
    "kl": "train/approx_kl",
}
"""Stable-Baselines3's names for what it has names for; everything else goes by its own name below train/."""


def log(writer: Any, iteration: int, metrics: Metrics, solved: dict[str, float]) -> None:
    """Write an iteration's figures for TensorBoard."""
    for name, value in metrics.scalars.items():
        writer.add_scalar(TAGS.get(name, f"train/{name}"), value, iteration)
    for level, share in solved.items():
        writer.add_scalar(f"rollout/full_depth_success_rate/{level}", share, iteration)
    writer.add_histogram("rollout/halting_steps", metrics.halting_steps, iteration)
