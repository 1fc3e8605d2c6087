"""Families of equations: each a function from draws to pieces (see ``draws`` and ``pieces``) and to which are valid."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trm_gym.algebra._search.draws import Draws
from trm_gym.algebra._search.pieces import NOTHING, either, joined, term, times
from trm_gym.algebra._search.rational import Y

Drawn = tuple[NDArray[np.int64], NDArray[np.bool_]]
"""Pieces int64 [B, P, 2] and which problems are valid, bool [B]; the others are drawn again."""


def _all(pieces: NDArray[np.int64]) -> Drawn:
    return pieces, np.ones(len(pieces), np.bool_)


def shift(draw: Draws) -> Drawn:
    """x + b = c."""
    root, constant = draw.between(-20, 20), draw.signed(1, 50)
    side = either(draw.coin(), term(1, np.ones_like(root)), term(0, constant))
    return _all(_equation(draw, side, root + constant))


def long_shift(draw: Draws) -> Drawn:
    """x + b = c, in numbers of six digits, x being hardly more or less than a round number: whether the units borrow
    decides four places or more, each of which has 0 to subtract in c - b.
    """
    coarse, sign = draw.coin(), 2 * draw.below(2) - 1
    whole = np.where(coarse, 100_000, 10_000) * draw.between(1, np.where(coarse, 9, 99))
    root, constant = sign * (whole + draw.signed(1, 9)), draw.signed(100_000, 999_999)
    side = either(draw.coin(), term(1, np.ones_like(root)), term(0, constant))
    return _all(_equation(draw, side, root + constant))


def scale(draw: Draws) -> Drawn:
    """a*x = b."""
    root, slope = draw.between(-20, 20), draw.signed(2, 50)
    return _all(_equation(draw, joined(term(1, slope)), slope * root))


def linear(draw: Draws) -> Drawn:
    """a*x + b = c, with a whole solution."""
    root, slope, constant = draw.between(-20, 20), draw.signed(1, 9), draw.signed(1, 50)
    side = either(draw.coin(), term(1, slope), term(0, constant))
    return _all(_equation(draw, side, slope * root + constant))


def _equation(draw: Draws, side: NDArray[np.int64], value: NDArray[np.int64]) -> NDArray[np.int64]:
    """``side`` [B, P, 2] = ``value`` int64 [B], or the other way round."""
    blank = np.full_like(side, NOTHING)
    blank[:, 0] = term(0, value)
    return either(draw.coin(), side, blank, "=")


def rational(draw: Draws) -> Drawn:
    """a*x + b = c, whose solution is a fraction."""
    slope, constant, value = draw.signed(2, 9), draw.signed(1, 50), draw.between(-50, 50)
    side = either(draw.coin(), term(1, slope), term(0, constant))
    return _equation(draw, side, value), (value - constant) % slope != 0


def both_sides(draw: Draws) -> Drawn:
    """a*x + b = c*x + d."""
    root, left, right = draw.between(-20, 20), draw.signed(1, 9), draw.signed(1, 9)
    gap = (left - right) * root  # d - b
    low, high = np.maximum(-50, -50 - gap), np.minimum(50, 50 - gap)
    constant = draw.between(low, np.maximum(low, high))
    one = either(draw.coin(), term(1, left), term(0, constant))
    other = either(draw.coin(), term(1, right), term(0, constant + gap))
    return joined(one, "=", other), (left != right) & (low <= high)


def system(draw: Draws) -> Drawn:
    """a*x + b*y = c, d*x + e*y = f."""
    x, y = draw.between(-12, 12), draw.between(-12, 12)
    (a, b), (c, d) = ((draw.signed(1, 9), draw.signed(1, 9)) for _ in range(2))
    sides = [
        _equation(draw, either(draw.coin(), term(1, one), term(Y, other)), one * x + other * y)
        for one, other in ((a, b), (c, d))
    ]
    return joined(sides[0], ",", sides[1]), a * d != b * c


def quadratic(draw: Draws) -> Drawn:
    """a*x^2 + b*x + c = 0 with rational roots, some of it perhaps on the other side."""
    (p, q), (r, s) = ((draw.between(1, 3), draw.between(-12, 12)) for _ in range(2))
    sign = 2 * draw.below(2) - 1
    square, slope, constant = sign * p * r, sign * (p * s + q * r), sign * q * s
    # Which of the two lower terms stand on the other side, with the other sign.
    moved, moved_too = draw.below(4) == 0, draw.below(3) == 0
    left = joined(term(2, square), term(1, np.where(moved, 0, slope)), term(0, np.where(moved_too, 0, constant)))
    right = joined(term(1, np.where(moved, -slope, 0)), term(0, np.where(moved_too, -constant, 0)))
    right = joined(right, term(NOTHING, sign))
    return _all(either(draw.coin(), left, right, "="))


def brackets(draw: Draws) -> Drawn:
    """Brackets in brackets on one side, brackets on the other: k*(a*x+m*(b*x+c)) + n*(d*x+e) = p*(f*x+g) + h."""
    root = draw.between(-20, 20)
    outer, inside = draw.signed(2, 5), draw.signed(2, 5)
    a, b, c = draw.signed(1, 9), draw.signed(1, 5), draw.signed(1, 9)
    nested = joined(times(outer), "(", term(1, a), times(inside), "(", term(1, b), term(0, c), ")", ")")
    value = outer * (a * root + inside * (b * root + c))
    slope = outer * (a + inside * b)
    second, more, added = _bracket(draw, root)
    third, less, taken = _bracket(draw, root)
    # A third of the problems have no second bracket.
    kept = draw.below(3) > 0
    second = np.where(kept[:, None, None], second, NOTHING)
    value, slope = value + kept * added, slope + kept * more
    rest = value - taken
    left = joined(nested, second)
    right = np.full_like(left, NOTHING)
    right[:, : third.shape[1]] = third
    right[:, third.shape[1]] = term(0, rest)
    return either(draw.coin(), left, right, "="), (slope != less) & (abs(rest) < 1000)


def _bracket(draw: Draws, root: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """k*(a*x + b) as pieces [B, 5, 2], its multiple of x, and its value at ``root``, int64 [B]."""
    factor, slope, constant = draw.signed(1, 9), draw.signed(1, 5), draw.signed(1, 9)
    inside = either(draw.coin(), term(1, slope), term(0, constant))
    return joined(times(factor), "(", inside, ")"), factor * slope, factor * (slope * root + constant)
