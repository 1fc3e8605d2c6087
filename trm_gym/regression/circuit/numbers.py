"""How numbers are shown to the network: how close two of them are on a scale of logarithms, and which number one is."""

from __future__ import annotations

import math

from trm_gym.jit import inner

LARGEST = 1e9
"""Values beyond this one are as good as none."""
FINEST = 1e-10
"""Differences below this one, relative, are no differences."""
KNOWN = (
    *(0.0, 1.0, 2.0, 3.0, 4.0, 5.0),
    *(1 / 2, 1 / 3, 1 / 4, 1 / 5),
    *(math.log(2.0), math.log(3.0), math.log(4.0), math.log(5.0)),
)
"""Numbers that are recognised, with either sign."""
CODE = 2 + len(KNOWN)
"""How many features a number is shown by."""
_RECOGNISED = 1e-4


@inner
def close(error):
    """A relative error as a number from 0, for 1 and more, to 1, for FINEST and less, on a scale of logarithms."""
    if not error < 1.0:
        return 0.0
    return 1.0 if error <= FINEST else math.log10(error) / math.log10(FINEST)


@inner
def close_root(square):
    """The same for the square of an error, which rounding may have made negative."""
    return close(math.sqrt(square)) if square > 0.0 else (1.0 if square <= 0.0 else 0.0)


@inner
def holds(number):
    """Whether a number is one to reckon with."""
    return -LARGEST < number < LARGEST


@inner
def write_number(number, features, index, slot, at):
    """Write the CODE of a number into ``features`` from ``at`` on: its size, its sign, and which of KNOWN it is."""
    features[index, slot, at] = math.asinh(number) / 3.0
    features[index, slot, at + 1] = 1.0 if number > 0.0 else (-1.0 if number < 0.0 else 0.0)
    for known in range(len(KNOWN)):
        near = abs(abs(number) - KNOWN[known]) < _RECOGNISED
        features[index, slot, at + 2 + known] = 1.0 if near else 0.0


@inner
def write_constancy(row, count, features, index, slot, at):
    """Write how close ``row`` [count] is to a constant, and where it is at all, the CODE of that: 1 + CODE features."""
    if count < 3:
        return
    mean, square = 0.0, 0.0
    for place in range(count):
        mean += row[place] / count
    for place in range(count):
        square += (row[place] - mean) * (row[place] - mean) / count
    size = abs(mean) + math.sqrt(square)
    constancy = close(math.sqrt(square) / size) if size > 0.0 else 1.0
    features[index, slot, at] = constancy
    if constancy > _CONSTANT:
        write_number(mean, features, index, slot, at + 1)


_CONSTANT = 0.15
"""How close to a constant something must be for that to be shown."""
