"""The network: its shapes, its symmetries, and what keeps gradients."""

from __future__ import annotations

import dataclasses
from typing import Any, final

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from agents.common.cli import parse
from agents.pretraining.config import PretrainConfig
from agents.trm import TRM, Inputs, TRMConfig
from agents.trm.encoders import NEVER
from agents.trm.layers import Rotary, rms_norm, swiglu_width
from agents.trm.mixers import MIXERS, Mixer, MixerContext
from agents.trm.mixers.conv import ConvMixer
from agents.trm.mixers.units import UnitsMixer
from agents.trm.model import Block
from trm_gym import make_task
from trm_gym.structure import CellStructure

TASK = make_task("sudoku4x4")
SMALL = TRMConfig(hidden=16, cycles=2, latent_updates=2)
CANDIDATES = dataclasses.replace(SMALL, positions="candidates")


def network(config: TRMConfig, task=TASK, seed: int = 0) -> TRM:
    torch.manual_seed(seed)
    model = TRM(config, task.vocab, task.structure)
    torch.nn.init.normal_(model.halt.weight)
    return model


def mixed(mixer, **changes) -> TRMConfig:
    return dataclasses.replace(SMALL, mixer=mixer, **changes)


def some_problems(count: int = 8) -> torch.Tensor:
    return torch.as_tensor(TASK.generate(count, 1, "train", 0).problem).long()


@pytest.mark.parametrize("config", [mixed(m) for m in ("units", "mlp", "attention", "mla", "conv")])
def test_every_mixer_steps_and_hands_on_a_detached_carry(config):
    model = network(config)
    problem = some_problems()
    carry, output = model(model.initial_carry(8), Inputs.of_tokens(problem))
    assert output.logits.shape == (8, 16, 5) and output.halt.shape == (8,)
    assert carry.answer.shape == carry.reasoning.shape == (8, 16, 16)
    assert output.logits.requires_grad and not carry.answer.requires_grad and not carry.reasoning.requires_grad


def test_a_step_is_the_recursion_of_the_paper():
    model = network(SMALL)
    problem = some_problems()
    x = model.encoder.embed(Inputs.of_tokens(problem))
    y, z = model.initial_carry(8)
    for _ in range(2):
        for _ in range(2):
            z = model.core(z + y + x)
        y = model.core(y + z)
    carry, output = model(model.initial_carry(8), Inputs.of_tokens(problem))
    torch.testing.assert_close(carry.answer, y.detach())
    torch.testing.assert_close(carry.reasoning, z.detach())
    torch.testing.assert_close(output.halt, model.halt(y.mean(1)).squeeze(-1))


def test_only_the_last_cycle_keeps_gradients():
    model = network(SMALL)
    carry, problem = model.initial_carry(8), some_problems()
    x = model.encoder.embed(Inputs.of_tokens(problem))
    with torch.no_grad():
        halfway = model.cycle(carry, x)
    expected = torch.autograd.grad(model.cycle(halfway, x).answer.sum(), list(model.core.parameters()))
    answers = []
    reading = type(model.encoder).read
    try:
        type(model.encoder).read = lambda self, answer: (answers.append(answer), reading(self, answer))[1]
        model(carry, Inputs.of_tokens(problem))
    finally:
        type(model.encoder).read = reading
    found = torch.autograd.grad(answers[0].sum(), list(model.core.parameters()))
    for left, right in zip(found, expected, strict=True):
        torch.testing.assert_close(left, right)


