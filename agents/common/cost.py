"""What a run has cost: processor time, and money where the price of a core's hour is given."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from agents.common.checks import Checked, at_least
from agents.common.launch import is_first, launched

WORTH_TELLING = 60.0
"""Seconds of processor time from which on they are told."""


@dataclass(frozen=True, kw_only=True)
class Priced(Checked):
    """A script whose runs take long may be told what an hour costs."""

    hour_price: float = 0.0
    """Price of a core's hour. Where it is given, the core-hours of the run and their cost are printed at its end."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(0, self, "hour_price")


@contextlib.contextmanager
def counted(config: object) -> Iterator[None]:
    """A run of a script; what it has cost since is said at its end, however it ends, if it may be priced."""
    began = _processor_seconds()
    try:
        yield
    finally:
        if isinstance(config, Priced) and is_first():
            processes = int(launched().get("WORLD_SIZE", "1"))
            if said := cost(processes * (_processor_seconds() - began), config.hour_price):
                with contextlib.suppress(OSError, AttributeError):  # nobody listens
                    print(said, file=sys.stderr)


def cost(seconds: float, hour_price: float) -> str:
    """What so much processor time comes to, for people; nothing where it is little and nobody has given a price."""
    if seconds < WORTH_TELLING and not hour_price:
        return ""
    hours = seconds / 3600
    money = f", {hours * hour_price:.4g} at {hour_price:g} an hour" if hour_price else ""
    return f"{hours:.3g} core-hours{money}"


def _processor_seconds() -> float:
    """Processor time of this process and of those that it has waited for, since they began."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
