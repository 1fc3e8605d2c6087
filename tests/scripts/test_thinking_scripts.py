"""scripts/trajectory.py, watch.py and scaling.py: what they write and show, and what they refuse."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from agents.common.cli import main
from scripts import scaling, trajectory, watch
from trm_gym import make_task


def test_pictures_files_and_tensorboard(tmp_path: Path):
    words = ["--checkpoint", "sudoku4x4", "--problems", "4", "--max-steps", "3", "--folder", str(tmp_path)]
    main(trajectory.run, trajectory.Config, args=words)
    for name in ("drafts", "thinking", "settling"):
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    found = json.loads((tmp_path / "trajectory.json").read_text())
    assert found["task"] == "sudoku4x4" and len(found["drafts"]) == 3
    events = EventAccumulator(str(tmp_path)).Reload()
    velocity = [event.value for event in events.Scalars("thinking/velocity")]
    assert velocity == pytest.approx(found["velocity"], abs=1e-5)
    assert set(events.Tags()["images"]) == {"drafts", "thinking", "settling"}


@pytest.mark.parametrize("name", ["sudoku4x4", "maze11x11", "algebra", "regression"])
def test_what_is_watched(name: str, capsys: pytest.CaptureFixture[str]):
    main(
        watch.run, watch.Config, args=["--checkpoint", name, "--problems", "1", "--rule", "always", "--max-steps", "2"]
    )
    out = capsys.readouterr().out
    assert [f"step {step} of at most 2" in out for step in (0, 1, 2, 3)] == [True, True, True, False]
    assert "would stop" in out and ("solved" in out or "wrong draft" in out)
    if name == "regression":
        assert "standard deviations of y" in out and "y from" in out, "the formula is plotted over its points"
    if name == "sudoku4x4":
        task = make_task(name)
        problem = task.generate(1, task.default_level, "test", 0).problem[0]
        assert "".join(out.splitlines()[1].split()) == task.decode(problem)[:4], "the first frame shows the problem"


def test_branches_in_forms_of_mazes_from_a_file(tmp_path: Path):
    task = make_task("maze5x5")
    mazes = task.generate(6, 0, "test", 0)
    (tmp_path / "mazes.txt").write_text("\n\n".join(task.decode(maze) for maze in mazes.problem))
    words = ["--checkpoint", "maze11x11", "--size", "5", "--data", str(tmp_path / "mazes.txt"), "--problems", "5"]
    words += ["--forms", "--rule", "always", "--max-steps", "4", "--branches", "1", "8", "--budgets", "4"]
    main(scaling.run, scaling.Config, args=[*words, "--out", str(tmp_path / "s.json"), "--compile", "off"])
    made = json.loads((tmp_path / "s.json").read_text())
    assert made["problems"] == 5 and made["curves"]["vote"][1]["steps"] == 32
    assert made["curves"]["vote"][0] == made["curves"][scaling.LONGER][0], "the first form is the maze as it is"


def test_more_branches_cost_more(tmp_path: Path):
    words = ["--checkpoint", "sudoku4x4", "--level", "clues6-8", "--problems", "8", "--branches", "1", "3"]
    main(
        scaling.run,
        scaling.Config,
        args=[*words, "--budgets", "1", "4", "--max-steps", "4", "--out", str(tmp_path / "s.json"), "--compile", "off"],
    )
    found = json.loads((tmp_path / "s.json").read_text())["curves"]
    assert set(found) == {"vote", "agreed", "surest", "first", scaling.LONGER}
    assert [point["branches"] for point in found["vote"]] == [1, 3]
    assert found["vote"][0] == found["first"][0] == found[scaling.LONGER][1], "one branch is the plain network"
    assert found["first"][1]["steps"] <= found["vote"][1]["steps"] and found["vote"][1]["steps"] > 2
    assert found[scaling.LONGER][0]["steps"] == 1
    assert (tmp_path / "s.png").read_bytes().startswith(b"\x89PNG")


def test_other_rules_are_compared_problem_by_problem(tmp_path: Path):
    words = ["--checkpoint", "sudoku4x4", "--level", "clues6-8", "--problems", "8", "--branches", "1", "2"]
    words += ["--rule", "best-fixed-k:2", "--others", "best-fixed-k:2", "restart-every:2+best-fixed-k:4"]
    words += ["--budgets", "1", "--max-steps", "4", "--out", str(tmp_path / "s.json"), "--compile", "off"]
    main(scaling.run, scaling.Config, args=words)
    rows = json.loads((tmp_path / "s.json").read_text())["compared"]
    assert len(rows) == 2 * 4 * 2
    same, again = rows[1], rows[9]
    assert same[:3] == ["best-fixed-k:2", "vote", "2"] and same[4:] == [
        "4.00",
        "+0.0 (+0.0..+0.0)",
        "+0.0 (+0.0..+0.0)",
    ]
    assert again[2] == "2" and again[4] == "8.00" and again[6] == "**+4.0 (+4.0..+4.0)**"


@pytest.mark.parametrize(
    ("module", "words", "said"),
    [
        (trajectory, ["--panels", "1"], "panels must be at least 2"),
        (trajectory, ["--checkpoint", "sudoku4x4", "--level", "none"], "unknown level"),
        (trajectory, ["--max-steps", "0"], "max-steps must be at least 1"),
        (trajectory, ["--folder", "t.png"], "name a folder, not the file t.png"),
        (watch, ["--rate", "0"], "rate must be above 0"),
        (watch, ["--price", "0"], "price must be above 0"),
        (watch, ["--checkpoint", "sudoku4x4", "--rule", "magic"], "unknown halting rule"),
        (watch, ["--checkpoint", "nowhere"], "no checkpoint at nowhere"),
        (scaling, ["--branches", "0"], "branches must be at least 1"),
        (scaling, ["--level", "none"], "unknown level"),
        (scaling, ["--others", "magic"], "unknown halting rule"),
        (scaling, ["--forms"], "a problem of sudoku9x9 has no other forms"),
    ],
)
def test_bad_input(module, words: list[str], said: str, capsys: pytest.CaptureFixture[str]):
    run: Callable = module.run
    with pytest.raises(SystemExit) as stopped:
        main(run, module.Config, args=words)
    assert stopped.value.code == 2 and said in " ".join(capsys.readouterr().err.split())
