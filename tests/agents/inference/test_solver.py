"""The Python API: solutions that are true to the network, one update, and folders that come back as they went."""

from __future__ import annotations

import builtins
import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from agents.checkpoint import load_checkpoint, save_checkpoint
from agents.common.tensor_file import CheckpointError
from agents.halting.restart_head import two_acts
from agents.halting.rules import HeadThreshold
from agents.halting.tuning import scores_of
from agents.inference.engine import Result
from agents.inference.own_problem import networks_for
from agents.inference.solver import Solver
from agents.rollouts.unroll import unroll
from agents.trm import TRMConfig
from tests.scripts.checkpoints import untrained
from trm_gym import make_task
from trm_gym.errors import ProblemError


@pytest.fixture(scope="module")
def solver() -> Solver:
    return Solver.from_pretrained("sudoku4x4")


PUZZLE = "1.34" + "34.2" + ".14." + "43.1"
SOLUTION = "1234" + "3412" + "2143" + "4321"


def test_a_puzzle_is_solved(solver: Solver):
    found = solver.solve(PUZZLE, return_trajectory=True)
    assert found.text == SOLUTION and found.verdict == (True, 1.0)
    assert found.trajectory is not None and len(found.trajectory) == found.steps
    assert (found.trajectory.drafts[-1] == found.answer).all()
    free = found.trajectory.problems.free[0]
    assert found.confidence == pytest.approx(found.trajectory.confidence[-1][free].min(), abs=1e-5)
    assert found.right == pytest.approx(found.trajectory.right[-1], abs=1e-5)
    assert solver.solve(PUZZLE).trajectory is None


def test_it_stops_where_the_policy_says(solver: Solver):
    problems = solver.task.generate(8, 0, "test", 1)
    graded = unroll(solver.checkpoint.model, solver.task, problems, 5)
    wish = scores_of(HeadThreshold(two_acts(solver.checkpoint.heads)["grpo"], price=0.3), graded) >= 0
    expected = [int(row.argmax()) + 1 if row.any() else 5 for row in wish]
    alone = [solver.solve(problems[slice(i, i + 1)], 5, price=0.3).steps for i in range(8)]
    together = [result.steps for result in solver.stream([problems], 5, price=0.3, slots=3)]
    assert alone == together == expected
    assert solver.solve(PUZZLE, 3, rule="always").steps == 3
    assert len(solver.trajectory(PUZZLE, 4)) == 4


def test_it_stops_where_the_latent_moves_no_more(solver: Solver):
    velocity = solver.trajectory(PUZZLE, 6).velocity
    for threshold in (velocity[0] + 0.1, np.sort(velocity)[2] * 1.001, 0.0):
        slow = velocity <= threshold
        expected = int(slow.argmax()) + 1 if slow.any() else 6
        answer, steps = solver.solve(PUZZLE, 6, "always", threshold=threshold)
        assert steps == expected and (answer == SOLUTION or steps < 6)
    assert solver.solve(PUZZLE, 6, "best-fixed-k:2", threshold=0.0).steps == 2, "the rule goes on to count"
    afresh = solver.solve(PUZZLE, 6, "restart-every:2", threshold=velocity[0] + 0.1)
    assert afresh.steps == 1, "with restarts too"
    with pytest.raises(ValueError, match="threshold must be a finite number from 0 up, not nan"):
        solver.solve(PUZZLE, threshold=float("nan"))


def test_points_become_a_formula_in_latex(tmp_path: Path):
    model = Solver.from_pretrained("regression")
    x = np.linspace(-2.0, 3.0, 30)
    points = np.column_stack([x, 2.0 * x])
    np.save(tmp_path / "points.npy", points)
    (tmp_path / "points.csv").write_text("x,y\n" + "\n".join(f"{a!r},{b!r}" for a, b in points.tolist()))
    given = (points, points.tolist(), tmp_path / "points.npy", str(tmp_path / "points.csv"))
    pairs = {tuple(model.solve(one, threshold=1e-5)) for one in given}
    assert len(pairs) == 1, "it does not matter how points are brought"
    formula_latex, iterations = pairs.pop()
    assert formula_latex in {r"x + x", r"x \cdot 2", r"2 \cdot x"} and type(iterations) is int and iterations >= 1
    plane = np.column_stack([x, x[::-1] ** 2, x + x[::-1] ** 2])
    assert model.solve(plane, threshold=1e-5).latex in {"x + y", "y + x"}
    with pytest.raises(ProblemError, match="there are 2 rows"):
        model.solve(points[:2], threshold=1e-5)


