"""One step of a network as an ONNX file, for whatever runs those: a browser, a telephone, another language.

The file takes a carry, problem tokens and the draft, and gives the next carry, token logits and the halt logit. A loop
around it is all that solving needs. It holds numbers and operations, and nothing of Python.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, final

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from agents.checkpoint import Checkpoint
from agents.trm import TRM, Carry, Inputs
from trm_gym import make_task
from trm_gym.atomic_io import atomic_write
from trm_gym.extras import require

INPUTS = ("answer", "reasoning", "problem", "draft")
OUTPUTS = ("next_answer", "next_reasoning", "logits", "halt")
NOTE = "trm_gym"
"""Under which name a file says what it is of."""


@final
class OneStep(nn.Module):
    """A network's step from tensors to tensors, of tasks without numbers beside their tokens."""

    def __init__(self, model: TRM) -> None:
        super().__init__()
        self.model = model

    def forward(
        self,
        answer: Float[Tensor, "b p h"],
        reasoning: Float[Tensor, "b p h"],
        problem: Int[Tensor, "b l"],
        draft: Int[Tensor, "b l"],
    ) -> tuple[Float[Tensor, "b p h"], Float[Tensor, "b p h"], Float[Tensor, "b l v"], Float[Tensor, " b"]]:
        """The next carry, token logits, and the logit of the draft being right."""
        carry, output = self.model(Carry(answer, reasoning), Inputs.of_tokens(problem, draft))
        return *carry, *output


def export_step(checkpoint: Checkpoint, path: str | os.PathLike[str]) -> Path:
    """Write a checkpoint's step, for one problem at a time, as an ONNX file.

    Its metadata says under ``trm_gym``, as JSON, task, vocabulary and length; and the first carry, which is the same at
    every position. Raises ValueError for a task that shows numbers, and MissingExtra.
    """
    task = make_task(checkpoint.task)
    if task.numbers:
        raise ValueError(f"{checkpoint.task} shows numbers beside its tokens, which an exported step does not take")
    model = checkpoint.model
    tokens = torch.zeros(1, task.length, dtype=torch.long)
    examples = (*model.initial_carry(1), tokens, tokens.clone())
    starts = {"answer": model.answer_start.tolist(), "reasoning": model.reasoning_start.tolist()}
    note = {
        "task": task.name,
        "vocab": task.vocab,
        "length": task.length,
        "positions": model.positions,
        "start": starts,
    }
    return write_graph(OneStep(model), examples, INPUTS, OUTPUTS, note, path)


def write_graph(
    module: nn.Module,
    examples: tuple[Tensor, ...],
    inputs: Sequence[str],
    outputs: Sequence[str],
    note: Mapping[str, Any],
    path: str | os.PathLike[str],
) -> Path:
    """Write a module as an ONNX file with a note, which is JSON under ``trm_gym``.

    examples: inputs of the shapes that it takes. Raises MissingExtra without the packages of the extra onnx.
    """
    require("onnx", "onnx", "onnxscript")
    with torch.no_grad():
        program = torch.onnx.export(
            module.eval(),
            examples,
            input_names=inputs,
            output_names=outputs,
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    made = program.model_proto
    made.metadata_props.add(key=NOTE, value=json.dumps(note))
    return atomic_write(path, made.SerializeToString())
