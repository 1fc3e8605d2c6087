"""What new starts give where the first one fails: of problems that it never solves, how many do others solve?

python scripts/starts.py                                       every shipped network on its levels, three new starts
python scripts/starts.py --checkpoints sudoku9x9 --levels search --problems 512 --steps 24 --starts 3 \\
    --kinds noise form form_noise half agreed givens
python scripts/starts.py --checkpoints maze11x11 --size 19 --levels hard --noise 1 --problems 384 --steps 24 \\
    --starts 3 --kinds noise form form_noise half agreed

A checker ends a run at its first right draft, so what is measured is a bound on what any policy of restarts can gain.
All kinds of new starts are tried on the same problems. It trains nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, get_args

import numpy as np
import torch
from jaxtyping import Bool, Int
from numpy.typing import NDArray
from rich.console import Console
from torch import Tensor

from agents.checkpoint import load_checkpoint, shipped
from agents.common.checks import Checked, at_least, at_least_one
from agents.common.cli import main
from agents.common.console import track
from agents.common.places import Places, writes
from agents.evaluation.metrics import paired_bootstrap, wilson
from agents.evaluation.records import write_tables
from agents.evaluation.shipped import taught
from agents.evaluation.tables import difference
from agents.halting.restarts import NOISE
from agents.rollouts.features import History
from agents.rollouts.step import take_step
from agents.rollouts.unroll import BATCH, draw, noisy_start
from agents.trm import TRM, Carry
from trm_gym import make_task
from trm_gym.streams import mix, seeds
from trm_gym.task import Problems, Task

Kind = Literal["noise", "form", "form_noise", "half", "agreed", "givens"]

HEADER = "network, level, problems, never right from the first start, new starts".split(", ")
HEADER += "of those right from the next (95%), from any (95%), minus noise (95%), of all problems".split(", ")


@dataclass(frozen=True)
class Config(Checked):
    """Measure what new starts give."""

    checkpoints: tuple[str, ...] = ()
    """Networks: folders, or names of those that come with the package. By default all of these."""
    size: int | None = None
    """Another size of the task; for networks that tie no weight to a size."""
    levels: tuple[str, ...] = ()
    """Levels. By default those that a network was taught."""
    kinds: tuple[Kind, ...] = ("noise",)
    """How new starts differ from the first. noise: on the first carry. form: the problem under a symmetry of its task.
    form_noise: both. half: half of the open cells keep the latents that the run before ended with. agreed: noise, but
    cells on which the last two runs agreed keep theirs, from the third start on. givens: noise, and these cells are
    shown as the problem's own; for tasks whose answers are of the signs of their problems, as a sudoku's are."""
    problems: int = 128
    """Validation problems of each level; a level with fewer gives all it has."""
    steps: int = 64
    """Steps from each start."""
    starts: int = 4
    """Starts of a problem, the first included."""
    noise: float = NOISE
    """Noise of a new start, as a share of the first carry's deviation."""
    seed: int = 0
    """Seed of the problems and of all that is drawn."""
    resamples: int = 2000
    """Bootstrap resamples behind the interval of a difference."""
    folder: Path = Path("runs", "starts")
    """Folder for the table."""

    prefix = "--"

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "problems", "steps", "resamples")
        at_least(0, self, "noise")
        if self.starts < 2:
            raise ValueError(f"--starts must be at least 2, the first and a new one; got {self.starts}")
        if not self.kinds:
            raise ValueError(f"name at least one kind of new start (--kinds {' '.join(get_args(Kind))})")


class Run(NamedTuple):
    """Where n problems stood when their run ended: at the first right draft, or at the last step."""

    right: Bool[NDArray[np.bool_], " n"]
    carry: Carry
    draft: Int[Tensor, "n l"]

    def keep(self, rows: Int[Tensor, " m"]) -> Run:
        """The runs of ``rows`` alone."""
        return Run(self.right[rows.numpy()], Carry(*(part[rows] for part in self.carry)), self.draft[rows])


