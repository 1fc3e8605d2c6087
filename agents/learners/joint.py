"""GRPO for answers and halting together: the network goes on learning while its head learns when to stop.

An action is a halting step and the draft that stands then. Its probability is a product of two: the head is taught by
the first factor, as on a frozen network, the network by the second. For that it runs again with gradients from the
carries of the rollout, each step for itself as in pretraining: the carry between steps is detached.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, final

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from agents import losses
from agents.common.checks import Checked, above_zero, at_least, at_least_one
from agents.common.finite import check_finite, check_gradients, told
from agents.common.tensors import Tensors, flat_state, load_flat_state, nest, unnest
from agents.halting.heads import HaltPolicy
from agents.learners.answers import AnswersConfig, answer_samples
from agents.learners.grpo import Grpo, Samples, policy_loss
from agents.learners.metrics import Metrics, mean_over
from agents.rollouts.collect import Rollout
from agents.rollouts.groups import group_index
from agents.rollouts.unroll import Unroll, refine
from agents.trm import TRM, Carry
from trm_gym.short_repr import short_repr
from trm_gym.task import Task


@dataclass(frozen=True)
class JointConfig(Checked):
    """How the network is taught beside its halting head."""

    lr: float = 5e-5
    """Learning rate on the network: a hundredth of pretraining's AdamW."""
    optimizer: Literal["adamw", "muon"] = "adamw"
    """Optimiser of the network. muon: Muon on the 2-D weights of the shared network, scaled to move them by as much
    as AdamW would at the same rate (Liu et al. 2025, arXiv 2502.16982, equation 4), AdamW on the rest."""
    weight_decay: float = 0.1
    """Decoupled weight decay of the network."""
    reward: float = 1.0
    """Weight of what rewards right answers. 0 is more supervision by the anchor alone, for as many steps of the network
    on the same problems: what learning from rewards is held against."""
    anchor: float = 0.5
    """Weight of what holds the answers of every step, and of the supervised loss of the network's own halt head."""
    anchored_to: Literal["labels", "pretrained"] = "labels"
    """What holds the answers: their supervised loss, or the KL divergence from the network as it was at the start."""
    unlabelled: tuple[str, ...] = ()
    """Levels whose labels are not shown: rewards alone say what is right there."""
    answers: AnswersConfig = field(default_factory=AnswersConfig)
    """What answers are rewarded for."""
    halt_weight: float = 0.5
    """Weight of the halt head's loss beside that of the answers."""
    minibatch: int = 4
    """Groups per update; memory grows with it, as all steps of their branches keep gradients."""
    gradient_norm: float = 1.0
    """Longest gradient of the network; longer ones are cut to it."""

    prefix = "joint."

    def __post_init__(self) -> None:
        super().__post_init__()
        above_zero(self, "lr", "gradient_norm")
        at_least(0, self, "weight_decay", "reward", "anchor", "halt_weight")
        at_least_one(self, "minibatch")


def check_joint(setting: str, learner: str, branches: int, joint: JointConfig) -> None:
    """Raise ValueError where the joint setting is asked for and cannot be, or its section is and nobody reads it."""
    if setting == "joint" and learner != "grpo":
        raise ValueError(f"the joint setting is for --learner grpo, not for {learner}")
    if setting == "frozen" and joint != JointConfig():
        raise ValueError("the joint section is used in the joint setting alone: leave it out, or use --setting joint")
    if setting == "joint" and branches < 2:
        raise ValueError("the joint setting compares the answers of a group: use --branches 4 and --training.groups 32")


@short_repr
class Replay(NamedTuple):
    """Branches run again. log_prob: of their drafts, of so many cells; answers: what anchors them; halt: loss of the
    halt head."""

    log_prob: Float[Tensor, "n s"]
    cells: Int[Tensor, "n s"]
    answers: Float[Tensor, ""]
    halt: Float[Tensor, ""]


def network_optimizers(network: TRM, config: JointConfig) -> list[torch.optim.Optimizer]:
    """What moves the network: AdamW on what Muon does not take, then Muon where it is asked for."""
    taken = [p for p in network.core.parameters() if p.ndim == 2] if config.optimizer == "muon" else []
    rest = [p for p in network.parameters() if all(p is not other for other in taken)]
    found: list[torch.optim.Optimizer] = [
        torch.optim.AdamW(rest, lr=config.lr, weight_decay=config.weight_decay),
    ]
    if taken:
        found.append(
            torch.optim.Muon(taken, lr=config.lr, weight_decay=config.weight_decay, adjust_lr_fn="match_rms_adamw")
        )
    return found


