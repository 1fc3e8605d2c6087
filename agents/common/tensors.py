"""State as flat, named tensors: what safetensors files can hold."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from agents.common.state_form import check_moments

Tensors = dict[str, Tensor]


def nest(prefix: str, tensors: Mapping[str, Tensor]) -> Tensors:
    """``tensors`` with ``prefix.`` before each name."""
    return {f"{prefix}.{name}": value for name, value in tensors.items()}


def unnest(prefix: str, tensors: Mapping[str, Tensor]) -> Tensors:
    """The tensors below ``prefix.``, without it."""
    start = f"{prefix}."
    return {name[len(start) :]: value for name, value in tensors.items() if name.startswith(start)}


def flat_state(optimizer: torch.optim.Optimizer) -> Tensors:
    """An optimiser's moments as flat, named tensors."""
    state = optimizer.state_dict()["state"]
    return {f"{index}.{name}": value for index, entry in state.items() for name, value in entry.items()}


def load_flat_state(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Take back what ``flat_state`` gave. Raises ValueError for what is not of this optimiser's weights."""
    state: dict[int, Tensors] = {}
    for key, value in tensors.items():
        index, name = key.split(".", 1)
        state.setdefault(int(index), {})[name] = value
    check_moments(optimizer, state)
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
