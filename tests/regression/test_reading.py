"""Points that people bring: in every form, and each fault with its place and what to do."""

from __future__ import annotations

import gzip
import io
import json
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trm_gym.errors import ProblemError
from trm_gym.regression import RegressionTask
from trm_gym.regression.points import PRESENT, TARGET, points_of
from trm_gym.regression.reading import read_named_points, read_points
from trm_gym.regression.tables import is_table

TASK = RegressionTask()
GRID = np.linspace(0.5, 4.0, 12)
DATA = np.column_stack([GRID, GRID[::-1], GRID**2 - GRID[::-1]])


def text(delimiter: str = ",", header: str = "", data: np.ndarray = DATA) -> str:
    lines = [delimiter.join(map(repr, row)) for row in data.tolist()]
    return "\n".join([*([header] if header else []), *lines])


def with_cell(value: object, row: int = 2, column: int = 0) -> str:
    lines = [list(map(str, line)) for line in DATA.tolist()]
    lines[row][column] = str(value)
    return "a,b,target\n" + "\n".join(",".join(line) for line in lines)


FORMS = {
    "commas": text(),
    "semicolons": text(";"),
    "tabs": text("\t", "a\tb\tc"),
    "spaces": text("   "),
    "bars": "| a | b | y |\n|---|---|---|\n" + "\n".join(f"| {a} | {b} | {c} |" for a, b, c in DATA.tolist()),
    "named": text(header="first,second,target"),
    "quoted": text(header='"a, b","c","f"'),
    "comments": "# a b y\n" + text(" ") + "\n# the end\n",
    "crlf": text(header="a,b,y").replace("\n", "\r\n"),
    "empty lines": text().replace("\n", "\n\n") + "\n\n",
    "list": json.dumps(DATA.tolist()),
    "numpy's print": f"array({DATA.tolist()})",
    "rows in JSON": json.dumps([dict(zip("aby", row, strict=True)) for row in DATA.tolist()]),
    "columns in JSON": json.dumps(dict(zip("aby", DATA.T.tolist(), strict=True))),
    "decimal commas": text(";").replace(".", ","),
    "typeset minus": text().replace("-", "\N{MINUS SIGN}"),
}


def test_names_go_with_their_columns():
    found, names = read_named_points(text(header="a,y,mass"))  # y is the target, as it is no input beside x
    assert names == ("a", "mass", "y")
    np.testing.assert_allclose(found, DATA[:, [0, 2, 1]])
    assert read_named_points(text())[1] == ("1", "2", "3")


@pytest.mark.parametrize("form", FORMS)
def test_text_in_every_form_is_read(form):
    assert is_table(FORMS[form])
    np.testing.assert_allclose(read_points(FORMS[form]), DATA)


def test_arrays_rows_pairs_and_frames_are_read():
    frame = SimpleNamespace(columns=["y", "a", "b"], to_numpy=lambda: DATA[:, [2, 0, 1]])
    named = np.array(list(map(tuple, DATA.tolist())), dtype=[(name, np.float64) for name in "abc"])
    for data in (DATA, DATA.tolist(), list(DATA), (DATA[:, :2], DATA[:, 2]), DATA.astype(np.float32), frame, named):
        np.testing.assert_allclose(read_points(data), DATA, rtol=1e-6)
    np.testing.assert_allclose(read_points((GRID, GRID**2)), np.column_stack([GRID, GRID**2]))


def test_files_are_read(tmp_path):
    np.save(tmp_path / "a.npy", DATA)
    (tmp_path / "a.csv").write_text(text(header="u,v,w"), encoding="utf-8-sig")
    (tmp_path / "a.txt").write_text(text(" "), encoding="utf-16")
    (tmp_path / "b.json").write_text(FORMS["columns in JSON"], encoding="utf-8")
    (tmp_path / "a.json").write_text(json.dumps(DATA.tolist(), indent=1), encoding="utf-8")
    (tmp_path / "a.jsonl").write_text(
        "\n".join(json.dumps(dict(zip("aby", row, strict=True))) for row in DATA.tolist()), encoding="utf-8"
    )
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(text().encode()))
    for name in ("a.npy", "a.csv", "a.txt", "a.json", "b.json", "a.jsonl", "a.csv.gz"):
        for path in (tmp_path / name, str(tmp_path / name)):
            np.testing.assert_allclose(read_points(path), DATA)
            found = points_of(TASK.encode(path).numbers)[0]
            np.testing.assert_allclose(found[:12, [0, 1, TARGET]], DATA)
            assert found[:, PRESENT].sum() == 12


@pytest.mark.parametrize(
    ("header", "target"),
    [
        *(("a,b,c", 2), ("target,a,b", 0), ("a,y,b", 1), ("a,f(x),b", 1), ("Y,a,b", 0)),
        *(("x,y,z", 2), ("x,y,target", 2), ("x,y,mass", 2), ("y,x,w", 2)),
    ],
)
def test_the_target_is_the_last_column_unless_one_is_called_so(header, target):
    found = read_points(text(header=header))
    np.testing.assert_allclose(found[:, -1], DATA[:, target])
    np.testing.assert_allclose(found[:, :-1], np.delete(DATA, target, axis=1))


def test_a_column_that_counts_the_rows_is_left_out():
    lines = [f"{number},{a},{c}" for number, (a, _, c) in enumerate(DATA.tolist())]
    np.testing.assert_allclose(read_points("\n".join([",x,y", *lines])), DATA[:, [0, 2]])