@final
class JointGrpo:
    """Teaches a network, and by ``grpo`` its halting head.

    Rollouts must be collected at temperature 1, so that their drafts are drawn from the network's own probabilities.
    task: whose problems they are; of several solutions it gives the one nearest to an answer as the label.
    """

    def __init__(self, config: JointConfig, grpo: Grpo, network: TRM, task: Task) -> None:
        self.config, self.grpo, self.network, self.task = config, grpo, network, task
        self._pretrained = copy.deepcopy(network) if config.anchored_to == "pretrained" else None
        network.requires_grad_(True)
        self._weights = dict(network.named_parameters())
        self._optimizers = network_optimizers(network, config)
        self._unlabelled = [task.level_index(name) for name in config.unlabelled]

    @property
    def head(self) -> HaltPolicy:
        """The halting head."""
        return self.grpo.head

    @property
    def scale(self) -> float:
        """A factor of all learning rates, the network's too, below 1 after training has diverged."""
        return self.grpo.scale

    @scale.setter
    def scale(self, scale: float) -> None:
        self.grpo.scale = scale
        for optimizer in self._optimizers:
            for group in optimizer.param_groups:
                group["lr"] = self.config.lr * scale

    def update(self, rollout: Rollout, dataset: Unroll | None = None) -> Metrics:
        """Learn from a rollout: the network by drafts at halting steps that the present head samples, then the head.

        Groups whose members all earn alike are left out, also by the labels: a step of the network is dear.
        dataset: none here, since the drafts of a network that has changed since teach the head nothing about this one.
        """
        check_finite("the rollout's", vars(rollout.unroll))
        config = self.config
        samples = answer_samples(self.grpo.sample(rollout, rollout.unroll), rollout, config.answers)
        kept = samples.has_signal.nonzero().flatten()
        order = kept[torch.randperm(len(kept), generator=self.grpo.generator)]
        parts = order.split(config.minibatch) if len(kept) else ()
        with told(lambda: "an update of the network"):
            step_metrics = [self._step(rollout, part, samples.groups(part)) for part in parts]
        metrics = self.grpo.update(rollout, dataset)
        network = {f"network_{name}": value for name, value in mean_over(step_metrics).items()}
        return metrics._replace(scalars=metrics.scalars | network)

    def _step(self, rollout: Rollout, groups: Int[Tensor, " m"], samples: Samples) -> dict[str, float]:
        """One update of the network on some groups."""
        config = self.config
        index = group_index(groups, rollout.branches)
        log_prob, cells, answers, halt = self.replay(rollout, index)
        shape = samples.log_probs.shape
        new, old = (samples.log_prob(part.view(shape)) for part in (log_prob, rollout.log_prob[index]))
        cells = cells.view(shape).gather(-1, samples.halting_steps)
        surrogate = policy_loss(self.grpo.config.grpo, new, old, samples, cells)
        loss = config.reward * surrogate + config.anchor * (answers + config.halt_weight * halt)
        check_finite("the loss of", {"the network": loss})
        self.network.zero_grad()
        loss.backward()
        check_gradients(self._weights)
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), config.gradient_norm)
        for optimizer in self._optimizers:
            optimizer.step()
        check_finite("the weight", self._weights)
        return {
            "loss": loss.item(),
            "answer_loss": answers.item(),
            "halt_loss": halt.item(),
            "clip_fraction": losses.clip_fraction(new, old, self.grpo.config.grpo.clip).item(),
        }

    def replay(self, rollout: Rollout, index: Int[Tensor, " n"]) -> Replay:
        """Run branches again, with gradients."""
        problems = rollout.problems[index.numpy()]
        free = torch.from_numpy(problems.free)
        drafts = rollout.drafts[index].long()
        hidden = torch.from_numpy(np.isin(problems.level, self._unlabelled))[:, None]
        log_probs, cells, answers, halts = [], [], [], []
        start = Carry(*(part[index] for part in rollout.start))
        references = self._references(rollout, index)
        taken = iter(drafts.unbind(1))  # what a network that sees its draft was shown next
        steps = refine(self.network, self.task, problems, drafts.shape[1], start, lambda _: next(taken))
        for number, step in enumerate(steps):
            logits = step.output.logits.float().cpu()
            counted = torch.from_numpy(self.task.counted(problems, drafts[:, number].byte().numpy()))
            log_probs.append(losses.token_log_prob(logits, drafts[:, number], counted))
            cells.append(counted.sum(-1).clamp(min=1))
            if references is None:
                nearest = self.task.nearest(problems, logits.detach().numpy())
                solution, told = torch.from_numpy(nearest).long(), self.task.labelled(problems, nearest)
                known = free & torch.from_numpy(told) & ~hidden
                answers.append(-losses.token_log_prob(logits, solution, known).sum() / known.sum().clamp(min=1))
            else:
                answers.append(losses.token_kl(logits, references[number], free))
            halts.append(losses.binary_cross_entropy(step.output.halt.float().cpu(), step.solved.cpu()))
        chosen = torch.stack(log_probs, dim=1), torch.stack(cells, dim=1)
        return Replay(*chosen, torch.stack(answers).mean(), torch.stack(halts).mean())

    @torch.no_grad()
    def _references(self, rollout: Rollout, index: Int[Tensor, " n"]) -> list[Float[Tensor, "n l v"]] | None:
        """The token logits of the network as it was at the start, step by step; none where labels are the anchor."""
        if self._pretrained is None:
            return None
        start = Carry(*(part[index] for part in rollout.start))
        problems, taken = rollout.problems[index.numpy()], iter(rollout.drafts[index].long().unbind(1))
        budget = rollout.drafts.shape[1]
        steps = refine(self._pretrained, self.task, problems, budget, start, lambda _: next(taken))
        return [step.output.logits.float().cpu() for step in steps]

    def state_dict(self) -> Tensors:
        """Everything that ``update`` changes, as flat, named tensors."""
        tensors = nest("grpo", self.grpo.state_dict()) | nest("network", self.network.state_dict())
        for place, optimizer in enumerate(self._optimizers):
            tensors |= nest(f"network_optimizer.{place}", flat_state(optimizer))
        return tensors

    def load_state_dict(self, tensors: Mapping[str, Tensor]) -> None:
        """Take back what ``state_dict`` gave."""
        self.grpo.load_state_dict(unnest("grpo", tensors))
        self.network.load_state_dict(unnest("network", tensors))
        for place, optimizer in enumerate(self._optimizers):
            load_flat_state(optimizer, unnest(f"network_optimizer.{place}", tensors))
        self.network.zero_grad(set_to_none=True)  # of an update that came to no number