class Again(NamedTuple):
    """Problems that are to be begun again, and the runs of them that failed, the last one last."""

    model: TRM
    task: Task
    problems: Problems
    before: tuple[Run, ...]
    noise: float
    random: torch.Generator
    """What is drawn of this start."""

    @property
    def noisy(self) -> Carry:
        """First carries with noise."""
        return noisy_start(self.model, len(self.problems), self.noise, self.random)

    @property
    def reformed(self) -> Problems:
        """The problems under symmetries that leave none as it is; a right answer, mapped back, is right."""
        found, left = self.task.augment(self.problems, self._keys(len(self.problems))), np.arange(len(self.problems))
        while len(left := left[(found.problem[left] == self.problems.problem[left]).all(1)]):
            found.put(left, self.task.augment(self.problems[left], self._keys(len(left))))
        return found

    @property
    def agreed(self) -> Bool[Tensor, "n l"]:
        """Open cells on which the last two runs ended alike; none where there is one run."""
        free = torch.from_numpy(self.problems.free)
        return free & (self.before[-1].draft == self.before[-2].draft) if len(self.before) > 1 else free & False

    def kept(self, cells: Bool[Tensor, "n l"], start: Carry) -> Carry:
        """``start``, but the latents of ``cells`` as the last run left them. Raises ValueError where there are none."""
        values, rest = divmod(self.model.positions, self.task.length)
        if rest or self.model.config.prefix:
            raise ValueError(f"a network of {self.task.name} has no latents of a single cell: leave out half, agreed")
        where = cells.repeat_interleave(values, 1)[..., None]
        return Carry(*(torch.where(where, old, new) for old, new in zip(self.before[-1].carry, start, strict=True)))

    def _keys(self, count: int) -> NDArray[np.uint64]:
        drawn = torch.randint(2**62, (count,), generator=self.random)
        return mix(drawn.numpy(), 0)


def by_half(again: Again) -> tuple[Problems, Carry]:
    """Half of the open cells are as the run before left them."""
    drawn = torch.rand(again.problems.free.shape, generator=again.random, dtype=torch.float32) < 0.5
    cells = drawn & torch.from_numpy(again.problems.free)
    return again.problems, again.kept(cells, again.model.initial_carry(len(again.problems)))


def by_givens(again: Again) -> tuple[Problems, Carry]:
    """What two runs agreed on is given."""
    own, cells, start = again.problems, again.agreed.numpy(), again.noisy
    if not again.task.answer_tokens[own.problem[~own.free]].all():
        raise ValueError(f"what is given in {again.task.name} is no sign of an answer: leave out givens")
    shown = np.where(cells, again.before[-1].draft.numpy().astype(np.uint8), own.problem)
    return Problems(shown, own.free & ~cells, own.solution, own.level, own.difficulty, own.numbers, own.truth), start


KINDS: Mapping[Kind, Callable[[Again], tuple[Problems, Carry]]] = {
    "noise": lambda again: (again.problems, again.noisy),
    "form": lambda again: (again.reformed, again.model.initial_carry(len(again.problems))),
    "form_noise": lambda again: (again.reformed, again.noisy),
    "half": by_half,
    "agreed": lambda again: (again.problems, again.kept(again.agreed, again.noisy)),
    "givens": by_givens,
}


@torch.inference_mode()
def run_from(model: TRM, task: Task, problems: Problems, start: Carry, steps: int) -> Run:
    """Refine problems to their first right draft, ``steps`` at most."""
    count, seen = len(problems), torch.from_numpy(problems.start).long()
    ended = Run(np.zeros(count, np.bool_), Carry(*(part.clone() for part in start)), seen.clone())
    left, carry, draft, history = torch.arange(count), start, seen, History.empty(count, seen.device)
    for _ in range(steps):
        step = take_step(model, task, problems[left.numpy()], carry, draft, history, steps)
        ended.right[left.numpy()] = step.solved.numpy()
        for whole, part in zip((*ended.carry, ended.draft), (*step.carry, step.draft), strict=True):
            whole[left] = part
        rows = (~step.solved).nonzero().flatten()
        left, carry, draft = left[rows], Carry(*(part[rows] for part in step.carry)), step.draft[rows]
        history = step.history.keep(rows)
        if not len(left):
            break
    return ended


