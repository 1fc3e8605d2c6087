"""A formula as a tree, between drafts, programs and text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import final

import numpy as np
from numpy.typing import NDArray

from trm_gym.errors import ProblemError
from trm_gym.problems import BLANK
from trm_gym.regression.layout import BINARY, CONSTANT, LAST_BINARY, NUMBERS, SIGNS, SLOTS, TOKEN, UNARY, VARIABLES
from trm_gym.regression.operations import FUNCTIONS, LITERAL
from trm_gym.regression.programs import PROGRAM, STACK, STEPS, used_slots

NUMBER = "number"
"""The sign of a formula that is a number."""

_NAMES = {code: name for name, code in FUNCTIONS.items()}


@final
@dataclass(frozen=True)
class Formula:
    """A formula: an operator, a function (as ``operations.FUNCTIONS`` calls it), a variable, a number or a constant.

    parts: what ``sign`` joins, or is the function of. value: of a number, and of a constant that has one. marked:
    whether its sign is to be seen as changed.
    """

    sign: str
    parts: tuple[Formula, ...] = ()
    value: float | None = None
    marked: bool = False

    @property
    def is_number(self) -> bool:
        """Whether it is a number that stands there, which no constant is."""
        return self.sign == NUMBER


def number(value: float) -> Formula:
    """A number as a formula."""
    return Formula(NUMBER, value=float(value))


def numbers_of(formula: Formula) -> Iterator[float]:
    """The values of all numbers and constants that have one, from left to right."""
    if formula.value is not None:
        yield formula.value
    for part in formula.parts:
        yield from numbers_of(part)


def variables_of(formula: Formula) -> set[str]:
    """The variables that a formula has."""
    return ({formula.sign} & set(VARIABLES)).union(*map(variables_of, formula.parts))


def of_draft(
    draft: NDArray[np.uint8],
    constants: NDArray[np.float64] | None = None,
    marks: NDArray[np.bool_] | None = None,
    instead: Mapping[int, Formula] = MappingProxyType({}),
) -> Formula | None:
    """The formula of a draft uint8 [L]; None where it is none.

    constants: float64 [CONSTANTS], the values of its constants; without them they have none. marks: bool [L], cells
    that are to be marked. instead: formulas that stand in the place of slots.
    """
    used = used_slots(draft[None])[0]
    if not used[0]:
        return None
    order = np.flatnonzero(used & (draft[:SLOTS] == TOKEN[CONSTANT])).tolist()
    marked = np.zeros(len(draft), np.bool_) if marks is None else marks

    def at(slot: int) -> Formula:
        if slot in instead:
            return instead[slot]
        base, mark = SIGNS[draft[slot]], bool(marked[slot])
        if base == CONSTANT and constants is not None:
            whole = Formula(base, value=float(constants[order.index(slot)]), marked=mark)
        elif base in NUMBERS:
            whole = Formula(NUMBER, value=float(base), marked=mark)
        else:
            parts = (at(2 * slot + 1), at(2 * slot + 2)) if base in BINARY else ()
            whole = Formula(base, parts, marked=mark)
        function = SIGNS[draft[SLOTS + slot]]
        return whole if function == UNARY[0] else Formula(function, (whole,), marked=bool(marked[SLOTS + slot]))

    return at(0)


def of_program(program: NDArray[np.float64]) -> Formula | None:
    """The formula of a program float64 [PROGRAM]; None for the empty one and for what is none."""
    stack: list[Formula] = []
    for code, value in program.reshape(-1, 2).tolist():
        if code == BLANK:
            break
        if code == LITERAL:
            stack.append(number(value))
        elif code in _NAMES and stack:
            stack.append(Formula(_NAMES[int(code)], (stack.pop(),)))
        elif code <= LAST_BINARY and len(stack) > 1:
            right, left = stack.pop(), stack.pop()
            stack.append(Formula(SIGNS[int(code)], (left, right)))
        elif 0 < code < LITERAL and SIGNS[int(code)] in VARIABLES:
            stack.append(Formula(SIGNS[int(code)]))
        else:
            return None
    return stack[0] if len(stack) == 1 else None


def to_program(formula: Formula) -> NDArray[np.float64]:
    """A formula as a program float64 [PROGRAM]. Raises ProblemError where it is too long for one."""
    steps: list[tuple[float, float]] = []

    def put(part: Formula, height: int) -> None:
        for place, inner in enumerate(part.parts):
            put(inner, height + place)
        if height >= STACK:
            raise ProblemError(f"the formula is nested too deeply: at most {STACK} values may wait for an operator")
        if part.value is not None:
            steps.append((LITERAL, part.value))
        else:
            steps.append((FUNCTIONS.get(part.sign, TOKEN.get(part.sign, BLANK)), 0.0))

    put(formula, 0)
    if len(steps) > STEPS:
        raise ProblemError(f"the formula has {len(steps)} operators, functions, variables and numbers: at most {STEPS}")
    program = np.zeros(PROGRAM)
    program[: 2 * len(steps)] = np.array(steps).ravel()
    return program


def is_join(formula: Formula) -> bool:
    """Whether a formula is an operator between two."""
    return formula.sign in BINARY
