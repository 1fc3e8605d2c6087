"""A run and a batch as the events that a page is sent, one after another, and a run's events as one record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from agents.halting import outcomes
from agents.halting.rules import HeadThreshold
from agents.halting.tuning import stopping_steps
from agents.inference.other_rules import PRICES
from agents.inference.taught import untaught
from agents.inference.trajectory import Json, follow_steps, head_json
from agents.rollouts.unroll import Unroll, unroll
from agents.viewer.asking import Batch, Run
from agents.viewer.catalogue import kind_of
from trm_gym.problems import Problems
from trm_gym.regression.curve import Curve, curve_of
from trm_gym.regression.export import plain_text
from trm_gym.short_repr import short_repr

CHUNK = 8
"""Problems of a batch that run side by side: few, so that whoever waits for a single one does not wait long."""


@short_repr
class Event(NamedTuple):
    """What a page is sent. kind: ``start``, ``step``, ``progress``, ``end`` or ``fault``."""

    kind: str
    data: Json


def run_events(run: Run) -> Iterator[Event]:
    """A run: what is known before its first step, every step, and what came of it."""
    head = head_json(run.task, run.problems, run.others, run.names)
    told = {"rule": run.rule, "price": run.price, "max_steps": run.max_steps, "checkpoint": run.checkpoint}
    aside = {"remark": run.remark, "drawn": run.drawn, "kind": kind_of(run.task)}
    yield Event("start", {**head, **told, **aside, **_points(run)})
    solved, part = [], None
    checkpoint = run.solver.checkpoint
    for part in follow_steps(
        checkpoint, run.problems, run.max_steps, run.price, run.acting, whole=True, others=run.others
    ):
        solved.append(bool(part.solved[0]))
        step = {name: column[0] for name, column in part.steps_json(run.task, run.names).items()}
        yield Event("step", {**step, **_formula(run, part.drafts[0])})
    assert part is not None
    right = solved[part.handed - 1]
    note = "" if right else untaught(checkpoint, run.problems)
    yield Event("end", {"stop": part.stop, "handed": part.handed, "right": right, "note": note})


def record(events: Iterable[Event]) -> Json:
    """All events of a run in one: the page keeps the same, see ``Trajectory.as_json``. What is said of steps is lists.

    ``answer_right`` is whether the answer that is handed in is right.
    """
    whole: Json = {}
    for kind, data in events:
        if kind == "step":
            for name, value in data.items():
                whole.setdefault(name, []).append(value)
        elif kind == "end":
            whole |= {"stop": data["stop"], "handed": data["handed"], "note": data["note"]}
            whole["answer_right"] = data["right"]
        else:
            whole |= data
    return whole


def _points(run: Run) -> Json:
    """The points of a problem that shows some."""
    if kind_of(run.task) != "formula":
        return {}
    curve = curve_of(run.problems, run.problems.start[0])
    inputs = curve.inputs[:, : curve.variables]
    return {"inputs": inputs.tolist(), "target": curve.target.tolist(), "places": curve.places.tolist()}


def _formula(run: Run, draft: NDArray[np.uint8]) -> Json:
    """What a draft that is a formula says at the points, and along the first variable where that is the only one."""
    if kind_of(run.task) != "formula":
        return {}
    curve: Curve = curve_of(run.problems, draft)
    written = "" if curve.formula is None else plain_text(curve.formula)
    values, line = (_finite(column) for column in (curve.values, curve.line))
    return {"formula": written, "values": values, "line": line, "error": _finite(np.array([curve.error]))[0]}


def _finite(values: NDArray[np.float64]) -> list[float | None]:
    return [float(f"{value:.6g}") if np.isfinite(value) else None for value in values]


def batch_events(batch: Batch) -> Iterator[Event]:
    """Problem after problem of a batch: how accurate drafts are by step, and what rules bring by price, so far."""
    count, sums = len(batch.problems), _Sums(batch)
    rules = list(sums.solved)
    yield Event(
        "start", {"problems": count, "prices": list(PRICES), "max_steps": batch.max_steps, "rules": rules, "done": 0}
    )
    for first in range(0, count, CHUNK):
        some: Problems = batch.problems[slice(first, min(first + CHUNK, count))]
        sums.add(unroll(batch.solver.checkpoint.model, batch.solver.task, some, batch.max_steps))
        yield Event("progress", sums.as_json())
    yield Event("end", {"done": count})


@final
class _Sums:
    """Counts over the problems so far: right drafts by step; by rule and price, answers that are right, and steps."""

    def __init__(self, batch: Batch) -> None:
        self._batch, self._done = batch, 0
        self._right = np.zeros(batch.max_steps)
        names = ["always", "oracle", *batch.others.policies, *batch.others.rules]
        self.solved = {name: np.zeros(len(PRICES)) for name in names}
        self._steps = {name: np.zeros(len(PRICES)) for name in names}

    def add(self, some: Unroll) -> None:
        """Count more problems."""
        solved, budget = some.solved.numpy(), self._batch.max_steps
        self._done += len(solved)
        self._right += solved.sum(0)
        always = np.full(len(solved), budget)
        stopped = {"always": [always] * len(PRICES), "oracle": [outcomes.oracle_steps(solved)] * len(PRICES)}
        for name, head in self._batch.others.policies.items():
            stopped[name] = [stopping_steps(HeadThreshold(head, price=price), some) for price in PRICES]
        for name, rule in self._batch.others.rules.items():
            stopped[name] = [stopping_steps(rule, some)] * len(PRICES)
        for name, by_price in stopped.items():
            self.solved[name] += [outcomes.solved_at(solved, steps).sum() for steps in by_price]
            self._steps[name] += [steps.sum() for steps in by_price]

    def as_json(self) -> Json:
        """Shares and means: accuracy after each step; of each rule, by price: solved, steps, return."""
        accuracy, budget, prices = self._right / self._done, self._batch.max_steps, np.array(PRICES)
        rules = {}
        for name, solved in self.solved.items():
            right, steps = solved / self._done, self._steps[name] / self._done
            gained = right - prices * steps / budget
            rules[name] = {"solved": _rounded(right), "steps": _rounded(steps), "returns": _rounded(gained)}
        by_k = accuracy[:, None] - prices * np.arange(1, budget + 1)[:, None] / budget
        best = by_k.argmax(0)
        rules["best fixed k"] = {
            "solved": _rounded(accuracy[best]),
            "steps": _rounded(best + 1.0),
            "returns": _rounded(by_k.max(0)),
        }
        return {"done": self._done, "accuracy": _rounded(accuracy), "measured": rules}


def _rounded(values: NDArray[np.float64]) -> list[float]:
    return np.round(values, 5).tolist()
