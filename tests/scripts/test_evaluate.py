"""scripts/evaluate.py: rows, files, and every fault of the input as one line and exit code 2."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from agents.checkpoint import load_checkpoint, save_checkpoint
from agents.common.cli import main
from agents.rollouts.unroll import unroll
from scripts import evaluate as evaluate_script
from scripts.evaluate import Config, run
from tests.scripts.checkpoints import untrained
from trm_gym import make_task

SMALL = ["--problems", "20", "--validation", "20", "--max-steps", "2", "--resamples", "50"]
TASK = make_task("sudoku4x4")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    heads = ("grpo", "expected", "bce", "two_heads")
    return untrained(tmp_path_factory.mktemp("checkpoints"), heads=heads)


@pytest.fixture
def evaluate(checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The script in an empty folder, run with these words after the checkpoint."""
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> None:
        main(run, Config, args=["--checkpoint", str(checkpoint), *SMALL, *words])

    return call


@pytest.fixture
def refused(evaluate, capsys: pytest.CaptureFixture[str]):
    """The message with which the script refuses these words."""

    def call(*words: str) -> str:
        with pytest.raises(SystemExit) as stopped:
            evaluate(*words)
        assert stopped.value.code == 2
        return capsys.readouterr().err

    return call


def test_rows_table_and_files(evaluate, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    evaluate("--level", "clues10-12", "--json", "rows.json")
    rows = json.loads((tmp_path / "rows.json").read_text())
    assert {"always-2", "best-fixed-k", "bce", "two_heads", "expected", "grpo", "oracle"} <= {r["rule"] for r in rows}
    assert all(list(row) == ["rule", "accuracy", "steps", "n"] and row["n"] == 20 for row in rows)
    out = capsys.readouterr().out
    assert "oracle" in out and "clues10-12" in out
    folder = tmp_path / "runs" / "evaluate" / "sudoku4x4-clues10-12"
    assert {path.name for path in folder.iterdir()} >= {"report.json", "problems.csv", "halting.png"}


def test_heads_of_another_seed_join_if_they_belong_to_the_same_network(evaluate, checkpoint, refused, tmp_path: Path):
    evaluate("--level", "clues10-12", "--also", str(checkpoint), "--json", "rows.json")
    rows = {row["rule"]: row for row in json.loads((tmp_path / "rows.json").read_text())}
    assert rows["grpo"]["steps"] == rows["grpo-2"]["steps"]
    assert "has no GRPO head" in refused("--also", str(untrained(tmp_path / "headless", heads=())))
    made = load_checkpoint(checkpoint)
    made.model.halt.bias.data += 1
    assert "holds another network" in refused("--also", str(save_checkpoint(tmp_path / "other", made)))


def write_puzzles(path: Path, count: int = 5) -> Path:
    problems = TASK.generate(count, 0, "test", 0)
    lines = [
        f"{TASK.decode(p)}\t{TASK.decode(s)}\t10\tN\t0"
        for p, s in zip(problems.problem, problems.solution, strict=True)
    ]
    path.write_text("#puzzle\tsolution\tclues\ttier\tguesses\n" + "\n".join(lines) + "\n")
    return path


def test_data_from_outside(evaluate, tmp_path: Path):
    evaluate("--data", str(write_puzzles(tmp_path / "mine.txt")), "--json", "rows.json")
    assert {row["n"] for row in json.loads((tmp_path / "rows.json").read_text())} == {5}
    assert (tmp_path / "runs" / "evaluate" / "sudoku4x4-mine" / "report.json").is_file()


def test_puzzles_with_several_solutions_are_taken(evaluate, tmp_path: Path):
    (tmp_path / "many.txt").write_text("." * 16 + "\t-\t0\tX\t9\n")
    evaluate("--data", "many.txt", "--json", "rows.json")
    assert {row["n"] for row in json.loads((tmp_path / "rows.json").read_text())} == {1}


def test_questions_that_the_task_does_not_cover_are_listed(evaluate, tmp_path: Path, capsys):
    file, place = tmp_path / "questions.jsonl", untrained(tmp_path, "arithmetic")
    lines = ['{"q": "What is 3 + 4?"}', "12*(3-1)", '{"q": "Who is there?"}', '{"question": "?"}', "# no problem"]
    file.write_text("\n".join(lines), encoding="utf-8")
    words = ["--checkpoint", str(place), "--level", "sum2", "--data", str(file), "--folder", str(tmp_path / "out")]
    evaluate(*words, "--json", str(tmp_path / "rows.json"))
    assert json.loads((tmp_path / "rows.json").read_text())[0]["n"] == 2
    listed = (tmp_path / "out" / "skipped.txt").read_text(encoding="utf-8").splitlines()
    assert len(listed) == 2 and "questions.jsonl:3: not covered: 'Who is there?'" in listed[0]
    assert "skipped" in capsys.readouterr().out


def test_a_maze_network_runs_at_another_size(evaluate, tmp_path: Path):
    place = untrained(tmp_path, "maze11x11")
    evaluate("--checkpoint", str(place), "--size", "7", "--level", "random", "--json", str(tmp_path / "rows.json"))
    assert json.loads((tmp_path / "rows.json").read_text())[0]["n"] == 20


def test_absent_data(refused):
    message = refused("--data", "nowhere.txt")
    assert "nowhere.txt" in message and "no such file" in message and message.count("\n") == 1


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("." * 81, "81 cells found: expected 16 cells"),
        ("5" + "." * 15, "'5' at character 1"),
        ("11" + "." * 14, "contradict"),
        ("", "no puzzle in it"),
        ("1234" + "." * 12 + "\t" + "1234" * 4, "contradict"),
    ],
)
def test_bad_data(refused, tmp_path: Path, line: str, said: str):
    (tmp_path / "bad.txt").write_text(f"#puzzle\n{line}\n")
    message = refused("--data", "bad.txt")
    assert said in message and "bad.txt" in message and "sudoku4x4" in message and message.count("\n") == 1


