"""Problems that hold numbers: every part of the suite takes them by the task's word alone, or says why it cannot."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode

from tests.toy import ToyTask
from tests.toy_numbers import ToyNumbers
from trm_gym import Problems, RefinementEnv, RefinementVectorEnv, dataset
from trm_gym.episodes import observation_space
from trm_gym.registration import TASKS, TaskEntry, make_task
from trm_gym.task import Task
from trm_gym.wrappers import EditCells, TextObservation, TraceRecorder

TASK = ToyNumbers()
KEYS = np.arange(6, dtype=np.uint64) * 2**60 + 7
ONE = "1.5 3.5"
RIGHT = np.array([2, 4, 1], np.uint8)


def some(task: Task = TASK) -> Problems:
    return task.sample(KEYS, np.zeros(6, np.int64), "train")


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = TaskEntry("TRM-ToyNumbers-v0", "tests.toy_numbers", "ToyNumbers", {"size": 64})
    monkeypatch.setitem(TASKS, "toynumbers", entry)


def test_batches_carry_numbers_and_truth():
    problems = some()
    picked = problems[np.array([4, 1])]
    assert picked.numbers.tolist() == problems.numbers[[4, 1]].tolist()
    assert picked.truth.tolist() == problems.truth[[4, 1]].tolist()
    both = Problems.concatenate([problems[:2], problems[2:]])
    assert both.numbers.tolist() == problems.numbers.tolist() and both.truth.tolist() == problems.truth.tolist()
    blank = Problems.blank(3, TASK)
    assert blank.numbers.shape == blank.truth.shape == (3, 2) and not blank.numbers.any() and blank.free.all()
    blank.put(np.array([2, 0]), picked)
    assert blank.numbers.tolist() == [picked.numbers[1].tolist(), [0, 0], picked.numbers[0].tolist()]
    assert blank.truth[2].tolist() == picked.truth[0].tolist()


def test_problems_of_tokens_have_none():
    problems = some(ToyTask())
    assert problems.numbers.shape == problems.truth.shape == (6, 0) and problems.numbers.dtype == np.float64
    assert problems[:2].truth.shape == Problems.blank(2, ToyTask()).numbers.shape == (2, 0)


def test_what_is_observed_is_the_tasks_word():
    assert set(observation_space(TASK)) == {"points", "mask", "answer", "budget"}
    assert set(observation_space(ToyTask())) == {"problem", "answer", "budget"}
    env = RefinementEnv(TASK)
    check_env(env, skip_render_check=True)
    seen, _ = env.reset(options={"problem": ONE})
    assert env.observation_space.contains(seen)
    assert seen["points"].tolist() == [1.5, 3.5] and seen["mask"].tolist() == [1, 1]
    assert seen["answer"].tolist() == [0, 0] and "truth" not in seen
    seen["points"][:] = 9
    *_, info = env.step(RIGHT)
    assert info["solved"] and env.problems.numbers.tolist() == [[1.5, 3.5]]


def test_a_vector_environment_shows_what_single_ones_do():
    envs = RefinementVectorEnv(4, TASK, max_steps=2, autoreset_mode=AutoresetMode.SAME_STEP)
    seen, _ = envs.reset(seed=10)
    assert envs.observation_space.contains(seen)
    for slot in range(4):
        alone, _ = RefinementEnv(TASK).reset(seed=10 + slot)
        assert {name: part.tolist() for name, part in alone.items()} == {
            name: part[slot].tolist() for name, part in seen.items()
        }
    envs.step(np.zeros((4, 3), np.uint8))
    after, _, ended, _, infos = envs.step(np.zeros((4, 3), np.uint8))
    assert ended.all() and infos["final_obs"][2]["points"].tolist() == seen["points"][2].tolist()
    assert set(infos["final_obs"][2]) == set(seen) and after["points"].tolist() != seen["points"].tolist()


def test_states_come_back_and_what_no_verifier_could_read_is_refused():
    env = RefinementEnv(TASK)
    env.reset(options={"problem": ONE})
    state = env.get_state()
    other = RefinementEnv(ToyNumbers())
    other.reset(seed=5)
    other.set_state(state)
    assert other.problems.numbers.tolist() == [[1.5, 3.5]] and other.step(RIGHT)[4]["solved"]
    for name, value, match in (
        ("problems.truth", 1e9, "truth of toynumbers is from 0 to 4"),
        ("problems.truth", np.nan, "'truth' of problems of toynumbers must be finite, and one is nan"),
        ("problems.numbers", np.inf, "'numbers' of problems"),
    ):
        with pytest.raises(ValueError, match=match):
            other.set_state({**state, name: np.full((1, 2), value)})
    with pytest.raises(ValueError, match=r"problems\.numbers must be an array float64"):
        other.set_state({**state, "problems.numbers": np.zeros((1, 3))})


def test_faults_of_arrays_name_what_is_wrong():
    problems = some()
    assert TASK.fault(problems) == ""
    for changes, match in (
        (
            {"numbers": np.zeros((6, 3))},
            "'numbers' of problems of toynumbers must be float64 of shape (6, 2), not float64 of shape (6, 3)",
        ),
        ({"truth": problems.truth.astype(np.float32)}, "must be float64 of shape (6, 2), not float32"),
        ({"numbers": np.zeros((5, 2))}, "not float64 of shape (5, 2)"),
        ({"solution": problems.solution + 9}, "tokens of toynumbers lie below 5"),
        ({"problem": np.zeros((6, 3), np.uint8)}, "has 2 cells, this one 3"),
    ):
        assert match in TASK.fault(dataclasses.replace(problems, **changes))


def test_one_cell_at_a_time():
    env = EditCells(RefinementEnv(TASK))
    seen, _ = env.reset(options={"problem": ONE})
    assert seen["points"].tolist() == [1.5, 3.5] and env.action_masks().tolist() == [False, *[True] * 4] * 2 + [True]
    env.step(2)
    seen, *_ = env.step(5 + 4)
    assert seen["answer"].tolist() == [2, 4] and env.step(10)[4]["solved"]


def test_text_holds_the_numbers():
    env = TextObservation(RefinementEnv(TASK))
    seen, _ = env.reset(options={"problem": ONE})
    assert env.observation_space.contains(seen) and seen["problem"] == ONE
    seen, *_, info = env.step("24 halt")
    assert info["solved"] and seen == {"problem": ONE, "answer": "24", "budget": seen["budget"]}


def test_traces_hold_what_is_shown(tmp_path: Path):
    for folder, wrap, shown in (
        ("tokens", lambda env: env, {"points": [1.5, 3.5], "mask": [1, 1]}),
        ("text", TextObservation, {"problem": ONE}),
    ):
        env = TraceRecorder(wrap(RefinementEnv(TASK)), tmp_path / folder)
        env.reset(options={"problem": ONE})
        env.step("24 halt" if folder == "text" else RIGHT)
        env.close()
        trace = json.loads((tmp_path / folder / "episodes-0000000.jsonl").read_text())
        assert {name: trace[name] for name in shown} == shown and trace["solved"] and "budget" not in trace


def test_as_data(tmp_path: Path):
    drawn = dataset.draw(TASK, None, "train", 5, 40)
    assert drawn.numbers[3].tolist() == RefinementEnv(TASK).reset(seed=43)[0]["points"].tolist()
    for make in (
        lambda: dataset.arrays(TASK, None, "train", 5, 0),
        lambda: dataset.write(tmp_path / "a", TASK, None, {"train": 5}, 0),
    ):
        with pytest.raises(ValueError, match="hold numbers, for which TRM's and HRM's files have no place"):
            make()
    assert not (tmp_path / "a").exists()
    rows = (dataset.write_jsonl(tmp_path / "b", TASK, None, {"train": 40}, 40) / "train.jsonl").read_text().splitlines()
    first = json.loads(rows[0])
    assert (
        first["numbers"] == drawn.numbers[0].tolist()
        and TASK.encode(first["problem"]).numbers[0].tolist() == first["numbers"]
    )
    different = {tuple(json.loads(row)["numbers"]) for row in rows}
    assert len({json.loads(row)["id"] for row in rows}) == len(different) > 5
    card = (tmp_path / "b" / "README.md").read_text()
    assert f"| train | 40 | {len(different)} |" in card and "SHA-256 of its tokens and numbers" in card
    item = dataset.ProblemDataset(TASK, None, "train", 5, 40)[3]
    assert item["numbers"].tolist() == drawn.numbers[3].tolist() and item["truth"].tolist() == drawn.truth[3].tolist()
    assert "numbers" not in dataset.ProblemDataset(ToyTask(), None, "train", 2, 0)[0]


@pytest.mark.usefixtures("registered")
def test_a_name_without_a_number_stands_for_one_size():
    assert make_task("toynumbers").name == "toynumbers" and make_task("toynumbers64") is make_task("toynumbers")
    large = make_task("toynumbers", 512)
    assert large is make_task("toynumbers512") is make_task("toynumbers64", 512) and large.name == "toynumbers512"
    assert make_task("toynumbers512", 64) is make_task("toynumbers")
    assert make_task("maze11x11", 30) is make_task("maze30x30")
    for name in ("toynumbers064", "toynumbers64x64", "maze30", "sudoku", "arithmetic5"):
        with pytest.raises(ValueError, match=f"unknown task '{name}'"):
            make_task(name)
    with pytest.raises(ValueError, match="'arithmetic' has no size: leave out size=5"):
        make_task("arithmetic", 5)


def test_a_task_without_spoilt_drafts_says_so():
    with pytest.raises(ValueError, match=r"toy has no corrupted drafts to train on: leave drafts\.\*_corrupted at 0"):
        ToyTask().corrupt(some(ToyTask()), KEYS)


def test_what_solutions_say_of_cells():
    problems = TASK.encode("2.5 1.5")
    assert problems.solution.tolist() == [[3, 0]] and TASK.labelled(problems, problems.solution).tolist() == [
        [True, False]
    ]
    for name in TASKS:
        task = make_task(name)
        drawn = task.generate(4, task.default_level, "train", 0)
        if not task.numbers:
            assert task.labelled(drawn, drawn.solution).all(), name
    walls = make_task("maze11x11").generate(1, 0, "train", 0)
    assert not make_task("maze11x11").answer_tokens[walls.solution].all(), "the walls, which are fixed"
