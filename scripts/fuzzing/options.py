"""Settings that make no sense, for every script: as words, as files, and from Python; what is taken is read back."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import io
import math
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any

import yaml

from agents.common.cli import as_yaml, load_config, parse
from scripts.fuzzing import mangle
from scripts.fuzzing.configs import presets_of, script_configs

NEEDED: Mapping[str, tuple[str, ...]] = {
    "compare_networks": ("--checkpoints", "sudoku4x4"),
    "report": ("runs/none",),
    "solve": ("sudoku", "1"),
    "benchmark": ("envs",),
}
"""What has to be said on a command line in any case."""
_WORDS = ("", "units", "clues12", "ä", "x=1", "True", "1e400", "0x10", "1_000", "٣", "1,5", "1 2", "-", "--")

Path_ = tuple[str, ...]
"""The names of the fields that lead to an option."""


def paths(config: Any, before: Path_ = ()) -> Iterator[Path_]:
    """Every option of a config, those of configs in it too."""
    for field in dataclasses.fields(config):
        if dataclasses.is_dataclass(inner := getattr(config, field.name)):
            yield from paths(inner, (*before, field.name))
        else:
            yield (*before, field.name)


def at(config: Any, way: Path_) -> Any:
    """The value at the end of ``way``."""
    return functools.reduce(getattr, way, config)


@functools.cache
def options(name: str) -> tuple[Path_, ...]:
    """The options of a script, as ``paths`` gives them."""
    return tuple(paths(script_configs()[name]))


def starting_point(rng: Random, name: str) -> Any:
    """A preset of a script, or its defaults."""
    presets = presets_of(name)
    return presets[rng.choice(sorted(presets))] if presets else script_configs()[name]


def wild(rng: Random, now: Any) -> Any:
    """A value in place of ``now``, of its kind or not."""
    if isinstance(now, tuple) and rng.randrange(4):
        return tuple(rng.choice((mangle.numeral(rng), part)) for part in now) + (mangle.numeral(rng),) * rng.randrange(
            2
        )
    return rng.choice((mangle.numeral(rng), mangle.numeral(rng), rng.choice(_WORDS)))


def command_line(rng: Random) -> None:
    """A command line; what the reader of options refuses is raised here."""
    name = rng.choice(sorted(script_configs()))
    base = script_configs()[name]
    said = list(NEEDED.get(name, ()))
    presets = presets_of(name)
    if presets:
        said += ["--preset", rng.choice(sorted(presets))]
    for _ in range(rng.randrange(1, 3)):
        way = rng.choice(options(name))
        value = wild(rng, at(base, way))
        given = value if isinstance(value, (tuple, list)) else (value,)
        said += [f"--{'.'.join(way).replace('_', '-')}", *(str(one) for one in given)]
    if rng.randrange(6) == 0:
        said.insert(rng.randrange(len(said)), mangle.text(rng, ["--preset", "--config", "nowhere.yaml"])[:200])
    told = io.StringIO()
    try:
        with contextlib.redirect_stdout(told), contextlib.redirect_stderr(told):
            read = parse(type(base), presets, said)
    except SystemExit as ended:
        if ended.code == 2:
            raise ValueError(told.getvalue()) from ended
        assert ended.code in (0, None), "help is the only other end"
        return
    sound(read)


def settings(rng: Random) -> None:
    """Values from Python, and from a file of settings."""
    name = rng.choice(sorted(script_configs()))
    base = starting_point(rng, name)
    chosen = {way: wild(rng, at(base, way)) for way in rng.sample(options(name), 1)}
    if rng.randrange(2):
        made = base
        for way, value in chosen.items():
            made = replaced(made, way, value)
    else:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "settings.yaml")
            path.write_text(yaml.safe_dump(_tree(chosen)), encoding="utf-8")
            made = load_config(path, base)
    sound(made)


def replaced(config: Any, way: Path_, value: Any) -> Any:
    """The config with another value at the end of ``way``."""
    inner = replaced(getattr(config, way[0]), way[1:], value) if way[1:] else value
    return dataclasses.replace(config, **{way[0]: inner})


def _tree(chosen: Mapping[Path_, Any]) -> dict[str, Any]:
    """Options as the mappings of a file. Raises ValueError for what YAML cannot say."""
    tree: dict[str, Any] = {}
    for way, value in chosen.items():
        part = tree
        for step in way[:-1]:
            part = part.setdefault(step, {})
        part[way[-1]] = list(value) if isinstance(value, tuple) else value
    try:
        yaml.safe_dump(tree)
    except yaml.YAMLError as error:
        raise ValueError(f"YAML cannot say this: {error}") from None
    return tree


def sound(config: Any) -> None:
    """Assert that numbers of a config are some, and that a file brings it back."""
    for way in paths(config):
        value = at(config, way)
        for one in value if isinstance(value, (tuple, list)) else (value,):
            assert not isinstance(one, float) or math.isfinite(one), f"{way} is {one}"
            assert one is None or isinstance(one, (bool, int, float, str, Path, tuple)), f"{way} is {one}"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "settings.yaml")
        path.write_text(text := as_yaml(config), encoding="utf-8")
        again = as_yaml(load_config(path, config))
        assert yaml.safe_load(again) == yaml.safe_load(text), "it is not read back"
