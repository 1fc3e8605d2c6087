"""scripts/benchmark.py peers: times are read off curves, all learn from the same problems, and what is done stays."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import final

import numpy as np
import pytest
from numpy.typing import NDArray

from agents.common.acceleration import AccelerationConfig
from agents.common.cli import main
from agents.pretraining import prefetch
from agents.pretraining.presets import PRETRAIN, PUBLISHED
from scripts import benchmark
from scripts.benchmarking import contenders, peers
from scripts.benchmarking.contender import Contender
from scripts.benchmarking.contenders import CONTENDERS, published_config
from scripts.benchmarking.peers import Peers, crossing, measure
from scripts.benchmarking.rivals import has_recursive_model
from trm_gym import make_task
from trm_gym.task import Problems


def test_times_are_read_off_a_curve():
    at, shares = [10.0, 20.0, 40.0, 80.0], [0.0, 0.5, 1.0, 0.9]
    assert crossing(at, shares, 0.5) == pytest.approx(20)
    assert crossing(at, shares, 0.75) == pytest.approx(20 * 2**0.5), "halfway, over the logarithm of time"
    assert crossing(at, shares, 1.0) == pytest.approx(40)
    assert crossing(at, [0.6, 0.7, 0.8, 0.9], 0.5) == 10, "no later than the first measurement"
    assert crossing(at, [0.0, 0.2, 0.4, 0.89], 0.9) is None


@final
class Toy(Contender):
    """Solves nothing before it has been asked to train twice, all thereafter."""

    weights = 7

    def __init__(self, task: contenders.TaskName, seed: int) -> None:
        self.solutions = {}
        self.trained, self.asked = 0, list[int]()

    def train(self, enough: Callable[[], bool]) -> None:
        while not enough():
            self.samples += 1
        self.trained += 1

    def answers(self, problems: Problems) -> NDArray[np.uint8]:
        self.asked.append(len(problems))
        return problems.solution if self.trained > 1 else problems.problem

    def close(self) -> None:
        """Nothing is open."""


def test_no_more_problems_are_tried_where_none_of_the_first_is_right():
    toy, problems = Toy("sudoku4x4", 0), make_task("sudoku4x4").generate(80, 1, "test", 0)
    assert vars(measure(toy.answers, "sudoku4x4", problems)) | {"seconds": 0} == {"right": 0, "tried": 16, "seconds": 0}
    toy.trained = 2
    found = measure(toy.answers, "sudoku4x4", problems)
    assert (found.right, found.tried, toy.asked) == (80, 80, [16, 16, 32, 32])


class Ticking:
    """A clock on which a second goes by whenever it is looked at, and none in what ``with`` blocks take."""

    def __init__(self, began: float | None = None) -> None:
        self.looked, self.stopped = 0, False

    @property
    def seconds(self) -> float:
        self.looked += not self.stopped
        return float(self.looked)

    def __enter__(self) -> None:
        self.stopped = True

    def __exit__(self, *_: object) -> None:
        self.stopped = False


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Contenders that are toys, trained in this process; the names of those trained."""
    trained: list[str] = []
    for name in CONTENDERS:
        monkeypatch.setitem(CONTENDERS, name, Toy)
    monkeypatch.setattr(peers, "Clock", Ticking)
    monkeypatch.setattr(peers.torch, "set_num_threads", lambda count: None)

    def here(name: contenders.Name, config: Peers) -> None:
        trained.append(name)
        peers.keep(name, config, str(config.place))

    monkeypatch.setattr(peers, "in_a_process", here)
    yield trained


