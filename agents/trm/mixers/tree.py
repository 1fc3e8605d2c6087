"""What stands above and below in a tree, and the mean of all."""

from __future__ import annotations

import math
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from agents.trm.layers import Linear
from agents.trm.mixers.base import Mixer, MixerContext
from trm_gym.structure import HeapStructure


@final
class TreeMixer(Mixer):
    """A position hears of the one above it, of the two below it, and of the mean over all.

    For tasks whose positions are the slots of a binary heap. Where there is nothing above or below it hears zeros.
    """

    cells_only = True

    def __init__(self, context: MixerContext) -> None:
        super().__init__(context)
        if not isinstance(context.structure, HeapStructure):
            raise ValueError("the tree mixer needs a task whose drafts are trees; use mixer mlp or attention instead")
        self.ways = Linear(context.hidden * 5, context.hidden)

    def forward(self, x: Float[Tensor, "batch positions hidden"]) -> Float[Tensor, "batch positions hidden"]:
        inner = x.shape[1] // 2
        below = x[:, 1:].unflatten(1, (inner, 2))
        left, right = (F.pad(below[:, :, side], (0, 0, 0, inner + 1)) for side in (0, 1))
        above = F.pad(x[:, :inner].repeat_interleave(2, dim=1), (0, 0, 1, 0))
        mean = x.mean(1, keepdim=True).expand_as(x) * math.sqrt(x.shape[1])
        return self.ways(torch.cat([x, left, right, above, mean], dim=-1))
