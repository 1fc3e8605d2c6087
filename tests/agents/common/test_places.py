"""Places of results: what is wrong with one is said before the work, no two runs share one, what is read stays."""

from __future__ import annotations

import dataclasses
import importlib
import os
import subprocess
import sys
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agents.common.cli import main
from agents.common.places import PlaceError, Places, writing
from trm_gym.atomic_io import new_folder, sweep

ROOT = Path(__file__).parents[3]
SCRIPTS = sorted(path.stem for path in (ROOT / "scripts").glob("*.py") if not path.stem.startswith("_"))
READ = {("solve", "data"), ("evaluate", "data"), ("train_sb3", "cache"), ("results", "add"), ("pages", "docs")}
READ |= {("regression_benchmark", "formulas"), ("halting_benchmark", "check"), ("report", "run")}
READ |= {("live_page", "runtime"), ("cards", "docs"), ("cards", "curves"), ("depth", "data"), ("scaling", "data")}
"""Paths that scripts read, or that several processes may share."""
WORDS = {
    "solve": ["sudoku", "--data", "{data}"],
    "solve picture": ["regression", "{data}"],
    "ablate": ["--preset", "halting"],
    "regression_benchmark": ["--formulas", "{data}"],
    "compare_networks": ["--checkpoints", "sudoku4x4"],
    "report": ["{run}"],
}
"""What a script needs beside the place, or beside one of its places."""


def outputs() -> list[tuple[str, str]]:
    """Every script with every option of it that is a place of results."""
    found = []
    for name in SCRIPTS:
        module = importlib.import_module(f"scripts.{name}")
        if not hasattr(module, "Config"):
            continue
        hints = typing.get_type_hints(module.Config)
        paths = [field.name for field in dataclasses.fields(module.Config) if "Path" in str(hints[field.name])]
        found += [(name, field) for field in paths if (name, field) not in READ]
    return found


OUTPUTS = outputs()


def test_every_script_that_writes_is_among_them():
    writing = {name for name in SCRIPTS if "atomic_write" in (ROOT / "scripts" / f"{name}.py").read_text()}
    assert writing - {"pages"} <= {name for name, _ in OUTPUTS} and len(OUTPUTS) > 20


