"""Tasks whose problems can be laid out in several ways that are one problem: a maze, and the same maze turned."""

from __future__ import annotations

from typing import Protocol, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from trm_gym.problems import Problems

Number = TypeVar("Number", bound=np.generic)


@runtime_checkable
class HasForms(Protocol):
    """A task that lays out its problems anew and brings answers back."""

    forms: int
    """How many forms a problem has; form 0 is the problem as it is."""

    def reformed(self, problems: Problems, forms: NDArray[np.integer]) -> Problems:
        """Problems in these forms, [B]; a right answer, brought back, is right."""
        ...

    def restored(self, cells: NDArray[Number], forms: NDArray[np.integer]) -> NDArray[Number]:
        """What there is of each cell of problems in these forms, [B, L], such as answers, where it was before."""
        ...
