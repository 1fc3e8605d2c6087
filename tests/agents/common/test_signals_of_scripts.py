"""Signals to solve.py --data, compare.py and train_sb3.py: what is finished is kept, and the same command goes on."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
import torch

from agents.common.tensor_file import load_tensors
from tests.agents.common.test_signals import NUMBERS, called, script
from tests.scripts.checkpoints import untrained
from trm_gym import make_task

COMPARE = """
    --preset sudoku6x6 --pretrain.task sudoku4x4 --learn clues6-8 --evaluation.level clues6-8 clues10-12
    --evaluation.problems 20 --evaluation.validation 20 --evaluation.max-steps 3 --evaluation.resamples 50
    --dataset.problems 12 --dataset.max-steps 3 --training.iterations 2 --training.groups 4 --training.passes 1
    --acceleration.compile off --seeds 2 --learners grpo bce two_heads rloo
""".split()
SB3 = "--task sudoku4x4 --level clues10-12 --timesteps 300000 --slots 8 --max-steps 3 --test-problems 20".split()


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return untrained(tmp_path_factory.mktemp("network"))


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SIGINT", "SIGUSR1"])
def test_a_file_of_problems_goes_on_where_it_was(name: str, network: Path):
    task = make_task("sudoku4x4")
    texts = [task.decode(row) for row in task.generate(300, 1, "train", 0).problem]
    Path("data.txt").write_text("\n".join(texts * 8), encoding="utf-8")
    words = ["sudoku", "--checkpoint", str(network), "--rule", "always", "--slots", "8", "--max-steps", "6"]
    words += ["--data", "data.txt", "--out"]
    assert called(script("solve", *words, "whole.jsonl"))[0] == 0

    def begun() -> bool:
        return any(path.stat().st_size for path in Path().glob(".cut.jsonl.*.partial"))

    code, out = called(script("solve", *words, "cut.jsonl"), getattr(signal, name), begun)
    assert code == NUMBERS[name], out
    assert f"{name}: stopped; answers to" in out and "of 2400 problems are kept, the same command goes on" in out
    assert not Path("cut.jsonl").exists()
    (partial,) = Path().glob(".cut.jsonl.*.partial")
    kept = partial.read_text().split("\n")
    assert 0 < len(kept) - 1 < 2400 and kept[-1] == "", "whole lines"
    assert called(script("solve", *words, "cut.jsonl"))[0] == 0
    whole = Path("whole.jsonl").read_text().split("\n")
    assert Path("cut.jsonl").read_text().split("\n") == whole and kept[:-1] == whole[: len(kept) - 1]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SIGTERM"])
def test_a_comparison_goes_on_where_it_was(name: str, network: Path):
    words = [*COMPARE, "--checkpoints", str(network), "--folder"]
    assert called(script("compare", *words, "whole"))[0] == 0
    code, out = called(
        script("compare", *words, "cut"), getattr(signal, name), lambda: any(Path("cut").rglob("heads/*/run.json"))
    )
    assert code == NUMBERS[name] and f"{name}: stopped; what is finished is kept, the same command goes on" in out, out
    assert "Traceback" not in out and not Path("cut", "results").exists()
    done = {path: path.stat().st_mtime_ns for path in Path("cut").rglob("run.json")}
    assert done and called(script("compare", *words, "cut"))[0] == 0
    assert done.items() <= {path: path.stat().st_mtime_ns for path in Path("cut").rglob("run.json")}.items()
    for path in [*Path("whole").rglob("head.safetensors"), *Path("whole").rglob("rollouts/*.safetensors")]:
        ours, theirs = load_tensors(path)[0], load_tensors(Path("cut", path.relative_to("whole")))[0]
        assert ours.keys() == theirs.keys() and all(torch.equal(ours[key], theirs[key]) for key in ours), path
    for report in Path("whole", "results").rglob("report.json"):
        assert report.read_bytes() == Path("cut", report.relative_to("whole")).read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize(("name", "grain"), [("SIGINT", "answer"), ("SIGTERM", "cell"), ("SIGHUP", "halt")])
def test_what_stable_baselines_learnt_is_kept_and_said_to_begin_anew(name: str, grain: str, network: Path):
    words = ["--grain", grain, "--checkpoint", str(network), *SB3, "--problems", "40", "--folder", "run"]
    words += ["--algorithm", {"answer": "a2c", "cell": "maskable_ppo", "halt": "ppo"}[grain]]

    def learning() -> bool:
        """Its first curves are written."""
        return any(path.stat().st_size > 100 for path in Path("run").rglob("events.*"))

    code, out = called(script("train_sb3", *words), getattr(signal, name), learning)
    assert code == NUMBERS[name], out
    assert f"{name}: stopped; the weights after step" in out and "the same command learns from the beginning" in out
    weights, note = load_tensors(Path("run", "policy.safetensors"))
    assert 0 < note["timesteps"] < 300_000 and weights and all(value.isfinite().all() for value in weights.values())
    assert ("observations.mean" in weights) is (grain == "halt"), "what the policy's inputs are scaled by"
    assert not Path("run", "result.json").exists() and not list(Path("run").rglob("*.zip")), "no pickle is left"
    assert not Path("run", ".lock").exists() and os.listdir("run")
