"""Returns under every pricing, against numbers worked out by hand."""

import torch

from agents.learners.pricing import PRICINGS

SOLVED = torch.tensor([[[False, True, True]], [[False, False, False]]])
COST = torch.tensor([0.25, 0.125], dtype=torch.float64)


def test_every_pricing_by_hand():
    found = {name: pricing(SOLVED, COST) for name, pricing in PRICINGS.items()}
    assert found["additive"].tolist() == [[[-0.25, 0.5, 0.25]], [[-0.125, -0.25, -0.375]]]
    assert found["only_if_solved"].tolist() == [[[0.0, 0.5, 0.25]], [[0.0, 0.0, 0.0]]]
    assert {returns.dtype for returns in found.values()} == {torch.float64}
