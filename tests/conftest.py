"""What the tests of several tasks share."""

from __future__ import annotations

import pathlib

import pytest


@pytest.fixture(scope="session")
def benchmarks() -> pathlib.Path:
    """The folder of published problems; a test that needs it is skipped where it is not there."""
    folder = pathlib.Path(__file__).parents[2] / "shared" / "benchmarks"
    if not folder.is_dir():
        pytest.skip(f"the published problems are not there: {folder}")
    return folder
