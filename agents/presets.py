"""Pretraining settings by name, one for every task that has been trained."""

from __future__ import annotations

from agents.pretrain import PretrainConfig
from agents.trm.presets import SUDOKU

PRETRAIN: dict[str, PretrainConfig] = {
    "sudoku6x6": PretrainConfig(
        task="sudoku6x6",
        levels=("clues13", "clues12", "clues11", "clues10", "clues8-10", "minimal"),
        model=SUDOKU,
        updates=800,
    ),
    "sudoku4x4": PretrainConfig(
        task="sudoku4x4", levels=("clues10-12", "clues6-8", "clues4-5"), model=SUDOKU, updates=200
    ),
    # Four times the cells of 4x4 and twice those of 6x6: half the batch keeps a step's tensors within the caches.
    "sudoku9x9": PretrainConfig(
        task="sudoku9x9",
        levels=("clues30", "clues26", "minimal"),
        model=SUDOKU,
        updates=2500,
        batch=32,
        max_steps=16,
        average=0.995,
    ),
}
"""The first is the default."""
