"""Records of results and the pages that are written from them."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from agents.evaluation.evaluate import measure
from agents.evaluation.protocol import EvaluationConfig
from agents.evaluation.records import Record, levels_measured, load_record, page, plain_table, section
from agents.evaluation.report import NO_TUNING
from agents.evaluation.tables import report_markdown, rule_in_words, without_tuning
from agents.halting import registry
from tests.agents.evaluation.test_comparison import HEADS
from tests.agents.synthetic import varied

CONFIG = EvaluationConfig(max_steps=8, resamples=50)
TABLE = {"caption": "What it is.", "header": ["rule", "way %"], "rows": [["rule-checker", "5"], ["two-heads", "6"]]}
RECORD = Record(
    name="toy",
    title="A toy",
    commands=("python toy.py",),
    commit="abc1234",
    date="2026-01-02",
    runs="one network, seed 0",
    summary=("It is small.", "It works."),
    tables=(TABLE,),
    figures={"a curve": "../curve.png"},
    notes=("One claim.",),
)
REPORT = {
    "task": "toy",
    "source": "easy (3 networks, 5 halting seeds)",
    "n": 5000,
    "budget": 16,
    "target": 0.99,
    "oracle": 2.0,
    "unsolved": 0.003,
    "accuracy_at": {"1": 0.25, "16": 0.997},
    "rows": [
        {"rule": "best-fixed-k", "accuracy": {"value": 0.992, "low": 0.99, "high": 0.995}, "steps": 5.0},
        {"rule": "rule-checker", "accuracy": {"value": 0.997, "low": 0.995, "high": 0.999}, "steps": 2.75},
    ],
    "comparisons": [],
}
"""A report of an earlier version: without intervals of the oracle gap, ranks and areas."""
for row in REPORT["rows"]:
    row["returns"] = {"0.6": {"value": 0.9}}


def test_a_page_says_what_was_run_and_what_came_of_it():
    text = page(RECORD, {})
    assert text.splitlines()[2] == "# A toy"
    for part in ("It is small. It works.", "```sh\npython toy.py\n```", "| measured | 2026-01-02 |", "abc1234"):
        assert part in text
    assert "one network, seed 0" in text and "![a curve](../curve.png)" in text and text.endswith("- One claim.\n")


def test_tables_beyond_the_first_may_stand_below_the_notes():
    many = dataclasses.replace(RECORD, tables=[TABLE, {**TABLE, "title": "Second"}], above=1)
    text = page(many, {})
    assert text.index("What it is.") < text.index("- One claim.") < text.index("## In full\n\n### Second")
    assert text.count("What it is.") == 2 and "## In full" not in page(dataclasses.replace(many, above=0), {})


def test_old_words_are_shown_as_new_ones():
    text = plain_table(TABLE)
    assert "oracle gap closed %" in text and "verifier" in text and "two classifiers" in text and "way" not in text
    assert "verifier (stops at the first valid draft)" in report_markdown(REPORT)


def test_the_gap_of_an_older_report_is_that_of_its_mean_steps():
    lines = report_markdown(REPORT).splitlines()
    assert "Best fixed k: 5 steps; oracle: 2.00" in lines[0]
    assert lines[4] == "| best fixed k | 99.2 (99.0..99.5) | 5.00 | 0 | - | 0.900 |"
    assert lines[5].split(" | ")[1:4] == ["99.7 (99.5..99.9)", "2.75", "75"]  # (5 - 2.75) / (5 - 2)


def test_a_report_of_today_has_every_column():
    report = measure(
        registry.all_rules(HEADS, 8, CONFIG.prices), varied(80, seed=1), varied(80, seed=2), CONFIG, "toy", "made up"
    )
    text = report_markdown(json.loads(report.json()))
    assert text == report_markdown(report.plain())
    for column in (
        "oracle gap closed %",
        "rank",
        "over %",
        "under %",
        "steps if unsolved",
        "return at lambda 0.6",
        "area",
    ):
        assert f"| {column} |" in text
    assert "GRPO (no tuning), minus" in text and "GRPO, tuned on validation, minus" in text


def test_a_policy_without_tuning_has_one_row_with_every_price():
    rows = [
        {"rule": f"grpo, price {mine}", "steps": mine, "returns": {f"{at}": {"value": 10 * mine + at} for at in (1, 2)}}
        for mine in (1, 2)
    ]
    (row,) = without_tuning(rows)
    assert row["rule"] == "grpo (no tuning)" and row["steps"] == 2
    assert row["returns"] == {"1": {"value": 11}, "2": {"value": 22}}


def test_the_headline_is_made_of_reports():
    """The best threshold is the one that the policy gains least over; its share is of the way to the oracle."""

    def row(name: str, value: float) -> dict:
        return {
            "rule": name,
            "accuracy": REPORT["rows"][0]["accuracy"],
            "steps": 3.0,
            "returns": {"0.6": {"value": value}},
        }

    def gap(name: str, value: float) -> dict:
        found = {"value": value, "low": value - 0.01, "high": value + 0.01}
        return {"learner": NO_TUNING, "rule": name, "price": 0.6, "difference": found}

    returns = {"grpo, price 0.6": 0.6, "bce": 0.55, "q": 0.5, "bce-capped": 0.56, "two_heads": 0.59, "oracle": 0.7}
    gaps = {"bce": 0.05, "q": 0.1, "bce-capped": 0.04, "two_heads": 0.01, "oracle": -0.1}
    report = {**REPORT, "accuracy_at": {"1": 0.1, "4": 0.5, "16": 0.9}, "rows": [row(*one) for one in returns.items()]}
    report["comparisons"] = [gap(*one) for one in gaps.items()]
    table = {"reports_of": ["toy"], "caption": "above"}
    (text,) = section(table, {"toy": dataclasses.replace(RECORD, tables=(report,))})
    cells = ["0.600", "0.550 (a BCE head)", "0.560", "0.590", "0.700", "33%", "**+0.0500 (+0.0400..+0.0600)**"]
    assert text.splitlines()[-1] == f"| toy, easy | 10.0, 50.0, 90.0 | 0.3% | {' | '.join(cells)} |"
    with pytest.raises(ValueError, match="the records toy, which are not there"):
        section(table, {})
    with pytest.raises(ValueError, match="the headline needs"):
        section(table, {"toy": dataclasses.replace(RECORD, tables=({**report, "comparisons": []},))})


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("confidence-capped", "threshold on the least confident cell, with a step limit"),
        ("always-16", "always 16 steps"),
        ("two_heads", "two classifiers (right now, ever right), thresholds tuned per price"),
        ("rloo", "RLOO, tuned on validation"),
        ("grpo (no tuning)", "GRPO (no tuning)"),
        ("expected, price 0.3", "expected (no tuning), lambda 0.3"),
    ],
)
def test_rules_in_words(name: str, words: str):
    assert rule_in_words(name) == words


def test_records_are_read_back_and_faults_are_named(tmp_path: Path):
    (tmp_path / "toy.json").write_text(dataclasses.replace(RECORD, tables=(TABLE, REPORT)).json())
    assert load_record(tmp_path / "toy.json").title == "A toy"
    assert list(levels_measured(tmp_path, "toy")) == [("easy", "5,000", "1, 16", "25.0, 99.7")]
    assert list(levels_measured(tmp_path, "other")) == []
    (tmp_path / "other.json").write_text(RECORD.json())
    with pytest.raises(ValueError, match=r"name the file toy\.json"):
        load_record(tmp_path / "other.json")
    (tmp_path / "toy.json").write_text('{"name": "toy"}')
    with pytest.raises(ValueError, match=r"toy\.json is no record"):
        load_record(tmp_path / "toy.json")
