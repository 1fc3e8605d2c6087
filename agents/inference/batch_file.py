"""Solving a file of many problems: JSON lines out, whole or absent, and taken up again after an interruption.

Results are appended to a file beside the one asked for, which takes its place when all are there. What belongs to the
same problems, network and settings is told by a digest in that file's name.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.common.console import Progress
from agents.common.signals import GOES_ON, ending
from agents.inference.engine import Item, Result
from agents.inference.solver import Solver
from agents.rollouts.unroll import BATCH
from trm_gym.atomic_io import naming, sync_folder
from trm_gym.errors import ProblemError
from trm_gym.written.answers import renamed

FLUSH_EVERY = 64
_CHUNK = 1 << 20
_LONGEST = 1 << 24
"""Bytes of an answer's line at most."""


@dataclass(frozen=True)
class FileSummary:
    """What came of a file: problems, how many are solved, how many are none, the mean steps of the others, and how many
    have several solutions, any of which counts.

    groups: how many are solved, and of how many, by what stands in the column that was asked for.
    """

    problems: int
    solved: int
    bad: int
    steps: float
    several: int
    groups: Mapping[str, tuple[int, int]]


def solve_file(
    solver: Solver, data: Path, out: Path, rule: str, max_steps: int, price: float, slots: int = BATCH, by: str = ""
) -> FileSummary:
    """Solve every problem of ``data``; a line of ``out`` for each, in order. Interrupted, a second call goes on.

    A signal ends it after the answer that is under way, with all answers on disk: ``Ended``.

    data: in any form that ``Task.entries`` reads. by: a column of it by whose values the answers are counted, none by
    default. Raises ProblemError for a file without problems, or without that column; ValueError for an unknown rule.
    """
    count = _count(solver, data, by)
    partial = out.with_name(f".{out.name}.{_digest(solver, data, [rule, max_steps, price, *[by] * bool(by)])}.partial")
    partial.parent.mkdir(parents=True, exist_ok=True)
    done = _whole_lines(partial)
    waiting: deque[dict[str, Any]] = deque()  # what is known of problems under way: no more than the engine lets wait

    def stream() -> Iterator[Item]:
        for entry in itertools.islice(solver.task.entries(data), done, None):
            text = entry.problem if isinstance(entry.problem, str) else json.dumps(entry.problem)
            waiting.append({"problem": text, **({"group": str(entry.fields.get(by, ""))} if by else {})})
            try:
                problems = solver.task.encode(given := entry.given())
            except ProblemError as error:
                yield ProblemError(f"line {entry.line}: {error}")
                continue
            waiting[-1]["names"] = solver.task.names(given)
            if remark := solver.task.remark(problems):
                waiting[-1]["remark"] = remark
            if readings := solver.task.readings(given):
                waiting[-1]["read"] = dict(readings)
            yield problems

    bar = Progress(count, "solve", done=done)
    with ending() as asked, naming(out), partial.open("a", encoding="utf-8") as file, bar:
        solved = 0
        for result in solver.stream(stream(), max_steps, rule, price, slots, done):
            number = done + result.index
            file.write(json.dumps(as_record(solver, number, waiting.popleft(), result)) + "\n")
            solved += result.solved
            if number % FLUSH_EVERY == 0:
                file.flush()
            bar.update(number + 1, solved=solved / (result.index + 1))
            if asked:
                break
        file.flush()
        os.fsync(file.fileno())
        if asked:
            asked.end(f"answers to {_whole_lines(partial)} of {count} problems are kept, {GOES_ON}")
    return _finished(partial, out)


def _count(solver: Solver, data: Path, by: str) -> int:
    """How many problems a file holds. Raises ProblemError where there is none, or no column ``by``."""
    count, columns = 0, dict[str, None]()
    for entry in solver.task.entries(data):
        count += 1
        columns.update(dict.fromkeys(entry.fields))
    if not count:
        raise ProblemError(f"{data} holds no problem: expected one a line")
    if by and by not in columns:
        known = ", ".join(list(columns)[:8]) or "no column with a name"
        raise ProblemError(f"{data} has no column {by[:40]!r} to count by: it has {known}")
    return count


def as_record(solver: Solver, number: int, known: dict[str, Any], result: Result) -> dict[str, Any]:
    """One line of the output. known: the problem as text, its letters, what a person should know of it."""
    names = known.pop("names", {})
    if result.answer is None:
        return {"index": number, **known, "error": result.error}
    return {
        "index": number,
        **known,
        "answer": renamed(solver.task.answer_text(result.answer), names),
        "solved": result.solved,
        "steps": result.steps,
        "confidence": round(result.confidence, 6),
        **({"starts": result.starts} if result.starts > 1 else {}),
    }


def _whole_lines(path: Path) -> int:
    """How many answers stand in a file, one after another; what follows them is taken out. 0 without a file.

    That is a line which was cut off while it was written, or damage: the power may fail before all is on the disk.
    """
    if not path.exists():
        return 0
    lines = end = 0
    with path.open("r+b") as file:
        while _answers(file.readline(_LONGEST), lines):
            lines, end = lines + 1, file.tell()
        file.truncate(end)
    return lines


def _answers(line: bytes, number: int) -> bool:
    """Whether a line is the answer to problem ``number``."""
    try:
        record = json.loads(line) if line.endswith(b"\n") else None
    except (ValueError, RecursionError):
        return False
    return isinstance(record, dict) and record.get("index") == number


def _digest(solver: Solver, data: Path, settings: list[Any]) -> str:
    """Tells apart what must not share a file: other problems, another network, other settings."""
    found = hashlib.blake2b(json.dumps([solver.task.name, *settings]).encode(), digest_size=8)
    with data.open("rb") as file:
        while chunk := file.read(_CHUNK):
            found.update(chunk)
    modules = (solver.checkpoint.model, *solver.checkpoint.heads.values())
    for module in modules:
        for part in module.state_dict().values():
            found.update(part.detach().cpu().contiguous().numpy().tobytes())
    return found.hexdigest()


def _finished(partial: Path, out: Path) -> FileSummary:
    """All answers are in their place, and what came of them."""
    os.replace(partial, out)
    sync_folder(out.parent)
    problems = solved = bad = steps = several = 0
    groups: dict[str, tuple[int, int]] = {}
    with out.open(encoding="utf-8") as file:
        for record in map(json.loads, file):
            problems += 1
            bad += "error" in record
            solved += record.get("solved", False)
            steps += record.get("steps", 0)
            several += "remark" in record
            if "group" in record and "error" not in record:
                right, of = groups.get(record["group"], (0, 0))
                groups[record["group"]] = right + record["solved"], of + 1
    return FileSummary(problems, solved, bad, steps / max(1, problems - bad), several, groups)
