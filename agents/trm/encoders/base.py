"""What every encoder is: the way from problem tokens into the recursion, and from its answer latent to token logits."""

from __future__ import annotations

import abc
import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from agents.trm.inputs import Inputs
from agents.trm.layers import truncated_normal_
from trm_gym.structure import Structure

NEVER = -30.0
"""The logit of a token that no free cell can hold; finite, so that a loss on it stays finite."""


@dataclass(frozen=True)
class EncoderContext:
    """What an encoder is built for."""

    vocab: int
    """Tokens of the task."""
    hidden: int
    """Width of a latent at one position."""
    structure: Structure
    """How the task's cells belong together."""

    @property
    def length(self) -> int:
        """Cells of a problem."""
        return math.prod(self.structure.shape)


class Encoder(nn.Module, abc.ABC):
    """The way in and the way out of the recursion.

    An encoder's own options are keyword-only arguments of its constructor, each with a default.
    symbols: embeddings that it has. positions: of the recursion.
    """

    values = 1
    """Positions per cell, where there are several."""

    def __init__(self, context: EncoderContext, symbols: int, positions: int) -> None:
        super().__init__()
        self.positions = positions
        self.structure = context.structure
        """How the cells of the positions belong together, for the mixer."""
        self.scale = math.sqrt(context.hidden)
        self.symbols = nn.Parameter(
            truncated_normal_(torch.empty(symbols, context.hidden, dtype=torch.float32), 1 / self.scale)
        )

    @abc.abstractmethod
    def embed(self, inputs: Inputs) -> Float[Tensor, "batch positions hidden"]:
        """The problem as the recursion reads it at each of its updates (x in the paper).

        An encoder may look at the draft too, which is another at every step.
        """

    @abc.abstractmethod
    def read(self, answer: Float[Tensor, "batch positions hidden"]) -> Float[Tensor, "batch length vocab"]:
        """Token logits out of the answer latent."""
