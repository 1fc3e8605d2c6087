"""Formulas with constants that are fitted: which of the many ways to place them is kept.

Where two forms give the same functions, whatever the constants are, one is left out: c - c*x is c + c*x, c*(x + c) is
c*x + c, sqrt(c*x) is c*sqrt(x). So is a form with a constant too many: its slopes by the constants depend on each
other.
"""

from __future__ import annotations

from typing import final

import numpy as np
from numpy.typing import NDArray

from trm_gym.regression._search.values import spread
from trm_gym.regression.layout import SLOTS
from trm_gym.regression.levels import RANGES, USUAL
from trm_gym.regression.operations import (
    COS,
    CUBE,
    EXP,
    FOURTH,
    IDENTITY,
    LOG,
    MINUS,
    OVER,
    PLUS,
    POWER,
    SIN,
    SQRT,
    SQUARE,
    TIMES,
)
from trm_gym.regression.programs import CONSTANTS, FITTED, evaluate, to_programs
from trm_gym.task import BLANK

MOST = 3
"""How many constants a formula has at most."""

TYPICAL = np.array([1.37, 0.73, 2.29, 0.41, 1.83, 3.17, 0.59, 2.71])
"""What stands for constants, float64 [CONSTANTS], where formulas are compared."""
_MOVE, _DEPENDENT = 1e-5, 1e-4
_POINTS = 8

# What is known of a formula, as bits. Of a leaf: that it is a number, or a constant. Of a sum (of a product): that
# there is a number or a constant among its terms (its factors). Further: a constant is a factor of one of its terms; it
# is a sum with a constant, or such a sum is one of its factors; its exponent is a constant; it is a power or e to one;
# there is a constant within a function, an exponent or a denominator.
_NUMBER, _FITTED = 1, 2
_SUM_NUMBER, _SUM_FITTED = 4, 8
_PRODUCT_NUMBER, _PRODUCT_FITTED = 16, 32
_SCALED_TERM, _SHIFTED, _EXPONENT, _POWER, _WITHIN = 64, 128, 256, 512, 1024
_LEAF = _FITTED | _SUM_FITTED | _PRODUCT_FITTED | _SCALED_TERM
_SUM, _PRODUCT = _SUM_NUMBER | _SUM_FITTED, _PRODUCT_NUMBER | _PRODUCT_FITTED

Bits = NDArray[np.int64]


@final
class FittedForms:
    """What is known of the constants of N formulas of a pool. count: int64 [N], how many each has."""

    def __init__(self) -> None:
        self.count, self._bits = np.empty(0, np.int64), np.empty(0, np.int64)

    def add_leaves(self, tokens: NDArray[np.uint8], number: NDArray[np.bool_]) -> None:
        """Leaves by their tokens uint8 [B]. number: bool [B], which of them are numbers or constants."""
        plain = np.where(number, _NUMBER | _SUM_NUMBER | _PRODUCT_NUMBER, 0)
        fitted: NDArray[np.bool_] = tokens == FITTED
        self._extend(fitted.astype(np.int64), np.where(fitted, _LEAF, plain))

    def add(self, unary: Bits, base: Bits, left: Bits, right: Bits) -> None:
        """Formulas by how they are joined, all int64 [B], see ``pool.Joins``."""
        bits = _joined(base, self._bits[left], self._bits[right])
        power = np.where(np.isin(unary, (SQUARE, CUBE, FOURTH, SQRT, EXP)), _POWER, 0)
        bits = np.where(unary == IDENTITY, bits, power)
        within = self._bent(unary, base, left, right) | _has(self._bits[left] | self._bits[right], _WITHIN)
        self._extend(self._total(base, left, right), np.bitwise_or(bits, _WITHIN * within.astype(np.int64)))

    def _extend(self, count: Bits, bits: Bits) -> None:
        self.count, self._bits = np.concatenate([self.count, count]), np.concatenate([self._bits, bits])

    def _total(self, base: Bits, left: Bits, right: Bits) -> Bits:
        return self.count[left] + np.where(base == BLANK, 0, self.count[right])

    def _bent(self, unary: Bits, base: Bits, left: Bits, right: Bits, bits: int = 0) -> NDArray[np.bool_]:
        """Whether joins put a constant within a function, an exponent or a denominator, bool [B].

        bits: only where that is known of the part that is put there.
        """
        parts = [self.count[side] > 0 if bits == 0 else _has(self._bits[side], bits) for side in (left, right)]
        right_too = parts[1] & (base != BLANK)
        return ((unary != IDENTITY) | (base == POWER)) & (parts[0] | right_too) | ((base == OVER) & right_too)

    def left_out(self, unary: Bits, base: Bits, left: Bits, right: Bits) -> NDArray[np.bool_]:
        """Which joins are another form of one that is kept, bool [B], or more than can be fitted: they have too many
        constants, or one within two functions, such as sin(exp(c*x))."""
        one, other = self._bits[left], self._bits[right]
        joined = _joined(base, one, other)
        found = self._total(base, left, right) > MOST
        found |= self._bent(unary, base, left, right, _WITHIN)
        bent = self._bent(np.full(len(unary), IDENTITY), base, left, right)
        found |= bent & (unary != IDENTITY)
        for fitted, among in ((_SUM_FITTED, _SUM), (_PRODUCT_FITTED, _PRODUCT)):
            found |= _has(joined, fitted) & _has(one, among) & _has(other, among)
        found |= (base == MINUS) & _has(other, _SUM_FITTED | _SCALED_TERM)
        found |= (base == OVER) & _has(other, _PRODUCT_FITTED)
        found |= np.isin(base, (TIMES, OVER)) & _has(joined, _PRODUCT) & _has(joined, _SHIFTED)
        number = _has(other, _NUMBER | _FITTED)
        found |= (base == POWER) & (_has(one, _FITTED) | (number & _has(one, _PRODUCT_FITTED | _EXPONENT)))
        found |= (base == POWER) & _has(other, _FITTED) & _has(one, _POWER)
        found |= np.isin(unary, (SQUARE, FOURTH, SIN)) & (base == MINUS) & _has(one, _FITTED)
        found |= np.isin(unary, (SQUARE, CUBE, FOURTH, SQRT, LOG)) & _has(joined, _PRODUCT_FITTED | _EXPONENT)
        return found | (np.isin(unary, (EXP, COS)) & _has(joined, _SUM_FITTED))


