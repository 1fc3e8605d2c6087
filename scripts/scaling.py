"""Measure what more thinking buys: several noisy branches per problem against a longer budget. It trains nothing.

python scripts/scaling.py --checkpoint sudoku9x9 --level search --out docs/scaling.json

python scripts/scaling.py --checkpoint regression --level nodes9 --branches 1 32 --budgets 16 --rule fits
python scripts/scaling.py --checkpoint maze15x15 --size 30 --level hard --forms --noise 0 --rule always
python scripts/scaling.py --checkpoint regression --level nodes9 --rule fits --others restart-every:8+fits

Branches start from carries with noise on them (the first without) and run by continuous batching; one answer is made of
them by vote, by the highest halt logit, by the first that halts, or, of formulas, by the fit to the points shown.
Written: OUT.json and OUT.png.
"""

from __future__ import annotations

import dataclasses
import json
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from agents.common.acceleration import AccelerationConfig, Choice, accelerate, solving_pass
from agents.common.checks import Checked, above_zero, at_least, at_least_one
from agents.common.cli import main
from agents.common.console import announce, track
from agents.common.places import Places, writes
from agents.evaluation.metrics import paired_bootstrap
from agents.evaluation.outside import read_outside, remarks
from agents.evaluation.records import plain_table
from agents.evaluation.tables import difference
from agents.inference.engine import Engine, Result
from agents.inference.solver import PRICE, Solver
from agents.inference.trajectory_figures import scaling_figure
from agents.inference.voting import Point, answered, branched, brought_back, curves, ways
from agents.rollouts.forms import Forms
from agents.rollouts.unroll import BATCH
from trm_gym.atomic_io import atomic_write
from trm_gym.task import Problems

LONGER = "one branch, longer budget"


@dataclass(frozen=True)
class Config(Checked):
    """Accuracy against steps, for branches and for budgets."""

    checkpoint: str = "sudoku9x9"
    """A folder with a checkpoint, or the name of one that comes with the package."""
    size: int | None = None
    """Another size of the task; for networks that tie no weight to a size."""
    level: str = "search"
    """Level of the problems."""
    data: Path | None = None
    """File with problems from outside, to take in place of the level's."""
    problems: int = 256
    """Test problems; a level with fewer gives all it has."""
    branches: tuple[int, ...] = (1, 2, 4, 8)
    """Numbers of branches to compare."""
    budgets: tuple[int, ...] = (4, 8, 16, 32, 64)
    """Budgets of a single branch to compare them with."""
    noise: float = 0.5
    """Noise on the first carries but each problem's first, as a share of their standard deviation."""
    forms: bool = False
    """Each branch is another form of its problem, where a task has forms: a maze has eight, turned and mirrored."""
    rule: str = "grpo"
    """When a branch stops: a halting rule with its setting, such as grpo, verifier or confidence:0.9 (see solve.py)."""
    others: tuple[str, ...] = ()
    """Further rules, under which the same branches run again; each is compared with ``rule``, problem by problem."""
    price: float = PRICE
    """The price of the whole budget, at which a policy is asked."""
    max_steps: int = 16
    """Budget of steps of a branch."""
    slots: int = BATCH
    """Branches that run side by side."""
    compile: Choice = "auto"
    """Compile the network (torch.compile)."""
    seed: int = 0
    """Seed of the problems and of the noise."""
    out: Path = Path("runs", "scaling.json")
    """File for the figures; the picture stands beside it, as .png."""

    prefix = "--"

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "max_steps", "slots")
        at_least(0, self, "noise")
        above_zero(self, "price")
        at_least_one(self, "branches", "budgets")
        if not self.branches or not self.budgets:
            raise ValueError("--branches and --budgets are empty: give numbers from 1 on")
        at_least_one(self, "problems")


def drawn(solver: Solver, config: Config) -> Problems:
    """The problems."""
    if config.data is not None:
        outside = read_outside(config.data, solver.task)
        for remark in remarks(outside, solver.task):
            print(remark)
        return outside.problems[: config.problems]
    level = solver.task.level_index(config.level)
    return solver.task.generate_at_most(config.problems, level, "test", config.seed)


