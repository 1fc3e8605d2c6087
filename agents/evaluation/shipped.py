"""All networks that come with the package, on the test split of the levels that they were taught."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from jaxtyping import Float
from torch import Tensor

from agents.checkpoint import SHIPPED, WEIGHTS_FILE, Checkpoint
from agents.evaluation.metrics import wilson
from agents.evaluation.protocol import shown_steps
from agents.rollouts.unroll import unroll
from trm_gym import make_task

STEPS = shown_steps(16)
"""Steps after which it is told how many problems are solved."""


def taught(checkpoint: Checkpoint) -> list[str]:
    """The levels that a network was pretrained on, each once; none where its description does not tell."""
    return list(dict.fromkeys(checkpoint.meta.get("pretraining", {}).get("levels", ())))


def solved_after(checkpoint: Checkpoint, level: str, count: int) -> tuple[int, Float[Tensor, " steps"]]:
    """How many test problems of a level were tried, ``count`` or all, and the share that is solved after each step."""
    task = make_task(checkpoint.task)
    problems = task.generate_at_most(count, task.level_index(level), "test", seed=0)
    return len(problems), unroll(checkpoint.model, task, problems, max(STEPS)).solved.float().mean(0)


def level_rows(name: str, checkpoint: Checkpoint, count: int) -> Iterator[list[str]]:
    """A row of the table for each level that a network was taught."""
    for level in taught(checkpoint):
        tried, share = solved_after(checkpoint, level, count)
        right = wilson(round(share[-1].item() * tried), tried)
        best = int(share.argmax())
        yield [
            name,
            level,
            str(tried),
            *(f"{100 * share[step - 1]:.1f}" for step in STEPS[:-1]),
            f"{100 * right.value:.1f} ({100 * right.low:.1f}..{100 * right.high:.1f})",
            f"{100 * share[best]:.1f} ({best + 1})",
        ]


def network_row(name: str, checkpoint: Checkpoint, rows: Iterable[list[str]]) -> list[str]:
    """A row of the table of networks: its size, how long it was trained, and the mean over its levels."""
    kilobytes, seconds = (SHIPPED / name / WEIGHTS_FILE).stat().st_size / 1000, checkpoint.meta["pretraining_seconds"]
    last = [float(row[-2].split()[0]) for row in rows]
    config = checkpoint.model.config
    return [
        name,
        checkpoint.task,
        f"{checkpoint.model.num_parameters():,}",
        f"{kilobytes:.0f}",
        f"{config.cycles}, {config.latent_updates}",
        f"{seconds / 60:.1f}",
        f"{sum(last) / len(last):.1f}",
        ", ".join(checkpoint.heads),
    ]


def tables(networks: list[list[str]], levels: list[list[str]]) -> list[Mapping[str, Any]]:
    """The two tables, as a record takes them."""
    steps = [f"{step} steps" if step > 1 else "1 step" for step in STEPS[:-1]]
    return [
        {
            "title": "The networks",
            "caption": "kB: the file, heads among it. Minutes of pretraining as it was run, on one core and beside "
            f"other work. Right: the mean over its levels, after {max(STEPS)} steps.",
            "header": ["network", "task", "weights", "kB", "T, n", "minutes", "right, %", "heads"],
            "rows": networks,
        },
        {
            "title": "Right after so many steps, %, by level",
            "caption": "Test split, one pass, no rule checked on the way. After 16 steps with the 95% interval; the "
            "last column has the best step in brackets.",
            "header": ["network", "level", "problems", *steps, f"{max(STEPS)} steps (95%)", "at the best step"],
            "rows": levels,
        },
    ]
