"""Rollouts: groups of branches, with all that is needed to run them again with gradients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from jaxtyping import Float, UInt8
from numpy.typing import NDArray
from torch import Tensor

from agents.common.processes import ALONE, Processes
from agents.common.tensors import Tensors, nest
from agents.losses import halting_returns
from agents.rollouts.forms import Forms
from agents.rollouts.groups import SEEDS, BranchesConfig, branch_perturbation
from agents.rollouts.unroll import BATCH, Network, Unroll, _run, noisy_start
from agents.trm import Carry
from trm_gym.short_repr import short_repr
from trm_gym.splits import SPLITS
from trm_gym.task import Problems, Task
from trm_gym.vector import RefinementVectorEnv


@final
@short_repr
@dataclass(frozen=True)
class Rollout:
    """P problems, G branches each: a group's branches stand one after another, n = P * G.

    The drafts are what was graded. With their log-probability and the first carries, a learner that changes the
    network can run the same branches again.
    """

    unroll: Unroll
    branches: int
    """G."""
    step_cost: float
    """What a step costs in the environment."""
    problems: Problems
    start: Carry
    drafts: UInt8[Tensor, "n s l"]
    log_prob: Float[Tensor, "n s"]
    """Of each draft, the cells that count: see losses.token_log_prob and Task.counted."""
    score: Float[Tensor, "n s"]
    """What the verifier gives for each draft, from 0 to 1."""

    @property
    def solved(self) -> NDArray[np.bool_]:
        """Whether each branch's last draft is right, bool [P, G]."""
        return self.unroll.solved[:, -1].view(-1, self.branches).numpy()

    def tensors(self) -> Tensors:
        """Problems, graded runs and first carries as flat, named tensors."""
        parts = {"problems": as_tensors(self.problems), "unroll": vars(self.unroll), "start": self.start._asdict()}
        return {name: value for part in parts for name, value in nest(part, parts[part]).items()}

    @property
    def returns(self) -> Float[Tensor, "n s"]:
        """What the environment pays for halting at each step, float64, to the last bit."""
        return halting_returns(self.unroll.solved, torch.full((len(self.unroll),), self.step_cost, dtype=torch.float64))


def as_tensors(problems: Problems) -> Tensors:
    """The arrays of problems as tensors, by name."""
    return {name: torch.from_numpy(part) for name, part in vars(problems).items()}


def as_problems(tensors: Tensors, task: Task) -> Problems:
    """What ``as_tensors`` gave, as problems again. Raises ValueError where they are none of the task."""
    problems = Problems(**{name: value.numpy() for name, value in tensors.items()})
    if wrong := task.fault(problems):
        raise ValueError(wrong)
    return problems


@torch.no_grad()
def collect(
    envs: RefinementVectorEnv,
    network: Network,
    levels: NDArray[np.integer],
    branches: int,
    rng: np.random.Generator,
    noise: float = 0.3,
    temperature: float = 0.0,
    batch: int = BATCH,
) -> Rollout:
    """One group of ``branches`` runs of the same problem for each entry of ``levels`` [P]; ``envs`` has P * G slots.

    noise, temperature: see ``run_problems``. Raises ValueError where the slots do not fit.
    """
    groups = len(levels)
    if groups * branches != envs.num_envs:
        raise ValueError(f"{groups} groups of {branches} branches need {groups * branches} slots, not {envs.num_envs}")
    seeds = np.repeat(rng.integers(SEEDS, size=groups), branches)
    envs.reset(seed=seeds.tolist(), options={"levels": np.repeat(levels, branches)})
    problems = envs.problems[np.arange(0, envs.num_envs, branches)]
    budget, cost = envs.max_steps, envs.step_cost
    return run_problems(network, envs.task, problems, branches, budget, cost, rng, noise, temperature, batch)


