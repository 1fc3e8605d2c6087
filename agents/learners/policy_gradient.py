"""Halting learners beside GRPO that share its head, bank, prices, judgements and number of updates.

They differ in nothing but what is maximised: REINFORCE and RLOO by drawn halting times, PonderNet by the exact
gradient, which needs no drawing. GRPO stands in grpo.py, and `expected`, PonderNet without its prior, in baselines.py.
"""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import final

import torch
from jaxtyping import Float, Int
from torch import Tensor

from agents import losses
from agents.common.tensors import flat_state, load_flat_state, nest, unnest
from agents.halting.heads import HaltPolicy
from agents.learners.config import GrpoConfig
from agents.learners.grpo import Graded, Grpo, Metrics, halting_log_probs, means, measure
from agents.learners.optim import HeadOptimizer
from agents.learners.pricing import draw_prices
from agents.rollouts.groups import group_index
from agents.rollouts.unroll import Unroll


class Learner(abc.ABC):
    """What learns to stop from rollouts of a network that stays as it is. ``Grpo`` is one too."""

    head: HaltPolicy

    @abc.abstractmethod
    def update(self, rollout: Graded, bank: Unroll | None = None) -> Metrics:
        """Learn from a rollout, or from the ``bank`` of all groups so far; what the head was worth before that."""

    @abc.abstractmethod
    def state_dict(self) -> dict[str, Tensor]:
        """Everything that ``update`` changes, as flat, named tensors."""

    @abc.abstractmethod
    def load_state_dict(self, tensors: Mapping[str, Tensor]) -> None:
        """Take back what ``state_dict`` gave."""


Learner.register(Grpo)


