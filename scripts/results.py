"""The pages of docs/results, written from the records of runs in docs/results/records.

python scripts/results.py                       write every page, and the tables of index.md and benchmark.md
python scripts/results.py --add runs/compare-maze19x19 --name maze19x19 --title "Mazes of 19x19" \\
    --commands "python scripts/compare.py --preset maze19x19" --runs "3 networks, 5 halting seeds" --summary "..." "..."

A run that is added under the name of a record takes its place and keeps what is not said anew: to measure something
again, ``--add FOLDER --name NAME`` is enough. It trains and measures nothing itself.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.benchmark.frozen import load_version
from agents.benchmark.results import load_row, ordered, paired_table, read_records
from agents.benchmark.results import table as rows_table
from agents.common.checks import Checked
from agents.common.cli import main
from agents.common.places import Places, writes
from agents.evaluation.records import Record, load_record, page, section
from trm_gym.atomic_io import atomic_write

MARK = re.compile(r"(<!-- table: ([\w.-]+) -->\n).*?(<!-- /table -->)", re.S)
"""Where a page that is written by hand shows the first table of a record."""
WRITTEN = ("report.json", "tables.json", "result.json")
"""Files of a run's folder that hold what came of it."""
SAID = ("title", "commands", "runs", "taught", "summary", "notes")
"""What a person says about a run; the rest is read from it."""


@dataclass(frozen=True)
class Config(Checked):
    """Write the pages of results from their records, after adding a run to these."""

    add: tuple[Path, ...] = ()
    """Folders of runs, or files of figures in JSON, that become one record."""
    name: str = ""
    """The name of the record to write, which is also that of its page."""
    title: str = ""
    """The title of the page."""
    commands: tuple[str, ...] = ()
    """The commands that print the same figures."""
    runs: str = ""
    """Which networks and how many seeds were measured."""
    taught: str = ""
    """How halting heads were taught, where that is not the default."""
    summary: tuple[str, ...] = ()
    """Two sentences: what came of it."""
    notes: tuple[str, ...] = ()
    """Further claims, one each."""
    docs: Path = Path("docs/results")
    """The folder of the pages, which holds the records in its folder ``records``."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if bool(self.add) != bool(self.name):
            raise ValueError("give --add FOLDER and --name NAME together, or neither to write the pages alone")


def tables(paths: Sequence[Path]) -> list[dict[str, Any]]:
    """Every table of runs, in folders or files. Raises ValueError where there is none."""
    found: list[dict[str, Any]] = []
    for path in paths:
        files = sorted(path.rglob("*.json")) if path.is_dir() else [path]
        for file in files:
            if path.is_dir() and file.name not in WRITTEN:
                continue
            read = json.loads(file.read_text(encoding="utf-8"))
            if isinstance(read, list):
                found += read
            elif "accuracy_at" in read:
                found.append({**read, "curves": {}, "title": f"{read['task']}, {read['source']}"})
            else:
                found += figures(read, file.stem)
    if not found:
        raise ValueError(
            f"no {' or '.join(WRITTEN)} in {', '.join(map(str, paths))}: give the folder of a finished run"
        )
    return found


def figures(read: Mapping[str, Any], title: str) -> Iterator[dict[str, Any]]:
    """What another script wrote, as tables: everything that has figures is a row of the table of those beside it."""
    inside = {name: value for name, value in read.items() if isinstance(value, Mapping)}
    plain = {
        name: value for name, value in inside.items() if not any(isinstance(one, Mapping) for one in value.values())
    }
    if plain:
        header = list(dict.fromkeys(name for value in plain.values() for name in value))
        rows = [[name, *(_shown(value.get(one)) for one in header)] for name, value in plain.items()]
        yield {"title": title, "header": ["", *header], "rows": rows}
    for name, value in inside.items():
        if name not in plain:
            yield from figures(value, name)


def _shown(value: Any) -> str:
    return "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


def commit() -> str:
    """The commit that stands here, with a plus where files differ from it."""

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], capture_output=True, text=True, check=True).stdout.strip()

    return git("rev-parse", "--short", "HEAD") + ("+" if git("status", "--porcelain", "--untracked-files=no") else "")


def added(config: Config) -> Record:
    """The record of a run: measured now, by the code that stands here. Raises ValueError for what nobody has said."""
    path = config.docs / "records" / f"{config.name}.json"
    said = {name: getattr(config, name) for name in SAID if getattr(config, name)}
    made = {"commit": commit(), "date": f"{datetime.date.today()}", "tables": tables(config.add)}
    if path.exists():
        return dataclasses.replace(load_record(path), **made, **said, source=Record.source)
    if missing := [f"--{name}" for name in ("title", "commands", "runs", "summary") if name not in said]:
        raise ValueError(f"{config.name} is a new record: say {', '.join(missing)} too")
    return Record(config.name, **made, **said)


def pages(docs: Path) -> Iterator[tuple[Path, str]]:
    """Every page with its text: one for each record, and those by hand with the tables that they show."""
    records = {path.stem: load_record(path) for path in sorted((docs / "records").glob("*.json"))}
    for name, record in records.items():
        yield docs / f"{name}.md", page(record, records)

    def shown(match: re.Match[str]) -> str:
        if match[2] not in records:
            raise ValueError(f"a page shows the table of {match[2]!r}, of which there is no record")
        (table,) = section({**records[match[2]].tables[0], "title": "", "caption": ""}, records)
        return f"{match[1]}\n{table}\n\n{match[3]}"

    index = docs / "index.md"
    if index.exists():
        yield index, MARK.sub(shown, index.read_text(encoding="utf-8"))
    board = docs.parent / "benchmark.md"
    if board.exists():
        yield board, MARK.sub(lambda match: benchmark_table(match, board), board.read_text(encoding="utf-8"))


def benchmark_table(match: re.Match[str], board: Path) -> str:
    """The rows of a version of the benchmark: of policies of two acts (``v1``), or of three (``v1-restarts``); or the
    best policy of three acts minus each other (``v1-restarts-paired``).
    """
    version, *words = match[2].split("-")
    rows = [(path, load_row(path)) for path in sorted(board.with_suffix("").glob("*/row.json"))]
    shown = {one["policy"]: path for path, one in rows if (one["version"], one["restarts"]) == (version, bool(words))}
    best_first = ordered(one for path, one in rows if path in shown.values())
    if not shown:
        found = "No rows have been measured yet."
    elif "paired" in words:
        played = load_version(version)
        records = {name: shown[name].with_name("records.csv") for name in (one["policy"] for one in best_first)}
        found = paired_table(played, {name: read_records(path, played.prices) for name, path in records.items()})
    else:
        found = rows_table(best_first)
    return f"{match[1]}\n{found}\n\n{match[3]}"


@writes(lambda config: Places([config.docs]))
def run(config: Config) -> None:
    """Keep a run, if there is one to add, and write the pages that differ."""
    if config.add:
        atomic_write(config.docs / "records" / f"{config.name}.json", added(config).json())
    for path, text in pages(config.docs):
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            print(atomic_write(path, text))


if __name__ == "__main__":
    main(run, Config)
