"""Which levels come next: each curriculum by hand, and what all of them promise."""

import json
import math

import numpy as np
import pytest

from curricula import CURRICULA, make_curriculum
from curricula.fixed import Fixed
from curricula.learnability import Learnability
from curricula.learning_progress import LearningProgress
from curricula.threshold import Threshold

LEVELS = [4, 1, 7, 2]


def teach(curriculum, solved: dict[int, float], problems: int = 200, rounds: int = 5) -> None:
    for _ in range(rounds):
        for level, share in solved.items():
            results = np.arange(problems) < share * problems
            curriculum.update(np.full(problems, level), results)


@pytest.mark.parametrize("name", CURRICULA)
def test_samples_follow_the_mixture_and_nothing_but_the_generator(name):
    curriculum = make_curriculum(name, LEVELS)
    teach(curriculum, {4: 0.9, 1: 0.5}, rounds=1)
    mixture = curriculum.mixture
    assert mixture.shape == (4,) and mixture.min() >= 0 and mixture.sum() == pytest.approx(1)
    drawn = curriculum.sample(20_000, np.random.default_rng(0))
    shares = [(drawn == level).mean() for level in LEVELS]
    np.testing.assert_allclose(shares, mixture, atol=0.02)
    np.testing.assert_array_equal(drawn, curriculum.sample(20_000, np.random.default_rng(0)))


@pytest.mark.parametrize("name", CURRICULA)
def test_state_comes_back_through_json(name):
    one, other = make_curriculum(name, LEVELS), make_curriculum(name, LEVELS)
    teach(one, {4: 0.9, 1: 0.2, 7: 0.6})
    other.load_state_dict(json.loads(json.dumps(one.state_dict())))
    np.testing.assert_array_equal(one.mixture, other.mixture)
    for curriculum in (one, other):
        teach(curriculum, {1: 0.8}, problems=10)
    assert one.state_dict() == other.state_dict()
    np.testing.assert_array_equal(one.mixture, other.mixture)


@pytest.mark.parametrize("name", ["threshold", "learnability", "learning_progress"])
def test_state_of_other_levels_is_refused(name):
    with pytest.raises(ValueError, match="4 levels, the saved one 2"):
        make_curriculum(name, LEVELS).load_state_dict(make_curriculum(name, [0, 1]).state_dict())


@pytest.mark.parametrize("name", CURRICULA)
def test_one_level_is_a_curriculum(name):
    curriculum = make_curriculum(name, [3])
    teach(curriculum, {3: 1.0})
    assert curriculum.mixture.tolist() == [1.0]
    assert curriculum.sample(2, np.random.default_rng(0)).tolist() == [3, 3]


def test_several_tries_at_a_problem_count_as_one_problem():
    one, other = make_curriculum("learnability", LEVELS), make_curriculum("learnability", LEVELS)
    one.update(np.array([4, 4]), np.array([[True, False], [True, True]]))
    other.update(np.array([4, 4]), np.array([0.5, 1.0]))
    assert one.state_dict() == other.state_dict()


def test_levels_that_are_not_its_own_are_left_alone():
    curriculum = make_curriculum("learnability", LEVELS)
    before = curriculum.state_dict()
    curriculum.update(np.array([99]), np.array([True]))
    assert curriculum.state_dict() == before


def test_uniform_never_moves():
    curriculum = make_curriculum("uniform", LEVELS)
    teach(curriculum, {4: 1.0})
    assert curriculum.mixture.tolist() == [0.25] * 4


def tries(curriculum, chances: dict[int, float], problems: int = 200, rounds: int = 1) -> None:
    """Problems that are each solved in a share of the tries at them."""
    for _ in range(rounds):
        for level, chance in chances.items():
            curriculum.update(np.full(problems, level), np.full(problems, chance))


def test_learnability_prefers_problems_that_are_solved_half_of_the_time():
    curriculum = Learnability(LEVELS, floor=0.2)
    tries(curriculum, {4: 1.0, 1: 0.5, 7: 0.1, 2: 0.0})
    weights = np.array([0.0, 0.25, 0.09, 0.0])
    np.testing.assert_allclose(curriculum.mixture, 0.05 + 0.8 * weights / weights.sum(), atol=1e-6)


