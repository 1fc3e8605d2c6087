"""Steps at which a rule stops, and what they are worth: pure functions of arrays, the same for every rule.

Throughout, n problems are run to a budget of s steps. ``solved``, bool [n, s], says which drafts are right; ``steps``,
int [..., n], says after which step a rule stops, counted from 1; leading axes are settings of a rule (thresholds).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trm_gym.reward import episode_return

Floats = NDArray[np.floating]
Steps = NDArray[np.integer]
Bools = NDArray[np.bool_]


def first_true(marks: Bools, otherwise: int) -> Steps:
    """The first step, counted from 1, at which ``marks``, bool [..., n, s], is true; ``otherwise`` where none is."""
    return np.where(marks.any(-1), marks.argmax(-1) + 1, otherwise)


def halting_steps(scores: Floats, thresholds: Floats | float) -> Steps:
    """Steps [..., n] of the rule that stops at the first score, [n, s], of at least the threshold [...], or at s.

    A threshold of -inf stops at once, one of inf never before the budget is used up.
    """
    thresholds = np.asarray(thresholds)
    halted = np.empty((*thresholds.shape, len(scores)), np.int16)
    # One threshold at a time: all at once would hold thresholds x problems x steps in memory.
    for place in np.ndindex(thresholds.shape):
        halted[place] = first_true((scores >= thresholds[place]) & (thresholds[place] < np.inf), scores.shape[-1])
    return halted


def solved_at(solved: Bools, steps: Steps) -> Bools:
    """Whether the draft on which a rule stops is right, bool [..., n]."""
    return solved[np.arange(len(solved)), steps - 1]


def returns(solved: Bools, steps: Steps, price: float) -> Floats:
    """Every problem's return, float [..., n], at a ``price`` of the whole budget of s steps.

    A table's price is what it says. The environment keeps a step's cost to the nearest 2**-40, see ``Price``.
    """
    return episode_return(solved_at(solved, steps), steps, price / solved.shape[-1])


def oracle_steps(solved: Bools, hopeless: int = 1) -> Steps:
    """The step of the first right draft, int [n]; ``hopeless`` for a problem that is never right."""
    return first_true(solved, hopeless)
