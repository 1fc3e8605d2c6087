"""Mazes that are drawn otherwise than with one character a cell, as rows that are: columns, frames, uneven lines."""

from __future__ import annotations

import re
from collections.abc import Sequence

from trm_gym.columns import cells_in_columns
from trm_gym.errors import ProblemError

_PAIRS = {wall * 2 for wall in "█▓▒░#"}
_FRAME = re.compile(r"\+(?:(?:---|   )\+)+")
_OPENS, _FEW = ".0_·□◻▫⬜", 2
_INDENTS = (4, 8)
_QUOTED = re.compile(r"\s*[\[(]?\s*([\"'])(.*)\1\s*[\])]?[,;]?\s*")


def unquoted(lines: Sequence[str]) -> list[str]:
    """The lines without quotes, and commas behind them, where all have some."""
    found = [_QUOTED.fullmatch(line) for line in lines]
    return [match[2] for match in found if match] if all(found) else list(lines)


def in_columns(lines: Sequence[str]) -> list[str] | None:
    """The rows of a maze whose cells stand in columns, see ``trm_gym.columns``; None for another."""
    rows = cells_in_columns("\n".join(lines)) if len(lines) > 1 else None
    if rows is None or any(len(cell) > 1 for row in rows for cell in row):
        return None
    # Bars are walls, unless there are others.
    if any("|" in line for line in lines) and not any(cell in "#█X1W" for row in rows for cell in row if cell):
        return None
    return ["".join(cell or " " for cell in row) for row in rows]


def frozen(rows: list[str]) -> list[str]:
    """The rows of a map of Gymnasium's FrozenLake, its holes (H) as walls and its ice (F) as open cells; others as they
    are.
    """
    if {"F", "H"} <= (signs := set("".join(rows).upper())) and signs <= set("SFHG"):
        return [row.upper().replace("F", ".").replace("H", "#") for row in rows]
    return rows


def parted(lines: Sequence[str]) -> tuple[int, list[str], int]:
    """The lines between the empty ones at both ends, and how many there are above and below."""
    width = max((len(line.rstrip()) for line in lines), default=0)
    full = [place for place, line in enumerate(lines) if line.strip() or (line and len(line) >= width)]
    if not full:
        return 0, list(lines), 0
    return full[0], list(lines[full[0] : full[-1] + 1]), len(lines) - 1 - full[-1]


def evened(lines: list[str], walls: str, above: int = 0, below: int = 0) -> list[str]:
    """The rows without what stands beside them, all as long: spaces are open cells, and editors cut them at line ends.

    walls: the signs of walls. above, below: empty lines there, which may be rows as well, where this makes a square.
    Raises ProblemError for walls that are drawn as lines, or that may be a path.
    """
    signs, others = set("".join(lines)), set("".join(lines)) & (set(walls) - {"|"})
    if {"|", "_", " "} <= signs and not others:
        raise ProblemError(
            "walls drawn as lines (| and _) stand between cells: write a row of cells a line, # for a wall"
        )
    if "*" in signs and not others and "|" not in signs and signs & set(_OPENS + " "):
        raise ProblemError("* is read as a path that is drawn in, and there is no wall: write # for a wall")
    if len(lines) < 2:
        return lines
    lines = _without_margins(lines, walls)
    bare = [line.rstrip(" ") for line in lines]
    width, longest = max(map(len, bare)), max(map(len, lines))
    spaces = " " in "".join(line.strip(" ") for line in bare) or not signs & set(_OPENS)
    if not spaces:
        return bare
    usual = max(set(map(len, lines)), key=list(map(len, lines)).count)
    if len(set(map(len, lines))) == 1 and not width <= len(lines) < longest:
        closed = all(len(line) == width and set(line[-1:]) <= set(walls) for line in bare)
        width = width if closed else longest
    elif usual > width and len(set(map(len, lines))) > 1:
        width = usual
    elif width < len(lines) <= max(longest, width + _FEW):
        width = len(lines)  # cut at the right in every row: mazes are square
    rows = [line.ljust(width) for line in bare]
    if width - len(rows) in range(1, _FEW + 1) and not _closed(rows, walls):
        top = min(above, width - len(rows))
        rows = [" " * width] * top + rows + [" " * width] * min(below, width - len(rows) - top)
    return rows


def _closed(rows: list[str], walls: str) -> bool:
    """Whether the first and the last row are walls alone."""
    return set(rows[0]) <= set(walls) and set(rows[-1]) <= set(walls)


def _without_margins(lines: list[str], walls: str) -> list[str]:
    """The lines without the spaces before all of them, where walls follow in every line, spaces are no cells, or what
    is left is a square.
    """
    margin = min((len(line) - len(line.lstrip(" ")) for line in lines if line.strip()), default=0)
    inside = [line[margin:] for line in lines]
    closed = all(line[:1] in walls for line in inside if line)
    if closed or " " not in "".join(inside).strip(" "):
        return inside
    indent = max(map(len, lines)) - len(lines)
    return [line[indent:] for line in lines] if indent in _INDENTS and indent <= margin else lines


def halved(lines: list[str]) -> list[str]:
    """The rows of a drawing with two characters a cell, ``██`` for a wall; others as they are."""
    width = max(map(len, lines), default=0)
    padded = [line.ljust(width + width % 2) for line in lines]
    pairs = [line[at : at + 2] for line in padded for at in range(0, len(line), 2)]
    doubled = any(pair in _PAIRS or pair == "· " for pair in pairs)
    if doubled and all(pair in _PAIRS or (pair[1] == " " and pair[0] not in "#█▓▒░") for pair in pairs):
        return [line[::2] for line in padded]
    return lines


def unframed(lines: list[str]) -> list[str]:
    """The rows of a maze drawn with ``+---+`` and ``|`` around cells of three characters, walls and cells in turn.

    Others are as they are.
    """
    if len(lines) < 3 or len(lines) % 2 == 0 or not all(_FRAME.fullmatch(line) for line in lines[::2]):
        return lines
    width = len(lines[0])
    between = [line.ljust(width) for line in lines[1::2]]
    cells = [line[at : at + 3].strip() for line in between for at in range(1, width, 4)]
    if any(len(line) != width for line in (*between, *lines[::2])) or any(len(cell) > 1 for cell in cells):
        return lines
    if any(line[at] not in "| " for line in between for at in range(0, width, 4)):
        return lines
    rows = []
    for line in (line.ljust(width) for line in lines):
        cell = [line[at : at + 3].strip()[:1] or " " for at in range(1, width, 4)]
        edges = [line[at] for at in range(0, width, 4)]
        rows.append("".join(edge + part for edge, part in zip(edges, [*cell, ""], strict=True)))
    return rows
