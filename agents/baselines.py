"""Halting learners to hold GRPO against: the same head on the same bank of graded drafts, with as many updates.

Supervised ones learn what a draft is (right now; right ever), and a threshold makes a halting rule of it; `expected`
learns the rule itself, by the exact gradient of the return.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from agents.grpo import GrpoConfig, draw_prices
from agents.halting import PRICES, HaltHead
from agents.losses import binary_cross_entropy, expected_return, halting_log_probs, halting_returns
from agents.optim import schedule
from agents.rollout import Unroll

Loss = Callable[[Float[Tensor, "b s outputs"], Bool[Tensor, "b s"], Float[Tensor, " b"]], Float[Tensor, ""]]
"""From a head's logits, the verdicts on the drafts and the price of every problem to a loss."""


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
    decay: float = 0.5
    """Share of the updates, at their end, over which the learning rate falls linearly to zero."""
    gradient_norm: float = 1.0
    """Longest gradient; longer ones are cut to it."""
    prices: tuple[float, float] = PRICES
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
            updates, batch, grpo.hidden, grpo.lr, grpo.decay, grpo.gradient_norm, grpo.prices, own, grpo.own_price
        )


def train_baselines(bank: Unroll, config: HeadConfig, seed: int) -> dict[str, HaltHead]:
    """Every baseline head by its name, trained on ``bank``; a pure function of the arguments."""
    return {
        "bce": train_bce(bank, config, seed),
        "two_heads": train_two_heads(bank, config, seed),
        "expected": train_expected(bank, config, seed),
    }


def train_bce(bank: Unroll, config: HeadConfig, seed: int) -> HaltHead:
    """A head whose logit says whether the draft is right now."""

    def loss(logits: Tensor, solved: Tensor, _: Tensor) -> Tensor:
        return binary_cross_entropy(logits[..., 0], solved)

    return _train(bank, config, seed, 1, loss)


def train_two_heads(bank: Unroll, config: HeadConfig, seed: int) -> HaltHead:
    """A head with two logits: the draft is right now; this draft or a later one within the budget is."""

    def loss(logits: Tensor, solved: Tensor, _: Tensor) -> Tensor:
        return binary_cross_entropy(logits, torch.stack([solved, ever_solved(solved)], -1))

    return _train(bank, config, seed, 2, loss)


def train_expected(bank: Unroll, config: HeadConfig, seed: int) -> HaltHead:
    """A policy that maximises sum_t p_t R_t at prices drawn as GRPO draws them, without sampling halting times."""

    def loss(logits: Tensor, solved: Tensor, price: Tensor) -> Tensor:
        returns = halting_returns(solved, price / solved.shape[-1])
        return -expected_return(halting_log_probs(logits[..., 0]), returns).mean()

    return _train(bank, config, seed, 1, loss)


def ever_solved(solved: Bool[Tensor, "b s"]) -> Bool[Tensor, "b s"]:
    """Whether this draft or a later one is right."""
    return solved.flip(-1).cummax(-1).values.flip(-1)


def _train(bank: Unroll, config: HeadConfig, seed: int, outputs: int, loss: Loss) -> HaltHead:
    """A head of ``outputs`` logits trained on random batches of ``bank``; in evaluation mode."""
    if not len(bank):
        raise ValueError("the bank is empty: collect at least one rollout before training heads on it")
    generator = torch.Generator().manual_seed(seed)
    head = HaltHead(bank.features.shape[-1], config.hidden, outputs, seed)
    head.standardise(bank.features)
    optimizer = torch.optim.Adam(head.parameters(), lr=config.lr)
    for update in range(config.updates):
        for group in optimizer.param_groups:
            group["lr"] = config.lr * schedule(update, config.updates, 0, config.decay)
        index = torch.randint(len(bank), (config.batch,), generator=generator)
        features, solved = bank.features[index], bank.solved[index]
        price = draw_prices(config.batch, *config.prices, config.own, config.own_price, generator).float()
        optimizer.zero_grad()
        loss(head(features, price[:, None].expand_as(solved)), solved, price).backward()
        torch.nn.utils.clip_grad_norm_(head.parameters(), config.gradient_norm)
        optimizer.step()
    return head.eval().requires_grad_(False)
