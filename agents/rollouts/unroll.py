"""Running a network on problems to the end of the budget, with every draft graded; and groups of such runs.

Halting times need no runs of their own: once every draft is graded, the return of each of them is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace

import torch
from jaxtyping import Bool, Float, Int, UInt8
from torch import Tensor

from agents.common.finite import check_finite
from agents.losses import token_log_prob
from agents.rollouts.features import History
from agents.rollouts.step import Network, Step, draw_tokens, take_step
from agents.trm import Carry
from trm_gym.short_repr import short_repr
from trm_gym.task import Problems, Task

BATCH = 32
"""Problems that the network runs on at a time: more fill the caches, and take longer per problem."""
OF_STEPS = ("features", "solved", "halt_logit", "velocity", "confidence", "changed")
"""The fields of an Unroll that every step has one of; ``Step`` offers them under the same names."""


@short_repr
@dataclass(frozen=True)
class Unroll:
    """n problems run for s steps each, every draft graded; on the CPU."""

    features: Float[Tensor, "n s f"]
    """What a halting head sees after each step."""
    solved: Bool[Tensor, "n s"]
    """The verdict on each step's draft."""
    halt_logit: Float[Tensor, "n s"]
    """Logit of the BCE head trained with the network: the draft is right."""
    velocity: Float[Tensor, "n s"]
    """|z_t - z_{t-1}| / |z_t| of the reasoning latent."""
    confidence: Float[Tensor, "n s"]
    """Probability of the least confident free cell's first choice."""
    changed: Float[Tensor, "n s"]
    """Share of free cells whose draft changed since the last step."""
    level: Int[Tensor, " n"]
    """Index into the task's levels."""
    difficulty: Float[Tensor, " n"]
    """What the task's solver measured."""

    def __len__(self) -> int:
        return len(self.solved)

    @property
    def max_steps(self) -> int:
        """The budget s."""
        return self.solved.shape[1]

    @property
    def steps(self) -> Int[Tensor, "n s"]:
        """Steps taken, from 1 to s."""
        return torch.arange(1, self.max_steps + 1).expand(len(self), -1)

    @property
    def steps_unchanged(self) -> Int[Tensor, "n s"]:
        """The number of last steps in a row that left the draft as it was."""
        unchanged = (self.changed == 0).long()
        for step in range(1, self.max_steps):
            unchanged[:, step] *= unchanged[:, step - 1] + 1
        return unchanged

    def __getitem__(self, index: slice | Int[Tensor, " m"] | Bool[Tensor, " n"]) -> Unroll:
        """The problems at ``index``."""
        return Unroll(*(getattr(self, field.name)[index] for field in fields(self)))

    @staticmethod
    def concatenate(parts: Sequence[Unroll]) -> Unroll:
        """One unroll out of several of the same budget."""
        return Unroll(*(torch.cat([getattr(part, field.name) for part in parts]) for field in fields(Unroll)))


def draw(task: Task, levels: Sequence[int], count: int, split: str, seed: int) -> Problems:
    """``count`` problems of a split in equal parts from ``levels``; from a finite level no more than it has."""
    parts = []
    for place, level in enumerate(levels):
        share = count // len(levels) + (place < count % len(levels))
        parts.append(task.generate_at_most(share, level, split, seed))
    return Problems.concatenate(parts)


def refine(
    network: Network,
    task: Task,
    problems: Problems,
    max_steps: int,
    start: Carry | None = None,
    chosen: Callable[[Step], Int[Tensor, "b l"]] | None = None,
) -> Iterator[Step]:
    """Step after step of ``problems``; ``start`` is the carry to begin with, the network's own by default.

    chosen: the draft that was taken of a step, which the network is shown at the next; that of its most probable tokens
    by default. It is asked for once, after the step has been yielded.
    """
    carry = network.initial_carry(len(problems)) if start is None else start
    seen = draft = torch.from_numpy(problems.start).to(carry.answer.device).long()
    history = History.empty(len(problems), draft.device)
    for _ in range(max_steps):
        step = take_step(network, task, problems, carry, draft, history, max_steps, seen)
        yield step
        carry, draft, history = step.carry, step.draft, step.history
        seen = draft if chosen is None else chosen(step).to(draft.device)


