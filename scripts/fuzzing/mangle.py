"""Random inputs: text that is nearly right, bytes, and objects of every kind, all drawn from a given generator."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

_SIGNS = "0123456789+-*/^()=,.xyzabn SG#o_|\t\n\r\0/\\\"'{}[]:;!?%&~²⁵−×÷éß漢\u2028\u202e\ud800"
_WORDS = (
    "expand ",
    "factor ",
    "collect",
    "evaluate ",
    " at x=",
    "differentiate ",
    "nan",
    "inf",
    "1e999",
    "-0",
    "__import__",
)
_TYPES = ("u1", "i1", "u2", "i4", "i8", "u8", "f2", "f8", "c16", "?", "O", "U3", "S2", "M8[s]")


def text(rng: Random, seeds: Sequence[str]) -> str:
    """One of ``seeds`` with some edits; now and then text without any sense, or a great deal of it."""
    match rng.randrange(12):
        case 0:
            return "".join(rng.choices(_SIGNS, k=rng.randrange(120)))
        case 1:
            return rng.choice(_SIGNS) * rng.choice((1, 50, 2_000, 200_000))
        case 2:
            return rng.choice("([-x") * rng.randrange(1, 400) + "x" + rng.choice(")]") * rng.randrange(400)
    found = list(rng.choice(seeds))
    for _ in range(rng.randrange(5)):
        at = rng.randrange(len(found) + 1)
        match rng.randrange(5):
            case 0:
                found[at:at] = rng.choice(_SIGNS)
            case 1:
                del found[at : at + rng.randrange(1, 4)]
            case 2:
                found[at : at + 1] = rng.choice(_SIGNS)
            case 3:
                found[at:at] = rng.choice(_WORDS)
            case _:
                other = rng.randrange(len(found) + 1)
                found[at:at] = found[min(at, other) : max(at, other)]
    return "".join(found)


def content(rng: Random, seeds: Sequence[str]) -> bytes:
    """What a file might hold: lines of text, or bytes that are none."""
    if rng.randrange(4) == 0:
        return rng.randbytes(rng.choice((0, 1, 40, 5000)))
    lines = [text(rng, seeds) for _ in range(rng.randrange(6))]
    return rng.choice(("\n", "\r\n", "\n\n", "\t")).join(lines).encode("utf-8", "surrogatepass")


def damaged(rng: Random, whole: bytes) -> bytes:
    """Bytes that something happened to: on a disk, on the way, in an editor."""
    found = bytearray(whole)
    at = rng.randrange(len(found) + 1)
    # The beginning says what a file is, and is the smaller part of most.
    at = rng.choice((at, min(at, rng.randrange(400)), len(found) - min(at, rng.randrange(200))))
    size = rng.choice((1, 1, 4, 64, 600))
    match rng.randrange(9):
        case 0:
            del found[at:]
        case 1:
            del found[at : at + size]
        case 2:
            found[at : at + size] = bytes(len(found[at : at + size]))
        case 3:
            found[at : at + size] = rng.randbytes(size)
        case 4:
            found[at:at] = rng.choice((rng.randbytes(size), found[:size], b"\xef\xbb\xbf", b"\0"))
        case 5:
            found[at : at + 1] = rng.choice(b'0123456789{}[]",:-e.\n').to_bytes(1, "big")
        case _ if found:
            for _ in range(rng.choice((1, 1, 3))):
                found[rng.choice((rng.randrange(len(found)), min(at, len(found) - 1)))] ^= 1 << rng.randrange(8)
        case _:
            found[:0] = b"\xff\xfe"
    return bytes(found)


def numeral(rng: Random) -> Any:
    """What a person may give where a number is asked for: sound ones, ones that are none, and other things."""
    sound = rng.choice((0, 1, 2, 3, 7, 0.1, 0.5, 0.999, 1.0, 1e-9))
    wild = rng.choice((-1, -0.0, -1e-9, 1e9, 1e30, 1e31, 1e308, 5e-324, 2**31, 2**63, -(2**70), 10**400))
    none = rng.choice((math.nan, math.inf, -math.inf, True, None, "3", "nan", "", [1], {}, (), 2j, np.float32(0.5)))
    other = rng.choice((np.int64(3), np.float64("nan"), np.array(3), np.array([1, 2]), b"1", number))
    return rng.choice((sound, sound, sound, sound, wild, wild, none, other, number(rng)))


def number(rng: Random) -> int | float:
    """A number, whole or not, of any size."""
    choices = (rng.randrange(-3, 20), rng.randrange(-(2**70), 2**70), 2**63, -1, rng.random(), math.nan, math.inf, -0.0)
    return rng.choice(choices)


def array(rng: Random, cells: int) -> np.ndarray:
    """An array of any type; often of ``cells`` elements, in one row or several."""
    side = max(1, round(cells**0.5))
    shapes = ((cells,), (side, side), (1, cells), (), (0,), (cells + rng.randrange(-2, 3),), (2, 2, 2))
    shape = tuple(max(0, length) for length in rng.choice(shapes))
    small = np.array([rng.randrange(0, 12) for _ in range(math.prod(shape))])
    if rng.randrange(3) == 0 and small.size:
        small[rng.randrange(small.size)] = rng.choice((-1, 127, -128, 10**6))
    with np.errstate(all="ignore"):
        return small.reshape(shape).astype(rng.choice(_TYPES) if rng.randrange(2) else rng.choice(("u1", "i8")))


def tree(rng: Random, whole: Any) -> Any:
    """Nested lists and dicts of text or numbers, with something else at one or two places."""
    for _ in range(rng.randrange(1, 3)):
        steps: list[tuple[Any, Any]] = []
        part = whole
        while isinstance(part, (list, dict)) and part and (not steps or rng.randrange(4)):
            steps.append((part, rng.choice(list(part) if isinstance(part, dict) else range(len(part)))))
            part = part[steps[-1][1]]
        for parent, place in steps[-1:]:
            parent[place] = rng.choice((anything(rng, 3, ["0"]), number(rng), [[0]], part))
            if rng.randrange(4) == 0:
                del parent[place]
    return whole


def anything(rng: Random, cells: int, seeds: Sequence[str], depth: int = 2) -> Any:
    """An object of any kind that a person might hand in."""
    kinds: tuple[Callable[[], Any], ...] = (
        lambda: text(rng, seeds),
        lambda: number(rng),
        lambda: array(rng, cells),
        lambda: array(rng, cells).tolist(),
        lambda: rng.choice((None, True, False, b"123", object(), Ellipsis, set(), range(cells), 3j)),
        lambda: Path(rng.choice(("nowhere.txt", "/", "/dev/null", "a\0b", "x" * 5000))),
        # Of small things: making the case must not take longer than reading it.
        lambda: (
            [anything(rng, min(cells, 30), seeds, depth - 1) for _ in range(rng.choice((0, 1, 3, cells)))]
            if depth
            else []
        ),
        lambda: {"a": anything(rng, cells, seeds, depth - 1)} if depth else {},
        lambda: tuple(rng.choice(seeds).split("\n")),
    )
    return rng.choice(kinds)()
