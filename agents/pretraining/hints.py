"""Hints: what a network is taught beside the answer, step by step, of what can be known by then.

An answer alone says nothing of how to come by it, and a gradient that ends at a step does not see what news carried on
would be worth later. A hint is a label for that news: what an algorithm that solves the problem would know of a cell by
this step. Source of the idea: Velickovic et al. 2022, "The CLRS Algorithmic Reasoning Benchmark", arXiv 2205.15659.
"""

from __future__ import annotations

from typing import final

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray
from torch import Tensor, nn

from agents.pretraining.config import PretrainConfig
from agents.trm import TRM, Inputs
from trm_gym.streams import uniform
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

    Some problems wait for some steps before their source is shown: until then no cell can have heard anything, and each
    learns to stay so, however long it takes. waits: int64 [rows], for how many steps. Raises ValueError for a task
    without hints, and for positions that are not its cells.
    """

    waits: Tensor

    def __init__(self, task: Task, model: TRM, config: PretrainConfig) -> None:
        super().__init__()
        task.without_source(Problems.blank(1, task))  # a task without hints is found out at once
        if model.positions != task.length:
            raise ValueError(
                f"hints are of cells, and this network has {model.positions} positions for the {task.length} cells of "
                f"{task.name}: use model.positions=cells without a prefix"
            )
        self.config, self.task = config.hints, task
        device = model.answer_start.device
        self.kinds = nn.Linear(config.model.hidden, task.hint_kinds, device=device, dtype=torch.float32)
        nn.init.zeros_(self.kinds.weight)
        nn.init.zeros_(self.kinds.bias)
        self.register_buffer("waits", torch.zeros(config.batch * config.extras.starts, dtype=torch.long))

    def begin(self, rows: Bool[Tensor, " rows"], words: NDArray[np.uint64]) -> None:
        """New problems in some rows: half of them wait, each number of steps up to ``wait`` being as likely.

        words: uint64, well mixed, one for each problem; its rows stand one after another.
        """
        drawn = np.ceil(self.config.wait * (2 * uniform(words) - 1))
        waits = np.maximum(drawn, 0).astype(np.int64).repeat(int(rows.sum()) // max(len(words), 1))
        self.waits[rows] = torch.from_numpy(waits)

    def shown(self, inputs: Inputs, problems: Problems, rows: slice, steps: Int[Tensor, " batch"]) -> Inputs:
        """What the network is shown at its next step: problems that wait without their source."""
        waiting = (steps < self.waits[rows])[:, None].to(inputs.problem.device)
        if not waiting.any():
            return inputs
        without = torch.as_tensor(self.task.without_source(problems), device=inputs.problem.device).long()
        return inputs._replace(problem=torch.where(waiting, without, inputs.problem))

    def told(
        self, problems: Problems, solutions: NDArray[np.uint8], rows: slice, steps: Int[Tensor, " batch"]
    ) -> Hints:
        """What is known after the next step of problems that have taken ``steps``."""
        heard = (steps + 1 - self.waits[rows]).numpy()
        return self.task.hints(problems, solutions, np.where(heard > 0, self.config.speed * heard, -1.0))

    def loss(self, answer: Float[Tensor, "batch positions hidden"], hints: Hints) -> Float[Tensor, ""]:
        """The loss of what is read off the latent, by its weight."""
        kinds = torch.as_tensor(hints.kinds, device=answer.device)
        return self.config.weight * hint_loss(self.kinds(answer.float()), kinds)
