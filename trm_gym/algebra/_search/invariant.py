"""A hash that all equivalent problems share: it decides which split a problem belongs to.

- a linear equation: its two sides, each collected, in either order, all numbers divided by their common divisor and
  the sign; of ``a*x=b`` only the sign, because there dividing is all that there is to do
- a quadratic equation, and what is to be expanded, collected, factored or differentiated: the polynomial, collected,
  without its content and sign, so that ``expand (x+2)*(x+3)``, ``factor x^2+5*x+6`` and ``x^2+5*x+6=0`` go together
- a system: its equations, each collected, without content and sign, in either order, x and y in either role
- ``evaluate``: the polynomial without its content and sign, and the point
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trm_gym.algebra._search.exact import difference
from trm_gym.algebra._search.rational import UNDER, Y
from trm_gym.algebra._search.reading import EQUATION, EVALUATE, EXPRESSION, SYSTEM, Reading
from trm_gym.algebra.layout import DEGREE, Integers
from trm_gym.streams import mix

Words = NDArray[np.uint64]

_WEIGHTS = mix(np.arange(DEGREE + 1)) | np.uint64(1)


def invariant_hash(reading: Reading) -> Words:
    """The hash of every problem, uint64 [B]; 0 for what cannot be read.

    Problems that are not equivalent may share one, which only puts them into the same split.
    """
    kinds, rows = reading
    hashes = np.zeros(len(kinds), np.uint64)
    linear = (kinds == EQUATION) & ~rows[:, :2, 2 : DEGREE + 1].any(axis=(1, 2))
    for chosen, code in (
        (linear, _sides),
        ((kinds == EQUATION) & ~linear, lambda part: _unsigned(difference(part[:, 0], part[:, 1])[0][:, : DEGREE + 1])),
        (kinds == SYSTEM, _systems),
        (kinds == EVALUATE, lambda part: mix(_unsigned(part[:, 0, : DEGREE + 1]), part[:, 1, 0], part[:, 1, UNDER])),
        (kinds >= EXPRESSION, lambda part: _unsigned(part[:, 0, : DEGREE + 1])),
    ):
        # Of one level all are, and a copy of their rows takes longer than some of the work on them.
        if len(kinds) and chosen.all():
            return code(rows)
        if chosen.any():
            hashes[chosen] = code(rows[chosen])
    return hashes


def _weigh(numbers: Integers) -> Words:
    """One word, uint64 [B], for each row of numbers, int64 [B, n]: their sum under random weights.

    With all signs turned it is the negative, so a word and its negative, mixed, stand for the two.
    """
    return numbers.view(np.uint64) @ _WEIGHTS[: numbers.shape[1]]


def _primitive(numbers: Integers) -> Integers:
    """Numbers, int64 [B, n], divided by their common divisor."""
    return numbers // np.maximum(np.gcd.reduce(numbers, axis=1), 1)[:, None]


def _unsigned(numbers: Integers) -> Words:
    """A word for primitive numbers, int64 [B, n], and for the same with all signs turned."""
    word = _weigh(_primitive(numbers))
    return mix(word) + mix(-word)


def _sides(rows: Integers) -> Words:
    """The hash of linear equations by their sides, int64 [B, 4, WIDTH]."""
    sides = (rows[:, :2, :2] * rows[:, 1::-1, UNDER:]).reshape(-1, 4)
    b, a, d, c = sides.T
    sides = np.where((((b == 0) & (c == 0)) | ((a == 0) & (d == 0)))[:, None], sides, _primitive(sides))
    left, right = _weigh(sides[:, :2]), _weigh(sides[:, 2:])
    return mix(mix(left) + mix(right)) + mix(mix(-left) + mix(-right))


def _systems(rows: Integers) -> Words:
    """The hash of systems, int64 [B, 4, WIDTH]."""
    lines = [difference(rows[:, which], rows[:, which + 1])[0] for which in (0, 2)]
    straight, turned = ([_unsigned(line[:, places]) for line in lines] for places in ((1, Y, 0), (Y, 1, 0)))
    return mix(straight[0] + straight[1]) + mix(turned[0] + turned[1])
