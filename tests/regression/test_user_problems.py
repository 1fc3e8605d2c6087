"""Formulas as problems: typed, as records with ranges, in files; shown at points, known to the verifier, labelled."""

from __future__ import annotations

import json

import numpy as np
import pytest

from trm_gym.errors import ProblemError
from trm_gym.regression import RegressionTask
from trm_gym.regression.points import PRESENT, TARGET, points_of

TASK = RegressionTask()


def shown(problem) -> np.ndarray:
    points = points_of(TASK.encode(problem).numbers)[0]
    return points[points[:, PRESENT] > 0]


def test_a_typed_formula_is_shown_at_points_and_labelled():
    problems = TASK.encode("sin(x) + y^2")
    points = shown("sin(x) + y^2")
    np.testing.assert_allclose(points[:, TARGET], np.sin(points[:, 0]) + points[:, 1] ** 2)
    assert len(points) == 64 and not points[:, 2].any() and problems.level.tolist() == [-1]
    assert TASK.decode(problems.solution[0]) == "sin(x) + square(y)"
    assert TASK.verify(problems, problems.solution).solved.all()


def test_a_formula_that_does_not_fit_is_a_problem_without_a_label():
    problems = TASK.encode("atan(x) + 1")
    assert not problems.solution.any() and problems.truth.any() and TASK.fault(problems) == ""


def test_the_range_is_one_on_which_the_formula_has_values():
    assert shown("sqrt(x - 3)")[:, 0].min() >= 1.0 if len(shown("sqrt(x)")) else False
    assert shown("log(x)")[:, 0].min() >= 0.0


@pytest.mark.parametrize(
    ("problem", "match"),
    [
        ("sqrt(-1 - x^2)", "no value, or the same, almost everywhere"),
        ("3 + 4", "no variable"),
        ("x - x", "no value, or the same"),
        ("x +", "something is missing"),
        ("{}", "there are no rows"),
        ('{"expr": 3}', "expected an object with a formula as expr"),
        ("{'expr': 'x'}", "no JSON object"),
        ('{"expr": "x*w", "ranges": {"x": [1, 2]}}', "unknown name 'w'"),
        ('{"expr": "x", "ranges": 5}', "ranges are an object of ranges by variable, not 5"),
        ('{"expr": "x", "ranges": {"x": [2, 1]}}', "expected a range of low and high"),
        ('{"expr": "x", "ranges": {"x": "wide"}}', "expected a range of low and high"),
        ('{"expr": "x", "train": {"all": {"E": [0, 1, 0]}}}', "expected a range of low and high"),
        ('{"expr": "x", "train": {"all": {"E": [0, 1, 1e-30]}}}', "expected a range of low and high"),
        ('{"expr": "a+b+d+f", "ranges": {"a": [1, 2], "b": [1, 2], "d": [1, 2], "f": [1, 2]}}', "4 variables"),
        ('{"expr": "log(x)", "ranges": {"x": [-2, -1]}}', "no value, or the same"),
    ],
)
def test_a_fault_is_named(problem, match):
    with pytest.raises(ProblemError, match=match):
        TASK.encode(problem)


def test_records_have_ranges_of_their_own():
    points = shown({"expr": "m_0/sqrt(1-v**2/k**2)", "ranges": {"m_0": [1, 5], "v": [1, 2], "k": [3, 10]}})
    assert points[:, 1].min() >= 1 and points[:, 1].max() <= 2 and points[:, 2].min() >= 3 and len(points) == 64
    np.testing.assert_allclose(points[:, TARGET], points[:, 0] / np.sqrt(1 - (points[:, 1] / points[:, 2]) ** 2))
    grid = shown('{"expr": "x1^2", "train": {"all": {"E": [-1, 1, 0.1]}}}')
    np.testing.assert_allclose(grid[:, 0], np.arange(21) / 10 - 1, atol=1e-12)
    uniform = shown('{"expr": "x1*x2", "train": {"all": {"U": [0, 1, 20]}}}')
    assert len(uniform) == 20 and not np.allclose(uniform[:, 0], uniform[:, 1])


def test_ranges_go_with_the_names_of_variables_in_whichever_order_they_stand():
    spans = {"x2": {"U": [0.1, 1, 20]}, "x1": {"U": [5, 6, 20]}}
    for order in (spans, dict(reversed(spans.items()))):
        points = points_of(TASK.encode({"expr": "x1/x2", "train": order}).numbers)[0]
        shown = points[points[:, PRESENT] > 0]
        assert shown[:, 0].min() >= 5 and shown[:, 1].max() <= 1
        np.testing.assert_allclose(shown[:, TARGET], shown[:, 0] / shown[:, 1])
    for order in ({"y": [0, 1], "x": [5, 6]}, {"x": [5, 6], "y": [0, 1]}):
        points = points_of(TASK.encode({"expr": "x+y", "ranges": order}).numbers)[0]
        assert points[points[:, PRESENT] > 0][:, 0].min() >= 5


def test_files_of_formulas_and_records_hold_many(tmp_path):
    path = tmp_path / "formulas.txt"
    path.write_text("# mine\nx^2 + 1\nsin(x)*y\n\nnonsense(\n", encoding="utf-8")
    found = TASK.read_file(path)
    assert len(found.problems) == 2 and len(found.skipped) == 1 and "formulas.txt:5" in found.skipped[0]
    assert [entry.line for entry in TASK.entries(path)] == [2, 3, 5]
    records = tmp_path / "records.jsonl"
    records.write_text("\n".join(json.dumps({"name": n, "expr": f"x^{n}"}) for n in (2, 3, 4)), encoding="utf-8")
    assert len(TASK.read_file(records).problems) == 3
    with pytest.raises(ProblemError, match="3 problems: leave one"):
        TASK.encode(records)
    one = tmp_path / "one.txt"
    one.write_text("x^2\n", encoding="utf-8")
    assert TASK.decode(TASK.encode(one).solution[0]) == "square(x)"
    empty = tmp_path / "empty.jsonl"
    empty.write_text("", encoding="utf-8")
    with pytest.raises(ProblemError, match="holds no problem"):
        TASK.read_file(empty)


def test_a_table_in_a_file_is_one_problem(tmp_path):
    path = tmp_path / "data.txt"
    path.write_text("\n".join(f"{n / 4} {n**2}" for n in range(12)), encoding="utf-8")
    (entry,) = TASK.entries(path)
    assert len(TASK.read_file(path).problems) == 1
    np.testing.assert_array_equal(TASK.encode(entry.given()).numbers, TASK.encode(path).numbers)


def test_the_benchmarks_are_read(benchmarks):
    nguyen = TASK.read_file(benchmarks / "sr" / "nguyen_keijzer.jsonl")
    feynman = TASK.read_file(benchmarks / "sr" / "ai_feynman_100.jsonl")
    assert (len(nguyen.problems), len(nguyen.skipped), len(feynman.problems), len(feynman.skipped)) == (28, 0, 52, 48)
    for problems, labelled in ((nguyen.problems, 27), (feynman.problems, 48)):
        known = np.any(problems.solution, axis=1)
        assert known.sum() == labelled
        assert TASK.verify(problems[known], problems.solution[known]).solved.all()
    assert all("variables: at most 3" in fault for fault in feynman.skipped)
