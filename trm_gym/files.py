"""The files that people bring, in the encodings that they have: what is wrong with one becomes a ProblemError."""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import stat
from collections.abc import Iterator
from typing import IO

from trm_gym.errors import ProblemError

Path = str | os.PathLike[str]

SUFFIXES = (".txt", ".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".sdk", ".sdm")
"""What text ends in that names a file."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins as UTF-16's does
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def file_of(problem: object) -> Path | None:
    """The path that stands for a problem: any path object, and text that ends in a file's suffix, such as .txt.

    None for other problems.
    """
    if isinstance(problem, str):
        return problem.strip() if problem[-20:].rstrip().lower().endswith(SUFFIXES) else None
    return problem if isinstance(problem, os.PathLike) else None


def check_regular(path: Path) -> None:
    """Raises ProblemError for a pipe or a device, which may have no end and can be read only once, if ever."""
    mode = os.stat(path).st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise ProblemError(f"cannot read {os.fspath(path)}: it is a pipe or a device; save what it gives as a file")


def file_text(path: Path, most: int) -> str:
    """The first ``most`` characters of a text file. Raises ProblemError."""
    with _opened(path) as file:
        return file.read(most)


def file_lines(path: Path, longest: int) -> Iterator[str]:
    """The lines of a text file without their ends, one longer than ``longest`` characters cut. Raises ProblemError."""
    with _opened(path) as file:
        while line := file.readline(longest + 1):
            whole = line
            while len(whole) > longest and not whole.endswith("\n"):
                whole = file.readline(1 << 16) or "\n"
            if "\0" in line:
                raise ValueError
            yield line.rstrip("\n")


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[IO[str]]:
    """A file as text: UTF-8, or UTF-16 and UTF-32 as they tell themselves; line ends of every system."""
    try:
        check_regular(path)
        with open(path, "rb") as raw, io.TextIOWrapper(raw, encoding=_encoding(raw.peek(4)[:4])) as file:
            yield file
    except ProblemError:
        raise
    except OSError as error:
        raise ProblemError(f"cannot read {os.fspath(path)}: {error.strerror or error}") from None
    except ValueError:  # Bytes that are no text, or a zero byte in the path.
        raise ProblemError(f"cannot read {os.fspath(path)!r}: not a text file; save it as text in UTF-8") from None


def _encoding(start: bytes) -> str:
    """How a file is written that begins so; UTF-16 without a mark is told by the zeros beside its plain letters."""
    marked = next((name for mark, name in _MARKS if start.startswith(mark)), None)
    if marked or len(start) < 4:
        return marked or "utf-8"
    zeros = [byte == 0 for byte in start]
    if zeros == [False, True, False, True]:
        return "utf-16-le"
    return "utf-16-be" if zeros == [True, False, True, False] else "utf-8"
