"""Kernels give the same problems and verdicts run by Python, compiled, or first one and then the other."""

from __future__ import annotations

import numpy as np
import pytest

from trm_gym import lazy_kernel as lazy
from trm_gym.algebra import solver as algebra
from trm_gym.arithmetic import solver as arithmetic
from trm_gym.jit import below, lazy_kernel
from trm_gym.lazy_kernel import LazyKernel
from trm_gym.registration import make_task
from trm_gym.streams import mix

levels = [
    (name, level)
    for name in ("arithmetic", "algebra", "maze11x11", "sudoku4x4")
    for level in range(len(make_task(name).levels))
]
every_level = pytest.mark.parametrize(("name", "level"), levels)


def results(name: str, level: int) -> list[np.ndarray]:
    """Problems of a level, and verdicts on right answers and on answers with a few wrong tokens."""
    task, rng = make_task(name), np.random.default_rng(level)
    problems = task.sample(mix(5, np.arange(4)), np.full(4, level), "test")
    noise = rng.integers(0, task.vocab, problems.solution.shape)
    wrong = np.where(rng.random(noise.shape) < 0.05, noise, problems.solution).astype(np.uint8)
    verdicts = [task.verify(problems, answers).solved for answers in (problems.solution, wrong)]
    return [problems.problem, problems.solution, problems.difficulty, *verdicts]


@every_level
def test_interpreted_is_what_is_compiled(name, level, monkeypatch):
    monkeypatch.setattr(lazy, "INTERPRETED_SECONDS", 0.0)
    compiled = results(name, level)
    assert compiled[3].all() and not compiled[4].all()
    monkeypatch.setattr(LazyKernel, "__call__", lambda self, *arguments: self.interpret(*arguments, seconds=60.0))
    for one, other in zip(compiled, results(name, level), strict=True):
        np.testing.assert_array_equal(one, other, strict=True)


@pytest.mark.parametrize(("name", "level"), [one for one in levels if one[0] != "sudoku4x4"])
def test_what_is_cut_short_is_begun_anew(name, level, monkeypatch):
    monkeypatch.setattr(lazy, "INTERPRETED_SECONDS", 0.0)
    compiled, chance, cut = results(name, level), np.random.default_rng(level), 0

    def check() -> None:
        if chance.random() < 0.02:
            raise lazy._OutOfTimeError

    def call(self: LazyKernel, *arguments: object) -> object:
        nonlocal cut
        try:
            return self.interpret(*arguments, seconds=60.0)
        except lazy._OutOfTimeError:
            cut += 1
            return self._compiled(*arguments)

    monkeypatch.setattr(lazy._CLOCK, "check", check)
    monkeypatch.setattr(LazyKernel, "__call__", call)
    for one, other in zip(compiled, results(name, level), strict=True):
        np.testing.assert_array_equal(one, other, strict=True)
    assert cut > 0


@pytest.mark.parametrize(("name", "solve"), [("arithmetic", arithmetic.solve), ("algebra", algebra.solve)])
def test_what_is_no_problem_is_read_alike(name, solve, monkeypatch):
    task, rng = make_task(name), np.random.default_rng(0)
    levels = np.arange(60) % len(task.levels)
    problem = task.sample(mix(8, np.arange(60)), levels, "train").problem
    noise = rng.integers(0, task.vocab, problem.shape)
    tokens = np.where(rng.random(problem.shape) < rng.choice([0.03, 0.3, 1.0], (60, 1)), noise, problem).astype(
        np.uint8
    )
    tokens[:5, :32] = 10  # as many nines as there is room for
    monkeypatch.setattr(lazy, "INTERPRETED_SECONDS", 0.0)
    compiled = solve(tokens)
    monkeypatch.setattr(LazyKernel, "__call__", lambda self, *arguments: self.interpret(*arguments, seconds=60.0))
    for one, other in zip(compiled, solve(tokens), strict=True):
        np.testing.assert_equal(one, other)


def _draws(found, state):
    for index in range(len(found)):
        found[index] = below(state, 10)


def test_few_rows_are_interpreted_until_their_seconds_are_used_up(monkeypatch):
    ran = []

    def run(rows: int, kernel: LazyKernel) -> None:
        found, state = np.zeros(rows, np.int64), np.zeros(1, np.uint64)
        monkeypatch.setattr(kernel, "_compiled", lambda *arguments: ran.append(rows))
        kernel(found, state)

    def fresh() -> LazyKernel:
        kernel = lazy_kernel(_draws)
        kernel.__dict__.update(on_disk=False, _function=kernel._function)
        return kernel

    monkeypatch.setattr(lazy._CLOCK, "used", 0.0)
    run(3, fresh())
    assert ran == [] and lazy._CLOCK.used > 0
    run(lazy.INTERPRETED_ROWS + 1, fresh())
    assert ran == [lazy.INTERPRETED_ROWS + 1], "many rows pay for the compiler at once"
    monkeypatch.setattr(lazy, "INTERPRETED_SECONDS", 0.0)
    run(2, fresh())
    assert ran[1:] == [2]
    monkeypatch.setattr(lazy, "INTERPRETED_SECONDS", 1e-7)
    monkeypatch.setattr(lazy._CLOCK, "used", 0.0)
    run(4, fresh())
    assert ran[2:] == [4], "and so does what takes longer than there is patience left"
