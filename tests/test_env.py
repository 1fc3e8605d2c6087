"""The scalar environment on a toy task, its steps and rewards checked against values worked out by hand."""

import numpy as np
import pytest
import stable_baselines3.common.env_checker as sb3
from gymnasium.error import ResetNeeded
from gymnasium.utils.env_checker import check_env

from tests.toy import ToyTask
from trm_gym.env import RefinementEnv
from trm_gym.errors import ProblemError

COST = 1 / 64
PUZZLE = "100200300412"
SOLUTION = "123234341412"


def tokens(text: str) -> np.ndarray:
    return np.array([int(letter) for letter in text], dtype=np.uint8)


def action(text: str, halt: bool = False) -> np.ndarray:
    return np.append(tokens(text), np.uint8(halt))


def make(**settings) -> RefinementEnv:
    return RefinementEnv(ToyTask(), step_cost=COST, **settings)


def start(**settings) -> RefinementEnv:
    env = make(**settings)
    env.reset(options={"problem": PUZZLE})
    return env


@pytest.mark.parametrize("reward", ["exact", "graded", "progress"])
def test_checkers_accept_it(reward):
    check_env(make(reward=reward), skip_render_check=True)
    sb3.check_env(make(reward=reward))


def test_the_first_draft_is_the_problem_with_blanks():
    env = make()
    observation, info = env.reset(options={"problem": PUZZLE})
    assert info == {"level": -1, "difficulty": 0.75} and [type(value) for value in info.values()] == [int, float]
    np.testing.assert_array_equal(observation["problem"], tokens(PUZZLE))
    np.testing.assert_array_equal(observation["answer"], tokens(PUZZLE))
    assert observation["budget"] == np.array([1.0], dtype=np.float32)
    assert env.observation_space.contains(observation)


def test_a_step_writes_free_cells_only():
    env = start()
    observation, reward, terminated, truncated, info = env.step(action("444444444444"))
    np.testing.assert_array_equal(observation["answer"], tokens("144244344412"))
    np.testing.assert_array_equal(observation["problem"], tokens(PUZZLE))
    assert observation["budget"] == np.float32(15 / 16)
    assert (reward, terminated, truncated, info) == (-COST, False, False, {})
    assert type(reward) is float and type(terminated) is bool and type(truncated) is bool


@pytest.mark.parametrize(("answer", "solved", "score"), [(SOLUTION, True, 1.0), ("123234244412", False, 0.5)])
@pytest.mark.parametrize("reward", ["exact", "graded", "progress"])
def test_halting_ends_and_pays(reward, answer, solved, score):
    env = start(reward=reward)
    rewards = [env.step(action(PUZZLE))[1]]
    _, last, terminated, truncated, info = env.step(action(answer, halt=True))
    assert terminated and not truncated
    verdict = {"solved": solved, "is_success": solved, "score": score}
    assert info == {**verdict, "steps": 2, "level": -1, "difficulty": 0.75}
    assert [type(value) for value in info.values()] == [bool, bool, float, int, int, float]
    assert sum([*rewards, last]) == (float(solved) if reward == "exact" else score) - 2 * COST


def test_the_budget_forces_a_halt():
    env = start(max_steps=3)
    for _ in range(2):
        assert not env.step(action(PUZZLE))[2]
    observation, reward, terminated, truncated, info = env.step(action(SOLUTION))
    assert terminated and not truncated
    assert reward == 1 - COST and info["solved"] and info["steps"] == 3
    assert observation["budget"] == 0


def test_progress_pays_each_change_and_telescopes():
    env = start(reward="progress")
    drafts = ["123000000412", "123234000412", PUZZLE, SOLUTION]
    rewards = [env.step(action(draft))[1] + COST for draft in drafts]
    assert rewards == [0.25, 0.25, -0.5, 1.0]


@pytest.mark.parametrize("steps", range(1, 17))
def test_returns_carry_no_rounding_error(steps):
    env = RefinementEnv(ToyTask())
    env.reset(options={"problem": PUZZLE})
    rewards = [env.step(action(SOLUTION, halt=step == steps))[1] for step in range(1, steps + 1)]
    assert sum(rewards) == 1 - env.step_cost * steps
    assert env.step_cost == pytest.approx(0.1 / 16, abs=1e-12)


def test_a_finished_episode_cannot_be_stepped():
    env = make()
    with pytest.raises(ResetNeeded, match="call reset"):
        env.step(action(PUZZLE))
    env.reset()
    env.step(action(PUZZLE, halt=True))
    with pytest.raises(ResetNeeded, match="has ended"):
        env.step(action(PUZZLE))


