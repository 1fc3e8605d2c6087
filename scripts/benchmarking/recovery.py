"""What a way to search for a formula holds best as time goes by, and whether that is the hidden formula."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from agents.inference.formulas.config import SearchConfig
from agents.inference.formulas.front import Front
from agents.inference.formulas.neater import neater_ones
from agents.rollouts.unroll import draw
from trm_gym import make_task
from trm_gym.errors import ProblemError
from trm_gym.files import file_lines
from trm_gym.regression._search.judging import CLOSE
from trm_gym.regression._search.values import spread
from trm_gym.regression.compositions import Candidate, Compositions, values_of
from trm_gym.regression.export import plain_text
from trm_gym.regression.formula import Formula
from trm_gym.regression.points import PRESENT, TARGET, points_of
from trm_gym.regression.programs import evaluate
from trm_gym.task import Problems

POINTS = 500
LONGEST = 100_000
TOLERANCE = SearchConfig.tolerance


@dataclass(frozen=True)
class Hidden:
    """A formula of a benchmark: its name, as a problem, a batch of one, and how many variables it has."""

    name: str
    problem: Problems
    variables: int

    def table(self, noise: float, seed: int) -> NDArray[np.float64]:
        """The points shown, float64 [N, 2 to 4], with noise on the target, in its standard deviations."""
        points = points_of(self.problem.numbers)[0]
        points = points[points[:, PRESENT] > 0]
        target = points[:, TARGET]
        off = noise * target.std() * np.random.default_rng([seed, 1]).normal(size=len(points))
        return np.column_stack([points[:, : self.variables], target + off])


def problems_of(path: Path) -> list[Hidden]:
    """Every record of a file that is a problem of the task."""
    found, task = [], make_task("regression")
    for number, line in enumerate(file_lines(str(path), LONGEST), 1):
        try:
            record = json.loads(line)
            problem = task.encode(record)
            found.append(Hidden(str(record.get("name", record["expr"])), problem, _variables(problem)))
        except json.JSONDecodeError as error:
            raise ValueError(f"line {number} of {path} is no JSON ({error}): give a record a line") from None
        except ProblemError:
            continue
    return found


def _variables(problem: Problems) -> int:
    """How many inputs the points of a batch of one have: up to the last that varies."""
    shown = points_of(problem.numbers)[0]
    used = np.ptp(shown[shown[:, PRESENT] > 0, :TARGET], axis=0) > 0.0
    return int(used.nonzero()[0].max(initial=0)) + 1


def problems_of_level(level: str, count: int, split: str = "test") -> list[Hidden]:
    """``count`` problems of a level of the task, of a split. Raises ValueError for a level that it does not have."""
    task = make_task("regression")
    problems = draw(task, [task.level_index(level)], count, split, 0)
    found = []
    for at in range(len(problems)):
        problem = problems[np.array([at])]
        found.append(Hidden(f"{level}-{at}", problem, _variables(problem)))
    return found


def is_exact(formula: Formula, problem: Problems) -> bool:
    """Whether a formula equals the hidden one of a batch of one, inside the box shown and beyond it."""
    points = points_of(problem.numbers)[0]
    inputs = points[points[:, PRESENT] > 0][:, :TARGET]
    low, high = inputs.min(axis=0), inputs.max(axis=0)
    cube = spread(2 * POINTS)
    within = low + (high - low) * cube[:POINTS]
    beyond = low - (high - low) / 2 + 2 * (high - low) * cube[POINTS:]
    places = np.concatenate([within, beyond])
    truth, found = evaluate(problem.truth, places[None])[0], values_of(formula, places)
    known = np.isfinite(truth)
    with np.errstate(invalid="ignore"):
        return bool((np.abs(found - truth)[known] <= CLOSE * np.maximum(np.abs(truth[known]), 1e-9)).all())


@final
class Trace:
    """The best formulas of a run, each with the processor seconds, of all threads, at which it was found.

    All ways keep theirs by the same rule, ``Front``, and so choose the one to believe by it.
    """

    def __init__(self, table: NDArray[np.float64], seconds: float) -> None:
        """table: float64 [N, 2 to 4], the points shown. seconds: of the processor, at most."""
        self._front = Front(len(table), TOLERANCE)
        self._compositions = Compositions(table[:, :-1], table[:, -1])
        self._seconds, self._found = seconds, []
        self.verdicts = 0
        self._paused, self._began = 0.0, time.process_time()

    @property
    def spent(self) -> float:
        """Processor seconds so far, but for those in ``offer``."""
        return time.process_time() - self._began - self._paused

    @property
    def over(self) -> bool:
        """Whether the time is up, or a formula fits exactly."""
        return self._front.exact or self.spent > self._seconds

    @property
    def exact(self) -> bool:
        """Whether a formula fits exactly."""
        return self._front.exact

    def take(self, candidate: Candidate) -> None:
        """Keep a formula that was judged by the way itself."""
        self._keep(candidate, self.spent)

    def judge(self, formula: Formula) -> None:
        """Judge a formula on the way's own time, try plainer numbers in it, and keep what is better than all before."""
        self._judge(formula, self.spent)

    def offer(self, formula: Formula) -> None:
        """The same on nobody's time: another program's formula, and what is made of it for that program's sake."""
        spent = self.spent
        with self.paused():
            self._judge(formula, spent)

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """The clock stands still."""
        began = time.process_time()
        yield
        self._paused += time.process_time() - began

    def _judge(self, formula: Formula, spent: float) -> None:
        for candidate in self._compositions.judged([formula], np.inf):
            if self._keep(candidate, spent):
                for other in neater_ones(candidate, self._compositions, TOLERANCE):
                    self._keep(other, spent)

    def _keep(self, candidate: Candidate, spent: float) -> bool:
        kept = self._front.add(candidate)
        best = self._front.best
        # Candidates of one size are equal, whatever formula they are.
        if kept and best is not None and spent <= self._seconds and not (self._found and self._found[-1][1] is best):
            self._found.append((spent, best))
        return kept

    def record(self, problem: Problems) -> dict[str, Any]:
        """What a line of the file of records says of the run."""
        best = [[round(t, 4), is_exact(one.formula, problem), plain_text(one.formula)] for t, one in self._found]
        spent = round(self.spent, 3)
        return {"seconds": spent, "fits": self.exact, "verdicts": self.verdicts, "best": best}
