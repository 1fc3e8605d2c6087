"""Which formula of two or three leaves is exactly what is wanted of a slot, and how the slots are told.

Three leaves are one joined with an entry of the table, on either side, under a function: what the entry must be follows
from what is wanted, and is looked up.
"""

from __future__ import annotations

import math

from trm_gym.jit import inner
from trm_gym.regression.circuit.leaves import FUNCTIONS, LEAVES
from trm_gym.regression.circuit.numbers import holds
from trm_gym.regression.circuit.table import (
    AGREE,
    ENTRIES,
    LONGEST,
    PAIRS,
    PARTNERS,
    agrees,
    first_entry,
    join,
    leaf_length,
    leaf_stands,
    leaf_value,
    pair_length,
    pair_value,
)
from trm_gym.regression.inverses import left_inverse, right_inverse, unary_inverse
from trm_gym.regression.layout import BINARY, FIRST_UNARY, NUMBERS, VARIABLES
from trm_gym.regression.operations import COS, FOURTH, IDENTITY, NAN, PLUS, SIN, SQUARE, TIMES, unary

FOUND = 6
FUNCTION, OPERATOR, LEAF, SIDE, ENTRY, RANK = range(FOUND)
"""What a search writes: of three leaves the function, the operator, the leaf, whether it stands left (0) or right (1),
and the entry that it is joined with; of two leaves the entry alone, LEAF being -1; and how it ranks, 0 for nothing."""
BASES = len(BINARY) + len(VARIABLES) + len(NUMBERS)
TOLD = 1 + BASES + FUNCTIONS
"""What a slot is told: whether something fits, and the two tokens to write."""
ORIGINS = 3
"""A slot is told of what fits itself, the slot above it, and the one above that."""
_TURNS = 1
"""Whole turns, either way, up to which the argument of a sine or cosine is looked for."""
_WORST = 2 * (LONGEST + 1) * ENTRIES


@inner
def find_pair(wanted, index, slot, count, key, leaves, table, found):
    """Look for the entry that comes first among those that are what is wanted of a slot wherever something is."""
    found[RANK], target = _WORST, wanted[index, slot, key]
    for side in range(2 if holds(target) and target != 0.0 else 0):
        entry = first_entry(target, side, table)
        while entry >= 0:
            if abs(table.value[entry] - target) <= AGREE * abs(target):
                code = int(table.code[entry])
                rank = pair_length(code) * ENTRIES + code
                if rank < found[RANK] and _is_pair(code, wanted, index, slot, count, leaves):
                    found[LEAF], found[ENTRY], found[RANK] = -1, code, rank
            entry = table.after[entry]
    found[RANK] = 0 if found[RANK] == _WORST else found[RANK]


@inner
def _is_pair(code, wanted, index, slot, count, leaves):
    for at in range(count):
        wish = wanted[index, slot, at]
        if holds(wish) and not agrees(pair_value(code, at, leaves), wish):
            return False
    return True


@inner
def find_triple(wanted, index, slot, count, key, leaves, table, found):
    """The same for a leaf joined with an entry."""
    found[RANK], target = _WORST, wanted[index, slot, key]
    for place in range(FUNCTIONS if holds(target) else 0):
        function = FIRST_UNARY + place
        value = unary_inverse(function, target, NAN)
        if holds(value):
            _peel(function, value, wanted, index, slot, count, key, leaves, table, found)
            if function in (SQUARE, FOURTH, COS):
                _peel(function, -value, wanted, index, slot, count, key, leaves, table, found)
            if function == SIN:
                _peel(function, math.pi - value, wanted, index, slot, count, key, leaves, table, found)
            for turn in range(-_TURNS, (_TURNS + 1) if function in (SIN, COS) else -_TURNS):
                if turn != 0:
                    angle, mirrored = 2.0 * math.pi * turn, math.pi - value if function == SIN else -value
                    _peel(function, value + angle, wanted, index, slot, count, key, leaves, table, found)
                    _peel(function, mirrored + angle, wanted, index, slot, count, key, leaves, table, found)
    found[RANK] = 0 if found[RANK] == _WORST else found[RANK]


