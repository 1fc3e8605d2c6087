"""Schedules, curricula, traces, and what Gymnasium's own flat observation is."""

import inspect
import json

import gymnasium
import numpy as np
import pytest

from curricula import make_curriculum
from tests.toy import ToyTask
from trm_gym.env import RefinementEnv
from trm_gym.registration import TASKS
from trm_gym.wrappers import CurriculumWrapper, EditCells, StepCostSchedule, TextObservation, TraceRecorder

BLANKS = np.zeros(13, np.uint8)
HALT = np.append(BLANKS[:-1], np.uint8(1))


class Scripted:
    """Gives levels in turn and remembers what it is told."""

    def __init__(self, *levels: int) -> None:
        self.levels, self.told = list(levels), []

    def sample(self, count, rng):
        return np.array([self.levels.pop(0) for _ in range(count)])

    def update(self, levels, solved):
        self.told.append((levels.tolist(), solved.tolist()))


def solution(env: gymnasium.Env) -> np.ndarray:
    return np.append(env.get_wrapper_attr("problems").solution[0], np.uint8(1))


def test_a_schedule_prices_each_episode():
    env = StepCostSchedule(RefinementEnv(ToyTask()), lambda episode: 0.25 * episode)
    costs = []
    for _ in range(3):
        env.reset(seed=0)
        costs.append([env.step(BLANKS)[1], env.step(HALT)[1]])
    assert costs == [[0, 0], [-0.25, -0.25], [-0.5, -0.5]]


def test_bad_schedules_are_errors():
    with pytest.raises(ValueError, match="step_cost must be between 0 and 1"):
        StepCostSchedule(RefinementEnv(ToyTask()), lambda episode: 2.0).reset()
    with pytest.raises(ValueError, match="schedule must be a function"):
        StepCostSchedule(RefinementEnv(ToyTask()), 0.1)  # pyright: ignore[reportArgumentType]


def test_a_curriculum_chooses_levels_and_hears_the_outcome():
    source = Scripted(0, 1, 0)
    env = CurriculumWrapper(RefinementEnv(ToyTask()), source)
    env.reset(seed=0)
    assert env.step(solution(env))[4]["level"] == 0
    env.reset()
    env.step(BLANKS)
    assert source.told == [([0], [True])], "nothing is told before the end"
    assert env.step(HALT)[4]["level"] == 1
    env.reset()
    env.step(BLANKS)
    assert source.told == [([0], [True]), ([1], [False])]
    env.reset(options={"level": 1})  # The episode before is left, this one is the caller's.
    assert env.step(solution(env))[4]["level"] == 1
    env.reset(options={"problem": "100200300412", "split": "test"})
    env.step(HALT)
    assert source.told == [([0], [True]), ([1], [False])] and source.levels == []


def test_levels_that_the_task_has_not_are_errors():
    with pytest.raises(ValueError, match="unknown level 7"):
        CurriculumWrapper(RefinementEnv(ToyTask()), Scripted(7)).reset()


@pytest.mark.parametrize("name", ["uniform", "threshold", "learnability"])
def test_the_package_s_curricula_fit_and_draws_follow_the_seed(name):
    def levels(seed: int) -> list[int]:
        env = CurriculumWrapper(gymnasium.make("TRM-Arithmetic-v0", max_steps=1), make_curriculum(name, range(11)))
        drawn = []
        for episode in range(12):
            env.reset(seed=seed if episode == 0 else None)
            drawn.append(env.step(solution(env))[4]["level"])
        return drawn

    assert levels(1) == levels(1)
    assert levels(1) != levels(2)
    assert max(levels(1)) > 0, "problems are solved, so that harder levels come"


def test_a_curriculum_goes_around_the_cell_grain():
    source = Scripted(0)
    env = CurriculumWrapper(EditCells(RefinementEnv(ToyTask())), source)
    env.reset(seed=0)
    env.step(60)
    assert source.told == [([0], [False])]


def test_traces_are_whole_files_of_finished_episodes(tmp_path):
    env = TraceRecorder(RefinementEnv(ToyTask(), step_cost=0.25), tmp_path / "traces", episodes_per_file=2)
    expected = []
    for episode in range(5):
        observation, _ = env.reset(seed=episode)
        start = observation["answer"].tolist()
        env.step(BLANKS)
        if episode == 1:
            continue
        last = solution(env)
        info = env.step(last)[4]
        drafts = [start, start, last[:-1].tolist()]
        record = {"episode": episode, "problem": start, "drafts": drafts, "rewards": [-0.25, 0.75]}
        expected.append({**record, **info})
        assert len(list((tmp_path / "traces").iterdir())) == len(expected) // 2, "nothing half-written"
    env.reset()
    env.close()
    lines = [path.read_text(encoding="utf-8").splitlines() for path in sorted((tmp_path / "traces").iterdir())]
    assert [json.loads(line) for part in lines for line in part] == expected
    assert [path.name[9:16] for path in sorted((tmp_path / "traces").iterdir())] == ["0000000", "0000003"]
    with pytest.raises(ValueError, match="holds traces already"):
        TraceRecorder(RefinementEnv(ToyTask()), tmp_path / "traces")


def test_bad_recorders_are_errors(tmp_path):
    with pytest.raises(ValueError, match="below what flattens"):
        TraceRecorder(gymnasium.wrappers.FlattenObservation(RefinementEnv(ToyTask())), tmp_path)
    with pytest.raises(ValueError, match="episodes_per_file must be"):
        TraceRecorder(RefinementEnv(ToyTask()), tmp_path, episodes_per_file=0)


@pytest.mark.parametrize("env_id", [entry.env_id for entry in TASKS.values()])
def test_gymnasium_flattens_to_one_hot(env_id):
    """As the package's page says: draft, budget, problem."""
    env = gymnasium.make(env_id)
    flat = gymnasium.wrappers.FlattenObservation(env)
    task = env.get_wrapper_attr("task")
    vector, _ = flat.reset(seed=1)
    problems = env.get_wrapper_attr("problems")
    hot = [np.eye(task.vocab)[tokens].ravel() for tokens in (problems.start[0], problems.problem[0])]
    shown = task.shown(problems, slice(None))
    seen = hot[1] if "problem" in shown else np.concatenate([shown[part].ravel() for part in sorted(shown)])
    np.testing.assert_array_equal(vector, np.concatenate([hot[0], [1], seen]).astype(np.float32))
    assert vector.dtype == np.float32 and flat.observation_space.contains(vector)


def test_wrappers_are_made_again_from_what_they_record(tmp_path):
    """All of Gymnasium's ``spec``: every argument of each constructor, as it was given."""

    def price(episode: int) -> float:
        return 0.01

    source = Scripted(0)
    arguments = {
        EditCells: {"price": 0.5},
        TextObservation: {},
        CurriculumWrapper: {"curriculum": source},
        StepCostSchedule: {"schedule": price},
        TraceRecorder: {"folder": str(tmp_path / "traces"), "episodes_per_file": 7},
    }
    for wrapper, given in arguments.items():
        made = wrapper(gymnasium.make("TRM-Sudoku4x4-v0", level="clues4-5"), **given)
        assert made.spec is not None
        twin = gymnasium.make(made.spec)
        assert isinstance(twin, wrapper) and twin.spec == made.spec
        (recorded,) = made.spec.additional_wrappers
        assert recorded.kwargs == given
        assert set(given) == set(inspect.signature(wrapper).parameters) - {"env"}
        assert twin.get_wrapper_attr("spec").kwargs["level"] == "clues4-5"
