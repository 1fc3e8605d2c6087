"""What is printed, and what messages name, fits on a line, whatever it holds."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import gymnasium
import numpy as np
import pytest
import torch

import agents
import curricula
import trm_gym
from agents.inference.solver import Solver
from trm_gym.checks import known_name, real_number, whole_number, whole_numbers
from trm_gym.short_repr import LONGEST, short

HOLDS_MUCH = re.compile(r"^(?!.*Callable).*\b(NDArray|ndarray|Tensor|Problems|Unroll|Trajectory|TRM|Carry|Verdicts)\b")
"""What stands in the annotation of a field that would fill a screen."""
ELSEWHERE = ("agents.scripts", "trm_gym.ecosystems.")
"""Modules of the command line, and those that each need another library (tests/ecosystems)."""
SEARCHES = ("_search", "trm_gym.maze.generator", "trm_gym.algebra.generator")
"""Modules whose tuples of arrays never leave them: compiled code takes them apart."""


class Long:
    """An object that says much about itself, over many lines."""

    def __repr__(self) -> str:
        return "long\n" * 1000


class Broken:
    """An object that cannot say what it is."""

    def __repr__(self) -> str:
        raise RuntimeError("no")


MUCH = {
    "array": np.zeros((100, 100)),
    "tensor": torch.zeros(100, 100),
    "list": [1] * 1000,
    "arrays": [np.zeros(1000)] * 1000,
    "texts": ["x" * 100] * 100,
    "text": "x" * 1000,
    "lines": "\n" * 1000,
    "bytes": b"\x00" * 1000,
    "mapping": {number: [1] * 100 for number in range(1000)},
    "number": 10**5000,
    "module": torch.nn.Sequential(*(torch.nn.Linear(3, 3) for _ in range(9))),
    "long": Long(),
    "broken": Broken(),
    "problems": trm_gym.make_task("sudoku4x4").generate(9, 0, "test", 0),
}
much = pytest.mark.parametrize("value", MUCH.values(), ids=MUCH)


@much
def test_a_value_is_one_short_line(value):
    assert len(short(value)) <= LONGEST and short(value).isprintable()


def test_what_is_short_is_whole():
    for value in (None, 3, -0.5, True, "x = 4", b"a", [1, "b"], (1,), {"a": [1]}, "naïve", "a\nb"):
        assert short(value) == repr(value)
    assert short(np.zeros((4, 81), np.uint8)) == "uint8[4, 81]" and short(torch.zeros(2, 3)) == "float32[2, 3]"
    assert short(np.array([1, 2])) == "int64[2]: [1, 2]" and short(np.float32(0.5)) == "0.5"


def holders() -> list[type]:
    """Every dataclass and named tuple of the packages with a field that would fill a screen."""
    found = []
    for package in (trm_gym, agents, curricula):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if any(part in module.name for part in SEARCHES) or module.name.startswith(ELSEWHERE):
                continue
            for _, cls in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
                if cls.__module__ != module.name or inspect.isabstract(cls):
                    continue
                hints = [field.type for field in dataclasses.fields(cls)] if dataclasses.is_dataclass(cls) else []
                hints += inspect.get_annotations(cls).values() if hasattr(cls, "_fields") else []
                if any(HOLDS_MUCH.match(str(hint)) for hint in hints):
                    found.append(cls)
    return found


@pytest.mark.parametrize("cls", holders(), ids=lambda cls: cls.__name__)
def test_nothing_that_holds_arrays_prints_them(cls, unchecked):
    names = getattr(cls, "_fields", None) or [field.name for field in dataclasses.fields(cls)]
    one = cls(*[np.ones((50, 50))] * len(names)) if issubclass(cls, tuple) else object.__new__(cls)
    for name in names if not issubclass(cls, tuple) else ():
        object.__setattr__(one, name, np.ones((50, 50)))
    text = repr(one)
    assert text.startswith(f"{cls.__name__}(") and "\n" not in text and len(text) < 60 * (len(names) + 1)
    assert "1., 1." not in text


def test_the_holders_are_found():
    assert {"Problems", "Verdicts", "Solution", "Trajectory", "Checkpoint", "Unroll"} <= {
        one.__name__ for one in holders()
    }


def test_what_the_solver_found_is_a_few_lines():
    found = Solver.from_pretrained("sudoku4x4").solve("1.3434.2.14.43.1", return_trajectory=True)
    for one in (found, found.trajectory, found.trajectory.problems if found.trajectory else None):
        assert len(repr(one).splitlines()) == 1 and len(repr(one)) < 1000
    assert "solved=True" in repr(found) and found.text in repr(found)
    assert len(repr(Solver.from_pretrained("sudoku4x4").checkpoint)) < 600


REFUSED = {
    "level": lambda env, value: env.reset(options={"level": value}),
    "split": lambda env, value: env.reset(options={"split": value}),
    "problem": lambda env, value: env.reset(options={"problem": value}),
    "seed": lambda env, value: env.reset(seed=value),
    "options": lambda env, value: env.reset(options=value),
    "option": lambda env, value: env.reset(options={"x" * 1000: value}),
    "action": lambda env, value: env.step(value),
    "state": lambda env, value: env.set_state(value),
    "step cost": lambda env, value: setattr(env, "step_cost", value),
    "render mode": lambda env, value: type(env)("sudoku4x4", render_mode=value),
    "reward": lambda env, value: type(env)("sudoku4x4", reward=value),
    "task": lambda env, value: trm_gym.make_task(value),
    "size": lambda env, value: trm_gym.make_task("sudoku4x4", value),
    "whole": lambda env, value: whole_number("n", value, 0, 3),
    "wholes": lambda env, value: whole_numbers(value, (3, 3), "expected a square"),
    "real": lambda env, value: real_number("n", value, 0, 3),
    "name": lambda env, value: known_name("kind", value, ("a", "b")),
}


@much
@pytest.mark.parametrize("refuses", REFUSED.values(), ids=REFUSED)
def test_messages_are_lines(refuses, value):
    env = gymnasium.make("TRM-Sudoku4x4-v0").unwrapped
    env.reset(seed=0)
    with pytest.raises(ValueError) as refused:
        refuses(env, value)
    assert len(str(refused.value)) < 400 and "\n" not in str(refused.value)
    assert "ambiguous" not in str(refused.value) and "inhomogeneous" not in str(refused.value)


@much
@pytest.mark.parametrize("option", ["reset_mask", "level", "levels", "split", "problem", "problems", "seed", "action"])
def test_messages_of_vector_environments_are_lines(option, value):
    envs = gymnasium.make_vec("TRM-Sudoku4x4-v0", num_envs=3).unwrapped
    envs.reset(seed=0)
    with pytest.raises(ValueError) as refused:
        if option == "action":
            envs.step(value)
        elif option == "seed":
            envs.reset(seed=value)
        else:
            envs.reset(options={option: value})
    assert len(str(refused.value)) < 400 and "\n" not in str(refused.value)


def test_no_message_writes_a_value_out_by_itself():
    """One way of naming what a person gave: ``short``."""
    for package in ("trm_gym", "agents", "curricula"):
        for file in (Path(__file__).parents[1] / package).rglob("*.py"):
            assert "reprlib.repr(" not in file.read_text(encoding="utf-8") or file.name == "short_repr.py", file
