"""Solving a file of many problems: JSON lines out, whole or absent, and taken up again after an interruption.

Results are appended to a file beside the one asked for, which takes its place when all are there. What belongs to the
same problems, network and settings is told by a digest in that file's name.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.common.console import Progress
from agents.inference.engine import Result
from agents.inference.solver import Solver
from agents.rollouts.unroll import BATCH
from trm_gym.errors import ProblemError

FLUSH_EVERY = 64
_CHUNK = 1 << 20


@dataclass(frozen=True)
class FileSummary:
    """What came of a file: problems, how many are solved, how many are none, the mean steps of the others."""

    problems: int
    solved: int
    bad: int
    steps: float


def problem_lines(path: Path) -> Iterator[str]:
    """The problems of a file, one a line: its first column (tabs part them), or the field problem of a JSON object.

    Empty lines and those that start with # are skipped. Raises ProblemError for a file that cannot be read.
    """
    try:
        with path.open(encoding="utf-8") as file:
            for line in file:
                if (text := line.strip("\r\n")).strip() and not text.startswith("#"):
                    yield _problem(text)
    except OSError as error:
        raise ProblemError(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ProblemError(f"cannot read {path}: not a text file") from None


def _problem(line: str) -> str:
    if line.lstrip().startswith("{"):
        try:
            return str(json.loads(line)["problem"])
        except (ValueError, KeyError, RecursionError):
            return line  # the task will say that it is no problem
    return line.split("\t")[0]


def solve_file(
    solver: Solver, data: Path, out: Path, rule: str, max_steps: int, price: float, slots: int = BATCH
) -> FileSummary:
    """Solve every problem of ``data``; a line of ``out`` for each, in order. Interrupted, a second call goes on.

    Raises ProblemError for a file without problems, ValueError for an unknown rule.
    """
    count = sum(1 for _ in problem_lines(data))
    if not count:
        raise ProblemError(f"{data} holds no problem: expected one a line")
    partial = out.with_name(f".{out.name}.{_digest(solver, data, rule, max_steps, price)}.partial")
    partial.parent.mkdir(parents=True, exist_ok=True)
    done = _whole_lines(partial)
    texts: deque[str] = deque()  # of problems under way: no more than the engine lets wait

    def stream() -> Iterator[str]:
        for number, text in enumerate(problem_lines(data)):
            if number >= done:
                texts.append(text)
                yield text

    with partial.open("a", encoding="utf-8") as file, Progress(count, "solve") as bar:
        solved = 0
        for result in solver.stream(stream(), max_steps, rule, price, slots):
            number = done + result.index
            file.write(json.dumps(as_record(solver, number, texts.popleft(), result)) + "\n")
            solved += result.solved
            if number % FLUSH_EVERY == 0:
                file.flush()
            bar.update(number + 1, solved=solved / (result.index + 1))
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, out)
    return _summary(out)


def as_record(solver: Solver, number: int, text: str, result: Result) -> dict[str, Any]:
    """One line of the output."""
    if result.answer is None:
        return {"index": number, "problem": text, "error": result.error}
    return {
        "index": number,
        "problem": text,
        "answer": solver.task.decode(result.answer),
        "solved": result.solved,
        "steps": result.steps,
        "confidence": round(result.confidence, 6),
    }


def _whole_lines(path: Path) -> int:
    """How many lines stand in a file; one that was cut off while it was written is taken out. 0 without a file."""
    if not path.exists():
        return 0
    lines = end = at = 0
    with path.open("r+b") as file:
        while chunk := file.read(_CHUNK):
            lines += chunk.count(b"\n")
            if b"\n" in chunk:
                end = at + chunk.rindex(b"\n") + 1
            at += len(chunk)
        file.truncate(end)
    return lines


def _digest(solver: Solver, data: Path, rule: str, max_steps: int, price: float) -> str:
    """Tells apart what must not share a file: other problems, another network, other settings."""
    found = hashlib.blake2b(json.dumps([solver.task.name, rule, max_steps, price]).encode(), digest_size=8)
    with data.open("rb") as file:
        while chunk := file.read(_CHUNK):
            found.update(chunk)
    modules = (solver.checkpoint.model, *solver.checkpoint.heads.values())
    for module in modules:
        for part in module.state_dict().values():
            found.update(part.detach().cpu().contiguous().numpy().tobytes())
    return found.hexdigest()


def _summary(out: Path) -> FileSummary:
    problems = solved = bad = steps = 0
    with out.open(encoding="utf-8") as file:
        for record in map(json.loads, file):
            problems += 1
            bad += "error" in record
            solved += record.get("solved", False)
            steps += record.get("steps", 0)
    return FileSummary(problems, solved, bad, steps / max(1, problems - bad))
