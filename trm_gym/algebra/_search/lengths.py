"""Families of problems as people type them: numbers of any length, and what is missing missing; as in ``equations``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trm_gym.algebra._search.draws import Draws
from trm_gym.algebra._search.equations import Drawn
from trm_gym.algebra._search.pieces import NOTHING, either, joined, sized, term, times
from trm_gym.algebra._search.rational import Y

Numbers = NDArray[np.int64]


def _sized(draw: Draws, digits: int) -> Numbers:
    """Numbers of 1 to ``digits`` digits, each length as likely, and of either sign; int64 [B], none of them 0."""
    return sized(draw, draw.between(1, digits))


def _kept(chance: NDArray[np.bool_], what: Numbers) -> Numbers:
    """Pieces [B, 2] or [B, P, 2] where ``chance``, bool [B], and nothing elsewhere."""
    return np.where(chance.reshape(-1, *(1,) * (what.ndim - 1)), what, np.array([NOTHING, 0]))


def _side(draw: Draws, slope: Numbers, constant: Numbers) -> Numbers:
    """a*x + b in either order, a term of 0 left out, as pieces [B, 2, 2]."""
    return either(draw.coin(), term(1, slope), term(0, constant))


def sides(draw: Draws) -> Drawn:
    """a*x + b = c*x + d, c often 0, whose solution is whole, or, one time in four, perhaps none such."""
    root, slope, constant = _sized(draw, 4), _sized(draw, 2), _sized(draw, 5) * (draw.below(4) > 0)
    other = _sized(draw, 2) * (draw.below(3) == 0)
    whole = draw.below(4) > 0
    value = np.where(whole, (slope - other) * root + constant, _sized(draw, 3))
    left, right = _side(draw, slope, constant), _side(draw, other, value)
    # A fraction has room for four digits above its bar.
    fits = np.where(whole, abs(value) < 10**6, abs(value - constant) < 10**4)
    return either(draw.coin(), left, right, "="), (slope != other) & fits


def parts(draw: Draws) -> Drawn:
    """a*x/b + c = d, (a*x + c)/b = d, or a*x/b + x/e = d."""
    form, root = draw.below(4), _sized(draw, 3)
    slope, under, other = 1 + draw.below(9) * draw.below(2), draw.between(2, 12), draw.between(2, 12)
    constant, negative = _sized(draw, 2), draw.below(8) == 0
    slope = np.where(negative, -slope, slope)
    # A root that the divisors divide makes a whole side.
    root = root * np.where(form == 3, under * other // np.gcd(under, other), under)
    shifted = np.where(form == 2, constant * under, constant * (draw.below(3) > 0))
    bracket = joined("(", term(1, slope), term(0, shifted - slope * root % under), ")")
    bracket_value = (slope * root + shifted - slope * root % under) // under
    quotient = joined(term(1, slope), "/", term(0, under))
    second = joined("+", "x", "/", term(0, other))
    left = joined(
        _kept(form == 2, bracket),
        _kept(form == 2, joined("/", term(0, under))),
        _kept(form != 2, quotient),
        _kept(form == 3, second),
        _kept(form < 2, term(0, shifted)),
    )
    value = np.where(form == 2, bracket_value, slope * root // under + np.where(form == 3, root // other, shifted))
    right = np.full_like(left, NOTHING)
    right[:, 0] = term(0, value)
    return either(draw.coin(), left, right, "="), (form != 3) | (slope * other + under != 0)


def many_terms(draw: Draws) -> Drawn:
    """Terms with x and without, three of them on the left, up to three on the right; the last makes the root whole."""
    root, pieces = _sized(draw, 2), []
    value = slope = np.zeros_like(root)
    for place in range(5):
        unknown = draw.coin() if place else draw.below(1) == 0
        number = _sized(draw, 3) * (draw.below(3) > 0 if place > 2 else 1)
        sign = 1 if place < 3 else -1
        pieces.append(np.where(unknown[:, None], term(1, number), term(0, number)))
        slope = slope + np.where(unknown, sign * number, 0)
        value = value + np.where(unknown, sign * number * root, sign * number)
    pieces.append(term(0, value))
    left, right = joined(*pieces[:3]), joined(*pieces[3:])
    return either(draw.coin(), left, right, "="), (slope != 0) & (abs(value) < 10**5)


def _bracket(draw: Draws, root: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """k*(a*x + b) as pieces [B, 5, 2], its multiple of x, and its value at ``root``."""
    factor, slope, constant = _sized(draw, 1), _sized(draw, 1), _sized(draw, 2)
    slope = np.where(draw.coin(), 1, slope)
    inside = either(draw.coin(), term(1, slope), term(0, constant))
    return joined(times(factor), "(", inside, ")"), factor * slope, factor * (slope * root + constant)


def bracket(draw: Draws) -> Drawn:
    """A bracket times a number and perhaps a second one or a term, on the left; a number, a term or a bracket beside a
    number on the right.
    """
    root = _sized(draw, 2)
    first, slope, value = _bracket(draw, root)
    second, more, added = _bracket(draw, root)
    third, less, taken = _bracket(draw, root)
    form, right_form, number = draw.below(3), draw.below(3), _sized(draw, 2)
    second = np.where((form == 1)[:, None, None], second, NOTHING)
    left = joined(first, second, _kept(form == 2, term(0, number)))
    value = value + np.where(form == 1, added, np.where(form == 2, number, 0))
    slope = slope + np.where(form == 1, more, 0)
    third = np.where((right_form == 1)[:, None, None], third, NOTHING)
    right_slope = np.where(right_form == 1, less, np.where(right_form == 2, number, 0))
    rest = value - np.where(right_form == 1, taken, np.where(right_form == 2, number * root, 0))
    right = np.full_like(left, NOTHING)
    right[:, : third.shape[1]] = third
    right[:, third.shape[1]] = term(0, rest)
    right[:, third.shape[1] + 1] = _kept(right_form == 2, term(1, number))
    return either(draw.coin(), left, right, "="), slope != right_slope


def systems(draw: Draws) -> Drawn:
    """Two equations of x, y and numbers, terms on either side."""
    x, y = (_sized(draw, 2) * (draw.below(12) > 0) for _ in range(2))
    lines, slopes = [], []
    for _ in range(2):
        a, b = (np.where(draw.coin(), _sized(draw, 1), 1) * (2 * draw.below(2) - 1) for _ in range(2))
        moved, shift = draw.below(4) == 0, _sized(draw, 1) * (draw.below(4) == 0)
        left = either(draw.coin(), term(1, a), _kept(~moved, term(Y, b)))
        right = joined(_kept(moved, term(Y, -b)), term(0, a * x + b * y + shift))
        left, right = joined(left, term(0, shift)), joined(right, term(NOTHING, shift))
        lines.append(either(draw.below(4) == 0, left, right, "="))
        slopes.append((a, b))
    (a, b), (c, d) = slopes
    return joined(lines[0], ",", lines[1]), a * d != b * c


def multiply(draw: Draws) -> Drawn:
    """A product or a square that is to be multiplied out."""
    form = draw.below(4)
    (a, c), (b, d) = (draw.signed(1, 12) for _ in range(2)), (draw.signed(1, 12) for _ in range(2))
    a, c = (np.where(draw.coin(), 1, one) for one in (a, c))
    first = joined("(", either(draw.coin(), term(1, a), term(0, b)), ")")
    second = joined("(", either(draw.coin(), term(1, c), term(0, d)), ")")
    number = np.where(abs(d) > 1, d, 2)
    problem = joined(
        "expand",
        _kept(form == 0, times(number)),
        _kept(form == 1, joined(term(1, c), "*")),
        first,
        _kept(form == 2, joined("^", term(0, np.full_like(a, 2)))),
        _kept(form == 3, joined("*", second)),
    )
    return problem, np.ones(len(problem), np.bool_)


def terms(draw: Draws) -> Drawn:
    """2 to 6 terms up to x^3, in any order."""
    count, top, found = draw.between(2, 6), draw.between(1, 3), []
    for place in range(6):
        what = np.where(place < count, draw.below(top + 1), NOTHING)
        found.append(np.stack([what, np.where(draw.below(4) == 0, 1, _sized(draw, 2))], axis=1))
    return joined("collect", *found), np.ones(len(count), np.bool_)


def _quadratic(draw: Draws, most: int) -> tuple[Numbers, Numbers, Numbers]:
    """The coefficients of k*(p*x + q)*(r*x + s), p and r mostly 1; of k*x*(r*x + s), and of k*(p^2*x^2 - q^2)."""
    form = draw.below(4)
    p, r = (np.where(draw.below(3) == 0, draw.between(1, 3), 1) for _ in range(2))
    q, s = (draw.between(-most, most) for _ in range(2))
    q = np.where(form == 0, 0, q)
    r, s = np.where(form == 1, p, r), np.where(form == 1, -q, s)
    k = np.where(draw.below(3) == 0, draw.signed(1, 4), 1)
    return k * p * r, k * (p * s + q * r), k * q * s


def roots(draw: Draws) -> Drawn:
    """A quadratic equation, the lower terms perhaps on the other side."""
    square, slope, constant = _quadratic(draw, 20)
    moved, moved_too = draw.below(4) == 0, draw.below(3) == 0
    left = joined(term(2, square), term(1, np.where(moved, 0, slope)), term(0, np.where(moved_too, 0, constant)))
    right = joined(term(1, np.where(moved, -slope, 0)), term(0, np.where(moved_too, -constant, 0)))
    right = joined(right, term(NOTHING, square))
    return either(draw.below(4) == 0, left, right, "="), np.ones(len(square), np.bool_)


def factors(draw: Draws) -> Drawn:
    """A polynomial of degree 1 or 2 that has factors."""
    square, slope, constant = _quadratic(draw, 9)
    line = draw.below(4) == 0
    common, a, b = draw.between(2, 9), draw.between(1, 9), draw.signed(1, 9)
    pieces = joined(
        "factor",
        _kept(~line, term(2, square)),
        term(1, np.where(line, common * a, slope)),
        term(0, np.where(line, common * b, constant)),
    )
    return pieces, ~line | (np.gcd(a, b) == 1)


def values(draw: Draws) -> Drawn:
    """The value of a polynomial at a number."""
    degree, point, found = draw.between(1, 3), draw.between(-20, 20), []
    for power in range(3, -1, -1):
        present = (degree == power) | ((degree > power) & (draw.coin()))
        number = np.where(draw.coin(), draw.signed(1, 20), 1)
        found.append(term(power, np.where(present, number, 0)))
    return joined("evaluate", *found, "at", term(1, np.ones_like(point)), "=", term(0, point)), np.ones(
        len(point), np.bool_
    )
