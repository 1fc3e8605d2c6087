"""The environments' pages are what the code says today, and every page has its place in the navigation."""

from __future__ import annotations

import ast
import inspect
import re
import runpy
from pathlib import Path

import gymnasium
import pytest
from gymnasium.envs.registration import load_env_creator
from gymnasium.spaces import Box
from PIL import Image

from agents.checkpoint import load_checkpoint
from agents.envs.acts import observation_names
from agents.rollouts.features import feature_count
from scripts import pages

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PICTURES = 1_500_000
"""Bytes that all pictures of the documentation may have."""
FILM = 300_000
"""Bytes that a moving picture may have."""


def test_pages_are_up_to_date(tmp_path, capsys):
    pages.run(pages.Config(DOCS, tmp_path, pictures=False))
    written = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.glob("*.md")}
    stand = {path.name: path.read_text(encoding="utf-8") for path in (DOCS / "environments").glob("*.md")}
    assert written == stand, "run `python scripts/pages.py` and commit what it changes"


def test_pictures_are_there_and_small():
    names = {f"{one.name}-{level.name}.png" for one in pages.registered() if one.task for level in one.task.levels}
    films = {f"{one.name}.gif": one for one in pages.registered()}
    assert names | films.keys() == {path.name for path in (DOCS / "environments" / "images").iterdir()}
    for name in films:
        file = DOCS / "environments" / "images" / name
        assert file.stat().st_size < FILM
        with Image.open(file) as film:
            assert getattr(film, "n_frames", 1) > 1, f"{name} does not move"
    assert sum(path.stat().st_size for path in DOCS.rglob("*.png")) < PICTURES


def test_every_environment_has_a_page():
    ours = {name for name in gymnasium.registry if name.startswith("TRM-") and "-Cells-" not in name}
    assert ours and ours <= {path.stem for path in (DOCS / "environments").glob("*.md")}


def test_no_table_has_an_empty_head():
    for file in (DOCS / "environments").glob("*.md"):
        assert not re.search(r"^\|( *\|)+$", file.read_text(encoding="utf-8"), re.MULTILINE), file.name
        assert not re.search(r"^\|  \|.*\n\| ---", file.read_text(encoding="utf-8"), re.MULTILINE), file.name


def test_every_page_says_what_difficulty_measures():
    for one in pages.registered():
        assert "\n## Difficulty\n\n" in (DOCS / "environments" / f"{one.name}.md").read_text(encoding="utf-8"), one.name


def test_every_environment_is_made_as_its_page_says():
    """With all arguments that it needs; what a halting environment shows is listed, entry by entry."""
    for one in pages.registered():
        page = (DOCS / "environments" / f"{one.name}.md").read_text(encoding="utf-8")
        made = re.findall(r"`gymnasium\.make(_vec)?\((.*)\)`", page)
        assert len(made) == 2, one.name
        for many, words in made:
            call = ast.parse(f"make({words})", mode="eval").body
            assert isinstance(call, ast.Call)
            given = {str(word.arg): ast.literal_eval(word.value) for word in call.keywords}
            maker = load_env_creator(str(one.spec.vector_entry_point)) if many else one.maker
            inspect.signature(maker).bind(**{**one.spec.kwargs, **given})
        if one.task is None:
            count = feature_count(load_checkpoint(pages.pictures.HALTED).model.config.hidden) + 1
            names = observation_names(Box(-1.0, 1.0, (count,)))
            table = page[page.index("| entry |") :]
            for place, name in enumerate(names):
                group, _, number = name.rpartition("_")
                row = rf"\| 0*{place} \| `{name}` \|" if not number.isdigit() else rf"`{group}_0` … `{group}_"
                assert re.search(row, table), name


def test_paragraphs_are_told_apart():
    found = pages.sections("What it is.\n\nRewards: ``-1`` each step.\n\nDescription: a game.\n\nsize: of it. Raises.")
    assert found == {
        "Description": "What it is.\n\nA game.",
        "Rewards": "`-1` each step.",
        "Arguments": "size: of it. Raises.",
    }


@pytest.mark.parametrize(
    ("space", "text"),
    [
        (gymnasium.spaces.MultiDiscrete([3, 3, 3, 2]), "MultiDiscrete([3] * 3 + [2])"),
        (gymnasium.spaces.Dict(a=gymnasium.spaces.Discrete(2)), "Dict(a=Discrete(2))"),
    ],
)
def test_spaces_are_short(space, text):
    assert pages.space_text(space) == text


def test_navigation_finds_pages_once_and_leaves_out_what_is_missing():
    expanded = runpy.run_path(str(DOCS / "navigation.py"))["expanded"]
    paths = ["a.md", "b.md", "envs/x.md", "index.md"]
    entries = ["index.md", {"Envs": ["envs/*.md"]}, {"None": ["gone.md"]}, {"Rest": ["b.md", "*.md"]}]
    assert list(expanded(entries, paths, set())) == ["index.md", {"Envs": ["envs/x.md"]}, {"Rest": ["b.md", "a.md"]}]
