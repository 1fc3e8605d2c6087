"""Positions before those of the problem, which tell the network what puzzle it is on."""

from __future__ import annotations

import math
from typing import final

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F


@final
class Prefix(nn.Module):
    """Positions before those of the problem: first the embedding of the puzzle that it belongs to, then blanks.

    Embeddings start from zero, so that puzzles are alike until they are taught apart.
    """

    def __init__(self, length: int, puzzles: int, tokens: int, hidden: int) -> None:
        super().__init__()
        self.length, self.scale = length, math.sqrt(hidden)
        self.puzzles = nn.Parameter(torch.zeros(puzzles, tokens * hidden, dtype=torch.float32))

    def forward(
        self, puzzle: Int[Tensor, " batch"], x: Float[Tensor, "batch positions hidden"]
    ) -> Float[Tensor, "batch longer hidden"]:
        """What the recursion reads, with the prefix of each problem's puzzle before it."""
        known = F.embedding(puzzle, self.puzzles).unflatten(-1, (-1, x.shape[-1])) * self.scale
        return torch.cat([F.pad(known, (0, 0, 0, self.length - known.shape[1])), x], dim=1)
