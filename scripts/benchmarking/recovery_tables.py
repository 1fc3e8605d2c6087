"""Tables of runs that looked for formulas: what each way found by each limit of time, and of formulas fitted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from agents.evaluation.metrics import bootstrap_means, interval, paired_bootstrap
from scripts.benchmarking.formula_ways import POOLS

Run = dict[str, Any]
VERDICTS = (1_000, 10_000)
Table = dict[str, dict[str, Any]]


@final
class Grid:
    """The runs of a way: problems by seeds, those seeds alone of which every problem was looked for."""

    def __init__(self, runs: Sequence[Run]) -> None:
        problems = sorted({run["name"] for run in runs})
        by = {(run["name"], run["seed"]): run for run in runs}
        seeds = sorted({run["seed"] for run in runs})
        seeds = [seed for seed in seeds if all((problem, seed) in by for problem in problems)]
        self.problems, self.seeds = problems, seeds
        self._runs = [[by[problem, seed] for seed in seeds] for problem in problems]

    def by_time(self, seconds: float) -> NDArray[np.float64]:
        """Which are exact after so many seconds, float64 [problems, seeds]."""
        return np.array([[_exact_at(run, seconds) for run in row] for row in self._runs], np.float64)

    def by_verdicts(self, most: int) -> NDArray[np.float64]:
        """Which fit exactly, and are right, after ``most`` formulas fitted, float64 [problems, seeds]."""
        return np.array(
            [[run["fits"] and run["verdicts"] <= most and _exact_at(run, np.inf) for run in row] for row in self._runs],
            np.float64,
        )

    def seconds(self, limit: float) -> float:
        """The mean time of a run under a limit."""
        return float(np.mean([[min(run["seconds"], limit) for run in row] for row in self._runs]))

    @property
    def verdicts(self) -> float:
        """Formulas fitted in a second."""
        spent = [(run["verdicts"], run["seconds"]) for row in self._runs for run in row]
        return sum(one for one, _ in spent) / sum(one for _, one in spent)


def _exact_at(run: Run, seconds: float) -> bool:
    """Whether the formula held best after so many seconds is the hidden one."""
    found = [exact for at, exact, _ in run["best"] if at <= seconds]
    return bool(found and found[-1])


def _counted(exact: NDArray[np.float64]) -> dict[str, Any]:
    """How many of the problems are exact, the mean of the seeds, its interval over other draws of the problems."""
    count = len(exact)
    means = count * bootstrap_means(exact.mean(axis=1, keepdims=True))[:, 0]
    _, low, high = interval(float(exact.mean()), means)
    return {
        "exact, mean": f"{exact.sum(axis=0).mean():.1f} ({low:.1f}..{high:.1f})",
        "at least once": int(exact.any(axis=1).sum()),
        "always": int(exact.all(axis=1).sum()),
        "seeds": exact.shape[1],
    }


def _less(exact: NDArray[np.float64], first: NDArray[np.float64]) -> str:
    """How many more than the first way are exact, with the interval over problems, paired."""
    found = paired_bootstrap(exact.mean(axis=1), first.mean(axis=1))
    return f"{len(exact) * found.value:+.1f} ({len(exact) * found.low:+.1f}..{len(exact) * found.high:+.1f})"


def tables(runs: Sequence[Run], limits: Sequence[float]) -> dict[str, Table]:
    """A table for each limit of time, and one for each of VERDICTS where several of POOLS were run."""
    grids = {way: Grid([run for run in runs if run["way"] == way]) for way in dict.fromkeys(run["way"] for run in runs)}
    grids = {way: grid for way, grid in grids.items() if grid.seeds}
    result: dict[str, Table] = {}
    if not grids:
        return result
    first = next(iter(grids))
    problems = len(grids[first].problems)
    what = f"{runs[0]['formulas']}, {problems} formulas, noise {runs[0]['noise']:g}"
    for limit in sorted(limits):
        rows = result[f"{what}, {limit:g} s"] = {}
        for way, grid in grids.items():
            exact = grid.by_time(limit)
            rows[way] = {**_counted(exact), "seconds, mean": round(grid.seconds(limit), 2)}
            rows[way][f"less {first}"] = "" if way == first else _less(exact, grids[first].by_time(limit))
    pools = [way for way in POOLS if way in grids]
    for most in VERDICTS if len(pools) > 1 else ():
        rows = result[f"{what}, at most {most:,} formulas fitted"] = {}
        for way in pools:
            rows[way] = {**_counted(grids[way].by_verdicts(most)), "fitted a second": round(grids[way].verdicts)}
    return result
