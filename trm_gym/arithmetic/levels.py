"""The difficulty settings, from easy to hard: by operators, by the number of numbers, and by their digits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trm_gym.task import Level

PAIR, QUOTIENT, CHAIN, CARRY, FRACTION, TREE, LENGTHS, RATIO, POWER, FRACTIONS, NEAR, DECIMALS = range(12)
"""What a level's problems are built like; ``writers`` has one function for each."""

WHOLE, BROKEN, EITHER = range(3)
"""What a level's problems come to: whole numbers, fractions, or now one and now the other."""


DIVISORS = 99
"""The largest divisor of whole quotients."""


HIGHEST_POWER = 10
"""The highest power of the level of powers."""


@dataclass(frozen=True)
class ArithmeticLevel(Level):
    """A level whose problems are built like ``kind``, from numbers ``low`` to ``high``.

    operators: which of + - * / (0 to 3) it draws from, as a half-open range; only pairs, trees, numbers of any length
    and several fractions look at it.
    terms: the fewest and most numbers in a problem; chains, trees, numbers of any length and several fractions look at
    it.
    size: how many problems it has as they are written, where they are few enough to number; else 0. Those whose answer
    is too large are among them, and never drawn.
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
    ArithmeticLevel("sums", "2 to 4 numbers of 1 to 5 digits, added and subtracted", LENGTHS, 0, 99_999, terms=(2, 4)),
    ArithmeticLevel("products", "2 or 3 numbers of 1 to 3 digits, multiplied", LENGTHS, 0, 999, (2, 3), (2, 3)),
    ArithmeticLevel("quotients", "a/b, whole, to four digits, b to three digits", RATIO, 1, 9_999),
    ArithmeticLevel("powers", "a^n below 10,000,000, a to 999, n from 2 to 10", POWER, 0, 999, size=9 * 1000),
    ArithmeticLevel(
        "fractions",
        "2 or 3 fractions and whole numbers joined by + - * /, numerators to 20, denominators to 12",
        FRACTIONS,
        1,
        20,
        (0, 4),
        (2, 3),
        ending=EITHER,
    ),
    ArithmeticLevel(
        "mixed99", "3 to 5 numbers to 99 with + - * / and brackets", TREE, 0, 99, (0, 4), (3, 5), ending=EITHER
    ),
    ArithmeticLevel("near", "a-b of 2 to 7 digits, a often round, whose highest digits cancel: 1000-996", NEAR, 0, 9),
    ArithmeticLevel(
        "decimals",
        "2 or 3 decimals with up to three places, as fractions, joined by + - *: 3/2+9/4",
        DECIMALS,
        1,
        9_999,
        (0, 3),
        (2, 3),
        ending=EITHER,
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
