"""Kill runs at random moments, and see whether they go on to the results of a run that was never killed.

python scripts/crash.py                                   # 100 kills (SIGKILL) of each kind of run
python scripts/crash.py --kills 20 --runs pretrain banks

After every kill no result may be torn; the same run begun again must end, leave nothing half-written, and have the same
results: tensors, notes and texts to the last bit, but for the seconds that it took. The clock decides where a kill
lands, so no two tables are the same.
"""

from __future__ import annotations

import os
import signal
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random

from rich.console import Console

from agents.common.checks import Checked, at_least_one
from agents.common.cli import main
from agents.common.console import Progress
from agents.common.places import Places, writes
from agents.evaluation.tables import markdown_table
from scripts.fuzzing.jobs import JOBS, content, left, process, started, torn, undisturbed
from scripts.fuzzing.stored import same
from trm_gym.atomic_io import atomic_write

COLUMNS = ("run", "kills", "before its end", "in a write", "torn files", "went on", "same results")


@dataclass(frozen=True)
class Config(Checked):
    """Kill runs and let them go on."""

    runs: tuple[str, ...] = tuple(JOBS)
    """Kinds of runs."""
    kills: int = 100
    """Kills of each kind; each of a run of its own."""
    seed: int = 0
    """Seed of the moments."""
    out: Path | None = None
    """File for the table, as Markdown."""

    prefix = "--"

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "kills")
        for name in self.runs:
            if name not in JOBS:
                raise ValueError(f"unknown run {name!r}: use {', '.join(JOBS)}")
        if not hasattr(os, "fork"):
            raise ValueError("runs are killed in processes of their own, which this system cannot fork")


@dataclass
class Count:
    """What came of the kills of one kind of run."""

    kills: int = 0
    early: int = 0
    writing: int = 0
    torn: int = 0
    ended: int = 0
    same: int = 0

    @property
    def sound(self) -> bool:
        """Whether everything promised was kept."""
        return not self.torn and self.kills == self.ended == self.same


def crash(name: str, rng: Random, count: Count) -> None:
    """Kill one run, look at what it left, and let it go on."""
    job, (whole, seconds) = JOBS[name], undisturbed(name)
    with tempfile.TemporaryDirectory() as folder:
        place = started(folder)
        code = process(job, place, [(rng.uniform(0, seconds), signal.SIGKILL)])
        count.kills += 1
        count.early += code != 0
        count.writing += any(path.suffix == ".tmp" for path in place.rglob("*"))
        count.torn += len(torn(place, job))
        count.ended += process(job, place) == 0 and not left(place)
        count.same += not torn(place, job) and same(content(place, job), whole)


@writes(lambda config: Places(files=[config.out]))
def run(config: Config) -> None:
    """Kill, count, show. Exit code 1 where a promise was broken."""
    rng, counts, done = Random(config.seed), {name: Count() for name in config.runs}, 0
    with Progress(config.kills * len(config.runs), "crash") as bar:
        for name, count in counts.items():
            for _ in range(config.kills):
                crash(name, rng, count)
                bar.update(done := done + 1, broken=sum(not one.sound for one in counts.values()))
    text = markdown_table(COLUMNS, [(name, *map(str, asdict(count).values())) for name, count in counts.items()])
    Console().print(text, highlight=False, markup=False, soft_wrap=True)
    if config.out is not None:
        atomic_write(config.out, text + "\n")
    if not all(count.sound for count in counts.values()):
        raise SystemExit(1)


if __name__ == "__main__":
    main(run, Config)