def test_sure_and_hopeless_problems_together_teach_nothing():
    curriculum = Learnability(LEVELS, floor=0.2)
    tries(curriculum, {4: 0.5, 7: 0.0, 2: 1.0})
    teach(curriculum, {1: 0.5}, rounds=1)
    np.testing.assert_allclose(curriculum.mixture, [0.85, 0.05, 0.05, 0.05], atol=1e-6)


def test_learnability_moves_within_a_short_run():
    """40 problems a level; a mean that started at one half would still be most of what is seen."""
    curriculum = Learnability(LEVELS)
    tries(curriculum, {4: 1.0, 1: 0.99, 7: 0.97, 2: 0.9}, problems=8, rounds=5)
    mixture = curriculum.mixture
    assert mixture[3] > 0.55 and mixture[0] == pytest.approx(0.05)


def test_learnability_goes_by_the_spread_of_returns_where_it_is_told():
    curriculum = Learnability(LEVELS, floor=0.2)
    curriculum.update(np.array([4, 1, 7, 2]), np.full(4, 0.5), np.array([0.0, 3.0, 1.0, 0.0]))
    np.testing.assert_allclose(curriculum.mixture, [0.05, 0.65, 0.25, 0.05])


def test_learnability_is_uniform_before_it_knows_and_where_there_is_nothing_to_learn():
    curriculum = Learnability(LEVELS)
    assert curriculum.mixture.tolist() == [0.25] * 4
    tries(curriculum, {4: 0.5})
    np.testing.assert_allclose(curriculum.mixture, 0.25)
    other = Learnability(LEVELS)
    teach(other, dict.fromkeys(LEVELS, 1.0))
    assert other.mixture.tolist() == [0.25] * 4


def test_learnability_forgets_at_the_rate_of_its_memory():
    curriculum = Learnability([4, 1], floor=0.2, memory=100)
    tries(curriculum, {4: 0.5, 1: 0.5}, problems=100)
    tries(curriculum, {4: 1.0}, problems=100)
    kept = 0.25 * np.exp(-1) * (1 - np.exp(-1)) / (1 - np.exp(-2))
    assert curriculum.mixture[0] == pytest.approx(0.1 + 0.8 * kept / (kept + 0.25))


def test_learning_progress_prefers_what_changes_either_way():
    curriculum = LearningProgress(LEVELS, floor=0.2, fast=10, slow=100)
    tries(curriculum, {4: 0.5, 1: 0.5, 7: 0.5, 2: 0.5}, problems=10)
    assert curriculum.mixture.tolist() == [0.25] * 4, "nothing has changed yet"
    tries(curriculum, {4: 0.7, 1: 0.5, 7: 0.1, 2: 0.5}, problems=10)
    np.testing.assert_allclose(curriculum.mixture, 0.05 + 0.8 * np.array([1, 0, 2, 0]) / 3, atol=1e-9)
    state = curriculum.state_dict()
    assert state["fast"][0] == pytest.approx(0.7 - 0.2 * np.exp(-1))
    assert state["slow"][0] == pytest.approx(0.7 - 0.2 * np.exp(-0.1))


def test_learning_progress_comes_to_rest():
    curriculum = LearningProgress(LEVELS)
    teach(curriculum, {4: 0.2, 1: 0.5}, rounds=1)
    tries(curriculum, dict.fromkeys(LEVELS, 0.9), rounds=50)
    np.testing.assert_allclose(curriculum.mixture, 0.25)


def test_one_fixed_mixture_never_moves():
    curriculum = Fixed(LEVELS, [[2, 1, 1, 0]], problems=10)
    teach(curriculum, {4: 1.0})
    assert curriculum.mixture.tolist() == [0.5, 0.25, 0.25, 0]


def test_fixed_stages_follow_one_another():
    curriculum = Fixed(LEVELS, problems=40)
    shown = []
    for _ in range(6):
        shown.append(int(curriculum.mixture.argmax()))
        tries(curriculum, {4: 0.0}, problems=9)
    assert shown == [0, 0, 1, 2, 3, 3] and sorted(curriculum.mixture) == [0, 0, 0, 1]


