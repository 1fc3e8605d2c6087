"""What is read off a math problem, against what a person reads."""

from __future__ import annotations

import dataclasses
import math

import pytest
import torch

from agents.trm import TRM, Inputs, TRMConfig
from agents.trm import recognition as circuit
from agents.trm.encoders import NEVER
from agents.trm.encoders.terms import TermEncoder
from agents.trm.terms import find_terms
from trm_gym import make_task
from trm_gym.structure import TextStructure
from trm_gym.written.signs import SYMBOLS, tokenize

CONFIG = TRMConfig(hidden=16, mixer="mlp", positions="terms")
TERMS = CONFIG.position_settings["terms"]


def cells(text: str) -> torch.Tensor:
    return torch.from_numpy(tokenize(text, 40)).long()[None]


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch):
    """Numbers as they are, so that sums can be read off."""
    monkeypatch.setattr(circuit, "values", lambda signed: signed[..., None])


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("3*x+4=10", ["3*x", "4", "10"]),
        ("12-x=-5*x+123", ["12", "x", "5*x", "123"]),
        ("(x+2)*x^2-7x^3", ["x", "2", "x^2", "7x^3"]),
        ("x*x*3", ["x", "x", "3"]),
        ("evaluate x^2+1 at x=3", ["x^2", "1", "x", "3"]),
        ("", []),
    ],
)
def test_terms_are_found_in_reading_order(text, terms):
    tokens = cells(text)
    found = find_terms(tokens)
    assert int(found.present.sum()) == len(terms)
    for number, term in enumerate(terms):
        assert "".join(SYMBOLS[token] for token in tokens[0][found.cells[0, number]]) == term


@pytest.mark.parametrize(
    ("text", "totals"),
    [
        ("3*x+4=10", [-6, 3, 0, 0, 0]),
        ("12-x=-5*x+123", [-111, 4, 0, 0, 0]),
        ("collect 3*x+5-x-7*x^2", [5, 2, -7, 0, 0]),
        ("2*(3*x-4)+5=1", [4, 0, 0, 0, 0]),  # what brackets hold is left to the network
        ("12+34-5", [0, 0, 0, 0, 0]),  # and so are sums of plain numbers
        ("2*x+3*y=7", [-7, 2, 0, 0, 3]),
    ],
)
def test_totals_by_role(plain, text, totals):
    assert circuit.read_terms(cells(text), 8).totals[0, :, 0].tolist() == totals


def test_a_second_equation_has_totals_of_its_own(plain):
    totals = circuit.read_terms(cells("2*x+3*y=7,x-y=1"), 8).totals[0]
    assert totals.T.tolist() == [[-7, 2, 0, 0, 3], [-1, 1, 0, 0, -1]]


@pytest.mark.parametrize(
    ("text", "factors"),
    [
        ("expand (2*x+8)*(-8+3*x)", [8, 2, -8, 3, 0, 0]),
        ("expand (x-1)*(5-x)*(-x)", [-1, 1, 5, -1, 0, -1]),
        ("3*x+4=10", [0, 0, 0, 0, 0, 0]),
        ("2*((x+1)+x)=5", [0, 0, 0, 1, 0, 0]),  # one bracket deep, by the brackets opened so far
    ],
)
def test_what_each_bracket_holds(plain, text, factors):
    assert circuit.read_terms(cells(text), 8).factors[0].tolist() == factors


def test_an_answer_cell_sees_the_coefficient_of_its_power():
    task = make_task("algebra")
    torch.manual_seed(0)
    encoder = TRM(CONFIG, task.vocab, task.structure).encoder
    assert isinstance(encoder, TermEncoder) and encoder.coefficient is not None
    torch.nn.init.zeros_(encoder.total.weight)
    one, other = (torch.nn.functional.pad(cells(f"collect {text}"), (0, 24)) for text in ("2*x^2+x", "2*x^2+3*x"))
    differs = (encoder.embed(Inputs.of_tokens(one)) != encoder.embed(Inputs.of_tokens(other))).any(-1)[0, TERMS:]
    assert isinstance(task.structure, TextStructure)
    powers, places = task.structure.powers, task.structure.places
    assert powers is not None and places is not None
    assert differs[powers == 1].all() and not differs[(powers != 1) & (places < 0)].any()


