"""Formulas with constants as the circuit finds them, told to the slots of a draft in which they would stand."""

from __future__ import annotations

from typing import NamedTuple

from trm_gym.jit import inner, lazy_kernel
from trm_gym.regression.circuit.affine import (
    FUNCTION,
    KEYS,
    LEAF,
    OPERATOR,
    OVERTURNED,
    PART,
    RANK,
    SIDE,
    Affine,
    affine_room,
    fill_affine,
    find_affine,
    key_of,
)
from trm_gym.regression.circuit.leaves import FUNCTIONS, LEAVES, Leaves, leaves_room, read_leaves
from trm_gym.regression.circuit.numbers import holds
from trm_gym.regression.circuit.slots import EXACT, LIKENESS
from trm_gym.regression.circuit.table import ENTRIES, PAIRS, PARTNERS
from trm_gym.regression.layout import BASE, CONSTANT, DEPTH, FIRST_UNARY, NUMBERS, SLOTS, TOKEN
from trm_gym.regression.operations import IDENTITY, MINUS, OVER, PLUS, TIMES
from trm_gym.regression.points import PRESENT
from trm_gym.regression.programs import FIRST_NUMBER, FIRST_VARIABLE, FITTED

TOLD = 1 + len(BASE) + FUNCTIONS
"""What a slot is told: whether something fits, and the two tokens to write."""
ORIGINS = DEPTH
"""A slot is told of what fits itself and each of the slots above it."""
CONSTANT_FEATURES = ORIGINS * TOLD
_WHOLE = 1e-6
_ENOUGH = 8
"""Points without which no constants are looked for."""
_RIGHT = 0.8
"""How close a value is to what is wanted that is right already."""


class ConstantsRoom(NamedTuple):
    """What the kernel works in."""

    leaves: Leaves
    affine: Affine


def constants_room(points: int) -> ConstantsRoom:
    """Room for so many points."""
    return ConstantsRoom(leaves_room(points), affine_room())


@inner
def _tell(base, function, features, index, slot, origin):
    at = origin * TOLD
    for place in range(TOLD):
        features[index, slot, at + place] = 0.0
    features[index, slot, at] = 1.0
    features[index, slot, at + base] = 1.0
    features[index, slot, at + 1 + len(BASE) + function - FIRST_UNARY] = 1.0


