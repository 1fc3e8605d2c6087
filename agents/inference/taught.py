"""Whether a network was taught problems like the one at hand: told from what its checkpoint says it was taught."""

from __future__ import annotations

import functools
import math
from collections.abc import Hashable

from agents.checkpoint import Checkpoint
from agents.halting.restart_registry import acting_rule
from agents.halting.restarts import Actor, actor_of
from agents.halting.rules import HaltingRule
from trm_gym import make_task
from trm_gym.forms import HasForms
from trm_gym.task import Problems

SAMPLES = 256
"""Problems of a level that are looked at, to know what its problems are like."""

LEAST_STEPS = 16
"""Steps that any network is given where nobody says how many."""
DESCRIBED = 6
"""Levels that are told with their descriptions; of more only the names are."""
RESTARTS_STEPS = 64
"""Steps that a rule which may start afresh is given at least where nobody says how many."""

Span = tuple[tuple[float, ...], tuple[float, ...]]
"""The least and the largest of each number of ``Task.traits``."""


def taught_levels(checkpoint: Checkpoint) -> tuple[str, ...]:
    """The levels that a checkpoint says its network was taught, each once; none where it does not say, or says others
    than this task has.
    """
    told = checkpoint.meta.get("pretraining")
    levels = told.get("levels") if isinstance(told, dict) else None
    known = {level.name for level in make_task(checkpoint.task).levels}
    if not isinstance(levels, (list, tuple)):
        return ()
    return tuple(dict.fromkeys(level for level in levels if level in known))


def taught_task(checkpoint: Checkpoint) -> str:
    """The task that a checkpoint says its network was taught; its own where it does not say."""
    told = checkpoint.meta.get("pretraining")
    name = told.get("task") if isinstance(told, dict) else None
    return name if isinstance(name, str) else checkpoint.task


def budget(checkpoint: Checkpoint, rule: HaltingRule | Actor | None = None) -> int:
    """The steps that a network is given where nobody says: as many as it was taught with, ``LEAST_STEPS`` at least.

    Of a larger size of its task they are more by as much as a side is longer. A rule that may start afresh has
    ``RESTARTS_STEPS`` at least, and as many for each form of a problem where its starts are forms.
    """
    told = checkpoint.meta.get("pretraining")
    taught = told.get("max_steps") if isinstance(told, dict) else None
    steps = max(LEAST_STEPS, taught) if isinstance(taught, int) else LEAST_STEPS
    steps = math.ceil(steps * max(1.0, _scale(checkpoint)))
    if rule is None or (acting := actor_of(rule)).starts == 1:
        return steps
    task = make_task(checkpoint.task)
    return max(RESTARTS_STEPS, steps * (task.forms if acting.forms and isinstance(task, HasForms) else 1))


def _scale(checkpoint: Checkpoint) -> float:
    """How many times as long as in the problems that a network was taught a side is; 1 where that is not known."""
    try:
        side, before = (make_task(name).structure.shape[0] for name in (checkpoint.task, taught_task(checkpoint)))
    except ValueError:  # what a checkpoint says of itself may be anything
        return 1.0
    return side / before


def every_form(checkpoint: Checkpoint) -> tuple[str, int] | None:
    """For a network in a size as large as it was taught, or larger: the rule that runs each form of a problem and hands
    in what fits best, and the steps that this takes. None for smaller sizes, and where a task has no forms.

    One form of a large maze is often a few cells off the shortest path, and another is not.
    """
    if _scale(checkpoint) < 1 or not isinstance(make_task(checkpoint.task), HasForms):
        return None
    rule = f"restart-every:{budget(checkpoint)}+fits+forms"
    return rule, budget(checkpoint, acting_rule(rule, checkpoint.heads))


def untaught(checkpoint: Checkpoint, problems: Problems) -> str:
    """Why no right answer to a batch of one is to be expected, as a sentence without its end.

    Empty where the network was taught such problems, and where its checkpoint does not say what it was taught.
    """
    task, levels = make_task(checkpoint.task), taught_levels(checkpoint)
    if (made_for := taught_task(checkpoint)) != task.name:
        return f"this network was taught {made_for}, and the problem is one of {task.name}"
    ((kind, numbers),) = task.traits(problems)
    if not levels or any(_holds(task.name, task.level_index(name), kind, numbers) for name in levels):
        return ""
    described = (f"{name} ({task.levels[task.level_index(name)].description})" for name in levels)
    known = "; ".join(described) if len(levels) <= DESCRIBED else f"{', '.join(levels)}, as docs/levels.md has them"
    like = [level.name for place, level in enumerate(task.levels) if _holds(task.name, place, kind, numbers)]
    other = f", such as those of level {like[0]}" if like else ""
    return f"this network was never taught problems of this kind{other}; it was taught {known}"


def _holds(task: str, level: int, kind: Hashable, numbers: tuple[float, ...]) -> bool:
    """Whether a level has problems of that kind, with such numbers."""
    span = _spans(task, level).get(kind)
    return span is not None and all(low <= n <= high for low, n, high in zip(span[0], numbers, span[1], strict=True))


@functools.cache
def _spans(name: str, level: int) -> dict[Hashable, Span]:
    """The kinds of a level's problems, and the span of each one's numbers."""
    task = make_task(name)
    found: dict[Hashable, list[tuple[float, ...]]] = {}
    for kind, numbers in task.traits(task.generate_at_most(SAMPLES, level, "train", 0)):
        found.setdefault(kind, []).append(numbers)
    return {
        kind: (
            # Where all that is known is how hard a problem is, an easier one is none of another kind.
            tuple(min(column) if kind else -math.inf for column in zip(*rows, strict=True)),
            tuple(max(column) for column in zip(*rows, strict=True)),
        )
        for kind, rows in found.items()
    }
