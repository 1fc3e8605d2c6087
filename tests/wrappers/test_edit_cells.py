"""The cell grain: what an edit writes and costs, when it ends, and that checkers and learners take it."""

import copy

import gymnasium
import numpy as np
import pytest
import stable_baselines3.common.env_checker as sb3
from gymnasium.envs.registration import EnvSpec
from gymnasium.error import ResetNeeded
from gymnasium.utils.env_checker import check_env

from tests.toy import ToyTask
from trm_gym.env import RefinementEnv
from trm_gym.registration import TASKS, make_task
from trm_gym.streams import mix
from trm_gym.wrappers import EditCells, StepCostSchedule
from trm_gym.written.signs import TOKEN

PUZZLE = "100200300412"  # Six free cells: a budget of twelve edits.
SOLUTION = [1, 2, 3, 2, 3, 4, 3, 4, 1, 4, 1, 2]
FREE = [1, 2, 4, 5, 7, 8]
HALT = 12 * 5
every_cells_id = pytest.mark.parametrize("env_id", [entry.cells_id for entry in TASKS.values()])


def start(price: float | None = 0.75, **settings) -> EditCells:
    env = EditCells(RefinementEnv(ToyTask(), **settings), price)
    env.reset(options={"problem": PUZZLE})
    return env


def right(cell: int) -> int:
    return cell * 5 + SOLUTION[cell]


@every_cells_id
@pytest.mark.filterwarnings("ignore:.*is different from the unwrapped version")
@pytest.mark.filterwarnings("ignore:.*unconventional shape")  # of points: rows of four
def test_checkers_accept_it(env_id):
    check_env(gymnasium.make(env_id), skip_render_check=True)
    sb3.check_env(gymnasium.make(env_id))


@every_cells_id
def test_an_episode_by_the_masks_is_solved_and_paid(env_id):
    """Every cell of the solution is written once, so half of the budget is used: 1 - price / 2."""
    env = gymnasium.make(env_id, step_cost=0.25 / 16)
    observation, _ = env.reset(seed=3)
    task = env.get_wrapper_attr("task")
    problems = env.get_wrapper_attr("problems")
    solution, total, ended, info = problems.solution[0], 0.0, False, {}
    wanted = np.flatnonzero(problems.free[0])
    for count, cell in enumerate(wanted, start=1):
        if solution[cell] > 0:
            assert env.get_wrapper_attr("action_masks")()[cell * task.vocab + solution[cell]]
        observation, reward, ended, truncated, info = env.step(cell * task.vocab + solution[cell])
        total += float(reward)
        assert observation["answer"][cell] == solution[cell] and not ended and not truncated and info == {}
        assert observation["budget"] == pytest.approx(1 - count / (2 * len(wanted)))
    observation, reward, ended, _, info = env.step(task.length * task.vocab)
    assert ended and info["solved"] and info["steps"] == len(wanted) and reward == 1
    assert total + float(reward) == pytest.approx(1 - 0.125, abs=1e-9)
    np.testing.assert_array_equal(observation["answer"], solution)


def test_the_return_is_the_contract_to_the_last_bit():
    env = start(price=0.75)
    rewards = [env.step(right(cell))[1] for cell in FREE]
    rewards.append(env.step(HALT)[1])
    assert sum(rewards) == 1 - 6 * 0.0625
    assert rewards == [-0.0625] * 6 + [1.0]


def test_handing_in_at_once_is_free_and_worthless():
    observation, reward, terminated, truncated, info = start().step(HALT)
    assert (reward, terminated, truncated) == (0.0, True, False)
    assert info == {
        "solved": False, "is_success": False, "score": 0.0, "steps": 0, "level": -1, "difficulty": 0.75
    }  # fmt: skip
    assert [type(value) for value in info.values()] == [bool, bool, float, int, int, float]
    assert observation["budget"] == 1


def test_the_budget_forces_the_hand_in():
    env = start(price=0.75, max_steps=3)  # The environment's own budget ends nothing.
    for edit in range(11):
        observation, _, terminated, _, info = env.step(right(FREE[edit % 6]))
        assert not terminated and info == {}
    observation, reward, terminated, _, info = env.step(right(1))
    assert terminated and info["solved"] and info["steps"] == 12
    assert reward == 1 - 0.0625 and observation["budget"] == 0
    with pytest.raises(ResetNeeded, match="has ended"):
        env.step(HALT)


def test_fixed_cells_ignore_what_is_written():
    env = start()
    observation, reward, *_ = env.step(0 * 5 + 4)
    assert observation["answer"][0] == 1 and reward == -0.0625
    assert observation["budget"] == np.float32(1 - 1 / 12)


def test_masks_allow_values_in_free_cells_and_the_hand_in():
    masks = start().action_masks()
    expected = [cell in FREE and value > 0 for cell in range(12) for value in range(5)]
    assert masks.tolist() == [*expected, True] and masks.dtype == np.bool_
    masks[:] = False
    assert start().action_masks().any()


@pytest.mark.parametrize("name", TASKS)
def test_masks_allow_what_right_answers_hold_and_nothing_else(name):
    task, seen = make_task(name), set()
    for level in range(len(task.levels)):
        keys = mix(level, np.arange(200))
        problems = task.sample(keys, np.full(len(keys), level), "train")
        told = problems.free & task.labelled(problems, problems.solution)
        seen |= set(problems.solution[told].tolist())
        for token in np.flatnonzero(~task.answer_tokens):
            spoilt = problems.solution.copy()
            spoilt[np.arange(len(keys)), problems.free.argmax(axis=1)] = token
            assert not task.verify(problems, spoilt).solved.any()
    # A sign of multiplication is allowed between a coefficient and x, and canonical answers have none.
    unwritten = {TOKEN["*"]} if name == "algebra" else set()
    assert seen | unwritten == set(np.flatnonzero(task.answer_tokens).tolist())


