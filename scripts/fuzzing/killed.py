"""Runs that real signals end at real moments: the exit code tells which, what stands there loads, and a run goes on.

When a signal arrives is a matter of the clock, so that a case is not the same twice.
"""

from __future__ import annotations

import contextlib
import os
import signal
import tempfile
from random import Random

from scripts.fuzzing.jobs import JOBS, content, left, process, started, undisturbed
from scripts.fuzzing.stored import same

NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL)
SHORT = ("grpo frozen", "pretrain", "solve --data")


def killed(rng: Random) -> None:
    """One case: a job is ended up to three times, then it is left alone, and gives what it would have given."""
    if not hasattr(os, "fork"):
        return
    name = rng.choice(SHORT)
    job, (whole, seconds) = JOBS[name], undisturbed(name)
    with tempfile.TemporaryDirectory() as folder:
        place = started(folder)
        for _ in range(rng.randrange(1, 4)):
            signals = [(rng.uniform(0, seconds), rng.choice(NUMBERS))]
            if rng.randrange(4) == 0:
                signals.append((rng.uniform(0, 0.02), rng.choice(NUMBERS)))
            with contextlib.suppress(ProcessLookupError):
                code = process(job, place, signals)
                right = {0} | {-number if number == signal.SIGKILL else 128 + number for _, number in signals}
                assert code in right, f"{name}: exit code {code} after {signals}"
            assert code or same(content(place, job), whole), f"{name} ended with code 0 before its end"
        assert process(job, place) == 0, f"{name} does not go on"
        assert same(content(place, job), whole), f"{name}: another result after {signals}"
        assert not left(place), f"{name} leaves {left(place)}"
