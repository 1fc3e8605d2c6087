"""Hand every reader of the suite inputs that lie: it must end in a clear error or a right result, and soon.

python scripts/fuzz.py                           # 100,000 cases
python scripts/fuzz.py --first 4711 --cases 1    # case 4711 again, with its traceback
"""

from __future__ import annotations

import contextlib
import io
import signal
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from gymnasium.error import Error

from agents.common.checks import Checked, above_zero
from agents.common.cli import main
from scripts.fuzzing.targets import TARGETS

MEMORY = 8 * 2**30
"""Bytes that the process may take."""

_TURNS = [name for name, (_, weight) in TARGETS.items() for _ in range(weight)]


@dataclass(frozen=True)
class Config(Checked):
    """Fuzz whatever reads what people bring. Case n is the same whenever it is run."""

    cases: int = 100_000
    """Number of cases for each target."""
    first: int = 0
    """Number of the first case."""
    targets: tuple[str, ...] = tuple(TARGETS)
    """Readers that the cases are handed to."""
    seconds: float = 10.0
    """Seconds that a case may take."""

    prefix = "--"

    def __post_init__(self) -> None:
        super().__post_init__()
        above_zero(self, "seconds")
        if self.cases < 1 or self.first < 0:
            raise ValueError(f"--cases from 1 and --first from 0 up, got {self.cases} and {self.first}")
        for name in self.targets:
            if name not in TARGETS:
                raise ValueError(f"unknown target {name!r}: use {', '.join(TARGETS)}")


class TooSlowError(BaseException):
    """A case has taken too long; no handler of what it runs may take this for an error of its own."""


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raises TooSlowError where the block takes longer, on systems that can interrupt it."""

    def stop(*_: object) -> None:
        raise TooSlowError

    if not hasattr(signal, "setitimer"):
        yield
        return
    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def play(number: int, name: str, seconds: float) -> tuple[str, str]:
    """What became of a case, "refused", "right" or "fault", and the fault's story."""
    try:
        with limited(seconds), contextlib.redirect_stderr(io.StringIO()):
            TARGETS[name][0](Random(f"case {number}"))
    except (ValueError, Error) as error:
        return ("refused", "") if str(error).strip() else ("fault", f"{error!r} says nothing")
    except TooSlowError:
        return "fault", f"it took more than {seconds} s"
    except Exception:
        return "fault", traceback.format_exc(limit=-6)
    return "right", ""


def run(config: Config) -> None:
    """Play the cases and tell of faults. Exit code 1 where there are any."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, resource.getrlimit(resource.RLIMIT_DATA)[1]))
    warnings.simplefilter("error")
    tally, slowest, began = Counter(), (0.0, 0), time.perf_counter()
    for number in range(config.first, config.first + config.cases):
        name = _TURNS[number * 37 % len(_TURNS)]
        if name not in config.targets:
            continue
        since = time.perf_counter()
        outcome, story = play(number, name, config.seconds)
        slowest = max(slowest, (time.perf_counter() - since, number))
        tally[name, outcome] += 1
        if story:
            print(f"case {number}, {name}: {story}", flush=True)
    for name in config.targets:
        counts = ", ".join(f"{tally[name, outcome]:,} {outcome}" for outcome in ("refused", "right", "fault"))
        print(f"{name}: {counts}")
    print(f"{time.perf_counter() - began:.0f} s; the slowest case, {slowest[1]}, took {slowest[0]:.2f} s")
    if any(outcome == "fault" for _, outcome in tally):
        raise SystemExit(1)


if __name__ == "__main__":
    main(run, Config)
