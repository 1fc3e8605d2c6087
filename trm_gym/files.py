"""The files that people bring, in the encodings that they have: what is wrong with one becomes a ProblemError."""

from __future__ import annotations

import codecs
import contextlib
import gzip
import io
import os
import stat
import zlib
from collections.abc import Iterator
from typing import IO

from trm_gym.errors import ProblemError

Path = str | os.PathLike[str]

SUFFIXES = (".txt", ".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".sdk", ".sdm", ".md", ".dat", ".gz", ".zip")
SUFFIXES = (*SUFFIXES, ".xlsx", ".xls", ".ods", ".parquet", ".npy", ".npz", ".pdf", ".png", ".jpg", ".html", ".htm")
"""What text ends in that names a file, be it one that is read or one that is refused."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins as UTF-16's does
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

_PACKED = b"\x1f\x8b"
_OTHERS = {
    b"PK\x03\x04": "a zip archive, a workbook or an .npz file: unpack it, or save its sheet as CSV",
    b"BZh": "packed by bzip2: unpack it, or pack it by gzip",
    b"\xfd7zXZ": "packed by xz: unpack it, or pack it by gzip",
    b"7z\xbc\xaf": "a 7z archive: unpack it",
    b"Rar!": "a rar archive: unpack it",
    b"\x28\xb5\x2f\xfd": "packed by zstd: unpack it, or pack it by gzip",
    b"\xd0\xcf\x11\xe0": "an old workbook: save its sheet as CSV",
    b"PAR1": "Parquet: save it as CSV or JSON lines, by pandas' to_csv or datasets' to_json",
    b"ARROW1": "Arrow: save it as CSV or JSON lines, by datasets' to_json",
    b"\x93NUMPY": "an array of NumPy's: load it, and give the array",
    b"SQLite format 3": "a database: save its table as CSV",
    b"\x80\x04": "a pickle, which could run code: save it as CSV or JSON",
    b"\x80\x05": "a pickle, which could run code: save it as CSV or JSON",
    b"%PDF": "a PDF: copy the problem out of it as text",
    b"\x89PNG": "a picture: write the problem as text",
    b"\xff\xd8\xff": "a picture: write the problem as text",
    b"GIF8": "a picture: write the problem as text",
    b"<!DOCTYPE": "a web page: copy the problem out of it as text",
    b"<!doctype": "a web page: copy the problem out of it as text",
    b"<html": "a web page: copy the problem out of it as text",
    b"<?xml": "XML: copy the problem out of it as text",
}
"""What people have that is no text, by how it begins, and what to do about it."""


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
    """A file as text, packed by gzip or not: UTF-8, or UTF-16 and UTF-32 as they tell themselves; line ends of every
    system.
    """
    try:
        check_regular(path)
        with contextlib.ExitStack() as opened:
            raw = opened.enter_context(open(path, "rb"))
            if raw.peek(2)[:2] == _PACKED:
                raw = io.BufferedReader(opened.enter_context(gzip.GzipFile(fileobj=raw)))
            start = raw.peek(16)
            if other := next((said for mark, said in _OTHERS.items() if start.startswith(mark)), ""):
                raise ProblemError(f"cannot read {os.fspath(path)}: it is {other}")
            yield opened.enter_context(io.TextIOWrapper(raw, encoding=_encoding(start[:4])))
    except ProblemError:
        raise
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise ProblemError(f"cannot read {os.fspath(path)}: it is packed, and damaged; pack it again") from None
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
