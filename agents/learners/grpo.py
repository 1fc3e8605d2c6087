"""GRPO for halting on a frozen network: branches of a problem, many halting steps per branch, no critic.

The environment is a sampler here: every draft of a rollout is graded, so returns of all halting steps are recomputed
from verdicts, to the last bit what the environment would pay (a test steps it to each of them).
"""

from __future__ import annotations

from typing import NamedTuple, final

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from agents import losses
from agents.halting.heads import Halter, HaltPolicy
from agents.learners.advantages import ADVANTAGES
from agents.learners.base import Learner
from agents.learners.config import GrpoConfig, LearnerConfig
from agents.learners.metrics import Graded, halting_log_probs, mean_over
from agents.learners.pricing import PRICINGS
from agents.learners.sampling import draw_groups, draw_halting_steps, draw_prices
from agents.rollouts.unroll import Unroll
from trm_gym.reward import Price
from trm_gym.short_repr import short_repr


@short_repr
class Samples(NamedTuple):
    """Halting steps sampled for P groups of G branches, K each; M = G * K members a group."""

    price: Float[Tensor, "p g s"]
    log_probs: Float[Tensor, "p g s"]
    """Of every halting step, under the policy that they were sampled from."""
    halting_steps: Int[Tensor, "p g k"]
    """Counted from 0."""
    weight: Float[Tensor, "p g k"]
    """Importance: policy over the distribution sampled from."""
    advantage: Float[Tensor, "p g k"]
    has_signal: Bool[Tensor, " p"]
    """Whether the returns of a group differ: there is nothing to learn from one where they do not."""

    def log_prob(self, log_probs: Float[Tensor, "m g s"]) -> Float[Tensor, "m g k"]:
        """The log-probabilities of the sampled steps."""
        return log_probs.gather(-1, self.halting_steps)

    def groups(self, index: Int[Tensor, " m"]) -> Samples:
        """Those of the groups at ``index``."""
        return Samples(*(part[index] for part in self))


def policy_loss(
    config: GrpoConfig,
    new: Float[Tensor, "m g k"],
    old: Float[Tensor, "m g k"],
    samples: Samples,
    actions: Int[Tensor, " m #g #k"],
) -> Float[Tensor, ""]:
    """The loss that ``config`` names, of samples whose log-probabilities are sums over so many actions."""
    if config.loss == "cispo":
        return losses.cispo_loss(new, old, samples.advantage, config.clip, samples.weight)
    if config.loss == "gspo":
        return losses.gspo_loss(new, old, samples.advantage, config.clip, samples.weight, actions)
    return losses.ppo_clip_loss(new, old, samples.advantage, config.clip, samples.weight)


@torch.no_grad()
def sample_halting(
    head: Halter, graded: Unroll, prices: Float[Tensor, " p"], config: LearnerConfig, generator: torch.Generator
) -> Samples:
    """Sample halting steps at one price per group from the head's policy, explored by ``config.sampling.explore``."""
    groups, budget = len(prices), graded.max_steps
    price = prices.float()[:, None, None].expand(groups, len(graded) // groups, budget)
    log_probs = halting_log_probs(head, graded.features.view(*price.shape, -1), price)
    sampling = config.sampling
    steps, weight = draw_halting_steps(log_probs, sampling.halting_steps, sampling.explore, generator)
    step_cost = torch.tensor([Price(price, budget).step_cost for price in prices.tolist()], dtype=torch.float64)
    returns = PRICINGS[config.grpo.pricing](graded.solved.view_as(price), step_cost)
    sampled = returns.gather(-1, steps).flatten(1)
    return Samples(
        price=price,
        log_probs=log_probs,
        halting_steps=steps,
        weight=weight,
        advantage=ADVANTAGES[config.grpo.advantage](sampled).float().view_as(steps),
        has_signal=(sampled != sampled[:, :1]).any(-1),
    )


@final
class Grpo(Learner):
    """GRPO (Shao et al. 2024, arXiv 2402.03300) on halting steps."""

    head: HaltPolicy
    sections = ("policy", "sampling", "grpo")

    def _learn(self, rollout: Graded, dataset: Unroll | None) -> dict[str, float]:
        config = self.config
        self._optimizer.pace(self.iteration, config.iterations)
        groups = len(rollout.unroll) // rollout.branches
        step_metrics, has_signal = [], []
        for _ in range(config.passes):
            graded = rollout.unroll
            if dataset is not None:
                graded = draw_groups(dataset, groups, rollout.branches, self.generator)
            samples = self.sample(rollout, graded)
            shape = samples.price.shape
            features, solved = graded.features.view(*shape, -1), graded.solved.view(shape)
            parts = self._minibatches(samples.has_signal)
            step_metrics += [self._step(samples.groups(part), features[part], solved[part]) for part in parts]
            has_signal.append(samples.has_signal)
        zero_variance = 1 - torch.cat(has_signal).float().mean().item()
        return {"zero_variance_groups": zero_variance, **mean_over(step_metrics)}

    def sample(self, rollout: Graded, graded: Unroll) -> Samples:
        """Halting steps sampled from the present head for as many graded runs as a rollout has, at new prices."""
        env_price = rollout.step_cost * rollout.unroll.max_steps
        prices = draw_prices(len(rollout.unroll) // rollout.branches, self.config.policy, env_price, self.generator)
        return sample_halting(self.head, graded, prices, self.config, self.generator)

    def _minibatches(self, has_signal: Bool[Tensor, " p"]) -> list[Int[Tensor, " m"]]:
        """Groups for one update after another, from all epochs; those without anything to learn from are left out."""
        kept = has_signal.nonzero().flatten()
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
        surrogate = policy_loss(config.grpo, new, old, samples, samples.halting_steps + 1)
        loss = surrogate - config.sampling.entropy * losses.halting_entropy(log_probs).mean()
        value = losses.value_loss(self.head.value_logits(features), solved)
        self._optimizer.step(loss + value)
        self.updates += 1
        return {
            "loss": loss.item(),
            "value_loss": value.item(),
            "clip_fraction": losses.clip_fraction(new, old, config.grpo.clip).item(),
            "kl": losses.halting_kl(samples.log_probs, log_probs).mean().item(),
        }
