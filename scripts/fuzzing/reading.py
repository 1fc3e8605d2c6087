"""What people have and what the suite prints: files in every usual form, and text that is pasted back."""

from __future__ import annotations

import contextlib
import csv
import functools
import gzip
import io
import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

import numpy as np

from agents.common.cli import load_config
from agents.evaluation.protocol import EvaluationConfig
from scripts.fuzzing import mangle
from trm_gym.records import PROBLEM, SOLUTION
from trm_gym.registration import make_task
from trm_gym.structure import CellStructure, HeapStructure, PanelStructure, TextStructure
from trm_gym.task import BLANK, Problems, Task

_NAMES = ("sudoku4x4", "sudoku6x6", "sudoku9x9", "maze11x11", "maze5x5", "algebra", "arithmetic")
_ENCODINGS = ("utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32")
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_UNARY_PLUS = re.compile(r"(?:^|[(,=*/^+-])\s*\+")
_MANY = 6


@functools.cache
def _drawn(name: str) -> tuple[Problems, ...]:
    """Some problems of every level of a task."""
    task = make_task(name)
    return tuple(task.generate(_MANY, level, "train", 0) for level in range(len(task.levels)))


def _rows(task: Task, text: str) -> list[str]:
    """The rows of a problem in cells, as text."""
    flat, width = text.replace("\n", ""), task.structure.shape[-1]
    return [flat[at : at + width] for at in range(0, len(flat), width)]


def _written(rng: Random, task: Task, texts: list[str], answers: list[str]) -> str:
    """The content of a file with these problems, in one of the forms that people have."""
    cells = isinstance(task.structure, CellStructure)
    maze = task.name.startswith("maze")
    flat = ["/".join(_rows(task, text)) if maze else text for text in texts]
    names = rng.choice(PROBLEM), rng.choice(SOLUTION)
    rows = [dict(zip(names, pair, strict=True)) for pair in zip(flat, answers, strict=True)]
    match rng.randrange(6 if cells else 4):
        case 0:
            return "\n".join(json.dumps(row) for row in rows)
        case 1:
            return json.dumps(rng.choice((rows, {"data": rows}, flat)), indent=rng.choice((None, 1)))
        case 2:
            out = io.StringIO()
            table = csv.writer(
                out, delimiter=rng.choice(",;\t"), quoting=rng.choice((csv.QUOTE_ALL, csv.QUOTE_MINIMAL))
            )
            table.writerow(rng.choice(((*names, "rating"), (names[0].upper(), names[1], "source"))))
            table.writerows((text, answer, rng.randrange(9)) for text, answer in zip(flat, answers, strict=True))
            return out.getvalue().replace("\r\n", "\n")
        case 3:
            return "\n".join(flat)
        case 4:
            return "\n\n".join("\n".join(_rows(task, text)) for text in texts)
        case _:
            return "\n".join(f"Nr. {rng.randrange(99)}\n" + "\n".join(_rows(task, text)) for text in texts)


def right(task: Task, problems: Problems) -> None:
    """Assert that problems that were read are sound, and solved by their solutions."""
    assert problems.problem.shape[1] == task.length and problems.problem.max() < task.vocab
    assert (problems.level == -1).all() and np.isfinite(problems.difficulty).all()
    # Where nobody told the answer, which only panels and points allow, there is nothing that could be right.
    answers = problems.solution[:, task.structure.answer_start :] != BLANK
    told = answers.all(axis=1) if isinstance(task.structure, PanelStructure) else answers.any(axis=1)
    told |= not isinstance(task.structure, (PanelStructure, HeapStructure))
    assert np.array_equal(task.verify(problems, problems.solution).solved, told)


@contextlib.contextmanager
def taken() -> Iterator[None]:
    """What is sound is read: a refusal in here is a fault."""
    try:
        yield
    except ValueError as error:
        raise AssertionError(f"it is refused: {error}") from error


