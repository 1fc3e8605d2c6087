"""What each operation of a formula computes: values and slopes. Kernels alone call these.

A value outside an operation's domain is NaN and so is all that is made of it: 1 / 0, log 0, the root of a negative
number, a negative number to a power that is not whole, sin of an infinity. One too large for a float is infinite.
Nothing warns, whether it is compiled or run by Python, and neither of the two knows numbers that the other does not:
hence the conditions before what Python would raise an error for.
"""

from __future__ import annotations

import math

from trm_gym.jit import inner
from trm_gym.regression.layout import TOKEN, UNARY, VOCAB

PLUS, MINUS, TIMES, OVER, POWER = (TOKEN[sign] for sign in ("+", "-", "*", "/", "^"))
IDENTITY, SQUARE, CUBE, FOURTH, SQRT, SIN, COS, EXP, LOG = (TOKEN[name] for name in UNARY)

LITERAL = VOCAB
"""In a program, a number that stands beside it."""

FURTHER = ("neg", "abs", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh")
"""Functions that a typed formula may have and a draft may not."""
NEG, ABS, TAN, ASIN, ACOS, ATAN, SINH, COSH, TANH, ASINH, ACOSH, ATANH = range(LITERAL + 1, LITERAL + 1 + len(FURTHER))
CODES = LITERAL + 1 + len(FURTHER)
"""How many codes a program may be made of."""
FUNCTIONS = {name: TOKEN[name] for name in UNARY[1:]} | {name: NEG + place for place, name in enumerate(FURTHER)}
"""The code of each function by its name."""

NAN, INFINITE = math.nan, math.inf
_LARGEST_EXPONENT = 709.782712893384
"""exp of anything larger is no float."""
_WHOLE = 1024.0
"""Powers up to this one are multiplied out where they are whole."""


@inner
def exponential(a):
    """e to the power a."""
    return INFINITE if a > _LARGEST_EXPONENT else math.exp(a)


@inner
def sine(a):
    """sin a; NaN for infinities."""
    return math.sin(a) if -INFINITE < a < INFINITE else NAN


@inner
def cosine(a):
    """cos a; NaN for infinities."""
    return math.cos(a) if -INFINITE < a < INFINITE else NAN


@inner
def power(a, b):
    """a to the power b; 0 to the power 0 is 1."""
    if -_WHOLE <= b <= _WHOLE and b == math.floor(b):
        left, base, product = abs(int(b)), a, 1.0
        while left:
            if left & 1:
                product *= base
            base *= base
            left >>= 1
        if b >= 0.0:
            return product if a == a else NAN  # NaN to the power 0 too
        return 1.0 / product if product != 0.0 else (NAN if a == 0.0 else INFINITE)
    if a > 0.0:
        return exponential(b * math.log(a))
    return 0.0 if a == 0.0 and b > 0.0 else NAN


@inner
def unary(code, a):
    """The function ``code`` of ``a``; any but IDENTITY may also be one of FURTHER."""
    if code == IDENTITY:
        return a
    if code == SQUARE:
        return a * a
    if code == CUBE:
        return a * a * a
    if code == FOURTH:
        return (a * a) * (a * a)
    if code == SQRT:
        return math.sqrt(a) if a >= 0.0 else NAN
    if code == SIN:
        return sine(a)
    if code == COS:
        return cosine(a)
    if code == EXP:
        return exponential(a)
    if code == LOG:
        return math.log(a) if a > 0.0 else NAN
    return _further(code, a)


@inner
def _further(code, a):
    """The function ``code``, one of FURTHER, of ``a``; NaN for any other code."""
    if code == NEG:
        return -a
    if code == ABS:
        return abs(a)
    if code == TAN:
        return math.tan(a) if -INFINITE < a < INFINITE else NAN
    if code == ASIN:
        return math.asin(a) if -1.0 <= a <= 1.0 else NAN
    if code == ACOS:
        return math.acos(a) if -1.0 <= a <= 1.0 else NAN
    if code == ATAN:
        return math.atan(a)
    if code == SINH:
        return math.sinh(a) if -710.0 < a < 710.0 else a * INFINITE
    if code == COSH:
        return math.cosh(a) if -710.0 < a < 710.0 else abs(a) * INFINITE
    if code == TANH:
        return math.tanh(a)
    if code == ASINH:
        return math.asinh(a)
    if code == ACOSH:
        return math.acosh(a) if a >= 1.0 else NAN
    if code == ATANH:
        return math.atanh(a) if -1.0 < a < 1.0 else NAN
    return NAN


@inner
def unary_row(code, rows, source, target, count):
    """``unary`` of the first ``count`` numbers of row ``source``, into row ``target``, which may be the same."""
    if code == IDENTITY:
        for at in range(count):
            rows[target, at] = rows[source, at]
    elif code == SQUARE:
        for at in range(count):
            rows[target, at] = rows[source, at] * rows[source, at]
    else:
        for at in range(count):
            rows[target, at] = unary(code, rows[source, at])


@inner
def binary_row(code, rows, left, right, target, count):
    """The first ``count`` numbers of row ``left`` joined with those of row ``right`` by the operator ``code``.

    They go into row ``target``, which may be one of the two.
    """
    if code == PLUS:
        for at in range(count):
            rows[target, at] = rows[left, at] + rows[right, at]
    elif code == MINUS:
        for at in range(count):
            rows[target, at] = rows[left, at] - rows[right, at]
    elif code == TIMES:
        for at in range(count):
            rows[target, at] = rows[left, at] * rows[right, at]
    elif code == OVER:
        for at in range(count):
            rows[target, at] = rows[left, at] / rows[right, at] if rows[right, at] != 0.0 else NAN
    else:
        for at in range(count):
            rows[target, at] = power(rows[left, at], rows[right, at])


@inner
def unary_slope(code, a, value):
    """The derivative of a draft's function ``code`` at ``a``, where it has ``value``; NaN where there is none."""
    if code == IDENTITY:
        return 1.0
    if code == SQUARE:
        return 2.0 * a
    if code == CUBE:
        return 3.0 * a * a
    if code == FOURTH:
        return 4.0 * a * a * a
    if code == SQRT:
        return 0.5 / value if value > 0.0 else NAN
    if code == SIN:
        return cosine(a)
    if code == COS:
        return -sine(a)
    if code == EXP:
        return value
    return 1.0 / a if a > 0.0 else NAN


@inner
def left_slope(code, left, right, value):
    """The derivative by its left operand of ``left`` joined with ``right`` by the operator ``code``, giving ``value``.

    NaN where there is none.
    """
    if code in (PLUS, MINUS):
        return 1.0
    if code == TIMES:
        return right
    if code == OVER:
        return 1.0 / right if right != 0.0 else NAN
    if left != 0.0:
        return right * value / left
    return 1.0 if right == 1.0 else (0.0 if right == 0.0 or right > 1.0 else NAN)


@inner
def right_slope(code, left, right, value):
    """The same by the right operand. The exponent of a negative number has the slope 0: it cannot be moved."""
    if code == PLUS:
        return 1.0
    if code == MINUS:
        return -1.0
    if code == TIMES:
        return left
    if code == OVER:
        return -value / right if right != 0.0 else NAN
    return value * math.log(left) if left > 0.0 else 0.0
