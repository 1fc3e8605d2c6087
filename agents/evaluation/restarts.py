"""Rules of restarts against one another: settings are chosen on validation problems, then measured on test problems.

Every problem was run from several starts, to the end of the budget from each, with every draft graded; a rule then only
picks its path through them (halting/paths.py). All rules share one judge of drafts, so that what differs is when they
stop and when they start afresh. None is given a checker but those whose name says so, which are bounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, final

import numpy as np
import torch
from numpy.typing import NDArray

from agents.halting import outcomes
from agents.halting.paths import follow_schedule, in_order
from agents.halting.restart_head import RestartPolicy
from agents.halting.restart_policy import PolicyHalts, PolicyRestarts
from agents.halting.restarts import FixedCutoff, Geometric, Luby, NoRestart, RestartSchedule, StuckOrCutoff
from agents.halting.rules import HaltingRule, StepRecord
from agents.halting.tuning import thresholds
from agents.rollouts.dataset import RolloutDataset

PRICES = (0.02, 0.05, 0.1, 0.2, 0.3, 0.6, 1.0)
"""Prices at which a policy is asked, each with its own sweep of the logit of halting."""
QUANTILES = 24
"""Thresholds tried per class of drafts."""
CAPS = (0.125, 0.1875, 0.25, 0.375, 0.5, 0.75, 1.0)
"""Steps in all after which a rule gives up, as shares of the budget."""
POLICY = "policy of three acts"
ONE_RUN = "one long run"


class Outcome(NamedTuple):
    """What settings of a rule do, [k, n]."""

    solved: NDArray[np.bool_]
    """Whether what is handed in is right."""
    steps: NDArray[np.integer]
    starts: NDArray[np.integer]
    lost: NDArray[np.bool_]
    """Whether a draft was right, and another was handed in."""

    def returns(self, price: float, budget: int) -> NDArray[np.float64]:
        """solved - price * steps / budget, [k, n]."""
        return self.solved - price * self.steps / budget

    def __getitem__(self, index: object) -> Outcome:  # type: ignore[override]
        return Outcome(*(part[index] for part in tuple(self)))


@final
@dataclass(frozen=True)
class Seems(HaltingRule):
    """The best judgement so far reaches a threshold."""

    threshold: float = 0.0

    def score(self, record: StepRecord) -> torch.Tensor:
        return record.best.float()  # type: ignore[union-attr]


@final
@dataclass(frozen=True)
class Candidate:
    """A schedule, and a halting rule whose threshold and cap on the steps are to be chosen."""

    label: str
    schedule: RestartSchedule
    halting: HaltingRule


@final
class Bank:
    """Problems run from several starts, with what a judge says of every draft."""

    def __init__(self, dataset: RolloutDataset, judge: HaltingRule) -> None:
        self.runs, self.starts, self.problems = dataset.unroll, dataset.branches, len(dataset)
        self.budget = self.runs.max_steps
        with torch.inference_mode():
            self.judged = judge.score(self.runs)

    def play(self, one: Candidate, settings: NDArray[np.float64]) -> Outcome:
        """What a candidate does with each (threshold, cap) of ``settings`` [k, 2]."""
        with torch.inference_mode():
            order = in_order(self.problems, self.starts)
            paths = follow_schedule(self.runs, order, one.schedule, self.judged)
            scores = one.halting.score(paths.record).numpy()
        solved, ever, begun = paths.solved.numpy(), paths.ever.numpy(), paths.record.starts.numpy()
        different, which = np.unique(settings[:, 0], return_inverse=True)
        steps = np.minimum(outcomes.halting_steps(scores, different)[which], settings[:, 1:].astype(int))
        right = outcomes.solved_at(solved, steps)
        return Outcome(right, steps, outcomes.solved_at(begun, steps), outcomes.solved_at(ever, steps) & ~right)

    def settings(self, one: Candidate) -> NDArray[np.float64]:
        """Thresholds and caps worth trying, [k, 2]."""
        with torch.inference_mode():
            order = in_order(self.problems, self.starts)
            paths = follow_schedule(self.runs, order, one.schedule, self.judged)
            scores = one.halting.score(paths.record).numpy()
        values = thresholds(scores, paths.solved.numpy(), QUANTILES)
        caps = np.unique(np.maximum(1, np.round(np.array(CAPS) * self.budget)))
        return np.stack(np.meshgrid(values, caps, indexing="ij"), -1).reshape(-1, 2)


def families(bank: Bank, head: RestartPolicy) -> dict[str, list[Candidate]]:
    """Every rule by name with what it may be set to; ``bank``: validation problems."""
    seems, budget = Seems(), bank.budget
    cutoffs = np.unique(np.round(np.geomspace(budget / 16, budget * 0.75, 14))).tolist()
    units = np.unique(np.round(np.geomspace(budget / 32, budget / 4, 8))).tolist()
    values = SeemsEver(head).score(bank.runs)
    chances = values.flatten()[:: max(1, values.numel() // 100_000)].quantile(torch.linspace(0.02, 0.4, 7)).tolist()
    return {
        ONE_RUN: [Candidate("", NoRestart(), seems)],
        "fixed cutoff": [Candidate(f"every {c:g}", FixedCutoff(c), seems) for c in cutoffs],
        "geometric": [Candidate(f"{f:g}, x{r:g}", Geometric(f, r), seems) for f in units for r in (1.25, 1.5, 2.0)],
        "Luby": [Candidate(f"unit {u:g}", Luby(u), seems) for u in units],
        "threshold and cutoff": [
            Candidate(f"hope below {c:.2f}, every {k:g}", StuckOrCutoff(SeemsEver(head, -c), k), seems)
            for c in chances
            for k in [*cutoffs[4::2], budget]
        ],
        POLICY: [Candidate(f"asked at {p:g}", PolicyRestarts(head, p), PolicyHalts(head, p)) for p in PRICES],
    }


@final
@dataclass(frozen=True)
class SeemsEver(HaltingRule):
    """Minus a policy's ``correct_ever``: the present run will not come to a right draft."""

    head: RestartPolicy
    threshold: float = 0.0

    def score(self, record: StepRecord) -> torch.Tensor:
        with torch.no_grad():
            return -self.head.value_logits(record.features)[..., 2].float()