def _file(rng: Random, name: str) -> tuple[list[str], bytes]:
    """Some problems of a task as text, and a file of them in any form, encoding and system's line ends."""
    task, batch = make_task(name), rng.choice(_drawn(name))
    chosen = [rng.randrange(len(batch)) for _ in range(rng.randrange(1, 5))]
    texts = [task.decode(batch.problem[place]) for place in chosen]
    answers = [task.decode(batch.solution[place]).replace("\n", "") for place in chosen]
    content = _written(rng, task, texts, answers).replace("\n", rng.choice(("\n", "\r\n", "\r")))
    encoded = (content + rng.choice(("", "\n"))).encode(rng.choice(_ENCODINGS))
    return texts, gzip.compress(encoded) if rng.randrange(6) == 0 else encoded


def files(rng: Random) -> None:
    """A sound file: every problem is read, as it is."""
    task = make_task(name := rng.choice(_NAMES))
    texts, content = _file(rng, name)
    with tempfile.TemporaryDirectory() as folder, taken():
        path = Path(folder, rng.choice(("a.txt", "a.csv", "a.jsonl", "a")))
        path.write_bytes(content)
        read = task.read_file(path)
        assert not read.skipped and [task.decode(row) for row in read.problems.problem] == texts, content
        assert len(list(task.entries(path))) == len(texts), content


def spoilt(rng: Random) -> None:
    """A file that something happened to, for every reader of files: what is read of it is sound."""
    task = make_task(name := rng.choice(_NAMES))
    _, content = _file(rng, name)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, rng.choice(("a.txt", "a.csv", "a.jsonl", "a")))
        path.write_bytes(mangle.damaged(rng, content))
        kind = rng.randrange(4)
        if kind == 0:
            right(task, task.encode(path))
        elif kind == 1:
            right(task, task.read_file(path).problems)
        elif kind == 2:
            for entry in task.entries(path):
                with contextlib.suppress(ValueError):
                    right(task, task.encode(entry.given()))
        else:
            load_config(path, EvaluationConfig())


def pasted(rng: Random) -> None:
    """What is drawn and said of any draft: the problem is read back, and a right answer too."""
    task = make_task(name := rng.choice((*_NAMES, "arc10x10", "regression")))
    batch = rng.choice(_drawn(name))
    place = rng.randrange(len(batch))
    one = batch[slice(place, place + 1)]
    wild = np.array([rng.randrange(task.vocab) for _ in range(task.length)], np.uint8)
    draft = np.where(one.free[0], wild, one.problem[0])
    shown = task.draw_ansi(one, np.stack([one.start[0], draft]) if rng.randrange(2) else draft)
    if not isinstance(task.structure, TextStructure):  # what stands in a drawing's cells is all of the problem
        shown = task.draw_ansi(one, one.start[0])
    drawn = () if isinstance(task.structure, HeapStructure) else (shown, _COLOURS.sub("", shown))  # there it is a plot
    with taken():
        for text in (*drawn, task.problem_text(one)):
            again = task.encode(text)
            assert np.array_equal(again.problem, one.problem) and np.array_equal(again.numbers, one.numbers), text
        for text in (task.draft_text(one.solution[0]), task.answer_text(one.solution[0])):
            again = np.where(one.free[0], task.read_draft(text), one.problem[0])
            assert task.verify(one, again[None]).solved[0], text
    _answered(rng, task, one)


def _answered(rng: Random, task: Task, one: Problems) -> None:
    """An answer with some cells changed: printed and read it is right or wrong as before, and a right one is read."""
    draft = one.solution[0].copy()
    known = np.unique(one.solution)
    for _ in range(rng.randrange(4)):
        draft[rng.randrange(task.length)] = rng.choice((*known.tolist(), BLANK, rng.randrange(task.vocab)))
    draft = np.where(one.free[0], draft, one.problem[0])
    solved = bool(task.verify(one, draft[None]).solved[0])
    said = rng.choice((task.answer_text, task.draft_text))(draft)
    try:
        again = np.where(one.free[0], task.read_draft(said), one.problem[0])
    except ValueError:
        assert not solved, f"a right answer is refused: {said}"
        raise
    # People write a plus before a number, which answers of networks must not have.
    meant = solved or _UNARY_PLUS.search(said) is not None
    read = bool(task.verify(one, again[None]).solved[0])
    assert solved <= read <= meant, f"right and wrong are no longer the same: {said}"
