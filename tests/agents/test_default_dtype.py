"""A program that sets another default type of numbers, before or after it imports us, gets the same results."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

RUNS = """
import dataclasses, sys
import numpy as np, torch
if sys.argv[1:] and sys.argv[1] == "before":
    torch.set_default_dtype(getattr(torch, sys.argv[2]))
from agents.common.acceleration import AccelerationConfig
from agents.inference.solver import Solver
from agents.checkpoint import shipped
from agents.learners.config import LearnerConfig, SamplingConfig
from agents.learners.registry import LEARNERS, train_head
from agents.pretraining.config import PretrainConfig
from agents.pretraining.presets import PRETRAIN
from agents.pretraining.trainer import Pretrainer
from agents.rollouts.dataset import RolloutDataset
from agents.rollouts.unroll import noisy_start, unroll
from agents.trm import TRMConfig
from trm_gym import make_task
if sys.argv[1:] and sys.argv[1] == "after":
    torch.set_default_dtype(getattr(torch, sys.argv[2]))

for name in shipped():
    solver = Solver.from_pretrained(name)
    problems = solver.task.generate(2, 0, "test", 0)
    for rule in ("grpo", "verifier", "confidence:0.99", "q:0"):
        found = list(solver.stream([problems], 3, rule))
        print(name, rule, [(one.answer.tolist(), one.steps, one.confidence, one.halt_logit) for one in found])
    start = noisy_start(solver.checkpoint.model, 1, 0.1, torch.Generator().manual_seed(0))
    print(name, float(start.answer.sum()), solver.train_step(problems[:1], steps=2))
    assert all(value.dtype == torch.float32 for value in solver.checkpoint.model.parameters())

tiny = dict(hidden=8, layers=1, cycles=1, latent_updates=1, width_multiple=8)
TINY = [
    dict(task="sudoku4x4", model=TRMConfig(**tiny)),
    dict(task="sudoku4x4", model=TRMConfig(**tiny, positions="candidates")),
    dict(task="sudoku4x4", model=TRMConfig(**{**tiny, "hidden": 16}, mixer="attention")),
    dict(task="maze5x5", model=TRMConfig(**tiny, mixer="conv")),
    dict(task="arithmetic", model=TRMConfig(**tiny, mixer="mlp", positions="terms")),
]
for settings in TINY:
    levels = (make_task(settings["task"]).levels[0].name,)
    config = PretrainConfig(**settings, levels=levels, updates=4, batch=4, max_steps=2,
        acceleration=AccelerationConfig(compile="off", bfloat16="off"))
    trainer = Pretrainer(config)
    print(settings["task"], [trainer.update() for _ in range(2)])

from tests.agents.synthetic import made_up
runs = made_up(np.random.default_rng(0).integers(0, 8, 64))
for learner in LEARNERS:
    head = train_head(learner, RolloutDataset(runs, 2, 2.0**-7), LearnerConfig(iterations=2, groups=8, passes=1), 0)
    print(learner, [float(value.double().sum()) for value in head.state_dict().values()])
"""


@pytest.fixture(scope="module")
def usual() -> str:
    return printed()


def printed(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", RUNS, *words],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("kind", ["float64", "bfloat16"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_results_are_the_same(usual, when, kind):
    assert printed(when, kind) == usual
