"""The network against plain NumPy, for every mixer and every option of the recursion."""

from __future__ import annotations

import pytest
import torch

from agents.trm import TRM, Inputs, TRMConfig, reference
from trm_gym import make_task

TASK = make_task("sudoku4x4")
PUBLISHED = {"mixer": "mlp", "mixer_norm": "positions", "halt_pooling": "first", "prefix": 3, "puzzle_tokens": 2}
OPTIONS = [
    {"mixer": "units"},
    {"mixer": "mlp"},
    {"mixer": "attention", "mixer_options": ("heads=2",)},
    {"mixer": "mla", "mixer_options": ("heads=2", "low_rank=6", "rope_width=4")},
    {"mixer": "conv"},
    {"mixer": "grid"},
    {**PUBLISHED, "position_options": ("reserved=1",), "halt_outputs": 2},
    {"mixer": "mla", "prefix": 2},
]


@pytest.mark.parametrize(("dtype", "within"), [(torch.float32, 1e-5), (torch.float64, 1e-6)])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_a_step_is_what_the_reference_says(options, dtype, within):
    torch.manual_seed(0)
    config = TRMConfig(**{"hidden": 16, "cycles": 2, "latent_updates": 2} | options)
    model = TRM(config, TASK.vocab, TASK.structure).to(dtype)
    torch.nn.init.normal_(model.halt.weight)
    if model.prefix is not None:
        torch.nn.init.normal_(model.prefix.puzzles)
    problem = torch.as_tensor(TASK.generate(5, 1, "train", 0).problem).long()
    carry, output = model(model.initial_carry(5), Inputs.of_tokens(problem))
    weights = {name: value.numpy() for name, value in model.state_dict().items()}
    y, z = (part.numpy() for part in model.initial_carry(5))
    found = reference.step(weights, config, TASK.structure, problem.numpy(), y, z)
    expected = (carry.answer, carry.reasoning, output.logits, output.halt)
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(torch.from_numpy(ours), theirs.detach(), atol=within, rtol=within)
