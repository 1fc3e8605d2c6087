"""Encoders: from problem tokens to what the recursion reads, and from its answer latent back to token logits.

``cells`` is the published form: one position per cell, one embedding per token, one logit per token.
``candidates`` is for tasks whose values may be renamed (sudoku's digits): one position for each value that a cell may
take, embedded as open, chosen or excluded. Renaming the values then only permutes positions, so the network need
not learn each digit by itself, and no weight depends on how many there are.
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
from trm_gym.task import Structure

NEVER = -30.0
"""The logit of a token that no free cell can hold; finite, so that a loss on it stays finite."""


class Encoder(nn.Module, abc.ABC):
    """The way in and the way out of the recursion."""

    values = 1
    """Positions per cell, where there are several."""

    def __init__(self, symbols: int, hidden: int, positions: int) -> None:
        super().__init__()
        self.positions = positions
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

    def __init__(self, length: int, vocab: int, hidden: int, reserved: int = 0) -> None:
        super().__init__(reserved + vocab, hidden, length)
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
        super().__init__(3, hidden, length * (stop - first))
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
