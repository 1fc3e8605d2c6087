"""The suite's problems as data: for the code of TRM and HRM, for a data loader, for the Hugging Face library.

Problem i of a dataset under ``seed`` is the one that slot i of a vector environment shows after ``reset(seed=seed)``,
and a single environment after ``reset(seed=seed + i)``. Problems are drawn independently, so that a level with few of
them repeats some; no problem of a split has an equivalent in another.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import numpy as np

from trm_gym.atomic_io import new_folder
from trm_gym.checks import SEED_LIMIT
from trm_gym.registration import make_task
from trm_gym.short_repr import short
from trm_gym.splits import split_index
from trm_gym.streams import mix
from trm_gym.task import Problems

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trm_gym.task import Task

_BATCH = 8192
_CARD = """---
pretty_name: {name}, level {level}
license: mit
tags:
- reasoning
- synthetic
configs:
- config_name: default
  data_files:
{files}
---

# {name}, level {level}

{description}. Made by `trm_gym.dataset.write_jsonl` from seed {seed}; problem i is the first of seed {seed} + i.

Fields: `problem` and `solution` as text, `problem_tokens` and `solution_tokens` (0 is a blank){numbers}, `level`,
`difficulty` (what the task's solver measured), `id` (SHA-256 of {hashed}). The solution is one right answer; there may
be others, and only the task's verifier knows.

| split | problems | different ones | SHA-256 of the file |
|---|---|---|---|
{rows}
"""


def draw(task: Task | str, level: int | str | None, split: str, count: int, seed: int) -> Problems:
    """``count`` problems of a task (or its name), level (None: its default) and split. Raises ValueError."""
    task, level = _task_and_level(task, level)
    for name, number, least in (("count", count, 1), ("seed", seed, 0)):
        if isinstance(number, bool) or not isinstance(number, (int, np.integer)) or number < least:
            raise ValueError(f"{name} must be a whole number from {least} up, not {short(number)}")
    if seed + count > SEED_LIMIT:
        raise ValueError(f"seed must leave room for {count} seeds below 2**63, which {seed} does not")
    index, parts = split_index(split), []
    for start in range(0, int(count), _BATCH):
        size = min(_BATCH, int(count) - start)
        levels = np.full(size, level, dtype=np.int64)
        seeds = np.arange(size, dtype=np.uint64) + np.uint64(int(seed) + start)
        parts.append(task.sample(mix(seeds, np.zeros(size, dtype=np.int64), levels, index), levels, split))
    return Problems.concatenate(parts)


def arrays(task: Task | str, level: int | str | None, split: str, count: int, seed: int) -> dict[str, NDArray]:
    """The problems that ``draw`` gives, laid out as the code of HRM (arXiv 2506.21734) and TRM (2510.04871) reads them.

    inputs and labels: uint8 [N, L], tokens raised by one, because 0 is their padding and their label to ignore.
    puzzle_identifiers: int32 [N], all 0, the blank identifier. puzzle_indices and group_indices: int32 [N + 1], where
    puzzles (one example each) and groups (one puzzle each) begin and end.

    Raises ValueError for a task whose problems hold numbers, which that layout has no place for.
    """
    task, level = _task_and_level(task, level)
    _tokens_alone(task)
    return _layout(draw(task, level, split, count, seed))


def description(task: Task | str, count: int) -> dict[str, Any]:
    """What ``dataset.json`` says beside ``count`` problems in that layout."""
    task = make_task(task) if isinstance(task, str) else task
    return {
        "pad_id": 0,
        "ignore_label_id": 0,
        "blank_identifier_id": 0,
        "vocab_size": task.vocab + 1,
        "seq_len": task.length,
        "num_puzzle_identifiers": 1,
        "total_groups": count,
        "mean_puzzle_examples": 1.0,
        "total_puzzles": count,
        "sets": ["all"],
    }


def write(
    folder: str | os.PathLike[str], task: Task | str, level: int | str | None, counts: Mapping[str, int], seed: int
) -> Path:
    """Write ``arrays`` of several splits to a new ``folder``, as the data path of TRM's and HRM's training.

    counts: how many problems by split, such as ``{"train": 1000, "test": 100}``. Each split is a folder of ``.npy``
    files without pickles, its ``dataset.json``, and ``origin.json``, which says how it was made. The folder appears
    whole or not at all. Returns its path. Raises ValueError where it exists, or for what ``draw`` does not know.
    """
    task, level = _task_and_level(task, level)
    _tokens_alone(task)
    with new_folder(folder) as fresh:
        for split, count in _checked(counts).items():
            part = fresh / split
            laid_out = arrays(task, level, split, count, seed)
            part.mkdir()
            for name, values in laid_out.items():
                np.save(part / f"all__{name}.npy", values, allow_pickle=False)
            _write_json(part / "dataset.json", description(task, int(count)))
            hashes = {name: hashlib.sha256(values.tobytes()).hexdigest() for name, values in laid_out.items()}
            origin = {"task": task.name, "level": task.levels[level].name, "split": split, "seed": int(seed)}
            _write_json(part / "origin.json", {**origin, "sha256": hashes})
        _write_json(fresh / "identifiers.json", ["<blank>"])
    return Path(folder)


def write_jsonl(
    folder: str | os.PathLike[str], task: Task | str, level: int | str | None, counts: Mapping[str, int], seed: int
) -> Path:
    """Write problems of several splits to a new ``folder`` that ``datasets.load_dataset(folder)`` reads.

    A file of JSON lines for each split, a dataset card (README.md) that names fields and content hashes, and the hashes
    once more in ``sha256sums.txt``, for ``sha256sum --check``. Otherwise as ``write``.
    """
    task, level = _task_and_level(task, level)
    files, rows, sums = [], [], []
    with new_folder(folder) as fresh:
        for split, count in _checked(counts).items():
            problems = draw(task, level, split, count, seed)
            lines = [json.dumps(_row(task, problems, i), ensure_ascii=False) + "\n" for i in range(count)]
            content = "".join(lines).encode()
            (fresh / f"{split}.jsonl").write_bytes(content)
            digest, different = hashlib.sha256(content).hexdigest(), len({_shown(problems, i) for i in range(count)})
            files.append(f"  - split: {split}\n    path: {split}.jsonl")
            rows.append(f"| {split} | {count} | {different} | {digest} |")
            sums.append(f"{digest}  {split}.jsonl\n")
        spec = task.levels[level]
        table = {"files": "\n".join(files), "rows": "\n".join(rows), "numbers": "", "hashed": "the problem's tokens"}
        if task.numbers:
            table |= {"numbers": ", `numbers` as `Problems.numbers` holds them", "hashed": "its tokens and numbers"}
        about = {"name": task.name, "level": spec.name, "description": spec.description.capitalize(), "seed": seed}
        (fresh / "README.md").write_text(_CARD.format(**about, **table), encoding="utf-8")
        (fresh / "sha256sums.txt").write_text("".join(sums), encoding="utf-8")
    return Path(folder)


@final
class ProblemDataset:
    """A map-style dataset of the problems that ``draw`` gives, for PyTorch's ``DataLoader``, which stacks its items.

    An item is a dictionary of fresh arrays: problem and solution, uint8 [L]; free, bool [L]; level, int64 [];
    difficulty, float32 []; where the task's problems hold them numbers, float64 [K], and truth, float64 [M]. Negative
    indices count from the end; IndexError beyond.
    """

    def __init__(self, task: Task | str, level: int | str | None, split: str, count: int, seed: int) -> None:
        self.problems = draw(task, level, split, count, seed)

    def __len__(self) -> int:
        return len(self.problems)

    def __getitem__(self, index: int) -> dict[str, NDArray]:
        return {
            name: np.array(values[index]) for name, values in vars(self.problems).items() if values.shape[1:] != (0,)
        }


def _task_and_level(task: Task | str, level: int | str | None) -> tuple[Task, int]:
    task = make_task(task) if isinstance(task, str) else task
    return task, task.default_level if level is None else task.level_index(level)


def _tokens_alone(task: Task) -> None:
    """Raise ValueError where a problem holds more than tokens."""
    if task.numbers:
        raise ValueError(
            f"problems of {task.name} hold numbers, for which TRM's and HRM's files have no place: use write_jsonl, or "
            "ProblemDataset"
        )


def _checked(counts: Mapping[str, int]) -> Mapping[str, int]:
    if not isinstance(counts, Mapping) or not counts:
        raise ValueError(f"counts must say how many problems by split, such as {{'train': 1000}}; got {short(counts)}")
    for split in counts:
        split_index(split)
    return counts


def _layout(problems: Problems) -> dict[str, NDArray]:
    bounds = np.arange(len(problems) + 1, dtype=np.int32)
    return {
        "inputs": problems.problem + np.uint8(1),
        "labels": np.where(problems.free, problems.solution, problems.problem) + np.uint8(1),
        "puzzle_identifiers": np.zeros(len(problems), dtype=np.int32),
        "puzzle_indices": bounds,
        "group_indices": bounds.copy(),
    }


def _shown(problems: Problems, index: int) -> bytes:
    """All that problem ``index`` shows."""
    return problems.problem[index].tobytes() + problems.numbers[index].tobytes()


def _row(task: Task, problems: Problems, index: int) -> dict[str, Any]:
    """One line of JSON: problem ``index`` for people and for networks."""
    problem, solution = problems.problem[index], problems.solution[index]
    return {
        "id": hashlib.sha256(_shown(problems, index)).hexdigest(),
        "problem": task.problem_text(problems[slice(index, index + 1)]),
        "solution": task.draft_text(solution),
        "problem_tokens": problem.tolist(),
        "solution_tokens": solution.tolist(),
        **({"numbers": problems.numbers[index].tolist()} if task.numbers else {}),
        "level": task.levels[int(problems.level[index])].name,
        "difficulty": float(problems.difficulty[index]),
    }


def _write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
