"""Pretraining settings by name, one for every task that has been trained."""

from __future__ import annotations

from agents.pretrain import PretrainConfig
from agents.trm.presets import SUDOKU

PRETRAIN: dict[str, PretrainConfig] = {
    "sudoku6x6": PretrainConfig(
        task="sudoku6x6", levels=("clues13", "clues12", "clues11", "clues10", "clues8-10"), model=SUDOKU, updates=400
    ),
    "sudoku4x4": PretrainConfig(
        task="sudoku4x4", levels=("clues10-12", "clues6-8", "clues4-5"), model=SUDOKU, updates=200
    ),
    "sudoku9x9": PretrainConfig(
        task="sudoku9x9", levels=("clues30", "clues26", "minimal"), model=SUDOKU, updates=2000, max_steps=16
    ),
}
"""The first is the default."""
