"""One checkpoint measured with all its heads: the comparison of a single run, and the settings that were chosen."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from agents.checkpoint import Checkpoint
from agents.common.console import Progress
from agents.evaluation import metrics
from agents.evaluation.comparison import compare
from agents.evaluation.figures import write_figures
from agents.evaluation.protocol import EvaluationConfig, choose, outcomes_of, steps_of
from agents.evaluation.report import Report
from agents.evaluation.tables import levels_markdown, report_markdown
from agents.halting import outcomes
from agents.halting.registry import LEARNER, all_rules, no_tuning
from agents.halting.restart_head import two_acts
from agents.halting.tuning import TunableRule
from agents.rollouts.unroll import Unroll, draw, unroll
from trm_gym import make_task
from trm_gym.atomic_io import atomic_write
from trm_gym.task import Problems


def evaluate_checkpoint(
    checkpoint: Checkpoint,
    config: EvaluationConfig,
    out: str | os.PathLike[str] | None = None,
    data: Problems | None = None,
) -> Report:
    """Evaluate a checkpoint with all its heads; writes report, table, pictures and raw results into ``out``, if given.

    data: test problems from outside, in place of the test split; choices are still made on the validation split.
    Raises ValueError for unknown levels.
    """
    task = make_task(checkpoint.task)
    wanted = config.level or checkpoint.meta.get("pretraining", {}).get("levels", [task.default_level])
    levels = [task.level_index(level) for level in wanted]
    names = " + ".join(task.levels[level].name for level in levels)
    chosen_levels = [task.level_index(level) for level in config.chosen_on] or levels
    chosen_on = draw(task, chosen_levels, config.validation, "validation", config.seed)
    test = draw(task, levels, config.problems, "test", config.seed) if data is None else data
    source = names if data is None else f"data from outside (settings from {names})"
    validation, tested = graded(checkpoint, [chosen_on, test], config, f"{task.name}, {source}")
    rules = all_rules(checkpoint.heads, config.max_steps, config.prices, config.scale)
    report = measure(rules, validation, tested, config, task.name, source)
    if out is not None:
        write(report, out)
        atomic_write(Path(out, "problems.csv"), report.csv())
    return report


def unmeasured(checkpoint: Checkpoint) -> str:
    """A line on the policies that such tables leave out; nothing where there are none."""
    absent = ", ".join(sorted(checkpoint.heads.keys() - two_acts(checkpoint.heads).keys()))
    return f"The tables are of rules of two acts; scripts/restarts.py measures {absent}.\n" if absent else ""


def graded(
    checkpoint: Checkpoint, sets: Sequence[Problems], config: EvaluationConfig, title: str
) -> tuple[Unroll, ...]:
    """The graded drafts of every set of problems, as heads see them, with progress and time left."""
    task, done, found = make_task(checkpoint.task), 0, []
    with Progress(sum(map(len, sets)), title) as bar:
        for problems in sets:
            parts = []
            for first in range(0, len(problems), config.batch):
                some = problems[slice(first, first + config.batch)]
                parts.append(unroll(checkpoint.model, task, some, config.max_steps, batch=config.batch))
                done += len(some)
                bar.update(done)
            found.append(config.seen(Unroll.concatenate(parts)))
    return tuple(found)


def measure(
    rules: Sequence[TunableRule],
    validation: Unroll,
    test: Unroll,
    config: EvaluationConfig,
    task: str = "",
    source: str = "",
) -> Report:
    """Measure rules on graded drafts of one network: chosen on ``validation``, measured on ``test``."""
    tested = outcomes_of(test, validation, config.slack)
    chosen = {rule.name: choose(rule, validation, tested.target, config.prices) for rule in rules}
    steps = {rule.name: [[steps_of(rule, chosen[rule.name], test)]] for rule in rules}
    report = compare(task, source, [tested], steps, config)
    rows = []
    for rule, row in zip(rules, report.rows, strict=True):
        right = outcomes.solved_at(tested.solved, steps[rule.name][0][0].point)
        settings = zip(config.prices, chosen[rule.name].prices, strict=True)
        rows.append(
            dataclasses.replace(
                row,
                # Of one run there is doubt about problems alone, for which this holds near 0 and 1 too.
                accuracy=metrics.wilson(int(right.sum()), len(right)),
                setting=named(rule, chosen[rule.name].point[0]),
                price_settings={price: named(rule, setting) for price, setting in settings},
            )
        )
    return dataclasses.replace(report, rows=rows)


def named(rule: TunableRule, setting: NDArray[np.float64]) -> dict[str, float]:
    """A setting of a rule by the names of its parts."""
    return dict(zip(rule.labels, setting.tolist(), strict=True))


def write(report: Report, folder: str | os.PathLike[str]) -> None:
    """Write report.json, table.md and the pictures of a report."""
    atomic_write(Path(folder, "report.json"), report.json())
    atomic_write(Path(folder, "table.md"), report_markdown(report.plain()))
    write_figures(report, folder)


def write_levels(reports: Sequence[Report], folder: Path, protocol: EvaluationConfig, price: float) -> None:
    """Write tables of GRPO by level, tuned and as it was taught at ``price``. reports: a level's each."""
    untuned = no_tuning(LEARNER, price)
    atomic_write(folder / "levels.md", levels_markdown(reports, LEARNER, protocol.taught_steps))
    if any(row.rule == untuned for row in reports[0].rows):
        atomic_write(folder / "levels-no-tuning.md", levels_markdown(reports, untuned, protocol.taught_steps))
