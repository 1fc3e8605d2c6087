"""Candidates of the answer's cells, which see what stands at their place on every panel of examples."""

from __future__ import annotations

import math
from typing import final

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

from agents.trm.encoders.base import NEVER, Encoder, EncoderContext
from agents.trm.inputs import Inputs
from agents.trm.layers import Linear
from trm_gym.structure import PanelStructure


@final
class PanelEncoder(Encoder):
    """One position per cell of a panel and value that it may take: what the panels shown hold at that place.

    Of each panel a position sees whether the cell holds its own value, or else what; values that may be renamed look
    alike to each other, so that renaming them only permutes positions. It sees besides what became, in the pairs
    shown, of cells that held what the asked cell holds: see ``shares``.
    """

    value: Tensor
    kind: Tensor
    row: Tensor

    def __init__(self, context: EncoderContext) -> None:
        structure, vocab, hidden = context.structure, context.vocab, context.hidden
        if not isinstance(structure, PanelStructure) or structure.exchangeable is None:
            raise ValueError("a network over panels needs a task that shows panels; use positions='cells'")
        first, stop = structure.exchangeable
        kind = torch.arange(vocab)
        kind[first:stop], kind[stop:] = first, kind[stop:] - (stop - first - 1)
        self.same, self.shown = int(kind.max()) + 1, structure.panels - 1
        cells = context.length // structure.panels
        symbols = self.shown * self.same * (self.same + 1)
        super().__init__(context, symbols, positions=cells * (vocab - 1))
        self.structure = structure.panel
        self.values = vocab - 1
        self.share = Linear(2, hidden)
        self.head = Linear(hidden, 1)
        self.register_buffer("value", torch.arange(1, vocab), persistent=False)
        self.register_buffer("kind", kind, persistent=False)
        row = (torch.arange(self.shown)[:, None] * self.same + kind[1:]) * (self.same + 1)
        self.register_buffer("row", row, persistent=False)

    def embed(self, inputs: Inputs) -> Float[Tensor, "batch positions hidden"]:
        panels = inputs.problem.unflatten(1, (self.shown + 1, -1))
        shown = panels[:, :-1].mT[..., None]
        held = torch.where(shown == self.value, self.same, self.kind[shown]) + self.row  # [batch, cells, shown, values]
        seen = F.embedding_bag(held.mT.reshape(-1, self.shown), self.symbols * self.scale, mode="sum")
        seen = seen.view(len(panels), self.positions, -1) / math.sqrt(self.shown)
        return seen + self.share(shares(panels, self.values + 1)[..., 1:, :].flatten(1, 2))

    def read(self, answer: Float[Tensor, "batch positions hidden"]) -> Float[Tensor, "batch length vocab"]:
        logits = self.head(answer).view(len(answer), -1, self.values)
        # The panels shown are fixed: whatever stands there is no part of the answer.
        return F.pad(logits, (1, 0, self.shown * logits.shape[1], 0), value=NEVER)


def shares(panels: Int[Tensor, "batch panels cells"], vocab: int) -> Float[Tensor, "batch cells {vocab} 2"]:
    """Of the cells shown that held what the asked cell holds, which share came to hold each token; and whether all did.

    panels: grids and what became of them, in turn; the last two are the asked one and its answer. Where no cell held
    it, all shares are 0.
    """
    tokens = F.one_hot(panels, vocab).float()
    before, after = tokens[:, :-2:2].flatten(1, 2), tokens[:, 1:-2:2].flatten(1, 2)
    became = before.mT @ after
    share = tokens[:, -2] @ (became / became.sum(-1, keepdim=True).clamp(min=1))
    return torch.stack([share, (share > 1 - 1e-4).float()], dim=-1)
