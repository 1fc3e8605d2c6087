"""There is no solver: the published solutions are looked up, everything else is refused."""

from __future__ import annotations

import numpy as np
import pytest

from trm_gym.arc import ArcTask
from trm_gym.errors import ProblemError

TASK = ArcTask(10)
pytestmark = pytest.mark.usefixtures("corpus")


def test_published_problems_have_a_solution():
    for level in ("small", "evaluation"):
        problems = TASK.published(level, "test").problems
        for problem, solution in zip(problems.problem, problems.solution, strict=True):
            found = TASK.solve(problem)
            assert np.array_equal(found, solution)
            found[:] = 0  # It is the caller's own.
        assert np.array_equal(TASK.solve(problems.problem[0]), problems.solution[0])


def test_other_problems_have_none():
    augmented = TASK.generate(1, 0, "test", 0).problem[0]
    own = TASK.encode({"train": [{"input": [[1]], "output": [[2]]}], "test": [{"input": [[3]], "output": [[4]]}]})
    for problem in (augmented, own.problem[0]):
        with pytest.raises(ProblemError, match="nobody has a solver for ARC: only the published problems"):
            TASK.solve(problem)
