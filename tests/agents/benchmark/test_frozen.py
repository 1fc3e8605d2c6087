"""Versions of the benchmark: what they hash, how they are read, and what is said when something is another."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from agents.benchmark.frozen import (
    NEWEST,
    VERSIONS,
    ProblemSet,
    as_json,
    check,
    load_version,
    names,
    network_digest,
    part_digest,
)
from agents.checkpoint import load_checkpoint
from scripts import freeze

NEWER = f"python scripts/freeze.py (after its release with --name v{int(NEWEST[1:]) + 1}), and bash runs/benchmark.sh"


def test_the_newest_version_is_played_on_the_networks_that_ship():
    version = load_version(NEWEST)
    assert names()[-1] == NEWEST and [one.name for one in version.sets] == [one.name for one in freeze.SETS]
    for one in version.sets:
        now = network_digest(load_checkpoint(one.checkpoint, size=one.size))
        assert now == one.network, f"{one.checkpoint} is another network than that of {NEWEST}: run {NEWER}"
        assert one.problems == (128 if one.restarts else 384)


@pytest.mark.parametrize("name", ["algebra-hard", "maze-hard"])
def test_its_problems_are_still_made(name):
    version = load_version(NEWEST)
    one = next(one for one in version.sets if one.name == name)
    assert part_digest(one, version.seed, 1) == one.parts[1], f"a generator has changed: run {NEWER}"
    assert one.parts[1] != one.parts[0]


def test_a_version_is_read_as_it_was_written(tmp_path: Path):
    version = load_version(NEWEST)
    place = tmp_path / "mine.json"
    place.write_text(as_json(version))
    assert load_version(str(place)) == version
    assert {one.restarts for one in version.track(True)} == {True} and len(version.track(False)) == 8


def test_another_network_and_other_problems_are_told():
    version = load_version(NEWEST)
    one = next(one for one in version.sets if one.name == "algebra-hard")
    assert check(version, one, 10).task == "algebra"
    with pytest.raises(
        ValueError, match=r"version v\d+ .* another network algebra: expected the hash abc, this package"
    ):
        check(version, dataclasses.replace(one, network="abc"), 10)
    with pytest.raises(ValueError, match=r"other problems in algebra-hard, 65 to 128: expected the hash abc"):
        check(version, dataclasses.replace(one, parts=(one.parts[0], "abc")), 65)
    check(version, dataclasses.replace(one, parts=(one.parts[0], "abc")), 64)  # no more are played


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"name": "v1"}', json.dumps({"name": "v1", "prices": [0.1], "seed": 0, "sets": [{"a": 1}]})],
)
def test_what_is_no_version_is_refused_by_name(text, tmp_path: Path):
    place = tmp_path / "broken.json"
    place.write_text(text)
    with pytest.raises(ValueError, match=r"broken.json is no version of the benchmark"):
        load_version(str(place))
    with pytest.raises(ValueError, match=r"unknown version 'v0' of the benchmark: choose one of v1"):
        load_version("v0")


def test_an_unfrozen_set_is_refused(tmp_path: Path):
    version = dataclasses.replace(load_version(NEWEST), sets=(ProblemSet("toy", "sudoku4x4", "clues6-8"),))
    place = tmp_path / "toy.json"
    place.write_text(as_json(version))
    with pytest.raises(ValueError, match="'toy' is not frozen"):
        load_version(str(place))


def test_freezing_writes_what_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    toy = ProblemSet("toy", "sudoku4x4", "clues6-8", max_steps=2)
    monkeypatch.setattr(freeze, "SETS", (toy, dataclasses.replace(toy, name="again", starts=2)))
    freeze.run(freeze.Config(name="v9", parts=2, restart_parts=1, folder=tmp_path, rollouts=None))
    version = load_version(str(tmp_path / "v9.json"))
    assert [len(one.parts) for one in version.sets] == [2, 1] and version.sets[0].fixed == (1, 1, 1)
    assert version.sets[0].parts[0] == version.sets[1].parts[0] and not (VERSIONS / "v9.json").exists()
    check(version, version.sets[0], 128)
