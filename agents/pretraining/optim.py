"""Optimisers of a network: Muon for the shared core's matrices and AdamW for the rest, or one for all; averaging."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, final

import torch
from torch import Tensor

from agents.common.checks import Checked, a_share, at_least
from agents.common.schedule import schedule
from agents.common.tensors import Tensors, flat_state, load_flat_state, nest, unnest
from agents.trm import TRM

MUON_MOMENTUM = 0.9
"""Nesterov momentum."""


@dataclass(frozen=True)
class OptimConfig(Checked):
    """Optimisers of the network's weights."""

    core: Literal["muon", "adamw", "adam_atan2"] = "muon"
    """Optimiser of the shared network's matrices. muon leaves the other weights to AdamW; adamw and adam_atan2 (as
    published) move all weights."""
    muon_lr: float = 0.01
    """Learning rate of Muon (Jordan et al. 2024) on the shared network's matrices."""
    adamw_lr: float = 5e-3
    """Learning rate of AdamW. With Muon it moves embeddings, heads and biases."""
    atan2_lr: float = 1e-4
    """Learning rate of AdamATan2. Published: 1e-4."""
    weight_decay: float = 0.1
    """Decoupled weight decay of all optimisers. Published: 1 for sudoku and mazes, 0.1 for ARC."""
    warmup: int = 20
    """Updates over which the learning rates rise from zero. Published: 2000."""
    decay: float = 0.4
    """Share of the run, at its end, over which the learning rates fall linearly to zero. Published: 0."""

    prefix = "optim."

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(0, self, "muon_lr", "adamw_lr", "atan2_lr", "weight_decay", "warmup")
        a_share(self, "decay")


@final
class AdamATan2(torch.optim.Optimizer):
    """p <- (1 - lr wd) p - lr / (1 - b1^t) atan2(m, sqrt(v / (1 - b2^t))), m and v the moving moments of Adam.

    Everett et al. 2024, arXiv 2407.05872, section 4.3: no epsilon, and the scale of gradients does not matter. The
    correction of m stands outside of atan2, as in the package that the published TRM is trained with; the paper has it
    inside.
    """

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float = 1e-4,
        betas: tuple[float, float] = (0.9, 0.95),
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        """Move the weights that have gradients."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    self._move(weight, weight.grad, group)

    def _move(self, weight: Tensor, gradient: Tensor, group: Mapping[str, Any]) -> None:
        state = self.state[weight]
        if not state:
            state["step"] = torch.tensor(0.0, dtype=torch.float32)
            state["exp_avg"], state["exp_avg_sq"] = torch.zeros_like(weight), torch.zeros_like(weight)
        state["step"] += 1
        first, second = group["betas"]
        mean, square = state["exp_avg"], state["exp_avg_sq"]
        mean.lerp_(gradient, 1 - first)
        square.lerp_(gradient.square(), 1 - second)
        after = state["step"].item()
        spread = square.sqrt().div_(math.sqrt(1 - second**after))
        weight.mul_(1 - group["lr"] * group["weight_decay"])
        weight.sub_(torch.atan2(mean, spread), alpha=group["lr"] / (1 - first**after))


@final
class Optimizers:
    """All that moves a network's weights, as one. besides: weights that are trained with it and are none of its own."""

    def __init__(self, model: TRM, config: OptimConfig, besides: Iterable[Tensor] = ()) -> None:
        self._config = config
        self.scale = 1.0
        """A factor of all learning rates, below 1 after training has diverged."""
        self._parts: list[tuple[torch.optim.Optimizer, float]] = []
        decay, rest = config.weight_decay, [*model.parameters(), *besides]
        if config.core == "adam_atan2":
            self._parts.append((AdamATan2(rest, config.atan2_lr, weight_decay=decay), config.atan2_lr))
            return
        if config.core == "muon":
            matrices = [p for p in model.core.parameters() if p.ndim == 2]
            inside = {id(p) for p in matrices}
            rest = [p for p in rest if id(p) not in inside]
            muon = torch.optim.Muon(matrices, lr=config.muon_lr, momentum=MUON_MOMENTUM, weight_decay=decay)
            self._parts.append((muon, config.muon_lr))
        adamw = torch.optim.AdamW(rest, lr=config.adamw_lr, weight_decay=decay, fused=True)
        self._parts.append((adamw, config.adamw_lr))

    def step(self, update: int, updates: int) -> None:
        """Move the weights by their gradients, at the learning rate of ``update``, and clear the gradients."""
        factor = self.scale * schedule(update, updates, self._config.warmup, self._config.decay)
        for optimizer, lr in self._parts:
            for group in optimizer.param_groups:
                group["lr"] = lr * factor
            optimizer.step()
        self.clear()

    def clear(self) -> None:
        """Forget the gradients."""
        for optimizer, _ in self._parts:
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
