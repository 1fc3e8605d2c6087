"""scripts/regression_benchmark.py: only what equals the hidden formula counts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agents.common.cli import main
from scripts import regression_benchmark as script
from trm_gym import make_task
from trm_gym.regression.parsing import parse

RECORD = {"name": "one", "nvars": 1, "expr": "x1^3 + x1", "train": {"all": {"U": [-1, 1, 20]}}}


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("x * (x^2 + 1)", True),
        ("x^3 + 1.0000001 * x", True),
        ("x^3 + 1.001 * x", False),
        ("sqrt(x^2) * (x^2 + 1) * x / abs(x)", True),
        ("log(exp(x^3 + x)) + log(x + 1) - log(x + 1)", False),
    ],
)
def test_exact_is_equal_inside_and_beyond_the_box(text: str, exact: bool):
    problem = make_task("regression").encode(RECORD)
    assert script.is_exact(parse(text), problem) == exact


def test_it_writes_a_row_for_each_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "formulas.jsonl").write_text(json.dumps(RECORD) + "\n")
    monkeypatch.setattr(script, "WAYS", {"compositions": script.WAYS["compositions and pool"]})
    words = [
        "--formulas",
        str(tmp_path / "formulas.jsonl"),
        "--seconds",
        "20",
        "--seeds",
        "1",
        "--folder",
        str(tmp_path),
    ]
    main(script.run, script.Config, args=words)
    (table,) = json.loads((tmp_path / "result.json").read_text()).values()
    assert table["compositions"]["always"] == 1
