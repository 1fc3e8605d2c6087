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
from trm_gym.written.signs import answer_tokens

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
    assert observation["problem"] == task.problem_text(problem)
    read = task.encode(observation["problem"])
    assert read.problem.tobytes() == problem.problem.tobytes() and np.array_equal(read.numbers, problem.numbers)
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
    assert "z is not asked for, an only unknown is called x" in algebra.step("z=2")[4]["parse_error"]


EQUATION, SYSTEM, EXPAND, SUM = "x+1=3", "x+y=3, x-y=1", "expand (x+1)*(x+2)", "1+1"
NO_ANSWERS = [
    *((EQUATION, text) for text in ["x=2=2", "x=", "=", "x=2 or", "or x=2", "x=2,", "x = 2;", ",2", "x=2,,", "x=±"]),
    *(
        (EQUATION, text)
        for text in ["y=2", "z=2", "x=2, y", "x=x", "expand 2", "2 at", "x=2 x=2", "x=2\nx=3", "x y = 2"]
    ),
    *((EQUATION, text) for text in ["()", "+", "2+", "2*/1", "(2", "2)", ")2(", "x=2 halt halt", "x=2 halt now"]),
    *((EQUATION, text) for text in ["the answer is x=2", "answer: 2", "x≈2", "x=2!", "x=2 (checked)", "x=2=", "==2"]),
    *((SYSTEM, text) for text in ["x=2 y=1", "x=2, z=1", "y=1", "a=2, b=1", "x=2, y=", "x=2, y=x"]),
    *(
        (EXPAND, text)
        for text in ["x^2+3*x+2=0", "y=x^2+3*x+2", "expand x^2+3*x+2", "x^2+3*x+2 at", "x^2+3*x+", "x^2+y"]
    ),
    *((SUM, text) for text in ["x=2", "1+1=2", "2=2", "2,3", "2x", "expand 2", "1+1", "y", "2 or 3", "(2)", "2*1"]),
]
"""Problems, and what is no answer to one of their kind, or is more than one, or less."""


@pytest.mark.parametrize(("problem", "text"), NO_ANSWERS)
def test_what_is_not_wholly_an_answer_is_said_to_be_none(problem, text):
    env = start("TRM-Arithmetic-v0" if problem == SUM else "TRM-Algebra-v0", problem)
    *_, info = env.step(text + " halt")
    assert info["solved"] is False and info["parse_error"]


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        *((EQUATION, text) for text in ["2", "x=2", "X = 2 ", "= 2", "x_1=2", "x=+2", "x = 4/2", "x=2\n"]),
        *((SYSTEM, text) for text in ["2,1", "x=2, y=1", "y=1, x=2", "x=2 and y=1"]),
        *((EXPAND, text) for text in ["x^2+3x+2", "x²+3*x+2", "= x^2+3*x+2", "2+3x+x^2"]),
        *((SUM, text) for text in ["2", "=2", "+2"]),
        *(("x^2=4", text) for text in ["x=2 or x=-2", "x=±2", "-2,2", "x=2 or -2"]),
        *(("x^2=4", text) for text in ["3,-3", "x = 3 or x = -3", "17"]),
        ("factor x^2+3*x+2", "(x+1)(x+2)"),
    ],
)
def test_what_is_wholly_an_answer_is_judged(problem, text):
    env = start("TRM-Arithmetic-v0" if problem == SUM else "TRM-Algebra-v0", problem)
    *_, info = env.step(text + " halt")
    assert "parse_error" not in info


@pytest.mark.parametrize("name", ["algebra", "arithmetic"])
def test_no_right_answer_is_refused(name):
    """Changed by a sign or two, a solution is refused only where the verifier, too, says that it is none."""
    task, rng, right = make_task(name), np.random.default_rng(0), 0
    for level in range(len(task.levels)):
        problems = task.generate(6, level, "test", 1)
        for one in (problems[slice(at, at + 1)] for at in range(6)):
            signs = list(task.draft_text(one.solution[0]))
            for _ in range(40):
                text, at = signs.copy(), rng.integers(len(signs) + 1)
                text[at : at + rng.integers(2)] = [str(rng.choice(list("0123456789+-*/^(),x ")))]
                draft = one.problem[0].copy()
                try:
                    draft[one.free[0]] = answer_tokens("".join(text), int(one.free[0].sum()))
                except ProblemError:
                    continue
                if task.verify(one, draft[None]).solved[0]:
                    right += 1
                    task.read_draft("".join(text))
    assert right > 50


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
