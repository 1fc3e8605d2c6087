"""Formulas by their number of nodes, and how two of them are joined to a longer one in the one way that is kept.

Sums and products can be written in many ways. Here their terms stand in the order of height, nodes and number in the
pool, the first alone at the left and the rest at the right, those that are taken away (or divided by) at the end;
numbers stand last in a sum and first in a product.
"""

from __future__ import annotations

from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from trm_gym.jit import inner, kernel
from trm_gym.regression._search.fitted_forms import FittedForms
from trm_gym.regression.layout import DEPTH, LENGTH, SLOTS
from trm_gym.regression.operations import IDENTITY, MINUS, OVER, PLUS, TIMES
from trm_gym.task import BLANK

_FIRST = 1 << 62
_SIDES = np.array([[slot + (side << (slot + 1).bit_length() - 1) for slot in range(SLOTS)] for side in (1, 2)])
"""Where slot s of a formula stands when it has become the left or the right child of another, int64 [2, SLOTS]."""


class Joins(NamedTuple):
    """B ways to make a formula: the function ``unary`` of the operator ``base`` between two of the pool, by index.

    All int64 [B]. A ``base`` that is BLANK stands for the formula ``left`` alone, which has no function itself.
    """

    unary: NDArray[np.int64]
    base: NDArray[np.int64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]

    def at(self, index: NDArray) -> Joins:
        """Those at ``index``, integers or a mask."""
        return Joins(*(part[index] for part in self))


@final
class Pool:
    """N formulas, of few nodes first.

    drafts: uint8 [N, L]. nodes, height: int64 [N], of operators, functions and leaves, and of slots from the root down.
    number: bool [N], whether it is one, or a constant. weight: float64 [N], how often a grammar would make it. fitted:
    what is known of its constants.
    """

    def __init__(self) -> None:
        self.drafts = np.empty((0, LENGTH), np.uint8)
        self.nodes, self.height = np.empty(0, np.int64), np.empty(0, np.int64)
        self.number, self.weight = np.empty(0, np.bool_), np.empty(0)
        self.fitted = FittedForms()
        # The operator at the root, where no function is taken of it, and the place of its first term in an order.
        self._kind, self._lead = np.empty(0, np.int64), np.empty(0, np.int64)

    def of(self, nodes: int) -> slice:
        """Where the formulas of so many ``nodes`` are."""
        return slice(*np.searchsorted(self.nodes, (nodes, nodes + 1)).tolist())

    def add_leaves(self, tokens: NDArray[np.uint8], number: NDArray[np.bool_], weight: NDArray[np.float64]) -> None:
        """Leaves by their tokens uint8 [B], variables before numbers."""
        drafts = np.zeros((len(tokens), LENGTH), np.uint8)
        drafts[:, 0], drafts[:, SLOTS] = tokens, IDENTITY
        ones, none = np.ones(len(tokens), np.int64), np.zeros(len(tokens), np.int64)
        self._extend(drafts, ones, ones, number, weight, none, none)
        self.fitted.add_leaves(tokens, number)

    def add(self, joins: Joins, drafts: NDArray[np.uint8], weight: NDArray[np.float64]) -> None:
        """Formulas made by ``joins``, all of as many nodes."""
        plain, alone = joins.unary == IDENTITY, joins.base == BLANK
        nodes = self.nodes[joins.left] + ~plain + np.where(alone, 0, 1 + self.nodes[joins.right])
        height = np.maximum(self.height[joins.left], np.where(alone, 0, self.height[joins.right])) + ~alone
        kind = np.where(plain, joins.base, BLANK)
        lead = self._order(joins.left, joins.base)
        self.fitted.add(*joins)
        self._extend(drafts, nodes, height, np.zeros(len(drafts), np.bool_), weight, kind, lead)

    def _extend(self, drafts, nodes, height, number, weight, kind, lead) -> None:
        self.drafts = np.concatenate([self.drafts, drafts])
        self.nodes, self.height = np.concatenate([self.nodes, nodes]), np.concatenate([self.height, height])
        self.number, self.weight = np.concatenate([self.number, number]), np.concatenate([self.weight, weight])
        self._kind, self._lead = np.concatenate([self._kind, kind]), np.concatenate([self._lead, lead])

    def _order(self, index: NDArray[np.int64], base: NDArray[np.int64]) -> NDArray[np.int64]:
        """The place of terms int64 [B] in the order of those of an operator: the larger comes first."""
        place = (self.height[index] << 40) + (self.nodes[index] << 32) - index
        return np.where(self.number[index] & np.isin(base, (TIMES, OVER)), _FIRST - index, place)

    def kept(self, joins: Joins) -> NDArray[np.bool_]:
        """Which joins fit the canvas and are written in the way that is kept, bool [B]."""
        left, right, base = joins.left, joins.right, joins.base
        alone = base == BLANK
        fits = (self.height[left] < DEPTH) & (self.height[right] < DEPTH) & ~(self.number[left] & self.number[right])
        sums, products = np.isin(base, (PLUS, MINUS)), np.isin(base, (TIMES, OVER))
        for chain, back in ((sums, MINUS), (products, OVER)):
            chained = np.isin(self._kind, (PLUS, MINUS) if back == MINUS else (TIMES, OVER))
            first = np.where(chained[right], self._lead[right], self._order(right, base))
            ordered = np.where(base == back, self._kind[right] != back, self._order(left, base) >= first)
            fits &= ~chain | (~chained[left] & ordered)
        fits &= ~self.fitted.left_out(*joins)
        return np.where(alone, self._kind[left] == BLANK, fits)

    def build(self, joins: Joins) -> NDArray[np.uint8]:
        """The drafts uint8 [B, L] of ``joins``."""
        drafts = np.zeros((len(joins.base), LENGTH), np.uint8)
        _build(self.drafts, *joins, _SIDES, drafts)
        return drafts


@inner
def _copy(source, index, sides, drafts, made):
    for slot in range(SLOTS // 2):
        if source[index, slot] != BLANK:
            drafts[made, sides[slot]] = source[index, slot]
            drafts[made, SLOTS + sides[slot]] = source[index, SLOTS + slot]


@kernel
def _build(source, unary, base, left, right, sides, drafts):
    for made in range(len(drafts)):
        if base[made] == BLANK:
            for cell in range(drafts.shape[1]):
                drafts[made, cell] = source[left[made], cell]
        else:
            drafts[made, 0] = base[made]
            _copy(source, left[made], sides[0], drafts, made)
            _copy(source, right[made], sides[1], drafts, made)
        drafts[made, SLOTS] = unary[made]
