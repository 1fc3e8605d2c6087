"""Judges algebra answers by value and form, exactly: the problem is read from its tokens, the answer from its cells.

The form is what the reader of that form accepts (see ``forms``): an unexpanded echo is no expansion, 4/2 is not 2.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trm_gym.algebra._search import forms
from trm_gym.algebra._search.exact import facts
from trm_gym.algebra._search.reading import EQUATION, EVALUATE, read
from trm_gym.algebra.layout import WRITTEN
from trm_gym.checks import check_answers
from trm_gym.task import Problems, Verdicts


def verify(problems: Problems, answers: NDArray[np.uint8]) -> Verdicts:
    """Judge answers uint8 [B, L]; the score is 1 for a right answer in the right form and 0 for any other.

    Accepted are, blanks between symbols aside: for an equation a number, or its two roots separated by a comma in any
    order; for a system x and y in this order; for ``evaluate`` a number; for ``expand``, ``collect`` and
    ``differentiate`` a sum of monomials of different degrees in any order; for ``factor`` a product of a whole number
    and linear factors in any order. Numbers are whole or fractions in lowest terms, never with leading zeros.
    Raises ValueError for answers of another shape or type.
    """
    check_answers(answers, problems.problem.shape)
    reading = read(problems.problem)
    said, asked = forms.read(answers[:, WRITTEN:], reading.kinds), facts(reading)
    numeric = reading.kinds <= EVALUATE
    same = (said.rows == asked.rows).all(axis=1)
    if numeric.any():
        first, second = ((said.values[:, which] == asked.values[:, which]).all(axis=1) for which in range(2))
        straight = first & (second | (asked.counts == 1))
        turned = (said.values == asked.values[:, ::-1]).all(axis=(1, 2)) & (asked.counts == 2)
        same = np.where(numeric, straight | (turned & (reading.kinds == EQUATION)), same)
    kept = ((answers == problems.problem) | problems.free).all(axis=1)
    solved = kept & (asked.counts > 0) & (said.counts == asked.counts) & same
    return Verdicts(solved, solved.astype(np.float32))
