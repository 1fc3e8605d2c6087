"""A person's own puzzle: every form that is read, and every fault with its own message."""

from __future__ import annotations

import re
import time

import numpy as np
import pytest

from trm_gym.errors import ProblemError
from trm_gym.sudoku import SudokuTask
from trm_gym.sudoku.geometry import geometry
from trm_gym.sudoku.parsing import encode, read_file

EASY = "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79"
SOLVED = "534678912672195348198342567859761423426853791713924856961537284287419635345286179"
AMBIGUOUS = EASY.replace("5", ".").replace("3", ".")  # Its 5s and 3s may change places.
TASK = SudokuTask(9)


def cells() -> np.ndarray:
    return np.array([0 if letter == "." else int(letter) for letter in EASY], np.uint8)


def pretty() -> str:
    rows = ["|".join(EASY[9 * row + start :][:3] for start in (0, 3, 6)) for row in range(9)]
    return "\n---+---+---\n".join("\n".join(rows[band : band + 3]) for band in (0, 3, 6)) + "\n"


@pytest.mark.parametrize(
    "form",
    [
        EASY,
        EASY.replace(".", "0"),
        EASY.replace(".", "_"),
        pretty(),
        cells().tolist(),
        tuple(cells().tolist()),
        cells(),
        cells().astype(np.int64).reshape(9, 9),
        cells().reshape(9, 9).tolist(),
        [EASY[9 * row :][:9] for row in range(9)],
        list(EASY),
    ],
    ids=["dots", "zeros", "underscores", "drawn", "list", "tuple", "array", "square", "nested", "rows", "letters"],
)
def test_every_form_of_a_puzzle(form):
    problems = TASK.encode(form)
    assert TASK.decode(problems.problem[0]) == EASY
    assert TASK.decode(problems.solution[0]) == SOLVED
    assert problems.level.tolist() == [-1]
    assert problems.difficulty[0] > 0


def test_files_of_one_puzzle(tmp_path):
    path = tmp_path / "mine.txt"
    path.write_text(pretty())
    for form in (path, str(path), f" {path}\n"):
        assert TASK.decode(TASK.encode(form).problem[0]) == EASY


@pytest.mark.parametrize(
    ("problem", "message"),
    [
        (EASY[:-1], "80 cells found: expected 81 cells, 9 rows of 9"),
        (EASY + "1", "82 cells found: expected 81"),
        ("", "0 cells found"),
        ([], "0 cells or rows found"),
        ([0] * 80, "80 cells or rows found"),
        (cells().reshape(9, 9).tolist()[:8], "8 cells or rows found"),
        ([*cells().reshape(9, 9).tolist()[:8], [0] * 8], "row 9 has length 8"),
        (np.zeros((3, 3, 9), int), r"an array of shape \(3, 3, 9\) is no puzzle"),
        (np.zeros(80, int), r"shape \(80,\)"),
        ("y" + EASY[1:], "'y' at character 1 is no cell of a 9x9 sudoku: use the digits 1-9"),
        ("²" + EASY[1:], "at character 1 is no cell"),
        ([10] + [0] * 80, "10 in row 1, column 1 is no cell"),
        ([0] * 80 + [-1], "-1 in row 9, column 9"),
        ([0.5] + [0] * 80, "0.5 in row 1"),
        ([True] + [0] * 80, "True in row 1"),
        ([2j] * 81, "2j in row 1, column 1"),
        (np.full(81, 2.5), "2.5 in row 1"),
        (np.full(81, 2.0), "2 stands twice in row 1"),
        (None, "not NoneType"),
        (5, "not int"),
        ("55" + EASY[2:], "5 stands twice in row 1, at row 1, column 1 and row 1, column 2"),
        ("6" + EASY[1:], "6 stands twice in column 1, at row 1, column 1 and row 2, column 1"),
        (EASY[:2] + "6" + EASY[3:], "6 stands twice in box 1, at row 1, column 3 and row 2, column 1"),
        ("12345678." + "." * 8 + "9" + "." * 63, "no solution"),
        ("nowhere.txt", "cannot read nowhere.txt: No such file"),
        ("\0.txt", "cannot read"),
        ("5" * 10**7, "10000000 characters is too long"),
        ([0] * 10**6, "1000000 cells or rows found"),
    ],
)
def test_every_fault_has_its_own_message(problem, message):
    began = time.perf_counter()
    with pytest.raises(ProblemError, match=message):
        TASK.encode(problem)
    assert time.perf_counter() - began < 2


