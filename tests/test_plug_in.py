"""The algorithm in docs/plug-in.md runs as it stands, on a small network and few problems."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from tests.scripts.checkpoints import untrained

PAGE = (Path(__file__).parent.parent / "docs" / "plug-in.md").read_text(encoding="utf-8")
BLOCK = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_it_runs_and_stands_in_the_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert BLOCK is not None
    small = BLOCK[1].replace("2_000", "40").replace("5_000", "20").replace("clues8-10", "clues6-8")
    file = tmp_path / "block.py"
    file.write_text(small.replace('"sudoku6x6"', repr(str(untrained(tmp_path)))), encoding="utf-8")
    runpy.run_path(str(file))
    out = capsys.readouterr().out
    assert "mine" in out and "best-fixed-k" in out and "grpo" in out and "oracle" in out


def test_it_is_short():
    assert BLOCK is not None
    assert len([line for line in BLOCK[1].splitlines() if line.strip() and "import" not in line]) <= 30
