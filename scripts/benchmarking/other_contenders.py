"""Contenders that this package does not train: a plain transformer, and the package tiny-recursive-model."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from importlib import import_module
from typing import Any, final

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from agents.pretraining.config import PretrainConfig
from agents.pretraining.supply import new_supply
from scripts.benchmarking.contender import STEPS, Contender
from scripts.benchmarking.rivals import Shape, new_recursive_model
from trm_gym import make_task
from trm_gym.task import Problems

HIDDEN, HEADS, LAYERS = 32, 4, 3
"""Of the transformer; its feed-forward layers are as wide as the number of weights allows."""
BATCH, RATE, WARMUP = 64, 1e-3, 200
"""Of the transformer's training: problems of an update, the learning rate, and updates over which it rises."""
SHOWN = 2**22
"""Problems that the trainer of tiny-recursive-model takes for an epoch: more than it comes to."""


@final
class CellTransformer(nn.Module):
    """A transformer over the cells, each with an embedding of its place: it tells all cells at once, in one pass."""

    def __init__(self, vocab: int, length: int, width: int) -> None:
        super().__init__()
        self.tokens, self.places = nn.Embedding(vocab, HIDDEN), nn.Parameter(0.02 * torch.randn(length, HIDDEN))
        layer = nn.TransformerEncoderLayer(
            HIDDEN, HEADS, width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.encoder = nn.TransformerEncoder(layer, LAYERS, nn.LayerNorm(HIDDEN), enable_nested_tensor=False)
        self.head = nn.Linear(HIDDEN, vocab)

    def forward(self, problem: Int[Tensor, "b l"]) -> Float[Tensor, "b l v"]:
        """Logits of every cell."""
        return self.head(self.encoder(self.tokens(problem) + self.places))


def width_for(weights: int, vocab: int, length: int) -> int:
    """The width of feed-forward layers with which a transformer comes closest to so many weights, at least 1."""
    one, two = (sum(part.numel() for part in CellTransformer(vocab, length, width).parameters()) for width in (1, 2))
    return max(1, 1 + round((weights - one) / (two - one)))


@final
class PlainTransformer(Contender):
    """A transformer of about so many weights, taught the solution by AdamW with warm-up, as a person would begin."""

    def __init__(self, config: PretrainConfig, weights: int) -> None:
        task = make_task(config.task)
        torch.manual_seed(config.seed)
        self._model = CellTransformer(task.vocab, task.length, width_for(weights, task.vocab, task.length))
        self._optimizer = torch.optim.AdamW(self._model.parameters(), lr=RATE)
        self._schedule = torch.optim.lr_scheduler.LambdaLR(self._optimizer, lambda at: min(1.0, (at + 1) / WARMUP))
        self._supply = new_supply(config, task)
        self.weights = sum(part.numel() for part in self._model.parameters())

    def train(self, enough: Callable[[], bool]) -> None:
        while not enough():
            problems = self._supply.take(BATCH)
            logits = self._model(torch.from_numpy(problems.problem).long())
            F.cross_entropy(logits.flatten(0, 1), torch.from_numpy(problems.solution).long().flatten()).backward()
            self._optimizer.step()
            self._optimizer.zero_grad()
            self._schedule.step()
            self.samples += BATCH

    @torch.inference_mode()
    def answers(self, problems: Problems) -> NDArray[np.uint8]:
        logits = self._model(torch.from_numpy(problems.problem).long())
        return logits.argmax(-1).numpy().astype(np.uint8)

    def close(self) -> None:
        self._supply.close()


@final
class Enough(Exception):
    """Leaves the trainer of tiny-recursive-model, which has no end of its own but that of its epochs."""


@final
class Lessons(torch.utils.data.Dataset[tuple[Tensor, Tensor]]):
    """Fresh problems, whatever number is asked for."""

    def __init__(self, config: PretrainConfig) -> None:
        self.supply = new_supply(config, make_task(config.task))
        self.enough: Callable[[], bool] = lambda: False

    def __len__(self) -> int:
        return SHOWN

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        """A problem and its solution, int64 [L] each. Raises Enough."""
        if self.enough():
            raise Enough
        problems = self.supply.take(1)
        problem, solution = (torch.from_numpy(part[0]).long() for part in (problems.problem, problems.solution))
        return problem, solution


@final
class RecursiveModel(Contender):
    """tiny-recursive-model with the Trainer and the settings of its README, but for the sizes, which are a toy's there:
    width, T, n and mixer are those of the published network at 128."""

    def __init__(self, config: PretrainConfig) -> None:
        task = make_task(config.task)
        torch.manual_seed(config.seed)
        model = new_recursive_model(Shape(task.length, task.vocab))
        self._lessons = Lessons(config)
        package = import_module("tiny_recursive_model")
        self._trainer: Any = package.Trainer(model, self._lessons, epochs=1, batch_size=16, cpu=True)
        model.register_forward_hook(self._count)
        self.weights = sum(part.numel() for part in model.parameters())

    def _count(self, model: nn.Module, given: tuple[Tensor, ...], _: object) -> None:
        self.samples += len(given[0])

    def train(self, enough: Callable[[], bool]) -> None:
        self._lessons.enough = enough
        # It tells every step; and its last act, which would replace the weights by their average, is not come to.
        with open(os.devnull, "w") as nothing, contextlib.redirect_stdout(nothing), contextlib.suppress(Enough):
            while True:
                self._trainer()

    def answers(self, problems: Problems) -> NDArray[np.uint8]:
        # No probability is above 1, so that nothing halts before the last step.
        given = torch.from_numpy(problems.problem).long()
        found, _ = self._trainer.ema_model.predict(given, halt_prob_thres=2.0, max_deep_refinement_steps=STEPS)
        return found.numpy().astype(np.uint8)

    def close(self) -> None:
        self._lessons.supply.close()
