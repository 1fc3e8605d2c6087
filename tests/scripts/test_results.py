"""The results' pages are what their records say, and a run becomes a record by one command."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from agents.common.cli import main
from agents.evaluation.records import load_record
from scripts import results
from tests.agents.evaluation.test_records import RECORD, REPORT

DOCS = Path(__file__).parents[2] / "docs" / "results"
SAID = ["--title", "A toy", "--commands", "python toy.py", "--runs", "one network", "--summary", "It is.", "It works."]


def test_pages_are_up_to_date():
    for path, text in results.pages(DOCS):
        assert path.read_text(encoding="utf-8") == text, f"{path} is stale: run `python scripts/results.py`, commit it"


def test_every_page_has_a_record_and_the_index_links_to_it():
    pages = {path.stem for path in DOCS.glob("*.md")} - {"index"}
    assert pages == {path.stem for path in (DOCS / "records").glob("*.json")}
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    assert {match[1] for match in re.finditer(r"\]\(([\w.-]+)\.md\)", index)} == pages
    assert len(index.splitlines()) <= 120


def test_every_record_says_how_it_was_measured():
    for path in (DOCS / "records").glob("*.json"):
        record = load_record(path)
        assert record.commands and record.runs and record.tables and len(record.summary) == 2, path
        assert re.match(r"[0-9a-f]{7}", record.commit) and re.match(r"\d{4}-\d\d-\d\d", record.date), path
        for file in record.figures.values():
            assert (DOCS / file).is_file(), path


@pytest.fixture
def add(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The script on a run's folder in an empty place."""
    monkeypatch.setattr(results, "commit", lambda: "abc1234")
    (tmp_path / "run" / "results" / "easy").mkdir(parents=True)
    (tmp_path / "run" / "results" / "easy" / "report.json").write_text(json.dumps({**REPORT, "curves": {"q": [1, 2]}}))
    place = ["--add", str(tmp_path / "run"), "--docs", str(tmp_path / "docs")]
    return lambda *words: main(results.run, results.Config, args=[*place, *words])


def test_a_run_becomes_a_record_and_a_page(add, tmp_path: Path):
    add("--name", "toy", *SAID)
    record = load_record(tmp_path / "docs" / "records" / "toy.json")
    assert (record.commit, record.tables[0]["n"], record.tables[0]["curves"]) == ("abc1234", 5000, {})
    assert "# A toy" in (tmp_path / "docs" / "toy.md").read_text()


def test_what_was_measured_again_keeps_what_is_not_said_anew(add, tmp_path: Path):
    (tmp_path / "docs" / "records").mkdir(parents=True)
    (tmp_path / "docs" / "records" / "toy.json").write_text(RECORD.json())
    (tmp_path / "docs" / "index.md").write_text("<!-- table: toy -->\nold\n<!-- /table -->\n")
    add("--name", "toy", "--runs", "another network")
    record = load_record(tmp_path / "docs" / "records" / "toy.json")
    assert (record.title, record.runs, record.tables[0]["n"]) == ("A toy", "another network", 5000)


def test_figures_of_other_scripts_become_tables(tmp_path: Path):
    """As throughput.py and train_sb3.py write them."""
    (tmp_path / "speed.json").write_text(
        '{"runs": {"always 16": {"seconds": 128.4, "n": 2048}, "engine": {"seconds": 28.5, "n": 2048}}, "ratio": 4.5}'
    )
    (tmp_path / "sb3").mkdir()
    (tmp_path / "sb3" / "result.json").write_text(
        '{"price": 0.1, "untrained": {"right": 0.0}, "measured": {"right": 0.5}}'
    )
    first, second = results.tables([tmp_path / "speed.json", tmp_path / "sb3"])
    assert (first["title"], first["header"]) == ("runs", ["", "seconds", "n"])
    assert first["rows"] == [["always 16", "128.4", "2048"], ["engine", "28.5", "2048"]]
    assert second["rows"] == [["untrained", "0"], ["measured", "0.5"]]


def test_the_index_shows_a_table(tmp_path: Path):
    (tmp_path / "records").mkdir()
    (tmp_path / "records" / "toy.json").write_text(RECORD.json())
    (tmp_path / "index.md").write_text("above\n<!-- table: toy -->\nold\n<!-- /table -->\nbelow\n")
    text = dict(results.pages(tmp_path))[tmp_path / "index.md"]
    assert "old" not in text and "| verifier | 5 |" in text and text.startswith("above") and text.endswith("below\n")
    (tmp_path / "index.md").write_text("<!-- table: none -->\n<!-- /table -->\n")
    with pytest.raises(ValueError, match="'none', of which there is no record"):
        list(results.pages(tmp_path))


@pytest.mark.parametrize(
    ("words", "match"),
    [
        (["--name", "new"], "say --title, --commands, --runs, --summary too"),
        ([], "give --add FOLDER and --name NAME together"),
        (["--name", "new", "--add", "."], "no report.json or tables.json or result.json in"),
    ],
)
def test_bad_input_is_one_line(add, tmp_path: Path, monkeypatch, capsys: pytest.CaptureFixture[str], words, match):
    monkeypatch.chdir(tmp_path / "docs" if (tmp_path / "docs").exists() else (tmp_path / "run" / "results" / "easy"))
    if "." in words:
        (tmp_path / "run" / "results" / "easy" / "report.json").unlink()
    with pytest.raises(SystemExit) as stopped:
        add(*words)
    assert stopped.value.code == 2 and match in capsys.readouterr().err
