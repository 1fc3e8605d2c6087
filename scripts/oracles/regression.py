"""Formulas from points, by SymPy: the label's expression, computed at the points, must give the targets.

Tokens: 1 to 5 are + - * / ^, 6 to 8 x, y and z, 9 to 13 the numbers 1 to 5, 14 a constant; 15 to 23 a function of the
slot. Slot i of 15 has the children 2i + 1 and 2i + 2; its function stands 15 cells after it. A program is pairs of a
code, which is such a token or 24 for the number beside it, and a value, in postfix; 0 ends it.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import sympy
from numpy.typing import NDArray

SLOTS, POINT = 15, 5
X, Y, Z = SYMBOLS = sympy.symbols("x y z", real=True)
CONSTANT, LITERAL, NO_FUNCTION = 14, 24, 15
ROUNDING, LEAST_NOISE, MOST_NOISE = 1e-8, 3e-3, 0.25
"""What a formula may be off its own points, and what noise takes it off them, in standard deviations."""

FUNCTIONS = {
    15: lambda a: a,
    16: lambda a: a**2,
    17: lambda a: a**3,
    18: lambda a: a**4,
    19: sympy.sqrt,
    20: sympy.sin,
    21: sympy.cos,
    22: sympy.exp,
    23: sympy.log,
}
JOINS = {
    1: lambda a, b: a + b,
    2: lambda a, b: a - b,
    3: lambda a, b: a * b,
    4: lambda a, b: a / b,
    5: lambda a, b: a**b,
}


def expression(label: NDArray[np.uint8], constants: Iterator[float], slot: int = 0) -> sympy.Expr:
    """A label uint8 [30] in SymPy; its constants are taken from ``constants`` as they come, left to right."""
    base, function = int(label[slot]), int(label[SLOTS + slot])
    if base in JOINS:
        left = expression(label, constants, 2 * slot + 1)
        whole = JOINS[base](left, expression(label, constants, 2 * slot + 2))
    elif base == CONSTANT:
        whole = sympy.Float(next(constants))
    else:
        whole = SYMBOLS[base - 6] if base < 9 else sympy.Integer(base - 8)
    return FUNCTIONS[function](whole)


def numbers_of(program: NDArray[np.float64]) -> Iterator[float]:
    """The numbers of a program, but for 1 to 5, which stand for themselves."""
    for code, value in program.reshape(-1, 2).tolist():
        if code == LITERAL and value not in (1.0, 2.0, 3.0, 4.0, 5.0):
            yield value


def program_values(program: NDArray[np.float64], inputs: NDArray[np.float64]) -> NDArray[np.float64]:
    """A program float64 [M] at inputs float64 [N, 3]."""
    stack: list[NDArray[np.float64]] = []
    plain = {19: np.sqrt, 20: np.sin, 21: np.cos, 22: np.exp, 23: np.log}
    for code, value in program.reshape(-1, 2).tolist():
        if code == 0:
            break
        if code in JOINS:
            right, left = stack.pop(), stack.pop()
            stack.append(JOINS[int(code)](left, right))
        elif code == LITERAL:
            stack.append(np.full(len(inputs), value))
        elif code < 9:
            stack.append(inputs[:, int(code) - 6])
        else:
            stack.append((plain.get(int(code)) or FUNCTIONS[int(code)])(stack.pop()))
    (found,) = stack
    return found


def faults(
    problem: NDArray[np.uint8], solution: NDArray[np.uint8], numbers: NDArray[np.float64], truth: NDArray[np.float64]
) -> list[str]:
    """What is wrong with each of B problems; nothing where it is right.

    problem, solution: uint8 [B, 30]. numbers: float64 [B, K], points. truth: float64 [B, M], programs.
    """
    with np.errstate(all="ignore"):
        return [_fault(*row) for row in zip(problem, solution, numbers, truth, strict=True)]


def _fault(problem, solution, numbers, truth) -> str:
    if problem.any():
        return "tokens are shown"
    points = numbers.reshape(-1, POINT)
    points = points[points[:, -1] > 0]
    inputs, target = points[:, :3], points[:, 3]
    exact = expression(solution, numbers_of(truth))
    symbols = sorted(exact.free_symbols, key=str)
    if symbols != list(SYMBOLS[: len(symbols)]) and symbols != [X]:
        return f"the formula {exact} has other variables than the first ones"
    if inputs[:, len(symbols) :].any():
        return "a variable that the formula has not is shown"
    values = np.broadcast_to(sympy.lambdify(SYMBOLS, exact, "numpy")(*inputs.T), target.shape)
    scale = max(float(target.std()), 1e-300)
    if not np.isfinite(values).all():
        return f"the formula {exact} has no value at a point"
    if not np.abs(program_values(truth, inputs) - values).max() <= ROUNDING * max(scale, float(np.abs(values).max())):
        return f"the truth is not the formula {exact}"
    off = float(np.sqrt(np.mean((values - target) ** 2))) / scale
    if ROUNDING < off < LEAST_NOISE or off > MOST_NOISE:
        return f"the formula {exact} is {off:g} standard deviations off the points"
    return ""
