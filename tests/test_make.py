"""Every target of the Makefile works alone on a fresh clone: with what its own extras install and nothing else."""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
EXTRAS = {stamp: extras.split(",") for stamp, extras in re.findall(r"\$\(VENV\)/\.(\w+): EXTRAS := (.*)", MAKEFILE)}
SMALL = {
    "pages": "--problems 1 --no-pictures",
    "cards": "--no-pictures",
    "fuzz": "--cases 20",
    "soak": "--problems 8 --tasks sudoku4x4",
    "crash": "--kills 1 --runs banks",
    "grpo": "--help",
    "live_page": "--runtime nowhere",
}
"""What makes a script's work small; each is named here, so that a new one is thought of."""
FOLDERS = {"pages": "--folder", "cards": "--folder", "soak": "--out", "live_page": "--folder"}
BLOCKER = '''
import sys

class Absent:
    """Modules of distributions that are not to be there."""

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {absent!r}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
'''


def runs() -> list[tuple[str, str, str]]:
    """Targets with the stamp that each needs and the script that it runs."""
    found = re.findall(r"^(\w+): \$\(VENV\)/\.(\w+)\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    return [
        (target, stamp, script)
        for target, stamp, recipe in found
        for script in re.findall(r"\$\(BIN\)/python (?:-m scripts\.|scripts/)(\w+)", recipe)
    ]


def installed_by(requirements: list[str]) -> set[str]:
    """The distributions that requirements bring, all that these need among them."""
    found, waiting = set[str](), [Requirement(text) for text in requirements]
    while waiting:
        one = waiting.pop()
        name = one.name.lower().replace("_", "-")
        if any(one.marker.evaluate({"extra": extra}) for extra in ("", *one.extras)) if one.marker else True:
            key = f"{name}[{','.join(sorted(one.extras))}]"
            if key not in found:
                found |= {key, name}
                for text in _requires(name):
                    needed = Requirement(text)
                    if needed.marker is None or any(
                        needed.marker.evaluate({"extra": extra}) for extra in ("", *one.extras)
                    ):
                        needed.marker = None
                        waiting.append(needed)
    return found


def _requires(name: str) -> list[str]:
    try:
        return importlib.metadata.requires(name) or []
    except importlib.metadata.PackageNotFoundError:
        return []


def absent(extras: list[str]) -> set[str]:
    """The modules installed here that a virtual environment with these extras would lack."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = [text for extra in extras for text in project["optional-dependencies"][extra]]
    there = installed_by([*project["dependencies"], *named])
    return {
        module
        for module, brought in importlib.metadata.packages_distributions().items()
        if not {name.lower().replace("_", "-") for name in brought} & {*there, "pip", "setuptools", "trm-gym"}
    }


@pytest.mark.parametrize(("target", "stamp", "script"), runs(), ids=lambda part: part)
def test_a_targets_extras_are_enough(target, stamp, script, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(BLOCKER.replace("{absent!r}", repr(absent(EXTRAS[stamp]))))
    place = [FOLDERS[script], str(tmp_path / "out")] if script in FOLDERS else []
    done = subprocess.run(
        [sys.executable, "-m", f"scripts.{script}", *SMALL[script].split(), *place],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_every_target_is_known_and_explained():
    targets = set(re.findall(r"^\.PHONY: (.*)", MAKEFILE, re.MULTILINE)[0].split())
    explained = set(re.findall(r'@echo "make (\w+)', MAKEFILE)) | {"help"}
    assert targets == explained
    assert {target for target, _, _ in runs()} | {"help", "test", "fix", "runtime", "ecosystems"} == targets
    for target in targets:
        done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_a_library_is_installed_once(tmp_path):
    (tmp_path / "Makefile").write_text(MAKEFILE)
    (tmp_path / "pyproject.toml").touch()
    python = tmp_path / ".ecosystems" / "minari" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "$*" >> calls\n')
    python.chmod(0o755)
    for _ in range(2):
        subprocess.run(["make", "ecosystem-minari"], cwd=tmp_path, check=True, capture_output=True)
    calls = (tmp_path / "calls").read_text().splitlines()
    assert sum("pip install" in call for call in calls) == 1
    assert sum("-m pytest" in call for call in calls) == 2


def test_every_library_is_an_extra_by_the_name_that_pip_is_told(tmp_path):
    """Older pips do not take an underscore for a hyphen."""
    (tmp_path / "Makefile").write_text(MAKEFILE)
    (tmp_path / "pyproject.toml").touch()
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    done = subprocess.run(["make", "-n", "-k", "ecosystems"], cwd=tmp_path, capture_output=True, text=True, check=False)
    told = re.findall(r'--editable "\.\[agents,(.*?)\]"', done.stdout)
    assert len(told) > 5 and set(told) <= set(extras)
