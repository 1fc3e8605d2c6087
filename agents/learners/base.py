"""What every learner of a halting head is, and the two ways of going through the data that most of them share.

A learner is a class here or in a file beside, and a line in registry.py. It learns from runs of which every draft is
graded, so halting steps are drawn, and drawn again, without running the network again. joint.py is the setting in which
the network learns too.
"""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import ClassVar, cast

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from agents import losses
from agents.common.finite import check_finite, told
from agents.common.tensors import Tensors, flat_state, load_flat_state, nest, unnest
from agents.halting.heads import Halter, HaltPolicy
from agents.halting.restart_head import Head
from agents.learners.config import LearnerConfig
from agents.learners.metrics import Graded, Metrics, halting_log_probs, mean_over, measure
from agents.learners.optim import HeadOptimizer
from agents.learners.sampling import draw_groups, draw_prices
from agents.rollouts.unroll import Unroll


class Learner(abc.ABC):
    """Teaches a halting head when to stop, from rollouts of a network that stays as it is.

    head: what is taught. features: what the head sees per step; seed: of its first weights and of all that is drawn.
    """

    sections: ClassVar[tuple[str, ...]] = ("policy",)
    """The sections of LearnerConfig that it uses."""
    acts: ClassVar[int] = 2
    """What its head decides between: going on and stopping, or also starting afresh."""
    asked_price: ClassVar[float | None] = None
    """The price that the head is asked at where it is measured; the environment's own if None."""

    def __init__(self, config: LearnerConfig, features: int, seed: int) -> None:
        self.config = config
        self.head = self.make_head(features, seed)
        self.iteration, self.updates = 0, 0
        self.generator = torch.Generator().manual_seed(seed)
        self._optimizer = HeadOptimizer(self.head, config)

    @property
    def scale(self) -> float:
        """A factor of all learning rates, below 1 after training has diverged."""
        return self._optimizer.scale

    @scale.setter
    def scale(self, scale: float) -> None:
        self._optimizer.scale = scale

    def make_head(self, features: int, seed: int) -> Head:
        """A fresh head."""
        return HaltPolicy(features, self.config.hidden, seed)

    def update(self, rollout: Graded, dataset: Unroll | None = None) -> Metrics:
        """Learn from a rollout; how the head did on it before that.

        dataset: all groups so far, the rollout's among them. A frozen network would make the same drafts again, and
        halting steps are drawn anew from the present head, so old groups teach as well as new ones. Raises ValueError
        for an empty rollout, NotFiniteError where training comes to what is no number.
        """
        if not len(rollout.unroll):
            raise ValueError("there is nothing to learn from: collect a rollout of at least one problem")
        check_finite("the rollout's", vars(rollout.unroll))
        if self.iteration == 0:
            self.head.standardise(self._scale_of(rollout, dataset).features)
        with told(lambda: f"update {self.updates + 1} of the halting head"):
            metrics = self._measure(rollout)
            step_metrics = self._learn(rollout, dataset)
        self.iteration += 1
        return metrics._replace(scalars=metrics.scalars | step_metrics)

    def _measure(self, rollout: Graded) -> Metrics:
        """How the head does on a rollout, before it learns from it."""
        return measure(cast(Halter, self.head), rollout, self.generator, self.asked_price)

    def _scale_of(self, rollout: Graded, dataset: Unroll | None) -> Unroll:
        """The runs that fix the scale on which features are seen, once and for all."""
        return rollout.unroll if dataset is None else dataset

    @abc.abstractmethod
    def _learn(self, rollout: Graded, dataset: Unroll | None) -> dict[str, float]:
        """The updates of one iteration; figures by name."""

    def state_dict(self) -> Tensors:
        """Everything that ``update`` changes, as flat, named tensors."""
        return {
            **nest("head", self.head.state_dict()),
            **nest("optimizer", flat_state(self._optimizer.adam)),
            "generator": self.generator.get_state(),
            "done": torch.tensor([self.iteration, self.updates]),
        }

    def load_state_dict(self, tensors: Mapping[str, Tensor]) -> None:
        """Take back what ``state_dict`` gave."""
        self.head.load_state_dict(unnest("head", tensors))
        load_flat_state(self._optimizer.adam, unnest("optimizer", tensors))
        self.generator.set_state(tensors["generator"])
        self.iteration, self.updates = tensors["done"].tolist()


