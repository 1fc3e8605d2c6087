"""Verdicts are plain equality of arrays; what does not think solves nothing that it does not deserve to."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trm_gym.arc import ArcTask
from trm_gym.arc.attempts import augmented, most_voted, solved_in, tasks_solved
from trm_gym.arc.augmentation import Augmentations
from trm_gym.streams import mix
from trm_gym.task import Problems

TASK = ArcTask(30)
SOURCES = ("training", "training2", "evaluation", "evaluation2")
pytestmark = pytest.mark.usefixtures("corpus")


def everything() -> list[Problems]:
    return [TASK.published(source, split).problems for source in SOURCES for split in ("train", "validation", "test")]


def written(problem: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """The answer that a grid of colours is."""
    answer, panel = problem.copy(), np.ones((30, 30), np.uint8)
    panel[: grid.shape[0], : grid.shape[1]] = grid + 2
    answer[-900:] = panel.ravel()
    return answer


def test_verdicts_agree_with_equality_of_arckits_arrays(corpus):
    published = TASK.published("training", "validation")
    rng = np.random.default_rng(0)
    tests = {name: iter(corpus["training"][name].test) for name in published.names}
    for place, name in enumerate(published.names):
        one, grid = published.problems[place : place + 1], next(tests[name])[1]
        height, width = grid.shape
        spoilt = grid.copy()
        spoilt[rng.integers(height), rng.integers(width)] += 1
        tries = [grid, spoilt % 10, grid.T, grid[:-1], grid[:, :-1], np.pad(grid, (0, 1))[:30, :30], grid[::-1]]
        for other in tries:
            answer = written(one.problem[0], other)[None]
            assert TASK.verify(one, answer).solved[0] == np.array_equal(grid, other)
            assert TASK.verify(one, answer).score[0] == float(np.array_equal(grid, other))


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_one_wrong_token_is_one_too_many(data):
    problems = TASK.published("training", "test").problems
    place = data.draw(st.integers(0, len(problems) - 1))
    cell = data.draw(st.integers(0, TASK.length - 1))
    answer = problems.solution[place].copy()
    answer[cell] = data.draw(st.integers(0, 255).filter(lambda token: token != problems.solution[place, cell]))
    assert not TASK.verify(problems[place : place + 1], answer[None]).solved[0]


def test_an_echo_of_the_input_solves_no_published_problem():
    for problems in everything():
        answers = problems.problem.copy()
        answers[:, -900:] = answers[:, -1800:-900]
        assert not TASK.verify(problems, answers).solved.any()
        assert not TASK.verify(problems, problems.problem).solved.any()


def test_an_echo_of_a_demonstration_solves_next_to_nothing():
    """A few problems have the answer of another pair: tried as they are, the six panels shown are right 27 times."""
    solved = 0
    for problems in everything():
        panels = problems.problem.reshape(len(problems), 8, 900)
        for shown in range(6):
            answers = problems.problem.copy()
            answers[:, -900:] = panels[:, shown]
            solved += TASK.verify(problems, answers).solved.sum()
    assert solved == ECHOES


def test_a_constant_solves_next_to_nothing():
    """A full canvas of one colour is what no task asks for; of the shape of the input it is, a few times."""
    solved = 0
    for problems in everything():
        for token in range(TASK.vocab):
            answers = problems.problem.copy()
            answers[:, -900:] = token
            assert not TASK.verify(problems, answers).solved.any()
            if token >= 2:
                answers[:, -900:] = np.where(answers[:, -1800:-900] >= 2, token, 1)
                solved += TASK.verify(problems, answers).solved.sum()
    assert solved == CONSTANTS


ECHOES, CONSTANTS = 27, 1


def test_an_answer_that_nobody_told_is_never_solved():
    problems = TASK.encode({"train": [{"input": [[1]], "output": [[2]]}], "test": [{"input": [[3]]}]})
    for token in range(TASK.vocab):
        answers = problems.problem.copy()
        answers[:, -900:] = token
        assert not TASK.verify(problems, answers).solved.any()


def test_answers_of_a_wrong_shape_or_type():
    problems = TASK.published("training", "test").problems
    with pytest.raises(ValueError, match="answers must be uint8 of shape"):
        TASK.verify(problems, problems.solution[:5])
    with pytest.raises(ValueError, match="answers must be uint8 of shape"):
        TASK.verify(problems, problems.solution.astype(int))


def test_the_two_attempts_are_what_most_drafts_say():
    a, b, c = (np.full(4, token, np.uint8) for token in (5, 3, 4))
    drafts = np.array([[a, a], [b, a], [c, a], [b, a], [c, a]])
    first, second = most_voted(drafts)
    assert np.array_equal(first, [b, a]), "of equally many votes the first one"
    assert np.array_equal(second, [c, a]), "where all agree, both are the same"


def test_either_attempt_may_be_the_right_one():
    problems = TASK.published("training", "test").problems[:4]
    wrong = problems.problem
    attempts = np.array([wrong, wrong])
    attempts[0, 1], attempts[1, 2], attempts[:, 3] = problems.solution[1], problems.solution[2], problems.solution[3]
    assert solved_in(problems, attempts).tolist() == [False, True, True, True]
    assert solved_in(problems, attempts[:1]).tolist() == [False, True, False, True]


def test_a_solution_undone_from_its_augmentation_is_the_solution():
    problems = TASK.published("training", "test").problems[:6]
    augmentations = Augmentations.draw(mix(np.arange(6)))
    augmented_ones = augmented(problems, augmentations, 30)
    assert (augmented_ones.problem != problems.problem).any(axis=1).all() and not augmented_ones.problem[:, -900:].any()
    assert solved_in(problems, augmentations.inverse.apply(augmented_ones.solution, 30)[None]).all()
    assert not solved_in(problems, augmented_ones.solution[None]).any()


def test_a_task_is_solved_where_all_of_its_tests_are():
    assert tasks_solved(np.array([True, False, True, True, True]), "aabcc") == {"a": False, "b": True, "c": True}
