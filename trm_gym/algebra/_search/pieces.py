"""Writes problems out of pieces: what a family of problems draws, before it is text.

A piece is a pair of integers (what, value), and a batch of B problems of P pieces is int64 [B, P, 2]. Signs, and what a
person leaves out (a plus in front, a coefficient 1, a term of zero), are the writer's care, so a family may put its
pieces in any order.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trm_gym.algebra._search.draws import Draws
from trm_gym.algebra._search.rational import Y
from trm_gym.algebra.layout import DEGREE, WRITTEN
from trm_gym.jit import inner, lazy_kernel
from trm_gym.written.signs import DIGIT, TOKEN

SYMBOL, TIMES, NOTHING = Y + 1, Y + 2, Y + 3
"""Pieces beside terms (0..DEGREE: value * x^what; Y: value * y): the symbol with that token; value times the bracket
that follows; nothing.
"""

_PLUS, _MINUS, _TIMES, _HAT, _OPEN, _CLOSE, _X, _Y = (TOKEN[symbol] for symbol in "+-*^()xy")
_ROOM = 160
_ENDS = np.isin(np.arange(len(TOKEN) + 1), [TOKEN[symbol] for symbol in "),="] + [TOKEN["at"], 0])


def term(power: int, values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Pieces int64 [B, 2]: ``values`` int64 [B] times x^power (times y for power Y)."""
    return np.stack([np.full_like(values, power), values], axis=1)


def times(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Pieces int64 [B, 2]: ``values`` int64 [B], none of them 0, times the bracket that follows."""
    return term(TIMES, values)


def symbol(text: str, count: int) -> NDArray[np.int64]:
    """``count`` times the same symbol, as pieces int64 [count, 2]."""
    return term(SYMBOL, np.full(count, TOKEN[text]))


def joined(*pieces: NDArray[np.int64] | str) -> NDArray[np.int64]:
    """One batch out of pieces [B, 2], batches [B, P, 2] and symbols that all problems share."""
    count = next(len(part) for part in pieces if not isinstance(part, str))
    parts = [symbol(part, count) if isinstance(part, str) else part for part in pieces]
    return np.concatenate([part if part.ndim == 3 else part[:, None] for part in parts], axis=1)


def either(swap: NDArray[np.bool_], one: NDArray[np.int64], other: NDArray[np.int64], between: str = "") -> NDArray:
    """``one`` and ``other``, the other way round where ``swap``, bool [B]; ``between`` is a symbol between them.

    Both are pieces [B, 2] or batches of equal P.
    """
    one, other = joined(one), joined(other)
    swap = swap[:, None, None]
    middle = [between] if between else []
    return joined(np.where(swap, other, one), *middle, np.where(swap, one, other))


def one_of(form: NDArray[np.int64], *batches: NDArray[np.int64]) -> NDArray[np.int64]:
    """Of each problem the pieces of the batch [B, P, 2] that ``form``, int64 [B], names; shorter ones are filled up."""
    longest = max(batch.shape[1] for batch in batches)
    filled = np.full((len(batches), len(form), longest, 2), NOTHING)
    for which, batch in enumerate(batches):
        filled[which, :, : batch.shape[1]] = batch
    return filled[form, np.arange(len(form))]


def random_sign(draw: Draws) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """A plus or a minus as a piece [B, 2], and as 1 or -1, int64 [B]."""
    plus = draw.coin()
    return term(SYMBOL, np.where(plus, _PLUS, _MINUS)), np.where(plus, 1, -1)


def sized(draw: Draws, digits: NDArray[np.int64]) -> NDArray[np.int64]:
    """Numbers of so many digits, int64 [B], of either sign."""
    number = draw.between(10 ** (digits - 1), 10**digits - 1)
    return np.where(draw.coin(), -number, number)


@inner
def _number(row, at, number):
    """Write ``number`` (not negative), its last digit last. Returns where it ends."""
    end, rest = at, number
    while rest or end == at:
        rest //= 10
        end += 1
    for place in range(end - 1, at - 1, -1):
        row[place] = DIGIT + number % 10
        number //= 10
    return end


@inner
def _term(row, at, what, value, begins):
    """Write a term or a factor before a bracket. Returns where it ends."""
    if value < 0:
        row[at] = _MINUS
        at += 1
    elif not begins:
        row[at] = _PLUS
        at += 1
    size = abs(value)
    if size != 1 or what == 0:
        at = _number(row, at, size)
        if what != 0:
            row[at] = _TIMES
            at += 1
    if what == 0 or what == TIMES:
        return at
    row[at] = _Y if what == Y else _X
    if 1 < what <= DEGREE:
        row[at + 1] = _HAT
        row[at + 2] = DIGIT + what
        return at + 3
    return at + 1


@lazy_kernel
def _write(pieces, tokens, fits, row, ends):
    """The loop of ``write``. row: uint8 [_ROOM], scratch; ends: bool by token, what an expression ends before."""
    for index in range(len(pieces)):
        at, begins = 0, True  # begins: an expression has no term yet
        for place in range(pieces.shape[1] + 1):
            what, value = SYMBOL, 0
            if place < pieces.shape[1]:
                what, value = pieces[index, place, 0], pieces[index, place, 1]
            if what == SYMBOL:
                if begins and ends[value]:
                    row[at] = DIGIT
                    at += 1
                begins = value != _CLOSE
                row[at] = value
                at += value > 0
            elif what != NOTHING and value != 0:
                at = _term(row, at, what, value, begins)
                begins = False
            if at > _ROOM - 24:
                break
        fits[index] = at <= WRITTEN
        for cell in range(WRITTEN):
            tokens[index, cell] = row[cell] if cell < at else 0


def write_problems(pieces: NDArray[np.int64]) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Pieces int64 [B, P, 2] as the tokens of problems, uint8 [B, WRITTEN], and which fit, bool [B].

    An expression without terms is written 0.
    """
    tokens, fits = np.empty((len(pieces), WRITTEN), np.uint8), np.empty(len(pieces), np.bool_)
    _write(pieces, tokens, fits, np.empty(_ROOM, np.uint8), _ENDS)
    return tokens, fits