def longer(solver: Solver, problems: Problems, config: Config) -> list[Point]:
    """One branch under each budget."""
    points = []
    for budget in config.budgets:
        results = solver.stream([problems], budget, config.rule, config.price, config.slots)
        (point,) = curves(list(track(results, len(problems), f"budget {budget}")), 1, [1])["vote"]
        points.append(point)
    return points


def branches_of(solver: Solver, rule: str, problems: Problems, config: Config) -> list[Result]:
    """The results of all branches of the problems under a rule."""
    most, acting, model = max(config.branches), solver.rule(rule, config.price), solver.checkpoint.model
    engine = Engine(
        model, solver.task, acting, config.slots, config.max_steps, config.noise, branches=most, seed=config.seed
    )
    laid_out = Forms(solver.task, most) if config.forms else None
    stream = [laid_out.all_of(problems)] if laid_out else branched([problems], most)
    results = list(track(engine.run(stream), len(problems) * most, f"branches, {rule}"))
    return brought_back(results, laid_out) if laid_out else results


def compared(rule: str, results: list[Result], first: list[Result], solver: Solver, config: Config) -> list[list[str]]:
    """What another rule has right and spends, and how much more that is than by the first, paired by problem."""
    most, rows = max(config.branches), []
    for name, combine in ways(solver.task).items():
        for count in config.branches:
            right, steps = answered(results, most, count, combine)
            base_right, base_steps = answered(first, most, count, combine)
            more, longer = paired_bootstrap(100 * right, 100 * base_right), paired_bootstrap(steps, base_steps)
            about = [rule, name, str(count), f"{100 * right.mean():.1f}", f"{steps.mean():.2f}"]
            rows.append([*about, difference(more, 1), difference(longer, 1)])
    return rows


def files(config: Config) -> tuple[Path, Path]:
    """The files of the figures and of the picture."""
    place = config.out if config.out.suffix == ".json" else config.out.with_name(f"{config.out.name}.json")
    return place, place.with_suffix(".png")


@writes(lambda config: Places(files=files(config), reads=[config.checkpoint, config.data]))
def run(config: Config) -> None:
    """Run the branches and the budgets, show and write what came of them."""
    solver = Solver.from_pretrained(config.checkpoint, config.size)
    for rule in (config.rule, *config.others):
        solver.rule(rule, config.price)
    problems, most = drawn(solver, config), max(config.branches)
    model = solver.checkpoint.model
    steps = most * config.max_steps * (1 + len(config.others)) + sum(config.budgets)
    one_pass = solving_pass(model, solver.task, config.slots)
    passes = -(-len(problems) * steps // config.slots)
    announce("scaling, at most", accelerate(model, one_pass, passes, AccelerationConfig(config.compile, "off")).seconds)
    began = time.perf_counter()
    results = branches_of(solver, config.rule, problems, config)
    found = curves(results, most, config.branches, ways(solver.task))
    found[LONGER] = longer(solver, problems, config)
    rows = [
        row
        for rule in config.others
        for row in compared(rule, branches_of(solver, rule, problems, config), results, solver, config)
    ]
    seconds = time.perf_counter() - began
    table = Table("", "branches", "right, %", "mean steps")
    for name, points in found.items():
        for point in points:
            table.add_row(name, str(point.branches), f"{100 * point.accuracy:.1f}", f"{point.steps:.2f}")
    Console().print(table)
    header = ["rule", "of branches by", "branches", "right, %", "mean steps"]
    header += [f"points more than {config.rule} (95%)", "steps more (95%)"]
    if rows:
        print(plain_table({"header": header, "rows": rows}))
    about = {"task": solver.task.name, "seconds": round(seconds, 1), "problems": len(problems)}
    settings = {name: value for name, value in dataclasses.asdict(config).items() if name not in ("out", "problems")}
    settings |= {"data": None if config.data is None else config.data.name}
    listed = {name: [dataclasses.asdict(point) for point in points] for name, points in found.items()}
    place, drawing = files(config)
    atomic_write(place, json.dumps({**about, **settings, "curves": listed, "compared": rows}, indent=2) + "\n")
    source = config.level if config.data is None else config.data.stem
    picture = scaling_figure(found, f"{solver.task.name}, {source}", drawing)
    print(f"{place}, {picture}")


if __name__ == "__main__":
    main(run, Config)
