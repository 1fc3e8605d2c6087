"""scripts/endurance.py: a stream with bad problems in it comes back whole and in order, and a fault is told of."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from agents.common.cli import main
from agents.inference.engine import Engine
from scripts.endurance import Config, run

WORDS = ["--problems", "60", "--bad-every", "7", "--slots", "8", "--acceleration.compile", "off"]


def test_a_short_stream(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    main(run, Config, args=[*WORDS, "--json", str(tmp_path / "record.json")])
    record = json.loads((tmp_path / "record.json").read_text())
    assert (record["problems"], record["bad"], record["faults"]) == (60, 9, 0)  # 0, 7, ..., 56 are bad
    assert 40 < record["solved"] <= 51 <= record["steps"]
    assert "0 faults" in capsys.readouterr().out


def test_results_out_of_order_are_faults(monkeypatch: pytest.MonkeyPatch):
    in_order = Engine.run

    def exchanged(self, stream):
        first, second, *others = in_order(self, stream)
        yield from (dataclasses.replace(second), first, *others[:-1])  # two change places, the last is lost

    monkeypatch.setattr(Engine, "run", exchanged)
    with pytest.raises(SystemExit) as stopped:
        main(run, Config, args=WORDS)
    assert stopped.value.code == 1


@pytest.mark.parametrize(
    ("words", "said"), [(["--slots", "0"], "slots must be at least 1"), (["--rule", "x"], "unknown")]
)
def test_bad_input(capsys: pytest.CaptureFixture[str], words: list[str], said: str):
    with pytest.raises(SystemExit) as stopped:
        main(run, Config, args=[*WORDS, *words])
    assert stopped.value.code == 2 and said in capsys.readouterr().err