class HeadLearner(Learner):
    """The part that all learners here share; a learner is its ``loss``.

    config: GRPO's, so that all are compared on equal terms; of it, what only GRPO has (clip, floor, warm-up) is without
    effect. An update goes through as many minibatches as GRPO's, groups and prices of each drawn anew. features: what
    the head sees per step; iterations: calls of ``update`` in the run, for the learning rate.
    """

    def __init__(self, config: GrpoConfig, features: int, iterations: int, seed: int) -> None:
        self.config, self.iterations = config, iterations
        self.head = HaltPolicy(features, config.hidden, seed)
        self.done, self.updates = 0, 0
        self._optimizer = HeadOptimizer(self.head, config)
        self.generator = torch.Generator().manual_seed(seed)

    @abc.abstractmethod
    def loss(self, log_probs: Float[Tensor, "p g s"], returns: Float[Tensor, "p g s"]) -> Float[Tensor, ""]:
        """What is to be made small, for P groups of G branches, by every halting time's log-probability and return."""

    def update(self, rollout: Graded, bank: Unroll | None = None) -> Metrics:
        """Learn from a rollout; the first one fixes the scale of what the head sees. bank: see ``Grpo.update``."""
        config = self.config
        if self.done == 0:
            self.head.standardise(rollout.unroll.features)
        self._optimizer.pace(self.done, self.iterations)
        metrics = measure(self.head, rollout, self.generator)
        source = rollout.unroll if bank is None else bank
        own = rollout.step_cost * source.max_steps
        groups = max(1, len(rollout.unroll) // rollout.branches // config.minibatches)
        told = []
        for _ in range(config.passes * config.epochs * config.minibatches):
            prices = draw_prices(groups, *config.prices, own, config.own_price, self.generator)
            told.append(self._step(draw_groups(source, groups, rollout.branches, self.generator), prices))
        self.done += 1
        return Metrics(metrics.scalars | means(told), metrics.steps)

    def _step(self, graded: Unroll, prices: Float[Tensor, " p"]) -> dict[str, float]:
        """One update of the head: its bars by the loss, its judgements by the verdicts."""
        shape = (len(prices), -1, graded.max_steps)
        features, solved = graded.features.view(*shape, graded.features.shape[-1]), graded.solved.view(shape)
        price = prices[:, None].expand(solved.shape[:2])
        log_probs = halting_log_probs(self.head, features, price.float()[..., None].expand(solved.shape))
        loss = self.loss(log_probs, losses.halting_returns(solved, price / graded.max_steps))
        judgement = losses.judgement_loss(self.head.judgements(features), solved)
        self._optimizer.step(loss + judgement)
        self.updates += 1
        return {"loss": loss.item(), "judgement_loss": judgement.item()}

    def state_dict(self) -> dict[str, Tensor]:
        """Everything that ``update`` changes, as flat, named tensors."""
        return {
            **nest("head", self.head.state_dict()),
            **nest("optimizer", flat_state(self._optimizer.adam)),
            "generator": self.generator.get_state(),
            "done": torch.tensor([self.done, self.updates]),
        }

    def load_state_dict(self, tensors: Mapping[str, Tensor]) -> None:
        """Take back what ``state_dict`` gave."""
        self.head.load_state_dict(unnest("head", tensors))
        load_flat_state(self._optimizer.adam, unnest("optimizer", tensors))
        self.generator.set_state(tensors["generator"])
        self.done, self.updates = tensors["done"].tolist()


class DrawingLearner(HeadLearner):
    """Policy gradients by halting times that are drawn, some of them uniformly (config.explore), others by the head."""

    @abc.abstractmethod
    def advantage(self, drawn: Float[Tensor, "p m"]) -> Float[Tensor, "p m"]:
        """How much better each of a group's M drawn returns is than what it is held against."""

    def loss(self, log_probs: Float[Tensor, "p g s"], returns: Float[Tensor, "p g s"]) -> Float[Tensor, ""]:
        """See losses.score_function_loss; less a bonus for entropy, as GRPO has it."""
        times, weight = draw_times(log_probs.detach(), self.config.times, self.config.explore, self.generator)
        advantage = self.advantage(returns.gather(-1, times).flatten(1)).to(log_probs.dtype).view_as(weight)
        surrogate = losses.score_function_loss(log_probs.gather(-1, times), advantage, weight)
        return surrogate - self.config.entropy * losses.halting_entropy(log_probs).mean()


@final
class Reinforce(DrawingLearner):
    """REINFORCE (Williams 1992): a return is held against the mean of all others in the minibatch, whatever problem and
    price they belong to.
    """

    def advantage(self, drawn: Float[Tensor, "p m"]) -> Float[Tensor, "p m"]:
        """The whole minibatch as one group."""
        return losses.group_advantage(drawn.view(1, -1)).view_as(drawn)


@final
class Rloo(DrawingLearner):
    """RLOO (Kool 2019; Ahmadian 2024, arXiv 2402.14740): a return is held against the others of its group.

    GRPO as it is here is the same with clipped ratios, and with the reuse of samples that clipping allows.
    """

    def advantage(self, drawn: Float[Tensor, "p m"]) -> Float[Tensor, "p m"]:
        """See losses.group_advantage."""
        return losses.group_advantage(drawn)


@final
class PonderNet(HeadLearner):
    """`expected` held near a geometric distribution of halting times (Banino et al. 2021, arXiv 2107.05407, eq. 5).

    rate: the prior's chance of halting at a step. weight: of the divergence from it.
    """

    def __init__(
        self,
        config: GrpoConfig,
        features: int,
        iterations: int,
        seed: int,
        rate: float = 0.2,
        weight: float = 0.01,
    ) -> None:
        super().__init__(config, features, iterations, seed)
        self.rate, self.weight = rate, weight

    def loss(self, log_probs: Float[Tensor, "p g s"], returns: Float[Tensor, "p g s"]) -> Float[Tensor, ""]:
        """-sum_t p_t R_t + weight KL(p || prior)."""
        prior = losses.geometric_log_probs(self.rate, log_probs.shape[-1]).expand_as(log_probs)
        divergence = losses.halting_kl(log_probs, prior).mean()
        return self.weight * divergence - losses.expected_return(log_probs, returns).mean()


def draw_times(
    log_probs: Float[Tensor, "p g s"], count: int, explore: float, generator: torch.Generator
) -> tuple[Int[Tensor, "p g k"], Float[Tensor, "p g k"]]:
    """``count`` halting times per branch, from 0, a share ``explore`` of them uniform; and their importance weights."""
    chances = log_probs.exp()
    drawn_from = (1 - explore) * chances + explore / chances.shape[-1]
    times = torch.multinomial(drawn_from.flatten(0, -2), count, replacement=True, generator=generator)
    times = times.view(*chances.shape[:-1], count)
    return times, chances.gather(-1, times) / drawn_from.gather(-1, times)


def draw_groups(bank: Unroll, groups: int, branches: int, generator: torch.Generator) -> Unroll:
    """``groups`` whole groups of a bank, whose branches stand one after another; each at most once."""
    chosen = torch.randperm(len(bank) // branches, generator=generator)[:groups]
    return bank[group_index(chosen, branches)]


LEARNERS: dict[str, type[Reinforce] | type[Rloo] | type[PonderNet]] = {
    "reinforce": Reinforce,
    "rloo": Rloo,
    "pondernet": PonderNet,
}
"""Learners by name; each is made by (config, features, iterations, seed)."""
