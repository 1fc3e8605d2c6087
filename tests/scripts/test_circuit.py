"""scripts/circuit.py: the control stands beside the network, on the same problems."""

from __future__ import annotations

import json
from pathlib import Path

from agents.common.cli import main
from scripts import circuit as script


def test_it_writes_a_row_for_each(tmp_path: Path):
    words = ["--levels", "nodes5", "--problems", "3", "--folder", str(tmp_path)]
    main(script.run, script.Config, args=words)
    rows = json.loads((tmp_path / "result.json").read_text())["nodes5"]
    assert list(rows) == [script.ALONE, f"{script.ALONE}, constants looked up", "network regression"]
    assert {row["exact after 1, 2, 4, 8, 16 steps, %"] for row in rows.values()} == {
        "100.0, 100.0, 100.0, 100.0, 100.0"
    }