def test_unknown_level_checkpoint_and_numbers(refused, tmp_path: Path):
    assert "unknown level 'clues99'" in refused("--level", "clues99")
    assert "no checkpoint at" in refused("--checkpoint", str(tmp_path / "none"))
    assert "problems must be at least 1" in refused("--problems", "0")


def test_a_process_ends_with_code_2_and_no_traceback(tmp_path: Path):
    words = [sys.executable, "scripts/evaluate.py", "--checkpoint", str(tmp_path)]
    ended = subprocess.run(words, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert ended.returncode == 2
    assert ended.stderr.startswith("error: no checkpoint at") and "Traceback" not in ended.stderr


def test_all_networks_are_measured_on_what_they_were_taught(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.setattr(evaluate_script, "shipped", lambda: ["sudoku4x4"])
    main(run, Config, args=["--all", "--all-problems", "30", "--batch", "30", "--folder", str(tmp_path / "all")])
    networks, levels = json.loads((tmp_path / "all" / "tables.json").read_text())
    [row] = networks["rows"]
    network = load_checkpoint("sudoku4x4")
    assert row[:3] == ["sudoku4x4", "sudoku4x4", f"{network.model.num_parameters():,}"] and "grpo" in row[-1]
    taught = network.meta["pretraining"]["levels"]
    assert [line[:3] for line in levels["rows"]] == [
        ["sudoku4x4", level, str(min(30, TASK.split_size(TASK.level_index(level), "test") or 30))] for level in taught
    ]
    problems = TASK.generate(30, TASK.level_index(taught[1]), "test", seed=0)
    share = 100 * unroll(network.model, TASK, problems, 16).solved.float().mean(0)
    found = [float(cell.split()[0]) for cell in levels["rows"][1][3:]]
    steps = (1, 2, 4, 8, 16)
    assert found == pytest.approx([*(share[step - 1].item() for step in steps), share.max().item()], abs=0.051)
    assert float(row[6]) == pytest.approx(sum(float(line[-2].split()[0]) for line in levels["rows"]) / 3, abs=0.051)
    assert "running the problems: " in capsys.readouterr().out
