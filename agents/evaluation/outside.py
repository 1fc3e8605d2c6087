"""Problems from a file that somebody else made, for what measures a network on them."""

from __future__ import annotations

from pathlib import Path

from trm_gym.errors import ProblemError
from trm_gym.problems import ImportedProblems
from trm_gym.task import Task


def read_outside(data: Path, task: Task) -> ImportedProblems:
    """What a file holds for the task of a checkpoint. Raises ProblemError, saying what is wrong and where."""
    if not data.exists():
        raise ProblemError(f"skipped {data}: there is no such file; give the path of a file with problems")
    try:
        return task.read_file(data)
    except ProblemError as error:
        raise ProblemError(f"{error} (the checkpoint was trained on {task.name})") from None


def remarks(found: ImportedProblems, task: Task) -> list[str]:
    """What to know of them, a sentence each: how many were left out, the first of these, and what the task remarks."""
    told = []
    if found.skipped:
        count, one = len(found.skipped), found.skipped[0]
        told.append(f"skipped, not problems of {task.name}: {count}{', such as' if count > 1 else ':'} {one}")
    if remark := task.remark(found.problems):
        told.append(f"Note: {remark}.")
    return told
