"""One position per cell."""

from __future__ import annotations

from typing import final

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from agents.trm.encoders.base import Encoder, EncoderContext
from agents.trm.inputs import Inputs
from agents.trm.layers import Linear
from agents.trm.options import at_least


@final
class CellEncoder(Encoder):
    """The published form: one position per cell, one embedding per token, one logit per token.

    reserved: tokens of its own before those of the task, which are never shown or read. The published networks keep 0
    for padding, and for ARC 1 for the edge of a grid.
    """

    def __init__(self, context: EncoderContext, *, reserved: int = 0) -> None:
        at_least(0, reserved=reserved)
        tokens = reserved + context.vocab
        super().__init__(context, symbols=tokens, positions=context.length)
        self.reserved = reserved
        self.head = Linear(context.hidden, tokens)

    def embed(self, inputs: Inputs) -> Float[Tensor, "batch positions hidden"]:
        return F.embedding(inputs.problem + self.reserved, self.symbols) * self.scale

    def read(self, answer: Float[Tensor, "batch positions hidden"]) -> Float[Tensor, "batch length vocab"]:
        return self.head(answer)[..., self.reserved :]
