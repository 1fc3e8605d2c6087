"""Groups of branches: runs of the same problem, which stand one after another, and how they come to differ.

Without something random, and with the most probable tokens as answers, all branches of a group would be one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, final

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from agents.common.checks import Checked, above_zero, at_least, at_least_one
from agents.rollouts.forms import Forms
from agents.rollouts.step import Network
from agents.trm import Carry, Inputs, Output
from trm_gym.reward import Price
from trm_gym.short_repr import short_repr
from trm_gym.task import Task

SEEDS = 2**62
"""Seeds that are drawn are below this."""
Branching = Literal["carry_noise", "restarts", "forms", "random_starts", "sampled_tokens"]
"""How branches differ. carry_noise: by noise on the first carry. restarts: the same, but none on a group's first
branch, as where a problem is begun again. forms: each branch is another form of the problem, without noise.
random_starts: by a first carry drawn anew. sampled_tokens: by answers drawn from the token probabilities, which leaves
latents, and so what a head sees, the same in all branches."""
NOISY: tuple[Branching, ...] = ("carry_noise", "restarts")
"""Those whose branches differ by noise alone."""
RESTARTING: tuple[Branching, ...] = ("restarts", "forms")
"""Those whose branches are the starts of a problem that may be begun again."""
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
        return Carry(
            *(
                part.std() * torch.randn(part.shape, generator=self._generator, dtype=torch.float32).to(part)
                for part in own
            )
        )

    def __call__(self, carry: Carry, inputs: Inputs) -> tuple[Carry, Output]:
        """The network's own step."""
        return self._network(carry, inputs)


@short_repr
class Perturbation(NamedTuple):
    """What makes runs of a problem differ, as arguments of ``unroll``."""

    network: Network
    noise: float | Float[Tensor, " g"]
    """One for all branches of a group, or one for each."""
    temperature: float


def noise_of_starts(branches: int, noise: float) -> Float[Tensor, " g"]:
    """The noise on the first carry of each start of a problem: none on the first."""
    return torch.tensor([0.0, *[noise] * (branches - 1)], dtype=torch.float32)


def branch_perturbation(
    branching: Branching, network: Network, branches: int, noise: float, temperature: float, rng: np.random.Generator
) -> Perturbation:
    """What ``branching`` does to groups of ``branches`` runs of ``network``. Forms are laid out elsewhere.

    noise: that of carry_noise and restarts. temperature: of all but sampled_tokens, which has 1.
    """
    if branching == "restarts":
        return Perturbation(network, noise_of_starts(branches, noise), temperature)
    if branching == "random_starts":
        start = torch.Generator().manual_seed(int(rng.integers(SEEDS)))
        return Perturbation(RandomStart(network, start), 0.0, temperature)
    if branching == "sampled_tokens":
        return Perturbation(network, 0.0, 1.0)
    return Perturbation(network, noise, temperature)


@dataclass(frozen=True, kw_only=True)
class BranchesConfig(Checked):
    """How problems are run in groups of branches."""

    branches: int = 1
    """Runs of each problem (G). One is enough where drafts stay as they are: its halting times are a group."""
    branching: Branching = "carry_noise"
    """How branches of a problem differ: by noise on the first carry, on that of all but the first branch (restarts), by
    the problem's form (forms: a maze turned and mirrored), by a first carry drawn anew, or by answers drawn by their
    probability."""
    noise: float | None = None
    """Standard deviation of the noise on a branch's first carry, as a share of the carry's own. None is 0 for one
    branch, since halting is measured without noise, 0 for forms, and else 0.3 for several, which need some in order to
    differ."""
    price: float = 0.1
    """The environment's price of thinking (lambda): what it costs to use the whole budget."""
    max_steps: int = 16
    """The budget of steps."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "branches", "max_steps")
        above_zero(self, "price")
        _ = self.step_cost  # a price that no environment takes is refused at once
        if self.noise is not None:
            at_least(0, self, "noise")
        if self.branching == "forms" and self.noise:
            raise ValueError(f"branches in other forms have no noise: leave it out, or set it to 0, not {self.noise:g}")
        if self.branches > 1 and self.branching in NOISY and self.noise == 0:
            raise ValueError(
                f"{self.branches} branches by {self.branching} are one run over and over without noise: give noise "
                "above 0 (0.3, for instance), another branching, or one branch"
            )

    @property
    def deviation(self) -> float:
        """The noise, with what None stands for."""
        if self.noise is not None or self.branching == "forms":
            return self.noise or 0.0
        return NOISE if self.branches > 1 else 0.0

    def forms(self, task: Task) -> Forms | None:
        """The forms of a problem that its branches are; None where they differ otherwise.

        Raises ValueError where a problem of the task has no so many.
        """
        return Forms(task, self.branches) if self.branching == "forms" else None

    @property
    def step_cost(self) -> float:
        """What a step costs."""
        return Price(self.price, self.max_steps).step_cost
