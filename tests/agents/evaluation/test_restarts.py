"""What rules of restarts do on graded starts, against what a loop over problems makes of the same numbers."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from agents.evaluation.records import plain_table
from agents.evaluation.restart_reasons import acts_table, starts_table
from agents.evaluation.restart_report import CHECKED, CLAIRVOYANT, UNTUNED, Played, by_network, play_run, rows, tables
from agents.evaluation.restarts import (
    FIXED_CUTOFF,
    ONE_RUN,
    BestSeems,
    Candidate,
    Outcome,
    StartsBank,
    choose,
    choose_surest,
    clairvoyant,
    surest,
    with_checker,
)
from agents.halting.heads import HaltPolicy
from agents.halting.restart_head import RestartPolicy
from agents.halting.restart_policy import SeemsRight
from agents.halting.restarts import FixedCutoff, NoRestart
from agents.halting.rules import ScoreThreshold
from agents.rollouts.dataset import RolloutDataset
from tests.agents.synthetic import made_up

STARTS, BUDGET, COUNT = 4, 8, 40
JUDGE = ScoreThreshold("q", 0.0)


def bank(seed: int, noise: float = 0.4, count: int = COUNT) -> StartsBank:
    """Starts of a problem are right from different steps on, or never."""
    first = np.random.default_rng(seed).integers(0, BUDGET, count * STARTS)
    return StartsBank(RolloutDataset(made_up(first, BUDGET, seed, noise), STARTS, 0.1 / BUDGET), JUDGE)


def solved_of(one: StartsBank) -> np.ndarray:
    return one.runs.solved.numpy().reshape(one.problems, STARTS, BUDGET)


def played(one: StartsBank, problem: int, cutoff: int, threshold: float, cap: int) -> tuple[bool, int, int, bool]:
    """A problem step by step: right, steps, starts, right before but not handed in."""
    judged = one.judged.numpy().reshape(one.problems, STARTS, BUDGET)[problem]
    solved, start, local, best, handed, ever = solved_of(one)[problem], 0, 0, -np.inf, False, False
    for step in range(1, cap + 1):
        ever |= bool(solved[start, local])
        if judged[start, local] >= best:
            best, handed = judged[start, local], bool(solved[start, local])
        if best >= threshold or step == cap:
            return handed, step, start + 1, ever and not handed
        local += 1
        if local >= cutoff and start + 1 < STARTS:
            start, local = start + 1, 0
    raise AssertionError


@pytest.mark.parametrize("cutoff", [1, 2, 3, 8])
def test_settings_do_what_a_loop_does(cutoff):
    one = bank(0)
    settings = np.array([*itertools.product([-9.0, -1.0, 1.0, 3.0, 99.0], [3.0, 8.0])])
    found = one.play(Candidate("", FixedCutoff(cutoff), BestSeems()), settings)
    for row, (threshold, cap) in enumerate(settings):
        wanted = [played(one, problem, cutoff, threshold, int(cap)) for problem in range(COUNT)]
        assert [*zip(*(part[row].tolist() for part in found), strict=True)] == wanted


def test_validation_chooses_by_return_and_by_answers_within_steps():
    one = bank(1)
    candidates = [Candidate("", NoRestart(), BestSeems()), Candidate("", FixedCutoff(2), BestSeems())]
    best, within = choose(one, candidates, (0.1, 0.9), (2.0, 5.0))
    every = [part for candidate in candidates for part in zip(*one.tried(candidate)[1][:2], strict=True)]
    for price, chosen in zip((0.1, 0.9), best, strict=True):
        highest = max((right - price * steps / BUDGET).mean() for right, steps in every)
        assert chosen.play(one).returns(price, BUDGET).mean() == pytest.approx(highest)
    for most, chosen in zip((2.0, 5.0), within, strict=True):
        found = chosen.play(one)
        assert found.steps.mean() <= most
        assert found.solved.mean() == max(right.mean() for right, steps in every if steps.mean() <= most)


def test_branches_cost_their_steps_and_the_surest_is_handed_in():
    one = bank(2)
    found = surest(one, 3, 2.0, 6)
    judged = one.judged.numpy().reshape(COUNT, STARTS, BUDGET)
    for problem in range(COUNT):
        steps, seems, right = [], [], []
        for start in range(3):
            row = judged[problem, start]
            step = next((k for k in range(1, 6) if row[:k].max() >= 2.0), 6)
            steps.append(step)
            seems.append(row[:step].max())
            right.append(bool(solved_of(one)[problem, start, step - 1]))
        assert found.steps[problem] == sum(steps) and found.solved[problem] == right[int(np.argmax(seems))]
    (branches, threshold, cap), *_ = choose_surest(one, (0.1,))[0]
    assert surest(one, branches, threshold, cap).returns(0.1, BUDGET).mean() >= found.returns(0.1, BUDGET).mean()


def test_bounds_are_above_every_rule():
    one = bank(3)
    known, checked = clairvoyant(one), with_checker(one, 3)
    assert (known.solved >= checked.solved).all()
    assert (known.steps <= checked.steps)[checked.solved].all()
    solved = solved_of(one)
    for problem in range(COUNT):
        ways = [start + int(row.argmax()) + 1 for start, row in enumerate(solved[problem]) if row.any()]
        ways = [way for way in ways if way <= BUDGET]
        assert known.solved[problem] == bool(ways) and known.steps[problem] == min(ways, default=1)
        first = [played_with_checker(solved[problem], 3)]
        assert (checked.solved[problem], checked.steps[problem]) == first[0]


def played_with_checker(solved: np.ndarray, cutoff: int) -> tuple[bool, int]:
    """A new start every ``cutoff`` steps until one is right."""
    start = local = 0
    for step in range(1, BUDGET + 1):
        if solved[start, local]:
            return True, step
        local += 1
        if local >= cutoff and start + 1 < STARTS:
            start, local = start + 1, 0
    return False, BUDGET


def test_a_report_holds_every_rule_against_the_policy():
    head = RestartPolicy(3).eval().requires_grad_(False)
    test, validation = bank(4), bank(5)
    judged = [StartsBank(RolloutDataset(one.runs, STARTS, 0.1), SeemsRight(head)) for one in (validation, test)]
    run = play_run(judged[0], judged[1], head, HaltPolicy(3).eval().requires_grad_(False), (0.1, 0.3))
    found = rows([run, run], (0.1, 0.3), BUDGET, resamples=50)
    names = [row.rule for row in found if row.price == 0.1]
    assert {UNTUNED, ONE_RUN, FIXED_CUTOFF, CHECKED, CLAIRVOYANT} <= set(names) and len(found) == 2 * len(names)
    by_name = {row.rule: row for row in found if row.price == 0.3}
    mine = by_name[UNTUNED]
    assert mine.value_gap.value == 0 and not by_name[UNTUNED].equal_gap.excludes_zero
    for row in by_name.values():
        assert row.value == pytest.approx(row.right - 0.3 * row.steps / BUDGET)
        assert row.value_gap.value == pytest.approx(mine.value - row.value)
    made = tables(found)
    assert [len(table["rows"]) for table in made] == [len(names)] * 2
    assert all(len(row) == len(table["header"]) for table in made for row in table["rows"])
    assert f"| {FIXED_CUTOFF} |" in plain_table(made[0])


def test_starts_of_a_problem_are_counted():
    first = [[2, 3, 99], [99, 1, 99], [99, 99, 99], [3, 99, 8]]
    table = starts_table(np.arange(1, 9) >= np.array(first)[..., None])
    found = [cell for _, cell in table["rows"]]
    assert found[0] == "1, 1, 2, 0"  # from 0, 1, 2, 3 starts
    assert found[1:3] == ["50.0%", "50.0%"]
    assert found[3].split(", ")[1] == "3"  # of 1, 2, 3, 3, 8
    within = np.sqrt(((np.log(3 / 2) / 2) ** 2 + (np.log(8 / 3) / 2) ** 2) / 2)
    between = abs(np.log(6) - np.log(24)) / 4
    assert found[4] == f"{within:.2f}, {between:.2f}"
    # Three are not right within 2 steps; the last is within 4. Of their six fresh starts one is within 2.
    assert found[5] == "33.3%; 16.7%"
    assert plain_table(table)


def test_networks_are_told_apart():
    def of(solved: list[int]) -> dict[str, Played]:
        def one(right: list[int]) -> Played:
            found = {0.1: Outcome(np.array(right) > 0, np.full(4, 5), np.ones(4, int), np.zeros(4, bool))}
            return Played(found, found, {0.1: ""})

        return {UNTUNED: one(solved), ONE_RUN: one([1, 1, 0, 0])}

    table = by_network([[of([1, 1, 0, 0])], [of([1, 1, 1, 1]), of([1, 1, 1, 0])]], [0.1], 10, 50)
    assert table["header"] == ["network", "lambda", "right, % (steps)", ONE_RUN]
    assert [row[:3] for row in table["rows"]] == [["1", "0.1", "50.0 (5.00)"], ["2", "0.1", "87.5 (5.00)"]]
    assert table["rows"][0][3] == "" and table["rows"][1][3].strip("*").startswith("+0.375 (")


def test_acts_of_a_policy_are_counted():
    def of(solved: str, steps: list[int], starts: list[int]) -> Played:
        right = np.array([mark == "+" for mark in solved])
        found = {0.1: Outcome(right, np.array(steps), np.array(starts), right & False)}
        return Played(found, found, {0.1: ""})

    run = {
        UNTUNED: of("+-+-", [2, 8, 6, 5], [1, 1, 2, 3]),
        ONE_RUN: of("+---", [2, 8, 8, 8], [1, 1, 1, 1]),
        CLAIRVOYANT: of("+++-", [2, 4, 4, 1], [1, 2, 2, 1]),
    }
    (row,) = acts_table([run], [0.1], 10)["rows"]
    low, reached, high = (0.25 * right - 0.1 * steps / 40 for right, steps in ((1, 26), (2, 21), (3, 11)))
    way = f"{100 * (reached - low) / (high - low):.0f}%"
    assert row == ["0.1", "50.0%", "50.0%", "50.0%", "2.0", "6.0", "6.5", way]
