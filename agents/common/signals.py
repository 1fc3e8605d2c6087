"""Work that is asked to end: it finishes what it is at, saves, says so, and ends with the conventional exit code.

A loop runs ``with ending() as asked`` and asks after each piece of work; ``asked.end(...)`` once all is saved. Work
whose pieces stand in many places calls ``pause()`` wherever one has been saved. In the rest of a script a signal ends
it at once, as Ctrl-C does, with everything closed on the way (``interruptible``).
"""

from __future__ import annotations

import _thread
import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FrameType
from typing import Any, NoReturn, final

from agents.common.checks import at_least
from agents.common.cost import Priced

ALARM = getattr(signal, "SIGALRM", None)
"""What ends a run in time (``limited``); Windows has none."""
_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGALRM")
SIGNALS = tuple(getattr(signal, name) for name in _NAMES if hasattr(signal, name))
"""Those that end work well. Queue systems warn with SIGUSR1 before they kill. Windows has but the first two."""
_LONGEST = 10.0**8
"""Seconds of a timer at most."""
GOES_ON = "the same command goes on from there"
UNENDED = f"there is no checkpoint before its end; {GOES_ON}"
"""What is said of a run whose state is saved."""
KEPT = f"what is finished is kept, {GOES_ON}"
Handlers = dict[int, Any]
"""What is done at a signal, as ``signal.signal`` takes it."""


@final
class Ended(BaseException):
    """A signal has ended the work. Like KeyboardInterrupt, no handler of errors takes it for one.

    code: the exit code of the convention, 128 + the signal's number.
    """

    def __init__(self, number: int, said: str = "") -> None:
        super().__init__(f"{_name(number)}: stopped" + (f"; {said}" if said else ""))
        self.code = 128 + number


@final
class Request:
    """Whether a signal has asked for the end: false until then."""

    def __init__(self) -> None:
        self.number: int | None = None

    def __bool__(self) -> bool:
        return self.number is not None

    def share(self, most: Callable[[int], int]) -> None:
        """What one process was asked, all have been: they end at the same place. most: of all processes' numbers."""
        self.number = most(self.number or 0) or None

    def end(self, said: str) -> NoReturn:
        """End the work now that everything is saved. said: what stands where, for people."""
        assert self.number is not None, "nobody asked"
        raise Ended(self.number, said)


_OPEN: list[Request] = []
"""Those that are listened for, the innermost last."""


@contextlib.contextmanager
def ending() -> Iterator[Request]:
    """Work that ends well: the first signal is only noted, a second one ends the process as it would without this.

    Work that did not ask in time ends when the context is left. Outside the main thread, which alone hears of signals,
    nobody ever asks.
    """
    pause()
    request, before = Request(), Handlers()

    def note(number: int, frame: FrameType | None) -> None:
        request.number = number
        _listen(before)
        name = _name(number)
        with contextlib.suppress(OSError):  # not by print, which may be at work already
            os.write(2, f"\n{name}: finishing what is under way; a second signal ends it at once\n".encode())

    before |= _listen(dict.fromkeys(SIGNALS, note))
    _OPEN.append(request)
    try:
        yield request
    finally:
        _OPEN.remove(request)
        _listen(before)
    if request:
        request.end(KEPT)


def pause() -> None:
    """Between two pieces of work: end it here where a signal has asked the ``ending`` around it."""
    if _OPEN and _OPEN[-1]:
        _OPEN[-1].end(KEPT)


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """A script: signals end it by ``Ended``, so that files are closed, locks and temporary files removed.

    Python drops what is raised while an object is being deleted. A signal that comes then is sent again a moment later.
    """

    def end(number: int, frame: FrameType | None) -> None:
        raise Ended(number, "the same command goes on from what is saved" if number == ALARM else "")

    def dropped(what: sys.UnraisableHookArgs) -> None:
        error, over = what.exc_value, list[bool]()
        if isinstance(error, (Ended, KeyboardInterrupt)):
            number = error.code - 128 if isinstance(error, Ended) else signal.SIGINT
            # Not threading's, whose start waits: a signal that comes before this hook is over would be dropped too.
            _thread.start_new_thread(_send_after, (over, number))
            over.append(True)
        else:
            told(what)

    before = _listen({number: end for number in SIGNALS if number != signal.SIGINT})
    told, sys.unraisablehook = sys.unraisablehook, dropped
    try:
        yield
    finally:
        sys.unraisablehook = told
        _listen(before)


def _send_after(over: list[bool], number: int) -> None:
    """Send this process a signal a moment after ``over`` holds something."""
    while not over:
        time.sleep(0.01)
    time.sleep(0.03)
    os.kill(os.getpid(), number)


@dataclass(frozen=True, kw_only=True)
class TimeLimit(Priced):
    """A script that goes on where it was may be given a time."""

    max_minutes: float = 0.0
    """Minutes after which the run saves and leaves; the same command goes on from there. 0 sets no limit."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(0, self, "max_minutes")


@contextlib.contextmanager
def limited(minutes: float) -> Iterator[None]:
    """Work that ends itself after so many minutes, as a signal would end it; 0 sets no limit.

    Raises ValueError where this system has no timer that signals.
    """
    if not minutes:
        yield
        return
    if ALARM is None or threading.current_thread() is not threading.main_thread():
        raise ValueError("max_minutes needs a timer, which this system does not have: leave it out")
    signal.setitimer(signal.ITIMER_REAL, min(60.0 * minutes, _LONGEST))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)


def _name(number: int) -> str:
    return "time is up (max_minutes)" if number == ALARM else signal.Signals(number).name


def _listen(handlers: Handlers) -> Handlers:
    """Set handlers by signal; those that were set before. One that is ignored stays so (nohup), or is not ours."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    before = Handlers()
    for number, handler in handlers.items():
        old = signal.getsignal(number)
        if old is not signal.SIG_IGN and old is not None:
            before[number] = old
            signal.signal(number, handler)
    return before
