"""The native vector environment: the scalar one many times over, and what only it can do."""

from typing import Any

import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from tests.toy import ToyTask
from trm_gym.env import RefinementEnv
from trm_gym.registration import TASKS, make_task
from trm_gym.task import Task
from trm_gym.vector import RefinementVectorEnv

SLOTS = 7
PUZZLE = "100200300412"


def make(num_envs: int = SLOTS, mode: AutoresetMode = AutoresetMode.NEXT_STEP, **settings) -> RefinementVectorEnv:
    return RefinementVectorEnv(num_envs, ToyTask(), autoreset_mode=mode, **settings)


def assert_same(ours: Any, theirs: Any) -> None:
    """Equal to the last bit, in types and shapes too."""
    if isinstance(theirs, dict):
        assert set(ours) == set(theirs)
        for key in theirs:
            assert_same(ours[key], theirs[key])
    elif isinstance(theirs, tuple) or (isinstance(theirs, np.ndarray) and theirs.dtype == object):
        assert type(ours) is type(theirs)
        for one, other in zip(ours, theirs, strict=True):
            assert_same(one, other)
    elif isinstance(theirs, np.ndarray):
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs, strict=True)
    else:
        assert ours == theirs and type(ours) is type(theirs)


def some_actions(envs: RefinementVectorEnv, rng: np.random.Generator) -> np.ndarray:
    """Solutions at some slots, noise at the others, and a halt at every fourth."""
    count, length = envs.num_envs, envs.task.length
    noise = rng.integers(0, envs.task.vocab, (count, length))
    drafts = np.where(rng.random((count, 1)) < 0.4, envs.problems.solution, noise)
    return np.concatenate([drafts, rng.random((count, 1)) < 0.25], axis=1).astype(np.int64)


def compare(task: Task, mode: AutoresetMode, reward: str, steps: int) -> None:
    settings = {"max_steps": 5, "reward": reward}
    ours = RefinementVectorEnv(SLOTS, task, autoreset_mode=mode, **settings)
    theirs = SyncVectorEnv([lambda: RefinementEnv(task, **settings)] * SLOTS, autoreset_mode=mode)
    assert ours.observation_space == theirs.observation_space
    assert ours.action_space == theirs.action_space
    assert ours.metadata == theirs.metadata
    assert_same(ours.reset(seed=11), theirs.reset(seed=11))
    rng = np.random.default_rng(0)
    for step in range(steps):
        actions = some_actions(ours, rng)
        one, other = ours.step(actions), theirs.step(actions)
        assert_same(one, other)
        if mode is AutoresetMode.DISABLED and one[2].any():
            options = {"reset_mask": one[2], "level": step % 2, "split": ("train", "test")[step % 3 % 2]}
            seed = None if step % 2 else step
            assert_same(ours.reset(seed=seed, options=options), theirs.reset(seed=seed, options=dict(options)))
        if step == steps // 2:
            seeds: list[int | None] = [3, 3, None, 2**40, None, 8, 8]
            assert_same(ours.reset(seed=seeds, options={"level": 0}), theirs.reset(seed=seeds, options={"level": 0}))
        if step == steps * 3 // 4:
            assert_same(ours.reset(), theirs.reset())
    theirs.close()


@pytest.mark.parametrize("reward", ["exact", "graded", "progress"])
@pytest.mark.parametrize("mode", AutoresetMode)
def test_every_slot_is_the_scalar_environment(mode, reward):
    compare(ToyTask(), mode, reward, steps=60)


@pytest.mark.parametrize("mode", AutoresetMode)
@pytest.mark.parametrize("name", TASKS)
def test_every_slot_is_the_scalar_environment_in_every_task(name, mode):
    compare(make_task(name), mode, "exact", steps=24)


def test_own_problems_agree_with_the_scalar_environment():
    ours = make(mode=AutoresetMode.SAME_STEP, max_steps=2)
    theirs = SyncVectorEnv(
        [lambda: RefinementEnv(ToyTask(), max_steps=2)] * SLOTS, autoreset_mode=AutoresetMode.SAME_STEP
    )
    options = {"problem": PUZZLE}
    assert_same(ours.reset(seed=4, options=options), theirs.reset(seed=4, options=options))
    rng = np.random.default_rng(1)
    for _ in range(6):
        actions = some_actions(ours, rng)
        assert_same(ours.step(actions), theirs.step(actions))


def test_a_group_is_one_problem_many_times():
    envs = make(6, AutoresetMode.DISABLED)
    problem = envs.reset(seed=[3, 3, 3, 8, 8, 8])[0]["problem"]
    assert (problem[:3] == problem[0]).all() and (problem[3:] == problem[3]).all()
    assert not np.array_equal(problem[0], problem[3])


@pytest.mark.parametrize("levels", [[0, 1, 0], ["easy", "hard", "easy"], np.array([0, 1, 0])])
def test_one_level_per_slot_stays_in_force(levels):
    envs = make(3, AutoresetMode.SAME_STEP, max_steps=1)
    envs.reset(seed=0, options={"levels": levels})
    assert envs.problems.level.tolist() == [0, 1, 0]
    infos = envs.step(np.zeros((3, 13), dtype=np.uint8))[4]
    assert infos["final_info"]["level"].tolist() == [0, 1, 0]
    assert envs.problems.level.tolist() == [0, 1, 0]


