"""What the tests of several scripts share."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from agents.halting.heads import HaltPolicy
from agents.rollouts.features import STEP_FEATURE
from agents.trm import TRM, Carry, Inputs, Output
from trm_gym import make_task

TASKS = {task.length: task for task in map(make_task, ("sudoku4x4", "maze11x11", "algebra", "arithmetic", "maze5x5"))}


@pytest.fixture
def solving(monkeypatch: pytest.MonkeyPatch):
    """A network that gets every problem right at a step of the test's choice, and only there."""

    def at(step: int, budget: int = 16) -> None:
        def forward(model: TRM, carry: Carry, inputs: Inputs) -> tuple[Carry, Output]:
            problem = inputs.problem
            taken = (carry.answer - model.answer_start).mean().round() + 1
            task = TASKS[problem.shape[1]]
            tokens = torch.zeros_like(problem)
            if taken == step:
                rows = [task.solve(row) for row in problem.numpy().astype(np.uint8)]
                tokens = torch.from_numpy(np.stack(rows)).long()
            logits = torch.nn.functional.one_hot(tokens, task.vocab).float()
            return Carry(carry.answer + 1, carry.reasoning + 1), Output(logits, torch.zeros(len(problem)), carry.answer)

        def judge(head: HaltPolicy, features: torch.Tensor, price: torch.Tensor) -> torch.Tensor:
            """The policy's probability of stopping passes a half at three quarters of the budget."""
            return 20 * (features[..., STEP_FEATURE, None] - 0.7)

        monkeypatch.setattr(TRM, "forward", forward)
        monkeypatch.setattr(HaltPolicy, "forward", judge)

    return at
