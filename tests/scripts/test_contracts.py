"""What scripts promise alike: examples that work, one notation for a problem of one's own, one meaning of an option."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import json
import re
from pathlib import Path

import pytest

from agents.common.cli import main
from agents.inference.solver import Solver
from scripts import picture, solve, trajectory, watch
from tests.scripts.checkpoints import untrained
from trm_gym import make_task
from trm_gym.algebra import parsing as algebra
from trm_gym.arithmetic import parsing as arithmetic
from trm_gym.errors import ProblemError

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "scripts").glob("*.py")]
COUNT = 6
"""Problems of a level that are looked at."""
FAMILIES = ("sudoku", "maze", "arithmetic", "algebra")


def exit_code(module, words: list[str]) -> int:
    try:
        main(module.run, module.Config, args=words)
    except SystemExit as stopped:
        return int(stopped.code or 0)
    return 0


def printed(capsys: pytest.CaptureFixture[str]) -> str:
    found = capsys.readouterr()
    return " ".join((found.out + found.err).split())


def commands(pattern: str) -> list[tuple[str, ...]]:
    """What a pattern finds in README, docs and the scripts' own words, lines that go on joined."""
    texts = [re.sub(r"\\\n\s*", "", page.read_text(encoding="utf-8")) for page in PAGES]
    return sorted({found for text in texts for found in re.findall(pattern, text)})


HELP = str(ast.get_docstring(ast.parse((ROOT / "scripts" / "solve.py").read_text(encoding="utf-8"))))
SOURCE = (ROOT / "scripts" / "solve.py").read_text(encoding="utf-8")
SOLVED = [
    *((family, text.strip('"')) for family, text in commands(r'solve\.py (\w+)\s+("[^"\n]+"|[0-9.]{16,81})')),
    *(("arithmetic", text) for text in re.findall(r"Arithmetic: ([^ ]+)\. ", SOURCE)),
    *(("algebra", text) for text in re.findall(r"Algebra: ([^,]+), or", SOURCE)),
    *(("algebra", text) for text in re.findall(r"such as (expand [^.]+)\. ", SOURCE)),
    ("arithmetic", arithmetic._EXAMPLE),
    ("algebra", algebra._EXAMPLE),
]
"""Every problem that a page, a help or a message gives as an example."""


@pytest.mark.parametrize(("family", "problem"), SOLVED)
def test_every_example_is_solved_by_the_shipped_network(family, problem, capsys):
    assert exit_code(solve, [family, problem]) == 0, printed(capsys)
    assert "Solved in" in capsys.readouterr().out


def test_there_are_examples_of_every_family():
    assert {family for family, _ in SOLVED} == set(FAMILIES)
    assert {"731-58+94", "3*x + 4 = 10"} <= {problem for _, problem in SOLVED}


@pytest.mark.parametrize(("name", "problem"), commands(r'--checkpoint (\w+) --puzzle "([^"\n]+)"'))
def test_every_example_of_a_shown_puzzle_is_solved(name, problem):
    assert Solver.from_pretrained(name).solve(problem).verdict.solved


def test_every_example_of_the_python_call_is_solved():
    found = commands(r'from_pretrained\("(\w+)"\)\.solve\("([^"\n]+)"')
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found += [("algebra", text) for text in re.findall(r'= solver\.solve\("([^"\n]+)"', readme)]
    assert found
    for name, problem in found:
        if "..." not in problem:
            assert Solver.from_pretrained(name).solve(problem).verdict.solved, problem


@pytest.mark.parametrize(
    ("family", "problem", "like"),
    [
        ("arithmetic", "3*(4-1)", "mixed"),
        ("arithmetic", "12*12", "product"),
        ("arithmetic", "12/4", "quotient"),
        ("algebra", "factor x^2+5*x+6", "factor"),
        ("algebra", "x^2+5*x+6=0", "quadratic"),
        ("algebra", "2*x+3*y=7, x-y=1", "system"),
        ("algebra", "differentiate x^3+2*x", "differentiate"),
        ("algebra", "evaluate 2*x^2+x at x=3", "evaluate"),
        ("algebra", "expand (x+1)*(x+2)*(x+3)", "expand3"),
    ],
)
def test_of_a_family_that_was_not_taught_it_is_said(family, problem, like, capsys):
    assert exit_code(solve, [family, problem, "--checkpoint", family]) == 1
    said = printed(capsys)
    assert f"never taught problems of this kind, such as those of level {like}; it was taught" in said
    assert "long_shift (x+b=c" in said or "sum3 (a+b" in said, "with what was taught, in words"
    assert "A larger --max-steps may help" not in said
    assert f"level {like}" in Solver.from_pretrained(family).solve(problem).note
    assert exit_code(watch, ["--checkpoint", family, "--puzzle", problem]) == 0
    assert f"such as those of level {like}" in printed(capsys)


