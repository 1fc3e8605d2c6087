"""Verdicts go by the rules: held against NetworkX, and against answers that would cheat."""

from __future__ import annotations

import functools
import itertools
import json
from typing import cast

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.oracles.maze import GOAL, OFF, ON, START, graph_of, obeys
from trm_gym.maze import MazeTask
from trm_gym.maze.parsing import read_jsonl
from trm_gym.task import Problems

TASK = MazeTask(11)


@functools.cache
def some(level: int) -> Problems:
    return TASK.generate(30, level, "train", 11)


def drawn(problem: np.ndarray, path: list[tuple[int, int]]) -> np.ndarray:
    """The answer that marks the cells between the ends of ``path``."""
    answer = np.where(problem == 0, OFF, problem).astype(np.uint8)
    size = round(len(problem) ** 0.5)
    answer[[row * size + column for row, column in path[1:-1]]] = ON
    return answer


def ends(problem: np.ndarray) -> list[tuple[int, int]]:
    size = round(len(problem) ** 0.5)
    return [divmod(int(np.flatnonzero(problem == end)[0]), size) for end in (START, GOAL)]


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_verdicts_agree_with_the_rules_told_by_networkx(data):
    problems = some(data.draw(st.integers(0, len(TASK.levels) - 1)))
    which = data.draw(st.integers(0, 29))
    answer = problems.solution[which].copy()
    tokens = st.one_of(st.sampled_from((OFF, ON)), st.integers(0, 255))
    for cell, token in data.draw(st.lists(st.tuples(st.integers(0, 120), tokens), max_size=4)):
        answer[cell] = token
    verdicts = TASK.verify(problems[which : which + 1], answer[None])
    assert verdicts.solved[0] == obeys(problems.problem[which], answer)
    assert verdicts.score[0] == float(verdicts.solved[0])


@pytest.mark.parametrize("level", range(len(TASK.levels)))
def test_every_shortest_path_counts(level):
    problems = some(level)
    for index in range(10):
        problem = problems.problem[index]
        start, goal = ends(problem)
        paths = nx.all_shortest_paths(graph_of(problem), start, goal)
        answers = np.array([drawn(problem, path) for path in itertools.islice(paths, 20)])
        many = problems[np.full(len(answers), index)]
        assert TASK.verify(many, answers).solved.all()


def test_longer_paths_do_not_count():
    problems, tried = some(TASK.level_index("rooms")), 0
    for index in range(30):
        problem = problems.problem[index]
        shortest = 1 + (problems.solution[index] == ON).sum()
        start, goal = ends(problem)
        for path in itertools.islice(nx.shortest_simple_paths(graph_of(problem), start, goal), 40):
            verdict = TASK.verify(problems[index : index + 1], drawn(problem, path)[None])
            assert verdict.solved[0] == (len(path) - 1 == shortest)
            tried += len(path) - 1 > shortest
    assert tried > 100


@pytest.mark.parametrize("level", range(len(TASK.levels)))
def test_one_wrong_cell_is_one_too_many(level):
    problems = some(level)
    for index in range(10):
        for cell in np.flatnonzero(problems.free[index]):
            answer = problems.solution[index].copy()
            answer[cell] = OFF + ON - answer[cell]
            one = problems[index : index + 1]
            assert not TASK.verify(one, answer[None]).solved[0]
            answer[cell] = 0
            assert not TASK.verify(one, answer[None]).solved[0], "a blank cell is no answer"


@pytest.mark.parametrize("level", range(len(TASK.levels)))
def test_cheats_score_nothing(level):
    problems = some(level)
    for token in [*range(TASK.vocab), 17, 255]:
        cheat = np.where(problems.free, np.uint8(token), problems.problem)
        expected = [obeys(problem, answer) for problem, answer in zip(problems.problem, cheat, strict=True)]
        assert TASK.verify(problems, cheat).solved.tolist() == expected
        whole = np.full_like(problems.problem, token)
        assert not TASK.verify(problems, whole).solved.any()
    assert not TASK.verify(problems, problems.start).solved.any()


def test_a_changed_wall_is_no_answer():
    problems = some(1)
    for token in (OFF, ON):
        answers = problems.solution.copy()
        answers[np.arange(30), (problems.problem == 1).argmax(axis=1)] = token
        assert not TASK.verify(problems, answers).solved.any()


def test_a_ring_beside_the_path_is_no_answer():
    problems = TASK.encode("\n".join(["S..G.......", *["." * 11] * 10]))
    answer = problems.solution.copy()
    assert TASK.verify(problems, answer).solved[0]
    board = answer.reshape(11, 11)
    board[[5, 5, 6, 6], [5, 6, 5, 6]] = ON
    assert not TASK.verify(problems, answer).solved[0]


def test_neighbouring_start_and_goal_need_no_mark():
    problems = TASK.encode("\n".join(["SG.........", *["." * 11] * 10]))
    assert TASK.verify(problems, problems.solution).solved[0]
    assert not (problems.solution == ON).any()


def test_answers_of_a_wrong_shape_or_type():
    problems = some(1)
    with pytest.raises(ValueError, match="answers must be uint8 of shape"):
        TASK.verify(problems, problems.solution[:5])
    with pytest.raises(ValueError, match="answers must be uint8 of shape"):
        TASK.verify(problems, np.array(problems.solution, dtype=int))


def test_official_labels_are_legal_and_optimal(benchmarks):
    path = benchmarks / "maze" / "hrm_maze_hard_30x30_test.jsonl"
    records = read_jsonl(path)
    task = MazeTask(30)
    assert len(records) == 1000
    assert all(not record.fault for record in records), "len is what a shortest path has, in all of them"
    problems = Problems.concatenate([record.problems for record in records if record.problems])
    moves, answers = {"U": (-1, 0), "R": (0, 1), "D": (1, 0), "L": (0, -1)}, []
    for line, problem in zip(path.read_text().splitlines(), problems.problem, strict=True):
        way = [ends(problem)[0]]
        for letter in json.loads(line)["label"]:
            way.append((way[-1][0] + moves[letter][0], way[-1][1] + moves[letter][1]))
        answers.append(drawn(problem, way))
    assert task.verify(problems, np.array(answers)).solved.all()
    assert task.verify(problems, problems.solution).solved.all()
    assert [record.steps for record in records] == (1 + (problems.solution == ON).sum(axis=1)).tolist()


def test_of_a_path_its_steps_are_told_and_of_anything_else_more_than_any_path_has():
    problems, longer = some(TASK.level_index("rooms")), 0
    for index in range(30):
        problem = problems.problem[index]
        (start, goal), graph = ends(problem), graph_of(problem)
        one = problems[np.full(1, index)]
        for path in itertools.islice(nx.all_simple_paths(graph, start, goal, cutoff=24), 40):
            answer = drawn(problem, list(cast("list[tuple[int, int]]", path)))
            marked = graph.subgraph(path)
            unforked = marked.number_of_edges() == len(path) - 1  # else cells side by side make another way of it
            assert TASK.misfit(one, answer[None]).item() == (len(path) - 1 if unforked else 121)
            longer += unforked and len(path) - 1 > problems.difficulty[index]
        answer = problems.solution[index].copy()
        assert TASK.misfit(one, answer[None]).item() == nx.shortest_path_length(graph, start, goal)
        on = np.flatnonzero(answer == ON)
        if len(on):
            answer[on[len(on) // 2]] = OFF
            assert TASK.misfit(one, answer[None]).item() == 121
    assert longer > 10, "no longer paths were tried"
    echo = problems.start
    assert (TASK.misfit(problems, echo) == 121).all()
