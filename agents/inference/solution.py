"""What comes of a problem of one's own: the answer in its several forms, and what is thought of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents.inference.trajectory import Trajectory
from trm_gym.short_repr import short_repr


class Verdict(NamedTuple):
    """What the task's verifier says of an answer."""

    solved: bool
    score: float


@short_repr
@dataclass(frozen=True)
class Solution:
    """An answer as tokens, uint8 [L], and as text, in the letters of the problem given; the steps it took; what the
    network and the verifier think of it.

    It unpacks into a pair: ``latex, steps = solver.solve(problem)``.
    """

    answer: NDArray[np.uint8]
    text: str
    latex: str
    """Of a formula its LaTeX, with the constants that fit the points shown best; of other tasks the text."""
    steps: int
    confidence: float
    """Probability of the least confident free cell's first choice."""
    right: float
    """Probability that the answer is right, by the head trained with the network."""
    verdict: Verdict
    trajectory: Trajectory | None = None
    """Every step up to the last, if asked for."""
    note: str = ""
    """Where it is not solved: that the network was never taught such problems, if so; see ``taught.untaught``."""

    def __iter__(self) -> Iterator[Any]:
        """``latex``, a text, and ``steps``, a whole number."""
        yield from (self.latex, self.steps)
