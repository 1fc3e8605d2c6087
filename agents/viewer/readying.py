"""What a fresh installation must compile for the tasks of the page, compiled while the page is already open.

Otherwise the first problem of each task waits for its kernels, formulas for most of a minute. A thread would not do:
the compiler is Python, and answers would wait for it at every step.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
from collections.abc import Iterator

import torch

from agents.viewer.asking import example_of, run_of
from agents.viewer.catalogue import TASKS, Shelf
from agents.viewer.events import run_events
from trm_gym import make_task
from trm_gym.lazy_kernel import no_interpreting


def compile_kernels() -> None:
    """Draw a problem of every level, and refine a drawn and a typed one of every task for a step.

    What that compiles stays on disk, where the page's own process finds it.
    """
    if hasattr(os, "nice"):
        os.nice(19)
    torch.set_num_threads(1)
    shelf = Shelf()
    with no_interpreting():
        for name, example in TASKS.items():
            levels = [level.name for level in make_task(name).levels]
            for level in levels:
                example_of({"task": name, "level": level})
            asked = [{"level": levels[0]}, *([{"problem": example}] if example else [])]
            for one in asked:
                for _ in run_events(run_of(shelf, {"task": name, "max_steps": 1, **one})):
                    pass


@contextlib.contextmanager
def making_ready() -> Iterator[None]:
    """Meanwhile a process of its own compiles, of the lowest priority; it ends with this one at the latest."""
    process = multiprocessing.get_context("spawn").Process(target=compile_kernels, daemon=True)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process inherits it: Ctrl-C is meant for the page
    try:
        process.start()
    finally:
        signal.signal(signal.SIGINT, before)
    try:
        yield
    finally:
        process.terminate()
        process.join()
