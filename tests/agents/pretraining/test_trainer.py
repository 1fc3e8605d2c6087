"""Pretraining: it learns, it resumes to the bit, and the same seed gives the same run."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest
import torch

from agents.common.acceleration import AccelerationConfig
from agents.common.schedule import schedule
from agents.common.tensor_file import CheckpointError
from agents.pretraining.config import HintsConfig, PretrainConfig, TrainingExtras
from agents.pretraining.optim import OptimConfig
from agents.pretraining.prefetch import Prefetcher
from agents.pretraining.presets import PRETRAIN
from agents.pretraining.run import pretrain
from agents.pretraining.sources import FixedSet, Fresh
from agents.pretraining.trainer import Pretrainer
from agents.rollouts.unroll import unroll
from agents.trm import TRMConfig
from agents.trm.config import MAZE
from agents.trm.model import new_model
from trm_gym import make_task

PLAIN = AccelerationConfig(compile="off", bfloat16="off")
TINY = PretrainConfig(
    task="sudoku4x4",
    levels=("clues6-8", "clues10-12"),
    model=TRMConfig(hidden=8, cycles=1, latent_updates=1, positions="candidates"),
    acceleration=PLAIN,
    updates=12,
    batch=8,
    max_steps=4,
    save_every=6,
)


def test_a_4x4_network_learns_to_solve_problems_that_it_never_saw(tmp_path, capsys):
    """The real thing, small: broken gradients, targets, carries or refills all show here."""
    config = dataclasses.replace(PRETRAIN["sudoku4x4"], updates=120, acceleration=PLAIN)
    checkpoint = pretrain(config, tmp_path)
    assert re.search(r"^pretrain: (about|less)", capsys.readouterr().out, re.MULTILINE), "how long it will take"
    task = make_task("sudoku4x4")
    level = task.level_index("clues6-8")
    problems = task.generate(task.split_size(level, "test") or 0, level, "test", 0)
    solved = unroll(checkpoint.model, task, problems, 16).solved.float().mean(0)
    assert solved[3] > 0.97 and solved[15] > 0.97


def run(config: PretrainConfig, updates: int) -> tuple[Pretrainer, list[dict[str, float]]]:
    trainer = Pretrainer(config)
    return trainer, [trainer.update() for _ in range(updates)]


def test_the_same_seed_gives_the_same_run_and_another_seed_another():
    (first, seen), (_, again), (_, other) = (run(c, 5) for c in (TINY, TINY, dataclasses.replace(TINY, seed=1)))
    assert seen == again != other
    assert first.updates == 5


def test_a_resumed_run_ends_as_one_that_was_never_stopped(tmp_path):
    whole, _ = run(TINY, 12)
    half, _ = run(TINY, 6)
    half.save(tmp_path / "state.safetensors")
    other = Pretrainer(TINY)
    other.load(tmp_path / "state.safetensors")
    for _ in range(6):
        other.update()
    for name, value in whole.model.state_dict().items():
        assert torch.equal(value, other.model.state_dict()[name]), name
    for name, value in whole.average.weights.items():
        assert torch.equal(value, other.average.weights[name]), name
    np.testing.assert_array_equal(whole.problems.problem, other.problems.problem)
    assert whole.supply.taken == other.supply.taken


OPTIONS = {
    "learnability": {"curriculum": "learnability"},
    "hardest_first": {"curriculum": "hardest_first", "start_noise": 0.5, "extras": TrainingExtras(starts=2)},
    "stablemax": {"loss": "stablemax"},
    "consistency": {"extras": TrainingExtras(consistency=1.0)},
    "start_noise": {"start_noise": 0.5},
    "starts": {"start_noise": 0.5, "extras": TrainingExtras(starts=3)},
    "depths": {
        "extras": TrainingExtras(depths=((1, 1), (1, 2), (2, 2))),
        "model": TRMConfig(hidden=8, cycles=2, latent_updates=2),
    },
    "step_noise": {"step_noise": 0.3},
    "hints": {
        "task": "maze5x5",
        "levels": ("random",),
        "model": dataclasses.replace(MAZE, hidden=8, width_multiple=8),
        "hints": HintsConfig(weight=0.5, wait=2),
    },
    "adam_atan2": {"optim": OptimConfig(core="adam_atan2", atan2_lr=1e-2)},
    "all": {
        "loss": "stablemax",
        "explore_draw": "step",
        "start_noise": 0.2,
        "extras": TrainingExtras(consistency=0.1, starts=2),
    },
}


@pytest.mark.parametrize("option", OPTIONS)
def test_each_option_changes_the_run_and_resumes_to_the_bit(option, tmp_path):
    config = dataclasses.replace(TINY, **OPTIONS[option])
    whole, seen = run(config, 12)
    assert seen != run(TINY, 12)[1] and all(np.isfinite(list(metrics.values())).all() for metrics in seen)
    half, _ = run(config, 6)
    half.save(tmp_path / "state.safetensors")
    other = Pretrainer(config)
    other.load(tmp_path / "state.safetensors")
    assert [other.update() for _ in range(6)] == seen[6:]
    for name, value in whole.model.state_dict().items():
        assert torch.equal(value, other.model.state_dict()[name]), name


@pytest.mark.parametrize("starts", [1, 2])
def test_chunks_learn_what_the_whole_batch_does(starts, monkeypatch):
    config = dataclasses.replace(TINY, start_noise=0.3, extras=TrainingExtras(starts=starts))
    (whole, seen), (parts, again) = run(config, 2), run(dataclasses.replace(config, chunk=2), 2)
    assert len(whole.chunks) == 1 and len(parts.chunks) == 4
    assert seen[0] == pytest.approx(again[0], rel=1e-5)  # before any weight has moved
    np.testing.assert_array_equal(parts.problems.problem, whole.problems.problem)
    torch.testing.assert_close(parts.steps, whole.steps)
    trainers = Pretrainer(config), Pretrainer(dataclasses.replace(config, chunk=2))
    for trainer in trainers:
        monkeypatch.setattr(trainer.optimizers, "step", lambda *_: None)  # which would clear the gradients
        trainer.update()
    for (name, first), second in zip(trainers[0].model.named_parameters(), trainers[1].model.parameters(), strict=True):
        torch.testing.assert_close(second.grad, first.grad, rtol=1e-4, atol=1e-7, msg=name)


def test_a_problem_stands_in_all_rows_of_its_starts():
    trainer, _ = run(dataclasses.replace(TINY, start_noise=0.5, extras=TrainingExtras(starts=3)), 5)
    rows = trainer.problems.problem.reshape(8, 3, -1)
    assert (rows == rows[:, :1]).all() and len(np.unique(rows[:, 0], axis=0)) > 1
    assert (trainer.steps.view(8, 3) == trainer.steps.view(8, 3)[:, :1]).all()
    assert trainer.carry.answer.view(8, 3, -1).std(dim=1).min() > 0


def lengths_when_sure(draw: str) -> list[int]:
    """How many steps problems took with a halt head that is always sure."""
    trainer = Pretrainer(dataclasses.replace(TINY, explore=1.0, explore_draw=draw, batch=64))
    lengths = []
    for _ in range(8):
        torch.nn.init.constant_(trainer.model.halt.bias, 50.0)
        before = trainer.steps.clone()
        trainer.update()
        lengths += (before + 1)[trainer.steps == 0].tolist()
    return lengths


def test_exploring_is_drawn_once_a_problem_or_after_each_step():
    once, anew = lengths_when_sure("episode"), lengths_when_sure("step")
    assert set(once) == set(anew) == {2, 3, 4}
    # Drawn once, lengths of 2, 3, 4 are alike; drawn anew at each step they have 3/9, 4/9, 2/9.
    assert anew.count(4) / len(anew) < once.count(4) / len(once)


def test_depth_grows_over_the_run_and_ends_as_the_model_has_it():
    model = TRMConfig(hidden=8, cycles=2, latent_updates=3, positions="candidates")
    trainer = Pretrainer(
        dataclasses.replace(TINY, model=model, extras=TrainingExtras(depths=((1, 1), (2, 3))), updates=6)
    )
    seen = []
    for _ in range(6):
        trainer.update()
        seen.append((trainer.model.cycles, trainer.model.latent_updates))
    assert seen == [(1, 1)] * 3 + [(2, 3)] * 3
    assert (trainer.averaged().cycles, trainer.averaged().latent_updates) == (2, 3)


@pytest.mark.parametrize(
    ("preset", "options"), [("official_sudoku_mlp", ()), ("official_sudoku_attention", ("heads=2",))]
)
def test_the_published_way_of_training_runs(preset, options):
    """Small: its size is in test_official.py."""
    whole = PRETRAIN[preset]
    model = dataclasses.replace(whole.model, hidden=16, mixer_options=options, cycles=2, latent_updates=2)
    small = {"task": "sudoku4x4", "levels": ("clues10-12",), "batch": 8, "acceleration": PLAIN}
    optim = dataclasses.replace(whole.optim, atan2_lr=1e-2, warmup=1, weight_decay=0.1)
    trainer, seen = run(dataclasses.replace(whole, model=model, optim=optim, **small), 30)
    assert seen[-1]["loss"] < 0.85 * seen[0]["loss"]
    assert trainer.model.prefix is not None and trainer.model.prefix.puzzles.abs().min() > 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"extras": TrainingExtras(starts=2)}, "all the same without noise"),
        ({"curriculum": "threshold", "fixed_set": 9}, "leave fixed_set at 0"),
        ({"chunk": 3}, "chunk must divide batch=8"),
        ({"chunk": 4, "extras": TrainingExtras(consistency=1.0)}, r"without extras\.consistency=1"),
        ({"start_noise": -1.0}, "start_noise must be at least 0"),
        ({"extras": TrainingExtras(depths=((1, 1), (3, 6)))}, r"the last \(1, 1\) as the model has it"),
    ],
)
def test_options_that_do_not_fit_say_so(changes, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(TINY, **changes)


@pytest.mark.parametrize("name", ["starts", "consistency"])
def test_research_options_have_bounds(name):
    with pytest.raises(ValueError, match=rf"extras\.{name} must be at least"):
        dataclasses.replace(TrainingExtras(), **{name: -1})


def test_a_state_of_other_settings_is_refused(tmp_path):
    trainer, _ = run(TINY, 1)
    trainer.save(tmp_path / "state.safetensors")
    said = rf"other settings \(batch was {TINY.batch}, now 4\): give those"
    with pytest.raises(CheckpointError, match=said):
        Pretrainer(dataclasses.replace(TINY, batch=4)).load(tmp_path / "state.safetensors")


def test_supply_hands_its_fault_to_the_trainer():
    with pytest.raises(ValueError, match="levels is empty"):
        Pretrainer(dataclasses.replace(TINY, levels=()))
    with pytest.raises(ValueError, match="unknown level"):
        Pretrainer(dataclasses.replace(TINY, levels=("clues99",)))
    prefetcher = Prefetcher(FixedSet(Fresh(make_task("arithmetic"), (0,), seed=0), 5, augment=True))
    with pytest.raises(ValueError, match="no symmetries"):
        prefetcher.take(1)


def test_learning_rates_rise_stay_and_fall():
    assert [schedule(u, 100, 10, 0.4) for u in (0, 9, 50, 60, 80)] == pytest.approx([0.1, 1, 1, 1, 0.5])


def test_initial_weights_come_from_the_seed_alone():
    task = make_task("sudoku4x4")
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first = new_model(TINY.model, task, 1).state_dict()
    assert torch.equal(torch.rand(3), expected)
    torch.rand(7)
    assert all(torch.equal(value, first[name]) for name, value in new_model(TINY.model, task, 1).state_dict().items())
