"""How the positions of a task belong together, one class for each kind of task; networks build it into their wiring."""

from __future__ import annotations

import abc
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

from trm_gym.short_repr import short_repr

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@short_repr
@dataclass(frozen=True)
class Structure(abc.ABC):
    """What every kind of task declares.

    shape: of the canvas; its product is the number of positions L.
    units: one array int64 [L] for each kind of unit (rows, columns, boxes); entry i is the unit of that kind that
    position i is in.
    exchangeable: the half-open range of tokens that a renaming may permute without changing the problem (sudoku: the
    digits), or None where tokens have meanings of their own.
    """

    shape: tuple[int, ...]
    units: tuple[NDArray[np.int64], ...] = ()
    exchangeable: tuple[int, int] | None = None

    @property
    @abc.abstractmethod
    def answer_start(self) -> int:
        """The first position that can be the answer's."""


@final
@short_repr
@dataclass(frozen=True)
class CellStructure(Structure):
    """A task whose answer is written into the cells of its problem: a sudoku, a maze."""

    @property
    def answer_start(self) -> int:
        """0: every cell can be the answer's."""
        return 0


@final
@short_repr
@dataclass(frozen=True, kw_only=True)
class TextStructure(Structure):
    """A task of text: the problem is read, and the answer is written after it.

    written: how many of the first positions hold the problem.
    places: int64 [L - written], the place of a number that each of the answer's positions holds where the answer is
    laid out as the canonical solution is: 0 the units, -1 none. powers: int64 [L - written], the power of the unknown
    that its term has where the answer is a polynomial, -1 none. None where a task has no such layout.
    """

    written: int
    places: NDArray[np.int64] | None = None
    powers: NDArray[np.int64] | None = None

    @property
    def answer_start(self) -> int:
        """The first position after the problem."""
        return self.written


@final
@short_repr
@dataclass(frozen=True, kw_only=True)
class PanelStructure(Structure):
    """A task that shows several grids of one shape one above the other; the last is the answer's.

    panels: how many. A cell of one lies upon the cells at the same place of the others. The units are those of each
    panel, panel by panel.
    """

    panels: int

    @property
    def answer_start(self) -> int:
        """The first cell of the last panel."""
        return math.prod(self.shape) // self.panels * (self.panels - 1)

    @property
    def panel(self) -> CellStructure:
        """How the cells of one panel belong together."""
        cells = math.prod(self.shape) // self.panels
        shape = (self.shape[0] // self.panels, *self.shape[1:])
        return CellStructure(shape, tuple(unit[:cells] for unit in self.units), self.exchangeable)


@final
@short_repr
@dataclass(frozen=True)
class HeapStructure(Structure):
    """A task whose answer is a binary tree laid out as a heap, row below row of the same slots: slot i has the children
    2i + 1 and 2i + 2.

    shape: (rows, slots); all rows of one slot say together what stands there.
    """

    @property
    def answer_start(self) -> int:
        """0: every cell is the answer's."""
        return 0
