"""How a halting head is taught by GRPO: every part that can be exchanged, with what it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from agents.common.checks import at_least_one
from agents.halting.heads import PRICE_RANGE


@dataclass(frozen=True)
class GrpoConfig:
    """How a halting head is taught by GRPO."""

    hidden: int = 64
    """Width of the head."""
    lr: float = 1e-3
    """Learning rate of Adam on the head's judgements."""
    bar_lr: float = 3e-2
    """Learning rate of Adam on how sure it must be to stop: a few numbers, with noisy gradients each."""
    judge_first: float = 0.3
    """Share of the run in which judgements alone are learnt. Bars that returns move before judgements mean anything
    settle on never giving up, where no gradient reaches them again."""
    weight_decay: float = 0.0
    """Decoupled weight decay: above 0 it is AdamW instead of Adam."""
    decay: float = 0.5
    """Share of the run, at its end, over which the learning rate falls linearly to zero."""
    passes: int = 32
    """How often groups, prices and halting times are drawn anew per rollout, the times from the present policy."""
    times: int = 16
    """K: halting times drawn per branch and pass."""
    epochs: int = 1
    """Times that the samples of a pass are gone through."""
    minibatches: int = 2
    """Updates per epoch."""
    advantage: Literal["leave_one_out", "batch_scale", "group_std"] = "leave_one_out"
    """What a return is held against: the others of its group; those, over the batch's scale; the group's own scale."""
    loss: Literal["clip", "cispo", "sequence"] = "clip"
    """Of the policy: clipped ratio (PPO), cut importance (CISPO), clipped ratio per action of a sequence (GSPO)."""
    clip: float = 0.2
    """How far the probability ratio of a halting time may fall before its gradient is cut."""
    clip_high: float = 0.2
    """How far it may rise."""
    entropy: float = 0.001
    """Weight of the entropy bonus on the distribution of halting times."""
    explore: float = 0.1
    """Share of halting times drawn uniformly from all steps; they are weighted by their importance."""
    prices: tuple[float, float] = PRICE_RANGE
    """Lowest and highest price (lambda); each group draws one in between, uniformly in its logarithm."""
    own_price: float = 0.1
    """Share of groups at the environment's own price."""
    pricing: Literal["additive", "only_if_solved", "solve_rate", "dual"] = "additive"
    """How a price becomes a return: as the environment has it; of right answers alone; times the group's solve rate;
    or with right answers worth more while accuracy is below the floor."""
    warmup: int = 0
    """Iterations in which the highest price drawn rises from the lowest to its own value; 0 starts with all prices."""
    floor: float = 0.9
    """Accuracy to keep, as a share of full depth's. While it warms up, the highest price falls again below it."""
    dual_rate: float = 1.0
    """How fast the worth of a right answer moves with what accuracy lacks of the floor (pricing=dual only)."""
    gradient_norm: float = 1.0
    """Longest gradient; longer ones are cut to it."""

    def __post_init__(self) -> None:
        if not 0 < self.prices[0] <= self.prices[1]:
            raise ValueError(f"grpo.prices must be two positive numbers, the lower first; got {self.prices}")
        for name in ("explore", "own_price", "judge_first"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"grpo.{name} must be at least 0 and below 1, got {getattr(self, name)}")
        for name in ("weight_decay", "clip", "clip_high", "dual_rate"):
            if getattr(self, name) < 0:
                raise ValueError(f"grpo.{name} must be 0 or more, got {getattr(self, name)}")
        at_least_one(self, "passes", "times", "epochs", "minibatches", path="grpo.")
