"""GRPO for the policy of three acts, on problems that were run from several starts.

A group is one problem: paths through its starts are sampled from the policy, and on each of them halting steps. Every
draft has been graded, so what each of them is worth is known without running the network.
"""

from __future__ import annotations

from typing import final

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

from agents import losses
from agents.common.finite import check_finite
from agents.halting.paths import Paths, follow_schedule, in_order
from agents.halting.restart_head import RestartPolicy, value_targets
from agents.halting.restart_policy import PolicyRestarts, SampledRestarts
from agents.learners.advantages import ADVANTAGES
from agents.learners.base import Learner
from agents.learners.grpo import Samples, policy_loss
from agents.learners.metrics import Graded, Metrics, mean_over, measured
from agents.learners.pricing import PRICINGS
from agents.learners.sampling import draw_groups, draw_halting_steps, draw_prices
from agents.rollouts.unroll import Unroll


def draw_orders(problems: int, starts: int, paths: int, generator: torch.Generator) -> Int[Tensor, "n g"]:
    """An order of its starts for each of ``paths`` paths of every problem; the problem as it is comes first."""
    shuffled = torch.rand(problems * paths, starts - 1, generator=generator, dtype=torch.float32).argsort(-1) + 1
    own = torch.cat([torch.zeros(len(shuffled), 1, dtype=torch.long), shuffled], 1)
    return own + torch.arange(problems).repeat_interleave(paths)[:, None] * starts


@final
class RestartGrpo(Learner):
    """GRPO (Shao et al. 2024, arXiv 2402.03300) on restarts and halting steps.

    The members of a group are halting steps on several sampled paths of a problem: the likelihood of one is that of the
    restarts before it, times that of halting there.
    """

    head: RestartPolicy
    acts = 3
    sections = ("policy", "sampling", "grpo", "restarts")

    def make_head(self, features: int, seed: int) -> RestartPolicy:
        """A fresh policy of three acts."""
        return RestartPolicy(features, self.config.hidden, seed)

    @torch.no_grad()
    def _measure(self, rollout: Graded) -> Metrics:
        """How the policy does at the environment's price, on the starts in the order in which they stand."""
        runs, price = rollout.unroll, rollout.step_cost * rollout.unroll.max_steps
        order = in_order(len(runs) // rollout.branches, rollout.branches)
        values = self.head.value_logits(runs.features)
        paths = follow_schedule(runs, order, PolicyRestarts(self.head, price), values[..., 0])
        asked = torch.full((len(order), 1, runs.max_steps), price, dtype=torch.float32)
        log_probs = self._log_probs(values, paths, asked)[0].squeeze(1)
        step_cost = torch.full((len(order),), rollout.step_cost, dtype=torch.float64)
        metrics = measured(log_probs, paths.solved, losses.halting_returns(paths.solved, step_cost), 1, self.generator)
        begun = (log_probs.exp() * (paths.record.starts - 1)).sum(-1).mean().item()
        return metrics._replace(scalars=metrics.scalars | {"restarts": begun})

    def _learn(self, rollout: Graded, dataset: Unroll | None) -> dict[str, float]:
        config = self.config
        if rollout.branches < 2:
            raise ValueError("restarts are learnt from problems that were run from several starts: give more branches")
        self._optimizer.pace(self.iteration, config.iterations)
        source = rollout.unroll if dataset is None else dataset
        groups = max(1, len(rollout.unroll) // rollout.branches // config.minibatches)
        step_metrics = []
        for _ in range(config.passes * config.minibatches):
            env_price = rollout.step_cost * source.max_steps
            prices = draw_prices(groups, config.policy, env_price, self.generator)
            graded = draw_groups(source, groups, rollout.branches, self.generator)
            paths, samples = self._sample(graded, rollout.branches, prices)
            step_metrics += [self._step(graded, rollout.branches, paths, samples) for _ in range(config.epochs)]
        return mean_over(step_metrics)

    @torch.no_grad()
    def _sample(self, graded: Unroll, starts: int, prices: Float[Tensor, " p"]) -> tuple[Paths, Samples]:
        """Paths of every problem, and halting steps on them, at one price per problem."""
        config, count, groups = self.config, self.config.restarts.paths, len(prices)
        order = draw_orders(groups, starts, count, self.generator)
        values = self.head.value_logits(graded.features)
        asked = prices.float().repeat_interleave(count)
        schedule = SampledRestarts(self.head, values, asked, self.generator)
        paths = follow_schedule(graded, order, schedule, values[..., 0])
        price = asked.view(groups, count, 1).expand(-1, -1, graded.max_steps)
        halting, restarting = self._log_probs(values, paths, price)
        sampling = config.sampling
        steps, weight = draw_halting_steps(halting, sampling.halting_steps, sampling.explore, self.generator)
        returns = PRICINGS[config.grpo.pricing](paths.solved.view_as(price), prices / graded.max_steps)
        sampled = returns.gather(-1, steps).flatten(1)
        advantage = ADVANTAGES[config.grpo.advantage](sampled).float().view_as(steps)
        has_signal = (sampled != sampled[:, :1]).any(-1)
        return paths, Samples(price, halting + restarting, steps, weight, advantage, has_signal)

    def _log_probs(
        self, values: Float[Tensor, "m s v"], paths: Paths, price: Float[Tensor, "p k s"]
    ) -> tuple[Float[Tensor, "p k s"], Float[Tensor, "p k s"]]:
        """Log-probabilities of halting at each step of a path, and of the restarts before it."""
        reasons = self.head.reasons(paths.at.pick(values), paths.record, price.flatten(0, 1))
        again = reasons[..., 2]
        chosen = F.logsigmoid(torch.where(paths.restarted, again, -again)) * paths.allowed
        before = F.pad(chosen.cumsum(-1)[:, :-1], (1, 0))
        halting = losses.halting_log_probs(self.head.halt_logit(reasons))
        check_finite("the halting head's", {"log-probabilities": halting, "restarts": before})
        return halting.view_as(price), before.view_as(price)

    def _step(self, graded: Unroll, starts: int, paths: Paths, samples: Samples) -> dict[str, float]:
        """One update of the head."""
        config = self.config
        values = self.head.value_logits(graded.features)
        halting, restarting = self._log_probs(values, paths, samples.price)
        new, old = samples.log_prob(halting + restarting), samples.log_prob(samples.log_probs)
        surrogate = policy_loss(config.grpo, new, old, samples, samples.halting_steps + 1)
        loss = surrogate - config.sampling.entropy * losses.halting_entropy(halting).mean()
        solved = graded.solved.view(-1, starts, graded.max_steps)
        targets = value_targets(solved, graded.max_steps)
        value = F.binary_cross_entropy_with_logits(values.view_as(targets), targets)
        self._optimizer.step(loss + value)
        self.updates += 1
        steps = samples.halting_steps
        return {
            "loss": loss.item(),
            "value_loss": value.item(),
            "clip_fraction": losses.clip_fraction(new, old, config.grpo.clip).item(),
            "restarts_a_path": paths.restarted.sum(-1).float().mean().item(),
            "sampled_steps": (steps + 1).float().mean().item(),
            "sampled_right": paths.solved.view_as(samples.price).gather(-1, steps).float().mean().item(),
        }