@inner
def _tell_leaf(leaf, features, index, slot, origin):
    if leaf < LEAVES:
        _tell(FIRST_VARIABLE + leaf // FUNCTIONS, FIRST_UNARY + leaf % FUNCTIONS, features, index, slot, origin)
    else:
        _tell(FIRST_NUMBER + leaf - LEAVES, IDENTITY, features, index, slot, origin)


@inner
def _is_number(value):
    """Whether drafts have a token of that number."""
    return 0.5 < value < len(NUMBERS) + 0.5 and abs(value - round(value)) < _WHOLE


@inner
def _tell_number(value, features, index, slot, origin):
    """A number: its token, or that of a constant."""
    base = FIRST_NUMBER + round(value) - 1 if _is_number(value) else FITTED
    _tell(base, IDENTITY, features, index, slot, origin)


@inner
def _tell_part(part, features, index, slot, origin):
    """A leaf, or two under a function."""
    if part >= ENTRIES:
        _tell_leaf(part - ENTRIES, features, index, slot, origin)
        return
    pair = part % PAIRS
    operator = 1 + pair // (PARTNERS * PARTNERS)
    _tell(operator, FIRST_UNARY + part // PAIRS, features, index, slot, origin)
    _tell_leaf(pair // PARTNERS % PARTNERS, features, index, 2 * slot + 1, origin + 1)
    _tell_leaf(pair % PARTNERS, features, index, 2 * slot + 2, origin + 1)


@inner
def _tell_scaled(part, factor, function, features, index, slot, origin):
    """A part times a number."""
    divided = not _is_number(factor) and factor != 0.0 and _is_number(1.0 / factor)
    _tell(OVER if divided else TIMES, function, features, index, slot, origin)
    side = 1 if divided else 0
    number = 1.0 / factor if divided else factor
    _tell_number(number, features, index, 2 * slot + 1 + side, origin + 1)
    _tell_part(part, features, index, 2 * slot + 2 - side, origin + 1)


@inner
def _tell_sum(part, factor, added, function, features, index, slot, origin):
    """A part times a number, and a number added, written as labels are: the part first, unless it is taken away."""
    left, right = 2 * slot + 1, 2 * slot + 2
    alone = abs(abs(factor) - 1.0) < _WHOLE
    if factor < 0.0 and (alone or _is_number(-factor)):
        _tell(MINUS, function, features, index, slot, origin)
        _tell_number(added, features, index, left, origin + 1)
        if alone:
            _tell_part(part, features, index, right, origin + 1)
        else:
            _tell_scaled(part, -factor, IDENTITY, features, index, right, origin + 1)
        return
    taken = _is_number(-added)
    _tell(MINUS if taken else PLUS, function, features, index, slot, origin)
    _tell_number(-added if taken else added, features, index, right, origin + 1)
    if alone:
        _tell_part(part, features, index, left, origin + 1)
    else:
        _tell_scaled(part, factor, IDENTITY, features, index, left, origin + 1)


@inner
def tell(room, features, index, slot):
    """Tell a slot and those below it of what was found."""
    found, factor, added = room.found, room.factors[0], room.factors[1]
    place, origin = slot, 0
    leaf, part, function = found[LEAF], found[PART], found[FUNCTION]
    if leaf >= 0:
        operator, side = found[OPERATOR], found[SIDE]
        if operator == PLUS or (operator == TIMES and leaf < LEAVES):
            side = 1
        _tell(operator, IDENTITY, features, index, slot, 0)
        _tell_leaf(leaf, features, index, 2 * slot + 1 + side, 1)
        place, origin = 2 * slot + 2 - side, 1
    if found[OVERTURNED]:
        _tell(OVER, function, features, index, place, origin)
        _tell_number(1.0 / factor, features, index, 2 * place + 1, origin + 1)
        if added == 0.0:
            _tell_part(part, features, index, 2 * place + 2, origin + 1)
        else:
            _tell_sum(part, 1.0, added / factor, IDENTITY, features, index, 2 * place + 2, origin + 1)
    elif added == 0.0:
        _tell_scaled(part, factor, function, features, index, place, origin)
    else:
        _tell_sum(part, factor, added, function, features, index, place, origin)


@inner
def _is_done(slots, index, slot):
    """Whether a slot is right, or a formula without constants has been found for it."""
    return slots[index, slot, LIKENESS + 2] > _RIGHT or slots[index, slot, EXACT] > 0.0


@lazy_kernel
def read_constants(points, used, wanted, slots, room, features):
    """Write what with constants would do in every slot of every draft; features come filled with zeros.

    points, used, wanted: see ``slots.read_slots``; slots: what it has written, for what is right or found already.
    features: float32 [B, SLOTS, CONSTANT_FEATURES].
    """
    for index in range(len(points)):
        count = 0
        while count < points.shape[1] and points[index, count, PRESENT] > 0.0:
            count += 1
        filled, found = False, _is_done(slots, index, 0)
        for slot in range(0 if found or count < _ENOUGH else SLOTS // 2):
            keys = 0
            for key in range(KEYS):
                keys += 1 if holds(wanted[index, slot, key_of(key, count)]) else 0
            if (slot == 0 or used[index, slot]) and keys == KEYS and not _is_done(slots, index, slot):
                if not filled:
                    read_leaves(points, index, count, room.leaves)
                    fill_affine(count, room.leaves, room.affine)
                    filled = True
                level = 0 if slot == 0 else (1 if slot < 3 else 2)
                find_affine(wanted, index, slot, level, count, room.leaves, room.affine)
                if room.affine.found[RANK] > 0:
                    tell(room.affine, features, index, slot)


assert TOKEN[CONSTANT] == FITTED == len(BASE)
