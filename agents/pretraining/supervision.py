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
from trm_gym.short_repr import short_repr
from trm_gym.streams import uniform
from trm_gym.task import Problems, Task

AnswerLoss = Literal["softmax", "stablemax"]
HALT_WEIGHT = 0.5
"""Weight of the halt head's loss, as published."""
NO_LABEL = -100
"""In place of a cell's token where the solution says nothing of it; what PyTorch's losses leave out."""
Depths = Sequence[tuple[int, int]]
"""Stages of (T, n)."""


@short_repr
class StepOutcome(NamedTuple):
    """What came of a refinement step of some rows.

    losses: of the answers, of the halt head and, where there are any, of the hints, for each chunk. solved: whether the
    draft is right. sure: whether the halt head says so. best: the rows that were trained, one for each problem. draft:
    what each row goes on from.
    """

    carry: Carry
    losses: Float[Tensor, "chunks parts"]
    solved: Bool[Tensor, " rows"]
    sure: Bool[Tensor, " rows"]
    best: Int[Tensor, " batch"]
    draft: Int[Tensor, "rows l"]

    def metrics(self) -> dict[str, float]:
        """The losses by name, and the share of right drafts among the rows that were trained."""
        named = zip(("loss", "halt_loss", "hint_loss"), self.losses.mean(0).tolist(), strict=False)
        return {**dict(named), "solved": self.solved[self.best].float().mean().item()}

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


def labels(task: Task, problems: Problems, solutions: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Solutions uint8 [B, L] as what is to be learnt, int64 [B, L]: NO_LABEL where they say nothing of a cell."""
    return np.where(task.labelled(problems, solutions), solutions.astype(np.int64), NO_LABEL)


def answer_loss(
    logits: Float[Tensor, "batch l v"], solution: Int[Tensor, "batch l"], kind: AnswerLoss
) -> Float[Tensor, ""]:
    """Mean cross-entropy of the answers' cells, under softmax or under stablemax (as published).

    Cells of NO_LABEL are left out; the loss is 0, without gradient, where there is no other.
    """
    labelled = solution != NO_LABEL
    if not labelled.any():
        return logits.sum() * 0
    if kind == "stablemax":
        return stablemax_cross_entropy(logits[labelled], solution[labelled]).mean()
    return F.cross_entropy(logits.flatten(0, 1), solution.flatten(), ignore_index=NO_LABEL)


def best_answer_loss(
    logits: Float[Tensor, "rows l v"], solution: Int[Tensor, "rows l"], starts: int, kind: AnswerLoss
) -> tuple[Float[Tensor, ""], Int[Tensor, " batch"]]:
    """The loss of the answers that are trained, and their rows on the CPU: all, or the best one of each problem."""
    if starts == 1:
        return answer_loss(logits, solution, kind), torch.arange(len(logits))
    best = winners(logits, solution, starts, kind)
    return answer_loss(logits[best], solution[best], kind), best.cpu()


@torch.no_grad()
def winners(
    logits: Float[Tensor, "rows l v"], solution: Int[Tensor, "rows l"], starts: int, kind: AnswerLoss
) -> Int[Tensor, " batch"]:
    """The row of each problem's best answer, by its loss; a problem's ``starts`` rows stand one after another.

    Cells of NO_LABEL do not count.

    Winner takes all: only that one is trained. Guzman-Rivera et al. 2012, "Multiple Choice Learning", equation 4.
    """
    chances = log_probs(logits, kind).gather(-1, solution.clamp(min=0)[..., None]).squeeze(-1)
    best = mean_over_cells(chances, solution != NO_LABEL).view(-1, starts).argmax(-1)
    return best + starts * torch.arange(len(best), device=best.device)


def consistency_loss(
    last: Float[Tensor, "batch l v"],
    now: Float[Tensor, "batch l v"],
    going_on: Bool[Tensor, " batch"],
    kind: AnswerLoss,
    labelled: Bool[Tensor, "batch l"],
) -> Float[Tensor, ""]:
    """Mean KL(p_last || p_now) of the cells ``labelled``, over the rows whose problem was there one step before; 0
    without any.

    Only this step is trained: the carry is detached between steps, so that no gradient reaches the last one.
    """
    target, found = log_probs(last.detach(), kind), log_probs(now, kind)
    apart = mean_over_cells((target.exp() * (target - found)).sum(-1), labelled)
    return (apart * going_on).sum() / going_on.sum().clamp(min=1)


def mean_over_cells(values: Float[Tensor, "batch l"], labelled: Bool[Tensor, "batch l"]) -> Float[Tensor, " batch"]:
    """The mean of each row over the cells ``labelled``; 0 where there is none."""
    return (values * labelled).sum(-1) / labelled.sum(-1).clamp(min=1)


def least_steps(place: NDArray[np.uint64], explore: float, most: int) -> Int[Tensor, " batch"]:
    """Steps to go on for at least: with probability ``explore`` one of 2..most, all alike, else 1.

    place: random words, well mixed, one for each number that is wanted.
    """
    share = uniform(place) / max(explore, 1e-9)
    drawn = 2 + (share * (most - 1)).astype(np.int64)
    return torch.from_numpy(np.where(share < 1, drawn, 1))


def depth_at(update: int, updates: int, stages: Depths) -> tuple[int, int]:
    """(T, n) of the stage that ``update`` is in, where the stages share the updates equally."""
    return stages[min(update * len(stages) // updates, len(stages) - 1)]