def _has(bits: Bits, wanted: int) -> NDArray[np.bool_]:
    return bits & wanted > 0


def _joined(base: Bits, one: Bits, other: Bits) -> Bits:
    """What is known of two formulas joined by an operator, int64 [B], before a function is taken."""
    both = one | other
    added = both & (_SUM | _SCALED_TERM)
    added |= np.where(_has(added, _SUM_FITTED), _SHIFTED, 0)
    multiplied = both & (_PRODUCT | _SHIFTED)
    multiplied |= np.where(_has(multiplied, _PRODUCT_FITTED), _SCALED_TERM, 0)
    raised = np.where((base == POWER) & _has(other, _FITTED), _EXPONENT, 0)
    return np.select([np.isin(base, (PLUS, MINUS)), np.isin(base, (TIMES, OVER))], [added, multiplied], raised)


def typical(drafts: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The constants of drafts uint8 [B, L] at which they are compared, float64 [B, CONSTANTS]."""
    return np.tile(TYPICAL, (len(drafts), 1))


def without(drafts: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Constants of drafts uint8 [B, L] that make them vanish, float64 [B, CONSTANTS]: 0 in a sum, else 1."""
    constants = np.ones((len(drafts), CONSTANTS))
    fitted = drafts[:, :SLOTS] == FITTED
    place = np.cumsum(fitted, axis=1) - 1
    rows, slots = np.nonzero(fitted)
    constants[rows, place[rows, slots]] = ~np.isin(drafts[rows, (slots - 1) // 2], (PLUS, MINUS))
    return constants


def independent(drafts: NDArray[np.uint8], count: NDArray[np.int64], shown: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each constant of drafts uint8 [B, L] says what no other does, on one of the ranges ``shown``, bool [B].

    count: int64 [B], how many each has. shown: int64 [B], ranges as bits.
    """
    told = np.zeros(len(drafts), np.bool_)
    for which in USUAL:
        low, high = RANGES[which]
        here = np.flatnonzero((shown >> which & 1 > 0) & ~told)
        points = np.tile(low + (high - low) * spread(_POINTS * 2, 1 + _POINTS * which), (len(here), 1, 1))
        told[here] = _independent(drafts[here], count[here], points)
    return told


def _independent(drafts: NDArray[np.uint8], count: NDArray[np.int64], points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """The same at points float64 [B, N, INPUTS]."""
    slopes = []
    for place in range(MOST):
        ends = []
        for side in (1.0, -1.0):
            constants = typical(drafts)
            constants[:, place] *= 1.0 + side * _MOVE
            ends.append(evaluate(to_programs(drafts, constants), points))
        with np.errstate(invalid="ignore"):
            slopes.append((ends[0] - ends[1]) / (2.0 * _MOVE))
    told = np.ones(len(drafts), np.bool_)
    basis: list[NDArray[np.float64]] = []
    for place, slope in enumerate(slopes):
        rest = np.where(np.abs(np.where(np.isfinite(slope), slope, 0.0)) < 1e100, slope, 0.0)
        size = np.sqrt((rest**2).sum(axis=1))
        rest = rest / np.maximum(size, 1e-300)[:, None]
        for known in basis:
            rest = rest - (rest * known).sum(axis=1)[:, None] * known
        left = np.sqrt((rest**2).sum(axis=1))
        told &= (count <= place) | ((left > _DEPENDENT) & (size > 1e-6))
        basis.append(rest / np.maximum(left, 1e-300)[:, None])
    return told
