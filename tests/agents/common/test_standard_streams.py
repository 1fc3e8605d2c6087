"""Output of any encoding, readers that leave, closed streams, pipes for files: one line or none, and the right code."""

from __future__ import annotations

import ast
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from agents.common import cli, tensor_file
from agents.common.standard_streams import settle_streams
from agents.evaluation.run_store import load_arrays
from trm_gym import make_task
from trm_gym.files import file_lines, file_text

ROOT = Path(__file__).parents[3]
SCRIPTS = sorted(
    path for path in (ROOT / "scripts").glob("*.py") if '__name__ == "__main__"' in path.read_text(encoding="utf-8")
)
PRINTS = """
import sys
from dataclasses import dataclass
from rich.console import Console
from rich.table import Table
from agents.common.cli import main
from agents.common.console import Progress

@dataclass(frozen=True)
class Config:
    "Prints."
    much: bool = False

def run(config):
    table = Table("x²", "×")
    table.add_row("λ ≤ 3", "│─█")
    Console().print(table)
    print("λ ÷ — …", flush=True)
    with Progress(1, "bär") as bar:
        bar.update(1)
    for _ in range(100_000 * config.much):
        print("y" * 100)

main(run, Config)
"""
"""A script as ours are, which prints in every way that they do."""


def started(command: list[str]) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, timeout=200, check=False, env=environment())


def environment(**variables: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), **variables}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_every_script_starts_in_the_one_place_that_settles_its_streams(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = [ast.unparse(node.func) for node in ast.walk(tree.body[-1]) if isinstance(node, ast.Call)]
    imported = {name.name: node.module for node in tree.body if isinstance(node, ast.ImportFrom) for name in node.names}
    assert calls[0] == "main" and imported["main"] == "agents.common.cli"


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "latin-1", "cp437", "koi8-r", "shift_jis", "utf-8"])
def test_no_encoding_stops_a_script(encoding):
    done = subprocess.run(
        [sys.executable, "-c", PRINTS], capture_output=True, check=False, env=environment(PYTHONIOENCODING=encoding)
    )
    assert done.returncode == 0 and not done.stderr, done.stderr
    assert b"1/1" in done.stdout


@pytest.mark.parametrize("name", ["sudoku4x4", "sudoku9x9", "maze5x5", "maze11x11", "arithmetic", "algebra"])
@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_boards_stay_readable(name, encoding, monkeypatch):
    """As wide as they were, with nothing unknown in them."""
    raw = io.BytesIO()
    for stream in ("stdout", "stderr"):
        monkeypatch.setattr(sys, stream, io.TextIOWrapper(raw, encoding=encoding))
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    settle_streams()
    task = make_task(name)
    drawn = ""
    for level in range(len(task.levels)):
        problems = task.generate_at_most(1, level, "test", 0)
        drawn += task.draw_ansi(problems, problems.solution[0]) + "\n"
    print(drawn, end="", flush=True)
    printed = raw.getvalue().decode(encoding)
    assert len(printed) == len(drawn) and "?" not in printed


@pytest.mark.parametrize("words", [[], ["--much"]])
def test_a_reader_that_leaves_is_no_error(words):
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as nobody:
        command = [sys.executable, "-c", PRINTS, *words]
        done = subprocess.run(command, stdout=nobody, stderr=subprocess.PIPE, check=False, env=environment())
    assert (done.returncode, done.stderr) == (141, b"")


def test_a_full_disk_behind_the_output_is_one_line():
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    with open("/dev/full", "wb") as full:
        command = [sys.executable, "-c", PRINTS]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False, env=environment())
    assert done.returncode == 2 and done.stderr.startswith(b"error: No space left on device: standard output")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams(closed):
    done = started(["sh", "-c", f'exec "{sys.executable}" -c "$0" {closed}', PRINTS])
    assert done.returncode == 0 and b"Traceback" not in done.stderr


def test_a_closed_input_is_refused_where_problems_are_asked_for():
    done = started(["sh", "-c", f'exec "{sys.executable}" scripts/solve.py algebra <&-'])
    assert done.returncode == 2 and b"standard input is closed" in done.stderr and done.stderr.count(b"\n") == 1


READERS = {
    "text": lambda path: file_text(path, 10),
    "lines": lambda path: list(file_lines(path, 10)),
    "a problem": lambda path: make_task("sudoku4x4").encode(path),
    "problems": lambda path: make_task("sudoku4x4").read_file(path),
    "a config": lambda path: cli.load_config(path, None),
    "tensors": tensor_file.load_tensors,
    "arrays": load_arrays,
}


@pytest.mark.parametrize("name", READERS)
def test_a_pipe_is_refused_and_not_waited_for(name, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match=r"pipe.*(save what it gives|train it again|delete)"):
        READERS[name](tmp_path / "pipe")


@pytest.mark.parametrize("words", ["sudoku --data", "sudoku", "algebra"])
def test_what_a_shell_substitutes_is_refused_with_advice(words):
    done = started(["bash", "-c", f'"{sys.executable}" scripts/solve.py {words} <(echo 1.3434.2.14.43.1)'])
    assert done.returncode == 2 and b"is a pipe or a device; save what it gives as a file" in done.stderr
