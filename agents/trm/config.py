"""The shape of a network, as a frozen dataclass: all that is not given by a task's vocabulary and structure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from trm_gym import make_task

LEAST_ONE = (
    "hidden",
    "layers",
    "cycles",
    "latent_updates",
    "terms",
    "heads",
    "low_rank",
    "rope_width",
    "width_multiple",
    "puzzles",
    "puzzle_tokens",
    "halt_outputs",
)


@dataclass(frozen=True)
class TRMConfig:
    """The shape of a network. A task gives its vocabulary and its structure; all else is chosen here."""

    hidden: int = 128
    """Width of a latent at one position."""
    layers: int = 2
    """Blocks in the shared network."""
    cycles: int = 2
    """T: cycles per step; only the last one keeps gradients."""
    latent_updates: int = 3
    """n: updates of the reasoning latent per cycle, followed by one update of the answer latent."""
    mixer: Literal["units", "mlp", "attention", "mla", "conv", "grid"] = "units"
    """How positions hear of each other; grid is conv and units together."""
    positions: Literal["cells", "candidates", "terms", "panels"] = "cells"
    """What a position is: a cell; one value of a cell (for tasks whose values may be renamed); a term of the problem
    and then a cell of the answer (for tasks of text); or one value of a cell of the answer (for tasks that show panels
    of examples)."""
    terms: int = 8
    """Terms of a problem that are read (positions=terms only)."""
    heads: int = 4
    """Attention heads (mixer=attention and mla only)."""
    low_rank: int = 32
    """Width of what keys and values are both made from (mixer=mla only)."""
    rope_width: int = 16
    """Channels of a query, and of the key that all heads share, that hold the position (mixer=mla only)."""
    expansion: float = 4.0
    """SwiGLU width is two thirds of hidden times this, rounded up to width_multiple."""
    width_multiple: int = 32
    """The published code rounds to 256; small networks would be mostly rounding."""
    mixer_norm: Literal["hidden", "positions"] = "hidden"
    """Axis of the norm that follows the mixer. The published code's MLP variant has it over the positions."""
    halt_pooling: Literal["mean", "first"] = "mean"
    """What the halt head reads: the mean answer latent, or that of the first position (as published)."""
    halt_outputs: int = 1
    """Outputs of the halt head; only the first is used. The published one has a second, left from Q-learning."""
    prefix: int = 0
    """Positions before those of the problem (published: 16); mixers mlp, attention and mla only."""
    puzzles: int = 1
    """Puzzles that have an embedding of their own in the prefix. Published: one for all sudokus, one for all mazes; for
    ARC one for each task in each guise."""
    puzzle_tokens: int = 1
    """Positions of the prefix that hold the puzzle's embedding (published: 1); the others are blank."""
    reserved: int = 0
    """Tokens of the network before those of the task (positions=cells only). The published ones keep 0 for padding, and
    for ARC 1 for the edge of a grid."""
    initial_scale: float = 1.0
    """Factor on all initial weights. A normal distribution cut off at two deviations spreads less than it says; the
    published code makes up for that: see layers.FULL_SPREAD."""
    latents: Literal["two", "one"] = "two"
    """Whether answer and reasoning are apart; with one, z <- f(z + x) n times, then z <- f(z)."""
    networks: Literal["shared", "separate"] = "shared"
    """Whether one network updates reasoning and answer, or each has its own: twice the weights."""
    orthogonal: float = 0.0
    """How far each cycle brings the reasoning latent towards a matrix with orthogonal rows or columns, 0 to 1: see
    orthogonal.py."""
    orthogonal_in: Literal["inference", "training", "both"] = "inference"
    """Where that is done."""

    def __post_init__(self) -> None:
        for name in LEAST_ONE:
            if getattr(self, name) < 1:
                raise ValueError(f"model.{name} must be at least 1, got {getattr(self, name)}")
        for name in ("prefix", "reserved"):
            if getattr(self, name) < 0:
                raise ValueError(f"model.{name} must not be negative, got {getattr(self, name)}; 0 is none")
        if self.prefix and self.prefix < self.puzzle_tokens:
            raise ValueError(
                f"model.prefix {self.prefix} has no room for {self.puzzle_tokens} puzzle_tokens: use fewer"
            )
        if self.prefix and self.mixer in ("units", "conv", "grid"):
            raise ValueError(
                f"model.prefix: the {self.mixer} mixer knows cells only; use prefix=0, or mixer mlp, attention or mla"
            )
        if self.reserved and self.positions != "cells":
            raise ValueError(f"model.reserved needs positions='cells', not {self.positions!r}; use reserved=0")
        if not 0 <= self.orthogonal <= 1:
            raise ValueError(f"model.orthogonal must be from 0 (off) to 1, got {self.orthogonal}")
        if self.initial_scale <= 0:
            raise ValueError(f"model.initial_scale must be above 0, got {self.initial_scale}; 1 leaves weights alone")

    @property
    def effective_depth(self) -> int:
        """Blocks that a latent goes through in one step: layers (n + 1) T."""
        return self.layers * (self.latent_updates + 1) * self.cycles

    @staticmethod
    def for_sudoku(size: int = 9) -> TRMConfig:
        """The network for sudokus of that size; the same for all. Raises ValueError for one that no task has."""
        make_task("sudoku9x9", size)
        return _preset("SUDOKU")

    @staticmethod
    def for_maze(grid_size: int = 30) -> TRMConfig:
        """The network for mazes on a canvas of that side. Raises ValueError for one that no task has."""
        make_task("maze11x11", grid_size)
        return _preset("MAZE")

    @staticmethod
    def for_arc(size: int = 10) -> TRMConfig:
        """The network for ARC on panels of that side; the same for all. Raises ValueError for one that no task has."""
        make_task("arc30x30", size)
        return _preset("ARC")

    @staticmethod
    def for_arc_agi() -> TRMConfig:
        """The published network for ARC."""
        return _preset("OFFICIAL_ARC")


def _preset(name: str) -> TRMConfig:
    from agents.trm import presets  # made of what this file defines

    return getattr(presets, name)
