"""GRPO for halting on a frozen network: many branches of a problem, many halting times per branch, no critic.

Every draft of a rollout is graded, so halting times are drawn, and drawn again, without running anything again.
joint.py is the setting in which the network learns too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol, final, runtime_checkable

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray
from torch import Tensor

from agents import losses
from agents.common.tensors import flat_state, load_flat_state, nest, unnest
from agents.halting.heads import Halter, HaltPolicy
from agents.learners.advantages import ADVANTAGES
from agents.learners.config import GrpoConfig
from agents.learners.optim import HeadOptimizer
from agents.learners.pricing import PriceRange, priced_returns
from agents.rollouts.groups import group_index
from agents.rollouts.unroll import Unroll
from trm_gym.reward import exact_cost


@runtime_checkable
class Graded(Protocol):
    """Groups of runs of a problem that stand one after another, every draft graded: a rollout, for instance."""

    @property
    def unroll(self) -> Unroll: ...

    @property
    def branches(self) -> int: ...

    @property
    def step_cost(self) -> float: ...


class Samples(NamedTuple):
    """Halting times drawn for P groups of G branches, and what they tell; M = G * K members a group."""

    price: Float[Tensor, "p g s"]
    log_probs: Float[Tensor, "p g s"]
    """Of every halting time, under the policy that they were drawn from."""
    times: Int[Tensor, "p g k"]
    """Counted from 0."""
    weight: Float[Tensor, "p g k"]
    """Importance: policy over the distribution drawn from."""
    advantage: Float[Tensor, "p g k"]
    varied: Bool[Tensor, " p"]
    """Whether the returns of a group differ: there is nothing to learn from one where they do not."""

    def log_prob(self, log_probs: Float[Tensor, "m g s"]) -> Float[Tensor, "m g k"]:
        """The log-probabilities of the drawn times."""
        return log_probs.gather(-1, self.times)

    def groups(self, index: Int[Tensor, " m"]) -> Samples:
        """Those of the groups at ``index``."""
        return Samples(*(part[index] for part in self))


class Metrics(NamedTuple):
    """scalars: by name, at the environment's own price and before the update; steps: halting steps drawn there."""

    scalars: dict[str, float]
    steps: Int[Tensor, " n"]


def halting_log_probs(
    head: Halter, features: Float[Tensor, "*batch s f"], price: Float[Tensor, "*batch s"]
) -> Float[Tensor, "*batch s"]:
    """What a head makes of an unroll: the log-probability of every halting time."""
    return losses.halting_log_probs(head(features, price)[..., 0])


def policy_loss(
    config: GrpoConfig,
    new: Float[Tensor, "m g k"],
    old: Float[Tensor, "m g k"],
    samples: Samples,
    actions: Int[Tensor, "m #g #k"],
) -> Float[Tensor, ""]:
    """The loss that ``config`` names, of samples whose log-probabilities are sums over so many actions."""
    bounds = (config.clip, config.clip_high)
    if config.loss == "cispo":
        return losses.cispo_loss(new, old, samples.advantage, bounds, samples.weight)
    if config.loss == "sequence":
        return losses.gspo_loss(new, old, samples.advantage, bounds, samples.weight, actions)
    return losses.ppo_clip_loss(new, old, samples.advantage, bounds, samples.weight)


