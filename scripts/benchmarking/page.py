"""Seconds until the page of view.py is open, and until it shows an answer, as a person waits for them."""

from __future__ import annotations

import importlib
import time

from agents.viewer.catalogue import TASKS
from scripts.benchmarking.measuring import Figure
from scripts.enduring.work import Page
from trm_gym import make_task

BAR = 2.0
"""Seconds within which a first answer is to be there."""


def measure_page() -> list[Figure]:
    """The page is started as people start it, and asked for a problem of each task. What a task needs is compiled
    before, where it was ever used on this machine; else the first one waits for that. Raises ModuleNotFoundError where
    the extra is missing."""
    importlib.import_module("agents.viewer.app")  # what the process would say nobody hears
    began = time.perf_counter()
    with Page() as page:
        figures = [Figure("the page is open", time.perf_counter() - began, "s")]
        for name, example in TASKS.items():
            level = make_task(name).levels[0].name
            asked = {"task": name, **({"problem": example} if example else {"level": level, "seed": 0})}
            began, first = time.perf_counter(), None
            for line in page.said("/api/solve", asked):
                if first is None and line.startswith("event: step"):
                    first = time.perf_counter() - began
            whole = time.perf_counter() - began
            figures.append(Figure(f"{name}: its first step is shown", whole if first is None else first, "s"))
            figures.append(Figure(f"{name}: its run has ended", whole, "s", BAR, below=True))
    return figures
