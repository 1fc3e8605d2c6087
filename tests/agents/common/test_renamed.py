"""Names of the version before still work, and say what to write instead."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from agents.common import renamed
from agents.common.cli import ConfigError, load_config, parse


@dataclasses.dataclass(frozen=True)
class Inner:
    """Some."""

    rate: float = 1.0
    """A number."""
    kind: str = "ppo"
    """A name."""
    fresh: bool = True
    """A switch."""


@dataclasses.dataclass(frozen=True)
class Outer:
    """All."""

    training: Inner = dataclasses.field(default_factory=Inner)
    """A section."""
    seed: int = 0
    """A number."""


@pytest.fixture(autouse=True)
def tables(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(renamed, "OPTIONS", {"teach": "training", "old_rate": "rate", "new": "fresh"})
    monkeypatch.setattr("agents.common.cli.OPTIONS", renamed.OPTIONS)
    monkeypatch.setattr(renamed, "VALUES", {"training.kind": {"clip": "ppo"}})
    monkeypatch.setattr(renamed, "REMOVED", {"warmup": "0"})


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--teach.old-rate", "2"], Inner(rate=2.0)),
        (["--training.old_rate=2"], Inner(rate=2.0)),
        (["--teach.no-new"], Inner(fresh=False)),
        (["--training.kind", "clip", "--seed", "0"], Inner()),
        (["--training.kind=clip"], Inner()),
        (["--teach.warmup", "0", "--training.kind", "x"], Inner(kind="x")),
        (["--teach.warmup=0.0"], Inner()),
    ],
)
def test_an_old_command_line(words, expected):
    with pytest.warns(FutureWarning, match="now"):
        assert parse(Outer, {"base": Outer()}, words).training == expected


def test_an_old_file(tmp_path: Path):
    path = tmp_path / "old.yaml"
    path.write_text("teach:\n  old_rate: 2\n  kind: clip\n  warmup: 0\nseed: 3\n")
    with pytest.warns(FutureWarning) as said:
        assert load_config(path, Outer()) == Outer(Inner(rate=2.0), seed=3)
    assert [str(one.message).split(";")[0] for one in said] == [
        "teach.old_rate is called training.rate now",
        "teach.kind is called training.kind now",
        "training.kind clip is called ppo now",
        "teach.warmup went: it is always 0 now",
    ]


def test_names_of_today_need_no_table(tmp_path: Path):
    path = tmp_path / "new.yaml"
    path.write_text("training:\n  rate: 2\n")
    assert load_config(path, Outer()) == parse(Outer, {"base": Outer()}, ["--training.rate", "2"])


def test_an_option_that_went_is_an_error_where_it_asks_for_something(tmp_path: Path):
    with pytest.raises(ValueError, match=r"teach\.warmup=20 went with this version"):
        parse(Outer, {"base": Outer()}, ["--teach.warmup", "20"])
    path = tmp_path / "old.yaml"
    path.write_text("teach:\n  warmup: 20\n")
    with pytest.raises(ConfigError, match="warmup=20 went"):
        load_config(path, Outer())


def test_what_no_table_knows_stays_an_error(tmp_path: Path):
    path = tmp_path / "bad.yaml"
    path.write_text("training:\n  ratte: 2\n")
    with pytest.raises(ConfigError, match=r"unknown key 'ratte' .did you mean rate"):
        load_config(path, Outer())
    path.write_text("training: 1\nteach:\n  old_rate: 2\n")
    with pytest.warns(FutureWarning), pytest.raises(ConfigError, match=r"training\.rate cannot stand below training"):
        load_config(path, Outer())
    wide = "".join(f"l{n + 1}: &l{n + 1} {{{', '.join(f'k{k}: *l{n}' for k in range(20))}}}\n" for n in range(9))
    path.write_text("l0: &l0 1\n" + wide)
    with pytest.raises(ConfigError, match="more than 10000 names"):
        load_config(path, Outer())


def test_every_new_name_in_the_table_is_one(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.undo()
    assert not set(renamed.OPTIONS) & set(renamed.OPTIONS.values())
