"""Which one or two leaves something is made of: sums with coefficients, and products with exponents."""

from __future__ import annotations

import math

from trm_gym.jit import inner
from trm_gym.regression.circuit.leaves import FUNCTIONS, LEAVES, LOGARITHM
from trm_gym.regression.circuit.numbers import CODE, LARGEST, close_root, holds, write_number
from trm_gym.regression.inverses import unary_inverse
from trm_gym.regression.layout import FIRST_UNARY, VARIABLES
from trm_gym.regression.operations import NAN, exponential

KINDS = 2
"""Sums, and products: sums of logarithms."""
NAME = FUNCTIONS + len(VARIABLES)
"""Features that say which leaf one is."""
OFFER = 2 + FUNCTIONS + 2 * (NAME + CODE) + CODE
"""How close the best is, whether it is one leaf or two, under which function, the leaves and their coefficients or
exponents, and what is added or what they are multiplied by."""
CLOSENESS = 2 * KINDS * FUNCTIONS
"""How close the best leaf is, and the best two, of either kind under each function."""
PART = 1 + NAME + CODE
"""What a slot is told of the leaf that would do in its place: how close, which, and its coefficient or exponent."""
_EXACT = 0.75
_SAME = 1e-8
ONE, TWO, FIRST, SECOND, FIRST_FACTOR, SECOND_FACTOR, REST = range(7)
BEST = 7
"""What ``best_leaves`` writes: how close one leaf is and two are; the leaves, the second -1 where one does; their
coefficients, and what is added."""


@inner
def best_leaves(kind, target, count, leaves, cosine, best):
    """Find the leaf, and the two, of which a sum with coefficients comes closest to ``target`` [count].

    kind: PLAIN or LOGARITHM, the rows to choose from. cosine: room [LEAVES]. best: see BEST.
    """
    best[ONE] = best[TWO] = 0.0
    mean, square = 0.0, 0.0
    for at in range(count):
        mean += target[at] / count
    for at in range(count):
        square += (target[at] - mean) * (target[at] - mean)
    length = math.sqrt(square)
    if not 1e-9 * (abs(mean) + 1e-6) < length < LARGEST:
        return
    single, alone = 1.0, -1
    for leaf in range(LEAVES):
        if leaves.known[kind + leaf]:
            product = 0.0
            for at in range(count):
                product += (target[at] - mean) * (leaves.value[kind + leaf, at] - leaves.mean[kind + leaf])
            cosine[leaf] = product / (length * leaves.length[kind + leaf])
            if 1.0 - cosine[leaf] * cosine[leaf] < single:
                single, alone = 1.0 - cosine[leaf] * cosine[leaf], leaf
    if alone < 0:
        return
    best[ONE], best[FIRST], best[SECOND] = close_root(single), alone, -1.0
    best[FIRST_FACTOR] = cosine[alone] * length / leaves.length[kind + alone]
    best[REST] = mean - best[FIRST_FACTOR] * leaves.mean[kind + alone]
    best[SECOND_FACTOR] = 0.0
    if best[ONE] < _EXACT:
        _best_two(kind, mean, length, leaves, cosine, best)
    else:
        best[TWO] = best[ONE]


@inner
def _best_two(kind, mean, length, leaves, cosine, best):
    """The best two leaves, from the correlations alone: R2 = (r1^2 + r2^2 - 2 r1 r2 c) / (1 - c^2)."""
    left, first, second = 1.0, -1, -1
    for leaf in range(LEAVES):
        if leaves.known[kind + leaf]:
            for other in range(leaf):
                if leaves.known[kind + other]:
                    one, two, both = cosine[leaf], cosine[other], leaves.cosine[kind + leaf, other]
                    rest = 1.0 - both * both
                    if rest > _SAME:
                        unexplained = 1.0 - (one * one + two * two - 2.0 * one * two * both) / rest
                        if unexplained < left:
                            left, first, second = unexplained, leaf, other
    if first < 0:
        best[TWO] = best[ONE]
        return
    both = leaves.cosine[kind + first, second]
    rest = 1.0 - both * both
    best[TWO], best[FIRST], best[SECOND] = close_root(left), first, second
    best[FIRST_FACTOR] = (cosine[first] - cosine[second] * both) / rest * length / leaves.length[kind + first]
    best[SECOND_FACTOR] = (cosine[second] - cosine[first] * both) / rest * length / leaves.length[kind + second]
    best[REST] = mean - best[FIRST_FACTOR] * leaves.mean[kind + first]
    best[REST] -= best[SECOND_FACTOR] * leaves.mean[kind + second]


@inner
def undo(function, wanted, index, slot, count, kind, target):
    """Write what ``function`` must be taken of to give what is wanted of a slot, or its logarithm, into ``target``.

    Returns whether there is such a number at each point.
    """
    for at in range(count):
        value = unary_inverse(function, wanted[index, slot, at], NAN)
        if not holds(value) or (kind == LOGARITHM and value == 0.0):
            return False
        target[at] = math.log(abs(value)) if kind == LOGARITHM else value
    return True


@inner
def write_leaf(leaf, factor, features, index, slot, at):
    """Write which leaf it is, and its coefficient or exponent: NAME + CODE features."""
    for place in range(NAME):
        features[index, slot, at + place] = 0.0
    features[index, slot, at + leaf % FUNCTIONS] = 1.0
    features[index, slot, at + FUNCTIONS + leaf // FUNCTIONS] = 1.0
    write_number(factor, features, index, slot, at + NAME)


@inner
def write_offer(function, kind, best, features, index, slot, at):
    """Write what ``best_leaves`` found: OFFER features."""
    for place in range(OFFER):
        features[index, slot, at + place] = 0.0
    features[index, slot, at] = best[TWO]
    features[index, slot, at + 1] = 1.0 if best[SECOND] >= 0.0 else 0.0
    features[index, slot, at + 2 + function - FIRST_UNARY] = 1.0
    at += 2 + FUNCTIONS
    write_leaf(int(best[FIRST]), best[FIRST_FACTOR], features, index, slot, at)
    if best[SECOND] >= 0.0:
        write_leaf(int(best[SECOND]), best[SECOND_FACTOR], features, index, slot, at + NAME + CODE)
    rest = exponential(best[REST]) if kind == LOGARITHM else best[REST]
    write_number(rest if holds(rest) else LARGEST, features, index, slot, at + 2 * (NAME + CODE))
