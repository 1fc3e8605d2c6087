"""A SwiGLU over the positions."""

from __future__ import annotations

from typing import final

from jaxtyping import Float
from torch import Tensor

from agents.trm.layers import SwiGLU, swiglu_width
from agents.trm.mixers.base import Mixer, MixerContext


@final
class MlpMixer(Mixer):
    """A SwiGLU over the length axis (the published MLP variant); its weights are tied to the length."""

    def __init__(self, context: MixerContext) -> None:
        super().__init__(context)
        width = swiglu_width(context.positions, context.expansion, context.width_multiple)
        self.mlp = SwiGLU(context.positions, width)

    def forward(self, x: Float[Tensor, "batch positions hidden"]) -> Float[Tensor, "batch positions hidden"]:
        return self.mlp(x.transpose(1, 2)).transpose(1, 2)
