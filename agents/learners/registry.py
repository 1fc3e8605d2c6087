"""Every learner by name, and one door to all of them: the same groups, the same number of updates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, is_dataclass

from agents.common.console import Progress
from agents.common.finite import told
from agents.halting.restart_head import Head
from agents.learners.base import Learner
from agents.learners.config import LearnerConfig
from agents.learners.expected import Expected, PonderNet
from agents.learners.grpo import Grpo
from agents.learners.policy_gradient import Reinforce, Rloo
from agents.learners.restarts import RestartGrpo
from agents.learners.supervised import Bce, TwoHeads
from agents.rollouts.dataset import RolloutDataset
from trm_gym.short_repr import short

LEARNERS: dict[str, type[Learner]] = {
    "grpo": Grpo,
    "reinforce": Reinforce,
    "rloo": Rloo,
    "pondernet": PonderNet,
    "bce": Bce,
    "two_heads": TwoHeads,
    "expected": Expected,
    "grpo_restarts": RestartGrpo,
}
"""A learner is one file and one line here; scripts/grpo.py and compare.py then take it by its name."""

SMALLER = (
    "Use a smaller training.lr or training.policy.threshold_lr (joint.lr where the network learns), in another folder"
)


def make_learner(name: str, config: LearnerConfig, features: int, seed: int) -> Learner:
    """A fresh learner. features: what the head sees per step. Raises ValueError for an unknown name."""
    check_names([name])
    return LEARNERS[name](config, features, seed)


def check_names(names: Sequence[str]) -> None:
    """Raise ValueError for an unknown learner."""
    if unknown := [name for name in names if name not in LEARNERS]:
        raise ValueError(f"unknown learner {short(unknown[0])}: use some of {', '.join(LEARNERS)}")


def check_learners(names: Sequence[str], config: LearnerConfig) -> None:
    """Raise ValueError for an unknown learner, and for a section that is set though none of the learners uses it."""
    check_names(names)
    used = {section for name in names for section in LEARNERS[name].sections}
    for field in fields(config):
        section = getattr(config, field.name)
        if is_dataclass(section) and field.name not in used and section != type(section)():
            users = ", ".join(name for name, learner in LEARNERS.items() if field.name in learner.sections)
            raise ValueError(
                f"{', '.join(names)} would ignore training.{field.name}, which is used by {users}: leave it out, or "
                "choose one of those learners"
            )


def train_head(name: str, dataset: RolloutDataset, config: LearnerConfig, seed: int) -> Head:
    """A head taught by the learner ``name``, in evaluation mode, with a bar to watch.

    Every iteration learns from all of the dataset; a part of it is what progress is measured on.
    """
    learner = make_learner(name, config, dataset.unroll.features.shape[-1], seed)
    with Progress(config.iterations, f"{name}, seed {seed}") as bar, told(lambda: name, SMALLER):
        for iteration in range(config.iterations):
            part = dataset.part(iteration, min(config.groups, len(dataset)))
            metrics = learner.update(part, dataset.unroll)
            bar.update(iteration + 1, **{shown: metrics.scalars[shown] for shown in ("return", "steps", "solved")})
    return learner.head.eval().requires_grad_(False)
