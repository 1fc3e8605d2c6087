"""The recognition circuit: from the tokens of a math problem to what its terms are and come to.

Of every term it reads value, sign, unknown, degree, neighbours, brackets, side (terms.py); of all of them the digits in
columns by their places, the coefficients by their roles, and what two brackets that multiply hold (products.py).
Carrying, dividing and whatever else follows is left to the network.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional as F

from agents.trm.products import product_columns
from agents.trm.terms import DEEPEST, DIGIT_PLACES, HIGHEST_DEGREE, find_terms, read_around, read_written
from trm_gym.short_repr import short_repr
from trm_gym.written.signs import SYMBOLS, TOKEN

MOST_BRACKETS = 8
PERIODS = (2, 3, 4, 5, 7, 9, 10, 11, 13, 20, 50, 100)
"""Values are also seen modulo these, as sines and cosines."""
LOG_PERIODS = (0.5, 1.0, 2.0, 4.0)
"""Sizes modulo these, in natural logarithms: a quotient is then a difference of angles."""
ROLES = 5
"""1, x, x^2, x^3, y."""
BRACKETS_READ = 3
"""Brackets whose coefficients are read one by one."""
SCALES = (10.0, 100.0, 1000.0)
SCALED_LIMIT = 3.0
"""The largest number on a scale."""
RESIDUE_LIMIT = 3000
"""The largest number whose residues are read; of larger ones only the size and the digits."""


@short_repr
class TermReading(NamedTuple):
    """What is read off the tokens of a batch of problems, zeros where there is no term."""

    features: Float[Tensor, "batch terms features"]
    """What each term is."""
    columns: Float[Tensor, "batch places numbers"]
    """The sum of the digits at each place, of the numbers that are added and subtracted, those on the right of an
    equation with the other sign: what on paper stands one below the other. Carries are not in it."""
    totals: Float[Tensor, "batch roles numbers"]
    """The sum of the coefficients of each role, brought to one side: of 1, x, x^2, x^3 and y, in the first equation and
    in the second. Only of terms outside brackets, and only where there is an unknown."""
    factors: Float[Tensor, "batch numbers"]
    """The sum of the coefficients of 1 and of x within each of the first brackets, by how many have opened."""
    products: Float[Tensor, "batch powers places numbers"]
    """The sum of the digits at each place of the products of two brackets' terms, by their power: see products.py."""


def read_terms(tokens: Int[Tensor, "batch written"], most: int) -> TermReading:
    """The first ``most`` terms of each problem, and what all of them come to by places, roles and brackets."""
    terms = find_terms(tokens)
    written, around = read_written(tokens, terms), read_around(tokens, terms)
    signed, depth = around.sign * written.size, around.depth
    parts = [
        written.digits,
        values(signed),
        *(F.one_hot(symbol, len(SYMBOLS)) for symbol in (*around.before, *around.after)),
        F.one_hot(written.kind, 3),
        F.one_hot(written.degree, HIGHEST_DEGREE + 1),
        F.one_hot(depth, DEEPEST + 1),
        F.one_hot(around.opened.clamp(max=MOST_BRACKETS), MOST_BRACKETS + 1),
        F.one_hot(around.right_side, 2),
        F.one_hot(around.equation, 2),
        (around.sign < 0)[..., None],
    ]
    features = torch.cat([part.float() for part in parts], dim=-1) * terms.present[..., None]
    added = terms.present & (depth == 0) & ~is_factor(around.before[0]) & ~is_factor(around.after[0])
    summed = added * around.sign * (1 - 2 * around.right_side)
    columns = (summed[:, None] @ written.places).squeeze(1)
    totals = totals_by_role(summed * written.size, written.kind, written.degree, around.equation)
    inside = terms.present & (depth == 1) & (written.degree < 2)
    factor = 2 * (around.opened - 1).clamp(0, BRACKETS_READ - 1) + written.degree.clamp(max=1)
    factors = summed_by(inside * signed, factor, 2 * BRACKETS_READ)
    products = product_columns(tokens, factors, DIGIT_PLACES)
    numbers = (values(columns), values(totals).flatten(2), values(factors).flatten(1), values(products))
    return TermReading(features[:, :most], *numbers)


def summed_by(
    amounts: Float[Tensor, "batch terms"], key: Int[Tensor, "batch terms"], keys: int
) -> Float[Tensor, "batch {keys}"]:
    """The sums of the amounts of each key, 0 to ``keys`` - 1."""
    return (amounts[:, None] @ F.one_hot(key, keys).float()).squeeze(1)


def totals_by_role(
    amounts: Float[Tensor, "batch terms"],
    kind: Int[Tensor, "batch terms"],
    degree: Int[Tensor, "batch terms"],
    equation: Int[Tensor, "batch terms"],
) -> Float[Tensor, "batch roles equations"]:
    """The sums of the amounts of each role in each equation; 0 where there is no unknown."""
    role = torch.where(kind == 2, ROLES - 1, degree.clamp(max=ROLES - 2)) + ROLES * equation
    sums = summed_by(amounts * (kind > 0).any(-1, keepdim=True), role, 2 * ROLES)
    return sums.unflatten(1, (2, ROLES)).transpose(1, 2)


def is_factor(symbol: Int[Tensor, "*shape"]) -> Bool[Tensor, "*shape"]:
    """Whether what stands beside a term makes it a factor or a divisor."""
    return (symbol == TOKEN["*"]) | (symbol == TOKEN["/"]) | (symbol == TOKEN["("])


def values(signed: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape numbers"]:
    """A number as a network can use it: on several scales, by sign, as logarithm; up to RESIDUE_LIMIT modulo PERIODS;
    on the scale of logarithms, modulo LOG_PERIODS."""
    size = signed.abs()
    scaled = (signed[..., None] / torch.tensor(SCALES, dtype=torch.float32, device=signed.device)).clamp(
        -SCALED_LIMIT, SCALED_LIMIT
    )
    log = size.clamp(min=1).log()
    plain = torch.stack([log / 3, signed.sign(), (signed == 0).float()], dim=-1)
    angles = signed[..., None] * (2 * math.pi / torch.tensor(PERIODS, dtype=torch.float32, device=signed.device))
    turns = log[..., None] * (2 * math.pi / torch.tensor(LOG_PERIODS, dtype=torch.float32, device=signed.device))
    known = (size <= RESIDUE_LIMIT)[..., None]
    return torch.cat([scaled, plain, angles.sin() * known, angles.cos() * known, turns.sin(), turns.cos()], dim=-1)
