"""What every mixer is: a map over the positions of a problem, by which they hear of each other."""

from __future__ import annotations

import abc
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor, nn

from trm_gym.structure import Structure


@dataclass(frozen=True)
class MixerContext:
    """What a mixer is built for.

    Positions are laid out as [cells, values]: a network over cells has one value per cell, a network over candidates
    one position for each value that a cell may take.
    """

    hidden: int
    """Width of a latent at one position."""
    positions: int
    """How many positions there are, those of a prefix among them."""
    values: int
    """Positions of a cell."""
    structure: Structure
    """How the cells belong together."""
    expansion: float = 4.0
    """As in TRMConfig, for mixers with a SwiGLU of their own."""
    width_multiple: int = 32
    """As in TRMConfig."""


class Mixer(nn.Module, abc.ABC):
    """Maps [batch, positions, hidden] to the same shape; the block adds it to its input and normalises.

    A mixer's own options are keyword-only arguments of its constructor, each with a default.
    """

    cells_only = False
    """Whether positions must be the task's cells, so that no prefix can stand before them."""

    def __init__(self, context: MixerContext) -> None:
        super().__init__()

    @abc.abstractmethod
    def forward(self, x: Float[Tensor, "batch positions hidden"]) -> Float[Tensor, "batch positions hidden"]: ...
