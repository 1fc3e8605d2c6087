"""Write a run as one page: what it cost, results, curves, episodes, settings. It trains nothing.

python scripts/report.py runs/grpo-sudoku6x6-frozen-0                          of grpo.py, pretrain.py or compare.py
python scripts/report.py runs/pretrain-algebra-0 --hour-price 0.06         with what it cost

report/index.html is one file with all its pictures within; report/README.md is the same for a repository.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from agents.common.checks import Checked, at_least
from agents.common.cli import main
from agents.common.places import Places, writing
from agents.pages.blocks import page_html, page_markdown
from agents.pages.run_page import blocks, read_run
from trm_gym.atomic_io import atomic_write


@dataclass(frozen=True)
class Config(Checked):
    """Write a run as one page."""

    run: Annotated[Path, tyro.conf.Positional]
    """The folder of a run of pretrain.py, grpo.py or compare.py."""
    hour_price: float = 0.0
    """Price of a core's hour, in any currency; 0 shows no money."""
    draw: bool = True
    """Draw episodes of the checkpoint where the run has left none."""
    folder: Path | None = None
    """Folder for the page; RUN/report by default."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(0, self, "hour_price")


def folder_of(config: Config) -> Path:
    """Where the page goes."""
    return config.folder or config.run / "report"


def run(config: Config) -> None:
    """Read the run, then write the page."""
    found, out = read_run(config.run), folder_of(config)  # before a folder is made for what is no run
    with writing(Places([out])):
        parts = blocks(found, out, config.hour_price, config.draw)
        markdown = atomic_write(out / "README.md", page_markdown(parts, out))
        page = atomic_write(out / "index.html", page_html(parts, found.title))
    print(f"{page} ({page.stat().st_size / 1e6:.2f} MB), {markdown}")


if __name__ == "__main__":
    main(run, Config)
