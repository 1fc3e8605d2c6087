"""Classifiers of drafts, which a threshold makes halting rules of. They learn from verdicts and know no price."""

from __future__ import annotations

from typing import final

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from agents import losses
from agents.halting.heads import NEUTRAL_PRICE, HaltHead
from agents.learners.base import RunLearner


@final
class Bce(RunLearner):
    """One logit: the draft is right now."""

    sections = ()
    asked_price = NEUTRAL_PRICE

    def make_head(self, features: int, seed: int) -> HaltHead:
        """A fresh head."""
        return HaltHead(features, self.config.hidden, 1, seed)

    def loss(
        self, features: Float[Tensor, "b s f"], solved: Bool[Tensor, "b s"], price: Float[Tensor, "b s"]
    ) -> Float[Tensor, ""]:
        """Binary cross-entropy with the verdicts."""
        return losses.binary_cross_entropy(self.head(features, torch.full_like(price, NEUTRAL_PRICE))[..., 0], solved)


@final
class TwoHeads(RunLearner):
    """Two logits: the draft is right now; this draft or a later one within the budget is."""

    sections = ()
    asked_price = NEUTRAL_PRICE

    def make_head(self, features: int, seed: int) -> HaltHead:
        """A fresh head."""
        return HaltHead(features, self.config.hidden, 2, seed)

    def loss(
        self, features: Float[Tensor, "b s f"], solved: Bool[Tensor, "b s"], price: Float[Tensor, "b s"]
    ) -> Float[Tensor, ""]:
        """See losses.value_loss."""
        return losses.value_loss(self.head(features, torch.full_like(price, NEUTRAL_PRICE)), solved)
