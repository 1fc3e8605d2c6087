"""What the tests of several tasks share."""

from __future__ import annotations

import pathlib
import random
import signal

import hypothesis
import jaxtyping
import numpy as np
import pytest
import torch

# The same cases in every run; `make fuzz` is where new ones are looked for.
hypothesis.settings.register_profile("repeatable", derandomize=True)
hypothesis.settings.load_profile("repeatable")


# In a job of the background, or under nohup, a signal may be ignored, and the tests' processes would never hear of it.
for number, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, handler)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """A test draws the same numbers alone and among others: also in its fixtures, so not as a fixture."""
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002  what unseeded code would draw from
    torch.manual_seed(0)


@pytest.fixture(scope="session")
def benchmarks() -> pathlib.Path:
    """The folder of published problems; a test that needs it is skipped where it is not there."""
    folder = pathlib.Path(__file__).parents[2] / "shared" / "benchmarks"
    if not folder.is_dir():
        pytest.skip(f"the published problems are not there: {folder}")
    return folder


@pytest.fixture
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """No checks of types and shapes during this test: torch.compile cannot trace through the checker that the import
    hook puts in, and what people give wrong types to has no such checker.
    """
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
