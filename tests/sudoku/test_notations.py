"""Sudokus out of spreadsheets, web pages, messages and programs: the same cells, or a refusal that helps."""

from __future__ import annotations

import json

import pytest

from trm_gym.errors import ProblemError
from trm_gym.sudoku import SudokuTask
from trm_gym.sudoku.reading import size_of

TASKS = {size: SudokuTask(size) for size in (4, 6, 9)}
PUZZLES = {
    size: [task.decode(row) for level in range(len(task.levels)) for row in task.generate(2, level, "test", 7).problem]
    for size, task in TASKS.items()
}


def rows(text: str) -> list[str]:
    size = round(len(text) ** 0.5)
    return [text[start : start + size] for start in range(0, len(text), size)]


def cells(text: str, blank: str = "") -> list[list[str]]:
    return [[blank if cell == "." else cell for cell in row] for row in rows(text)]


def columns(text: str, sign: str, blank: str = "") -> str:
    return "\n".join(sign.join(row) for row in cells(text, blank))


def letters(text: str) -> str:
    return ",".join("ABCDEFGHI"[: len(rows(text))])


FORMS = {
    "tabs": lambda text: columns(text, "\t"),
    "commas": lambda text: columns(text, ","),
    "semicolons below sep": lambda text: "sep=;\n" + columns(text, ";"),
    "quoted columns": lambda text: "\n".join(",".join(f'"{cell}"' for cell in row) for row in cells(text)),
    "letters above": lambda text: letters(text) + "\n" + columns(text, ","),
    "names above": lambda text: ",".join(f"c{n}" for n in range(len(rows(text)))) + "\n" + columns(text, ","),
    "numbers around": lambda text: (
        "," + ",".join(map(str, range(len(rows(text))))) + "\n"
        + "\n".join(f"{n}," + ",".join(row) for n, row in enumerate(cells(text, "0")))
    ),
    "floats": lambda text: "\n".join(",".join(f"{cell}.0" if cell else "" for cell in row) for row in cells(text)),
    "savetxt": lambda text: "\n".join(" ".join(f"{int(cell):.18e}" for cell in row) for row in cells(text, "0")),
    "nan": lambda text: "\n".join(" ".join(f"{cell}.0" if cell else "NaN" for cell in row) for row in cells(text)),
    "one row": lambda text: ",".join(cell for row in cells(text) for cell in row),
    "markdown": lambda text: "\n".join("| " + " | ".join(row) + " |" for row in cells(text, " ")).replace(
        "\n", "\n" + "|---" * len(rows(text)) + "|\n", 1
    ),
    "drawn": lambda text: "\n".join("║" + "│".join(f" {cell} " for cell in row) + "║" for row in cells(text, " ")),
    "latex package": lambda text: "\n".join("|" + "|".join(row) + "|." for row in cells(text, " ")),
    "latex table": lambda text: "\\hline\n" + columns(text, " & ") .replace("\n", " \\\\\n") + " \\\\ \\hline",
    "keycaps": lambda text: "".join(f"{cell}\ufe0f\u20e3" if cell != "." else "⬜" for cell in text),
    "arabic": lambda text: "".join(chr(0x660 + int(cell)) if cell != "." else "." for cell in text),
    "circled": lambda text: "".join(chr(0x245F + int(cell)) if cell != "." else "□" for cell in text),
    "typeset": lambda text: "".join(chr(0x1D7CE + int(cell)) if cell != "." else "~" for cell in text),
    "dashes": lambda text: "\n".join(rows(text.replace(".", "–"))),
    "zeros as letters": lambda text: text.replace(".", "O"),
    "bytes": lambda text: text.encode(),
    "object": lambda text: json.dumps({"puzzle": text}),
    "mapping": lambda text: {"Quizzes": text},
    "assigned": lambda text: f"puzzle = '{text}'",
    "assigned list": lambda text: f"grid = {[[int(cell) for cell in row] for row in cells(text, '0')]}",
    "matlab": lambda text: "A = [" + "; ".join(" ".join(row) for row in cells(text, "0")) + "];",
    "c": lambda text: "int a[9][9] = {{" + "},\n{".join(",".join(row) for row in cells(text, "0")) + "}};",
    "quoted by >": lambda text: "\n".join(f"> {row}" for row in rows(text)),
    "numbered": lambda text: "\n".join(f"{n}) {row}" for n, row in enumerate(rows(text), 1)),
    "rules of =": lambda text: "=====\n" + "\n".join(rows(text)) + "\n=====",
    "typographic quotes": lambda text: "\n".join(f"“{row}”," for row in rows(text)),
    "fenced": lambda text: "```text\n" + "\n".join(rows(text)) + "\n```",
    "line separators": lambda text: "\u2028".join(rows(text)),
    "escaped": lambda text: "\\r\\n".join(rows(text)),
    "address": lambda text: "https://example.org/play.htm?bd=" + text.replace(".", "0"),
    "xml": lambda text: f'<game data="{text}"/>',
    "sentence": lambda text: f"Please solve {text} for me",
}  # fmt: skip


