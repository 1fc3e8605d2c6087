"""A table of formulas by what no constants change, and which of them with constants is what is wanted.

Of a * p + b the quotient of differences (v1 - v2) / (v1 - v3) at three points is that of p, whatever a and b are. So a
part p of one or two leaves is looked up by it, and a and b follow from two of the points.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from trm_gym.jit import inner
from trm_gym.regression.circuit.leaves import FUNCTIONS, LEAVES
from trm_gym.regression.circuit.numbers import holds
from trm_gym.regression.circuit.table import (
    ENTRIES,
    LONGEST,
    PARTNERS,
    Table,
    first_entry,
    join,
    leaf_length,
    leaf_stands,
    leaf_value,
    pair_length,
    pair_of,
    pair_value,
    put,
    table_room,
)
from trm_gym.regression.inverses import left_inverse, right_inverse, unary_inverse
from trm_gym.regression.layout import BINARY, DEPTH, FIRST_UNARY
from trm_gym.regression.operations import IDENTITY, MINUS, NAN, PLUS, POWER, TIMES, unary

KEYS = 3
FOUND = 8
OPERATOR, LEAF, SIDE, FUNCTION, OVERTURNED, PART, HEIGHT, RANK = range(FOUND)
"""What a search writes: the operator, the leaf and its side where a leaf is joined with the rest, else LEAF is -1; the
function of the rest; whether the rest is 1 / (a * p + b); p, an entry of the table of pairs or ENTRIES + a leaf; how
many slots high all is; and how it ranks, 0 for nothing."""
_AGREE = 1e-7
_NOTHING = 1e-8
"""A number added that is smaller than this one, relative to the value, is none."""
_WORST = LONGEST * (ENTRIES + LEAVES) * 4


class Affine(NamedTuple):
    """What the search works in. table: entries by their quotient. values: float64 [ENTRIES, 2], each of them at the
    first two keys. want: float64 [KEYS], what is looked for at the keys. factors: float64 [2], a and b. found: see
    FOUND.
    """

    table: Table
    values: Any
    want: Any
    factors: Any
    found: Any


def affine_room() -> Affine:
    """Room for all entries."""
    return Affine(table_room(), np.empty((ENTRIES, 2)), np.empty(KEYS), np.empty(2), np.empty(FOUND, np.int64))


@inner
def key_of(place, count):
    """The point that is key ``place`` of ``count`` points."""
    return (place + 1) * count // (KEYS + 1)


@inner
def _quotient(first, second, third):
    """What no constants change; NaN where two are the same."""
    return (first - second) / (first - third) if first not in (second, third) else NAN


@inner
def _put(one, two, three, code, room):
    held = room.table.held[0]
    if holds(one) and holds(two) and holds(three) and held < ENTRIES:
        put(_quotient(one, two, three), code, room.table)
        if room.table.held[0] > held:
            room.values[held, 0], room.values[held, 1] = one, two


@inner
def fill_affine(count, leaves, room):
    """Put in all leaves and pairs, by their values at the keys."""
    one, two, three = key_of(0, count), key_of(1, count), key_of(2, count)
    room.table.held[0] = 0
    for bucket in range(len(room.table.first)):
        room.table.first[bucket] = -1
    for leaf in range(LEAVES):
        if leaves.known[leaf]:
            values = leaf_value(leaf, one, leaves), leaf_value(leaf, two, leaves), leaf_value(leaf, three, leaves)
            _put(values[0], values[1], values[2], ENTRIES + leaf, room)
    for left in range(PARTNERS):
        for right in range(PARTNERS if leaf_stands(left, leaves) else 0):
            for code in range(len(BINARY)):
                pair = pair_of(code + 1, left, right, leaves)
                if pair >= 0:
                    first = join(code + 1, leaf_value(left, one, leaves), leaf_value(right, one, leaves))
                    second = join(code + 1, leaf_value(left, two, leaves), leaf_value(right, two, leaves))
                    third = join(code + 1, leaf_value(left, three, leaves), leaf_value(right, three, leaves))
                    plain = right >= LEAVES or (left >= LEAVES and code + 1 in (PLUS, MINUS, TIMES))
                    # Such a pair is a leaf with constants.
                    for place in range(1 if plain and code + 1 != POWER else 0, FUNCTIONS):
                        function, entry = FIRST_UNARY + place, place * len(BINARY) * PARTNERS * PARTNERS + pair
                        _put(unary(function, first), unary(function, second), unary(function, third), entry, room)


@inner
def part_value(part, at, leaves):
    """An entry of the table at a point."""
    return leaf_value(part - ENTRIES, at, leaves) if part >= ENTRIES else pair_value(part, at, leaves)


@inner
def _part_length(part):
    return leaf_length(part - ENTRIES) if part >= ENTRIES else pair_length(part)


@inner
def find_affine(wanted, index, slot, level, count, leaves, room):
    """Look for the formula with constants that comes first among those that are what is wanted of a slot everywhere.

    level: of the slot, 0 for the root. Nothing higher than the canvas is found.
    """
    room.found[RANK] = _WORST
    _undo(wanted, index, slot, level, count, 0, -1, 0, leaves, room)
    for leaf in range(PARTNERS if level + 2 < DEPTH else 0):
        if leaf_stands(leaf, leaves):
            for operator in range(1, 1 + len(BINARY)):
                for side in range(1 if operator in (PLUS, TIMES) else 2):
                    _undo(wanted, index, slot, level, count, operator, leaf, side, leaves, room)
    room.found[RANK] = 0 if room.found[RANK] == _WORST else room.found[RANK]


@inner
def _undo(wanted, index, slot, level, count, operator, leaf, side, leaves, room):
    """Look for what gives the wanted under each function and joined with a leaf; without one where that is -1."""
    for place in range(FUNCTIONS):
        function, held = FIRST_UNARY + place, 0
        for key in range(KEYS):
            at = key_of(key, count)
            value = wanted[index, slot, at]
            if leaf >= 0:
                known = leaf_value(leaf, at, leaves)
                value = (
                    right_inverse(operator, value, known) if side == 0 else left_inverse(operator, value, NAN, known)
                )
            room.want[key] = unary_inverse(function, value, NAN)
            held += 1 if holds(room.want[key]) else 0
        # Sums with a number, or with what has no function, are sums with a constant anyway.
        if held == KEYS and not (function == IDENTITY and leaf >= LEAVES):
            frame = operator, leaf, side, function
            _seek(frame, 0, wanted, index, slot, level, count, leaves, room)
            if room.want[0] != 0.0 and room.want[1] != 0.0 and room.want[2] != 0.0:
                for key in range(KEYS):
                    room.want[key] = 1.0 / room.want[key]
                _seek(frame, 1, wanted, index, slot, level, count, leaves, room)


@inner
def _seek(frame, overturned, wanted, index, slot, level, count, leaves, room):
    """Look up the quotient of ``room.want``, and write down what comes first."""
    quotient = _quotient(room.want[0], room.want[1], room.want[2])
    for half in range(2 if holds(quotient) and quotient != 0.0 else 0):
        entry = first_entry(quotient, half, room.table)
        while entry >= 0:
            if abs(room.table.value[entry] - quotient) <= _AGREE * abs(quotient):
                part = int(room.table.code[entry])
                factor = (room.want[0] - room.want[1]) / (room.values[entry, 0] - room.values[entry, 1])
                added = room.want[0] - factor * room.values[entry, 0]
                _take(frame, overturned, part, factor, added, wanted, index, slot, level, count, leaves, room)
            entry = room.table.after[entry]


@inner
def _take(frame, overturned, part, factor, added, wanted, index, slot, level, count, leaves, room):
    """Write down a formula, if it comes before what was found, has room on the canvas, and is what is wanted."""
    _, leaf, _, function = frame
    if abs(added) < _NOTHING * abs(room.want[0]):
        added = 0.0
    scaled = abs(abs(factor) - 1.0) > _NOTHING
    joins = 1 if added == 0.0 else (2 if scaled else 1)
    joins = (1 if added == 0.0 else 2) if overturned else joins
    height = joins + (1 if part >= ENTRIES else 2) + (1 if leaf >= 0 else 0)
    length = _part_length(part) + 2 * joins + (1 if function != IDENTITY else 0)
    length += 1 + leaf_length(leaf) if leaf >= 0 else 0
    rank = (2 * length + overturned) * (ENTRIES + LEAVES) + part
    better = level + height <= DEPTH and rank < room.found[RANK]
    if better and _is_wanted(frame, overturned, part, factor, added, wanted, index, slot, count, leaves):
        room.found[OPERATOR], room.found[LEAF], room.found[SIDE], room.found[FUNCTION] = frame
        room.found[OVERTURNED], room.found[PART], room.found[HEIGHT] = overturned, part, height
        room.found[RANK], room.factors[0], room.factors[1] = rank, factor, added


@inner
def _is_wanted(frame, overturned, part, factor, added, wanted, index, slot, count, leaves):
    operator, leaf, side, function = frame
    for at in range(count):
        wish = wanted[index, slot, at]
        if holds(wish):
            value = factor * part_value(part, at, leaves) + added
            if overturned:
                value = 1.0 / value if value != 0.0 else NAN
            value = unary(function, value)
            if leaf >= 0:
                known = leaf_value(leaf, at, leaves)
                value = join(operator, known, value) if side == 0 else join(operator, value, known)
            if not abs(value - wish) <= _AGREE * (abs(wish) + 1e-3):
                return False
    return True
