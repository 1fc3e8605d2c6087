"""Mixers: how the positions of a problem hear of each other inside a block.

Positions are laid out as [cells, values]: a network over cells has one value per cell, a network over candidates
(see encoder.py) one position for each value that a cell may take.
"""

from __future__ import annotations

import abc
import math
from typing import final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from agents.trm.encoder import Encoder
from agents.trm.layers import SwiGLU, linear, swiglu_width, truncated_normal_
from trm_gym.task import Structure

ROPE_BASE = 1e4


class Mixer(nn.Module, abc.ABC):
    """Maps [batch, positions, hidden] to the same shape; the block adds it to its input and normalises."""

    @abc.abstractmethod
    def forward(self, x: Float[Tensor, "batch positions hidden"]) -> Float[Tensor, "batch positions hidden"]: ...


@final
class UnitsMixer(Mixer):
    """Pools positions over the units that the task declares, and gives each position the pools that it is in.

    A pool is the sum over a unit's members divided by the square root of their number. Concatenating
    [own, row, column, box] and mapping it by one matrix is the same as mapping each by a matrix of its own and adding;
    the second form maps a pool once instead of once for every member. Over candidates the units apply to each value
    by itself, and the values of one cell are a unit more. Nothing here depends on the size of the problem.
    """

    pool: Tensor
    spread: Tensor

    def __init__(self, hidden: int, structure: Structure, values: int) -> None:
        super().__init__()
        if not structure.units:
            raise ValueError("the units mixer needs a task that declares units; use mixer mlp or attention instead")
        self.values = values
        self.kinds = len(structure.units)
        self.own = linear(hidden, hidden)
        self.pools = nn.ModuleList(linear(hidden, hidden) for _ in range(self.kinds + (values > 1)))
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


@final
class MlpMixer(Mixer):
    """A SwiGLU over the length axis (the published MLP variant); its weights are tied to the length."""

    def __init__(self, positions: int, expansion: float, multiple: int) -> None:
        super().__init__()
        self.mlp = SwiGLU(positions, swiglu_width(positions, expansion, multiple))

    def forward(self, x: Float[Tensor, "batch positions hidden"]) -> Float[Tensor, "batch positions hidden"]:
        return self.mlp(x.transpose(1, 2)).transpose(1, 2)


@final
class AttentionMixer(Mixer):
    """Full self-attention with rotary position embeddings along the line of positions (RoPE, Su et al. 2021)."""

    cos: Tensor
    sin: Tensor

    def __init__(self, hidden: int, heads: int, positions: int) -> None:
        super().__init__()
        if hidden % heads or (hidden // heads) % 2:
            raise ValueError(f"hidden {hidden} must split into {heads} heads of even width; choose heads to fit")
        self.heads = heads
        self.qkv = linear(hidden, 3 * hidden)
        self.out = linear(hidden, hidden)
        width = hidden // heads
        frequency = ROPE_BASE ** (-torch.arange(0, width, 2) / width)
        angle = torch.outer(torch.arange(positions), frequency).repeat(1, 2)
        self.register_buffer("cos", angle.cos(), persistent=False)
        self.register_buffer("sin", angle.sin(), persistent=False)

    def rotate(self, x: Float[Tensor, "batch heads positions width"]) -> Float[Tensor, "batch heads positions width"]:
        """Turn each pair of channels by an angle that grows with the position."""
        first, second = x.chunk(2, dim=-1)
        return x * self.cos + torch.cat([-second, first], dim=-1) * self.sin

    def forward(self, x: Float[Tensor, "batch positions hidden"]) -> Float[Tensor, "batch positions hidden"]:
        parts = self.qkv(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        query, key, value = parts.unbind(0)
        mixed = F.scaled_dot_product_attention(self.rotate(query), self.rotate(key), value)
        return self.out(mixed.transpose(1, 2).flatten(2))


@final
class ConvMixer(Mixer):
    """A depthwise 3x3 convolution over the grid and a pointwise map: a cell hears of its eight neighbours.

    Beyond the edge lies nothing (zeros). No weight depends on the size of the grid.
    """

    def __init__(self, hidden: int, structure: Structure, values: int) -> None:
        super().__init__()
        if len(structure.shape) != 2 or values != 1:
            raise ValueError("the conv mixer needs a task on a grid and positions='cells'; use another mixer")
        self.grid = structure.shape
        self.near = nn.Parameter(truncated_normal_(torch.empty(hidden, 1, 3, 3), 1 / 3))
        self.point = linear(hidden, hidden)

    def forward(self, x: Float[Tensor, "batch positions hidden"]) -> Float[Tensor, "batch positions hidden"]:
        planes = x.unflatten(1, self.grid).permute(0, 3, 1, 2)
        heard = F.conv2d(planes, self.near, padding=1, groups=len(self.near))
        return self.point(heard.permute(0, 2, 3, 1).flatten(1, 2))


def make_mixer(
    name: str, hidden: int, heads: int, expansion: float, multiple: int, structure: Structure, encoder: Encoder
) -> Mixer:
    """The mixer called ``name`` over an encoder's positions. Raises ValueError with the known names."""
    positions, values = encoder.positions, encoder.values
    makers = {
        "units": lambda: UnitsMixer(hidden, structure, values),
        "mlp": lambda: MlpMixer(positions, expansion, multiple),
        "attention": lambda: AttentionMixer(hidden, heads, positions),
        "conv": lambda: ConvMixer(hidden, structure, values),
    }
    if name not in makers:
        raise ValueError(f"unknown mixer {name!r}: use one of {', '.join(makers)}")
    return makers[name]()
