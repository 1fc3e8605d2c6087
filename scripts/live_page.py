"""Write the page on which networks run in the browser itself, for the documentation's site. It needs no server of ours.

npm install --no-save onnxruntime-web@1.30.0      once: the runtime, 14 MB of WebAssembly; nothing else fetches it
python scripts/live_page.py                       writes docs/live/, which is not committed; `make docs` calls it
"""

from __future__ import annotations

import importlib.util
import shutil
from dataclasses import dataclass
from pathlib import Path

from agents.common.checks import Checked, at_least_one
from agents.common.cli import main
from agents.common.places import Places, writes
from agents.viewer.page import missing_runtime
from trm_gym.atomic_io import atomic_write

VERSION = "1.30.0"
"""The version of onnxruntime-web that the page was tested with."""
ABOUT = """# Networks in your browser

[Open the page](page/index.html){ .md-button }

It is the page of [`trm-gym view`](../viewer.md), and your browser runs the networks: nothing of ours serves it, and
nothing that you type leaves your machine. Opening it loads SIZE MB, most of it the runtime
([onnxruntime-web](https://onnxruntime.ai/), MIT licence).

Sudokus of 9x9 and mazes of 11x11, your own or NUMBER test problems of each level; every price of the learnt policies;
the other rules; wrong cells. Not here: batches, restarts, other tasks and sizes, rules with other numbers. For those
run `trm-gym view`.
"""


@dataclass(frozen=True)
class Config(Checked):
    """Write the page that needs no server, or leave it out where it cannot be had."""

    runtime: Path = Path("node_modules", "onnxruntime-web", "dist")
    """The folder dist of the npm package onnxruntime-web."""
    networks: tuple[str, ...] = ("sudoku9x9", "maze11x11")
    """Networks of sudokus and mazes, one of each task: names of shipped ones, or folders."""
    problems: int = 8
    """Test problems of each level that come with the page."""
    folder: Path = Path("docs", "live")
    """Folder for the page, and for the page of the documentation that leads to it."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "problems")


def leave_out(folder: Path) -> None:
    """Remove what an earlier run of this has written there, and nothing else."""
    if (folder / "page" / "live.json").exists():
        shutil.rmtree(folder / "page")
        (folder / "index.md").unlink(missing_ok=True)


@writes(lambda config: Places([config.folder]))
def run(config: Config) -> None:
    """Write both pages."""
    leave_out(config.folder)
    if missing_runtime(config.runtime):
        print(
            f"The site goes without its live page: there is no onnxruntime-web at {config.runtime}. "
            f"To have it: npm install --no-save onnxruntime-web@{VERSION}"
        )
        return
    if absent := [name for name in ("onnx", "onnxscript", "starlette") if importlib.util.find_spec(name) is None]:
        print(f"The site goes without its live page, which needs {absent[0]}: pip install 'trm-gym[onnx,viewer]'")
        return
    from agents.viewer.live import write_live_page  # needs what was looked for

    page = write_live_page(config.folder / "page", config.networks, config.runtime, config.problems)
    size = sum(file.stat().st_size for file in page.parent.rglob("*") if file.is_file()) / 1e6
    text = ABOUT.replace("SIZE", f"{size:.0f}").replace("NUMBER", str(config.problems))
    atomic_write(config.folder / "index.md", text)
    print(f"{page}: {size:.1f} MB")


if __name__ == "__main__":
    main(run, Config)
