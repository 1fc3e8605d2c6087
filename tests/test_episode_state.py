"""States taken and put back: search can branch, and what is no state of the environment is refused."""

import copy
from multiprocessing import Pipe

import cloudpickle
import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from tests.toy import ToyTask
from trm_gym.env import RefinementEnv
from trm_gym.registration import TASKS
from trm_gym.vector import RefinementVectorEnv

every_id = pytest.mark.parametrize("env_id", [entry.env_id for entry in TASKS.values()])


def actions(envs: RefinementVectorEnv, seed: int) -> np.ndarray:
    """Solutions at some slots, noise at the others, and some halts."""
    rng = np.random.default_rng(seed)
    count, length = envs.num_envs, envs.task.length
    drafts = np.where(rng.random((count, 1)) < 0.5, envs.problems.solution, rng.integers(envs.task.vocab, size=length))
    return np.concatenate([drafts, rng.random((count, 1)) < 0.3], axis=1).astype(np.int64)


def future(envs: RefinementVectorEnv) -> str:
    """All that is seen in the next steps, over several episodes."""
    return repr([envs.step(actions(envs, step)) for step in range(12)])


def scalar(env_id: str = "TRM-Sudoku4x4-v0", **settings) -> RefinementEnv:
    env = gymnasium.make(env_id, **settings).unwrapped
    assert isinstance(env, RefinementEnv)
    return env


def draft(env: RefinementEnv, halt: bool) -> np.ndarray:
    return np.append(env.problems.solution[0], np.uint8(halt))


@every_id
@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
def test_a_batch_branches(env_id, mode):
    envs = gymnasium.make_vec(env_id, num_envs=5, max_steps=4, autoreset_mode=mode).unwrapped
    assert isinstance(envs, RefinementVectorEnv)
    envs.reset(seed=3)
    envs.step(actions(envs, 99))
    state, twin = envs.get_state(), copy.deepcopy(envs)
    first = future(envs)
    assert future(envs) != first and future(twin) == first
    envs.set_state(state)
    assert future(envs) == first
    other = RefinementVectorEnv(5, envs.task, max_steps=4, autoreset_mode=mode)
    other.set_state(cloudpickle.loads(cloudpickle.dumps(state)))
    assert future(other) == first


@every_id
@pytest.mark.parametrize("twin_of", [copy.deepcopy, lambda env: cloudpickle.loads(cloudpickle.dumps(env))])
def test_copies_and_pickles_go_their_own_ways(env_id, twin_of):
    env = gymnasium.make(env_id, render_mode="ansi")
    env.reset(seed=5)
    inner = env.unwrapped
    assert isinstance(inner, RefinementEnv)
    env.step(draft(inner, False))
    twin = twin_of(env)
    assert twin.render() == env.render() and twin.spec == env.spec
    seen = [twin.step(draft(inner, True)), twin.reset(), twin.reset()]
    assert inner.episodes.playing[0], "the original plays on"
    assert repr([env.step(draft(inner, True)), env.reset(), env.reset()]) == repr(seen)


def by_pickle(value):
    """As ``multiprocessing`` sends it, without the help of cloudpickle."""
    ours, theirs = Pipe()
    with ours, theirs:
        theirs.send(value)
        return ours.recv()


@every_id
def test_tasks_are_shared_by_copies_and_pickled_by_name(env_id):
    env = scalar(env_id)
    assert copy.deepcopy(env).task is env.task
    sent = by_pickle(env.task)
    assert sent is env.task and len(cloudpickle.dumps(env.task)) < 200
    own = ToyTask(graded=False)
    assert by_pickle(own) is not own and not by_pickle(own).graded


def test_a_branch_of_an_episode_has_its_own_end():
    env = scalar()
    env.reset(seed=0)
    env.step(draft(env, False))
    state = env.get_state()
    blank = np.zeros(17, np.uint8)
    blank[-1] = 1
    assert not env.step(blank)[4]["solved"]
    env.set_state(state)
    assert env.step(draft(env, True))[4]["solved"]
    env.set_state(state)
    assert env.step(draft(env, True))[4]["steps"] == 2


def test_a_state_is_plain_and_nobody_elses():
    env = scalar()
    env.reset(seed=0)
    state = env.get_state()
    assert {type(value) for value in state.values()} == {str, int, float, np.ndarray}
    before = copy.deepcopy(state)
    env.step(draft(env, True))
    env.reset()
    assert repr(state) == repr(before)
    env.set_state(state)
    env.step(draft(env, True))
    assert repr(state) == repr(before)


def test_the_price_of_a_step_goes_along():
    env = scalar(step_cost=0.25)
    env.reset(seed=0)
    state = env.get_state()
    env.step_cost = 0.5
    assert env.step(draft(env, False))[1] == -0.5
    env.set_state(state)
    assert env.step(draft(env, False))[1] == -0.25
    with pytest.raises(ValueError, match="step_cost must be between 0 and 1"):
        env.step_cost = 2


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"task": "sudoku4x4"}, "task='sudoku4x4'; this one has 'toy'"),
        ({"max_steps": 8}, "max_steps=8; this one has 16"),
        ({"reward": "graded"}, "reward='graded'; this one has 'exact'"),
    ],
)
def test_states_of_other_environments_are_refused(settings, match):
    with pytest.raises(ValueError, match=match):
        RefinementEnv(ToyTask()).set_state(RefinementEnv(**{"task": ToyTask(), **settings}).get_state())
    with pytest.raises(ValueError, match="num_envs=2; this one has 1"):
        RefinementEnv(ToyTask()).set_state(RefinementVectorEnv(2, ToyTask()).get_state())


@pytest.mark.parametrize(
    ("name", "value", "match"),
    [
        ("drafts", None, "drafts must be an array uint8 .1, 12., got NoneType"),
        ("drafts", np.zeros((1, 12)), "got float64"),
        ("drafts", np.zeros((1, 11), np.uint8), "got uint8 .1, 11."),
        ("drafts", np.full((1, 12), 5, np.uint8), "drafts must be from 0 to 4"),
        ("problems.solution", np.full((1, 12), 9, np.uint8), "problems.solution must be"),
        ("levels", np.array([2]), "levels must be from 0 to 1"),
        ("splits", np.array([3]), "splits must be from 0 to 2"),
        ("steps", np.array([17]), "steps must be from 0 to 16"),
        ("steps", np.array([16]), "has no step left"),
        ("numbers", np.array([-1]), "has not begun"),
        ("numbers", np.array([-2]), "numbers must be from -1 to any"),
        ("seeds", np.array([2**63], np.uint64), "seeds must be"),
        ("worth", np.array([np.nan]), "worth must be"),
        ("step_cost", -1.0, "step_cost must be"),
        ("step_cost", "1", "step_cost must be"),
        ("max_steps", True, "max_steps=True"),
        ("colour", 1, r"unknown \['colour'\]"),
    ],
)
def test_malformed_states_are_refused_and_change_nothing(name, value, match):
    env = RefinementEnv(ToyTask())
    env.reset(seed=0)
    before = repr(env.get_state())
    with pytest.raises(ValueError, match=match):
        env.set_state({**env.get_state(), name: value})
    assert repr(env.get_state()) == before


@pytest.mark.parametrize("state", [None, [], "state", {}])
def test_what_is_no_state_is_refused(state):
    with pytest.raises(ValueError, match=r"get_state\(\)"):
        RefinementEnv(ToyTask()).set_state(state)
