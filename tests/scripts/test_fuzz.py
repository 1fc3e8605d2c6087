"""Inputs that lie: a few cases of every target, and that the fuzzer does notice."""

from __future__ import annotations

import time

import pytest

from scripts import fuzz
from scripts.fuzz import Config, play, run
from scripts.fuzzing.targets import TARGETS


@pytest.mark.parametrize("name", TARGETS)
def test_cases_end_in_an_error_that_says_why_or_in_a_right_result(name, unchecked):
    outcomes = {number: play(number, name, 20.0) for number in range(60 if name != "checkpoint" else 8)}
    assert {number: story for number, (outcome, story) in outcomes.items() if outcome == "fault"} == {}
    bad = "refused" in {outcome for outcome, _ in outcomes.values()}
    assert bad or name in ("files", "pasted"), "some input must have been bad, but for what is sound"


def _silent(rng):
    raise ValueError


def _slow(rng):
    time.sleep(5)


@pytest.mark.parametrize(
    ("target", "story"),
    [(_silent, "says nothing"), (_slow, "took more than"), (lambda rng: [][0], "IndexError"), (lambda rng: None, "")],
)
def test_faults_are_noticed(target, story, monkeypatch):
    monkeypatch.setitem(TARGETS, "problem", (target, 1))
    outcome, told = play(0, "problem", 0.05)
    assert story in told and outcome == ("fault" if story else "right")


def test_a_run_tells_what_it_found(monkeypatch, capsys):
    monkeypatch.setattr(fuzz, "MEMORY", -1)  # the limit would outlast the test
    monkeypatch.setitem(TARGETS, "problem", (lambda rng: 1 // 0, 1))
    with pytest.raises(SystemExit):
        run(Config(cases=100, targets=("problem",)))
    told = capsys.readouterr().out
    assert "ZeroDivisionError" in told and "problem: 0 refused, 0 right, 26 fault" in told
    with pytest.raises(ValueError, match="unknown target 'none'"):
        Config(targets=("none",))
