"""Sudoku of sizes 4, 6 and 9."""

from trm_gym.sudoku.task import SudokuTask

__all__ = ["SudokuTask"]
