"""Supervision as pure functions: losses of answers over steps and branches, and how long and how deep to go on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from agents.losses import log_stablemax, stablemax_cross_entropy
from agents.trm import Carry

AnswerLoss = Literal["softmax", "stablemax"]
HALT_WEIGHT = 0.5
"""Weight of the halt head's loss, as published."""
Depths = Sequence[tuple[int, int]]
"""Stages of (T, n)."""


class StepOutcome(NamedTuple):
    """What came of a refinement step of some rows.

    losses: of the answers and of the halt head, for each chunk. solved: whether the draft is right. sure: whether the
    halt head says so. best: the rows that were trained, one for each problem.
    """

    carry: Carry
    losses: Float[Tensor, "chunks 2"]
    solved: Bool[Tensor, " rows"]
    sure: Bool[Tensor, " rows"]
    best: Int[Tensor, " batch"]

    @staticmethod
    def joined(parts: Sequence[StepOutcome]) -> StepOutcome:
        """The parts as one, in the order of their rows."""
        if len(parts) == 1:
            return parts[0]
        carries, *others = zip(*parts, strict=True)
        return StepOutcome(
            Carry(*(torch.cat(latents) for latents in zip(*carries, strict=True))), *map(torch.cat, others)
        )


def log_probs(logits: Float[Tensor, "*batch v"], kind: AnswerLoss) -> Float[Tensor, "*batch v"]:
    """log-probabilities of tokens, by softmax or by stablemax."""
    return log_stablemax(logits) if kind == "stablemax" else logits.log_softmax(-1)


def answer_loss(
    logits: Float[Tensor, "batch l v"], solution: Int[Tensor, "batch l"], kind: AnswerLoss
) -> Float[Tensor, ""]:
    """Mean cross-entropy of the answers' cells, under softmax or under stablemax (as published)."""
    if kind == "stablemax":
        return stablemax_cross_entropy(logits, solution).mean()
    return F.cross_entropy(logits.flatten(0, 1), solution.flatten())


@torch.no_grad()
def winners(
    logits: Float[Tensor, "rows l v"], solution: Int[Tensor, "rows l"], starts: int, kind: AnswerLoss
) -> Int[Tensor, " batch"]:
    """The row of each problem's best answer, by its loss; a problem's ``starts`` rows stand one after another.

    Winner takes all: only that one is trained. Guzman-Rivera et al. 2012, "Multiple Choice Learning", equation 4.
    """
    chances = log_probs(logits, kind).gather(-1, solution[..., None]).squeeze(-1)
    best = chances.mean(-1).view(-1, starts).argmax(-1)
    return best + starts * torch.arange(len(best), device=best.device)


def consistency_loss(
    last: Float[Tensor, "batch l v"],
    now: Float[Tensor, "batch l v"],
    going_on: Bool[Tensor, " batch"],
    kind: AnswerLoss,
) -> Float[Tensor, ""]:
    """Mean KL(p_last || p_now) of the cells, over the rows whose problem was there one step before; 0 without any.

    Only this step is trained: the carry is detached between steps, so that no gradient reaches the last one.
    """
    target, found = log_probs(last.detach(), kind), log_probs(now, kind)
    apart = (target.exp() * (target - found)).sum(-1).mean(-1)
    return (apart * going_on).sum() / going_on.sum().clamp(min=1)


def least_steps(place: NDArray[np.uint64], explore: float, most: int) -> Int[Tensor, " batch"]:
    """Steps to go on for at least: with probability ``explore`` one of 2..most, all alike, else 1.

    place: random words, well mixed, one for each number that is wanted.
    """
    share = (place >> np.uint64(11)) * 2.0**-53 / max(explore, 1e-9)
    drawn = 2 + (share * (most - 1)).astype(np.int64)
    return torch.from_numpy(np.where(share < 1, drawn, 1))


def depth_at(update: int, updates: int, stages: Depths) -> tuple[int, int]:
    """(T, n) of the stage that ``update`` is in, where the stages share the updates equally."""
    return stages[min(update * len(stages) // updates, len(stages) - 1)]
