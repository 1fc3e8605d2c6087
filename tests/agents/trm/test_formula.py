"""The network over the slots of a formula, and what its circuit makes of wild drafts and points."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from agents.trm import TRM, Inputs
from agents.trm.config import REGRESSION
from agents.trm.encoders import NEVER, EncoderContext
from agents.trm.encoders.formula import FormulaEncoder
from agents.trm.mixers import MixerContext
from agents.trm.mixers.tree import TreeMixer
from trm_gym import make_task
from trm_gym.regression.layout import BASE, BINARY, LENGTH, SLOTS, UNARY, VOCAB
from trm_gym.regression.programs import used_slots
from trm_gym.structure import CellStructure, HeapStructure


def test_every_choice_is_a_formula():
    encoder = FormulaEncoder(EncoderContext(VOCAB, 16, HeapStructure((2, SLOTS))))
    logits = encoder.read(5 * torch.randn(200, SLOTS, 16))
    drafts = logits.argmax(-1).numpy().astype(np.uint8)
    assert used_slots(drafts)[:, 0].all()
    # Every token that can stand somewhere does somewhere.
    assert len(np.unique(drafts[:, :SLOTS])) == len(BASE) and len(np.unique(drafts[:, SLOTS:])) == len(UNARY)
    assert (logits == NEVER).sum() == 200 * (SLOTS * VOCAB * 2 - SLOTS * (len(BASE) + len(UNARY)) + 8 * len(BINARY))


@pytest.mark.parametrize("options", [(), ("points=20", "leaves=2"), ("constants=1",)])
def test_a_step_sees_the_draft_and_the_points(options):
    task = make_task("regression")
    problems = task.generate(4, task.level_index("nodes5"), "train", 0)
    model = TRM(dataclasses.replace(REGRESSION, position_options=options), task.vocab, task.structure)
    blank, other = (torch.full((4, LENGTH), token) for token in (0, 0))
    other[:, 0], other[:, SLOTS] = 6, 15
    logits = [model(model.initial_carry(4), Inputs.of(problems, draft))[1].logits for draft in (blank, other)]
    assert not torch.allclose(*logits)
    moved = problems[np.array([1, 0, 3, 2])]
    swapped = model(model.initial_carry(4), Inputs.of(moved, blank))[1].logits
    assert torch.allclose(swapped, logits[0][[1, 0, 3, 2]], atol=1e-5) and not torch.allclose(swapped, logits[0])
    logits[0].mean().backward()
    assert all(p.grad is not None for name, p in model.named_parameters() if not name.startswith("halt"))


@pytest.mark.parametrize(("changed", "heard"), [(0, {0, 1, 2}), (1, {0, 1, 3, 4}), (4, {1, 4, 9, 10}), (14, {6, 14})])
def test_the_tree_mixer_hears_of_its_neighbours(changed, heard):
    mixer = TreeMixer(MixerContext(8, SLOTS, 1, HeapStructure((2, SLOTS))))
    with torch.no_grad():
        mixer.ways.weight[:, 32:] = 0  # the mean of all
    x = torch.randn(1, SLOTS, 8)
    other = x.clone()
    other[0, changed] += 1
    moved = (mixer(x) - mixer(other)).abs().amax(-1)[0]
    assert set(torch.nonzero(moved > 1e-6).flatten().tolist()) == heard


def test_tasks_that_are_no_formulas():
    grid = CellStructure((2, SLOTS))
    with pytest.raises(ValueError, match="needs a task whose drafts are formulas"):
        FormulaEncoder(EncoderContext(VOCAB, 16, grid))
    with pytest.raises(ValueError, match="needs a task whose drafts are trees"):
        TreeMixer(MixerContext(8, SLOTS, 1, grid))
    with pytest.raises(ValueError, match="points must be at least 1"):
        FormulaEncoder(EncoderContext(VOCAB, 16, HeapStructure((2, SLOTS))), points=0)
