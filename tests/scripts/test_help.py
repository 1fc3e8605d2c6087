"""--help of every script: the options that it names are there."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

SCRIPTS = sorted((Path(__file__).parents[2] / "scripts").glob("*.py"))


@pytest.mark.parametrize("word", ["--help", "--help-all"])
@pytest.mark.parametrize("script", SCRIPTS, ids=[path.stem for path in SCRIPTS])
def test_help_is_shown(script, word, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [str(script), word])
    with pytest.raises(SystemExit) as end:
        runpy.run_path(str(script), run_name="__main__")
    assert (end.value.code, "usage: " in capsys.readouterr().out) == (0, True)
