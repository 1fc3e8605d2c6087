"""The task: what is seen, what is refused, what is drawn, and what is worth nothing."""

from __future__ import annotations

import json

import gymnasium
import numpy as np
import pytest

from trm_gym.registration import make_task
from trm_gym.regression import RegressionTask
from trm_gym.regression.drafts import read_draft
from trm_gym.regression.layout import LENGTH, SLOTS, VOCAB
from trm_gym.regression.points import PRESENT, ROW, TARGET, points_of
from trm_gym.regression.programs import PROGRAM
from trm_gym.wrappers import TextObservation, TraceRecorder

TASK = make_task("regression")
assert isinstance(TASK, RegressionTask)
LEVEL = {level.name: index for index, level in enumerate(TASK.levels)}


def test_points_are_seen_as_single_precision_and_the_truth_is_not():
    env = gymnasium.make("TRM-Regression-v0", level="constants")
    seen, _ = env.reset(seed=1)
    problems = env.get_wrapper_attr("problems")
    points = points_of(problems.numbers)[0]
    assert set(seen) == {"points", "mask", "answer", "budget"}
    np.testing.assert_array_equal(seen["points"], points[:, :PRESENT].astype(np.float32))
    np.testing.assert_array_equal(seen["mask"], points[:, PRESENT])
    seen["points"][:] = 0
    assert env.get_wrapper_attr("problems").numbers.any()


@pytest.mark.parametrize("size", [8, 64, 512])
def test_a_size_is_the_most_points(size):
    task = make_task("regression", size)
    problems = task.generate(5, LEVEL["nodes5"], "test", 0)
    assert task.name == ("regression" if size == 64 else f"regression{size}")
    assert problems.numbers.shape == (5, ROW * size) and problems.truth.shape == (5, PROGRAM)
    assert task.verify(problems, problems.solution).solved.all()
    assert make_task(task.name) is task


@pytest.mark.parametrize("size", [7, 513, 20.5])
def test_another_size_is_refused(size):
    with pytest.raises(ValueError, match="the number of points of regression must be a whole number from 8 to 512"):
        RegressionTask(size)


def test_what_is_no_problem_is_told():
    problems = TASK.generate(3, LEVEL["nodes5"], "train", 0)
    assert TASK.fault(problems) == ""
    for place, value, match in ((PRESENT, 0.5, "is there"), (TARGET, np.nan, "finite")):
        spoilt = TASK.generate(3, LEVEL["nodes5"], "train", 0)
        points_of(spoilt.numbers)[1, 0, place] = value
        assert match in TASK.fault(spoilt)
    for code in (99.0, 3.5, -1.0, float(VOCAB - 1)):
        spoilt = TASK.generate(3, LEVEL["nodes5"], "train", 0)
        spoilt.truth[2, 0] = code
        assert "formula as a program" in TASK.fault(spoilt)


def test_a_right_draft_is_its_own_label_and_others_are_taught_the_known_one():
    problems = TASK.encode("x*2 + y")
    other = read_draft("y + (x + x)")
    drafts = np.stack([other, read_draft("y + x")])
    drafts[:, SLOTS - 1] = 5  # A cell that does not count.
    preference = np.eye(VOCAB, dtype=np.float32)[drafts]
    both = problems[np.array([0, 0])]
    nearest = TASK.nearest(both, preference)
    np.testing.assert_array_equal(nearest, np.stack([other, problems.solution[0]]))
    labelled = TASK.labelled(both, nearest)
    assert labelled[0].sum() == (other > 0).sum() and not labelled[:, SLOTS - 1].any()


def test_words_of_a_problem_give_it_back():
    for level in range(len(TASK.levels)):
        problems = TASK.generate(2, level, "train", 3)
        for index in range(2):
            one = problems[slice(index, index + 1)]
            text = TASK.problem_text(one)
            np.testing.assert_array_equal(TASK.encode(text).numbers, one.numbers)
            assert set(text) <= set(TASK.letters)


