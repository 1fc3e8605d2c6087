"""Fixtures for the sudoku tests."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory):
    """Base puzzles of these tests are built afresh, away from the user's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRM_GYM_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield
