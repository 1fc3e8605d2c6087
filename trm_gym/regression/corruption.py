"""Drafts near a label, to learn mending from: a token changed, a part cut down to a leaf, a part grown anew.

Small changes alone teach a network to hand back what it is given. So of three drafts one is changed a little, one is
cut down, and one has a part, up to the whole of it, that is grown anew. A problem without a label gets a random
formula.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trm_gym.jit import below, inner, lazy_kernel
from trm_gym.problems import BLANK, Problems
from trm_gym.regression.layout import FIRST_BOTTOM, FIRST_UNARY, LAST_BINARY, SLOTS, TOKEN, VOCAB
from trm_gym.regression.operations import IDENTITY
from trm_gym.regression.points import TARGET, points_of
from trm_gym.regression.programs import FIRST_VARIABLE, FITTED, INPUTS, read_draft

_EDITS = 2
"""How many changes a draft gets at most."""
_NUMBERS = np.array([TOKEN[sign] for sign in "1112223345"])
_OPERATORS = np.array([TOKEN[sign] for sign in "+++***--//^"])
"""What is drawn from, as often as it stands there."""


@inner
def _leaf(state, variables, constant, numbers):
    """A token of a leaf. variables: which there are, as bits. constant: how often of 100 it is a constant."""
    draw = below(state, 100)
    if draw < constant:
        return FITTED
    if draw < 70:
        place = below(state, INPUTS)
        while not variables >> place & 1:
            place = (place + 1) % INPUTS
        return FIRST_VARIABLE + place
    return numbers[below(state, len(numbers))]


@inner
def _function(state):
    """A token of a function, often of none."""
    return IDENTITY if below(state, 10) < 7 else FIRST_UNARY + below(state, VOCAB - FIRST_UNARY)


@inner
def _grow(state, draft, index, root, share, variables, constant, tables):
    """Write a random part at slot ``root`` of draft ``index``, an operator ``share`` of 10 times where one fits."""
    numbers, operators = tables
    for slot in range(root, SLOTS):
        above = slot
        while above > root:
            above = (above - 1) // 2
        if above == root:
            inside = slot == root
            if not inside:
                parent = draft[index, (slot - 1) // 2]
                inside = BLANK < parent <= LAST_BINARY
            base, function = BLANK, BLANK
            if inside:
                join = slot < FIRST_BOTTOM and below(state, 10) < share
                base = operators[below(state, len(operators))] if join else _leaf(state, variables, constant, numbers)
                function = _function(state)
            draft[index, slot], draft[index, SLOTS + slot] = base, function


@inner
def _change(state, draft, index, slot, variables, constant, tables):
    """Another token for the function or the base of slot ``slot``, the base of the same kind."""
    numbers, operators = tables
    if below(state, 5) < 2:
        draft[index, SLOTS + slot] = FIRST_UNARY + below(state, VOCAB - FIRST_UNARY)
    elif draft[index, slot] <= LAST_BINARY:
        draft[index, slot] = operators[below(state, len(operators))]
    else:
        draft[index, slot] = _leaf(state, variables, constant, numbers)


@lazy_kernel
def _corrupt(keys, drafts, variables, numbers, operators, used, state):
    tables = numbers, operators
    for index in range(len(keys)):
        state[0] = keys[index]
        if read_draft(drafts, index, used) == 0:
            _grow(state, drafts, index, 0, 5, variables[index], 10, tables)
            continue
        constant = 1
        for slot in range(SLOTS):
            if used[slot] and drafts[index, slot] == FITTED:
                constant = 20
        kind = below(state, 3)
        for _ in range(1 + below(state, _EDITS)):
            count = read_draft(drafts, index, used)
            left, slot = below(state, count), 0
            while not used[slot] or left:
                left -= used[slot]
                slot += 1
            if kind == 0:
                _change(state, drafts, index, slot, variables[index], constant, tables)
            else:
                share = 0 if kind == 1 else 5
                _grow(state, drafts, index, slot, share, variables[index], constant, tables)


def corrupt(problems: Problems, keys: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """Drafts uint8 [B, L] near the labels of ``problems``, each spoilt as its key, uint64 [B], says."""
    shown = np.any(points_of(problems.numbers)[..., :TARGET], axis=1)
    shown[:, 0] |= ~shown.any(axis=1)
    drafts = problems.solution.copy()
    variables = shown @ (1 << np.arange(INPUTS))
    _corrupt(keys, drafts, variables, _NUMBERS, _OPERATORS, np.empty(SLOTS, np.bool_), np.empty(1, np.uint64))
    return drafts
