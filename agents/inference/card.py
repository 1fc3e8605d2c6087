"""A network's card, for the Hub and the docs: what it is, what made it, what it was taught, reaches, and has wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import UInt8

from agents.checkpoint import Checkpoint
from agents.evaluation.metrics import wilson
from agents.evaluation.tables import markdown_table
from agents.halting.restart_registry import RESTARTS_LEARNER
from agents.inference.taught import budget
from agents.inference.trajectory import follow
from agents.rollouts.unroll import unroll
from trm_gym import make_task
from trm_gym.short_repr import short_repr
from trm_gym.task import Problems

SOUGHT = 500
"""Test problems among which a failure is looked for."""
AT_A_TIME = 50
"""How many of them are refined at a time: most failures are among the first."""


class Reached(NamedTuple):
    """What was measured of a network beside its own notes. told: how, a sentence or two in Markdown."""

    told: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]


@short_repr
@dataclass(frozen=True)
class Failure:
    """A test problem that a network has wrong after so many steps, or that none was found among those tried.

    level, number: which of the level's test problems, from 1, drawn with seed 0; 0 where none was found. tried: how
    many were, up to it. problem, wrong, right: what has one line as text. note: more in Markdown, such as a picture.
    """

    level: str
    number: int
    tried: int
    steps: int
    problem: str = ""
    wrong: str = ""
    right: str = ""
    note: str = ""


def card(
    checkpoint: Checkpoint,
    name: str = "",
    measured: Reached | None = None,
    failures: Sequence[Failure] = (),
    curve: str = "",
) -> str:
    """The card as Markdown, its title first.

    name: that it has among the shipped networks, if it is one. measured: else the checkpoint's own notes. curve: of its
    training, in Markdown.
    """
    parts = [
        f"# {name or f'A Tiny Recursive Model for {checkpoint.task}'}",
        _what(checkpoint),
        f"## Use\n\n{_use(checkpoint, name)}",
        f"## How it was made\n\n{_made(checkpoint.meta, curve)}",
        f"## Data\n\n{_data(checkpoint)}",
        f"## Results\n\n{_measured(measured) if measured else _noted(checkpoint.meta)}",
    ]
    if failures:
        parts.append("## Known failures\n\n" + "\n\n".join(_failure(one) for one in failures))
    return "\n\n".join(parts) + "\n"


def first_failure(checkpoint: Checkpoint, level: str) -> tuple[Failure, Problems | None, UInt8[np.ndarray, " length"]]:
    """The first test problem of a level that is wrong after the network's ``budget``; it alone, and the wrong draft.

    Of ``SOUGHT`` problems, or of all that the level has. Where none is wrong: no problem, and an empty draft.
    """
    task, steps = make_task(checkpoint.task), budget(checkpoint)
    problems = task.generate_at_most(SOUGHT, task.level_index(level), "test", seed=0)
    for start in range(0, len(problems), AT_A_TIME):
        part = problems[slice(start, min(start + AT_A_TIME, len(problems)))]
        wrong = ~unroll(checkpoint.model, task, part, steps).solved[:, -1].numpy()
        for at in np.flatnonzero(wrong).tolist():
            one = part[slice(at, at + 1)]
            run = follow(checkpoint, one, steps, price=1.0)
            if not run.solved[-1]:  # a problem alone is rounded otherwise than among others, and seldom comes out right
                number, draft = start + at + 1, run.drafts[-1]
                texts = (task.problem_text(one), task.answer_text(draft), task.answer_text(one.solution[0]))
                told = ("" if "\n" in text.strip() else text for text in texts)
                return Failure(level, number, number, steps, *told), one, draft
    return Failure(level, 0, len(problems), steps), None, np.zeros(0, np.uint8)


def _what(checkpoint: Checkpoint) -> str:
    """What kind of network it is."""
    config, model = checkpoint.model.config, checkpoint.model
    heads = ", ".join(f"`{head}`" for head in checkpoint.heads) or "none"
    return (
        f"A Tiny Recursive Model for the task `{checkpoint.task}`. It refines a draft of the answer step by step, and "
        f"may fail.\nIt has {model.num_parameters():,} parameters: hidden {config.hidden}, {config.layers} layers, "
        f"T={config.cycles} cycles a step of n={config.latent_updates} updates each,\nmixer `{config.mixer}`, "
        f"positions `{config.positions}`. Halting heads on it, which say when to stop: {heads}."
    )


def _use(checkpoint: Checkpoint, name: str) -> str:
    """A few lines of Python that run as they stand, where the network is a shipped one."""
    rule = "grpo" if "grpo" in checkpoint.heads else "always"
    return f"""```python
from agents.inference.solver import Solver

solver = Solver.from_pretrained("{name or "path/of/this/folder"}")
problem = solver.task.generate(1, solver.task.default_level, "test", seed=0)  # or your own, as text or a file
solution = solver.solve(problem, max_steps={budget(checkpoint)}, rule="{rule}")
print(solution.text, solution.steps, solution.verdict)
```"""


def _made(meta: Mapping[str, Any], curve: str) -> str:
    """The commands, and what is known of how they ran."""
    told, facts = meta.get("pretraining", {}), []
    start = told.get("start_weights")
    if seconds := meta.get("pretraining_seconds"):
        what = "All parts of pretraining together" if start else "Pretraining"
        facts.append(f"{what} took {seconds / 60:.1f} minutes ({seconds / 3600:.2f} hours){_machine(meta)}.")
    if "updates" in told:
        facts.append(
            f"{told['updates']:,} updates of {told['batch']} problems, at most {told['max_steps']} steps each."
        )
    if start:
        facts.append(
            f"These are of the last part, which began with the weights that the command before left in `{start}`."
        )
    seeds = [f"{part} {meta[key]['seed']}" for key, part in _SEEDED.items() if "seed" in meta.get(key, {})]
    if seeds:
        facts.append(f"Seeds: {', '.join(seeds)}. All figures are of this one network.")
    if not curve:
        facts.append("No curve of the training is kept with it.")
    commands = "\n".join(meta.get("commands", ["(not recorded)"]))
    if "--checkpoint" in commands:
        facts.append("`--checkpoint` names the network as it ships: of one trained anew give the folder.")
    return "\n\n".join(
        [f"```sh\n{commands}\n```", "\n".join(f"- {fact}" for fact in facts), *([curve] if curve else [])]
    )


_SEEDED = {"pretraining": "pretraining", "grpo": "halting heads", "grpo_restarts": "policy that may start afresh"}
"""The parts of a checkpoint's notes that tell a seed, and what they are about."""


