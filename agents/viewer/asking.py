"""What the page asks for, checked field by field: what is wrong with one is said of that field."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar, final

from agents.common.tensor_file import CheckpointError
from agents.halting.registry import VERIFIER
from agents.halting.restarts import Actor
from agents.halting.rules import HaltingRule
from agents.inference.other_rules import OtherRules
from agents.inference.own_problem import FAMILIES, family_of, on_canvas, task_name
from agents.inference.solver import PRICE, Solver
from agents.viewer.catalogue import RULES, TASKS, Shelf
from trm_gym import make_task
from trm_gym.checks import SEED_LIMIT, real_number, whole_number
from trm_gym.errors import ProblemError
from trm_gym.files import file_of
from trm_gym.short_repr import short, short_repr
from trm_gym.task import Problems, Task

MOST_STEPS = 256
"""The largest budget of a run on the page."""
MOST_PROBLEMS = 2000
"""The most problems of a batch."""
MOST_RULES = 16
"""The most rules that are asked at every step."""
LONGEST = 64_000
"""Characters of a problem."""

Made = TypeVar("Made")


class AskError(ValueError):
    """What is wrong with one field of what was asked."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@final
@short_repr
@dataclass(frozen=True)
class Run:
    """One problem and all that decides how it is refined. names: the person's own letters. remark: what to know of it.

    drawn: the level and seed of a test problem, else empty.
    """

    solver: Solver
    problems: Problems
    names: Mapping[str, str]
    remark: str
    rule: str
    acting: HaltingRule | Actor
    others: OtherRules
    price: float
    max_steps: int
    checkpoint: str
    drawn: str = ""

    @property
    def task(self) -> Task:
        """The task in the problem's size."""
        return self.solver.task


@final
@short_repr
@dataclass(frozen=True)
class Batch:
    """Test problems of a level, and the rules that are measured on them within a budget."""

    solver: Solver
    problems: Problems
    others: OtherRules
    max_steps: int


@short_repr
class Given(NamedTuple):
    """A problem as it was given: typed, or drawn from a level."""

    task: Task
    problems: Problems
    names: Mapping[str, str]
    remark: str
    drawn: str


def run_of(shelf: Shelf, body: Mapping[str, Any]) -> Run:
    """The run that a person asks for. Raises AskError.

    body: ``task``; ``problem`` as text, or ``level`` and ``seed`` of a test problem; ``checkpoint``, ``rule``,
    ``rules`` (others, parted by spaces), ``price``, ``max_steps``. What is missing is as usual.
    """
    given = _given(body)
    checkpoint = _text(body, "checkpoint", 500)
    chosen_from, fitting = shelf.names(_task(body)), shelf.names(given.task)
    if checkpoint == chosen_from[0] or (checkpoint in chosen_from and checkpoint not in fitting):
        checkpoint = ""  # the usual network: of the size that the problem turns out to have
    solver = _of_field("checkpoint", lambda: shelf.solver(given.task, checkpoint))
    price = _of_field("price", lambda: real_number("the price", body.get("price", PRICE), above=0, most=1000))
    rule = _text(body, "rule", 500).strip() or solver.default_rule
    return Run(
        solver=solver,
        problems=given.problems,
        names=given.names,
        remark=given.remark,
        rule=rule,
        acting=_of_field("rule", lambda: solver.rule(rule, price)),
        others=_others(solver, body),
        price=price,
        max_steps=_number(body, "max_steps", 16, MOST_STEPS),
        checkpoint=checkpoint or shelf.names(given.task)[0],
        drawn=given.drawn,
    )


def batch_of(shelf: Shelf, body: Mapping[str, Any]) -> Batch:
    """The batch that a person asks for: ``problems`` of a ``level``, otherwise as in ``run_of``. Raises AskError."""
    task, checkpoint = _task(body), _text(body, "checkpoint", 500)
    solver = _of_field("checkpoint", lambda: shelf.solver(task, checkpoint))
    problems = _drawn(task, body, _number(body, "problems", 200, MOST_PROBLEMS))
    return Batch(solver, problems, _others(solver, body), _number(body, "max_steps", 16, MOST_STEPS))


def example_of(body: Mapping[str, Any]) -> tuple[Task, Problems]:
    """One test problem of a level. Raises AskError."""
    task = _task(body)
    return task, _drawn(task, body, 1)


def _task(body: Mapping[str, Any]) -> Task:
    name = _text(body, "task", 100)
    if name not in TASKS:
        raise AskError("task", f"unknown task {short(name)}: choose one of {', '.join(TASKS)}")
    return make_task(name)


def _given(body: Mapping[str, Any]) -> Given:
    task, text = _task(body), _text(body, "problem", LONGEST)
    if body.get("level") not in (None, ""):
        drawn = f"level {body['level']}, seed {body.get('seed', 0)}"
        return Given(task, _drawn(task, body, 1), {}, "", drawn)
    return _of_field("problem", lambda: _typed(task, text))


def _typed(task: Task, text: str) -> Given:
    """A typed problem, in the size that it has. Raises ProblemError."""
    if not text.strip():
        raise ProblemError("there is no problem: type or paste one, or draw a test problem")
    if file_of(text) is not None:
        # The page may be open to others, who must not read this machine's files.
        raise ProblemError("this looks like the name of a file: paste what is in it, files are not read here")
    family = family_of(task.name)
    task = make_task(task_name(family, text)) if family in FAMILIES else task
    own = on_canvas(task, text)
    return Given(task, own.problems, own.names, own.remark, "")


def _drawn(task: Task, body: Mapping[str, Any], count: int) -> Problems:
    wanted = body.get("level")
    wanted = task.default_level if wanted is None or wanted == "" else wanted
    level = _of_field("level", lambda: task.level_index(wanted))
    seed = _of_field("seed", lambda: whole_number("the seed", body.get("seed", 0), 0, SEED_LIMIT - 1))
    return _of_field("level", lambda: task.generate_at_most(count, level, "test", seed))


def usual_rules(solver: Solver) -> list[str]:
    """The rules of RULES for which a network has what they need."""
    heads = solver.checkpoint.heads
    return [text for text in RULES.split() if text in heads or ":" in text or text == VERIFIER]


def others_of(solver: Solver, texts: Sequence[str]) -> OtherRules:
    """The policies of a network, and the rules that are named. Raises ValueError."""
    if len(texts) > MOST_RULES:
        raise ValueError(f"{len(texts)} rules are more than {MOST_RULES}: leave some out")
    return OtherRules.of(solver.checkpoint.heads, list(dict.fromkeys(texts)))


def _others(solver: Solver, body: Mapping[str, Any]) -> OtherRules:
    texts = usual_rules(solver) if body.get("rules") is None else _text(body, "rules", 2000).split()
    return _of_field("rules", lambda: others_of(solver, texts))


def _number(body: Mapping[str, Any], name: str, usual: int, most: int) -> int:
    called = name.replace("max_steps", "the budget of steps").replace("problems", "the number of problems")
    return _of_field(name, lambda: whole_number(called, body.get(name, usual), 1, most))


def _text(body: Mapping[str, Any], name: str, most: int) -> str:
    value = body.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > most:
        raise AskError(name, f"{name} must be a text of at most {most} characters, not {short(value)}")
    return value


def _of_field(field: str, make: Callable[[], Made]) -> Made:
    """What ``make`` gives; a fault of it as one of the field."""
    try:
        return make()
    except AskError:
        raise
    except (ValueError, CheckpointError) as error:
        raise AskError(field, str(error)) from error
