"""GRPO by several processes: whole groups are shared, and the numbers are those of a run alone."""

from __future__ import annotations

import dataclasses
import itertools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
import torch

from agents.checkpoint import load_checkpoint
from agents.common.acceleration import AccelerationConfig
from agents.common.processes import Processes
from agents.common.tensor_file import load_note, load_tensors
from agents.learners.config import LearnerConfig
from scripts import grpo
from scripts.benchmarking.forked import forked
from tests.agents.common.test_signals import same
from tests.scripts.checkpoints import untrained

TRAINING = LearnerConfig(iterations=6, groups=8, passes=1)
PLAIN = AccelerationConfig(compile="off", bfloat16="off", threads=1)
CONFIG = dataclasses.replace(
    grpo.PRESETS["sudoku4x4"], max_steps=3, training=TRAINING, save_every=2, acceleration=PLAIN
)
Setting = Literal["frozen", "joint"]


def training(folder: Path, setting: Setting, network: Path) -> Callable[[Processes], object]:
    # Twelve branches, so that batches of the network's do not end where a process's share does.
    config = dataclasses.replace(CONFIG, setting=setting, branches=12)
    return lambda processes: grpo.Training(config, folder, load_checkpoint(network), processes).run()


def read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


@pytest.mark.parametrize("setting", ["frozen", "joint"])
def test_two_processes_come_to_what_one_comes_to(setting: Setting, tmp_path: Path, unchecked):
    network, log = untrained(tmp_path), tmp_path / "log"
    training(tmp_path / "alone", setting, network)(Processes())
    assert forked(2, training(tmp_path / "two", setting, network), log) == [0, 0], read(log)
    ours, theirs = (load_tensors(tmp_path / name / grpo.STATE_FILE)[0] for name in ("alone", "two"))
    assert ours.keys() == theirs.keys() and any("optimizer" in name for name in ours)
    for name, value in ours.items():
        if value.is_floating_point():
            assert torch.allclose(value, theirs[name], atol=1e-4), name
        else:
            assert torch.equal(value, theirs[name]), name
    assert load_note(tmp_path / "two" / grpo.STATE_FILE)["numerics"]["processes"] == 2


def test_a_lost_process_ends_the_run_and_it_goes_on_to_the_bit(tmp_path: Path, unchecked):
    network, log, place = untrained(tmp_path), tmp_path / "log", tmp_path / "cut"
    calls = itertools.count()

    def gather(processes: Processes, tensors: list[torch.Tensor]) -> list[torch.Tensor]:
        if len(tensors) > 1 and next(calls) == 3 and processes.rank == 1:
            os._exit(9)
        return whole(processes, tensors)

    def lost(processes: Processes) -> None:
        setattr(Processes, "gather", gather)  # noqa: B010  in the forked process alone
        training(place, "frozen", network)(processes)

    whole = Processes.gather
    assert forked(2, lost, log) == [1, 9] and "ProcessLostError" in read(log)
    assert len(load_tensors(place / grpo.STATE_FILE)[0]["mixtures"]) == 2
    for folder in (place, tmp_path / "whole"):
        assert forked(2, training(folder, "frozen", network), log) == [0, 0], read(log)
    same(place / grpo.STATE_FILE, tmp_path / "whole" / grpo.STATE_FILE)