def test_what_was_taught_is_not_called_untaught(tmp_path, capsys):
    """A network that solves nothing: whatever its level's problems look like, they are of that level."""
    for name, levels in (("algebra", ("both_sides", "collect", "expand")), ("arithmetic", ("sum3", "chain"))):
        place = untrained(tmp_path, name)
        config = json.loads((place / "config.json").read_text())
        (place / "config.json").write_text(json.dumps({**config, "meta": {"pretraining": {"levels": levels}}}))
        solver, task = Solver.from_pretrained(place), make_task(name)
        for level in range(len(task.levels)):
            problems = task.generate(COUNT, level, "test", 3)
            notes = [solver.solve(problems[slice(at, at + 1)], 1).note for at in range(COUNT)]
            if task.levels[level].name in levels:
                assert notes.count("") >= COUNT - 1
            elif task.levels[level].name in ("system", "factor", "fraction", "product", "differentiate"):
                assert all(notes)
    words = ["algebra", "3*x+4=2*x+9", "--checkpoint", str(tmp_path / "algebra"), "--max-steps", "1"]
    assert exit_code(solve, words) == 1
    assert "A larger --max-steps may help" in printed(capsys)


def test_a_network_that_says_nothing_of_what_it_was_taught_is_believed(tmp_path):
    for number, meta in enumerate([{}, {"pretraining": None}, {"pretraining": {"levels": 3}}, {"pretraining": []}]):
        place = untrained(tmp_path / str(number), "arithmetic")
        config = json.loads((place / "config.json").read_text())
        (place / "config.json").write_text(json.dumps({**config, "meta": meta}))
        assert Solver.from_pretrained(place).solve("12*12", 1).note == ""


PUZZLE, LARGER = "1.3434.2.14.43.1", "S" + "." * 11 + "/" + "/".join(["." * 12] * 10) + "/" + "." * 11 + "G"
NOTATIONS = {
    "as it is": ("sudoku4x4", PUZZLE),
    "rows by strokes": ("sudoku4x4", "1.34/34.2/.14./43.1"),
    "zeros": ("sudoku4x4", PUZZLE.replace(".", "0")),
    "list": ("sudoku4x4", "[[1,0,3,4],[3,4,0,2],[0,1,4,0],[4,3,0,1]]"),
    "smaller sudoku": ("", PUZZLE),
    "larger maze": ("maze11x11", LARGER),
    "signs": ("algebra", "3·x + 4 = 10"),
    "words": ("algebra", "Solve 3*p + 4 = 10 for p."),
    "file": ("sudoku4x4", "{folder}/puzzle.txt"),
    "file of any name": ("sudoku4x4", "{folder}/puzzle"),
    "file of rows": ("sudoku4x4", "{folder}/rows.md"),
    "table": ("sudoku4x4", "{folder}/table.csv"),
}


READ = [
    *((watch, name) for name in NOTATIONS),
    *(
        (module, name)
        for module in (picture, trajectory)
        for name in ("smaller sudoku", "larger maze", "words", "table")
    ),
]
OWN = {
    watch: lambda folder: [],
    picture: lambda folder: ["--out", str(folder / "a.png")],
    trajectory: lambda folder: ["--folder", str(folder / "t"), "--problems", "2"],
}


@pytest.mark.parametrize(("module", "name"), READ, ids=[f"{module.__name__} {name}" for module, name in READ])
def test_every_script_reads_what_solve_reads(module, name, tmp_path, capsys):
    checkpoint, puzzle = NOTATIONS[name]
    (tmp_path / "puzzle.txt").write_text(PUZZLE)
    (tmp_path / "puzzle").write_text(f"# mine\n{PUZZLE}\n")
    (tmp_path / "rows.md").write_text("1 . | 3 4\n3 4 | . 2\n- - + - -\n. 1 | 4 .\n4 3 | . 1\n")
    (tmp_path / "table.csv").write_text(f"source,question\nme,{PUZZLE}\n")
    puzzle, chosen = puzzle.format(folder=tmp_path), ["--checkpoint", checkpoint] if checkpoint else []
    family = re.sub(r"\d.*", "", checkpoint) or "sudoku"
    assert exit_code(solve, [family, puzzle, "--max-steps", "1"]) < 2, printed(capsys)
    words = ["--puzzle", puzzle, "--max-steps", "2", *chosen, *OWN[module](tmp_path)]
    assert exit_code(module, words) == 0, printed(capsys)
    said = printed(capsys)
    if module is trajectory:
        shape = [12, 12] if puzzle == LARGER else [64] if family == "algebra" else [4, 4]
        assert json.loads((tmp_path / "t" / "trajectory.json").read_text())["shape"] == shape
    if "for p" in puzzle:
        assert "p is written as x" in said


