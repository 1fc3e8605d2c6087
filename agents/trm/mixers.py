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

from agents.trm.config import TRMConfig
from agents.trm.layers import Rotary, SwiGLU, linear, rms_norm, swiglu_width, truncated_normal_
from trm_gym.structure import Structure


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
    """Full self-attention with rotary position embeddings."""

    def __init__(self, hidden: int, heads: int, positions: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = linear(hidden, 3 * hidden)
        self.out = linear(hidden, hidden)
        self.rotary = Rotary(head_width(hidden, heads), positions)

    def forward(self, x: Float[Tensor, "batch positions hidden"]) -> Float[Tensor, "batch positions hidden"]:
        parts = self.qkv(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        query, key, value = parts.unbind(0)
        mixed = F.scaled_dot_product_attention(self.rotary(query), self.rotary(key), value)
        return self.out(mixed.transpose(1, 2).flatten(2))


@final
class LatentAttentionMixer(Mixer):
    """Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434, section 2.1): keys and values of all heads are made
    from one narrow vector per position.

    That vector knows no position; channels apart do, of each query and of one key that all heads share. Queries come
    from the full width, as in the paper's smaller model.
    """

    def __init__(self, hidden: int, heads: int, low_rank: int, rope_width: int, positions: int) -> None:
        super().__init__()
        if rope_width % 2:
            raise ValueError(f"rope_width must be even, since positions turn pairs of channels; got {rope_width}")
        self.heads, self.rope_width = heads, rope_width
        self.query = linear(hidden, hidden + heads * rope_width)
        self.down = linear(hidden, low_rank)
        self.up = linear(low_rank, 2 * hidden)
        self.place = linear(hidden, rope_width)
        self.out = linear(hidden, hidden)
        self.rotary = Rotary(rope_width, positions)
        self.width = head_width(hidden, heads)

    def forward(self, x: Float[Tensor, "batch positions hidden"]) -> Float[Tensor, "batch positions hidden"]:
        query, query_place = self._heads(self.query(x)).split([self.width, self.rope_width], dim=-1)
        key, value = self._heads(self.up(rms_norm(self.down(x)))).chunk(2, dim=-1)
        place = self.rotary(self.place(x)[:, None]).expand(-1, self.heads, -1, -1)
        query = torch.cat([query, self.rotary(query_place)], dim=-1)
        mixed = F.scaled_dot_product_attention(query, torch.cat([key, place], dim=-1), value)
        return self.out(mixed.transpose(1, 2).flatten(2))

    def _heads(self, x: Float[Tensor, "batch positions all"]) -> Float[Tensor, "batch heads positions width"]:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)


def head_width(hidden: int, heads: int) -> int:
    """Channels of a head. Raises ValueError where ``hidden`` does not split into heads of an even width."""
    if hidden % heads or (hidden // heads) % 2:
        raise ValueError(f"hidden {hidden} must split into {heads} heads of even width; choose heads to fit")
    return hidden // heads


@final
class ConvMixer(Mixer):
    """A depthwise convolution of width 3 and a pointwise map: a position hears of those next to it on the grid or line.

    Beyond the edge lies nothing (zeros). No weight depends on the size, and what is far away takes many steps to hear.
    """

    def __init__(self, hidden: int, structure: Structure, positions: int, values: int) -> None:
        super().__init__()
        if len(structure.shape) > 2 or (values != 1 and len(structure.shape) < 2):
            raise ValueError(
                "the conv mixer needs a task on a grid or a line, there with one position a cell; use another"
            )
        self.values = values
        self.grid = structure.shape if len(structure.shape) == 2 else (positions,)
        self.near = nn.Parameter(truncated_normal_(torch.empty(hidden, 1, *(3 for _ in self.grid)), 1 / 3))
        self.point = linear(hidden, hidden)

    def forward(self, x: Float[Tensor, "batch positions hidden"]) -> Float[Tensor, "batch positions hidden"]:
        planes = x.unflatten(1, (-1, self.values)).permute(0, 2, 3, 1).flatten(0, 1).unflatten(2, self.grid)
        convolve = F.conv2d if len(self.grid) == 2 else F.conv1d
        heard = convolve(planes, self.near, padding=1, groups=len(self.near)).flatten(2)
        return self.point(heard.unflatten(0, (len(x), -1)).permute(0, 3, 1, 2).flatten(1, 2))


@final
class GridMixer(Mixer):
    """What is near and what is far: the sum of the ``conv`` and the ``units`` mixer."""

    def __init__(self, hidden: int, structure: Structure, positions: int, values: int) -> None:
        super().__init__()
        self.near = ConvMixer(hidden, structure, positions, values)
        self.far = UnitsMixer(hidden, structure, values)

    def forward(self, x: Float[Tensor, "batch positions hidden"]) -> Float[Tensor, "batch positions hidden"]:
        return (self.near(x) + self.far(x)) / math.sqrt(2)


def make_mixer(config: TRMConfig, structure: Structure, positions: int, values: int) -> Mixer:
    """The mixer that ``config`` names, over ``positions`` of which each cell has ``values``.

    Raises ValueError with the known names.
    """
    hidden, heads = config.hidden, config.heads
    makers = {
        "units": lambda: UnitsMixer(hidden, structure, values),
        "mlp": lambda: MlpMixer(positions, config.expansion, config.width_multiple),
        "attention": lambda: AttentionMixer(hidden, heads, positions),
        "mla": lambda: LatentAttentionMixer(hidden, heads, config.low_rank, config.rope_width, positions),
        "conv": lambda: ConvMixer(hidden, structure, positions, values),
        "grid": lambda: GridMixer(hidden, structure, positions, values),
    }
    if config.mixer not in makers:
        raise ValueError(f"unknown mixer {config.mixer!r}: use one of {', '.join(makers)}")
    return makers[config.mixer]()
