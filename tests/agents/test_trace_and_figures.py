"""A trace is what the unroll saw, and pictures of it come out the same every time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from agents.checkpoint import Checkpoint
from agents.figures import curriculum_figure, ladder, refinement_figure
from agents.halting import HaltHead
from agents.rollout import unroll
from agents.trace import Trace, trace
from agents.trm import TRM, TRMConfig
from trm_gym import make_task

STEPS = 3
TASK = make_task("sudoku4x4")
PROBLEMS = TASK.generate(2, 0, "test", 0)


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    config = TRMConfig(hidden=8, layers=1, cycles=1, latent_updates=1, width_multiple=8)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = TRM(config, TASK.vocab, TASK.structure).eval()
    features = unroll(model, TASK, PROBLEMS, 1).features.shape[-1]
    return Checkpoint(model, "sudoku4x4", {"grpo": HaltHead(features)})


@pytest.fixture(scope="module")
def traced(checkpoint: Checkpoint) -> Trace:
    return trace(checkpoint, PROBLEMS[slice(0, 1)], STEPS, price=0.1)


def test_a_trace_agrees_with_the_unroll(checkpoint: Checkpoint, traced: Trace):
    graded = unroll(checkpoint.model, TASK, PROBLEMS[slice(0, 1)], STEPS)
    assert len(traced) == STEPS
    assert traced.solved.tolist() == graded.solved[0].tolist()
    np.testing.assert_allclose(traced.velocity, graded.velocity[0], rtol=1e-5)
    free = PROBLEMS.free[0]
    np.testing.assert_allclose(traced.confidence[:, free].min(1), graded.confidence[0], rtol=1e-5)
    np.testing.assert_allclose(traced.changed / free.sum(), graded.changed[0], rtol=1e-5)
    np.testing.assert_allclose(traced.right, graded.halt_logit[0].sigmoid(), rtol=1e-5)
    np.testing.assert_allclose(traced.halt, torch.full((STEPS,), -3.0).sigmoid(), rtol=1e-5)


def test_givens_stay_and_are_certain(traced: Trace):
    fixed = ~PROBLEMS.free[0]
    assert (traced.drafts[:, fixed] == PROBLEMS.problem[0][fixed]).all()
    assert (traced.confidence[:, fixed] == 1).all()
    assert (traced.draft_after(0) == PROBLEMS.start[0]).all()
    assert (traced.draft_after(2) == traced.drafts[1]).all()


def test_a_trace_without_a_policy(checkpoint: Checkpoint):
    plain = Checkpoint(checkpoint.model, "sudoku4x4")
    found = trace(plain, PROBLEMS[slice(0, 1)], 1, price=0.1)
    assert not found.policy and np.isnan(found.halt).all()
    with pytest.raises(ValueError, match="one problem"):
        trace(plain, PROBLEMS, 1, price=0.1)


def test_refinement_picture_is_the_same_every_time(traced: Trace, tmp_path: Path):
    pictures = [refinement_figure(traced, TASK, [0, 1, 3], tmp_path / f"{n}.png").read_bytes() for n in range(2)]
    assert pictures[0] == pictures[1] and pictures[0].startswith(b"\x89PNG")
    with pytest.raises(ValueError, match="between 0 and 3"):
        refinement_figure(traced, TASK, [0, 4], tmp_path / "no.png")


def test_ladder_doubles_and_ends_at_the_last():
    assert ladder(16) == [0, 1, 2, 4, 8, 16]
    assert ladder(5) == [0, 1, 2, 4, 5]
    assert ladder(1) == [0, 1]


def test_curriculum_picture(tmp_path: Path):
    path = curriculum_figure(np.random.default_rng(0).random((5, 2)), ["easy", "hard"], tmp_path / "mix.png")
    assert path.read_bytes().startswith(b"\x89PNG")
    with pytest.raises(ValueError, match="2 levels"):
        curriculum_figure(np.ones((5, 3)), ["easy", "hard"], path)
