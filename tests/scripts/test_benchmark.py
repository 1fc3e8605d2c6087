"""scripts/benchmark.py: the published step told again is the published one, and ours; subjects run; bad input."""

from __future__ import annotations

import ast
import contextlib
import inspect
import json
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import safetensors
import torch

from agents.common.acceleration import operations
from agents.common.cli import main
from agents.losses import stablemax_cross_entropy
from agents.trm import TRM, Carry, Inputs
from scripts import benchmark
from scripts.benchmarking import fresh
from scripts.benchmarking import training as part
from scripts.benchmarking.machine import Machine, fastest, product_rate, split_time
from scripts.benchmarking.measuring import Figure, printed
from scripts.benchmarking.networks import compared, network
from scripts.benchmarking.page import measure_page
from scripts.benchmarking.rivals import (
    Published,
    Shape,
    has_recursive_model,
    published,
    published_loss,
    recursive_model,
)
from trm_gym import make_task

OFFICIAL = Path(__file__).parents[1] / "data" / "official_mlp.safetensors"
SMALL = Shape(hidden=16, cycles=2, latent_updates=1)
WORDS = ["--training.hidden", "16", "--training.cycles", "2", "--training.latent-updates", "1", "--training.batch", "2"]
QUICK = [*WORDS, "--training.compile", "off", "--training.seconds", "0"]


def test_the_restated_step_computes_what_the_official_code_does():
    with safetensors.safe_open(str(OFFICIAL), "pt") as file:
        settings, names = json.loads(file.metadata()["config"]), file.keys()
        numbers = {name: file.get_tensor(name) for name in names}
    sizes = (settings["seq_len"], settings["vocab_size"], settings["puzzle_emb_len"], settings["hidden_size"])
    shape = Shape(*sizes, settings["H_cycles"], settings["L_cycles"])
    model = Published(shape, torch.float64, settings["num_puzzle_identifiers"]).double()
    model.load_state_dict(restated(numbers))
    problem, puzzle = numbers["inputs"].long(), numbers["puzzle_identifiers"].long()
    y, z = model.initial_carry(len(problem))
    for step in ("step1_float64", "step2_float64"):
        y, z, logits, halt = model.step(y, z, problem, puzzle)
        found = {"logits": logits, "q_halt": halt, "z_H": y, "z_L": z}
        for name, value in found.items():
            expected = numbers[f"{step}.{name}"]
            torch.testing.assert_close(value[: len(expected)].float(), expected, atol=1e-5, rtol=0)


