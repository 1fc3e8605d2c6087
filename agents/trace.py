"""One problem as the network refined it, draft by draft, as data for whoever shows it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from agents.checkpoint import Checkpoint
from agents.halting import Halter
from agents.rollout import refine
from agents.rules import LEARNER
from trm_gym import make_task
from trm_gym.task import Problems


@dataclass(frozen=True)
class Trace:
    """A batch of one over s steps.

    drafts: uint8 [s, L]. confidence: float [s, L], each cell's largest probability; 1 where the cell is fixed.
    halt: float [s], the policy's probability of stopping; not a number without a policy. right: float [s], probability
    that the draft is right, by the head trained with the network. velocity: float [s], |z_t - z_{t-1}| / |z_t|.
    changed: int [s], cells changed since the last draft. solved: bool [s], whether the draft obeys the task's rules.
    """

    problems: Problems
    drafts: NDArray[np.uint8]
    confidence: NDArray[np.float64]
    halt: NDArray[np.float64]
    right: NDArray[np.float64]
    velocity: NDArray[np.float64]
    changed: NDArray[np.int64]
    solved: NDArray[np.bool_]
    policy: bool
    """Whether there is a policy that says when to stop."""

    def __len__(self) -> int:
        return len(self.drafts)

    def draft_after(self, step: int) -> NDArray[np.uint8]:
        """The draft after so many steps, uint8 [L]; 0 is the problem with its free cells blank."""
        return self.drafts[step - 1] if step else self.problems.start[0]


@torch.inference_mode()
def trace(checkpoint: Checkpoint, problems: Problems, max_steps: int, price: float) -> Trace:
    """Refine a batch of one for ``max_steps`` steps, whatever any rule says; ``price`` is what the policy is told.

    Raises ValueError for another number of problems.
    """
    if len(problems) != 1:
        raise ValueError(f"a trace is of one problem, got {len(problems)}")
    task, policy = make_task(checkpoint.task), checkpoint.heads.get(LEARNER)
    free, last = problems.free[0], problems.start[0]
    rows = []
    for step in refine(checkpoint.model, problems, max_steps):
        draft = step.draft[0].cpu().numpy().astype(np.uint8)
        sure = step.output.logits[0].float().softmax(-1).amax(-1).cpu().numpy()
        rows.append(
            {
                "drafts": draft,
                "confidence": np.where(free, sure, 1.0).astype(np.float64),
                "halt": _stopping(policy, step.features, price),
                "right": float(step.output.halt.float().sigmoid()),
                "velocity": float(step.statistics.velocity),
                "changed": int((draft != last).sum()),
                "solved": bool(task.verify(problems, draft[None]).solved[0]),
            }
        )
        last = draft
    columns = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    return Trace(problems, **columns, policy=policy is not None)


def _stopping(policy: Halter | None, features: torch.Tensor, price: float) -> float:
    """The policy's probability of stopping at this step; not a number without a policy."""
    if policy is None:
        return float("nan")
    return float(policy(features, torch.full(features.shape[:-1], price)).sigmoid())
