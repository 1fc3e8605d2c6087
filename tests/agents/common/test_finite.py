"""Training that comes to what is no number ends at once; what was good stays; nothing that is none is loaded."""

from __future__ import annotations

import dataclasses
import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch

from agents.checkpoint import SHIPPED, Checkpoint, load_checkpoint, save_checkpoint
from agents.common.acceleration import AccelerationConfig
from agents.common.cli import main
from agents.common.finite import DIVERGED, check_finite, check_gradients
from agents.common.tensor_file import CheckpointError, NotFiniteError, load_tensors, save_tensors, write_tensors
from agents.inference.engine import Engine
from agents.inference.solver import Solver
from agents.learners.config import LearnerConfig, PolicyConfig
from agents.learners.registry import LEARNERS, make_learner, train_head
from agents.pretraining.config import PretrainConfig
from agents.pretraining.optim import OptimConfig
from agents.pretraining.run import PRETRAIN_STATE, pretrain
from agents.pretraining.trainer import Pretrainer
from agents.rollouts.dataset import RolloutDataset
from agents.trm import TRMConfig
from scripts import grpo
from scripts import pretrain as script
from tests.agents.halting_toy import draw_toy
from tests.scripts.checkpoints import untrained

TINY = PretrainConfig(
    task="sudoku4x4",
    levels=("clues10-12",),
    model=TRMConfig(hidden=8, cycles=1, latent_updates=1, positions="candidates"),
    acceleration=AccelerationConfig(compile="off"),
    updates=40,
    batch=4,
    save_every=1,
)
WORDS = (
    "--preset sudoku4x4 --model.hidden 8 --batch 4 --save-every 1 --test-problems 4 --acceleration.compile off --folder"
)


def test_a_check_names_the_tensor_and_costs_no_false_alarm():
    large = torch.full((3,), 3e38)
    check_finite("the weight", {"large": large, "none": torch.zeros(0), "whole": torch.ones(2, dtype=torch.long)})
    for wrong in (math.nan, math.inf, -math.inf):
        with pytest.raises(NotFiniteError, match=r"the weight b\.c is not finite \(-?(nan|inf) in 1 of 2 numbers\)"):
            check_finite("the weight", {"a": torch.ones(2), "b.c": torch.tensor([1.0, wrong])})
    weight = torch.nn.Parameter(torch.ones(2))
    check_gradients({"w": weight})
    weight.grad = torch.tensor([math.nan, 0.0])
    with pytest.raises(NotFiniteError, match="the gradient of w"):
        check_gradients({"w": weight})


TOO_FAST = [
    {"muon_lr": 1e30},
    {"adamw_lr": 1e30},
    {"core": "adamw", "adamw_lr": 1e30},
    {"core": "adam_atan2", "atan2_lr": 1e30},
]


@pytest.mark.parametrize("optim", TOO_FAST)
def test_pretraining_ends_at_the_first_number_that_is_none(optim: dict, tmp_path: Path):
    config = dataclasses.replace(TINY, optim=OptimConfig(**optim, warmup=4))
    with pytest.raises(
        NotFiniteError, match=r"^update \d+: the (loss|gradient|weight) .*Use a smaller learning rate"
    ) as told:
        pretrain(config, tmp_path)
    assert str(tmp_path / DIVERGED) in str(told.value)
    batch, note = load_all(tmp_path / DIVERGED)
    assert {"slots.problem", "carry.answer", "steps"} <= batch.keys() and "is not finite" in note["error"]
    if (tmp_path / PRETRAIN_STATE).exists():
        Pretrainer(config).load(tmp_path / PRETRAIN_STATE)  # every number in it is one


def test_the_script_says_so_with_exit_code_2_and_writes_no_checkpoint(tmp_path: Path, capsys):
    words = [*WORDS.split(), str(tmp_path / "run"), "--updates", "30", "--optim.muon-lr", "1e30"]
    with pytest.raises(SystemExit) as stopped:
        main(script.run, script.Config, script.presets(), words)
    out = capsys.readouterr()
    assert stopped.value.code == 2 and "not finite" in out.err and "Traceback" not in out.err
    assert "checkpoint in" not in out.out and not (tmp_path / "run" / "checkpoint").exists()