def noisy_start(
    network: Network, count: int, noise: float | Float[Tensor, " count"], generator: torch.Generator | None
) -> Carry:
    """First carries of ``count`` branches: Gaussian noise of ``noise`` times their standard deviation is added.

    Drawn once per branch and not at every step, so that a branch explores in one direction to its end.
    """
    carry = network.initial_carry(count)
    if not isinstance(noise, Tensor) and noise == 0:
        return carry
    scale = noise.to(carry.answer)[:, None, None] if isinstance(noise, Tensor) else float(noise)
    return _with_noise(carry, [scale * part.std() for part in carry], generator)


def shaken(carry: Carry, noise: float, seed: int) -> Carry:
    """A carry with Gaussian noise of ``noise`` times the standard deviation of each row, drawn from ``seed``."""
    scales = [noise * part.std((1, 2), keepdim=True) for part in carry]
    return _with_noise(carry, scales, torch.Generator().manual_seed(seed))


def _with_noise(carry: Carry, scales: Sequence[Tensor], generator: torch.Generator | None) -> Carry:
    """A carry with Gaussian noise, whose ``scales`` are given for each of its latents."""
    draws = [torch.randn(part.shape, generator=generator, dtype=torch.float32).to(part) for part in carry]
    return Carry(*(part + scale * draw for part, scale, draw in zip(carry, scales, draws, strict=True)))


def noisy_starts(network: Network, rows: Bool[Tensor, " rows"], noise: float, seed: int) -> Carry:
    """First carries in the places ``rows`` says, with noise drawn from ``seed``; one for all where there is none."""
    if not noise or not rows.any():
        return network.initial_carry(1)
    drawn = noisy_start(network, int(rows.sum()), noise, torch.Generator().manual_seed(seed))
    whole = network.initial_carry(len(rows))
    for part, start in zip(whole, drawn, strict=True):
        part[rows.to(part.device)] = start
    return whole


@torch.no_grad()
def unroll(
    network: Network,
    task: Task,
    problems: Problems,
    max_steps: int,
    noise: float = 0.0,
    generator: torch.Generator | None = None,
    batch: int = BATCH,
    temperature: float = 0.0,
) -> Unroll:
    """Run ``problems`` to the budget, every draft graded. noise: as in ``noisy_start``; temperature: in ``collect``."""
    parts = []
    for first in range(0, len(problems), batch):
        some = problems[slice(first, first + batch)]
        start = noisy_start(network, len(some), noise, generator)
        parts.append(_run(network, task, some, max_steps, start, temperature, generator)[0])
    return Unroll.concatenate(parts)


def _run(
    network: Network,
    task: Task,
    problems: Problems,
    max_steps: int,
    start: Carry,
    temperature: float,
    generator: torch.Generator | None,
    others: tuple[int, int] = (0, 0),
) -> tuple[Unroll, UInt8[Tensor, "b s l"], Float[Tensor, "b s"], Float[Tensor, "b s"]]:
    """An unroll of one batch, its drafts, their log-probabilities and scores. Raises NotFiniteError.

    others: how many rows of the batch, before and after these, are run elsewhere; random numbers are drawn for all.
    """
    free = torch.from_numpy(problems.free)
    columns, drafts, log_probs, scores = {name: [] for name in OF_STEPS}, [], [], []
    for step in refine(network, task, problems, max_steps, start, lambda _: drafts[-1].long()):
        logits, graded = step.output.logits.float().cpu(), step
        if temperature > 0:
            rows = (others[0] + len(logits) + others[1], *logits.shape[1:])
            uniform = torch.rand(rows, generator=generator, dtype=torch.float32)[others[0] :][: len(logits)]
            drawn = torch.where(free, draw_tokens(logits / temperature, uniform), step.draft.cpu())
            graded = replace(step, draft=drawn)
        draft = graded.draft.cpu()
        drafts.append(draft.to(torch.uint8))
        counted = torch.from_numpy(task.counted(problems, drafts[-1].numpy()))
        log_probs.append(token_log_prob(logits, draft, counted))
        scores.append(torch.from_numpy(graded.verdicts.score))
        for name, column in columns.items():
            column.append(getattr(graded, name).cpu())
    unrolled = Unroll(
        **{name: torch.stack(column, dim=1) for name, column in columns.items()},
        level=torch.from_numpy(problems.level.copy()),
        difficulty=torch.from_numpy(problems.difficulty.copy()),
    )
    check_finite("a run's", vars(unrolled))
    return unrolled, torch.stack(drafts, dim=1), torch.stack(log_probs, dim=1), torch.stack(scores, dim=1)
