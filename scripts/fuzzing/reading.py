"""What people have and what the suite prints: files in every usual form, and text that is pasted back."""

from __future__ import annotations

import csv
import functools
import io
import json
import re
import tempfile
from pathlib import Path
from random import Random

import numpy as np

from trm_gym.records import PROBLEM, SOLUTION
from trm_gym.registration import make_task
from trm_gym.structure import CellStructure
from trm_gym.task import Problems, Task

_NAMES = ("sudoku4x4", "sudoku6x6", "sudoku9x9", "maze11x11", "maze5x5", "algebra", "arithmetic")
_ENCODINGS = ("utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32")
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
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


def files(rng: Random) -> None:
    """A sound file in any form, encoding and system's line ends: every problem is read, as it is."""
    task = make_task(name := rng.choice(_NAMES))
    batch = rng.choice(_drawn(name))
    chosen = [rng.randrange(len(batch)) for _ in range(rng.randrange(1, 5))]
    texts = [task.decode(batch.problem[place]) for place in chosen]
    answers = [task.decode(batch.solution[place]).replace("\n", "") for place in chosen]
    content = _written(rng, task, texts, answers).replace("\n", rng.choice(("\n", "\r\n", "\r")))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, rng.choice(("a.txt", "a.csv", "a.jsonl", "a")))
        path.write_bytes((content + rng.choice(("", "\n"))).encode(rng.choice(_ENCODINGS)))
        read = task.read_file(path)
        assert not read.skipped and [task.decode(row) for row in read.problems.problem] == texts, content
        assert len(list(task.entries(path))) == len(texts), content


def pasted(rng: Random) -> None:
    """What is drawn and said of any draft: the problem is read back, and a right answer too."""
    task = make_task(name := rng.choice(_NAMES))
    batch = rng.choice(_drawn(name))
    place = rng.randrange(len(batch))
    one = batch[slice(place, place + 1)]
    draft = np.where(one.free[0], [rng.randrange(task.vocab) for _ in range(task.length)], one.problem[0]).astype(
        np.uint8
    )
    if not isinstance(task.structure, CellStructure):
        shown = task.draw_ansi(one, np.stack([one.start[0], draft]) if rng.randrange(2) else draft)
        assert np.array_equal(task.encode(_COLOURS.sub("", shown)).problem, one.problem), shown
    shown = task.draw_ansi(one, one.start[0])
    assert np.array_equal(task.encode(rng.choice((shown, _COLOURS.sub("", shown)))).problem, one.problem), shown
    for text in (task.draft_text(one.solution[0]), task.answer_text(one.solution[0])):
        again = np.where(one.free[0], task.read_draft(text), one.problem[0])
        assert task.verify(one, again[None]).solved[0], text
    assert task.read_draft(task.answer_text(draft)).shape == draft.shape
