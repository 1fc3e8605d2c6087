"""Halting learners to hold GRPO against: the same head on the same bank of graded drafts, with as many updates.

Supervised ones learn what a draft is (right now; right ever), and a threshold makes a halting rule of it; `expected`
learns the rule itself, by the exact gradient of the return.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor

from agents.halting.heads import NEUTRAL_PRICE, PRICE_RANGE, Halter, HaltHead, HaltPolicy
from agents.learners.grpo import GrpoConfig
from agents.learners.optim import HeadOptimizer
from agents.learners.pricing import draw_prices
from agents.losses import (
    binary_cross_entropy,
    expected_return,
    halting_log_probs,
    halting_returns,
    judgement_loss,
)
from agents.rollouts.unroll import Unroll

H = TypeVar("H", HaltHead, HaltPolicy)
Loss = Callable[[H, Tensor, Tensor, Tensor], Tensor]
"""Of a head, from features [b, s, f], verdicts [b, s] and each problem's price [b, s]."""


SHARED = ("hidden", "lr", "bar_lr", "judge_first", "decay", "gradient_norm", "prices", "own_price")
"""Settings that heads take over from GRPO."""


@dataclass(frozen=True)
class HeadConfig:
    """How a halting head is trained; ``HeadConfig.like`` makes it the same as GRPO's."""

    updates: int = 1500
    """Updates of the head."""
    batch: int = 512
    """Runs of a problem (branches) per update."""
    hidden: int = 64
    """Width of the head."""
    lr: float = 1e-3
    """Learning rate of Adam."""
    bar_lr: float = 3e-2
    """Learning rate of Adam on a policy's bars."""
    judge_first: float = 0.3
    """Share of the updates before a policy's bars begin to learn."""
    decay: float = 0.5
    """Share of the updates, at their end, over which the learning rate falls linearly to zero."""
    gradient_norm: float = 1.0
    """Longest gradient; longer ones are cut to it."""
    prices: tuple[float, float] = PRICE_RANGE
    """Lowest and highest price drawn, as for GRPO."""
    own: float = 0.1
    """The environment's own price."""
    own_price: float = 0.1
    """Share of problems at the environment's own price."""

    def __post_init__(self) -> None:
        for name in ("updates", "batch", "hidden", "lr", "gradient_norm"):
            if getattr(self, name) <= 0:
                raise ValueError(f"head.{name} must be positive, got {getattr(self, name)}")

    @staticmethod
    def like(grpo: GrpoConfig, updates: int, batch: int, own: float) -> HeadConfig:
        """The settings of a GRPO run that made so many ``updates`` on ``batch`` branches each; own: its env's price."""
        return HeadConfig(
            updates=updates,
            batch=batch,
            own=own,
            **{name: getattr(grpo, name) for name in SHARED},
        )


def train_baselines(bank: Unroll, config: HeadConfig, seed: int) -> dict[str, Halter]:
    """Every baseline head by its name, trained on ``bank``; a pure function of the arguments."""
    return {
        "bce": train_bce(bank, config, seed),
        "two_heads": train_two_heads(bank, config, seed),
        "expected": train_expected(bank, config, seed),
    }


def train_bce(bank: Unroll, config: HeadConfig, seed: int) -> HaltHead:
    """A head whose logit says whether the draft is right now."""

    def loss(head: HaltHead, features: Tensor, solved: Tensor, price: Tensor) -> Tensor:
        return binary_cross_entropy(head(features, torch.full_like(price, NEUTRAL_PRICE))[..., 0], solved)

    return _train(HaltHead(bank.features.shape[-1], config.hidden, 1, seed), bank, config, seed, loss)


def train_two_heads(bank: Unroll, config: HeadConfig, seed: int) -> HaltHead:
    """A head with two logits: the draft is right now; this draft or a later one within the budget is."""

    def loss(head: HaltHead, features: Tensor, solved: Tensor, price: Tensor) -> Tensor:
        return judgement_loss(head(features, torch.full_like(price, NEUTRAL_PRICE)), solved)

    return _train(HaltHead(bank.features.shape[-1], config.hidden, 2, seed), bank, config, seed, loss)


def train_expected(bank: Unroll, config: HeadConfig, seed: int) -> HaltPolicy:
    """GRPO's policy, taught by the exact gradient of sum_t p_t R_t at prices drawn as GRPO draws them: no sampling."""

    def loss(policy: HaltPolicy, features: Tensor, solved: Tensor, price: Tensor) -> Tensor:
        returns = halting_returns(solved, price[:, 0] / solved.shape[-1])
        gain = expected_return(halting_log_probs(policy(features, price)[..., 0]), returns).mean()
        return judgement_loss(policy.judgements(features), solved) - gain

    return _train(HaltPolicy(bank.features.shape[-1], config.hidden, seed), bank, config, seed, loss)


def _train(head: H, bank: Unroll, config: HeadConfig, seed: int, loss: Loss[H]) -> H:
    """``head`` trained on random batches of ``bank``; in evaluation mode."""
    if not len(bank):
        raise ValueError("the bank is empty: collect at least one rollout before training heads on it")
    generator = torch.Generator().manual_seed(seed)
    head.standardise(bank.features)
    optimizer = HeadOptimizer(head, config)
    for update in range(config.updates):
        optimizer.pace(update, config.updates)
        index = torch.randint(len(bank), (config.batch,), generator=generator)
        solved = bank.solved[index]
        price = draw_prices(config.batch, *config.prices, config.own, config.own_price, generator).float()
        optimizer.step(loss(head, bank.features[index], solved, price[:, None].expand(solved.shape)))
    return head.eval().requires_grad_(False)
