"""scripts/halting_benchmark.py: a stranger's file is played, records are checked, entries are theirs."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from agents.benchmark.frozen import ProblemSet, Version, as_json, network_digest, part_digest
from agents.benchmark.results import load_row
from agents.checkpoint import load_checkpoint
from agents.common.cli import main
from scripts import halting_benchmark as benchmark
from tests.scripts.checkpoints import untrained

ROOT = Path(__file__).parents[2]
ENTRIES = sorted(path.with_suffix("") for path in (ROOT / "docs" / "benchmark").glob("*.py"))
POLICY = """
import numpy as np

def make(shown, price):
    assert shown.runs("train", 3).unroll.solved.shape == (3 * shown.starts, shown.max_steps)
    place = list(shown.observation_names).index("budget_used")
    return lambda seen: np.where(seen[:, place] >= 0.5, 1 + (shown.starts > 1), 0)

number = 3

def broken(shown, price):
    return 3
"""


@pytest.fixture
def play(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """The script on a version of two toy sets; gives what it prints."""
    place = untrained(tmp_path)
    network = network_digest(load_checkpoint(place))
    toys = (
        ProblemSet("toy", str(place), "clues6-8", max_steps=4),
        ProblemSet("again", str(place), "clues6-8", None, 8, 3),
    )
    sets = [
        ProblemSet(
            one.name,
            one.checkpoint,
            one.level,
            None,
            one.max_steps,
            one.starts,
            network,
            (part_digest(one, 5, 0),),
            (1, 2),
        )
        for one in toys
    ]
    (tmp_path / "version.json").write_text(as_json(Version("v0", (0.1, 0.6), 5, tuple(sets))))
    (tmp_path / "mine.py").write_text(POLICY)
    fixed = ["--version", str(tmp_path / "version.json"), "--problems", "6", "--folder", str(tmp_path / "out")]

    def played(*words: str) -> str:
        main(benchmark.run, benchmark.Config, args=[word.replace("FOLDER", str(tmp_path)) for word in (*words, *fixed)])
        return capsys.readouterr().out

    return played


def test_a_file_is_played_and_its_records_are_checked(play, tmp_path: Path, capsys):
    assert "| mine |" in play("--policy", "FOLDER/mine.py:make")
    folder = tmp_path / "out" / "v0" / "mine"
    row, lines = load_row(folder / "row.json"), (folder / "records.csv").read_text().splitlines()
    assert row["problems"] == {"toy": 6} and row["sets"]["toy"]["0.6"]["steps"] == 2 and len(row["file"]) == 64
    assert lines[0] == "set,problem,steps 0.1,right 0.1,starts 0.1,steps 0.6,right 0.6,starts 0.6"
    assert lines[1] == "toy,0,2,0,1,2,0,1" and len(lines) == 7
    assert "0.00% of 6" in play("--policy", "FOLDER/mine.py:make", "--check", str(folder))
    (folder / "records.csv").write_text("\n".join([lines[0], "toy,0,3,0,1,2,0,1", *lines[2:]]) + "\n")
    with pytest.raises(SystemExit):
        play("--policy", "FOLDER/mine.py:make", "--check", str(folder))
    told = capsys.readouterr()
    assert "8.33% of 6" in told.out and "these are not the records of this policy" in told.err


def test_a_file_of_three_acts_starts_afresh(play, tmp_path: Path):
    play("--policy", "FOLDER/mine.py:make", "--restarts")
    row = load_row(tmp_path / "out" / "v0" / "mine" / "row.json")
    ended = row["sets"]["again"]["0.1"]
    assert row["restarts"] and (ended["starts"], ended["steps"]) == (2, 8), "again after four steps, and after eight"


def test_rules_and_learners_stand_in_one_table(play, monkeypatch):
    from agents.benchmark import policies
    from agents.learners.config import LearnerConfig

    monkeypatch.setattr(policies, "TRAINING", LearnerConfig(iterations=1, groups=8, passes=1, minibatches=1, hidden=4))
    out = play("--policy", "best-fixed-k", "oracle", "confidence-capped", "two_heads", "rloo")
    last = out.rpartition("| policy |")[2]
    assert set(re.findall(r"^\| ([\w-]+) \| -?\d", last, re.M)) == {
        "best-fixed-k",
        "oracle",
        "confidence-capped",
        "two_heads",
        "rloo",
    }
    out = play("--policy", "Luby", "grpo_restarts")
    assert "| Luby | " in out and "| grpo_restarts | " in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--policy", "nobody"], "unknown policy 'nobody': give FILE.py:make, or one of always-"),
        (["--policy", "no/file.py:make"], "no policy at no/file.py:make"),
        (["--policy", "FOLDER/mine.py:other"], "has no function 'other': it has make, broken"),
        (["--policy", "FOLDER/mine.py:number"], "has no function 'number'"),
        (["--policy", "FOLDER/mine.py:broken"], "expected a function from what is seen"),
        (["--policy", "q", "--sets", "none"], "there is no problem set 'none' for q: choose from toy"),
        (["--policy", "q", "--check", "FOLDER"], "no row of the benchmark"),
        (["--policy", "q", "unchanged", "--check", "FOLDER"], "--check compares the records of one policy"),
    ],
)
def test_mistakes_are_told(words, said, play, capsys):
    with pytest.raises(SystemExit) as ended:
        play(*words)
    assert ended.value.code == 2 and said in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("folder", ENTRIES, ids=lambda path: path.name)
def test_the_records_of_an_entry_are_those_of_its_file(folder, tmp_path, capsys):
    """The first 64 problems of one set, which takes seconds; --check without --sets plays all."""
    file, row = folder.with_suffix(".py"), json.loads((folder / "row.json").read_text())
    words = ["--policy", f"{file}:make", "--sets", "algebra-hard", "--problems", "64", "--version", row["version"]]
    main(benchmark.run, benchmark.Config, args=[*words, "--check", str(folder), "--folder", str(tmp_path)])
    assert "of 64 problems' records differ" in capsys.readouterr().out
