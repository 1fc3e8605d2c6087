"""Kernels run by Python while few problems are asked for, so that the first of them does not wait for the compiler.

Compiling what a reset calls takes several seconds and a problem a few milliseconds of interpretation: a person who
looks at one environment sees it at once. What takes long is compiled after all.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FunctionType
from typing import Any, final

import numpy as np
from numba.core.dispatcher import Dispatcher
from numpy.typing import NDArray

INTERPRETED_SECONDS = 1.0
"""Seconds that this process interprets kernels, all in all, before it compiles them."""

INTERPRETED_ROWS = 2048
"""The rows of a batch that is interpreted at most."""


class _OutOfTimeError(Exception):
    """An interpreted kernel has used up INTERPRETED_SECONDS."""


@final
class _Clock:
    """How many of INTERPRETED_SECONDS are used, and when the kernel that runs must end."""

    def __init__(self) -> None:
        self.used, self.deadline = 0.0, 0.0

    def check(self) -> None:
        """Raises _OutOfTimeError when time is up."""
        if time.perf_counter() > self.deadline:
            raise _OutOfTimeError


_CLOCK = _Clock()


@contextmanager
def no_interpreting() -> Iterator[None]:
    """Within it kernels are compiled at their first call: for work whose clock is to start with all of them there."""
    used, _CLOCK.used = _CLOCK.used, INTERPRETED_SECONDS
    try:
        yield
    finally:
        _CLOCK.used = used


@final
class LazyKernel:
    """A compiled function that is interpreted at first, with the same results, as far as time allows.

    Its first argument is an array over a batch. It must be a pure function of what it reads before it writes it, so
    that it may be begun anew where time runs out; its loops must be bounded or call an inner function.
    """

    def __init__(self, compiled: Dispatcher) -> None:
        self._compiled, self._awaited = compiled, True
        functools.update_wrapper(self, compiled.py_func)

    def __call__(self, *arguments: Any) -> Any:
        if (
            self._awaited
            and len(arguments[0]) <= INTERPRETED_ROWS
            and _CLOCK.used < INTERPRETED_SECONDS
            and not self.on_disk
        ):
            try:
                return self.interpret(*arguments, seconds=INTERPRETED_SECONDS - _CLOCK.used)
            except _OutOfTimeError:
                pass
        self._awaited = False
        return self._compiled(*arguments)

    def interpret(self, *arguments: Any, seconds: float) -> Any:
        """The result by Python. Raises an error where it takes longer than ``seconds``."""
        began = time.perf_counter()
        _CLOCK.deadline = began + seconds
        try:
            with np.errstate(over="ignore"):
                return self._function(*map(_plain, arguments))
        finally:
            _CLOCK.used += time.perf_counter() - began

    @functools.cached_property
    def _function(self) -> Callable[..., Any]:
        return _translated(self._compiled)

    @functools.cached_property
    def on_disk(self) -> bool:
        """Whether an earlier process left the compiled code; an older version of it costs nothing but the wait."""
        function = self._compiled.py_func
        name = f"{function.__module__.split('.')[-1]}.{function.__qualname__}-{function.__code__.co_firstlineno}"
        folder = self._compiled.stats.cache_path
        return folder is not None and any(Path(folder).glob(f"{name}.*.nbi"))


def interpreted(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that compiled code stands for elsewhere, run by Python alone, with the same results and slowly."""

    @functools.wraps(function)
    def run(*arguments: Any) -> Any:
        with np.errstate(over="ignore"):
            return function(*map(_plain, arguments))

    return run


@functools.cache
def _translated(compiled: Dispatcher) -> Callable[..., Any]:
    """The Python function behind a compiled one; what it calls is translated too, and looks at the clock."""
    function = compiled.py_func
    names = {
        name: _timed(_translated(value)) if isinstance(value, Dispatcher) else value
        for name, value in function.__globals__.items()
        if name in function.__code__.co_names
    }
    return FunctionType(function.__code__, names, function.__name__, function.__defaults__, function.__closure__)


def _timed(function: Callable[..., Any]) -> Callable[..., Any]:
    def timed(*arguments: Any) -> Any:
        _CLOCK.check()
        return function(*arguments)

    return timed


@final
class _Table:
    """An array of two dimensions or more, as the rows that it is made of."""

    def __init__(self, array: NDArray) -> None:
        self.shape, self._rows = array.shape, [_plain(row) for row in array]

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, at: Any) -> Any:
        if not isinstance(at, tuple):
            return self._rows[at]
        row = self._rows[at[0]]
        return row[at[1]] if len(at) == 2 else row[at[1:]]

    def __setitem__(self, at: tuple, value: Any) -> None:
        self._rows[at[0]][at[1] if len(at) == 2 else at[1:]] = value


def _plain(argument: Any) -> Any:
    """An argument as compiled code takes it: elements of arrays are integers as wide as they need to be, which words
    are not: words, uint64, wrap round.
    """
    if isinstance(argument, tuple):
        return type(argument)(*map(_plain, argument))
    if not isinstance(argument, np.ndarray) or argument.dtype == np.uint64:
        return argument
    return argument.data if argument.ndim == 1 else _Table(argument)
