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
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from agents.halting import outcomes
from agents.halting.heads import Halter
from agents.halting.paths import Paths, follow_schedule, in_order
from agents.halting.restart_head import VALUES, RestartPolicy
from agents.halting.restart_policy import PolicyHalts, PolicyRestarts
from agents.halting.restarts import FixedCutoff, Geometric, Luby, NoRestart, RestartSchedule, StuckOrCutoff
from agents.halting.rules import HaltingRule, HeadThreshold, StepRecord
from agents.halting.tuning import thresholds
from agents.rollouts.dataset import RolloutDataset
from agents.rollouts.starts import StartsRecord
from trm_gym.short_repr import short_repr

PRICES = (0.02, 0.05, 0.1, 0.2, 0.3, 0.6, 1.0)
"""Prices at which a policy is asked, each with its own sweep of the logit of halting."""
QUANTILES = 24
"""Thresholds tried per class of drafts."""
CAPS = (0.125, 0.1875, 0.25, 0.375, 0.5, 0.75, 1.0)
"""Steps in all after which a rule gives up, as shares of the budget."""
POLICY, TWO_ACTS = "policy of three acts", "policy of two acts"
ONE_RUN, FIXED_CUTOFF = "one long run", "fixed cutoff"
EVER = VALUES.index("correct_ever")


@short_repr
class Outcome(NamedTuple):
    """What settings of a rule do, [..., n]."""

    solved: NDArray[np.bool_]
    """Whether what is handed in is right."""
    steps: NDArray[np.integer]
    starts: NDArray[np.integer]
    lost: NDArray[np.bool_]
    """Whether a draft was right, and another was handed in."""

    def returns(self, price: float, budget: int) -> NDArray[np.float64]:
        """solved - price * steps / budget."""
        return self.solved - price * self.steps / budget

    @staticmethod
    def stack(parts: Sequence[Outcome]) -> Outcome:
        """Several as one, along a new first axis."""
        return Outcome(*(np.stack(part) for part in zip(*parts, strict=True)))


@final
@dataclass(frozen=True)
class BestSeems(HaltingRule):
    """The best judgement so far reaches a threshold."""

    threshold: float = 0.0

    def score(self, record: StepRecord) -> Float[Tensor, "*batch"]:
        assert isinstance(record, StartsRecord)
        return record.best


@final
@dataclass(frozen=True)
class SeemsHopeless(HaltingRule):
    """Minus a policy's logit that the present run will come to a right draft."""

    head: RestartPolicy
    threshold: float = 0.0

    def score(self, record: StepRecord) -> Float[Tensor, "*batch"]:
        return -self.head.value_logits(record.features)[..., EVER].float()


@final
@dataclass(frozen=True)
class Candidate:
    """A schedule, and a halting rule whose threshold and cap on the steps are to be chosen."""

    label: str
    schedule: RestartSchedule
    halting: HaltingRule


@final
class StartsBank:
    """Problems run from several starts, with what a judge says of every draft."""

    def __init__(self, dataset: RolloutDataset, judge: HaltingRule) -> None:
        self.runs, self.starts, self.problems = dataset.unroll, dataset.branches, len(dataset)
        self.budget = self.runs.max_steps
        with torch.inference_mode():
            self.judged = judge.score(self.runs).float()

    @torch.inference_mode()
    def paths(self, one: Candidate) -> tuple[Paths, NDArray[np.float32]]:
        """Every problem's path under a candidate's schedule, and the halting scores along it, [n, s]."""
        paths = follow_schedule(self.runs, in_order(self.problems, self.starts), one.schedule, self.judged)
        return paths, one.halting.score(paths.record).numpy()

    def play(self, one: Candidate, settings: NDArray[np.float64]) -> Outcome:
        """What a candidate does with each (threshold, cap) of ``settings`` [k, 2]; arrays [k, n]."""
        return played(*self.paths(one), settings)

    def tried(self, one: Candidate) -> tuple[NDArray[np.float64], Outcome]:
        """Thresholds and caps worth trying, [k, 2], and what each does."""
        paths, scores = self.paths(one)
        values = thresholds(scores, paths.solved.numpy(), QUANTILES)
        caps = np.unique(np.maximum(1, np.round(np.array(CAPS) * self.budget)))
        settings = np.stack(np.meshgrid(values, caps, indexing="ij"), -1).reshape(-1, 2)
        return settings, played(paths, scores, settings)


