"""The algorithm in docs/plug-in.md runs as it stands, on a small network and few problems, and it learns."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agents.envs import dataset
from agents.halting import outcomes
from agents.rollouts.dataset import RolloutDataset
from tests.agents.synthetic import made_up
from tests.scripts.checkpoints import untrained

PAGE = (Path(__file__).parent.parent / "docs" / "plug-in.md").read_text(encoding="utf-8")
BLOCK = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
SPLITS = ("train", "validation", "test")


def run(tmp_path: Path, changes: dict[str, str], heads: tuple[str, ...]) -> dict[str, Any]:
    """What the block leaves behind, with some of its words changed."""
    assert BLOCK is not None
    text = BLOCK[1].replace('"sudoku6x6"', repr(str(untrained(tmp_path, heads=heads)))).replace("clues8-10", "clues6-8")
    for word, other in changes.items():
        assert word in text, f"{word!r} has gone from the page"
        text = text.replace(word, other)
    file = tmp_path / "block.py"
    file.write_text(text, encoding="utf-8")
    return runpy.run_path(str(file))


def test_it_runs_and_stands_in_the_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    run(tmp_path, {"2_000": "40", "5_000": "20"}, ("grpo",))
    out = capsys.readouterr().out
    assert "mine" in out and "best-fixed-k" in out and "grpo" in out and "oracle" in out


def test_it_learns_when_to_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    first = [np.random.default_rng(seed).integers(1, 7, 200) for seed in range(len(SPLITS))]
    made = {split: made_up(steps) for split, steps in zip(SPLITS, first, strict=True)}
    monkeypatch.setattr(
        dataset, "load_dataset", lambda name, level, split, problems, price: RolloutDataset(made[split], 1, price / 8)
    )
    left = run(tmp_path, {"5_000": "3_000"}, ())
    price, solved = left["PRICE"], left["test"].unroll.solved.numpy()
    steps = left["play"](
        lambda seen: (left["chance"](left["inputs"](seen)) > 0.5).astype(int), left["test"].unroll, price
    )
    fixed = [outcomes.returns(solved, 0 * steps + step, price).mean() for step in range(1, solved.shape[1] + 1)]
    best = outcomes.returns(solved, outcomes.oracle_steps(solved), price).mean()
    earned = outcomes.returns(solved, steps, price).mean()
    assert max(fixed) + 0.8 * (best - max(fixed)) < earned < best


def test_three_acts(tmp_path: Path):
    """The block on restarts runs as it stands; its first act begins another start, and is paid for."""
    block = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[1]
    text = block.replace('"sudoku4x4"', repr(str(untrained(tmp_path)))).replace("problems=64", "problems=4")
    file = tmp_path / "block.py"
    file.write_text(text, encoding="utf-8")
    left = runpy.run_path(str(file))
    seen = dict(zip(left["env"].get_wrapper_attr("observation_names"), left["seen"].tolist(), strict=True))
    assert seen["starts_used"] == 0.5 and seen["all_steps_used"] == 2 * seen["budget_used"]
    assert left["reward"] == pytest.approx(-0.02, abs=1e-9) and not left["ended"]


def test_it_is_short():
    assert BLOCK is not None
    assert len([line for line in BLOCK[1].splitlines() if line.strip() and "import" not in line]) <= 30
