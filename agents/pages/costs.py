"""What a run cost: seconds, core-hours and money of each of its parts, as far as the run wrote them down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from agents.pages.blocks import Table


@final
@dataclass(frozen=True)
class Cost:
    """A part of a run. threads: those that it used, 0 where it is not recorded."""

    part: str
    seconds: float
    threads: int = 0


def cost_table(costs: Sequence[Cost], price_per_hour: float) -> Table:
    """Each part and the sum. price_per_hour: of the machine, in any currency; 0 shows no money."""
    header = ["part", "seconds", "threads", "core-hours", *(["cost"] if price_per_hour else [])]
    rows = [_row(one, price_per_hour) for one in costs]
    if len(costs) > 1:
        threads = {one.threads for one in costs}
        hours = sum(one.seconds * one.threads for one in costs) / 3600
        whole = _row(
            Cost("in all", sum(one.seconds for one in costs), threads.pop() if len(threads) == 1 else 0), price_per_hour
        )
        whole[3] = f"{hours:.3f}" if all(one.threads for one in costs) else "not recorded"
        rows.append(whole)
    return Table(header, rows)


def _row(one: Cost, price_per_hour: float) -> list[str]:
    hours = one.seconds / 3600
    known = bool(one.threads)
    cells = [one.part, f"{one.seconds:.0f}", str(one.threads) if known else "not recorded"]
    cells.append(f"{hours * one.threads:.3f}" if known else "not recorded")
    return cells + ([f"{hours * price_per_hour:.4f}"] if price_per_hour else [])