def test_a_good_state_is_never_overwritten_by_a_bad_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    pretrain(dataclasses.replace(TINY, updates=3), tmp_path)
    before = (tmp_path / PRETRAIN_STATE).read_bytes()
    trainer = Pretrainer(TINY)
    with torch.no_grad():
        next(trainer.model.parameters()).fill_(math.nan)
    with pytest.raises(NotFiniteError, match=r"is not written: model\."):
        trainer.save(tmp_path / PRETRAIN_STATE)
    with pytest.raises(NotFiniteError, match="the loss of the answers"):
        trainer.update()
    assert (tmp_path / PRETRAIN_STATE).read_bytes() == before


@pytest.mark.parametrize("name", LEARNERS)
def test_every_learner_ends_so(name: str):
    rollout = draw_toy(np.random.default_rng(0), 16, 4, 0.2)
    config = LearnerConfig(iterations=3, groups=16, passes=2, lr=1e30, policy=PolicyConfig(threshold_lr=1e30))
    with pytest.raises(
        NotFiniteError, match=r"update \d+ of the halting head: .* is not finite .*smaller training\.lr"
    ):
        train_head(name, RolloutDataset(rollout.unroll, 4, rollout.step_cost), config, seed=0)


@pytest.mark.parametrize("name", LEARNERS)
def test_a_learner_learns_nothing_from_features_that_are_none(name: str):
    rollout = draw_toy(np.random.default_rng(0), 16, 4, 0.2)
    rollout.unroll.features[3, 2, 1] = math.nan
    learner = make_learner(name, LearnerConfig(iterations=3, groups=16, passes=2), rollout.unroll.features.shape[-1], 0)
    before = {key: value.clone() for key, value in learner.head.state_dict().items()}
    with pytest.raises(NotFiniteError, match="the rollout's features is not finite"):
        learner.update(rollout)
    assert all(torch.equal(value, before[key]) for key, value in learner.head.state_dict().items())


