"""Options of the network, each off by default: what it does, by an oracle of its own, and what it refuses."""

from __future__ import annotations

import dataclasses
import math

import pytest
import torch

from agents.trm import TRM, Inputs, TRMConfig
from agents.trm.config import ARC, MAZE, OFFICIAL_ARC, OFFICIAL_SUDOKU_MLP, SUDOKU, NetworkExtras
from agents.trm.mixers import MixerContext
from agents.trm.mixers.latent_attention import LatentAttentionMixer
from agents.trm.orthogonal import newton_schulz, towards_orthogonal
from trm_gym import make_task

TASK = make_task("sudoku4x4")
SIX = MixerContext(hidden=16, positions=6, values=1, structure=TASK.structure)
SMALL = TRMConfig(hidden=16, cycles=2, latent_updates=2)


def network(**changes) -> TRM:
    torch.manual_seed(0)
    return TRM(dataclasses.replace(SMALL, **changes), TASK.vocab, TASK.structure)


def stepped(model: TRM) -> torch.Tensor:
    problem = torch.as_tensor(TASK.generate(4, 1, "train", 0).problem).long()
    return model(model.initial_carry(4), Inputs.of_tokens(problem))[1].logits


@pytest.mark.parametrize("shape", [(3, 5, 9), (3, 9, 5)])
def test_newton_schulz_is_the_orthogonal_factor_of_the_polar_decomposition(shape):
    torch.manual_seed(0)
    u, _, v = torch.linalg.svd(torch.randn(shape, dtype=torch.float64), full_matrices=False)
    matrix = u * torch.linspace(1.0, 3.0, 5, dtype=torch.float64) @ v
    torch.testing.assert_close(newton_schulz(matrix), u @ v, atol=1e-3, rtol=0)


def test_a_latent_keeps_its_length_on_the_way_to_orthogonal():
    latent = torch.linalg.qr(torch.randn(2, 7, 7))[0][:, :4] * torch.tensor([1.0, 2.0, 3.0, 4.0])[:, None]
    whole = towards_orthogonal(latent, 1.0)
    torch.testing.assert_close(whole.norm(dim=(1, 2)), latent.norm(dim=(1, 2)), atol=0.02, rtol=0)
    gram = whole @ whole.mT
    torch.testing.assert_close(gram, torch.eye(4).expand(2, 4, 4) * 30 / 4, atol=0.15, rtol=0)
    torch.testing.assert_close(towards_orthogonal(latent, 0.25), 0.75 * latent + 0.25 * whole)
    assert (towards_orthogonal(torch.zeros(1, 3, 3), 1.0) == 0).all()


def test_latents_are_made_orthogonal_at_inference_alone():
    plain, extras = stepped(network()), NetworkExtras(orthogonal=0.5)
    assert torch.equal(plain, stepped(network(extras=extras).train()))
    assert not torch.equal(plain, stepped(network(extras=extras).eval()))


def test_keys_and_values_of_latent_attention_come_from_a_narrow_vector():
    """Inputs that differ only where the narrow vector and the place do not look give the same keys and values."""
    torch.manual_seed(0)
    mixer = LatentAttentionMixer(SIX, heads=2, low_rank=3, rope_width=4)
    assert mixer.up.weight.shape == (32, 3) and mixer.down.weight.shape == (3, 16)
    seen = torch.cat([mixer.down.weight, mixer.place.weight])
    blind = torch.linalg.svd(seen, full_matrices=True)[2][7:]
    x = torch.randn(1, 6, 16)
    moved = x.clone()
    moved[0, 5] += (torch.randn(len(blind)) @ blind).detach()
    torch.testing.assert_close(mixer(moved)[0, :5], mixer(x)[0, :5])
    assert not torch.allclose(mixer(moved)[0, 5], mixer(x)[0, 5])


def test_latent_attention_knows_positions():
    mixer = LatentAttentionMixer(SIX, heads=2, low_rank=8, rope_width=4)
    x, order = torch.randn(1, 6, 16), torch.tensor([1, 0, 2, 3, 4, 5])
    assert not torch.allclose(mixer(x[:, order]), mixer(x)[:, order], atol=1e-4)


def test_depth_can_be_changed_without_new_weights():
    deep, shallow = network(), network()
    shallow.load_state_dict(network(cycles=1, latent_updates=1).state_dict())
    shallow.set_depth(1, 1)
    assert torch.equal(stepped(shallow), stepped(network(cycles=1, latent_updates=1)))
    assert not torch.equal(stepped(shallow), stepped(deep))


def test_shapes_for_tasks_and_their_depth():
    assert TRMConfig.for_sudoku(4) == TRMConfig.for_sudoku(9) == SUDOKU
    assert TRMConfig.for_maze(11) == MAZE and TRMConfig.for_arc() == ARC and TRMConfig.for_arc_agi() == OFFICIAL_ARC
    assert OFFICIAL_SUDOKU_MLP.effective_depth == 2 * (6 + 1) * 3
    assert SUDOKU.effective_depth == 2 * 3
    with pytest.raises(ValueError, match="sudoku7x7"):
        TRMConfig.for_sudoku(7)
    with pytest.raises(ValueError, match="size of a maze must be a whole number from 5 to 65, not 3"):
        TRMConfig.for_maze(3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"prefix": 2}, "units mixer knows cells only"),
        ({"position_options": ("reserved=-1",)}, "reserved must be at least 0"),
        ({"prefix": -1}, "prefix must be a whole number from 0"),
        ({"prefix": 1, "puzzle_tokens": 2, "mixer": "mlp"}, "no room for 2 puzzle_tokens"),
        (
            {"position_options": ("reserved=1",), "positions": "candidates"},
            "CandidateEncoder does not take 'reserved=1'",
        ),
        ({"initial_scale": 0.0}, "above 0"),
        ({"mixer": "mla", "mixer_options": ("low_rank=0",)}, "low_rank must be at least 1"),
        ({"mixer": "mla", "mixer_options": ("rope_width=3",)}, "rope_width must be even"),
    ],
)
def test_what_does_not_go_together_says_so(changes, message):
    with pytest.raises(ValueError, match=message):
        network(**changes)


def test_research_options_have_bounds():
    with pytest.raises(ValueError, match=r"model.extras.orthogonal must be between 0 and 1"):
        NetworkExtras(orthogonal=1.5)


def test_prefix_positions_are_not_shown():
    model = network(mixer="attention", prefix=3)
    assert model.initial_carry(2).answer.shape == (2, 19, 16)
    assert stepped(model).shape == (4, 16, TASK.vocab)
    assert math.isfinite(stepped(model).sum().item())
