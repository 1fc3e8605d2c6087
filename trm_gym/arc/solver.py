"""No solver: what is known of ARC are the published solutions, and this looks them up."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trm_gym.arc.base_puzzles import BasePuzzles
from trm_gym.arc.levels import LEVELS
from trm_gym.splits import SPLITS


def published_solutions(base: BasePuzzles) -> dict[bytes, NDArray[np.uint8]]:
    """The solution uint8 [L] of each problem as it was published, by the problem's tokens."""
    found = {}
    for level in range(len(LEVELS)):
        for split in SPLITS:
            problems = base.as_published(base.published(level, split), level)
            pairs = zip(problems.problem, problems.solution, strict=True)
            found |= {problem.tobytes(): solution for problem, solution in pairs}
    return found
