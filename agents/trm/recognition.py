"""The recognition circuit: from the tokens of a math problem to its terms, and what each of them is.

A term is a number, a variable, or a number times a power of a variable. It is read off the tokens alone: its digits by
their places, its value and sign, its variable and degree, what stands around it, how deep in brackets, on which side
of the equation. What follows from that (adding like terms, carrying, dividing) is left to the network.
"""

from __future__ import annotations

import math
from typing import NamedTuple, final

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from agents.trm.encoder import NEVER, Encoder
from agents.trm.layers import linear, truncated_normal_
from agents.trm.products import product_columns
from trm_gym.task import Structure
from trm_gym.text import DIGIT, SYMBOLS, TOKEN, VERBS

PLACES = 7
"""Digits of the longest number whose digits are told apart; the value is known beyond."""
DEEPEST, MOST_BRACKETS, HIGHEST_DEGREE = 5, 8, 5
PERIODS = (2, 3, 4, 5, 7, 9, 10, 11, 13, 20, 50, 100)
"""Values are also seen modulo these, as sines and cosines."""
LOG_PERIODS = (0.5, 1.0, 2.0, 4.0)
"""Sizes modulo these, in natural logarithms: a quotient is then a difference of angles."""
ROLES = 5
"""1, x, x^2, x^3, y."""
FACTORS = 3
"""Brackets whose terms are told by themselves."""
SCALES = (10.0, 100.0, 1000.0)
LIMIT = 3.0
GLANCE = 3000
"""The largest number that is known at a glance; of larger ones the size alone, and their digits by their places."""


class Terms(NamedTuple):
    """Where the terms of a batch of problems are; M is the most that fit."""

    cells: Bool[Tensor, "batch terms written"]
    """The cells of each term."""
    first: Int[Tensor, "batch terms"]
    last: Int[Tensor, "batch terms"]
    present: Bool[Tensor, "batch terms"]


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


class Reading(NamedTuple):
    """What is read off the tokens of a batch of problems, zeros where there is no term."""

    features: Float[Tensor, "batch terms features"]
    """What each term is: see the head of this file."""
    columns: Float[Tensor, "batch places numbers"]
    """The sum of the digits at each place, of the numbers that are added and subtracted, those on the right of an equation
    with the other sign: what on paper stands one below the other. Carries are not in it."""
    totals: Float[Tensor, "batch roles numbers"]
    """The sum of the coefficients of each role, brought to one side: of 1, x, x^2, x^3 and y, in the first equation and
    in the second. Only of terms outside brackets, and only where there is an unknown."""
    factors: Float[Tensor, "batch numbers"]
    """The sum of the coefficients of 1 and of x within each of the first brackets, by how many have opened."""
    products: Float[Tensor, "batch powers places numbers"]
    """The sum of the digits at each place of the products of two brackets' terms, by their power: see products.py."""


