"""Optimisers: Muon for the shared network's matrices and AdamW for its rest; Adam for halting heads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from agents.halting import Halter, HaltPolicy
from agents.tensors import Tensors, flat_state, load_flat_state, nest, unnest
from agents.trm import TRM


@dataclass(frozen=True)
class OptimConfig:
    """How the network's weights are moved."""

    muon_lr: float = 0.01
    """Learning rate of Muon (Jordan et al. 2024) on the 2-D weights of the shared network."""
    muon_momentum: float = 0.9
    """Nesterov momentum of Muon."""
    adamw_lr: float = 5e-3
    """Learning rate of AdamW on embeddings, heads and biases."""
    weight_decay: float = 0.1
    """Decoupled weight decay of both."""
    warmup: int = 20
    """Updates over which the learning rates rise from zero."""
    decay: float = 0.4
    """Share of the run, at its end, over which the learning rates fall linearly to zero."""


def schedule(update: int, updates: int, warmup: int, decay: float) -> float:
    """Factor on the learning rates at ``update`` of ``updates``: linear up, flat, linear down to zero."""
    rise = min(1.0, (update + 1) / max(warmup, 1))
    fall = min(1.0, (1 - update / updates) / max(decay, 1e-9))
    return rise * fall


@final
class Optimizers:
    """Muon and AdamW as one."""

    def __init__(self, model: TRM, config: OptimConfig) -> None:
        self._config = config
        core = [p for p in model.core.parameters() if p.ndim == 2]
        inside = {id(p) for p in core}
        rest = [p for p in model.parameters() if id(p) not in inside]
        muon = torch.optim.Muon(
            core, lr=config.muon_lr, momentum=config.muon_momentum, weight_decay=config.weight_decay
        )
        adamw = torch.optim.AdamW(rest, lr=config.adamw_lr, weight_decay=config.weight_decay, fused=True)
        self._parts: list[tuple[torch.optim.Optimizer, float]] = [(muon, config.muon_lr), (adamw, config.adamw_lr)]

    def step(self, update: int, updates: int) -> None:
        """Move the weights by their gradients, at the learning rate of ``update``, and clear the gradients."""
        factor = schedule(update, updates, self._config.warmup, self._config.decay)
        for optimizer, lr in self._parts:
            for group in optimizer.param_groups:
                group["lr"] = lr * factor
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)

    def state_dict(self) -> Tensors:
        """Momenta and counters as flat, named tensors, so that they can be written without pickle."""
        tensors: Tensors = {}
        for part, (optimizer, _) in enumerate(self._parts):
            tensors |= nest(str(part), flat_state(optimizer))
        return tensors

    def load_state_dict(self, tensors: Mapping[str, Tensor]) -> None:
        """Take back what ``state_dict`` gave."""
        for part, (optimizer, _) in enumerate(self._parts):
            load_flat_state(optimizer, unnest(str(part), tensors))


@final
class HeadOptimizer:
    """Adam on a halting head: on a policy's judgements at one learning rate, on its bars at another.

    gradient_norm: longest gradient of either; longer ones are cut to it.
    """

    def __init__(self, head: Halter, lr: float, bar_lr: float, gradient_norm: float) -> None:
        self._parts = [(list(head.parameters()), lr)]
        if isinstance(head, HaltPolicy):
            self._parts = [(list(head.judge.parameters()), lr), (head.bars, bar_lr)]
        self._gradient_norm = gradient_norm
        self.adam = torch.optim.Adam([{"params": part, "lr": rate} for part, rate in self._parts])

    def slow_down(self, factor: float) -> None:
        """Set the learning rates to ``factor`` times those at the start."""
        for group, (_, lr) in zip(self.adam.param_groups, self._parts, strict=True):
            group["lr"] = lr * factor

    def step(self, loss: Float[Tensor, ""]) -> None:
        """Move the weights down the gradient of ``loss``."""
        self.adam.zero_grad()
        loss.backward()
        for part, _ in self._parts:
            torch.nn.utils.clip_grad_norm_(part, self._gradient_norm)
        self.adam.step()


@final
class Average:
    """Exponential moving average of a network's weights; it warms up, so that short runs are averaged too."""

    def __init__(self, model: TRM, decay: float) -> None:
        self._decay = decay
        self._updates = 0
        self.weights: Tensors = {name: value.detach().clone() for name, value in model.state_dict().items()}

    @torch.no_grad()
    def update(self, model: TRM) -> None:
        """Move the average towards the network's present weights."""
        self._updates += 1
        decay = min(self._decay, self._updates / (self._updates + 10))
        for name, value in model.state_dict().items():
            self.weights[name].lerp_(value, 1 - decay)

    def state_dict(self) -> Tensors:
        """The average and how many updates it has seen."""
        return {**self.weights, "_updates": torch.tensor(self._updates)}

    def load_state_dict(self, tensors: Mapping[str, Tensor]) -> None:
        """Take back what ``state_dict`` gave."""
        self._updates = int(tensors["_updates"])
        self.weights = {name: value.clone() for name, value in tensors.items() if name != "_updates"}
