"""What a fresh installation must compile for the tasks of the page, compiled while the page is already open.

Otherwise the first problem of each task waits for its kernels, formulas for most of a minute. A thread would not do:
the compiler is Python, and answers would wait for it at every step.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator

import torch

from agents.viewer.asking import example_of, run_of
from agents.viewer.catalogue import TASKS, Shelf
from agents.viewer.events import run_events
from trm_gym import make_task
from trm_gym.lazy_kernel import no_interpreting

_PROGRAM = f"from {__name__} import compile_kernels; compile_kernels()"


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
    # Not by multiprocessing, which leaves a tracker; -P keeps modules of the folder that one happens to be in out.
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "env": environment}
    # In a session of its own: Ctrl-C is for the page, which then ends it.
    process = subprocess.Popen([sys.executable, "-P", "-c", _PROGRAM], start_new_session=True, **quiet)
    try:
        yield
    finally:
        process.kill()
        process.wait()
