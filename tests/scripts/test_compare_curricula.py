"""scripts/compare_curricula.py: every curriculum on the same problems, nothing done twice, and its refusals."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from agents.common.cli import main
from agents.rollouts.dataset import DatasetConfig
from scripts import compare_curricula as script
from tests.scripts.checkpoints import untrained

SMALL = """
    --levels clues10-12 clues4-5 --dataset.problems 6 --dataset.max-steps 3 --test-problems 5 --training.iterations 3
    --training.groups 4 --training.passes 1 --folder runs --seeds 0 1
""".split()


@pytest.fixture
def compare_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The script in an empty folder with these words; how many heads it taught."""
    monkeypatch.chdir(tmp_path)
    network = str(untrained(tmp_path, heads=()))
    done: list[str] = []
    learn = script.learn
    monkeypatch.setattr(script, "learn", lambda *args: done.append(args[1]) or learn(*args))

    def call(*words: str) -> list[str]:
        done.clear()
        main(script.run, script.Config, {}, ["--checkpoint", network, *SMALL, *words])
        return list(done)

    return call


def test_every_curriculum_once(compare_in, tmp_path: Path):
    assert compare_in("--curricula", "uniform", "fixed") == ["uniform"] * 2 + ["fixed"] * 2
    assert compare_in("--curricula", "uniform", "fixed", "threshold") == ["threshold"] * 2
    folder = tmp_path / "runs"
    for picture in ("curves.png", "uniform.png", "fixed.png"):
        assert (folder / picture).read_bytes().startswith(b"\x89PNG")
    kept = json.loads((folder / "fixed" / "seed-1" / "run.json").read_text())
    assert kept["at"] == [0, 2, 3] and np.shape(kept["curve"]) == (3, 2)
    # 12 problems, two stages: the third round of four draws from the second level alone.
    assert kept["mixtures"] == [[1, 0], [1, 0], [0, 1]]
    assert (folder / "table.md").read_text().count("\n") == 5


def test_a_draw_has_a_problem_of_every_level_asked_for(tmp_path: Path):
    config = script.Config(
        str(untrained(tmp_path, heads=())),
        ("clues10-12", "clues4-5"),
        dataset=DatasetConfig(problems=5, branches=2, noise=0.3, max_steps=2),
        test_problems=2,
    )
    shared = script.SharedData(config, tmp_path)
    wanted = np.array([shared.levels[1], shared.levels[0], shared.levels[1]])
    drawn = shared.dataset.take(torch.tensor(shared.draw(wanted, np.random.default_rng(0))))
    assert drawn.unroll.level.tolist() == wanted.repeat(2).tolist() and len(drawn) == 3


def test_area_by_hand():
    # From 0 to 2 at 1 the mean height is 1, from 2 to 3 the height goes from 2 to 0: (2 * 1 + 1 * 1) / 3.
    assert script.area([0, 2, 3], np.array([0.0, 2.0, 0.0])) == pytest.approx(1.0)
    assert script.area([0, 1, 4], np.array([0.0, 0.0, 1.0])) == pytest.approx(0.375)


@pytest.mark.parametrize(
    ("words", "match"),
    [(["--curricula", "none"], "unknown curriculum 'none'"), (["--every", "0"], "every"), (["--levels", "x"], "x")],
)
def test_bad_input_ends_with_code_2(compare_in, capsys: pytest.CaptureFixture[str], words, match):
    with pytest.raises(SystemExit) as stopped:
        compare_in(*words)
    said = capsys.readouterr()
    assert stopped.value.code == 2 and match in said.err + said.out and "Traceback" not in said.err
