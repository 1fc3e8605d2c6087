"""Write one step of a network as an ONNX file, for a browser, a telephone or another language. It trains nothing.

python scripts/export_onnx.py --checkpoint sudoku9x9 --out runs/sudoku9x9.onnx     needs: pip install "trm-gym[onnx]"

A loop around the step solves: begin with the first carry of the file's metadata at every position and with the blank
draft, run the step, put the most probable tokens into the free cells, and hand carry and draft to the next step.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from agents.checkpoint import load_checkpoint
from agents.common.checks import Checked
from agents.common.cli import main
from agents.common.places import Places, writes
from agents.inference.onnx_export import export_step


@dataclass(frozen=True)
class Config(Checked):
    """Write one step of a network as an ONNX file."""

    checkpoint: str = "sudoku9x9"
    """A folder with a checkpoint, or the name of one that comes with the package: of a sudoku or a maze."""
    size: int | None = None
    """Another size of the checkpoint's task; for networks that tie no weight to a size."""
    out: Path = Path("runs", "step.onnx")
    """File for the step."""


@writes(lambda config: Places(files=[config.out], reads=[config.checkpoint]))
def run(config: Config) -> None:
    """Export, and say how large it is."""
    place = export_step(load_checkpoint(config.checkpoint, size=config.size), config.out)
    print(f"{place}: {place.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main(run, Config)
