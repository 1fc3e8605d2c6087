"""The canvas of a formula: a binary heap of slots, each with an operation and a function of what the operation gives.

Slot i has the children 2i + 1 and 2i + 2. Its value is unary_i(base_i(left, right)); a leaf (a variable, a number, a
constant to be fitted) has no children, and what stands below it does not count. Cell i of the canvas holds the base
token of slot i, cell SLOTS + i its unary token. So every choice of tokens, operators left out of the bottom row, is a
formula, and to change one part of it moves no other.
"""

from __future__ import annotations

from trm_gym.task import BLANK

DEPTH = 4
SLOTS = 2**DEPTH - 1
LENGTH = 2 * SLOTS
BINARY = ("+", "-", "*", "/", "^")
VARIABLES = ("x", "y", "z")
NUMBERS = ("1", "2", "3", "4", "5")
CONSTANT = "c"
"""A number that is fitted to the points."""
BASE = (*BINARY, *VARIABLES, *NUMBERS, CONSTANT)
UNARY = ("id", "square", "cube", "fourth", "sqrt", "sin", "cos", "exp", "log")
SIGNS = ("", *BASE, *UNARY)
"""How each token is written; BLANK is nothing."""
VOCAB = len(SIGNS)
TOKEN = {sign: token for token, sign in enumerate(SIGNS)}
FIRST_UNARY = TOKEN[UNARY[0]]
LAST_BINARY = TOKEN[BINARY[-1]]
FIRST_BOTTOM = SLOTS // 2
"""The first slot without children, where only leaves may stand."""

assert TOKEN[""] == BLANK