def test_renaming_digits_renames_what_a_candidate_network_answers():
    model = network(CANDIDATES)
    problem = some_problems()
    names = torch.tensor([0, 3, 1, 4, 2])
    carry = model.initial_carry(8)
    for _ in range(3):
        carry, output = model(carry, Inputs.of_tokens(problem))
    renamed = model.initial_carry(8)
    for _ in range(3):
        renamed, answer = model(renamed, Inputs.of_tokens(names[problem]))
    torch.testing.assert_close(answer.logits[..., names], output.logits, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(answer.halt, output.halt, atol=1e-4, rtol=1e-4)
    assert (output.logits[..., 0] == NEVER).all()


def test_weights_of_a_candidate_network_fit_every_size():
    large = make_task("sudoku9x9")
    weights = network(CANDIDATES).state_dict()
    model = TRM(CANDIDATES, large.vocab, large.structure)
    model.load_state_dict(weights)
    problem = torch.as_tensor(large.generate(2, large.default_level, "train", 0).problem).long()
    assert model(model.initial_carry(2), Inputs.of_tokens(problem))[1].logits.shape == (2, 81, 10)


def test_units_mixer_is_the_concatenation_of_pools_under_one_matrix():
    structure, hidden = TASK.structure, 6
    mixer = UnitsMixer(MixerContext(hidden, 16, 1, structure))
    x = torch.randn(3, 16, hidden)
    parts = [x]
    for unit in structure.units:
        same = torch.as_tensor(unit[:, None] == unit[None]).float()
        parts.append(same @ x / np.sqrt(4))
    weight = torch.cat([mixer.own.weight, *(w for name, w in mixer.named_parameters() if "pools" in name)], dim=1)
    torch.testing.assert_close(mixer(x), F.linear(torch.cat(parts, -1), weight) / 2)


def test_conv_hears_of_the_eight_neighbours_and_fits_every_size():
    torch.manual_seed(0)
    mixer = ConvMixer(MixerContext(8, 35, 1, CellStructure((5, 7))))
    x = torch.randn(1, 35, 8)
    changed = x.clone()
    changed[0, 2 * 7 + 3] += 1.0
    heard = (mixer(x) - mixer(changed)).abs().amax(-1).view(5, 7) > 1e-6
    expected = torch.zeros(5, 7, dtype=torch.bool)
    expected[1:4, 2:5] = True
    assert torch.equal(heard, expected)
    larger = ConvMixer(MixerContext(8, 81, 1, CellStructure((9, 9))))
    larger.load_state_dict(mixer.state_dict())
    assert larger(torch.randn(2, 81, 8)).shape == (2, 81, 8)


def test_conv_on_a_line_hears_of_the_two_neighbours():
    torch.manual_seed(0)
    mixer = ConvMixer(MixerContext(8, 24, 1, CellStructure((48,))))
    x = torch.randn(1, 24, 8)
    changed = x.clone()
    changed[0, 5] += 1.0
    heard = (mixer(x) - mixer(changed)).abs().amax(-1)[0] > 1e-6
    assert heard.nonzero().flatten().tolist() == [4, 5, 6]


def test_attention_knows_the_distance_of_positions_only():
    rotary = Rotary(4, 12)
    query, key = torch.randn(1, 2, 1, 4), torch.randn(1, 2, 1, 4)
    turned_query = rotary(query.expand(-1, -1, 12, -1))
    turned_key = rotary(key.expand(-1, -1, 12, -1))
    product = turned_query @ turned_key.transpose(-1, -2)
    torch.testing.assert_close(product[0, 0, 3, 1], product[0, 0, 11, 9])
    assert not torch.allclose(product[0, 0, 3, 1], product[0, 0, 3, 2])


def test_norm_and_widths_by_hand():
    torch.testing.assert_close(rms_norm(torch.tensor([[3.0, 4.0]])), torch.tensor([[3.0, 4.0]]) / 12.5**0.5)
    assert swiglu_width(512, 4, 256) == 1536  # 1365 rounded up, as published
    assert swiglu_width(128, 4, 32) == 352


def test_a_fresh_halt_head_goes_on():
    torch.manual_seed(0)
    model = TRM(SMALL, TASK.vocab, TASK.structure)
    assert (model(model.initial_carry(2), Inputs.of_tokens(some_problems(2)))[1].halt == -5).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mixer": "magic"}, r"unknown model\.mixer 'magic': use one of units, mlp, attention, mla, conv, grid"),
        ({"positions": "magic"}, r"unknown model\.positions 'magic': use one of cells, candidates, terms, panels"),
        ({"mixer": "attention", "mixer_options": ("heads=3",)}, "must split into 3 heads"),
        ({"mixer": "attention", "mixer_options": ("heads=0",)}, "heads must be at least 1"),
        ({"mixer": "attention", "mixer_options": ("heads=two",)}, r"model\.mixer_options: heads must be of type int"),
        ({"mixer": "mla", "mixer_options": ("head=2",)}, "'head=2': give NAME=VALUE with one of heads, low_rank, rope"),
        ({"mixer_options": ("heads=2",)}, "UnitsMixer does not take 'heads=2': give none, since it has no options"),
    ],
)
def test_what_cannot_be_built_says_so(changes, message):
    with pytest.raises(ValueError, match=message):
        network(dataclasses.replace(SMALL, **changes))


@final
class ShiftMixer(Mixer):
    """A stranger's: every position hears of the one some places before it."""

    def __init__(self, context: MixerContext, *, shift: int = 1) -> None:
        super().__init__(context)
        self.shift = shift

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.roll(self.shift, dims=1)


def test_a_new_mixer_is_one_class_and_one_line(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(MIXERS, "shift", ShiftMixer)
    words = ["--model.mixer", "shift", "--model.mixer-options", "shift=3", "--model.hidden", "16"]
    config = parse(PretrainConfig, {"tiny": PretrainConfig(task="sudoku4x4")}, words).model
    model = network(config)
    assert config.mixer_settings == {"shift": 3} and len(model.state_dict()) == len(network(SMALL).state_dict()) - 8
    x = torch.randn(1, 16, 16)
    block = model.core[0]
    assert isinstance(block, Block)
    torch.testing.assert_close(block.mixer(x), torch.cat([x[:, -3:], x[:, :-3]], dim=1))


def test_mixers_and_encoders_ask_for_the_structure_that_they_need():
    bare = CellStructure((16,))
    with pytest.raises(ValueError, match="needs a task that declares units"):
        TRM(SMALL, 5, bare)
    with pytest.raises(ValueError, match="exchangeable values"):
        TRM(dataclasses.replace(CANDIDATES, mixer="mlp"), 5, bare)
    with pytest.raises(ValueError, match="needs a task of text"):
        TRM(dataclasses.replace(SMALL, positions="terms", mixer="mlp"), 5, bare)
    with pytest.raises(ValueError, match="a grid or a line"):
        TRM(dataclasses.replace(SMALL, mixer="conv"), 5, CellStructure((2, 4, 2)))
    with pytest.raises(ValueError, match=r"model\.hidden must be a whole number from 1 up"):
        TRMConfig(hidden=0)


def test_networks_that_no_memory_holds_are_refused_before_they_are_built():
    oversized: tuple[dict[str, Any], ...] = (
        {"layers": 10**9},
        {"hidden": 10**6},
        {"expansion": 1e30},
        {"width_multiple": 10**9},
        {"puzzles": 10**9},
    )
    for sizes in oversized:
        with pytest.raises(ValueError, match=r"more than 1,000,000,000 weights: use less of model\.hidden"):
            TRMConfig(**sizes)
    for expansion in (1e-9, 5e-324):
        with pytest.raises(ValueError, match=r"model\.expansion must leave a width of at least 1"):
            TRMConfig(expansion=expansion)