@inner
def _peel(function, value, wanted, index, slot, count, key, leaves, table, found):
    """Look for a leaf and an entry that joined are ``value`` at the key."""
    for leaf in range(PARTNERS):
        if leaf_stands(leaf, leaves):
            known = leaf_value(leaf, key, leaves)
            for operator in range(1, 1 + len(BINARY)):
                for side in range(1 if operator in (PLUS, TIMES) else 2):
                    other = right_inverse(operator, value, known)
                    if side == 1:
                        other = left_inverse(operator, value, NAN, known)
                    if holds(other) and other != 0.0:
                        place = function, operator, leaf, side
                        _look_up(other, place, wanted, index, slot, count, leaves, table, found)


@inner
def _look_up(other, place, wanted, index, slot, count, leaves, table, found):
    """Look for an entry that is ``other`` at the key, or its negative, and write down what comes first."""
    function, operator, leaf, side = place
    for half in range(2):
        entry = first_entry(other, half, table)
        while entry >= 0:
            if abs(abs(table.value[entry]) - abs(other)) <= AGREE * abs(other):
                code = int(table.code[entry])
                length = pair_length(code) + leaf_length(leaf) + (2 if function != IDENTITY else 1)
                rank = (2 * length + side) * ENTRIES + code
                if rank < found[RANK] and _is_triple(code, place, wanted, index, slot, count, leaves):
                    found[FUNCTION], found[OPERATOR], found[LEAF], found[SIDE] = function, operator, leaf, side
                    found[ENTRY], found[RANK] = code, rank
            entry = table.after[entry]


@inner
def _is_triple(code, place, wanted, index, slot, count, leaves):
    function, operator, leaf, side = place
    for at in range(count):
        wish = wanted[index, slot, at]
        if holds(wish):
            one, other = leaf_value(leaf, at, leaves), pair_value(code, at, leaves)
            joined = join(operator, one, other) if side == 0 else join(operator, other, one)
            if not agrees(unary(function, joined), wish):
                return False
    return True


@inner
def write_found(found, features, index, slot, at):
    """Tell a slot and those below it which tokens would do: ORIGINS times TOLD features from ``at`` on."""
    if found[LEAF] < 0:
        _tell_pair(found[ENTRY], features, index, slot, at, 0)
        return
    _tell(found[OPERATOR] - 1, found[FUNCTION] - FIRST_UNARY, features, index, slot, at)
    # As labels have it: in sums and products the longer part first, but numbers first in products.
    side = found[SIDE]
    if found[OPERATOR] == PLUS or (found[OPERATOR] == TIMES and found[LEAF] < LEAVES):
        side = 1
    _tell_leaf(found[LEAF], features, index, 2 * slot + 1 + side, at + TOLD)
    _tell_pair(found[ENTRY], features, index, 2 * slot + 2 - side, at, 1)


@inner
def _tell_pair(entry, features, index, slot, at, origin):
    """Tell a slot of an entry that stands there, and the two below it of its leaves."""
    pair = entry % PAIRS
    _tell(pair // (PARTNERS * PARTNERS), entry // PAIRS, features, index, slot, at + origin * TOLD)
    below = at + (origin + 1) * TOLD
    _tell_leaf(pair // PARTNERS % PARTNERS, features, index, 2 * slot + 1, below)
    _tell_leaf(pair % PARTNERS, features, index, 2 * slot + 2, below)


@inner
def _tell_leaf(leaf, features, index, slot, at):
    if leaf < LEAVES:
        _tell(len(BINARY) + leaf // FUNCTIONS, leaf % FUNCTIONS, features, index, slot, at)
    else:
        _tell(len(BINARY) + len(VARIABLES) + leaf - LEAVES, 0, features, index, slot, at)


@inner
def _tell(base, function, features, index, slot, at):
    features[index, slot, at] = 1.0
    features[index, slot, at + 1 + base] = 1.0
    features[index, slot, at + 1 + BASES + function] = 1.0
