"""Fixtures for the maze tests."""

from __future__ import annotations

import pathlib

import pytest


@pytest.fixture(scope="session")
def benchmarks() -> pathlib.Path:
    folder = pathlib.Path(__file__).parents[3] / "shared" / "benchmarks" / "maze"
    if not folder.is_dir():
        pytest.skip(f"the benchmark mazes are not there: {folder}")
    return folder