def test_threshold_moves_up_and_down_the_order_of_levels():
    curriculum = Threshold(LEVELS)
    assert curriculum.mixture.tolist() == [0.75, 0.25, 0, 0]
    teach(curriculum, {4: 0.9}, rounds=1)
    assert curriculum.mixture.tolist() == [0.25, 0.5, 0.25, 0]
    teach(curriculum, {1: 0.9}, rounds=1)
    assert curriculum.mixture.tolist() == [0, 0.25, 0.5, 0.25]
    teach(curriculum, {7: 0.1}, rounds=1)
    assert curriculum.mixture.tolist() == [0.25, 0.5, 0.25, 0]


@pytest.mark.parametrize("share", [0.35, 0.5, 0.65])
def test_threshold_stays_in_between(share):
    curriculum = Threshold(LEVELS)
    teach(curriculum, {4: 0.9}, rounds=1)
    teach(curriculum, {1: share, 4: 1.0, 7: 0.0})
    assert curriculum.mixture.tolist() == [0.25, 0.5, 0.25, 0]


def test_threshold_waits_for_enough_problems_and_stays_within_its_levels():
    curriculum = Threshold([0, 1], patience=40)
    for _ in range(39):
        curriculum.update(np.array([0]), np.array([True]))
    assert curriculum.mixture.tolist() == [0.75, 0.25]
    curriculum.update(np.array([0]), np.array([True]))
    assert curriculum.mixture.tolist() == [0.25, 0.75]
    teach(curriculum, {1: 1.0})
    assert curriculum.mixture.tolist() == [0.25, 0.75]
    teach(curriculum, {1: 0.0}, rounds=1)
    teach(curriculum, {0: 0.0})
    assert curriculum.mixture.tolist() == [0.75, 0.25]


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: make_curriculum("hardest", LEVELS), "unknown curriculum 'hardest': use one of uniform, threshold"),
        (lambda: make_curriculum("uniform", []), "one or more different levels"),
        (lambda: make_curriculum("uniform", [1, 1]), "one or more different levels"),
        (lambda: Threshold(LEVELS, up=0.2), "up must be a finite number above 0.3"),
        (lambda: Learnability(LEVELS, floor=0), "floor must be a finite number above 0"),
        (lambda: LearningProgress(LEVELS, floor=2), "floor must be a finite number above 0"),
        (lambda: LearningProgress(LEVELS, fast=9, slow=9), "slow must be a finite number above 9"),
        (lambda: Fixed(LEVELS, [[1, 2]]), "one weight for each of 4 levels"),
        (lambda: Fixed(LEVELS, [[0, 0, 0, 0]]), "one of them above"),
        (lambda: Fixed(LEVELS, problems=0), "problems must be a whole number from 1 up"),
    ],
)
def test_bad_settings_are_errors(make, match):
    with pytest.raises(ValueError, match=match):
        make()


@pytest.mark.parametrize(
    "levels", [3, None, 0.5, [0, 0.5], [0, math.inf], [0, "1"], [-1, 0], [0, None], np.array(3), [[0]]]
)
@pytest.mark.parametrize("name", CURRICULA)
def test_levels_that_are_none_are_errors(name, levels):
    with pytest.raises(ValueError, match="level"):
        make_curriculum(name, levels)


@pytest.mark.parametrize("mixture", [(0.5, "x"), (0.5, None), (math.nan, 1), (10**400, 1), (0.5, [1])])
def test_mixtures_that_are_none_are_errors(mixture):
    with pytest.raises(ValueError, match="weight"):
        make_curriculum("fixed", [0, 1], 10, mixture)


@pytest.mark.parametrize("name", CURRICULA)
def test_states_with_numbers_that_are_none_are_errors(name):
    state = make_curriculum(name, [0, 1]).state_dict()
    for key, value in state.items():
        for wrong in (math.nan, math.inf, "x", -math.inf):
            changed = {**state, key: [wrong] * len(value) if isinstance(value, list) else wrong}
            with pytest.raises(ValueError, match=r"must be|must hold"):
                make_curriculum(name, [0, 1]).load_state_dict(changed)


def test_hardest_first_adds_one_easier_level_after_another():
    curriculum = make_curriculum("hardest_first", [0, 1, 2], 30)
    seen = []
    for _ in range(4):
        seen.append(curriculum.mixture.tolist())
        curriculum.update(np.full(10, 2), np.ones(10))
    assert seen == [[0, 0, 1], [0, 0.5, 0.5], pytest.approx([1 / 3] * 3), pytest.approx([1 / 3] * 3)]