@pytest.mark.parametrize("module", [watch, picture, trajectory], ids=lambda module: module.__name__)
@pytest.mark.parametrize(
    ("puzzle", "said"), [("123", "3 cells found"), ("no/such/puzzle.txt", "cannot read"), ("", "0 cells")]
)
def test_every_script_refuses_as_solve_does(module, puzzle, said, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert exit_code(solve, ["sudoku", puzzle]) == 2
    told = capsys.readouterr().err
    assert exit_code(module, ["--puzzle", puzzle]) == 2
    assert capsys.readouterr().err == told and said in told


@pytest.mark.parametrize(
    ("problem", "answer"),
    [
        ("y+3=7", "y = 4"),
        ("3t+4=10", "t = 2"),
        ("Solve 3*p + 4 = 10 for p.", "p = 2"),
        ("expand (t+1)(t+2)", "t^2+3t+2"),
        ("x+3=7", "x = 4"),
    ],
)
def test_an_answer_has_the_letter_that_was_given(problem, answer, tmp_path, capsys):
    solver = Solver.from_pretrained("algebra")
    assert solver.solve(problem).text == answer
    assert solver.train_step(problem, answer, steps=1)["loss"] >= 0, "and is read back"
    assert exit_code(solve, ["algebra", problem]) == 0
    said = capsys.readouterr().out
    assert f"\n{answer}\n" in said and ("Note: " in said) == ("x" not in re.sub("expand", "", problem))
    (tmp_path / "many").write_text(f"{problem}\n2x+1=7\n")
    assert exit_code(solve, ["algebra", "--data", str(tmp_path / "many")]) == 0
    kept = [json.loads(line) for line in (tmp_path / "many.answers.jsonl").read_text().splitlines()]
    assert [one["answer"] for one in kept] == [answer, "x = 3"] and "names" not in kept[0]


def test_letters_of_two_unknowns():
    task = make_task("algebra")
    for problem, names in (
        ("a+b=3, a-b=1", {"x": "a", "y": "b"}),
        ("y+z=3, y-z=1", {"x": "y", "y": "z"}),
        ("x+y=3, x-y=1", {}),
        ("Let 2*q + w = 3, w - q = 0. What is w?", {"x": "w", "y": "q"}),
        ("d/dt t^3+t", {"x": "t"}),
        (task.encode("t+3=7").problem[0, :40], {}),
    ):
        task.encode(problem)
        assert task.names(problem) == names
    assert make_task("sudoku4x4").names(PUZZLE) == {} == make_task("arithmetic").names("3*(4-1)")
    with pytest.raises(ProblemError):
        task.names("a+b+c=3")


def configs() -> list[tuple[str, type]]:
    """Every script's config."""
    names = [path.stem for path in (ROOT / "scripts").glob("*.py") if "Config" in path.read_text(encoding="utf-8")]
    found = [(name, getattr(importlib.import_module(f"scripts.{name}"), "Config", None)) for name in sorted(names)]
    return [(name, config) for name, config in found if isinstance(config, type) and dataclasses.is_dataclass(config)]


@pytest.mark.parametrize(("name", "config"), configs())
def test_folder_is_a_folder_and_out_is_a_file(name, config):
    fields = {field.name: field for field in dataclasses.fields(config)}
    assert not {"folder", "out"} <= fields.keys()
    words = (ROOT / "scripts" / f"{name}.py").read_text(encoding="utf-8")
    for option, kind in (("folder", "Folder for"), ("out", "File for")):
        if option in fields:
            told = re.search(rf'^    {option}: .*\n    """(.*)', words, re.MULTILINE)
            assert told and told[1].startswith(kind), f"--{option} of {name}.py"
    default = fields["out"].default if "out" in fields else None
    assert default is None or (isinstance(default, Path) and default.suffix)


def test_the_old_name_of_a_folder_goes_on_for_a_version(tmp_path, capsys):
    words = ["--checkpoint", "sudoku4x4", "--problems", "2", "--max-steps", "2", "--out", str(tmp_path / "a")]
    with pytest.warns(FutureWarning, match="folder"):
        assert exit_code(trajectory, words) == 0
    assert (tmp_path / "a" / "trajectory.json").exists()
