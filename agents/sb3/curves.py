"""Curves of an algorithm of Stable-Baselines3, by the writer that all runs share."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import final

from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.logger import Logger, TensorBoardOutputFormat

from agents.common.curves import curve_writer


@final
class _Curves(TensorBoardOutputFormat):
    """Stable-Baselines3's figures for TensorBoard; its own writer's thread would fail without naming the file."""

    def __init__(self, folder: Path) -> None:
        self.writer = curve_writer(folder)
        self._is_closed = False


@contextlib.contextmanager
def curves(model: BaseAlgorithm, folder: Path) -> Iterator[None]:
    """Let ``model`` write its curves into ``folder`` meanwhile. Raises OSError where the disk does not take them."""
    logger = Logger(str(folder), [_Curves(folder)])
    model.set_logger(logger)
    try:
        yield
    finally:
        logger.close()
