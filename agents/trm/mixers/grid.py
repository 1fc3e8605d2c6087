"""What is near and what is far on a grid."""

from __future__ import annotations

import math
from typing import final

from jaxtyping import Float
from torch import Tensor

from agents.trm.mixers.base import Mixer, MixerContext
from agents.trm.mixers.conv import ConvMixer
from agents.trm.mixers.units import UnitsMixer


@final
class GridMixer(Mixer):
    """What is near and what is far: the sum of the ``conv`` and the ``units`` mixer."""

    cells_only = True

    def __init__(self, context: MixerContext) -> None:
        super().__init__(context)
        self.near = ConvMixer(context)
        self.far = UnitsMixer(context)

    def forward(self, x: Float[Tensor, "batch positions hidden"]) -> Float[Tensor, "batch positions hidden"]:
        return (self.near(x) + self.far(x)) / math.sqrt(2)
