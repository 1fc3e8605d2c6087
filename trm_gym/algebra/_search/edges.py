"""Families at the edges of what the fields of an answer hold: long fractions, large values, coefficients that are
divided or that cancel; as in ``equations``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trm_gym.algebra._search.draws import Draws
from trm_gym.algebra._search.equations import Drawn
from trm_gym.algebra._search.fractional import has_field, lowest
from trm_gym.algebra._search.pieces import NOTHING, either, joined, one_of, random_sign, sized, term, times
from trm_gym.algebra._search.rational import LIMIT, Y
from trm_gym.algebra.layout import ANSWER

Numbers = NDArray[np.int64]


def _cells(over: Numbers, under: Numbers) -> Numbers:
    """How many cells a fraction takes at most, its sign among them."""
    digits = 1 + (np.stack([over, under])[..., None] >= 10 ** np.arange(1, 10)).sum(axis=-1)
    return 2 + digits.sum(axis=0)


def _is_long(over: Numbers, under: Numbers) -> NDArray[np.bool_]:
    """Whether a fraction in lowest terms has no room in its fields."""
    return (under > 1) & ~has_field(over, under)


def _alone(draw: Draws) -> tuple[Numbers, Numbers, Numbers]:
    """a*x + b = c as pieces, and what x is: numerator and denominator."""
    slope, value = sized(draw, draw.between(1, 5)), sized(draw, draw.between(1, 6))
    constant = sized(draw, draw.between(1, 3)) * draw.below(2)
    left = either(draw.coin(), term(1, slope), term(0, constant))
    return joined(left, "=", term(0, value)), value - constant, slope


def _hundredths(draw: Draws) -> tuple[Numbers, Numbers, Numbers]:
    """p/100*x + r/100 = t/100 in lowest terms, as decimals are rewritten; the same."""
    sign, factor = random_sign(draw)
    overs = [draw.between(2, 9999) for _ in range(3)]
    overs[1] = overs[1] * draw.below(2)
    parts = []
    for over in overs:
        common = np.gcd(over, 100)
        shown = (common < 100)[:, None, None]
        parts.append(joined(term(0, over // common), np.where(shown, joined("/", term(0, 100 // common)), NOTHING)))
    second = np.where((overs[1] > 0)[:, None, None], joined(sign, parts[1]), NOTHING)
    return joined(parts[0], "*", "x", second, "=", parts[2]), overs[2] - factor * overs[1], overs[0]


def long_ratios(draw: Draws) -> Drawn:
    """A linear equation, or two, whose solution is a fraction without room in its fields."""
    lines, rows = [], []
    for _ in range(2):
        a, b, c = (sized(draw, draw.between(1, 2)) for _ in range(3))
        lines.append(joined(either(draw.coin(), term(1, a), term(Y, b)), "=", term(0, c)))
        rows.append((a, b, c))
    (a, b, c), (d, e, f) = rows
    (alone, over, under), (decimal, over_too, under_too) = _alone(draw), _hundredths(draw)
    form, whole = draw.below(3), a * e - b * d
    over = np.select([form == 0, form == 1], [over, over_too], c * e - b * f)
    under = np.select([form == 0, form == 1], [under, under_too], whole)
    first, second = lowest(over, under), lowest(np.where(form == 2, a * f - c * d, 0), np.where(form == 2, whole, 1))
    room = _cells(*first) + np.where(form == 2, _cells(*second), 0) < ANSWER
    pieces = one_of(form, alone, decimal, joined(lines[0], ",", lines[1]))
    return pieces, (under != 0) & (_is_long(*first) | _is_long(*second)) & room


def long_values(draw: Draws) -> Drawn:
    """The value of a polynomial at a number of up to 4 digits, or at a fraction."""
    form, degree, terms = draw.below(2), draw.between(1, 3), []
    under = np.where(form == 0, 1, np.array([2, 4, 5, 10])[draw.below(4)])
    over = np.where(form == 0, sized(draw, draw.between(1, 4)), sized(draw, draw.between(1, 2)))
    common = np.gcd(over, under)
    over, under = over // common, under // common
    size, largest = np.zeros_like(over), np.maximum(abs(over), under)
    for power in range(3, -1, -1):
        number = np.where((degree == power) | ((degree > power) & draw.coin()), draw.signed(1, 20), 0)
        size += abs(number) * largest**degree
        terms.append(term(power, number))
    denominator = np.where((under > 1)[:, None, None], joined("/", term(0, under)), NOTHING)
    point = joined("at", term(1, np.ones_like(over)), "=", term(0, over), denominator)
    return joined("evaluate", *terms, point), size < LIMIT


def shares(draw: Draws) -> Drawn:
    """1/k*(k*a*x + k*b), (k*a*x + k*b)/k, p/2*x^n + q/2*x^n + b, or the derivative of a*x^n/n + b*x; or terms that
    cancel.
    """
    form, k, verb = draw.below(5), draw.between(2, 9), draw.coin()
    a, b = (sized(draw, draw.between(1, 2)) for _ in range(2))
    bracket = joined("(", either(draw.coin(), term(1, k * a), term(0, k * b)), ")")
    before = joined(term(0, np.ones_like(k)), "/", term(0, k), "*", bracket)
    behind = joined(bracket, "/", term(0, k))
    sign, _ = random_sign(draw)
    half, power = draw.between(1, 9), np.where(draw.coin(), 1, draw.between(2, 6))
    unknown = np.stack([power, np.ones_like(k)], axis=1)
    halves = [
        joined(term(0, number), "/", term(0, np.full_like(k, 2)), "*", unknown) for number in (half, half + 2 * k)
    ]
    added = joined(halves[0], sign, halves[1], random_sign(draw)[0], term(0, abs(b)))
    top = draw.between(2, 6)
    primitive = joined(np.stack([top, a], axis=1), "/", term(0, top), term(1, b))
    word = either(verb, _word(k, "expand"), _word(k, "collect"))[:, :1]
    first = one_of((form == 4).astype(np.int64), word, _word(k, "differentiate"))
    divided = joined(first, one_of(form, before, behind, added, added, primitive))
    return one_of((draw.below(5) == 0).astype(np.int64), divided, _cancelling(draw)), np.ones(len(k), np.bool_)


def _word(like: Numbers, text: str) -> Numbers:
    """A symbol for each problem, as pieces [B, 1, 2]."""
    return joined(term(NOTHING, like), text)[:, 1:]


def _cancelling(draw: Draws) -> Numbers:
    """Like terms or a product of which 0 or one term is left, as pieces. All that leave 0 are of one split."""
    count, top = draw.between(1, 3), draw.between(1, 3)
    numbers, places = [], []
    for place in range(3):
        power, number = draw.below(top + 1), np.where(place < count, sized(draw, draw.between(1, 2)), 0)
        numbers.append(np.stack([power, number], axis=1))
        places.append(np.stack([power, -number], axis=1))
    left = np.stack([draw.below(top + 1), sized(draw, draw.between(1, 2)) * draw.below(2)], axis=1)
    turned = draw.coin()[:, None, None]
    terms = joined(*numbers, left, *places)
    terms = np.where(turned, terms[:, [0, 4, 1, 5, 3, 2, 6]], terms)
    a, b = draw.signed(2, 9), draw.signed(1, 12)
    product = joined(times(a), "(", term(1, np.ones_like(a)), term(0, b), ")", term(1, -a), term(0, -a * b))
    expand = (draw.below(4) == 0).astype(np.int64)
    word = one_of(expand, _word(a, "collect"), _word(a, "expand"))
    return joined(word, one_of(expand, terms, product))
