"""Thinking longer by thinking several times: branches of a problem that start apart, and how one answer comes of them.

The branches run in the engine; what is here is a function of their results.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from agents.inference.engine import Item, Result
from agents.rollouts.forms import Forms
from trm_gym.task import Problems, Task


@dataclass(frozen=True)
class Combined:
    """The answer taken, and the steps spent on all branches together."""

    result: Result
    steps: int


Combine = Callable[[Sequence[Result]], Combined]


def branched(problems: Iterable[Item], branches: int) -> Iterator[Item]:
    """Every problem of a stream ``branches`` times, one copy after another, as the engine wants them."""
    for item in problems:
        if isinstance(item, Problems):
            yield item[np.repeat(np.arange(len(item)), branches)]
        else:
            yield from [item] * branches


def brought_back(results: Sequence[Result], forms: Forms) -> list[Result]:
    """Results of ``forms.all_of`` problems as results of these as they were, so that branches compare."""
    turned, starts = np.array([result.answer for result in results], np.uint8), np.arange(len(results)) % forms.starts
    answers = forms.brought_back(turned, 1 + starts)
    own = [results[place - start].problems for place, start in enumerate(starts.tolist())]  # that of the first form
    columns = zip(results, answers, own, strict=True)
    return [replace(result, answer=answer, problems=problems) for result, answer, problems in columns]


def vote(results: Sequence[Result]) -> Combined:
    """The answer that most branches give; among equally frequent ones that of the highest halt logit."""
    answers = [b"" if result.answer is None else result.answer.tobytes() for result in results]
    best = max(range(len(results)), key=lambda i: (answers.count(answers[i]), results[i].halt_logit))
    return Combined(results[best], sum(result.steps for result in results))


def surest(results: Sequence[Result]) -> Combined:
    """The answer of the highest halt logit."""
    return Combined(max(results, key=lambda result: result.halt_logit), sum(result.steps for result in results))


def agreed(results: Sequence[Result]) -> Combined:
    """The answer that has most cells in common with those of the other branches; of several the highest halt logit."""
    answers = np.array([result.answer for result in results])
    common = (answers[:, None] == answers[None]).sum((1, 2))
    best = max(range(len(results)), key=lambda i: (common[i], results[i].halt_logit))
    return Combined(results[best], sum(result.steps for result in results))


def first(results: Sequence[Result]) -> Combined:
    """The answer of the branch that halted first, on which the others stop; of several the highest halt logit.

    Where none halts within the budget, that of the highest halt logit. Branches that ran side by side without a race
    cost what they would have cost in one: so many times the winner's steps.
    """
    halted = [result for result in results if result.halted] or list(results)
    best = min(halted, key=lambda result: (result.steps, -result.halt_logit))
    return Combined(best, sum(min(result.steps, best.steps) for result in results))


def closest(task: Task) -> Combine:
    """The answer that agrees best with what the problem shows; see ``Task.misfit``."""

    def combine(results: Sequence[Result]) -> Combined:
        done = [result for result in results if result.problems is not None and result.answer is not None]
        if not done:
            return surest(results)
        problems = Problems.concatenate([result.problems for result in done if result.problems is not None])
        misfits = task.misfit(problems, np.array([result.answer for result in done]))
        return Combined(done[int(misfits.argmin())], sum(result.steps for result in results))

    return combine


COMBINE: dict[str, Combine] = {"vote": vote, "agreed": agreed, "surest": surest, "first": first}
"""Ways of making one answer of several, by name."""
FIT = "fit"
"""The name of ``closest``, for tasks that tell a misfit."""


def ways(task: Task) -> dict[str, Combine]:
    """Ways of making one answer of several that a task has, by name."""
    return COMBINE | ({FIT: closest(task)} if task.tells_misfit else {})


@dataclass(frozen=True)
class Point:
    """Accuracy and mean steps per problem, all branches together."""

    branches: int
    accuracy: float
    steps: float


def curves(
    results: Sequence[Result], most: int, shown: Sequence[int], combine_by: Mapping[str, Combine] = COMBINE
) -> dict[str, list[Point]]:
    """Accuracy against steps for the first 1, 2, .. of ``most`` branches of each problem, by way of combining.

    results: those of ``branched`` problems. shown: numbers of branches. combine_by: see ``ways``.
    """
    found: dict[str, list[Point]] = {}
    for name, combine in combine_by.items():
        made = {count: answered(results, most, count, combine) for count in shown}
        found[name] = [Point(count, float(right.mean()), float(steps.mean())) for count, (right, steps) in made.items()]
    return found


def answered(
    results: Sequence[Result], most: int, count: int, combine: Combine
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Whether the answer of each problem's first ``count`` of ``most`` branches is right, and their steps, [n] each."""
    groups = [results[start : start + most] for start in range(0, len(results), most)]
    made = [combine(group[:count]) for group in groups]
    return np.array([float(c.result.solved) for c in made]), np.array([float(c.steps) for c in made])