def restated(numbers: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Official weights by the names that they have in the restated step."""
    weights = {name.removeprefix("weights."): value for name, value in numbers.items() if name.startswith("weights.")}
    plain = {
        "embed_tokens.embedding_weight": "tokens",
        "puzzle_emb.weights": "puzzles",
        "lm_head.weight": "head.weight",
    }
    plain |= {"q_head.weight": "halt.weight", "q_head.bias": "halt.bias"}
    for block in range(2):
        for there, here in (("mlp_t", "over_positions"), ("mlp", "over_channels")):
            for old, new in (("gate_up_proj", "up"), ("down_proj", "down")):
                plain[f"L_level.layers.{block}.{there}.{old}.weight"] = f"blocks.{block}.{here}.{new}.weight"
    starts = torch.stack([weights["H_init"], weights["L_init"]])
    return {here: weights[there] for there, here in plain.items()} | {"starts": starts}


def our_name(name: str) -> str:
    """Our name of a weight of the restated step."""
    parts = {"blocks.": "core.", "over_positions.": "mixer.mlp.", "over_channels.": "mlp.", "up.": "gate_up."}
    parts |= {"tokens": "encoder.symbols", "puzzles": "prefix.puzzles", "head.": "encoder.head."}
    for there, here in parts.items():
        name = name.replace(there, here)
    return name


def test_the_restated_step_has_our_logits_carry_loss_and_gradients():
    task = make_task("sudoku9x9")
    torch.manual_seed(0)
    ours = TRM(compared(SMALL, 2).model, task.vocab, task.structure).double()
    with torch.no_grad():
        for weight in (ours.halt.weight, ours.get_parameter("prefix.puzzles")):
            weight.normal_()  # both start from zero, which would hide what they do
    theirs = Published(SMALL, torch.float64).double()
    state = ours.state_dict() | {"starts": torch.stack([ours.answer_start, ours.reasoning_start])}
    theirs.load_state_dict({name: state[our_name(name)] for name in theirs.state_dict()})
    problem, solution = torch.randint(0, 10, (2, 3, 81), generator=torch.Generator().manual_seed(1))
    carry, (y, z) = ours.initial_carry(3), theirs.initial_carry(3)
    for _ in range(2):
        carry, output = ours(carry, Inputs.of_tokens(problem))
        y, z, logits, halt = theirs.step(y.detach(), z.detach(), problem, torch.zeros(3, dtype=torch.long))
        torch.testing.assert_close(output.logits, logits)
        torch.testing.assert_close(output.halt, halt)
        torch.testing.assert_close(carry, Carry(y.detach(), z.detach()))
    right = torch.zeros(3)  # no draft of noise is right
    halting = torch.nn.functional.binary_cross_entropy_with_logits(output.halt.float(), right)
    loss = stablemax_cross_entropy(output.logits, solution).mean() + 0.5 * halting
    restated_loss = published_loss(logits, halt, solution) / 3
    torch.testing.assert_close(restated_loss, loss.double())
    loss.backward()
    restated_loss.backward()
    gradients = {name: parameter.grad for name, parameter in theirs.named_parameters() if parameter.grad is not None}
    assert len(gradients) == 13
    for name, gradient in gradients.items():
        torch.testing.assert_close(ours.get_parameter(our_name(name)).grad, gradient)


def test_other_programs_make_updates():
    for dtype in (torch.float32, torch.bfloat16):
        update = published(SMALL, dtype, 2)
        update()
        update()
    if has_recursive_model():
        recursive_model(SMALL, 2)()


def test_training_is_measured_in_one_call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    started = []
    monkeypatch.setattr(part, "has_recursive_model", lambda: False)
    monkeypatch.setattr(part, "measure_machine", lambda shapes, seconds: Machine(100e9, 50e9, 1))
    monkeypatch.setattr(part, "printed", lambda code, **variables: started.append(code) or 2.0)
    monkeypatch.setenv("COLUMNS", "200")
    main(benchmark.run, benchmark.Config, args=["training", *QUICK, "--training.mixers", "attention"])
    said = capsys.readouterr().out
    rows = ("ours, eager", "published step, eager float32", "attention, sudoku9x9, batch 2, eager", "where the time")
    figures = ("ours against published step, eager bfloat16", "compiling attention, cached", "memory of training 9x9")
    for expected in ("does not pay", "tiny-recursive-model is left out: it is not installed", *rows, *figures):
        assert expected in said, expected
    assert [check_call(code) for code in started] == ["compiling", "compiling", "peak"]


def check_call(code: str) -> str:
    """The function of fresh.py that ``code`` calls; it must be given as many arguments as it takes."""
    statement = ast.parse(code).body[-1]
    assert isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
    call = statement.value.args[0]
    assert isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
    assert len(call.args) == len(inspect.signature(getattr(fresh, call.func.id)).parameters)
    return call.func.id


def test_presets_are_the_ones_that_are_trained():
    assert network("units", SMALL, 2).model.mixer == "units" and network("conv", SMALL, 2).task == "maze11x11"
    assert compared(Shape(), 64).model.effective_depth == 42


def test_what_takes_long_is_measured_with_fewer_problems():
    asked = []

    def make(count: int):
        asked.append(count)
        return lambda: time.sleep(count * 0.01)

    config = part.Training(batch=64, seconds=0.0, longest=0.05)
    rate, count = part.samples_per_second(make, config)
    assert asked == [2, count] and 2 <= count <= 5
    assert rate == pytest.approx(100, rel=0.5)


def test_operations_are_counted_and_time_is_split():
    left, right = torch.randn(200, 300), torch.randn(300, 400)
    assert operations(lambda: left @ right) == 2 * 200 * 300 * 400
    split = split_time(lambda: [left @ right for _ in range(50)])
    assert split[0] > 0.5 and split[1] == split[2] == 0 and sum(split) == pytest.approx(1)
    assert product_rate((20, 30, 40), torch.bfloat16, 0.0) > 0
    assert fastest(lambda: None, 0.0) < 1


@pytest.mark.parametrize(("half", "pays"), [(50e9, False), (119e9, False), (300e9, True)])
def test_bfloat16_is_used_where_it_pays(half: float, pays: bool):
    machine = Machine(100e9, half, 2)
    assert machine.bfloat16_pays is pays
    assert machine.shares(50e9) == ("50%", f"{50e9 / half:.0%}")


def test_the_most_memory_is_told_in_gigabytes(monkeypatch: pytest.MonkeyPatch):
    run = SimpleNamespace(update=lambda: updates.append(1))
    updates = []
    monkeypatch.setattr(fresh, "training", lambda *given: contextlib.nullcontext(run))
    monkeypatch.setattr(fresh.resource, "getrusage", lambda who: SimpleNamespace(ru_maxrss=2_000_000))
    monkeypatch.setattr(fresh.sys, "platform", "linux")
    assert fresh.peak("mlp", SMALL, 2, 1, "off", False, torch.get_num_threads()) == pytest.approx(2.048)
    assert len(updates) == 2


def test_figures_of_new_interpreters():
    assert printed("import os; print('said'); print(2 * float(os.environ['HALF']))", HALF="1.5") == 3
    with pytest.raises(ValueError, match="ended with code 3"):
        printed("raise SystemExit(3)")
    with pytest.raises(ValueError, match="want of memory"):
        printed("import os; os.kill(os.getpid(), 9)")


def test_figures_stand_beside_their_bars(capsys: pytest.CaptureFixture[str]):
    benchmark.show([Figure("speed", 2.0, "times", 3.0), Figure("wait", 2.0, "s", 3.0, below=True)])
    fast, wait = (line for line in capsys.readouterr().out.splitlines() if "2.00" in line)
    assert "missed" in fast and ">= 3" in fast
    assert "met" in wait and "<= 3" in wait


def test_other_subjects_keep_their_options(monkeypatch: pytest.MonkeyPatch):
    seen = {}
    for name in ("envs", "tasks", "sb3"):
        monkeypatch.setitem(benchmark.SUITE, name, lambda settings, name=name: seen.setdefault(name, settings) and [])
        words = [name, "--task", "sudoku4x4", "--level", "clues10-12", "--slots", "8", "--loop-slots", "2"]
        main(benchmark.run, benchmark.Config, args=[*words, "--seconds", "0.1"])
        assert seen[name] == benchmark.Settings("sudoku4x4", "clues10-12", 8, 2, 0.1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--training.batch", "0"], "--training.batch must be at least 1"),
        (["--training.memory-hidden", "0"], "--training.memory-hidden must be at least 1"),
        (["--training.cycles", "1"], "--training.cycles must be at least 2"),
        (["--training.threads", "-1"], "--training.threads must be at least 0"),
    ],
)
def test_bad_input(capsys: pytest.CaptureFixture[str], words: list[str], said: str):
    with pytest.raises(SystemExit) as stopped:
        main(benchmark.run, benchmark.Config, args=["training", *words])
    assert stopped.value.code == 2 and said in capsys.readouterr().err


def test_the_page_is_asked_for_every_task(monkeypatch, capsys):
    pytest.importorskip("starlette", reason="the viewer needs starlette: pip install 'trm-gym[viewer]'")
    monkeypatch.setattr("scripts.benchmarking.page.TASKS", {"sudoku4x4": "1.34\n34.2\n.14.\n43.1", "maze11x11": ""})
    main(benchmark.run, benchmark.Config, args=["page"])
    told = capsys.readouterr().out
    assert "the page is open" in told and told.count("its first step is shown") == told.count("its run has ended") == 2
    figures = {figure.what: figure.value for figure in measure_page()}
    for task in ("sudoku4x4", "maze11x11"):
        assert 0 < figures[f"{task}: its first step is shown"] < figures[f"{task}: its run has ended"]