FAULTS = [
    (with_cell("nan"), "row 4, column a is empty: leave the row out, or fill it in"),
    (with_cell(""), "row 4, column a is empty"),
    (with_cell("red"), "row 4, column a holds 'red', which is no number"),
    (with_cell("inf", column=1), "row 4, column b is inf: .* too large"),
    (with_cell("1e300", column=2), "row 4, column target is 1e\\+300: .* too large"),
    (with_cell("1+2j"), "row 4, column a holds '1\\+2j', which is no number"),
    (text().replace("\n", "\n1,2\n", 1), "row 2 has 2 columns and the first has 3"),
    ("x\n" + "\n".join(map(str, GRID)), "one column only, x: the inputs are missing"),
    (text(data=np.hstack([DATA, DATA])), "5 columns of inputs .* at most 3"),
    (text(data=DATA[:7]), "there are 7 rows: give at least 8"),
    (text(data=np.column_stack([GRID, np.full(12, 3.5)])), "column 2, is 3.5 in all rows: there is nothing to find"),
    (
        text(data=np.column_stack([np.ones(12), GRID])),
        "the inputs \\(1\\) are the same in all rows: give rows in which",
    ),
    (text(data=np.column_stack([GRID, 1e-200 * GRID])), "column 2, varies by less than 1e-100: scale the column"),
    (DATA.astype(complex), "row 1, column 1 holds the complex number"),
    (np.full((12, 2), np.nan), "row 1, column 1 is NaN"),
    (np.zeros((3, 4, 5)), "an array of shape \\(3, 4, 5\\) is no table"),
    ([], "there are no rows"),
    ([[], []], "there are no columns"),
    ({"x": 3, "y": 4}, "columns by their names are lists of numbers, all equally long"),
    ({"x": [1, 2], "y": [[1], [2]]}, "columns by their names|row 1"),
    ("1,2\r3,4\n5,6", "there are"),
    ([[1, 2], [3]], "row 2 has 1 columns"),
    ([["a", 1]] * 9, "row 1, column 1 holds 'a'"),
    (5, "points are text, a file, rows or an array, not int"),
    ((DATA[:, :2], GRID[:4]), "12 rows of inputs and 4 targets"),
    ("nowhere.csv", "cannot read nowhere.csv"),
    ("nowhere.npy", "cannot read nowhere.npy"),
]


@pytest.mark.parametrize(("data", "match"), FAULTS)
def test_a_fault_is_named_with_its_place(data, match):
    with pytest.raises(ProblemError, match=match):
        TASK.encode(data)


@pytest.mark.parametrize("cell", ["{} m", "{}%", '"{}"'])
def test_a_table_without_a_plain_number_says_what_it_holds(tmp_path, cell):
    lines = [f"{cell},{cell}".format(*row) for row in DATA[:, :2].tolist()]
    path = tmp_path / "units.csv"
    path.write_text("a,b\n" + "\n".join(lines).replace(".", "," if '"' in cell else "."))
    with pytest.raises(ProblemError, match=r"no line holds a plain number \(line 2 is .*0"):
        read_points(path)


def test_a_pickle_is_not_opened(tmp_path):
    path = tmp_path / "evil.npy"
    with path.open("wb") as file:
        np.save(file, np.array([print], dtype=object), allow_pickle=True)
    with pytest.raises(ProblemError, match="no array of numbers"):
        TASK.encode(path)
    path.write_bytes(b"\x93NUMPY no array")
    with pytest.raises(ProblemError, match="cannot read"):
        TASK.encode(path)


def test_more_rows_than_the_canvas_are_sampled_and_that_is_said():
    many = np.column_stack([np.arange(500.0), np.arange(500.0) ** 2])
    problems = TASK.encode(many)
    points = points_of(problems.numbers)[0]
    assert points[:, PRESENT].all() and (np.diff(points[:, 0]) > 0).all()
    np.testing.assert_array_equal(points[:, TARGET], points[:, 0] ** 2)
    assert np.ptp(points[:, 0]) > 400 and "at most 64 rows are used" in TASK.remark(problems)
    assert TASK.remark(TASK.encode(many[:20])) == ""
    assert points_of(RegressionTask(512).encode(many).numbers)[0, :, PRESENT].sum() == 500
    np.testing.assert_array_equal(TASK.encode(many).numbers, problems.numbers)


def test_nobody_knows_the_function_of_a_person_s_data():
    problems = TASK.encode(DATA)
    assert not problems.truth.any() and not problems.solution.any() and problems.level.tolist() == [-1]
    assert TASK.fault(problems) == ""


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet='0123456789.,;|\t -+eEnaix#\n\r"[]()', max_size=200))
def test_any_text_is_points_or_a_problem_error(data):
    try:
        found = read_points(data + "\n")
    except ProblemError:
        return
    assert found.ndim == 2 and np.isfinite(found).all() and 2 <= found.shape[1] <= 4


def test_bytes_are_read_and_objects_refused():
    np.testing.assert_array_equal(TASK.encode(text().encode()).numbers, TASK.encode(DATA).numbers)
    with pytest.raises(ProblemError, match="these bytes are no text"):
        TASK.encode(b"\xff\xfe1,2")
    with pytest.raises(ProblemError, match="points are text"):
        TASK.encode(io.StringIO)  # pyright: ignore[reportArgumentType]


def test_line_ends_of_other_systems_and_lines_without_end():
    for end in ("\r", "\r\n"):
        np.testing.assert_array_equal(read_points(text().replace("\n", end)), read_points(text()))
    with pytest.raises(ProblemError, match=r"2 has|row 2|line 2"):
        read_points('1,2\n"' + "3" * 200_000 + '",4\n5,6\n')
