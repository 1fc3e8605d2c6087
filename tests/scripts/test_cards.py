"""The shipped networks' cards are what their notes and the results say today; failures are failures."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from agents.checkpoint import load_checkpoint, shipped
from agents.common.curves import curve_writer
from agents.evaluation.records import load_record
from agents.inference.card import Failure, Reached, budget, card, first_failure
from agents.pages.curves import Curve, thinned
from agents.trm import TRM
from scripts import cards
from tests.scripts.checkpoints import untrained
from trm_gym import make_task

DOCS = Path(__file__).parents[2] / "docs"
KNOWN = {
    name: [Failure(**one) for one in found]
    for name, found in json.loads((DOCS / "networks" / "failures.json").read_text("utf-8")).items()
}


def test_cards_are_up_to_date(tmp_path):
    cards.run(cards.Config(docs=DOCS, folder=tmp_path, pictures=False))
    written = {path.name: path.read_text("utf-8") for path in tmp_path.glob("*.md")}
    stand = {path.name: path.read_text("utf-8") for path in (DOCS / "networks").glob("*.md")}
    assert written == stand, "run `python scripts/cards.py --no-pictures` and commit what it changes"
    assert written.keys() == {"index.md", *(f"{name}.md" for name in shipped())}


def test_every_network_has_a_failure_drawn_or_none_was_found():
    assert KNOWN.keys() == set(shipped())
    drawn = {name for name, found in KNOWN.items() if any(one.number for one in found)}
    assert drawn == {path.stem for path in (DOCS / "networks" / "images").glob("*.png")}
    for name in drawn:
        with Image.open(DOCS / "networks" / "images" / f"{name}.png") as picture:
            assert picture.mode == "P" and min(picture.size) > 100
        assert f"(images/{name}.png)" in (DOCS / "networks" / f"{name}.md").read_text("utf-8")


@pytest.mark.parametrize("name", [name for name, found in KNOWN.items() if found[0].wrong and found[0].right])
def test_a_wrong_answer_is_wrong_and_the_right_one_right(name):
    """By the verifier, without the network: both texts of the card, where they have one line."""
    (failure,) = KNOWN[name]
    task = make_task(load_checkpoint(name).task)
    problems = task.generate_at_most(failure.number, task.level_index(failure.level), "test", seed=0)
    one = problems[slice(failure.number - 1, failure.number)]
    assert not failure.problem or task.problem_text(one) == failure.problem
    for text, solved in ((failure.wrong, False), (failure.right, True)):
        try:
            draft = np.where(one.free[0], task.read_draft(text), one.problem[0])
        except ValueError:
            assert not solved, "no answer at all"
            continue
        assert bool(task.verify(one, draft[None]).solved[0]) == solved


def test_an_untrained_network_fails_at_the_first_problem(tmp_path: Path):
    checkpoint = load_checkpoint(untrained(tmp_path))
    failure, problem, draft = first_failure(checkpoint, "clues6-8")
    assert failure.number == failure.tried == 1 and failure.steps == budget(checkpoint) == 16
    assert problem is not None and not make_task("sudoku4x4").verify(problem, draft[None]).solved[0]
    told = card(checkpoint, failures=[failure])
    assert "number 1: `" in told and f"right is `{failure.right}`" in told and "(not recorded)" in told
    assert "From" not in told.split("## Use")[0] and 'from_pretrained("path/of/this/folder")' in told


def test_where_nothing_fails_it_says_so(tmp_path: Path, solving):
    checkpoint = load_checkpoint(untrained(tmp_path))
    solving(16)  # the last step of the budget
    failure, problem, draft = first_failure(checkpoint, "clues4-5")
    assert (failure.number, failure.tried, problem, len(draft)) == (0, 7, None, 0)
    assert "all 7 test problems of `clues4-5`" in card(checkpoint, failures=[failure])


def test_the_budget_is_what_it_was_taught_with(tmp_path: Path):
    checkpoint = load_checkpoint(untrained(tmp_path))
    taught = dataclasses.replace(checkpoint, meta={"pretraining": {"max_steps": 40}})
    assert budget(taught) == 40 and "max_steps=40" in card(taught)
    assert budget(load_checkpoint("sudoku4x4")) == 16


def test_the_weakest_level_comes_first():
    measured = Reached("", ["level", "16 steps (95%)", "best"], [["a", "100.0 (9..9)", ""], ["b", "9.5 (9..9)", ""]])
    assert cards.weakest_first(load_checkpoint("sudoku4x4"), measured) == ["b", "a"]
    assert cards.weakest_first(load_checkpoint("sudoku4x4"), None) == ["clues10-12", "clues6-8", "clues4-5"]


def test_a_network_that_was_not_measured_shows_its_own_notes():
    record = load_record(DOCS / "results" / "records" / "networks.json")
    assert cards.measured_of("arithmetic", record) is not None and cards.measured_of("none", record) is None
    assert "| sum3 |" in card(load_checkpoint("arithmetic"), "arithmetic", None)


def test_what_a_card_tells_to_run_runs(capsys):
    (code,) = re.findall(r"```python\n(.*?)```", (DOCS / "networks" / "sudoku4x4.md").read_text("utf-8"), re.DOTALL)
    exec(code, {})  # noqa: S102  the card's own
    assert "solved=True" in capsys.readouterr().out


def test_an_unknown_network_is_refused():
    with pytest.raises(ValueError, match="no network 'nowhere' comes with the package: choose of algebra"):
        cards.Config(networks=("nowhere",))


def test_one_network_leaves_the_others_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What ``--networks`` does for one that joins: its page and picture, the list, and its failure among the known."""
    record = tmp_path / "results" / "records" / "networks.json"
    record.parent.mkdir(parents=True)
    record.write_text((DOCS / "results" / "records" / "networks.json").read_text("utf-8"), "utf-8")
    cards.run(cards.Config(("sudoku6x6",), docs=tmp_path))
    assert sorted(path.name for path in (tmp_path / "networks").iterdir()) == [
        "failures.json", "images", "index.md", "sudoku6x6.md"
    ]  # fmt: skip
    monkeypatch.setattr(TRM, "forward", None)  # a network that is not asked again
    cards.run(cards.Config(("sudoku6x6",), pictures=False, docs=tmp_path))
    assert list(json.loads((tmp_path / "networks" / "failures.json").read_text())) == ["sudoku6x6"]


