"""The difficulty settings, from easy to hard: by operators, by the number of numbers, and by their digits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trm_gym.task import Level

PAIR, QUOTIENT, CHAIN, CARRY, FRACTION, TREE = range(6)
"""What a level's problems are built like; ``writers`` has one function for each."""

WHOLE, BROKEN, EITHER = range(3)
"""What a level's problems come to: whole numbers, fractions, or now one and now the other."""


DIVISORS = 99
"""The largest divisor of whole quotients."""


@dataclass(frozen=True)
class ArithmeticLevel(Level):
    """A level whose problems are built like ``kind``, from numbers ``low`` to ``high``.

    operators: which of + - * / (0 to 3) it draws from, as a half-open range; only pairs and trees look at it.
    terms: the fewest and most numbers in a problem; only chains and trees look at it.
    size: how many problems it has as they are written, where they are few enough to number; else 0.
    ending: WHOLE, BROKEN or EITHER.
    """

    kind: int
    low: int
    high: int
    operators: tuple[int, int] = (0, 2)
    terms: tuple[int, int] = (2, 2)
    size: int = 0
    ending: int = WHOLE


LEVELS = (
    ArithmeticLevel("sum2", "a+b and a-b, from 0 to 99", PAIR, 0, 99, size=2 * 100**2),
    ArithmeticLevel("sum3", "a+b and a-b, from 0 to 999", PAIR, 0, 999),
    ArithmeticLevel("sum6", "a+b and a-b, from 0 to 999,999", PAIR, 0, 999_999),
    ArithmeticLevel("product", "a*b, from 0 to 99", PAIR, 0, 99, (2, 3), size=100**2),
    ArithmeticLevel("quotient", "a/b, whole, from 0 to 999, b from 1 to 99", QUOTIENT, 0, 999, size=DIVISORS * 1000),
    ArithmeticLevel("chain", "3 to 6 numbers to 999, added and subtracted, some negative", CHAIN, 0, 999, terms=(3, 6)),
    ArithmeticLevel("carry", "a+b and a-b of 6 or 7 digits: one carry or borrow decides 5 places or more", CARRY, 0, 9),
    ArithmeticLevel("long_product", "a*b, from 100 to 999", PAIR, 100, 999, (2, 3)),
    ArithmeticLevel("fraction", "a/b, or two of them joined by + - * /; not whole", FRACTION, 1, 999, ending=BROKEN),
    ArithmeticLevel("mixed", "3 to 5 numbers to 20 with + - * and brackets", TREE, 0, 20, (0, 3), (3, 5)),
    ArithmeticLevel(
        "rational", "3 to 5 numbers to 20 with + - * / and brackets", TREE, 0, 20, (0, 4), (3, 5), ending=EITHER
    ),
)
"""The levels."""

DEFAULT_LEVEL = "chain"
"""The name of the default level."""

SHAPES = np.array(
    [(one.kind, one.low, one.high, *one.operators, *one.terms, one.size, one.ending) for one in LEVELS], np.int64
)
"""What the compiled code looks at, int64 [levels, 9]: kind, low, high, operators from and to, terms from and to, size,
ending.
"""
