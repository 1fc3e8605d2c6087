"""Run policies that do not think on every environment, level and reward, and write docs/reward-hacks.md.

python scripts/hacks.py
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from agents.common.checks import Checked
from agents.common.cli import main
from agents.common.places import Places, writes
from trm_gym.atomic_io import atomic_write
from trm_gym.registration import TASKS, make_task
from trm_gym.reward import REWARDS
from trm_gym.task import Task
from trm_gym.vector import RefinementVectorEnv

Drafts = NDArray[np.uint8]


@dataclass(frozen=True)
class Config(Checked):
    """Seven ways to earn something for nothing (ten on formulas), each for as many episodes as there are slots."""

    slots: int = 128
    """Problems of each level that every policy is tried on."""
    tasks: tuple[str, ...] = tuple(TASKS)
    """Tasks to try the policies on."""
    levels: tuple[str, ...] = ()
    """Levels to try the policies on. None named: all."""
    out: Path = Path("docs", "reward-hacks.md")
    """File for the table."""

    prefix = "--"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.slots < 2:
            raise ValueError(f"--slots must be at least 2, for there to be a neighbour, got {self.slots}")


@dataclass(frozen=True)
class Hack:
    """A policy that does not look for a solution.

    draft: from the environments, the step (from 1) and a random generator to the next drafts uint8 [slots, L].
    halts: the step at which it halts; None for never. leaky: whether it uses the solutions, to come close to one.
    """

    draft: Callable[[RefinementVectorEnv, int, np.random.Generator], Drafts]
    halts: int | None
    leaky: bool = False


def echo(envs: RefinementVectorEnv, step: int, rng: np.random.Generator) -> Drafts:
    """The problem itself."""
    return envs.problems.problem


def constant(envs: RefinementVectorEnv, step: int, rng: np.random.Generator) -> Drafts:
    """The same token everywhere, another one in each slot."""
    tokens = np.arange(envs.num_envs, dtype=np.uint8) % envs.task.vocab
    return np.repeat(tokens[:, None], envs.task.length, axis=1)


def noise(envs: RefinementVectorEnv, step: int, rng: np.random.Generator) -> Drafts:
    """Random tokens."""
    return rng.integers(0, envs.task.vocab, (envs.num_envs, envs.task.length), dtype=np.uint8)


def nearly(envs: RefinementVectorEnv) -> Drafts:
    """Solutions with one free cell blanked that was not blank."""
    drafts = envs.problems.solution.copy()
    drafts[np.arange(len(drafts)), (envs.problems.free & (drafts > 0)).argmax(axis=1)] = 0
    return drafts


def oscillate(envs: RefinementVectorEnv, step: int, rng: np.random.Generator) -> Drafts:
    """All but a solution, and back to the problem."""
    return envs.problems.problem if step % 2 == 0 else nearly(envs)


def neighbour(envs: RefinementVectorEnv, step: int, rng: np.random.Generator) -> Drafts:
    """The solution of another slot's problem."""
    return np.roll(envs.problems.solution, 1, axis=0)


HACKS = {
    "echo": Hack(echo, 2),
    "constant": Hack(constant, 2),
    "random": Hack(noise, 2),
    "oscillate": Hack(oscillate, None, leaky=True),
    "never halt": Hack(echo, None),
    "halt at once": Hack(noise, 1),
    "a neighbour's answer": Hack(neighbour, 2, leaky=True),
}
"""The policies by name."""


def _formula(text: str) -> Hack:
    """The same formula in every slot, its constants fitted by the verifier as those of every draft."""
    return Hack(lambda envs, step, rng: np.repeat(envs.task.read_draft(text)[None], envs.num_envs, axis=0), 2)


FORMULA_HACKS = {"the mean": _formula("c"), "a line": _formula("c*x + (c*y + c)"), "a number": _formula("2")}
"""What more there is to try where an answer is a formula."""


def hacks_of(name: str) -> dict[str, Hack]:
    """The policies that are tried on a task, by name."""
    return HACKS | (FORMULA_HACKS if name.startswith("regression") else {})


