"""The worksheet: columns that are not carried, trials of long divisions, and a network that reads them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from agents.common.acceleration import AccelerationConfig
from agents.pretraining.config import PretrainConfig
from agents.pretraining.presets import PRETRAIN
from agents.pretraining.trainer import Pretrainer
from agents.trm import TRM, Inputs
from agents.trm.config import WORKSHEET
from trm_gym import make_task
from trm_gym.algebra.layout import POWER_OF_CELL
from trm_gym.task import Problems, Task
from trm_gym.worksheet.asked import FACTORS, NOTHING, NUMBER, PAIR, POLYNOMIAL
from trm_gym.worksheet.cells import CLOSELY, NO_TRIAL, SIGNS, TEN_OR_MORE, TOO_MUCH, fields, show, sign_codes
from trm_gym.worksheet.columns import WIDEST
from trm_gym.written.signs import DIGIT, TOKEN

NONE = -WIDEST - 1
LEVELS = [(name, level.name) for name in ("arithmetic", "algebra") for level in make_task(name).levels]


def shown(task: Task, problems: Problems, drafts: np.ndarray) -> tuple[np.ndarray, ...]:
    """Kinds [B]; columns, trials and signs [B, answer] of whole drafts."""
    start = task.structure.answer_start
    sheet = show(problems.problem[:, :start], drafts[:, start:])
    return sheet.kinds, sheet.codes[..., 0] + NONE, sheet.codes[..., 1], sheet.codes[..., 2]


def columns_of(text: str, kind: int = NUMBER, number: int = 0) -> list[int]:
    """The columns of one number of a problem's answer, units first."""
    task = make_task("algebra" if set(text) & set("x=") else "arithmetic")
    problems = task.encode(text)
    kinds, columns, _, _ = shown(task, problems, problems.start)
    assert kinds[0] == kind
    where = fields(columns.shape[1])
    found = columns[0][(where.number[kind] == number) & (where.place[kind] >= 0)].tolist()
    while len(found) > 1 and found[-1] == 0:
        found.pop()
    return found


def test_columns_are_not_carried():
    assert columns_of("27+65") == [12, 8] and columns_of("27-65") == [2, -4]
    assert columns_of("25*14") == [20, 13, 2] and columns_of("12^2") == [4, 4, 1]
    assert columns_of("19*(3-25)") == [-18, -20, -2]
    assert columns_of("1/3+1/6") == [9] and columns_of("1/3+1/6", number=1) == [18]
    assert columns_of("3*x+17=42+x") == [-5, 3] and columns_of("3*x+17=42+x", number=1) == [2]
    assert columns_of("expand (2*x+15)*(x-7)", POLYNOMIAL, 0) == [-35, -7]
    assert columns_of("differentiate 45*x^3", POLYNOMIAL, 2) == [15, 12]
    assert columns_of("evaluate x^2-9 at x=12") == [-5, 4, 1]


def test_a_column_beyond_the_widest_is_written_out_in_digits():
    assert columns_of("9*9*8") == [8, 4, 6] and columns_of("99*99*9") == [9, 10, 21, 6, 8]


def test_what_an_answer_is_made_of():
    task = make_task("algebra")
    for text, kind in (("x^2=16", PAIR), ("x^2=2*x-1", NUMBER), ("x+y=3,x-y=1", PAIR), ("factor x^2-1", FACTORS)):
        problems = task.encode(text)
        assert shown(task, problems, problems.start)[0][0] == kind
    for text in ("factor x^2+1", "factor x^3+x"):
        tokens = np.array([[TOKEN["factor"], *(TOKEN[sign] for sign in text[7:]), *[0] * (48 - len(text))]], np.uint8)
        sheet = show(tokens[:, :40], np.zeros((1, 24), np.uint8))
        assert sheet.kinds[0] == NOTHING and not sheet.codes.any(), text


