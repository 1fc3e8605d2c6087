"""Items, which problems are written in before they are cells: a number, or minus a token."""

from __future__ import annotations

import numpy as np

from trm_gym.arithmetic.layout import MINUS, OVER, PLUS, TIMES, WRITTEN
from trm_gym.jit import inner
from trm_gym.written.signs import DIGIT

ROOM = 40
"""More items than any writer makes."""

MOST_TERMS = 6
"""The numbers of a tree at most."""

SCRATCH = (MOST_TERMS + 1) * ROOM
"""The room that a tree takes to grow."""

OPERATOR = -np.array([PLUS, MINUS, TIMES, OVER])
"""The items of + - * / by the numbers that levels give them."""


@inner
def spell(items, count, row):
    """Write ``count`` items into ``row`` uint8 [WRITTEN], the rest blank; whether they fit."""
    end = 0
    for index in range(count):
        item = items[index]
        places, rest = 1, item // 10
        while rest > 0:
            places, rest = places + 1, rest // 10
        if end + places > WRITTEN:
            return False
        if item < 0:
            row[end] = -item
        else:
            for place in range(places - 1, -1, -1):
                row[end + place] = DIGIT + item % 10
                item //= 10
        end += places
    for cell in range(end, WRITTEN):
        row[cell] = 0
    return True
