"""Runs of several processes, forked from this one and told what torchrun would tell them: they begin at once."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path

import torch
import torch._dynamo  # both are imported by what trains, which would take each process seconds
import torch.utils.tensorboard

from agents.common.processes import Processes, joined
from agents.common.signals import Ended

PATIENCE = 100.0
"""Seconds that all may take by default."""


def forked(
    count: int, work: Callable[[Processes], object], log: Path | None = None, patience: float = PATIENCE
) -> list[int]:
    """The exit codes of so many processes that do ``work``: 1 for an error, whose text ``log`` has.

    patience: seconds that all may take.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    children = []
    for rank in range(count):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of threads that stay behind
            child = os.fork()
        if not child:
            _work(rank, count, port, work, log)
        children.append(child)
    codes: dict[int, int] = {}
    until = time.monotonic() + patience
    try:
        while len(codes) < count and time.monotonic() < until:
            for child in children:
                if child not in codes and (found := os.waitpid(child, os.WNOHANG))[0]:
                    codes[child] = os.waitstatus_to_exitcode(found[1])
            time.sleep(0.005)
        return [codes[child] for child in children]
    finally:
        for child in set(children) - codes.keys():
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def _work(rank: int, count: int, port: int, work: Callable[[Processes], object], log: Path | None) -> None:
    """What a forked process does; it never returns."""
    code = 1
    try:
        told = {"RANK": rank, "WORLD_SIZE": count, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
        os.environ |= {name: str(value) for name, value in told.items()} | {"GLOO_SOCKET_IFNAME": "lo"}
        torch.set_num_threads(1)  # a pool of threads does not survive a fork
        with contextlib.redirect_stdout(open(os.devnull, "w", encoding="utf-8")), joined() as processes:
            work(processes)
        code = 0
    except BaseException:
        if log is not None:
            with log.open("a", encoding="utf-8") as file:
                traceback.print_exc(file=file)
        if isinstance(error := sys.exception(), Ended):
            code = error.code
    finally:
        os._exit(code)
