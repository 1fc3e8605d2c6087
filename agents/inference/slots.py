"""Problems side by side, each from one start or several: what is held of them, and a step of all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, final

import numpy as np
import torch
from jaxtyping import Int
from numpy.typing import NDArray
from torch import Tensor

from agents.halting.restarts import Actor
from agents.rollouts.features import History
from agents.rollouts.forms import Forms
from agents.rollouts.starts import StartsRecord
from agents.rollouts.step import Network, Step, take_step
from agents.rollouts.unroll import noisy_start
from agents.trm import Carry
from trm_gym.forms import Number
from trm_gym.short_repr import short_repr
from trm_gym.streams import mix, seeds
from trm_gym.task import Problems, Task

MOST_STEPS = 100_000
"""Steps of a budget at most: what is shown and kept of a run grows with them."""
IDLE = -1
"""The number of the problem in a slot that holds none."""


def drawn_start(network: Network, noise: float, seed: int, number: int, start: int = 1) -> Carry:
    """The first carry of a problem's ``start``-th start, counted from 1: a function of seed, number and start alone."""
    key = mix(seed, np.array([number])) if start == 1 else mix(seed, np.array([number]), start)
    return noisy_start(network, 1, noise, torch.Generator().manual_seed(seeds(key)[0]))


@short_repr
@dataclass(frozen=True)
class Handed:
    """The drafts that are handed in, uint8 [b, L], and what was seen of them: see ``Result``."""

    drafts: NDArray[np.uint8]
    confidence: NDArray[np.float32]
    halt_logit: NDArray[np.float32]
    solved: NDArray[np.bool_]


@short_repr
class Advanced(NamedTuple):
    """A step of every slot, what was known of their starts after it, and the acts that follow it, int [b]."""

    step: Step
    record: StartsRecord
    acts: NDArray[np.int64]


