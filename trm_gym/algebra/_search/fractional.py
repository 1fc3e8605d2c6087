"""Families of equations whose solutions are fractions, as people type them; as in ``equations``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trm_gym.algebra._search.draws import Draws
from trm_gym.algebra._search.equations import Drawn
from trm_gym.algebra._search.pieces import NOTHING, either, joined, one_of, random_sign, term, times
from trm_gym.algebra._search.rational import Y
from trm_gym.algebra.layout import OVER_DIGITS, UNDER_DIGITS

Numbers = NDArray[np.int64]


def lowest(over: Numbers, under: Numbers) -> tuple[Numbers, Numbers]:
    """The sizes of numerator and denominator in lowest terms; of a denominator of 0 a denominator of 0."""
    common = np.maximum(np.gcd(over, under), 1)
    return abs(over) // common, abs(under) // common


def has_field(over: Numbers, under: Numbers) -> NDArray[np.bool_]:
    """Whether a fraction in lowest terms has room in its field."""
    return (over < 10**OVER_DIGITS) & (under < 10**UNDER_DIGITS)


def _is_fraction(over: Numbers, under: Numbers) -> NDArray[np.bool_]:
    """Whether over / under is no whole number, and a fraction that has room."""
    over, under = lowest(over, under)
    return (under > 1) & has_field(over, under)


def _bracket(draw: Draws) -> tuple[Numbers, Numbers, Numbers]:
    """(a*x + b) as pieces [B, 4, 2], a and b."""
    slope, constant = np.where(draw.coin(), 1, draw.signed(1, 9)), draw.signed(1, 12)
    return joined("(", either(draw.coin(), term(1, slope), term(0, constant)), ")"), slope, constant


def _two_sides(draw: Draws) -> tuple[Numbers, Numbers, Numbers]:
    """a*x + b = c*x + d as pieces, and what x is: numerator and denominator."""
    slope = np.where(draw.coin(), draw.signed(2, 12), draw.signed(2, 99))
    constant = draw.signed(1, 200) * (draw.below(6) > 0)
    other = draw.signed(1, 15) * (draw.below(3) == 0)
    value = np.where(draw.coin(), draw.between(-50, 50), draw.between(-999, 999))
    left = either(draw.coin(), term(1, slope), term(0, constant))
    right = either(draw.coin(), term(1, other), term(0, value))
    return either(draw.coin(), left, right, "="), value - constant, slope - other


def _brackets(draw: Draws) -> tuple[Numbers, Numbers, Numbers]:
    """k*(a*x + b) + m*(c*x + d) = e, or without the second bracket; the same."""
    first, a, b = _bracket(draw)
    second, c, d = _bracket(draw)
    k, value = draw.signed(2, 9), draw.between(-60, 60)
    m = draw.signed(2, 9) * draw.below(2)
    second = np.where((m != 0)[:, None, None], second, NOTHING)
    more = np.where((m != 0)[:, None], times(m), NOTHING)
    pieces = joined(times(k), first, more, second, "=", term(0, value))
    return pieces, value - k * b - m * d, k * a + m * c


def _coefficients(draw: Draws) -> tuple[Numbers, Numbers, Numbers]:
    """p/q*x + r/s = t/u, as decimals are rewritten, or with p*x/q, any of q, s and u perhaps 1; the same."""
    sign, factor = random_sign(draw)
    tenths = draw.coin()
    unders = [np.where(tenths, 10 // draw.between(1, 2), draw.between(1, 9)) * (draw.below(4) > 0) for _ in range(3)]
    overs = [draw.between(1, np.where(tenths, 99, 12)) for _ in range(3)]
    parts = []
    for which, (over, under) in enumerate(zip(overs, unders, strict=True)):
        common = np.gcd(over, under)  # the number itself where ``under`` is 0
        over, under = np.where(under > 0, over // common, over), np.where(under > 0, under // common, 1)
        if which == 0:
            over = np.where(under == 1, np.maximum(over, 2), over)  # nobody writes 1*x
        overs[which], unders[which] = over, under
        shown = (under > 1)[:, None, None]
        parts.append(joined(term(0, over), np.where(shown, joined("/", term(0, under)), NOTHING)))
    (p, r, t), (q, s, u) = overs, unders
    before, behind = joined(parts[0], "*", "x"), joined(term(1, p), "/", term(0, q))
    unknown = one_of((draw.coin() & (q > 1)).astype(np.int64), before, behind)
    # Behind a symbol no sign is written, so the one between the two terms is a piece of its own.
    pieces = joined(unknown, sign, parts[1], "=", parts[2])
    return pieces, (t * s - factor * r * u) * q, p * s * u


def _quotients(draw: Draws) -> tuple[Numbers, Numbers, Numbers]:
    """(a*x + b)/k = (c*x + d)/m, or = m; the same."""
    first, a, b = _bracket(draw)
    second, c, d = _bracket(draw)
    k, m, both = draw.between(2, 12), draw.between(2, 12), draw.coin()
    right = np.where(both[:, None, None], joined(second, "/", term(0, m)), NOTHING)
    alone = np.where(both[:, None], NOTHING, term(0, m))
    c, d = np.where(both, c, 0), np.where(both, d, m * m)
    return joined(first, "/", term(0, k), "=", right, alone), d * k - b * m, a * m - c * k


def ratios(draw: Draws) -> Drawn:
    """A linear equation whose solution is a fraction."""
    forms = [_two_sides(draw), _brackets(draw), _coefficients(draw), _quotients(draw)]
    form = draw.below(len(forms))
    pieces, overs, unders = zip(*forms, strict=True)
    each = np.arange(len(form))
    over, under = (np.stack(numbers)[form, each] for numbers in (overs, unders))
    return one_of(form, *pieces), _is_fraction(over, under)


def crossings(draw: Draws) -> Drawn:
    """Two equations of x and y, of whose values one at least is a fraction."""
    lines, rows = [], []
    for _ in range(2):
        a, b, c = draw.signed(1, 9), draw.signed(1, 9), draw.between(-40, 40)
        a, b = (np.where(draw.below(3) == 0, np.sign(one), one) for one in (a, b))
        moved = (draw.below(5) == 0)[:, None]
        left = either(draw.coin(), term(1, a), np.where(moved, NOTHING, term(Y, b)))
        right = joined(np.where(moved, term(Y, -b), NOTHING), term(0, c))
        lines.append(joined(left, "=", right))
        rows.append((a, b, c))
    (a, b, c), (d, e, f) = rows
    whole = a * e - b * d
    broken = _is_fraction(c * e - b * f, whole) | _is_fraction(a * f - c * d, whole)
    return joined(lines[0], ",", lines[1]), broken
