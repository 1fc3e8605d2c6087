"""scripts/regression_benchmark.py: only what equals the hidden formula counts, by the time at which it was found."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from agents.common.cli import main
from scripts import regression_benchmark as script
from scripts.benchmarking.formula_rivals import of_prefix, refitted
from scripts.benchmarking.formula_ways import MUTATION, NETWORK, WAYS
from scripts.benchmarking.recovery import Hidden, Trace, is_exact, problems_of, problems_of_level
from scripts.benchmarking.recovery_tables import tables
from scripts.benchmarking.rival_settings import TRIED
from trm_gym import make_task
from trm_gym.regression.compositions import Candidate, values_of
from trm_gym.regression.formula import of_program
from trm_gym.regression.parsing import parse

RECORD = {"name": "one", "nvars": 1, "expr": "x1^3 + x1", "train": {"all": {"U": [-1, 1, 20]}}}


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("x * (x^2 + 1)", True),
        ("x^3 + 1.0000001 * x", True),
        ("x^3 + 1.001 * x", False),
        ("sqrt(x^2) * (x^2 + 1) * x / abs(x)", True),
        ("log(exp(x^3 + x)) + log(x + 1) - log(x + 1)", False),
    ],
)
def test_exact_is_equal_inside_and_beyond_the_box(text: str, exact: bool):
    problem = make_task("regression").encode(RECORD)
    assert is_exact(parse(text), problem) == exact


def test_a_stopped_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(script, "_WARM", 0.01)
    (tmp_path / "formulas.jsonl").write_text(json.dumps(RECORD) + "\n")
    words = f"--formulas {tmp_path}/formulas.jsonl --seconds 100 200 --folder {tmp_path} --seeds".split()
    ways = ["--ways", "compositions, pool", "network, one pass"]
    main(script.run, script.Config, args=[*words, "1", *ways])
    runs = tmp_path / script.RUNS
    with runs.open("a") as file:
        file.write('{"formulas": "cut o')
    first = runs.read_text().splitlines()
    main(script.run, script.Config, args=[*words, "2", *ways])
    assert runs.read_text().splitlines()[:3] == first
    assert len(runs.read_text().splitlines()) == 5
    result = json.loads((tmp_path / "result.json").read_text())
    assert [title.rpartition(", ")[2] for title in result] == ["100 s", "200 s"]
    for rows in result.values():
        assert [(row["always"], row["seeds"]) for row in rows.values()] == [(1, 2), (1, 2)]


def test_records_need_a_formula_and_ranges_alone(tmp_path: Path):
    place = tmp_path / "formulas.jsonl"
    record = {"expr": "x+y", "ranges": {"x": [0, 1], "y": [2, 3]}}
    place.write_text(f"{json.dumps(record)}\n{json.dumps({**record, 'name': 'sum'})}\n")
    assert [(one.name, one.variables) for one in problems_of(place)] == [("x+y", 2), ("sum", 2)]
    place.write_text(f"{json.dumps(record)}\n{{nothing\n")
    with pytest.raises(ValueError, match=r"line 2 of .* is no JSON"):
        problems_of(place)
    with pytest.raises(ValueError, match="noise must be"):
        script.Config(formulas=place, noise=-1.0)
    with pytest.raises(ValueError, match="choose of 'compositions, pool', "):
        script.Config(formulas=place, ways=("bogus",))


def test_lines_that_are_no_runs_are_passed_over(tmp_path: Path):
    (tmp_path / "runs.jsonl").write_text('5\n[1]\nnull\n{}\n{"formulas"\n"text"\n')
    assert script.known_runs(tmp_path / "runs.jsonl") == {}


def test_problems_of_a_level_are_shown_with_its_noise_and_judged_without_it(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.setattr(script, "_WARM", 0.01)
    one, *_ = problems_of_level("noise1", 2)
    truth = of_program(one.problem.truth[0])
    table = one.table(0.0, 0)
    assert truth is not None and is_exact(truth, one.problem) and table.shape[1] == one.variables + 1
    assert not np.allclose(values_of(truth, table[:, :-1]), table[:, -1], rtol=1e-6)
    words = f"--level nodes3 --problems 3 --seconds 50 --seeds 1 --folder {tmp_path} --ways".split()
    main(script.run, script.Config, args=[*words, "compositions, pool"])
    assert "nodes3, 3 formulas, noise 0, 50 s" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(script.run, script.Config, args=["--level", "nodes3", "--formulas", f"{tmp_path}/formulas.jsonl"])


def test_settings_of_programs_that_are_not_there_are_left_out(tmp_path: Path, monkeypatch, capsys):
    assert all(len(sets) == len({json.dumps(one) for one in sets.values()}) for sets in TRIED.values())
    monkeypatch.setattr(script, "missing", lambda: list(TRIED))
    words = f"--preset rivals --level nodes5 nodes7 --problems 1 --folder {tmp_path}".split()
    main(script.run, script.Config, script.PRESETS, args=words)
    assert "left out, since not there: gplearn, pyoperon" in capsys.readouterr().out
    assert json.loads((tmp_path / "result.json").read_text()) == {}
    one, other = (problems_of_level("nodes5", 1, split)[0].problem.truth for split in ("validation", "test"))
    assert not np.array_equal(one, other)


def test_every_way_of_ours_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(script, "_WARM", 0.01)
    (tmp_path / "formulas.jsonl").write_text(json.dumps(RECORD) + "\n")
    ways = [way for way in WAYS if "gplearn" not in way and "pyoperon" not in way]
    words = f"--formulas {tmp_path}/formulas.jsonl --seconds 100 --seeds 1 --folder {tmp_path} --ways".split()
    main(script.run, script.Config, args=[*words, *ways])
    runs = [json.loads(line) for line in (tmp_path / script.RUNS).read_text().splitlines()]
    assert [run["way"] for run in runs] == ways
    assert all(run["fits"] and run["best"][-1][1] for run in runs)
    assert all(run["verdicts"] > 0 for run in runs if "compositions" not in run["way"])


def test_a_better_formula_of_the_same_length_is_told():
    problem = make_task("regression").encode(RECORD)
    trace = Trace(Hidden("one", problem, 1).table(0.0, 0), 60.0)
    for text in ("1.1 * x^3 + x", "x^3 + x"):
        trace.judge(parse(text))
    assert trace.exact and trace.over
    assert [exact for _, exact, _ in trace.record(problem)["best"]][-1]
    trace = Trace(Hidden("one", problem, 1).table(0.0, 0), 60.0)
    for text in ("x^2 + sin(x)", "x^3 + sin(x)", "x + sin(x)"):
        trace.take(Candidate(0, 4, {"x^2": 0.9, "x^3": 0.5}.get(text[:3], 0.2), parse(text)))
    assert len(trace.record(problem)["best"]) == 3


def test_the_table_counts_what_was_held_best_by_then():
    def run(way: str, name: str, seed: int, best: list, fits: bool = True, verdicts: int = 500):
        parts = {"formulas": "set", "noise": 0.0, "way": way, "name": name, "seed": seed}
        return {**parts, "seconds": 4.0, "fits": fits, "verdicts": verdicts, "best": best}

    late, lost = [[0.5, False, "x"], [3.0, True, "y"]], [[0.5, True, "x"], [3.0, False, "y"]]
    runs = [
        *(run(MUTATION, "a", seed, late) for seed in range(2)),
        *(run(MUTATION, "b", seed, lost, fits=seed == 0) for seed in range(2)),
        run(NETWORK, "a", 0, [[0.1, True, "x"]], verdicts=2_000),
        run(NETWORK, "b", 0, [], fits=False),
        run(NETWORK, "b", 1, [[0.1, True, "x"]]),  # of a seed that is not whole
    ]
    found = tables(runs, (1.0, 5.0))
    assert list(found)[:2] == ["set, 2 formulas, noise 0, 1 s", "set, 2 formulas, noise 0, 5 s"]
    assert [table[MUTATION]["exact, mean"][:3] for table in list(found.values())[:2]] == ["1.0", "1.0"]
    assert [table[NETWORK]["seeds"] for table in found.values()] == [1] * 4
    few, many = list(found.values())[2:]
    assert [few[MUTATION]["always"], few[NETWORK]["always"], many[NETWORK]["always"]] == [1, 0, 1]


def test_formulas_of_other_programs_are_read():
    def call(name: str, arity: int):
        return SimpleNamespace(name=name, arity=arity)

    program = [call("sub", 2), call("pow", 2), 0, 2.5, call("log", 1), call("square", 1), 1]
    inputs = np.random.default_rng(0).uniform(0.5, 2, (9, 2))
    x, y = inputs.T
    np.testing.assert_allclose(values_of(of_prefix(program), inputs), x**2.5 - np.log(y**2))
    table = np.column_stack([inputs, 0.3 * x**2 + np.sin(1.2 * y)])
    fitted = refitted(parse("0.3000001 * x^2 + sin(1.2000001 * y)"), table)
    assert fitted is not None
    np.testing.assert_allclose(values_of(fitted, inputs), 0.3 * x**2 + np.sin(1.2 * y), rtol=1e-10)
    assert refitted(parse("x + 2"), np.column_stack([inputs, np.sin(9 * x)])) is None