def sure(bank: Bank, branches: int, values: NDArray[np.float64], caps: NDArray[np.float64]) -> Outcome:
    """So many branches of every problem, each halted at a threshold on its judgement or a cap: the surest is handed in.

    [k, n] for every pair of ``values`` and ``caps``. A branch costs its steps.
    """
    grouped = (bank.problems, bank.starts, bank.budget)
    judged = np.maximum.accumulate(bank.judged.numpy().reshape(grouped)[:, :branches], -1)
    solved = bank.runs.solved.numpy().reshape(grouped)[:, :branches]
    found = []
    for cap in caps.astype(int):
        for value in values:
            steps = np.minimum(outcomes.first_true(judged >= value, bank.budget), cap)
            at = np.take_along_axis(judged, steps[..., None] - 1, -1)[..., 0]
            right = np.take_along_axis(solved, steps[..., None] - 1, -1)[..., 0]
            best = at.argmax(-1)[:, None]
            right_one = np.take_along_axis(right, best, 1)[:, 0]
            found.append((right_one, steps.sum(1), np.full(len(steps), branches), right.any(1) & ~right_one))
    return Outcome(*(np.stack(part) for part in zip(*found, strict=True)))


class Chosen(NamedTuple):
    """A setting that validation problems chose: of which candidate, and its threshold and cap."""

    candidate: Candidate
    setting: NDArray[np.float64]

    def play(self, bank: Bank) -> Outcome:
        """What it does, [n]."""
        return bank.play(self.candidate, self.setting[None])[0]


def choose(
    bank: Bank, candidates: Sequence[Candidate], prices: Sequence[float], steps: Sequence[float]
) -> tuple[list[Chosen], list[Chosen]]:
    """The settings of highest return at each price, and of highest accuracy within each mean number of steps."""
    tried = []
    for one in candidates:
        settings = bank.settings(one)
        found = bank.play(one, settings)
        tried += [
            (one, setting, right, mean)
            for setting, right, mean in zip(settings, found.solved.mean(1), found.steps.mean(1), strict=True)
        ]
    right = np.array([row[2] for row in tried])
    mean = np.array([row[3] for row in tried])
    best = [int((right - price * mean / bank.budget).argmax()) for price in prices]
    within = [int(np.lexsort((mean, -np.where(mean <= most + 1e-9, right, -1.0)))[0]) for most in steps]
    return [Chosen(*tried[place][:2]) for place in best], [Chosen(*tried[place][:2]) for place in within]


def first_right(bank: Bank) -> NDArray[np.integer]:
    """The first right step from every start, int [n, g]; one more than the budget where there is none."""
    grouped = bank.runs.solved.numpy().reshape(bank.problems, bank.starts, bank.budget)
    return outcomes.first_true(grouped, bank.budget + 1)


def with_checker(bank: Bank, cutoff: int) -> Outcome:
    """A new start every ``cutoff`` steps, halted by a checker at the first right draft, [n]: no rule, but a bound."""
    solved = bank.runs.solved.float()
    paths = follow_schedule(bank.runs, in_order(bank.problems, bank.starts), FixedCutoff(cutoff), solved)
    steps = outcomes.first_true(paths.solved.numpy(), bank.budget)
    right = outcomes.solved_at(paths.solved.numpy(), steps)
    return Outcome(right, steps, outcomes.solved_at(paths.record.starts.numpy(), steps), right & False)


def clairvoyant(bank: Bank) -> Outcome:
    """Who knows every start's future: the shortest way to a right draft, or one step where there is none, [n]."""
    first = first_right(bank)
    # A start costs at least a step before it can be given up for the next.
    ways = first + np.arange(bank.starts)
    best, right = ways.min(1), ways.min(1) <= bank.budget
    return Outcome(right, np.where(right, best, 1), ways.argmin(1) + 1, right & False)
