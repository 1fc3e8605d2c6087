"""A step as an ONNX file: its logits are torch's to 1e-4 over a whole episode, step after step."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from agents.checkpoint import Checkpoint
from agents.inference.onnx_export import INPUTS, NOTE, OUTPUTS, export_step
from agents.rollouts.step import draft_of
from agents.trm import TRM, Inputs
from tests.scripts.checkpoints import TINY
from trm_gym import make_task

STEPS = 8


def network(task_name: str, **shape: object) -> Checkpoint:
    """A network of random weights that are far from small, so that its answers differ."""
    task = make_task(task_name)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = TRM(dataclasses.replace(TINY, **shape), task.vocab, task.structure).eval()  # type: ignore[arg-type]
    return Checkpoint(model, task_name)


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("task_name", "shape"),
    [("sudoku4x4", {"mixer": "units", "positions": "candidates"}), ("maze5x5", {"mixer": "conv"})],
)
def test_logits_are_those_of_torch(task_name, shape, tmp_path: Path, unchecked):
    pytest.importorskip("onnx")
    pytest.importorskip("onnxscript")
    runtime = pytest.importorskip("onnxruntime")
    checkpoint, task = network(task_name, **shape), make_task(task_name)
    session = runtime.InferenceSession(str(export_step(checkpoint, tmp_path / "step.onnx")))
    assert tuple(one.name for one in session.get_outputs()) == OUTPUTS
    note = json.loads(session.get_modelmeta().custom_metadata_map[NOTE])
    assert note["task"] == task_name and note["length"] == task.length and note["vocab"] == task.vocab
    problems = task.generate(1, 0, "test", 0)
    carry, draft = checkpoint.model.initial_carry(1), torch.from_numpy(problems.start).long()
    starts = [np.tile(np.float32(note["start"][name]), (1, note["positions"], 1)) for name in INPUTS[:2]]
    values, seen = [*starts, problems.problem.astype(np.int64), draft.numpy()], set()
    for _ in range(STEPS):
        with torch.no_grad():
            carry, output = checkpoint.model(carry, Inputs.of(problems, draft))
        named = dict(zip(INPUTS, values, strict=True))
        answer, reasoning, logits, halt = session.run(None, {one.name: named[one.name] for one in session.get_inputs()})
        np.testing.assert_allclose(logits, output.logits.numpy(), atol=1e-4)
        np.testing.assert_allclose(halt, output.halt.numpy(), atol=1e-4)
        draft = draft_of(output.logits, torch.from_numpy(problems.problem).long(), torch.from_numpy(problems.free))
        values = [answer, reasoning, values[2], draft.numpy()]
        seen.add(logits.tobytes())
    assert len(seen) == STEPS, "every step gives other logits"


def test_a_task_of_numbers_is_refused(tmp_path: Path):
    checkpoint = Checkpoint(network("sudoku4x4").model, "regression")
    with pytest.raises(ValueError, match="regression shows numbers beside its tokens"):
        export_step(checkpoint, tmp_path / "step.onnx")
