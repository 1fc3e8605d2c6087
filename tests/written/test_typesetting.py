"""Mathematics set for people: any draft can be shown, and what is meant is."""

from __future__ import annotations

import builtins

import numpy as np
import pytest
from gymnasium.error import DependencyNotInstalled
from hypothesis import given, settings
from hypothesis import strategies as st

from trm_gym.written.signs import SYMBOLS, answer_text, raised
from trm_gym.written.typesetting import draw_ansi, draw_rgb, mathtext


@pytest.mark.parametrize(
    ("text", "shown"),
    [("2*x^12+x", "2·x¹²+x"), ("x^", "x^"), ("^2", "²"), ("x^2^3", "x²³"), ("12 3", "12 3"), ("", "")],
)
def test_terminals_raise_powers(text, shown):
    assert raised(text) == shown


def test_an_empty_draft_shows():
    assert draw_ansi("x^2", "") == "\x1b[1mx²\x1b[0m\n…"


@pytest.mark.parametrize(
    ("text", "set_as"),
    [
        ("-12x^2+3x", "$-12x{}^{2}+3x$"),
        ("2*x", r"$2\cdot x$"),
        ("x^", r"$x\wedge $"),
        ("^^0", r"$\wedge {}^{0}$"),
        ("expand (x+1)", r"$\mathrm{expand}\;(x+1)$"),
        ("2,-1", r"$2,\;{-}1$"),
    ],
)
def test_the_language_of_pictures(text, set_as):
    assert mathtext(text) == set_as


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, len(SYMBOLS) - 1), max_size=24))
def test_any_draft_can_be_shown(tokens):
    text = answer_text(np.array(tokens, np.uint8))
    assert draw_rgb(text, text, "step $1").shape == (288, 960, 3)


@pytest.mark.parametrize("text", ["^^0", "x^^^12", "^2^^3", "^", "^^", "x^2^"])
def test_powers_without_a_base_or_a_number_can_be_shown(text):
    assert draw_rgb(text, text, "").shape == (288, 960, 3)


def test_pictures_are_crisp_and_keep_their_margins():
    picture = draw_rgb("12345678*" * 8, "", "a caption")
    assert (picture[:, :20] == 255).all() and (picture[:, -20:] == 255).all()
    assert (picture == 17).all(axis=2).sum() > 500


def test_without_matplotlib_the_message_says_what_to_install(monkeypatch):
    plain = builtins.__import__

    def absent(name, *rest):
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return plain(name, *rest)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(DependencyNotInstalled, match="pip install matplotlib"):
        draw_rgb("1", "2", "")
