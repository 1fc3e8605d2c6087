"""Encoders: from problem tokens to what the recursion reads, and from its answer latent back to token logits.

``cells`` is the published form: one position per cell, one embedding per token, one logit per token.
``candidates`` is for tasks whose values may be renamed (sudoku's digits): one position for each value that a cell may
take, embedded as open, chosen or excluded. Renaming the values then only permutes positions, so the network need
not learn each digit by itself, and no weight depends on how many there are.
``panels`` is for tasks that show examples as grids beside the asked one: candidates of the answer's cells, which see
what stands at their place on every panel.
"""

from __future__ import annotations

import abc
import math
from typing import final

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from agents.trm.layers import linear, truncated_normal_
from trm_gym.structure import PanelStructure, Structure

NEVER = -30.0
"""The logit of a token that no free cell can hold; finite, so that a loss on it stays finite."""


class Encoder(nn.Module, abc.ABC):
    """The way in and the way out of the recursion."""

    values = 1
    """Positions per cell, where there are several."""

    def __init__(self, symbols: int, hidden: int, positions: int, structure: Structure) -> None:
        super().__init__()
        self.positions = positions
        self.structure = structure
        self.scale = math.sqrt(hidden)
        self.symbols = nn.Parameter(truncated_normal_(torch.empty(symbols, hidden), 1 / self.scale))

    @abc.abstractmethod
    def embed(self, problem: Int[Tensor, "batch length"]) -> Float[Tensor, "batch positions hidden"]:
        """The problem as the recursion reads it at each of its updates (x in the paper)."""

    @abc.abstractmethod
    def read(self, answer: Float[Tensor, "batch positions hidden"]) -> Float[Tensor, "batch length vocab"]:
        """Token logits out of the answer latent."""


@final
class CellEncoder(Encoder):
    """One position per cell. reserved: tokens of its own before those of the task, which are never shown or read."""

    def __init__(self, length: int, vocab: int, hidden: int, structure: Structure, reserved: int = 0) -> None:
        super().__init__(reserved + vocab, hidden, length, structure)
        self.reserved = reserved
        self.head = linear(hidden, reserved + vocab)

    def embed(self, problem: Int[Tensor, "batch length"]) -> Float[Tensor, "batch positions hidden"]:
        return F.embedding(problem + self.reserved, self.symbols) * self.scale

    def read(self, answer: Float[Tensor, "batch positions hidden"]) -> Float[Tensor, "batch length vocab"]:
        return self.head(answer)[..., self.reserved :]


@final
class CandidateEncoder(Encoder):
    """One position per cell and exchangeable value."""

    OPEN, CHOSEN, EXCLUDED = range(3)
    value: Tensor

    def __init__(self, length: int, vocab: int, hidden: int, structure: Structure) -> None:
        if structure.exchangeable is None:
            raise ValueError("a network over candidates needs a task with exchangeable values; use positions='cells'")
        first, stop = structure.exchangeable
        super().__init__(3, hidden, length * (stop - first), structure)
        self.first, self.values = first, stop - first
        self.after = vocab - stop
        self.head = linear(hidden, 1)
        self.register_buffer("value", torch.arange(self.first, stop), persistent=False)

    def embed(self, problem: Int[Tensor, "batch length"]) -> Float[Tensor, "batch positions hidden"]:
        given = problem[..., None]
        known = torch.where(given == self.value, self.CHOSEN, self.EXCLUDED)
        return F.embedding(torch.where(given == 0, self.OPEN, known).flatten(1), self.symbols) * self.scale

    def read(self, answer: Float[Tensor, "batch positions hidden"]) -> Float[Tensor, "batch length vocab"]:
        logits = self.head(answer).view(len(answer), -1, self.values)
        return F.pad(logits, (self.first, self.after), value=NEVER)


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

    def __init__(self, length: int, vocab: int, hidden: int, structure: Structure) -> None:
        if not isinstance(structure, PanelStructure) or structure.exchangeable is None:
            raise ValueError("a network over panels needs a task that shows panels; use positions='cells'")
        first, stop = structure.exchangeable
        kind = torch.arange(vocab)
        kind[first:stop], kind[stop:] = first, kind[stop:] - (stop - first - 1)
        self.same, self.shown = int(kind.max()) + 1, structure.panels - 1
        cells = length // structure.panels
        super().__init__(self.shown * self.same * (self.same + 1), hidden, cells * (vocab - 1), structure.panel)
        self.values = vocab - 1
        self.share = linear(2, hidden)
        self.head = linear(hidden, 1)
        self.register_buffer("value", torch.arange(1, vocab), persistent=False)
        self.register_buffer("kind", kind, persistent=False)
        row = (torch.arange(self.shown)[:, None] * self.same + kind[1:]) * (self.same + 1)
        self.register_buffer("row", row, persistent=False)

    def embed(self, problem: Int[Tensor, "batch length"]) -> Float[Tensor, "batch positions hidden"]:
        panels = problem.unflatten(1, (self.shown + 1, -1))
        shown = panels[:, :-1].mT[..., None]
        held = torch.where(shown == self.value, self.same, self.kind[shown]) + self.row  # [batch, cells, shown, values]
        seen = F.embedding_bag(held.mT.reshape(-1, self.shown), self.symbols * self.scale, mode="sum")
        seen = seen.view(len(problem), self.positions, -1) / math.sqrt(self.shown)
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


@final
class Prefix(nn.Module):
    """Positions before those of the problem: first the embedding of the puzzle that it belongs to, then blanks.

    Embeddings start from zero, so that puzzles are alike until they are taught apart.
    """

    def __init__(self, length: int, puzzles: int, tokens: int, hidden: int) -> None:
        super().__init__()
        self.length, self.scale = length, math.sqrt(hidden)
        self.puzzles = nn.Parameter(torch.zeros(puzzles, tokens * hidden))

    def forward(
        self, puzzle: Int[Tensor, " batch"], x: Float[Tensor, "batch positions hidden"]
    ) -> Float[Tensor, "batch longer hidden"]:
        """What the recursion reads, with the prefix of each problem's puzzle before it."""
        known = F.embedding(puzzle, self.puzzles).unflatten(-1, (-1, x.shape[-1])) * self.scale
        return torch.cat([F.pad(known, (0, 0, 0, self.length - known.shape[1])), x], dim=1)
