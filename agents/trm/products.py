"""Two brackets that multiply each other, as they stand on paper: each term by each, the digits of every product one
below the other, power by power.

The times table is looked up here, as people do. Adding the columns, carrying, borrowing and signs are left to the
network.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from trm_gym.written.signs import TOKEN

POWERS = 4
"""1, x, x^2, x^3: the powers that an answer's cells may have."""


def product_columns(
    tokens: Int[Tensor, "batch written"], factors: Float[Tensor, "batch numbers"], places: int
) -> Float[Tensor, "batch powers {places}"]:
    """The sums of the digits at each place of the products of two brackets' terms, by the power that the products have.

    ``factors`` starts with the coefficients of 1 and x in the first bracket, then in the second. Digits of negative
    products count as negative. Zeros where no two brackets multiply each other.
    """
    first, second = factors[:, :2, None], factors[:, None, 2:4]
    products = (first * second).flatten(1) * brackets_multiply(tokens)[:, None]
    tens = 10.0 ** torch.arange(places, dtype=torch.float32, device=tokens.device)
    digits = products.sign()[..., None] * (products.abs()[..., None] / tens).floor().remainder(10)
    columns = digits.new_zeros(len(tokens), POWERS, places)
    for pair, power in enumerate((0, 1, 1, 2)):
        columns[:, power] += digits[:, pair]
    return columns


def brackets_multiply(tokens: Int[Tensor, "batch written"]) -> Bool[Tensor, " batch"]:
    """Whether a bracket is multiplied by the next one."""
    between = (tokens[:, :-2] == TOKEN[")"]) & (tokens[:, 1:-1] == TOKEN["*"]) & (tokens[:, 2:] == TOKEN["("])
    return between.any(1)
