"""Verdicts on formulas, against values by mpmath; what is right however it is written, and what only looks right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.regression.oracle import OutsideError, TooLargeError, draft_of, precise, random_drafts
from trm_gym import lazy_kernel as lazy
from trm_gym.lazy_kernel import LazyKernel
from trm_gym.problems import Problems, Verdicts
from trm_gym.regression import RegressionTask
from trm_gym.regression.layout import LENGTH, SLOTS, TOKEN, UNARY
from trm_gym.regression.operations import LITERAL
from trm_gym.regression.programs import CONSTANTS, PROGRAM, evaluate, to_programs, used_slots
from trm_gym.regression.verifier import MOST, PER_NODE, verify
from trm_gym.streams import mix

X = draft_of((0, "x", "id"))
LINE = draft_of((0, "+", "id"), (1, "*", "id"), (2, "c", "id"), (3, "c", "id"), (4, "x", "id"))
NO_CONSTANTS = np.zeros((1, CONSTANTS))


def shown(inputs: np.ndarray, targets: np.ndarray, truth: np.ndarray) -> Problems:
    """Problems of inputs [B, N, 3], targets [B, N] and programs [B, PROGRAM], without labels."""
    points = np.concatenate([inputs, targets[..., None], np.ones((*targets.shape, 1))], axis=2)
    count = len(points)
    return Problems(
        problem=np.zeros((count, LENGTH), np.uint8),
        free=np.ones((count, LENGTH), np.bool_),
        solution=np.zeros((count, LENGTH), np.uint8),
        level=np.zeros(count, np.int64),
        difficulty=np.zeros(count, np.float32),
        numbers=points.reshape(count, -1),
        truth=truth,
    )


def along(low: float, high: float, program: np.ndarray, count: int = 20) -> Problems:
    """One problem of a program [1, PROGRAM] of x, at even steps."""
    inputs = np.zeros((1, count, 3))
    inputs[0, :, 0] = np.linspace(low, high, count)
    return shown(inputs, evaluate(program, inputs), program)


def hidden(low: float, high: float, draft: np.ndarray, *constants: float, count: int = 20) -> Problems:
    """The same of a draft [L] and its constants."""
    return along(
        low, high, to_programs(draft[None], np.pad([constants], ((0, 0), (0, CONSTANTS - len(constants))))), count
    )


def judged(problems: Problems, *drafts: np.ndarray) -> Verdicts:
    """Verdicts on several drafts for one problem."""
    return verify(problems[np.zeros(len(drafts), np.int64)], np.stack(drafts))


def turned(drafts: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Drafts with the operands of sums and products exchanged at random: the same functions, written otherwise."""
    drafts = drafts.copy()
    for draft in drafts:
        for slot in range(SLOTS // 2):
            if draft[slot] in (TOKEN["+"], TOKEN["*"]) and rng.random() < 0.7:
                _exchange(draft, 2 * slot + 1, 2 * slot + 2)
    return drafts


def _exchange(draft: np.ndarray, one: int, other: int) -> None:
    for half in (0, SLOTS):
        draft[half + one], draft[half + other] = draft[half + other], draft[half + one]
    if 2 * one + 1 < SLOTS:
        _exchange(draft, 2 * one + 1, 2 * other + 1)
        _exchange(draft, 2 * one + 2, 2 * other + 2)


@pytest.mark.parametrize("level", range(len(RegressionTask().levels)))
def test_labels_are_right_and_so_is_what_equals_them(level):
    task, rng = RegressionTask(), np.random.default_rng(level)
    problems = task.sample(mix(7, np.arange(300)), np.full(300, level), "train")
    verdicts = verify(problems, problems.solution)
    assert verdicts.solved.all() and (verdicts.score == 1).all()
    turned_round = verify(problems, turned(problems.solution, rng)).solved
    assert turned_round[~(problems.solution[:, :SLOTS] == TOKEN["c"]).any(axis=1)].all() and turned_round.mean() > 0.95
    others = verify(problems, problems.solution[np.roll(np.arange(300), 1)])
    assert others.solved.mean() < 0.05 and (others.score[~others.solved] < MOST).all()


@pytest.mark.usefixtures("way")
def test_verdicts_are_those_of_mpmath():
    rng, compared, right = np.random.default_rng(1), 0, 0
    truths = random_drafts(600, 2, ("x", "y", "1", "2"), 0.35)
    answers = np.where(rng.random(truths.shape) < 0.1, random_drafts(600, 3, ("x", "y", "2"), 0.35), truths)
    answers = turned(answers, rng)
    programs, inputs = to_programs(truths, np.zeros((600, CONSTANTS))), rng.uniform(0.5, 2, (600, 12, 3))
    targets = evaluate(programs, inputs)
    keep = np.isfinite(targets).all(axis=1) & (np.abs(targets).max(axis=1) < 1e6)
    verdicts = verify(shown(inputs[keep], targets[keep], programs[keep]), answers[keep])
    for truth, answer, points, solved in zip(truths[keep], answers[keep], inputs[keep], verdicts.solved, strict=True):
        low, high = points.min(axis=0), points.max(axis=0)
        places = np.concatenate([points, low + (high - low) * (2 * rng.random((12, 3)) - 0.5)])
        if (wanted := same(truth, answer, places)) is not None:
            compared, right = compared + 1, right + wanted
            assert solved == wanted
    assert compared > 400 and 120 < right < compared - 120


def same(truth: np.ndarray, answer: np.ndarray, places: np.ndarray) -> bool | None:
    """Whether two formulas have the same values wherever the first one has any; None where that is a close call."""
    for place in places:
        try:
            wanted = precise(truth, NO_CONSTANTS[0], place)
        except (OutsideError, TooLargeError):
            continue
        try:
            found = precise(answer, NO_CONSTANTS[0], place)
        except OutsideError:
            return False
        except TooLargeError:
            return None
        if abs(found - wanted) > 1e-30 * abs(wanted):
            return False if abs(found - wanted) > 1e-3 * max(abs(wanted), 1) else None
    return True


def test_a_function_may_be_known_elsewhere_too_but_not_less():
    # sqrt(x) * (sqrt(x) * x) is the square of x, but has no value left of 0; log(x) / 2 is log(x * x) / 4 there alone.
    narrow = draft_of((0, "*", "id"), (1, "x", "sqrt"), (2, "*", "id"), (5, "x", "sqrt"), (6, "x", "id"))
    square = draft_of((0, "x", "square"))
    assert judged(hidden(0.1, 4, narrow), square).solved[0]
    assert not judged(hidden(0.1, 4, square), narrow).solved[0]
    half = draft_of((0, "/", "id"), (1, "x", "log"), (2, "2", "id"))
    wide = draft_of((0, "/", "id"), (1, "*", "log"), (2, "2", "square"), (3, "x", "id"), (4, "x", "id"))
    assert judged(hidden(0.1, 4, half), wide, draft_of((0, "x", "log"))).solved.tolist() == [True, False]
    assert not judged(hidden(0.1, 4, wide), half).solved[0]


def test_what_agrees_only_where_points_are_shown_is_wrong():
    size = draft_of((0, "*", "sqrt"), (1, "x", "id"), (2, "x", "id"))
    assert not judged(hidden(1, 5, size), X).solved[0]
    assert judged(hidden(30, 40, size), X).solved[0]
    # y is the same at all points, and then it is not.
    assert not judged(hidden(0, 2, X), draft_of((0, "+", "id"), (1, "x", "id"), (2, "y", "id"))).solved[0]
    # The points are roots of the sine.
    x = np.pi * np.arange(1.0, 9)[None]
    problems = shown(np.pad(x[..., None], ((0, 0), (0, 0), (0, 2))), x, to_programs(X[None], NO_CONSTANTS))
    verdicts = judged(problems, draft_of((0, "+", "id"), (1, "x", "id"), (2, "x", "sin")))
    assert not verdicts.solved[0] and 0.85 < verdicts.score[0] < MOST


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(
    ("factor", "solved"), [(1 + 5e-7, True), (1 - 5e-7, True), (1 + 3e-6, False), (1 - 3e-6, False)]
)
def test_how_close_is_close(factor, solved):
    program = np.zeros((1, PROGRAM))
    program[0, :6] = [LITERAL, factor, TOKEN["x"], 0, TOKEN["*"], 0]
    assert judged(along(-2, 2, program), X).solved[0] == solved


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("far", [0.0, 1e9, 1e12, -1e13])
def test_a_constant_is_not_what_varies_far_from_0(far, known):
    wave = draft_of((0, "+", "id"), (1, "c", "id"), (2, "x", "sin"))
    constant, scaled = draft_of((0, "c", "id")), draft_of((0, "*", "id"), (1, "c", "id"), (2, "x", "sin"))
    problems = hidden(0.0, 6.0, wave, far)
    if not known:
        problems = replace(problems, truth=np.zeros_like(problems.truth))
    assert judged(problems, constant, wave).solved.tolist() == [False, True]
    flat = hidden(0.0, 6.0, constant, far)
    assert judged(flat, constant, scaled).solved.tolist() == [True, far == 0.0], "of a constant nothing varies"


def test_constants_are_fitted_through_noise():
    wave = draft_of((0, "+", "id"), (1, "*", "sin"), (2, "c", "id"), (3, "c", "id"), (4, "x", "id"))
    for noise in (0.0, 0.1):
        problems = hidden(-2, 2, wave, 1.3, -2.1)
        points = problems.numbers.reshape(-1, 5)
        points[:, 3] += noise * np.random.default_rng(0).normal(size=len(points))
        verdicts = judged(problems, wave, LINE)
        assert verdicts.solved.tolist() == [True, False]
    assert judged(hidden(-1, 1, LINE, 0.5, 2.5, count=8), LINE).solved[0]
    assert not judged(
        hidden(-1, 1, LINE, 0.5, 2.5, count=8), draft_of((0, "*", "id"), (1, "c", "id"), (2, "x", "id"))
    ).solved[0]


def test_the_form_of_the_truth_is_right_whatever_can_be_found():
    # Of sin(c * x) with a constant so large that no search for it is made.
    wave = draft_of((0, "*", "sin"), (1, "c", "id"), (2, "x", "id"))
    other = draft_of((0, "*", "cos"), (1, "c", "id"), (2, "x", "id"))
    assert judged(hidden(-2, 2, wave, 977.7), wave, other, LINE).solved.tolist() == [True, False, False]
    two = draft_of((0, "*", "sin"), (1, "2", "id"), (2, "x", "id"))
    assert judged(hidden(-2, 2, two), wave, two).solved.all()
    assert not judged(hidden(-2, 2, wave, 977.7), two).solved[0]


def own(targets: np.ndarray, inputs: np.ndarray) -> Problems:
    """A person's rows of x and y, whose function nobody knows."""
    return shown(np.pad(inputs[None, :, None], ((0, 0), (0, 0), (0, 2))), targets[None], np.zeros((1, PROGRAM)))


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("count", [8, 12, 30])
def test_rows_of_an_unknown_function(count):
    x = np.linspace(-1, 2, count)
    assert judged(own(3.5 * x - 1.25, x), LINE).solved[0]
    assert judged(own(np.sin(x), x), draft_of((0, "x", "sin")), X).solved.tolist() == [True, False]
    off = 3.5 * x - 1.25
    off[3] += 0.01
    verdicts = judged(own(off, x), LINE)
    assert not verdicts.solved[0] and verdicts.score[0] > 0.8


def test_rows_held_out_are_not_fitted():
    x = np.linspace(-1, 2, 12)
    y = 3.5 * x - 1.25
    y[3::4] += [5.0, -7.0, 9.0]
    left = y - (3.5 * x - 1.25)
    error = np.sqrt((left**2).mean()) / y.std()
    nodes = 5
    assert judged(own(y, x), LINE).score[0] == pytest.approx(
        MOST * (1 - error) / (1 + error) - PER_NODE * nodes, rel=1e-5
    )


@pytest.mark.usefixtures("way")
def test_scores_by_hand():
    problems = hidden(-2, 2, draft_of((0, "+", "id"), (1, "x", "square"), (2, "x", "id")))
    points = problems.numbers.reshape(-1, 5)
    square = draft_of((0, "x", "square"))
    error = np.sqrt((points[:, 0] ** 2).mean()) / points[:, 3].std()
    verdicts = judged(
        problems, square, draft_of((0, "c", "id")), draft_of((0, "5", "id")), np.zeros(LENGTH, np.uint8), LINE
    )
    assert verdicts.score[0] == pytest.approx(MOST * (1 - error) / (1 + error) - PER_NODE * 2, rel=1e-6)
    assert verdicts.score[1:4].tolist() == [0, 0, 0] and 0.1 < verdicts.score[4] < verdicts.score[0]
    assert not verdicts.solved.any()


def test_what_is_no_formula_or_not_finite_is_worth_nothing():
    problems = hidden(-2, 2, X)
    broken = [np.full(LENGTH, token, np.uint8) for token in (0, 1, 23, 255)]
    # x / log(c) is x where c is e; the logarithm of x has no value at half of the points.
    verdicts = judged(
        problems, draft_of((0, "/", "id"), (1, "x", "id"), (2, "c", "log")), draft_of((0, "x", "log")), *broken
    )
    assert verdicts.solved.tolist() == [True, *[False] * 5] and not verdicts.score[1:].any()


def test_no_constant_is_worth_anything():
    task = RegressionTask()
    problems = task.sample(mix(3, np.arange(200)), np.full(200, task.level_index("noise10")), "train")
    constants = [draft_of((0, base, function)) for base in ("1", "2", "3", "4", "5", "c") for function in UNARY]
    for draft in constants:
        verdicts = verify(problems, np.repeat(draft[None], 200, axis=0))
        assert not verdicts.score.any()


def test_a_truth_that_is_no_program_is_never_met():
    program = np.zeros((1, PROGRAM))
    program[0, :4] = [TOKEN["x"], 0, TOKEN["+"], 0]
    problems = along(-1, 1, program)
    problems.numbers[:] = hidden(-1, 1, X).numbers
    assert not judged(problems, X, LINE).solved.any()


def test_points_that_are_not_there_do_not_count():
    problems = hidden(-1, 1, LINE, 0.5, 2.5)
    points = problems.numbers.reshape(-1, 5)
    points[12:, 4], points[12:, :4] = 0.0, np.nan
    assert judged(problems, LINE).solved[0]
    points[:, 4] = 0.0
    assert not judged(problems, LINE, X).solved.any()


def test_interpreted_is_what_is_compiled(monkeypatch):
    task = RegressionTask()
    problems = task.sample(mix(5, np.arange(120)), np.arange(120) % len(task.levels), "train")
    problems.truth[::5] = 0.0
    answers = np.concatenate([problems.solution, task.corrupt(problems, mix(6, np.arange(120)))])
    number = (answers[:, :SLOTS] >= TOKEN["1"]) & used_slots(answers)
    answers[:, :SLOTS] = np.where(number & (np.arange(240) % 2 == 0)[:, None], TOKEN["c"], answers[:, :SLOTS])
    both = Problems.concatenate([problems, problems])
    monkeypatch.setattr(lazy, "INTERPRETED_SECONDS", 0.0)
    compiled = verify(both, answers)
    assert 60 < compiled.solved.sum() < 200
    monkeypatch.setattr(LazyKernel, "__call__", lambda self, *arguments: self.interpret(*arguments, seconds=60.0))
    interpreted = verify(both, answers)
    np.testing.assert_array_equal(compiled.solved, interpreted.solved)
    np.testing.assert_array_equal(compiled.score, interpreted.score)


@pytest.mark.parametrize("answers", [np.zeros((1, 29), np.uint8), np.zeros((2, 30), np.uint8), np.zeros((1, 30))])
def test_other_shapes_and_types_are_refused(answers):
    with pytest.raises(ValueError, match=r"must (have the shape|be uint8)"):
        verify(hidden(-1, 1, X), answers)
