"""scripts/grpo.py: from nothing to a table, resumed as if never interrupted, and its refusals."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import torch

from agents.checkpoint import load_checkpoint
from agents.common.cli import main
from agents.common.tensor_file import load_tensors
from agents.halting.restart_head import RestartPolicy
from agents.inference.showing import draw_level
from agents.learners.base import GroupLearner
from agents.learners.registry import LEARNERS
from scripts import grpo
from tests.scripts.checkpoints import untrained

SMALL = """
    --preset sudoku4x4 --save-every 2 --branches 2 --max-steps 3
    --training.iterations 4 --training.groups 4 --training.passes 1
    --evaluation.problems 20 --evaluation.validation 20 --evaluation.max-steps 3 --evaluation.resamples 50
""".split()


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return untrained(tmp_path_factory.mktemp("checkpoints"))


@pytest.fixture
def teach(network: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The script in an empty folder, run with these words; its last pictures are left to the one test of them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(grpo, "draw_level", lambda *words: None)

    def call(*words: str) -> None:
        main(grpo.run, grpo.Config, grpo.PRESETS, ["--checkpoint", str(network), *SMALL, *words])

    return call


def interrupt_after(iterations: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop the next run in the midst of the iteration after ``iterations``, as a kill would."""
    collect, calls = grpo.run_branches, []

    def counted(*args, **kwargs):
        calls.append(None)
        if len(calls) > iterations:
            raise KeyboardInterrupt
        return collect(*args, **kwargs)

    monkeypatch.setattr(grpo, "run_branches", counted)