def play(envs: RefinementVectorEnv, hack: Hack, level: int) -> tuple[NDArray[np.float64], dict[str, NDArray]]:
    """Returns float64 [slots] and the last infos of an episode in every slot."""
    rng = np.random.default_rng(level)
    envs.reset(seed=0, options={"level": level})
    total, infos = np.zeros(envs.num_envs), {}
    for step in range(1, (hack.halts or envs.max_steps) + 1):
        halt = np.full((envs.num_envs, 1), step == hack.halts, np.uint8)
        _, rewards, _, _, infos = envs.step(np.concatenate([hack.draft(envs, step, rng), halt], axis=1))
        total += rewards
    return total, infos


@dataclass(frozen=True)
class Row:
    """What a policy got: the mean return less what its steps cost, and the share that it solved."""

    env_id: str
    level: str
    reward: str
    hack: str
    worth: float
    solved: float


def modes(task: Task) -> list[str]:
    """The rewards that a task offers."""
    return [name for name, mode in REWARDS.items() if task.graded or not mode.partial]


def measure(config: Config) -> Iterator[Row]:
    """Every policy on every environment, level and reward."""
    for name in config.tasks:
        task = make_task(name)
        levels = [task.level_index(level) for level in config.levels] or range(len(task.levels))
        for mode in modes(task):
            envs = RefinementVectorEnv(config.slots, name, reward=mode, autoreset_mode="Disabled")
            for level in levels:
                for title, hack in hacks_of(name).items():
                    total, infos = play(envs, hack, level)
                    paid = total + envs.step_cost * infos["steps"]
                    shown = (paid.mean(), infos["solved"].mean())
                    yield Row(TASKS[name].env_id, task.levels[level].name, mode, title, *map(float, shown))
        print(f"{name}: {len(levels)} levels, rewards {', '.join(modes(task))}", file=sys.stderr)


HEAD = """# Reward hacks

What policies earn that do not think: the mean return of an episode with the cost of its steps added back, and in
brackets the share of problems that they solved, where it is not 0. Made by `python scripts/hacks.py`; {slots} problems
each.

- **echo** hands back the problem; **constant** writes one token everywhere; **random** writes noise; each halts at
  step 2
- **oscillate** goes back and forth between the problem and a solution that lacks one cell, to be paid for progress
  twice
- **never halt** echoes until the budget is used up; **halt at once** halts at step 1 on noise
- **a neighbour's answer** hands in the solution of another problem of the level
- where formulas are asked for: **the mean** of the targets, **a line** through them (a plane), and **a number**

Where a share is solved, the answer *is* a solution: of a sudoku with one blank cell, by a constant; of an equation that
has the neighbour's root; of points on a line, by a line. That is worth what a solution is worth. "graded" and
"progress" are for training only; where formulas are asked for they pay for what a draft explains beyond the mean, so
that a line earns something.

"""


def table(rows: list[Row], slots: int) -> str:
    """The page."""
    page = [HEAD.format(slots=slots)]
    for env_id in dict.fromkeys(row.env_id for row in rows):
        mine = [row for row in rows if row.env_id == env_id]
        titles = list(dict.fromkeys(row.hack for row in mine))
        head = f"| level | reward | {' | '.join(titles)} |\n|{'---|' * (2 + len(titles))}\n"
        page.append(f"## {env_id}\n\n{head}")
        for level, reward in dict.fromkeys((row.level, row.reward) for row in mine):
            cells = [_cell(row) for row in mine if (row.level, row.reward) == (level, reward)]
            page.append(f"| {level} | {reward} | {' | '.join(cells)} |\n")
        page.append("\n")
    return "".join(page).rstrip("\n") + "\n"


def _cell(row: Row) -> str:
    return f"{row.worth:.3f}".replace("-0.000", "0.000") + (f" ({row.solved:.1%})" if row.solved else "")


@writes(lambda config: Places(files=[config.out]))
def run(config: Config) -> None:
    """Measure and write the page."""
    print(atomic_write(config.out, table(list(measure(config)), config.slots)))


if __name__ == "__main__":
    main(run, Config)
