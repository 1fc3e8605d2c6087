"""The parts of a block that every mixer shares: norm, linear maps and SwiGLU."""

from __future__ import annotations

import math
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

NORM_EPSILON = 1e-5


def rms_norm(x: Float[Tensor, "*batch hidden"]) -> Float[Tensor, "*batch hidden"]:
    """RMSNorm without weights over the last axis (Zhang & Sennrich 2019), as the published TRM has it."""
    return F.rms_norm(x, (x.shape[-1],), eps=NORM_EPSILON)


def linear(inputs: int, outputs: int) -> nn.Linear:
    """A bias-free linear map with truncated-normal LeCun initialisation (standard deviation 1/sqrt(inputs))."""
    layer = nn.Linear(inputs, outputs, bias=False)
    truncated_normal_(layer.weight, 1 / math.sqrt(inputs))
    return layer


@torch.no_grad()
def truncated_normal_(tensor: Tensor, std: float) -> Tensor:
    """Fill ``tensor`` from a normal distribution cut off at two standard deviations, in place."""
    return nn.init.trunc_normal_(tensor, std=std, a=-2 * std, b=2 * std)


def swiglu_width(hidden: int, expansion: float, multiple: int) -> int:
    """The inner width of a SwiGLU: two thirds of ``hidden * expansion``, rounded up to a multiple."""
    return math.ceil(round(hidden * expansion * 2 / 3) / multiple) * multiple


@final
class SwiGLU(nn.Module):
    """down(silu(gate x) * up x) (Shazeer 2020); gate and up are one matrix, so that they are one product."""

    def __init__(self, hidden: int, width: int) -> None:
        super().__init__()
        self.gate_up = linear(hidden, 2 * width)
        self.down = linear(width, hidden)

    def forward(self, x: Float[Tensor, "*batch hidden"]) -> Float[Tensor, "*batch hidden"]:
        gate, up = self.gate_up(x).chunk(2, dim=-1)
        return self.down(F.silu(gate) * up)
