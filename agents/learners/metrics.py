"""How a policy does on a rollout: exact means over its halting steps, for people and for curricula."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray
from torch import Tensor

from agents import losses
from agents.common.finite import check_finite
from agents.halting.heads import Halter
from agents.rollouts.unroll import Unroll
from trm_gym.short_repr import short_repr


@runtime_checkable
class Graded(Protocol):
    """Groups of runs of a problem that stand one after another, every draft graded: a rollout, for instance."""

    @property
    def unroll(self) -> Unroll: ...

    @property
    def branches(self) -> int: ...

    @property
    def step_cost(self) -> float: ...


@short_repr
class Metrics(NamedTuple):
    """How a policy does on P problems of G branches, at the environment's own price."""

    scalars: dict[str, float]
    """Figures by name."""
    halting_steps: Int[Tensor, " n"]
    """A halting step drawn for each branch, counted from 1."""
    solved: NDArray[np.float64]
    """The chance that the policy stops at a right draft, [P]. A curriculum learns from this and not from full depth,
    which says little of a policy and never changes on a frozen network."""
    return_variance: NDArray[np.float64]
    """The variance of the policy's return, [P]: what a policy gradient has to go by."""


def halting_log_probs(
    head: Halter, features: Float[Tensor, "*batch s f"], price: Float[Tensor, "*batch s"]
) -> Float[Tensor, "*batch s"]:
    """What a head makes of an unroll: the log-probability of every halting step.

    Raises NotFiniteError where it makes no numbers of it: nothing could be drawn by them.
    """
    log_probs = losses.halting_log_probs(head(features, price)[..., 0])
    check_finite("the halting head's", {"log-probabilities": log_probs})
    return log_probs


@torch.no_grad()
def measure(head: Halter, rollout: Graded, generator: torch.Generator, price: float | None = None) -> Metrics:
    """How a head's policy does on a rollout. price: what the head is asked at; the environment's own if None."""
    graded = rollout.unroll
    budget = graded.max_steps
    asked = rollout.step_cost * budget if price is None else price
    log_probs = halting_log_probs(head, graded.features, torch.full(graded.solved.shape, asked, dtype=torch.float32))
    step_cost = torch.full((len(graded),), rollout.step_cost, dtype=torch.float64)
    returns = losses.halting_returns(graded.solved, step_cost)
    return measured(log_probs, graded.solved, returns, rollout.branches, generator)


def measured(
    log_probs: Float[Tensor, "n s"],
    solved: Bool[Tensor, "n s"],
    returns: Float[Tensor, "n s"],
    branches: int,
    generator: torch.Generator,
) -> Metrics:
    """How a policy does that halts at each step with these log-probabilities; ``branches`` rows make a group."""
    chances = log_probs.exp()
    scalars = {
        "return": losses.expected_return(log_probs, returns).mean().item(),
        "steps": (chances * torch.arange(1, solved.shape[1] + 1)).sum(-1).mean().item(),
        "solved": (chances * solved).sum(-1).mean().item(),
        "solved_at_full_depth": solved[:, -1].float().mean().item(),
        "entropy": losses.halting_entropy(log_probs).mean().item(),
    }
    mean, square, right = (
        (chances.double() * part).sum(-1).view(-1, branches).mean(-1) for part in (returns, returns.square(), solved)
    )
    return Metrics(
        scalars,
        torch.multinomial(chances, 1, generator=generator).squeeze(-1) + 1,
        right.clamp(0, 1).numpy(),
        (square - mean.square()).clamp(min=0).numpy(),
    )


def mean_over(rows: Sequence[dict[str, float]]) -> dict[str, float]:
    """Name by name the mean over ``rows``; nothing where there are none."""
    return {name: sum(row[name] for row in rows) / len(rows) for name in (rows[0] if rows else ())}