def test_each_contender_is_trained_once(toys, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(peers, "has_recursive_model", lambda: False)
    words = ["peers", "--peers.task", "sudoku4x4", "--peers.minutes", "2", "--peers.first", "30", "--peers.growth", "2"]
    words += ["--peers.problems", "40", "--peers.folder", str(tmp_path), "--peers.contenders", "transformer"]
    main(benchmark.run, benchmark.Config, args=words)
    main(benchmark.run, benchmark.Config, args=[*words, "ours", "recursive-model"])
    assert toys == ["transformer", "ours"]
    assert "recursive-model is left out: it is not installed" in capsys.readouterr().out
    run = json.loads((tmp_path / "ours" / "run.json").read_text())
    assert run["right"] == [0, 40, 40] and run["tried"] == [16, 40, 40]
    assert [round(at / 30) for at in run["at"]] == [1, 2, 4], "times grow by the factor, to the limit"
    learning, solving = json.loads((tmp_path / "tables.json").read_text())
    assert [row[0] for row in learning["rows"]] == ["transformer", "ours"]
    at = crossing(run["at"], [0, 1, 1], 0.9)
    assert at is not None and learning["rows"][1][2] == f"{at / 60:.2f}" and learning["rows"][1][5] == "100.0 of 40"
    assert solving["rows"][1][:2] == ["ours, always all steps", "100.0 of 40"]
    assert (tmp_path / "peers.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(SystemExit):  # finished with other settings
        main(benchmark.run, benchmark.Config, args=[*words, "--peers.seed", "1"])


def test_all_learn_from_the_same_problems(monkeypatch: pytest.MonkeyPatch):
    taken: list[NDArray[np.uint8]] = []
    take = prefetch.Prefetcher.take

    def noted(self: prefetch.Prefetcher, count: int) -> Problems:
        found = take(self, count)
        taken.append(found.problem)
        return found

    monkeypatch.setattr(prefetch.Prefetcher, "take", noted)
    monkeypatch.setattr(contenders, "AccelerationConfig", lambda **given: AccelerationConfig("off"))
    shallow = replace(PUBLISHED, model=replace(PUBLISHED.model, cycles=2, latent_updates=1))
    monkeypatch.setattr(contenders, "PUBLISHED", shallow)
    first = {}
    names: list[contenders.Name] = ["ours", "transformer", "published-128-short"]
    if has_recursive_model():
        names.append("recursive-model")
    for name in names:
        taken.clear()
        one = CONTENDERS[name]("sudoku4x4", 3)
        one.train(lambda one=one: one.samples > 0 and sum(map(len, taken)) >= 48)
        one.close()
        first[name] = np.concatenate(taken)[:48]
        assert len(first[name]) == 48 and np.array_equal(first[name], first["ours"]), name
    assert not np.array_equal(first["ours"][:24], first["ours"][24:])


@pytest.mark.parametrize("task", ["sudoku6x6", "sudoku9x9"])
def test_the_published_recipe_is_the_published_one(task: contenders.TaskName):
    config = published_config(task, 0, 512)
    assert (config.task, config.levels) == (task, PRETRAIN[task].levels)
    for name in ("model", "optim", "batch", "max_steps", "explore", "explore_draw", "loss", "average", "fixed_set"):
        assert getattr(config, name) == getattr(PUBLISHED, name)


@pytest.mark.parametrize("task", ["sudoku6x6", "sudoku9x9"])
def test_the_transformer_is_as_large_as_ours(task: contenders.TaskName):
    theirs = CONTENDERS["transformer"](task, 0)
    theirs.close()
    assert theirs.weights == pytest.approx(22_689, rel=0.01)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--peers.problems", "0"], "--peers.problems must be at least 1"),
        (["--peers.growth", "1"], "--peers.growth"),
        (["--peers.minutes", "-1"], "--peers.minutes"),
        (["--peers.contenders"], "contenders"),
    ],
)
def test_bad_input(capsys: pytest.CaptureFixture[str], words: list[str], said: str):
    with pytest.raises(SystemExit) as stopped:
        main(benchmark.run, benchmark.Config, args=["peers", *words])
    assert stopped.value.code == 2 and said in capsys.readouterr().err
