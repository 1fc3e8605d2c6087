"""The alphabet of the math tasks: what is written comes back, and what cannot be read is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trm_gym.errors import ProblemError
from trm_gym.written.signs import DIGIT, SYMBOLS, TOKEN, VERBS, answer_text, answer_tokens, as_text, tokenize


def test_every_symbol_has_a_token_of_its_own():
    assert len(TOKEN) == len(SYMBOLS) == 28
    assert [TOKEN[str(digit)] for digit in range(10)] == list(range(DIGIT, DIGIT + 10))
    assert all(TOKEN[symbol.strip()] == token for token, symbol in enumerate(SYMBOLS))
    assert TOKEN[""] == 0


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("3*x + 4 = 10", "3*x+4=10"),
        ("x**2", "x^2"),
        ("expand(x+2)*(x-3)", "expand (x+2)*(x-3)"),
        ("  evaluate x^2\n+ 1 at x=-3 ", "evaluate x^2+1 at x=-3"),
        ("2*x+3*y=7, x-y=1", "2*x+3*y=7,x-y=1"),
        ("", ""),
    ],
)
def test_problems_stand_as_they_are_written(text, written):
    tokens = tokenize(text, 40)
    assert tokens.dtype == np.uint8 and tokens.shape == (40,)
    assert as_text(tokens) == written
    assert np.array_equal(tokenize(written, 40), tokens)


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_is_one_token(verb):
    assert np.count_nonzero(tokenize(f"{verb} x", 40)) == 2


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("-12", "-21"),
        ("305", "503"),
        ("-12/35", "-21/53"),
        ("-12x^2+3x-40", "-21x^2+3x-04"),
        ("2,-1", "2,-1"),
        ("(2x+31)^10", "(2x+13)^01"),
    ],
)
def test_answers_stand_units_first(text, cells):
    tokens = answer_tokens(text, 24)
    assert "".join(SYMBOLS[token] for token in tokens) == cells
    assert answer_text(tokens) == text


@given(st.lists(st.integers(0, len(SYMBOLS) - 1), max_size=30))
def test_any_draft_reads_as_text(tokens):
    text = answer_text(np.array(tokens, np.uint8))
    symbols = "".join(SYMBOLS[token].strip() for token in tokens)
    assert sorted(text.replace(" ", "")) == sorted(symbols)


@pytest.mark.parametrize(
    ("cells", "text"),
    [
        ([0, 3, 2, 0, 0, 0], "12"),
        ([3, 0, 2], "2 1"),
        ([3, 0, 0, 0, 2, 3], "2   21"),
        ([12, 0, 3, 2, 0, 14, 0, 4], "-12/3"),
        ([0, 0], ""),
        ([3, 0, 20, 0, 15, 3], "2x^2"),
    ],
)
def test_blanks_part_digits_only(cells, text):
    assert answer_text(np.array(cells, np.uint8)) == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("3&4", "unexpected '&' in '3&4': use digits"),
        ("3.5.1", r"has 2 points"),
        ("z", "unexpected 'z'"),
        ("simplify x", "unexpected 's'"),
        ("\u2460\u0307", "unexpected"),
        ("\0", "unexpected"),
        ("1 2", "'1 2' is no number: leave out the space"),
        ("x+12\n345", "is no number"),
        ("1+1+1", "has 5 symbols: at most 4 fit"),
    ],
)
def test_what_cannot_be_read_is_refused(text, message):
    with pytest.raises(ProblemError, match=message):
        tokenize(text, 4)


def test_text_that_just_fits():
    assert np.count_nonzero(tokenize("1 + 1", 3)) == 3
