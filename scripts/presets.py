"""Write every preset of pretrain.py and grpo.py as a YAML file, to copy and edit.

python scripts/presets.py    writes presets/SCRIPT/PRESET.yaml; commit what it changes

``--config presets/grpo/sudoku6x6.yaml`` is what ``--preset sudoku6x6`` is. Presets live in the code, and
tests/scripts/test_presets.py fails where a file says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.common.checks import Checked
from agents.common.cli import as_yaml, main
from agents.common.places import Places, writes
from scripts import grpo, pretrain
from trm_gym.atomic_io import atomic_write

FOLDER = Path("presets")
SCRIPTS: Mapping[str, Mapping[str, Any]] = {"pretrain": pretrain.presets(), "grpo": grpo.PRESETS}
"""The presets of a script, by its name."""


@dataclass(frozen=True)
class Config(Checked):
    """Write a file for every preset."""

    folder: Path = FOLDER
    """Folder for the YAML files."""


def files() -> dict[str, str]:
    """What stands in every file, by its path below the folder."""
    texts = {}
    for script, presets in SCRIPTS.items():
        for name, config in presets.items():
            path = f"{script}/{name}.yaml"
            head = f"# python scripts/{script}.py --config {(FOLDER / path).as_posix()}\n"
            texts[path] = f"{head}# The same as --preset {name}; --help says what each line means.\n{as_yaml(config)}"
    return texts


@writes(lambda config: Places([config.folder]))
def run(config: Config) -> None:
    """Write them all."""
    texts = files()
    for path, text in texts.items():
        atomic_write(config.folder / path, text)
    print(f"{len(texts)} presets: {config.folder}")


if __name__ == "__main__":
    main(run, Config)
