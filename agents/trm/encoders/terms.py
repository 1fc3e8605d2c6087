"""One position per term of a problem of text, and one per cell of its answer."""

from __future__ import annotations

from typing import final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from agents.trm.encoders.base import NEVER, Encoder, EncoderContext
from agents.trm.inputs import Inputs
from agents.trm.layers import Linear, truncated_normal_
from agents.trm.options import at_least
from agents.trm.recognition import DIGIT_PLACES, read_terms
from trm_gym.structure import TextStructure
from trm_gym.written.signs import SYMBOLS, TOKEN, VERBS

_NOTHING = read_terms(torch.zeros(1, 2, dtype=torch.long), 1)


@final
class TermEncoder(Encoder):
    """One position per term of the problem, then one per cell of the answer.

    Where the task says which place of a number a cell of the answer holds, that cell sees the problem's digits of that
    place. terms: how many terms of a problem are read; the others are not seen one by one.
    """

    verbs: Tensor
    place: Tensor
    placed: Tensor
    power: Tensor
    powered: Tensor

    def __init__(self, context: EncoderContext, *, terms: int = 8) -> None:
        structure, hidden = context.structure, context.hidden
        at_least(1, terms=terms)
        if not isinstance(structure, TextStructure):
            raise ValueError("a network over terms needs a task of text; use positions='cells'")
        self.written, answer = structure.written, context.length - structure.written
        super().__init__(context, symbols=len(VERBS) + 1, positions=terms + answer)
        self.terms = terms
        self.term = embedding(_NOTHING.features.shape[-1], hidden)
        self.column = embedding(_NOTHING.columns.shape[-1], hidden)
        self.total = embedding(_NOTHING.totals.flatten(1).shape[-1], hidden)
        algebraic = structure.powers is not None
        self.factor = embedding(_NOTHING.factors.shape[-1], hidden) if algebraic else None
        self.coefficient = embedding(_NOTHING.totals.shape[-1], hidden) if algebraic else None
        self.product = embedding(_NOTHING.products.shape[-1], hidden) if algebraic else None
        self.position = nn.Parameter(truncated_normal_(torch.empty(self.positions, hidden, dtype=torch.float32), 1.0))
        self.head = Linear(hidden, len(SYMBOLS))
        place = torch.full((answer,), -1) if structure.places is None else torch.from_numpy(structure.places)
        self.register_buffer("place", place.clamp(0, DIGIT_PLACES - 1), persistent=False)
        self.register_buffer("placed", (place >= 0)[:, None].float(), persistent=False)
        power = torch.full((answer,), -1) if structure.powers is None else torch.from_numpy(structure.powers)
        self.register_buffer("power", power.clamp(min=0), persistent=False)
        self.register_buffer("powered", (power >= 0)[:, None].float(), persistent=False)
        self.register_buffer("verbs", torch.tensor([TOKEN[verb] for verb in VERBS]), persistent=False)

    def embed(self, inputs: Inputs) -> Float[Tensor, "batch positions hidden"]:
        tokens = inputs.problem[:, : self.written]
        reading = read_terms(tokens, self.terms)
        columns = self.column(reading.columns)[:, self.place] * self.placed
        columns = columns + self.total(reading.totals.flatten(1))[:, None]
        if self.factor is not None and self.coefficient is not None and self.product is not None:
            columns = columns + self.coefficient(reading.totals)[:, self.power] * self.powered
            columns = columns + self.product(reading.products)[:, self.power, self.place] * self.placed
            columns = columns + self.factor(reading.factors)[:, None]
        parts = [self.term(reading.features), columns]
        asked = (tokens[..., None] == self.verbs).any(1).float()
        verb = torch.cat([asked, 1 - asked.sum(1, keepdim=True)], dim=1) @ self.symbols * self.scale
        return torch.cat(parts, dim=1) + self.position + verb[:, None]

    def read(self, answer: Float[Tensor, "batch positions hidden"]) -> Float[Tensor, "batch length vocab"]:
        # The problem's cells are fixed: whatever stands there is no part of the answer.
        return F.pad(self.head(answer[:, self.terms :]), (0, 0, self.written, 0), value=NEVER)


def embedding(features: int, hidden: int) -> nn.Linear:
    """A linear map of features most of which are 0, so that its weights are larger than elsewhere."""
    layer = nn.Linear(features, hidden, bias=False, dtype=torch.float32)
    truncated_normal_(layer.weight, 0.3)
    return layer
