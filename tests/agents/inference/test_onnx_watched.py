"""A step with all that is shown of it as an ONNX file: what comes out is what Python sees, step after step."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from agents.checkpoint import Checkpoint
from agents.halting.heads import HaltHead, HaltPolicy
from agents.inference.onnx_export import NOTE
from agents.inference.onnx_watched import GIVEN, STATE, export_watched
from agents.inference.other_rules import OtherRules
from agents.inference.trajectory import follow
from agents.rollouts.features import feature_count
from tests.agents.inference.test_onnx_export import network
from trm_gym import make_task

RULES = ["confidence:0.2", "q:-5", "unchanged:2", "velocity:-0.3", "best-fixed-k:3", "bce"]
BUDGET = 7
CLOSE = "confidence least_confidence velocity right correct_now correct_ever halt_at"


def with_heads(task_name: str) -> Checkpoint:
    """Heads of random weights that say different things after every step."""
    bare = network(task_name, mixer="units", positions="candidates")
    width = feature_count(bare.model.config.hidden)
    heads = {"grpo": HaltPolicy(width, hidden=8), "bce": HaltHead(width, hidden=8)}
    generator = torch.Generator().manual_seed(0)
    for head in heads.values():
        for weight in head.parameters():
            weight.data.normal_(std=0.5, generator=generator)
    return Checkpoint(bare.model, task_name, heads)


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
def test_what_is_shown_is_what_python_sees(tmp_path: Path, unchecked):
    pytest.importorskip("onnx")
    pytest.importorskip("onnxscript")
    runtime = pytest.importorskip("onnxruntime")
    checkpoint, task = with_heads("sudoku4x4"), make_task("sudoku4x4")
    others = OtherRules.of(checkpoint.heads, RULES)
    session = runtime.InferenceSession(str(export_watched(checkpoint, others, tmp_path / "step.onnx")))
    note = json.loads(session.get_modelmeta().custom_metadata_map[NOTE])
    assert note["policies"] == ["grpo"] and note["rules"] == RULES
    problems = task.generate(1, 0, "test", 0)
    wanted = follow(checkpoint, problems, BUDGET, 0.1, others=others)
    starts = [np.tile(np.float32(note["start"][name]), (1, note["positions"], 1)) for name in STATE[:2]]
    counts, rows = [np.zeros(1, np.int64)] * 2, [np.zeros((1, note["width"]), np.float32)] * 3
    state = dict(zip(STATE, [*starts, problems.start.astype(np.int64), *counts, *rows], strict=True))
    given = dict(zip(GIVEN, [problems.problem.astype(np.int64), problems.free.astype(np.int64), [BUDGET]], strict=True))
    names = [one.name for one in session.get_outputs()]
    taken = [one.name for one in session.get_inputs()]
    for step in range(BUDGET):
        shown = dict(zip(names, session.run(None, {name: (state | given)[name] for name in taken}), strict=True))
        state = {name: shown[f"next_{name}"] for name in STATE}
        assert state["draft"][0].tolist() == wanted.drafts[step].tolist()
        assert shown["stops"][0].astype(bool).tolist() == wanted.stops[step].tolist()
        for name in CLOSE.split():
            found = np.squeeze(shown[name])
            np.testing.assert_allclose(found, np.squeeze(getattr(wanted, name)[step]), atol=1e-4, err_msg=name)
    assert 0 < wanted.stops.mean() < 1 and wanted.halt_at.std() > 0.05, "rules and policies say different things"


def test_a_rule_that_asks_the_verifier_is_refused(tmp_path: Path):
    checkpoint = with_heads("sudoku4x4")
    with pytest.raises(ValueError, match="verifier asks the task's verifier"):
        export_watched(checkpoint, OtherRules.of(checkpoint.heads, ["verifier"]), tmp_path / "step.onnx")
