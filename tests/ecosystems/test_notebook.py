"""The notebook runs from its first cell to its last, on the wheel of this checkout: `make ecosystem-notebook`."""

from __future__ import annotations

import base64
import io
import json
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

nbclient = pytest.importorskip("nbclient", reason='nbclient is not installed: pip install -e ".[agents,notebook]"')
nbformat = pytest.importorskip("nbformat", reason='nbformat is not installed: pip install -e ".[agents,notebook]"')
pytestmark = pytest.mark.filterwarnings("default")  # others' warnings are not ours to mend

ROOT = Path(__file__).parents[2]
FILE = ROOT / "examples" / "think.ipynb"
KERNEL = "wheel"
FEWER = {
    "--pretrain.updates 200": "--pretrain.updates 10",
    "--training.iterations 20": "--training.iterations 2 --training.groups 8 --training.passes 1",
    "--evaluation.problems 1000": "--evaluation.problems 40 --evaluation.resamples 20",
    "--evaluation.validation 500": "--evaluation.validation 40 --acceleration.compile off --acceleration.threads 1",
}
"""What makes a run of three minutes one of seconds."""
LARGEST = 100_000
"""Bytes of a picture that may be committed within the notebook."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as it would be downloaded."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)],
        check=True,
    )
    return next(folder.glob("trm_gym-*.whl"))


def empty_environment(folder: Path) -> Path:
    """A Python that has what others make, as this one has, and not this checkout; it is there as a kernel."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    bin_folder = folder / "bin"
    code = 'import sysconfig; print(sysconfig.get_path("purelib"))'
    purelib = subprocess.run([bin_folder / "python", "-c", code], check=True, capture_output=True, text=True).stdout
    # A line of a .pth file adds a folder; the .pth files in there, ours among them, are not read.
    Path(purelib.strip(), "others.pth").write_text(sysconfig.get_path("purelib"))
    spec = folder / "share" / "jupyter" / "kernels" / KERNEL / "kernel.json"
    spec.parent.mkdir(parents=True)
    words = [str(bin_folder / "python"), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    path = f"{bin_folder}{os.pathsep}{os.environ['PATH']}"
    spec.write_text(json.dumps({"argv": words, "display_name": KERNEL, "language": "python", "env": {"PATH": path}}))
    return folder / "share" / "jupyter"


def changed(notebook: Any, word: str, other: str) -> None:
    """Change a word of one cell."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code" and word in cell.source]
    assert len(cells) == 1, f"{word!r} has gone from {FILE.name}"
    cells[0].source = cells[0].source.replace(word, other)


def printed(cell: Any) -> str:
    return "".join(output.get("text", "") for output in cell.outputs)


def pictures(cell: Any) -> list[Image.Image]:
    shown = [output.data["image/png"] for output in cell.outputs if "image/png" in output.get("data", {})]
    return [Image.open(io.BytesIO(base64.b64decode(text))) for text in shown]


@pytest.mark.slow
def test_it_installs_the_wheel_plays_solves_trains_and_shows(
    wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    notebook = nbformat.read(FILE, as_version=4)
    # What the wheel needs is there; what is there by the same name is this checkout.
    changed(notebook, '"trm-gym[agents]"', f'--no-deps --force-reinstall "{wheel}"')
    for word, other in FEWER.items():
        changed(notebook, word, other)
    monkeypatch.setenv("JUPYTER_PATH", str(empty_environment(tmp_path / "env")))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.delenv("PYTHONPATH", raising=False)
    work = tmp_path / "work"
    work.mkdir()
    where = nbformat.v4.new_code_cell("import agents\nimport trm_gym\nprint(trm_gym.__file__, agents.__file__)")
    notebook.cells.append(where)
    client = nbclient.NotebookClient(
        notebook, timeout=1800, kernel_name=KERNEL, resources={"metadata": {"path": str(work)}}
    )
    client.execute()
    cells = {cell.id: cell for cell in notebook.cells}
    assert all(place.startswith(str(tmp_path / "env")) for place in printed(where).split())
    assert "solved: True, steps: 2, return: 0.9875" in printed(cells["drafts"])
    assert pictures(cells["problem"])[0].tobytes() != pictures(cells["drafts"])[0].tobytes()
    assert re.search(r"22,689 parameters, \d+ steps, right: True", printed(cells["solver"]))
    assert pictures(cells["solver"])[0].width > 600
    assert len(pictures(cells["show"])) == 3
    assert re.search(r"[1-6.]{36} after \d+ steps, right: (True|False)", printed(cells["yours"]))


def test_it_is_valid_and_what_is_committed_is_small():
    notebook = nbformat.read(FILE, as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            assert all(len(str(value)) < LARGEST * 4 / 3 for value in output.get("data", {}).values())
    text = (ROOT / "docs" / "ecosystems.md").read_text(encoding="utf-8")
    assert f"examples/{FILE.name}" in text