@pytest.mark.parametrize(
    ("text", "columns"),
    [("123-45+7", [5, -2, 1]), ("-3--40+9", [6, 4, 0]), ("12*3+4", [4, 0, 0]), ("(1+2)+50", [0, 5, 0])],
)
def test_columns_of_digits(plain, text, columns):
    """On paper: 3 - 5 + 7, 2 - 4, 1; products and brackets are not added up; carries are nowhere."""
    assert circuit.read_terms(cells(text), 8).columns[0, :3, 0].tolist() == columns


def test_values_by_hand():
    numbers = circuit.values(torch.tensor([-20.0]))[0]
    assert numbers[:3].tolist() == pytest.approx([-2.0, -0.2, -0.02])
    assert numbers[3:6].tolist() == pytest.approx([math.log(20) / 3, -1.0, 0.0])
    sines, cosines = numbers[6:18], numbers[18:30]
    assert sines[0].item() == pytest.approx(0.0, abs=1e-4) and cosines[0].item() == pytest.approx(1.0)
    assert sines[1].item() == pytest.approx(math.sin(-2 * math.pi * 20 / 3), abs=1e-4)


def test_an_answer_cell_sees_the_column_of_its_place():
    task = make_task("arithmetic")
    torch.manual_seed(0)
    encoder = TRM(CONFIG, task.vocab, task.structure).encoder
    one, other = (torch.nn.functional.pad(cells(text)[:, :32], (0, 16)) for text in ("123+456", "123+756"))
    differs = (encoder.embed(Inputs.of_tokens(one)) != encoder.embed(Inputs.of_tokens(other))).any(-1)[0, TERMS:]
    assert isinstance(task.structure, TextStructure) and task.structure.places is not None
    assert differs.tolist() == (task.structure.places == 2).tolist(), "only the hundreds"


def test_a_network_over_terms_speaks_of_the_answer_alone():
    task = make_task("algebra")
    torch.manual_seed(0)
    model = TRM(CONFIG, task.vocab, task.structure)
    problems = torch.from_numpy(task.generate(3, task.default_level, "train", 0).problem).long()
    carry, output = model(model.initial_carry(3), Inputs.of_tokens(problems))
    written = task.structure.answer_start
    assert output.logits.shape == (3, task.length, task.vocab)
    assert (output.logits[:, :written] == NEVER).all() and (output.logits[:, written:] != NEVER).all()
    assert carry.answer.shape[1] == TERMS + task.length - written


def test_terms_need_a_task_of_text():
    sudoku = make_task("sudoku4x4")
    with pytest.raises(ValueError, match="needs a task of text"):
        TRM(dataclasses.replace(CONFIG, mixer="units"), sudoku.vocab, sudoku.structure)


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        # -6x^2; 5x and 48x: 5 + 8 units, 4 tens; -40: no units, -4 tens.
        ("expand (-x+8)*(6*x-5)", [[0, -4], [13, 4], [-6, 0], [0, 0]]),
        ("expand (3-8*x)*(7*x-8)", [[-4, -2], [5, 8], [-6, -5], [0, 0]]),
        ("2*(x+3)+4*(x-1)=5", [[0, 0]] * 4),  # added, not multiplied
        ("3*x+4=10", [[0, 0]] * 4),
    ],
)
def test_columns_of_products(plain, text, columns):
    """On paper: (3 - 8x)(7x - 8) is -24, 21x + 64x (1 + 4 units, 2 + 6 tens) and -56x^2."""
    assert circuit.read_terms(cells(text), 8).products[0, :, :2, 0].tolist() == columns