def solved_by(
    kind: Kind, first: Run, problems: Problems, model: TRM, task: Task, config: Config, key: int
) -> NDArray[np.int64]:
    """Which start of a kind solves each of the problems that the first one did not, [n], from 2 on; 0: none.

    key: of what is drawn, beside the seed and the number of the start.
    """
    found, left, before = np.zeros(len(problems), np.int64), torch.arange(len(problems)), (first,)
    for number in range(2, config.starts + 1):
        random = torch.Generator().manual_seed(seeds(mix(config.seed, np.array([number]), key))[0])
        again = Again(model, task, problems[left.numpy()], before, config.noise, random)
        run = run_from(model, task, *KINDS[kind](again), config.steps)
        found[left.numpy()[run.right]] = number
        rest = torch.from_numpy(~run.right).nonzero().flatten()
        left, before = left[rest], tuple(one.keep(rest) for one in (before[-1], run))
        if not len(left):
            break
    return found


def measured(model: TRM, task: Task, level: str, config: Config) -> tuple[int, dict[Kind, NDArray[np.int64]]]:
    """How many problems of a level were tried; by kind, of those that the first start failed, ``solved_by``."""
    problems = draw(task, [task.level_index(level)], config.problems, "validation", config.seed)
    found: dict[Kind, list[NDArray[np.int64]]] = {kind: [np.zeros(0, np.int64)] for kind in config.kinds}
    for at in range(0, len(problems), BATCH):
        some = problems[slice(at, at + BATCH)]
        run = run_from(model, task, some, model.initial_carry(len(some)), config.steps)
        failed = torch.from_numpy(~run.right).nonzero().flatten()
        for kind in config.kinds if len(failed) else ():
            found[kind].append(solved_by(kind, run.keep(failed), some[failed.numpy()], model, task, config, at))
    return len(problems), {kind: np.concatenate(parts) for kind, parts in found.items()}


def rows(name: str, level: str, count: int, found: Mapping[Kind, NDArray[np.int64]], config: Config) -> Iterator[list]:
    """A row of the table for each kind."""
    noise = found.get("noise")
    for kind, by in found.items():
        right, minus = by > 0, ""
        if len(by) and noise is not None and kind != "noise":
            minus = difference(paired_bootstrap(100.0 * right, 100.0 * (noise > 0), config.resamples), 1)
        shares = [_share(int(part.sum()), len(by)) for part in (by == 2, right)]
        gained = f"{100 * right.sum() / count:.1f}"
        yield [name, level, str(count), f"{100 * len(by) / count:.1f}", kind, *shares, minus, gained]


def _share(part: int, whole: int) -> str:
    if not whole:
        return ""
    found = wilson(part, whole)
    return f"{100 * found.value:.1f} ({100 * found.low:.1f}..{100 * found.high:.1f})"


@writes(lambda config: Places([config.folder]))
def run(config: Config) -> None:
    """Try every level of every network."""
    asked = []
    for name in config.checkpoints or shipped():
        checkpoint = load_checkpoint(name, size=config.size)
        if not (levels := config.levels or tuple(taught(checkpoint))):
            raise ValueError(f"{name} does not say what levels it was taught: name some (--levels)")
        asked += [(name, checkpoint, make_task(checkpoint.task), level) for level in levels]
    lines = []
    for name, checkpoint, task, level in track(asked, len(asked), "levels"):
        lines += rows(name, level, *measured(checkpoint.model, task, level, config), config)
    title = ", ".join(config.checkpoints) or "Every shipped network"
    title += "" if config.size is None else f" at size {config.size}"
    caption = f"Up to {config.problems} validation problems a level, {config.steps} steps from each of {config.starts} "
    caption += f"starts at most, noise {config.noise:g}, a checker that ends a run at its first right draft. All in %."
    table = {"title": title, "caption": caption, "header": HEADER, "rows": lines}
    Console().print(write_tables(config.folder, [table]), highlight=False, markup=False, soft_wrap=True)


if __name__ == "__main__":
    main(run, Config)
