"""A problem's starts as forms of it: a maze begun again is the same maze, turned or mirrored.

What is wrong in one form is often right in another, also where noise on the first carry changes next to nothing.
"""

from __future__ import annotations

from typing import final

import numpy as np
from numpy.typing import NDArray

from trm_gym.forms import HasForms, Number
from trm_gym.task import Problems, Task


@final
class Forms:
    """Lays problems out for each of their starts, and brings back what was made of them.

    The first start is the problem as it is. Raises ValueError where a problem has fewer than ``starts`` forms.
    """

    def __init__(self, task: Task, starts: int) -> None:
        if not isinstance(task, HasForms):
            raise ValueError(f"a problem of {task.name} has no other forms, as mazes have: leave forms out")
        if starts > task.forms:
            raise ValueError(
                f"a problem of {task.name} has {task.forms} forms: as many starts or branches at most, not {starts}"
            )
        self._task, self.starts = task, starts

    def all_of(self, problems: Problems) -> Problems:
        """Every problem once for each of its starts, one after another: B problems make B * starts."""
        copies = problems[np.repeat(np.arange(len(problems)), self.starts)]
        return self.laid_out(copies, 1 + np.arange(len(copies)) % self.starts)

    def laid_out(self, problems: Problems, starts: NDArray[np.integer]) -> Problems:
        """Problems as they are seen from their ``starts``, [B], counted from 1."""
        return self._task.reformed(problems, starts - 1)

    def brought_back(self, cells: NDArray[Number], starts: NDArray[np.integer]) -> NDArray[Number]:
        """What there is of each cell, [B, L], such as answers, from where problems lie as ``starts`` have them, [B]."""
        return self._task.restored(cells, starts - 1)