@final
class Slots:
    """The problems side by side and how far each has come. Idle slots hold a blank problem, or an old one.

    actor: what decides after each step, and says which draft is handed in.
    """

    def __init__(self, network: Network, task: Task, actor: Actor, count: int, max_steps: int) -> None:
        self._network, self._task, self._actor, self._max_steps = network, task, actor, max_steps
        self.numbers = np.full(count, IDLE)
        self._forms = Forms(task, actor.starts) if actor.forms else None
        # As they were given, and as the network is shown them now: the same where there are no forms.
        self.problems = Problems.blank(count, task)
        self._shown = self.problems if self._forms is None else Problems.blank(count, task)
        self.steps, self.starts = np.zeros(count, np.int64), np.ones(count, np.int64)
        with torch.inference_mode():
            self._carry = network.initial_carry(count)
            device = self._carry.answer.device
            self._draft = torch.zeros(count, task.length, dtype=torch.long, device=device)
            self._history = History.empty(count, device)
            # Of the best draft so far: its judgement, from which start it is, itself, its confidence and halt logit.
            self._from = self.starts.copy()
            self._best = torch.full((count,), -torch.inf, dtype=torch.float32, device=device)
            # Whether the best draft is the present one.
            self.current = np.zeros(count, np.bool_)
            self._kept, self._seen = self._draft, torch.zeros(count, 2, dtype=torch.float32, device=device)

    @property
    def busy(self) -> NDArray[np.bool_]:
        """Which slots hold a problem that is being refined."""
        return self.numbers != IDLE

    @torch.inference_mode()
    def fill(self, places: NDArray[np.intp], numbers: NDArray[np.int64], problems: Problems, start: Carry) -> None:
        """Put problems into idle slots, at their beginning."""
        self.numbers[places] = numbers
        self.problems.put(places, problems)
        if self._forms is not None:
            self._shown.put(places, problems)
        self.steps[places], self.starts[places] = 0, 1
        self._best = self._best.index_fill(0, self._rows(places), -torch.inf)
        self._begin(places, start)

    @torch.inference_mode()
    def advance(self) -> Advanced:
        """One step of every slot, idle ones too; and the act that follows it."""
        step = take_step(
            self._network, self._task, self._shown, self._carry, self._draft, self._history, self._max_steps
        )
        self._carry, self._draft, self._history = step.carry, step.draft, step.history
        self.steps += 1
        self._judge(step)
        steps, starts = (torch.from_numpy(part.copy()).to(step.draft.device) for part in (self.steps, self.starts))
        record = StartsRecord(step, steps, starts, self._best, self._max_steps)
        return Advanced(step, record, self._actor.acts(record).cpu().numpy())

    @torch.inference_mode()
    def restart(self, places: NDArray[np.intp], seed: int, first: int = 0) -> None:
        """Begin the problems at ``places`` again, each from a start of its own. first: see ``Engine``."""
        if not len(places):
            return
        self.starts[places] += 1
        if self._forms is not None:
            self._shown.put(places, self._forms.laid_out(self.problems[places], self.starts[places]))
        which = [(first + int(self.numbers[place]), int(self.starts[place])) for place in places]
        starts = [drawn_start(self._network, self._actor.noise, seed, number, start) for number, start in which]
        self._begin(places, Carry(*(torch.cat(parts) for parts in zip(*starts, strict=True))))

    def handed(self, places: NDArray[np.intp], step: Step) -> Handed:
        """What is handed in at ``places`` where they end after ``step``, the last one. A draft is graded once."""
        rows = self._rows(places)
        drafts, current = self._kept[rows].cpu().numpy().astype(np.uint8), self.current[places]
        drafts = self.brought_back(drafts, self._from[places])
        solved = np.zeros(len(places), np.bool_)
        if current.any():
            solved[current] = step.solved_at(places[current])
        if not current.all():
            solved[~current] = self._task.verify(self.problems[places[~current]], drafts[~current]).solved
        confidence, halt_logit = self._seen[rows].cpu().numpy().T
        return Handed(drafts, confidence, halt_logit, solved)

    def brought_back(self, cells: NDArray[Number], starts: NDArray[np.integer]) -> NDArray[Number]:
        """What there is of each cell, [b, L], as the problems were given, from how they were shown at ``starts``."""
        return cells if self._forms is None else self._forms.brought_back(cells, starts)

    @torch.inference_mode()
    def compact(self) -> None:
        """Leave out idle slots, for good: no problem is to come."""
        if self.busy.all():
            return
        kept = np.flatnonzero(self.busy)
        rows = self._rows(kept)
        self.numbers, self.problems, self._shown = self.numbers[kept], self.problems[kept], self._shown[kept]
        self.steps, self.starts, self._from = self.steps[kept], self.starts[kept], self._from[kept]
        self._carry, self._draft = Carry(*(part[rows] for part in self._carry)), self._draft[rows]
        self._history = self._history.keep(rows)
        self.current = self.current[kept]
        self._best, self._kept, self._seen = self._best[rows], self._kept[rows], self._seen[rows]

    def _begin(self, places: NDArray[np.intp], start: Carry) -> None:
        rows = self._rows(places)
        drafts = torch.from_numpy(self._shown[places].start).to(self._draft.device).long()
        # Out of place: the carry is the network's, which may still hold on to it.
        self._carry = Carry(*(part.index_copy(0, rows, new) for part, new in zip(self._carry, start, strict=True)))
        self._draft = self._draft.index_copy(0, rows, drafts)
        self._history = self._history.restart(rows)

    def _judge(self, step: Step) -> None:
        """Keep the present drafts that seem no worse than any before."""
        seems = self._actor.judgement(step).float()
        better = seems >= self._best
        self.current = better.cpu().numpy()
        self._best = torch.maximum(self._best, seems)
        self._from = np.where(self.current, self.starts, self._from)
        self._kept = torch.where(better[:, None], step.draft, self._kept)
        self._seen = torch.where(better[:, None], torch.stack([step.confidence, step.halt_logit], 1), self._seen)

    def _rows(self, places: NDArray[np.intp]) -> Int[Tensor, " m"]:
        return torch.from_numpy(places).to(self._draft.device)
