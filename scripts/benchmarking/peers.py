"""Minutes of one core until a task is learnt: ours beside what people would use instead.

Every contender is a process of its own, whose processor time counts from its start: imports, building, compiling and
making problems among it, measuring left out. They are measured on the same fresh problems, at times that grow by a
constant factor, and at the end on those of the test split.
"""

from __future__ import annotations

import itertools
import math
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import torch

from agents.common.checks import Checked, above_zero, at_least_one
from agents.evaluation.figures import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILION, figure_file
from agents.evaluation.records import write_tables
from agents.evaluation.run_store import CachedRun
from agents.rollouts.unroll import BATCH
from scripts.benchmarking.contender import STEPS, Answering, Contender
from scripts.benchmarking.contenders import CONTENDERS, LEVEL, Name, TaskName, right
from scripts.benchmarking.measuring import Clock, printed
from scripts.benchmarking.rivals import has_recursive_model
from trm_gym import make_task
from trm_gym.checks import real_number
from trm_gym.task import Problems

LEVELS = (0.90, 0.99, 0.995)
"""Shares of right answers whose times are told."""
MINUTES: dict[TaskName, float] = {"sudoku4x4": 2.0, "sudoku6x6": 10.0, "sudoku9x9": 30.0}
"""What a contender has by default."""
FEW = 16
"""Problems that are tried first; no more are where none of these is right, since large networks take minutes."""
TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)
"""Minutes that the picture names."""
LINE_COLOURS = (VERMILION, GREEN, BLUE, PURPLE, SKY, ORANGE, GREY)


@dataclass(frozen=True)
class Peers(Checked):
    """Who is trained on what, and for how long."""

    task: TaskName = "sudoku6x6"
    """The task: 6x6 is measured on clues12, 9x9 on clues30, 4x4 on clues6-8."""
    contenders: tuple[Name, ...] = get_args(Name)
    """Who is trained, one after another."""
    minutes: float = 0.0
    """Minutes of one core for each; a recipe may end before. 0: 10 for 6x6, 30 for 9x9, 2 for 4x4."""
    first: float = 15.0
    """Seconds after which a contender is first measured."""
    growth: float = 1.25
    """Factor between the times of two measurements."""
    problems: int = 500
    """Validation problems of each measurement, and test problems at the end."""
    seed: int = 0
    """Seed of the training problems and of all weights."""
    folder: Path | None = None
    """Folder of the runs, which are done once each; runs/peers-TASK by default."""

    prefix = "--peers."

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "problems")
        above_zero(self, "first")
        real_number("--peers.minutes", self.minutes, 0)
        real_number("--peers.growth", self.growth, above=1)
        if not self.contenders:
            raise ValueError(f"--peers.contenders is empty: name some of {', '.join(CONTENDERS)}")

    @property
    def seconds(self) -> float:
        """What a contender has."""
        return 60 * (self.minutes or MINUTES[self.task])

    @property
    def place(self) -> Path:
        """Where everything goes."""
        return self.folder or Path("runs") / f"peers-{self.task}"


@dataclass(frozen=True)
class Measured:
    """Answers of a contender: how many were right of how many, and the processor time that they took."""

    right: int
    tried: int
    seconds: float

    @property
    def share(self) -> float:
        """The share that is right."""
        return self.right / self.tried


def measure(answers: Answering, task: TaskName, problems: Problems) -> Measured:
    """Answer problems, BATCH side by side; no more than the first few where none of these is right."""
    solved, clock, known = np.zeros(0, bool), Clock(), make_task(task)
    for first, last in itertools.pairwise([0, *range(FEW, len(problems), BATCH), len(problems)]):
        some = problems[slice(first, last)]
        solved = np.concatenate([solved, right(known, some, answers(some))])
        if not solved.any():
            break
    return Measured(int(solved.sum()), len(solved), clock.seconds)


