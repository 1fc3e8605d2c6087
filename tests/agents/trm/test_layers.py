"""agents/trm/layers.py: a linear map is one product of matrices, whatever its input looks like."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F
from torch.profiler import ProfilerActivity, profile

from agents.trm.layers import Linear


@pytest.mark.parametrize("shape", [(6,), (0, 6), (4, 6), (2, 3, 6), (2, 0, 3, 6)])
def test_a_linear_map_is_that_of_torch(shape: tuple[int, ...]):
    layer, x = Linear(6, 5), torch.randn(*shape)
    assert layer(x).shape == (*shape[:-1], 5)
    torch.testing.assert_close(layer(x), F.linear(x, layer.weight))
    assert list(layer.state_dict()) == ["weight"]


def test_weights_are_not_copied_for_each_row():
    # Of more axes that do not lie one behind the other, torch's own map without gradients is a product for each row.
    layer, x = Linear(6, 5), torch.randn(4, 6, 3).transpose(1, 2)

    def products(mapped) -> set[str]:
        with torch.no_grad(), profile(activities=[ProfilerActivity.CPU]) as found:
            torch.testing.assert_close(mapped(x), x @ layer.weight.T)
        return {event.key for event in found.key_averages()}

    assert "aten::bmm" not in products(layer)
    assert "aten::mm" in products(layer)
