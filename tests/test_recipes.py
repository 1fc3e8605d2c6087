"""CONTRIBUTING's recipes, each followed to the letter in a copy of the tree: one file, one line, one command."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.scripts.checkpoints import untrained

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PUZZLE = "1.343.1221.34.21"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages and scripts, with what Numba has compiled of them."""
    folder = tmp_path_factory.mktemp("copy")
    for name in ("trm_gym", "agents", "curricula", "scripts"):
        shutil.copytree(ROOT / name, folder / name)
    return folder


def follow(copy: Path, title: str, file: str | None = None) -> None:
    """Do what a recipe says: write its file, and add its line to its registry, with an import where there is none.

    file: the text of the file, for a recipe that points to one.
    """
    recipe = re.search(rf"^## {title}\n(.*?)(?=^## )", TEXT, re.DOTALL | re.MULTILINE)
    assert recipe is not None
    blocks = [textwrap.dedent(block) for block in re.findall(r" *```python\n(.*?) *```", recipe[1], re.DOTALL)]
    place = re.search(r"(?:A file, `|, as `)(\S+)`", recipe[1])
    entry = re.search(r"A line in `(\w+)` of `(\S+)`", recipe[1])
    assert place is not None and entry is not None
    if file is None:
        file, line = blocks
        module, name = place[1].removesuffix(".py").replace("/", "."), re.search(r"^class (\w+)", file, re.MULTILINE)
        assert name is not None
        needed = f"from {module} import {name[1]}\n"
    else:
        (line,), needed = blocks, ""
    (copy / place[1]).write_text(file, encoding="utf-8")
    registry = copy / entry[2]
    text = registry.read_text(encoding="utf-8")
    text, lines = re.subn(
        rf"^({entry[1]}\b.*[{{(])$", rf"\g<1>\n    {line.strip().rstrip(',')},", text, flags=re.MULTILINE
    )
    text, imports = re.subn(r"^(?=from |import )(?!from __future__)", needed, text, count=1, flags=re.MULTILINE)
    assert lines == imports == 1
    registry.write_text(text, encoding="utf-8")


def python(copy: Path, *words: str | Path) -> str:
    """What a command of the copy prints. Exit code 1, an answer that is not right, is no error."""
    environment = os.environ | {"PYTHONPATH": str(copy), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, *words], cwd=copy, env=environment, capture_output=True, text=True)
    assert done.returncode in (0, 1) and "Traceback" not in done.stderr, done.stderr
    return done.stdout


def test_a_new_task(copy):
    follow(copy, "A new task", (ROOT / "tests" / "toy.py").read_text(encoding="utf-8"))
    code = "import gymnasium, trm_gym; print(gymnasium.make('TRM-Toy-v0').reset(seed=0)[0]['problem'].shape)"
    assert python(copy, "-c", code) == "(12,)\n"


def test_a_new_learner(copy, tmp_path):
    follow(copy, "A new learner")
    few = "--evaluation.problems 20 --evaluation.validation 20 --evaluation.resamples 10 --acceleration.compile off"
    size = "--preset sudoku4x4 --training.iterations 1 --training.groups 8"
    start = ("--checkpoint", untrained(tmp_path), "--folder", tmp_path / "run")
    out = python(copy, "scripts/grpo.py", "--learner", "group_mean", *size.split(), *few.split(), *start)
    assert "group_mean" in out


def test_a_new_mixer(copy, tmp_path):
    follow(copy, "A new mixer")
    size = "--preset sudoku4x4 --updates 2 --batch 4 --test-problems 10 --acceleration.compile off"
    python(copy, "scripts/pretrain.py", "--model.mixer", "mean", *size.split(), "--folder", tmp_path)
    assert '"mean"' in (tmp_path / "checkpoint" / "config.json").read_text(encoding="utf-8")


def test_a_new_halting_rule(copy, tmp_path):
    follow(copy, "A new halting rule")
    start = ("--checkpoint", untrained(tmp_path))
    eager = python(copy, "scripts/solve.py", "sudoku", PUZZLE, "--rule", "hurry:0.01", *start)
    assert "step 1:" in eager and "step 2:" not in eager
    assert "step 16:" in python(copy, "scripts/solve.py", "sudoku", PUZZLE, "--rule", "hurry:9", *start)