def learn(name: Name, config: Peers) -> dict[str, Any]:
    """Train a contender from the start of this process on: its curve, and how it solves at its end."""
    clock = Clock(0.0)
    torch.set_num_threads(1)
    contender = CONTENDERS[name](config.task, config.seed)
    try:
        built, (at, curve) = clock.seconds, follow(contender, config, clock)
        rate = contender.samples / (at[-1] - built)
        with clock:
            found = solving(contender, config)
    finally:
        contender.close()
    curves = {"at": at, "right": [one.right for one in curve], "tried": [one.tried for one in curve]}
    return {"weights": contender.weights, "samples_per_second": rate, "ended": contender.ended, **curves, **found}


def follow(contender: Contender, config: Peers, clock: Clock) -> tuple[list[float], list[Measured]]:
    """Train to the limit; the seconds of each measurement, and what was found."""
    task, at, curve, due = make_task(config.task), list[float](), list[Measured](), min(config.first, config.seconds)
    with clock:
        problems = task.generate_at_most(config.problems, task.level_index(LEVEL[config.task]), "validation", 0)
    while True:
        contender.train(lambda due=due: clock.seconds >= due)
        at.append(clock.seconds)
        with clock:
            curve.append(measure(contender.answers, config.task, problems))
            print(f"{at[-1]:.0f} s: {curve[-1].right} of {curve[-1].tried} right", file=sys.stderr)
        if contender.ended or at[-1] >= config.seconds:
            return at, curve
        due = min(config.seconds, at[-1] * config.growth)


def solving(contender: Contender, config: Peers) -> dict[str, Mapping[str, float]]:
    """How it answers problems of the test split after all steps, and where it halts by itself, if it does."""
    task = make_task(config.task)
    problems = task.generate_at_most(config.problems, task.level_index(LEVEL[config.task]), "test", 0)
    halting = contender.halting(config.problems)
    found = {"test": contender.answers} | ({} if halting is None else {"halting": halting})
    for answers in found.values():
        answers(problems[:1])  # what only the first call does
    return {name: vars(measure(answers, config.task, problems)) for name, answers in found.items()}


def crossing(at: Sequence[float], shares: Sequence[float], level: float) -> float | None:
    """When a curve of ``shares`` at growing times first reaches a level, None where it never does.

    Between two measurements it is taken for straight over the logarithm of time.
    """
    if shares[0] >= level:
        return at[0]
    for (before, low), (after, high) in itertools.pairwise(zip(at, shares, strict=True)):
        if high >= level:
            return before * math.exp(math.log(after / before) * (level - low) / (high - low))
    return None


def keep(name: Name, config: Peers, place: str) -> None:
    """Train a contender in this process and write its run to a folder in ``place``."""
    config = replace(config, folder=Path(place))
    run = run_of(name, config)
    found = learn(name, config)
    run.finish(**found)
    print(found["samples_per_second"])


def run_of(name: Name, config: Peers) -> CachedRun:
    """Where a contender's run is kept, with the settings that decide it."""
    settings = {part: getattr(config, part) for part in ("task", "seconds", "first", "growth", "problems", "seed")}
    return CachedRun(config.place / name, settings)


def measure_peers(config: Peers) -> None:
    """Every contender that has not been trained yet; the tables as far as they have come, and the picture."""
    found: dict[Name, dict[str, Any]] = {}
    text = "No contender is left."
    for name in config.contenders:
        if name == "recursive-model" and not has_recursive_model():
            print("recursive-model is left out: it is not installed (pip install tiny-recursive-model)")
            continue
        if not run_of(name, config).done:
            print(f"{name}, at most {config.seconds / 60:g} minutes of one core, measuring not counted", flush=True)
            in_a_process(name, config)
        found[name] = run_of(name, config).read()
        text = write_tables(config.place, tables(found, config))
        peers_figure(found, config, config.place / "peers.png")
    print(f"{text}\ntables, picture and runs: {config.place}")


def in_a_process(name: Name, config: Peers) -> None:
    """``keep`` in a process of its own, on one core and with nothing compiled before."""
    plain, place = replace(config, folder=None), str(config.place.absolute())
    code = f"from scripts.benchmarking.peers import Peers, keep; keep({name!r}, {plain!r}, {place!r})"
    with tempfile.TemporaryDirectory() as compiled:
        one_core = {"OMP_NUM_THREADS": "1", "TORCHINDUCTOR_COMPILE_THREADS": "1"}
        printed(code, **one_core, TORCHINDUCTOR_CACHE_DIR=compiled)


