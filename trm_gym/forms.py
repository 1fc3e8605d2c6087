"""Tasks whose problems can be laid out in several ways that are one problem: a maze, and the same maze turned."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from trm_gym.problems import Problems


@runtime_checkable
class HasForms(Protocol):
    """A task that lays out its problems anew and brings answers back."""

    forms: int
    """How many forms a problem has; form 0 is the problem as it is."""

    def reformed(self, problems: Problems, forms: NDArray[np.int64]) -> Problems:
        """Problems in these forms, [B]; a right answer, brought back, is right."""
        ...

    def restored(self, answers: NDArray[np.uint8], forms: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Answers uint8 [B, L] to problems in these forms, [B], as answers to the problems as they were."""
        ...
