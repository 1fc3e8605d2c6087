"""Inputs that lie: a few cases of every target, and that the fuzzer does notice."""

from __future__ import annotations

import signal
import time

import numpy as np
import pytest

from agents.common.cli import parse
from agents.common.signals import Ended
from scripts.fuzz import Case, Config, play, run
from scripts.fuzzing.targets import TARGETS

FEW = {"killed": 2, "problem": 40, "tried": 20, "run_state": 20, "command_line": 12}
SOUND = ("files", "pasted", "killed")
"""What hands out sound input, of which nothing may be refused, or little."""


@pytest.mark.parametrize("name", TARGETS)
def test_cases_end_in_an_error_that_says_why_or_in_a_right_result(name, unchecked):
    outcomes = {number: play(Case(number, 0, name), 20.0) for number in range(FEW.get(name, 60))}
    assert {number: story for number, (outcome, story) in outcomes.items() if outcome == "fault"} == {}
    bad = "refused" in {outcome for outcome, _ in outcomes.values()}
    assert bad or name in SOUND, "some input must have been bad, but for what is sound"


def _silent(rng):
    raise ValueError


def _slow(rng):
    time.sleep(5)


def _busy(rng):
    until = time.process_time() + 5
    while time.process_time() < until:
        pass


def _greedy(rng):
    try:
        return np.ones(2**28)  # 2 GB
    except MemoryError as error:
        raise ValueError("no room") from error


@pytest.mark.parametrize(
    ("target", "story"),
    [
        (_silent, "says nothing"),
        (_slow, "took more than"),
        (_busy, "took more than"),
        (_greedy, "it asked for more than 1,073,741,824 bytes"),
        (lambda rng: [][0], "IndexError"),
        (lambda rng: None, ""),
    ],
)
def test_faults_are_noticed(target, story, monkeypatch):
    monkeypatch.setitem(TARGETS, "problem", (target, 1))
    outcome, told = play(Case(0, 0, "problem"), 0.05)
    assert story in told and outcome == ("fault" if story else "right")


def test_a_run_tells_what_it_found_and_how_to_see_it_again(monkeypatch, capsys):
    monkeypatch.setitem(TARGETS, "problem", (lambda rng: 1 // 0, 1))
    with pytest.raises(SystemExit):
        run(Config(cases=100, first=300, seed=7, targets=("problem",)))
    told = capsys.readouterr().out
    assert "ZeroDivisionError" in told and "problem: 0 refused, 0 right, 22 fault" in told
    (again,) = {line for line in told.splitlines() if line.startswith("again: ") and "--first 300 " in line}
    assert again == "again: python scripts/fuzz.py --seed 7 --first 300 --cases 1 --targets problem"
    with pytest.raises(SystemExit):
        run(parse(Config, args=again.split()[3:]))
    assert "case 300, problem" in capsys.readouterr().out
    with pytest.raises(ValueError, match="unknown target 'none'"):
        Config(targets=("none",))


def test_a_fault_that_cases_before_had_a_part_in_is_told_as_such(monkeypatch, capsys):
    faults = iter([1])
    monkeypatch.setitem(TARGETS, "problem", (lambda rng: 1 // (1 - next(faults, 0)), 1))
    with pytest.raises(SystemExit):
        run(Config(cases=100, targets=("problem",)))
    assert "it has passed now" in capsys.readouterr().out


def test_a_signal_ends_a_run_with_the_words_that_go_on(monkeypatch):
    monkeypatch.setitem(TARGETS, "problem", (lambda rng: signal.raise_signal(signal.SIGTERM), 1))
    with pytest.raises(Ended, match=r"0 faults so far; go on with --seed 2 --first \d+ --cases \d+") as ended:
        run(Config(cases=1000, seed=2))
    assert ended.value.code == 143


def test_other_seeds_make_other_cases(monkeypatch):
    drawn = []
    monkeypatch.setitem(TARGETS, "problem", (lambda rng: drawn.append(rng.random()), 1))
    for seed in (0, 0, 1):
        play(Case(5, seed, "problem"), 1.0)
    assert drawn[0] == drawn[1] != drawn[2]
