"""scripts/restarts.py: from problems run from several starts to tables, of which nothing is done twice."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from agents.checkpoint import load_checkpoint
from agents.common.acceleration import AccelerationConfig
from agents.evaluation.restart_report import CLAIRVOYANT, UNTUNED
from agents.halting.restart_head import RestartPolicy
from agents.inference.solver import Solver
from agents.learners.config import LearnerConfig
from agents.rollouts import dataset
from agents.rollouts.dataset import DatasetConfig
from scripts import restarts
from scripts.restarts import Config
from tests.scripts.checkpoints import untrained


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(
        checkpoints=(str(untrained(tmp_path)),),
        level="clues6-8",
        learn=("clues10-12", "clues6-8"),
        problems=6,
        validation=5,
        dataset=DatasetConfig(problems=8, branches=3, branching="restarts", noise=0.5, max_steps=4),
        training=LearnerConfig(iterations=2, groups=4, passes=1, minibatches=1, hidden=8),
        seeds=1,
        timed=3,
        resamples=20,
        acceleration=AccelerationConfig(compile="off", bfloat16="off"),
        folder=tmp_path / "out",
    )


def test_from_starts_to_tables(config, monkeypatch, capsys):
    restarts.run(config)
    assert config.folder is not None and UNTUNED in capsys.readouterr().out
    made = json.loads((config.folder / "tables.json").read_text())
    assert [len(table["rows"]) for table in made] == [11, 11, 2, 6, 3] and made[0]["rows"][-1][0] == CLAIRVOYANT
    results = json.loads((config.folder / "results.json").read_text())
    assert results["about"]["problems"] == 6 and len(results["rows"]) == 22

    place = config.folder / "network-0" / "checkpoint"
    made_with = load_checkpoint(place).meta["grpo_restarts"]
    assert made_with["levels"] == ["clues10-12", "clues6-8"] and made_with["dataset"]["branches"] == 3
    head = load_checkpoint(place).heads["grpo_restarts"]
    assert isinstance(head, RestartPolicy) and (head.starts, head.noise) == (3, 0.5)
    solver = Solver.from_pretrained(place)
    problems = solver.task.generate(1, 0, "test", 0)
    assert solver.restarts and solver.solve(problems, 8, rule="grpo_restarts").steps <= 8

    before = (config.folder / "table.md").read_text()
    monkeypatch.setattr(dataset, "collect_dataset", lambda *_: pytest.fail("it is on disk"))
    monkeypatch.setattr(restarts, "train_head", lambda *_: pytest.fail("it is taught"))
    monkeypatch.setattr(restarts, "speed_table", lambda *_: pytest.fail("it is timed"))
    restarts.run(config)
    assert (config.folder / "table.md").read_text() == before


def test_what_has_one_start_is_refused(config):
    single = dataclasses.replace(config.dataset, branches=1)
    with pytest.raises(ValueError, match="several starts"):
        dataclasses.replace(config, dataset=single)


def test_a_policy_taught_at_another_size_joins_the_network_in_its_own(config, tmp_path: Path):
    mazes = str(untrained(tmp_path, "maze11x11"))
    starts = DatasetConfig(problems=2, branches=2, branching="forms", max_steps=2)
    at = dataclasses.replace(config, checkpoints=(mazes,), size=13, level="far", learn=(), dataset=starts)
    network = restarts.Network(at, tmp_path / "network", mazes)
    assert network.checkpoint.task == "maze13x13" and network.solved(2).shape == (2, 2, 2)
    network.save(RestartPolicy(load_checkpoint(mazes).heads["grpo"].features, 8).taught_on(2, 0.0))
    made = load_checkpoint(tmp_path / "network" / "checkpoint")
    assert made.task == "maze11x11" and set(made.heads) == {"grpo", "grpo_restarts"}
    solver = Solver.from_pretrained(tmp_path / "network" / "checkpoint", 13)
    (result,) = solver.stream([solver.task.generate(1, 0, "test", 0)], 5, "restart-every:2+grpo")
    assert result.starts == 3 and result.steps == 5
