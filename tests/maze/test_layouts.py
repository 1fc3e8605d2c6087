"""Mazes whose lines are cut, filled up, indented or in columns: the same cells."""

from __future__ import annotations

import json

import numpy as np
import pytest

from trm_gym.errors import ProblemError
from trm_gym.maze import MazeTask

TASK = MazeTask(11)
MAZES = [
    TASK.decode(row)
    for level in range(len(TASK.levels))
    for row in TASK.generate(12, level, "test", 6).problem
]  # fmt: skip
SPACED = [maze.replace(".", " ") for maze in MAZES]


def rows(maze: str, end: str = "") -> list[str]:
    return [row + end for row in maze.split("\n")]


def cut(maze: str) -> str:
    return "\n".join(row.rstrip() for row in rows(maze))


def numbers(maze: str) -> list[list[int]]:
    return [[".#SG".index(sign) for sign in row] for row in rows(maze)]


FORMS = {
    "blanks at all line ends": lambda maze: "\n".join(rows(maze.replace(".", " "), "  ")),
    "blanks at one line end": lambda maze: maze.replace(".", " ").replace("\n", "  \n", 1),
    "blanks behind dots": lambda maze: "\n".join(row + " " * (at % 4) for at, row in enumerate(rows(maze))),
    "indented": lambda maze: "\n".join("    " + row for row in rows(maze.replace(".", " "))),
    "indented dots": lambda maze: "\n".join("  " + row for row in rows(maze)),
    "in three quotes": lambda maze: '"""\n' + maze.replace(".", " ") + '\n"""',
    "assigned": lambda maze: f"maze = {rows(maze)}",
    "quoted rows": lambda maze: "\n".join(f'"{row}",' for row in rows(maze)),
    "quoted by >": lambda maze: "\n".join(f"> {row}" for row in rows(maze)),
    "spaces between": lambda maze: "\n".join(" ".join(row) for row in rows(maze)),
    "commas between": lambda maze: "\n".join(",".join(row) for row in rows(maze)),
    "tabs between": lambda maze: "\n".join("\t".join(row) for row in rows(maze)),
    "numbers": lambda maze: "\n".join(" ".join(map(str, row)) for row in numbers(maze)),
    "numbers by commas": lambda maze: "\n".join(",".join(map(str, row)) for row in numbers(maze)),
    "savetxt": lambda maze: "\n".join(" ".join(f"{cell:.18e}" for cell in row) for row in numbers(maze)),
    "mixed list": lambda maze: [[{2: "r", 3: "g"}.get(cell, cell) for cell in row] for row in numbers(maze)],
    "emoji": lambda maze: maze.translate(str.maketrans({"#": "⬛", ".": "⬜", "S": "🟩", "G": "🟥"})),
    "squares": lambda maze: maze.replace("#", "■").replace(".", "□"),
    "object": lambda maze: json.dumps({"maze": rows(maze)}),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_layout(form):
    for maze in MAZES:
        assert TASK.decode(TASK.encode(FORMS[form](maze)).problem[0]) == maze, FORMS[form](maze)


def closed(maze: str) -> bool:
    """Whether the top row, the bottom row and the last column are told by signs."""
    lines = [row.rstrip() for row in rows(maze.replace(".", " "))]
    return bool(lines[0] and lines[-1])


def test_blanks_that_an_editor_cut():
    known = [maze for maze in MAZES if closed(maze)]
    assert len(known) > 60
    for maze in known:
        for text in (cut(maze.replace(".", " ")), "\n" + cut(maze.replace(".", " ")) + "\n   "):
            assert TASK.decode(TASK.encode(text).problem[0]) == maze, text


def test_files_of_cut_mazes(tmp_path):
    """Empty rows within a maze do not end it where an end of it is missing."""
    path, maze = tmp_path / "cut.txt", "S # #\n     \n# # #\n    G\n#####"
    task = MazeTask(5)
    path.write_text(f"{cut(maze)}\n\n{cut(maze)}\n", encoding="utf-8")
    read = task.read_file(path)
    assert not read.skipped and (read.problems.problem == task.encode(maze).problem).all() and len(read.problems) == 2
    path.write_text(f"#####\n#S..#\n#####\n\n{maze}\n", encoding="utf-8")
    read = task.read_file(path)
    assert len(read.problems) == 1 and "the maze has no G" in read.skipped[0], "one that lacks an end stays alone"


def test_a_map_of_frozen_lake():
    for lake in ("SFFF\nFHFH\nFFFH\nHFFG", ["SFFF", "FHFH", "FFFH", "HFFG"]):
        grid = TASK.encode(lake).problem.reshape(11, 11)[:4, :4]
        assert grid.tolist() == [[2, 0, 0, 0], [0, 1, 0, 1], [0, 0, 0, 1], [1, 0, 0, 3]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (" _______\n|S| |  _|\n|___|__G|", r"walls drawn as lines \(\| and _\) stand between cells"),
        ("*****\n*S.G*\n*****", r"\* is read as a path .* write # for a wall"),
        ("#####\n#S.G\n#####", "row 2 has 4 cells and row 1 has 5: make all rows equally long"),
        ({"maze": [[0, 0], [0, 0]], "start": [0, 0]}, "the maze has no S"),
    ],
)
def test_what_might_be_read_wrongly_is_refused(text, message):
    with pytest.raises(ProblemError, match=message):
        TASK.encode(text)


def test_bars_as_walls_and_columns_of_a_table():
    assert TASK.encode("|||||\n|S G|\n|||||").problem.reshape(11, 11)[1, :5].tolist() == [1, 2, 0, 3, 1]
    table = "| # | # | # |\n|---|---|---|\n| S |   | G |\n| # | # | # |"
    assert np.array_equal(TASK.encode(table).problem, TASK.encode("###\nS.G\n###").problem)