@torch.no_grad()
def run_problems(
    network: Network,
    task: Task,
    problems: Problems,
    branches: int,
    max_steps: int,
    step_cost: float,
    rng: np.random.Generator,
    noise: float | Float[Tensor, " g"] = 0.0,
    temperature: float = 0.0,
    batch: int = BATCH,
    processes: Processes = ALONE,
    forms: Forms | None = None,
) -> Rollout:
    """A group of ``branches`` runs of each problem to the end of the budget, every draft graded.

    step_cost: what an environment would charge for a step. noise: see ``noisy_start``; of all branches of a group, or
    of each. temperature: drafts are drawn from the token logits over it; at 0 they are the most probable ones.
    processes: those that share the groups, in all of which this is called; each comes to the whole rollout. forms: in
    which the problems are laid out, one for each branch; the rollout's problems and drafts are those.
    """
    runs = problems[np.arange(len(problems)).repeat(branches)] if forms is None else forms.all_of(problems)
    generator = torch.Generator().manual_seed(int(rng.integers(SEEDS)))
    noises = noise.repeat(len(problems)) if isinstance(noise, Tensor) else noise
    start = noisy_start(network, len(runs), noises, generator)
    own = processes.share("groups (training.groups)", range(len(problems)))
    begin, end = own[0] * branches, (own[-1] + 1) * branches
    parts = []
    for first in range(0, len(runs), batch):
        last = min(first + batch, len(runs))
        here = slice(max(first, begin), min(last, end))
        if here.start < here.stop:
            carry, others = Carry(*(part[here] for part in start)), (here.start - first, last - here.stop)
            parts.append(_run(network, task, runs[here], max_steps, carry, temperature, generator, others))
        elif temperature > 0:  # another process draws these numbers; here they are passed over
            for _ in range(max_steps):
                torch.rand((last - first, task.length, task.vocab), generator=generator, dtype=torch.float32)
    unrolls, *columns = zip(*parts, strict=True)
    graded = Unroll.concatenate(unrolls)
    *fields, drafts, log_prob, score = processes.gather([*vars(graded).values(), *map(torch.cat, columns)])
    return Rollout(Unroll(*fields), branches, step_cost, runs, start, drafts, log_prob, score)


def run_branches(
    network: Network,
    task: Task,
    problems: Problems,
    config: BranchesConfig,
    rng: np.random.Generator,
    temperature: float = 0.0,
    batch: int = BATCH,
    processes: Processes = ALONE,
) -> Rollout:
    """``run_problems`` with the branches, the budget and the price that a config asks for."""
    perturbed = branch_perturbation(config.branching, network, config.branches, config.deviation, temperature, rng)
    settings = (config.branches, config.max_steps, config.step_cost, rng, perturbed.noise, perturbed.temperature)
    return run_problems(perturbed.network, task, problems, *settings, batch, processes, config.forms(task))


def pass_over(network: Network, config: BranchesConfig, rng: np.random.Generator) -> None:
    """Draw what ``run_branches`` would draw, for groups that are run elsewhere."""
    branch_perturbation(config.branching, network, config.branches, config.deviation, 0.0, rng)
    rng.integers(SEEDS)


def new_problems(task: Task, levels: NDArray[np.integer], rng: np.random.Generator) -> Problems:
    """A training problem made anew for every entry of ``levels`` [P].

    Of a finite level no more different ones than it has, which then come more than once.
    """

    def made(level: int, count: int) -> Problems:
        found = task.generate_at_most(count, level, SPLITS[0], int(rng.integers(SEEDS)))
        return found[np.resize(np.arange(len(found)), count)]

    return of_levels(levels, made)


def of_levels(levels: NDArray[np.integer], made: Callable[[int, int], Problems]) -> Problems:
    """A problem for every entry of ``levels`` [P], those of a level ``made`` together, by its index and their count."""
    places = {int(level): np.flatnonzero(levels == level) for level in np.unique(levels)}
    parts = [made(level, len(place)) for level, place in places.items()]
    return Problems.concatenate(parts)[np.argsort(np.concatenate([*places.values()]))]
