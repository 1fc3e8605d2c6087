"""The README's Python runs as it stands."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from trm_gym.registration import TASKS, make_task

README = Path(__file__).parent.parent / "README.md"
BLOCKS = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)

LEVELS = dict(re.findall(r"^\| `(TRM-[\w-]+)` \|.*\| (\d+)[^|]*\|$", README.read_text(encoding="utf-8"), re.MULTILINE))
"""How many levels the README says that an environment has."""


def test_the_table_says_how_many_levels_there_are():
    own = {entry.env_id: name for name, entry in TASKS.items() if entry.env_id in LEVELS and "ARC" not in entry.env_id}
    assert len(own) == 7
    assert {env_id: int(LEVELS[env_id]) for env_id in own} == {
        i: len(make_task(name).levels) for i, name in own.items()
    }


@pytest.mark.parametrize(
    "block", BLOCKS, ids=["environment", "algorithm", "solver", "own network", "points", "formula"]
)
def test_block_runs(block, tmp_path):
    file = tmp_path / "block.py"
    file.write_text(block.replace("400_000", "1"), encoding="utf-8")
    runpy.run_path(str(file))
