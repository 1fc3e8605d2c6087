"""What a draft says at a problem's points: its constants fitted, its values there and between them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trm_gym.problems import Problems
from trm_gym.regression.fitting import fit
from trm_gym.regression.formula import Formula, of_draft
from trm_gym.regression.layout import VARIABLES
from trm_gym.regression.points import PRESENT, TARGET, points_of
from trm_gym.regression.programs import evaluate, to_programs
from trm_gym.short_repr import short_repr

_STEPS = 241
"""Places at which a curve is computed."""


@short_repr
class Curve(NamedTuple):
    """Points and a draft that is to go through them.

    inputs: float64 [N, 3]. target, values: float64 [N]; NaN where the draft has no value. places, line: float64 [M],
    the draft along the first variable, where that is the only one, else empty. variables: how many there are. formula:
    the draft's, with its constants; None where it is none. error: float, NRMSE, infinite without a value somewhere.
    """

    inputs: NDArray[np.float64]
    target: NDArray[np.float64]
    values: NDArray[np.float64]
    places: NDArray[np.float64]
    line: NDArray[np.float64]
    variables: int
    formula: Formula | None
    error: float

    @property
    def along_x(self) -> bool:
        """Whether it is shown along the first variable: where that is the only one, or there is nothing to compare."""
        return self.variables == 1 or not np.isfinite(self.values).any()


def curve_of(problems: Problems, draft: NDArray[np.uint8], marks: NDArray[np.bool_] | None = None) -> Curve:
    """The curve of a batch of one and a draft uint8 [L]. marks: bool [L], cells that the formula marks."""
    points = points_of(problems.numbers)[0]
    points = points[points[:, PRESENT] > 0]
    inputs, target = points[:, : len(VARIABLES)], points[:, TARGET]
    constants = _constants(problems, draft)
    program = to_programs(draft[None], constants[None])
    values = evaluate(program, inputs[None])[0]
    variables = max(int(np.flatnonzero(inputs.any(axis=0)).max(initial=0)) + 1, 1)
    places = line = np.empty(0)
    if variables == 1 and len(inputs):
        places = np.linspace(inputs[:, 0].min(), inputs[:, 0].max(), _STEPS)
        line = evaluate(program, np.pad(places[None, :, None], ((0, 0), (0, 0), (0, len(VARIABLES) - 1))))[0]
    formula = of_draft(draft, constants, marks)
    return Curve(inputs, target, values, places, line, variables, formula, _error(values, target))


def _constants(problems: Problems, draft: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The draft's constants float64 [CONSTANTS], fitted to the points."""
    return fit(draft[None], points_of(problems.numbers)).constants[0]


def _error(values: NDArray[np.float64], target: NDArray[np.float64]) -> float:
    """The root of the mean squared error, in standard deviations of the target."""
    if not len(target) or not np.isfinite(values).all():
        return np.inf
    with np.errstate(over="ignore"):
        return float(np.sqrt(np.mean((values - target) ** 2)) / max(target.std(), 1e-300))
