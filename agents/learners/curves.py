"""The figures of a learner's iterations, for TensorBoard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agents.common.curves import Charts
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


def charts(levels: Sequence[str]) -> Charts:
    """What of a learner's curves is shown together."""
    return {
        "halting": {
            "return": [TAGS["return"]],
            "right: where it halts, and at full depth": [TAGS["solved"], TAGS["solved_at_full_depth"]],
            "steps": [TAGS["steps"]],
        },
        "levels": {
            "right at full depth": [f"{TAGS['solved_at_full_depth']}/{level}" for level in levels],
            "mix of the curriculum": [f"curriculum/{level}" for level in levels],
        },
    }


def log(
    writer: Any, iteration: int, metrics: Metrics, solved: Mapping[str, float], mixture: Mapping[str, float]
) -> None:
    """Write an iteration's figures for TensorBoard; ``solved`` at full depth and ``mixture`` by level."""
    for name, value in metrics.scalars.items():
        writer.add_scalar(TAGS.get(name, f"train/{name}"), value, iteration)
    for level, share in solved.items():
        writer.add_scalar(f"{TAGS['solved_at_full_depth']}/{level}", share, iteration)
    for level, share in mixture.items():
        writer.add_scalar(f"curriculum/{level}", share, iteration)
    writer.add_histogram("rollout/halting_steps", metrics.halting_steps, iteration)
