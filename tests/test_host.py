"""Machines as people have them: nowhere to keep compiled kernels, users without a name or a home, no compiler."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "trm_gym"

PLAYS = """
import gymnasium, numpy as np, trm_gym
from trm_gym.sudoku import symmetry
env = gymnasium.make("TRM-Maze-v0", size=5)
observation, _ = env.reset(seed=0)
solution = env.unwrapped.task.solve(observation["problem"])
_, reward, _, _, info = env.step(np.append(solution, 1))
assert info["solved"], info
orders = symmetry.line_orders(4, 2)
symmetry._augment(np.zeros(1, np.uint64), np.zeros(1, np.int64), np.zeros((1, 16), np.uint8), orders, orders,
    np.zeros(32, np.uint8), np.zeros(1, np.uint64), np.zeros((1, 16), np.uint8), 2)
"""
"""Plays an episode and calls a kernel that is compiled at once."""
UNKNOWN = """
import os, pwd
def getpwuid(number):
    raise KeyError(f"getpwuid(): uid not found: {number}")
pwd.getpwuid, os.getuid = getpwuid, lambda: 54321
"""
"""As it is for a user whom the machine does not know, in a container for instance."""
DRAWS = """
import sys, numpy as np
from trm_gym import make_task
from trm_gym.streams import mix
for name in sys.argv[1:]:
    task, keys = make_task(name), mix(5, np.arange(32))
    problems = task.sample(keys, np.arange(32) % len(task.levels), "train")
    wrong = problems.solution.copy()
    wrong[:, ::5] = 1
    scores = [task.verify(problems, answers).score for answers in (problems.solution, wrong)]
    own = task.generate(2, 0, "test", 3)
    parts = problems.problem, problems.solution, problems.difficulty, *scores, own.problem
    print(name, *(np.ravel(part).tolist() for part in parts))
"""


def run(code: str, *words: str, **variables: str) -> tuple[str, str]:
    """What a Python of its own prints, stdout and stderr, under these environment variables and few others."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "OMP_NUM_THREADS") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        capture_output=True,
        text=True,
        env={**kept, "PYTHONDONTWRITEBYTECODE": "1", **variables},
        cwd="/",
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


@pytest.fixture
def sealed(tmp_path) -> Path:
    """A folder with the package, in which there are files where folders of caches would have to be."""
    shutil.copytree(PACKAGE, tmp_path / "trm_gym", ignore=shutil.ignore_patterns("__pycache__"))
    for folder in [tmp_path / "trm_gym", *(tmp_path / "trm_gym").rglob("*/")]:
        (folder / "__pycache__").write_text("no folder")
    (tmp_path / "file").write_text("no folder")
    (tmp_path / "temporary").mkdir()
    return tmp_path


def warned(stderr: str) -> int:
    return stderr.count("RuntimeWarning")


def test_a_temporary_folder_is_the_last_place(sealed):
    variables = {"PYTHONPATH": str(sealed), "HOME": str(sealed / "file"), "TMPDIR": str(sealed / "temporary")}
    _, stderr = run(PLAYS, **variables)
    (folder,) = (sealed / "temporary").glob("trm_gym-kernels-*")
    assert warned(stderr) == 1 and str(folder) in stderr and "NUMBA_CACHE_DIR" in stderr
    assert list(folder.rglob("*.nbi")) and folder.stat().st_mode & 0o077 == 0


def _a_file(place: Path) -> None:
    place.write_text("no folder")


def _open_to_all(place: Path) -> None:
    place.mkdir()
    place.chmod(0o777)  # Whoever writes there could have us run anything.


def _a_link(place: Path) -> None:
    place.symlink_to(place.parent.parent, target_is_directory=True)


@pytest.mark.parametrize("obstacle", [_a_file, _open_to_all, _a_link])
def test_no_place_at_all_is_one_warning(sealed, obstacle):
    obstacle(sealed / "temporary" / f"trm_gym-kernels-{os.getuid()}")
    places = {"NUMBA_CACHE_DIR": str(sealed / "file"), "XDG_CACHE_HOME": str(sealed / "file")}
    _, stderr = run(PLAYS, PYTHONPATH=str(sealed), TMPDIR=str(sealed / "temporary"), **places)
    assert warned(stderr) == 1 and "no place to keep compiled kernels" in stderr
    assert not list(sealed.rglob("*.nbi"))


@pytest.mark.parametrize("variables", [{}, {"HOME": "/nonexistent/home"}, {"HOME": "~"}])
def test_a_user_whom_nobody_knows(sealed, variables):
    obstacle = {"XDG_CACHE_HOME": str(sealed / "file")} if "HOME" in variables else {}
    before = set(Path("/").iterdir())
    places = {"PYTHONPATH": str(sealed), "TMPDIR": str(sealed / "temporary")}
    _, stderr = run(UNKNOWN + PLAYS, **places, **obstacle, **variables)
    assert warned(stderr) == 1 and set(Path("/").iterdir()) == before, "no folder that is called ~"


def test_without_the_compiler_everything_is_the_same():
    names = "sudoku4x4", "sudoku9x9", "arithmetic", "algebra", "maze5x5", "maze11x11"
    compiled, _ = run(DRAWS, *names)
    plain, stderr = run(DRAWS, *names, NUMBA_DISABLE_JIT="1")
    assert plain == compiled and not stderr
    run(PLAYS, NUMBA_DISABLE_JIT="1")
