"""The table of reward hacks, in small: nothing is earned but by solutions."""

from __future__ import annotations

import numpy as np
import pytest

from scripts.hacks import HACKS, Config, hacks_of, measure, run
from trm_gym.registration import TASKS, make_task


@pytest.mark.parametrize("name", TASKS)
def test_hacks_earn_what_they_solve_and_no_more(name):
    level = make_task(name).levels[make_task(name).default_level].name
    rows = list(measure(Config(slots=16, tasks=(name,), levels=(level,))))
    assert {row.hack for row in rows} == set(hacks_of(name))
    for row in rows:
        slack = 0.0 if row.reward == "exact" or row.hack in ("echo", "constant", "never halt", "oscillate") else 0.5
        assert row.solved - 1e-12 <= row.worth <= row.solved + slack, row
        assert row.solved == 0 or row.hack in ("random", "halt at once", "a neighbour's answer", "a line"), row


def test_the_page_has_a_row_for_each_level_and_reward(tmp_path):
    out = tmp_path / "hacks.md"
    run(Config(slots=4, tasks=("sudoku4x4", "algebra"), out=out))
    lines = [line for line in out.read_text().splitlines() if line.startswith("| ") and not line.startswith("| level")]
    assert len(lines) == 3 * len(make_task("sudoku4x4").levels) + len(make_task("algebra").levels)
    assert all(line.count("|") == 3 + len(HACKS) for line in lines)
    assert np.isfinite([float(cell.split()[0]) for line in lines for cell in line.split("|")[3:-1]]).all()