def refusal(name: str, words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    module = importlib.import_module(f"scripts.{name}")
    presets = getattr(module, "PRESETS", None) or (module.presets() if hasattr(module, "presets") else None)
    with pytest.raises(SystemExit) as stopped:
        main(module.run, module.Config, presets, words)
    told = capsys.readouterr()
    assert stopped.value.code == 2, told.err
    assert told.err.startswith("error: ") and told.err.count("\n") == 1 and told.out == "", "before any work"
    return told.err


def kinds(folder: Path) -> dict[str, Path]:
    """Places that cannot be written to, whether a file or a folder is asked for."""
    (folder / "file").write_text("kept")
    return {"below a file": folder / "file" / "below", "no room": Path("/proc/none"), "a device": Path("/dev/full/x")}


@pytest.mark.parametrize(("name", "field"), OUTPUTS)
def test_a_place_that_cannot_be_is_refused_before_the_work(
    name: str, field: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "puzzles.txt").write_text("1.3434.2.14.43.1\n")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.yaml").write_text("task: sudoku4x4\nupdates: 1\n")
    given = {"data": tmp_path / "puzzles.txt", "run": tmp_path / "run"}
    words = [word.format(**given) for word in WORDS.get(f"{name} {field}", WORDS.get(name, []))]
    for place in kinds(tmp_path).values():
        told = refusal(name, [*words, f"--{field}", str(place)], capsys)
        assert str(place) in told and "name another" in told, told
    assert (tmp_path / "file").read_text() == "kept"
    kind = "folder" if field in ("folder", "docs") or (name, field) in FOLDERS else "file"
    wrong = tmp_path / "wrong"
    wrong.mkdir() if kind == "file" else wrong.write_text("")
    if (name, field) != ("scaling", "out"):  # its files have endings of their own
        told = refusal(name, [*words, f"--{field}", str(wrong)], capsys)
        assert f"{wrong} is a" in told and f"name a {kind}" in told


FOLDERS = {("freeze", "rollouts"), ("evaluate", "out"), ("trajectory", "out"), ("pages", "out"), ("presets", "out")}


@pytest.mark.parametrize("link", [None, os.symlink, os.link, "relative"])
def test_what_is_read_is_not_written(link: Callable[..., Any] | str | None, tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    data = tmp_path / "puzzles.txt"
    data.write_text("1.3434.2.14.43.1\n")
    out = data
    if callable(link):
        out = tmp_path / "other"
        link(data, out)
    elif link:
        (tmp_path / "below").mkdir()
        out = Path("below/../puzzles.txt")
    told = refusal("solve", ["sudoku", "--data", str(data), "--out", str(out)], capsys)
    assert "would be overwritten" in told and str(out) in told
    assert data.read_text() == "1.3434.2.14.43.1\n"
    told = refusal("evaluate", ["--data", str(data), "--json", str(out)], capsys)
    assert "would be overwritten" in told


def test_a_checkpoint_is_not_written_over_by_what_is_taught_on_it(tmp_path: Path, capsys):
    from tests.scripts.checkpoints import untrained

    made = untrained(tmp_path)
    made.rename(tmp_path / "checkpoint")
    words = ["--preset", "sudoku4x4", "--checkpoint", str(tmp_path / "checkpoint")]
    assert "would be overwritten" in refusal("grpo", [*words, "--folder", str(tmp_path)], capsys)
    words = ["--checkpoint", str(tmp_path / "checkpoint"), "--json", str(tmp_path / "checkpoint" / "config.json")]
    assert "would be overwritten" in refusal("evaluate", words, capsys)


def test_no_two_runs_share_a_place(tmp_path: Path, capsys):
    with writing(Places([tmp_path / "run"], [tmp_path / "out.json"])):
        for places in (Places([tmp_path / "run"]), Places((), [tmp_path / "out.json"])):
            with pytest.raises(PlaceError, match=f"in use by another process .{os.getpid()} on "), writing(places):
                pass
        told = refusal("pretrain", ["--preset", "sudoku4x4", "--folder", str(tmp_path / "run")], capsys)
        assert "in use" in told and str(tmp_path / "run") in told
    assert list(tmp_path.iterdir()) == [], "nothing is left of it"
    with writing(Places([tmp_path / "run"], [tmp_path / "out.json"])):
        pass


HOLD = """
import sys, time
from pathlib import Path
from agents.common.places import Places, writing
with writing(Places([Path(sys.argv[1])])):
    print(1, flush=True)
    time.sleep(60)
"""


def test_the_lock_of_a_killed_run_is_stale(tmp_path: Path):
    held = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(held, stdout=subprocess.PIPE, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}) as one:
        assert one.stdout is not None
        one.stdout.readline()
        with pytest.raises(PlaceError, match=f"in use by another process .{one.pid} on"), writing(Places([tmp_path])):
            pass
        one.kill()
        one.wait()
    assert (tmp_path / ".lock").exists()
    with writing(Places([tmp_path])):
        pass
    assert not (tmp_path / ".lock").exists()


def dead() -> int:
    """The number of a process that is no more."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_what_killed_runs_left_half_written_goes(tmp_path: Path):
    gone, deep = dead(), tmp_path / "run" / "deep"
    deep.mkdir(parents=True)
    ours = [deep / f".a.json.{gone}.tmp", tmp_path / "run" / f".b.{gone}.tmp", tmp_path / f".out.json.{gone}.tmp"]
    names = (
        "a.tmp",
        ".x.tmp",
        f".other.{gone}.tmp",
        f".out.json.{os.getppid()}.tmp",
        f".out.json.{gone}.tmpx",
        ".a.0.tmp",
    )
    theirs = [tmp_path / name for name in names]
    alive = tmp_path / "run" / f".c.{os.getpid()}.tmp"
    for path in [*ours, *theirs, alive]:
        path.write_text("half")
    with writing(Places([tmp_path / "run"], [tmp_path / "out.json"])):
        assert not any(path.exists() for path in ours)
    assert all(path.exists() for path in [*theirs, alive])
    (tmp_path / f".set.{gone}.tmp").mkdir()
    (tmp_path / f".set.{gone}.tmp" / "part").write_text("")
    with new_folder(tmp_path / "set"):
        assert not (tmp_path / f".set.{gone}.tmp").exists()
    assert sweep(tmp_path) == [tmp_path / f".other.{gone}.tmp"]