def test_a_right_digit_shows_the_next_one():
    task = make_task("arithmetic")
    problems = task.encode("-8901/23")  # 387
    draft = problems.start
    found = []
    for digits in ("", "3", "38", "387", "9", "2"):
        draft[0, 33:40] = 0
        for place, digit in zip((2, 1, 0), digits, strict=False):
            draft[0, 33 + place] = DIGIT + int(digit)
        _, _, trials, signs = shown(task, problems, draft)
        found.append(trials[0, 1:4][::-1].tolist())
        assert signs[0, 0] == 1, "negative"
    digit = [TOO_MUCH + 1 + value for value in range(10)]
    assert found[0] == [digit[3], TEN_OR_MORE, TEN_OR_MORE]
    assert found[1] == [digit[3], digit[8], TEN_OR_MORE] and found[2] == found[3] == [digit[3], digit[8], digit[7]]
    assert found[4] == [digit[3], TOO_MUCH, TOO_MUCH] and found[5][1] == TEN_OR_MORE
    whole = task.encode("731-58")
    assert set(shown(task, whole, whole.start)[2].flat) == {NO_TRIAL}, "where nothing is divided no digit is told"


@pytest.mark.parametrize(("name", "level"), LEVELS)
def test_who_carries_the_columns_and_copies_the_trials_has_the_answer(name, level):
    task = make_task(name)
    problems = task.generate_at_most(60, task.level_index(level), "train", 5)
    start = task.structure.answer_start
    where = fields(task.length - start)
    drafts = problems.start
    for _ in range(8):
        kinds, columns, trials, _ = shown(task, problems, drafts)
        for cell in range(len(where.number[0])):
            is_trial = (trials[:, cell] > TOO_MUCH) & (trials[:, cell] < TEN_OR_MORE)
            drafts[is_trial, start + cell] = (trials[:, cell] - TOO_MUCH - 1 + DIGIT)[is_trial]
    for row, kind in enumerate(kinds):
        if kind == CLOSELY:
            continue
        for number in range(where.number[kind].max() + 1):
            cells = np.flatnonzero((where.number[kind] == number) & (where.place[kind] >= 0))
            places = where.place[kind][cells]
            if columns[row, cells[0]] == NONE:
                continue
            answer, draft = (part[row, start:][cells] for part in (problems.solution, drafts))
            digits = np.where((answer >= DIGIT) & (answer < DIGIT + 10), answer - DIGIT, 0).astype(int)
            wanted = int((digits * 10**places).sum())
            if trials[row, cells[0]]:
                got = int(((draft.astype(int) - DIGIT) * 10**places).sum())
            else:
                got = abs(int((columns[row, cells] * 10**places).sum()))
            # A denominator or a coefficient of 1 is not written; where it is not, nor is the sign of a fraction.
            assert got == wanted or (got == 1 and wanted == 0), task.decode(problems.problem[row])


def closely_written(task: Task, problems: Problems, row: int) -> list[int]:
    """An answer that is written closely: what the marks and the carried columns come to."""
    start = task.structure.answer_start
    codes = show(problems.problem[[row], :start], problems.start[[row], start:]).codes[0]
    columns, marks, answer = codes[:, 0] + NONE, codes[:, 3], []
    while len(answer) < len(marks):
        at = len(answer)
        if marks[at] or columns[at] == NONE:
            answer.append(int(marks[at]))
            continue
        end = at
        while end < len(marks) and columns[end] != NONE:
            end += 1
        number = int((columns[at:end] * 10 ** np.arange(end - at)).sum())
        sign = TOKEN["-" if number < 0 else "+"]
        if abs(number) == 1 and end == at + 1 and marks[min(end, len(marks) - 1)] in (TOKEN["x"], TOKEN["("]):
            answer.append(sign)  # a coefficient of 1 is not written; what it comes from stands at its sign
            continue
        if at and answer[-1] == 0:  # the cell of its sign, of which nothing is told
            answer[-1] = sign
        answer += [DIGIT + int(digit) for digit in reversed(f"{abs(number):0{end - at}d}")]
    return answer


@pytest.mark.parametrize("level", ["long_terms", "powers", "high_products", "splits"])
def test_who_carries_what_is_written_closely_has_the_answer(level):
    task = make_task("algebra")
    problems = task.generate(200, task.level_index(level), "train", 5)
    start, count = task.structure.answer_start, 0
    kinds = shown(task, problems, problems.start)[0]
    for row in np.flatnonzero(kinds == CLOSELY).tolist():
        answer, wanted = closely_written(task, problems, row), problems.solution[row, start:].tolist()
        assert answer == wanted, task.decode(problems.problem[row])
        count += 1
    assert count > 40 and set(kinds.flat) <= {CLOSELY, FACTORS}


