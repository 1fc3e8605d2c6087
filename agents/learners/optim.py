"""Adam on a halting head: on a policy's value heads at one learning rate, on its thresholds at another."""

from __future__ import annotations

from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from agents.common.finite import check_finite
from agents.common.schedule import schedule
from agents.halting.heads import HaltPolicy
from agents.halting.restart_head import Head, RestartPolicy
from agents.learners.config import LearnerConfig


@final
class HeadOptimizer:
    """Adam on a halting head: on a policy's value heads at one learning rate, on its thresholds at another.

    Thresholds rest for the first ``policy_delay`` of a run: returns would teach them by values that mean nothing yet.
    """

    def __init__(self, head: Head, config: LearnerConfig) -> None:
        self._config = config
        self.scale = 1.0
        """A factor of all learning rates, below 1 after training has diverged."""
        self._weights = dict(head.named_parameters())
        self._parts = [(list(head.parameters()), config.lr, 0.0)]
        if isinstance(head, HaltPolicy | RestartPolicy):
            values = list(head.value_heads.parameters())
            policy = config.policy
            self._parts = [(values, config.lr, 0.0), (head.thresholds, policy.threshold_lr, policy.policy_delay)]
        self._resting = [False] * len(self._parts)
        self.adam = torch.optim.Adam([{"params": part, "lr": rate} for part, rate, _ in self._parts])

    def pace(self, done: int, total: int) -> None:
        """Set the learning rates to what they are when ``done`` of ``total`` iterations (or updates) are done."""
        factor = self.scale * schedule(done, total, 0, self._config.decay)
        for group, (_, lr, _) in zip(self.adam.param_groups, self._parts, strict=True):
            group["lr"] = lr * factor
        self._resting = [done < rest * total for *_, rest in self._parts]

    def step(self, loss: Float[Tensor, ""]) -> None:
        """Move the weights down the gradient of ``loss``.

        Raises NotFiniteError, before a weight has moved, where loss or gradient is not finite, and where a weight is
        not after it has.
        """
        check_finite("the loss of", {"the halting head": loss})
        self.adam.zero_grad()
        loss.backward()
        for (part, *_), rests in zip(self._parts, self._resting, strict=True):
            norm = torch.nn.utils.clip_grad_norm_(part, self._config.gradient_norm)
            check_finite("the gradient's", {"norm": norm})
            if rests:
                # Not a learning rate of 0: Adam would remember the size of gradients that meant nothing.
                for weight in part:
                    weight.grad = None
        self.adam.step()
        check_finite("the weight", self._weights)