def test_a_run_leaves_heads_table_curves_and_pictures(
    teach, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(grpo, "draw_level", draw_level)
    teach("--folder", "run")
    out = capsys.readouterr().out
    assert "grpo 4/4" in out and "two_heads" in out and "oracle" in out
    names = {path.name for path in (tmp_path / "run").iterdir()}
    assert names >= {"config.yaml", "grpo.safetensors", "tensorboard", "checkpoint", "curriculum.png"}
    checkpoint = load_checkpoint(tmp_path / "run" / "checkpoint", "sudoku4x4")
    assert set(checkpoint.heads) == {"grpo", "bce", "two_heads", "expected"}
    assert (tmp_path / "run" / "evaluation-clues6-8" / "report.json").exists()
    assert (tmp_path / "run" / "thinking-clues6-8" / "drafts.png").read_bytes().startswith(b"\x89PNG")
    monkeypatch.setattr(grpo, "draw_level", lambda *words: None)
    teach("--folder", "run", "--config", "run/config.yaml")


@pytest.mark.parametrize("name", ["rloo", "two_heads", "late"])
def test_every_learner_can_be_taught_and_a_new_one_too(teach, tmp_path: Path, monkeypatch, name):
    class Late(GroupLearner):
        """Halts as late as it can."""

        def loss(self, log_probs, returns):
            return -log_probs[..., -1].mean()

    monkeypatch.setitem(LEARNERS, "late", Late)
    teach("--learner", name, "--folder", "run")
    checkpoint = load_checkpoint(tmp_path / "run" / "checkpoint", "sudoku4x4")
    assert set(checkpoint.heads) == {name, "bce", "two_heads", "expected"}
    rules = json.loads((tmp_path / "run" / "evaluation-clues6-8" / "report.json").read_text())["rows"]
    assert any(row["rule"].replace("-", "_").startswith(name) for row in rules)


def test_a_policy_of_three_acts_joins_those_of_two_and_knows_how_its_problems_were_begun(
    teach, network, tmp_path: Path
):
    with pytest.raises(SystemExit):
        teach("--learner", "grpo_restarts", "--folder", "other")  # branches that all have noise
    teach("--learner", "grpo_restarts", "--branching", "restarts", "--noise", "0.7", "--folder", "run")
    made = load_checkpoint(tmp_path / "run" / "checkpoint", "sudoku4x4")
    head = made.heads["grpo_restarts"]
    assert isinstance(head, RestartPolicy) and head.starts == 2 and head.noise == pytest.approx(0.7)
    before = load_checkpoint(network).heads["grpo"].state_dict()
    kept = made.heads["grpo"].state_dict()
    assert all(torch.equal(kept[name], value) for name, value in before.items())


@pytest.mark.parametrize(("setting", "curriculum"), [("frozen", "learnability"), ("joint", "fixed")])
def test_an_interrupted_run_goes_on_as_if_it_had_not_been(teach, tmp_path, monkeypatch, setting, curriculum):
    words = ["--setting", setting, "--curriculum", curriculum]
    teach("--folder", "whole", *words)
    with monkeypatch.context() as patch:
        interrupt_after(3, patch)
        with pytest.raises(SystemExit) as stopped:
            teach("--folder", "broken", *words)
        assert stopped.value.code == 130
    teach("--folder", "broken", *words)
    whole, broken = (load_tensors(tmp_path / name / grpo.STATE_FILE) for name in ("whole", "broken"))
    assert whole[1] == broken[1] and whole[0].keys() == broken[0].keys()
    for name, tensor in whole[0].items():
        assert torch.equal(tensor, broken[0][name]), name


def test_a_network_is_pretrained_once_if_none_is_given(tmp_path: Path, monkeypatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.chdir(tmp_path)
    words = "--pretrain.updates 2 --pretrain.batch 2 --pretrain.model.hidden 8 --pretrain.acceleration.compile off"
    for _ in range(2):
        main(grpo.run, grpo.Config, grpo.PRESETS, [*SMALL, *words.split()])
    assert capsys.readouterr().out.count("parameters") == 1
    folder = tmp_path / "runs" / "grpo-sudoku4x4-frozen-0"
    meta = json.loads((folder / "checkpoint" / "config.json").read_text())["meta"]
    assert meta["pretraining"]["updates"] == 2 and meta["grpo"]["training"]["iterations"] == 4


@pytest.mark.parametrize(
    ("words", "match"),
    [
        (["--levels", "clues6-8", "clues99"], "unknown level 'clues99'"),
        (["--levels", "clues6-8", "clues6-8"], "different levels"),
        (["--preset", "sudoku6x6"], "was trained on sudoku4x4, not on sudoku6x6"),
        (["--checkpoint", "nowhere"], "no checkpoint at nowhere"),
        (["--training.groups", "0"], "training.groups must be at least 1"),
        (["--branches", "0"], "branches must be at least 1"),
        (["--price", "0"], "price must be above 0"),
        (["--training.sampling.explore", "1"], "sampling.explore"),
        (["--learner", "magic"], "unknown learner 'magic'"),
        (["--learner", "bce", "--training.grpo.clip", "0.1"], "bce would ignore training.grpo"),
        (["--learner", "rloo", "--setting", "joint"], "for --learner grpo, not for rloo"),
        (["--joint.lr", "1"], "used in the joint setting alone"),
        (["--mixture", "1", "2"], "--mixture is for --curriculum fixed"),
        (["--mixture", "1", "2", "--curriculum", "fixed"], "one weight for each of 3 levels"),
        (["--evaluation.level", "clues99"], "unknown level 'clues99'"),
        (["--evaluation.level"], "name at least one level"),
    ],
)
def test_bad_input_is_a_clear_error_and_exit_code_2(teach, capsys: pytest.CaptureFixture[str], words, match):
    with pytest.raises(SystemExit) as stopped:
        teach(*words)
    error = capsys.readouterr().err
    assert stopped.value.code == 2 and match in error and "Traceback" not in error


def test_a_folder_of_other_settings_is_refused(teach, capsys: pytest.CaptureFixture[str]):
    teach("--folder", "run")
    with pytest.raises(SystemExit):
        teach("--folder", "run", "--noise", "0.5")
    assert re.search(r"was written with other settings \(noise was \S+, now 0\.5\)", capsys.readouterr().err)
