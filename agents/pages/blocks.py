"""What a page is made of: blocks that can be written in Markdown and in HTML."""

from __future__ import annotations

import abc
import base64
import html
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

from agents.evaluation.tables import markdown_table

_BOLD = re.compile(r"\*\*(.+?)\*\*")
_CELLS = re.compile(r"(?<!\\)\|")
_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }}
div.table {{ overflow-x: auto; }}
table {{ border-collapse: collapse; font-size: .85rem; margin: 1rem 0; }}
th, td {{ border-bottom: 1px solid #8888; padding: .2rem .6rem; text-align: right; white-space: nowrap; }}
@media (max-width: 40rem) {{ td:first-child {{ white-space: normal; min-width: 8rem; }} }}
th:first-child, td:first-child {{ text-align: left; }}
img {{ max-width: 100%; background: #fff; }}
pre {{ overflow-x: auto; font-size: .85rem; }}
</style>
</head>
<body>
"""


class Block(abc.ABC):
    """A part of a page."""

    @abc.abstractmethod
    def markdown(self, folder: Path) -> str:
        """As Markdown of a file in ``folder``."""

    @abc.abstractmethod
    def html(self) -> str:
        """As HTML that needs no other file."""


@final
@dataclass(frozen=True)
class Heading(Block):
    """A heading; level 1 is the page's title."""

    text: str
    level: int = 2

    def markdown(self, folder: Path) -> str:
        return f"{'#' * self.level} {self.text}"

    def html(self) -> str:
        return f"<h{self.level}>{_inline(self.text)}</h{self.level}>"


@final
@dataclass(frozen=True)
class Text(Block):
    """A paragraph; of Markdown it knows ** alone."""

    text: str

    def markdown(self, folder: Path) -> str:
        return self.text

    def html(self) -> str:
        return f"<p>{_inline(self.text)}</p>"


@final
@dataclass(frozen=True)
class Table(Block):
    """Rows below a header."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self, folder: Path) -> str:
        return markdown_table(self.header, self.rows)

    def html(self) -> str:
        head = "".join(f"<th>{_inline(cell)}</th>" for cell in self.header)
        rows = ["".join(f"<td>{_inline(cell)}</td>" for cell in row) for row in self.rows]
        body = "\n".join(f"<tr>{row}</tr>" for row in rows)
        return f'<div class="table"><table>\n<tr>{head}</tr>\n{body}\n</table></div>'


@final
@dataclass(frozen=True)
class Picture(Block):
    """A PNG file, and what is seen on it."""

    path: Path
    seen: str

    def markdown(self, folder: Path) -> str:
        return f"![{self.seen}](<{Path(os.path.relpath(self.path, folder)).as_posix()}>)"

    def html(self) -> str:
        data = base64.b64encode(self.path.read_bytes()).decode()
        return f'<p><img alt="{html.escape(self.seen)}" src="data:image/png;base64,{data}"></p>'


@final
@dataclass(frozen=True)
class Listing(Block):
    """A text as it stands, folded away."""

    text: str
    title: str

    def markdown(self, folder: Path) -> str:
        ticks = "`" * max(3, 1 + max((len(found) for found in re.findall("`+", self.text)), default=0))
        return f"<details><summary>{self.title}</summary>\n\n{ticks}\n{self.text.rstrip()}\n{ticks}\n\n</details>"

    def html(self) -> str:
        return f"<details><summary>{html.escape(self.title)}</summary>\n<pre>{html.escape(self.text)}</pre></details>"


def of_markdown(text: str) -> Iterator[Block]:
    """Paragraphs, headings and tables of a text, such as this project's reports write."""
    for part in re.split(r"\n\s*\n", text.strip()):
        lines = part.strip().splitlines()
        if len(lines) > 1 and all(line.startswith("|") for line in lines):
            header, _, *rows = [_cells(line) for line in lines]
            yield Table(header, rows)
        elif part.startswith("#"):
            marks, _, title = part.partition(" ")
            yield Heading(title, len(marks))
        elif part.strip():
            yield Text(" ".join(lines))


def _cells(line: str) -> list[str]:
    return [cell.strip().replace("\\|", "|") for cell in _CELLS.split(line.strip())[1:-1]]


def _inline(text: str) -> str:
    return _BOLD.sub(r"<strong>\1</strong>", html.escape(text))


def page_markdown(blocks: Sequence[Block], folder: Path) -> str:
    """A page as a Markdown file in ``folder``."""
    return "\n\n".join(block.markdown(folder) for block in blocks) + "\n"


def page_html(blocks: Sequence[Block], title: str) -> str:
    """A page as one HTML file, its pictures within."""
    body = "\n".join(block.html() for block in blocks)
    return f"{_HEAD.format(title=html.escape(title))}{body}\n</body>\n</html>\n"
