"""Pictures of environments: a problem of every level, and a film of a problem being solved."""

from __future__ import annotations

import json
from collections.abc import Iterator

import gymnasium
import numpy as np

from agents.checkpoint import CONFIG_FILE, SHIPPED, shipped
from agents.common.png import small_png
from agents.inference.film import PALETTE, film, gif
from agents.inference.film import refining as film_until_right
from agents.inference.solver import Solver
from agents.inference.trajectory import Trajectory
from trm_gym.splits import SPLITS
from trm_gym.task import Problems, Task

HALTED = "sudoku6x6"
"""The network of the halting environment's film."""
SEED = 3
CANDIDATES = 8
"""Test problems of each level that a network was taught on; a film shows the one that takes it longest."""
BUDGET = 16


def shown_split(task: Task, level: int) -> str:
    """The split that a level's problems are shown of: the first that holds any."""
    return next(split for split in SPLITS if task.split_size(level, split) != 0)


def of_levels(env_id: str, task: Task) -> Iterator[tuple[str, bytes]]:
    """Names and PNG files, of few colours because they are flat, of one problem of every level."""
    env = gymnasium.make(env_id, render_mode="rgb_array")
    for index, level in enumerate(task.levels):
        env.reset(seed=SEED, options={"level": index, "split": shown_split(task, index)})
        yield f"{env_id}-{level.name}.png", small_png(np.asarray(env.render()), PALETTE)


def network_of(task: Task) -> str | None:
    """The name of the shipped network for a task; None where there is none."""
    made = {name: json.loads((SHIPPED / name / CONFIG_FILE).read_text("utf-8")) for name in shipped()}
    return next((name for name, config in made.items() if config["task"] == task.name), None)


def film_text(task: Task | None) -> str:
    """What the film of an environment shows; of that on halting where there is no task."""
    network, made = network_of(task) if task else HALTED, "Drawn by `python scripts/pages.py`."
    if network is None:
        return f"Problems, each before and after it is answered; no network comes with the package for them. {made}"
    told = "refines its draft until it is right" if task else "refines its draft until its policy stops it"
    return f"The network `{network}`, which comes with the package, {told}. {made}"


def film_of(task: Task | None) -> bytes:
    """The film of an environment, a GIF; of that on halting where there is no task."""
    if task is None:
        return stopping(HALTED)
    network = network_of(task)
    return refining(network) if network else answering(task, shown_split(task, task.default_level))


def thinking(network: str) -> tuple[Trajectory, Task]:
    """A network on the one of some test problems that takes it longest, of those that it solves."""
    solver = Solver.from_pretrained(network)
    levels = solver.checkpoint.meta["pretraining"]["levels"]
    index = [solver.task.level_index(level) for level in levels]
    problems = Problems.concatenate([solver.task.generate_at_most(CANDIDATES, level, "test", SEED) for level in index])
    runs = [solver.trajectory(problems[slice(i, i + 1)], BUDGET) for i in range(len(problems))]
    return max((run for run in runs if run.solved[-1]), key=lambda run: int(run.solved.argmax())), solver.task


def refining(network: str) -> bytes:
    """A film of a network until its draft is right."""
    run, task = thinking(network)
    return film_until_right(run, task, int(run.solved.argmax()) + 1)


def stopping(network: str) -> bytes:
    """A film of a network and of a policy that decides after every step whether to go on."""
    run, task = thinking(network)
    stops = run.halt >= 0.5
    last = int(stops.argmax()) + 1 if stops.any() else len(run)
    captions = [f"step {step}: {'stop' if step == last else 'go on'}" for step in range(1, last + 1)]
    return film(task, run.problems, [run.draft_after(step) for step in range(1, last + 1)], captions)


def answering(task: Task, split: str) -> bytes:
    """A film of some problems, each before and after it is answered, for a task without a network."""
    problems = task.generate(4, task.default_level, split, SEED)
    frames = []
    for place in range(len(problems)):
        one = problems[slice(place, place + 1)]
        for draft, caption in ((one.start[0], "a problem"), (one.solution[0], "its answer")):
            frames.append(task.draw_rgb(one, draft, caption))
    return gif(frames)
