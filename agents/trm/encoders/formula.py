"""One position per slot of a formula, which sees what the draft does at the points shown."""

from __future__ import annotations

from typing import final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from agents.trm.encoders.base import NEVER, Encoder, EncoderContext
from agents.trm.encoders.terms import embedding
from agents.trm.inputs import Inputs
from agents.trm.layers import Linear, truncated_normal_
from agents.trm.options import at_least
from trm_gym.regression.circuit.reading import WHOLE, read_drafts
from trm_gym.regression.circuit.slots import FEATURES
from trm_gym.regression.circuit.telling import CONSTANT_FEATURES
from trm_gym.regression.layout import FIRST_BOTTOM, FIRST_UNARY, LAST_BINARY, SLOTS
from trm_gym.regression.points import points_of
from trm_gym.structure import HeapStructure
from trm_gym.task import BLANK


@final
class FormulaEncoder(Encoder):
    """One position per slot of the draft, with its two tokens and what trm_gym/regression/circuit reads off it.

    points: at how many of the points shown the draft is run. leaves: the circuit looks for formulas of so many leaves,
    2 or 3, that are exactly what is wanted of a slot. constants: 1, and it looks for formulas with constants too, or 0.
    """

    never: Tensor

    def __init__(self, context: EncoderContext, *, points: int = 24, leaves: int = 3, constants: int = 0) -> None:
        structure, hidden = context.structure, context.hidden
        at_least(1, points=points)
        at_least(2, leaves=leaves)
        at_least(0, constants=constants)
        if not isinstance(structure, HeapStructure):
            raise ValueError("a network over formulas needs a task whose drafts are formulas; use positions='cells'")
        super().__init__(context, symbols=context.vocab, positions=SLOTS)
        self.points, self.leaves, self.constants = points, leaves, constants > 0
        self.slot = nn.Parameter(truncated_normal_(torch.empty(SLOTS, hidden, dtype=torch.float32), 1.0))
        self.feature = embedding(FEATURES + CONSTANT_FEATURES * self.constants, hidden)
        self.whole = embedding(WHOLE, hidden)
        self.base, self.function = Linear(hidden, context.vocab), Linear(hidden, context.vocab)
        token, slot = torch.arange(context.vocab), torch.arange(SLOTS)[:, None]
        operator = (token > BLANK) & (token <= LAST_BINARY)
        base = (token == BLANK) | (token >= FIRST_UNARY) | (operator & (slot >= FIRST_BOTTOM))
        self.register_buffer("never", torch.cat([base, (token < FIRST_UNARY).expand(SLOTS, -1)]), persistent=False)

    def embed(self, inputs: Inputs) -> Float[Tensor, "batch positions hidden"]:
        points = points_of(inputs.numbers.cpu().numpy())
        reading = read_drafts(
            inputs.draft.cpu().numpy().astype(np.uint8), points, self.points, self.leaves, self.constants
        )
        slots, whole = (torch.from_numpy(part).to(self.symbols.device) for part in reading)
        tokens = F.embedding(inputs.draft, self.symbols).unflatten(1, (2, SLOTS)).sum(1) * self.scale
        return tokens + self.slot + self.feature(slots) + self.whole(whole)[:, None]

    def read(self, answer: Float[Tensor, "batch positions hidden"]) -> Float[Tensor, "batch length vocab"]:
        return torch.cat([self.base(answer), self.function(answer)], dim=1).masked_fill(self.never, NEVER)
