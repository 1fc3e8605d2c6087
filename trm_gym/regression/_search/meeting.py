"""Two small formulas that make the target together, found by looking one of them up for each of the other.

What the second must be, given the first, is looked up by a key that a factor and a summand do not change: ratios of
weighted sums whose weights add up to nothing. So constants in these two places come for free.
"""

from __future__ import annotations

import numpy as np

from trm_gym.jit import inner, kernel, scramble
from trm_gym.regression.operations import NAN

CONTRASTS = 5
KEYED = 8
"""How many contrasts of how many points make a key."""
FORMS = 5
"""Ways to join: target = A + L, L - A, A * L, L / A, A / L, where L is a * B + b."""
_TINY = 1e-11
_GRAIN = 1e7
_CLOSE = 1e-8
_PAIR_CLOSE = 1e-7
_EMPTY = np.uint64(0)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@inner
def _contrast(row, weights, found):
    """Write the contrasts of ``row`` [KEYED]; returns whether it varies enough for the first to mean anything."""
    size = 0.0
    for at in range(KEYED):
        size = max(size, abs(row[at]))
    for one in range(len(found)):
        total = 0.0
        for at in range(KEYED):
            total += weights[one, at] * row[at]
        found[one] = total
    return size > 0.0 and abs(found[0]) > _TINY * size


@inner
def _key(found):
    """The hash of the ratios of contrasts to the first; small changes change nothing, but at the edges."""
    key = np.uint64(1)
    for one in range(1, 4):
        ratio = found[one] / found[0]
        squashed = np.int64(np.floor(_GRAIN * ratio / (1.0 + abs(ratio)) + 0.5))
        key = scramble((key ^ np.uint64(squashed)) * _GOLDEN)
    return key if key != _EMPTY else np.uint64(1)


@kernel
def index_rows(values, weights, contrasts, keys, places):
    """Write the contrasts [M, CONTRASTS] of all rows of values [M, >= KEYED] and enter their keys, the first of each.

    keys: uint64 [2^k], 0 everywhere. places: int32 [2^k], the row of each key.
    """
    last = len(keys) - 1
    for row in range(len(values)):
        if not _contrast(values[row], weights, contrasts[row]):
            contrasts[row, 0] = 0.0
            continue
        key = _key(contrasts[row])
        place = np.int64(key & np.uint64(last))
        while keys[place] != _EMPTY and keys[place] != key:
            place = (place + 1) & last
        if keys[place] == _EMPTY:
            keys[place], places[place] = key, row


@inner
def rest(form, target, part):
    """What L must be for ``target`` where A is ``part``; NaN or infinite where there is nothing."""
    if form == 0:
        return target - part
    if form == 1:
        return target + part
    if form == 2:
        return target / part if part != 0.0 else NAN
    if form == 3:
        return target * part
    return part / target if target != 0.0 else NAN


@inner
def _fits(values, one, other, form, target, room):
    """Whether the rest of ``one`` is a * ``other`` + b at all points. room: float64 [N]."""
    count = values.shape[1]
    mean_rest, mean_other, size = 0.0, 0.0, 0.0
    for at in range(count):
        room[at] = rest(form, target[at], values[one, at]) if one >= 0 else target[at]
        if not abs(room[at]) < 1e300:
            return False
        mean_rest += room[at] / count
        mean_other += values[other, at] / count
        size = max(size, abs(room[at]))
    top, below = 0.0, 0.0
    for at in range(count):
        top += (room[at] - mean_rest) * (values[other, at] - mean_other)
        below += (values[other, at] - mean_other) * (values[other, at] - mean_other)
    if not below > 0.0:
        return False
    slope = top / below
    spread, worst = 0.0, 0.0
    for at in range(count):
        spread = max(spread, abs(room[at] - mean_rest))
        worst = max(worst, abs(room[at] - mean_rest - slope * (values[other, at] - mean_other)))
    return worst <= _CLOSE * spread and worst <= _CLOSE * size


@inner
def _look_up(contrasts, keys, places):
    """The row of a key; -1 where there is none."""
    key, last = _key(contrasts), len(keys) - 1
    place = np.int64(key & np.uint64(last))
    while keys[place] != _EMPTY:
        if keys[place] == key:
            return places[place]
        place = (place + 1) & last
    return -1


@kernel
def meet(values, targets, weights, keys, places, first, stop, hits):
    """Pairs of A from rows ``first`` to ``stop`` and any B that make a target [T, N]; returns how many were found.

    hits: int64 [H, 4], gets target, form, A and B of each; A = -1: the target is a * B + b. It ends where that is full.
    """
    found, room = np.empty(CONTRASTS), np.empty(values.shape[1])
    row, known = np.empty(KEYED), 0
    for one in range(first - 1 if first == 0 else first, stop):
        for which in range(len(targets)):
            for form in range(FORMS if one >= 0 else 1):
                usable = True
                for at in range(KEYED):
                    row[at] = rest(form, targets[which, at], values[one, at]) if one >= 0 else targets[which, at]
                    usable = usable and abs(row[at]) < 1e300
                if not usable or not _contrast(row, weights, found):
                    continue
                other = _look_up(found, keys, places)
                if other >= 0 and _fits(values, one, other, form, targets[which], room):
                    hits[known, 0], hits[known, 1], hits[known, 2], hits[known, 3] = which, form, one, other
                    known += 1
                    if known == len(hits):
                        return known
    return known


@kernel
def pairs(contrasts, target, first, stop, most, hits):
    """Rows A from ``first`` to ``stop`` and B < ``most`` with a target a * A + b * B + c, by contrasts alone.

    target: contrasts [CONTRASTS] of it. hits: int64 [H, 2]. Returns how many were found; it ends where that is full.
    """
    known, wanted = 0, np.empty(CONTRASTS)
    for one in range(first, stop):
        if contrasts[one, 0] == 0.0:
            continue
        r1, r2, r3 = contrasts[one, 1], contrasts[one, 2], contrasts[one, 3]
        r1, r2, r3 = r1 / contrasts[one, 0], r2 / contrasts[one, 0], r3 / contrasts[one, 0]
        for at in range(1, CONTRASTS):
            wanted[at] = target[at] - contrasts[one, at] / contrasts[one, 0] * target[0]
        for other in range(one + 1, most):
            base = contrasts[other, 0]
            u1, u2 = contrasts[other, 1] - r1 * base, contrasts[other, 2] - r2 * base
            left, right = u1 * wanted[2], u2 * wanted[1]
            if abs(left - right) < _PAIR_CLOSE * abs(left):
                left, right = u1 * wanted[3], (contrasts[other, 3] - r3 * base) * wanted[1]
                if abs(left - right) < _PAIR_CLOSE * abs(left):
                    hits[known, 0], hits[known, 1] = one, other
                    known += 1
                    if known == len(hits):
                        return known
    return known
