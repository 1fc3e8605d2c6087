"""The tutorials' Python runs as it stands, but for sizes that would take minutes."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

TUTORIALS = Path(__file__).parent.parent / "docs" / "tutorials"
SMALL = {
    "a_formula_from_your_own_data": {"SECONDS = 10": "SECONDS = 0.5"},
    "make_an_env": {},
    "train_ppo": {
        "STEPS = 400_000": "STEPS = 64",
        "FEW_STEPS = 4_096": "FEW_STEPS = 64",
        "num_envs=256": "num_envs=4",
        "batch_size=1024": "batch_size=64",
        "problems: int = 500": "problems: int = 8",
    },
    "train_trm_with_grpo": {
        "UPDATES = 200": "UPDATES = 3",
        "PROBLEMS = 200": "PROBLEMS = 8",
        "ITERATIONS, GROUPS = 20, 128": "ITERATIONS, GROUPS = 2, 4",
    },
    "write_a_task": {},
    "write_a_curriculum": {"ROUNDS, GROUPS, BRANCHES = 12, 16, 2": "ROUNDS, GROUPS, BRANCHES = 2, 4, 2"},
}
"""By tutorial, what is written there and what runs here."""


def test_every_tutorial_is_run():
    assert SMALL.keys() == {path.stem for path in TUTORIALS.glob("*.md")}


@pytest.mark.parametrize("name", SMALL)
def test_blocks_run(name, tmp_path, monkeypatch):
    text = (TUTORIALS / f"{name}.md").read_text(encoding="utf-8")
    code = "\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL))
    assert code
    for written, small in SMALL[name].items():
        assert written in code, f"{written!r} has gone from {name}.md: what runs here would take minutes"
        code = re.sub(rf"(?<!_){re.escape(written)}", small, code)
    file = tmp_path / f"{name}.py"
    file.write_text(code, encoding="utf-8")
    monkeypatch.chdir(tmp_path)  # what a tutorial writes goes nowhere else
    runpy.run_path(str(file))
