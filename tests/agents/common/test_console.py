"""Progress: a live bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from agents.common.console import Countdown, Progress, announce, track


def test_log_gets_plain_lines():
    log = io.StringIO()
    with Progress(3, "train", seconds=0.0, console=Console(file=log)) as bar:
        bar.update(1, loss=0.123456, exact=1)
        bar.update(2)
    lines = log.getvalue().splitlines()
    assert lines == ["train 1/3  0 s  loss 0.1235  exact 1", *["train 2/3  0 s  loss 0.1235  exact 1"] * 2]


def test_rare_lines_by_default():
    log = io.StringIO()
    with Progress(100, "train", console=Console(file=log)) as bar:
        for step in range(101):
            bar.update(step)
    assert log.getvalue() == "train 100/100  0 s\n"


def test_terminal_gets_a_bar():
    screen = io.StringIO()
    with Progress(3, "train", console=Console(file=screen, force_terminal=True, width=120)) as bar:
        bar.update(3, loss=0.5)
    assert "3/3" in screen.getvalue() and "loss 0.5" in screen.getvalue()


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.2, "less than a second"),
        (1.04, "about 1 second"),
        (42.4, "about 42 seconds"),
        (89.0, "about 89 seconds"),
        (100.0, "about 1.7 minutes"),
        (1234.0, "about 21 minutes"),
        (7200.0, "about 2 hours"),
        (450 * 3600.0, "about 450 hours"),
    ],
)
def test_announced_duration(seconds, expected):
    log = io.StringIO()
    announce("evaluate", seconds, Console(file=log))
    assert log.getvalue() == f"evaluate: {expected}\n"


def test_a_log_line_tells_the_time_left(monkeypatch: pytest.MonkeyPatch):
    log, clock = io.StringIO(), iter([0.0, 0.0, 12.0, 12.0, 12.0, 12.0])
    monkeypatch.setattr("agents.common.console.time.monotonic", lambda: next(clock))
    with Progress(4, "evaluate", console=Console(file=log)) as bar:
        bar.update(1)
    assert log.getvalue().splitlines()[0] == "evaluate 1/4  12 s  about 36 seconds left"


def test_the_time_left_of_a_run_that_goes_on_is_told_by_what_it_did_itself(monkeypatch: pytest.MonkeyPatch):
    log, clock = io.StringIO(), iter([0.0, 0.0, 12.0, 12.0, 12.0, 12.0])
    monkeypatch.setattr("agents.common.console.time.monotonic", lambda: next(clock))
    with Progress(1000, "pretrain", console=Console(file=log), done=990) as bar:
        bar.update(994)
    assert log.getvalue().splitlines()[0] == "pretrain 994/1000  12 s  about 18 seconds left"


def test_a_countdown_leaves_out_what_was_finished_before(monkeypatch: pytest.MonkeyPatch):
    log, clock = io.StringIO(), iter([0.0, 20.0, 30.0])
    monkeypatch.setattr("agents.common.console.time.monotonic", lambda: next(clock))
    countdown = Countdown(4, "compare", Console(file=log))
    countdown.done(worked=False)
    countdown.done()
    countdown.done()
    countdown.done()
    assert log.getvalue().splitlines() == [
        "compare: 2 of 4 done, left: about 40 seconds",
        "compare: 3 of 4 done, left: about 15 seconds",
    ]


def test_what_is_tracked_comes_as_it_is(capsys: pytest.CaptureFixture[str]):
    assert list(track(iter("abc"), 3, "letters")) == ["a", "b", "c"]
    assert capsys.readouterr().out.startswith("letters 3/3")