def test_a_training_is_drawn_on_the_card_of_its_network(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    events, docs = tmp_path / "events", tmp_path / "docs"
    shutil.copytree(DOCS / "results", docs / "results")
    with curve_writer(events) as writer:
        for update in range(1, 251):
            writer.add_scalar("train/loss", 1 / update, update)
    name = shipped()[0]
    cards.run(cards.Config(networks=(name,), pictures=False, docs=docs, curves=events))
    written = (docs / "networks" / f"{name}.md").read_text("utf-8")
    assert f"(curves/{name}.png)" in written and "No curve of the training" not in written
    with Image.open(docs / "networks" / "curves" / f"{name}.png") as picture:
        assert min(picture.size) > 100
    for place, said in ((docs, "holds no curves of a training"), (tmp_path / "none", "there is no folder")):
        with pytest.raises(ValueError, match=said):
            cards.run(cards.Config(networks=(name,), pictures=False, docs=docs, curves=place))
    with pytest.raises(ValueError, match="name it with --networks"):
        cards.Config(curves=events)


def test_a_thinned_curve_has_the_means_of_equal_windows():
    whole = Curve(np.arange(1, 11), np.arange(10.0) ** 2)
    few = thinned(whole, 3)  # windows of four, four and two
    np.testing.assert_allclose(few.values, [14 / 4, (16 + 25 + 36 + 49) / 4, (64 + 81) / 2])
    assert few.steps.tolist() == [2, 6, 9]
    np.testing.assert_array_equal(thinned(whole, 10).values, whole.values)
