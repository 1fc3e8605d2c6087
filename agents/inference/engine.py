"""Continuous batching: a stream of problems through a fixed number of slots, so that steps saved are seconds saved.

A slot whose problem has halted takes the next one at once, instead of waiting for the slowest of its batch.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import final

import numpy as np
import torch
from numpy.typing import NDArray

from agents.halting.restarts import HALT, RESTART, Actor, actor_of
from agents.halting.rules import HaltingRule
from agents.inference.slots import IDLE, MOST_STEPS, Slots, drawn_start
from agents.rollouts.forms import Forms
from agents.rollouts.step import Network, Step
from agents.rollouts.unroll import BATCH
from agents.trm import Carry
from trm_gym.checks import SEED_LIMIT, real_number, whole_number
from trm_gym.short_repr import short_repr
from trm_gym.task import Problems, Task, UserProblem

Item = Problems | UserProblem | Exception
"""What a stream may hold: a batch of problems, one that a person wrote, or why there is none."""


@short_repr
@dataclasses.dataclass(frozen=True, slots=True)
class Result:
    """What became of one problem.

    index: its number in the stream, from 0. problems: it, as a batch of one. answer: uint8 [L], the draft that is
    handed in. steps: how many it took. confidence: probability of the least confident free cell's first choice.
    halt_logit: that the answer is right, by the head trained with the network. solved: the verdict. halted: whether the
    rule stopped it; if not, the budget or a rival (see Engine) did. starts: how many starts it took. error: what is
    wrong with the problem; then nothing else is set.
    """

    index: int
    problems: Problems | None = None
    answer: NDArray[np.uint8] | None = None
    steps: int = 0
    confidence: float = 0.0
    halt_logit: float = -float("inf")
    solved: bool = False
    halted: bool = False
    starts: int = 1
    error: str | None = None


@final
class Engine:
    """Runs streams of problems; one engine may run many, one after another or interleaved.

    network: in evaluation mode. rule: when a problem stops, or is begun again in its slot; ``max_steps``, the budget of
    all its starts, ends it in any case.
    slots: problems side by side; more than BATCH fill the caches.
    noise: added to the first carries of first starts, see ``noisy_start`` (that of later ones is the rule's); that of
    problem i is a function of ``seed`` and i alone.
    branches: so many problems of the stream, one after another, are branches of one; the first starts without noise.
    race: as soon as one branch halts by the rule, its rivals stop where they are.
    first: what the first problem of a stream is counted as for its noise, where a stream goes on that was interrupted.
    Raises ValueError for numbers out of range.
    """

    def __init__(
        self,
        network: Network,
        task: Task,
        rule: HaltingRule | Actor,
        slots: int = BATCH,
        max_steps: int = 16,
        noise: float = 0.0,
        branches: int = 1,
        race: bool = False,
        seed: int = 0,
        first: int = 0,
    ) -> None:
        whole_number("first", first, 0)
        for name, number in (("slots", slots), ("branches", branches)):
            whole_number(name, number)
        whole_number("max_steps", max_steps, most=MOST_STEPS)
        self.noise = real_number("noise", noise, 0)
        whole_number("seed", seed, 0, SEED_LIMIT - 1)
        if race and slots % branches:
            raise ValueError(f"branches race side by side: slots ({slots}) must be a multiple of branches ({branches})")
        self.network, self.task, self.actor = network, task, actor_of(rule)
        if self.actor.forms:
            Forms(task, self.actor.starts)  # raises before anything is run
        self.slots, self.max_steps = slots, max_steps
        self.branches, self.race, self.seed, self.first = branches, race, seed, first
        # While the oldest problem thinks for its whole budget, every other slot can finish one problem a step. Beyond
        # that many, only problems that need no slot (bad ones) could pile up: they wait in the stream.
        self.window = slots * max_steps

    def run(self, stream: Iterable[Item]) -> Iterator[Result]:
        """One result for each problem, in the stream's order; the stream is read only as far as slots are free.

        At most slots * max_steps results wait for an earlier one, so memory stays flat however long the stream is.
        What is no problem of the task becomes a result with an error. An exception of the stream's own goes through.
        """
        source, waiting = _Source(self.task, stream), dict[int, Result]()
        slots, following = Slots(self.network, self.task, self.actor, self.slots, self.max_steps), 0
        while True:
            self._admit(slots, source, waiting, following + self.window)
            while following in waiting:
                yield waiting.pop(following)
                following += 1
            if not slots.busy.any():
                if source.ended:
                    return
                continue
            if source.ended:
                slots.compact()
            for result in self._advance(slots):
                waiting[result.index] = result

    def _admit(self, slots: Slots, source: _Source, waiting: dict[int, Result], limit: int) -> None:
        """New problems for idle slots, none of a number beyond ``limit``."""
        idle = np.flatnonzero(~slots.busy)
        fresh: list[tuple[int, Problems]] = []
        while len(fresh) < len(idle) and source.taken < limit:
            index, item = source.take()
            if item is None:
                break
            if isinstance(item, str):
                waiting[index] = Result(index, error=item)
            else:
                fresh.append((index, item))
        if fresh:
            numbers, problems = zip(*fresh, strict=True)
            slots.fill(idle[: len(fresh)], np.array(numbers), Problems.concatenate(problems), self._start(numbers))

    @torch.inference_mode()
    def _start(self, numbers: tuple[int, ...]) -> Carry:
        """First carries of the problems of these numbers."""
        if self.noise == 0:
            return self.network.initial_carry(len(numbers))
        starts = []
        for number in numbers:
            noise = self.noise if self.branches == 1 or number % self.branches else 0.0
            starts.append(drawn_start(self.network, noise, self.seed, self.first + number))
        return Carry(*(torch.cat(parts) for parts in zip(*starts, strict=True)))

    @torch.inference_mode()
    def _advance(self, slots: Slots) -> list[Result]:
        """One step of every slot; what halted, whose slots are then idle."""
        step, _, acts = slots.advance()
        halted = (acts == HALT) & slots.busy
        ended = halted | ((slots.steps >= self.max_steps) & slots.busy)
        if self.race:
            group = slots.numbers // self.branches
            ended |= np.isin(group, group[halted]) & slots.busy
        results = self._results(slots, step, np.flatnonzero(ended), halted)
        slots.restart(np.flatnonzero((acts == RESTART) & slots.busy), self.seed, self.first)
        return results

    def _results(self, slots: Slots, step: Step, ended: NDArray[np.intp], halted: NDArray[np.bool_]) -> list[Result]:
        """Results of the slots ``ended``; those become idle."""
        if not len(ended):
            return []
        problems, handed = slots.problems[ended], slots.handed(ended, step)
        columns = zip(
            slots.numbers[ended].tolist(),
            handed.drafts,
            slots.steps[ended].tolist(),
            handed.confidence.tolist(),
            handed.halt_logit.tolist(),
            handed.solved.tolist(),
            halted[ended].tolist(),
            slots.starts[ended].tolist(),
            strict=True,
        )
        slots.numbers[ended] = IDLE
        return [Result(index, problems[slice(i, i + 1)], *column) for i, (index, *column) in enumerate(columns)]


@final
class _Source:
    """A stream as single problems, each with its number; what is wrong with one, as text."""

    def __init__(self, task: Task, stream: Iterable[Item]) -> None:
        self._task, self._stream = task, iter(stream)
        self._batch: Problems | None = None
        self._at = 0
        self.taken = 0
        self.ended = False

    def take(self) -> tuple[int, Problems | str | None]:
        """The next problem's number, and the problem as a batch of one; None where there is none."""
        while self._batch is None or self._at == len(self._batch):
            self._batch, self._at = None, 0
            try:
                item = next(self._stream)
            except StopIteration:
                self.ended = True
                return self.taken, None
            if not isinstance(item, Problems):
                return self._number(self._encoded(item))
            self._batch = item
        one = self._batch[slice(self._at, self._at + 1)]
        self._at += 1
        return self._number(self._task.fault(one) or one)

    def _number(self, item: Problems | str) -> tuple[int, Problems | str]:
        self.taken += 1
        return self.taken - 1, item

    def _encoded(self, item: UserProblem | Exception) -> Problems | str:
        if isinstance(item, Exception):
            return str(item) or type(item).__name__
        try:
            return self._task.encode(item)
        except Exception as error:  # whatever a stranger's problem breaks, the rest of the stream goes on
            return str(error) or type(error).__name__
