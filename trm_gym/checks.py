"""Checks of numbers that people give: not a number (NaN) is neither below nor above any bound, so it is asked for."""

from __future__ import annotations

import dataclasses
import functools
import math
import types
from collections.abc import Callable, Collection
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np

from trm_gym.short_repr import short

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEED_LIMIT = 2**63
"""Seeds are below this, so that each is one 64-bit word."""
_WORD = 2**63
LARGEST = 1e30
"""Settings lie within this: single precision, which ends at 3.4e38, would overflow in the first sums."""


def whole_number(name: str, value: object, least: int = 1, most: int = _WORD - 1) -> int:
    """``value`` as an int. Raises ValueError, which calls it ``name``, where it is no whole number in the range."""
    if isinstance(value, bool) or not isinstance(value, Integral) or not least <= int(value) <= most:
        span = f"from {least} up" if most == _WORD - 1 else f"from {least} to {most}"
        raise ValueError(f"{name} must be a whole number {span}, not {short(value)}")
    return int(value)


def real_number(
    name: str, value: object, least: float = -LARGEST, most: float = LARGEST, above: float = -math.inf
) -> float:
    """``value`` as a float. Raises ValueError, which calls it ``name``, where it is not finite or outside the range.

    least, most: belong to the range; above: does not.
    """
    number = _finite(value)
    if number is None or not (least <= number <= most and number > above):
        low = f" above {above:g}" if above > -math.inf else f" from {least:g} up" if least > -LARGEST else ""
        high = f" and at most {most:g}" if most < LARGEST or (number or 0) > most else ""
        both = -LARGEST < least <= most < LARGEST
        span = f"between {least:g} and {most:g}" if both else f"a finite number{low}{high}"
        raise ValueError(f"{name} must be {span}, not {short(value)}")
    return number


def whole_numbers(values: object, shape: tuple[int, ...], expected: str) -> NDArray[np.integer]:
    """``values`` as an array of integers of that shape. Raises ValueError, which begins with ``expected``."""
    try:
        found = np.asarray(values)
    except ValueError:  # rows of different lengths
        found = None
    if found is None or found.shape != shape or not np.issubdtype(found.dtype, np.integer):
        raise ValueError(f"{expected}, got {short(values if found is None or found.dtype == object else found)}")
    return found


def check_answers(answers: NDArray[np.uint8], shape: tuple[int, ...]) -> None:
    """Raise ValueError where answers to be judged are not tokens, uint8, of that shape."""
    if answers.shape != shape or answers.dtype != np.uint8:
        raise ValueError(f"answers must be uint8 of shape {shape}, not {answers.dtype} of shape {answers.shape}")


def known_name(kind: str, name: object, known: Collection[str]) -> str:
    """``name``, which is one of the ``known``. Raises ValueError, which calls it a ``kind``, for anything else."""
    if not isinstance(name, str) or name not in known:
        raise ValueError(f"unknown {kind} {short(name)}: use one of {', '.join(known)}")
    return name


def check_numbers(config: object, prefix: str = "") -> None:
    """Raise ValueError, which names the field, where a dataclass holds what is not of its field's type, or not finite.

    What is in tuples is checked too, and choices (Literal); dataclasses in a field check themselves. A field called
    seed, or the numbers in one called seeds, must be 0 or more. prefix: what stands before the field's name in the
    message: ``teach.``, or ``--`` for an option of the command line.
    """
    for name, hint in _field_types(type(config)).items():
        called = f"{prefix}{name.replace('_', '-') if prefix.startswith('--') else name}"
        value = getattr(config, name)
        if said := _expected(value, hint):
            raise ValueError(f"{called} must be {said}, not {short(value)}")
        if name == "seed" or (name == "seeds" and isinstance(value, (tuple, list))):
            for seed in value if isinstance(value, (tuple, list)) else (value,):
                whole_number(called, seed, 0, SEED_LIMIT - 1)


@functools.cache
def _field_types(cls: type[Any]) -> dict[str, Any]:
    hints = get_type_hints(cls)
    return {field.name: hints[field.name] for field in dataclasses.fields(cls)}


def _expected(value: Any, hint: Any) -> str:
    """What a field of that type takes, where ``value`` is something else; empty where it fits, or nobody can tell."""
    origin, args = get_origin(hint), get_args(hint)
    if hint in _KINDS:
        fits, said = _KINDS[hint]
        return "" if fits(value) else said
    if origin is Literal:
        known = any(isinstance(value, type(arg)) and value == arg for arg in args)
        return "" if known else f"one of {', '.join(map(str, args))}"
    if origin in (Union, types.UnionType):
        if value is None and type(None) in args:
            return ""
        said = [_expected(value, arg) for arg in args if arg is not type(None)]
        return " or ".join(said) if all(said) else ""
    if origin is tuple:
        if not isinstance(value, (tuple, list)):
            return "a tuple of values"
        kinds = [args[0]] * len(value) if len(args) == 2 and args[1] is Ellipsis else args
        if len(value) != len(kinds):
            return f"{len(kinds)} values"
        said = [_expected(part, kind) for part, kind in zip(value, kinds, strict=True)]
        return next((f"values that are each {one}" for one in said if one), "")
    return ""


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < _WORD


def _is_real(value: Any) -> bool:
    number = _finite(value)
    return isinstance(value, (int, float)) and number is not None and abs(number) <= LARGEST


_KINDS: dict[Any, tuple[Callable[[Any], bool], str]] = {
    int: (_is_whole, "a whole number"),
    float: (_is_real, f"a finite number (at most {LARGEST:g})"),
    bool: (lambda value: isinstance(value, bool), "True or False"),
    str: (lambda value: isinstance(value, str), "text"),
    Path: (lambda value: isinstance(value, Path) or (isinstance(value, str) and value != ""), "a path"),
}
"""What a value of each type is, and what it is called."""


def _finite(value: object) -> float | None:
    """``value`` as a float, None where it is no finite number."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    try:
        number = float(value)
    except OverflowError:  # a whole number beyond every float
        return None
    return number if math.isfinite(number) else None