@pytest.mark.parametrize(
    "bad",
    [
        np.zeros(12, dtype=np.int64),
        np.zeros(13, dtype=np.float64),
        np.full(13, 5),
        np.append(np.zeros(12, dtype=np.int64), 2),
        np.append(np.zeros(12, dtype=np.int64), -1),
        np.zeros((1, 13), dtype=np.int64),
        3,
    ],
)
def test_actions_outside_the_space_are_errors(bad):
    env = start()
    with pytest.raises(ValueError, match="an action of toy"):
        env.step(bad)
    env.step(action(PUZZLE))


def test_problems_are_a_function_of_seed_and_episode():
    def draw(env, seed, count=4):
        first = env.reset(seed=seed)[0]["problem"]
        return [first, *(env.reset()[0]["problem"] for _ in range(count - 1))]

    env = make()
    once, again = draw(env, 5), draw(env, 5)
    np.testing.assert_array_equal(once, again)
    np.testing.assert_array_equal(once, draw(make(), 5))
    assert len({problem.tobytes() for problem in once}) > 1
    assert not np.array_equal(once, draw(make(), 6))
    assert not np.array_equal(once, draw(make(split="test"), 5))


def test_without_a_seed_environments_differ():
    drawn = {np.stack([env.reset()[0]["problem"] for _ in range(5)]).tobytes() for env in (make() for _ in range(4))}
    assert len(drawn) > 1


def test_level_and_split_stay_in_force_and_a_problem_does_not():
    env = make()
    env.reset(seed=1, options={"level": "easy", "split": "test"})
    assert env.problems.level == 0
    kept = [env.reset()[0]["problem"] for _ in range(3)]
    assert env.problems.level == 0
    other = make(level=0, split="test")
    other.reset(seed=1)
    np.testing.assert_array_equal(kept, [other.reset()[0]["problem"] for _ in range(3)])
    env.reset(options={"problem": PUZZLE})
    assert env.problems.level == -1
    env.reset()
    assert env.problems.level == 0


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"levl": 1}, "unknown reset option 'levl': use level, split, problem"),
        ({"levels": [1]}, "unknown reset option 'levels'"),
        ({"level": "harder"}, "unknown level 'harder'"),
        ({"level": 2}, "unknown level 2"),
        ({"split": "dev"}, "unknown split 'dev'"),
    ],
)
def test_bad_options_are_errors_and_leave_the_episode_alone(options, match):
    env = start()
    with pytest.raises(ValueError, match=match):
        env.reset(options=options)
    np.testing.assert_array_equal(env.problems.problem[0], tokens(PUZZLE))


def test_bad_problems_and_seeds_are_errors():
    with pytest.raises(ProblemError, match="no solution"):
        make().reset(options={"problem": "110200300412"})
    with pytest.raises(ValueError, match="seed must be one whole number"):
        make().reset(seed=2**63)


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"level": "harder"}, "unknown level"),
        ({"split": "dev"}, "unknown split"),
        ({"max_steps": 0}, "max_steps must be"),
        ({"max_steps": 2.5}, "max_steps must be"),
        ({"step_cost": -0.1}, "step_cost must be"),
        ({"step_cost": float("nan")}, "step_cost must be"),
        ({"step_cost": 2**70}, "step_cost must be"),
        ({"task": "maze11x11", "size": ["1" * 10**6]}, "size must be a whole number"),
        ({"task": "maze" + "1" * 10**6}, "unknown task 'maze1"),
        ({"reward": "dense"}, "unknown reward 'dense': use one of exact, graded, progress"),
        ({"render_mode": "human"}, "unknown render_mode 'human'"),
        ({"task": "sudoku5x5"}, "unknown task 'sudoku5x5'"),
    ],
)
def test_bad_settings_are_errors(settings, match):
    with pytest.raises(ValueError, match=match):
        RefinementEnv(**{"task": ToyTask(), **settings})


@pytest.mark.parametrize("reward", ["graded", "progress"])
def test_tasks_without_a_sound_score_pay_exactly_or_not_at_all(reward):
    with pytest.raises(ValueError, match="use 'exact'"):
        RefinementEnv(ToyTask(graded=False), reward=reward)


def test_observations_are_fresh_and_the_problem_is_safe_from_writes():
    env = start()
    observation = env.step(action(PUZZLE))[0]
    for values in observation.values():
        values[:] = 1
    after = env.step(action(PUZZLE))[0]
    np.testing.assert_array_equal(after["problem"], tokens(PUZZLE))
    np.testing.assert_array_equal(after["answer"], tokens(PUZZLE))


def test_render():
    env = start(render_mode="ansi")
    env.step(action("111111111111"))
    assert env.render() == "111 211 311 412\nstep 1/16"
    picture = start(render_mode="rgb_array").render()
    assert isinstance(picture, np.ndarray) and picture.dtype == np.uint8 and picture.shape[2] == 3
    with pytest.raises(ResetNeeded, match="render"):
        make(render_mode="ansi").render()
