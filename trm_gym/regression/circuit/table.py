"""A table of all formulas of two leaves by their value at one point: which of them is exactly what is wanted.

A leaf is a function of a variable, or one of the numbers that drafts have; an entry is a function of two leaves joined
by an operator. The table is made of nothing but the points: it holds what can be written, known as a solution or not.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from trm_gym.jit import inner
from trm_gym.regression.circuit.leaves import FUNCTIONS, LEAVES
from trm_gym.regression.circuit.numbers import holds
from trm_gym.regression.layout import BINARY, FIRST_UNARY, NUMBERS, TOKEN
from trm_gym.regression.operations import MINUS, NAN, OVER, PLUS, POWER, TIMES, power, unary

PARTNERS = LEAVES + len(NUMBERS)
"""Leaves, and numbers after them."""
OPERATORS = len(BINARY)
PAIRS = OPERATORS * PARTNERS * PARTNERS
"""An entry is function * PAIRS + (operator * PARTNERS + left) * PARTNERS + right, all counted from 0."""
ENTRIES = FUNCTIONS * PAIRS
_BUCKETS = 1 << 15
_CELLS = 4096.0
"""Cells of the table from each power of two to the next."""
AGREE = 1e-8
LONGEST = 100
"""More nodes than anything that is found has."""


class Table(NamedTuple):
    """Entries by cell, as chains. first: int32 [_BUCKETS], the last entry put in, -1 none. after: int32 [entries], the
    one put in before. value: float64 [entries]. code: int32 [entries]. held: int64 [1], how many there are.
    """

    first: Any
    after: Any
    value: Any
    code: Any
    held: Any


def table_room() -> Table:
    """Room for all entries."""
    first, after, code = (np.empty(size, np.int32) for size in (_BUCKETS, ENTRIES, ENTRIES))
    return Table(first, after, np.empty(ENTRIES), code, np.zeros(1, np.int64))


@inner
def join(code, left, right):
    """Two numbers joined by an operator."""
    if code == PLUS:
        return left + right
    if code == MINUS:
        return left - right
    if code == TIMES:
        return left * right
    if code == OVER:
        return left / right if right != 0.0 else NAN
    return power(left, right)


@inner
def leaf_value(leaf, at, leaves):
    """A leaf or number at a point."""
    return leaves.value[leaf, at] if leaf < LEAVES else leaf - LEAVES + 1.0


@inner
def leaf_stands(leaf, leaves):
    """Whether it has a value everywhere."""
    return leaf >= LEAVES or leaves.known[leaf]


@inner
def leaf_length(leaf):
    """How many nodes it is."""
    return 1 if leaf >= LEAVES or leaf % FUNCTIONS == 0 else 2


@inner
def pair_value(entry, at, leaves):
    """An entry at a point."""
    pair = entry % PAIRS
    left, right = pair // PARTNERS % PARTNERS, pair % PARTNERS
    joined = join(1 + pair // (PARTNERS * PARTNERS), leaf_value(left, at, leaves), leaf_value(right, at, leaves))
    return unary(FIRST_UNARY + entry // PAIRS, joined)


@inner
def pair_length(entry):
    """How many nodes an entry is."""
    pair = entry % PAIRS
    inside = leaf_length(pair // PARTNERS % PARTNERS) + leaf_length(pair % PARTNERS)
    return inside + (2 if entry >= PAIRS else 1)


@inner
def cell_of(value):
    """The cell of a size, in parts of one: by its logarithm, with straight lines between the powers of two."""
    share, power_of_two = math.frexp(abs(value))
    return (2.0 * share + power_of_two) * _CELLS


@inner
def put(value, code, table):
    """Put an entry in by its value, unless that is 0 or none."""
    if holds(value) and value != 0.0:
        held, bucket = table.held[0], math.floor(cell_of(value)) & (_BUCKETS - 1)
        table.value[held], table.code[held] = value, code
        table.after[held] = table.first[bucket]
        table.first[bucket] = held
        table.held[0] = held + 1


@inner
def fill_table(key, leaves, table):
    """Put in all entries, by their values at point ``key``."""
    table.held[0] = 0
    for bucket in range(_BUCKETS):
        table.first[bucket] = -1
    for left in range(PARTNERS):
        for right in range(PARTNERS if leaf_stands(left, leaves) else 0):
            one, other = leaf_value(left, key, leaves), leaf_value(right, key, leaves)
            for operator in range(1, 1 + OPERATORS):
                pair = pair_of(operator, left, right, leaves)
                if pair >= 0:
                    value = join(operator, one, other)
                    for function in range(FUNCTIONS if holds(value) else 0):
                        put(unary(FIRST_UNARY + function, value), function * PAIRS + pair, table)


@inner
def pair_of(operator, left, right, leaves):
    """The pair of two leaves; -1 for two numbers, for what is written otherwise, and where there is none."""
    if left == right or not leaf_stands(right, leaves) or (left >= LEAVES and right >= LEAVES):
        return -1
    if operator in (MINUS, OVER, POWER) or _ordered(operator, left, right):
        return ((operator - 1) * PARTNERS + left) * PARTNERS + right
    return -1


@inner
def _ordered(operator, left, right):
    """Whether terms or factors stand as labels have them: the longer first, numbers last in sums and first in
    products."""
    if left >= LEAVES or right >= LEAVES:
        return (right >= LEAVES) == (operator == PLUS)
    longer = leaf_length(left) - leaf_length(right)
    return longer > 0 or (longer == 0 and left < right)


@inner
def first_entry(value, side, table):
    """The first entry that may be ``value`` or its negative, of those on one ``side``, 0 or 1, of it; -1 none."""
    cell = cell_of(value)
    near = math.floor(cell)
    if side == 1:
        near = near + 1 if cell - near > 0.5 else near - 1
    return table.first[near & (_BUCKETS - 1)]


@inner
def agrees(value, wish):
    """Whether a value is the one that is wanted; the size that counts is at least 0.001."""
    return abs(value - wish) <= AGREE * (abs(wish) + 1e-3)


assert TOKEN[BINARY[0]] == 1
