"""How the branches of a problem come to differ, and groups of branches that were run once for many heads to learn from.

Without something random, and with the most probable tokens as answers, all branches of a group would be one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
from agents.rollouts.collect import SEEDS, Rollout, run_problems
from agents.rollouts.unroll import Network, Unroll, draw
from agents.trm import Carry, Output
from trm_gym.reward import exact_cost
from trm_gym.splits import SPLITS
from trm_gym.task import Problems, Task
from trm_gym.vector import RefinementVectorEnv

Branching = Literal["carry_noise", "random_starts", "sampled_tokens"]
"""Noise on the first carry; a first carry drawn anew; or answers drawn from the token probabilities, which leaves
latents, and so what a head sees, the same in all branches."""
CHUNK = 64
"""Groups that are run at a time."""
NOISE = 0.3
"""The noise of several branches where none is given."""


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


def run_branches(
    network: Network,
    task: Task,
    problems: Problems,
    config: BranchesConfig,
    rng: np.random.Generator,
    temperature: float = 0.0,
) -> Rollout:
    """``collect.run_problems`` with the branches, the budget and the price that a config asks for."""
    how = _differing(config.branching, network, config.deviation, temperature, rng)
    cost = exact_cost(config.price / config.max_steps)
    settings = (config.branches, config.max_steps, cost, rng, how.noise, how.temperature)
    return run_problems(how.network, task, problems, *settings)


def new_problems(task: Task, levels: NDArray[np.integer], rng: np.random.Generator) -> Problems:
    """A training problem made anew for every entry of ``levels`` [P].

    Of a finite level no more different ones than it has, which then come more than once.
    """
    parts, places = [], []
    for level in np.unique(levels):
        place = np.flatnonzero(levels == level)
        made = task.generate_at_most(len(place), int(level), SPLITS[0], int(rng.integers(SEEDS)))
        parts.append(made[np.resize(np.arange(len(made)), len(place))])
        places.append(place)
    return Problems.concatenate(parts)[np.argsort(np.concatenate(places))]


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
    noise: float | None = None
    """Standard deviation of the noise on a branch's first carry, as a share of the carry's own. None is 0 for one
    branch, since halting is measured without noise, and 0.3 for several, which need some in order to differ."""
    price: float = 0.1
    """The environment's price of thinking (lambda), of the whole budget."""
    max_steps: int = 16
    """The budget of steps."""

    def __post_init__(self) -> None:
        at_least_one(self, "branches", "max_steps")
        if self.deviation < 0 or self.price <= 0:
            raise ValueError(f"noise must be 0 or more and price above 0, got {self.noise} and {self.price}")
        if self.branches > 1 and self.branching == "carry_noise" and self.noise == 0:
            raise ValueError(
                f"{self.branches} branches by carry_noise are one run over and over without noise: give noise above 0 "
                "(0.3, for instance), another branching, or one branch"
            )

    @property
    def deviation(self) -> float:
        """The noise, with what None stands for."""
        return self.noise if self.noise is not None else NOISE if self.branches > 1 else 0.0


@dataclass(frozen=True)
class GroupsConfig(BranchesConfig):
    """Problems that a network which stays as it is runs once, for all heads to learn from."""

    problems: int = 5000
    """Problems (P), in equal parts of every level; fresh ones of a finite level no more than it has."""
    fresh: bool = True
    """Whether every problem is made anew; otherwise they are an environment's, which are some hundred base problems in
    disguise: to a network that sees through disguises the same ones again and again."""
    seed: int = 0
    """Decides problems and branches."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.problems < 1:
            raise ValueError(f"problems (to learn from) must be at least 1, got {self.problems}")


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
    chunks = (_fresh if config.fresh else _banked)(task, levels, config, rng)
    graded = Unroll.concatenate([run_branches(network, task, some, config, rng).unroll for some in chunks])
    return Groups(graded, config.branches, exact_cost(config.price / config.max_steps))


def _fresh(task: Task, levels: Sequence[int], config: GroupsConfig, rng: np.random.Generator) -> Iterator[Problems]:
    """Every problem made anew."""
    problems = draw(task, levels, config.problems, SPLITS[0], config.seed)
    order = rng.permutation(len(problems))
    for first in range(0, len(order), CHUNK):
        yield problems[order[first : first + CHUNK]]


def _banked(task: Task, levels: Sequence[int], config: GroupsConfig, rng: np.random.Generator) -> Iterator[Problems]:
    """Problems as an environment has them."""
    order = rng.permutation(np.resize(np.asarray(levels), config.problems))
    for first in range(0, len(order), CHUNK):
        some = order[first : first + CHUNK]
        envs = RefinementVectorEnv(len(some), task, autoreset_mode=AutoresetMode.DISABLED)
        envs.reset(seed=rng.integers(SEEDS, size=len(some)).tolist(), options={"levels": some})
        yield envs.problems[np.arange(len(some))]


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