class GroupLearner(Learner):
    """Learns a policy by minibatches of whole groups, drawn anew for every update, each group at a price of its own.

    A learner is its ``loss``; value heads learn from verdicts beside it.
    """

    head: HaltPolicy

    @abc.abstractmethod
    def loss(self, log_probs: Float[Tensor, "p g s"], returns: Float[Tensor, "p g s"]) -> Float[Tensor, ""]:
        """What is to be made small, for P groups of G branches, by every halting step's log-probability and return."""

    def _scale_of(self, rollout: Graded, dataset: Unroll | None) -> Unroll:
        return rollout.unroll

    def _learn(self, rollout: Graded, dataset: Unroll | None) -> dict[str, float]:
        config = self.config
        self._optimizer.pace(self.iteration, config.iterations)
        source = rollout.unroll if dataset is None else dataset
        env_price = rollout.step_cost * source.max_steps
        groups = max(1, len(rollout.unroll) // rollout.branches // config.minibatches)
        step_metrics = []
        for _ in range(config.passes * config.epochs * config.minibatches):
            prices = draw_prices(groups, config.policy, env_price, self.generator)
            step_metrics.append(self._step(draw_groups(source, groups, rollout.branches, self.generator), prices))
        return mean_over(step_metrics)

    def _step(self, graded: Unroll, prices: Float[Tensor, " p"]) -> dict[str, float]:
        """One update of the head: its thresholds by the loss, its value heads by the verdicts."""
        shape = (len(prices), -1, graded.max_steps)
        features, solved = graded.features.view(*shape, graded.features.shape[-1]), graded.solved.view(shape)
        price = prices[:, None].expand(solved.shape[:2])
        log_probs = halting_log_probs(self.head, features, price.float()[..., None].expand(solved.shape))
        loss = self.loss(log_probs, losses.halting_returns(solved, price / graded.max_steps))
        value = losses.value_loss(self.head.value_logits(features), solved)
        self._optimizer.step(loss + value)
        self.updates += 1
        return {"loss": loss.item(), "value_loss": value.item()}


class RunLearner(Learner):
    """Learns by minibatches of single runs, drawn anew for every update, each run at a price of its own.

    A learner is its ``loss``. As many runs make a minibatch as in GRPO's; learning rates fall with every update.
    """

    def __init__(self, config: LearnerConfig, features: int, seed: int) -> None:
        super().__init__(config, features, seed)
        # A stream of its own, so that what is drawn to be shown has no part in what is learnt.
        self._runs = torch.Generator().manual_seed(seed)

    @abc.abstractmethod
    def loss(
        self, features: Float[Tensor, "b s f"], solved: Bool[Tensor, "b s"], price: Float[Tensor, "b s"]
    ) -> Float[Tensor, ""]:
        """What is to be made small, of runs at a price each."""

    def _learn(self, rollout: Graded, dataset: Unroll | None) -> dict[str, float]:
        config = self.config
        source = rollout.unroll if dataset is None else dataset
        env_price = rollout.step_cost * source.max_steps
        batch = max(1, config.groups * rollout.branches // config.minibatches)
        step_metrics = []
        for _ in range(config.passes * config.epochs * config.minibatches):
            self._optimizer.pace(self.updates, config.updates)
            index = torch.randint(len(source), (batch,), generator=self._runs)
            solved = source.solved[index]
            price = draw_prices(batch, config.policy, env_price, self._runs).float()[:, None].expand(solved.shape)
            loss = self.loss(source.features[index], solved, price)
            self._optimizer.step(loss)
            self.updates += 1
            step_metrics.append({"loss": loss.item()})
        return mean_over(step_metrics)

    def state_dict(self) -> Tensors:
        """Everything that ``update`` changes, as flat, named tensors."""
        return super().state_dict() | {"runs": self._runs.get_state()}

    def load_state_dict(self, tensors: Mapping[str, Tensor]) -> None:
        """Take back what ``state_dict`` gave."""
        super().load_state_dict(tensors)
        self._runs.set_state(tensors["runs"])
