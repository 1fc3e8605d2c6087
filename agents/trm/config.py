"""The shape of a network, as a frozen dataclass: all that is not given by a task's vocabulary and structure.

Below it stand the shapes that have a name.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from agents.trm.encoders import ENCODERS
from agents.trm.layers import FULL_SPREAD, swiglu_width
from agents.trm.mixers import MIXERS
from agents.trm.options import part_named, read_options
from trm_gym import make_task
from trm_gym.checks import check_numbers, real_number, whole_number

MOST_WEIGHTS = 10**9
"""Weights that a network may have; the largest published one has 27 million."""
LEAST_ONE = (
    "hidden",
    "layers",
    "cycles",
    "latent_updates",
    "width_multiple",
    "puzzles",
    "puzzle_tokens",
    "halt_outputs",
)


@dataclass(frozen=True)
class NetworkExtras:
    """Research options of the network, off by default; no shipped network uses one."""

    orthogonal: float = 0.0
    """How far each cycle moves the reasoning latent towards a matrix with orthogonal rows or columns, at inference. 0
    is off, 1 is all the way."""

    def __post_init__(self) -> None:
        check_numbers(self, "model.extras.")
        real_number("model.extras.orthogonal", self.orthogonal, 0, 1)


@dataclass(frozen=True)
class TRMConfig:
    """The shape of a network. A task gives its vocabulary and its structure; all else is chosen here."""

    hidden: int = 128
    """Width of a latent at one position."""
    layers: int = 2
    """Blocks in the shared network."""
    cycles: int = 2
    """T, the cycles in a step. Only the last one keeps gradients."""
    latent_updates: int = 3
    """n, the updates of the reasoning latent in a cycle. One update of the answer latent follows them."""
    mixer: str = "units"
    """Mixer by which positions exchange information: units, mlp, attention, mla, conv, grid (conv and units together),
    or tree."""
    mixer_options: tuple[str, ...] = ()
    """Options of the mixer, such as heads=8. attention has heads; mla has heads, low_rank and rope_width."""
    positions: str = "cells"
    """What a position of the recursion stands for. cells: a cell of the problem. candidates: one value of a cell, for
    tasks whose values may be renamed. terms: a term of a problem of text, then a cell of its answer. panels: one value
    of a cell of the answer, for tasks that show panels of examples. formula: a slot of a formula. worksheet: a cell of
    the answer of a math problem, with what is worked out at its place on paper."""
    position_options: tuple[str, ...] = ()
    """Options of the positions, such as reserved=1. cells has reserved, the tokens kept free before those of the task;
    terms has terms, the number of terms that are read; formula has points, at how many of them a draft is run, leaves,
    of how many it looks for formulas that would do, and constants, 1 to look for those with constants too."""
    expansion: float = 4.0
    """Expansion of the SwiGLU layers: their width is two thirds of hidden times this, rounded up to width_multiple."""
    width_multiple: int = 32
    """Number that SwiGLU widths are rounded up to a multiple of. The published code rounds to 256."""
    mixer_norm: Literal["hidden", "positions"] = "hidden"
    """Axis of the norm after the mixer. The published MLP variant normalises over the positions."""
    halt_pooling: Literal["mean", "first"] = "mean"
    """Part of the answer latent that the halt head reads: the mean over positions, or the first position, as
    published."""
    halt_outputs: int = 1
    """Outputs of the halt head. Only the first is used; the published head has a second one left from Q-learning."""
    prefix: int = 0
    """Positions placed before those of the problem. The published networks have 16. Needs mixer mlp, attention or
    mla."""
    puzzles: int = 1
    """Puzzles that have an embedding of their own in the prefix. Published: one for all sudokus, one for all mazes, and
    for ARC one for each augmented task."""
    puzzle_tokens: int = 1
    """Positions of the prefix that hold the puzzle's embedding; the others are blank. Published: 1."""
    initial_scale: float = 1.0
    """Factor on all initial weights. The published code scales up its truncated normal distribution by 1.137."""
    extras: NetworkExtras = field(default_factory=NetworkExtras)
    """Research options, off by default."""

    def __post_init__(self) -> None:
        check_numbers(self, "model.")
        for name in LEAST_ONE:
            whole_number(f"model.{name}", getattr(self, name))
        whole_number("model.prefix", self.prefix, least=0)
        for name in ("expansion", "initial_scale"):
            real_number(f"model.{name}", getattr(self, name), above=0)
        if self.prefix and self.prefix < self.puzzle_tokens:
            raise ValueError(
                f"model.prefix {self.prefix} has no room for {self.puzzle_tokens} puzzle_tokens: use fewer"
            )
        self._check_size()
        _ = self.mixer_settings, self.position_settings  # unknown names are refused at once
        if self.prefix and MIXERS[self.mixer].cells_only:
            raise ValueError(
                f"model.prefix: the {self.mixer} mixer knows cells only; use prefix=0, or mixer mlp, attention or mla"
            )

    def _check_size(self) -> None:
        """Raise ValueError, before anything is built, for a network that no memory would hold."""
        width = swiglu_width(self.hidden, self.expansion, self.width_multiple)
        weights = self.hidden * (3 * self.layers * width + self.puzzles * self.puzzle_tokens + self.halt_outputs)
        if weights > MOST_WEIGHTS:
            raise ValueError(
                f"model.hidden={self.hidden}, layers={self.layers} and a width of {width} make more than "
                f"{MOST_WEIGHTS:,} weights: use less of model.hidden, model.layers, model.expansion or model.puzzles"
            )

    @property
    def effective_depth(self) -> int:
        """Blocks that a latent goes through in one step: layers (n + 1) T."""
        return self.layers * (self.latent_updates + 1) * self.cycles

    @property
    def mixer_settings(self) -> dict[str, Any]:
        """All options of the mixer with their values. Raises ValueError for a mixer or an option that is unknown."""
        return read_options(self.mixer_options, part_named(self.mixer, MIXERS, "model.mixer"), "model.mixer_options")

    @property
    def position_settings(self) -> dict[str, Any]:
        """The same of the positions' encoder."""
        encoder = part_named(self.positions, ENCODERS, "model.positions")
        return read_options(self.position_options, encoder, "model.position_options")

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> TRMConfig:
        """The config that ``dataclasses.asdict`` made ``values`` of, before they went through JSON.

        Raises TypeError for unknown fields and ValueError for values that do not fit.
        """
        options = {name: tuple(values[name]) for name in ("mixer_options", "position_options") if name in values}
        return TRMConfig(**{**values, **options, "extras": NetworkExtras(**values.get("extras", {}))})

    @staticmethod
    def for_sudoku(size: int = 9) -> TRMConfig:
        """The network for sudokus of that size; the same for all. Raises ValueError for one that no task has."""
        make_task("sudoku9x9", size)
        return SUDOKU

    @staticmethod
    def for_maze(grid_size: int = 30) -> TRMConfig:
        """The network for mazes on a canvas of that side. Raises ValueError for one that no task has."""
        make_task("maze11x11", grid_size)
        return MAZE

    @staticmethod
    def for_arc(size: int = 10) -> TRMConfig:
        """The network for ARC on panels of that side; the same for all. Raises ValueError for one that no task has."""
        make_task("arc30x30", size)
        return ARC

    @staticmethod
    def for_arc_agi() -> TRMConfig:
        """The published network for ARC."""
        return OFFICIAL_ARC


