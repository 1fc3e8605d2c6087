"""scripts/compare_rewards.py: every way from one network, nothing done twice, what is taken of several branches."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from agents.common.cli import main
from scripts import compare_rewards as script
from tests.scripts.checkpoints import untrained
from tests.toy_numbers import ToyNumbers
from trm_gym.task import Problems, Verdicts

SMALL = """
    --levels clues10-12 clues4-5 --seconds 0.01 --rollout.max-steps 2 --rollout.branches 2 --training.groups 2
    --training.passes 1 --problems 4 --branch-problems 3 --branches 2 --max-steps 2 --seeds 0 --folder runs
""".split()


def test_every_way_once_and_a_table_beside_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    words = ["--checkpoint", str(untrained(tmp_path, heads=())), *SMALL]
    done: list[str] = []
    learn = script.learn
    monkeypatch.setattr(script, "learn", lambda *args: done.append(args[1]) or learn(*args))
    main(script.run, script.Config, {}, [*words, "--ways", "supervised", "rewards"])
    main(script.run, script.Config, {}, [*words, "--ways", "supervised", "rewards", "halting"])
    assert done == ["supervised", "rewards", "halting"]
    kept = json.loads((tmp_path / "runs" / "rewards" / "seed-0" / "run.json").read_text())
    assert kept["iterations"] == 1 and len(kept["measured"]["clues4-5"]["branches"]) == 3
    rows = (tmp_path / "runs" / "table.md").read_text()
    assert rows.count("nothing more") == 2 and rows.count("halting") == 2


@pytest.mark.parametrize("tells_misfit", [True, False])
def test_of_branches_the_draft_that_agrees_best_with_what_is_shown(tells_misfit):
    """Of the first problem that is the right draft, of the second a wrong one."""
    problems = ToyNumbers().generate(2, 0, "test", 0)
    drafts, solved = torch.zeros(4, 3, 2, dtype=torch.uint8), torch.zeros(4, 3, dtype=torch.bool)
    drafts[1, 2, 1], drafts[2, 0, 1] = 7, 5
    solved[1, 2] = solved[3, 1] = True

    def misfit(problems: Problems, answers: np.ndarray) -> np.ndarray:
        return 9.0 - answers[:, 1]

    def verify(problems: Problems, answers: np.ndarray) -> Verdicts:
        return Verdicts(np.zeros(len(answers), bool), (answers[:, 1] / 9).astype(np.float32))

    one = {"misfit": misfit} if tells_misfit else {"verify": verify}
    task: Any = SimpleNamespace(tells_misfit=tells_misfit, **one)
    runs = problems[np.array([0, 0, 1, 1])]
    rollout: Any = SimpleNamespace(problems=runs, drafts=drafts, unroll=SimpleNamespace(solved=solved))
    assert script.fit_seen(task, problems, rollout).tolist() == [True, False]


@pytest.mark.parametrize(
    ("words", "match"), [(["--ways", "none"], "unknown way 'none'"), (["--seconds", "0"], "seconds")]
)
def test_bad_input_ends_with_code_2(capsys: pytest.CaptureFixture[str], words, match):
    with pytest.raises(SystemExit) as stopped:
        main(script.run, script.Config, {}, words)
    assert stopped.value.code == 2 and match in capsys.readouterr().err