def read_terms(tokens: Int[Tensor, "batch written"], most: int) -> Reading:
    """The first ``most`` terms of each problem, and the digits of all of them by their places."""
    terms = find_terms(tokens)
    at, cells = terms.first, terms.cells
    left, further = shifted(tokens, 1), shifted(tokens, 2)
    exponent = is_digit(tokens) & (left == TOKEN["^"])
    digit = is_digit(tokens) & ~exponent
    mine = cells.float()
    figure = (tokens - DIGIT) * digit
    power = digit_powers(digit)
    place = F.one_hot(power.clamp(max=PLACES - 1), PLACES) * digit[..., None]
    digits = mine @ (F.one_hot(figure, 10)[..., None, :] * place[..., None]).flatten(2).float()
    size = (mine @ (figure * 10.0**power)[..., None]).squeeze(-1)
    size = torch.where((cells & digit[:, None]).any(-1), size, 1.0)
    raised = (mine @ ((tokens - DIGIT) * exponent).float()[..., None]).squeeze(-1).long()
    kind = (cells & (tokens == TOKEN["x"])[:, None]).any(-1) + 2 * (cells & (tokens == TOKEN["y"])[:, None]).any(-1)
    degree = torch.where(kind > 0, torch.where(raised > 0, raised, 1), 0).clamp(max=HIGHEST_DEGREE)
    before = [part.gather(1, at) for part in (left, further)]
    after = [shifted(tokens, -by).gather(1, terms.last) for by in (1, 2)]
    negative = is_negative(*before)

    def passed(symbol: str) -> Tensor:
        """How many of a symbol stand before the term."""
        return (tokens == TOKEN[symbol]).long().cumsum(1).gather(1, at)

    depth, equation = (passed("(") - passed(")")).clamp(0, DEEPEST), passed(",").clamp(max=1)
    right_side = (passed("=") - passed(",")).clamp(0, 1)
    sign = torch.where(negative, -1.0, 1.0)
    parts = [
        digits,
        values(sign * size),
        *(F.one_hot(symbol, len(SYMBOLS)) for symbol in (*before, *after)),
        F.one_hot(kind, 3),
        F.one_hot(degree, HIGHEST_DEGREE + 1),
        F.one_hot(depth, DEEPEST + 1),
        F.one_hot(passed("(").clamp(max=MOST_BRACKETS), MOST_BRACKETS + 1),
        F.one_hot(right_side, 2),
        F.one_hot(equation, 2),
        negative[..., None],
    ]
    features = torch.cat([part.float() for part in parts], dim=-1) * terms.present[..., None]
    added = terms.present & (depth == 0) & ~is_factor(before[0]) & ~is_factor(after[0])
    summed = added * sign * (1 - 2 * right_side)
    columns = (summed[:, None] @ (mine @ (place * figure[..., None]).float()).flatten(2)).squeeze(1)
    totals = totals_by_role(summed * size, kind, degree, equation)
    inside = terms.present & (depth == 1) & (degree < 2)
    factor = 2 * (passed("(") - 1).clamp(0, FACTORS - 1) + degree.clamp(max=1)
    factors = summed_by(inside * sign * size, factor, 2 * FACTORS)
    products = product_columns(tokens, factors, PLACES)
    told = (values(columns), values(totals).flatten(2), values(factors).flatten(1), values(products))
    return Reading(features[:, :most], *told)


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


def is_negative(symbol: Int[Tensor, "*shape"], further: Int[Tensor, "*shape"]) -> Bool[Tensor, "*shape"]:
    """Whether what stands before a term, and before that, makes it negative: a minus, but not two of them."""
    sign = (symbol == TOKEN["-"]) | (symbol == TOKEN["+"])
    return (symbol == TOKEN["-"]) ^ (sign & (further == TOKEN["-"]))


def is_factor(symbol: Int[Tensor, "*shape"]) -> Bool[Tensor, "*shape"]:
    """Whether what stands beside a term makes it a factor or a divisor."""
    return (symbol == TOKEN["*"]) | (symbol == TOKEN["/"]) | (symbol == TOKEN["("])


def digit_powers(digit: Bool[Tensor, "batch written"]) -> Int[Tensor, "batch written"]:
    """The place of each digit in its number, 0 for the units; anything elsewhere."""
    cell = torch.arange(digit.shape[1], device=digit.device)
    ends = torch.where(digit, digit.shape[1], cell).flip(1).cummin(1).values.flip(1)
    return (ends - 1 - cell).clamp(min=0)


