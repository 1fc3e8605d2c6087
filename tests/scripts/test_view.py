"""scripts/replay.py and view.py: the file that is written, and what is refused."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from agents.common.cli import main
from scripts import replay, view
from trm_gym import make_task


def test_a_replay_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out = tmp_path / "replay.html"
    words = ["--checkpoint", "sudoku4x4", "--level", "clues6-8", "--problems", "2", "--max-steps", "3"]
    main(replay.run, replay.Config, args=[*words, "--out", str(out)])
    (data,) = re.findall(r'id="replay">(.*?)</script>', out.read_text(encoding="utf-8"))
    episodes = json.loads(data)["episodes"]
    problems = make_task("sudoku4x4").generate(2, 1, "test", 0)
    assert [episode["problem"] for episode in episodes] == problems.problem.tolist()
    assert all(len(episode["drafts"]) == 3 for episode in episodes)
    assert "2 episodes" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("module", "words", "said"),
    [
        (view, ["--port", "0"], "port must be at least 1"),
        (view, ["--port", "70000"], "at most 65535"),
        (view, ["--checkpoints", "nowhere"], "no checkpoint at nowhere"),
        (replay, ["--problems", "0"], "problems must be at least 1"),
        (replay, ["--checkpoint", "sudoku4x4", "--rules", "magic"], "unknown halting rule"),
    ],
)
def test_bad_input(module, words: list[str], said: str, capsys: pytest.CaptureFixture[str]):
    if module is view:
        pytest.importorskip("starlette")
    with pytest.raises(SystemExit) as stopped:
        main(module.run, module.Config, args=words)
    assert stopped.value.code == 2 and said in " ".join(capsys.readouterr().err.split())
