"""One position per value that a cell may take."""

from __future__ import annotations

from typing import final

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from agents.trm.encoders.base import NEVER, Encoder, EncoderContext
from agents.trm.inputs import Inputs
from agents.trm.layers import Linear


@final
class CandidateEncoder(Encoder):
    """One position per cell and exchangeable value: for tasks whose values may be renamed, such as a sudoku's digits.

    A value is embedded as open, chosen or excluded. Renaming the values then only permutes positions, so the network
    need not learn each digit by itself, and no weight depends on how many there are.
    """

    OPEN, CHOSEN, EXCLUDED = range(3)
    value: Tensor

    def __init__(self, context: EncoderContext) -> None:
        exchangeable = context.structure.exchangeable
        if exchangeable is None:
            raise ValueError("a network over candidates needs a task with exchangeable values; use positions='cells'")
        first, stop = exchangeable
        super().__init__(context, symbols=3, positions=context.length * (stop - first))
        self.first, self.values = first, stop - first
        self.after = context.vocab - stop
        self.head = Linear(context.hidden, 1)
        self.register_buffer("value", torch.arange(self.first, stop), persistent=False)

    def embed(self, inputs: Inputs) -> Float[Tensor, "batch positions hidden"]:
        given = inputs.problem[..., None]
        known = torch.where(given == self.value, self.CHOSEN, self.EXCLUDED)
        return F.embedding(torch.where(given == 0, self.OPEN, known).flatten(1), self.symbols) * self.scale

    def read(self, answer: Float[Tensor, "batch positions hidden"]) -> Float[Tensor, "batch length vocab"]:
        logits = self.head(answer).view(len(answer), -1, self.values)
        return F.pad(logits, (self.first, self.after), value=NEVER)
