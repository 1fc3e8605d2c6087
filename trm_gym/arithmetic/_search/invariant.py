"""A hash that all ways of writing a problem share: terms and factors in any order, brackets that change nothing.

A sum's hash is the sum of its terms' (a difference's, the difference); a product's or a power's, the product of odd
words of its factors, a divisor's being inverted, both modulo 2**64. Terms may then stand in any order, and so may
factors; a sign may be drawn out of brackets; and 3 - 5 goes with 5 - 3, whose answer differs in the sign alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trm_gym.arithmetic._search.expression import NEGATE, read, workspace
from trm_gym.arithmetic.layout import HAT, MINUS, OVER, PLUS
from trm_gym.jit import inner, lazy_kernel, scramble

_ONE, _TWO, _TERM, _FACTOR = np.uint64(1), np.uint64(2), np.uint64(0x7E12), np.uint64(0xFAC7)


@inner
def program_hash(work):
    """The hash of ``work.program``, a uint64."""
    # Of each part: its word as a term, its odd word as a factor, and its sign, 1 or -1, as a factor.
    parts, top = work.hashes, 0
    for step in range(work.count[0]):
        operation = work.program[step]
        if operation >= 0:
            # Nought is nothing: 3 + 0 goes with 3.
            parts[top, 0] = scramble(np.uint64(operation) ^ _TERM) if operation else np.uint64(0)
            _as_factor(parts[top])
            top += 1
        elif operation == NEGATE:
            parts[top - 1, 0] = -parts[top - 1, 0]
            parts[top - 1, 2] = -parts[top - 1, 2]
        elif operation == -HAT:
            # As often a factor as the power says; a power of 0 leaves 1.
            top -= 1
            _as_power(parts[top - 1], work.program[step - 1])
        else:
            top -= 1
            left, right = parts[top - 1], parts[top]
            if operation == -PLUS or operation == -MINUS:
                left[0] = left[0] + right[0] if operation == -PLUS else left[0] - right[0]
                _as_factor(left)
            else:
                left[1] *= _inverse(right[1]) if operation == -OVER else right[1]
                left[2] *= right[2]
                left[0] = left[2] * scramble(left[1])
    return scramble(min(parts[0, 0], -parts[0, 0]))


@inner
def _as_factor(part):
    """Fill in a part's word and sign as a factor, by its word as a term."""
    bare = min(part[0], -part[0])
    part[1] = scramble(bare ^ _FACTOR) | _ONE
    part[2] = _ONE if bare == part[0] else -_ONE


@inner
def _as_power(part, power):
    """Make a part a product of ``power`` times itself."""
    word, sign = part[1], part[2]
    if power == 0:
        part[0] = scramble(_ONE ^ _TERM)
        _as_factor(part)
    for _ in range(1, power):
        part[1] *= word
        part[2] *= sign
    if power > 1:
        part[0] = part[2] * scramble(part[1])


@inner
def _inverse(odd):
    """The word that an odd word gives 1 with, modulo 2**64, by Newton's iteration: right bits double each time."""
    guess = odd
    for _ in range(5):
        guess *= _TWO - odd * guess
    return guess


@lazy_kernel
def _hash_all(problem, hashes, work):
    """The loop of ``invariant_hash``; returns the first index of what is no expression, or -1."""
    for index in range(len(problem)):
        if not read(problem[index], work):
            return index
        hashes[index] = program_hash(work)
    return -1


def invariant_hash(problem: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """The hash that decides the split, uint64 [B], of problems uint8 [B, L]. Raises ValueError for no expression."""
    hashes = np.empty(len(problem), np.uint64)
    wrong = _hash_all(np.ascontiguousarray(problem), hashes, workspace())
    if wrong >= 0:
        raise ValueError(f"problem {wrong} of the batch is no expression: encode it first")
    return hashes
