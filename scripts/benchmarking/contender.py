"""What a contender is: a network that learns a task in a way of its own."""

from __future__ import annotations

import abc
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from trm_gym.task import Problems

STEPS = 16
"""Steps that a recursive network answers after."""
Answering = Callable[[Problems], NDArray[np.uint8]]
"""Answers of problems side by side, uint8 [n, L]; what stands in cells that are given does not count."""


class Contender(abc.ABC):
    """A network and how it is trained. Its supply of problems must be closed."""

    weights: int
    """Trained numbers."""
    samples = 0
    """Forward and backward passes of a problem so far: of a recursive network one for each step."""
    ended = False
    """Whether its recipe is over, at whose end learning rates may have fallen."""

    @abc.abstractmethod
    def train(self, enough: Callable[[], bool]) -> None:
        """Train on until ``enough()`` says so between two updates, or the recipe is over."""

    @abc.abstractmethod
    def answers(self, problems: Problems) -> NDArray[np.uint8]:
        """Answers of problems side by side, uint8 [n, L], after STEPS steps where it takes steps."""

    def halting(self, validation: int) -> Answering | None:
        """Answers when it holds them for right, with a setting that so many validation problems choose; None of those
        that take one step, or always all."""
        return None

    @abc.abstractmethod
    def close(self) -> None:
        """End the supply of problems."""
