"""Functions of a single variable at the points shown: what parts of a formula are compared with."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from trm_gym.jit import inner
from trm_gym.regression.circuit.numbers import holds
from trm_gym.regression.layout import FIRST_UNARY, UNARY, VARIABLES
from trm_gym.regression.operations import COS, EXP, IDENTITY, LOG, SIN, unary

FUNCTIONS = len(UNARY)
LEAVES = FUNCTIONS * len(VARIABLES)
"""Every function of every variable, by variable."""
PLAIN, LOGARITHM = 0, LEAVES
"""Where the leaves themselves begin among the rows of a dictionary, and where the logarithms of their sizes do."""
_FLAT = 1e-9


class Leaves(NamedTuple):
    """The leaves of a problem at its points: rows PLAIN + leaf as they are, rows LOGARITHM + leaf their logarithms.

    value: float64 [rows, N]. known: bool [rows], whether one varies and has a value everywhere; logarithms of powers
    are left out, since they are those of the variable but for a factor. mean: [rows]. length: [rows], the root of the
    sum of squares about the mean. cosine: [rows, LEAVES], the correlation of each with those of its own kind.
    """

    value: Any
    known: Any
    mean: Any
    length: Any
    cosine: Any


def leaves_room(points: int) -> Leaves:
    """Room for the leaves at so many points."""
    rows = 2 * LEAVES
    return Leaves(
        np.empty((rows, points)), np.empty(rows, np.bool_), np.empty(rows), np.empty(rows), np.empty((rows, LEAVES))
    )


@inner
def read_leaves(points, index, count, leaves):
    """Compute the leaves of problem ``index`` at its first ``count`` points."""
    for leaf in range(LEAVES):
        function, variable = FIRST_UNARY + leaf % FUNCTIONS, leaf // FUNCTIONS
        known = logarithm = True
        for at in range(count):
            value = unary(function, points[index, at, variable])
            known = known and holds(value)
            logarithm = logarithm and known and value != 0.0
            leaves.value[PLAIN + leaf, at] = value
            leaves.value[LOGARITHM + leaf, at] = math.log(abs(value)) if logarithm else 0.0
        plain = function in (IDENTITY, SIN, COS, EXP, LOG)
        leaves.known[PLAIN + leaf], leaves.known[LOGARITHM + leaf] = known, logarithm and plain
    for row in range(2 * LEAVES):
        if leaves.known[row]:
            leaves.known[row] = _measure(row, count, leaves)
    for row in range(2 * LEAVES):
        first = row - row % LEAVES
        for other in range(row - first if leaves.known[row] else 0):
            if leaves.known[first + other]:
                _correlate(row, first + other, count, leaves)


@inner
def _measure(row, count, leaves):
    """Mean and length of a row. Returns whether it varies."""
    mean, square = 0.0, 0.0
    for at in range(count):
        mean += leaves.value[row, at] / count
    for at in range(count):
        square += (leaves.value[row, at] - mean) * (leaves.value[row, at] - mean)
    leaves.mean[row], leaves.length[row] = mean, math.sqrt(square)
    return math.sqrt(square) > _FLAT * (abs(mean) + 1.0)


@inner
def _correlate(row, other, count, leaves):
    """The correlation of two rows of one kind."""
    product = 0.0
    for at in range(count):
        product += (leaves.value[row, at] - leaves.mean[row]) * (leaves.value[other, at] - leaves.mean[other])
    product /= leaves.length[row] * leaves.length[other]
    leaves.cosine[row, other % LEAVES] = leaves.cosine[other, row % LEAVES] = product
