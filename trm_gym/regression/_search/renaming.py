"""Variables of a formula under other names, the terms of its sums and products in their order again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trm_gym.jit import inner, kernel
from trm_gym.regression.layout import SLOTS
from trm_gym.regression.operations import IDENTITY, MINUS, OVER, PLUS, TIMES
from trm_gym.regression.programs import FIRST_NUMBER, FIRST_VARIABLE, INPUTS, LAST_VARIABLE
from trm_gym.task import BLANK


@inner
def _under(root, slot):
    """Where slot ``slot`` of a formula stands whose root is at ``root``; SLOTS or more for nowhere."""
    row, depth = slot + 1, 1
    while row > 1:
        row >>= 1
        depth <<= 1
    return root * depth + slot


@inner
def _size(drafts, index, root):
    """A number that grows with the height and then the nodes of the part at slot ``root``."""
    height, nodes = 0, 0
    for slot in range(SLOTS):
        here = _under(root, slot)
        if here < SLOTS and drafts[index, here] != BLANK:
            height = slot  # The last slot is in the lowest row.
            nodes += 1 + (drafts[index, SLOTS + here] != IDENTITY)
    depth = 0
    while height > 0:
        height = (height - 1) // 2
        depth += 1
    return depth * 32 + nodes


@inner
def _disordered(drafts, index, one, other):
    """Whether the part at slot ``one`` is as high and long as that at ``other`` and its tokens come later."""
    if _size(drafts, index, one) != _size(drafts, index, other):
        return False
    for cells in (0, SLOTS):
        for slot in range(SLOTS):
            here, there = _under(one, slot), _under(other, slot)
            first = drafts[index, cells + here] if here < SLOTS else BLANK
            second = drafts[index, cells + there] if there < SLOTS else BLANK
            if first != second:
                return first > second
    return False


@inner
def _exchange(drafts, index, one, other):
    """Exchange two parts."""
    for cells in (0, SLOTS):
        for slot in range(SLOTS):
            here, there = _under(one, slot), _under(other, slot)
            if here < SLOTS and there < SLOTS:
                kept = drafts[index, cells + here]
                drafts[index, cells + here] = drafts[index, cells + there]
                drafts[index, cells + there] = kept


@inner
def _mend(drafts, index, slot):
    """Put the first two terms of the sum or product at ``slot`` into their order. Returns whether that changed it."""
    base = drafts[index, slot]
    left, second = 2 * slot + 1, 2 * slot + 2
    if base in (PLUS, TIMES):
        rest = drafts[index, second]
        chained = rest in (PLUS, MINUS) if base == PLUS else rest in (TIMES, OVER)
        if chained and drafts[index, SLOTS + second] == IDENTITY:
            second = 2 * second + 1
        number = base == TIMES and drafts[index, left] >= FIRST_NUMBER
        if not number and _disordered(drafts, index, left, second):
            _exchange(drafts, index, left, second)
            return True
    return False


@inner
def rename(drafts, index, names):
    """Call the variables of draft ``index`` by others: variable v becomes ``names[v]``. Unused slots are BLANK."""
    for slot in range(SLOTS):
        base = drafts[index, slot]
        if FIRST_VARIABLE <= base <= LAST_VARIABLE:
            drafts[index, slot] = FIRST_VARIABLE + names[base - FIRST_VARIABLE]
    changed = True
    while changed:
        changed = False
        for slot in range(SLOTS // 2 - 1, -1, -1):
            if _mend(drafts, index, slot):
                changed = True


@kernel
def _in_order(drafts, names):
    for index in range(len(drafts)):
        seen = 0
        for variable in range(INPUTS):
            names[variable] = -1
        for slot in range(SLOTS):
            base = drafts[index, slot]
            if FIRST_VARIABLE <= base <= LAST_VARIABLE and names[base - FIRST_VARIABLE] < 0:
                names[base - FIRST_VARIABLE] = seen
                seen += 1
        rename(drafts, index, names)


def in_order(drafts: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Drafts uint8 [B, L] with their variables called x, y, z as they come, slot after slot."""
    renamed = drafts.copy()
    _in_order(renamed, np.empty(INPUTS, np.int64))
    return renamed