SUDOKU = TRMConfig(hidden=32, cycles=1, latent_updates=2, expansion=3.0, mixer="units", positions="candidates")
"""A position for every digit of every cell: nothing in it depends on the size of the sudoku."""

ARITHMETIC = TRMConfig(hidden=64, layers=1, cycles=1, latent_updates=2, expansion=3.0, mixer="conv", positions="terms")
"""A position for every term of the problem, then for every cell of the answer, which hears of its neighbours alone: a
carry goes three places a step, as far as it has to."""

ALGEBRA = dataclasses.replace(ARITHMETIC, hidden=96)
"""The same, wider: dividing is more work than carrying."""

WORKSHEET = dataclasses.replace(ARITHMETIC, positions="worksheet")
"""A position for every cell of the answer, which sees the columns at its place before they are carried, and the trials
of a long division by the digits drafted so far."""

MAZE = TRMConfig(hidden=48, cycles=1, latent_updates=2, expansion=3.0, mixer="conv", positions="cells")
"""A position for every cell, which hears of its neighbours: nothing in it depends on the size of the maze."""

ARC = TRMConfig(hidden=32, layers=1, cycles=1, latent_updates=2, expansion=3.0, mixer="grid", positions="panels")
"""A position for every value of every cell of the answer, which hears of its neighbours and of its row, its column, the
whole grid and the cell's other values: nothing in it depends on the size of the canvas."""

REGRESSION = TRMConfig(
    hidden=64,
    cycles=1,
    latent_updates=2,
    expansion=3.0,
    mixer="tree",
    positions="formula",
    position_options=("constants=1",),
)
"""A position for every slot of the formula, which hears of the slots above and below it."""

OFFICIAL_SUDOKU_ATTENTION = TRMConfig(
    hidden=512,
    layers=2,
    cycles=3,
    latent_updates=6,
    mixer="attention",
    mixer_options=("heads=8",),
    expansion=4.0,
    width_multiple=256,
    halt_pooling="first",
    halt_outputs=2,
    prefix=16,
    position_options=("reserved=1",),
    initial_scale=FULL_SPREAD,
)
"""The published network for Sudoku-Extreme with attention: 6,828,034 parameters on 9x9. Token 0 is padding there."""

OFFICIAL_SUDOKU_MLP = dataclasses.replace(
    OFFICIAL_SUDOKU_ATTENTION, mixer="mlp", mixer_options=(), mixer_norm="positions"
)
"""The published network for Sudoku-Extreme with a SwiGLU over the positions: 5,028,866 parameters on 9x9."""

OFFICIAL_MAZE = dataclasses.replace(OFFICIAL_SUDOKU_ATTENTION, latent_updates=4, position_options=())
"""The published network for Maze-Hard: 6,822,914 parameters. Both have 6 tokens, but not the same ones: there one is
padding, and free cells off the path look the same in problem and answer."""

OFFICIAL_ARC = OFFICIAL_MAZE
"""The published network for ARC: 6,829,058 parameters on a canvas of 30x30 with 12 tokens. There each augmented
task is a puzzle of its own (``puzzles``); here a task's examples stand in the problem."""
