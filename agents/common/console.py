"""Progress for people: a live bar with figures on a terminal, plain lines now and then in a log."""

from __future__ import annotations

import time
from types import TracebackType
from typing import final

from rich import progress
from rich.console import Console


@final
class Progress:
    """A bar over ``total`` steps with the latest metrics beside it.

    ``with Progress(100, "pretrain") as bar: bar.update(step, loss=0.3)``, where step counts the steps done. Where the
    output is no terminal (a log, a pipe), a line is printed every ``seconds`` and one at the end instead.
    """

    def __init__(self, total: int, title: str, seconds: float = 10.0, console: Console | None = None) -> None:
        self._total, self._title, self._seconds = total, title, seconds
        self._console = console or Console()
        self._step, self._metrics = 0, ""
        self._started = self._printed = time.monotonic()
        self._bar = progress.Progress(
            progress.TextColumn("{task.description}"),
            progress.BarColumn(bar_width=24),
            progress.MofNCompleteColumn(),
            progress.TimeElapsedColumn(),
            progress.TimeRemainingColumn(),
            progress.TextColumn("{task.fields[metrics]}"),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task(title, total=total, metrics="")

    def __enter__(self) -> Progress:
        self._bar.start()
        self._started = self._printed = time.monotonic()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._bar.stop()
        if not self._console.is_terminal:
            self._line()

    def update(self, step: int, **metrics: float) -> None:
        """Show that ``step`` steps are done and how things stand; an update without metrics keeps the last ones."""
        self._step = step
        if metrics:
            self._metrics = "  ".join(f"{name} {value:.4g}" for name, value in metrics.items())
        self._bar.update(self._task, completed=step, metrics=self._metrics)
        if not self._console.is_terminal and time.monotonic() - self._printed >= self._seconds:
            self._line()

    def _line(self) -> None:
        """One line for a log, written through at once: whoever follows the log sees it now."""
        self._printed = time.monotonic()
        spent = self._printed - self._started
        text = f"{self._title} {self._step}/{self._total}  {spent:.0f} s  {self._metrics}"
        print(text.rstrip(), file=self._console.file, flush=True)
