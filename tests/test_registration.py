"""Every registered environment: checkers, specs, reproducibility; and what importing the suite costs."""

import copy
import subprocess
import sys

import gymnasium
import numpy as np
import pytest
import stable_baselines3.common.env_checker as sb3
from gymnasium.envs.registration import EnvSpec
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv

import trm_gym
from tests.observations import problem_seen
from tests.toy import ToyTask
from trm_gym.env import RefinementEnv
from trm_gym.registration import TASKS, make_task, without_size
from trm_gym.vector import RefinementVectorEnv

IDS = [entry.env_id for entry in TASKS.values()]
every_id = pytest.mark.parametrize("env_id", IDS)


@every_id
@pytest.mark.filterwarnings("ignore:.*unconventional shape")  # of points: rows of four
def test_checkers_accept_it(env_id):
    check_env(gymnasium.make(env_id).unwrapped)
    sb3.check_env(gymnasium.make(env_id))


@every_id
def test_sb3_counts_every_token(env_id):
    """A learner's one-hot input is as wide as the sum of the counts, which must not wrap round."""
    from stable_baselines3.common.preprocessing import get_flattened_obs_dim

    space = gymnasium.make(env_id).observation_space
    assert isinstance(space, gymnasium.spaces.Dict)
    task = gymnasium.make(env_id).unwrapped.get_wrapper_attr("task")
    for name in {"problem", "answer"} & set(space):
        assert get_flattened_obs_dim(space[name]) == task.length * task.vocab


def test_ppo_of_sb3_plays_it():
    from stable_baselines3 import PPO

    learner = PPO("MultiInputPolicy", gymnasium.make(IDS[0]), gamma=1.0, n_steps=16, batch_size=16, n_epochs=1)
    assert learner.learn(16).num_timesteps == 16


@every_id
def test_usual_wrappers_take_it(env_id):
    flat = gymnasium.wrappers.FlattenObservation(gymnasium.make(env_id, render_mode="rgb_array"))
    assert flat.observation_space.contains(flat.reset(seed=0)[0])
    assert isinstance(flat.render(), np.ndarray)
    envs = gymnasium.wrappers.vector.RecordEpisodeStatistics(gymnasium.make_vec(env_id, num_envs=3, max_steps=1))
    envs.reset(seed=0)
    assert envs.step(envs.action_space.sample())[4]["episode"]["l"].tolist() == [1, 1, 1]


@every_id
def test_nothing_truncates_from_outside(env_id):
    assert gymnasium.spec(env_id).max_episode_steps is None


@every_id
def test_specs_survive_json_and_copying(env_id):
    graded = gymnasium.make(env_id).get_wrapper_attr("task").graded
    reward = "graded" if graded else "exact"
    made = gymnasium.make(env_id, level=0, split="test", max_steps=4, step_cost=0.01, reward=reward)
    spec = made.spec
    assert spec is not None
    for twin in (EnvSpec.from_json(spec.to_json()), copy.deepcopy(spec)):
        assert twin == spec
        env = gymnasium.make(twin).unwrapped
        assert isinstance(env, RefinementEnv)
        assert env.max_steps == 4
        np.testing.assert_array_equal(problem_seen(env.reset(seed=3)[0]), problem_seen(made.reset(seed=3)[0]))


@pytest.mark.parametrize(
    ("env_id", "size", "name"), [("TRM-Maze-v0", 30, "maze30x30"), ("TRM-Sudoku-v0", 4, "sudoku4x4")]
)
def test_a_size_makes_a_relative_of_the_task(env_id, size, name):
    made = gymnasium.make(env_id, size=size)
    assert made.get_wrapper_attr("task") is make_task(name)
    spec = made.spec
    assert spec is not None
    twin = gymnasium.make(EnvSpec.from_json(spec.to_json()))
    np.testing.assert_array_equal(problem_seen(twin.reset(seed=3)[0]), problem_seen(made.reset(seed=3)[0]))
    envs = gymnasium.make_vec(env_id, num_envs=2, size=size)
    assert isinstance(envs, RefinementVectorEnv)
    assert envs.task is make_task(name)
    np.testing.assert_array_equal(problem_seen(envs.reset(seed=3)[0])[0], problem_seen(made.reset(seed=3)[0]))


