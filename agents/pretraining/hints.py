"""Hints: what a network is taught beside the answer, step by step, of what can be known by then.

An answer alone says nothing of how to come by it, and a gradient that ends at a step does not see what news carried on
would be worth later. A hint is a label for that news: what an algorithm that solves the problem would know of a cell by
this step. Source of the idea: Velickovic et al. 2022, "The CLRS Algorithmic Reasoning Benchmark", arXiv 2205.15659.
"""

from __future__ import annotations

from typing import final

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from agents.pretraining.config import HintsConfig
from trm_gym.task import Hints, Problems, Task


def hint_loss(logits: Float[Tensor, "batch l k"], kinds: Bool[Tensor, "batch l k"]) -> Float[Tensor, ""]:
    """Mean of -log(sum of the probabilities of the kinds that are right), over the cells that are told any.

    0, without gradient, where none is.
    """
    told = kinds.any(-1)
    if not told.any():
        return logits.sum() * 0
    logits, kinds = logits[told], kinds[told]
    right = logits.masked_fill(~kinds, -torch.inf).logsumexp(-1)
    return (logits.logsumexp(-1) - right).mean()


@final
class HintHead(nn.Module):
    """Reads hints off the answer latent. It serves training alone, and no checkpoint holds it.

    Raises ValueError for a task without hints, and for positions that are not its cells.
    """

    def __init__(self, task: Task, hidden: int, positions: int, config: HintsConfig) -> None:
        super().__init__()
        if not task.hint_kinds:
            raise ValueError(f"{task.name} has no hints to train on: leave hints.weight at 0")
        if positions != task.length:
            raise ValueError(
                f"hints are of cells, and this network has {positions} positions for the {task.length} cells of "
                f"{task.name}: use model.positions=cells without a prefix"
            )
        self.config, self.task = config, task
        self.kinds = nn.Linear(hidden, task.hint_kinds, dtype=torch.float32)
        nn.init.zeros_(self.kinds.weight)
        nn.init.zeros_(self.kinds.bias)

    def told(self, problems: Problems, solutions: np.ndarray, steps: Tensor) -> Hints:
        """What is known after ``steps`` [rows] more than none."""
        return self.task.hints(problems, solutions, self.config.speed * steps.numpy().astype(np.float64))

    def loss(self, answer: Float[Tensor, "batch positions hidden"], hints: Hints) -> Float[Tensor, ""]:
        """The loss of what is read off the latent, by its weight."""
        kinds = torch.as_tensor(hints.kinds, device=answer.device)
        return self.config.weight * hint_loss(self.kinds(answer.float()), kinds)
