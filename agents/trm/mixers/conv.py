"""A convolution over the grid or the line of cells."""

from __future__ import annotations

from typing import final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from agents.trm.layers import Linear, truncated_normal_
from agents.trm.mixers.base import Mixer, MixerContext


@final
class ConvMixer(Mixer):
    """A depthwise convolution of width 3 and a pointwise map: a position hears of those next to it on the grid or line.

    Beyond the edge lies nothing (zeros). No weight depends on the size, and what is far away takes many steps to hear.
    """

    cells_only = True

    def __init__(self, context: MixerContext) -> None:
        super().__init__(context)
        hidden, structure, values = context.hidden, context.structure, context.values
        if len(structure.shape) > 2 or (values != 1 and len(structure.shape) < 2):
            raise ValueError(
                "the conv mixer needs a task on a grid or a line, there with one position a cell; use another"
            )
        self.values = values
        self.grid = structure.shape if len(structure.shape) == 2 else (context.positions,)
        self.near = nn.Parameter(
            truncated_normal_(torch.empty(hidden, 1, *(3 for _ in self.grid), dtype=torch.float32), 1 / 3)
        )
        self.point = Linear(hidden, hidden)

    def forward(self, x: Float[Tensor, "batch positions hidden"]) -> Float[Tensor, "batch positions hidden"]:
        planes = x.unflatten(1, (-1, self.values)).permute(0, 2, 3, 1).flatten(0, 1).unflatten(2, self.grid)
        convolve = F.conv2d if len(self.grid) == 2 else F.conv1d
        heard = convolve(planes, self.near, padding=1, groups=len(self.near)).flatten(2)
        return self.point(heard.unflatten(0, (len(x), -1)).permute(0, 3, 1, 2).flatten(1, 2))
