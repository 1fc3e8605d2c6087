"""The parts of a block that every mixer shares: norm, linear maps and SwiGLU."""

from __future__ import annotations

import math
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

NORM_EPSILON = 1e-5
FULL_SPREAD = 1 / 0.8796256610342398
"""What makes a normal distribution cut off at two standard deviations spread as much as an uncut one."""
ROPE_BASE = 1e4


def rms_norm(x: Float[Tensor, "*batch hidden"]) -> Float[Tensor, "*batch hidden"]:
    """RMSNorm without weights over the last axis (Zhang & Sennrich 2019), as the published TRM has it."""
    return F.rms_norm(x, (x.shape[-1],), eps=NORM_EPSILON)


@final
class Linear(nn.Linear):
    """A bias-free linear map with truncated-normal LeCun initialisation (standard deviation 1/sqrt(inputs))."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, bias=False, dtype=torch.float32)
        truncated_normal_(self.weight, 1 / math.sqrt(inputs))

    def forward(self, input: Float[Tensor, "*batch inputs"]) -> Float[Tensor, "*batch outputs"]:
        # As one matrix: of more axes a compiled pass without gradients copies the weights for each row of the first.
        mapped = F.linear(input.reshape(-1, self.in_features), self.weight)
        return mapped.view(*input.shape[:-1], self.out_features)


@torch.no_grad()
def truncated_normal_(tensor: Tensor, std: float) -> Tensor:
    """Fill ``tensor`` from a normal distribution cut off at two standard deviations, in place."""
    return nn.init.trunc_normal_(tensor, std=std, a=-2 * std, b=2 * std)


def swiglu_width(hidden: int, expansion: float, multiple: int) -> int:
    """The inner width of a SwiGLU: two thirds of ``hidden * expansion``, rounded up to a multiple."""
    if not (width := math.ceil(round(hidden * expansion * 2 / 3) / multiple) * multiple):
        raise ValueError(f"model.expansion must leave a width of at least 1, and {expansion:g} leaves none: use 4")
    return width


@final
class Rotary(nn.Module):
    """Rotary position embeddings along the line of positions (RoPE, Su et al. 2021)."""

    cos: Tensor
    sin: Tensor

    def __init__(self, width: int, positions: int) -> None:
        super().__init__()
        frequency = ROPE_BASE ** (-torch.arange(0, width, 2, dtype=torch.float32) / width)
        angle = torch.outer(torch.arange(positions, dtype=torch.float32), frequency).repeat(1, 2)
        self.register_buffer("cos", angle.cos(), persistent=False)
        self.register_buffer("sin", angle.sin(), persistent=False)

    def forward(self, x: Float[Tensor, "batch heads positions width"]) -> Float[Tensor, "batch heads positions width"]:
        """Turn each pair of channels by an angle that grows with the position."""
        first, second = x.chunk(2, dim=-1)
        return x * self.cos + torch.cat([-second, first], dim=-1) * self.sin


@final
class SwiGLU(nn.Module):
    """down(silu(gate x) * up x) (Shazeer 2020); gate and up are one matrix, so that they are one product."""

    def __init__(self, hidden: int, width: int) -> None:
        super().__init__()
        self.gate_up = Linear(hidden, 2 * width)
        self.down = Linear(width, hidden)

    def forward(self, x: Float[Tensor, "*batch hidden"]) -> Float[Tensor, "*batch hidden"]:
        gate, up = self.gate_up(x).chunk(2, dim=-1)
        return self.down(F.silu(gate) * up)
