"""One step of a network on problems side by side: the draft it makes, its statistics, and what is kept of the past."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Protocol, final, runtime_checkable

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray
from torch import Tensor

from agents.common.acceleration import prepare_process
from agents.common.tensor_file import NotFiniteError
from agents.rollouts.features import History, Statistics, step_statistics
from agents.trm import Carry, Inputs, Output
from trm_gym.short_repr import short_repr
from trm_gym.task import Problems, Task, Verdicts


@runtime_checkable
class Network(Protocol):
    """What is needed of a network: a first carry, and a step from carry to carry with what it shows."""

    def initial_carry(self, batch: int) -> Carry: ...

    def __call__(self, carry: Carry, inputs: Inputs) -> tuple[Carry, Output]: ...


def draft_of(
    logits: Float[Tensor, "b l v"], problem: Int[Tensor, "b l"], free: Bool[Tensor, "b l"]
) -> Int[Tensor, "b l"]:
    """The most probable tokens in the free cells, the problem's own in the others."""
    return torch.where(free, logits.argmax(-1), problem)


def draw_tokens(logits: Float[Tensor, "b l v"], uniform: Float[Tensor, "b l v"]) -> Int[Tensor, "b l"]:
    """One token per cell, drawn from the softmax of ``logits`` (Gumbel's way: the largest of logits plus noise).

    uniform: random numbers from 0 to 1, all alike.
    """
    return (logits - (-uniform.clamp(min=1e-9).log()).log()).argmax(-1)


@final
@short_repr
@dataclass(frozen=True)
class Step:
    """What b problems look like after a step; each may have taken another number of steps.

    carry, output: the network's. draft: see ``draft_of``. history: this step and those before it.
    Features and verdicts are computed when they are first asked for.
    """

    task: Task
    problems: Problems
    carry: Carry
    output: Output
    draft: Int[Tensor, "b l"]
    statistics: Statistics
    history: History
    max_steps: int
    """The budget of steps."""

    @property
    def steps(self) -> Int[Tensor, " b"]:
        """Steps taken, this one included."""
        return self.history.steps

    @property
    def steps_unchanged(self) -> Int[Tensor, " b"]:
        """The number of last steps in a row that left the draft as it was."""
        return self.history.steps_unchanged

    @property
    def velocity(self) -> Float[Tensor, " b"]:
        """|z_t - z_{t-1}| / |z_t| of the reasoning latent."""
        return self.statistics.velocity

    @property
    def confidence(self) -> Float[Tensor, " b"]:
        """Probability of the least confident free cell's first choice."""
        return self.statistics.least_confidence

    @property
    def changed(self) -> Float[Tensor, " b"]:
        """Share of free cells whose draft changed in this step."""
        return self.statistics.changed

    @property
    def halt_logit(self) -> Float[Tensor, " b"]:
        """Logit of the head trained with the network: the draft is right."""
        return self.statistics.halt_logit

    @property
    def features(self) -> Float[Tensor, "b f"]:
        """What a halting head sees; see ``features.feature_names``."""
        return self._features

    @functools.cached_property
    def _features(self) -> Float[Tensor, "b f"]:
        free = torch.from_numpy(self.problems.free).to(self.draft.device)
        return self.history.features(self.carry, free, self.max_steps)

    @functools.cached_property
    def verdicts(self) -> Verdicts:
        """What the task's verifier says of the drafts."""
        return self.task.verify(self.problems, self._tokens)

    @property
    def solved(self) -> Bool[Tensor, " b"]:
        """Whether the drafts are right."""
        return torch.from_numpy(self.verdicts.solved).to(self.draft.device)

    @functools.cached_property
    def misfit(self) -> Float[Tensor, " b"]:
        """How badly the drafts agree with what is shown. Raises ValueError where the task cannot tell."""
        return torch.from_numpy(self.task.misfit(self.problems, self._tokens)).to(self.draft.device)

    def solved_at(self, rows: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Whether the drafts of ``rows`` are right; no others are graded where none is yet."""
        if "verdicts" in vars(self):
            return self.verdicts.solved[rows]
        return self.task.verify(self.problems[rows], self._tokens[rows]).solved

    @property
    def _tokens(self) -> NDArray[np.uint8]:
        return self.draft.cpu().numpy().astype(np.uint8)


def take_step(
    network: Network,
    task: Task,
    problems: Problems,
    carry: Carry,
    draft: Int[Tensor, "b l"],
    history: History,
    max_steps: int,
    seen: Int[Tensor, "b l"] | None = None,
) -> Step:
    """The step after ``carry``, ``draft`` and ``history``. Raises NotFiniteError where a network gives no numbers.

    seen: the draft that the network is shown, where it is not ``draft``, with which the new one is compared.
    """
    prepare_process()
    inputs = Inputs.of(problems, draft if seen is None else seen)
    free = torch.from_numpy(problems.free).to(draft.device)
    after, output = network(carry, inputs)
    if not output.logits.sum().isfinite() and not output.logits.isfinite().all():
        raise NotFiniteError("the network's answer is not finite: its weights are broken; train it anew")
    new = draft_of(output.logits, inputs.problem, free)
    statistics = step_statistics(carry, after, output, new != draft, free)
    return Step(task, problems, after, output, new, statistics, history.add(statistics), max_steps)
