"""A step with all that is shown of one, as an ONNX file: draft, what the network thinks of it, what rules would do.

The file is made of the same functions that a step is watched by in Python, so whoever runs it needs none of their
formulas: a loop hands on what comes out under the names of ``STATE``.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple, final

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from agents.checkpoint import Checkpoint
from agents.halting.heads import Halter, HaltPolicy
from agents.halting.rules import VerifierStop
from agents.inference.onnx_export import write_graph
from agents.inference.other_rules import PRICES, OtherRules
from agents.rollouts.features import History, Statistics, step_statistics
from agents.rollouts.step import draft_of
from agents.trm import TRM, Carry, Inputs
from trm_gym import make_task
from trm_gym.short_repr import short_repr

STATE = ("answer", "reasoning", "draft", "steps", "unchanged", "now", "last", "total")
"""What a step hands to the next one: the carry, the draft, and a ``History``."""
GIVEN = ("problem", "free", "max_steps")
"""What stays the same over a run: tokens, 1 where a cell is free, and the budget."""
SHOWN = (
    "logits",
    "confidence",
    "least_confidence",
    "velocity",
    "right",
    "correct_now",
    "correct_ever",
    "halt_at",
    "stops",
)
"""What is seen of a step; the fields of ``Trajectory`` of the same names, and token logits."""


@short_repr
class Record(NamedTuple):
    """What a rule may look at of one step; see ``StepRecord``, of which it has all but the verdict."""

    steps: Int[Tensor, " b"]
    steps_unchanged: Int[Tensor, " b"]
    velocity: Float[Tensor, " b"]
    confidence: Float[Tensor, " b"]
    halt_logit: Float[Tensor, " b"]
    features: Float[Tensor, "b f"]


@final
class WatchedStep(nn.Module):
    """A network's step and what is seen of it, from tensors to tensors. others: none of its rules asks the verifier."""

    def __init__(self, model: TRM, others: OtherRules) -> None:
        super().__init__()
        self.model, self.others = model, others
        self.policies = nn.ModuleList(others.policies.values())

    def forward(self, *values: Tensor) -> tuple[Tensor, ...]:
        """values: those of STATE and GIVEN, of one problem. Returns those of STATE and SHOWN."""
        named: dict[str, Any] = dict(zip((*STATE, *GIVEN), values, strict=True))
        before, problem, free = Carry(named["answer"], named["reasoning"]), named["problem"], named["free"] > 0
        after, output = self.model(before, Inputs.of_tokens(problem, named["draft"]))
        draft = draft_of(output.logits, problem, free)
        seen = step_statistics(before, after, output, draft != named["draft"], free)
        past = History(named["steps"], named["unchanged"], named["now"], named["last"], named["total"])
        history = past.add(seen)
        features = history.features(after, free, named["max_steps"])
        record: Any = Record(
            history.steps, history.steps_unchanged, seen.velocity, seen.least_confidence, seen.halt_logit, features
        )
        state = (
            *after,
            draft,
            *(getattr(history, name) for name in ("steps", "steps_unchanged", "now", "last", "total")),
        )
        sure = output.logits.float().softmax(-1).amax(-1)
        judged = self._judged(features)
        stops = [rule.stops(record) for rule in self.others.rules.values()]
        shown = (
            output.logits,
            torch.where(free, sure, 1.0),
            seen.least_confidence,
            seen.velocity,
            seen.halt_logit.sigmoid(),
            *judged.unbind(-1),
            self._halting(features),
            torch.stack(stops, -1).long() if stops else problem.new_zeros(1, 0),
        )
        return (*state, *shown)

    def _judged(self, features: Float[Tensor, "b f"]) -> Float[Tensor, "b 2"]:
        """What the first policy's value heads say of the draft; not a number without any."""
        for head in self.others.policies.values():
            if isinstance(head, HaltPolicy):
                return head.value_logits(features).sigmoid()
        return features.new_full((1, 2), float("nan"))

    def _halting(self, features: Float[Tensor, "1 f"]) -> Float[Tensor, "k p"]:
        """Each policy's probability of stopping at each of PRICES."""
        prices = torch.tensor(PRICES, dtype=torch.float32)
        rows = features.expand(len(PRICES), -1)
        heads: list[Halter] = list(self.others.policies.values())
        return torch.stack([head(rows, prices)[:, 0].sigmoid() for head in heads]) if heads else rows.new_zeros(0, 1)


def note_of(checkpoint: Checkpoint, others: OtherRules) -> dict[str, Any]:
    """What is to be known of a file: its task, names of policies and rules, prices, shapes, and the first carry."""
    model = checkpoint.model
    return {
        "task": checkpoint.task,
        "policies": list(others.policies),
        "rules": list(others.rules),
        "prices": list(PRICES),
        "positions": model.positions,
        "width": len(Statistics._fields),
        "start": {"answer": model.answer_start.tolist(), "reasoning": model.reasoning_start.tolist()},
    }


def export_watched(checkpoint: Checkpoint, others: OtherRules, path: str | os.PathLike[str]) -> Path:
    """Write a checkpoint's step, with what is shown of it, for one problem at a time, as an ONNX file.

    Its note is ``note_of``. Needs the package onnx. Raises ValueError for a task that shows numbers, and for a rule
    that asks the verifier, which no network holds.
    """
    task, model = make_task(checkpoint.task), checkpoint.model
    if task.numbers:
        raise ValueError(f"{checkpoint.task} shows numbers beside its tokens, which an exported step does not take")
    if asking := [name for name, rule in others.rules.items() if isinstance(rule, VerifierStop)]:
        raise ValueError(f"the rule {asking[0]} asks the task's verifier, which is no part of a network: leave it out")
    tokens, empty = torch.zeros(1, task.length, dtype=torch.long), History.empty(1, torch.device("cpu"))
    carry, ones = model.initial_carry(1), torch.ones(1, dtype=torch.long)
    past = (empty.steps, empty.steps_unchanged.clone(), empty.now, empty.last.clone(), empty.total.clone())
    state = dict(zip(STATE, (*carry, tokens, *past), strict=True))
    examples = (*state.values(), tokens.clone(), tokens.clone() + 1, ones * 16)
    outputs = [f"next_{name}" for name in STATE]
    return write_graph(
        WatchedStep(model, others), examples, (*STATE, *GIVEN), (*outputs, *SHOWN), note_of(checkpoint, others), path
    )
