"""Play a halting policy against frozen networks on frozen problems, and write its row of the benchmark's table.

python scripts/halting_benchmark.py --policy mine.py:make  your own policy of two acts: about five minutes
python scripts/halting_benchmark.py --policy mine.py:make --restarts  one of three acts, which may start afresh
python scripts/halting_benchmark.py --policy confidence grpo  rules and learners of this package, tuned or taught first
python scripts/halting_benchmark.py --policy mine.py:make --check docs/benchmark/mine  are these its records?

The file is your own code, and runs with all that you may do: look at a stranger's before you play it. Nothing else that
is read here can run. docs/benchmark.md has the protocol, the table, and how to send a policy in.
"""

from __future__ import annotations

import hashlib
import json
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from agents.benchmark.frozen import NEWEST, Version, load_version
from agents.benchmark.playable import PlayableSet
from agents.benchmark.policies import FilePolicy, Policy, policy_of
from agents.benchmark.results import SetResult, differing, load_row, read_records, records, row, sets_table, table
from agents.common.checks import Checked, a_share, at_least
from agents.common.cli import main
from agents.common.console import Countdown
from agents.common.places import Places, writes
from trm_gym.atomic_io import atomic_write
from trm_gym.short_repr import short

RECORDS, ROW = "records.csv", "row.json"


@dataclass(frozen=True)
class Config(Checked):
    """Play policies on a version of the benchmark."""

    policy: tuple[str, ...] = ("best-fixed-k",)
    """Who plays: FILE.py:make, or the name of a rule or learner. The file runs with all that you may do."""
    restarts: bool = False
    """Play the sets on which a policy of a file may start afresh."""
    version: str = NEWEST
    """The version of the benchmark, or a JSON file of one."""
    sets: tuple[str, ...] = ()
    """Only these problem sets; by default all of them."""
    problems: int = 0
    """Test problems of each set; by default all. The table has rows of all alone."""
    check: Path | None = None
    """A folder with the records of an earlier run: play again and compare, and write nothing."""
    tolerance: float = 0.02
    """The share of records that may differ from those checked: machines round differently near a threshold."""
    folder: Path = Path("runs", "benchmark")
    """Folder for records and rows, one folder a policy, and for the networks' runs, which are made once."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(0, self, "problems")
        a_share(self, "tolerance")
        if not self.policy:
            raise ValueError("nobody plays: name a policy (--policy FILE.py:make)")
        if self.check is not None and len(self.policy) > 1:
            raise ValueError("--check compares the records of one policy: name one (--policy FILE.py:make)")


def playable(config: Config, version: Version, policy: Policy, made: dict[str, PlayableSet]) -> list[PlayableSet]:
    """The problem sets that a policy plays; each is made once. Raises ValueError for a set that there is not."""
    track = {one.name: one for one in version.track(policy.restarts)}
    if unknown := [name for name in config.sets if name not in track]:
        raise ValueError(
            f"there is no problem set {short(unknown[0])} for {policy.name}: choose from {', '.join(track)}"
        )
    for name in config.sets or track:
        if name not in made:
            most = config.problems or track[name].problems
            made[name] = PlayableSet(version, track[name], most, config.folder / "rollouts")
    return [made[name] for name in config.sets or track]


def about(config: Config, place: str, policy: Policy) -> dict[str, Any]:
    """What else is to be known of a row."""
    facts: dict[str, Any] = {"restarts": policy.restarts}
    if isinstance(policy, FilePolicy):
        facts["file"] = hashlib.sha256(policy.file.read_bytes()).hexdigest()
    facts["command"] = f"trm-gym benchmark --policy {place}" + " --restarts" * config.restarts
    return facts | {"torch": torch.__version__, "threads": torch.get_num_threads(), "machine": platform.machine()}


def compare(config: Config, version: Version, text: str) -> None:
    """Say whether records are those of the folder that is checked. Raises ValueError where they are not."""
    assert config.check is not None
    kept = load_row(config.check / ROW)
    if kept["version"] != version.name:
        raise ValueError(
            f"{config.check} was played on version {kept['version']}, this is {version.name}: play it anew"
        )
    mine = config.folder / f"checked-{RECORDS}"
    atomic_write(mine, text)
    ours, theirs = read_records(mine, version.prices), read_records(config.check / RECORDS, version.prices)
    mine.unlink()
    share = differing(ours, theirs)
    print(f"{share:.2%} of {sum(map(len, ours.values())):,} problems' records differ from those in {config.check}")
    if share > config.tolerance:
        raise ValueError(f"these are not the records of this policy: at most {config.tolerance:.0%} may differ")


@writes(lambda config: Places([config.folder], reads=[config.check]))
def run(config: Config) -> None:
    """Play each policy on every set, then write records and row."""
    version = load_version(config.version)
    budget = max(one.max_steps for one in version.track(restarts=False))
    policies = {place: policy_of(place, config.restarts, budget) for place in config.policy}
    console, made, rows = Console(), dict[str, PlayableSet](), []
    for place, policy in policies.items():
        sets = playable(config, version, policy, made)
        countdown, played = Countdown(len(sets), policy.name), {}
        for one in sets:
            played[one.set.name] = SetResult.of(one, policy.play(one))
            countdown.done()
        text = records(played, version.prices)
        if config.check is not None:
            compare(config, version, text)
            return
        found = row(version, policy.name, played, about(config, place, policy))
        folder = config.folder / version.name / policy.name.replace(" ", "_")
        atomic_write(folder / RECORDS, text)
        atomic_write(folder / ROW, json.dumps(found) + "\n")
        rows.append(found)
        console.print(
            f"{policy.name}: {folder}\n\n{sets_table(found)}\n", highlight=False, markup=False, soft_wrap=True
        )
    for restarts in sorted({one["restarts"] for one in rows}):
        shown = table([one for one in rows if one["restarts"] == restarts])
        console.print(f"{shown}\n", highlight=False, markup=False, soft_wrap=True)


if __name__ == "__main__":
    main(run, Config, first="policy restarts version sets problems check folder")
