"""The kernel of the circuit: for each slot of a draft what it is, what is wanted of it, and what would give that."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from trm_gym.jit import inner, lazy_kernel
from trm_gym.regression.circuit.leaves import LEAVES, LOGARITHM, PLAIN, Leaves, leaves_room, read_leaves
from trm_gym.regression.circuit.numbers import CODE, close, close_root, holds, write_constancy
from trm_gym.regression.circuit.pairs import (
    BEST,
    CLOSENESS,
    FIRST,
    FIRST_FACTOR,
    FUNCTIONS,
    KINDS,
    OFFER,
    ONE,
    PART,
    SECOND,
    SECOND_FACTOR,
    TWO,
    best_leaves,
    undo,
    write_leaf,
    write_offer,
)
from trm_gym.regression.circuit.search import FOUND, ORIGINS, RANK, TOLD, find_pair, find_triple, write_found
from trm_gym.regression.circuit.table import Table, fill_table, join, table_room
from trm_gym.regression.layout import BINARY, FIRST_BOTTOM, FIRST_UNARY, LAST_BINARY, SLOTS
from trm_gym.regression.operations import unary
from trm_gym.regression.points import PRESENT

MARKS = 0
"""Whether the slot counts; the shares of the points where it has a value, and where something is wanted of it."""
LIKENESS = MARKS + 3
"""The correlation of value and wanted; how close that is to 1 or -1; how close one is to the other."""
CONSTANCIES = LIKENESS + 3
"""Of what is wanted, of what it exceeds the value by, and of its ratio to the value: see ``write_constancy``."""
EQUAL = CONSTANCIES + 3 * (1 + CODE)
"""How close what is wanted is to each leaf."""
AFFINE = EQUAL + LEAVES
"""How close to each leaf with a coefficient and something added."""
FUNCTION = AFFINE + LEAVES
"""How close the slot would come to what is wanted with each other function."""
OPERATOR = FUNCTION + FUNCTIONS
"""How close with each other operator."""
CLOSE = OPERATOR + len(BINARY)
"""How close the best leaf and the best two come: see CLOSENESS."""
OFFERS = CLOSE + CLOSENESS
"""The best sum and the best product of leaves."""
PARTS = OFFERS + KINDS * OFFER
"""Which leaf would do here for the slot above to be what is wanted of it, in the best sum and in the best product."""
EXACT = PARTS + KINDS * PART
"""The shortest formula of few leaves that is exactly what is wanted of the slot, of the one above it, and so on."""
FEATURES = EXACT + ORIGINS * TOLD
_SAME = 0.9
"""How close a value is to what is wanted for nothing else to be looked for."""
LEAST = 3
"""Points without which nothing is said."""


class Room(NamedTuple):
    """What the kernel works in."""

    leaves: Leaves
    target: Any
    row: Any
    cosine: Any
    best: Any
    table: Table
    found: Any


def room(points: int) -> Room:
    """Room for so many points."""
    rows = np.empty(points), np.empty(points), np.empty(LEAVES), np.empty(BEST)
    return Room(leaves_room(points), *rows, table_room(), np.empty(FOUND, np.int64))


@inner
def _compare(value, wanted, index, slot, count, room, features):
    """LIKENESS, and the constancy of difference and ratio."""
    both, mean, other = 0, 0.0, 0.0
    for at in range(count):
        if holds(wanted[index, slot, at]) and holds(value[index, slot, at]):
            room.target[both], room.row[both] = wanted[index, slot, at], value[index, slot, at]
            mean += room.target[both]
            other += room.row[both]
            both += 1
    if both < LEAST:
        return
    mean /= both
    other /= both
    square, across, product, apart = 0.0, 0.0, 0.0, 0.0
    for at in range(both):
        one, two = room.target[at] - mean, room.row[at] - other
        square += one * one
        across += two * two
        product += one * two
        apart += (room.target[at] - room.row[at]) * (room.target[at] - room.row[at])
    if square > 0.0 and across > 0.0:
        likeness = product / (math.sqrt(square) * math.sqrt(across))  # the product of the squares may vanish
        features[index, slot, LIKENESS] = likeness
        features[index, slot, LIKENESS + 1] = close_root(1.0 - likeness * likeness)
    size = square + 1e-6 * mean * mean * both
    features[index, slot, LIKENESS + 2] = close(math.sqrt(apart / size)) if size > 0.0 else 0.0
    ratios = 0
    for at in range(both):
        wish, have = room.target[at], room.row[at]
        room.row[at] = wish - have
        if have != 0.0 and holds(wish / have):
            room.target[ratios] = wish / have
            ratios += 1
    write_constancy(room.row, both, features, index, slot, CONSTANCIES + 1 + CODE)
    write_constancy(room.target, ratios, features, index, slot, CONSTANCIES + 2 * (1 + CODE))


@inner
def _single(wanted, index, slot, count, mean, square, number, room, features):
    """EQUAL and AFFINE, over the ``number`` points where something is wanted."""
    leaves = room.leaves
    for leaf in range(LEAVES):
        if leaves.known[PLAIN + leaf]:
            middle = leaves.mean[leaf] if number == count else 0.0
            for at in range(count if number < count else 0):
                if holds(wanted[index, slot, at]):
                    middle += leaves.value[leaf, at] / number
            across, product, apart = 0.0, 0.0, 0.0
            for at in range(count):
                wish = wanted[index, slot, at]
                if holds(wish):
                    one = leaves.value[leaf, at] - middle
                    across += one * one
                    product += one * (wish - mean)
                    apart += (leaves.value[leaf, at] - wish) * (leaves.value[leaf, at] - wish)
            features[index, slot, EQUAL + leaf] = close(math.sqrt(apart / square))
            if across > 0.0:
                features[index, slot, AFFINE + leaf] = close_root(1.0 - product / across * product / square)


@inner
def _swap(drafts, before, value, wanted, index, slot, count, square, features):
    """FUNCTION and OPERATOR: one token exchanged for each other one."""
    for other in range(FUNCTIONS):
        apart = 0.0
        for at in range(count):
            if apart < square and holds(wanted[index, slot, at]):
                error = unary(FIRST_UNARY + other, before[index, slot, at]) - wanted[index, slot, at]
                apart = apart + error * error if holds(error) else square
        features[index, slot, FUNCTION + other] = close(math.sqrt(apart / square))
    if drafts[index, slot] > LAST_BINARY:
        return
    function = int(drafts[index, SLOTS + slot])
    for code in range(1, 1 + len(BINARY)):
        apart = 0.0
        for at in range(count):
            if apart < square and holds(wanted[index, slot, at]):
                joined = join(code, value[index, 2 * slot + 1, at], value[index, 2 * slot + 2, at])
                error = unary(function, joined) - wanted[index, slot, at]
                apart = apart + error * error if holds(error) else square
        features[index, slot, OPERATOR + code - 1] = close(math.sqrt(apart / square))


@inner
def _offer(wanted, index, slot, count, room, features):
    """CLOSE and OFFERS, and the PARTS of the slots below."""
    for kind in range(KINDS):
        rows, most = PLAIN if kind == 0 else LOGARITHM, 0.0
        for other in range(FUNCTIONS):
            if undo(FIRST_UNARY + other, wanted, index, slot, count, rows, room.target):
                best_leaves(rows, room.target, count, room.leaves, room.cosine, room.best)
                at = CLOSE + 2 * (kind * FUNCTIONS + other)
                features[index, slot, at], features[index, slot, at + 1] = room.best[ONE], room.best[TWO]
                if room.best[TWO] > most:
                    most = room.best[TWO]
                    write_offer(FIRST_UNARY + other, rows, room.best, features, index, slot, OFFERS + kind * OFFER)
                    if slot < FIRST_BOTTOM:
                        _share_out(kind, index, slot, room.best, features)


@inner
def _share_out(kind, index, slot, best, features):
    """Tell both slots below which leaves would do there."""
    for side in range(2):
        below, at = 2 * slot + 1 + side, PARTS + kind * PART
        leaf, factor = (best[FIRST], best[FIRST_FACTOR]) if side == 0 else (best[SECOND], best[SECOND_FACTOR])
        for place in range(PART):
            features[index, below, at + place] = 0.0
        if leaf >= 0.0:
            features[index, below, at] = best[TWO]
            write_leaf(int(leaf), factor, features, index, below, at + 1)


@inner
def _search(wanted, index, slot, count, most, room, features):
    """EXACT, of a slot that has room for so many leaves below it; ``most`` of them."""
    if slot < FIRST_BOTTOM:
        find_pair(wanted, index, slot, count, count // 3, room.leaves, room.table, room.found)
        if room.found[RANK] == 0 and most > 2 and slot < FIRST_BOTTOM // 2:
            find_triple(wanted, index, slot, count, count // 3, room.leaves, room.table, room.found)
        if room.found[RANK] > 0:
            write_found(room.found, features, index, slot, EXACT)


@inner
def _read_slot(drafts, before, value, wanted, index, slot, count, counts, most, room, features):
    """All features of a slot but its PARTS."""
    valued, number, mean = 0, 0, 0.0
    for at in range(count):
        valued += 1 if holds(value[index, slot, at]) else 0
        if holds(wanted[index, slot, at]):
            room.target[number] = wanted[index, slot, at]
            mean += room.target[number]
            number += 1
    features[index, slot, MARKS] = 1.0 if counts else 0.0
    features[index, slot, MARKS + 1], features[index, slot, MARKS + 2] = valued / count, number / count
    if number < LEAST:
        return
    mean /= number
    square = 0.0
    for at in range(number):
        square += (room.target[at] - mean) * (room.target[at] - mean)
    write_constancy(room.target, number, features, index, slot, CONSTANCIES)
    _compare(value, wanted, index, slot, count, room, features)
    if square > 1e-18 * mean * mean * number:
        _single(wanted, index, slot, count, mean, square, number, room, features)
        if counts:
            _swap(drafts, before, value, wanted, index, slot, count, square, features)
        if 2 * number > count and features[index, slot, LIKENESS + 2] < _SAME:
            _search(wanted, index, slot, count, most, room, features)
        if number == count:
            _offer(wanted, index, slot, count, room, features)


@inner
def _as_before(points, index):
    """Whether problem ``index`` has the points of the one before: a branch of the same."""
    for at in range(points.shape[1] if index > 0 else 0):
        for column in range(points.shape[2]):
            if points[index, at, column] != points[index - 1, at, column]:
                return False
    return index > 0


@lazy_kernel
def read_slots(drafts, points, used, before, value, wanted, most, room, features):
    """Write the features of every slot of every draft; they come filled with zeros.

    points: float64 [B, N, ROW], those that are there before those that are not. The others: see ``Execution``.
    most: leaves of a formula that is looked for, 2 or 3.
    features: float32 [B, SLOTS, FEATURES].
    """
    for index in range(len(drafts)):
        count = 0
        while count < points.shape[1] and points[index, count, PRESENT] > 0.0:
            count += 1
        if count >= LEAST:
            if not _as_before(points, index):
                read_leaves(points, index, count, room.leaves)
                fill_table(count // 3, room.leaves, room.table)
            for slot in range(SLOTS):
                if slot == 0 or used[index, slot]:
                    counts = bool(used[index, slot])
                    _read_slot(drafts, before, value, wanted, index, slot, count, counts, most, room, features)