@every_id
def test_make_vec_takes_every_mode(env_id):
    native = gymnasium.make_vec(env_id, num_envs=3, autoreset_mode="SameStep")
    assert isinstance(native, RefinementVectorEnv)
    assert native.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
    spec = native.spec
    assert spec is not None and EnvSpec.from_json(spec.to_json()) == spec
    looped = gymnasium.make_vec(env_id, num_envs=3, vectorization_mode="sync")
    assert isinstance(looped, SyncVectorEnv)
    np.testing.assert_array_equal(problem_seen(native.reset(seed=1)[0]), problem_seen(looped.reset(seed=1)[0]))


def test_spawned_workers_find_it_by_module_name():
    envs = gymnasium.make_vec(
        f"trm_gym:{IDS[0]}", num_envs=2, vectorization_mode="async", vector_kwargs={"context": "spawn"}
    )
    assert isinstance(envs, AsyncVectorEnv)
    try:
        again = gymnasium.make_vec(IDS[0], num_envs=2)
        np.testing.assert_array_equal(problem_seen(envs.reset(seed=1)[0]), problem_seen(again.reset(seed=1)[0]))
    finally:
        envs.close()


@every_id
def test_episodes_are_reproducible(env_id):
    def play(seed: int) -> list:
        env = gymnasium.make(env_id, max_steps=3)
        env.action_space.seed(0)
        seen = []
        for episode in range(3):
            seen.append(env.reset(seed=seed if episode == 0 else None)[0])
            seen += [env.step(np.append(env.action_space.sample()[:-1], 0))[:2] for _ in range(3)]
        return seen

    assert repr(play(7)) == repr(play(7))
    assert repr(play(7)) != repr(play(8))


@every_id
def test_neighbouring_seeds_share_no_problems(env_id):
    envs = gymnasium.make_vec(env_id, num_envs=40)
    streams = np.stack([problem_seen(envs.reset(seed=100)[0]), *(problem_seen(envs.reset()[0]) for _ in range(4))])
    assert len(np.unique(streams.reshape(200, -1), axis=0)) >= 199


@pytest.mark.parametrize("name", TASKS)
def test_tasks_are_found_by_name_and_made_once(name):
    assert make_task(name).name == name
    assert make_task(name) is make_task(name)


def test_unknown_tasks_are_errors():
    for name in ("chess", "chess8x8", "maze11x12", "maze030x030", "maze"):
        with pytest.raises(ValueError, match=f"unknown task '{name}': use one of sudoku4x4"):
            trm_gym.make_task(name)


def test_tasks_have_relatives_of_other_sizes():
    assert make_task("maze30x30").name == "maze30x30"
    assert make_task("maze30x30") is make_task("maze11x11", 30) is make_task("maze7x7", 30)
    assert make_task("sudoku9x9", 4) is make_task("sudoku4x4")
    with pytest.raises(ValueError, match="size of a maze must be a whole number from 5 to 65, not 4"):
        make_task("maze11x11", 4)
    with pytest.raises(ValueError, match="no sudoku of size 12: use one of 4, 6, 9"):
        make_task("sudoku12x12")
    with pytest.raises(ValueError, match="'arithmetic' has no size: leave out size=5"):
        make_task("arithmetic", 5)
    with pytest.raises(ValueError, match="size=5 goes with the name of a task; toy was made by the caller"):
        RefinementEnv(ToyTask(), size=5)


def test_names_lose_their_sizes():
    names = {"sudoku9x9": "sudoku", "maze30x30": "maze", "arc10x10": "arc", "algebra": "algebra"}
    assert {name: without_size(name) for name in names} == names


def test_importing_the_suite_loads_nothing_heavy():
    code = "import sys, trm_gym; print(sorted({'torch', 'numba', 'sympy', 'matplotlib'} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert run.stdout.strip() == "[]", "heavy modules must load at first use"
