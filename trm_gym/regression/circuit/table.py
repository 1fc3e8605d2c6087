"""A table of all formulas of two leaves by their value at one point: which of them is exactly what is wanted of a slot.

A leaf is a function of a variable, or one of the numbers that drafts have. The table is made of nothing but the points;
it holds what can be written with one operator, whether or not it was ever a solution.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from trm_gym.jit import inner
from trm_gym.regression.circuit.leaves import FUNCTIONS, LEAVES
from trm_gym.regression.circuit.numbers import holds
from trm_gym.regression.inverses import unary_inverse
from trm_gym.regression.layout import BINARY, FIRST_UNARY, NUMBERS, TOKEN, VARIABLES
from trm_gym.regression.operations import (
    COS,
    IDENTITY,
    MINUS,
    NAN,
    OVER,
    PLUS,
    POWER,
    SIN,
    TIMES,
    power,
    unary,
)

PARTNERS = LEAVES + len(NUMBERS)
"""Leaves, and numbers after them."""
OPERATORS = len(BINARY)
_ENTRIES = OPERATORS * PARTNERS * PARTNERS
_BUCKETS = 1 << 13
_CELLS = 4096.0
"""Cells of the table from each power of two to the next."""
_AGREE = 1e-8
_TURNS = 8
"""Whole turns, either way, up to which the argument of a sine or cosine is looked for."""
RANK, _LAST = 4, 100 * _ENTRIES
HIT = 1 + FUNCTIONS + OPERATORS
"""What the slot itself is told: whether something fits, and the two tokens to write."""
BASES = len(VARIABLES) + len(NUMBERS)
CHILD = 1 + BASES + FUNCTIONS
"""What each slot below is told: whether something fits, and its two tokens."""


class Table(NamedTuple):
    """Entries by cell, as chains. first: int64 [_BUCKETS], the last entry put in, -1 none. after: int64 [entries], the
    one put in before. value: float64 [entries]. code: int64 [entries]. held: int64 [1], how many there are.
    """

    first: Any
    after: Any
    value: Any
    code: Any
    held: Any


def table_room() -> Table:
    """Room for all entries."""
    whole, entries = np.empty(_BUCKETS, np.int64), np.empty(_ENTRIES, np.int64)
    return Table(whole, entries, np.empty(_ENTRIES), entries.copy(), np.zeros(1, np.int64))


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
def _leaf(leaf, at, leaves):
    return leaves.value[leaf, at] if leaf < LEAVES else leaf - LEAVES + 1.0


@inner
def _stands(leaf, leaves):
    return leaf >= LEAVES or leaves.known[leaf]


@inner
def _cell(value):
    """The cell of a size, in parts of one: by its logarithm, with straight lines between the powers of two."""
    share, power_of_two = math.frexp(abs(value))
    return (2.0 * share + power_of_two) * _CELLS


@inner
def _put(value, code, table):
    if holds(value) and value != 0.0:
        held, bucket = table.held[0], math.floor(_cell(value)) & (_BUCKETS - 1)
        table.value[held], table.code[held] = value, code
        table.after[held] = table.first[bucket]
        table.first[bucket] = held
        table.held[0] = held + 1


@inner
def fill_table(key, leaves, table):
    """Put in all pairs, by their values at point ``key``."""
    table.held[0] = 0
    for bucket in range(_BUCKETS):
        table.first[bucket] = -1
    for left in range(PARTNERS):
        for right in range(PARTNERS if _stands(left, leaves) else 0):
            if _stands(right, leaves) and (left < LEAVES or right < LEAVES):
                for code in range(1, OPERATORS + 1):
                    if left != right and (_ordered(code, left, right) or code in (MINUS, OVER, POWER)):
                        value = join(code, _leaf(left, key, leaves), _leaf(right, key, leaves))
                        _put(value, ((code - 1) * PARTNERS + left) * PARTNERS + right, table)


@inner
def _ordered(code, left, right):
    """Whether terms or factors stand as labels have them: the longer first, numbers last in sums and first in
    products."""
    if left >= LEAVES or right >= LEAVES:
        return (right >= LEAVES) == (code == PLUS)
    longer = _length(left) - _length(right)
    return longer > 0 or (longer == 0 and left < right)


@inner
def find_pair(wanted, index, slot, count, key, leaves, table, found):
    """Look for the shortest pair under a function that is what is wanted of a slot wherever something is.

    found: int64 [5] gets function, operator both leaves, and a rank by length and order. Returns whether there is one.
    """
    target = wanted[index, slot, key]
    found[RANK] = _LAST
    if not holds(target) or target == 0.0:
        return False
    for place in range(FUNCTIONS):
        function = FIRST_UNARY + place
        value = unary_inverse(function, target, NAN)
        if function not in (SIN, COS):
            _seek(value, function, wanted, index, slot, count, leaves, table, found)
        elif holds(value):
            mirrored = math.pi - value if function == SIN else -value
            for turn in range(-_TURNS, _TURNS + 1):
                angle = 2.0 * math.pi * turn
                _seek(value + angle, function, wanted, index, slot, count, leaves, table, found)
                _seek(mirrored + angle, function, wanted, index, slot, count, leaves, table, found)
    return found[RANK] < _LAST


@inner
def _seek(value, function, wanted, index, slot, count, leaves, table, found):
    """Look for a pair that is ``value`` or its negative at the key; write down the first of all in rank."""
    if not holds(value) or value == 0.0:
        return
    cell = _cell(value)
    near = math.floor(cell)
    beside = near + 1 if cell - near > 0.5 else near - 1
    for bucket in (near & (_BUCKETS - 1), beside & (_BUCKETS - 1)):
        entry = table.first[bucket]
        while entry >= 0:
            if abs(abs(table.value[entry]) - abs(value)) <= _AGREE * abs(value):
                code = table.code[entry]
                left, right = code // PARTNERS % PARTNERS, code % PARTNERS
                length = _length(left) + _length(right) + (1 if function != IDENTITY else 0)
                rank, operator = length * _ENTRIES + code, code // (PARTNERS * PARTNERS) + 1
                better = rank < found[RANK]
                if better and _fits(wanted, index, slot, count, function, operator, left, right, leaves):
                    found[0], found[1], found[2], found[3], found[RANK] = function, operator, left, right, rank
            entry = table.after[entry]


@inner
def _length(leaf):
    return 1 if leaf >= LEAVES or leaf % FUNCTIONS == 0 else 2


@inner
def _fits(wanted, index, slot, count, function, operator, left, right, leaves):
    """Whether a pair under a function is what is wanted at every point."""
    for at in range(count):
        wish = wanted[index, slot, at]
        if holds(wish):
            value = unary(function, join(operator, _leaf(left, at, leaves), _leaf(right, at, leaves)))
            if not abs(value - wish) <= _AGREE * (abs(wish) + 1e-3):
                return False
    return True


@inner
def write_pair(found, features, index, slot, at, child):
    """Tell a slot, from ``at`` on, and the two below it, from ``child`` on, which tokens would do: HIT and CHILD."""
    features[index, slot, at] = 1.0
    features[index, slot, at + 1 + found[0] - FIRST_UNARY] = 1.0
    features[index, slot, at + FUNCTIONS + found[1]] = 1.0
    for side in range(2):
        leaf, below = found[2 + side], 2 * slot + 1 + side
        base = leaf // FUNCTIONS if leaf < LEAVES else len(VARIABLES) + leaf - LEAVES
        features[index, below, child] = 1.0
        features[index, below, child + 1 + base] = 1.0
        features[index, below, child + 1 + BASES + (leaf % FUNCTIONS if leaf < LEAVES else 0)] = 1.0


assert TOKEN[BINARY[0]] == 1 and IDENTITY == FIRST_UNARY
