"""Evaluation: choices on validation problems, figures on test problems, and what is written."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from rich.console import Console

from agents.checkpoint import Checkpoint
from agents.evaluation.evaluate import evaluate_checkpoint, measure, write
from agents.evaluation.protocol import EvaluationConfig, choose
from agents.evaluation.report import Report
from agents.halting import outcomes, registry
from agents.halting.heads import HaltHead
from agents.rollouts.unroll import Unroll, draw, unroll
from agents.trm import TRM, TRMConfig
from tests.agents.synthetic import varied
from tests.toy import ToyTask
from trm_gym import make_task

CONFIG = EvaluationConfig(max_steps=8, resamples=200)
TINY = TRMConfig(hidden=8, layers=1, cycles=1, latent_updates=1, width_multiple=8)


def head(seed: int, outputs: int = 1) -> HaltHead:
    made = HaltHead(features=3, hidden=8, outputs=outputs, seed=seed)
    torch.nn.init.normal_(made.out.weight, generator=torch.Generator().manual_seed(seed))
    return made


def report(validation: Unroll, test: Unroll, config: EvaluationConfig = CONFIG) -> Report:
    heads = {"grpo": head(0), "bce": head(1), "two_heads": head(2, 2)}
    rules = registry.all_rules(heads, config.max_steps, config.prices)
    return measure(rules, validation, test, config, "toy", "made up")


@pytest.fixture(scope="module")
def measured() -> Report:
    return report(varied(300, seed=1, noise=0.4), varied(300, seed=2, noise=0.4))


def test_the_oracle_is_an_upper_bound(measured: Report):
    """Of return at every price, and of the steps that its accuracy takes."""
    oracle = measured.row(registry.ORACLE)
    for row in measured.rows:
        assert row.accuracy.value <= oracle.accuracy.value
        for price, worth in row.returns.items():
            assert worth.value <= oracle.returns[price].value
    assert oracle.oracle_gap_closed.value == pytest.approx(1)
    assert oracle.thinking.over == oracle.thinking.under == 0


def test_choices_do_not_look_at_test_problems(measured: Report):
    validation = varied(300, seed=1, noise=0.4)
    other = varied(300, seed=9, noise=1.5)
    other.solved[:] = other.solved.flip(1)
    changed = report(validation, other)
    assert changed.target == measured.target and changed.best_fixed == measured.best_fixed
    for mine, theirs in zip(changed.rows, measured.rows, strict=True):
        assert (mine.setting, mine.price_settings) == (theirs.setting, theirs.price_settings)
    assert changed.row("q").accuracy != measured.row("q").accuracy


def test_choices_look_at_validation_problems(measured: Report):
    changed = report(varied(300, seed=3, noise=0.05), varied(300, seed=2, noise=0.4))
    assert changed.row("q").setting != measured.row("q").setting


def test_measuring_on_what_was_chosen_on_reaches_the_target():
    same = varied(300, seed=1, noise=0.4)
    found = report(same, same)
    for row in found.rows:
        if row.setting and row.rule != "unchanged":
            assert row.accuracy.value >= found.target - 1e-12, row.rule
    fixed = found.row(registry.FIXED)
    assert fixed.steps == found.best_fixed and fixed.oracle_gap_closed.value == 0, "steps saved are counted from it"


def test_each_price_has_the_setting_that_is_best_for_it():
    same = varied(200, seed=1, noise=0.4)
    rule = registry.rule_named("q", {})
    chosen = choose(rule, same, 0.5, (0.1, 0.6))
    solved = same.solved.numpy()
    everything = rule.steps(same, rule.settings(same))
    for price, setting in zip((0.1, 0.6), chosen.prices, strict=True):
        best = max(outcomes.returns(solved, steps, price).mean() for steps in everything)
        mine = outcomes.returns(solved, rule.steps(same, setting[None])[0], price).mean()
        assert mine == pytest.approx(best)


def test_figures_are_those_of_the_raw_results(measured: Report):
    raw = measured.raw
    for row in measured.rows:
        steps = raw.steps[row.rule]
        assert row.accuracy.value == pytest.approx(outcomes.solved_at(raw.solved, steps).mean())
        assert row.steps == pytest.approx(steps.mean())
        for price, by_price in raw.price_steps.get(row.rule, {}).items():
            assert row.returns[price].value == pytest.approx(outcomes.returns(raw.solved, by_price, price).mean())
    assert measured.accuracy_at == {step: raw.solved[:, step - 1].mean() for step in (1, 2, 4, 8)}


def test_intervals_hold_their_value(measured: Report):
    for row in measured.rows:
        for interval in (row.accuracy, row.oracle_gap_closed, *row.returns.values()):
            assert interval.low <= interval.value + 1e-9 and interval.value <= interval.high + 1e-9
    tuned = {one.rule for one in measured.comparisons if one.learner == "grpo"}
    assert tuned == {row.rule for row in measured.rows} - {"grpo"}


def test_summary_has_exactly_the_promised_fields(measured: Report):
    for row in measured.summary():
        assert list(row) == ["rule", "accuracy", "steps", "n"]
        assert 0 <= row["accuracy"] <= 1 and 1 <= row["steps"] <= 8 and row["n"] == 300


def test_table_fits_a_small_terminal(measured: Report):
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(measured.table())
    text = console.export_text()
    assert "oracle" in text and "…" not in text
    with pytest.raises(ValueError, match="no rule 'magic'"):
        measured.row("magic")


def test_write_leaves_report_raw_results_and_pictures(measured: Report, tmp_path: Path):
    write(measured, tmp_path)
    (tmp_path / "problems.csv").write_text(measured.csv())
    saved = json.loads((tmp_path / "report.json").read_text())
    assert saved["best_fixed"] == measured.best_fixed and len(saved["rows"]) == len(measured.rows)
    with (tmp_path / "problems.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 300
    steps = np.array([int(row["steps q"]) for row in rows])
    right = np.array([row["right"][step - 1] == "1" for row, step in zip(rows, steps, strict=True)])
    assert right.mean() == pytest.approx(measured.row("q").accuracy.value)
    for name in ("halting.png", "accuracy.png", "steps.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")


def test_nothing_solved_and_everything_solved_can_be_reported(tmp_path: Path):
    for verdict in (True, False):
        same = varied(20)
        same.solved[:] = verdict
        found = report(same, same)
        write(found, tmp_path)
        Console(quiet=True).print(found.table())


def test_levels_take_equal_parts():
    drawn = draw(ToyTask(), [0, 1], 7, "test", 0)
    assert np.bincount(drawn.level).tolist() == [4, 3]


def tiny(task_name: str) -> Checkpoint:
    task = make_task(task_name)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Checkpoint(TRM(TINY, task.vocab, task.structure).eval(), task_name)


def test_a_finite_level_gives_every_class_of_its_split():
    config = EvaluationConfig(level=("clues4-5",), problems=100_000, validation=30, max_steps=2, resamples=50)
    found = evaluate_checkpoint(tiny("sudoku4x4"), config)
    task = make_task("sudoku4x4")
    assert found.n == task.split_size(task.level_index("clues4-5"), "test")
    assert evaluate_checkpoint(tiny("sudoku4x4"), config).raw.steps["q"].tolist() == found.raw.steps["q"].tolist()


def test_data_replace_the_test_problems_but_not_validation():
    task = make_task("sudoku4x4")
    config = EvaluationConfig(problems=50, validation=40, max_steps=2, resamples=50)
    checkpoint = tiny("sudoku4x4")
    data = task.generate(10, 0, "train", 5)
    found, usual = evaluate_checkpoint(checkpoint, config, data=data), evaluate_checkpoint(checkpoint, config)
    assert found.n == 10 and (found.raw.level == 0).all()
    assert [row.setting for row in found.rows] == [row.setting for row in usual.rows]
    graded = unroll(checkpoint.model, task, data, 2)
    assert (found.raw.solved == graded.solved.numpy()).all()


def test_levels_of_pretraining_are_the_default():
    checkpoint = dataclasses.replace(tiny("sudoku4x4"), meta={"pretraining": {"levels": ["clues10-12"]}})
    config = EvaluationConfig(problems=20, validation=20, max_steps=2, resamples=50)
    assert evaluate_checkpoint(checkpoint, config).source == "clues10-12"


@pytest.mark.parametrize("name", ["problems", "validation", "max_steps", "resamples", "batch"])
def test_bad_settings_are_named(name: str):
    settings: dict[str, Any] = {name: 0}
    with pytest.raises(ValueError, match=name):
        EvaluationConfig(**settings)
    with pytest.raises(ValueError, match="unknown level"):
        evaluate_checkpoint(tiny("sudoku4x4"), EvaluationConfig(level=("clues99",)))
