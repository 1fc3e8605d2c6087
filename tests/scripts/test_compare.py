"""scripts/compare.py: a grid from networks to tables, of which nothing is done twice."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from agents.checkpoint import SHIPPED
from agents.common.cli import main
from agents.evaluation import run_store
from agents.evaluation.run_store import load_outcomes, load_rule_steps
from agents.rollouts import dataset
from scripts import compare
from tests.scripts.checkpoints import untrained
from trm_gym import make_task

SMALL = """
    --preset sudoku6x6 --learn clues6-8 --evaluation.level clues6-8 clues10-12 --evaluation.problems 20
    --evaluation.validation 20 --evaluation.max-steps 3 --evaluation.resamples 50 --dataset.problems 6
    --dataset.branches 2 --dataset.noise 0.3 --dataset.max-steps 3 --training.iterations 1
    --training.groups 4 --training.passes 1 --seeds 2 --pretrain.task sudoku4x4 --learners grpo bce --folder runs
""".split()


@pytest.fixture
def fill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The script in an empty folder with two networks, run with these words more; what was run and taught."""
    monkeypatch.chdir(tmp_path)
    network = untrained(tmp_path, "sudoku4x4", heads=())
    shutil.copytree(network, tmp_path / "second")
    done: list[str] = []
    collect, teach = dataset.collect_dataset, compare.train_head
    monkeypatch.setattr(dataset, "collect_dataset", lambda *args: done.append("run") or collect(*args))
    monkeypatch.setattr(compare, "train_head", lambda learner, *rest: done.append(learner) or teach(learner, *rest))

    def call(*words: str) -> list[str]:
        done.clear()
        two = ["--checkpoints", str(network), str(tmp_path / "second")]
        main(compare.run, compare.Config, compare.PRESETS, [*SMALL, *two, *words])
        return sorted(done)

    return call


def test_a_grid_is_filled_once_and_can_grow(fill, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert fill() == sorted(["grpo", "bce"] * 4 + ["run"] * 10)
    out = capsys.readouterr().out
    assert "grpo" in out and "2 networks, 2 halting seeds" in out
    results = tmp_path / "runs" / "results"
    assert {path.name for path in (results / "clues6-8").iterdir()} == {
        "table.md", "report.json", "halting.png", "accuracy.png", "steps.png"
    }  # fmt: skip
    assert "clues10-12" in (results / "levels.md").read_text()
    assert fill() == []
    assert fill("--learners", "grpo", "bce", "two_heads") == ["two_heads"] * 4
    assert "two classifiers" in (results / "clues6-8" / "table.md").read_text()
    assert fill("--seeds", "3", "--evaluation.level", "clues6-8") == sorted(["grpo", "bce"] * 2)
    shutil.rmtree(tmp_path / "runs" / "network-1" / "clues6-8" / "grpo-0")
    assert fill() == []


def test_raw_results_are_enough_to_work_the_table_out_anew(fill, tmp_path: Path):
    fill("--evaluation.level", "clues6-8")
    report = json.loads((tmp_path / "runs" / "results" / "clues6-8" / "report.json").read_text())
    row = next(row for row in report["rows"] if row["rule"] == "bce")
    returns, steps = [], []
    for network in (0, 1):
        folder = tmp_path / "runs" / f"network-{network}" / "clues6-8"
        solved = load_outcomes(folder / "plain" / "outcomes.npz").solved
        for seed in (0, 1):
            steps_ = load_rule_steps(folder / f"bce-{seed}" / "steps.npz")["bce"]
            steps.append(steps_.point)
            at = steps_.prices[1].astype(int)
            returns.append(solved[np.arange(len(solved)), at - 1] - 0.3 * at / 3)
    assert row["steps"] == pytest.approx(np.mean(steps))
    assert row["returns"]["0.3"]["value"] == pytest.approx(np.mean(returns))


def test_heads_go_beyond_their_budget(fill, tmp_path: Path):
    words = ["--evaluation.max-steps", "6", "--learners", "grpo", "--seeds", "1", "--evaluation.clock", "held"]
    fill(*words, "--evaluation.chosen-on", "clues6-8")
    text = (tmp_path / "runs" / "results" / "levels.md").read_text()
    assert "right at 3 %" in text and "right at 6 %" in text


def test_heads_are_taught_at_a_size_of_their_own(fill, monkeypatch, capsys: pytest.CaptureFixture[str]):
    words = "--pretrain.task maze11x11 --learn near --evaluation.level near --size 5 --learners grpo --seeds 1".split()
    words += ["--checkpoints", str(SHIPPED / "maze11x11")]
    kept, run_on = compare.rollout_store, []
    monkeypatch.setattr(
        compare, "rollout_store", lambda *args, **how: run_on.append(args[0].task) or kept(*args, **how)
    )
    fill(*words, "--learn-size", "6")
    assert sorted(run_on) == ["maze5x5", "maze5x5", "maze6x6"]
    with pytest.raises(SystemExit):  # a head taught at another size is another one
        fill(*words, "--learn-size", "5")
    assert "finished with other settings" in capsys.readouterr().err
    with pytest.raises(SystemExit):  # levels are those of that size
        fill(*words, "--learn-size", "5", "--learn", "hard")
    assert "unknown level 'hard'" in capsys.readouterr().err


def test_levels_are_tested_together(fill, tmp_path: Path):
    fill("--evaluation.level", "clues6-8+clues10-12", "--learners", "grpo", "--seeds", "1")
    tested = load_outcomes(tmp_path / "runs" / "network-0" / "clues6-8+clues10-12" / "plain" / "outcomes.npz")
    task = make_task("sudoku4x4")
    assert tested.level.tolist() == [task.level_index("clues6-8")] * 10 + [task.level_index("clues10-12")] * 10


@pytest.mark.parametrize(
    ("words", "match"),
    [
        (["--learners", "magic"], "unknown learner 'magic'"),
        (["--learn", "clues99"], "unknown level 'clues99'"),
        (["--evaluation.level", "clues99"], "unknown level 'clues99'"),
        (["--evaluation.level", "clues6-8+clues99"], "unknown level 'clues99'"),
        (["--evaluation.chosen-on", "clues6-8+clues10-12"], "unknown level 'clues6-8+clues10-12'"),
        (["--checkpoints", "nowhere"], "no checkpoint at nowhere"),
        (["--seeds", "0"], "seeds must be at least 1"),
        (["--dataset.problems", "0"], "problems must be at least 1"),
    ],
)
def test_bad_input_is_a_clear_error_and_exit_code_2(fill, capsys: pytest.CaptureFixture[str], words, match):
    with pytest.raises(SystemExit) as stopped:
        fill(*words)
    error = capsys.readouterr().err
    assert stopped.value.code == 2 and match in error and "Traceback" not in error


def test_a_folder_of_other_settings_is_refused(fill, capsys: pytest.CaptureFixture[str]):
    words = ["--evaluation.level", "clues6-8", "--learners", "grpo", "--seeds", "1"]
    fill(*words)
    with pytest.raises(SystemExit):
        fill(*words, "--training.iterations", "2")
    assert "finished with other settings" in capsys.readouterr().err


def test_a_folder_of_other_rules_is_refused(fill, monkeypatch, capsys: pytest.CaptureFixture[str]):
    words = ["--evaluation.level", "clues6-8", "--learners", "grpo", "--seeds", "1"]
    fill(*words)
    plain_rules = run_store.plain_rules
    monkeypatch.setattr(run_store, "plain_rules", lambda budget: plain_rules(budget)[:-1])
    with pytest.raises(SystemExit):
        fill(*words)
    assert "finished with other settings" in capsys.readouterr().err