@pytest.mark.parametrize("size", TASKS)
@pytest.mark.parametrize("form", FORMS)
def test_ways_of_writing_a_sudoku(form, size):
    for puzzle in PUZZLES[size]:
        text = FORMS[form](puzzle)
        assert TASKS[size].decode(TASKS[size].encode(text).problem[0]) == puzzle
        assert size_of(text) == size


@pytest.mark.parametrize("size", TASKS)
def test_spaces_where_cells_are_blank(size):
    for puzzle in PUZZLES[size]:
        lines = [row.replace(".", " ") for row in rows(puzzle)]
        if "" in map(str.strip, lines) or not any(" " in line.rstrip() for line in lines):
            continue
        for text in ("\n".join(lines), "\n".join(map(str.rstrip, lines)), "\n".join(f"|{line}|" for line in lines)):
            assert TASKS[size].decode(TASKS[size].encode(text).problem[0]) == puzzle


FILES = {
    "columns in JSON": lambda puzzles: json.dumps({"puzzle": puzzles, "solution": ["-"] * len(puzzles)}),
    "pandas": lambda puzzles: json.dumps({"id": {"0": 1}, "puzzle": dict(enumerate(puzzles))}),
    "pandas, split": lambda puzzles: json.dumps({"columns": ["id", "puzzle"], "data": [[1, p] for p in puzzles]}),
    "rows of a viewer": lambda puzzles: json.dumps(
        {"features": [{"name": "x"}], "rows": [{"row_idx": 0, "row": {"puzzle": p}} for p in puzzles]}
    ),
    "nested lines": lambda puzzles: "\n".join(json.dumps({"data": {"puzzle": p}}) for p in puzzles),
    "by id": lambda puzzles: json.dumps({f"p{n}": {"puzzle": p} for n, p in enumerate(puzzles)}),
    "splits": lambda puzzles: json.dumps({"train": [{"puzzle": p} for p in puzzles[:1]],
                                          "test": [{"puzzle": p} for p in puzzles[1:]]}),
    "colons": lambda puzzles: "\n".join(f"{p}:1:2.0" for p in puzzles),
    "bars": lambda puzzles: "\n".join(f"{p}|easy" for p in puzzles),
    "rules of =": lambda puzzles: "\n========\n".join("\n".join(rows(p)) for p in puzzles),
    "tabs": lambda puzzles: "\n\n".join(columns(p, "\t") for p in puzzles),
    "commas": lambda puzzles: "\n".join(columns(p, ",") for p in puzzles),
    "columns on a line": lambda puzzles: "\n".join(columns(p, ",").replace("\n", ",") for p in puzzles),
    "c": lambda puzzles: "\n".join("{" + ",".join(p.replace(".", "0")) + "}," for p in puzzles),
    "quoted rows": lambda puzzles: "puzzle,level\n" + "\n".join('"' + "\n".join(rows(p)) + '",1' for p in puzzles),
    "markdown": lambda puzzles: "| puzzle | level |\n|---|---|\n" + "\n".join(f"| {p} | 1 |" for p in puzzles),
    "assigned": lambda puzzles: "puzzles = [\n" + "\n".join(f"    '{p}'," for p in puzzles) + "\n]",
    "yaml": lambda puzzles: "\n".join(f"puzzle: {p}" for p in puzzles),
}  # fmt: skip


@pytest.mark.parametrize("form", FILES)
def test_files_of_many(form, tmp_path):
    path = tmp_path / "many.txt"
    for size in (4, 9):
        path.write_text(FILES[form](PUZZLES[size]), encoding="utf-8")
        read = TASKS[size].read_file(path).problems
        assert [TASKS[size].decode(row) for row in read.problem] == PUZZLES[size]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("5.300704E+80", "is what a spreadsheet made of a puzzle: mark the column as text"),
        (PUZZLES[4][0].replace(".", "0").lstrip("0")[:15], "15 cells found.*spreadsheets drop zeros at the start"),
        ({"puzzle": 53}, "a number loses zeros and digits, write it in quotes"),
        ({"clues": 5}, "expected a field problem, puzzle.* got clues"),
        (columns(PUZZLES[9][0], ",").replace(",", "", 1), "expected 81 cells"),
        ("\n".join(row.replace(".", " ")[:8] + "12" for row in rows(PUZZLES[9][0])), "expected 81 cells"),
    ],
)
def test_what_is_none_is_refused_with_what_to_do(text, message):
    with pytest.raises(ProblemError, match=message):
        TASKS[9].encode(text)


def test_a_first_line_with_a_slip_is_no_title(tmp_path):
    path = tmp_path / "slip.txt"
    path.write_text(PUZZLES[9][0][:40] + "ab" + PUZZLES[9][0][42:] + "\n" + PUZZLES[9][1], encoding="utf-8")
    with pytest.raises(ProblemError, match=r"slip\.txt:1: '.' at"):
        TASKS[9].read_file(path)


def test_a_stray_quote_swallows_nothing(tmp_path):
    path = tmp_path / "stray.csv"
    path.write_text("puzzle,note\n" + "".join(f'{p},a 5" wide\n' for p in PUZZLES[9][:3]), encoding="utf-8")
    assert [TASKS[9].decode(row) for row in TASKS[9].read_file(path).problems.problem] == PUZZLES[9][:3]
