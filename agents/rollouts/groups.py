"""How the branches of a problem come to differ, and groups of branches that were run once for many heads to learn from.

Without something random, and with the most probable tokens as answers, all branches of a group would be one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, final

import numpy as np
import torch
from gymnasium.vector import AutoresetMode
from jaxtyping import Int
from numpy.typing import NDArray
from torch import Tensor

from agents.common.checks import at_least_one
from agents.common.tensor_file import CheckpointError, load_tensors, save_tensors
from agents.rollouts.collect import SEEDS, Rollout, collect
from agents.rollouts.unroll import Network, Unroll, draw, unroll
from agents.trm import Carry, Output
from trm_gym.reward import exact_cost
from trm_gym.splits import SPLITS
from trm_gym.task import Task
from trm_gym.vector import RefinementVectorEnv

Branching = Literal["carry_noise", "random_starts", "sampled_tokens"]
"""Noise on the first carry; a first carry drawn anew; or answers drawn from the token probabilities, which leaves
latents, and so what a head sees, the same in all branches."""
CHUNK = 64
"""Groups that are run at a time."""


def group_index(groups: Int[Tensor, " m"], branches: int) -> Int[Tensor, " n"]:
    """Where the runs of ``groups`` stand, n = m * branches: the branches of a group stand one after another."""
    return (groups[:, None] * branches + torch.arange(branches)).flatten()


@final
class RandomStart:
    """A network whose first carry is drawn for every run, with the standard deviation of its own.

    A start that is the same for all positions makes them equal until they have heard of each other; here they differ.
    """

    def __init__(self, network: Network, generator: torch.Generator) -> None:
        self._network, self._generator = network, generator

    def initial_carry(self, batch: int) -> Carry:
        """The carry of ``batch`` problems before their first step."""
        own = self._network.initial_carry(batch)
        return Carry(*(part.std() * torch.randn(part.shape, generator=self._generator).to(part) for part in own))

    def __call__(self, carry: Carry, problem: Int[Tensor, "b l"]) -> tuple[Carry, Output]:
        """The network's own step."""
        return self._network(carry, problem)


def collect_branches(
    branching: Branching,
    envs: RefinementVectorEnv,
    network: Network,
    levels: NDArray[np.integer],
    branches: int,
    rng: np.random.Generator,
    noise: float,
    temperature: float = 0.0,
) -> Rollout:
    """``rollout.collect`` with branches that differ as ``branching`` says; ``noise`` is that of carry_noise."""
    how = _differing(branching, network, noise, temperature, rng)
    return collect(envs, how.network, levels, branches, rng, how.noise, how.temperature)


class _Differing(NamedTuple):
    """What makes runs of a problem differ, as arguments of ``collect`` and ``unroll``."""

    network: Network
    noise: float
    temperature: float


def _differing(
    branching: Branching, network: Network, noise: float, temperature: float, rng: np.random.Generator
) -> _Differing:
    if branching == "random_starts":
        start = torch.Generator().manual_seed(int(rng.integers(SEEDS)))
        return _Differing(RandomStart(network, start), 0.0, temperature)
    if branching == "sampled_tokens":
        return _Differing(network, 0.0, 1.0)
    return _Differing(network, noise, temperature)


@dataclass(frozen=True, kw_only=True)
class BranchesConfig:
    """How problems are run in groups of branches."""

    branches: int = 1
    """Runs of each problem (G). One is enough where drafts stay as they are: its halting times are a group."""
    branching: Branching = "carry_noise"
    """How they come to differ: noise on the first carry, a first carry drawn anew, or answers drawn by probability."""
    noise: float = 0.3
    """Standard deviation of the noise on a branch's first carry, as a share of the carry's own."""
    price: float = 0.1
    """The environment's price of thinking (lambda), of the whole budget."""
    max_steps: int = 16
    """The budget of steps."""

    def __post_init__(self) -> None:
        at_least_one(self, "branches", "max_steps")
        if self.noise < 0 or self.price <= 0:
            raise ValueError(f"noise must be 0 or more and price above 0, got {self.noise} and {self.price}")

    def environments(self, task: Task, problems: int) -> RefinementVectorEnv:
        """A slot for every branch of so many problems."""
        return RefinementVectorEnv(
            problems * self.branches,
            task,
            max_steps=self.max_steps,
            step_cost=self.price / self.max_steps,
            autoreset_mode=AutoresetMode.DISABLED,
        )


