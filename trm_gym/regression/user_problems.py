"""What people bring: points in any form that ``reading`` knows, and formulas that are shown at points."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trm_gym.errors import ProblemError
from trm_gym.files import file_lines, file_of
from trm_gym.given import text_of
from trm_gym.plain_text import plain_text
from trm_gym.problems import ImportedProblems, Problems
from trm_gym.records import Entry
from trm_gym.regression._search.values import FLATTEST, LARGEST, spread
from trm_gym.regression.formula import Formula, to_program, variables_of
from trm_gym.regression.layout import LENGTH, VARIABLES
from trm_gym.regression.levels import RANGES, USUAL
from trm_gym.regression.parsing import LONGEST, parse, usual_names
from trm_gym.regression.placing import place
from trm_gym.regression.points import FEWEST, PRESENT, ROW, TARGET
from trm_gym.regression.programs import PROGRAM, evaluate, to_programs
from trm_gym.regression.reading import read_points
from trm_gym.regression.tables import is_table
from trm_gym.short_repr import short
from trm_gym.streams import mix

_USABLE = (0.9, 0.25)
"""The share of points at which a typed formula must have a value for a range to show it; where none does, less."""
_GRIDS = ("E", "U")
_MOST = 100_000


def encode(problem: Any, size: int) -> Problems:
    """A person's problem as a batch of one of level -1, on a canvas of ``size`` points. Raises ProblemError.

    Points as ``reading.read_points`` has them; a formula as text, shown at points of a usual range; or a record, a
    mapping or JSON text, with a formula ``expr`` and ``ranges`` by variable, or ``train``, as files of benchmarks have
    them.
    """
    if isinstance(problem, (bytes, bytearray)):
        problem = text_of(problem)
    if file_of(problem) is not None:
        if _is_formulas(problem):
            (only,) = _only(list(entries(problem)), problem)
            return encode(only.given(), size)
        return _shown(read_points(problem), size)
    if isinstance(problem, str):
        problem = plain_text(problem).strip()
        if record := _record(problem):
            return _of_record(record, size)
        if not is_table(problem):
            return _of_formula(parse(problem), size)
    if isinstance(problem, Mapping) and "expr" in problem:
        return _of_record(problem, size)
    return _shown(read_points(problem), size)


def entries(path: str | os.PathLike[str]) -> Iterator[Entry]:
    """The problems of a file: one for a table of points, which is the file itself, else a formula or record a line.

    Raises ProblemError for a file that cannot be read.
    """
    if not _is_formulas(path):
        yield Entry(1, os.fspath(path))
        return
    for number, line in enumerate(file_lines(path, LONGEST), start=1):
        text = plain_text(line).strip()
        if text and not text.startswith("#"):
            yield Entry(number, text)


def read_file(path: str | os.PathLike[str], size: int) -> ImportedProblems:
    """All problems of a file as one batch. Raises ProblemError where it holds none."""
    kept, skipped = [], []
    for entry in entries(path):
        try:
            kept.append(encode(entry.given(), size))
        except ProblemError as error:
            skipped.append(f"{os.fspath(path)}:{entry.line}: {error}")
    if not kept:
        raise ProblemError(f"{os.fspath(path)} holds no problem; the first fault: {(skipped or ['it is empty'])[0]}")
    return ImportedProblems(Problems.concatenate(kept), tuple(skipped))


def _is_formulas(path: str | os.PathLike[str]) -> bool:
    """Whether a file holds formulas or records, one a line, and no table."""
    path = os.fspath(path).strip()
    if path.lower().endswith(".npy"):
        return False
    lines = (line for line in file_lines(path, LONGEST) if line.strip() and not line.startswith("#"))
    first = list(itertools.islice(lines, 4))
    return bool(first) and (_record(first[0]) is not None or not is_table("\n".join([*first, first[-1]])))


def _only(found: Sequence[Entry], path: object) -> Sequence[Entry]:
    if len(found) != 1:
        several = f"{len(found)} problems: leave one, or give the file as data (--data)"
        raise ProblemError(f"{path} holds {several if found else 'no problem: write one'}")
    return found


def _record(text: str) -> Mapping[str, Any] | None:
    """The record that a text is, a JSON object with a formula; None for any other text."""
    try:
        value = json.loads(text) if text.lstrip().startswith("{") else None
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, Mapping) and "expr" in value else None


def _shown(points: NDArray[np.float64], size: int, program: NDArray[np.float64] | None = None) -> Problems:
    """Points float64 [N, 2 to 4], the target last, as a problem that shows them, or a fixed sample where N is more."""
    if len(points) > size:
        points = points[np.sort(np.argsort(mix(0, np.arange(len(points))), kind="stable")[:size])]
    rows = np.zeros((size, ROW))
    rows[: len(points), : points.shape[1] - 1] = points[:, :-1]
    rows[: len(points), TARGET] = points[:, -1]
    rows[: len(points), PRESENT] = 1.0
    cells = (1, LENGTH)
    return Problems(
        problem=np.zeros(cells, np.uint8),
        free=np.ones(cells, np.bool_),
        solution=np.zeros(cells, np.uint8),
        level=np.full(1, -1),
        difficulty=np.zeros(1, np.float32),
        numbers=rows.reshape(1, -1),
        truth=np.zeros((1, PROGRAM)) if program is None else program[None],
    )


def _of_formula(formula: Formula, size: int) -> Problems:
    """A formula at points of the first usual range on which it has values."""
    inputs = _inputs_of(formula)
    for share in _USABLE:
        for which in USUAL:
            low, high = RANGES[which]
            found = _with_values(formula, low + (high - low) * spread(4 * size), inputs, share)
            if found is not None:
                return _labelled(formula, found[:size], size)
    raise ProblemError(
        "the formula has no value, or the same, almost everywhere where it would be shown: give points of your own"
    )


def _inputs_of(formula: Formula) -> int:
    """How many columns a formula needs: up to its last variable. Raises ProblemError where it has none."""
    found = variables_of(formula)
    if not found:
        raise ProblemError("the formula has no variable: write one with x")
    return 1 + max(map(VARIABLES.index, found))


def _with_values(
    formula: Formula, places: NDArray[np.float64], inputs: int, share: float = _USABLE[0]
) -> NDArray[np.float64] | None:
    """The points of a formula at ``places`` float64 [N, 3] where it has a value; None where those tell too little.

    share: of the places at which it must have one.
    """
    values = evaluate(to_program(formula)[None], places[None])[0]
    usable = np.abs(np.where(np.isfinite(values), values, np.inf)) <= LARGEST
    if usable.sum() < max(FEWEST, share * len(values)):
        return None
    target = values[usable]
    if np.ptp(target) <= FLATTEST * np.abs(target).max():
        return None
    return np.column_stack([places[usable][:, :inputs], target])


def _labelled(formula: Formula, points: NDArray[np.float64], size: int) -> Problems:
    """The points of a formula, with it as the truth, and as the label where it fits the canvas."""
    problems = _shown(points, size, to_program(formula))
    problems.difficulty[:] = (problems.truth[:, ::2] > 0).sum()
    placed = place(formula)
    if placed is not None:
        inputs = np.zeros((1, len(points), len(VARIABLES)))
        inputs[0, :, : points.shape[1] - 1] = points[:, :-1]
        values = evaluate(to_programs(placed.draft[None], placed.constants[None]), inputs)[0]
        if np.allclose(values, points[:, -1], rtol=1e-9):
            problems.solution[0] = placed.draft
    return problems


def _of_record(record: Any, size: int) -> Problems:
    """A formula with the ranges of its variables, as files of benchmarks have them."""
    if not isinstance(record, Mapping) or not isinstance(record.get("expr"), str):
        raise ProblemError(f"expected an object with a formula as expr, got {short(record)}")
    spans = record.get("ranges", record.get("train", {}))
    if not isinstance(spans, Mapping):
        raise ProblemError(f"ranges are an object of ranges by variable, not {short(spans)}")
    if not spans:
        return _of_formula(parse(record["expr"]), size)
    usual = usual_names(record["expr"])
    if all(str(name).lower() in usual for name in spans):  # else the order is the file's
        spans = dict(sorted(spans.items(), key=lambda span: usual[str(span[0]).lower()]))
    names = [str(name) for name in spans if name != "all"] if "ranges" in record else []
    if len(names) > len(VARIABLES):
        raise ProblemError(f"the formula has {len(names)} variables: at most {len(VARIABLES)}")
    formula = parse(record["expr"], names)
    inputs = max(_inputs_of(formula), len(names))
    given = [spans["all"]] * inputs if "all" in spans else list(spans.values())
    columns = [_column(span, size, number) for number, span in enumerate(given)][:inputs]
    count = min(map(len, columns))
    places = np.zeros((count, len(VARIABLES)))
    for number, column in enumerate(columns):
        places[:, number] = column[:count]
    found = _with_values(formula, places, inputs)
    if found is None:
        raise ProblemError("the formula has no value, or the same, almost everywhere on the ranges of the record")
    return _labelled(formula, found, size)


def _column(span: Any, size: int, number: int) -> NDArray[np.float64]:
    """The values of variable ``number``: evenly spaced for {"E": [low, high, step]}, else random between two bounds."""
    kind = next((kind for kind in _GRIDS if isinstance(span, Mapping) and kind in span), None)
    numbers = span[kind] if kind else span
    if (
        not isinstance(numbers, Sequence)
        or len(numbers) < 2
        or not all(isinstance(one, (int, float)) and abs(one) <= LARGEST for one in numbers)
        or not numbers[0] < numbers[1]
        or (kind == "E" and (len(numbers) < 3 or not numbers[2] > 0 or numbers[1] - numbers[0] > _MOST * numbers[2]))
    ):
        raise ProblemError(
            f"expected a range of low and high, {{'U': [low, high, n]}} or {{'E': [low, high, step]}}, "
            f"got {short(span)}"
        )
    low, high = float(numbers[0]), float(numbers[1])
    if kind == "E":
        return np.arange(low, high + numbers[2] / 2, numbers[2])
    count = min(int(numbers[2]) if kind and len(numbers) > 2 else size, _MOST)
    return low + (high - low) * (mix(1, number, np.arange(count)).astype(np.float64) / 2.0**64)
