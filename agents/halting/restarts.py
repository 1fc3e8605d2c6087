"""Halt, go on, or start afresh: schedules of restarts, and a halting rule with one of them.

A restart costs nothing but the steps that follow. What is handed in is the draft judged best of all so far, so that a
right draft is not lost by starting afresh.

Schedules that know no network are those of Luby, Sinclair and Zuckerman 1993 (Optimal speedup of Las Vegas algorithms).
"""

from __future__ import annotations

import abc
import math
from dataclasses import dataclass, field
from typing import final

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from agents.halting.rules import HaltingRule, ScoreThreshold, StepRecord
from agents.rollouts.starts import StartsRecord
from trm_gym.checks import real_number, whole_number

CONTINUE, HALT, RESTART = 0, 1, 2
"""The three acts after a step."""
STARTS = 8
"""Starts of a problem, where nobody says otherwise; the last one goes on to the end of the budget."""
NOISE = 0.5
"""The noise on the first carry of a new start, where nobody says otherwise."""


class RestartSchedule(abc.ABC):
    """When to give up a run and start afresh."""

    @abc.abstractmethod
    def restarts(self, record: StartsRecord) -> Bool[Tensor, "*batch"]:
        """Where the present run is given up; it knows nothing of later steps."""


@final
@dataclass(frozen=True)
class NoRestart(RestartSchedule):
    """One long run."""

    def restarts(self, record: StartsRecord) -> Bool[Tensor, "*batch"]:
        return torch.zeros_like(record.starts, dtype=torch.bool)


@final
@dataclass(frozen=True)
class FixedCutoff(RestartSchedule):
    """A new start every ``cutoff`` steps."""

    cutoff: float

    def __post_init__(self) -> None:
        real_number("the cutoff of restarts", self.cutoff, 1)

    def restarts(self, record: StartsRecord) -> Bool[Tensor, "*batch"]:
        return record.run.steps >= self.cutoff


@final
@dataclass(frozen=True)
class Geometric(RestartSchedule):
    """``first`` steps, then ``ratio`` times as many from each start as from the one before."""

    first: float
    ratio: float

    def __post_init__(self) -> None:
        real_number("the first cutoff of restarts", self.first, 1)
        real_number("the ratio of cutoffs", self.ratio, 1, 1000)

    def restarts(self, record: StartsRecord) -> Bool[Tensor, "*batch"]:
        return record.run.steps >= self.first * self.ratio ** (record.starts.double() - 1)


@final
@dataclass(frozen=True)
class Luby(RestartSchedule):
    """``unit`` times 1, 1, 2, 1, 1, 2, 4, 1, 1, 2, ...: within a logarithm of the best schedule for any problem."""

    unit: float

    def __post_init__(self) -> None:
        real_number("the unit of Luby's cutoffs", self.unit, 1)

    def restarts(self, record: StartsRecord) -> Bool[Tensor, "*batch"]:
        return record.run.steps >= self.unit * luby(record.starts)


def luby(starts: Int[Tensor, "*batch"]) -> Int[Tensor, "*batch"]:
    """The i-th number of Luby's sequence, i from 1: 2^(k-1) where i = 2^k - 1, else that of i - 2^(k-1) + 1."""
    numbers = [0, 1]
    for i in range(2, int(starts.max()) + 1):
        k = i.bit_length()
        numbers.append(2 ** (k - 1) if i == 2**k - 1 else numbers[i - 2 ** (k - 1) + 1])
    return torch.tensor(numbers, device=starts.device)[starts]


@final
@dataclass(frozen=True)
class StuckOrCutoff(RestartSchedule):
    """A new start as soon as ``stuck`` would stop the run, which is a rule that says it has no hope; or at a cutoff."""

    stuck: HaltingRule
    cutoff: float = math.inf

    def __post_init__(self) -> None:
        if self.cutoff != math.inf:
            real_number("the cutoff of restarts", self.cutoff, 1)

    def restarts(self, record: StartsRecord) -> Bool[Tensor, "*batch"]:
        return self.stuck.stops(record) | (record.run.steps >= self.cutoff)


class Actor(abc.ABC):
    """What decides after each step, and which of the drafts so far is handed in.

    starts: of one problem at the most; the last one goes on. noise: on the first carries of all but the first. forms:
    whether each start is another form of the problem.
    """

    starts: int
    noise: float
    forms: bool

    @abc.abstractmethod
    def judgement(self, step: StepRecord) -> Float[Tensor, "*batch"]:
        """How right the present draft seems: that of the highest is handed in, of equal ones the latest."""

    @abc.abstractmethod
    def acts(self, record: StartsRecord) -> Int[Tensor, "*batch"]:
        """CONTINUE, HALT or RESTART."""


@final
@dataclass(frozen=True)
class TwoActs(Actor):
    """A halting rule as it is: nothing is begun again, and the draft on which it halts is handed in."""

    halting: HaltingRule
    starts: int = field(default=1, init=False)
    noise: float = field(default=0.0, init=False)
    forms: bool = field(default=False, init=False)

    def judgement(self, step: StepRecord) -> Float[Tensor, "*batch"]:
        return step.steps.float()

    def acts(self, record: StartsRecord) -> Int[Tensor, "*batch"]:
        return HALT * self.halting.stops(record.run).long()


@final
@dataclass(frozen=True)
class RestartRule(Actor):
    """HALT where ``halting`` stops, else RESTART where ``schedule`` says so.

    judge: a rule whose score is how right a draft seems.
    """

    halting: HaltingRule
    schedule: RestartSchedule
    judge: HaltingRule
    starts: int = STARTS
    noise: float = NOISE
    forms: bool = False

    def __post_init__(self) -> None:
        whole_number("starts", self.starts)
        real_number("noise", self.noise, 0)
        if self.starts > 1 and self.forms == (self.noise > 0):
            raise ValueError(
                "new starts have noise, or are other forms of the problem: give noise above 0, or forms=True with "
                f"noise 0, not noise {self.noise:g} and forms={self.forms}"
            )

    def judgement(self, step: StepRecord) -> Float[Tensor, "*batch"]:
        return self.judge.score(step)

    def acts(self, record: StartsRecord) -> Int[Tensor, "*batch"]:
        halts = self.halting.stops(record)
        again = self.schedule.restarts(record) & (record.starts < self.starts) & ~halts
        return HALT * halts.long() + RESTART * again.long()


def actor_of(rule: HaltingRule | Actor) -> Actor:
    """A rule of two acts or of three as what decides."""
    return TwoActs(rule) if isinstance(rule, HaltingRule) else rule


@final
@dataclass(frozen=True)
class AlsoHalts(Actor):
    """What ``actor`` does, but for a HALT wherever ``halting`` stops too."""

    actor: Actor
    halting: HaltingRule
    starts: int
    noise: float
    forms: bool

    def judgement(self, step: StepRecord) -> Float[Tensor, "*batch"]:
        return self.actor.judgement(step)

    def acts(self, record: StartsRecord) -> Int[Tensor, "*batch"]:
        stops = self.halting.stops(record)
        return torch.where(stops, HALT, self.actor.acts(record))


def also_still(rule: HaltingRule | Actor, velocity: float) -> Actor:
    """The rule, which halts also where the reasoning latent has moved no more than that share of its length."""
    actor = actor_of(rule)
    return AlsoHalts(actor, ScoreThreshold("velocity", -velocity), actor.starts, actor.noise, actor.forms)
