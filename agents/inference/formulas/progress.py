"""A bar that shows the best formula so far."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from agents.inference.formulas.search import Watch
from trm_gym.regression.compositions import Candidate
from trm_gym.regression.export import plain_text


@contextmanager
def formula_bar(seconds: float, shown: bool) -> Iterator[Watch | None]:
    """What a search tells of its formulas, while a bar of its processor seconds is shown; nothing where it is not."""
    if not shown:
        yield None
        return
    columns = (BarColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns) as bar:
        task, began, best = bar.add_task("", total=seconds), time.process_time(), [float("inf")]

        def watch(candidate: Candidate) -> None:
            if candidate.error < best[0]:
                best[0] = candidate.error
                text = f"{candidate.error:.2g}  {plain_text(candidate.formula)}"
                bar.update(task, completed=time.process_time() - began, description=text)

        yield watch
