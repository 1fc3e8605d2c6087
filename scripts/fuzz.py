"""Hand every reader of the suite inputs that lie: it must end in a clear error or a right result, soon, in 1 GB.

python scripts/fuzz.py                           # 100,000 cases
python scripts/fuzz.py --first 4711 --cases 1    # case 4711 again, with its traceback
python scripts/fuzz.py --seed 1                  # 100,000 others
"""

from __future__ import annotations

import contextlib
import gc
import io
import os
import signal
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import NamedTuple

from gymnasium.error import Error

from agents.common.checks import Checked, above_zero, at_least, at_least_one
from agents.common.cli import main
from agents.common.console import Progress
from agents.common.signals import ending
from scripts.fuzzing.targets import TARGETS, prepare

MEMORY = 2**30
"""Bytes that a case may take."""

WAITING = 6
"""How much longer a case may take by the clock than by its computing: other programs run too."""

_TURNS = [name for name, (_, weight) in TARGETS.items() for _ in range(weight)]
_STRIDE = 37  # turns are dealt out in this step, so that any part of a run has some of every target
_LACKING = "not enough memory", "can't allocate memory", "Unable to allocate"


@dataclass(frozen=True)
class Config(Checked):
    """Fuzz whatever reads what people bring. Case n is the same whenever it is run."""

    cases: int = 100_000
    """Number of cases for all targets together."""
    first: int = 0
    """Number of the first case."""
    seed: int = 0
    """Other seeds make other cases."""
    targets: tuple[str, ...] = tuple(TARGETS)
    """Readers that the cases are handed to."""
    seconds: float = 10.0
    """Seconds that a case may take."""

    prefix = "--"

    def __post_init__(self) -> None:
        super().__post_init__()
        above_zero(self, "seconds")
        at_least_one(self, "cases")
        at_least(0, self, "first")
        for name in self.targets:
            if name not in TARGETS:
                raise ValueError(f"unknown target {name!r}: use {', '.join(TARGETS)}")


class Case(NamedTuple):
    """A case by its number, its seed and the target that it is handed to."""

    number: int
    seed: int
    target: str

    def __str__(self) -> str:
        return f"case {self.number}, {self.target}"

    @property
    def again(self) -> str:
        """The command that plays it alone."""
        return f"python scripts/fuzz.py --seed {self.seed} --first {self.number} --cases 1 --targets {self.target}"


class TooSlowError(BaseException):
    """A case has taken too long; no handler of what it runs may take this for an error of its own."""


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raises TooSlowError where the block computes for longer, or waits for much longer, if a system can tell."""
    since, computed = time.monotonic(), time.process_time()

    def stop(*_: object) -> None:
        if time.process_time() - computed >= seconds or time.monotonic() - since >= WAITING * seconds:
            signal.setitimer(signal.ITIMER_REAL, 0)
            raise TooSlowError

    if not hasattr(signal, "setitimer"):
        yield
        return
    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, seconds / 4)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def frugal(most: int = MEMORY) -> Iterator[None]:
    """The block gets ``most`` bytes of memory beyond what the process has and no more, if a system can tell."""
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[5])
        soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (pages * resource.getpagesize() + most, hard))
    except (ImportError, ValueError, OSError):
        yield
        return
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def greedy(error: BaseException | None) -> bool:
    """Whether memory was lacking, for this error or one that it came of."""
    while error is not None:
        if isinstance(error, MemoryError) or any(words in str(error) for words in _LACKING):
            return True
        error = error.__cause__ or error.__context__
    return False


def play(case: Case, seconds: float) -> tuple[str, str]:
    """What became of a case, "refused", "right" or "fault", and the fault's story."""
    try:
        with limited(seconds), frugal(), contextlib.redirect_stderr(io.StringIO()):
            TARGETS[case.target][0](Random(f"case {case.seed} {case.number}"))
    except (ValueError, Error) as error:
        if greedy(error):
            return "fault", f"it asked for more than {MEMORY:,} bytes: {error!r:.300}"
        return ("refused", "") if str(error).strip() else ("fault", f"{error!r} says nothing")
    except TooSlowError:
        return "fault", f"it took more than {seconds} s"
    except Exception:
        return "fault", traceback.format_exc(limit=-6)
    return "right", ""


def told(case: Case, story: str, seconds: float) -> str:
    """A fault, and how to see it again: some are only met after the cases before, since environments go on."""
    alone = "" if play(case, seconds)[1] else "; it has passed now: what cases before it left has a part in it"
    return f"{case}: {story.rstrip()}\nagain: {case.again}{alone}"


def run(config: Config) -> None:
    """Play the cases and tell of faults. Exit code 1 where there are any."""
    print("compiling and building what tasks need: seconds, or some minutes the first time", flush=True)
    prepare()
    warnings.simplefilter("error")
    tally, slowest, faults, began = Counter(), (0.0, Case(0, 0, "")), 0, time.perf_counter()
    numbers = range(config.first, config.first + config.cases)
    print(f"seed {config.seed}, cases {numbers[0]:,} to {numbers[-1]:,}", flush=True)
    with ending() as asked, Progress(config.cases, "fuzz", 30.0) as bar:
        for done, number in enumerate(numbers, 1):
            case = Case(number, config.seed, _TURNS[number * _STRIDE % len(_TURNS)])
            if case.target not in config.targets:
                continue
            since = time.perf_counter()
            outcome, story = play(case, config.seconds)
            slowest = max(slowest, (time.perf_counter() - since, case))
            tally[case.target, outcome] += 1
            if story:
                faults += 1
                print(told(case, story, config.seconds), flush=True)
            bar.update(done, faults=faults)
            if done % 1000 == 0:
                gc.collect()
            if asked:
                left = f"--seed {config.seed} --first {number + 1} --cases {config.cases - done}"
                asked.end(f"{faults} faults so far; go on with {left}")
    for name in config.targets:
        counts = ", ".join(f"{tally[name, outcome]:,} {outcome}" for outcome in ("refused", "right", "fault"))
        print(f"{name}: {counts}")
    computed = sum(os.times()[:4])  # that of the processes that it has started, too
    print(f"{sum(tally.values()):,} cases, {faults} faults in {time.perf_counter() - began:.0f} s, ", end="")
    print(f"{computed:.0f} s of them computing", end="; ")
    print(f"the slowest, {slowest[1]}, took {slowest[0]:.2f} s")
    if faults:
        raise SystemExit(1)


if __name__ == "__main__":
    main(run, Config)
