"""Pools over the units that a task declares: rows, columns, boxes."""

from __future__ import annotations

import math
from typing import final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from agents.trm.layers import Linear
from agents.trm.mixers.base import Mixer, MixerContext


@final
class UnitsMixer(Mixer):
    """Pools positions over the units that the task declares, and gives each position the pools that it is in.

    A pool is the sum over a unit's members divided by the square root of their number. Concatenating
    [own, row, column, box] and mapping it by one matrix is the same as mapping each by a matrix of its own and adding;
    the second form maps a pool once instead of once for every member. Over candidates the units apply to each value
    by itself, and the values of one cell are a unit more. Nothing here depends on the size of the problem.
    """

    cells_only = True
    pool: Tensor
    spread: Tensor

    def __init__(self, context: MixerContext) -> None:
        super().__init__(context)
        hidden, structure, values = context.hidden, context.structure, context.values
        if not structure.units:
            raise ValueError("the units mixer needs a task that declares units; use mixer mlp or attention instead")
        self.values = values
        self.own = Linear(hidden, hidden)
        self.pools = nn.ModuleList(Linear(hidden, hidden) for _ in range(len(structure.units) + (values > 1)))
        member = np.concatenate([np.arange(u.max() + 1)[:, None] == u[None] for u in structure.units])
        pool = torch.tensor(member / np.sqrt(member.sum(1, keepdims=True)), dtype=torch.float32)
        self.register_buffer("pool", pool, persistent=False)
        self.register_buffer("spread", torch.tensor(member.T, dtype=torch.float32), persistent=False)
        self.sizes = [int(u.max()) + 1 for u in structure.units]

    def forward(self, x: Float[Tensor, "batch positions hidden"]) -> Float[Tensor, "batch positions hidden"]:
        batch, positions, hidden = x.shape
        cells = positions // self.values
        rows = x.reshape(batch, cells, self.values * hidden)
        pooled = (self.pool @ rows).view(batch, -1, self.values, hidden).split(self.sizes, dim=1)
        mapped = torch.cat([layer(part) for layer, part in zip(self.pools, pooled, strict=False)], dim=1)
        mixed = self.own(x) + (self.spread @ mapped.flatten(2)).view_as(x)
        if self.values > 1:
            by_cell = x.view(batch, cells, self.values, hidden)
            rivals = self.pools[-1](by_cell.sum(2, keepdim=True) / math.sqrt(self.values))
            mixed = (mixed.view_as(by_cell) + rivals).view_as(x)
        # The sum of k maps of unit variance has variance k: keep it at one, as a single matrix would.
        return mixed / math.sqrt(1 + len(self.pools))
