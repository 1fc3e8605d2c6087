"""Problems as objects that are neither text nor lists: arrays of other libraries, bytes, objects with named fields."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from trm_gym.errors import ProblemError
from trm_gym.records import of_fields
from trm_gym.short_repr import short
from trm_gym.task import UserProblem

_LONGEST = 1_000_000


def given(problem: Any) -> UserProblem:
    """What a person hands in as text, a list, an array or a path: without what only holds it.

    A tensor or a table becomes an array, bytes become text; axes of length 1 before the others are left out. A mapping,
    or a JSON object as text, stands for its problem, under one of the names of ``records.PROBLEM``. Raises
    ProblemError.
    """
    if isinstance(problem, (bytes, bytearray)):
        problem = text_of(problem)
    if isinstance(problem, str) and problem[:200].lstrip().startswith("{") and len(problem) <= _LONGEST:
        problem = _object_of(problem)
    if isinstance(problem, Mapping):
        return _in_fields(problem)
    if isinstance(problem, (str, os.PathLike, Sequence)):
        return problem
    if not isinstance(problem, np.ndarray) and hasattr(problem, "__array__"):
        problem = _as_array(problem)
    if isinstance(problem, np.ndarray):
        while problem.ndim > 1 and problem.shape[0] == 1:
            problem = problem[0]
        if problem.ndim == 0 and isinstance(problem.item(), (str, bytes)):
            return given(problem.item())
    return problem


def text_of(data: bytes | bytearray) -> str:
    """The text that bytes are. Raises ProblemError where they are none."""
    try:
        return bytes(data).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ProblemError("these bytes are no text in UTF-8: decode them first") from None


def _object_of(text: str) -> Any:
    """The JSON object that a text is, or the text itself."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return found if isinstance(found, dict) else text


def _in_fields(fields: Mapping[Any, Any]) -> UserProblem:
    found = of_fields(1, short(dict(fields)), fields).given()
    if isinstance(found, (str, Sequence, np.ndarray)):
        return found
    return given(found)


def _as_array(problem: Any) -> np.ndarray:
    try:
        return np.asarray(problem)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ProblemError(f"this {type(problem).__name__} is no array ({error}): give one of NumPy's") from None
