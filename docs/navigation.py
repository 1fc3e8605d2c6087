"""A hook of MkDocs: entries of the navigation may hold a star, so that a new page needs no line of its own."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator
from typing import Any

Entry = str | dict[str, Any]


def on_files(files: Any, config: Any) -> Any:
    """Replace the entries with stars by the files that they match, in the order of their names."""
    paths = sorted(file.src_uri for file in files.documentation_pages())
    named: set[str] = set()
    config["nav"] = list(expanded(config["nav"], paths, named))
    return files


def expanded(entries: Iterable[Entry], paths: list[str], named: set[str]) -> Iterator[Entry]:
    """The entries with their stars made out: each path once, where it is named first; what is not there is left out."""
    for entry in entries:
        if isinstance(entry, dict):
            sections = {title: list(expanded(inside, paths, named)) for title, inside in entry.items()}
            yield from ({title: inside} for title, inside in sections.items() if inside)
            continue
        for path in paths:
            # A star does not reach into folders, which have sections of their own.
            if path not in named and path.count("/") == entry.count("/") and fnmatch.fnmatchcase(path, entry):
                named.add(path)
                yield path
