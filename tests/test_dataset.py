"""Problems as data: the same as the environments', laid out as others read them, whole folders or none."""

import hashlib
import json

import gymnasium
import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from tests.observations import problem_seen
from tests.toy import ToyTask
from trm_gym import dataset
from trm_gym.registration import TASKS, make_task

every_task = pytest.mark.parametrize("name", TASKS)


@every_task
def test_environment_and_dataset_hold_the_same_problems(name):
    problems = dataset.draw(name, None, "test", 6, seed=40)
    envs = gymnasium.make_vec(TASKS[name].env_id, num_envs=6, split="test")
    task = make_task(name)
    seen = problem_seen({**task.shown(problems, slice(None)), "answer": problems.start})
    np.testing.assert_array_equal(seen, problem_seen(envs.reset(seed=40)[0]))
    single = gymnasium.make(TASKS[name].env_id, split="test")
    np.testing.assert_array_equal(seen[5], problem_seen(single.reset(seed=45)[0]))
    if task.numbers:
        with pytest.raises(ValueError, match="problems of regression hold numbers"):
            dataset.arrays(name, None, "test", 6, seed=40)
        return
    laid_out = dataset.arrays(name, None, "test", 6, seed=40)
    np.testing.assert_array_equal(laid_out["inputs"].astype(int) - 1, problems.problem)
    assert task.verify(problems, laid_out["labels"] - np.uint8(1)).solved.all()


def test_batches_do_not_show(monkeypatch):
    whole = dataset.draw(ToyTask(), 1, "train", 50, 7)
    monkeypatch.setattr(dataset, "_BATCH", 16)
    np.testing.assert_array_equal(dataset.draw(ToyTask(), 1, "train", 50, 7).problem, whole.problem)


def test_the_layout_is_what_the_code_of_trm_and_hrm_reads(tmp_path):
    """Reads the folder as their loaders do: ranges of groups, of puzzles in a group, of examples in a puzzle."""
    folder = dataset.write(tmp_path / "data" / "sudoku", "sudoku4x4", "clues6-8", {"train": 30, "test": 4}, seed=1)
    assert {path.name for path in tmp_path.glob("data/*")} == {"sudoku"}, "nothing is left beside it"
    assert json.loads((folder / "identifiers.json").read_text(encoding="utf-8")) == ["<blank>"]
    said = json.loads((folder / "train" / "dataset.json").read_text(encoding="utf-8"))
    assert said == {
        "pad_id": 0, "ignore_label_id": 0, "blank_identifier_id": 0, "vocab_size": 6, "seq_len": 16,
        "num_puzzle_identifiers": 1, "total_groups": 30, "mean_puzzle_examples": 1.0, "total_puzzles": 30,
        "sets": ["all"],
    }  # fmt: skip
    fields = ("inputs", "labels", "puzzle_identifiers", "puzzle_indices", "group_indices")
    read = {name: np.load(folder / "train" / f"all__{name}.npy", allow_pickle=False) for name in fields}
    examples = []
    for group in range(read["group_indices"].size - 1):
        for puzzle in range(read["group_indices"][group], read["group_indices"][group + 1]):
            examples += range(read["puzzle_indices"][puzzle], read["puzzle_indices"][puzzle + 1])
            assert read["puzzle_identifiers"][puzzle] == said["blank_identifier_id"]
    assert examples == list(range(30)) == list(range(said["total_groups"]))
    inputs, labels = read["inputs"].astype(np.int32), read["labels"].astype(np.int32)
    assert inputs.shape == labels.shape == (30, said["seq_len"])
    assert inputs.min() == 1 and max(inputs.max(), labels.max()) < said["vocab_size"]
    assert (labels > 1).all() and (labels == inputs)[inputs > 1].all(), "no label is ignored, givens stay"
    origin = json.loads((folder / "train" / "origin.json").read_text(encoding="utf-8"))
    assert origin["sha256"]["inputs"] == hashlib.sha256(read["inputs"].tobytes()).hexdigest()
    assert (origin["task"], origin["level"], origin["split"], origin["seed"]) == ("sudoku4x4", "clues6-8", "train", 1)


