"""Families of polynomials beyond what the fields of an answer hold: powers to 6, long coefficients, three factors and
more; as in ``equations``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trm_gym.algebra._search.draws import Draws
from trm_gym.algebra._search.equations import Drawn
from trm_gym.algebra._search.pieces import NOTHING, joined, one_of, sized, term
from trm_gym.algebra.layout import ANSWER, DEGREE, close_length

Numbers = NDArray[np.int64]
_POWERS = np.arange(DEGREE + 1)


def _has_room(rows: Numbers) -> NDArray[np.bool_]:
    """Whether a polynomial, int64 [B, DEGREE + 1], has room in the answer's cells, written closely."""
    return close_length(rows) <= ANSWER


def _sum_of_terms(draw: Draws, count: Numbers, top: Numbers, digits: Numbers) -> tuple[Numbers, Numbers]:
    """``count`` terms to x^``top``, coefficients of at most so many digits, in any order: pieces [B, 5, 2], and their
    sum, int64 [B, DEGREE + 1].
    """
    total, pieces = np.zeros((len(count), DEGREE + 1), np.int64), []
    for place in range(5):
        power, number = draw.below(top + 1), sized(draw, draw.between(1, digits))
        shown = place < count
        pieces.append(np.where(shown[:, None], term(0, number), NOTHING))
        pieces[-1][:, 0] = np.where(shown, power, NOTHING)
        total += np.where(shown[:, None] & (power[:, None] == _POWERS), number[:, None], 0)
    return joined(*pieces), total


def _product(one: Numbers, other: Numbers) -> Numbers:
    """The product of two polynomials, int64 [B, DEGREE + 1]; powers beyond are left out."""
    total = np.zeros_like(one)
    for power in range(DEGREE + 1):
        total[:, power:] += one[:, power, None] * other[:, : DEGREE + 1 - power]
    return total


def _polynomial(*falling: Numbers) -> tuple[Numbers, Numbers]:
    """A bracket as pieces [B, P, 2], and the polynomial in it, of coefficients by falling powers, int64 [B] each."""
    top = len(falling) - 1
    row = np.zeros((len(falling[0]), DEGREE + 1), np.int64)
    for place, number in enumerate(falling):
        row[:, top - place] = number
    return joined("(", *(term(top - place, number) for place, number in enumerate(falling)), ")"), row


def long_terms(draw: Draws) -> Drawn:
    """Like terms, a derivative, or two brackets to be multiplied, with a coefficient of 4 digits or more."""
    digits, form = draw.between(3, 7), draw.below(5)
    terms, total = _sum_of_terms(draw, draw.between(1, 5), draw.below(4), digits)
    first, one = _polynomial(sized(draw, draw.between(1, 2)), sized(draw, draw.between(1, 3)))
    second, other = _polynomial(sized(draw, draw.between(1, 2)), sized(draw, draw.between(1, 3)))
    collected = one_of((form == 2).astype(np.int64), joined("collect", terms), joined("differentiate", terms))
    pieces = one_of((form > 2).astype(np.int64), collected, joined("expand", first, "*", second))
    row = np.where((form == 2)[:, None], _derived(total), total)
    row = np.where((form > 2)[:, None], _product(one, other), row)
    return pieces, (abs(row).max(axis=1) >= 1000) & _has_room(row)


def _derived(rows: Numbers) -> Numbers:
    """The derivatives of polynomials, int64 [B, DEGREE + 1]."""
    return np.pad(rows[:, 1:] * _POWERS[1:], ((0, 0), (0, 1)))


def powers(draw: Draws) -> Drawn:
    """Like terms to x^6, or a derivative to x^5; something higher than x^3 is left."""
    terms, total = _sum_of_terms(draw, draw.between(1, 5), draw.between(4, DEGREE), draw.between(1, 2))
    derive = draw.below(3) > 0
    row = np.where(derive[:, None], _derived(total), total)
    pieces = one_of(derive.astype(np.int64), joined("collect", terms), joined("differentiate", terms))
    return pieces, row[:, 4:].any(axis=1) & _has_room(row)


def high_products(draw: Draws) -> Drawn:
    """(a*x + b)^4, two quadratics, or one times a power of x, multiplied out, to x^4 at least."""
    form = np.minimum(draw.below(16), 2)  # there are few fourth powers that have room
    form = np.where((form == 2) & draw.coin(), 1, form)
    inside, base = _polynomial(np.where(draw.below(4) == 0, draw.signed(1, 2), 1), draw.signed(1, 5))
    power, square = joined(inside, "^", term(0, np.full_like(form, 4))), _product(base, base)
    (one, row), (two, other) = (
        _polynomial(
            np.where(draw.coin(), 1, draw.signed(1, 4)),
            np.where(draw.below(3) == 0, 0, draw.signed(1, 6)),
            np.where(draw.below(6) == 0, 0, draw.signed(1, 9)),
        )
        for _ in range(2)
    )
    number, top = draw.signed(1, 9), draw.between(2, 4)
    single = np.where(top[:, None] == _POWERS, number[:, None], 0)
    times_power = joined(np.stack([top, number], axis=1), "*", one)
    pieces = one_of(form, power, joined(one, "*", two), times_power)
    found = _product(row, np.where((form == 1)[:, None], other, single))
    found = np.where((form == 0)[:, None], _product(square, square), found)
    return joined("expand", pieces), _has_room(found) & found[:, 4:].any(axis=1)


def splits(draw: Draws) -> Drawn:
    """Three linear factors, one of them perhaps x or there twice, or four of x + a, multiplied out."""
    four = draw.below(4) == 0
    slopes = [np.where(four | (draw.below(3) > 0), 1, draw.between(1, 3)) for _ in range(3)]
    roots = [draw.between(-9, 9) for _ in range(4)]
    roots[0] = np.where(draw.below(3) == 0, 0, roots[0])
    roots[1] = np.where(draw.below(8) == 0, 0, roots[1])
    twice = draw.below(4) == 0
    slopes[2], roots[2] = np.where(twice, slopes[1], slopes[2]), np.where(twice, roots[1], roots[2])
    content = np.where(draw.coin(), 1, draw.signed(1, 6))
    row = np.where(_POWERS == 0, content[:, None], 0)
    primitive = np.ones(len(four), np.bool_)
    for slope, root in zip(slopes, roots, strict=False):
        row = _product(row, np.where(_POWERS == 1, slope[:, None], np.where(_POWERS == 0, root[:, None], 0)))
        primitive &= np.gcd(slope, root) == 1
    last = np.where(_POWERS == 1, 1, np.where(_POWERS == 0, roots[3][:, None], 0))
    row = np.where(four[:, None], _product(row, last), row)
    return joined("factor", *(term(power, row[:, power]) for power in range(4, -1, -1))), primitive


def contents(draw: Draws) -> Drawn:
    """k*(a*x + b), k*x*(a*x + b) or k*(x + a)*(x + b), multiplied out, k of 1 or 2 digits."""
    form, content = draw.below(3), sized(draw, draw.between(1, 2))
    slope = np.where(form == 2, 1, draw.between(1, 9))
    first, second = draw.signed(1, 12), draw.between(-12, 12)
    row = np.where(_POWERS == 1, slope[:, None], np.where(_POWERS == 0, first[:, None], 0))
    line = np.where(_POWERS == 1, 1, np.where((_POWERS == 0) & (form == 2)[:, None], second[:, None], 0))
    row = content[:, None] * np.where((form == 0)[:, None], row, _product(row, line))
    return joined("factor", *(term(power, row[:, power]) for power in (2, 1, 0))), np.gcd(slope, first) == 1
