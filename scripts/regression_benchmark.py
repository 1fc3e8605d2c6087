"""Exact recovery of the formulas of a benchmark, in equal processor time, by each way to search.

python scripts/regression_benchmark.py --formulas nguyen_keijzer.jsonl --seconds 1 5 15 --folder runs/nguyen
python scripts/regression_benchmark.py --formulas nguyen_keijzer.jsonl --ways gplearn pyoperon --folder runs/nguyen
python scripts/regression_benchmark.py --level noise1 --problems 100 --ways "compositions, pool" --folder runs/noise1
python scripts/regression_benchmark.py --preset rivals

A formula counts where it equals the hidden one to six digits at 1,000 points, half of them inside the box of the points
shown and half in a box twice as large, wherever the hidden one has a value. R2 counts nothing here.

Each formula is looked for once for every way and seed, under the longest limit; what a way holds best by then is
known for the shorter ones. Every such run is a line of runs.jsonl in the folder. A run that was stopped goes on there.
gplearn and pyoperon need `pip install trm-gym[benchmark]`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from rich.console import Console

from agents.checkpoint import load_checkpoint
from agents.common.checks import Checked, above_zero, at_least, at_least_one
from agents.common.cli import main
from agents.common.places import Places, writes
from agents.inference.formulas.config import SearchConfig
from agents.inference.formulas.search import make_ready
from agents.rollouts.step import Network
from scripts.benchmarking.formula_rivals import SETS, missing
from scripts.benchmarking.formula_ways import WAYS, WITH_NETWORK, Looking
from scripts.benchmarking.recovery import Hidden, Trace, problems_of, problems_of_level
from scripts.benchmarking.recovery_tables import tables
from trm_gym.atomic_io import atomic_write
from trm_gym.short_repr import short

RUNS = "runs.jsonl"
_WARM = 0.2
"""Seconds of a run before the first that counts, in which what is compiled is compiled."""


@dataclass(frozen=True)
class Config(Checked):
    """Compare ways to search on a file of formulas."""

    formulas: Path | None = None
    """Records, one a line, with a formula as expr and ranges, as published benchmarks have them."""
    level: tuple[str, ...] = ()
    """Levels of the task whose problems are taken in place of a file."""
    split: Literal["test", "validation"] = "test"
    """Which of their problems."""
    problems: int = 100
    """How many of each level."""
    seconds: tuple[float, ...] = (1.0, 5.0, 15.0)
    """Processor seconds for each formula."""
    seeds: int = 10
    """How often each is looked for, with other random numbers."""
    noise: float = 0.0
    """Of the target, in its standard deviations."""
    names: tuple[str, ...] = ()
    """What the names of formulas begin with, to look for those alone; all by default."""
    ways: tuple[str, ...] = tuple(way for way in WAYS if way not in SETS)
    """Ways to search, in the order in which they are run; gplearn and pyoperon are other programs, each also there with
    every set of settings that was tried, as `pyoperon, length 20`."""
    network: str = "regression"
    """The checkpoint of the ways with a network: a folder, or a name of one that comes with the package."""
    folder: Path | None = None
    """Folder for runs.jsonl and result.json; runs/regression-benchmark by default."""

    prefix = "--"

    def __post_init__(self) -> None:
        super().__post_init__()
        above_zero(self, "seconds")
        at_least(0, self, "noise")
        at_least_one(self, "seeds", "problems")
        if unknown := [way for way in self.ways if way not in WAYS]:
            raise ValueError(f"ways has {short(unknown[0])}: choose of {', '.join(map(repr, WAYS))}")

    @property
    def source(self) -> str:
        """Where the formulas come from, in a word."""
        if self.formulas is not None:
            return self.formulas.stem
        levels = ", ".join(self.level)
        return levels if self.split == "test" else f"{levels}, {self.split}"

    @property
    def place(self) -> Path:
        """Where everything is written."""
        return self.folder or Path("runs", "regression-benchmark")


PRESETS = {
    "ways": Config(),
    "rivals": Config(
        level=("nodes5", "nodes7", "nodes9", "constants"),
        split="validation",
        problems=3,
        seconds=(1.0, 2.0),
        seeds=1,
        ways=tuple(SETS),
        folder=Path("runs", "rivals"),
    ),
}
"""The first is the default; the second looks for the best settings of the other programs."""


def known_runs(path: Path) -> dict[tuple[Any, ...], dict[str, Any]]:
    """The runs of a file by what tells them apart; a line that was cut off while it was written is left out."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        try:
            run = json.loads(line)
            found[key_of(run)] = run
        except (ValueError, KeyError, TypeError):
            continue
    return found


