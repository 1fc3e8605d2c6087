"""The page without a server: networks as ONNX files, test problems, and what is to be known of both, in one folder.

Any server of plain files serves it. The browser runs the networks by onnxruntime-web, which lies in the folder too.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from agents.checkpoint import load_checkpoint
from agents.halting.registry import LEARNER, VERIFIER
from agents.inference.onnx_watched import export_watched, note_of
from agents.inference.other_rules import PRICES
from agents.inference.own_problem import family_of
from agents.inference.solver import Solver
from agents.inference.trajectory import Json, head_json
from agents.viewer.asking import others_of, usual_rules
from agents.viewer.catalogue import TASKS, entry, kind_of
from agents.viewer.page import RUNTIME, STATIC, alone, missing_runtime
from trm_gym.atomic_io import atomic_link, atomic_write
from trm_gym.short_repr import short
from trm_gym.task import Task

SEEDS = 8
"""Test problems of each level that come with the page: those of the first seeds."""
FAMILIES = ("sudoku", "maze")
"""Tasks whose problems the page can read and judge by itself: see static/rules.js."""
_OF_RUNS = ("problem", "problem_text", "start_draft", "free")


def write_live_page(folder: Path, networks: Sequence[str], runtime: Path, seeds: int = SEEDS) -> Path:
    """Write the page into ``folder``, with networks by their names or folders, and ``seeds`` problems of each level.

    runtime: the folder ``dist`` of the npm package onnxruntime-web. Returns the page's file. Raises ValueError where
    files of it are missing, and for a network whose problems the page cannot read.
    """
    if missing := missing_runtime(runtime):
        raise ValueError(f"{runtime} holds no {missing[0]}: give the folder dist of the npm package onnxruntime-web")
    solvers = {Path(place).name: Solver(load_checkpoint(place)) for place in networks}
    if unread := [name for name, one in solvers.items() if family_of(one.task.name) not in FAMILIES]:
        raise ValueError(f"the page reads problems of {' and '.join(FAMILIES)} alone, not of {short(unread[0])}")
    tasks = {one.task.name: one.task for one in solvers.values()}
    if len(tasks) < len(solvers):
        raise ValueError(f"{', '.join(solvers)}: give one network a task, which is the one that its page runs")
    facts = {one.task.name: _with_network(name, one, folder) for name, one in solvers.items()}
    choices = {
        "tasks": [entry(one.task.name, TASKS.get(one.task.name, ""), [name]) for name, one in solvers.items()],
        "prices": list(PRICES),
        "rules": next(iter(facts.values()))["watched"],
        "known": sorted({rule for one in facts.values() for rule in (*one["policies"], *one["rules"])}),
        "maze": {"least": _size(tasks), "most": _size(tasks)},
        "seeds": seeds,
        "facts": facts,
        "problems": {name: _problems(task, seeds) for name, task in tasks.items()},
    }
    atomic_write(folder / "live.json", json.dumps(choices, allow_nan=False))
    for file in STATIC.iterdir():
        atomic_write(folder / "static" / file.name, file.read_bytes())
    for name in RUNTIME:
        atomic_link(runtime / name, folder / "runtime" / name)
    return atomic_write(folder / "index.html", alone())


def _with_network(name: str, solver: Solver, folder: Path) -> Json:
    """What the page knows of a network and its task; the network's file is written."""
    rules = usual_rules(solver)
    inside = others_of(solver, [rule for rule in rules if rule != VERIFIER])
    export_watched(solver.checkpoint, inside, folder / "networks" / f"{name}.onnx")
    task, others = solver.task, others_of(solver, rules)
    head = head_json(task, task.generate(1, task.default_level, "test", 0), others, {})
    told = {key: value for key, value in head.items() if key not in _OF_RUNS}
    note = note_of(solver.checkpoint, inside)
    return {
        **told,
        "kind": kind_of(task),
        "usual": LEARNER if LEARNER in rules else VERIFIER,
        "watched": " ".join(rules),
        "note": note,
    }


def _problems(task: Task, seeds: int) -> dict[str, list[str]]:
    """Test problems of every level as texts: what the server draws at the first seeds."""
    return {
        level.name: [task.problem_text(task.generate(1, place, "test", seed)) for seed in range(seeds)]
        for place, level in enumerate(task.levels)
    }


def _size(tasks: dict[str, Task]) -> int:
    """The one size of mazes that there is a network for; the usual one where there is none."""
    return next((task.structure.shape[0] for name, task in tasks.items() if family_of(name) == "maze"), 11)
