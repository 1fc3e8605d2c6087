"""scripts/picture.py: the same call gives the same picture."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from agents.common.cli import main
from scripts.picture import Config, run
from tests.scripts.checkpoints import untrained


def test_picture_is_repeatable(tmp_path: Path):
    words = ["--checkpoint", str(untrained(tmp_path)), "--candidates", "3", "--max-steps", "4"]
    for name in ("first.png", "second.png"):
        main(run, Config, args=[*words, "--out", str(tmp_path / name)])
    assert (tmp_path / "first.png").read_bytes() == (tmp_path / "second.png").read_bytes()


def test_a_gif_moves_and_is_repeatable(tmp_path: Path):
    words = ["--checkpoint", str(untrained(tmp_path)), "--candidates", "3", "--max-steps", "4"]
    for name in ("first.gif", "second.gif"):
        main(run, Config, args=[*words, "--out", str(tmp_path / name)])
    assert (tmp_path / "first.gif").read_bytes() == (tmp_path / "second.gif").read_bytes()
    with Image.open(tmp_path / "first.gif") as film:
        assert getattr(film, "n_frames", 1) > 1


def test_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    checkpoint = str(untrained(tmp_path))
    for words, said in (
        (["--puzzle", "123"], "3 cells found"),
        (["--level", "clues99"], "unknown level"),
        (["--candidates", "0"], "candidates must be at least 1"),
        (["--max-steps", "0"], "max-steps must be at least 1"),
    ):
        with pytest.raises(SystemExit) as stopped:
            main(run, Config, args=["--checkpoint", checkpoint, *words])
        assert stopped.value.code == 2 and said in capsys.readouterr().err
