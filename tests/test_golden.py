"""A seed means the same problems for ever: hashes of the first of every id and level, and where randomness may be."""

import ast
import json
from pathlib import Path

import pytest

from scripts.golden import GOLDEN, Config, cases, digest, key, run
from trm_gym.registration import TASKS, make_task

HASHES = json.loads(GOLDEN.read_text(encoding="utf-8"))
SUITE = GOLDEN.parent.parent.parent / "trm_gym"
DRAWS_A_SEED = {"env.py", "slots.py", "wrappers/curriculum.py"}
"""What may draw from a generator: a seed where none was given, and a curriculum's level."""


@pytest.mark.parametrize("name", TASKS)
def test_every_level_has_a_hash(name):
    levels = [level.name for level in make_task(name).levels]
    assert [known.split(", ")[0] for known in HASHES[TASKS[name].env_id]][:-2] == levels
    assert len(HASHES) == len(TASKS)


@pytest.mark.parametrize(("name", "level", "split"), [(name, *case) for name in TASKS for case in cases(name)])
def test_the_first_problems_are_what_they_were(name, level, split):
    known = HASHES[TASKS[name].env_id][key(name, level, split)]
    assert digest(name, level, split) == known, "if this is meant: raise the version, then python scripts/golden.py"


def random_words(path: Path) -> set[str]:
    """Every name in a file that speaks of somebody else's generators."""
    words = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            module = getattr(node, "module", None) or ""
            words |= {part for alias in node.names for part in f"{module}.{alias.name}".split(".")}
        elif isinstance(node, ast.Attribute):
            words.add(node.attr)
    return words & {"random", "np_random", "default_rng", "Generator", "secrets", "shuffle", "seeding"}


def test_problems_come_from_the_suite_s_own_streams():
    files = {str(path.relative_to(SUITE).as_posix()): random_words(path) for path in SUITE.rglob("*.py")}
    assert {name for name, words in files.items() if words} == DRAWS_A_SEED


def test_the_command_writes_every_hash(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("scripts.golden.digest", lambda name, level, split: f"{name} {level} {split}")
    run(Config(tmp_path / "golden.json"))
    written = json.loads((tmp_path / "golden.json").read_text(encoding="utf-8"))
    assert {env_id: list(levels) for env_id, levels in written.items()} == {
        env_id: list(levels) for env_id, levels in HASHES.items()
    }
    assert "hashes written" in capsys.readouterr().out
