"""The README's Python runs as it stands."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

README = Path(__file__).parent.parent / "README.md"
BLOCKS = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize(
    "block", BLOCKS, ids=["environment", "algorithm", "solver", "own network", "points", "formula"]
)
def test_block_runs(block, tmp_path):
    file = tmp_path / "block.py"
    file.write_text(block.replace("400_000", "1"), encoding="utf-8")
    runpy.run_path(str(file))