def values(signed: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape numbers"]:
    """A number as a network can use it: on several scales, by sign, as logarithm, up to GLANCE modulo PERIODS and, on the
    scale of logarithms, modulo LOG_PERIODS."""
    size = signed.abs()
    scaled = (signed[..., None] / torch.tensor(SCALES, device=signed.device)).clamp(-LIMIT, LIMIT)
    log = size.clamp(min=1).log()
    plain = torch.stack([log / 3, signed.sign(), (signed == 0).float()], dim=-1)
    angles = signed[..., None] * (2 * math.pi / torch.tensor(PERIODS, device=signed.device))
    turns = log[..., None] * (2 * math.pi / torch.tensor(LOG_PERIODS, device=signed.device))
    known = (size <= GLANCE)[..., None]
    return torch.cat([scaled, plain, angles.sin() * known, angles.cos() * known, turns.sin(), turns.cos()], dim=-1)


_NOTHING = read_terms(torch.zeros(1, 2, dtype=torch.long), 1)


@final
class TermEncoder(Encoder):
    """One position per term of the problem, then one per cell of the answer.

    structure: of a task of text; where it says which place of a number a cell holds, that cell sees the problem's
    digits of that place. terms: the most that are read.
    """

    verbs: Tensor
    place: Tensor
    placed: Tensor
    power: Tensor
    powered: Tensor

    def __init__(self, length: int, hidden: int, structure: Structure, terms: int) -> None:
        if structure.written is None:
            raise ValueError("a network over terms needs a task of text; use positions='cells'")
        self.written, answer = structure.written, length - structure.written
        super().__init__(len(VERBS) + 1, hidden, positions=terms + answer)
        self.terms = terms
        self.term = embedding(_NOTHING.features.shape[-1], hidden)
        self.column = embedding(_NOTHING.columns.shape[-1], hidden)
        self.total = embedding(_NOTHING.totals.flatten(1).shape[-1], hidden)
        algebraic = structure.powers is not None
        self.factor = embedding(_NOTHING.factors.shape[-1], hidden) if algebraic else None
        self.coefficient = embedding(_NOTHING.totals.shape[-1], hidden) if algebraic else None
        self.product = embedding(_NOTHING.products.shape[-1], hidden) if algebraic else None
        self.position = nn.Parameter(truncated_normal_(torch.empty(self.positions, hidden), 1.0))
        self.head = linear(hidden, len(SYMBOLS))
        place = torch.full((answer,), -1) if structure.places is None else torch.from_numpy(structure.places)
        self.register_buffer("place", place.clamp(0, PLACES - 1), persistent=False)
        self.register_buffer("placed", (place >= 0)[:, None].float(), persistent=False)
        power = torch.full((answer,), -1) if structure.powers is None else torch.from_numpy(structure.powers)
        self.register_buffer("power", power.clamp(min=0), persistent=False)
        self.register_buffer("powered", (power >= 0)[:, None].float(), persistent=False)
        self.register_buffer("verbs", torch.tensor([TOKEN[verb] for verb in VERBS]), persistent=False)

    def embed(self, problem: Int[Tensor, "batch length"]) -> Float[Tensor, "batch positions hidden"]:
        tokens = problem[:, : self.written]
        reading = read_terms(tokens, self.terms)
        columns = self.column(reading.columns)[:, self.place] * self.placed
        columns = columns + self.total(reading.totals.flatten(1))[:, None]
        if self.factor is not None and self.coefficient is not None and self.product is not None:
            columns = columns + self.coefficient(reading.totals)[:, self.power] * self.powered
            columns = columns + self.product(reading.products)[:, self.power, self.place] * self.placed
            columns = columns + self.factor(reading.factors)[:, None]
        parts = [self.term(reading.features), columns]
        asked = (tokens[..., None] == self.verbs).any(1).float()
        verb = torch.cat([asked, 1 - asked.sum(1, keepdim=True)], dim=1) @ self.symbols * self.scale
        return torch.cat(parts, dim=1) + self.position + verb[:, None]

    def read(self, answer: Float[Tensor, "batch positions hidden"]) -> Float[Tensor, "batch length vocab"]:
        # The problem's cells are fixed: whatever stands there is no part of the answer.
        return F.pad(self.head(answer[:, self.terms :]), (0, 0, self.written, 0), value=NEVER)


def embedding(features: int, hidden: int) -> nn.Linear:
    """A linear map of features most of which are 0, so that its weights are larger than elsewhere."""
    layer = nn.Linear(features, hidden, bias=False)
    truncated_normal_(layer.weight, 0.3)
    return layer
