"""Rows and records of the benchmark, against figures computed by hand; policies against rules that do the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from agents.benchmark import results
from agents.benchmark.frozen import ProblemSet, Version
from agents.benchmark.policies import handed_in
from agents.benchmark.results import SetResult
from agents.envs.play import Ends, play_all
from agents.evaluation.restarts import StartsBank, clairvoyant
from agents.halting.paths import follow_schedule, in_order
from agents.halting.restarts import FixedCutoff
from agents.halting.rules import ScoreThreshold
from agents.rollouts.dataset import RolloutDataset
from tests.agents.synthetic import made_up, varied

PRICES = (0.1, 0.6)
VERSION = Version("v7", PRICES, 0, (ProblemSet("toy", "none", "none"),))


def result(steps: list[int], solved: list[int], fixed: float, bound: float) -> SetResult:
    """The same at every price, on a budget of 10."""
    end = Ends(np.array(steps), np.array(solved, bool), np.ones(len(steps), int))
    returns = {price: end.solved - price * end.steps / 10 for price in PRICES}
    same = {price: np.full(len(steps), float(fixed)) for price in PRICES}
    return SetResult(
        dict.fromkeys(PRICES, end), returns, same, {price: np.full(len(steps), float(bound)) for price in PRICES}
    )


def test_a_row_has_the_means_of_its_sets():
    played = {"a": result([10, 10], [1, 0], 0.1, 0.5), "b": result([5] * 4, [1] * 4, 0.5, 1.0)}
    row = results.row(VERSION, "mine", played, {"restarts": False})
    assert row["version"] == "v7" and row["problems"] == {"a": 2, "b": 4}
    at = row["all"]["0.6"]
    assert at["return"]["value"] == pytest.approx(((0.5 - 0.6) + (1 - 0.3)) / 2), "sets weigh the same, not problems"
    assert at["minus_fixed"]["value"] == pytest.approx((-0.2 + 0.2) / 2, abs=1e-6)
    assert row["sets"]["b"]["0.1"]["gained"]["value"] == pytest.approx((0.95 - 0.5) / 0.5)
    assert row["sets"]["a"]["0.1"]["right"] == 0.5 and row["sets"]["b"]["0.1"]["steps"] == 5
    low, high = row["sets"]["a"]["0.6"]["return"]["low"], row["sets"]["a"]["0.6"]["return"]["high"]
    assert (low, high) == pytest.approx((-0.6, 0.4)), "two problems, drawn anew"
    assert row["sets"]["b"]["0.6"]["return"]["low"] == row["sets"]["b"]["0.6"]["return"]["high"]
    best, second = results.table([row, {**row, "policy": "worse", "all": row["sets"]["a"]}]).splitlines()[2:]
    assert best.startswith("| mine | 0.") and second.startswith("| worse | ") and "| 90%" not in best
    assert results.sets_table(row).count("\n") == 5


def test_records_are_read_as_they_were_written(tmp_path: Path):
    played = {"a": result([10, 3], [1, 0], 0, 1), "b": result([5], [1], 0, 1)}
    place = tmp_path / "records.csv"
    place.write_text(results.records(played, PRICES))
    found = results.read_records(place, PRICES)
    assert found["a"].tolist() == [[[10, 1, 1]] * 2, [[3, 0, 1]] * 2] and found["b"].shape == (1, 2, 3)
    other = {"a": found["a"].copy()}
    assert results.differing(other, found) == 0
    other["a"][1, 0, 0] = 4
    assert results.differing(other, found) == 0.25, "one of two problems at one of two prices"
    with pytest.raises(ValueError, match="lack problems of a: expected 2"):
        results.differing(other, {"a": found["a"][:1]})


def test_policies_are_compared_problem_by_problem(tmp_path: Path):
    """One is right on one problem more of two, in as many steps; on the other set it is a step of 10 quicker."""
    version = Version("v7", PRICES, 0, tuple(ProblemSet(name, "none", "none", max_steps=10) for name in "ab"))
    found = []
    for mine in (
        {"a": result([4, 4], [1, 1], 0, 1), "b": result([5] * 4, [1] * 4, 0, 1)},
        {"a": result([4, 4], [1, 0], 0, 1), "b": result([6] * 4, [1] * 4, 0, 1)},
    ):
        (tmp_path / "records.csv").write_text(results.records(mine, PRICES))
        found.append(results.read_records(tmp_path / "records.csv", PRICES))
    cheap, dear = results.paired(version, *found)
    assert cheap.value == pytest.approx((0.5 + 0.01) / 2) and dear.value == pytest.approx((0.5 + 0.06) / 2)
    assert (cheap.low, cheap.high) == pytest.approx((0.005, 0.505)), "two problems, drawn anew"
    table = results.paired_table(version, {"mine": found[0], "theirs": found[1], "same": found[0]}).splitlines()
    assert table[0] == "| mine minus | at 0.1 | at 0.6 |" and table[2].startswith("| theirs | **+0.255 (+0.005")
    assert table[3] == "| same | +0.000 (+0.000..+0.000) | +0.000 (+0.000..+0.000) |"
    with pytest.raises(ValueError, match="records of the same problems are needed"):
        results.paired(version, found[0], {"a": found[0]["a"]})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n", "is no file of records at prices"),
        ("", "cannot be read"),
        ("HEAD\na,1,1,1,1,1,1,1\n", "line 2: expected problem 0 of a set, and 6 numbers"),
        ("HEAD\na,0,1,1,1,1,1\n", "line 2"),
        ("HEAD\na,0,1,1,1,1,1,-1\n", "line 2"),
        ("HEAD\na,0,1,1,1,1,1,x\n", "line 2"),
        ("HEAD\na\n", "line 2"),
    ],
)
def test_what_are_no_records_is_told(text, said, tmp_path: Path):
    place = tmp_path / "records.csv"
    head = results.records({"a": result([1], [1], 0, 1)}, PRICES).splitlines()[0]
    place.write_text(text.replace("HEAD", head))
    with pytest.raises(ValueError, match=said):
        results.read_records(place, PRICES)
    with pytest.raises(ValueError, match="no row of the benchmark"):
        results.load_row(place)


def starts(problems: int = 30, number: int = 3) -> RolloutDataset:
    """Problems run from several starts; a start is right from some step on, or never."""
    first = np.random.default_rng(1).integers(0, 8, problems * number)
    return RolloutDataset(made_up(first, noise=0.6), number, 0.0)


def test_a_policy_of_three_acts_takes_the_steps_of_the_schedule_that_it_follows():
    """A new start every second step, and a halt at the fifth step in all: by the environment, and by index."""
    dataset = starts()

    def act(seen: np.ndarray) -> np.ndarray:
        taken = np.round(seen[:, -4] * dataset.unroll.max_steps)
        return np.where(taken == 5, 1, np.where(taken % 2 == 0, 2, 0))

    found = play_all(act, dataset, 0.1, restarts=True)
    paths = follow_schedule(dataset.unroll, in_order(30, 3), FixedCutoff(2), dataset.unroll.halt_logit)
    assert (found.steps == 5).all() and (found.starts == 3).all()
    np.testing.assert_array_equal(found.solved, paths.solved[:, 4].numpy())
    np.testing.assert_array_equal(handed_in(paths)[:, 4], found.solved)
    other = follow_schedule(dataset.unroll, in_order(30, 3), FixedCutoff(2), torch.rand(90, 8))
    np.testing.assert_array_equal(handed_in(other), paths.solved.numpy())
    assert (other.solved != paths.solved).any()
    bound = clairvoyant(StartsBank(dataset, ScoreThreshold("q", 1.0))).returns(0.1, 8)
    assert bound.mean() > (found.solved - 0.1 * found.steps / 8).mean()


def test_a_policy_of_two_acts_ends_where_it_says():
    runs = varied(40)
    found = play_all(lambda seen: (seen[:, 0] > 0.5).astype(int), RolloutDataset(runs, 1, 0.0), 0.3)
    halts = runs.features[..., 0].numpy() > 0.5
    np.testing.assert_array_equal(found.steps, np.where(halts.any(1), halts.argmax(1) + 1, 8))
    np.testing.assert_array_equal(found.solved, runs.solved.numpy()[np.arange(40), found.steps - 1])
    with pytest.raises(ValueError, match="an action is 0"):
        play_all(lambda seen: np.full(len(seen), 2), RolloutDataset(runs, 1, 0.0), 0.3)
