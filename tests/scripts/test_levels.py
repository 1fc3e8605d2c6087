"""The tables of levels: what is measured, and that difficulty which means nothing is noticed."""

from __future__ import annotations

import numpy as np
import pytest

from scripts import levels
from scripts.levels import Config, course, depth, rising, run
from scripts.oracles import sudoku
from trm_gym.registration import make_task
from trm_gym.sudoku.geometry import geometry
from trm_gym.sudoku.solver import efforts_of


@pytest.mark.parametrize(
    ("text", "nested"),
    [
        ("x=3", 0),
        ("-12", 0),
        ("3+4", 1),
        ("3*x+4=10", 2),
        ("2*(3*x+4)+1=0", 4),
        ("x^2-1=0", 2),
        ("2*-3", 1),
        ("(3)", 0),
    ],
)
def test_depth(text, nested):
    assert depth(text) == nested


def test_groups_go_from_easy_to_hard():
    difficulty = np.array([4.0, 1, 3, 2, 6, 5, 8, 7])
    assert rising(difficulty, difficulty) == [1.5, 3.5, 5.5, 7.5]
    assert rising(difficulty, -difficulty) == [-1.5, -3.5, -5.5, -7.5]


def test_the_page(tmp_path):
    out = tmp_path / "levels.md"
    tasks = ("sudoku4x4", "arithmetic", "algebra", "maze11x11", "regression")
    run(Config(count=100, tasks=tasks, networks=False, out=out))
    page = out.read_text()
    for name in tasks:
        for level in make_task(name).levels:
            assert f"| {level.name} |" in page
    assert page.count(": rising\n") == 5 and page.count("MiniSat's conflicts: 0.0, 0.0, 0.0, 0.0: the same") == 1


def test_the_course_of_a_measure():
    assert course([1.0, 1.0, 2.0, 3.0]) == "rising"
    assert course([1.0, 3.0, 2.0, 4.0]) == "**not rising**" == course([4.0, 3.0, 2.0, 1.0])
    assert course([2.0, 2.0, 2.0, 2.0]).startswith("the same")


def test_conflicts_and_sweeps_count_what_a_proof_needs():
    # Arto Inkala, 2012; and a board whose last row is blank, where the rules alone leave one digit each.
    hard = "8..........36......7..9.2...5...7.......457.....1...3...1....68..85...1..9....4.."
    solved = np.array(sudoku.sat_solutions(read(hard), 9)[0], np.uint8)
    plain = np.where(np.arange(81) < 72, solved, 0).astype(np.uint8)
    few, many = sudoku.conflicts(np.stack([plain, read(hard)]), np.stack([solved, solved]))
    assert few == 0 and many > 20
    efforts = efforts_of(np.stack([plain, read(hard)]), geometry(9))
    assert efforts[0].tolist() == [1, 0, 0, 1]
    assert efforts[1, 2] > 5 and efforts[1, 3] > efforts[1, :2].sum() + 2 * efforts[1, 2]
    with pytest.raises(ValueError, match="more than one solution"):
        sudoku.conflicts(np.zeros((1, 81), np.uint8), solved[None])


def read(text):
    return np.array([0 if sign == "." else int(sign) for sign in text], np.uint8)


def test_a_difficulty_that_means_nothing_fails(tmp_path, monkeypatch):
    monkeypatch.setitem(levels.MEASURES, "arithmetic", (lambda task, problems: {"less": -problems.difficulty}, 1))
    with pytest.raises(SystemExit):
        run(Config(count=20, tasks=("arithmetic",), networks=False, out=tmp_path / "levels.md"))
    assert "**not rising**" in (tmp_path / "levels.md").read_text()
    monkeypatch.setitem(levels.MEASURES, "arithmetic", (lambda task, problems: {"none": 0.0 * problems.difficulty}, 1))
    with pytest.raises(SystemExit):
        run(Config(count=20, tasks=("arithmetic",), networks=False, out=tmp_path / "levels.md"))
