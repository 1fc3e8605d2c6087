"""What a network is shown at each step."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from trm_gym.short_repr import short_repr
from trm_gym.task import Problems, Task


@short_repr
class Inputs(NamedTuple):
    """What a step reads beside its carry: problems side by side, and the drafts that it is to better.

    problem: tokens shown. draft: those of the draft so far; the published encoders do not look at it, since the carry
    holds what they made of it. numbers: float64, what is shown beside tokens (``Problems.numbers``), often none.
    """

    problem: Int[Tensor, "b l"]
    draft: Int[Tensor, "b l"]
    numbers: Float[Tensor, "b k"]

    @staticmethod
    def of(problems: Problems, draft: Int[Tensor, "b l"]) -> Inputs:
        """Problems with these drafts, on the drafts' device."""
        problem, numbers = (torch.from_numpy(part).to(draft.device) for part in (problems.problem, problems.numbers))
        return Inputs(problem.long(), draft, numbers)

    @staticmethod
    def of_tokens(problem: Int[Tensor, "b l"], draft: Int[Tensor, "b l"] | None = None) -> Inputs:
        """Problems that are tokens and nothing else; the drafts are the problems themselves where none are given."""
        return Inputs(problem, problem if draft is None else draft, problem.new_zeros(len(problem), 0).double())

    @staticmethod
    def blank(count: int, task: Task, device: torch.device) -> Inputs:
        """``count`` problems of a task that show nothing, with blank drafts: for measuring how long a step takes."""
        return Inputs.of(Problems.blank(count, task), torch.zeros(count, task.length, dtype=torch.long, device=device))