@dataclass(frozen=True)
class GroupsConfig(BranchesConfig):
    """Problems that a network which stays as it is runs once, for all heads to learn from."""

    problems: int = 5000
    """Problems (P), in equal parts of every level; fresh ones of a finite level no more than it has."""
    noise: float = 0.0
    """Standard deviation of the noise on a branch's first carry, as a share of the carry's own; more than one branch
    by carry_noise needs some. Heads are measured without, so that one branch is taught without."""
    fresh: bool = True
    """Whether every problem is made anew; otherwise they are an environment's, which are some hundred base problems in
    disguise: to a network that sees through disguises the same ones again and again."""
    seed: int = 0
    """Decides problems and branches."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.problems < 1:
            raise ValueError(f"problems (to learn from) must be at least 1, got {self.problems}")
        if self.branches > 1 and self.branching == "carry_noise" and self.noise == 0:
            raise ValueError(
                f"{self.branches} branches by carry_noise are one run over and over without noise: give noise above 0 "
                "(0.3, for instance), another branching, or one branch"
            )


@final
@dataclass(frozen=True)
class Groups:
    """Graded runs of P problems, G branches each, one after another; what GRPO needs of a rollout, and no more."""

    unroll: Unroll
    branches: int
    """G."""
    step_cost: float
    """The environment's own price of a step."""

    def __len__(self) -> int:
        return len(self.unroll) // self.branches

    def part(self, index: int, size: int) -> Groups:
        """The ``index``-th part of so many groups; after the last it starts again."""
        return self.take((torch.arange(size) + index * size) % len(self))

    def take(self, places: Int[Tensor, " m"]) -> Groups:
        """The groups at ``places``."""
        return Groups(self.unroll[group_index(places, self.branches)], self.branches, self.step_cost)


def make_groups(network: Network, task: Task, levels: Sequence[int], config: GroupsConfig) -> Groups:
    """Run problems of ``levels``, shuffled, to the end of the budget."""
    rng = np.random.default_rng(config.seed)
    graded = (_fresh if config.fresh else _banked)(network, task, levels, config, rng)
    return Groups(graded, config.branches, exact_cost(config.price / config.max_steps))


def _fresh(
    network: Network, task: Task, levels: Sequence[int], config: GroupsConfig, rng: np.random.Generator
) -> Unroll:
    """Every problem made anew."""
    problems = draw(task, levels, config.problems, SPLITS[0], config.seed)
    runs = problems[np.repeat(rng.permutation(len(problems)), config.branches)]
    how = _differing(config.branching, network, config.noise, 0.0, rng)
    generator = torch.Generator().manual_seed(int(rng.integers(SEEDS)))
    return unroll(how.network, task, runs, config.max_steps, how.noise, generator, temperature=how.temperature)


def _banked(
    network: Network, task: Task, levels: Sequence[int], config: GroupsConfig, rng: np.random.Generator
) -> Unroll:
    """Problems as an environment has them."""
    parts = []
    order = rng.permutation(np.resize(np.asarray(levels), config.problems))
    for first in range(0, len(order), CHUNK):
        some = order[first : first + CHUNK]
        envs = config.environments(task, len(some))
        rollout = collect_branches(config.branching, envs, network, some, config.branches, rng, config.noise)
        parts.append(rollout.unroll)
    return Unroll.concatenate(parts)


def load_or_collect_groups(
    path: Path, network: Network, digest: str, task: Task, levels: Sequence[int], config: GroupsConfig
) -> Groups:
    """``make_groups`` of a network, once: written to ``path``, and read from there ever after.

    digest: of all that decides what the network does.

    Raises CheckpointError where another network or other settings made what stands there.
    """
    names = [task.levels[level].name for level in levels]
    settings = {"network": digest, **vars(config), "levels": names}
    if path.exists():
        tensors, note = load_tensors(path)
        if note != settings:
            raise CheckpointError(
                f"{path} was made by another network or with other settings: choose another folder, or delete it"
            )
        return Groups(Unroll(**tensors), config.branches, exact_cost(config.price / config.max_steps))
    groups = make_groups(network, task, levels, config)
    save_tensors(path, vars(groups.unroll), settings)
    return groups