def test_without_a_number_a_network_has_the_steps_it_was_taught(tmp_path: Path):
    made = load_checkpoint(untrained(tmp_path, "maze11x11"))
    taught = {"pretraining": {"task": "maze11x11", "max_steps": 20, "levels": ["random"]}}
    place = save_checkpoint(tmp_path / "taught", dataclasses.replace(made, meta=made.meta | taught))
    for size, steps in ((11, 20), (22, 40)):
        solver = Solver.from_pretrained(place, size)
        assert [solver.budget(), solver.budget("restart-every:4+verifier")] == [steps, 64]
        assert solver.budget("restart-every:20+fits+forms") == 8 * steps
        maze = solver.task.generate(1, 0, "test", 0)
        assert solver.solve(maze, rule="always").steps == len(solver.trajectory(maze)) == steps
        assert [one.steps for one in solver.stream(maze, rule="always")] == [steps]


def test_a_stream_goes_on_after_a_bad_problem(solver: Solver):
    first, second = solver.stream(["11" + "." * 14, PUZZLE])
    assert isinstance(first, Result) and "contradict" in str(first.error) and second.solved


@pytest.mark.usefixtures("unchecked")
def test_one_text_is_no_stream(solver: Solver):
    for one in (PUZZLE, Path("puzzle.txt"), None, 5):
        with pytest.raises(ValueError, match=r"stream takes many problems, and .* is one"):
            solver.stream(one)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"problem": "123"}, "3 cells"),
        ({"problem": PUZZLE, "rule": "magic"}, "unknown halting rule 'magic'"),
        ({"problem": PUZZLE, "rule": 5}, "a rule is the name of one, .* not 5"),
        ({"problem": PUZZLE, "rule": ["grpo"]}, r"a rule is the name of one, .* not \['grpo'\]"),
        ({"problem": PUZZLE, "max_steps": 0}, "max_steps must be a whole number from 1 to 100000, not 0"),
        ({"problem": PUZZLE, "max_steps": 10**11}, "max_steps must be a whole number from 1 to 100000"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_what_cannot_be_solved_says_why(solver: Solver, words: dict, said: str):
    with pytest.raises(ValueError, match=said):
        solver.solve(**words)


def test_unknown_places(tmp_path: Path):
    for place in ("sudoku5x5", tmp_path / "none", "owner/name"):
        with pytest.raises(CheckpointError, match="no checkpoint at"):
            Solver.from_pretrained(place)
    with pytest.raises(ValueError, match="no sudoku of size 5"):
        Solver.from_pretrained("sudoku4x4", size=5)
    with pytest.raises(ProblemError, match="no solution"):
        Solver.from_pretrained("sudoku4x4").solve("12..34....1...2.")


def test_an_update_moves_the_network_towards_the_solution(tmp_path: Path):
    solver = Solver.from_pretrained(untrained(tmp_path))
    losses = [solver.train_step(PUZZLE, SOLUTION, learning_rate=3e-3)["loss"] for _ in range(12)]
    assert losses[-1] < losses[0] and all(np.diff(losses) < 0.05)
    assert not any(parameter.requires_grad for parameter in solver.checkpoint.model.parameters())
    found = solver.train_step(solver.task.generate(4, 0, "train", 0), steps=1)
    assert set(found) == {"loss", "halt_loss", "solved"} and found["solved"] in (0, 0.25, 0.5, 0.75, 1)
    with pytest.raises(ValueError, match="no solution"):
        solver.train_step(PUZZLE, SOLUTION[4:] + SOLUTION[:4])
    with pytest.raises(ValueError, match="steps must be"):
        solver.train_step(PUZZLE, steps=0)


def test_a_network_of_ones_own_from_its_shape_to_its_thoughts():
    model = Solver.untrained("sudoku4x4", TRMConfig.for_sudoku(4))
    assert model.num_parameters() == sum(part.numel() for part in model.checkpoint.model.parameters())
    assert model.effective_depth == TRMConfig.for_sudoku(4).effective_depth == 2 * (2 + 1)
    losses = [model.train_step(PUZZLE, SOLUTION, learning_rate=3e-3)["loss"] for _ in range(3)]
    assert losses[2] < losses[0]
    found = model.solve(PUZZLE, 3, "always", True)
    assert found.steps == 3 and found.trajectory is not None and found.trajectory.confidence.shape == (3, 16)
    for name in ("drafts", "halt", "velocity", "entropy"):
        assert len(getattr(found.trajectory, name)) == 3, name
    with pytest.raises(ValueError, match="no grpo head"):
        model.solve(PUZZLE, rule="grpo")
    assert model.default_rule == "verifier" and model.solve(PUZZLE, 2).steps <= 2


def test_untrained_networks_differ_by_seed_alone():
    one, same, other = (Solver.untrained("sudoku4x4", TRMConfig(hidden=8), seed) for seed in (0, 0, 1))
    problem = one.task.generate(1, 0, "test", 0)
    velocities = [solver.trajectory(problem, 2).velocity for solver in (one, same, other)]
    assert (velocities[0] == velocities[1]).all() and (velocities[0] != velocities[2]).all()
    with pytest.raises(ValueError, match="unknown task 'chess'"):
        Solver.untrained("chess", TRMConfig())
    with pytest.raises(ValueError, match="exchangeable values"):
        Solver.untrained("arithmetic", TRMConfig.for_sudoku(4))


def test_size_and_depth(solver: Solver):
    config = solver.checkpoint.model.config
    assert solver.num_parameters() == solver.checkpoint.model.num_parameters()
    assert solver.effective_depth == config.layers * config.cycles * (config.latent_updates + 1)


def test_a_folder_of_the_hubs_form(solver: Solver, tmp_path: Path):
    pytest.importorskip("huggingface_hub")
    folder = Solver.from_pretrained(untrained(tmp_path)).save_pretrained(tmp_path / "saved")
    solver.save_pretrained(folder)  # over what another network left there
    assert sorted(path.name for path in folder.iterdir()) == ["README.md", "config.json", "model.safetensors"]
    again = Solver.from_pretrained(folder)
    weights = solver.checkpoint.model.state_dict()
    assert all(torch.equal(part, weights[name]) for name, part in again.checkpoint.model.state_dict().items())
    assert again.checkpoint.heads.keys() == solver.checkpoint.heads.keys()
    assert again.checkpoint.meta == solver.checkpoint.meta == load_checkpoint("sudoku4x4").meta
    card = (folder / "README.md").read_text()
    assert f"{solver.num_parameters():,} parameters" in card and "scripts/grpo.py --preset sudoku4x4" in card
    assert "clues10-12" in card and card.startswith("---\nlibrary_name: trm-gym")


def test_the_hubs_own_way_back(solver: Solver, tmp_path: Path):
    hub = pytest.importorskip("agents.inference.hub")
    folder = solver.save_pretrained(tmp_path)
    assert hub.HubModel.from_pretrained(folder).checkpoint.task == "sudoku4x4"
    shipped = load_checkpoint("arithmetic")
    after_one_step = shipped.meta["solved_at_steps"]["sum3"][0]
    assert f"| sum3 | {100 * after_one_step:.1f}% |" in hub.model_card(shipped)


def test_without_the_hubs_library(solver: Solver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    real = builtins.__import__

    def missing(name, *words, **named):
        if name == "agents.inference" and "hub" in (words[2] or ()):
            raise ImportError("No module named 'huggingface_hub'")
        return real(name, *words, **named)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(ValueError, match="pip install huggingface_hub"):
        solver.save_pretrained(tmp_path)


def test_a_hub_that_does_not_answer(monkeypatch: pytest.MonkeyPatch):
    hub = pytest.importorskip("agents.inference.hub")

    def fail(*words, **named):
        raise OSError("no network")

    monkeypatch.setattr(hub.HubModel, "from_pretrained", fail)
    with pytest.raises(CheckpointError, match="the Hub gives no checkpoint owner/name"):
        Solver.from_pretrained("hf://owner/name")


@pytest.mark.parametrize("size", [5, 11, 30])
def test_mazes_of_every_size_have_the_same_networks(size: int):
    assert networks_for(make_task(f"maze{size}x{size}")) == ["maze15x15", "maze11x11"]
    assert networks_for(make_task("sudoku4x4")) == ["sudoku4x4"]
