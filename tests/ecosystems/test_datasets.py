"""Hugging Face's datasets reads what we write: `make ecosystem-datasets`. What is read back is judged anew."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.ecosystems.page import run_block

datasets = pytest.importorskip("datasets", reason='datasets is not installed: pip install -e ".[datasets]"')
pytestmark = pytest.mark.filterwarnings("default")  # others' warnings are not ours to mend


def test_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.chdir(tmp_path)
    left = run_block("Hugging Face datasets")
    task = left["solver"].task
    assert {name: len(part) for name, part in left["problems"].items()} == {"train": 50, "test": 10}
    for row in left["problems"]["test"]:
        read = task.encode(row["problem"])
        assert task.verify(read, np.array([row["solution_tokens"]], np.uint8)).solved.all()
        assert task.read_draft(row["solution"]).tolist() == row["solution_tokens"]
    thoughts = datasets.Dataset.from_parquet(str(tmp_path / "thoughts.parquet"), cache_dir=str(tmp_path / "cache"))
    verdicts = set()
    for row, run in zip(thoughts, left["runs"], strict=True):
        drafts = np.array(row["drafts"], np.uint8)
        assert np.array_equal(drafts, run.drafts) and len(drafts) == row["stop"]
        judged = task.verify(task.encode(row["problem_text"])[np.zeros(len(drafts), np.int64)], drafts)
        assert judged.solved.tolist() == row["solved"]
        np.testing.assert_allclose(row["halt"], run.halt, atol=1e-6)
        verdicts |= set(row["solved"])
    assert verdicts == {False, True}
