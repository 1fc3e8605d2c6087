"""What was decided beforehand: one mixture for the whole run, or one after another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from curricula.curriculum import Curriculum
from trm_gym.checks import whole_number


@final
class Fixed(Curriculum):
    """Mixtures that follow one another, each for an equal part of the run, however well anything is solved.

    stages: weights of the levels, one row a stage; by default each level alone, from easy to hard. A single row is one
    mixture for all of the run. problems: the length of the run. The last stage goes on after its end.
    """

    def __init__(
        self, levels: Sequence[int], stages: Sequence[Sequence[float]] | None = None, problems: int = 1024
    ) -> None:
        super().__init__(levels)
        try:
            rows = np.eye(len(levels)) if stages is None else np.array(stages, dtype=np.float64)
        except (TypeError, ValueError, OverflowError):  # no numbers, or rows of different lengths
            rows = np.zeros((0, 0))
        if rows.ndim != 2 or not len(rows) or rows.shape[1] != len(levels):
            raise ValueError(f"a stage needs one weight for each of {len(levels)} levels, got {stages}")
        if not np.isfinite(rows).all() or (rows < 0).any() or (rows.sum(1) <= 0).any():
            raise ValueError(f"the weights of a stage must be 0 or more, and one of them above it; got {stages}")
        self._stages, self._problems = rows / rows.sum(1, keepdims=True), whole_number("problems", problems)
        self._seen = 0

    @property
    def mixture(self) -> NDArray[np.float64]:
        """The probability of each level."""
        return self._stages[min(self._seen * len(self._stages) // self._problems, len(self._stages) - 1)].copy()

    def _observe(self, place: int, solved: float, spread: float, count: int) -> None:
        self._seen += count

    def state_dict(self) -> dict[str, Any]:
        """How many problems have been seen."""
        return {"seen": self._seen}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take back what ``state_dict`` gave."""
        self._seen = whole_number("problems seen", state["seen"], 0)


def hardest_first(levels: Sequence[int], problems: int = 1024) -> Fixed:
    """The hardest level alone, then one easier after another beside it, until all have equal shares.

    problems: the length of the run; each stage takes an equal part of it.
    """
    count = len(Fixed(levels).levels)  # what are no levels is told there
    harder = np.tril(np.ones((count, count)))[:, ::-1]
    return Fixed(levels, [row / row.sum() for row in harder], problems)
