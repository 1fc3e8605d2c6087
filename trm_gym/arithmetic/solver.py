"""Computes problems, and measures what computing them by hand would take."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trm_gym.arithmetic._search.expression import FINE, TOO_LARGE, read_and_compute, workspace
from trm_gym.arithmetic.layout import ANSWER_BOUND, HAT, MINUS, OVER, PLUS, lay_out
from trm_gym.jit import inner, lazy_kernel


@inner
def effort(work):
    """How hard what ``work.trace`` holds was: see ``solve``."""
    total = 0
    for step in range(work.count[1]):
        done = work.trace[step]
        code, a, b, c, d = done[0], done[1], done[2], done[3], done[4]
        total += 1
        if code == -HAT:
            # As many products as there are factors but one, each of the base and what has come so far.
            product_a, product_b = a, b
            for _ in range(1, c):
                total += _products(product_a, a) + _products(product_b, b)
                product_a, product_b = product_a * a, product_b * b
            continue
        if code == -PLUS or code == -MINUS:
            c = c if code == -PLUS else -c
            if b != d:
                total += _products(a, d) + _products(c, b)
                a, c, b, d = a * d, c * b, b * d, 1
            total += _carries(abs(a), abs(c), (a < 0) == (c < 0))
            top, bottom = abs(a + c), b
        else:
            if code == -OVER:
                c, d = d, c
            total += _products(a, c) + _products(b, d)
            top, bottom = abs(a * c), abs(b * d)
        if bottom != 1:
            whole = top % bottom == 0
            total += _products(top // bottom, bottom) if whole else _divisions(max(top, bottom), min(top, bottom))
    return np.float32(total)


@inner
def _products(first, second):
    """How many products of two digits multiplying by hand takes; none where one side is 1."""
    if abs(first) == 1 or abs(second) == 1:
        return 0
    return _length(first) * _length(second)


@inner
def _length(number):
    """How many digits a number has."""
    number, digits = abs(number) // 10, 1
    while number:
        number, digits = number // 10, digits + 1
    return digits


@inner
def _divisions(larger, smaller):
    """How many divisions Euclid's algorithm takes to find the common divisor."""
    steps = 0
    while smaller:
        larger, smaller, steps = smaller, larger % smaller, steps + 1
    return steps


@inner
def _carries(first, second, add):
    """How many carries adding two numbers takes, or how many borrows taking the smaller from the larger."""
    if first < second:
        first, second = second, first
    carry, total = 0, 0
    while second or (carry and first):
        one, other = first % 10, second % 10 + carry
        carry = 1 if (one + other > 9 if add else one < other) else 0
        total += carry
        first, second = first // 10, second // 10
    return total


@lazy_kernel
def _solve(problem, solution, difficulty, outcome, work):
    """The loop of ``solve``."""
    for index in range(len(problem)):
        outcome[index] = read_and_compute(problem[index], work)
        if outcome[index] == FINE:
            numerator, denominator = work.values[0, 0], work.values[0, 1]
            if abs(numerator) >= ANSWER_BOUND or denominator >= ANSWER_BOUND:
                outcome[index] = TOO_LARGE
                continue
            lay_out(numerator, denominator, solution[index])
            difficulty[index] = effort(work)


def solve(problem: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.int64]]:
    """Solutions uint8 [B, L], difficulties float32 [B], and outcomes int64 [B] (see ``expression``) of problems
    uint8 [B, L]; the first two mean nothing where the outcome is not FINE.

    The difficulty counts operations; carries and borrows; products of two digits (in products, in powers, in bringing
    fractions to a common denominator, in whole quotients with their divisors); and the divisions that Euclid's
    algorithm takes to reduce a fraction.
    """
    solution, difficulty = problem.copy(), np.zeros(len(problem), np.float32)
    outcome = np.empty(len(problem), np.int64)
    _solve(np.ascontiguousarray(problem), solution, difficulty, outcome, workspace())
    return solution, difficulty, outcome
