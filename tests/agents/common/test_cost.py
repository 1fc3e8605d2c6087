"""What a run has cost is said at its end, if it was told a price or took long."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from agents.common import cost
from agents.common.checks import Checked
from agents.common.cli import main
from agents.common.signals import TimeLimit


@dataclass(frozen=True)
class Long(TimeLimit):
    """A run that takes long."""


@dataclass(frozen=True)
class Short(Checked):
    """One that does not."""


def test_figures():
    assert cost.cost(7200, 0.0) == "2 core-hours"
    assert cost.cost(1800, 0.03) == "0.5 core-hours, 0.015 at 0.03 an hour"
    assert cost.cost(59, 0.0) == ""
    with pytest.raises(ValueError, match="hour_price must be"):
        Long(hour_price=-1.0)


@pytest.mark.parametrize("fails", [False, True])
def test_it_is_said_however_a_run_ends(
    fails: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def run(_: object) -> None:
        times.append(3600.0)
        if fails:
            raise ValueError("no luck")

    def ended(config: type, *words: str) -> str:
        if fails:
            with pytest.raises(SystemExit):
                main(run, config, args=words)
        else:
            main(run, config, args=words)
        return capsys.readouterr().err.removesuffix("error: no luck\n")

    times = [0.0]
    monkeypatch.setattr(cost, "_processor_seconds", lambda: sum(times))
    assert ended(Long, "--hour-price", "0.5") == "1 core-hours, 0.5 at 0.5 an hour\n"
    assert ended(Long) == "1 core-hours\n" and ended(Short) == ""
    monkeypatch.setenv("WORLD_SIZE", "2")
    for name in ("RANK", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.setenv(name, "0")
    assert ended(Long) == "2 core-hours\n"
    monkeypatch.setenv("RANK", "1")
    assert ended(Long) == ""
