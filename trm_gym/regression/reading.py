"""Reads tables of points as people have them: CSV and other text, .npy files, lists, arrays; each fault with its place.

The last column is the target, unless a column is called so (``TARGETS``), or y where none is called z.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trm_gym.checks import LARGEST
from trm_gym.errors import ProblemError
from trm_gym.regression.layout import VARIABLES
from trm_gym.regression.points import FEWEST
from trm_gym.regression.tables import EXAMPLE, Table, table_of
from trm_gym.short_repr import short

TARGETS = ("target", "output", "label", "response", "result", "f", "f(x)", "f(x,y)", "f(x, y)")
"""What a column of targets is called."""
_SMALLEST = 1e-100
"""How much the target must vary: squares of less are no usual floats."""
_MISSING = {"", "na", "n/a", "nan", "null", "none", "-", "?"}


def read_points(data: Any) -> NDArray[np.float64]:
    """The inputs and the target of data in any form, float64 [N, 2 to 4], the target last. Raises ProblemError.

    data: text of several lines, JSON or a list as text, the path of a file of text or of an .npy file, rows, columns by
    their names, an array, a DataFrame, or a pair of inputs and targets.
    """
    return read_named_points(data)[0]


def read_named_points(data: Any) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """As ``read_points``, with the names of the columns in that order; columns without names are called 1, 2, ..."""
    table = table_of(data)
    if not table.rows:
        raise ProblemError(f"there are no rows: {EXAMPLE}")
    width = len(table.names)
    if not width:
        raise ProblemError(f"there are no columns: {EXAMPLE}")
    for number, row in zip(table.numbers, table.rows, strict=True):
        if len(row) != width:
            raise ProblemError(f"row {number} has {len(row)} columns and the first has {width}: make all equally long")
    values = np.array(
        [
            [_number(cell, number, name) for cell, name in zip(row, table.names, strict=True)]
            for number, row in zip(table.numbers, table.rows, strict=True)
        ]
    )
    return _checked(values, table)


def _checked(values: NDArray[np.float64], table: Table) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """The columns with the target last, and their names. Raises ProblemError where they are no problem."""
    names, keep = list(table.names), np.ones(values.shape[1], np.bool_)
    counted = names[0].lower() in ("", "index", "unnamed: 0")
    if counted and np.array_equal(values[:, 0], np.arange(len(values))):
        keep[0] = False
    place = _target(names, keep)
    inputs = [at for at in np.flatnonzero(keep) if at != place]
    if not inputs:
        raise ProblemError(f"there is one column only, {names[place]}: the inputs are missing; {EXAMPLE}")
    if len(inputs) > len(VARIABLES):
        shown = ", ".join(names[at] for at in inputs[:12])
        raise ProblemError(
            f"there are {len(inputs)} columns of inputs ({shown}): at most {len(VARIABLES)}, keep those that matter"
        )
    if len(values) < FEWEST:
        raise ProblemError(f"there are {len(values)} rows: give at least {FEWEST}")
    found = values[:, [*inputs, place]]
    if np.ptp(found[:, -1]) == 0.0:
        raise ProblemError(
            f"the target, column {names[place]}, is {found[0, -1]:g} in all rows: there is nothing to find; "
            "give another column as the last, or call it target"
        )
    if np.ptp(found[:, -1]) < _SMALLEST:
        raise ProblemError(f"the target, column {names[place]}, varies by less than {_SMALLEST:g}: scale the column")
    if not np.ptp(found[:, :-1], axis=0).any():
        shown = ", ".join(names[at] for at in inputs)
        raise ProblemError(f"the inputs ({shown}) are the same in all rows: give rows in which they vary")
    return found, tuple(names[at] for at in [*inputs, place])


def _target(names: Sequence[str], keep: NDArray[np.bool_]) -> int:
    """The place of the target's column. y is an input beside x where another column comes last."""
    small = [name.strip().lower() for name in names]
    other = "z" in small or ("x" in small and len(small) > 2)
    for name in TARGETS if other else (*TARGETS, "y"):
        if name in small:
            return small.index(name)
    return int(np.flatnonzero(keep)[-1])


def _number(cell: Any, row: int, column: str) -> float:
    """A cell's number. Raises ProblemError, with its place."""
    place = f"row {row}, column {column}"
    if isinstance(cell, (complex, np.complexfloating)):
        raise ProblemError(f"{place} holds the complex number {cell}: give real and imaginary part as columns")
    if cell is None or (isinstance(cell, str) and cell.strip().lower() in _MISSING):
        raise ProblemError(f"{place} is empty: leave the row out, or fill it in")
    try:
        value = float(cell)
    except (TypeError, ValueError, OverflowError):
        raise ProblemError(
            f"{place} holds {short(cell)}, which is no number: leave the column out, or write it as numbers"
        ) from None
    if math.isnan(value):
        raise ProblemError(f"{place} is NaN, no number: leave the row out, or fill it in")
    if not abs(value) <= LARGEST:
        raise ProblemError(f"{place} is {value:g}: numbers beyond {LARGEST:g} are too large; scale the column")
    return value