def _machine(meta: Mapping[str, Any]) -> str:
    """On what it ran, where that is noted."""
    known = meta.get("numerics")
    if not known:
        return ""
    number = "bfloat16" if known.get("bfloat16") else "float32"
    threads = known.get("threads", 1)
    return f" on {known['device']}, {threads} thread{'s' * (threads > 1)}, {number}, torch {known['torch']}"


def _data(checkpoint: Checkpoint) -> str:
    """What it was taught."""
    meta = checkpoint.meta
    parts = {"The network": "pretraining", "Its halting heads": "grpo"}
    if RESTARTS_LEARNER in checkpoint.heads:
        parts["Its policy that may start afresh"] = RESTARTS_LEARNER
    rows = []
    for part, key in parts.items():
        told = meta.get(key, {})
        size = f", at size {told['size']}" if told.get("size") else ""
        rows.append(f"- {part}: {', '.join(dict.fromkeys(told.get('levels', ()))) or '(not recorded)'}{size}.")
    return "\n".join(
        [
            f"Problems of `trm_gym`'s task `{checkpoint.task}`, train split, of the levels\n",
            *rows,
            "\nThey are made on the spot; problems that are equal under the task's symmetries never stand in two",
            "splits.",
        ]
    )


def _measured(measured: Reached) -> str:
    """The table that was measured, and how."""
    return f"{measured.told}\n\n{markdown_table(measured.header, measured.rows)}"


def _noted(meta: Mapping[str, Any]) -> str:
    """What the checkpoint's notes say that it reached."""
    parts = []
    reached = dict(meta.get("solved_at_steps", {}))
    if steps := reached.pop("steps", None):
        rows = [[level, *(f"{one:.1%}" for one in shares)] for level, shares in reached.items()]
        parts += ["Share of problems whose draft is right, by step:", markdown_table(["level", *map(str, steps)], rows)]
    if "results" in meta:
        parts.append(f"```json\n{json.dumps(meta['results'], indent=2)}\n```")
    return "\n\n".join(parts) or "None are recorded with the checkpoint: measure it with scripts/evaluate.py."


def _failure(failure: Failure) -> str:
    """A failure in words, with the texts and the note."""
    if not failure.number:
        low = wilson(failure.tried, failure.tried).low
        return (
            f"None was found: all {failure.tried} test problems of `{failure.level}` that were tried are right after "
            f"{failure.steps} steps, which leaves at most {100 * (1 - low):.1f}% wrong (95%)."
        )
    return "\n".join(_lines(failure))


def _lines(failure: Failure) -> Iterator[str]:
    yield (
        f"The first of the test problems of `{failure.level}` (seed 0) that is wrong after {failure.steps} steps is "
        f"number {failure.number}" + (f": `{failure.problem}`." if failure.problem else ".")
    )
    if failure.right:
        yield f"The network's answer is `{failure.wrong or ' '}`, right is `{failure.right}`."
    if failure.note:
        yield f"\n{failure.note}"
