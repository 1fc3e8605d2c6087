"""Sudokus as people write them, one by one and in files: whatever the form, the same cells."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trm_gym.errors import ProblemError
from trm_gym.sudoku import SudokuTask
from trm_gym.sudoku.reading import size_of

TASKS = {size: SudokuTask(size) for size in (4, 6, 9)}
PUZZLES = {
    size: [task.decode(row) for level in range(len(task.levels)) for row in task.generate(2, level, "test", 5).problem]
    for size, task in TASKS.items()
}
SOLVED = {size: [task.decode(task.encode(text).solution[0]) for text in PUZZLES[size]] for size, task in TASKS.items()}
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
BLANKS = ".0_*xX?-·•"


def rows(text: str) -> list[str]:
    size = round(len(text) ** 0.5)
    return [text[start : start + size] for start in range(0, len(text), size)]


def numbers(text: str) -> list[list[int]]:
    return [[int(cell.replace(".", "0")) for cell in row] for row in rows(text)]


def framed(text: str) -> str:
    height, width = {4: (2, 2), 6: (2, 3), 9: (3, 3)}[len(rows(text))]
    lines = ["| " + " | ".join(" ".join(row[at : at + width]) for at in range(0, len(row), width)) + " |"
             for row in rows(text)]  # fmt: skip
    rule = "+".join(["", *["-" * (2 * width + 1)] * (len(lines) // width), ""])
    bands = ["\n".join(lines[at : at + height]) for at in range(0, len(lines), height)]
    return "\n".join([rule, f"\n{rule}\n".join(bands), rule])


FORMS = {
    "line": lambda text: text,
    "rows": lambda text: "\n".join(rows(text)),
    "rows and a title": lambda text: "Grid 01\n" + "\n".join(rows(text)),
    "rows and a comment": lambda text: "# by hand, 2 stars\n" + "\n".join(rows(text)),
    "rows with spaces": lambda text: "\n".join(" ".join(row) for row in rows(text)),
    "rows on a line": lambda text: " ".join(rows(text)),
    "slashes": lambda text: "/".join(rows(text)),
    "typed line breaks": lambda text: "\\n".join(rows(text)),
    "commas": lambda text: ",".join(text),
    "rows of commas": lambda text: "\n".join(",".join(row) for row in rows(text)),
    "quoted rows": lambda text: str(rows(text)),
    "frame": framed,
    "windows": lambda text: "\ufeff" + "\r\n".join(rows(text)) + "\r\n",
    "full width": lambda text: "".join(chr(ord(cell) + 0xFEE0) if cell.isdigit() else cell for cell in text),
}
LISTS = {
    "python": lambda text: str(numbers(text)),
    "json": lambda text: json.dumps([cell for row in numbers(text) for cell in row]),
    "numpy": lambda text: repr(np.array(numbers(text))),
    "floats": lambda text: str(np.array(numbers(text), float)),
    "nothing": lambda text: str(numbers(text)).replace("0", "None"),
    "on lines": lambda text: json.dumps(numbers(text), indent=1),
}
OBJECTS = {
    "list": lambda text: numbers(text),
    "floats": lambda text: np.array(numbers(text), float),
    "not a number": lambda text: [[cell or np.nan for cell in row] for row in numbers(text)],
    "none": lambda text: [[cell or None for cell in row] for row in numbers(text)],
    "text": lambda text: [[str(cell) if cell else "" for cell in row] for row in numbers(text)],
}


@settings(max_examples=300, deadline=None)
@given(st.sampled_from((4, 6, 9)), st.integers(0, 5), st.sampled_from(sorted(FORMS)), st.sampled_from(BLANKS))
def test_every_sign_for_a_blank_in_every_layout(size, number, form, blank):
    puzzle = PUZZLES[size][number % len(PUZZLES[size])]
    text = FORMS[form](puzzle.replace(".", blank))
    assert TASKS[size].decode(TASKS[size].encode(text).problem[0]) == puzzle
    assert size_of(text) == size


@pytest.mark.parametrize("size", TASKS)
@pytest.mark.parametrize("form", [*LISTS, *OBJECTS])
def test_lists_as_text_and_as_objects(size, form):
    for puzzle in PUZZLES[size]:
        written = {**OBJECTS, **LISTS}[form](puzzle)
        assert TASKS[size].decode(TASKS[size].encode(written).problem[0]) == puzzle
        assert size_of(written) == size


@pytest.mark.parametrize("size", TASKS)
def test_what_is_drawn_can_be_pasted_back(size):
    task = TASKS[size]
    for level in range(len(task.levels)):
        problems = task.generate(3, level, "test", 1)
        for one in (problems[slice(at, at + 1)] for at in range(3)):
            for draft in (one.start[0], one.solution[0]):
                shown = task.draw_ansi(one, draft)
                for text in (shown, COLOURS.sub("", shown), COLOURS.sub("", shown) + "\nstep 0/16"):
                    cells = task.encode(text).problem[0]
                    assert np.array_equal(cells, np.where(one.free[0], draft, one.problem[0]))
            assert np.array_equal(task.read_draft(task.draft_text(one.solution[0])), one.solution[0])


def table(names: str, *columns: list[str], by: str = ",") -> str:
    return "\n".join([names, *(by.join(row) for row in zip(*columns, strict=True))]) + "\n"


def files(puzzles: list[str], solved: list[str]) -> dict[str, str]:
    count = [str(number) for number in range(len(puzzles))]
    zeros = [puzzle.replace(".", "0") for puzzle in puzzles]
    ids = [f"00{number}c3ab05f1" for number in count]
    return {
        "lines": "\n".join(puzzles),
        "sudoku-extreme": table("source,question,answer,rating", ["a b"] * len(count), puzzles, solved, count),
        "kaggle": table("quizzes,solutions", zeros, solved),
        "kaggle, no names": table("", zeros, solved),
        "index": table(",puzzle,solution,clues", count, zeros, solved, count),
        "semicolons": table("Puzzle;Solution", zeros, solved, by=";"),
        "quoted": table('"puzzle","solution"', [f'"{p}"' for p in puzzles], [f'"{s}"' for s in solved]),
        "spaces": table("", zeros, solved, by=" "),
        "a bank with ids": table("", ids, zeros, ["7.1"] * len(count), by=" "),
        "tabs": table("#puzzle\tsolution\tclues", zeros, solved, count, by="\t"),
        "json lines": "\n".join(json.dumps({"puzzle": p, "solution": s}) for p, s in zip(puzzles, solved, strict=True)),
        "json lines, q": "\n".join(json.dumps({"q": p, "a": s}) for p, s in zip(puzzles, solved, strict=True)),
        "json lines of lists": "\n".join(json.dumps({"question": numbers(p)}) for p in puzzles),
        "json": json.dumps([{"quizzes": p} for p in puzzles], indent=2),
        "json, held": json.dumps({"version": 1, "data": [{"Puzzle": p} for p in puzzles]}),
        "list of text": json.dumps(puzzles),
        "list of lists": json.dumps([numbers(p) for p in puzzles]),
        "lists on lines": "\n".join(str(numbers(p)) for p in puzzles),
        "numpy": "\n\n".join(str(np.array(numbers(p))) for p in puzzles),
        "titled rows": "\n".join(f"Grid {n}\n" + "\n".join(rows(p)) for n, p in zip(count, zeros, strict=True)),
        "rows, empty lines": "\n\n".join("\n".join(rows(p)) for p in puzzles),
        "rows alone": "\n".join("\n".join(rows(p)) for p in puzzles),
        "rows, dashes": "\n\n".join("\n".join(rows(p.replace(".", "-"))) for p in puzzles),
        "frames": "\n\n".join(f"Puzzle {n}:\n" + framed(p) for n, p in zip(count, puzzles, strict=True)),
        "a title above lines": "Puzzles of the week\n\n" + "\n".join(puzzles),
    }


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("form", files(PUZZLES[4], SOLVED[4]))
def test_files_of_many(form, encoding, tmp_path):
    for size in (4, 6, 9) if encoding == "utf-8" else (9,):
        puzzles, solved = PUZZLES[size][:4], SOLVED[size][:4]
        path = tmp_path / "many.txt"
        text = files(puzzles, solved)[form]
        path.write_bytes((text if encoding == "utf-8" else text.replace("\n", "\r\n")).encode(encoding))
        read = TASKS[size].read_file(path).problems
        assert [TASKS[size].decode(row) for row in read.problem] == puzzles
        assert [size_of(entry.given()) for entry in TASKS[9].entries(path)] == [size] * 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("53..7....\n6..195...\n.98....6\n8...6...3\n", "35 cells found.*line 3 has 8"),
        ("53..7....\n6..195...\n", "18 cells found"),
        ("\n".join(rows(PUZZLES[9][0][:-1] + "y")), "'y' at line 9, column 9 is no cell"),
        (PUZZLES[4][0], "16 cells found: expected 81 cells.*this is one of 4x4, for the task sudoku4x4"),
        ("[[5, 3], [1, 2]]", "2 cells or rows found"),
    ],
)
def test_refusals_help(text, message):
    with pytest.raises(ProblemError, match=message):
        TASKS[9].encode(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("puzzle,solution\n" + PUZZLES[9][0] + "\n,\n", ":3: no problem in ','"),
        ("puzzle,solution\n" + PUZZLES[9][0] + ",,\n", ":2: 3 columns where the first line names 2"),
        ('{"puzzle": "' + PUZZLES[9][0] + '"}\n{"puzzle": 5}\n', ":2: no problem in"),
        ('{"clues": 5}\n', ":1: no problem in .*expected a field problem, puzzle.* got clues"),
        ('{"puzzle": \n', ":1: no JSON object"),
        (PUZZLES[9][0] + "\nnonsense\n" + PUZZLES[9][0], ":2: 8 cells found|:2: 'n' at character 1"),
        ("Grid 1\n" + "\n".join(rows(PUZZLES[9][0])[:8]) + "\nGrid 2\n", ":2: 72 cells found"),
        (PUZZLES[9][0][1:] + "\t" + SOLVED[9][0], ":1: 80 cells found"),
        (PUZZLES[9][0][1:] + " " + SOLVED[9][0], ":1: 80 cells found"),
        (PUZZLES[9][0] + "," + SOLVED[9][0][::-1], ":1: the solution beside the puzzle"),
    ],
)
def test_faults_in_files_name_the_line(text, message, tmp_path):
    path = tmp_path / "bad.txt"
    path.write_text(text)
    with pytest.raises(ProblemError, match=message):
        TASKS[9].read_file(path)


def test_json_objects_in_a_list_on_one_line(tmp_path):
    path = tmp_path / "many.json"
    path.write_text(json.dumps([{"givens": puzzle} for puzzle in PUZZLES[4]]))
    assert [TASKS[4].decode(row) for row in TASKS[4].read_file(path).problems.problem] == PUZZLES[4]
