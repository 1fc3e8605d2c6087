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
from trm_gym.text import DIGIT, SYMBOLS, TOKEN, VERBS

PLACES = 7
"""Digits of the longest number whose digits are told apart; the value is known beyond."""
DEEPEST, MOST_BRACKETS, HIGHEST_DEGREE = 5, 8, 5
PERIODS = (2, 3, 4, 5, 7, 9, 10, 11, 13, 20, 50, 100)
"""Values are also seen modulo these, as sines and cosines."""
SCALES = (10.0, 100.0, 1000.0)
LIMIT = 3.0


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


def term_features(tokens: Int[Tensor, "batch written"]) -> Float[Tensor, "batch terms features"]:
    """What each term is, as numbers: see the head of this file. Zeros where there is no term."""
    terms = find_terms(tokens)
    at, cells = terms.first, terms.cells
    left, further = shifted(tokens, 1), shifted(tokens, 2)
    exponent = is_digit(tokens) & (left == TOKEN["^"])
    digit = is_digit(tokens) & ~exponent
    place = torch.arange(tokens.shape[1], device=tokens.device)
    ends = torch.where(digit, tokens.shape[1], place).flip(1).cummin(1).values.flip(1)
    power = (ends - 1 - place).clamp(0, PLACES - 1)
    figure = F.one_hot((power * 10 + tokens - DIGIT).clamp(0, 10 * PLACES - 1), 10 * PLACES) * digit[..., None]
    mine = cells.float()
    digits = mine @ figure.float()
    size = (mine @ ((tokens - DIGIT) * 10.0**power * digit)[..., None]).squeeze(-1)
    size = torch.where((cells & digit[:, None]).any(-1), size, 1.0)
    raised = (mine @ ((tokens - DIGIT) * exponent).float()[..., None]).squeeze(-1).long()
    kind = (cells & (tokens == TOKEN["x"])[:, None]).any(-1) + 2 * (cells & (tokens == TOKEN["y"])[:, None]).any(-1)
    degree = torch.where(kind > 0, torch.where(raised > 0, raised, 1), 0).clamp(max=HIGHEST_DEGREE)
    before = [part.gather(1, at) for part in (left, further)]
    after = [shifted(tokens, -by).gather(1, terms.last) for by in (1, 2)]
    minus = TOKEN["-"]
    negative = (before[0] == minus) ^ ((before[1] == minus) & ((before[0] == minus) | (before[0] == TOKEN["+"])))
    signed = torch.where(negative, -size, size)

    def passed(symbol: str) -> Tensor:
        """How many of a symbol stand before the term."""
        return (tokens == TOKEN[symbol]).long().cumsum(1).gather(1, at)

    depth = (passed("(") - passed(")")).clamp(0, DEEPEST)
    told = [
        digits,
        values(signed),
        *(F.one_hot(symbol, len(SYMBOLS)) for symbol in (*before, *after)),
        F.one_hot(kind, 3),
        F.one_hot(degree, HIGHEST_DEGREE + 1),
        F.one_hot(depth, DEEPEST + 1),
        F.one_hot(passed("(").clamp(max=MOST_BRACKETS), MOST_BRACKETS + 1),
        F.one_hot((passed("=") - passed(",")).clamp(0, 1), 2),
        F.one_hot(passed(",").clamp(max=1), 2),
        negative[..., None],
    ]
    return torch.cat([part.float() for part in told], dim=-1) * terms.present[..., None]


def values(signed: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape numbers"]:
    """A number as a network can use it: on several scales, as logarithm and sign, and modulo PERIODS."""
    angles = signed[..., None] * (2 * math.pi / torch.tensor(PERIODS, device=signed.device))
    scaled = (signed[..., None] / torch.tensor(SCALES, device=signed.device)).clamp(-LIMIT, LIMIT)
    plain = torch.stack([signed.abs().log1p() / 3, signed.sign(), (signed == 0).float()], dim=-1)
    return torch.cat([scaled, plain, angles.sin(), angles.cos()], dim=-1)


FEATURES = term_features(torch.zeros(1, 2, dtype=torch.long)).shape[-1]


@final
class TermEncoder(Encoder):
    """One position per term of the problem, then one per cell of the answer."""

    verbs: Tensor

    def __init__(self, length: int, written: int, hidden: int) -> None:
        super().__init__(len(VERBS) + 1, hidden, positions=written // 2 + length - written)
        self.written, self.terms = written, written // 2
        self.feature = nn.Linear(FEATURES, hidden, bias=False)
        truncated_normal_(self.feature.weight, 0.3)
        self.place = nn.Parameter(truncated_normal_(torch.empty(self.positions, hidden), 1.0))
        self.head = linear(hidden, len(SYMBOLS))
        self.register_buffer("verbs", torch.tensor([TOKEN[verb] for verb in VERBS]), persistent=False)

    def embed(self, problem: Int[Tensor, "batch length"]) -> Float[Tensor, "batch positions hidden"]:
        tokens = problem[:, : self.written]
        terms = F.pad(self.feature(term_features(tokens)), (0, 0, 0, self.positions - self.terms))
        asked = (tokens[..., None] == self.verbs).any(1).float()
        verb = torch.cat([asked, 1 - asked.sum(1, keepdim=True)], dim=1) @ self.symbols * self.scale
        return terms + self.place + verb[:, None]

    def read(self, answer: Float[Tensor, "batch positions hidden"]) -> Float[Tensor, "batch length vocab"]:
        # The problem's cells are fixed: whatever stands there is no part of the answer.
        return F.pad(self.head(answer[:, self.terms :]), (0, 0, self.written, 0), value=NEVER)