@torch.no_grad()
def sample_halting(
    head: Halter,
    graded: Unroll,
    prices: Float[Tensor, " p"],
    config: GrpoConfig,
    generator: torch.Generator,
    dual: float = 0.0,
) -> Samples:
    """Draw halting times at one price per group from the head's policy, explored by ``config.explore``.

    dual: what a right answer is worth beyond 1 (pricing=dual only).
    """
    groups, budget = len(prices), graded.max_steps
    price = prices.float()[:, None, None].expand(groups, len(graded) // groups, budget)
    log_probs = halting_log_probs(head, graded.features.view(*price.shape, -1), price)
    drawn_from = (1 - config.explore) * log_probs.exp() + config.explore / budget
    times = torch.multinomial(drawn_from.flatten(0, 1), config.times, replacement=True, generator=generator)
    times = times.view(*price.shape[:2], config.times)
    step_cost = torch.tensor([exact_cost(price / budget) for price in prices.tolist()], dtype=torch.float64)
    returns = priced_returns(config.pricing, graded.solved.view_as(price), step_cost, log_probs.exp(), dual)
    drawn = returns.gather(-1, times).flatten(1)
    return Samples(
        price=price,
        log_probs=log_probs,
        times=times,
        weight=log_probs.exp().gather(-1, times) / drawn_from.gather(-1, times),
        advantage=ADVANTAGES[config.advantage](drawn).float().view_as(times),
        varied=(drawn != drawn[:, :1]).any(-1),
    )


@torch.no_grad()
def measure(head: Halter, rollout: Graded, generator: torch.Generator) -> Metrics:
    """How the policy does on a rollout at the environment's own price; exact means over its halting times."""
    graded = rollout.unroll
    budget = graded.max_steps
    price = torch.full(graded.solved.shape, rollout.step_cost * budget)
    log_probs = halting_log_probs(head, graded.features, price)
    chances = log_probs.exp()
    step_cost = torch.full((len(graded),), rollout.step_cost, dtype=torch.float64)
    scalars = {
        "return": losses.expected_return(log_probs, losses.halting_returns(graded.solved, step_cost)).mean().item(),
        "steps": (chances * torch.arange(1, budget + 1)).sum(-1).mean().item(),
        "solved": (chances * graded.solved).sum(-1).mean().item(),
        "solved_at_full_depth": graded.solved[:, -1].float().mean().item(),
        "entropy": losses.halting_entropy(log_probs).mean().item(),
    }
    return Metrics(scalars, torch.multinomial(chances, 1, generator=generator).squeeze(-1) + 1)


class Outcome(NamedTuple):
    """How P problems go when a policy stops them, exactly, over branches and halting times, at the environment's price.

    What a curriculum learns from: full depth says little of a policy, and on a frozen network it never changes.
    """

    solved: NDArray[np.float64]
    """The chance that it stops at a right draft, [P]."""
    spread: NDArray[np.float64]
    """The variance of its return, [P]: what a policy gradient has to go by."""


@torch.no_grad()
def outcome(head: Halter, rollout: Graded) -> Outcome:
    """How the problems of a rollout go under a head's policy."""
    graded = rollout.unroll
    price = torch.full(graded.solved.shape, rollout.step_cost * graded.max_steps)
    chances = halting_log_probs(head, graded.features, price).exp().double()
    step_cost = torch.full((len(graded),), rollout.step_cost, dtype=torch.float64)
    returns = losses.halting_returns(graded.solved, step_cost)
    first, second, solved = (
        (chances * part).sum(-1).view(-1, rollout.branches).mean(-1)
        for part in (returns, returns.square(), graded.solved)
    )
    return Outcome(solved.clamp(0, 1).numpy(), (second - first.square()).clamp(min=0).numpy())


@final
class Grpo:
    """Teaches a halting head from rollouts of a network that stays as it is.

    features: what the head sees per step; iterations: calls of ``update`` in the run, for the learning rate.
    """

    def __init__(self, config: GrpoConfig, features: int, iterations: int, seed: int) -> None:
        self.config, self.iterations = config, iterations
        self.head = HaltPolicy(features, config.hidden, seed)
        self.done, self.updates = 0, 0
        self._optimizer = HeadOptimizer(self.head, config)
        for group in self._optimizer.adam.param_groups:
            group.update(weight_decay=config.weight_decay, decoupled_weight_decay=True)
        self.generator = torch.Generator().manual_seed(seed)
        self._range = PriceRange(config)

    def update(self, rollout: Graded, bank: Unroll | None = None) -> Metrics:
        """Learn from a rollout; the first one (or its bank) fixes the scale of what the head sees.

        bank: all groups so far, the rollout's among them. A frozen network would make the same drafts again, and
        halting times are drawn anew from the present head, so old groups teach as well as new ones: passes draw from
        all of them.
        """
        if self.done == 0:
            self.head.standardise((rollout.unroll if bank is None else bank).features)
        self._optimizer.pace(self.done, self.iterations)
        metrics = measure(self.head, rollout, self.generator)
        self._range.update(metrics.scalars["solved"], metrics.scalars["solved_at_full_depth"])
        told, varied = [], []
        for _ in range(self.config.passes):
            graded = rollout.unroll if bank is None else self._draw(bank, rollout.branches, len(rollout.unroll))
            samples = self.sample(rollout, graded)
            shape = samples.price.shape
            features, solved = graded.features.view(*shape, -1), graded.solved.view(shape)
            parts = self._minibatches(samples.varied)
            told += [self._step(samples.groups(part), features[part], solved[part]) for part in parts]
            varied.append(samples.varied)
        self.done += 1
        metrics.scalars["zero_variance_groups"] = 1 - torch.cat(varied).float().mean().item()
        pricing = {"highest_price": self._range.ceiling, "dual": self._range.dual}
        return metrics._replace(scalars=metrics.scalars | pricing | means(told))

    def sample(self, rollout: Graded, graded: Unroll) -> Samples:
        """Halting times drawn from the present head for as many graded runs as a rollout has, at new prices."""
        own = rollout.step_cost * rollout.unroll.max_steps
        prices = self._range.draw(len(rollout.unroll) // rollout.branches, own, self.generator)
        return sample_halting(self.head, graded, prices, self.config, self.generator, self._range.dual)

    def _draw(self, bank: Unroll, branches: int, runs: int) -> Unroll:
        """As many whole groups of a bank as make up so many runs, each at most once."""
        groups = torch.randperm(len(bank) // branches, generator=self.generator)[: runs // branches]
        return bank[group_index(groups, branches)]

    def _minibatches(self, varied: Bool[Tensor, " p"]) -> list[Int[Tensor, " m"]]:
        """Groups for one update after another, from all epochs; those without anything to learn from are left out."""
        kept = varied.nonzero().flatten()
        parts = []
        for _ in range(self.config.epochs if len(kept) else 0):
            order = kept[torch.randperm(len(kept), generator=self.generator)]
            parts += order.chunk(self.config.minibatches)
        return parts

    def _step(
        self, samples: Samples, features: Float[Tensor, "m g s f"], solved: Bool[Tensor, "m g s"]
    ) -> dict[str, float]:
        """One update of the head."""
        config = self.config
        log_probs = halting_log_probs(self.head, features, samples.price)
        new, old = samples.log_prob(log_probs), samples.log_prob(samples.log_probs)
        surrogate = policy_loss(config, new, old, samples, samples.times + 1)
        loss = surrogate - config.entropy * losses.halting_entropy(log_probs).mean()
        judgement = losses.judgement_loss(self.head.judgements(features), solved)
        self._optimizer.step(loss + judgement)
        self.updates += 1
        return {
            "loss": loss.item(),
            "judgement_loss": judgement.item(),
            "clip_fraction": losses.clip_fraction(new, old, config.clip).item(),
            "kl": losses.halting_kl(samples.log_probs, log_probs).mean().item(),
        }

    def state_dict(self) -> dict[str, Tensor]:
        """Everything that ``update`` changes, as flat, named tensors."""
        return {
            **nest("head", self.head.state_dict()),
            **nest("optimizer", flat_state(self._optimizer.adam)),
            "generator": self.generator.get_state(),
            "done": torch.tensor([self.done, self.updates]),
            "range": torch.tensor([self._range.ceiling, self._range.dual], dtype=torch.float64),
        }

    def load_state_dict(self, tensors: Mapping[str, Tensor]) -> None:
        """Take back what ``state_dict`` gave."""
        self.head.load_state_dict(unnest("head", tensors))
        load_flat_state(self._optimizer.adam, unnest("optimizer", tensors))
        self.generator.set_state(tensors["generator"])
        self.done, self.updates = tensors["done"].tolist()
        self._range.ceiling, self._range.dual = tensors["range"].tolist()


def means(rows: list[dict[str, float]]) -> dict[str, float]:
    """Name by name the mean over ``rows``; nothing where there are none."""
    return {name: sum(row[name] for row in rows) / len(rows) for name in (rows[0] if rows else ())}