@pytest.mark.parametrize(
    "text", ["x=1,y=123456", "x^2-1234567*x=0", "x=-12345,y=7", "1234*x=4321", "x=1/3,y=1234567", "factor x^2-16000000"]
)
def test_numbers_without_room_are_written_closely(text):
    task = make_task("algebra")
    problems = task.encode(text)
    start = task.structure.answer_start
    (kind,) = shown(task, problems, problems.start)[0]
    assert (kind == CLOSELY) == (text != "x=-12345,y=7")
    if kind == CLOSELY:
        marks = show(problems.problem[:, :start], problems.solution[:, start:]).codes[0, :, 3]
        assert (problems.solution[0, start:][marks > 0] == marks[marks > 0]).all() and marks.any()


def test_anything_can_be_shown():
    rng = np.random.default_rng(0)
    for name in ("arithmetic", "algebra"):
        task = make_task(name)
        start = task.structure.answer_start
        sheet = show(
            rng.integers(0, task.vocab, (500, start)).astype(np.uint8),
            rng.integers(0, task.vocab, (500, task.length - start)).astype(np.uint8),
        )
        assert (sheet.kinds == NOTHING).mean() > 0.9
        for text in ("9" * 9 + "*" + "9" * 9, "9^99", "((((((((1))))))))", "1/(2-2)", "2^"):
            tokens = np.zeros((1, start), np.uint8)
            tokens[0, : len(text)] = [TOKEN[sign] for sign in text]
            assert show(tokens, np.zeros((1, task.length - start), np.uint8)).kinds[0] in (NOTHING, NUMBER)


def test_without_trials_the_network_sees_no_division():
    task = make_task("arithmetic")
    problems = task.encode("8901/23")
    drafts = torch.from_numpy(np.concatenate([problems.start, problems.solution])).long()
    both = Problems.concatenate([problems, problems])
    for trials in (0, 1):
        torch.manual_seed(0)
        config = dataclasses.replace(WORKSHEET, position_options=(f"trials={trials}",))
        encoder = TRM(config, task.vocab, task.structure).encoder
        blank, solved = encoder.embed(Inputs.of(both, drafts))
        assert torch.equal(blank, solved) == (trials == 0)


def test_a_worksheet_is_for_tasks_of_text_with_fields():
    task = make_task("sudoku4x4")
    with pytest.raises(ValueError, match="a worksheet needs a task of text"):
        TRM(WORKSHEET, task.vocab, task.structure)
    with pytest.raises(ValueError, match="has fields for arithmetic and algebra"):
        fields(5)


def test_a_network_learns_from_it():
    config = PretrainConfig(
        task="arithmetic",
        levels=("quotient",),
        model=dataclasses.replace(WORKSHEET, hidden=32),
        optim=PRETRAIN["everyday_arithmetic"].optim,
        acceleration=AccelerationConfig(compile="off", bfloat16="off"),
        updates=60,
        batch=32,
    )
    trainer = Pretrainer(config)
    try:
        losses = [trainer.update()["loss"] for _ in range(config.updates)]
    finally:
        trainer.supply.close()
    assert np.mean(losses[-10:]) < 0.5 * np.mean(losses[:5])


def test_cells_of_a_polynomial_belong_to_their_power():
    where = fields(24)
    digits = where.place[POLYNOMIAL] >= 0
    assert (where.number[POLYNOMIAL][digits] == POWER_OF_CELL[digits]).all()


@pytest.mark.parametrize(
    ("text", "follow"),
    [
        ("differentiate 48*x^3+65*x", {1, 0}),  # 144x^2+65: nothing before x^2
        ("collect 5+x-x", set()),
        ("collect 2*x^3-x^2+x^2+4*x", {2, 1, 0}),
        ("expand (x-1)*(x+1)", {1, 0}),
    ],
)
def test_a_term_is_told_whether_another_stands_before_it(text, follow):
    """Terms of zero, as that of x in the first, follow too; whether they are shown is the network's to find."""
    task = make_task("algebra")
    problems = task.encode(text)
    where = fields(task.length - task.structure.answer_start)
    _, _, _, signs = shown(task, problems, problems.start)
    cells = np.flatnonzero(where.place[POLYNOMIAL] == -1)
    told = {int(where.number[POLYNOMIAL][cell]) for cell in cells if signs[0, cell] >= SIGNS}
    assert told == follow
    assert sign_codes(24) == 2 * SIGNS
    assert sign_codes(make_task("arithmetic").length - make_task("arithmetic").structure.answer_start) == SIGNS
