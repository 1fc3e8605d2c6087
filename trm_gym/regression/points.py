"""How points lie in ``Problems.numbers``: row after row the variables, the target, and whether the point is there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trm_gym.regression.layout import VARIABLES

TARGET = len(VARIABLES)
PRESENT = TARGET + 1
ROW = PRESENT + 1
"""Where the target and the mark of a point stand in its row, and how long that is."""
USUAL_MOST, USUAL_LEAST = 64, 20
"""How many points a problem has at most, on the usual canvas, and at least."""
FEWEST, MOST = 8, 512
"""How many points a canvas may have room for."""


def points_of(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Numbers float64 [B, ROW * N] as points [B, N, ROW], of the same memory where that can be."""
    return numbers.reshape(len(numbers), -1, ROW)
