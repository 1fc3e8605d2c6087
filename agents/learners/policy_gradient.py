"""REINFORCE and RLOO: policy gradients by halting steps that are sampled, without ratios and clipping."""

from __future__ import annotations

import abc
from typing import final

from jaxtyping import Float
from torch import Tensor

from agents import losses
from agents.learners.base import GroupLearner
from agents.learners.sampling import draw_halting_steps


class PolicyGradient(GroupLearner):
    """Policy gradients by sampled halting steps, some of them uniform (sampling.explore)."""

    sections = ("policy", "sampling")

    @abc.abstractmethod
    def advantage(self, returns: Float[Tensor, "p m"]) -> Float[Tensor, "p m"]:
        """How much better each of a group's M sampled returns is than its baseline."""

    def loss(self, log_probs: Float[Tensor, "p g s"], returns: Float[Tensor, "p g s"]) -> Float[Tensor, ""]:
        """See losses.score_function_loss; less a bonus for entropy, as GRPO has it."""
        sampling = self.config.sampling
        steps, weight = draw_halting_steps(log_probs.detach(), sampling.halting_steps, sampling.explore, self.generator)
        advantage = self.advantage(returns.gather(-1, steps).flatten(1)).to(log_probs.dtype).view_as(weight)
        surrogate = losses.score_function_loss(log_probs.gather(-1, steps), advantage, weight)
        return surrogate - sampling.entropy * losses.halting_entropy(log_probs).mean()


@final
class Reinforce(PolicyGradient):
    """REINFORCE (Williams 1992): the baseline is the mean of all other returns in the minibatch, whatever problem and
    price they belong to.
    """

    def advantage(self, returns: Float[Tensor, "p m"]) -> Float[Tensor, "p m"]:
        """The whole minibatch as one group."""
        return losses.group_advantage(returns.view(1, -1)).view_as(returns)


@final
class Rloo(PolicyGradient):
    """RLOO (Kool 2019; Ahmadian 2024, arXiv 2402.14740): the baseline is the mean of the others of the group.

    GRPO as it is here is the same with clipped ratios, and with the reuse of samples that clipping allows.
    """

    def advantage(self, returns: Float[Tensor, "p m"]) -> Float[Tensor, "p m"]:
        """See losses.group_advantage."""
        return losses.group_advantage(returns)
