"""Solving a file of many problems: JSON lines out, whole or absent, and taken up again after an interruption.

Results are appended to a file beside the one asked for, which takes its place when all are there. What belongs to the
same problems, network and settings is told by a digest in that file's name.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.common.console import Progress
from agents.common.signals import GOES_ON, ending
from agents.inference.engine import Item, Result
from agents.inference.solver import Solver
from agents.rollouts.unroll import BATCH
from trm_gym.atomic_io import atomic_write, naming, sync_folder
from trm_gym.errors import ProblemError
from trm_gym.task import Task
from trm_gym.written.answers import renamed

FLUSH_EVERY = 64
_CHUNK = 1 << 20
_LONGEST = 1 << 24
"""Bytes of an answer's line at most."""


@dataclass(frozen=True)
class Part:
    """The problems of a file that are of one size, by their numbers from 0 on, rising, and what answers them."""

    solver: Solver
    rule: str
    max_steps: int
    numbers: Sequence[int]


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
    parts: Sequence[Part], data: Path, out: Path, price: float, slots: int = BATCH, by: str = ""
) -> FileSummary:
    """Solve the problems of ``data``, part after part; a line of ``out`` for each, in the order of the file.

    A signal ends it after the answer that is under way, with all answers on disk: ``Ended``. A second call goes on.

    data: in any form that ``Task.entries`` reads. by: a column of it by whose values the answers are counted, none by
    default. Raises ProblemError for a file without that column; ValueError for an unknown rule.
    """
    _check_column(parts[0].solver.task, data, by)
    order = [number for part in parts for number in part.numbers]
    partial = out.with_name(f".{out.name}.{_digest(parts, data, [price, *[by] * bool(by)])}.partial")
    partial.parent.mkdir(parents=True, exist_ok=True)
    done = _whole_lines(partial, order)
    bar = Progress(len(order), "solve", done=done)
    with ending() as asked, naming(out), partial.open("a", encoding="utf-8") as file, bar:
        solved = bad = 0
        for answered, record in enumerate(_records(parts, data, price, slots, by, done), 1):
            file.write(json.dumps(record) + "\n")
            solved += record.get("solved", False)
            bad += "error" in record
            if answered % FLUSH_EVERY == 0:
                file.flush()
            bar.update(done + answered, solved=solved / max(1, answered - bad))
            if asked:
                break
        file.flush()
        os.fsync(file.fileno())
        if asked:
            asked.end(f"answers to {_whole_lines(partial, order)} of {len(order)} problems are kept, {GOES_ON}")
    _put(partial, out, order)
    return _summary(out)


def _records(
    parts: Sequence[Part], data: Path, price: float, slots: int, by: str, done: int
) -> Iterator[dict[str, Any]]:
    """The lines of the output, part after part, without the first ``done`` ones."""
    for part in parts:
        first, done = min(done, len(part.numbers)), max(0, done - len(part.numbers))
        if first == len(part.numbers):
            continue
        waiting: deque[dict[str, Any]] = deque()  # what is known of problems under way: as many as the engine lets wait
        stream = _items(part, data, by, first, waiting)
        for result in part.solver.stream(stream, part.max_steps, part.rule, price, slots, first):
            yield as_record(part.solver, part.numbers[first + result.index], waiting.popleft(), result)


def _items(part: Part, data: Path, by: str, first: int, waiting: deque[dict[str, Any]]) -> Iterator[Item]:
    """A part's problems from its ``first`` on; what is known of each goes into ``waiting``."""
    task, wanted = part.solver.task, iter(part.numbers[first:])
    number = next(wanted, None)
    for place, entry in enumerate(task.entries(data)):
        if place != number:
            continue
        number = next(wanted, None)
        text = entry.problem if isinstance(entry.problem, str) else json.dumps(entry.problem)
        waiting.append({"problem": text, **({"group": str(entry.fields.get(by, ""))} if by else {})})
        try:
            problems = task.encode(given := entry.given())
        except ProblemError as error:
            yield ProblemError(f"line {entry.line}: {error}")
            continue
        waiting[-1]["names"] = task.names(given)
        if remark := task.remark(problems):
            waiting[-1]["remark"] = remark
        if readings := task.readings(given):
            waiting[-1]["read"] = dict(readings)
        yield problems


def _check_column(task: Task, data: Path, by: str) -> None:
    """Raise ProblemError where a file has no column ``by``, if there is one to count by."""
    columns = dict.fromkeys(name for entry in task.entries(data) for name in entry.fields) if by else {by: None}
    if by not in columns:
        known = ", ".join(list(columns)[:8]) or "no column with a name"
        raise ProblemError(f"{data} has no column {by[:40]!r} to count by: it has {known}")


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


def _whole_lines(path: Path, order: Sequence[int]) -> int:
    """How many answers stand in a file, to problems in that order; what follows them is taken out. 0 without a file.

    That is a line which was cut off while it was written, or damage: the power may fail before all is on the disk.
    """
    if not path.exists():
        return 0
    lines = end = 0
    with path.open("r+b") as file:
        while lines < len(order) and _answers(file.readline(_LONGEST), order[lines]):
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


def _digest(parts: Sequence[Part], data: Path, settings: list[Any]) -> str:
    """Tells apart what must not share a file: other problems, other networks, other settings."""
    named = [(part.solver.task.name, part.rule, part.max_steps) for part in parts]
    found = hashlib.blake2b(json.dumps([named, *settings]).encode(), digest_size=8)
    with data.open("rb") as file:
        while chunk := file.read(_CHUNK):
            found.update(chunk)
    modules = [part.solver.checkpoint for part in parts]
    for module in (module for one in modules for module in (one.model, *one.heads.values())):
        for part in module.state_dict().values():
            found.update(part.detach().cpu().contiguous().numpy().tobytes())
    return found.hexdigest()


def _put(partial: Path, out: Path, order: Sequence[int]) -> None:
    """All answers in their place, in the order of the problems; ``order`` is the one that they have been found in."""
    if order == sorted(order):
        os.replace(partial, out)
        sync_folder(out.parent)
        return
    with partial.open("rb") as file:
        found = dict(zip(order, file, strict=True))
    atomic_write(out, b"".join(found[number] for number in sorted(found)))
    partial.unlink()


def _summary(out: Path) -> FileSummary:
    """What came of a file, from its answers."""
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
