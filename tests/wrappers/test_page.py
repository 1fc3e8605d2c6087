"""The page on wrappers runs as it stands and names every wrapper."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

from trm_gym import wrappers

PAGE = (Path(__file__).parents[2] / "docs" / "wrappers.md").read_text(encoding="utf-8")


def test_blocks_run(tmp_path, monkeypatch):
    file = tmp_path / "page.py"
    file.write_text("\n".join(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)), encoding="utf-8")
    monkeypatch.chdir(tmp_path)  # episodes are written there
    assert runpy.run_path(str(file))["lines"]


def test_every_wrapper_is_there():
    assert set(wrappers.__all__) - {"LevelSource"} <= set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE))
