"""States, checkpoints and parts of comparisons that earlier versions wrote open in this one, and runs go on from them.

``python -m tests.agents.test_written_before tests/data/written/VERSION`` writes those of a version. Once released,
they stay as they are.
"""

from __future__ import annotations

import dataclasses
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from agents.checkpoint import Checkpoint, digest, load_checkpoint, save_checkpoint
from agents.common.acceleration import AccelerationConfig, Numerics
from agents.common.tensor_file import load_note
from agents.evaluation.protocol import RuleSteps, TestOutcomes
from agents.evaluation.run_store import (
    CachedRun,
    load_head,
    load_outcomes,
    load_rule_steps,
    save_head,
    save_outcomes,
    save_rule_steps,
)
from agents.halting.heads import HaltHead, HaltPolicy
from agents.learners.config import LearnerConfig
from agents.pretraining.config import PretrainConfig
from agents.pretraining.run import PRETRAIN_STATE
from agents.pretraining.trainer import Pretrainer
from agents.rollouts.dataset import DatasetConfig, RolloutStore
from agents.rollouts.features import feature_count
from agents.trm import TRMConfig
from scripts import grpo
from trm_gym import make_task

WRITTEN = Path(__file__).parents[1] / "data" / "written"
VERSIONS = sorted(path for path in WRITTEN.iterdir() if path.is_dir()) if WRITTEN.exists() else []
PLAIN = AccelerationConfig(compile="off", bfloat16="off", threads=1)
SHAPE = TRMConfig(hidden=4, cycles=1, latent_updates=1, positions="candidates")
PRETRAIN = PretrainConfig(
    *("sudoku4x4", ("clues6-8", "clues10-12"), SHAPE), acceleration=PLAIN, updates=4, batch=2, max_steps=2
)
GRPO = dataclasses.replace(
    grpo.PRESETS["sudoku4x4"],
    branches=2,
    max_steps=2,
    training=LearnerConfig(iterations=2, groups=2, passes=1),
    acceleration=PLAIN,
    checkpoint="given",
)
DATASET = DatasetConfig(problems=2, max_steps=2)
STEPS = np.array([1, 2, 2], np.int16)
OUTCOMES = TestOutcomes(np.eye(3, 2, dtype=bool), np.arange(3), np.ones(3, np.float32), best_fixed=2, target=0.5)


def write(folder: Path) -> None:
    """Everything that a run leaves and another one reads."""
    trainer = Pretrainer(PRETRAIN)
    for _ in range(2):
        trainer.update()
    trainer.save(folder / PRETRAIN_STATE, keep=1)
    width = feature_count(SHAPE.hidden)
    heads = {"grpo": HaltPolicy(width, 4), "bce": HaltHead(width, 4, 1)}
    save_checkpoint(folder / "checkpoint", Checkpoint(trainer.averaged(), "sudoku4x4", heads, {"made": "for tests"}))
    trainer.supply.close()
    grpo.Training(GRPO, folder, load_checkpoint(folder / "checkpoint")).run()
    shutil.rmtree(folder / "tensorboard")
    run = CachedRun(folder / "part", {"learner": "grpo", "seed": 0})
    save_head(folder / "part" / "head.safetensors", heads["grpo"])
    save_outcomes(folder / "part" / "outcomes.npz", OUTCOMES)
    save_rule_steps(folder / "part" / "steps.npz", {"always": RuleSteps(STEPS, STEPS[None], STEPS[None], tuned=False)})
    run.finish()
    _store(folder).load_or_collect([0], DATASET)


def _store(folder: Path) -> RolloutStore:
    found = load_checkpoint(folder / "checkpoint")
    return RolloutStore(folder / "rollouts", found.model, digest(found), make_task(found.task))


@pytest.fixture(params=VERSIONS, ids=lambda path: path.name)
def written(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return Path(shutil.copytree(request.param, tmp_path / "written"))


def test_there_is_a_version():
    assert VERSIONS


def test_pretraining_goes_on(written: Path, unchecked):
    state = written / PRETRAIN_STATE
    trainer = Pretrainer(PRETRAIN, Numerics.of_note(load_note(state), state))
    trainer.load(state)
    assert trainer.updates == 2 and trainer.update()["loss"] > 0 and trainer.updates == 3
    trainer.supply.close()


def test_grpo_goes_on(written: Path, unchecked):
    training = grpo.Training(GRPO, written, load_checkpoint(written / "checkpoint"))
    assert len(training.mixtures) == 2 and training.dataset is not None and len(training.dataset) == 8
    levels = training.curriculum.sample(2, training.rng)
    assert np.isfinite(training.learner.update(training.collect(levels), training.dataset).scalars["return"])


def test_checkpoints_and_parts_of_comparisons_are_read(written: Path):
    found = load_checkpoint(written / "checkpoint", "sudoku4x4")
    assert found.model.config == SHAPE and set(found.heads) == {"grpo", "bce"} and found.meta == {"made": "for tests"}
    part = written / "part"
    assert CachedRun(part, {"learner": "grpo", "seed": 0}).done
    assert isinstance(load_head(part / "head.safetensors"), HaltPolicy)
    assert load_rule_steps(part / "steps.npz")["always"].point.tolist() == STEPS.tolist()
    assert load_outcomes(part / "outcomes.npz").solved.tolist() == OUTCOMES.solved.tolist()


def test_graded_runs_are_not_collected_again(written: Path, monkeypatch: pytest.MonkeyPatch, unchecked):
    def collect(*_: object) -> None:
        raise AssertionError("they are collected anew")

    monkeypatch.setattr("agents.rollouts.dataset.collect_dataset", collect)
    assert len(_store(written).load_or_collect([0], DATASET)) == 2


if __name__ == "__main__":
    only: Callable[[Path], None] = write
    only(Path(sys.argv[1]))
