"""Results that are kept: a record says in JSON what was run and what came of it, and a page is written from it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from agents.evaluation.headline import headline
from agents.evaluation.tables import markdown_table, report_markdown
from trm_gym.atomic_io import atomic_write
from trm_gym.json_files import read_json
from trm_gym.short_repr import short_repr

OLD_WORDS = {
    "as learnt": "without tuning",
    "two-heads": "two classifiers",
    "rule-checker": "verifier",
    "way %": "oracle gap closed %",
    "judge-first": "policy-delay",
    "bar-lr": "threshold-lr",
    "times": "halting-steps",
    "own-price": "env-price",
}
"""Words of the version before in the tables of older records, and those that a page has instead."""


LEVEL = re.compile(r"([\w-]+)(?: \(.*\))?")
"""The source of a report on one level."""


@short_repr
@dataclass(frozen=True)
class Record:
    """One experiment.

    name: of its file and of its page. commands, commit, date: how to get the same figures, and from what code they
    came, when. runs: networks and seeds. taught: how halting heads were taught, where that is not the default.
    summary: two sentences. tables: each a report (``Report.plain``), or {caption, header, rows}, or {caption,
    reports_of}, which is the headline of other records' reports; all may have a title. figures: what is seen and the
    file, from the page. notes: what else is to be known, a claim each. above: how many tables stand above the notes,
    the others below, under a heading; 0: all above.
    """

    name: str
    title: str
    commands: Sequence[str]
    commit: str
    date: str
    runs: str
    summary: Sequence[str]
    tables: Sequence[Mapping[str, Any]]
    source: str = "the run's own report"
    taught: str = ""
    figures: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()
    above: int = 0

    def json(self) -> str:
        """The record as its file has it."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n"


def load_record(path: Path) -> Record:
    """The record of a file. Raises ValueError, naming the file, where it is none."""
    try:
        record = Record(**read_json(path))
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path} is no record of a result ({error}): add it with scripts/results.py") from error
    if record.name != path.stem:
        raise ValueError(f"{path} holds the record {record.name!r}: name the file {record.name}.json")
    return record


def levels_measured(folder: Path, task: str) -> Iterator[tuple[str, str, str, str]]:
    """Level, number of test problems, steps and right answers (%) of every report on one level of a task.

    folder: that of the records, in whose order they come.
    """
    for path in sorted(folder.glob("*.json")):
        for report in load_record(path).tables:
            level = LEVEL.fullmatch(report.get("source", ""))
            if level and report["task"] == task:
                right = ", ".join(f"{100 * share:.1f}" for share in report["accuracy_at"].values())
                yield level[1], f"{report['n']:,}", ", ".join(report["accuracy_at"]), right


def page(record: Record, records: Mapping[str, Record]) -> str:
    """The page of a record, in Markdown; records: all of them, by name, of which a headline table is made."""
    facts = [("measured", record.date), ("commit", record.commit), ("networks and seeds", record.runs)]
    facts += [("halting heads", record.taught)] if record.taught else []
    facts += [("figures", record.source)]
    commands, first = "\n".join(record.commands), record.above or len(record.tables)
    below = [part for table in record.tables[first:] for part in section(table, records)]
    parts = [
        f"<!-- Written by scripts/results.py from records/{record.name}.json. -->",
        f"# {record.title}",
        " ".join(record.summary),
        f"```sh\n{commands}\n```",
        markdown_table(["", ""], facts),
        *(part for table in record.tables[:first] for part in section(table, records)),
        *(f"![{seen}]({file})" for seen, file in record.figures.items()),
        "\n".join(f"- {note}" for note in record.notes),
        *(["## In full", *(re.sub("^## ", "### ", part) for part in below)] if below else []),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def section(table: Mapping[str, Any], records: Mapping[str, Record]) -> list[str]:
    """A table of a record: its title, what is above it, and itself. Raises ValueError where a record is not there."""
    title = [f"## {table['title']}"] if table.get("title") else []
    if "accuracy_at" in table:
        return [*title, report_markdown(table).rstrip()]
    if missing := [name for name in table.get("reports_of", ()) if name not in records]:
        raise ValueError(f"a table is made of the records {', '.join(missing)}, which are not there")
    if "reports_of" in table:
        table = {**table, **headline([part for name in table["reports_of"] for part in records[name].tables])}
    return [*title, plain_table(table)]


def plain_table(table: Mapping[str, Any]) -> str:
    """A table {caption, header, rows} in the words of today."""
    header, *rows = [[in_new_words(cell) for cell in line] for line in (table["header"], *table["rows"])]
    caption = f"{table['caption']}\n\n" if table.get("caption") else ""
    return caption + markdown_table(header, rows)


def write_tables(folder: Path, tables: Sequence[Mapping[str, Any]]) -> str:
    """Write a run's own tables, {caption, header, rows}, as table.md and as the tables.json that a record takes."""
    text = "\n".join(f"{plain_table(table)}\n" for table in tables)
    atomic_write(folder / "table.md", text)
    atomic_write(folder / "tables.json", json.dumps(list(tables), indent=1) + "\n")
    return text


def in_new_words(cell: str) -> str:
    """A cell of a table; a rule's or an option's old name is replaced."""
    for old, new in OLD_WORDS.items():
        if cell == old or (" " in old and old in cell):
            cell = cell.replace(old, new)
    return cell