def test_a_data_loader_of_torch_stacks_problems():
    data = dataset.ProblemDataset("arithmetic", 0, "train", 10, seed=3)
    assert len(data) == 10
    loader = DataLoader(data, batch_size=4)  # pyright: ignore[reportArgumentType]
    batches = list(loader)
    assert [len(batch["problem"]) for batch in batches] == [4, 4, 2]
    assert batches[0]["problem"].dtype == torch.uint8 and batches[0]["free"].dtype == torch.bool
    joined = torch.cat([batch["solution"] for batch in batches]).numpy()
    np.testing.assert_array_equal(joined, dataset.draw("arithmetic", 0, "train", 10, 3).solution)
    data[0]["problem"][:] = 0
    assert data[0]["problem"].any() and data[-1]["level"] == 0
    with pytest.raises(IndexError):
        data[10]


@pytest.mark.parametrize("name", ["sudoku4x4", "algebra", "maze11x11", "regression"])
def test_lines_of_json_say_problem_and_solution(name, tmp_path):
    folder = dataset.write_jsonl(tmp_path / name, name, None, {"train": 5, "validation": 3}, seed=9)
    task, problems = make_task(name), dataset.draw(name, None, "train", 5, 9)
    lines = (folder / "train.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 5
    for i, line in enumerate(lines):
        row = json.loads(line)
        assert row["problem_tokens"] == problems.problem[i].tolist()
        assert row["solution_tokens"] == problems.solution[i].tolist()
        assert task.encode(row["problem"]).problem[0].tolist() == row["problem_tokens"]
        draft = np.where(problems.free[i], task.read_draft(row["solution"]), problems.problem[i])
        assert task.verify(problems[i : i + 1], draft[None]).solved.all()
        numbers = task.encode(row["problem"]).numbers[0]
        np.testing.assert_array_equal(numbers, problems.numbers[i])
        assert row["id"] == hashlib.sha256(bytes(row["problem_tokens"]) + numbers.tobytes()).hexdigest()
    card = (folder / "README.md").read_text(encoding="utf-8")
    for line in (folder / "sha256sums.txt").read_text(encoding="utf-8").splitlines():
        digest, file = line.split("  ")
        assert hashlib.sha256((folder / file).read_bytes()).hexdigest() == digest and digest in card


@pytest.mark.filterwarnings("ignore")  # Of a library's own making; this test is about what it reads.
def test_the_library_of_hugging_face_reads_the_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    library = pytest.importorskip("datasets", reason="needs the library datasets: pip install datasets")
    folder = dataset.write_jsonl(tmp_path / "made", "sudoku4x4", None, {"train": 5, "test": 3}, seed=9)
    read = library.load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))
    assert {split: len(rows) for split, rows in read.items()} == {"train": 5, "test": 3}
    assert read["test"][2]["problem_tokens"] == dataset.draw("sudoku4x4", None, "test", 3, 9).problem[2].tolist()


@pytest.mark.parametrize("writer", [dataset.write, dataset.write_jsonl])
def test_folders_are_whole_or_absent(writer, tmp_path, monkeypatch):
    with pytest.raises(ValueError, match="count must be a whole number from 1 up, not 0"):
        writer(tmp_path / "new", ToyTask(), 0, {"train": 5, "test": 0}, 1)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "old").mkdir()
    writer(tmp_path / "old", ToyTask(), 0, {"train": 5}, 1)
    with pytest.raises(ValueError, match="exists already"):
        writer(tmp_path / "old", ToyTask(), 0, {"train": 6}, 1)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"task": "chess"}, "unknown task 'chess'"),
        ({"level": "harder"}, "unknown level 'harder'"),
        ({"split": "dev"}, "unknown split 'dev'"),
        ({"count": 0}, "count must be"),
        ({"count": 2.5}, "count must be"),
        ({"count": True}, "count must be"),
        ({"seed": -1}, "seed must be"),
        ({"seed": 2**63 - 4}, "seed must leave room for 5 seeds"),
    ],
)
def test_bad_settings_are_errors(change, match):
    with pytest.raises(ValueError, match=match):
        dataset.draw(**{"task": ToyTask(), "level": 0, "split": "train", "count": 5, "seed": 0, **change})


@pytest.mark.parametrize("counts", [{}, 5, {"dev": 5}, ["train"]])
def test_bad_counts_are_errors(counts, tmp_path):
    with pytest.raises(ValueError, match=r"counts must say|unknown split"):
        dataset.write(tmp_path / "new", ToyTask(), 0, counts, 0)