def test_masks_of_text_let_a_symbol_be_taken_back():
    env = EditCells(gymnasium.make("TRM-Arithmetic-v0"))
    env.reset(options={"problem": "3+4"})
    assert env.action_masks()[(env.task.length - 1) * env.task.vocab], "a blank in the last cell"


def test_progress_pays_each_edit_and_telescopes():
    env = start(price=0, reward="progress")  # Four pairs of free cells are scored, three quarters of 1 in all.
    rewards = [env.step(right(cell))[1] for cell in FREE[:4]] + [env.step(1 * 5 + 4)[1], env.step(HALT)[1]]
    assert rewards == [0, 0.25, 0, 0.25, -0.25, 0]
    graded = start(price=0, reward="graded")
    assert [graded.step(right(cell))[1] for cell in FREE[:4]] == [0] * 4
    assert graded.step(HALT)[1] == 0.5


def test_without_a_price_the_whole_budget_costs_what_it_costs_below():
    env = start(price=None, max_steps=8, step_cost=0.03125)
    assert env.step(right(1))[1] == pytest.approx(-0.25 / 12, abs=1e-12)
    for wrap in (
        lambda env: StepCostSchedule(EditCells(env), float),
        lambda env: EditCells(StepCostSchedule(env, float)),
    ):
        free_then_dear = wrap(RefinementEnv(ToyTask(), max_steps=1))
        costs = []
        for _ in range(2):
            free_then_dear.reset(options={"problem": PUZZLE})
            costs.append(free_then_dear.step(right(1))[1])
        assert costs == [0, pytest.approx(-1 / 12, abs=1e-12)]


@pytest.mark.parametrize("action", [-1, HALT + 1, 1.0, "3", None, np.array([3]), np.zeros(13, np.int64)])
def test_actions_outside_the_space_are_errors(action):
    env = start()
    with pytest.raises(ValueError, match="an action is a whole number from 0 to 60"):
        env.step(action)
    env.step(np.int64(right(1)))
    env.step(np.array(right(2)))


@pytest.mark.parametrize("price", [-1, 1.5, float("nan"), "1"])
def test_bad_prices_are_errors(price):
    with pytest.raises(ValueError, match="price must be between 0 and 1"):
        start(price)


def test_it_goes_next_to_the_environment():
    with pytest.raises(ValueError, match="below what changes its spaces"):
        EditCells(gymnasium.wrappers.FlattenObservation(RefinementEnv(ToyTask())))
    with pytest.raises(ValueError, match="not around CartPoleEnv"):
        EditCells(gymnasium.make("CartPole-v1"))


def test_a_problem_without_free_cells_can_be_handed_in():
    env = start()
    env.reset(options={"problem": "123234341412"})
    assert env.action_masks().sum() == 1
    assert env.step(HALT)[1] == 1


def test_states_branch():
    env = start()
    env.step(right(1))
    state, twin = env.get_state(), copy.deepcopy(env)
    seen = [env.step(right(cell))[:2] for cell in FREE[1:]]
    end = env.step(HALT)
    env.set_state(state)
    assert repr([env.step(right(cell))[:2] for cell in FREE[1:]]) == repr(seen)
    assert repr(env.step(HALT)) == repr(end)
    assert repr([twin.step(right(cell))[:2] for cell in FREE[1:]]) == repr(seen)
    for bad in ({**state, "edits": 12}, {**state, "edits": -1}, {**state, "edits": True}, {}):
        with pytest.raises(ValueError, match="state"):
            env.set_state(bad)
    assert end[4]["steps"] == 6
    env.set_state(state)
    assert repr(env.get_state()) == repr(state)


def test_pictures_mark_the_last_edit():
    env = gymnasium.make("TRM-Sudoku4x4-Cells-v0", render_mode="ansi")
    env.reset(seed=0)
    free = np.flatnonzero(env.get_wrapper_attr("problems").free[0])
    assert "\x1b[43m" not in str(env.render()) and str(env.render()).endswith(f"edit 0/{2 * len(free)}")
    env.step(free[0] * 5 + 1)
    env.step(free[1] * 5 + 1)
    shown = str(env.render())
    assert shown.count("\x1b[43m") == 1 and shown.endswith(f"edit 2/{2 * len(free)}")


@every_cells_id
def test_specs_survive_json(env_id):
    made = gymnasium.make(env_id, max_steps=4, split="test")
    spec = made.spec
    assert spec is not None
    twin = gymnasium.make(EnvSpec.from_json(spec.to_json()))
    assert twin.spec == spec and isinstance(twin, EditCells)
    assert repr(twin.reset(seed=3)) == repr(made.reset(seed=3))


def test_dqn_of_sb3_plays_it():
    from stable_baselines3 import DQN

    env = gymnasium.make("TRM-Sudoku4x4-Cells-v0", reward="progress")
    learner = DQN("MultiInputPolicy", env, gamma=1.0, learning_starts=8, buffer_size=32, batch_size=4, device="cpu")
    assert learner.learn(16).num_timesteps == 16