def test_a_language_model_may_play_with_formulas(tmp_path):
    env = TraceRecorder(TextObservation(gymnasium.make("TRM-Regression-v0")), tmp_path)
    env.reset(options={"problem": "2*x^2 + 1"})
    assert env.step("sin(")[4]["parse_error"]
    seen, *_ = env.step("2*square(x) + 1")
    assert seen["answer"] == "2 * square(x) + 1"
    assert env.step("halt")[4]["solved"]
    env.close()
    trace = json.loads((tmp_path / "episodes-0000000.jsonl").read_text(encoding="utf-8"))
    assert trace["drafts"] == ["", "", "2 * square(x) + 1", "2 * square(x) + 1"]


def test_solving_by_tokens_is_refused():
    with pytest.raises(ValueError, match="a formula is found from its points"):
        TASK.solve(np.zeros(LENGTH, np.uint8))


DRAFTS = ["", "x", "c*x + c", "1/(x - x)", "exp(exp(exp(x)))", "sqrt(x - 100)", "sin(c*x)*y", "z"]


@pytest.mark.parametrize("level", [level.name for level in TASK.levels])
def test_any_draft_is_drawn(level):
    problems = TASK.generate(2, LEVEL[level], "train", 1)
    drafts = [problems.solution[0], np.arange(LENGTH, dtype=np.uint8) % VOCAB, problems.start[0]]
    drafts += [read_draft(text) for text in DRAFTS if text]
    shapes = set()
    for draft in drafts:
        text = TASK.draw_ansi(problems[:1], draft)
        assert "from" in text and len(text.split("\n")) == 17
        picture = TASK.draw_rgb(problems[:1], draft, "step 1/16")
        shapes.add(picture.shape)
        assert (picture != TASK.draw_rgb(problems[:1], np.stack([drafts[0], draft]), "step 1/16")).any() == (
            not np.array_equal(draft, drafts[0])
        )
    assert len(shapes) == 1


def test_drawings_tell_the_error_and_constants():
    problems = TASK.encode("\n".join(f"{x},{2.5 * x - 1}" for x in range(1, 12)))
    told = TASK.draw_ansi(problems, read_draft("c*x + c"))
    assert told.startswith("2.5 * x - 1\nerror") and "exact at the points" in told
    assert "no value at some of the points" in TASK.draw_ansi(problems, read_draft("sqrt(x - 5)"))
    assert TASK.draw_ansi(problems, np.zeros(LENGTH, np.uint8)).startswith("\nno formula")
    marked = TASK.draw_ansi(problems, np.stack([read_draft("x + 1"), read_draft("x + 2")]))
    assert marked.startswith("x + \x1b[43m2\x1b[0m\n")


def linear_fit(problems) -> np.ndarray:
    return np.repeat(read_draft("(c*x) + ((c*y) + c)")[None], len(problems), 0)


HACKS = {
    "a constant": lambda problems: np.repeat(read_draft("c")[None], len(problems), 0),
    "a number": lambda problems: np.repeat(read_draft("3")[None], len(problems), 0),
    "nothing": lambda problems: problems.start,
    "a linear fit": linear_fit,
}


@pytest.mark.parametrize("name", HACKS)
def test_what_explains_nothing_earns_nothing(name):
    """The mean of the targets is the best constant, and is worth 0; a line is worth what it explains, and no more."""
    for level in ("nodes7", "nodes9", "noise10"):
        problems = TASK.generate(200, LEVEL[level], "test", 5)
        verdicts = TASK.verify(problems, HACKS[name](problems))
        assert (verdicts.score[verdicts.solved] == 1).all() and (verdicts.score[~verdicts.solved] < 0.9).all()
        if name != "a linear fit":
            assert not verdicts.solved.any() and (verdicts.score == 0).all()
        else:
            assert verdicts.solved.mean() < 0.1


def test_an_answer_in_latex_has_the_constants_that_fit():
    x = np.linspace(-2.0, 2.0, 20)
    problems = TASK.encode(np.column_stack([x, 2.5 * x + 1.25]))
    assert TASK.answer_latex(problems, TASK.read_draft("c * x + c")) == r"2.5 \cdot x + 1.25"
    assert TASK.answer_latex(problems, TASK.read_draft("sqrt(x) / y")) == r"\frac{\sqrt{x}}{y}"
    assert TASK.answer_latex(problems, np.zeros(30, np.uint8)) == ""


def test_levels_are_printed_in_a_few_words():
    assert max(len(repr(level)) for level in TASK.levels) < 150
    assert "noise=0.01" in repr(TASK.levels[LEVEL["noise1"]])