def test_one_problem_per_slot():
    envs = make(3, AutoresetMode.DISABLED)
    observation, _ = envs.reset(seed=0, options={"problems": [PUZZLE, None, "400300200100"]})
    assert [envs.task.decode(row) for row in observation["problem"][[0, 2]]] == [PUZZLE, "400300200100"]
    assert envs.problems.level.tolist() == [-1, 1, -1]
    drawn = make(3).reset(seed=0)[0]["problem"]
    np.testing.assert_array_equal(observation["problem"][1], drawn[1])


def test_only_finished_slots_are_judged(monkeypatch):
    judged = []
    verify = ToyTask.verify
    monkeypatch.setattr(
        ToyTask,
        "verify",
        lambda self, problems, answers: judged.append(len(problems)) or verify(self, problems, answers),
    )
    envs = make(5)
    envs.reset(seed=0)
    actions = np.zeros((5, 13), dtype=np.uint8)
    envs.step(actions)
    actions[[1, 3], -1] = 1
    envs.step(actions)
    assert judged == [2]


def test_the_answer_on_the_reset_step_has_no_effect():
    envs = make(2)
    envs.reset(seed=0)
    halt = np.array([[1] * 13, [1] * 12 + [0]], dtype=np.uint8)
    ended = envs.step(halt)[2]
    assert ended.tolist() == [True, False]
    observation, rewards, ended, _, infos = envs.step(halt)
    assert rewards[0] == 0 and not ended.any()
    assert set(infos) == {"level", "_level", "difficulty", "_difficulty"}
    assert infos["_level"].tolist() == infos["_difficulty"].tolist() == [True, False]
    assert observation["budget"][:, 0].tolist() == [1.0, 0.875]
    np.testing.assert_array_equal(observation["answer"][0], observation["problem"][0])


@pytest.mark.parametrize("mode", AutoresetMode)
def test_results_are_fresh_arrays(mode):
    envs = make(3, mode, max_steps=2)
    blanks = np.zeros((3, 13), dtype=np.uint8)
    kept = [envs.problems.problem, envs.problems.free]
    seen = list(envs.reset(seed=0)[0].values())
    for _ in range(2):
        observation, *results, _ = envs.step(blanks)
        seen += [*observation.values(), *results]
    for i, first in enumerate(seen):
        assert not any(np.shares_memory(first, other) for other in [*kept, *seen[i + 1 :]])


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"levle": 0}, "unknown reset option 'levle'"),
        ({"level": "harder"}, "unknown level 'harder'"),
        ({"levels": [0, 1]}, "one level per slot, 7 of them"),
        ({"levels": [0] * 6 + [2]}, "unknown level 2"),
        ({"levels": [0.0] * 7}, "unknown level 0.0"),
        ({"levels": [0, None, *[0] * 5]}, "all indices or all names"),
        ({"level": 0, "levels": [0] * 7}, "exclude each other"),
        ({"problem": PUZZLE, "problems": [None] * 7}, "exclude each other"),
        ({"problems": [PUZZLE]}, "per slot"),
        ({"problems": PUZZLE}, "per slot"),
        ({"problem": "12"}, "a toy is 12 digits"),
        ({"split": "dev"}, "unknown split"),
        ({"reset_mask": np.zeros(7, dtype=bool)}, "with a True in it"),
        ({"reset_mask": [True] * 7}, "must be a bool array"),
        ({"reset_mask": np.ones(6, dtype=bool)}, "must be a bool array"),
    ],
)
def test_bad_options_are_errors(options, match):
    with pytest.raises(ValueError, match=match):
        make().reset(options=options)


@pytest.mark.parametrize("seed", [[1, 2], [1.5] * 7, [-1] * 7, ["1"] * 7, [2**63] * 7, 2**63])
def test_bad_seeds_are_errors(seed):
    with pytest.raises(ValueError, match="seed"):
        make().reset(seed=seed)


def test_options_are_left_as_they_were():
    options = {"reset_mask": np.ones(SLOTS, dtype=bool), "level": 1}
    envs = make(mode=AutoresetMode.DISABLED)
    envs.reset(options=options)
    assert set(options) == {"reset_mask", "level"}


def test_finished_slots_wait_for_their_reset_when_autoreset_is_disabled():
    envs = make(3, AutoresetMode.DISABLED)
    actions = np.zeros((3, 13), dtype=np.uint8)
    with pytest.raises(ResetNeeded):
        envs.step(actions)
    envs.reset(seed=0)
    actions[1, -1] = 1
    envs.step(actions)
    with pytest.raises(ResetNeeded, match=r"slots \[1\] have no episode"):
        envs.step(actions)
    envs.reset(options={"reset_mask": np.array([False, True, False])})
    envs.step(actions)


@pytest.mark.parametrize("bad", [np.full((7, 13), 5), np.zeros((7, 12), dtype=int), np.zeros((7, 13)), [[0] * 13] * 6])
def test_actions_outside_the_space_are_errors(bad):
    envs = make()
    envs.reset(seed=0)
    with pytest.raises(ValueError, match="an action of toy"):
        envs.step(bad)


def test_bad_settings_are_errors():
    with pytest.raises(ValueError, match="set the budget by max_steps"):
        make(max_episode_steps=8)
    with pytest.raises(ValueError, match="num_envs must be"):
        make(0)
    with pytest.raises(ValueError, match="AutoresetMode"):
        RefinementVectorEnv(1, ToyTask(), autoreset_mode="never")


def test_unseeded_slots_differ():
    drawn = {make(5).reset()[0]["problem"].tobytes() for _ in range(4)}
    assert len(drawn) == 4


def test_render_gives_a_frame_per_slot():
    envs = make(3, render_mode="ansi")
    envs.reset(seed=0)
    frames = envs.render()
    assert len(frames) == 3 and all(frame.endswith("step 0/16") for frame in frames)
