"""What rewards say of answers while the network learns beside its halting head: worth, credit and objective."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from agents.common.checks import Checked
from agents.learners.advantages import best_of_group
from agents.learners.grpo import Samples
from agents.losses import group_advantage
from agents.rollouts.collect import Rollout
from trm_gym.reward import episode_return


@dataclass(frozen=True)
class AnswersConfig(Checked):
    """What the answers of a network are rewarded for. Halting is rewarded as ever."""

    worth: Literal["solved", "score"] = "solved"
    """What an answer is worth: 1 if it is right, or the verifier's graded score (of formulas 1 if right, else a bounded
    fit less the length)."""
    credit: Literal["halting", "every_step"] = "halting"
    """Which drafts are rewarded: those at sampled halting steps, less the price of the steps, compared within a
    problem; or those of every step, compared with the other branches' at the same step."""
    best: float = 1.0
    """Share of a group, its best, that the answers learn from; the least of these returns is their baseline. 1: all
    learn, and the mean of the others is the baseline."""
    mixed: bool = False
    """Whether answers learn only from groups in which some are right and some are wrong."""

    prefix = "joint.answers."

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.best <= 1:
            raise ValueError(f"joint.answers.best must be above 0 and at most 1, got {self.best}")


def answer_samples(samples: Samples, rollout: Rollout, config: AnswersConfig) -> Samples:
    """The samples that the answers learn from, made of those that halting learns from."""
    if config == AnswersConfig():
        return samples
    shape = samples.price.shape
    solved = rollout.unroll.solved.view(shape)
    worth = (rollout.score.view(shape) if config.worth == "score" else solved).double()
    steps, weight, log_probs = samples.halting_steps, samples.weight, samples.log_probs
    if config.credit == "every_step":
        steps = torch.arange(shape[-1]).expand(shape)
        weight, returns = torch.ones_like(log_probs), worth
        members = returns.transpose(1, 2).flatten(0, 1)
        advantage = _advantage(members, config.best).unflatten(0, (shape[0], shape[2])).transpose(1, 2)
    else:
        cost = samples.price[..., :1].double() / shape[-1]
        returns = episode_return(worth.gather(-1, steps), steps.double() + 1, cost)
        advantage = _advantage(returns.flatten(1), config.best).view(returns.shape)
    if config.mixed:
        advantage = advantage * _mixed(solved.gather(-1, steps))[:, None, None]
    signal = (advantage != 0).flatten(1).any(-1)
    return Samples(samples.price, log_probs, steps, weight, advantage.float(), signal)


def _advantage(returns: Float[Tensor, "groups members"], best: float) -> Float[Tensor, "groups members"]:
    return group_advantage(returns) if best == 1 else best_of_group(returns, best)


def _mixed(solved: Bool[Tensor, "p g k"]) -> Bool[Tensor, " p"]:
    """Which groups hold right answers and wrong ones."""
    whole = solved.flatten(1)
    return whole.any(-1) & ~whole.all(-1)
