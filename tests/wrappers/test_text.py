"""The environment in words: drafts go out and come back, and nothing that is said is an error."""

import json

import gymnasium
import numpy as np
import pytest
from gymnasium.envs.registration import EnvSpec
from gymnasium.utils.env_checker import check_env
from hypothesis import given, settings
from hypothesis import strategies as st

from trm_gym.errors import ProblemError
from trm_gym.registration import TASKS, make_task
from trm_gym.wrappers import EditCells, TextObservation, TraceRecorder

every_task = pytest.mark.parametrize("name", TASKS)
PUZZLE = "12.43.12.1434.21"
SOLUTION = "1234341221434321"
BAD = [
    "",
    "1234",
    "12343412214343219",
    "123434122143432x",
    "I think that it is 1234341221434321",
    "1234341221434321 halt, please",
    "\x00" * 16,
    "9" * 100_000,
    3,
    None,
    b"1234341221434321",
    ["1"] * 16,
]


def start(env_id: str = "TRM-Sudoku4x4-v0", problem: str | None = PUZZLE, **settings) -> TextObservation:
    env = TextObservation(gymnasium.make(env_id, **settings))
    env.reset(seed=0, options={} if problem is None else {"problem": problem})
    return env


@pytest.mark.filterwarnings("ignore:.*is different from the unwrapped version")
@pytest.mark.filterwarnings("ignore:.*not in an expected format")
@every_task
def test_the_checker_accepts_it(name):
    check_env(TextObservation(gymnasium.make(TASKS[name].env_id)), skip_render_check=True)


@every_task
@pytest.mark.parametrize("level", [0, -1])
def test_solutions_come_back_and_are_right(name, level):
    task = make_task(name)
    problems = task.sample(np.arange(8, dtype=np.uint64) * 2**60 + 5, np.full(8, level % len(task.levels)), "train")
    for i in range(8):
        text = task.draft_text(problems.solution[i])
        draft = task.read_draft(text)
        np.testing.assert_array_equal(task.read_draft(f"\n{text}\n"), draft)
        assert task.draft_text(draft) == text
        draft[~problems.free[i]] = problems.problem[i][~problems.free[i]]
        assert task.verify(problems[i : i + 1], draft[None]).solved.all()


@every_task
def test_an_episode_in_words(name):
    env = start(TASKS[name].env_id, None)
    task = make_task(name)
    observation, info = env.reset(seed=4)
    assert env.observation_space.contains(observation) and set(info) == {"level", "difficulty"}
    problem = env.get_wrapper_attr("problems")
    assert observation["problem"] == task.decode(problem.problem[0])
    assert task.encode(observation["problem"]).problem.tobytes() == problem.problem.tobytes()
    assert observation["answer"] == task.draft_text(problem.start[0])
    solution = task.draft_text(problem.solution[0])
    observation, reward, ended, _, info = env.step(solution)
    assert not ended and info == {} and reward < 0 and observation["answer"].split() == solution.split()
    observation, reward, ended, _, info = env.step(" HALT\n")
    assert ended and info["solved"] and info["steps"] == 2 and reward > 0.9
    env.reset(seed=4)
    assert env.step(solution + "\nhalt")[4]["solved"]


@pytest.mark.parametrize("text", ["1234 3412 2143 4321", "1234\n3412\n2143\n4321\n", "  1 2 3 4 3412 2143 4321"])
def test_white_space_in_a_sudoku_is_free(text):
    assert start().step(text + " halt")[4]["solved"]


def test_rows_of_a_maze_may_lose_their_last_spaces():
    task = make_task("maze5x5")
    problems = task.encode("S..#G/.#.#./...#./.#.../.....")
    rows = task.draft_text(problems.solution[0]).split("\n")
    assert any(row != row.rstrip() for row in rows)
    stripped = task.read_draft("\r\n".join(row.rstrip() for row in rows))
    np.testing.assert_array_equal(stripped, problems.solution[0])
    with pytest.raises(ProblemError, match="has 25 cells, got 20"):
        task.read_draft("\n".join(rows[:4]))


@pytest.mark.parametrize("bad", BAD)
def test_bad_text_gets_a_verdict(bad):
    env = start()
    env.step(SOLUTION)
    observation, reward, ended, _, info = env.step(bad)
    assert list(info) == ["parse_error"] and info["parse_error"] and not ended and reward < 0
    assert observation["answer"] == PUZZLE, "a blank draft, not the right one of before"
    if isinstance(bad, str) and bad:
        env = start()
        env.step(SOLUTION)
        *_, ended, _, info = env.step(bad + " halt")
        assert ended and not info["solved"] and info["parse_error"]


def test_the_fault_is_named():
    assert start().step("12x")[4]["parse_error"] == "'x' at cell 3 is no sign of sudoku4x4: use . 1 2 3 4"
    assert start().step("12")[4]["parse_error"] == "a draft of sudoku4x4 has 16 cells, got 2"
    algebra = start("TRM-Algebra-v0", "x+1=3")
    assert "unexpected 'z'" in algebra.step("z=2")[4]["parse_error"]


@settings(max_examples=150, deadline=None)
@given(text=st.text(max_size=400), name=st.sampled_from(list(TASKS)), halt=st.booleans())
def test_anything_can_be_said(text, name, halt):
    env = start(TASKS[name].env_id, None)
    observation, _, ended, truncated, info = env.step(text + (" halt" if halt else ""))
    assert env.observation_space.contains(observation) and not truncated
    assert ended == ("solved" in info) and (ended or not halt)
    assert not info.get("solved") or "parse_error" not in info


def test_specs_survive_json():
    spec = start().spec
    assert spec is not None and isinstance(gymnasium.make(EnvSpec.from_json(spec.to_json())), TextObservation)


def test_it_goes_next_to_the_environment():
    with pytest.raises(ValueError, match="next to the environment"):
        TextObservation(EditCells(gymnasium.make("TRM-Sudoku4x4-v0")))
    with pytest.raises(ValueError, match="next to the environment"):
        EditCells(start())


def test_traces_hold_the_words(tmp_path):
    env = TraceRecorder(start(), tmp_path)
    env.reset(options={"problem": PUZZLE})
    env.step(SOLUTION + "halt")  # No space is needed, but a word it is: after a digit, this is none.
    env.step("halt")
    env.close()
    trace = json.loads((tmp_path / "episodes-0000000.jsonl").read_text(encoding="utf-8"))
    assert trace["problem"] == PUZZLE and trace["drafts"] == [PUZZLE, PUZZLE, PUZZLE]