@pytest.mark.parametrize(
    "words",
    [
        "--training.policy.threshold-lr 1e30 --training.policy.policy-delay 0",
        "--setting joint --joint.lr 1e30",
    ],
)
def test_grpo_ends_so_and_keeps_the_rollout(words: str, tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    small = """--preset sudoku4x4 --save-every 1 --branches 2 --max-steps 3 --training.iterations 6 --training.groups 4
        --training.passes 4 --evaluation.problems 20 --folder run""".split()
    network = str(untrained(tmp_path / "checkpoints"))
    with pytest.raises(SystemExit) as stopped:
        main(grpo.run, grpo.Config, grpo.PRESETS, ["--checkpoint", network, *small, *words.split()])
    error = capsys.readouterr().err
    assert stopped.value.code == 2 and "not finite" in error and "Use a smaller" in error and "Traceback" not in error
    assert "problems.problem" in load_all(tmp_path / "run" / DIVERGED)[0]
    if (state := tmp_path / "run" / grpo.STATE_FILE).exists():
        load_tensors(state)
    assert not (tmp_path / "run" / "checkpoint" / "config.json").exists()


def test_a_step_of_a_solver_that_ends_so_leaves_the_network_as_it_was():
    solver = Solver.untrained("sudoku4x4", TINY.model)
    before = {name: value.clone() for name, value in solver.checkpoint.model.state_dict().items()}
    with pytest.raises(NotFiniteError, match="Use a smaller learning_rate; the network is as it was"):
        for _ in range(5):
            before = {name: value.clone() for name, value in solver.checkpoint.model.state_dict().items()}
            solver.train_step("1.3434.2.14.43.1", learning_rate=1e30)
    after = solver.checkpoint.model.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    assert not any(weight.requires_grad for weight in solver.checkpoint.model.parameters())


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("value", [math.nan, math.inf, -1.0, "0.1", None])
def test_a_solver_takes_no_number_that_is_none(value):
    solver = Solver.from_pretrained("sudoku4x4")
    puzzle = "1.3434.2.14.43.1"
    for call in (
        lambda: solver.solve(puzzle, price=value),
        lambda: solver.solve(puzzle, max_steps=-1 if value is None else value),  # None: as many as were taught
        lambda: solver.trajectory(puzzle, price=value),
        lambda: list(solver.stream([puzzle], max_steps=-1 if value is None else value)),
        lambda: list(solver.stream([puzzle], price=value)),
        lambda: list(solver.stream([puzzle], slots=value)),
        lambda: solver.train_step(puzzle, learning_rate=value),
        lambda: solver.train_step(puzzle, steps=value),
        lambda: Engine(solver.checkpoint.model, solver.task, solver.rule("always"), noise=value),
        lambda: Solver.untrained("sudoku4x4", TINY.model, seed=value),
    ):
        with pytest.raises(ValueError, match="must be"):
            call()
    for rule in ("confidence:nan", "bce:nan", "velocity:nan+always"):
        with pytest.raises(ValueError, match="is no number"):
            solver.solve(puzzle, rule=rule)


def test_a_network_that_gives_no_numbers_solves_nothing():
    solver = Solver.untrained("sudoku4x4", TINY.model)
    with torch.no_grad():
        for weight in solver.checkpoint.model.parameters():
            weight.fill_(3e38)
    with pytest.raises(NotFiniteError, match="answer is not finite"):
        solver.solve("1.3434.2.14.43.1", rule="always")


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_loading_refuses_weights_that_are_none(wrong: float, tmp_path: Path):
    shutil.copytree(SHIPPED / "sudoku4x4", tmp_path / "c")
    file = tmp_path / "c" / "model.safetensors"
    whole = safetensors.torch.load_file(file)
    rng = np.random.default_rng(0)
    names = [name for name, value in whole.items() if value.is_floating_point()]
    for name in rng.permutation(names)[:8]:
        broken = {key: value.clone() for key, value in whole.items()}
        broken[name].view(-1)[rng.integers(broken[name].numel())] = wrong
        safetensors.torch.save_file(broken, file, {"note": "{}"})
        with pytest.raises(CheckpointError, match=f"{name} is not finite"):
            load_checkpoint(tmp_path / "c")


def test_saving_refuses_weights_that_are_none(tmp_path: Path):
    solver = Solver.untrained("sudoku4x4", TINY.model)
    save_checkpoint(tmp_path / "c", solver.checkpoint)
    before = (tmp_path / "c" / "model.safetensors").read_bytes()
    with torch.no_grad():
        next(solver.checkpoint.model.parameters()).view(-1)[0] = math.nan
    with pytest.raises(NotFiniteError, match=r"is not written: model\."):
        save_checkpoint(tmp_path / "c", Checkpoint(solver.checkpoint.model, "sudoku4x4"))
    assert (tmp_path / "c" / "model.safetensors").read_bytes() == before
    with pytest.raises(NotFiniteError):
        save_tensors(tmp_path / "x", {"a": torch.tensor(math.nan)}, {})
    assert not (tmp_path / "x").exists()


def load_all(path: Path) -> tuple[dict[str, torch.Tensor], dict]:
    """Tensors and note of a file, whatever numbers it holds."""
    with safetensors.safe_open(str(path), framework="pt") as file:
        note = (file.metadata() or {})["note"].split("\n", 1)[-1]  # the first line is a hash
        return {name: file.get_tensor(name) for name in list(file.keys())}, json.loads(note)


def test_what_went_wrong_can_be_written(tmp_path: Path):
    write_tensors(tmp_path / "x", {"a": torch.tensor(math.nan)}, {"error": "e"})
    assert load_all(tmp_path / "x")[0]["a"].isnan()
    with pytest.raises(CheckpointError, match="a is not finite"):
        load_tensors(tmp_path / "x")
