"""Operations backwards: what an operand must have been for the result to be a wanted one. Kernels alone call these.

Where several would do it is the one nearest to what the operand is at present, for square, fourth power and their like
the one of its sign; where none does, or any, it is NaN.
"""

from __future__ import annotations

import math

from trm_gym.jit import inner
from trm_gym.regression.operations import (
    COS,
    CUBE,
    EXP,
    FOURTH,
    IDENTITY,
    LOG,
    MINUS,
    NAN,
    OVER,
    PLUS,
    SIN,
    SQRT,
    SQUARE,
    TIMES,
    exponential,
    power,
)

_TURN = 2.0 * math.pi
_FAR = 1e9
"""Turns are not counted to numbers beyond this one, which hardly have a direction."""


@inner
def unary_inverse(code, wanted, present):
    """What a draft's function ``code`` must be taken of to give ``wanted``; ``present`` is what it is taken of now."""
    if code == IDENTITY:
        return wanted
    if code in (SQUARE, FOURTH):
        if not wanted >= 0.0:
            return NAN
        root = math.sqrt(wanted)
        if code == FOURTH:
            root = math.sqrt(root)
        return -root if present < 0.0 else root
    if code == CUBE:
        return _root(wanted, 3.0)
    if code == SQRT:
        return wanted * wanted if wanted >= 0.0 else NAN
    if code == EXP:
        return math.log(wanted) if wanted > 0.0 else NAN
    if code == LOG:
        return exponential(wanted)
    if not -1.0 <= wanted <= 1.0:
        return NAN
    if code == SIN:
        angle = math.asin(wanted)
        return _nearest(angle, math.pi - angle, present)
    if code == COS:
        angle = math.acos(wanted)
        return _nearest(angle, -angle, present)
    return NAN


@inner
def left_inverse(code, wanted, present, right):
    """What must stand left of the operator ``code``, where ``present`` stands now and ``right`` on its other side."""
    if code == PLUS:
        return wanted - right
    if code == MINUS:
        return wanted + right
    if code == TIMES:
        return wanted / right if right != 0.0 else NAN
    if code == OVER:
        return wanted * right if right != 0.0 else NAN
    if right == 0.0 or not -_FAR < right < _FAR:
        return NAN
    whole = right == math.floor(right)
    if whole and int(right) % 2:
        return _root(wanted, right)
    root = _root(wanted, right) if wanted >= 0.0 else NAN
    return -root if present < 0.0 and whole else root


@inner
def right_inverse(code, wanted, left):
    """What must stand right of the operator ``code``, where ``left`` stands on its other side."""
    if code == PLUS:
        return wanted - left
    if code == MINUS:
        return left - wanted
    if code == TIMES:
        return wanted / left if left != 0.0 else NAN
    if code == OVER:
        return left / wanted if wanted != 0.0 and left != 0.0 else NAN
    return math.log(wanted) / math.log(left) if wanted > 0.0 and left > 0.0 and left != 1.0 else NAN


@inner
def _root(a, degree):
    """The number whose power ``degree`` is ``a``, of the sign of ``a``."""
    return -power(-a, 1.0 / degree) if a < 0.0 else power(a, 1.0 / degree)


@inner
def _nearest(one, other, present):
    """Of two angles, each with any number of whole turns, the one nearest to ``present``; without it, ``one``."""
    if not -_FAR < present < _FAR:
        return one
    one += _TURN * math.floor((present - one) / _TURN + 0.5)
    other += _TURN * math.floor((present - other) / _TURN + 0.5)
    return one if abs(one - present) <= abs(other - present) else other
