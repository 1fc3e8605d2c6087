"""The files that people bring: whatever is wrong with one becomes a ProblemError that names it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from trm_gym.errors import ProblemError
from trm_gym.task import UserProblem

Path = str | os.PathLike[str]


def file_of(problem: UserProblem) -> Path | None:
    """The path that stands for a problem: any path object, and text that ends in .txt; None for other problems."""
    if isinstance(problem, str):
        return problem.strip() if problem.strip().endswith(".txt") else None
    return problem if isinstance(problem, os.PathLike) else None


def file_text(path: Path, most: int) -> str:
    """The first ``most`` characters of a text file. Raises ProblemError."""
    with _faults_of(path), open(path, encoding="utf-8") as file:
        return file.read(most)


def file_lines(path: Path, longest: int) -> Iterator[str]:
    """The lines of a text file, one longer than ``longest`` characters in several pieces. Raises ProblemError."""
    with _faults_of(path), open(path, encoding="utf-8") as file:
        while line := file.readline(longest + 1):
            yield line


@contextlib.contextmanager
def _faults_of(path: Path) -> Iterator[None]:
    try:
        yield
    except ProblemError:
        raise
    except OSError as error:
        raise ProblemError(f"cannot read {os.fspath(path)}: {error.strerror or error}") from None
    except ValueError:  # Bytes that are no UTF-8, or a zero byte in the path.
        raise ProblemError(f"cannot read {os.fspath(path)!r}: not a text file") from None
