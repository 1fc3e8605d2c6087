"""GRPO for answers and halting together: the network goes on learning while its head learns when to stop.

An action is a halting time and the draft that stands then. Its probability is a product of two: the head is taught by
the first factor, as on a frozen network, the network by the second. For that it runs again with gradients from the
carries of the rollout, each step for itself as in pretraining: the carry between steps is detached.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float, Int
from torch import Tensor

from agents import losses
from agents.grpo import Grpo, Metrics, Samples, means
from agents.rollout import Rollout, Unroll, refine
from agents.tensors import flat_state, load_flat_state, nest, unnest
from agents.trm import TRM, Carry


@dataclass(frozen=True)
class JointConfig:
    """How the network is taught beside its halting head."""

    lr: float = 5e-5
    """Learning rate of AdamW on the network: a twentieth of pretraining's."""
    weight_decay: float = 0.1
    """Decoupled weight decay of the network."""
    anchor: float = 0.5
    """Weight of the supervised losses, on the answers of every step and on the network's own halt head."""
    halt_weight: float = 0.5
    """Weight of the halt head's loss beside that of the answers."""
    minibatch: int = 4
    """Groups per update; memory grows with it, as all steps of their branches keep gradients."""
    gradient_norm: float = 1.0
    """Longest gradient of the network; longer ones are cut to it."""


@final
class JointGrpo:
    """Teaches a network, and by ``grpo`` its halting head.

    Rollouts must be collected at temperature 1, so that their drafts are drawn from the network's own probabilities.
    """

    def __init__(self, config: JointConfig, grpo: Grpo, network: TRM) -> None:
        self.config, self.grpo, self.network = config, grpo, network
        network.requires_grad_(True)
        self._optimizer = torch.optim.AdamW(network.parameters(), lr=config.lr, weight_decay=config.weight_decay)

    def update(self, rollout: Rollout, bank: Unroll | None = None) -> Metrics:
        """Learn from a rollout: the network by drafts at halting times that the present head draws, then the head.

        bank: none here, since the drafts of a network that has changed since teach the head nothing about this one.
        """
        samples = self.grpo.sample(rollout, rollout.unroll)
        kept = samples.varied.nonzero().flatten()
        order = kept[torch.randperm(len(kept), generator=self.grpo.generator)]
        parts = order.split(self.config.minibatch) if len(kept) else ()
        told = [self._step(rollout, part, samples.groups(part)) for part in parts]
        metrics = self.grpo.update(rollout, bank)
        return Metrics(
            metrics.scalars | {f"network_{name}": value for name, value in means(told).items()}, metrics.steps
        )

    def _step(self, rollout: Rollout, groups: Int[Tensor, " m"], samples: Samples) -> dict[str, float]:
        """One update of the network on some groups."""
        config = self.config
        index = (groups[:, None] * rollout.branches + torch.arange(rollout.branches)).flatten()
        log_prob, answers, halt = self.replay(rollout, index)
        shape = samples.log_probs.shape
        new, old = (samples.log_prob(part.view(shape)) for part in (log_prob, rollout.log_prob[index]))
        surrogate = losses.clipped_surrogate(new, old, samples.advantage, self.grpo.config.clip, samples.weight)
        loss = surrogate + config.anchor * (answers + config.halt_weight * halt)
        self._optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), config.gradient_norm)
        self._optimizer.step()
        return {
            "loss": loss.item(),
            "answer_loss": answers.item(),
            "halt_loss": halt.item(),
            "clip_fraction": losses.clip_fraction(new, old, self.grpo.config.clip).item(),
        }

    def replay(
        self, rollout: Rollout, index: Int[Tensor, " n"]
    ) -> tuple[Float[Tensor, "n s"], Float[Tensor, ""], Float[Tensor, ""]]:
        """Run branches again: the log-probabilities of their drafts; the supervised losses of answers and halt head."""
        problems = rollout.problems[index.numpy()]
        free, solution = torch.from_numpy(problems.free), torch.from_numpy(problems.solution).long()
        drafts = rollout.drafts[index].long()
        log_probs, answers, halts = [], [], []
        start = Carry(*(part[index] for part in rollout.start))
        for number, step in enumerate(refine(self.network, problems, drafts.shape[1], start)):
            logits = step.output.logits.float().cpu()
            log_probs.append(losses.token_log_prob(logits, drafts[:, number], free))
            answers.append(-losses.token_log_prob(logits, solution, free).sum() / free.sum())
            right = (step.draft.cpu() == solution).all(-1)
            halts.append(losses.binary_cross_entropy(step.output.halt.float().cpu(), right))
        return torch.stack(log_probs, dim=1), torch.stack(answers).mean(), torch.stack(halts).mean()

    def state_dict(self) -> dict[str, Tensor]:
        """Everything that ``update`` changes, as flat, named tensors."""
        return {
            **nest("grpo", self.grpo.state_dict()),
            **nest("network", self.network.state_dict()),
            **nest("network_optimizer", flat_state(self._optimizer)),
        }

    def load_state_dict(self, tensors: Mapping[str, Tensor]) -> None:
        """Take back what ``state_dict`` gave."""
        self.grpo.load_state_dict(unnest("grpo", tensors))
        self.network.load_state_dict(unnest("network", tensors))
        load_flat_state(self._optimizer, unnest("network_optimizer", tensors))
