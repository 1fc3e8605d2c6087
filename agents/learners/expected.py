"""Learners by the exact gradient of the return over all halting steps, which needs no sampling."""

from __future__ import annotations

from typing import final

from jaxtyping import Bool, Float
from torch import Tensor

from agents import losses
from agents.halting.heads import HaltPolicy
from agents.learners.base import GroupLearner, RunLearner
from agents.learners.metrics import halting_log_probs


@final
class Expected(RunLearner):
    """Maximises sum_t p_t R_t, the expected return itself: PonderNet without its prior."""

    head: HaltPolicy

    def loss(
        self, features: Float[Tensor, "b s f"], solved: Bool[Tensor, "b s"], price: Float[Tensor, "b s"]
    ) -> Float[Tensor, ""]:
        """See losses.expected_return; value heads learn from verdicts beside it."""
        returns = losses.halting_returns(solved, price[:, 0] / solved.shape[-1])
        gain = losses.expected_return(halting_log_probs(self.head, features, price), returns).mean()
        return losses.value_loss(self.head.value_logits(features), solved) - gain


@final
class PonderNet(GroupLearner):
    """The expected return, held near a geometric distribution of halting steps (Banino et al. 2021, arXiv 2107.05407,
    equation 5).
    """

    sections = ("policy", "pondernet")

    def loss(self, log_probs: Float[Tensor, "p g s"], returns: Float[Tensor, "p g s"]) -> Float[Tensor, ""]:
        """-sum_t p_t R_t + weight KL(p || prior)."""
        config = self.config.pondernet
        prior = losses.geometric_log_probs(config.rate, log_probs.shape[-1]).expand_as(log_probs)
        divergence = losses.halting_kl(log_probs, prior).mean()
        return config.weight * divergence - losses.expected_return(log_probs, returns).mean()