def test_the_second_solution_that_is_named_is_one():
    with pytest.raises(ProblemError, match=r"more than one solution: row \d, column \d can be \d or \d") as caught:
        encode(AMBIGUOUS, geometry(9))
    row, column, first, second = (int(number) for number in re.findall(r"\d", str(caught.value)))
    for digit in (first, second):
        puzzle = np.array([0 if letter == "." else int(letter) for letter in AMBIGUOUS], np.uint8)
        puzzle[9 * (row - 1) + column - 1] = digit
        TASK.solve(puzzle)


def test_an_unsolvable_puzzle_that_is_hard_to_refute_is_refused_soon():
    with pytest.raises(ProblemError, match="no solution"):
        TASK.encode(".....5.8....6.1.43..........1.5........1.6...3.......553.....61........4.........")


def test_other_sizes():
    six = SudokuTask(6)
    with pytest.raises(ProblemError, match="36 cells, 6 rows of 6"):
        six.encode("." * 81)
    with pytest.raises(ProblemError, match="'7' at character 1 is no cell of a 6x6 sudoku: use the digits 1-6"):
        six.encode("7" + "." * 35)


def test_files_of_many_puzzles(tmp_path):
    path = tmp_path / "many.txt"
    path.write_text(f"#puzzle\tsolution\n{EASY}\t{SOLVED}\t30\n\n{EASY}\t-\n{EASY}\n")
    assert len(read_file(path, 9)) == 3
    faults = {
        f"{EASY}\n{EASY[1:]}\n": ":2: 80 cells found",
        f"{EASY}\t{SOLVED[::-1]}\n": ":1: the solution beside the puzzle does not solve it",
        f"{EASY}\t{SOLVED[:80]}.\n": ":1: the solution beside the puzzle does not solve it",
        f"# none\n{AMBIGUOUS}\n": ":2: the puzzle has more than one solution",
        "# none\n": ": no puzzle in it",
    }
    for text, message in faults.items():
        path.write_text(text)
        with pytest.raises(ProblemError, match=message):
            read_file(path, 9)
    path.write_text(f"{AMBIGUOUS}\n")
    assert len(read_file(path, 9, unique=False)) == 1
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ProblemError, match="not a text file"):
        read_file(path, 9)


def test_a_file_of_non_unique_puzzles_names_the_line(benchmarks):
    with pytest.raises(ProblemError, match=r"9x9_nonunique_100.txt:2: the puzzle has more than one solution"):
        read_file(benchmarks / "sudoku" / "9x9_nonunique_100.txt", 9)


@pytest.mark.parametrize("puzzle", ["." * 81, AMBIGUOUS])
def test_one_puzzle_with_several_solutions_is_taken_as_in_a_file(puzzle, tmp_path):
    path = tmp_path / "several.txt"
    path.write_text(f"{EASY}\n{puzzle}\n")
    one, two = TASK.encode(puzzle), TASK.read_file(path).problems
    assert np.array_equal(one.problem[0], two.problem[1])
    other = np.array([[int(digit) for digit in SOLVED]], np.uint8)
    assert TASK.verify(one, one.solution).solved[0] and TASK.verify(one, other).solved[0], "any solution counts"
    assert TASK.remark(one) == "the puzzle has more than one solution: any of them counts"
    assert TASK.remark(two) == "1 of 2 puzzles have more than one solution: any of them counts"
    assert TASK.remark(TASK.encode(EASY)) == ""
