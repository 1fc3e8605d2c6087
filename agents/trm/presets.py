"""Shapes of networks by name."""

from __future__ import annotations

import dataclasses

from agents.trm.config import TRMConfig
from agents.trm.layers import FULL_SPREAD

SUDOKU = TRMConfig(hidden=32, cycles=1, latent_updates=2, expansion=3.0, mixer="units", positions="candidates")
"""A position for every digit of every cell: nothing in it depends on the size of the sudoku."""

ARITHMETIC = TRMConfig(hidden=64, layers=1, cycles=1, latent_updates=2, expansion=3.0, mixer="conv", positions="terms")
"""A position for every term of the problem, then for every cell of the answer, which hears of its neighbours alone: a
carry goes three places a step, as far as it has to."""

ALGEBRA = dataclasses.replace(ARITHMETIC, hidden=96)
"""The same, wider: dividing is more work than carrying."""

MAZE = TRMConfig(hidden=48, cycles=1, latent_updates=2, expansion=3.0, mixer="conv", positions="cells")
"""A position for every cell, which hears of its neighbours: nothing in it depends on the size of the maze."""

ARC = TRMConfig(hidden=32, layers=1, cycles=1, latent_updates=2, expansion=3.0, mixer="grid", positions="panels")
"""A position for every value of every cell of the answer, which hears of its neighbours and of its row, its column, the
whole grid and the cell's other values: nothing in it depends on the size of the canvas."""

OFFICIAL_SUDOKU_ATTENTION = TRMConfig(
    hidden=512,
    layers=2,
    cycles=3,
    latent_updates=6,
    mixer="attention",
    heads=8,
    expansion=4.0,
    width_multiple=256,
    halt_pooling="first",
    halt_outputs=2,
    prefix=16,
    reserved=1,
    initial_scale=FULL_SPREAD,
)
"""The published network for Sudoku-Extreme with attention: 6,828,034 parameters on 9x9. Token 0 is padding there."""

OFFICIAL_SUDOKU_MLP = dataclasses.replace(OFFICIAL_SUDOKU_ATTENTION, mixer="mlp", mixer_norm="positions")
"""The published network for Sudoku-Extreme with a SwiGLU over the positions: 5,028,866 parameters on 9x9."""

OFFICIAL_MAZE = dataclasses.replace(OFFICIAL_SUDOKU_ATTENTION, latent_updates=4, reserved=0)
"""The published network for Maze-Hard: 6,822,914 parameters. Both have 6 tokens, but not the same ones: there one is
padding, and free cells off the path look the same in problem and answer."""

OFFICIAL_ARC = OFFICIAL_MAZE
"""The published network for ARC: 6,829,058 parameters on a canvas of 30x30 with 12 tokens. There each task in each
guise is a puzzle of its own (``puzzles``); here a task's examples stand in the problem."""
