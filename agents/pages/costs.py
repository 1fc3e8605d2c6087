"""What a run cost: seconds, core-hours and money of each of its parts, as far as the run wrote them down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from agents.pages.blocks import Table

UNKNOWN = "not recorded"


@final
@dataclass(frozen=True)
class Cost:
    """A part of a run. threads: those that it used, 0 where it is not recorded."""

    part: str
    seconds: float
    threads: int = 0

    @property
    def core_hours(self) -> float | None:
        """Hours of all its threads; None where they are not recorded."""
        return self.seconds * self.threads / 3600 if self.threads else None


def cost_table(costs: Sequence[Cost], hour_price: float) -> Table:
    """Each part and the sum. hour_price: of a core, in any currency; 0 shows no money."""
    header = ["part", "seconds", "threads", "core-hours", *(["cost"] if hour_price else [])]
    rows = [_row(one.part, one.seconds, one.threads, one.core_hours, hour_price) for one in costs]
    if len(costs) > 1:
        threads, hours = {one.threads for one in costs}, [one.core_hours for one in costs]
        known = None if None in hours else sum(one for one in hours if one is not None)
        seconds = sum(one.seconds for one in costs)
        rows.append(_row("in all", seconds, threads.pop() if len(threads) == 1 else 0, known, hour_price))
    return Table(header, rows)


def _row(part: str, seconds: float, threads: int, hours: float | None, hour_price: float) -> list[str]:
    cells = [part, f"{seconds:.0f}", str(threads) if threads else UNKNOWN]
    cells.append(UNKNOWN if hours is None else f"{hours:.3f}")
    return cells + ([UNKNOWN if hours is None else f"{hours * hour_price:.4f}"] if hour_price else [])
