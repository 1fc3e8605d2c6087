"""The page on other libraries: its examples run as they stand."""

from __future__ import annotations

import re
import runpy
import tempfile
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[2] / "docs" / "ecosystems.md"


def run_block(heading: str, **changes: str) -> dict[str, Any]:
    """What the Python below a heading leaves behind, with some of its words changed: by the word, what stands there."""
    section = PAGE.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    code = "\n".join(re.findall(r"```python\n(.*?)```", section, re.DOTALL))
    assert code
    for word, other in changes.items():
        assert word in code, f"{word!r} has gone from the page"
        code = code.replace(word, other)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "block.py"
        file.write_text(code, encoding="utf-8")
        return runpy.run_path(str(file))
