"""A run's page: blocks in both forms, curves read back, costs, and pages of whole, unfinished and damaged runs."""

from __future__ import annotations

import html.parser
import json
from pathlib import Path

import pytest
from torch.utils.tensorboard import SummaryWriter

from agents.checkpoint import load_checkpoint, save_checkpoint
from agents.common.cli import main
from agents.pages import curves
from agents.pages.blocks import Heading, Listing, Picture, Table, Text, of_markdown, page_html, page_markdown
from agents.pages.costs import Cost, cost_table
from scripts import report
from tests.agents.evaluation.test_records import REPORT
from tests.scripts.checkpoints import untrained

PNG = b"\x89PNG\r\n\x1a\n"


def write(path: Path, text: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_blocks_are_read_back_from_their_own_markdown(tmp_path: Path):
    blocks = [
        Heading("A run", 1),
        Text("Two **bold** words & one <tag>."),
        Table(["a", "b|c"], [["1", "**2**"], ["", "3"]]),
    ]
    text = page_markdown(blocks, tmp_path)
    assert list(of_markdown(text)) == blocks and r"b\|c" in text
    page = page_html(blocks, "x < y")
    assert "<title>x &lt; y</title>" in page and "<strong>2</strong>" in page and "one &lt;tag&gt;" in page
    assert "<th>b|c</th>" in page


def test_pictures_are_within_the_page_and_beside_the_markdown(tmp_path: Path):
    picture = Picture(write(tmp_path / "run" / "a b.png", PNG), 'a "quoted" thing')
    assert picture.markdown(tmp_path / "run" / "report") == '![a "quoted" thing](<../a b.png>)'
    assert "data:image/png;base64,iVBORw0KGgo=" in picture.html() and "&quot;quoted&quot;" in picture.html()
    assert Listing("x ``` y", "config").markdown(tmp_path).count("````") == 2


def test_costs_add_up():
    table = cost_table([Cost("pretraining", 7200, 2), Cost("learning", 1800, 2)], 0.5)
    assert [row[1:] for row in table.rows] == [
        ["7200", "2", "4.000", "2.0000"],
        ["1800", "2", "1.000", "0.5000"],
        ["9000", "2", "5.000", "2.5000"],
    ]
    priced = cost_table([Cost("pretraining", 7200, 2), Cost("learning", 1800)], 0.5)
    assert [row[-1] for row in priced.rows] == ["2.0000", "not recorded", "not recorded"]
    unknown = cost_table([Cost("pretraining", 7200, 2), Cost("learning", 1800)], 0)
    assert unknown.rows[2] == ["in all", "9000", "not recorded", "not recorded"] and "cost" not in unknown.header


def test_curves_of_a_run_that_was_begun_again_are_one(tmp_path: Path):
    for first, last in ((0, 6), (4, 8)):
        with SummaryWriter(tmp_path, purge_step=first, filename_suffix=f".{first}") as writer:
            for step in range(first, last):
                writer.add_scalar("a/b", 10 * first + step, step)
                writer.add_scalar("curriculum/easy", 0.25, step)
                writer.add_scalar("curriculum/hard", 0.75, step)
    found = curves.read_curves(tmp_path)
    assert found.curves["a/b"].steps.tolist() == [*range(8)]
    assert found.curves["a/b"].values.tolist() == [0, 1, 2, 3, 44, 45, 46, 47]
    assert 0 <= found.seconds < 60
    for draw, name in ((curves.draw_curves, "c.png"), (curves.draw_mix, "m.png")):
        made = draw(found.curves, tmp_path / name)
        assert made is not None and made.read_bytes().startswith(PNG)
        assert draw({}, tmp_path / "none.png") is None
    assert not (tmp_path / "none.png").exists() and curves.read_curves(tmp_path / "nowhere").curves == {}


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    """A folder as grpo.py leaves it."""
    folder = tmp_path / "mine"
    settings = "levels: [clues6-8]\nlearner: grpo\nmax_steps: 4\nprice: 0.1\npretrain: {task: sudoku4x4, updates: 3}\n"
    write(folder / "config.yaml", settings)
    made = load_checkpoint(untrained(tmp_path))
    made.meta.update(pretraining_seconds=3600, numerics={"threads": 2, "device": "cpu"}, grpo_numerics={"threads": 1})
    save_checkpoint(folder / "checkpoint", made)
    (folder / "pretrained").mkdir()
    with SummaryWriter(folder / "tensorboard" / "grpo") as writer:
        writer.add_scalar("rollout/success_rate", 0.5, 0)
        for step in range(2):
            writer.add_scalar("curriculum/clues6-8", 1.0, step)
    write(folder / "evaluation-clues6-8" / "report.json", json.dumps(REPORT))
    write(folder / "evaluation-clues6-8" / "halting.png", PNG)
    write(folder / "thinking-clues6-8" / "drafts.png", PNG)
    write(folder / "curriculum.png", PNG)
    return folder


class Parser(html.parser.HTMLParser):
    """Every tag that is opened is closed, and nothing is fetched."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert all(not value or value.startswith("data:") for name, value in attrs if name in ("src", "href"))
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_of_a_run(trained: Path, capsys):
    main(report.run, report.Config, args=[str(trained), "--hour-price", "0.5"])
    assert "index.html" in capsys.readouterr().out
    text = (trained / "report" / "README.md").read_text()
    page = (trained / "report" / "index.html").read_text()
    Parser(page)
    assert "| pretraining | 3600 | 2 | 2.000 | 1.0000 |" in text and "learning to halt (grpo)" in text
    for part in ("5,000 test problems", "curves of grpo", "../thinking-clues6-8/drafts.png"):
        assert part in text, part
    assert page.count("<img") == text.count("![") == 4 and "learner: grpo" in page


PHONE = 360
OVERLAPPING = """all => all.flatMap(row => [...row.cells].slice(1).filter((cell, place) =>
  cell.getBoundingClientRect().left < row.cells[place].getBoundingClientRect().right - .5
  || cell.scrollWidth > cell.clientWidth + 1)).map(cell => cell.textContent)"""
HIDDEN = """all => all.flatMap(table => [...table.rows].map(row => row.cells[1]).filter(cell =>
  cell.getBoundingClientRect().right > table.parentElement.getBoundingClientRect().right))
  .map(cell => cell.textContent)"""


def test_figures_are_seen_on_a_phone_beside_the_names_of_rules(trained: Path, page):
    main(report.run, report.Config, args=[str(trained), "--no-draw"])
    page.set_viewport_size({"width": PHONE, "height": 740})
    page.goto((trained / "report" / "index.html").resolve().as_uri())
    assert page.get_by_text("verifier (stops at the first valid draft)", exact=True).is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE, "tables scroll, the page does not"
    assert page.eval_on_selector_all("tr", OVERLAPPING) == []
    assert page.eval_on_selector_all("table", HIDDEN) == [], "of each table the first figures are seen at once"
    assert all(url.startswith(("file:", "data:")) for url in page.noted["asked"])


def test_episodes_are_drawn_where_there_are_none(trained: Path):
    (trained / "thinking-clues6-8" / "drafts.png").unlink()
    (trained / "thinking-clues6-8").rmdir()
    main(report.run, report.Config, args=[str(trained), "--no-draw"])
    assert "Episodes" not in (trained / "report" / "README.md").read_text()
    main(report.run, report.Config, args=[str(trained)])
    text = (trained / "report" / "README.md").read_text()
    assert "![a problem, and drafts of its answer](<thinking-clues6-8/drafts.png>)" in text


def test_the_page_of_a_comparison_that_is_not_over(tmp_path: Path):
    write(tmp_path / "config.yaml", "learn: [clues6-8]\nlearners: [grpo]\npretrain: {task: sudoku4x4, updates: 3}\n")
    write(tmp_path / "numerics.json", json.dumps({"device": "cpu", "threads": 2}))
    write(tmp_path / "network-0" / "heads" / "grpo-0" / "run.json", json.dumps({"settings": {}, "seconds": 1800}))
    main(report.run, report.Config, args=[str(tmp_path)])
    text = (tmp_path / "report" / "README.md").read_text()
    assert "| network-0, 1 parts | 1800 | 2 | 1.000 |" in text and "no results yet" in text


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (None, "is no folder of a run"),
        ("a: [", "is no folder of a run"),
        ("a: 1", "is of none of pretrain.py, grpo.py and compare.py"),
        ("[]", "is of none of"),
        ("task: nothing\nupdates: 3", "unknown task"),
    ],
)
def test_what_is_no_run_is_told(config, said, tmp_path: Path, capsys):
    if config is not None:
        write(tmp_path / "config.yaml", config)
    with pytest.raises(SystemExit) as ended:
        main(report.run, report.Config, args=[str(tmp_path)])
    assert ended.value.code == 2 and said in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "report").exists()


def test_a_damaged_run_is_told(trained: Path, capsys):
    write(trained / "evaluation-clues6-8" / "report.json", "[1]")
    with pytest.raises(SystemExit):
        main(report.run, report.Config, args=[str(trained), "--no-draw"])
    assert "report.json cannot be read" in capsys.readouterr().err
