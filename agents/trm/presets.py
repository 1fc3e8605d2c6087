"""Shapes of networks by name."""

from __future__ import annotations

from agents.trm.model import TRMConfig

SUDOKU = TRMConfig(hidden=32, cycles=1, latent_updates=2, expansion=3.0, mixer="units", positions="candidates")
"""A position for every digit of every cell: nothing in it depends on the size of the sudoku."""

MATH = TRMConfig(hidden=64, cycles=1, latent_updates=2, expansion=2.0, mixer="mlp", positions="terms")
"""A position for every term of the problem, then for every cell of the answer."""

MAZE = TRMConfig(hidden=32, cycles=1, latent_updates=2, expansion=3.0, mixer="conv", positions="cells")
"""A position for every cell, which hears of its neighbours: nothing in it depends on the size of the maze."""
