"""The terms of a math problem, read off its tokens alone.

A term is a number, a variable, or a number times a power of a variable: its digits by their places, its value and sign,
its variable and degree, what stands around it, how deep in brackets, on which side of the equation.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional as F

from trm_gym.short_repr import short_repr
from trm_gym.written.signs import DIGIT, TOKEN

DIGIT_PLACES = 7
"""Digits of a number that are read one by one; of longer numbers only the value beyond."""
DEEPEST, HIGHEST_DEGREE = 5, 5


@short_repr
class Terms(NamedTuple):
    """Where the terms of a batch of problems are; M is the most that fit."""

    cells: Bool[Tensor, "batch terms written"]
    """The cells of each term."""
    first: Int[Tensor, "batch terms"]
    last: Int[Tensor, "batch terms"]
    present: Bool[Tensor, "batch terms"]


@short_repr
class Written(NamedTuple):
    """What each term says by itself."""

    places: Float[Tensor, "batch terms places"]
    """Its digit at each place, 0 where there is none."""
    digits: Float[Tensor, "batch terms digits"]
    """The same digits one-hot, all 0 where there is none."""
    size: Float[Tensor, "batch terms"]
    """Its number, whatever the sign; 1 where none is written."""
    kind: Int[Tensor, "batch terms"]
    """Its unknowns: 0 none, 1 x, 2 y, 3 both."""
    degree: Int[Tensor, "batch terms"]


@short_repr
class Around(NamedTuple):
    """What stands around each term."""

    before: list[Int[Tensor, "batch terms"]]
    """The token next to it on the left, and the one beyond."""
    after: list[Int[Tensor, "batch terms"]]
    sign: Float[Tensor, "batch terms"]
    opened: Int[Tensor, "batch terms"]
    """How many brackets have opened so far."""
    depth: Int[Tensor, "batch terms"]
    """How many of them are open."""
    equation: Int[Tensor, "batch terms"]
    right_side: Int[Tensor, "batch terms"]


def shifted(tokens: Int[Tensor, "batch written"], by: int) -> Int[Tensor, "batch written"]:
    """What stands ``by`` cells further to the left (negative: to the right) of each cell; 0 beyond the ends."""
    moved = torch.roll(tokens, by, dims=1)
    if by > 0:
        moved[:, :by] = 0
    else:
        moved[:, by:] = 0
    return moved


def is_digit(tokens: Int[Tensor, "*shape"]) -> Bool[Tensor, "*shape"]:
    """Whether tokens are digits."""
    return (tokens >= DIGIT) & (tokens < DIGIT + 10)


def is_variable(tokens: Int[Tensor, "*shape"]) -> Bool[Tensor, "*shape"]:
    """Whether tokens are unknowns."""
    return (tokens == TOKEN["x"]) | (tokens == TOKEN["y"])


def find_terms(tokens: Int[Tensor, "batch written"]) -> Terms:
    """The terms of each problem, in reading order."""
    left, further = shifted(tokens, 1), shifted(tokens, 2)
    exponent = is_digit(tokens) & (left == TOKEN["^"])
    digit = is_digit(tokens) & ~exponent
    variable = is_variable(tokens)
    after_digit = shifted(digit.long(), 1) > 0
    times_digit = (left == TOKEN["*"]) & (shifted(digit.long(), 2) > 0)
    starts = (digit & ~after_digit) | (variable & ~after_digit & ~times_digit)
    linked = (tokens == TOKEN["*"]) & after_digit & is_variable(shifted(tokens, -1))
    powered = ((tokens == TOKEN["^"]) & is_variable(left)) | (exponent & is_variable(further))
    inside = digit | variable | linked | powered
    number = starts.long().cumsum(1) - 1
    most = tokens.shape[1] // 2
    cells = (number[:, None] == torch.arange(most, device=tokens.device)[:, None]) & inside[:, None]
    place = torch.arange(tokens.shape[1], device=tokens.device)
    first = torch.where(cells, place, tokens.shape[1] - 1).amin(-1)
    last = torch.where(cells, place, 0).amax(-1)
    return Terms(cells, first, last, cells.any(-1))


def read_written(tokens: Int[Tensor, "batch written"], terms: Terms) -> Written:
    """The numbers and unknowns of the terms."""
    mine = terms.cells.float()
    exponent = is_digit(tokens) & (shifted(tokens, 1) == TOKEN["^"])
    digit = is_digit(tokens) & ~exponent
    figure = (tokens - DIGIT) * digit
    power = digit_powers(digit)
    place = F.one_hot(power.clamp(max=DIGIT_PLACES - 1), DIGIT_PLACES) * digit[..., None]
    digits = mine @ (F.one_hot(figure, 10)[..., None, :] * place[..., None]).flatten(2).float()
    size = (mine @ (figure * 10.0 ** power.float())[..., None]).squeeze(-1)
    size = torch.where((terms.cells & digit[:, None]).any(-1), size, 1.0)
    raised = (mine @ ((tokens - DIGIT) * exponent).float()[..., None]).squeeze(-1).long()
    x, y = ((terms.cells & (tokens == TOKEN[unknown])[:, None]).any(-1) for unknown in "xy")
    kind = x + 2 * y
    degree = torch.where(kind > 0, torch.where(raised > 0, raised, 1), 0).clamp(max=HIGHEST_DEGREE)
    return Written(mine @ (place * figure[..., None]).float(), digits, size, kind, degree)


def read_around(tokens: Int[Tensor, "batch written"], terms: Terms) -> Around:
    """The neighbours of the terms, and where in brackets and equations they stand."""
    before = [shifted(tokens, by).gather(1, terms.first) for by in (1, 2)]
    after = [shifted(tokens, -by).gather(1, terms.last) for by in (1, 2)]
    opened, closed, commas, equals = (
        (tokens == TOKEN[symbol]).long().cumsum(1).gather(1, terms.first) for symbol in "(),="
    )
    sign = torch.where(is_negative(*before), -1, 1).float()
    depth = (opened - closed).clamp(0, DEEPEST)
    return Around(before, after, sign, opened, depth, commas.clamp(max=1), (equals - commas).clamp(0, 1))


def is_negative(symbol: Int[Tensor, "*shape"], further: Int[Tensor, "*shape"]) -> Bool[Tensor, "*shape"]:
    """Whether what stands before a term, and before that, makes it negative: a minus, but not two of them."""
    sign = (symbol == TOKEN["-"]) | (symbol == TOKEN["+"])
    return (symbol == TOKEN["-"]) ^ (sign & (further == TOKEN["-"]))


def digit_powers(digit: Bool[Tensor, "batch written"]) -> Int[Tensor, "batch written"]:
    """The place of each digit in its number, 0 for the units; anything elsewhere."""
    cell = torch.arange(digit.shape[1], device=digit.device)
    ends = torch.where(digit, digit.shape[1], cell).flip(1).cummin(1).values.flip(1)
    return (ends - 1 - cell).clamp(min=0)