def key_of(run: dict[str, Any]) -> tuple[Any, ...]:
    """What tells a run apart from others."""
    return tuple(run[name] for name in ("formulas", "limit", "noise", "way", "network", "seed", "name"))


def wanted_runs(config: Config, problems: list[Hidden]) -> Iterator[tuple[Hidden, dict[str, Any]]]:
    """Every run with its problem: all ways with the first seed, then all with the second."""
    absent = missing()
    for seed in range(config.seeds):
        for way in config.ways:
            for hidden in problems if way.partition(", ")[0] not in absent else []:
                yield (
                    hidden,
                    {
                        "formulas": config.source,
                        "limit": max(config.seconds),
                        "noise": config.noise,
                        "way": way,
                        "network": config.network if way in WITH_NETWORK else "",
                        "seed": seed,
                        "name": hidden.name,
                    },
                )


def look(hidden: Hidden, run: dict[str, Any], seconds: float, network: Network | None) -> dict[str, Any]:
    """Look for a formula, and say what came of it."""
    table = hidden.table(run["noise"], run["seed"])
    trace = Trace(table, seconds)
    WAYS[run["way"]](Looking(table, seconds, run["seed"], trace, network))
    return trace.record(hidden.problem)


def network_of(config: Config) -> Network | None:
    """The network, ready to run; None where no way asks for it."""
    if not WITH_NETWORK & set(config.ways):
        return None
    return load_checkpoint(config.network, "regression").model


@writes(lambda config: Places(folders=[config.place], reads=[config.formulas]))
def run(config: Config) -> None:
    """Look for every formula in every way, and write what each limit has come to."""
    if (config.formulas is None) == (not config.level):
        raise ValueError("name a file of formulas or a level: --formulas nguyen_keijzer.jsonl, or --level noise1")
    console = Console()
    problems = problems_of(config.formulas) if config.formulas else []
    for level in config.level:
        problems += problems_of_level(level, config.problems, config.split)
    problems = [one for one in problems if not config.names or one.name.startswith(config.names)]
    if not problems:
        raise ValueError(f"{config.source} holds no formula of up to three variables, or none of those names")
    if absent := sorted(set(missing()) & {way.partition(", ")[0] for way in config.ways}):
        console.print(f"left out, since not there: {', '.join(absent)}; pip install trm-gym[benchmark]")
    network, path, warm = network_of(config), config.place / RUNS, set()
    done = known_runs(path)
    make_ready(SearchConfig(), network)  # ways that are no search run parts of it
    with path.open("a", encoding="utf-8") as file:
        if path.stat().st_size and not path.read_text(encoding="utf-8").endswith("\n"):
            file.write("\n")
        for hidden, wanted in wanted_runs(config, problems):
            if key_of(wanted) in done:
                continue
            if wanted["way"] not in warm:
                warm.add(wanted["way"])
                look(hidden, {**wanted, "noise": 0.1}, _WARM, network)
            found = done[key_of(wanted)] = {**wanted, **look(hidden, wanted, max(config.seconds), network)}
            file.write(json.dumps(found) + "\n")
            file.flush()
    result = tables([done[key_of(one)] for _, one in wanted_runs(config, problems)], config.seconds)
    atomic_write(config.place / "result.json", json.dumps(result, indent=1))
    for title, rows in result.items():
        console.print(title, highlight=False, soft_wrap=True)
        for way, row in rows.items():
            console.print(f"  {way}: {row}", highlight=False, soft_wrap=True)


if __name__ == "__main__":
    main(run, Config, PRESETS)
