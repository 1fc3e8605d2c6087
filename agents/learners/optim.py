"""Adam on a halting head: on a policy's value heads at one learning rate, on its thresholds at another."""

from __future__ import annotations

from typing import Protocol, final, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from agents.common.schedule import schedule
from agents.halting.heads import Halter, HaltPolicy


@runtime_checkable
class HeadRates(Protocol):
    """How fast a halting head learns: part of what every learner of one is told."""

    @property
    def lr(self) -> float: ...

    @property
    def bar_lr(self) -> float: ...

    @property
    def judge_first(self) -> float: ...

    @property
    def decay(self) -> float: ...

    @property
    def gradient_norm(self) -> float: ...


@final
class HeadOptimizer:
    """Adam on a halting head: on a policy's judgements at one learning rate, on its bars at another.

    Bars rest for the first ``judge_first`` of a run: returns would teach them by judgements that mean nothing yet.
    """

    def __init__(self, head: Halter, config: HeadRates) -> None:
        self._config = config
        self._parts = [(list(head.parameters()), config.lr, 0.0)]
        if isinstance(head, HaltPolicy):
            judge = list(head.judge.parameters())
            self._parts = [(judge, config.lr, 0.0), (head.bars, config.bar_lr, config.judge_first)]
        self._resting = [False] * len(self._parts)
        self.adam = torch.optim.Adam([{"params": part, "lr": rate} for part, rate, _ in self._parts])

    def pace(self, update: int, updates: int) -> None:
        """Set the learning rates to what they are at ``update`` of ``updates``."""
        factor = schedule(update, updates, 0, self._config.decay)
        for group, (_, lr, _) in zip(self.adam.param_groups, self._parts, strict=True):
            group["lr"] = lr * factor
        self._resting = [update < rest * updates for *_, rest in self._parts]

    def step(self, loss: Float[Tensor, ""]) -> None:
        """Move the weights down the gradient of ``loss``."""
        self.adam.zero_grad()
        loss.backward()
        for (part, *_), rests in zip(self._parts, self._resting, strict=True):
            torch.nn.utils.clip_grad_norm_(part, self._config.gradient_norm)
            if rests:
                # Not a learning rate of 0: Adam would remember the size of gradients that meant nothing.
                for weight in part:
                    weight.grad = None
        self.adam.step()
