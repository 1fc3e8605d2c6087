"""Families of problems about polynomials: each a function from draws to pieces, as in ``equations``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trm_gym.algebra._search.draws import Draws
from trm_gym.algebra._search.equations import Drawn
from trm_gym.algebra._search.pieces import NOTHING, either, joined, term


def _every(pieces: NDArray[np.int64]) -> Drawn:
    """All of them are valid."""
    return pieces, np.ones(len(pieces), np.bool_)


def _falling(draw: Draws, top: int, most: int) -> NDArray[np.int64]:
    """A polynomial of degree 1 to ``top`` with coefficients to ``most``, by falling powers, a quarter of the lower
    terms missing, as pieces [B, top + 1, 2].
    """
    degree, terms = draw.between(1, top), []
    for power in range(top, -1, -1):
        present = (degree == power) | ((degree > power) & (draw.below(4) > 0))
        terms.append(term(power, np.where(present, draw.signed(1, most), 0)))
    return joined(*terms)


def evaluate(draw: Draws) -> Drawn:
    """The value of a polynomial at a whole number."""
    point = draw.between(-9, 9)
    return _every(joined("evaluate", _falling(draw, 3, 9), "at", term(1, np.ones_like(point)), "=", term(0, point)))


def differentiate(draw: Draws) -> Drawn:
    """The derivative of a polynomial."""
    return _every(joined("differentiate", _falling(draw, 4, 99)))


def _bracket(draw: Draws, most: int) -> NDArray[np.int64]:
    """(a*x + b) as pieces [B, 4, 2], a to ``most``, b to 9, its terms in either order."""
    slope, constant = draw.signed(1, most), draw.signed(1, 9)
    return joined("(", either(draw.coin(), term(1, slope), term(0, constant)), ")")


def expand(draw: Draws) -> Drawn:
    """(a*x + b)*(c*x + d)."""
    return _every(joined("expand", _bracket(draw, 9), "*", _bracket(draw, 9)))


def expand3(draw: Draws) -> Drawn:
    """(a*x + b)*(c*x + d)*(e*x + f)."""
    return _every(joined("expand", _bracket(draw, 3), "*", _bracket(draw, 3), "*", _bracket(draw, 3)))


def collect(draw: Draws) -> Drawn:
    """4 to 7 terms up to x^2, in any order."""
    count, terms = draw.between(4, 7), []
    for place in range(7):
        what = np.where(place < count, draw.below(3), NOTHING)
        terms.append(np.stack([what, draw.signed(1, 20)], axis=1))
    return _every(joined("collect", *terms))


def factor(draw: Draws) -> Drawn:
    """k*(a*x + b)*(c*x + d), multiplied out."""
    content, a, b = draw.signed(1, 4), draw.between(1, 4), draw.between(-12, 12)
    c, d = draw.between(1, 4), draw.between(-12, 12)
    terms = term(2, content * a * c), term(1, content * (a * d + b * c)), term(0, content * b * d)
    return joined("factor", *terms), (np.gcd(a, b) == 1) & (np.gcd(c, d) == 1)


def factor3(draw: Draws) -> Drawn:
    """(a*x + b)*(c*x + d)*(e*x + f), multiplied out, perhaps with a minus in front."""
    sign = 2 * draw.below(2) - 1
    (a, b), (c, d), (e, f) = ((draw.between(1, 2), draw.between(-9, 9)) for _ in range(3))
    square, slope, constant = a * c, a * d + b * c, b * d
    falling = square * e, square * f + slope * e, slope * f + constant * e, constant * f
    terms = (term(power, sign * number) for power, number in zip(range(3, -1, -1), falling, strict=True))
    return joined("factor", *terms), (np.gcd(a, b) == 1) & (np.gcd(c, d) == 1) & (np.gcd(e, f) == 1)