def shares(run: Mapping[str, Any]) -> list[float]:
    """The shares of right answers along a run."""
    return [right / tried for right, tried in zip(run["right"], run["tried"], strict=True)]


def minutes(run: Mapping[str, Any], level: float) -> str:
    """When a run first reaches a level, in minutes."""
    found = crossing(run["at"], shares(run), level)
    if found is None:
        return "not reached"
    return f"{'at most ' if found == run['at'][0] else ''}{found / 60:.2f}"


def tables(found: Mapping[Name, Mapping[str, Any]], config: Peers) -> list[dict[str, Any]]:
    """What was found, as a record takes it: minutes to each level, and answers a second."""
    level = LEVEL[config.task]
    learnt, solved = list[list[str]](), list[list[str]]()
    for name, run in found.items():
        best, of = max(zip(shares(run), run["tried"], strict=True))
        trained = f"{run['at'][-1] / 60:.1f}{', its end' if run['ended'] else ''}"
        found_at = [*(minutes(run, share) for share in LEVELS), f"{100 * best:.1f} of {of}", told(run["test"])]
        learnt.append([name, f"{run['weights']:,}", *found_at, trained, a_second(run["samples_per_second"])])
        for way in ("test", "halting"):
            if way in run:
                one, how = Measured(**run[way]), f", {'always all steps' if way == 'test' else 'its halt head'}"
                plain = name + ("" if name == "transformer" else how)
                rates = [a_second(count / one.seconds) for count in (one.tried, one.right)]
                solved.append([plain, told(run[way]), *rates])
    shown = [f"minutes to {100 * share:g}%" for share in LEVELS]
    header = ["contender", "weights", *shown, "best, %", "test split at the end, %", "minutes trained", "samples/s"]
    return [
        {
            "title": f"Learning {config.task}, {level}",
            "caption": f"At most {config.seconds / 60:g} minutes of processor time from the start of the process, "
            "measuring left out; best: on validation problems, from which the minutes are read. "
            f"No more than {FEW} are tried where none of these is right.",
            "header": header,
            "rows": learnt,
        },
        {
            "title": f"Solving {config.task}, {level}",
            "caption": f"Problems of the test split on one core, {BATCH} side by side. Recursive networks take {STEPS} "
            "steps; the setting of a halt head is chosen on validation problems to cost no accuracy.",
            "header": ["contender", "right, %", "answers/s", "right answers/s"],
            "rows": solved,
        },
    ]


def a_second(rate: float) -> str:
    """A rate as a table has it."""
    return f"{rate:,.0f}" if rate >= 100 else f"{rate:.3g}"


def told(found: Mapping[str, Any]) -> str:
    """The share that is right in percent, and of how many."""
    one = Measured(**found)
    return f"{100 * one.share:.1f} of {one.tried}"


def peers_figure(found: Mapping[Name, Mapping[str, Any]], config: Peers, path: Path) -> None:
    """Right answers against minutes, a line for each contender."""
    with figure_file(path, 7.2, 3.8) as figure:
        axes = figure.subplots()
        for colour, (name, run) in zip(LINE_COLOURS, found.items(), strict=False):
            at, right = np.array(run["at"]) / 60, 100 * np.array(shares(run))
            axes.plot(at, right, "-o", color=colour, lw=1.8, ms=3, label=f"{name} ({run['weights']:,})")
        axes.set(xscale="log", xlabel="minutes of one core", ylabel="right, validation problems (%)", ylim=(-3, 103))
        axes.set_title(f"{config.task}, {LEVEL[config.task]}")
        shown = axes.get_xlim()
        axes.set_xticks(TICKS, [f"{minute:g}" for minute in TICKS])
        axes.minorticks_off()
        axes.set_xlim(shown)
        figure.legend(loc="outside right center", title="contender (weights)")