def played(paths: Paths, scores: NDArray[np.float32], settings: NDArray[np.float64]) -> Outcome:
    """What halting at each (threshold, cap) of ``settings`` [k, 2] makes of paths; arrays [k, n]."""
    solved, ever, starts = paths.solved.numpy(), paths.ever.numpy(), paths.record.starts.numpy()
    different, which = np.unique(settings[:, 0], return_inverse=True)
    steps = np.minimum(outcomes.halting_steps(scores, different)[which], settings[:, 1:].astype(int))
    right = outcomes.solved_at(solved, steps)
    begun = starts[np.arange(len(starts)), steps - 1]
    return Outcome(right, steps, begun, outcomes.solved_at(ever, steps) & ~right)


def families(bank: StartsBank, head: RestartPolicy, two: Halter | None = None) -> dict[str, list[Candidate]]:
    """Every rule by name, with the schedules that it may be set to.

    bank: of validation problems. two: a policy of two acts to hold them against.
    """
    seems, budget = BestSeems(), bank.budget
    with torch.inference_mode():
        hopeless = SeemsHopeless(head).score(bank.runs).flatten()
    some = hopeless[:: max(1, len(hopeless) // 100_000)]
    levels = some.quantile(torch.linspace(0.6, 0.98, 7, dtype=torch.float32)).tolist()
    found = families_by_clock(budget, seems) | {
        "threshold and cutoff": [
            Candidate(f"logit {-level:.1f}, every {c:g}", StuckOrCutoff(SeemsHopeless(head, level), c), seems)
            for level in levels
            for c in [*_cutoffs(budget)[4::2], float(budget)]
        ],
        POLICY: [Candidate(f"asked at {p:g}", PolicyRestarts(head, p), PolicyHalts(head, p)) for p in PRICES],
    }
    if two is not None:
        found[TWO_ACTS] = [Candidate(f"asked at {p:g}", NoRestart(), HeadThreshold(two, price=p)) for p in PRICES]
    return found


def families_by_clock(budget: int, halting: HaltingRule) -> dict[str, list[Candidate]]:
    """The rules that start afresh by the clock alone, by name, with the schedules that each may be set to."""
    units = _lengths(budget / 32, budget / 4, 8)
    return {
        ONE_RUN: [Candidate("", NoRestart(), halting)],
        FIXED_CUTOFF: [Candidate(f"every {c:g}", FixedCutoff(c), halting) for c in _cutoffs(budget)],
        "geometric": [Candidate(f"{f:g}, x{r:g}", Geometric(f, r), halting) for f in units for r in (1.25, 1.5, 2.0)],
        "Luby": [Candidate(f"unit {u:g}", Luby(u), halting) for u in units],
    }


def _cutoffs(budget: int) -> list[float]:
    return _lengths(budget / 16, budget * 0.75, 14)


def _lengths(least: float, most: float, count: int) -> list[float]:
    """Numbers of steps between two, each a little larger than the one before."""
    return np.unique(np.maximum(1, np.round(np.geomspace(least, most, count)))).tolist()


@final
@short_repr
class Chosen(NamedTuple):
    """A setting that validation problems chose: of which candidate, and its threshold and cap."""

    candidate: Candidate
    setting: NDArray[np.float64]

    def play(self, bank: StartsBank) -> Outcome:
        """What it does, [n]."""
        return Outcome(*(part[0] for part in bank.play(self.candidate, self.setting[None])))


def choose(
    bank: StartsBank, candidates: Sequence[Candidate], prices: Sequence[float], steps: Sequence[float] = ()
) -> tuple[list[Chosen], list[Chosen]]:
    """The settings of highest return at each price, and those of most right answers within each mean of steps."""
    settings, right, mean, which = [], [], [], []
    for place, one in enumerate(candidates):
        tried, found = bank.tried(one)
        settings += list(tried)
        right += found.solved.mean(1).tolist()
        mean += found.steps.mean(1).tolist()
        which += [place] * len(tried)
    accuracy, cost = np.array(right), np.array(mean)
    best = [int((accuracy - price * cost / bank.budget).argmax()) for price in prices]
    # Where nothing is as quick as that, the quickest.
    inside = [np.where(cost <= max(most, cost.min()) + 1e-9, accuracy, -1.0) for most in steps]
    within = [int(np.lexsort((cost, -row))[0]) for row in inside]
    chosen = [Chosen(candidates[which[place]], settings[place]) for place in (*best, *within)]
    return chosen[: len(best)], chosen[len(best) :]


def surest(bank: StartsBank, branches: int, threshold: float, cap: int) -> Outcome:
    """So many starts of every problem, each halted at a threshold on its judgement or a cap: the surest is handed in.

    [n]. Every start costs its steps.
    """
    shape = (bank.problems, bank.starts, bank.budget)
    judged = np.maximum.accumulate(bank.judged.numpy().reshape(shape)[:, :branches], -1)
    steps = np.minimum(outcomes.first_true(judged >= threshold, bank.budget), cap)[..., None] - 1
    right = np.take_along_axis(bank.runs.solved.numpy().reshape(shape)[:, :branches], steps, -1)[..., 0]
    best = np.take_along_axis(judged, steps, -1)[..., 0].argmax(-1)[:, None]
    handed = np.take_along_axis(right, best, 1)[:, 0]
    return Outcome(handed, (steps[..., 0] + 1).sum(1), np.full(len(handed), branches), right.any(1) & ~handed)


def choose_surest(
    bank: StartsBank, prices: Sequence[float], steps: Sequence[float] = ()
) -> tuple[list[tuple[int, float, int]], list[tuple[int, float, int]]]:
    """As ``choose``: numbers of branches, thresholds and caps of ``surest``."""
    values = thresholds(bank.judged.numpy(), bank.runs.solved.numpy(), QUANTILES // 2)
    caps = np.unique(np.maximum(1, np.round(np.array(CAPS) * bank.budget))).astype(int).tolist()
    tried = [(b, v, c) for b in range(2, bank.starts + 1) for v in values.tolist() for c in caps]
    found = [surest(bank, *one) for one in tried]
    accuracy, cost = (np.array([part.mean() for part in parts]) for parts in list(zip(*found, strict=True))[:2])
    best = [int((accuracy - price * cost / bank.budget).argmax()) for price in prices]
    inside = [np.where(cost <= max(most, cost.min()) + 1e-9, accuracy, -1.0) for most in steps]
    return [tried[i] for i in best], [tried[int(np.lexsort((cost, -row))[0])] for row in inside]


def with_checker(bank: StartsBank, cutoff: float) -> Outcome:
    """A new start every ``cutoff`` steps, halted by a checker at the first right draft, [n]: no rule, but a bound."""
    solved = bank.runs.solved
    paths = follow_schedule(bank.runs, in_order(bank.problems, bank.starts), FixedCutoff(cutoff), solved.float())
    return Outcome(*(part[0] for part in played(paths, paths.solved.float().numpy(), np.array([[1.0, bank.budget]]))))


def clairvoyant(bank: StartsBank) -> Outcome:
    """Who knows every start's future: the quickest way to a right draft, one step where there is none, [n].

    A start takes at least a step before the next one.
    """
    shape = (bank.problems, bank.starts, bank.budget)
    first = outcomes.first_true(bank.runs.solved.numpy().reshape(shape), 2 * bank.budget)
    ways = first + np.arange(bank.starts)
    right = ways.min(1) <= bank.budget
    return Outcome(right, np.where(right, ways.min(1), 1), np.where(right, ways.argmin(1) + 1, 1), right & False)
