"""Progress for people: a live bar with figures on a terminal, plain lines now and then in a log."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import TypeVar, final

from rich import progress
from rich.console import Console

Item = TypeVar("Item")


def announce(title: str, seconds: float, console: Console | None = None) -> None:
    """Print about how long ``title`` will take: "evaluate: about 3 minutes".

    seconds: the number of units of work times the measured duration of one unit. Call it before the work starts.
    """
    console = console or Console()
    print(f"{title}: {_duration(seconds)}", file=console.file, flush=True)


def _duration(seconds: float) -> str:
    """A span of time as a person would say it; two significant digits are more than an estimate knows."""
    for unit, length in (("hour", 3600.0), ("minute", 60.0), ("second", 1.0)):
        count = seconds / length
        if count >= 1.5 or unit == "second":
            break
    if count < 1:
        return "less than a second"
    text = f"{count:.1f}".removesuffix(".0") if count < 3 else f"{count:.2g}" if count < 100 else f"{count:.0f}"
    return f"about {text} {unit}{'' if text == '1' else 's'}"


@final
class Progress:
    """A bar over ``total`` steps with the latest metrics beside it; ``done`` of them were done before.

    ``with Progress(100, "pretrain") as bar: bar.update(step, loss=0.3)``, where step counts the steps done. Where the
    output is no terminal (a log, a pipe), a line is printed every ``seconds`` and one at the end instead.
    """

    def __init__(
        self, total: int, title: str, seconds: float = 10.0, console: Console | None = None, done: int = 0
    ) -> None:
        self._total, self._title, self._seconds, self._before = total, title, seconds, done
        self._console = console or Console()
        self._step, self._metrics = done, ""
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
        self._task = self._bar.add_task(title, total=total, completed=done, metrics="")

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
        if spent >= 1 and self._before < self._step < self._total:
            pace = spent / (self._step - self._before)
            text = f"{text.rstrip()}  {_duration(pace * (self._total - self._step))} left"
        print(text.rstrip(), file=self._console.file, flush=True)


def track(items: Iterable[Item], total: int, title: str) -> Iterator[Item]:
    """``items`` as they come, with a bar over their ``total`` number."""
    with Progress(total, title) as bar:
        for number, item in enumerate(items, 1):
            yield item
            bar.update(number)


@final
class Countdown:
    """Says after each of ``total`` pieces of work about how long the rest will take.

    For long work whose pieces show bars of their own, which a terminal cannot show one within another.
    """

    def __init__(self, total: int, title: str, console: Console | None = None) -> None:
        self._total, self._title, self._console = total, title, console
        self._done, self._worked, self._started = 0, 0, time.monotonic()

    def done(self, worked: bool = True) -> None:
        """A piece is done; worked: whether it took work, or was found finished."""
        self._done, self._worked = self._done + 1, self._worked + worked
        left = self._total - self._done
        if worked and left:
            spent = time.monotonic() - self._started
            announce(
                f"{self._title}: {self._done} of {self._total} done, left", spent / self._worked * left, self._console
            )
